"""Rows that stand one below the other and are equal, as in a frequency table written out: looked at once."""

import numpy as np


def run_starts(*columns: np.ndarray) -> np.ndarray:
    """Rows that differ from the row above them in any column, the first row among them.

    A missing number differs from any other.

    Parameters
    ----------
    *columns : ndarray, shape (row,) or (row, column)

    Returns
    -------
    ndarray of int, shape (run,)

    Examples
    --------
    >>> run_starts(np.array([1, 1, 2, 2]), np.array([[0], [0], [0], [5]]))
    array([0, 2, 3])
    """
    n_rows = len(columns[0])
    starts = np.zeros(n_rows, dtype=bool)
    starts[:1] = True
    for part in columns:
        for column in part.reshape(n_rows, -1).T if part.size else ():
            starts[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(starts)


def are_long(starts: np.ndarray, n_rows: int) -> bool:
    """Whether looking at runs in place of rows saves anything."""
    return 2 * len(starts) < n_rows


def lengths(starts: np.ndarray, n_rows: int) -> np.ndarray:
    """Rows of each run."""
    return np.diff(starts, append=n_rows)
