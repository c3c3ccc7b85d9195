"""Columns of any data frame that narwhals understands, as pandas series with their categories kept."""

from collections import Counter
from collections.abc import Iterable

import narwhals as nw
import numpy as np
import pandas as pd


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
        If it has no rows, or two columns of the same name.
    """
    if isinstance(frame, pd.DataFrame):
        repeated = [name for name, times in Counter(frame.columns).items() if times > 1]
        if repeated:
            raise ValueError(
                f"the frame has {len(repeated)} column name(s) more than once: {named(repeated)}; "
                "rename or drop the copies"
            )
    try:
        narwhal = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        raise TypeError(f"expected a data frame (pandas, polars, ...), got {type(frame).__name__}") from error
    if len(narwhal) == 0:
        raise ValueError("the frame has 0 rows; pass one row per respondent")


def check_columns(frame, columns: Iterable[str], *, role: str) -> None:
    """Refuse names that are not columns of `frame`, listing those that are."""
    present = list(nw.from_native(frame, eager_only=True).columns)
    unknown = [name for name in columns if name not in present]
    if unknown:
        raise ValueError(
            f"unknown {role} column(s) {named(unknown)}; the frame has {len(present)} columns: {named(present)}"
        )


def column(frame, name: str) -> pd.Series:
    """One column as a pandas series: categories and their order kept, missing values as pandas marks them.

    Parameters
    ----------
    frame : eager data frame
    name : str
        A column of `frame`.

    Returns
    -------
    pandas.Series
        Indexed as `frame` is when it is a pandas frame, from 0 otherwise.
    """
    if isinstance(frame, pd.DataFrame):
        return frame[name]
    series = nw.from_native(frame, eager_only=True)[name]
    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        categories = series.cat.get_categories().to_list()
        return pd.Series(
            pd.Categorical(series.to_list(), categories, ordered=isinstance(series.dtype, nw.Enum)), name=name
        )
    if series.dtype.is_numeric():
        values = [np.nan if value is None else value for value in series.to_list()]
        return pd.Series(values, name=name, dtype="float64")
    return pd.Series(series.to_list(), name=name, dtype="object")


def row_labels(frame) -> pd.Index:
    """Names of the rows: the index of a pandas frame (levels joined by ``|``), else 0, 1, ..."""
    if not isinstance(frame, pd.DataFrame):
        return pd.RangeIndex(len(nw.from_native(frame, eager_only=True)))
    if isinstance(frame.index, pd.MultiIndex):
        return pd.Index(["|".join(map(str, row)) for row in frame.index])
    if pd.api.types.is_numeric_dtype(frame.index.dtype):
        return frame.index
    return pd.Index(frame.index.astype(str))


def named(values: Iterable, *, most: int = 8) -> str:
    """Values quoted for a message, the list cut after `most` with a count of the rest."""
    values = list(values)
    shown = ", ".join(repr(value.item() if isinstance(value, np.generic) else value) for value in values[:most])
    return shown + (f", ... ({len(values) - most} more)" if len(values) > most else "")
