r"""Outcomes of three classes in six groups, where classes and outcomes both differ between groups.

The respondents are those of `load_cohort`: 2200 in six groups of very unequal size. Classes, effects of groups, answers
and outcomes are drawn anew in each data set. Class c chooses the category of its own of every item with a probability
that gives the classifications their entropy.

.. math::
    P(c \mid g_i) \propto \exp(u_{c g_i}), \qquad
    \text{pay}_i = .3 (c_i - 1) + v_{g_i} + e_i, \qquad
    \operatorname{logit} P(\text{ill}_i) = -1 + .4 (c_i - 1) + b_{g_i}, \qquad
    \text{null}_i = w_{g_i} + e_i

with u of standard deviation .4, and v, b and w of .3. What is judged are all differences of classes: of means, and of
the shares of all respondents, in their groups, if they were in the one class or in the other.

- *cut posterior*: `fit_distal`, with the group as a covariate of the class and of the outcome. Six intercepts without
  a common distribution cost a tenth of random ones, and differences within groups are the same question.
- *modal class*: the most likely class taken for seen, groups ignored.
- *BCH*, *ML*, *two-step*: classification error corrected, groups ignored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import ClassVar, final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit, softmax

from bayes_lca.calibration.waves_outcomes_weights.analyses import Analyses, in_one_mode, of_test, row
from bayes_lca.calibration.waves_outcomes_weights.design import Design
from bayes_lca.data.categories import draw_category
from bayes_lca.datasets import cohort, simulate
from bayes_lca.dims import ITEM, ITEM_PROBABILITY, class_names
from bayes_lca.measurement.items import Items
from bayes_lca.models import LatentClass
from bayes_lca.posterior.effects.outcome_by_class import CONTRASTS, EVERYBODY, OVERALL, outcome_by_class
from bayes_lca.sampling.nuts import fit
from bayes_lca.structural.regression import Regression
from bayes_lca.workflows.ladder.bias_adjusted_regression import Method
from bayes_lca.workflows.ladder.fit_distal import fit_distal
from bayes_lca.workflows.ladder.outcome_given_first_step import Family
from bayes_lca.workflows.ladder.stepwise_outcome import stepwise_outcome

CUT = "cut posterior"
STEPWISE: dict[str, Method] = {"modal class": "modal", "BCH": "bch", "ML": "ml", "two-step": "two_step"}
ITEMS = tuple("abcdef")
CLASSES = tuple(class_names(3))
FAMILY: dict[str, Family] = {"pay": "normal", "ill": "bernoulli", "null": "normal"}
PAY, ILL = np.array([0.0, 0.3, 0.6]), np.array([-1.0, -0.6, -0.2])
"""Means, and log odds, in the classes."""
CLASS_SD, OUTCOME_SD = 0.4, 0.3
"""Of the effects of groups on each class logit, and on each outcome."""


@final
@dataclass(frozen=True)
class OutcomesDesign(Design):
    """Respondents with items of some clarity and outcomes.

    Attributes
    ----------
    name : str
    own : float
        Probability of the category that a class chooses.
    bias : float
        Largest mean error of differences, in their size: that of `tests/workflows/test_outcome_bias_by_entropy.py`.
    replicates : int
    measurement_draws, draws, tune : int
        Of the cut posterior.
    """

    gated: ClassVar[tuple[str, ...]] = (CUT,)

    name: str
    own: float
    bias: float
    replicates: int = 500
    measurement_draws: int = 100
    draws: int = 200
    tune: int = 100

    @property
    def largest_relative_bias(self) -> dict[str, float]:
        """Of differences in outcomes that differ."""
        return {f"{outcome}: difference": self.bias for outcome in ("pay", "ill")}

    def simulate(self, rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
        """A survey, and what is expected of each outcome in each class."""
        group = groups()
        code, n = group.codes, len(group)
        of_groups = simulate.draw_group_effects(len(cohort.GROUPS), len(CLASSES), CLASS_SD, rng)
        pay, ill, null = simulate.draw_group_effects(len(cohort.GROUPS), len(FAMILY), OUTCOME_SD, rng)[code].T
        member = draw_category(softmax(of_groups[code], axis=1), rng)
        other = (1 - self.own) / (len(CLASSES) - 1)
        answers = np.repeat((other + (self.own - other) * np.eye(len(CLASSES)))[:, None], len(ITEMS), axis=1)
        frame = pd.DataFrame(simulate.simulate_answers(answers, member, rng), columns=list(ITEMS))
        chance = expit(ILL + ill[:, None])  # (respondent, latent_class)
        frame = frame.assign(
            group=group,
            pay=PAY[member] + pay + simulate.draw_normal(n, rng),
            ill=(rng.random(n) < chance[np.arange(n), member]).astype(int),
            null=null + simulate.draw_normal(n, rng),
        )
        return frame, {"pay": PAY, "ill": chance.mean(axis=0), "null": np.zeros(len(CLASSES))}

    def analyse(self, analyses: Analyses, frame: pd.DataFrame, truth: dict[str, np.ndarray], seed: int) -> None:
        """The cut posterior with groups, and stepwise estimators without."""
        classes = analyses.add(CUT, "classes", lambda: (measured(frame, seed, "~ group"), ()))
        if classes is not None:
            for outcome, family in FAMILY.items():

                def sampled(outcome=outcome, family=family):
                    draws = fit_distal(
                        in_one_mode(classes),
                        frame,
                        f"{outcome} ~ latent_class + group",
                        family=family,
                        measurement_draws=self.measurement_draws,
                        draws=self.draws,
                        tune=self.tune,
                        seed=seed,
                        cores=1,
                        progressbar=False,
                    )
                    return draws, rows_of(outcome_by_class(draws), outcome, truth[outcome])

                analyses.add(CUT, outcome, sampled)
        blind = frame.drop(columns="group")
        classes = analyses.add("stepwise", "classes", lambda: (measured(blind, seed, None), ()))
        if classes is None:
            return
        for estimator, method in STEPWISE.items():
            for outcome, family in FAMILY.items():

                def estimated(outcome=outcome, family=family, method=method):
                    table = stepwise_outcome(in_one_mode(classes), outcome, blind, family, method)
                    return None, rows_of(table, outcome, truth[outcome])

                analyses.add(estimator, outcome, estimated)


@cache
def groups() -> pd.Categorical:
    """Of the respondents of the cohort."""
    return pd.Categorical(cohort.load_cohort()["group"])


def measured(frame: pd.DataFrame, seed: int, formula: str | None) -> xr.DataTree:
    """Latent classes in the order in which they were simulated.

    Raises
    ------
    ValueError
        If they do not each choose a category of their own.
    """
    model = LatentClass(len(CLASSES), Items(list(ITEMS)), *([] if formula is None else [Regression(formula)]))
    draws = fit(model, frame, draws=500, chains=2, seed=seed, order=ITEMS[0], cores=1, progressbar=False, until=None)
    chosen = in_one_mode(draws)["posterior"][ITEM_PROBABILITY].mean(["chain", "draw", ITEM]).to_numpy().argmax(axis=1)
    if chosen.tolist() != list(range(len(CLASSES))):
        raise ValueError(f"the classes choose the categories {chosen.tolist()}, so they are not those simulated")
    return draws


def rows_of(table: pd.DataFrame, outcome: str, truth: np.ndarray) -> Iterator[dict]:
    """Differences of classes beside the true ones, and the test of them all."""
    for earlier, later in combinations(range(len(CLASSES)), 2):
        found = table.loc[(CONTRASTS, f"{CLASSES[later]} vs {CLASSES[earlier]}")]
        numbers = (truth[later] - truth[earlier], found["estimate"], found["lower"], found["upper"])
        yield row(f"{outcome}: difference", *numbers)
    yield of_test(f"{outcome}: test of all classes", np.ptp(truth), table.loc[(OVERALL, EVERYBODY), "p_value"])
