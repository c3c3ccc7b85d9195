"""Models and small surveys of simulation-based calibration, one for every kind of model of the package."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np
import pandas as pd

from bayes_lca import priors
from bayes_lca.calibration.ranks.stated_model import StatedMeasurement, StatedModel
from bayes_lca.calibration.ranks.stated_parts import stated_measurement, stated_structure
from bayes_lca.calibration.ranks.stated_structure import GroupsOfRows, StatedRegression, StatedShares
from bayes_lca.data.responses import MISSING
from bayes_lca.datasets.simulate import draw_normal, uniform_stream
from bayes_lca.dims import CLASS
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.ordinal_items import OrdinalItems
from bayes_lca.models import AssignedClass, LatentClass, Multinomial
from bayes_lca.models_of_parts import OfClasses
from bayes_lca.prepared import Model
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.shares import Shares

CLASSES = ("first", "second", "third")
OUTCOME, COVARIATE = "outcome", "x"
COVARIATE_SEED = 8


@dataclass(frozen=True, eq=False)
class RankDesign:
    """A model, and the survey it is calibrated on.

    Attributes
    ----------
    name : str
    model : Model
        Sampled; its priors are those that truths are drawn from.
    n : int
        Respondents. Their covariates and groups are the same in every replicate.
    sizes : tuple of int
        Categories of each item.
    missing_rate : float
        Probability that an answer is missing, completely at random.
    groupings : tuple of str
        Columns the formula groups by: ``group`` and ``school`` cross, ``city:area`` lies in ``city``.
    slopes_vary : bool
        Whether the slope varies by group.
    replicates : int
    times_as_long : int
        Chains are so many times as long as those of other designs, of which as many draws are ranked: where they mix
        slowly, as little data tells classes apart.
    target_accept : float, optional
        Mean acceptance NUTS aims at, by default that of `fit`; higher where truths of the prior leave posteriors of
        strong curvature.
    sampled : Model, optional
        Sampled in place of `model`, to see that ranks of a wrong model are not uniform.
    """

    name: str
    model: Model
    n: int
    sizes: tuple[int, ...] = ()
    missing_rate: float = 0.0
    groupings: tuple[str, ...] = ()
    slopes_vary: bool = False
    replicates: int = 1000
    times_as_long: int = 1
    target_accept: float | None = None
    sampled: Model | None = None

    @property
    def n_classes(self) -> int:
        """Number of classes or categories of the outcome."""
        return cast(LatentClass, self.model).n_classes if self.exchangeable else len(CLASSES)

    @property
    def hidden(self) -> bool:
        """Whether the class is latent, and what is observed are answers that depend on it."""
        return self.model.kind.class_axis == CLASS

    @property
    def exchangeable(self) -> bool:
        """Whether classes have no names, so that their order is nothing but a convention."""
        return "relabel" in self.model.kind.capabilities.supported

    @cached_property
    def covariates(self) -> pd.DataFrame:
        """A covariate, and groups of unequal sizes."""
        rng = uniform_stream(COVARIATE_SEED)
        area = np.arange(self.n) * 9 // self.n
        return pd.DataFrame(
            {
                COVARIATE: 3.0 + 2.0 * draw_normal(self.n, rng),
                "group": [f"G{place}" for place in (np.sqrt(rng.random(self.n)) * 6).astype(int)],
                "school": np.array(["Hill", "Lake", "Mill", "Park"])[np.arange(self.n) % 4],
                "city": np.array(["Bath", "Cork", "York"])[area // 3],
                "area": [f"A{place}" for place in area % 3],
            }
        )

    @cached_property
    def stated(self) -> StatedModel:
        """The model as documented, in NumPy."""
        return StatedModel(self._structure(), self._measurement())

    def simulate(self, parameters, rng: np.random.Generator) -> np.ndarray:
        """Codes of the outcome, shape (row,), or of answers, shape (row, item), -1 where missing."""
        codes = self.stated.simulate(parameters, self.n, rng)
        return np.where(rng.random(codes.shape) < self.missing_rate, MISSING, codes)

    def frame(self, codes: np.ndarray) -> pd.DataFrame:
        """The survey with what was answered."""
        if self.sizes:
            answers = {
                item_name(j): pd.Categorical.from_codes(codes[:, j], [str(k) for k in range(size)], ordered=True)
                for j, size in enumerate(self.sizes)
            }
        else:
            answers = {OUTCOME: pd.Categorical.from_codes(codes, CLASSES)}
        return self.covariates.assign(**answers)

    def usable(self, codes: np.ndarray) -> bool:
        """Whether the package takes such data: two categories of each item, as many patterns as classes."""
        columns = codes.reshape(len(codes), -1)
        varied = all(np.unique(column[column != MISSING]).size > 1 for column in columns.T)
        return varied and (not self.exchangeable or len(np.unique(columns, axis=0)) >= self.n_classes)

    def _structure(self) -> StatedShares | StatedRegression:
        covariates = self.covariates
        varying = (0,) if self.slopes_vary else ()
        groupings = tuple(GroupsOfRows(name, _positions(covariates, name), varying) for name in self.groupings)
        return stated_structure(
            cast(OfClasses, self.model).structural, self.n_classes, covariates[[COVARIATE]].to_numpy(), groupings
        )

    def _measurement(self) -> StatedMeasurement | None:
        if not self.hidden:
            return None
        return stated_measurement(cast(LatentClass, self.model).measurement, self.n_classes, self.sizes)


def item_name(place: int) -> str:
    """Column of an item."""
    return f"item{place + 1}"


def _positions(frame: pd.DataFrame, columns: str) -> np.ndarray:
    """Position of each row's group among the sorted ones, shape (row,)."""
    joined = frame[columns.split(":")].agg(":".join, axis=1)
    return np.unique(joined, return_inverse=True)[1]


