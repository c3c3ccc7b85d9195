r"""Persons at three waves whose groups differ: slopes of the first class and of moving, and stays.

Persons, their groups of very unequal size and their covariates are the same in every data set; classes, groups' effects
and answers are drawn anew. Of two classes, log odds of the second:

.. math::
    \operatorname{logit} P(z_{i1} = 2) = \alpha + .25 x_{i1} + u_{g_i}, \qquad
    \operatorname{logit} P(z_{it} = 2 \mid z_{i,t-1} = c) =
        \tau_c + .2 x_{it} + 0\, w_{it} + 0\, \text{score}_{g_i} + v_{g_i}

with x and w covariates of persons, and the score one of groups. Effects of groups on each class logit are normal with
standard deviation .4, so that a log odds varies by .57.

- *multilevel*: the latent transition model that the data come from.
- *single-level*: the same without groups.
- *modal class*: the most likely class of every person and wave, from a latent class analysis of all rows, then logistic
  regressions of it without groups.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import softmax

from bayes_lca.calibration.kit.seeds import replicate_seeds
from bayes_lca.calibration.waves_outcomes_weights.analyses import Analyses, in_one_mode, of_draws, of_error, row
from bayes_lca.calibration.waves_outcomes_weights.design import Design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.datasets import cohort, simulate
from bayes_lca.datasets.simulate_waves import draw_answers, draw_paths, long_frame
from bayes_lca.dims import CLASS, SLOPE, TERM, TRANSITION_SLOPE, TRANSITION_TERM
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.multinomial_logit import fit_multinomial_logit
from bayes_lca.measurement.items import Items
from bayes_lca.models import LatentTransition
from bayes_lca.posterior.effects.transition_probabilities import ALL_STEPS, transition_probabilities
from bayes_lca.prepared import Prepared
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.settings import Sampling
from bayes_lca.sampling.tree import complete
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.transition import Transition

MULTILEVEL, SINGLE_LEVEL, MODAL = "multilevel", "single-level", "modal class"
WAVES, ITEMS = 3, tuple(f"item{j}" for j in range(1, 6))
INITIAL = (0.55, 0.45)
STAY = np.array([[0.75, 0.25], [0.3, 0.7]])
YES = (0.2, 0.75)
"""Probability of the second category of every item, by class."""
FIRST_SLOPE, MOVING_SLOPES = 0.25, {"x1": 0.2, "x2": 0.0, "score": 0.0}
QUANTITIES = {"x1": "slope of moving", "x2": "null covariate of moving", "score": "null score of groups on moving"}
FIRST = "slope of the first class"
GROUPING, OVERALL = "grouping", "overall"
"""Level of tables of moves where there are groups, and its rows of everybody."""
STAYS = ("stay in the first class", "stay in the second class")
REFERENCE_SEED = 0


@dataclass(frozen=True, eq=False)
class WavesOfPersons:
    """Persons of a design, and what is the same in all data sets.

    Attributes
    ----------
    group : ndarray of int, shape (person,)
    covariates : ndarray, shape (person, wave, covariate)
    """

    group: np.ndarray
    covariates: np.ndarray


@final
@dataclass(frozen=True)
class WavesDesign(Design):
    """Persons at three waves.

    Attributes
    ----------
    name : str
    persons : int
    group_sd, moving_sd : float
        Of the effects of groups on each class logit of the first wave, and of moving.
    replicates : int
    draws, chains : int
    """

    gated: ClassVar[tuple[str, ...]] = (MULTILEVEL,)
    probabilities: ClassVar[tuple[str, ...]] = STAYS

    name: str = "waves"
    persons: int = 800
    group_sd: float = 0.4
    moving_sd: float = 0.4
    replicates: int = 500
    draws: int = 750
    chains: int = 2

    @property
    def largest_bias(self) -> dict[str, float]:
        """Of stays, as `tests/test_transition_evidence.py` has it."""
        return dict.fromkeys(STAYS, 0.01)

    def simulate(self, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
        """A long frame, and the mean probabilities of staying in each class over all persons and steps."""
        persons = persons_of(self.persons)
        first = simulate.draw_group_effects(len(cohort.GROUPS), 2, self.group_sd, rng)[persons.group]
        moving = simulate.draw_group_effects(len(cohort.GROUPS), 2, self.moving_sd, rng)[persons.group]
        second, x = np.array([0.0, 1.0]), persons.covariates
        offset = first + np.outer(x[:, 0, 0], FIRST_SLOPE * second)
        intercept = simulate.solve_intercepts(np.outer(x[:, 0, 0], FIRST_SLOPE * second), INITIAL)
        slope = MOVING_SLOPES["x1"] * x[:, 1:, 0, None] + MOVING_SLOPES["x2"] * x[:, 1:, 1, None]
        logits = np.log(STAY) + (slope * second + moving[:, None])[:, :, None]  # (person, step, origin, destination)
        of_persons = softmax(logits, axis=-1)
        path = draw_paths(softmax(intercept + offset, axis=1), of_persons, rng)
        answers = np.repeat(np.array([[1 - yes, yes] for yes in YES])[:, None], len(ITEMS), axis=1)
        frame = long_frame(draw_answers(answers, path, 0.0, rng, 0.0), answers, persons.group, persons.covariates)
        frame["score"] = cohort.GROUPS["score"].to_numpy()[np.repeat(persons.group, WAVES)]
        return frame, np.diagonal(of_persons.mean(axis=(0, 1)))

    def prepare(self, estimator: str, frame: pd.DataFrame) -> Prepared:
        """The latent transition model of an analysis, every person a row; one without groups knows none."""
        groups, data = (" + (1 | group)", frame) if estimator == MULTILEVEL else ("", frame.drop(columns="group"))
        model = LatentTransition(
            2,
            Items(list(ITEMS), empty_categories="keep"),
            person="person",
            wave="wave",
            initial=Regression(f"~ x1{groups}"),
            transition=Transition(f"~ {' + '.join(MOVING_SLOPES)}{groups}"),
        )
        return model.prepare(data, collapse=False)

    def analyse(self, analyses: Analyses, frame: pd.DataFrame, truth: np.ndarray, seed: int) -> None:
        """With groups, without, and as if most likely classes had been seen."""
        for estimator in (MULTILEVEL, SINGLE_LEVEL):
            compiled = sampler(self, estimator)

            def sampled(estimator=estimator, compiled=compiled):
                prepared = self.prepare(estimator, frame)
                settings = Sampling(self.draws, chains=self.chains, seed=seed, cores=1, progressbar=False)
                draws = complete(prepared, compiled.sample(prepared, settings), order=ITEMS[0])
                return draws, rows_of_draws(in_one_mode(draws), truth)

            analyses.add(estimator, "transitions", sampled)
        analyses.add(MODAL, "transitions", lambda: (None, rows_of_modal_classes(frame, truth)))


@cache
def persons_of(number: int) -> WavesOfPersons:
    """Groups in the proportions of the cohort, and standard normal covariates of every wave."""
    sizes = cohort.apportion(number, cohort.GROUP_SIZES, least=1)
    covariates = simulate.draw_normal((number, WAVES, 2), simulate.uniform_stream(REFERENCE_SEED))
    return WavesOfPersons(np.repeat(np.arange(len(sizes)), sizes), covariates)


@cache
def sampler(design: WavesDesign, estimator: str) -> Sampler:
    """The compiled sampler of an analysis, made with the same data set in every process."""
    data_seed, _ = replicate_seeds(REFERENCE_SEED, design.name, 0)
    frame, _ = design.simulate(np.random.Generator(np.random.PCG64(data_seed)))
    return Sampler(design.prepare(estimator, frame), reusable=True)


def rows_of_draws(draws: xr.DataTree, stays: np.ndarray) -> Iterator[dict]:
    """Log odds of the second class against the first, and stays."""
    posterior = draws["posterior"].to_dataset().stack(sample=("chain", "draw"))
    slope = posterior[SLOPE].sel({TERM: "x1"}).transpose("sample", CLASS).to_numpy()
    yield of_draws(FIRST, FIRST_SLOPE, slope[:, 1] - slope[:, 0])
    for term, truth in MOVING_SLOPES.items():
        slope = posterior[TRANSITION_SLOPE].sel({TRANSITION_TERM: term}).transpose("sample", CLASS).to_numpy()
        yield of_draws(QUANTITIES[term], truth, slope[:, 1] - slope[:, 0])
    table = pd.DataFrame(transition_probabilities(draws)).xs(ALL_STEPS, level="step")
    if GROUPING in table.index.names:
        table = table.xs(OVERALL, level=GROUPING).droplevel("group")
    for place, (quantity, truth) in enumerate(zip(STAYS, stays, strict=True)):
        name = str(posterior[CLASS].to_numpy()[place])
        found = table.loc[(name, name)]
        yield row(quantity, truth, found["mean"], found["lower"], found["upper"])


def rows_of_modal_classes(frame: pd.DataFrame, stays: np.ndarray) -> Iterator[dict]:
    """The same of classes taken for seen, by logistic regressions and shares."""
    second = modal_classes(frame).reshape(-1, WAVES)  # (person, wave)
    of_waves = {name: frame[name].to_numpy().reshape(-1, WAVES) for name in MOVING_SLOPES}
    at_first = logistic_regression({"x1": of_waves["x1"][:, 0]}, second[:, 0])
    yield of_error(FIRST, FIRST_SLOPE, *at_first.loc["x1"])
    origin, destination = second[:, :-1].ravel(), second[:, 1:].ravel()
    covariates = {name: values[:, 1:].ravel() for name, values in of_waves.items()}
    moving = logistic_regression({"origin": origin, **covariates}, destination)
    for term, truth in MOVING_SLOPES.items():
        yield of_error(QUANTITIES[term], truth, *moving.loc[term])
    for place, (quantity, truth) in enumerate(zip(STAYS, stays, strict=True)):
        stayed = destination[origin == place] == place
        yield of_error(quantity, truth, stayed.mean(), np.sqrt(stayed.mean() * (1 - stayed.mean()) / len(stayed)))


def modal_classes(frame: pd.DataFrame) -> np.ndarray:
    """Whether the second class is the more likely one of every row, by maximum likelihood."""
    answers = np.column_stack([frame[item].cat.codes for item in ITEMS])
    patterns = unique_rows(answers)
    em = fit_em(answers[patterns.first], patterns.count, [2] * len(ITEMS), 2)
    order = em.item_probability[:, 0, 1].argsort()
    return em.membership[:, order].argmax(axis=1)[patterns.pattern]


def logistic_regression(covariates: dict[str, np.ndarray], outcome: np.ndarray) -> pd.DataFrame:
    """Slopes by maximum likelihood, with their standard errors."""
    matrix = np.column_stack([np.ones(len(outcome)), *covariates.values()])
    fitted = fit_multinomial_logit(matrix, np.eye(2)[outcome], np.ones(len(outcome)), terms=("intercept", *covariates))
    return fitted.contrast(1, 0)
