"""Effects too small to be read per unit, said per 10, 100 or 1000 units as well."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_lca.decimals import interval_decimals
from bayes_lca.dims import TERM

TOO_SMALL, READABLE = 0.01, 0.5
"""Log odds, in size, below which a unit is too small to read, and below which the larger unit's effect stays."""


def in_larger_units(ratios: pd.DataFrame, values: np.ndarray, terms: Sequence[str]) -> list[str]:
    """One line for each term whose odds ratios per unit are nearly 1 although it varies by ten units and more.

    Parameters
    ----------
    ratios : pandas.DataFrame
        Indexed by contrast and term, with ``odds_ratio``, ``lower`` and ``upper`` per unit.
    values : ndarray, shape (row, term)
        The design. No larger unit exceeds the range of a term.
    terms : sequence of str
        Names of its columns.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("C2 vs C1", "income")], names=["contrast", "term"])
    >>> per_unit = pd.DataFrame({"odds_ratio": [1.000057], "lower": [1.000052], "upper": [1.000062]}, index)
    >>> in_larger_units(per_unit, np.array([[12000.0], [72000.0]]), ["income"])
    ['odds ratios per 1000 of income: C2 vs C1 1.059 (1.053 to 1.064)']
    """
    notes, ranges = [], dict(zip(terms, np.ptp(values, axis=0), strict=True))
    for term, rows in ratios.groupby(level=TERM, sort=False):
        log_odds = np.log(rows[["odds_ratio", "lower", "upper"]])
        largest = log_odds.abs().to_numpy().max()
        if not 0 < largest < TOO_SMALL or ranges[term] < 10:
            continue
        unit = 10.0 ** np.floor(np.log10(min(READABLE / largest, ranges[term])))
        of_contrasts = (f"{names[0]} {_in_words(*np.exp(unit * row))}" for names, row in log_odds.iterrows())
        notes.append(f"odds ratios per {unit:g} of {term}: {', '.join(of_contrasts)}")
    return notes


def _in_words(middle: float, lower: float, upper: float) -> str:
    (decimals,) = interval_decimals(lower, upper, 1.0)
    return f"{middle:.{decimals}f} ({lower:.{decimals}f} to {upper:.{decimals}f})"
