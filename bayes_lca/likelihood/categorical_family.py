"""Answers in categories within a class, as sums over rows see them; see `families`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bayes_lca.likelihood.families import Family, Parameters

SMALLEST_PROBABILITY = 1e-12
"""In place of zero, whose logarithm has to be finite."""


@dataclass(frozen=True, eq=False)
class CategoricalFamily(Family):
    r"""Nominal answers, :math:`P(y_{ij} = r \mid c) = \rho_{cjr}`.

    Attributes
    ----------
    codes : ndarray of int, shape (row, item)
        -1 where missing.
    n_categories : sequence of int, shape (item,)
    weight : float
        Answers that each category is given beside those there are: 0 for maximum likelihood.
    """

    codes: np.ndarray
    n_categories: Sequence[int]
    weight: float = 0.0

    @cached_property
    def _positions(self) -> tuple[np.ndarray, np.ndarray]:
        """Item and category of each feature."""
        item = np.repeat(np.arange(len(self.n_categories)), self.n_categories)
        return item, np.concatenate([np.arange(size) for size in self.n_categories])

    @cached_property
    def features(self) -> np.ndarray:
        """One where the category was chosen."""
        item, category = self._positions
        return (self.codes[:, item] == category).astype(float)

    @cached_property
    def constant(self) -> np.ndarray:
        """Nothing."""
        return np.zeros(len(self.codes))

    @cached_property
    def places(self) -> np.ndarray:
        """The features themselves."""
        return self.features

    def estimate(self, sums: np.ndarray) -> Parameters:
        """Shares of the categories among the members, 0 beyond those of an item."""
        item, category = self._positions
        weighted = np.maximum(sums + self.weight, SMALLEST_PROBABILITY)
        probability = np.zeros((*sums.shape[:2], len(self.n_categories), max(self.n_categories)))
        probability[..., item, category] = weighted
        return {"probability": probability / probability.sum(axis=-1, keepdims=True)}

    def coefficients(self, parameters: Parameters) -> np.ndarray:
        """Log probability of every category."""
        return np.log(np.maximum(parameters["probability"][..., *self._positions], SMALLEST_PROBABILITY))

    def some(self, items: np.ndarray, rows: np.ndarray) -> "CategoricalFamily":
        """With their categories."""
        codes = np.where(rows[:, None], self.codes[:, items], -1)
        return replace(self, codes=codes, n_categories=[self.n_categories[item] for item in items])

    def n_parameters(self, n_classes: int) -> int:
        """Probabilities but for one of each item."""
        return n_classes * sum(size - 1 for size in self.n_categories)

    def log_volume(self, parameters: Parameters, sums: np.ndarray) -> np.ndarray:
        """Logarithms of probabilities vary by one over the root of the answers."""
        return -0.5 * np.log(sums + 1.0).sum(axis=(1, 2))

    def log_prior(self, parameters: Parameters) -> np.ndarray:
        """Answers in every category."""
        return self.weight * self.coefficients(parameters).sum(axis=(1, 2))
