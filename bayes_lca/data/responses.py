"""From a frame to answers: a code per item and respondent, labels remembered, equal rows counted once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
import pandas as pd

from bayes_lca.data.answered import MISSING
from bayes_lca.data.category_checks import check_blank, check_text, check_written
from bayes_lca.data.category_order import (
    CategoryOrder,
    check_order,
    order_in_words,
    ordered_categories,
)
from bayes_lca.data.declarations import NOTHING_DECLARED, Declarations
from bayes_lca.data.distinct_values import DistinctValues, distinct_values
from bayes_lca.data.frame import (
    check_columns,
    check_frame,
    label,
    named,
    row_labels,
)

CATEGORY_ORDERS, EMPTY_CATEGORIES = "category_orders", "empty_categories"
"""Attributes of draws: what the order of each item's categories rests on, and categories that nobody has, by column."""
MOST_UNDECLARED_CATEGORIES = 20
CODE = np.int32
"""Type of codes, half as large as that of other whole numbers, for there is one for each answer."""


@dataclass(frozen=True)
class Responses:
    """Answers of n respondents to J items.

    Attributes
    ----------
    items : tuple of str or int
        Names of the J items as the frame has them; axes of items have their texts.
    labels : tuple of tuple of str
        Labels of each item's categories; an item may have any number of them.
    codes : ndarray of int, shape (respondent, item)
        Position of the answer among the labels, -1 where it is missing.
    respondents : pandas.Index
        Row labels of the frame the answers came from.
    categories_are_known : bool
        Whether what tells classes apart is known from before, so that an item need not vary here.
    orders : tuple of str
        What the order of each item's categories rests on; see `ordered_categories`.
    empty : mapping of str to tuple of str
        Declared categories that nobody chose and that were left out, by item.
    keeps_empty : bool
        Whether such categories are kept.
    """

    items: tuple[str | int, ...]
    labels: tuple[tuple[str, ...], ...]
    codes: np.ndarray
    respondents: pd.Index
    categories_are_known: bool = False
    orders: tuple[CategoryOrder, ...] = ()
    empty: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    keeps_empty: bool = True

    @property
    def n_categories(self) -> tuple[int, ...]:
        """Number of categories of each item."""
        return tuple(len(labels) for labels in self.labels)

    @cached_property
    def n_observed_categories(self) -> tuple[int, ...]:
        """Number of categories of each item that somebody chose."""
        return tuple(np.count_nonzero(np.bincount(answers + 1)[1:]) for answers in self.codes.T)

    @property
    def n_missing(self) -> int:
        """Number of answers that are missing."""
        return int((self.codes == MISSING).sum())

    @cached_property
    def common_labels(self) -> tuple[str, ...] | None:
        """The categories' labels if all items share them, else None."""
        return self.labels[0] if len(set(self.labels)) == 1 else None

    def keep(self, rows: np.ndarray) -> "Responses":
        """The answers of the rows in a boolean mask of shape (respondent,).

        Raises
        ------
        ValueError
            If an item has fewer than two categories left, and these are not known from before.
        """
        kept = self if rows.all() else replace(self, codes=self.codes[rows], respondents=self.respondents[rows])
        if kept.categories_are_known:
            return kept
        kept = kept if kept.keeps_empty else kept._without_empty()
        spent = [item for item, size in zip(self.items, kept.n_observed_categories, strict=True) if size < 2]
        if spent:
            raise ValueError(
                f"item(s) {named(spent)} have fewer than two categories in the {len(kept.codes)} of {len(self.codes)} "
                "rows with every covariate; drop the item(s), or impute the covariates"
            )
        return kept

    def repeated(self, source: Sequence[int], names: Sequence[str]) -> "Responses":
        """The same with items by position, some of them again, under new names."""
        labels, orders = (tuple(of_items[j] for j in source) for of_items in (self.labels, self.orders))
        return replace(self, items=tuple(names), labels=labels, codes=self.codes[:, source], orders=orders)

    def _without_empty(self) -> "Responses":
        if self.n_observed_categories == self.n_categories:
            return self
        columns = [without_empty(*of_item) for of_item in zip(self.codes.T, self.labels, strict=True)]
        empty = {
            str(item): (*self.empty.get(str(item), ()), *gone)
            for item, (_, _, gone) in zip(self.items, columns, strict=True)
        }
        return replace(
            self,
            codes=np.column_stack([codes for codes, _, _ in columns]),
            labels=tuple(labels for _, labels, _ in columns),
            empty={item: gone for item, gone in empty.items() if gone},
        )

    def require_order(self, use: str, *, directed: bool = False) -> None:
        """Refuse items of three or more categories whose order nobody declared.

        Parameters
        ----------
        use : str
            What rests on the order, as the message names it.
        directed : bool
            Whether items have to run in one direction, so that two categories need an order too; not where all items
            share their labels, and with them the direction.

        Raises
        ------
        ValueError
        """
        fewest = 2 if directed and self.common_labels is None else 3
        check_order(use, self.items, self.labels, self.orders, len(self.codes), fewest=fewest)

    @property
    def order_note(self) -> str:
        """The order of the categories and what it rests on, as a part of a note."""
        items = [str(item) for item in self.items]
        return order_in_words(dict(zip(items, self.labels, strict=True)), dict(zip(items, self.orders, strict=True)))

    @property
    def encoding(self) -> dict[str, tuple]:
        """What a fit keeps of the items beside their categories: nothing."""
        return {}

    @property
    def attributes(self) -> dict[str, str]:
        """What draws should remember of the categories: what their order rests on."""
        return {CATEGORY_ORDERS: json.dumps(self.orders)}


