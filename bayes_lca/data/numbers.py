"""From a frame to items that are numbers: measurements, or counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Real
from types import MappingProxyType

import numpy as np
import pandas as pd

from bayes_lca.data.answered import is_missing
from bayes_lca.data.column_units import moved_to_fences
from bayes_lca.data.declarations import Declarations
from bayes_lca.data.distinct_values import distinct_values
from bayes_lca.data.frame import LARGEST_WHOLE_FLOAT, check_columns, check_frame, named, row_labels
from bayes_lca.data.identifiability import check_squares
from bayes_lca.data.suspected_codes import rows_of_suspected_codes
from bayes_lca.data.unusual_values import warn_of_far_values
from bayes_lca.dims import ITEM, ITEM_CENTER, ITEM_SCALE

FEWEST_NUMBERS = 3
"""Of an item; two have no spread that a third could confirm."""


@dataclass(frozen=True)
class Numbers:
    """Numbers of n respondents for J items, with the interface of `Responses`.

    Attributes
    ----------
    items : tuple of str or int
        Names of the J items as the frame has them.
    codes : ndarray of float, shape (respondent, item)
        The numbers in the units of the items, not a number where missing.
    respondents : pandas.Index
        Row labels of the frame they came from.
    """

    items: tuple[str | int, ...]
    codes: np.ndarray
    respondents: pd.Index
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    empty: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """Of categories, of which numbers have none."""
        return ((),) * len(self.items)

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean of each item over who answered it, shape (item,)."""
        return np.nanmean(self.codes, axis=0)

    @cached_property
    def sd(self) -> np.ndarray:
        """Standard deviation of each item over who answered it, shape (item,)."""
        return np.nanstd(self.codes, axis=0)

    @cached_property
    def center(self) -> np.ndarray:
        """Mean of each item after `moved_to_fences`, shape (item,)."""
        return np.array([values.mean() for values in self._within_fences])

    @cached_property
    def scale(self) -> np.ndarray:
        """Standard deviation of each item after `moved_to_fences`, at most `sd`, shape (item,)."""
        return np.array([values.std() for values in self._within_fences])

    @cached_property
    def _within_fences(self) -> list[np.ndarray]:
        return [moved_to_fences(column[~np.isnan(column)]) for column in self.codes.T]

    @property
    def encoding(self) -> dict[str, tuple]:
        """What a fit keeps of the items."""
        return {ITEM_CENTER: ((ITEM,), self.center), ITEM_SCALE: ((ITEM,), self.scale)}

    def keep(self, rows: np.ndarray) -> "Numbers":
        """The numbers of the rows in a boolean mask of shape (respondent,).

        Raises
        ------
        ValueError
            If an item has too few numbers left, or one only.
        """
        kept = self if rows.all() else replace(self, codes=self.codes[rows], respondents=self.respondents[rows])
        for item, values in zip(self.items, kept.codes.T, strict=True):
            check_varies(values, item)
        return kept

    def repeated(self, source: Sequence[int], names: Sequence[str]) -> "Numbers":
        """The same with items by position, some of them again, under new names."""
        return replace(self, items=tuple(names), codes=self.codes[:, source])


def read_numbers(
    frame, items: Sequence[str | int], declared: Declarations, *, use: str, whole: bool = False
) -> Numbers:
    """Read items that are numbers from a frame.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    items : sequence of str
    declared : Declarations
        Codes that mean no answer.
    use : str
        What takes the items, as messages name it.
    whole : bool
        Whether they are counts, whole numbers from 0 on.

    Returns
    -------
    Numbers

    Raises
    ------
    ValueError
        If a column is unknown or named twice, holds anything but finite numbers, the same number in all rows, fewer
        than three, or, where these are no counts, two numbers only.

    Warns
    -----
    MissingCodeWarning
        If a number that nobody declared looks like a code of missing answers.
    FarValueWarning
        If a number is far from all others.

    Examples
    --------
    >>> frame = pd.DataFrame({"score": [1.5, 2.0, None, 4.0]})
    >>> read_numbers(frame, ["score"], Declarations(), use="NormalItems").codes.tolist()
    [[1.5], [2.0], [nan], [4.0]]
    """
    check_frame(frame)
    items = tuple(items)
    if not items:
        raise ValueError("no items given; name the columns that hold the answers")
    if len(set(items)) < len(items):
        raise ValueError(f"an item is named twice in {named(items)}; name each column once")
    check_columns(frame, items, role="item")
    declared.check_names(items)
    declared.warn_of_absent_codes(frame, items)
    columns = {item: numbers_of(declared.column(frame, item, "item"), item, use=use, whole=whole) for item in items}
    for item, values in columns.items():
        check_varies(values.to_numpy(), item)
        if not whole:
            check_more_than_two(values.to_numpy(), item, use=use)
    undeclared = [item for item in items if not declared.speaks_of_codes(item)]
    present = {item: values.dropna() for item, values in columns.items()}
    for item, values in present.items():
        suspected = {item: rows_of_suspected_codes(values)} if item in undeclared else {}
        effect = "moves the prior of mean counts" if whole else "widens the prior of means"
        warn_of_far_values(values.to_frame(item), suspected, role="item", effect=effect)
    codes = np.column_stack([values.to_numpy(dtype=float) for values in columns.values()])
    return Numbers(items, codes, row_labels(frame))


