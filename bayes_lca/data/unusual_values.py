"""Values that a few respondents have: levels of very few, groups of one, numbers far from all others."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bayes_lca.data.column_units import spread
from bayes_lca.data.frame import named

FEW_RESPONDENTS = 5
FEW_AS_SHARE = 0.05
"""Levels of fewer respondents than the one, who are a smaller share of all than the other, are named; so are numbers
far out in no larger share of rows."""

FAR_SPREADS = 10.0
FAR_AS_MULTIPLE = 3.0
"""A number is far out if it is more spreads from the median than the one, and so many times as far as the next."""


class SmallLevelWarning(UserWarning):
    """A level, a cell of an interaction or a group has so few respondents that data hardly speak of its effects."""


class FarValueWarning(UserWarning):
    """A number lies so far from all others that it may be a typing error or a code."""


def warn_of_small_levels(covariates: pd.DataFrame, terms: Sequence[str], matrix: np.ndarray) -> None:
    """Name levels and cells of fewer than five respondents.

    Parameters
    ----------
    covariates : pandas.DataFrame
        Numbers and ordered categoricals, as coded.
    terms : sequence of str
    matrix : ndarray, shape (row, term)

    Warns
    -----
    SmallLevelWarning
    """
    counts = {}
    for name, values in covariates.items():
        if isinstance(values.dtype, pd.CategoricalDtype):
            counts |= {f"{name}[{level}]": int(n) for level, n in values.value_counts().items()}
    for term, column in zip(terms, matrix.T, strict=True):
        distinct, n = np.unique(column, return_counts=True)
        if len(distinct) == 2:
            counts.setdefault(term, int(n.min()))
    few = min(FEW_RESPONDENTS, FEW_AS_SHARE * len(matrix))
    small = [f"{name} ({n})" for name, n in counts.items() if 0 < n < few]
    if small:
        warnings.warn(
            f"few of {len(matrix)} respondents have {', '.join(small)}: the data hardly speak of their effects, which "
            "are mostly those of priors, if there are any, or unstable; merge levels",
            SmallLevelWarning,
            stacklevel=4,
        )


def warn_of_groups_of_one(groupings: Sequence) -> None:
    """Name groupings in which every respondent is a group.

    Parameters
    ----------
    groupings : sequence of Grouping

    Warns
    -----
    SmallLevelWarning
    """
    for grouping in groupings:
        if len(grouping.levels) == len(grouping.index):
            warnings.warn(
                f"each of the {len(grouping.levels)} groups of {grouping.name!r} has one respondent, so that nothing "
                "tells a group from its respondent, and how much groups differ rests on the prior alone; leave these "
                "groups out of the model, or name the column that respondents share",
                SmallLevelWarning,
                stacklevel=4,
            )


def warn_of_far_values(
    covariates: pd.DataFrame, suspected: Mapping[str | int, np.ndarray], *, role: str = "covariate", effect: str = ""
) -> None:
    """Name numbers that are far from all others.

    Parameters
    ----------
    covariates : pandas.DataFrame
    suspected : mapping of str to ndarray, shape (row,)
        By covariate, rows whose value was named as a suspected code of missing answers.
    role : str
        What the columns are used for, as the message names it.
    effect : str
        What far values do to the model, as the message says it.

    Warns
    -----
    FarValueWarning
    """
    told = f", which {effect}" if effect else ""
    for name, values in covariates.items():
        if isinstance(values.dtype, pd.CategoricalDtype):
            continue
        numbers = values.to_numpy(dtype=float)[~suspected.get(name, np.zeros(len(values), dtype=bool))]
        far = _far(numbers)
        if far.any():
            which = named([f"{value:g}" for value in np.unique(numbers[far])], most=4)
            warnings.warn(
                f"{role} {name!r} is {which} in {int(far.sum())} of {len(values)} rows and within "
                f"{numbers[~far].min():g} to {numbers[~far].max():g} in the others{told}; if that is a typing error or "
                "a code for missing, correct it or make it missing",
                FarValueWarning,
                stacklevel=4,
            )


def _far(numbers: np.ndarray) -> np.ndarray:
    """Rows with a number that is far out, on either side of the median."""
    if len(np.unique(numbers)) <= 2:
        return np.zeros(len(numbers), dtype=bool)
    distance, least = np.abs(numbers - np.median(numbers)), spread(numbers)
    ordered = np.unique(np.append(distance, 0.0))
    jump = (ordered[1:] > FAR_SPREADS * least) & (ordered[1:] > FAR_AS_MULTIPLE * np.maximum(ordered[:-1], least))
    far = distance >= ordered[1:][jump].min(initial=np.inf)
    return far & (far.mean() <= FEW_AS_SHARE)
