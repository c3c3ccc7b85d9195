"""Columns of any data frame that narwhals understands, as pandas series with their categories kept."""

import difflib
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from numbers import Integral
from os import PathLike

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

type Frame = IntoFrame
"""A frame of pandas, polars or others that narwhals knows, or a table in an engine where a function takes one."""

LARGEST_WHOLE_FLOAT = 2**53
"""Whole numbers beyond it are not told apart once they are floating-point numbers."""
WHOLE_NUMBERS = nw.Int8 | nw.Int16 | nw.Int32 | nw.Int64 | nw.UInt8 | nw.UInt16 | nw.UInt32 | nw.UInt64
NUMERIC = bool | np.bool_ | int | float | np.integer | np.floating | Decimal


def check_frame(frame) -> None:
    """Refuse a frame that cannot hold a survey.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands

    Raises
    ------
    TypeError
        If `frame` is not a data frame.
    ValueError
        If it has no rows, two columns of the same name, or column names of several levels.
    """
    if isinstance(frame, pd.DataFrame):
        if frame.columns.nlevels > 1:
            raise ValueError(
                f"the frame's column names have {frame.columns.nlevels} levels, such as {frame.columns[0]!r}; "
                "join them into one name each"
            )
        repeated = [name for name, times in Counter(frame.columns).items() if times > 1]
        if repeated:
            raise ValueError(
                f"the frame has {len(repeated)} column name(s) more than once: {named(repeated)}; "
                "rename or drop the copies"
            )
    try:
        narwhal = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        remedy = "; collect it first" if is_lazy(frame) else ""
        remedy = "; read the file first, bl.read_survey(path)" if isinstance(frame, str | PathLike) else remedy
        raise TypeError(f"expected a data frame (pandas, polars, ...), got {type(frame).__name__}{remedy}") from error
    if len(narwhal) == 0:
        raise ValueError("the frame has 0 rows; pass one row per respondent")


def is_lazy(frame) -> bool:
    """Whether rows of a table are not in memory, but in an engine that narwhals, or Dask, speaks for."""
    if isinstance(frame, pd.DataFrame):
        return False
    return nw.dependencies.is_dask_dataframe(frame) or isinstance(
        nw.from_native(frame, pass_through=True), nw.LazyFrame
    )


def check_columns(frame, columns: Iterable[str | int], *, role: str) -> None:
    """Refuse names that are not columns of `frame`, listing those that are and the names that come close."""
    narwhal = nw.from_native(frame, eager_only=True)
    columns = list(columns)
    unfit = [name for name in columns if not _is_name(name)]
    if unfit:
        raise ValueError(
            f"{role} column(s) {named(unfit)} of a frame of {len(narwhal)} rows: the name of a column is text that a "
            "file can hold, without NUL characters and halves of surrogate pairs, or a whole number; rename the column"
        )
    known = dict.fromkeys(narwhal.columns)
    unknown = [name for name in columns if name not in known]
    if unknown:
        raise ValueError(
            f"unknown {role} column(s) {named(unknown)}; the frame has {len(narwhal)} rows and {len(known)} columns: "
            f"{named(known)}{names_meant(unknown, known)}"
        )


def names_meant(unknown: Iterable, known: Iterable) -> str:
    """Names that come close to unknown ones, as the end of a message; nothing if there is none."""
    present = {str(name): name for name in known}
    close = [match for name in unknown for match in difflib.get_close_matches(str(name), present, n=1)]
    return f"; did you mean {named(present[match] for match in dict.fromkeys(close))}?" if close else ""


def _is_name(name) -> bool:
    return can_be_written(name) if isinstance(name, str) else is_whole(name, least=-(2**63))


def can_be_written(text: str) -> bool:
    r"""Whether files hold the text as it is: no NUL, which ends it there, and no half of a surrogate pair.

    Examples
    --------
    >>> can_be_written("naïve"), can_be_written("a\0"), can_be_written("\ud800")
    (True, False, False)
    """
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def check_missing(missing: str) -> None:
    """Refuse anything but the two things that can be done with incomplete rows."""
    if missing not in ("raise", "drop"):
        raise ValueError(f'missing={missing!r}: choose "raise" or "drop"')


