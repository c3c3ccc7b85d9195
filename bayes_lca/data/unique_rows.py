"""Equal rows counted once."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class UniqueRows:
    """Rows that are equal, counted once: exact, and cheaper by the number of copies.

    Attributes
    ----------
    first : ndarray of int, shape (pattern,)
        Row at which each distinct pattern first stands.
    count : ndarray of int, shape (pattern,)
        Number of rows equal to it.
    pattern : ndarray of int, shape (respondent,)
        The pattern of each row.
    """

    first: np.ndarray
    count: np.ndarray
    pattern: np.ndarray


def unique_rows(*columns: np.ndarray) -> UniqueRows:
    """Collapse rows that are equal in every array.

    Parameters
    ----------
    *columns : ndarray, shape (respondent,) or (respondent, column)
        Whatever a row's likelihood depends on: answers, design, group.

    Examples
    --------
    >>> unique_rows(np.array([[0, 1], [1, 1], [0, 1]])).count
    array([2, 1])
    """
    table = pd.DataFrame(np.column_stack([np.asarray(part, dtype=float) for part in columns]))
    number = table.groupby(list(table.columns), sort=True, dropna=False).ngroup().to_numpy()
    _, first, pattern, count = np.unique(number, return_index=True, return_inverse=True, return_counts=True)
    return UniqueRows(first, count, pattern.reshape(-1))
