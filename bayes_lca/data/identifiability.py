"""Refusals of designs whose coefficients the data cannot tell apart."""

import re
import warnings
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.distinct_values import distinct_values
from bayes_lca.data.frame import named
from bayes_lca.data.unique_rows import unique_rows

CONSTANT_WITHIN = 1e-6
"""Standard deviations within groups below which a predictor counts as one of the groups."""

DEPENDENT = 1e-8
"""Singular values of the standardised columns, as a fraction of the largest, that count as zero."""

LARGEST = 1e150
"""Size up to which a number has a square."""

ROUNDING = 1e-12
"""Spread of a column, as a fraction of its size, below which its differences are those of rounding."""

LEAST_GROUP = 5
"""Respondents a group has on average, in a column that is taken for one of groups."""


REPEATED = 0.5
"""Share of the groups of one column in which labels of another have to recur to look like numbers given within."""

NUMBERED = re.compile(r"(?P<word>\D*?)\d{0,3}[A-Za-z]?")


class SingleLevelWarning(UserWarning):
    """Respondents look nested in groups that the model does not know."""


class RepeatedLabelsWarning(UserWarning):
    """Labels of one column of groups recur in most groups of another, so equal labels may not be one group."""


def check_finite(terms: Sequence[str], matrix: np.ndarray) -> None:
    """Refuse design columns, shape (row, term), that are infinite or no number in some rows."""
    for name, values in zip(terms, matrix.T, strict=True):
        broken = int((~np.isfinite(values)).sum())
        if broken:
            raise ValueError(
                f"design column {name!r} is not a finite number in {broken} of {len(values)} rows; "
                "change the term, or correct the covariate"
            )


def check_squares(values: np.ndarray, name: str | int, *, role: str) -> None:
    """Refuse a column with numbers too large to have squares; those that are missing are passed over."""
    beyond = np.abs(values) > LARGEST
    if beyond.any():
        raise ValueError(
            f"{role} {name!r} is beyond {LARGEST:g} in {int(beyond.sum())} of {len(values)} rows, such as "
            f"{values[beyond][0]:g}, which double precision cannot square; correct these numbers, or change their unit"
        )


def check_numbers(terms: Sequence[str], matrix: np.ndarray) -> None:
    """Refuse design columns, shape (row, term), that are not finite or cannot be standardised in double precision.

    Columns that are constant are left to `check_design`.
    """
    check_finite(terms, matrix)
    for name, values in zip(terms, matrix.T, strict=True):
        low, high = values.min(), values.max()
        size = max(abs(low), abs(high))
        if low < high and (size > LARGEST or high - low < max(ROUNDING * size, 1 / LARGEST)):
            raise ValueError(
                f"design column {name!r} goes from {low:g} to {high:g} in {len(values)} rows, which double precision "
                "cannot standardise; subtract a constant from it, or change its unit"
            )


def check_design(design, covariates: Sequence[str]) -> None:
    """Refuse a design before any time is spent on sampling it.

    Parameters
    ----------
    design : Design
    covariates : sequence of str
        Columns used by the fixed part of the formula.

    Raises
    ------
    ValueError
        If one covariate is another cut into categories, a design column is constant, columns are linearly
        dependent, or J groups carry J - 1 or more group-level predictors.
    """
    _refuse_cut_of_another(design.covariates, covariates)
    _refuse_constant(design)
    for grouping in design.groupings:
        _check_degrees_of_freedom(design, grouping)
    _refuse_dependent(design)


