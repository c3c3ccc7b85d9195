"""What a user declares of columns: the order of their categories, the codes that mean no answer, empty categories."""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.distinct_values import distinct_values
from bayes_lca.data.frame import Frame, check_frame, column, label, named, numeric_if_numbers
from bayes_lca.data.suspected_codes import warn_of_suspected_codes

Categories = Sequence | Mapping[str, Sequence]
"""Labels in their order: one list for all columns, or one by column."""
MissingCodes = Sequence | Mapping[str, Sequence]
"""Codes that mean no answer: one list for all columns, or one by column."""
NAME_OF_DIGITS = re.compile(r"[+-]?0\d")
PACKAGE = str(Path(__file__).parents[1])


@dataclass(frozen=True)
class Declarations:
    """What is declared of columns, by a measurement part, a regression or a model.

    Attributes
    ----------
    categories : mapping or sequence, optional
        Categories in their order, one list for all columns or one by column. Any other value is refused.
    missing_codes : mapping or sequence
        Values that mean no answer, one list for all columns or one by column. A column that is named is warned of no
        more.
    empty_categories : {"drop", "keep"}
        What becomes of categories that nobody has.
    """

    categories: Categories | None = None
    missing_codes: MissingCodes = ()
    empty_categories: Literal["drop", "keep"] = "drop"

    def __post_init__(self):
        if self.empty_categories not in ("drop", "keep"):
            raise ValueError(f'empty_categories={self.empty_categories!r}: choose "drop" or "keep"')
        for name, given in (("categories", self.categories), ("missing_codes", self.missing_codes)):
            for declared in given.values() if isinstance(given, Mapping) else [given]:
                if declared is not None and not _is_list(declared):
                    raise TypeError(f"{name}={given!r}: give a list for all columns, or a list by column in a dict")
        of_each = self.categories.values() if isinstance(self.categories, Mapping) else [self.categories or ()]
        for declared in of_each:
            texts = [label(category) for category in declared]
            if len(set(texts)) < len(texts):
                raise ValueError(f"categories={list(declared)!r}: a category is named twice; name each once")

    def check_names(self, columns: Sequence[str | int]) -> None:
        """Refuse declarations by column of anything but `columns`.

        Raises
        ------
        ValueError
        """
        for name, given in (("categories", self.categories), ("missing_codes", self.missing_codes)):
            stray = [each for each in given if each not in columns] if isinstance(given, Mapping) else []
            if stray:
                raise ValueError(
                    f"{name} names {named(stray)}, not among the columns {named(columns)}; correct the name"
                )

    def categories_of(self, name: str | int) -> Sequence | None:
        """Categories declared of a column, or None."""
        return self.categories.get(name) if isinstance(self.categories, Mapping) else self.categories

    def missing_codes_of(self, name: str | int) -> Sequence:
        """Codes of a column that mean no answer."""
        return self.missing_codes.get(name, ()) if isinstance(self.missing_codes, Mapping) else self.missing_codes

    def column(self, frame, name: str | int, role: str) -> pd.Series:
        """A column of a frame as declared: codes of missing answers missing, categories in their order.

        Parameters
        ----------
        frame : eager data frame
        name : str
        role : str
            What the column is used for, as messages name it.

        Raises
        ------
        ValueError
            If a value is none of the declared categories.

        Warns
        -----
        MissingCodeWarning
            If a value that nobody declared looks like a code of missing answers.
        """
        values = without_codes(column(frame, name), self.missing_codes_of(name), name)
        categories = self.categories_of(name)
        if categories is not None:
            return with_categories(values, categories, name, role)
        if not self.speaks_of_codes(name):
            warn_of_suspected_codes(values, name, role)
        return values

    def covariate(self, frame, name: str) -> pd.Series:
        """A covariate as `column` reads it, and as numbers where nothing but declared codes made text of them."""
        values = self.column(frame, name, "covariate")
        if self.categories_of(name) is not None or not len(self.missing_codes_of(name)):
            return values
        return numbers_beside_codes(column(frame, name), values)

    def warn_of_absent_codes(self, frame, columns: Sequence[str | int]) -> None:
        """Warn if none of the declared codes is in any of the columns, as after an error of typing.

        Warns
        -----
        UserWarning
        """
        searched = [name for name in columns if len(self.missing_codes_of(name))]
        values = {name: column(frame, name) for name in searched}
        if not searched or any(_is_coded(values[name], self.missing_codes_of(name)).any() for name in searched):
            return
        codes = dict.fromkeys(label(code) for name in searched for code in self.missing_codes_of(name))
        present = {name: list(dict.fromkeys(map(label, distinct_values(each).values))) for name, each in values.items()}
        shown = "; ".join(f"{name!r} has {named(present[name])}" for name in searched[:3])
        more = f"; and {len(searched) - 3} more column(s)" if len(searched) > 3 else ""
        warnings.warn(
            f"missing_codes {named(codes)} are nowhere in the {len(frame)} rows of {len(searched)} column(s) they are "
            f"declared of: {shown}{more}; if they are misspelt, correct them, since the codes of the frame are taken "
            "for values",
            UserWarning,
            skip_file_prefixes=(PACKAGE,),
            stacklevel=2,
        )

    def speaks_of_codes(self, name: str | int) -> bool:
        """Whether the codes of a column are declared, so that no other value is taken for one."""
        return self.categories_of(name) is not None or (
            isinstance(self.missing_codes, Mapping) and name in self.missing_codes
        )


