"""Frequency tables: a row that stands for several respondents, and the frame of these respondents."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.counted_in_engine import check_known, distinct_rows_of, rows_of_table, warn_of_many_rows
from bayes_lca.data.engine_tables import EngineTable, table_in_engine
from bayes_lca.data.frame import check_columns, check_frame, column, label, named, row_labels

NAMES_OF_WEIGHTS = frozenset({"weight", "weights", "wt", "权重"})
"""Names, in small letters, of survey weights, of counts, and of what people weigh."""
NAMES_OF_COUNTS = NAMES_OF_WEIGHTS | frozenset(
    {
        *("count", "counts", "freq", "freqs", "frequency", "frequencies", "n", "nobs", "n_obs", "number"),
        *("fweight", "fw", "频数", "频次", "人数"),
    }
)
"""Names, in small letters, under which frequency tables have their counts."""

MEAN_OF_SURVEY_WEIGHTS = (0.5, 2)
"""Between which survey weights, which are 1 on average, have their mean."""
MOST_RESPONDENTS = 20_000_000
"""Respondents beyond which counts are taken for something else, such as weights that add up to a population."""


class UnusedCountsWarning(UserWarning):
    """A frame has a column that looks like counts of respondents, and every row is taken for one respondent."""


@dataclass(frozen=True, eq=False)
class CountedRows:
    """Rows of a frame, each as often as it counts.

    Attributes
    ----------
    frame : eager data frame
        One row per respondent: rows of a frequency table as often as they count, in its order, without the counts.
    labels : pandas.Index
        Row labels of what was given, shape (table_row,).
    count : ndarray of int, shape (table_row,)
        One each where nothing was counted.
    words : str
        What frequency table the respondents come from, for notes; empty where nothing was counted.
    """

    frame: Any
    labels: pd.Index
    count: np.ndarray
    words: str

    @property
    def in_brackets(self) -> str:
        """The words to follow a number of respondents."""
        return f" ({self.words})" if self.words else ""


def count_rows(frame, count: str | int | None, used: Sequence[str | int] | None, *, again: bool = False) -> CountedRows:
    """The respondents of a frame, or of a frequency table with `count`.

    A table in an engine is counted there, and comes back as a frequency table of its distinct rows in the columns used.

    Parameters
    ----------
    frame : eager data frame, or table in an engine
        One row per respondent, or per combination of answers, covariates and groups.
    count : str, int or None
        Column of the number of respondents with each combination.
    used : sequence of str or int, optional
        Columns that the caller uses; without it nothing is said of columns that look like counts.
    again : bool, default False
        Whether the frame was counted before, so that what there is to say of it has been said.

    Raises
    ------
    TypeError
        If `frame` is no frame, or a table in an engine and it is not known which columns are used.
    ValueError
        If the counts are unknown, also used for something else, missing, negative or not whole in some rows, zero in
        all, or add up to more than 20 million respondents.

    Warns
    -----
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.
    DistinctRowsWarning
        If a table in an engine has so many distinct rows that counting them saves little.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": ["no", "yes", "yes"], "b": ["no", "no", "yes"], "n": [2, 0, 1]})
    >>> counted = count_rows(table, "n", ["a", "b"])
    >>> counted.frame["a"].tolist()
    ['no', 'no', 'yes']
    >>> counted.words
    "2 rows counted by 'n', 1 that count 0 left out"
    """
    table = table_in_engine(frame)
    if table is not None:
        return _count_in_engine(table, count, used, again=again)
    check_frame(frame)
    labels = row_labels(frame)
    if count is None:
        if used is not None and not again:
            columns = {name: column(frame, name) for name in _named_like_counts(_names(frame), used)}
            _warn_of_unused_counts(columns, used, lambda: _are_cells(frame, used))
        return CountedRows(frame, labels, np.ones(len(labels), dtype=np.int64), "")
    check_columns(frame, [count], role="count")
    _refuse_used_counts(count, used, f"of {len(labels)} rows")
    times = _whole_counts(column(frame, count), count, labels)
    narwhal = nw.from_native(frame, eager_only=True).drop(count)
    respondents = narwhal[np.repeat(np.arange(len(times)), times)].to_native()
    if isinstance(respondents, pd.DataFrame):
        respondents.index = pd.RangeIndex(len(respondents))  # a label of the table would be that of several respondents
    empty = int((times == 0).sum())
    words = f"{len(times) - empty} rows counted by {str(count)!r}"
    return CountedRows(respondents, labels, times, words + (f", {empty} that count 0 left out" if empty else ""))


def _count_in_engine(
    table: EngineTable, count: str | int | None, used: Sequence[str | int] | None, *, again: bool
) -> CountedRows:
    """The respondents of a table that is counted in its engine: its distinct rows, each as often as it counts."""
    if used is None:
        raise TypeError(
            f"expected a data frame (pandas, polars, ...), got a table in {table.engine}, whose rows have no order to "
            "put others beside; collect it first"
        )
    _refuse_used_counts(count, used, f"of the table in {table.engine}")
    if count is not None:
        check_known(table, [count])
        _whole_counts(rows_of_table(table, count), count, None)
    rows = distinct_rows_of(table, used, count)
    if not len(rows.frame):
        raise ValueError(f"the table in {table.engine} has 0 rows; pass one row per respondent")
    if count is None and not again:
        like_counts = {name: rows_of_table(table, name) for name in _named_like_counts(table.columns, used)}
        _warn_of_unused_counts(like_counts, used, lambda: rows.count.max() == 1)
    if (total := rows.count.sum()) > MOST_RESPONDENTS:
        raise ValueError(
            f"the table in {table.engine} has {total:.0f} rows, more than {MOST_RESPONDENTS}; fit a random sample of "
            "them"
        )
    if not again:
        warn_of_many_rows(table, rows)
    words = f"{len(rows.frame)} distinct rows counted in {table.engine}" + (
        f" by {str(count)!r}" if count is not None else ""
    )
    grid = [f"{name} rounded to multiples of {step:g}" for name, step in table.grid.items()]
    times = rows.count.astype(np.int64)
    respondents = rows.frame.iloc[np.repeat(np.arange(len(times)), times)].set_axis(pd.RangeIndex(times.sum()))
    return CountedRows(respondents, rows.frame.index, times, ", ".join([words, *grid]))


def _refuse_used_counts(count: str | int | None, used: Sequence[str | int] | None, where: str) -> None:
    """Refuse counts that are also an item, outcome, covariate or group."""
    if count is not None and count in (used or ()):
        raise ValueError(
            f"column {count!r} {where} is to count respondents, and is used as an item, outcome, covariate or group "
            "too; name another column in count, or leave it out there"
        )


def _names(frame) -> list[str]:
    return nw.from_native(frame, eager_only=True).columns


def _named_like_counts(names: Sequence[str | int], used: Sequence[str | int]) -> list[str | int]:
    """Columns that nothing uses, of names that counts usually have."""
    names_used = {name for name in used if isinstance(name, str | int)}  # what is no name is refused where it is read
    return [name for name in names if str(name).strip().lower() in NAMES_OF_COUNTS and name not in names_used]


def _warn_of_unused_counts(
    columns: Mapping[str | int, pd.Series], used: Sequence[str | int], are_cells: Callable[[], bool]
) -> None:
    """Warn of columns that are named like counts and nothing uses, if they are also filled like counts.

    `are_cells` says whether no two rows are equal in the columns used, as in a frequency table.
    """
    for name, values in columns.items():
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            continue
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        present = numbers[~np.isnan(numbers)]
        total = present.sum()
        if np.min(present, initial=0) < 0 or total == 0 or (present == 1).all():
            continue
        if str(name).strip().lower() in NAMES_OF_WEIGHTS and not (_are_weights(present) or are_cells()):
            continue  # what people weigh
        can_count = len(present) == len(numbers) and _are_whole(numbers) and total <= MOST_RESPONDENTS
        counts = f"if it says how many respondents have each row ({total:g} in all), pass count={name!r}, "
        warnings.warn(
            f"column {name!r} is not used, and each of the {len(numbers)} rows counts as one respondent; "
            f"{counts if can_count else ''}if it holds survey weights, results are unweighted "
            f"(bl.fit and bl.count_classes take design=bl.SurveyDesign(weights={name!r})); "
            "drop the column to leave this unsaid",
            UnusedCountsWarning,
            stacklevel=4,
        )


def _are_whole(numbers: np.ndarray) -> bool:
    return bool((np.isfinite(numbers) & (numbers == np.round(numbers))).all())


def _are_weights(numbers: np.ndarray) -> bool:
    """Whether numbers could be survey weights, which are 1 on average."""
    low, high = MEAN_OF_SURVEY_WEIGHTS
    return low <= numbers.mean() <= high


def _are_cells(frame, used: Sequence[str | int]) -> bool:
    """Whether no two rows of a frame are equal in the columns used."""
    present = _names(frame)
    cells = pd.DataFrame({name: column(frame, name).map(label).to_numpy() for name in used if name in present})
    return not cells.duplicated().any()


def _whole_counts(values: pd.Series, count: str | int, labels: pd.Index | None) -> np.ndarray:
    """The counts as whole numbers, shape (table_row,); rows of an engine have no labels."""
    n = len(values)
    remedy = "give the number of respondents with each row, whole and not negative, 0 where nobody has it"

    def refuse(wrong: np.ndarray, what: str, more: str = "") -> None:
        if wrong.any():
            first = int(wrong.argmax())
            where = "" if labels is None else f" in row {named([labels[first]])}"
            raise ValueError(
                f"count column {count!r} {what} in {int(wrong.sum())} of {n} rows, such as "
                f"{named([values.iloc[first]])}{where}; {remedy}{more}"
            )

    refuse(values.isna().to_numpy(), "is missing")
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        raise ValueError(
            f"count column {count!r} holds no numbers but values such as {named(values.iloc[:1])} in {n} rows; {remedy}"
        )
    numbers = values.to_numpy(dtype=float)
    refuse(numbers < 0, "is negative")
    refuse(
        ~np.isfinite(numbers) | (numbers != np.round(numbers)),
        "is not whole",
        "; survey weights are no counts but a design=",
    )
    total = numbers.sum()
    if total == 0:
        raise ValueError(f"count column {count!r} is 0 in all {n} rows; {remedy}")
    if total > MOST_RESPONDENTS:
        raise ValueError(
            f"count column {count!r} adds up to {total:.0f} respondents in {n} rows, more than {MOST_RESPONDENTS}; "
            "weights that add up to a population are no counts of respondents: give them to "
            f"bl.fit or bl.count_classes as design=bl.SurveyDesign(weights={count!r})"
        )
    return numbers.astype(np.int64)