SIZES, FEWER_SIZES = (2, 3, 2, 3, 4), (3, 2, 3, 2, 3)
ITEMS, FEWER_ITEMS = ([item_name(j) for j in range(len(sizes))] for sizes in (SIZES, FEWER_SIZES))
GROUPED = Regression("~ x + (1 | group)")
MISCLASSIFICATION = np.array([[[0.8, 0.15, 0.05]], [[0.1, 0.75, 0.15]], [[0.05, 0.25, 0.7]]])
"""Assigned class given the class, shape (latent_class, indicator, category)."""

NOMINAL = RankDesign(
    "latent classes",  # with a = 1 everywhere the prior density would be the same all over
    LatentClass(3, Items(ITEMS, priors.Dirichlet(1.5), empty_categories="keep"), Shares(priors.Dirichlet(2.0))),
    *(80, SIZES),
    missing_rate=0.1,
    replicates=10_000,
)
ORDINAL = replace(
    NOMINAL,
    name="ordinal items",
    model=LatentClass(3, OrdinalItems(ITEMS, empty_categories="keep")),
    replicates=1000,
    times_as_long=2,
)
JOINT = RankDesign(
    "latent class regression",
    LatentClass(2, Items(FEWER_ITEMS, empty_categories="keep"), GROUPED),
    90,
    FEWER_SIZES,
    groupings=("group",),
    replicates=10_000,
    times_as_long=2,
    target_accept=0.99,
)
INTERCEPTS = RankDesign(
    "random intercepts", Multinomial(OUTCOME, GROUPED, empty_categories="keep"), 90, groupings=("group",)
)
SLOPES = replace(
    INTERCEPTS,
    name="random slopes, correlated intercepts",
    model=Multinomial(OUTCOME, Regression("~ x + (x | group)", correlation=priors.LKJ()), empty_categories="keep"),
    slopes_vary=True,
)
NESTED = RankDesign(
    "nested and crossed groups",
    Multinomial(OUTCOME, Regression("~ x + (1 | city/area) + (1 | school)"), empty_categories="keep"),
    90,
    groupings=("city", "city:area", "school"),
)
ASSIGNED = RankDesign(
    "assigned classes",
    AssignedClass(Assigned({item_name(0): ("0", "1", "2")}, MISCLASSIFICATION, np.full(3, 1 / 3), CLASSES), GROUPED),
    *(90, (3,)),
    groupings=("group",),
    target_accept=0.99,
)
DESIGNS = (NOMINAL, ORDINAL, JOINT, INTERCEPTS, SLOPES, NESTED, ASSIGNED)
