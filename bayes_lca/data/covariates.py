"""Columns of covariates as numbers and ordered categories."""

import warnings
from collections.abc import Collection, Mapping, Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.category_checks import check_blank, check_text, check_written
from bayes_lca.data.category_order import numeric_label, ordered_categories
from bayes_lca.data.declarations import NOTHING_DECLARED, Declarations, numbers_of_texts, without_codes
from bayes_lca.data.distinct_values import distinct_values
from bayes_lca.data.frame import (
    check_missing,
    column,
    label,
    named,
    rows_of,
)
from bayes_lca.data.rows_left_out import RowsLeftOutWarning

REMEDIES = {False: "impute them", True: "say to which group each belongs"}
"""What to do about missing covariates, and about missing groups."""
MOST_UNDECLARED_LEVELS = 20
MOST_NUMBERED_LEVELS = 11
"""Levels of text that are all numbers, as on a scale from 0 to 10; more are numbers that were read as text."""


def complete_rows(frame, columns: Mapping[str, pd.Series], missing: str, groups: Collection[str] = ()) -> np.ndarray:
    """Rows that have every covariate and group, as a boolean mask.

    Parameters
    ----------
    frame : eager data frame
        Where the columns come from; its row labels are named.
    columns : mapping of str to pandas.Series
        At least one.
    missing : {"raise", "drop"}
        What to do with the other rows.
    groups : collection of str
        Those of the columns that name groups, of which nothing is to be imputed.

    Returns
    -------
    ndarray of bool, shape (respondent,)

    Raises
    ------
    ValueError
        If rows are incomplete and `missing` is ``"raise"``, or no complete row is left.

    Warns
    -----
    UserWarning
        If rows are left out.
    """
    check_missing(missing)
    gone = {name: values.isna().to_numpy() for name, values in columns.items()}
    incomplete = np.logical_or.reduce(list(gone.values()))
    if not incomplete.any():
        return ~incomplete
    some = f"{int(incomplete.sum())} of {len(incomplete)} rows"
    counts = ", ".join(f"{name!r} in {int(rows.sum())}" for name, rows in gone.items() if rows.any())
    which = f"({counts}: {rows_of(frame, incomplete)})"
    kinds = {name in groups for name, rows in gone.items() if rows.any()}
    what = " or ".join(name for is_group, name in ((False, "covariate"), (True, "group")) if is_group in kinds)
    if missing == "raise":
        remedy = " and ".join(remedy for is_group, remedy in REMEDIES.items() if is_group in kinds)
        raise ValueError(f'{some} lack a {what} {which}; {remedy}, or leave the rows out with missing="drop"')
    if incomplete.all():
        raise ValueError(f"{some} lack a {what} {which}; no row would be left: drop a {what} from the formula")
    warnings.warn(f"{some} left out: {what} missing {which}", RowsLeftOutWarning, stacklevel=4)
    return ~incomplete


def code_covariate(
    values: pd.Series,
    name: str,
    *,
    category: bool = False,
    reference: str | None = None,
    role: str = "covariate",
    instead: str = "drop it from the formula",
) -> pd.Series:
    """Numbers stay; anything else becomes an ordered categorical with the reference first.

    formulae sorts the levels of unordered categoricals anew, and keeps those of ordered ones.

    Parameters
    ----------
    values : pandas.Series
        Without missing values.
    name : str
        Named in messages.
    category : bool
        Whether the formula declares numbers to be categories.
    reference : str, optional
        First level; by default the first that is declared, or the first of the sorted ones.
    role : str
        What the column is used for, as messages name it.
    instead : str
        What to do with a column that has one value.

    Returns
    -------
    pandas.Series
        Of floats or of an ordered categorical, indexed from 0.

    Raises
    ------
    ValueError
        If values are infinite or all the same, text is no category, or there is no such reference level.
    """
    if _is_number(values):
        numbers = _finite(values, name, role)
        if numbers.min() == numbers.max():
            raise ValueError(f"{role} {name!r} is {numbers[0]:g} in all {len(numbers)} rows; {instead}")
        if not category:
            if reference is not None:
                raise ValueError(
                    f"covariate {name!r} is a number in all {len(numbers)} rows and has no reference level "
                    f"{reference!r}; write C({name}) in the formula"
                )
            return pd.Series(numbers)
    check_categories(values, name, role)
    levels, n = level_order(values), len(values)
    if len(levels) < 2:
        raise ValueError(f"{role} {name!r} is {levels[0]!r} in all {n} rows; {instead}")
    check_undeclared_levels(values, levels, name, role)
    if reference is not None:
        first = label(reference)
        if first not in levels:
            raise ValueError(
                f"covariate {name!r} has no level {reference!r} in {n} rows; choose one of {named(levels)}"
            )
        levels = [first, *(level for level in levels if level != first)]
    return _categorical(values, levels)


