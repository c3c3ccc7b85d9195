"""Respondents nested in groups, as a formula's ``(1 | group)`` and ``(1 | city/group)`` ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_lca.data.covariates import as_text, check_categories, level_order
from bayes_lca.data.unique_rows import unique_rows


@dataclass(frozen=True)
class Grouping:
    """Respondents nested in groups.

    Attributes
    ----------
    name : str
        The column, or columns joined by ``:`` when groups are nested, as in ``city:group``.
    levels : tuple of str
        Groups that occur, ``:`` between the names of nested ones; in declared order, numbers by size, else sorted, with
        numbers in their names by size.
    index : ndarray of int, shape (row,)
        Group of each row.
    varying : tuple of int
        Design columns whose slopes vary by group.
    """

    name: str
    levels: tuple[str, ...]
    index: np.ndarray
    varying: tuple[int, ...] = ()

    @property
    def first_row(self) -> np.ndarray:
        """Row at which each group first stands, shape (group,)."""
        first = np.empty(len(self.levels), dtype=np.int64)
        first[self.index[::-1]] = np.arange(len(self.index) - 1, -1, -1)  # of equal places the last written stays
        return first

    def means(self, columns: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Mean of each column in each group, from shape (row, column) to (group, column).

        Rows count once, or as often as `weights` says.
        """
        n, weights = len(self.levels), np.ones(len(self.index)) if weights is None else weights
        sums = [np.bincount(self.index, weights=values * weights, minlength=n) for values in columns.T]
        size = np.bincount(self.index, weights=weights, minlength=n)
        return np.array(sums).reshape(columns.shape[1], n).T / size[:, None]

    def nested_in(self, other: "Grouping") -> bool:
        """Whether each group lies within one group of `other`."""
        return bool((other.index == other.index[self.first_row][self.index]).all())


def read_grouping(columns: tuple[str, ...], raw: Mapping[str, pd.Series]) -> Grouping:
    """Groups by one column, or by several within each other."""
    name = ":".join(columns)
    for part in columns:
        check_categories(raw[part], part, "group column")
    labels = [as_text(raw[part]) for part in columns]
    places = [pd.Categorical(text, level_order(raw[part])).codes for part, text in zip(columns, labels, strict=True)]
    rows = unique_rows(*places)
    levels = joined_labels([text.iloc[rows.first] for text in labels])
    if len(set(levels)) < len(levels):
        raise ValueError(f"groups in {name!r} read the same once joined by a colon; rename levels that contain one")
    if len(levels) < 2:
        raise ValueError(
            f"group column {name!r} has one group only ({levels[0]!r} in all {len(rows.pattern)} rows); "
            f"drop (1 | {name}) from the formula"
        )
    return Grouping(name, tuple(map(str, levels)), rows.pattern)


def joined_labels(labels: Sequence[pd.Series]) -> list[str | None]:
    """Names of nested groups, missing where one of their parts is."""
    return [None if None in parts else ":".join(parts) for parts in zip(*labels, strict=True)]
