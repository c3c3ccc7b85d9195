"""Likelihoods without a bound, where the standard deviation of a class goes to 0: how they are refused and told of."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd

from bayes_lca.data.frame import named


class UnboundedLikelihoodWarning(UserWarning):
    """A row of a table has no figures, for all starts ended where the likelihood grows without a bound."""


class UnboundedLikelihoodError(ValueError):
    """The likelihood grows without a bound where a variance goes to zero, and no start ended anywhere else.

    Attributes
    ----------
    items : tuple of tuple of int
        Places of the items of each family whose variance went to 0.
    n_starts, converged_starts : int
        Starts that were followed to their ends, and those that ended before the last step.
    n_parameters : int
    """

    def __init__(
        self,
        asked: str = "",
        items: Sequence[Sequence[int]] = (),
        words: str = "an item",
        n_starts: int = 0,
        converged_starts: int = 0,
        n_parameters: int = 0,
    ):
        super().__init__(
            f"{asked}: all {n_starts} starts that were followed ended where the likelihood has no bound: {words} does "
            "not vary among the members of a class, whose standard deviation goes to 0; ask for fewer classes, give "
            'equal standard deviations, NormalItems(..., sd="equal"), or categories, Items(...), where few numbers '
            "recur, or fit by bl.fit, where a prior keeps variances from 0"
        )
        self.items, self.n_parameters = items, n_parameters
        self.n_starts, self.converged_starts = n_starts, converged_starts

    def of(self, asked: str, names: Sequence[Sequence[str | int]], columns: dict[str | int, np.ndarray]) -> Self:
        """The same with names.

        Parameters
        ----------
        asked : str
            What was fitted, such as ``n_classes=2``.
        names : sequence of sequence of str or int
            Of the items of each family.
        columns : mapping of str or int to ndarray of float
            Numbers of the items, of all rows.
        """
        vanished = [family[place] for family, places in zip(names, self.items, strict=True) for place in places]
        words = " or ".join(_with_most_frequent(name, columns[name]) for name in dict.fromkeys(vanished))
        return type(self)(asked, self.items, words, self.n_starts, self.converged_starts, self.n_parameters)


def refuse_unbounded(
    by_family: Sequence[np.ndarray], n_classes: int, converged: np.ndarray, n_parameters: int
) -> np.ndarray:
    """Refuse ends that all lie where the likelihood has no bound.

    Ends there are no maxima: programs leave them out, as mclust does with singular variances, or keep variances from 0
    by members given beside those there are, as Latent GOLD's Bayes constants do [1]_, and priors here.

    Parameters
    ----------
    by_family : sequence of ndarray of bool, shape (start, item)
        Items of each family in which there is no bound.
    n_classes : int
    converged : ndarray of bool, shape (start,)
    n_parameters : int

    Returns
    -------
    ndarray of bool, shape (start,)
        Ends without a bound.

    Raises
    ------
    UnboundedLikelihoodError

    References
    ----------
    .. [1] Vermunt, J. K. & Magidson, J. (2016). Technical guide for Latent GOLD 5.1. Statistical Innovations.
    """
    degenerate = np.any([of_items.any(axis=1) for of_items in by_family], axis=0)
    if degenerate.all():
        raise UnboundedLikelihoodError(
            f"n_classes={n_classes}",
            tuple(tuple(np.flatnonzero(of_items.any(axis=0)).tolist()) for of_items in by_family),
            n_starts=len(degenerate),
            converged_starts=int(converged.sum()),
            n_parameters=n_parameters,
        )
    return degenerate


def _with_most_frequent(name: str | int, values: np.ndarray) -> str:
    counted = pd.Series(values).value_counts()
    return f"item {named([name])} ({counted.index[0]:g} in {counted.iloc[0]} of {len(values)} rows)"
