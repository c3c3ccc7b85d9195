r"""Answer probabilities made of fewer free ones: sets that add up to one, and numbers that rise over classes.

Every probability is a constant times one or two entries of free sets,

.. math:: \rho_{cjr} = b_{cjr}\, P_{e(cjr)}\, P_{f(cjr)}

where a set is a simplex, or the rising numbers :math:`x_1 \le \dots \le x_m` with what they leave, :math:`1 - x_i`.
Entry 0 is the number one. Without restrictions a set is the distribution of one item in one class; a probability that
is the same in two classes is the same entry in both; where it leaves other categories room, what is left is an entry
too, and how it is divided is a set of its own.

Counts of answers enter the likelihood of the entries as :math:`\prod_e P_e^{N_e}`, so that simplices stay conjugate to
Dirichlet weights, and their maximum is a share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY


@dataclass(frozen=True, eq=False)
class ProbabilitySets:
    """Free sets, and the probabilities that are made of them.

    Attributes
    ----------
    constant : ndarray, shape (latent_class, item, category)
        0 beyond the categories of an item.
    first, second : ndarray of int, shape (latent_class, item, category)
        Entries that the constant is multiplied by.
    simplices : tuple of ndarray of int
        Entries of each simplex.
    chains : tuple of ndarray of int, shape (2, m)
        Entries of numbers in rising order, and of one minus each.
    weight : ndarray, shape (entry,)
        Dirichlet weights; those of a number in a chain and of its complement are of its beta distribution.
    """

    constant: np.ndarray
    first: np.ndarray
    second: np.ndarray
    simplices: tuple[np.ndarray, ...]
    chains: tuple[np.ndarray, ...]
    weight: np.ndarray

    @classmethod
    def unrestricted(cls, weights: np.ndarray) -> "ProbabilitySets":
        """Every item in every class by itself; weights of shape (latent_class, item, category), 0 beyond categories."""
        exists = weights > 0
        first = np.zeros(weights.shape, dtype=int)
        first[exists] = 1 + np.arange(exists.sum())
        simplices = tuple(of_item[of_item > 0] for of_class in first for of_item in of_class)
        weight = np.concatenate([[0.0], weights[exists]])
        return cls(exists.astype(float), first, np.zeros_like(first), simplices, (), weight)

    @property
    def n_free(self) -> int:
        """Probabilities that can be chosen freely."""
        return sum(len(of_set) - 1 for of_set in self.simplices) + sum(chain.shape[1] for chain in self.chains)

    def probabilities(self, entries: np.ndarray) -> np.ndarray:
        """From entries, shape (..., entry), to probabilities, shape (..., latent_class, item, category)."""
        return self.constant * entries[..., self.first] * entries[..., self.second]

    def entries(self, probabilities: np.ndarray) -> np.ndarray:
        """The entries of which probabilities are made, the other way round."""
        return self.at_maximum(probabilities)

    def counted(self, table: np.ndarray) -> np.ndarray:
        """Answers that count for each entry, from counts by class, item and category; shape (..., entry)."""
        return table.reshape(*table.shape[: -self.constant.ndim], -1) @ self._uses

    def at_maximum(self, table: np.ndarray, *, with_prior: bool = False) -> np.ndarray:
        """Entries at which counts are most likely, shape (..., entry).

        Parameters
        ----------
        table : ndarray, shape (..., latent_class, item, category)
        with_prior : bool
            Whether the weights are added: the maximum of the posterior in logits.
        """
        count = np.maximum(self.counted(table) + with_prior * self.weight, SMALLEST_PROBABILITY)
        result = np.ones(count.shape)
        for of_set in self.simplices:
            result[..., of_set] = count[..., of_set] / count[..., of_set].sum(axis=-1, keepdims=True)
        for low, rest in self.chains:
            total = count[..., low] + count[..., rest]
            rising = _rising(count[..., low] / total, total)
            result[..., low], result[..., rest] = rising, 1 - rising
        return np.maximum(result, SMALLEST_PROBABILITY)

    def normalised(self, entries: np.ndarray) -> np.ndarray:
        """Positive numbers as entries: simplices add up to one, numbers of a chain rise and stay below one."""
        result = np.ones(entries.shape)
        for of_set in self.simplices:
            result[..., of_set] = entries[..., of_set] / entries[..., of_set].sum(axis=-1, keepdims=True)
        for low, rest in self.chains:
            total = entries[..., low] + entries[..., rest]
            rising = np.sort(entries[..., low] / total, axis=-1)
            result[..., low], result[..., rest] = rising, 1 - rising
        return np.maximum(result, SMALLEST_PROBABILITY)

    def log_prior(self, entries: np.ndarray) -> np.ndarray:
        """Log prior density in logits up to a constant, shape (...,)."""
        return np.log(np.maximum(entries, SMALLEST_PROBABILITY)) @ self.weight

    def draw_prior(self, rng: np.random.Generator, size: int, *, uniform: bool = False) -> np.ndarray:
        """Entries drawn from the prior, or with all weights one; shape (size, entry)."""
        weight = np.ones(len(self.weight)) if uniform else self.weight
        result = np.ones((size, len(weight)))
        for of_set in self.simplices:
            result[:, of_set] = rng.dirichlet(weight[of_set], size)
        for low, rest in self.chains:  # alike, so that drawn freely and sorted they have the prior's distribution
            rising = np.sort(rng.beta(weight[low], weight[rest], (size, len(low))), axis=1)
            result[:, low], result[:, rest] = rising, 1 - rising
        return result

    def draw(self, table: np.ndarray, before: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Entries drawn given counts of answers, one sweep of a Gibbs sampler.

        Parameters
        ----------
        table : ndarray, shape (..., latent_class, item, category)
        before : ndarray, shape (..., entry)
            The entries as they are, of which rising numbers need their neighbours.
        rng : numpy.random.Generator
        """
        weight, result = self.counted(table) + self.weight, before.copy()
        for of_set in self.simplices:
            drawn = rng.standard_gamma(weight[..., of_set])
            result[..., of_set] = drawn / drawn.sum(axis=-1, keepdims=True)
        for low, rest in self.chains:
            for place, (at, left) in enumerate(zip(low, rest, strict=True)):
                below = result[..., low[place - 1]] if place else np.zeros(result.shape[:-1])
                above = result[..., low[place + 1]] if place + 1 < len(low) else np.ones(result.shape[:-1])
                beta = weight[..., at], weight[..., left]
                inside = rng.uniform(scipy.special.betainc(*beta, below), scipy.special.betainc(*beta, above))
                result[..., at] = np.clip(scipy.special.betaincinv(*beta, inside), below, above)
                result[..., left] = 1 - result[..., at]
        return result

    @cached_property
    def _uses(self) -> np.ndarray:
        """How often each probability is made of each entry, shape (probability, entry)."""
        uses = np.zeros((self.constant.size, len(self.weight)))
        used = np.flatnonzero(self.constant.ravel() > 0)
        for entry in (self.first.ravel()[used], self.second.ravel()[used]):
            np.add.at(uses, (used, entry), 1.0)
        uses[:, 0] = 0.0
        return uses


def _rising(share: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The nearest numbers in rising order, by weighted least squares along the last axis, as pooled shares are."""
    flat, weights = share.reshape(-1, share.shape[-1]), weight.reshape(-1, share.shape[-1])
    rows: Sequence[np.ndarray] = [
        scipy.optimize.isotonic_regression(row, weights=of_row).x for row, of_row in zip(flat, weights, strict=True)
    ]
    return np.array(rows).reshape(share.shape)