def numbers_of(values: pd.Series, item: str | int, *, use: str, whole: bool) -> pd.Series:
    """A column as floating-point numbers, not a number where missing; a categorical of numbers is read as these.

    Raises
    ------
    ValueError
        If it holds anything but finite numbers, or, where these are to be counts, one that is none.
    """
    n = len(values)
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        others = pd.Series([value for value in values.dropna() if not _is_number(value)], dtype=object)
        if len(others):
            raise ValueError(
                f"item {item!r} holds values that are no numbers ({named(distinct_values(others).values, most=4)}) in "
                f"{len(others)} of {n} rows, and {use} takes numbers; {_remedy(others)}"
            )
        values = pd.Series([_as_float(value) for value in values], index=values.index, dtype="float64")
    numbers = values.astype("float64") if not values.hasnans else pd.Series(values.to_numpy(float, na_value=np.nan))
    infinite = np.isinf(numbers.to_numpy())
    if infinite.any():
        raise ValueError(
            f"item {item!r} is infinite in {int(infinite.sum())} of {n} rows; correct these numbers, or make them "
            "missing"
        )
    check_squares(numbers.to_numpy(), item, role="item")
    if whole:
        present = numbers.dropna().to_numpy()
        wrong = present[(present < 0) | (present != np.round(present)) | (present > LARGEST_WHOLE_FLOAT)]
        if len(wrong):
            raise ValueError(
                f"item {item!r} is no count in {len(wrong)} of {n} rows ({named(np.unique(wrong), most=4)}); {use} "
                "takes whole numbers from 0 on; round them, give measurements to NormalItems, or make them missing"
            )
    return numbers.set_axis(values.index)


def _as_float(value) -> float:
    """A number, infinite where it is beyond what a floating-point number holds; not a number where missing."""
    if pd.isna(value):
        return np.nan
    try:
        return float(value)
    except OverflowError:
        return np.inf


def _is_number(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def _remedy(others: pd.Series) -> str:
    is_text = all(isinstance(value, str) for value in others)
    if is_text and np.isfinite(pd.to_numeric(others, errors="coerce")).all():
        return "turn these texts into numbers, astype(float), or give them to Items as categories"
    return "give categories to Items, and declare codes of missing answers, missing_codes=[...]"


def check_varies(values: np.ndarray, item: str | int) -> None:
    """Refuse an item of which nothing can be learned.

    Raises
    ------
    ValueError
        If it has too few numbers, or one only.
    """
    present = values[~is_missing(values)]
    if len(present) < FEWEST_NUMBERS:
        raise ValueError(
            f"item {item!r} has a number in {len(present)} of {len(values)} rows, too few for classes to differ in; "
            "drop the item, or take more respondents"
        )
    if (present == present[0]).all():
        raise ValueError(
            f"item {item!r} is {present[0]:g} in all {len(present)} rows that have a number, of {len(values)}; drop "
            "the item, for classes cannot differ in it"
        )


def check_more_than_two(values: np.ndarray, item: str | int, *, use: str) -> None:
    """Refuse an item of two numbers, such as 0 and 1, within a class of which nothing is normal.

    Raises
    ------
    ValueError
        If it has two numbers only.
    """
    present = values[~is_missing(values)]
    distinct = np.unique(present)
    if len(distinct) == 2:
        raise ValueError(
            f"item {item!r} is {distinct[0]:g} or {distinct[1]:g} in all {len(present)} rows that have a number, of "
            f"{len(values)}, and {use} takes measurements; give it to Items"
        )
