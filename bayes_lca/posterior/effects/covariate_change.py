"""What a covariate is changed from and to: a step, an amount, or one level against another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from bayes_lca.data.frame import label, named

STEP = 1e-5
"""Half the width of the difference that stands for a derivative, as a fraction of the covariate's range."""
PER_UNIT = "per unit"
JUMP, ROUNDED = 0.95, 100
"""A column jumps where whole and doubled half difference are so far apart, as a fraction of the whole, and the whole is
more than so many units in the last place."""


@dataclass(frozen=True)
class Change:
    """Values a covariate is given, and which of them are compared.

    Attributes
    ----------
    values : mapping of str to Series or ndarray, shape (row,)
        The covariate in every row, by scenario.
    contrasts : mapping of str to (str, str)
        Scenarios subtracted, the second from the first.
    factor : ndarray, shape (row,)
        What a difference is multiplied by: 1, or one over the width of a step.
    note : str
    """

    values: Mapping[str, pd.Series | np.ndarray]
    contrasts: Mapping[str, tuple[str, str]]
    factor: np.ndarray
    note: str


def change_of(values: pd.Series, name: str, comparison: float | tuple | None) -> Change:
    """Values to give a covariate, and what is compared.

    Parameters
    ----------
    values : pandas.Series
        The covariate as it is, a row for each respondent or for those who are alike.
    name : str
    comparison : number or pair, optional
        As `average_marginal_effects` takes it.

    Raises
    ------
    ValueError
        If `comparison` means nothing for such a covariate.
    """
    pair = _pair(name, comparison)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return _change_of_level(values, name, comparison, pair)
    unit = np.ones(len(values))
    wrong = [value for value in pair or () if not _is_finite(value)]
    if wrong or not (pair or comparison is None or _is_finite(comparison)):
        raise ValueError(
            f"comparison={comparison!r}: {name!r} is a number in all rows; give a finite number to add, such as 1, or "
            "a pair of numbers, such as (2.5, 8.75)"
        )
    if pair is None and comparison is None:
        distinct = np.unique(values)
        pair = tuple(distinct) if len(distinct) == 2 else None
    if pair is not None:
        first, second = (label(value) for value in pair)
        scenarios = {"from": unit * pair[0], "to": unit * pair[1]}
        return Change(
            scenarios,
            {f"{first} to {second}": ("to", "from")},
            unit,
            f"{name!r} from {first} to {second} for everybody",
        )
    if comparison is not None:
        scenarios = {"from": values, "to": values + comparison}
        return Change(
            scenarios, {f"{comparison:+g}": ("to", "from")}, unit, f"{comparison:+g} added to everybody's {name!r}"
        )
    lower, upper = _about(values, STEP)
    width = 2 * STEP * np.ptp(values)
    note = f"derivative per unit of {name!r} (differences of {width:g} about each value, within the observed range)"
    return Change({"from": lower, "to": upper}, {PER_UNIT: ("to", "from")}, 1 / (upper - lower).to_numpy(), note)


def check_derivative(
    change: Change, values: pd.Series, name: str, terms: Sequence[str], evaluate: Callable[[pd.Series], np.ndarray]
) -> None:
    """Refuse the derivative by a number that enters through a step, such as ``I(x > 3)``.

    Where a design column is smooth, half the step changes it by half as much; where it jumps, by as much or not at all.

    Parameters
    ----------
    change : Change
        What is no derivative is not judged.
    values : pandas.Series
        The covariate as it is.
    name : str
    terms : sequence of str
        Names of the design columns.
    evaluate : callable
        The design with other values of the covariate, shape (row, term).

    Raises
    ------
    ValueError
        Naming the covariate and the columns that jump.
    """
    if PER_UNIT not in change.contrasts:
        return
    lower, upper = (evaluate(change.values[which]) for which in ("from", "to"))
    half_lower, half_upper = (evaluate(each) for each in _about(values, STEP / 2))
    whole, half = upper - lower, half_upper - half_lower
    rounding = ROUNDED * np.spacing(np.maximum(np.abs(lower), np.abs(upper)).max(axis=0))
    steps = ((np.abs(whole - 2 * half) > JUMP * np.abs(whole)) & (np.abs(whole) > rounding)).any(axis=0)
    least, most = values.min(), values.max()
    try:  # a column may stand still about all values, and yet differ over the range
        steps |= (whole == 0).all(axis=0) & (evaluate(values * 0 + least) != evaluate(values * 0 + most)).any(axis=0)
    except ValueError:  # some rows cannot have the least or the largest value, as in log(x - z)
        pass
    if steps.any():
        columns = named([term for term, is_step in zip(terms, steps, strict=True) if is_step])
        raise ValueError(
            f"{name!r} enters through a step, {columns}, so class probabilities have no derivative by it in "
            f"{len(values)} rows; give comparison=1 to add 1, or a pair, such as comparison=({least:g}, {most:g})"
        )


def _about(values: pd.Series, step: float) -> tuple[pd.Series, pd.Series]:
    """Values a step lower and higher, as a fraction of the observed range, and within it."""
    step = step * np.ptp(values)
    return np.maximum(values - step, values.min()), np.minimum(values + step, values.max())


def _change_of_level(values: pd.Series, name: str, comparison, pair: tuple | None) -> Change:
    levels = list(values.cat.categories)
    compared = levels if comparison is None else [label(value) for value in pair or ()]
    unknown = [level for level in compared if level not in levels]
    if not compared or unknown:
        raise ValueError(
            f"comparison={comparison!r}: {name!r} is a category with levels {named(levels)} in {len(values)} rows; "
            f"give two of them, such as {tuple(levels[:2])!r}"
        )
    reference, *others = compared
    scenarios = {level: pd.Series(pd.Categorical([level] * len(values), levels, ordered=True)) for level in compared}
    return Change(
        scenarios,
        {f"{level} vs {reference}": (level, reference) for level in others},
        np.ones(len(values)),
        f"everybody's {name!r} at each level, against {reference!r}",
    )


def _pair(name: str, comparison) -> tuple | None:
    if not isinstance(comparison, tuple | list):
        return None
    if len(comparison) != 2 or comparison[0] == comparison[1]:
        raise ValueError(
            f"comparison={comparison!r}: give two different values of {name!r}, the one to start from and the one to "
            "reach"
        )
    return tuple(comparison)


def _is_finite(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and bool(np.isfinite(value))