def column(frame, name: str | int) -> pd.Series:
    """One column as a pandas series: categories and their order kept, missing values as pandas marks them.

    Parameters
    ----------
    frame : eager data frame
    name : str or int
        A column of `frame`.

    Returns
    -------
    pandas.Series
        Indexed as `frame` is when it is a pandas frame, from 0 otherwise. Numbers and booleans have a numeric type
        whatever they came as; an Enum of polars, an ordered dictionary of Arrow and an ENUM of DuckDB are ordered
        categoricals; other dictionaries and a Categorical of polars, which declare no order, are text.
    """
    if isinstance(frame, pd.DataFrame):
        values = frame[name]
        if isinstance(values.dtype, pd.ArrowDtype):
            categories = _declared_by_frame(nw.from_native(values, series_only=True))
            if categories is not None:
                return pd.Series(pd.Categorical(values.tolist(), categories, ordered=True), values.index, name=name)
            typed = _typed(nw.from_native(values, series_only=True))
            values = values.astype("object") if typed is None else typed.set_axis(values.index)
        values = values.astype("object") if values.dtype.kind == "c" else values
        return numeric_if_numbers(values, name) if values.dtype == object else values
    series = nw.from_native(frame, eager_only=True)[name]
    categories = _declared_by_frame(series)
    if categories is not None:
        return pd.Series(pd.Categorical(series.to_list(), categories, ordered=True), name=name)
    typed = _typed(series)
    if typed is not None:
        return typed
    return numeric_if_numbers(pd.Series(series.to_list(), name=name, dtype="object"), name)


def _typed(series: nw.Series) -> pd.Series | None:
    """A column of numbers, truth values or text, missing ones as pandas marks them; None of other columns."""
    if isinstance(series.dtype, nw.String | nw.Categorical):
        return _texts_of(series)
    gone = series.is_null().to_numpy()
    if gone.all():
        return None
    if series.dtype == nw.Boolean:
        values = series.fill_null(False).to_numpy().astype(bool)
        made = pd.arrays.BooleanArray(values, gone) if gone.any() else values
    elif series.dtype.is_float():
        made = np.where(gone, np.nan, series.cast(nw.Float64).fill_null(0.0).to_numpy())
    elif isinstance(series.dtype, WHOLE_NUMBERS):
        values = series.fill_null(0).to_numpy()
        if values.max() >= 2**63:
            return None
        values = values.astype(np.int64)
        made = pd.arrays.IntegerArray(values, gone) if gone.any() else values
    else:
        return None
    return pd.Series(made, name=series.name)


def _declared_by_frame(series: nw.Series) -> list | None:
    """Categories of an Enum of polars, or of an Arrow dictionary whose order was declared; None of other columns.

    DuckDB writes an ENUM as a dictionary with places of 8 bits without a sign, all its categories in order, and leaves
    the mark of an order out.
    """
    if isinstance(series.dtype, nw.Enum) and series.implementation.is_polars():
        return list(series.dtype.categories)
    in_arrow = series.implementation.is_pyarrow() or isinstance(series.to_native().dtype, pd.ArrowDtype)
    if not (isinstance(series.dtype, nw.Categorical) and in_arrow):
        return None
    array = series.to_arrow()
    if not (array.type.ordered or str(array.type.index_type) == "uint8"):
        return None
    return list(dict.fromkeys(value for value in array.dictionary.to_pylist() if value is not None))


def _texts_of(series: nw.Series) -> pd.Series | None:
    """Text as pandas keeps it in one piece of memory, where Arrow is there to hand it over."""
    try:
        return pd.Series(series.to_arrow().cast("large_string").to_pandas(), name=series.name, dtype="str")
    except ModuleNotFoundError:
        return None