def warn_of_unused_groups(frame: nw.DataFrame, covariates: pd.DataFrame) -> None:
    """Warn where a covariate has one value in each level of a column that a single-level formula leaves out.

    Parameters
    ----------
    frame : narwhals.DataFrame
        The rows that are used.
    covariates : pandas.DataFrame
        Covariates of the same rows.

    Warns
    -----
    SingleLevelWarning
        Standard errors of such a covariate are too small where respondents are nested.
    """
    places = {}
    for name, values in covariates.items():
        place, distinct = pd.factorize(values)
        of_a_category = not pd.api.types.is_numeric_dtype(values)
        places[name] = place, len(distinct) + of_a_category
    for name, values in zip(frame.columns, frame.iter_columns(), strict=True):
        if name in covariates or not isinstance(values.dtype, nw.String | nw.Categorical | nw.Enum):
            continue
        level = distinct_values(_as_pandas(values))
        n_levels, n = len(level.values), len(level.place)
        if level.n_present < n or n_levels < 3 or n < LEAST_GROUP * n_levels:
            continue
        of_groups = [
            covariate
            for covariate, (place, n_values) in places.items()
            if n_values <= n_levels and len(unique_rows(level.place, place).count) == n_levels
        ]
        if of_groups:
            warnings.warn(
                f"{named(of_groups)} has one value in each of the {n_levels} groups of {name!r} "
                f"({n} rows), and the formula has one level: if respondents are nested in {name!r}, the "
                f"intervals are too narrow; add (1 | {name})",
                SingleLevelWarning,
                stacklevel=5,
            )


def _as_pandas(values: nw.Series) -> pd.Series:
    native = values.to_native()
    return native if isinstance(native, pd.Series) else pd.Series(values.to_list(), dtype="object")


def warn_of_repeated_labels(groupings: Sequence) -> None:
    """Warn where labels of one column of groups recur in most groups of another, as class 1 does in every school.

    Parameters
    ----------
    groupings : sequence of Grouping

    Warns
    -----
    RepeatedLabelsWarning
    """
    single = [grouping for grouping in groupings if ":" not in grouping.name]
    for first, later in combinations(single, 2):
        if first.nested_in(later) or later.nested_in(first):
            continue
        fewer, more = sorted((later, first), key=lambda grouping: len(grouping.levels))
        ways = [(more, fewer)] if _recur(fewer, more) else []  # numbers that start anew are few
        if _look_numbered(fewer) and _recur(more, fewer):
            ways.append((fewer, more))
        if not ways:
            continue
        outer, inner = ways[0]
        remedies = ", ".join(
            f"if {within.name!r} is labelled anew within each {above.name!r}, write (1 | {above.name}/{within.name})"
            for above, within in ways
        )
        met = _groups_met(inner, outer)
        most = int(met.argmax())
        warnings.warn(
            f"{inner.name!r} has {len(inner.levels)} labels in {len(inner.index)} rows that recur in most of the "
            f"{len(outer.levels)} groups of {outer.name!r}: {inner.levels[most]!r} is in {met[most]} of them, and "
            f"(1 | {inner.name}) takes it for one group; {remedies}",
            RepeatedLabelsWarning,
            stacklevel=5,
        )


def _recur(inner, outer) -> bool:
    """Whether numbered labels of one column are found in most of the three or more groups of another."""
    if len(outer.levels) < 3 or not _look_numbered(inner):
        return False
    return np.average(_groups_met(inner, outer)[inner.index]) >= REPEATED * len(outer.levels)


def _groups_met(inner, outer) -> np.ndarray:
    """Groups of one column in which each label of another is found, shape (label,)."""
    together = np.unique(np.column_stack([inner.index, outer.index]), axis=0)
    return np.bincount(together[:, 0], minlength=len(inner.levels))


def _look_numbered(grouping) -> bool:
    """Whether labels are 1, 2, ..., a, b, ..., 1a, 1b, ..., perhaps behind a common word: no names of their own."""
    parts = [NUMBERED.fullmatch(label) for label in grouping.levels]
    return all(parts) and len({part["word"] for part in parts if part}) == 1