def without_codes(values: pd.Series, codes: Sequence, name: str | int) -> pd.Series:
    """Values with codes of missing answers as missing; a code is found by its text, 99 as 99.0 and "99"."""
    texts = {label(code) for code in codes}
    if not texts:
        return values
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_categories([each for each in values.cat.categories if label(each) in texts])
    coded = _is_coded(values, codes)
    if not coded.any():
        return values
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_integer_dtype(values):
        values = values.astype("boolean" if pd.api.types.is_bool_dtype(values) else "Int64")
    return numeric_if_numbers(values.astype("object").mask(coded, None), name)


def _is_coded(values: pd.Series, codes: Sequence) -> np.ndarray:
    """Whether each value is one of the codes, shape (row,)."""
    texts, distinct = {label(code) for code in codes}, distinct_values(values)
    return distinct.rows_with([label(value) in texts for value in distinct.values])


def numbers_beside_codes(values: pd.Series, without_codes: pd.Series) -> pd.Series:
    """Values without codes as numbers, where codes that are words, such as NA, are all that made text of them.

    Texts of numbers that no word stands beside stay categories, and so do names such as 007.

    Examples
    --------
    >>> numbers_beside_codes(pd.Series(["51", "NA"]), pd.Series(["51", None])).tolist()
    [51.0, nan]
    """
    removed = values[(without_codes.isna() & values.notna()).to_numpy()]
    if any(pd.isna(pd.to_numeric(each, errors="coerce")) for each in distinct_values(removed).values):
        return numbers_of_texts(without_codes)
    return without_codes


def numbers_of_texts(values: pd.Series) -> pd.Series:
    """Text as numbers where all that is not missing is a number without zeros before it."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values
    texts = distinct_values(values)
    if not all(isinstance(value, str) for value in texts.values):
        return values
    numbers = pd.to_numeric(pd.Series(texts.values, dtype=object), errors="coerce").to_numpy(dtype=float)
    named_by_digits = any(NAME_OF_DIGITS.match(value.strip()) for value in texts.values)
    if named_by_digits or not np.isfinite(numbers).all():
        return values
    return pd.Series(np.append(numbers, np.nan)[texts.place], values.index, name=values.name)


def with_categories(values: pd.Series, categories: Sequence, name: str | int, role: str) -> pd.Series:
    """Values as an ordered categorical of declared categories, found by their texts."""
    labels, distinct = [label(category) for category in categories], distinct_values(values)
    texts = [label(value) for value in distinct.values]
    counts_of = pd.Series(distinct.count, texts).drop(labels, errors="ignore").groupby(level=0, sort=False).sum()
    if len(counts_of):
        by_size = counts_of.sort_values(ascending=False, kind="stable")
        counts = ", ".join(f"{value!r} in {count}" for value, count in by_size.items())
        raise ValueError(
            f"{role} {name!r} has values that its declared categories {named(labels)} do not name ({counts} of "
            f"{len(values)} rows); add them to categories=, or to missing_codes= if they mean no answer"
        )
    codes = distinct.coded([labels.index(text) for text in texts])
    return pd.Series(pd.Categorical.from_codes(codes, labels, ordered=True), index=values.index, name=name)


def declare_columns(
    frame: Frame,
    *,
    categories: Mapping[str, Sequence] = MappingProxyType({}),
    missing_codes: Mapping[str, Sequence] | Sequence = (),
) -> pd.DataFrame:
    """A frame whose columns say what is known of them: the order of categories, and which codes mean no answer.

    For columns that no part of a model reads, such as those of `covariate_tests`; measurement parts and regressions
    take the same declarations themselves.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    categories : mapping of str to sequence
        Categories in their order, by column: the column becomes an ordered categorical.
    missing_codes : mapping of str to sequence, or sequence
        Values that become missing, by column, or in all columns.

    Returns
    -------
    pandas.DataFrame
        With the index of `frame` where it has one.

    Raises
    ------
    ValueError
        If a column is unknown, or has a value that its categories do not name.

    Warns
    -----
    UserWarning
        If none of the codes is in any column.

    Examples
    --------
    >>> frame = pd.DataFrame({"pay": ["more", "less", "refused"], "age": [34, 99, 51]})
    >>> declared = declare_columns(
    ...     frame, categories={"pay": ["less", "more"]}, missing_codes={"pay": ["refused"], "age": [99]}
    ... )
    >>> declared["pay"].cat.codes.tolist(), declared["age"].isna().tolist()
    ([1, 0, -1], [False, True, False])
    """
    check_frame(frame)
    declared = Declarations(dict(categories), missing_codes)
    names = list(nw.from_native(frame, eager_only=True).columns)
    declared.warn_of_absent_codes(frame, names)
    return apply_declarations(frame, declared)


def apply_declarations(frame, declared: Declarations) -> pd.DataFrame:
    """All columns of a frame as declared, their index kept."""
    check_frame(frame)
    names = list(nw.from_native(frame, eager_only=True).columns)
    declared.check_names(names)
    columns = {}
    for name in names:
        given = column(frame, name)
        values = without_codes(given, declared.missing_codes_of(name), name)
        chosen = declared.categories_of(name)
        columns[name] = (
            numbers_beside_codes(given, values) if chosen is None else with_categories(values, chosen, name, "column")
        )
    declared_frame = pd.DataFrame(columns, index=frame.index if isinstance(frame, pd.DataFrame) else None)
    declared_frame.attrs = dict(getattr(frame, "attrs", {}))
    return declared_frame


def _is_list(value) -> bool:
    return isinstance(value, Sequence | np.ndarray | pd.Index) and not isinstance(value, str | bytes)


NOTHING_DECLARED = Declarations()
