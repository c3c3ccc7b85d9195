"""Columns of the respondents as levels to compare: categories as they are, numbers cut at quantiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from bayes_lca.data.covariates import code_covariate
from bayes_lca.data.declarations import NOTHING_DECLARED
from bayes_lca.data.frame import check_columns, check_frame, named
from bayes_lca.fitted.same_respondents import rows_of_respondents

MOST_QUANTILE_GROUPS = 5
UNKNOWN = -1


@dataclass(frozen=True)
class ColumnLevels:
    """A column of the respondents, as levels.

    Attributes
    ----------
    name : str
    labels : tuple of str
        Names of the levels; ``"2.5 to 5"`` for a range of numbers.
    index : ndarray of int, shape (respondent,)
        Level of each respondent, -1 where the column is missing.
    """

    name: str
    labels: tuple[str, ...]
    index: np.ndarray

    @property
    def indicator(self) -> np.ndarray:
        """One where a respondent has a level, shape (respondent, level)."""
        return (self.index[:, None] == np.arange(len(self.labels))).astype(float)

    @cached_property
    def _members(self) -> csr_array:
        """The same, a row for each level, without its zeros."""
        (known,) = np.nonzero(self.index != UNKNOWN)
        shape = len(self.labels), len(self.index)
        return csr_array((np.ones(len(known)), (self.index[known], known)), shape=shape)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Values of shape (respondent, ...) added up by level, (level, ...), in one pass over the respondents.

        Examples
        --------
        >>> ColumnLevels("site", ("a", "b", "c"), np.array([0, 2, -1, 0])).sums(np.array([1.0, 2.0, 4.0, 8.0]))
        array([9., 0., 2.])
        """
        return (self._members @ values.reshape(len(values), -1)).reshape(-1, *values.shape[1:])


def column_levels(fit, columns: Sequence[str] | None = None, frame=None, key: str | None = None) -> list[ColumnLevels]:
    """Levels of the covariates and groups of a fit, or of columns of the frame that was fitted.

    Parameters
    ----------
    fit : Fit
    columns : sequence of str, optional
        Covariates and groupings of the fit, and columns of `frame`. All of the fit's by default.
    frame : eager data frame, optional
        The frame that was fitted, which is proven by `rows_of_respondents`.
    key : str, optional
        Column of `frame` that holds the labels of the respondents.

    Raises
    ------
    ValueError
        If there is no such column, it is an item, it has one value only, or the rows of `frame` are not shown to be
        the respondents of the fit.
    """
    if isinstance(columns, str):
        raise ValueError(f"columns={columns!r} is one text; pass a list of column names")
    of_fit = [*fit.formula.covariates, *fit.groupings]
    chosen = of_fit if columns is None else list(columns)
    if not chosen:
        raise ValueError(
            f"formula {fit.formula.text!r} of this fit of {fit.n_respondents} respondents has no covariates or "
            "groups; name columns and pass the frame, columns=[...], frame=survey"
        )
    if answered := [name for name in chosen if str(name) in fit.items]:
        raise ValueError(f"column(s) {named(answered)} are items of this fit; name covariates or groups instead")
    foreign = [name for name in chosen if name not in of_fit]
    rows = None
    if foreign:
        if frame is None:
            raise ValueError(
                f"column(s) {named(foreign)} are not in formula {fit.formula.text!r} of this fit of "
                f"{fit.n_respondents} respondents; pass the frame that holds them, frame=survey"
            )
        check_frame(frame)
        check_columns(frame, foreign, role="named")
        rows = rows_of_respondents(fit, frame, key)
    return [
        _of_fit(fit, name)
        if name in of_fit
        else levels_of(name, NOTHING_DECLARED.column(frame, name, "column").iloc[rows])
        for name in chosen
    ]


def _of_fit(fit, name: str) -> ColumnLevels:
    if name in fit.groupings:
        return ColumnLevels(name, fit.group_names[name], fit.group_of_respondent[name])
    values = pd.Series(fit.covariate(name))
    if name in fit.levels:
        values = pd.Series(pd.Categorical(values.astype(str), fit.levels[name], ordered=True))
    return levels_of(name, values)


def levels_of(name: str, values: pd.Series) -> ColumnLevels:
    """Levels of the values of a column, numbers cut at quantiles; a row for each respondent."""
    known = values.notna().to_numpy()
    if not known.any():
        raise ValueError(f"column {name!r} is missing in all {len(values)} rows of the fit; name another")
    coded = code_covariate(
        values[known].reset_index(drop=True), name, role="column", instead="name one that has several values"
    )
    index = np.full(len(values), UNKNOWN)
    if isinstance(coded.dtype, pd.CategoricalDtype):
        index[known] = coded.cat.codes
        return ColumnLevels(name, tuple(coded.cat.categories), index)
    numbers = coded.to_numpy()
    distinct = np.unique(numbers)
    if len(distinct) <= MOST_QUANTILE_GROUPS:
        index[known] = np.searchsorted(distinct, numbers)
        return ColumnLevels(name, tuple(f"{value:g}" for value in distinct), index)
    cuts = np.quantile(numbers, np.arange(1, MOST_QUANTILE_GROUPS) / MOST_QUANTILE_GROUPS)
    cuts = np.unique(np.minimum(cuts, distinct[-2]))  # a maximum that most rows share is a level of its own
    _, place = np.unique(np.searchsorted(cuts, numbers), return_inverse=True)
    index[known] = place
    ranges = [numbers[place == group] for group in range(place.max() + 1)]
    labels = tuple(f"{r.min():g} to {r.max():g}" if r.min() < r.max() else f"{r.min():g}" for r in ranges)
    return ColumnLevels(name, labels, index)