def code_new_rows(frame, known: pd.DataFrame, declared: Declarations = NOTHING_DECLARED) -> pd.DataFrame:
    """Covariates of new rows, in the levels of those that are `known`; codes that are `declared` missing are missing.

    Raises
    ------
    ValueError
        If a covariate is missing, is no number where the known ones are, or has a level that is not known.
    """
    n = len(nw.from_native(frame, eager_only=True))
    columns = {name: without_codes(column(frame, name), declared.missing_codes_of(name), name) for name in known}
    columns |= {name: numbers_of_texts(columns[name]) for name in known if _is_number(known[name])}
    counts = {name: int(values.isna().sum()) for name, values in columns.items()}
    if any(counts.values()):
        where = ", ".join(f"{name!r} in {count}" for name, count in counts.items() if count)
        raise ValueError(f"new rows lack a covariate ({where} of {n} rows); complete them")
    coded = {name: _code_new(values, name, known[name]) for name, values in columns.items()}
    return pd.DataFrame(coded, index=pd.RangeIndex(n))


def check_categories(values: pd.Series, name: str, role: str) -> None:
    """Refuse text that is empty or mixed with other values, and categories that read the same."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        if not _is_number(values):
            check_text(distinct_values(values), name, role)
        return
    labels = [label(category) for category in values.cat.categories]
    check_written(labels, name, role)
    if len(set(labels)) < len(labels):
        raise ValueError(
            f"{role} {name!r} has categories that read the same in {len(values)} rows: {named(labels)}; rename them"
        )
    check_blank(distinct_values(values), name, role)


def check_undeclared_levels(values: pd.Series, levels: Sequence[str], name: str, role: str) -> None:
    """Refuse levels that nobody declared where they are too many for categories, or numbers in a column of text."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return
    which = f"{role} {name!r} holds {len(levels)} different values in {len(values)} rows ({named(levels, most=4)})"
    numbers = [numeric_label(level.replace(",", ".")) for level in levels]
    if not _is_number(values) and len(levels) > MOST_NUMBERED_LEVELS and None not in numbers:
        decimals = ".str.replace(',', '.')" if any("," in level for level in levels) else ""
        raise ValueError(
            f"{which}, which are numbers in a column of text; make them numbers, pd.to_numeric(frame[{name!r}]"
            f"{decimals}), or a categorical if they are categories"
        )
    if len(levels) > max(MOST_UNDECLARED_LEVELS, len(values) / 2):
        raise ValueError(f"{which}, which do not look like categories; merge some of them, or drop it")


def as_text(values: pd.Series) -> pd.Series:
    """Labels of the categories, indexed from 0; a missing value stays missing."""
    return pd.Series(distinct_values(values).each(label, missing=None), dtype="object")


def level_order(values: pd.Series) -> list[str]:
    """Labels that occur: in declared order for a categorical, by value for numbers, else sorted."""
    categories, _ = ordered_categories(values)
    occurring = set(map(label, distinct_values(values).values))
    return [level for level in map(label, categories) if level in occurring]


def empty_levels(values: pd.Series) -> tuple[str, ...]:
    """Declared labels that do not occur."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return ()
    occurring = set(level_order(values))
    return tuple(level for level in map(label, values.cat.categories) if level not in occurring)


def _code_new(values: pd.Series, name: str, known: pd.Series) -> pd.Series:
    if not isinstance(known.dtype, pd.CategoricalDtype):
        if not _is_number(values):
            raise ValueError(
                f"covariate {name!r} was a number and is now {values.iloc[0]!r} in {len(values)} new rows; "
                "convert it to numbers"
            )
        return pd.Series(_finite(values, name))
    distinct, levels = distinct_values(values), list(known.cat.categories)
    strange = [label(value) not in levels for value in distinct.values]
    if any(strange):
        unseen = sorted({label(value) for value, is_new in zip(distinct.values, strange, strict=True) if is_new})
        raise ValueError(
            f"covariate {name!r} has level(s) {named(unseen)} in {int(distinct.count[strange].sum())} of "
            f"{len(values)} rows that the fit has not seen; its levels are {named(levels)}"
        )
    return _categorical(values, levels)


def _categorical(values: pd.Series, levels: list[str]) -> pd.Series:
    """Values as an ordered categorical of levels, found by their labels; indexed from 0."""
    distinct = distinct_values(values)
    codes = distinct.coded([levels.index(label(value)) for value in distinct.values])
    return pd.Series(pd.Categorical.from_codes(codes, levels, ordered=True))


def _is_number(values: pd.Series) -> bool:
    return not isinstance(values.dtype, pd.CategoricalDtype) and pd.api.types.is_numeric_dtype(values)


def _finite(values: pd.Series, name: str, role: str = "covariate") -> np.ndarray:
    numbers = values.to_numpy(dtype=float)
    infinite = int((~np.isfinite(numbers)).sum())
    if infinite:
        raise ValueError(
            f"{role} {name!r} is infinite in {infinite} of {len(numbers)} rows; correct them or code them as missing"
        )
    return numbers
