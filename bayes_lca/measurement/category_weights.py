"""Prior weights of answer probabilities as an array, and the classes that they tell apart."""

from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np

from bayes_lca.data.frame import named
from bayes_lca.priors import ItemWeights


def category_weights(
    prior: ItemWeights | None, a: float, items: Sequence[str | int], labels: Sequence[Sequence[str]], n_classes: int
) -> np.ndarray:
    """Dirichlet weight of every answer probability.

    Parameters
    ----------
    prior : ItemWeights, optional
    a : float
        Weight of the categories of items that `prior` does not name.
    items : sequence of str
    labels : sequence of sequence of str
        Categories of each item.
    n_classes : int

    Returns
    -------
    ndarray, shape (latent_class, item, category)
        0 beyond the categories of an item.

    Raises
    ------
    ValueError
        If weights are for another number of classes, or categories are not those of the item.

    Examples
    --------
    >>> prior = ItemWeights({"pay": ({"less": 8.0, "more": 2.0}, 1.0)})
    >>> category_weights(prior, 1.0, ["pay", "age"], [("less", "more"), ("young", "old")], 2).tolist()
    [[[8.0, 2.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]
    """
    result = np.zeros((n_classes, len(items), max(map(len, labels))))
    for j, categories in enumerate(labels):
        result[:, j, : len(categories)] = a
    if prior is None:
        return result
    if prior.n_classes not in (None, n_classes):
        raise ValueError(
            f"prior has weights of {prior.n_classes} classes, and the model has n_classes={n_classes}; give as many"
        )
    for j, (item, categories) in enumerate(zip(items, labels, strict=True)):
        if str(item) in prior.weights:
            for k in range(n_classes):
                result[k, j, : len(categories)] = _by_category(prior.of(str(item), k), item, categories)
    return result


def check_items_of_prior(prior: ItemWeights | None, items: Sequence[str | int]) -> None:
    """Refuse weights of what is no item.

    Raises
    ------
    ValueError
    """
    stray = [] if prior is None else [item for item in prior.weights if item not in set(map(str, items))]
    if stray:
        raise ValueError(f"prior names {named(stray)}, not among the items {named(items)}; correct the name")


def sets_of_equal(of_class: np.ndarray) -> np.ndarray:
    """The set of each class, numbered by its first class: those that have the same in all places.

    Examples
    --------
    >>> sets_of_equal(np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]])).tolist()
    [0, 1, 0]
    """
    flat = of_class.reshape(len(of_class), -1)
    first = [int(np.flatnonzero((flat == row).all(axis=1))[0]) for row in flat]
    return np.unique(first, return_inverse=True)[1]


def _by_category(given, item: str | int, categories: Sequence[str]) -> Sequence[float] | float:
    if isinstance(given, Real):
        return given
    if isinstance(given, Mapping):
        if set(given) != set(categories):
            lacking = [category for category in categories if category not in given]
            strange = [category for category in given if category not in categories]
            parts = [f"lacks {named(lacking)}"] * bool(lacking) + [f"names {named(strange)}"] * bool(strange)
            raise ValueError(
                f"prior of item {item!r} {' and '.join(parts)}: its answers here are {named(categories)}. Give every "
                'category a weight; one that nobody chose stays with categories= and empty_categories="keep"'
            )
        return [given[category] for category in categories]
    if len(given) != len(categories):
        raise ValueError(
            f"prior of item {item!r} has {len(given)} weights in a class, and the item {len(categories)} categories, "
            f"{named(categories)}; give one for each"
        )
    return given
