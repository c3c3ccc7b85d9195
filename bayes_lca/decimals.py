"""How many decimals a number is worth: its interval keeps a width, and stays apart from no effect."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

FEWEST, MOST = 3, 12
UNITS_WIDE = 10
"""Units of the last decimal that an interval of a table spans at least."""
ESTIMATES = "mean median estimate odds_ratio log_odds sd se robust_se distance difference".split()
RATIO = "odds_ratio"


def interval_decimals(
    lower, upper, no_effect: float | None = None, *, fewest: int = FEWEST, units: int = UNITS_WIDE
) -> np.ndarray:
    """Decimals with which an interval is told from a point, and from no effect where it does not hold it.

    Parameters
    ----------
    lower, upper : array_like, shape (row,)
    no_effect : float, optional
        The value that means nothing is going on, such as 1 for an odds ratio.
    fewest : int
        Decimals of a wide interval.
    units : int
        Units of the last decimal that a narrow one spans.

    Returns
    -------
    ndarray of int, shape (row,)
        From `fewest` to 12; `fewest` where an end is no finite number.

    Examples
    --------
    >>> interval_decimals([0.12, 1.000052, 0.0], [0.31, 1.000061, 0.0]).tolist()
    [3, 7, 3]
    """
    lower, upper = (np.atleast_1d(np.asarray(end, dtype=float)) for end in (lower, upper))
    wanted = _decimals_of((upper - lower) / units)
    if no_effect is not None:
        nearest = np.where(lower > no_effect, lower - no_effect, no_effect - upper)
        wanted = np.maximum(wanted, _decimals_of(nearest))
    return np.clip(wanted, fewest, MOST)


def decimals_of(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Decimals of each row, for the columns of a table that have an interval: its ends and what they surround.

    Ends are ``lower`` and ``upper``, or ``vpc_lower`` and ``vpc_upper`` of a column ``vpc``. Other columns, such as
    effective sample sizes, are not in the result.
    """
    decimals = {}
    names = [name for name in table.columns if isinstance(name, str)] if table.columns.is_unique else []
    for name in names:
        stem = name.removesuffix("lower")
        upper = f"{stem}upper"
        if name.endswith("lower") and upper in names and table[name].dtype.kind == "f":
            surrounded = [stem.removesuffix("_")] if stem else ESTIMATES
            of_rows = interval_decimals(table[name], table[upper], _no_effect(table[name], surrounded, names))
            decimals |= {column: of_rows for column in (*surrounded, name, upper) if column in names}
    return decimals


def _no_effect(lower: pd.Series, surrounded: Sequence[str], names: list[str]) -> float | None:
    """1 of ratios, 0 of numbers of either sign; probabilities and distances have none."""
    if any(column.endswith(RATIO) for column in surrounded if column in names):
        return 1.0
    return 0.0 if (lower < 0).any() else None


def _decimals_of(number: np.ndarray) -> np.ndarray:
    """Decimals in which a positive number does not vanish; 0 where it is none."""
    positive = np.isfinite(number) & (number > 0)
    return np.ceil(-np.log10(np.where(positive, number, 1.0))).astype(int)
