"""Counts within a class, Poisson or negative binomial, as sums over rows see them; see `families`."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import digamma, gammaln

from bayes_lca.likelihood.families import Family, Parameters

SMALLEST_MEAN = 1e-10
"""In place of the mean of a class that counted nothing, whose logarithm has to be finite."""
DISPERSIONS = (1e-6, 1e3)
"""Between which the likeliest dispersion is searched; at the lower end counts are Poisson."""
HALVINGS = 25


def count_features(counts: np.ndarray) -> np.ndarray:
    """Whether there is a count, and the count, shape (row, 2 x item)."""
    return np.concatenate([~np.isnan(counts), np.nan_to_num(counts)], axis=1)


def count_coefficients(mean: np.ndarray, dispersion: np.ndarray | None = None) -> np.ndarray:
    r"""What these count for, from shapes (..., item) to (..., 2 x item).

    :math:`-\mu` and :math:`\log \mu` of Poisson counts; with dispersion a, :math:`-\log(1 + a \mu) / a` and
    :math:`\log \mu - \log(1 + a \mu)`.
    """
    if dispersion is None:
        return np.concatenate([-mean, np.log(mean)], axis=-1)
    growth = np.log1p(dispersion * mean)
    return np.concatenate([-growth / dispersion, np.log(mean) - growth], axis=-1)


def count_constant(counts: np.ndarray, dispersion: np.ndarray | None = None) -> np.ndarray:
    r"""What classes have no part in, :math:`-\sum_j \log y_j!`, shape (..., row).

    With dispersion a, of shape (..., item), also :math:`\sum_j \log \Gamma(y_j + 1/a) - \log \Gamma(1/a) + y_j \log a`.
    """
    known, y = ~np.isnan(counts), np.nan_to_num(counts)
    if dispersion is None:
        return -(known * gammaln(y + 1)).sum(axis=-1)
    a = dispersion[..., None, :]
    return (known * (gammaln(y + 1 / a) - gammaln(1 / a) + y * np.log(a) - gammaln(y + 1))).sum(axis=-1)


@dataclass(frozen=True, eq=False)
class PoissonFamily(Family):
    r"""Poisson counts, :math:`y_{ij} \sim \operatorname{Poisson}(\mu_{cj})`.

    Attributes
    ----------
    counts : ndarray, shape (row, item)
        Not a number where missing.
    weight : float
        Members with the mean count of everybody that each class is given beside those there are: 0 for maximum
        likelihood.
    """

    counts: np.ndarray
    weight: float = 0.0

    @cached_property
    def center(self) -> np.ndarray:
        """Mean count of the rows, shape (item,)."""
        return np.nanmean(self.counts, axis=0)

    @cached_property
    def places(self) -> np.ndarray:
        """Roots of the counts, whose variance hardly depends on their mean."""
        roots = np.sqrt(self.counts)
        return np.nan_to_num((roots - np.nanmean(roots, axis=0)) / np.nanstd(roots, axis=0))

    @cached_property
    def features(self) -> np.ndarray:
        """Whether there is a count, and the count."""
        return count_features(self.counts)

    @cached_property
    def constant(self) -> np.ndarray:
        """The orders of the events."""
        return count_constant(self.counts)

    def estimate(self, sums: np.ndarray) -> Parameters:
        """Weighted means of the members."""
        n, total = np.split(sums, 2, axis=-1)
        mean = (total + self.weight * self.center) / np.maximum(n + self.weight, SMALLEST_MEAN)
        return {"mean": np.maximum(mean, SMALLEST_MEAN)}

    def coefficients(self, parameters: Parameters) -> np.ndarray:
        """Of the two features of a count."""
        return count_coefficients(parameters["mean"])

    def some(self, items: np.ndarray, rows: np.ndarray) -> "PoissonFamily":
        """Their counts."""
        return replace(self, counts=np.where(rows[:, None], self.counts[:, items], np.nan))

    def n_parameters(self, n_classes: int) -> int:
        """Means."""
        return n_classes * self.counts.shape[1]

    def log_volume(self, parameters: Parameters, sums: np.ndarray) -> np.ndarray:
        """The logarithm of a mean varies by one over the root of the events."""
        _, total = np.split(sums, 2, axis=-1)
        return -0.5 * np.log(total + 1.0).sum(axis=(1, 2))

    def log_prior(self, parameters: Parameters) -> np.ndarray:
        """Members with the mean count of everybody."""
        mean = parameters["mean"]
        return self.weight * (self.center * np.log(mean) - mean).sum(axis=(1, 2))


@dataclass(frozen=True, eq=False)
class NegativeBinomialFamily(PoissonFamily):
    r"""Counts of mean :math:`\mu_{cj}` and variance :math:`\mu_{cj} + a_j \mu_{cj}^2`, a_j the same in all classes.

    Features are one for each count that an item has, so that sums over members are tables of their counts.
    """

    @cached_property
    def _values(self) -> tuple[np.ndarray, np.ndarray]:
        """Counts that occur, item after item, and the item of each."""
        of_items = [np.unique(column[~np.isnan(column)]) for column in self.counts.T]
        return np.concatenate(of_items), np.repeat(np.arange(len(of_items)), [len(each) for each in of_items])

    @cached_property
    def features(self) -> np.ndarray:
        """One where a row has the count."""
        values, item = self._values
        return (self.counts[:, item] == values).astype(float)

    @cached_property
    def constant(self) -> np.ndarray:
        """Nothing; it depends on the dispersion."""
        return np.zeros(len(self.counts))

    def estimate(self, sums: np.ndarray) -> Parameters:
        """Weighted means, and the dispersion that is likeliest with them."""
        values, item = self._values
        of_item = (item[:, None] == np.arange(item.max() + 1)).astype(float)  # (feature, item)
        events = np.concatenate([sums @ of_item, (sums * values) @ of_item], axis=-1)
        mean = PoissonFamily.estimate(self, events)["mean"]
        low, high = (np.full((len(sums), 1, of_item.shape[1]), np.log(end)) for end in DISPERSIONS)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            rises = self._score(np.exp(middle), mean, sums, of_item) > 0
            low, high = np.where(rises, middle, low), np.where(rises, high, middle)
        return {"mean": mean, "dispersion": np.exp((low + high) / 2)}

    def _score(self, dispersion: np.ndarray, mean: np.ndarray, sums: np.ndarray, of_item: np.ndarray) -> np.ndarray:
        """Derivative of the log-likelihood by the dispersion, shape (start, 1, item)."""
        y, item = self._values
        a, mu = dispersion[..., item], mean[..., item]
        events = y / a - (digamma(y + 1 / a) - digamma(1 / a)) / a**2
        growth = np.log1p(a * mu) / a**2 - (y + 1 / a) * mu / (1 + a * mu)
        return ((sums * (events + growth)) @ of_item).sum(axis=1, keepdims=True)

    def coefficients(self, parameters: Parameters) -> np.ndarray:
        """Log probability of each count that occurs."""
        y, item = self._values
        a, mu = parameters["dispersion"][..., item], parameters["mean"][..., item]
        growth = np.log1p(a * mu)
        events = gammaln(y + 1 / a) - gammaln(1 / a) + y * np.log(a) - gammaln(y + 1)
        return events + y * (np.log(mu) - growth) - growth / a

    def n_parameters(self, n_classes: int) -> int:
        """Means, and dispersions."""
        return (n_classes + 1) * self.counts.shape[1]

    def log_volume(self, parameters: Parameters, sums: np.ndarray) -> np.ndarray:
        """As of Poisson counts."""
        values, item = self._values
        of_item = (item[:, None] == np.arange(item.max() + 1)).astype(float)
        return -0.5 * np.log((sums * values) @ of_item + 1.0).sum(axis=(1, 2))
