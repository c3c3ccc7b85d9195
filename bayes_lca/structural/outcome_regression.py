"""What is expected of a distal outcome in each class: a regression of which the class is a factor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca.data.declarations import Declarations, MissingCodes
from bayes_lca.data.design import Design, read_design
from bayes_lca.data.formula import read_formula
from bayes_lca.data.outcome_formula import OutcomeFormula, read_outcome_formula
from bayes_lca.dims import (
    CLASS,
    DESIGN,
    FREE_OUTCOME_SLOPE,
    OBSERVED_CLASS,
    OUTCOME_LOCATION,
    OUTCOME_SLOPE,
    TERM,
    group_coefficients,
    group_effect,
    group_index,
    group_sd,
    standardised_coefficients,
)
from bayes_lca.priors.of_outcomes import Widths

LOCATION_OF_ALL = f"{OUTCOME_LOCATION}_of_all"
SLOPES = f"{OUTCOME_SLOPE}_standardised"


@final
@dataclass(frozen=True)
class OutcomeRegression:
    r"""A predictor linear in covariates, with random intercepts.

    .. math::
        \eta_{ic} &= \theta_c + (x_i - \bar x)^\top \beta_c + u_{g_i} \\
        \theta_c &\sim N(m, s_\theta^2), \quad \beta_{tc}\,\mathrm{unit}_t \sim N(0, s_\beta^2), \quad
        u_g \sim N(0, \sigma^2), \quad \sigma \sim \operatorname{HalfNormal}(s_u)

    Slopes are the same in all classes but for terms that interact with ``latent_class``, of which each class has its
    own. No prior depends on a reference class. Widths m and s are those of the outcome's family. In categories without
    an order each has a location, slope and effect, which sum to zero over the categories.

    Parameters
    ----------
    formula : str
        ``"income ~ latent_class + age + (1 | group)"``. Without ``latent_class`` all classes are alike.
    reference : mapping of str to str, optional
        Reference level by covariate.
    categories : sequence, optional
        Categories of the outcome in their order.
    missing_codes : sequence, or mapping of str to sequence
        Codes that mean no value, of all columns of the formula or by column.
    """

    formula: str
    reference: Mapping[str, str] = MappingProxyType({})
    categories: Sequence | None = None
    missing_codes: MissingCodes = ()

    def __post_init__(self):
        read_outcome_formula(self.formula)

    @property
    def parsed(self) -> OutcomeFormula:
        """The formula, read."""
        return read_outcome_formula(self.formula)

    @property
    def columns(self) -> tuple[str, ...]:
        """Covariates and groups."""
        return read_formula(self.parsed.covariates).columns

    @property
    def declared(self) -> Declarations:
        """What is declared of the outcome."""
        outcome = self.parsed.outcome
        codes = self.missing_codes
        if isinstance(codes, Mapping):
            codes = {name: values for name, values in codes.items() if name == outcome}
        return Declarations(self.categories, codes)

    def read(self, frame, missing: Literal["raise", "drop"] = "raise") -> Design:
        """The covariates of a frame as a design, in which classes have no column."""
        parsed, codes = self.parsed, self.missing_codes
        if isinstance(codes, Mapping):
            codes = {name: values for name, values in codes.items() if name != parsed.outcome}
        declared = Declarations(missing_codes=codes)
        return read_design(frame, parsed.covariates, reference=self.reference, missing=missing, declared=declared)

    def coords(self, design: Design, n_classes: int, labels: Sequence[str]) -> dict[str, Sequence]:
        """Names along the axes of terms, free slopes, groups and categories.

        Parameters
        ----------
        design : Design
        n_classes : int
        labels : sequence of str
            Categories of the outcome.
        """
        coords: dict[str, Sequence] = {
            TERM: list(design.terms),
            FREE_OUTCOME_SLOPE: range(self._n_free(design, n_classes)),
        }
        for each in design.groupings:
            coords |= {each.name: list(each.levels), group_coefficients(each.name): range(max(len(labels), 1))}
        return coords | ({OBSERVED_CLASS: list(labels)} if labels else {})

    def predictor(
        self, design: Design, n_classes: int, widths: Widths, *, zero_sum: bool, by_category: bool, rows: str
    ):
        """The predictor of every row in every class, inside a `pymc.Model`, (row, latent_class) or with categories.

        Parameters
        ----------
        design : Design
            Covariates of the rows.
        n_classes : int
        widths : Widths
        zero_sum : bool
            Whether locations sum to zero over classes.
        by_category : bool
            Whether it has a last axis of categories.
        rows : str
            Name of the axis of the rows.
        """
        category = (OBSERVED_CLASS,) if by_category else ()
        theta = self._locations(n_classes, widths, category, zero_sum=zero_sum)  # (latent_class, ...)
        rows_of_one = np.zeros((len(design.matrix), *(1,) * theta.ndim))
        eta = theta + rows_of_one  # (row, latent_class, ...)
        if design.terms:
            place = self._places(design, n_classes)  # (term, latent_class)
            width = np.zeros(place.max() + 1)
            width[place] = (widths.slope * design.scale / design.unit)[:, None]
            free = _normal(SLOPES, 0.0, width, (FREE_OUTCOME_SLOPE, *category))
            beta = free[place]  # (term, latent_class, ...)
            in_units = beta / design.scale.reshape((-1, *(1,) * theta.ndim))
            pm.Deterministic(OUTCOME_SLOPE, in_units, dims=(TERM, CLASS, *category))
            x = pm.Data(DESIGN, design.standardised, dims=(rows, TERM))
            eta = eta + pt.tensordot(x, beta, axes=1)
        for grouping in design.groupings:
            u = self._effects(grouping.name, widths, category)  # (group, ...)
            index = pm.Data(group_index(grouping.name), grouping.index, dims=rows)
            eta = eta + u[index][:, None]
        return eta

    def starting_values(self, design: Design, locations: np.ndarray, *, zero_sum: bool) -> dict[str, np.ndarray]:
        """Locations as they are roughly known, and slopes at zero.

        Parameters
        ----------
        design : Design
        locations : ndarray, shape (latent_class,) or (latent_class, category)
        zero_sum : bool
        """
        start = {}
        if self.parsed.with_class:
            start = {OUTCOME_LOCATION: locations}
        elif not zero_sum:
            start = {LOCATION_OF_ALL: locations.mean(axis=0)}
        if design.terms:
            start[SLOPES] = np.zeros((self._n_free(design, len(locations)), *locations.shape[1:]))
        return start

    def _places(self, design: Design, n_classes: int) -> np.ndarray:
        """Which of the free slopes each term has in each class, shape (term, latent_class)."""
        by_class = {place for term in self.parsed.by_class for place in design.columns_of[term]}
        place, n_free = np.empty((len(design.terms), n_classes), dtype=int), 0
        for term, of_term in enumerate(place):
            n_of_term = n_classes if term in by_class else 1
            of_term[:] = n_free + np.arange(n_of_term)
            n_free += n_of_term
        return place

    def _n_free(self, design: Design, n_classes: int) -> int:
        return int(self._places(design, n_classes).max(initial=-1)) + 1

    def _locations(self, n_classes: int, widths: Widths, category: tuple[str, ...], *, zero_sum: bool):
        """Predictor of each class at the mean of the covariates, shape (latent_class,) or with categories."""
        if self.parsed.with_class:
            if zero_sum:
                return pm.ZeroSumNormal(OUTCOME_LOCATION, widths.location, dims=CLASS)
            return _normal(OUTCOME_LOCATION, widths.center, widths.location, (CLASS, *category))
        of_all = 0.0 if zero_sum else _normal(LOCATION_OF_ALL, widths.center, widths.location, category)
        equal = of_all + pt.zeros((n_classes, *(1,) * len(category)))
        return pm.Deterministic(OUTCOME_LOCATION, equal, dims=(CLASS, *category))

    def _effects(self, name: str, widths: Widths, category: tuple[str, ...]):
        """Random intercepts, shape (group,) or with categories."""
        sigma, z_name = pm.HalfNormal(group_sd(name), widths.group), standardised_coefficients(name)
        dims = (name, group_coefficients(name))
        z = pm.ZeroSumNormal(z_name, 1.0, dims=dims) if category else pm.Normal(z_name, 0.0, 1.0, dims=dims)[:, 0]
        return pm.Deterministic(group_effect(name), sigma * z, dims=(name, *category))


def _normal(name: str, center: float, width, dims: tuple[str, ...]):
    """Normal variables, those with a last axis of categories summing to zero over it."""
    if OBSERVED_CLASS in dims:
        return pm.ZeroSumNormal(name, np.reshape(width, (*np.shape(width), *(1,) * bool(np.ndim(width)))), dims=dims)
    return pm.Normal(name, center, width, dims=dims or None)
