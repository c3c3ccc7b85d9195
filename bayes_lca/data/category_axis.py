"""One axis for the categories of all items, by their labels: every cell is named as the user named that answer."""

from collections.abc import Sequence

import numpy as np

from bayes_lca.data.category_order import numeric_label

MOST_NAMES = 60
"""Labels that an axis holds at most. Beyond it, where dozens of items each have labels of their own, cells that no item
has would fill memory, and categories are named by their place."""


def category_axis(labels: Sequence[Sequence[str]]) -> tuple[list[str], np.ndarray]:
    """Names along the axis of categories, and where on it the categories of each item stand.

    Parameters
    ----------
    labels : sequence of sequence of str
        Categories of each item in their order.

    Returns
    -------
    names : list of str
        Every label that an item has, numbers by value, others after the label that an item has before them.
    place : ndarray of int, shape (item, category)
        -1 beyond the categories of an item.

    Examples
    --------
    >>> names, place = category_axis([("1", "2"), ("0", "1", "2")])
    >>> names, place.tolist()
    (['0', '1', '2'], [[1, 2, -1], [0, 1, 2]])
    >>> category_axis([("no", "yes"), ("false", "true")])[0]
    ['no', 'yes', 'false', 'true']
    """
    longest = max(map(len, labels))
    names = _merged(labels)
    place = np.full((len(labels), longest), -1)
    for of_item, row in zip(labels, place, strict=True):
        row[: len(of_item)] = [names.index(each) for each in of_item]
    if len(names) > max(MOST_NAMES, longest):
        exists = np.arange(longest) < np.array([len(of_item) for of_item in labels])[:, None]
        return places_by_name(longest), np.where(exists, np.arange(longest), -1)
    return names, place


def places_by_name(n: int) -> list[str]:
    """Names of places that nobody takes for labels.

    Examples
    --------
    >>> places_by_name(4)
    ['1st', '2nd', '3rd', '4th']
    """
    ends = {1: "st", 2: "nd", 3: "rd"}
    return [f"{k}{'th' if k % 100 in (11, 12, 13) else ends.get(k % 10, 'th')}" for k in range(1, n + 1)]


def on_axis(values: np.ndarray, labels: Sequence[Sequence[str]]) -> np.ndarray:
    """Values of the categories of each item, where the axis of `category_axis` has them; not a number elsewhere.

    Shape (..., item, category) becomes (..., item, name).
    """
    names, place = category_axis(labels)
    result = np.full((*values.shape[:-1], len(names)), np.nan)
    for j, of_item in enumerate(labels):
        result[..., j, place[j, : len(of_item)]] = values[..., j, : len(of_item)]
    return result


def off_axis(values: np.ndarray, labels: Sequence[Sequence[str]]) -> np.ndarray:
    """The reverse of `on_axis`: categories of each item from the first place on, not a number beyond them."""
    _, place = category_axis(labels)
    if (place == np.arange(place.shape[1])).all():
        return values
    return np.where(
        place < 0,
        np.nan,
        np.take_along_axis(
            values, np.broadcast_to(np.maximum(place, 0), (*values.shape[:-1], place.shape[1])), axis=-1
        ),
    )


def _merged(labels: Sequence[Sequence[str]]) -> list[str]:
    distinct = list(dict.fromkeys(tuple(of_item) for of_item in labels))
    names = list(distinct[0])
    if len(distinct) == 1:
        return names
    everything = dict.fromkeys(label for of_item in distinct for label in of_item)
    numbers = {label: numeric_label(label) for label in everything}
    if None not in numbers.values():
        return sorted(everything, key=lambda label: (numbers[label], label))
    for of_item in distinct[1:]:
        known = [names.index(label) for label in of_item if label in names]
        after = min(known) if known else len(names)
        for label in of_item:
            if label in names:
                after = names.index(label) + 1
            else:
                names.insert(after, label)
                after += 1
    return names