def _refuse_cut_of_another(table: pd.DataFrame, covariates: Sequence[str]) -> None:
    numeric = [name for name in covariates if not isinstance(table[name].dtype, pd.CategoricalDtype)]
    for cut in (name for name in covariates if name not in numeric):
        for whole in numeric:
            ranges = table.groupby(cut, observed=True)[whole].agg(["min", "max"]).sort_values("min")
            disjoint = (ranges["max"].to_numpy()[:-1] < ranges["min"].to_numpy()[1:]).all()
            if disjoint and table[whole].nunique() > len(ranges):
                raise ValueError(
                    f"{cut!r} is {whole!r} cut into {len(ranges)} categories in all {len(table)} rows; the two say the "
                    "same thing twice: keep one of them in the formula"
                )


def _refuse_constant(design) -> None:
    matrix = design.matrix[design.patterns.first]
    varies = matrix.min(axis=0) < matrix.max(axis=0)
    constant = [term for term, several in zip(design.terms, varies, strict=True) if not several]
    if constant:
        raise ValueError(
            f"design column(s) {named(constant)} have the same value in all {len(design.matrix)} rows; "
            "drop them from the formula"
        )


def _check_degrees_of_freedom(design, grouping) -> None:
    n_groups = len(grouping.levels)
    rows = design.patterns
    columns, index = design.take(rows.first).standardised, grouping.index[rows.first]
    within = columns - replace(grouping, index=index).means(columns, weights=rows.count)[index]
    at_group_level = (np.abs(within) < CONSTANT_WITHIN).all(axis=0)
    terms = [term for term, constant in zip(design.terms, at_group_level, strict=True) if constant]
    constant = [design.terms[column] for column in grouping.varying if at_group_level[column]]
    if constant:
        raise ValueError(
            f"the slope of {named(constant)} cannot vary by {grouping.name!r}: it has one value in each of its "
            f"{n_groups} groups ({len(design.matrix)} rows); take it out of ({constant[0]} | {grouping.name})"
        )
    _warn_of_cross_level(design, grouping, terms)
    remaining = n_groups - 1 - len(terms)
    if terms and remaining <= 0:
        raise ValueError(
            f"{n_groups} groups in {grouping.name!r} ({len(design.matrix)} rows) cannot carry {len(terms)} group-level "
            f"predictor(s) ({named(terms)}): {remaining} degrees of freedom remain; drop predictors, or "
            f"(1 | {grouping.name})"
        )
    if terms and remaining <= 2:
        warnings.warn(
            f"{n_groups} groups in {grouping.name!r} with {len(terms)} group-level predictor(s) ({named(terms)}) "
            f"leave {remaining} degree(s) of freedom: their effects rest on very little",
            stacklevel=5,
        )


def _warn_of_cross_level(design, grouping, of_groups: Sequence[str]) -> None:
    """An interaction with a covariate of the group rests on as few groups as that covariate does."""
    varying = [design.terms[column] for column in grouping.varying]
    for term in design.terms:
        factors = term.split(":")
        within = [factor for factor in factors if factor not in of_groups]
        if len(factors) > 1 and within and len(within) < len(factors) and not set(within) & set(varying):
            warnings.warn(
                f"{term!r} is a cross-level interaction: it rests on {len(grouping.levels)} groups of "
                f"{grouping.name!r}, not on {len(design.matrix)} rows; unless slopes vary by group, "
                f"({within[0].split('[')[0]} | {grouping.name}), its interval is too narrow",
                stacklevel=6,
            )


def _refuse_dependent(design) -> None:
    if not design.terms:
        return
    rows = design.patterns
    of_patterns = np.column_stack([np.ones(len(rows.first)), design.take(rows.first).standardised])
    columns = of_patterns * np.sqrt(rows.count)[:, None]  # of the same singular values as those of all rows

    def dependent(width: int) -> bool:
        return bool(np.linalg.matrix_rank(columns[:, :width], rtol=DEPENDENT) < width)

    if not dependent(columns.shape[1]):
        return
    width = bisect_left(range(columns.shape[1]), True, key=dependent)
    raise ValueError(
        f"design column {design.terms[width - 2]!r} follows from the columns before it "
        f"({named(design.terms[: width - 2])}) in all {len(design.matrix)} rows; drop one of the covariates involved"
    )
