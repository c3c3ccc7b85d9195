"""Which statement in NumPy belongs to which part of a model; a part of another package registers its own."""

from functools import singledispatch

import numpy as np

from bayes_lca import priors
from bayes_lca.calibration.ranks.stated_model import (
    StatedIndicators,
    StatedItems,
    StatedMeasurement,
    StatedOrdinalItems,
)
from bayes_lca.calibration.ranks.stated_structure import GroupsOfRows, StatedRegression, StatedShares
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.ordinal_items import OrdinalItems
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.shares import Shares


@singledispatch
def stated_measurement(part, n_classes: int, sizes: tuple[int, ...]) -> StatedMeasurement:
    """A measurement part as its documentation states it.

    Parameters
    ----------
    part : Items, OrdinalItems or Assigned
    n_classes : int
    sizes : tuple of int
        Categories of each item.

    Raises
    ------
    TypeError
        If nobody has stated such a part.
    """
    raise TypeError(f"{part!r}: no statement of this part is known; give one to stated_measurement.register")


@stated_measurement.register
def _(part: Items, n_classes: int, sizes: tuple[int, ...]) -> StatedItems:
    _check_uniform(part)
    return StatedItems(n_classes, sizes, part.probability)


@stated_measurement.register
def _(part: OrdinalItems, n_classes: int, sizes: tuple[int, ...]) -> StatedOrdinalItems:
    _check_uniform(part)
    return StatedOrdinalItems(n_classes, sizes, part.probability, part.location)


@stated_measurement.register
def _(part: Assigned, n_classes: int, sizes: tuple[int, ...]) -> StatedIndicators:
    return StatedIndicators(np.asarray(part.probability))


@singledispatch
def stated_structure(
    part, n_classes: int, x: np.ndarray, groupings: tuple[GroupsOfRows, ...]
) -> StatedShares | StatedRegression:
    """A structural part as its documentation states it.

    Parameters
    ----------
    part : Shares or Regression
    n_classes : int
    x : ndarray, shape (row, term)
        Covariates in the user's units.
    groupings : tuple of GroupsOfRows

    Raises
    ------
    TypeError
        If nobody has stated such a part.
    """
    raise TypeError(f"{part!r}: no statement of this part is known; give one to stated_structure.register")


@stated_structure.register
def _(part: Shares, n_classes: int, x: np.ndarray, groupings: tuple[GroupsOfRows, ...]) -> StatedShares:
    return StatedShares(n_classes, part.share)


@stated_structure.register
def _(part: Regression, n_classes: int, x: np.ndarray, groupings: tuple[GroupsOfRows, ...]) -> StatedRegression:
    _check_uniform(part)
    if not isinstance(part.group_sd, priors.HalfNormal):
        raise TypeError(f"group_sd={part.group_sd!r}: no statement of another prior than HalfNormal is known here")
    return StatedRegression(
        n_classes,
        x,
        groupings,
        intercept=part.intercept,
        slope=_per_standard_deviation(part.slope),
        group_sd=part.group_sd,
        group_slope_sd=_per_standard_deviation(part.group_slope_sd),
        correlation=part.correlation,
    )


def _check_uniform(part) -> None:
    for name in ("prior", "restrictions"):
        if given := getattr(part, name, None):
            raise ValueError(f"{name}={given!r} of single items, classes or terms: no statement of it is known here")


def _per_standard_deviation(prior: priors.SlopePrior | priors.SlopeSpreadPrior):
    """The prior of a slope of numbers that have no far values, one unit of which is a standard deviation."""
    match prior:
        case priors.PerUnit(within):
            return within
    return prior
