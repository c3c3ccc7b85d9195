r"""Surveys that are hard in one way each, about a survey that is not, and the model fitted to all.

Class c of three has a category of its own of each item, which it chooses with probability p, and the others alike; or
all classes stand at different places of one scale, as `OrdinalItems` has it. The class of a respondent depends on a
covariate, the same everywhere, and on the group:

.. math::
    P(c \mid x_i, g_i) \propto \exp(\alpha_c + \beta_c x_i + u_{c g_i}), \qquad
    u_{cg} \sim N(0, \text{sd}^2)

with intercepts that give the classes their shares. The joint multilevel model that is fitted is the one that the data
come from, except where a regime says otherwise. Where the fit has a mark of the last class for a further covariate, the
truth of probabilities and shares is given the mark too; slopes of x among those without it are the same.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from bayes_lca.datasets.simulate import LatentClassTruth, draw_normal, simulate_latent_classes, uniform_stream
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.ordinal_items import OrdinalItems
from bayes_lca.models import LatentClass
from bayes_lca.structural.regression import Regression

SLOPE = ((0.5, -0.5),)
"""Of the covariate, log odds of the second and third class against the first, shape (covariate, latent_class - 1)."""
SAME_ANSWER = 1
"""Category, counted from 0, of all answers of respondents who answer alike."""
SCALE = (-2.0, 0.0, 2.0)
"""Log odds by which the classes choose high categories of a scale."""
MARKED = 0.9
"""Share of the last class that has the mark."""
EASY = "nothing is hard"


@dataclass(frozen=True)
class Regime:
    """A survey that is hard in one way.

    Attributes
    ----------
    name : str
        What is hard about it.
    n : int
        Respondents.
    class_share : tuple of float
    n_items, n_categories : int
    own : float
        Probability of the category of its own that a class chooses.
    locations : tuple of float
        Where the classes stand on items of ordered categories, in place of categories of their own.
    ordered : bool
        Whether items are fitted as `OrdinalItems`.
    n_groups : int
    group_sd : float
        Of the class logits.
    asked : int, optional
        Items that each respondent is asked, drawn at random for each; all by default.
    separated : bool
        Whether a second covariate, ``mark``, is 1 for nine of ten respondents of the last class, and for nobody else.
    alike : bool
        Whether all respondents of the first group choose the same category of every item.
    replicates : int
    """

    name: str
    n: int = 600
    class_share: tuple[float, ...] = (0.5, 0.3, 0.2)
    n_items: int = 6
    n_categories: int = 3
    own: float = 0.75
    locations: tuple[float, ...] = ()
    ordered: bool = False
    n_groups: int = 12
    group_sd: float = 0.5
    asked: int | None = None
    separated: bool = False
    alike: bool = False
    replicates: int = 40
    formula: str = field(init=False)

    def __post_init__(self) -> None:
        """Put the second covariate into the formula where there is one."""
        object.__setattr__(self, "formula", f"~ x1 {'+ mark ' * self.separated}+ (1 | group)")

    @property
    def item_names(self) -> list[str]:
        """Columns of the items."""
        return [f"item{j + 1}" for j in range(self.n_items)]

    @property
    def item_probability(self) -> np.ndarray:
        """Of each answer given the class, shape (latent_class, item, category)."""
        n_classes, size = len(self.class_share), self.n_categories
        if self.locations:
            at_least = logit(np.arange(size - 1, 0, -1) / size)  # of the second category and each above it
            cumulative = expit(np.array(self.locations)[:, None] + at_least)  # (latent_class, category - 1)
            probability = -np.diff(cumulative, axis=1, prepend=1.0, append=0.0)
        else:
            probability = np.full((n_classes, size), (1 - self.own) / (size - 1))
            probability[np.arange(n_classes), np.arange(n_classes) % size] = self.own
        return np.repeat(probability[:, None], self.n_items, axis=1)

    @property
    def model(self) -> LatentClass:
        """What is fitted."""
        items = (OrdinalItems if self.ordered else Items)(self.item_names)
        return LatentClass(len(self.class_share), items, Regression(self.formula))

    def simulate(self, seed: int) -> tuple[pd.DataFrame, LatentClassTruth]:
        """A survey, and what generated it; class probabilities are those given all covariates of the fit."""
        frame, truth = simulate_latent_classes(
            self.n,
            self.class_share,
            self.item_probability,
            seed,
            slope=SLOPE,
            n_groups=self.n_groups,
            group_sd=self.group_sd,
        )
        rng = uniform_stream(seed + 1)
        if self.asked is not None:
            place = np.argsort(draw_normal((self.n, self.n_items), rng), axis=1).argsort(axis=1)
            frame[self.item_names] = frame[self.item_names].where(place < self.asked)
        if self.separated:
            last = truth.latent_class == len(self.class_share) - 1
            frame["mark"] = np.where(last & (rng.random(self.n) < MARKED), 1, 0)
            truth = _given_mark(truth, frame["mark"].to_numpy())
        if self.alike:
            answer = frame[self.item_names[0]].cat.categories[SAME_ANSWER]
            frame.loc[frame["group"] == "G1", self.item_names] = answer
        return frame, truth


def _given_mark(truth: LatentClassTruth, mark: np.ndarray) -> LatentClassTruth:
    """Class probabilities given the mark, and the shares that are their means; slopes within unmarked rows stay."""
    last = np.eye(len(truth.class_share))[-1]  # (latent_class,)
    of_mark = np.where(mark[:, None] == 1, MARKED * last, 1 - MARKED * last)  # (respondent, latent_class)
    joint = truth.class_probability * of_mark
    given = joint / joint.sum(axis=1, keepdims=True)
    return replace(truth, class_probability=given, class_share=given.mean(axis=0))


REGIMES = (
    Regime(EASY),
    Regime("120 respondents", n=120),
    Regime("2,200 respondents", n=2200, replicates=20),
    Regime("10,000 respondents", n=10_000, replicates=10),
    Regime("2 groups", n_groups=2),
    Regime("6 groups", n_groups=6),
    Regime("200 groups of 3", n_groups=200),
    Regime("a class of 2 %", class_share=(0.58, 0.4, 0.02)),
    Regime("unclear answers", own=0.55),
    Regime("40 items", n_items=40, own=0.55, replicates=20),
    Regime("seven categories", n_categories=7, locations=SCALE),
    Regime("seven categories, as ordered ones", n_categories=7, locations=SCALE, ordered=True),
    Regime("3 of 12 items asked of each", n_items=12, asked=3),
    Regime("a covariate that only one class has", separated=True),
    Regime("a group that answers alike", alike=True),
    Regime("groups that do not differ", group_sd=0.0),
    Regime("groups that differ much", group_sd=1.5),
)
"""The study, in the order of its table."""