def numeric_if_numbers(values: pd.Series, name: str | int) -> pd.Series:
    """A column of objects with a numeric type, where all that are not missing are numbers or truth values."""
    kinds = set(map(type, values.to_numpy()))
    decimal = any(issubclass(kind, Decimal) for kind in kinds)
    if decimal and (signalling := sum(isinstance(value, Decimal) and value.is_snan() for value in values)):
        raise ValueError(
            f"column {name!r} holds the decimal sNaN in {signalling} of {len(values)} rows; code it as missing"
        )
    gone = values.isna().to_numpy()
    present = values.to_numpy()[~gone]
    kinds = set(map(type, present))
    if kinds == {str}:
        return _in_one_piece(values)
    if not kinds or not all(issubclass(kind, NUMERIC) for kind in kinds):
        return values
    if all(issubclass(kind, bool | np.bool_) for kind in kinds):
        return values.mask(gone, pd.NA).astype("boolean") if gone.any() else values.astype(bool)
    if any(issubclass(kind, bool | np.bool_) for kind in kinds):
        return values
    whole = [int(value) for value in present if isinstance(value, int | np.integer)]
    if len(whole) == len(present) and max(map(abs, whole)) < 2**63:
        return values.mask(gone, pd.NA).astype("Int64") if gone.any() else values.astype("int64")
    if all(abs(number) <= LARGEST_WHOLE_FLOAT for number in whole):
        return values.mask(gone, np.nan).astype("float64")
    return values


def _in_one_piece(texts: pd.Series) -> pd.Series:
    """Objects that are text, in the type of pandas for text, if it can hold them."""
    try:
        return texts.astype("str")
    except UnicodeEncodeError:  # half a surrogate pair, which is refused where the column is used
        return texts


def label(value) -> str:
    """Text of a category; whole numbers without a decimal point.

    Examples
    --------
    >>> label(2.0), label(2.5), label(True)
    ('2', '2.5', 'True')
    """
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)


def row_labels(frame) -> pd.Index:
    """Names of the rows: the index of a pandas frame (levels joined by ``|``), else 0, 1, ..."""
    if not isinstance(frame, pd.DataFrame):
        return pd.RangeIndex(len(nw.from_native(frame, eager_only=True)))
    return labels_of(frame.index)


def labels_of(index: pd.Index) -> pd.Index:
    """Names of rows as a file can hold them: numbers as they are, anything else as text."""
    if isinstance(index, pd.MultiIndex):
        texts = ["|".join(map(str, row)) for row in index]
    elif isinstance(index.dtype, np.dtype) and index.dtype.kind in "iuf":
        return index
    elif pd.api.types.is_integer_dtype(index.dtype) and not index.hasnans:
        return index.astype("int64")
    else:
        texts = map(str, index if index.dtype == object else index.astype(str))
    return pd.Index([text if can_be_written(text) else ascii(text) for text in texts], dtype="object")


def rows_of(frame, which: np.ndarray) -> str:
    """Labels of the rows in a boolean mask, for a message."""
    return f"rows {named(row_labels(frame)[which], most=5)}"


def named(values: Iterable, *, most: int = 8) -> str:
    """Values quoted for a message, the list cut after `most` with a count of the rest."""
    values = list(values)
    shown = ", ".join(repr(value.item() if isinstance(value, np.generic) else value) for value in values[:most])
    return shown + (f", ... ({len(values) - most} more)" if len(values) > most else "")


def is_whole(value, *, least: int) -> bool:
    """Whether `value` is a whole number (Python's or NumPy's, no truth value) of at least `least`."""
    return isinstance(value, Integral) and not isinstance(value, bool) and value >= least


def check_whole(*, least: int, **settings) -> None:
    """Refuse settings, by name, that are no whole numbers of at least `least`.

    Examples
    --------
    >>> check_whole(least=1, draws=0)
    Traceback (most recent call last):
    ValueError: draws=0: draws is a whole number from 1 on
    """
    for name, value in settings.items():
        if not is_whole(value, least=least):
            raise ValueError(f"{name}={value!r}: {name} is a whole number from {least} on")
