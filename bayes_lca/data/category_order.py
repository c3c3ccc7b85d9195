"""In which order the categories of a column stand, and who says so."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from bayes_lca.data.frame import label, named

CategoryOrder = Literal["declared", "by value", "as listed", "sorted as text"]
DECLARED, BY_VALUE, AS_LISTED, AS_TEXT = "declared", "by value", "as listed", "sorted as text"
NOBODY_DECLARED = frozenset({AS_LISTED, AS_TEXT})
"""Orders of display that say nothing of which category is more than another."""
HOW_TO_DECLARE = (
    "Declare it: categories=[...] in their order, one list for all items or a dict with one by item, or an ordered "
    "categorical in the frame"
)

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
NUMBER_IN_TEXT = re.compile(r"(\d+(?:\.\d+)?)")


def numeric_label(text: str) -> float | None:
    """The number that a label is, or None.

    Examples
    --------
    >>> numeric_label("10"), numeric_label("-1.5"), numeric_label("1 = never")
    (10.0, -1.5, None)
    """
    return float(text) if NUMBER.fullmatch(text.strip()) else None


def ordered_categories(values: pd.Series) -> tuple[list, CategoryOrder]:
    """Categories of a column in their order, and what that order rests on.

    Parameters
    ----------
    values : pandas.Series
        From `bayes_lca.data.frame.column`.

    Returns
    -------
    categories : list
        Those of a categorical, whether they occur or not; of other columns the values that occur.
    order : str
        ``"declared"`` for an ordered categorical; ``"by value"`` where all are numbers, truth values or texts that
        are numbers; else nobody declared one: ``"as listed"`` by an unordered categorical, or ``"sorted as text"``,
        numbers within it by size. Numbers that an unordered categorical lists in an order of its own stay as listed.

    Examples
    --------
    >>> ordered_categories(pd.Series(["10", "2", "1"]))
    (['1', '2', '10'], 'by value')
    >>> ordered_categories(pd.Series(["No change", "Decrease"]))
    (['Decrease', 'No change'], 'sorted as text')
    """
    declares = isinstance(values.dtype, pd.CategoricalDtype)
    if declares and values.cat.ordered:
        return list(values.cat.categories), DECLARED
    categories = list(values.cat.categories if declares else values.dropna().unique())
    if all(isinstance(category, bool | np.bool_) for category in categories):
        return sorted(categories), BY_VALUE
    numbers = {category: numeric_label(label(category)) for category in categories}
    if None not in numbers.values():
        by_value = sorted(categories, key=lambda category: (numbers[category], label(category)))
        chosen = declares and categories != by_value and categories != sorted(categories, key=label)
        return (categories, AS_LISTED) if chosen else (by_value, BY_VALUE)
    if declares:
        return categories, AS_LISTED
    if pd.api.types.is_numeric_dtype(values):
        return sorted(categories), BY_VALUE
    return sorted(categories, key=lambda category: (numbers_by_size(label(category)), label(category))), AS_TEXT


def numbers_by_size(text: str) -> tuple[str | float, ...]:
    """A key that sorts text as usual, but for the numbers in it, which are sorted by size.

    Examples
    --------
    >>> sorted(["School 10", "School 9", "School 1", "25-34", "5-24", "1.5 mg", "1.25 mg"], key=numbers_by_size)
    ['1.25 mg', '1.5 mg', '5-24', '25-34', 'School 1', 'School 9', 'School 10']
    """
    return tuple(float(part) if place % 2 else part for place, part in enumerate(NUMBER_IN_TEXT.split(text)))


def check_order(
    use: str,
    items: Sequence[str | int],
    labels: Sequence[Sequence[str]],
    orders: Sequence[CategoryOrder],
    n_rows: int,
    *,
    fewest: int,
) -> None:
    """Refuse items of at least `fewest` categories whose order nobody declared.

    Raises
    ------
    ValueError
    """
    unordered = {
        item: of_item
        for item, of_item, order in zip(items, labels, orders, strict=True)
        if order in NOBODY_DECLARED and len(of_item) >= fewest
    }
    if not unordered:
        return
    item, of_item = next(iter(unordered.items()))
    direction = ""
    if min(map(len, unordered.values())) == 2:
        direction = (
            "; two categories need one as well, for items with different labels could run in opposite directions"
        )
    raise ValueError(
        f"{use} rests on the order of categories, which nobody declared for item(s) {named(unordered)} of {n_rows} "
        f"rows; those of {item!r} would be {named(of_item)}{direction}. {HOW_TO_DECLARE}"
    )


MOST_ORDERS_SHOWN, MOST_UNCUT = 4, 9


def order_in_words(labels: Mapping[str, Sequence[str]], orders: Mapping[str, CategoryOrder]) -> str:
    """The order of the categories of items, and what it rests on, for the note of a table.

    Examples
    --------
    >>> order_in_words({"pay": ("less", "more"), "post": ("less", "more")}, {"pay": DECLARED, "post": DECLARED})
    'order of categories: less < more (declared)'
    """
    items_with = {}
    for item, of_item in labels.items():
        items_with.setdefault((tuple(of_item), orders.get(item)), []).append(item)
    parts = []
    for (of_items, order), items in list(items_with.items())[:MOST_ORDERS_SHOWN]:
        who = "" if len(items_with) == 1 else f"{', '.join(items[:3])}{' and others' if len(items) > 3 else ''}: "
        shown = of_items if len(of_items) <= MOST_UNCUT else (*of_items[: MOST_UNCUT - 2], "...", of_items[-1])
        why = f" ({order}{', nobody declared an order' if order in NOBODY_DECLARED else ''})" if order else ""
        parts.append(f"{who}{' < '.join(shown)}{why}")
    more = len(items_with) - len(parts)
    return f"order of categories: {'; '.join(parts)}{f'; and {more} more' if more else ''}"


def empty_in_words(empty: Mapping[str, Sequence[str]]) -> str:
    """Categories that were left out, for the note of a table.

    Examples
    --------
    >>> empty_in_words({"pay": ["perhaps"]})
    "categories that nobody has left out: pay 'perhaps'"
    """
    of_columns = [f"{name} {named(labels, most=4)}" for name, labels in list(empty.items())[:4]]
    more = len(empty) - len(of_columns)
    return f"categories that nobody has left out: {', '.join(of_columns)}{f', and of {more} more' if more else ''}"
