"""Frequency tables: a row that stands for several respondents, and the frame of these respondents."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

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

    frame: object
    labels: pd.Index
    count: np.ndarray
    words: str

    @property
    def in_brackets(self) -> str:
        """The words to follow a number of respondents."""
        return f" ({self.words})" if self.words else ""


def count_rows(frame, count: str | int | None, used: Sequence[str | int] | None) -> CountedRows:
    """The respondents of a frame, or of a frequency table with `count`.

    Parameters
    ----------
    frame : eager data frame
        One row per respondent, or per combination of answers, covariates and groups.
    count : str, int or None
        Column of the number of respondents with each combination.
    used : sequence of str or int, optional
        Columns that the caller uses; without it nothing is said of columns that look like counts.

    Raises
    ------
    ValueError
        If the counts are unknown, also used for something else, missing, negative or not whole in some rows, zero in
        all, or add up to more than 20 million respondents.

    Warns
    -----
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.

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
    check_frame(frame)
    labels = row_labels(frame)
    if count is None:
        if used is not None:
            _warn_of_unused_counts(frame, used)
        return CountedRows(frame, labels, np.ones(len(labels), dtype=np.int64), "")
    check_columns(frame, [count], role="count")
    if count in (used or ()):
        raise ValueError(
            f"column {count!r} of {len(labels)} rows is to count respondents, and is used as an item, outcome, "
            "covariate or group too; name another column in count, or leave it out there"
        )
    times = _whole_counts(column(frame, count), count, labels)
    narwhal = nw.from_native(frame, eager_only=True).drop(count)
    respondents = narwhal[np.repeat(np.arange(len(times)), times)].to_native()
    if isinstance(respondents, pd.DataFrame):
        respondents.index = pd.RangeIndex(len(respondents))  # a label of the table would be that of several respondents
    empty = int((times == 0).sum())
    words = f"{len(times) - empty} rows counted by {str(count)!r}"
    return CountedRows(respondents, labels, times, words + (f", {empty} that count 0 left out" if empty else ""))


def _warn_of_unused_counts(frame, used: Sequence[str | int]) -> None:
    """Warn of a column that is named and filled like counts, and that nothing uses."""
    for name in nw.from_native(frame, eager_only=True).columns:
        if str(name).strip().lower() not in NAMES_OF_COUNTS or name in used:
            continue
        values = column(frame, name)
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            continue
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        present = numbers[~np.isnan(numbers)]
        total = present.sum()
        if np.min(present, initial=0) < 0 or total == 0 or (present == 1).all():
            continue
        if str(name).strip().lower() in NAMES_OF_WEIGHTS and not (_are_weights(present) or _are_cells(frame, used)):
            continue  # what people weigh
        can_count = len(present) == len(numbers) and _are_whole(numbers) and total <= MOST_RESPONDENTS
        counts = f"if it says how many respondents have each row ({total:g} in all), pass count={name!r}, "
        warnings.warn(
            f"column {name!r} is not used, and each of the {len(numbers)} rows counts as one respondent; "
            f"{counts if can_count else ''}if it holds survey weights, results are unweighted; "
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
    """Whether no two rows of a frame are equal in the columns used, as in a frequency table."""
    present = nw.from_native(frame, eager_only=True).columns
    cells = pd.DataFrame({name: column(frame, name).map(label).to_numpy() for name in used if name in present})
    return not cells.duplicated().any()


def _whole_counts(values: pd.Series, count: str | int, labels: pd.Index) -> np.ndarray:
    """The counts as whole numbers, shape (table_row,)."""
    n = len(values)
    remedy = "give the number of respondents with each row, whole and not negative, 0 where nobody has it"

    def refuse(wrong: np.ndarray, what: str, more: str = "") -> None:
        if wrong.any():
            first = int(wrong.argmax())
            raise ValueError(
                f"count column {count!r} {what} in {int(wrong.sum())} of {n} rows, such as "
                f"{named([values.iloc[first]])} in row {named([labels[first]])}; {remedy}{more}"
            )

    refuse(values.isna().to_numpy(), "is missing")
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        raise ValueError(
            f"count column {count!r} holds no numbers but values such as {named(values.iloc[:1])} in {n} rows; {remedy}"
        )
    numbers = values.to_numpy(dtype=float)
    refuse(numbers < 0, "is negative")
    refuse(~np.isfinite(numbers) | (numbers != np.round(numbers)), "is not whole", "; survey weights are no counts")
    total = numbers.sum()
    if total == 0:
        raise ValueError(f"count column {count!r} is 0 in all {n} rows; {remedy}")
    if total > MOST_RESPONDENTS:
        raise ValueError(
            f"count column {count!r} adds up to {total:.0f} respondents in {n} rows, more than {MOST_RESPONDENTS}; "
            "weights that add up to a population are no counts of respondents: leave them out, results are then "
            "unweighted"
        )
    return numbers.astype(np.int64)
