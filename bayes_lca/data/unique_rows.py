"""Equal rows counted once."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_lca.data.runs import are_long, lengths, run_starts

LARGEST_KEY = 2**62
ROOM = 1024
"""Places that a range of whole numbers may have beyond the number of rows, and still be a table in memory."""


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
        Numbers; whatever a row's likelihood depends on: answers, design, group.

    Returns
    -------
    UniqueRows
        Patterns in the order of their numbers, the first column before the second; a missing number comes last.

    Examples
    --------
    >>> unique_rows(np.array([[0, 1], [1, 1], [0, 1]])).count
    array([2, 1])
    """
    parts = [np.asarray(part) for part in columns]
    n_rows = len(parts[0])
    starts = run_starts(*parts)
    if are_long(starts, n_rows):
        runs, times = unique_rows(*(part[starts] for part in parts)), lengths(starts, n_rows)
        count = np.zeros_like(runs.count)
        np.add.at(count, runs.pattern, times)
        return UniqueRows(starts[runs.first], count, np.repeat(runs.pattern, times))
    key, size = np.zeros(n_rows, dtype=np.int64), 1
    for part in parts:
        for column in part.reshape(n_rows, -1).T if part.size else ():
            place, n_places = _places(column)
            if size * n_places > LARGEST_KEY:
                key, size = _places(key)
            key, size = key * n_places + place, size * n_places
    pattern, n_patterns = _numbered(key, size)
    first = np.empty(n_patterns, dtype=np.int64)
    first[pattern[::-1]] = np.arange(n_rows - 1, -1, -1)  # of equal places the last to be written stays
    return UniqueRows(first, np.bincount(pattern, minlength=n_patterns), pattern)


def _places(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Places of numbers that are in the order of the numbers, and how many there may be."""
    if values.dtype.kind in "iub" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < len(values) + ROOM:
            return values.astype(np.int64) - low, high - low + 1
    place, distinct = pd.factorize(values, sort=True)
    return np.where(place < 0, len(distinct), place), len(distinct) + 1


def _numbered(key: np.ndarray, size: int) -> tuple[np.ndarray, int]:
    """Number of each key among those that occur, in their order, and how many occur."""
    if size > len(key) + ROOM:
        key, size = _places(key)
    occurs = np.bincount(key, minlength=size) > 0
    return (np.cumsum(occurs) - 1)[key], int(occurs.sum())
