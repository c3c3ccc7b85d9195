"""One unit of a design column: the change that the width of a slope's prior is stated for."""

import numpy as np

FENCE = 3.0
"""Interquartile ranges beyond the quartiles at which a value counts as far out (Tukey's outer fences)."""


def units_of_term(term) -> np.ndarray:
    r"""One unit of each column of a term, shape (column,).

    A category and a column of two values change by the whole way from one to the other; a number changes by
    `spread`; the columns of a polynomial or a spline share one unit, the root of their summed variances, so that the
    whole curve has the prior spread of a number. The unit of an interaction is the product of those of its parts,
    which does not depend on how many respondents are in a cell.

    Parameters
    ----------
    term : formulae.terms.Term
        Evaluated.
    """
    units = np.ones(1)
    for part in term.components:
        units = np.kron(units, _units_of_part(part.kind, np.asarray(part.value, dtype=float)))
    return units


def spread(values: np.ndarray) -> float:
    """Typical distance between values, which neither a far value nor a crowd at one value can change much.

    The way from one to the other of two values. Else, where fewer than half of all values are equal, the standard
    deviation after values beyond the outer fences have been moved to them; where more are, the median distance from
    that value of those that differ.

    Parameters
    ----------
    values : ndarray, shape (row,)

    Examples
    --------
    >>> age = np.arange(20.0, 81.0)
    >>> round(spread(age), 1), round(spread(np.append(age, 9999.0)), 1), round(float(np.std(np.append(age, 9999.0))))
    (17.6, 22.1, 1253)
    >>> spread(np.array([0.0, 0.0, 0.0, 0.0, 1.0])), spread(np.array([0.0] * 7 + [2.0, 4.0]))
    (1.0, 3.0)
    """
    distinct = np.unique(values)
    if len(distinct) <= 2:
        return float(distinct[-1] - distinct[0]) or 1.0
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    if high > low:
        return float(moved_to_fences(values).std())
    return float(np.median(np.abs(values[values != middle] - middle)))


def moved_to_fences(values: np.ndarray) -> np.ndarray:
    """Values, those beyond the outer fences moved to them; all as they are where the quartiles coincide.

    Parameters
    ----------
    values : ndarray, shape (row,)

    Examples
    --------
    >>> moved_to_fences(np.array([1.0, 2.0, 3.0, 4.0, 100.0])).tolist()
    [1.0, 2.0, 3.0, 4.0, 10.0]
    >>> moved_to_fences(np.array([0.0, 0.0, 0.0, 0.0, 100.0])).tolist()
    [0.0, 0.0, 0.0, 0.0, 100.0]
    """
    low, high = np.quantile(values, [0.25, 0.75])
    reach = FENCE * (high - low)
    return np.clip(values, low - reach, high + reach) if reach > 0 else values


def _units_of_part(kind: str, values: np.ndarray) -> np.ndarray:
    columns = values.reshape(len(values), -1)
    if kind == "categoric":
        return np.ones(columns.shape[1])
    if columns.shape[1] == 1:
        return np.array([spread(columns[:, 0])])
    return np.full(columns.shape[1], np.sqrt(columns.var(axis=0).sum()))
