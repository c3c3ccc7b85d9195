"""A column as its distinct values and who has which: what is asked of values is asked once of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bayes_lca.data.runs import are_long, lengths, run_starts

GONE = -1


@dataclass(frozen=True, eq=False)
class DistinctValues:
    """The distinct values of a column, and the place of each row's value among them.

    Attributes
    ----------
    values : list
        Not missing, in the order in which they first stand in the column.
    place : ndarray of int, shape (row,)
        -1 where a value is missing.
    """

    values: list
    place: np.ndarray

    @cached_property
    def count(self) -> np.ndarray:
        """Rows with each value, shape (value,)."""
        return np.bincount(self.place - GONE, minlength=len(self.values) + 1)[1:]  # missing values are counted at 0

    @property
    def n_present(self) -> int:
        """Rows whose value is not missing."""
        return int(self.count.sum())

    def each(self, function: Callable, missing) -> np.ndarray:
        """What a function makes of the value of each row, as objects of shape (row,); `missing` where there is none."""
        made = np.empty(len(self.values) + 1, dtype=object)  # a missing value takes the last place
        made[:-1] = [function(value) for value in self.values]
        made[GONE] = missing
        return made[self.place]

    def rows_with(self, chosen: Sequence[bool]) -> np.ndarray:
        """Rows that have one of the chosen values, which are a mask of shape (value,)."""
        return np.append(np.asarray(chosen, dtype=bool), False)[self.place]

    def coded(self, codes: Sequence[int]) -> np.ndarray:
        """The codes of the rows, from those of the values; -1 where a value is missing."""
        return np.append(np.asarray(codes, dtype=np.int64), GONE)[self.place]


def distinct_values(values: pd.Series) -> DistinctValues:
    """The distinct values of a column; objects of different types differ, such as 1, True and "1".

    Examples
    --------
    >>> answers = distinct_values(pd.Series(["no", None, "yes", "no"]))
    >>> answers.values, answers.place.tolist(), answers.count.tolist()
    (['no', 'yes'], [0, -1, 1, 0], [2, 1])
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        starts = run_starts(values.cat.codes.to_numpy())
        if are_long(starts, len(values)):
            runs = distinct_values(values.iloc[starts])
            return DistinctValues(runs.values, np.repeat(runs.place, lengths(starts, len(values))))
    if values.dtype != object:
        place, distinct = pd.factorize(values)
        return DistinctValues(list(distinct), place.astype(np.int32))
    gone = values.isna().to_numpy()
    if all(issubclass(kind, str) for kind in set(map(type, values.to_numpy()[~gone]))):
        place, distinct = pd.factorize(values.to_numpy())
        return DistinctValues(list(distinct), place.astype(np.int32))
    return _distinct_objects(values.to_numpy(), gone)


def _distinct_objects(values: np.ndarray, gone: np.ndarray) -> DistinctValues:
    known, distinct = {}, []
    place = np.full(len(values), GONE, dtype=np.int32)
    for row in np.flatnonzero(~gone):
        value = values[row]
        try:
            place[row] = known.setdefault((type(value), value), len(distinct))
        except TypeError:  # lists and the like cannot be compared by hash, and differ
            place[row] = len(distinct)
        if place[row] == len(distinct):
            distinct.append(value)
    return DistinctValues(distinct, place)
