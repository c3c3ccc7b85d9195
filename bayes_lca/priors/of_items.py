"""Priors of answer probabilities that know items, classes and categories by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from numbers import Real
from typing import TypeGuard

import numpy as np
import pandas as pd

from bayes_lca.priors.distributions import Dirichlet

Weight = float | Mapping[str, float] | Sequence[float]
"""Of one item in one class: the same for all categories, by category, or in the order of the categories."""


@dataclass(frozen=True)
class ItemWeights:
    r"""Dirichlet weights of answer probabilities by item, class and category.

    .. math:: \rho_{cj} \sim \operatorname{Dirichlet}(a_{cj1}, \dots, a_{cjR_j})

    A weight counts as so many answers that were given before. Where classes have weights of their own, the first of an
    item are those of class 1, the next those of class 2: such classes are told apart by the prior, and keep their
    numbers as C1, C2, ... in the draws.

    Attributes
    ----------
    weights : mapping of str to float, mapping or tuple
        By item: one number for all categories and classes; weights by category, the same in all classes; or a tuple
        with one of these for each class.
    source : str
        Where they come from, in words; empty where somebody wrote them down.

    Raises
    ------
    TypeError
        If weights are no mapping, or those of an item no numbers.
    ValueError
        If a weight is not positive, or there are no weights.

    Examples
    --------
    >>> ItemWeights({"pay": {"less": 2.0, "more": 6.0}, "training": ({"less": 8, "more": 2}, 1.0)}).n_classes
    2
    """

    weights: Mapping[str, Weight | tuple[Weight, ...]]
    source: str = ""

    def __post_init__(self):
        if not isinstance(self.weights, Mapping) or not self.weights:
            raise ValueError(f"prior={self.weights!r}: give weights by item, such as {{'pay': 2.0}}")
        object.__setattr__(self, "weights", {str(item): _of_item(item, given) for item, given in self.weights.items()})
        lengths = {item: len(given) for item, given in self.weights.items() if isinstance(given, tuple)}
        if len(set(lengths.values())) > 1:
            raise ValueError(
                f"prior: items have weights for different numbers of classes, {lengths}; give one for each"
            )

    @property
    def n_classes(self) -> int | None:
        """Classes that have weights of their own; None where all classes have the same."""
        return next((len(given) for given in self.weights.values() if isinstance(given, tuple)), None)

    def to_frame(self) -> pd.DataFrame:
        """A row for each class, item and category: its weight, the expected probability, and what that is worth.

        Returns
        -------
        pandas.DataFrame
            Columns ``weight``, ``probability`` and ``sample_size``, which is the sum of the weights of the item in the
            class less one for each category. Categories without a name are numbered, and an item with one weight for
            all categories has one row.
        """
        rows = []
        for item in self.weights:
            for k in range(self.n_classes or 1):
                given = self.of(item, k)
                named = given if isinstance(given, Mapping) else dict(enumerate(given, 1)) if _several(given) else None
                for category, weight in (named or {"each": given}).items():
                    of_item = [*named.values()] if named else [np.nan]
                    of_all = sum(of_item)
                    rows.append(
                        {
                            "latent_class": k + 1 if self.n_classes else "all",
                            "item": item,
                            "category": category,
                            "weight": weight,
                            "probability": weight / of_all,
                            "sample_size": of_all - len(of_item),
                        }
                    )
        return pd.DataFrame(rows).set_index(["latent_class", "item", "category"])

    def of(self, item: str, latent_class: int) -> Weight:
        """Weights of an item in a class, numbered from 0."""
        given = self.weights[item]
        return given[latent_class] if isinstance(given, tuple) else given


def item_weights(given, items: Sequence[str | int]) -> ItemWeights | None:
    """Weights as a user writes them down: by item in a mapping, as an array, or as a table.

    Parameters
    ----------
    given : ItemWeights, mapping, ndarray of shape (latent_class, item, category), table, or None
    items : sequence of str
        Names of the items in their order, for arrays.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If an array has another shape, a table other columns, or a weight is not positive.

    Examples
    --------
    >>> item_weights(np.array([[[2.0, 1.0]], [[1.0, 2.0]]]), ["pay"]).weights
    {'pay': ((2.0, 1.0), (1.0, 2.0))}
    """
    if given is None or isinstance(given, ItemWeights):
        return given
    if hasattr(given, "reset_index"):
        return ItemWeights(by_item_and_class(given, "weight"))
    if isinstance(given, Mapping):
        return ItemWeights(given)
    if isinstance(given, np.ndarray):
        if given.ndim != 3 or given.shape[1] != len(items):
            raise ValueError(
                f"prior has shape {given.shape}; weights of {len(items)} items have shape (latent_class, item, "
                f"category), here (K, {len(items)}, R)"
            )
        return ItemWeights({str(item): given[:, j] for j, item in enumerate(items)})
    raise TypeError(
        f"prior={given!r}: give a number, weights by item in a dict, an array of shape (latent_class, item, category), "
        "a table with columns latent_class, item, category and weight, or bl.prior_from(earlier)"
    )


def by_item_and_class(table, value: str) -> dict[str, tuple[dict[str, float], ...]]:
    """A column of a table with a row for each class, item and category, by item, class and category.

    Classes are numbered in the order in which they first appear, or by their numbers where they have some.
    """
    keys = ["latent_class", "item", "category"]
    flat = table.reset_index()
    if lacking := [name for name in [*keys, value] if name not in flat]:
        raise ValueError(
            f"the table lacks {lacking}, and has {[str(name) for name in flat.columns]}; give columns latent_class, "
            f"item, category and {value}"
        )
    if flat.duplicated(keys).any():
        first = ", ".join(str(flat[flat.duplicated(keys)].iloc[0][key]) for key in keys)
        raise ValueError(f"the table has two rows of class, item and category {first}; keep one")
    classes = list(dict.fromkeys(flat["latent_class"]))
    if all(isinstance(name, Real) for name in classes):
        classes.sort()
    result = {}
    for item in dict.fromkeys(flat["item"]):
        rows = flat[flat["item"] == item]
        of_classes = [rows[rows["latent_class"] == name] for name in classes]
        if empty := [name for name, of_class in zip(classes, of_classes, strict=True) if of_class.empty]:
            raise ValueError(f"the table has no row of item {item!r} in class(es) {empty}; give every class")
        result[item] = tuple(
            {str(category): float(number) for category, number in zip(each["category"], each[value], strict=True)}
            for each in of_classes
        )
    return result


def _several(given) -> TypeGuard[Sequence]:
    return isinstance(given, Sequence)


def _of_item(item: str, given):
    if isinstance(given, Mapping | Real | Dirichlet):
        return _of_class(item, given)
    if isinstance(given, Sequence | np.ndarray) and not isinstance(given, str) and len(given):
        return tuple(_of_class(item, each) for each in given)
    raise TypeError(
        f"prior of item {item!r} is {given!r}: give a number, weights by category, or a list of these by class"
    )


def _of_class(item: str, given) -> Weight:
    if isinstance(given, Dirichlet):
        return given.a
    if isinstance(given, Mapping):
        return {str(category): _positive(item, number) for category, number in given.items()}
    if isinstance(given, Real):
        return _positive(item, given)
    if isinstance(given, Sequence | np.ndarray) and not isinstance(given, str):
        numbers = [float(number) for number in given]
        while numbers and (numbers[-1] != numbers[-1] or numbers[-1] == 0):  # beyond the categories of the item
            numbers.pop()
        return tuple(_positive(item, number) for number in numbers)
    raise TypeError(f"prior of item {item!r} is {given!r} in a class: give a number, or weights by category")


def _positive(item: str, weight) -> float:
    if isinstance(weight, bool) or not isinstance(weight, Real) or not 0 < weight < inf:
        raise ValueError(f"prior of item {item!r}: weight {weight!r} must be a positive number")
    return float(weight)