def recorded_empty(empty: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What draws should remember of categories that nobody has, by column."""
    return {EMPTY_CATEGORIES: json.dumps({name: list(labels) for name, labels in empty.items()})}


def read_responses(frame, items: Sequence[str | int], declared: Declarations = NOTHING_DECLARED) -> Responses:
    """Read the answers to `items` from a frame.

    Integers, booleans, text and categoricals (ordered or not) are understood. Declared categories keep their order;
    numbers, and texts that are numbers, are sorted by value, all others as text. Missing answers stay missing.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        One row per respondent.
    items : sequence of str
        Columns that hold the answers.
    declared : Declarations
        Categories, codes of missing answers, and what becomes of categories that nobody chose.

    Returns
    -------
    Responses

    Raises
    ------
    ValueError
        If a column is unknown, holds no answer at all or one category only, numbers that are not whole, infinite
        or empty values, numbers mixed with text, more than 20 categories that nobody declared, or a value that
        declared categories do not name.

    Warns
    -----
    MissingCodeWarning
        If a value that nobody declared looks like a code of missing answers.

    Examples
    --------
    >>> import pandas as pd
    >>> answers = read_responses(pd.DataFrame({"a": [1, 2, None], "b": ["no", "yes", "no"]}), ["a", "b"])
    >>> answers.labels
    (('1', '2'), ('no', 'yes'))
    >>> answers.codes.tolist()
    [[0, 0], [1, 1], [-1, 0]]
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
    read = [read_categories(declared.column(frame, item, "item"), item) for item in items]
    responses = Responses(
        items,
        tuple(labels for _, labels, _ in read),
        np.stack([codes for codes, _, _ in read], dtype=CODE).T,
        row_labels(frame),
        orders=tuple(order for _, _, order in read),
        keeps_empty=declared.empty_categories == "keep",
    )
    return responses if responses.keeps_empty else responses._without_empty()


def without_empty(codes: np.ndarray, labels: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """Codes and labels of the categories that occur, and the labels of those that do not.

    Examples
    --------
    >>> without_empty(np.array([0, 2, -1]), ("no", "perhaps", "yes"))
    (array([ 0,  1, -1]), ('no', 'yes'), ('perhaps',))
    """
    occurs = np.bincount(codes + 1, minlength=len(labels) + 1)[1:] > 0  # a missing answer is counted at 0
    place = np.append(np.cumsum(occurs) - 1, MISSING)  # a missing answer takes the last place
    kept, empty = (
        tuple(label for label, here in zip(labels, occurs, strict=True) if here == wanted) for wanted in (True, False)
    )
    return place[codes], kept, empty


def read_categories(
    answers: pd.Series, item: str | int, role: str = "item"
) -> tuple[np.ndarray, tuple[str, ...], CategoryOrder]:
    """Codes of a column of categories, shape (row,), their labels, and what the order of these rests on."""
    n = len(answers)
    present = distinct_values(answers)
    if not present.values:
        raise ValueError(f"{role} {item!r} has no answer in any of {n} rows; drop the {role} or check its coding")
    declares = isinstance(answers.dtype, pd.CategoricalDtype)
    if declares:
        check_written([label(category) for category in answers.cat.categories], item, role)
        check_blank(present, item, role)
    else:
        _check_values(answers, present, item, role)
    values, order = ordered_categories(answers)
    if not declares and len(values) > MOST_UNDECLARED_CATEGORIES:
        raise ValueError(
            f"{role} {item!r} holds {len(values)} different values in {n} rows ({named(values, most=4)}), which "
            "do not look like categories; if they are, convert the column to a categorical, else leave it out"
        )
    position = {value: code for code, value in enumerate(values)}
    chosen = np.array([position[value] for value in present.values])
    codes = np.append(chosen, MISSING).astype(CODE)[present.place]
    labels = tuple(label(value) for value in values)
    if len(set(labels)) < len(labels):
        raise ValueError(f"{role} {item!r} has categories that read the same in {n} rows: {named(labels)}; rename them")
    if len(chosen) < 2:
        raise ValueError(
            f"{role} {item!r} has one category only ({labels[chosen[0]]!r} in all {present.n_present} answers); "
            f"it cannot tell classes apart: drop the {role}"
        )
    return codes, labels, order


def _check_values(answers: pd.Series, present: DistinctValues, item: str | int, role: str) -> None:
    if not pd.api.types.is_numeric_dtype(answers):
        check_text(present, item, role)
        return
    numbers = answers.dropna().to_numpy(dtype=float)
    infinite = int((~np.isfinite(numbers)).sum())
    if infinite:
        raise ValueError(
            f"{role} {item!r} is infinite in {infinite} of {len(numbers)} rows; correct them or code them as missing"
        )
    broken = numbers[numbers != np.round(numbers)]
    if broken.size:
        raise ValueError(
            f"{role} {item!r} holds {broken.size} value(s) in {len(numbers)} rows that are not categories, such as "
            f"{broken[0]}; round the column, or cut it into categories"
        )
