r"""Distributions of the answers to items within a class, as sums over rows see them.

Each family writes the log density of a row of answers given the class as a product of what is known of the row, its
features f, and what is known of the class, its coefficients b, up to a constant of the row:

.. math:: \log p(y_i \mid c) = f_i^\top b_c + h_i

A missing answer has features 0 and drops its factor. Sums of features over the members of a class are all that an
estimate of its parameters needs. Arrays of parameters have shape (start, latent_class, ...).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

Parameters = dict[str, np.ndarray]

LOG_ROOT_TWO_PI = 0.5 * np.log(2 * np.pi)
SMALLEST_VARIANCE = 1e-8
"""Of standardised numbers: a class whose variance gets there is no maximum, for the likelihood has no bound."""
SMALLEST_SHARE = 1e-300


class Family(ABC):
    """Answers of some kind, independent given the class."""

    @property
    @abstractmethod
    def features(self) -> np.ndarray:
        """What is known of each row, shape (row, feature)."""

    @property
    @abstractmethod
    def constant(self) -> np.ndarray:
        """What the density of a row does not owe to its class, shape (row,)."""

    @property
    @abstractmethod
    def places(self) -> np.ndarray:
        """Rows as points, items on one scale, 0 where missing, shape (row, place)."""

    @abstractmethod
    def estimate(self, sums: np.ndarray) -> Parameters:
        """The likeliest parameters, from sums of features over members, shape (start, latent_class, feature)."""

    @abstractmethod
    def coefficients(self, parameters: Parameters) -> np.ndarray:
        """What is known of the classes, shape (start, latent_class, feature)."""

    @abstractmethod
    def n_parameters(self, n_classes: int) -> int:
        """Number of free parameters."""

    @abstractmethod
    def log_volume(self, parameters: Parameters, sums: np.ndarray) -> np.ndarray:
        """Log of the room that the parameters have near a maximum if members were known, and their prior; (start,)."""

    @abstractmethod
    def some(self, items: np.ndarray, rows: np.ndarray) -> "Family":
        """The same of some items by position, missing in all but some rows, a mask of shape (row,)."""

    def without_prior(self) -> "Family":
        """The same without members given beside those there are: for maximum likelihood."""
        return replace(cast(Any, self), weight=0.0)

    def log_prior(self, parameters: Parameters) -> np.ndarray:
        """Log of the prior that `estimate` maximises beside the likelihood, up to a constant, shape (start,)."""
        return np.zeros(len(next(iter(parameters.values()))))

    def degenerate_items(self, parameters: Parameters) -> np.ndarray:
        """In which items the likelihood grows without a bound there, shape (start, item), or (start, 0) if in none."""
        return np.zeros((len(next(iter(parameters.values()))), 0), dtype=bool)

    def degenerate(self, parameters: Parameters) -> np.ndarray:
        """Whether the likelihood grows without a bound there, shape (start,)."""
        return self.degenerate_items(parameters).any(axis=1)

    def in_units(self, parameters: Parameters) -> Parameters:
        """Parameters in the units of the items."""
        return parameters


@dataclass(frozen=True, eq=False)
class NormalFamily(Family):
    r"""Normal numbers, :math:`y_{ij} \sim N(\mu_{cj}, \sigma_j^2)`, or :math:`\sigma_{cj}^2` where variances are free.

    Attributes
    ----------
    numbers : ndarray, shape (row, item)
        Not a number where missing.
    center, scale : ndarray, shape (item,)
        By which numbers are standardised inside.
    free : bool
        Whether every class has variances of its own.
    weight : float
        Members that each variance is given beside those there are: 0 for maximum likelihood.
    typical : float
        Standard deviation of these, in units of `scale`.
    """

    numbers: np.ndarray
    center: np.ndarray
    scale: np.ndarray
    free: bool = False
    weight: float = 0.0
    typical: float = 1.0

    @cached_property
    def places(self) -> np.ndarray:
        """Standardised numbers."""
        return np.nan_to_num((self.numbers - self.center) / self.scale)

    @cached_property
    def features(self) -> np.ndarray:
        """Whether there is a number, the number, and its square."""
        return normal_features(self.numbers, self.center, self.scale)

    @cached_property
    def constant(self) -> np.ndarray:
        """The change of scale."""
        return -(~np.isnan(self.numbers) @ np.log(self.scale))

    def estimate(self, sums: np.ndarray) -> Parameters:
        """Weighted means and variances of the members."""
        n, total, squares = np.split(sums, 3, axis=-1)
        mean = total / np.maximum(n, SMALLEST_SHARE)
        residual = np.maximum(squares - mean * total, 0.0)
        if not self.free:
            n, residual = n.sum(axis=1, keepdims=True), residual.sum(axis=1, keepdims=True)
        residual, n = residual + self.weight * self.typical**2, np.maximum(n + self.weight, SMALLEST_SHARE)
        return {"mean": mean, "variance": np.maximum(residual / n, SMALLEST_VARIANCE)}

    def coefficients(self, parameters: Parameters) -> np.ndarray:
        """Of the three features of a number."""
        return normal_coefficients(parameters["mean"], parameters["variance"])

    def some(self, items: np.ndarray, rows: np.ndarray) -> "NormalFamily":
        """With their own centre and scale."""
        numbers = np.where(rows[:, None], self.numbers[:, items], np.nan)
        return replace(self, numbers=numbers, center=self.center[items], scale=self.scale[items])

    def n_parameters(self, n_classes: int) -> int:
        """Means, and variances."""
        return self.numbers.shape[1] * (n_classes + (n_classes if self.free else 1))

    def log_volume(self, parameters: Parameters, sums: np.ndarray) -> np.ndarray:
        """Means vary by the standard error, variances by a share of themselves."""
        n, variance = np.split(sums, 3, axis=-1)[0] + 1.0, parameters["variance"]
        of_variance = n if self.free else n.sum(axis=1, keepdims=True)
        means = 0.5 * (np.log(variance) - np.log(n))
        return means.sum(axis=(1, 2)) + self.log_prior(parameters) - 0.5 * np.log(of_variance).sum(axis=(1, 2))

    def log_prior(self, parameters: Parameters) -> np.ndarray:
        """Members of a typical variance."""
        variance = parameters["variance"]
        return -0.5 * self.weight * (np.log(variance) + self.typical**2 / variance).sum(axis=(1, 2))

    def degenerate_items(self, parameters: Parameters) -> np.ndarray:
        """Items whose variance has vanished."""
        return (parameters["variance"] <= SMALLEST_VARIANCE).any(axis=1)

    def in_units(self, parameters: Parameters) -> Parameters:
        """Means and standard deviations."""
        sd = np.sqrt(parameters["variance"]) * self.scale
        return {"mean": self.center + self.scale * parameters["mean"], "sd": sd}


def normal_features(numbers: np.ndarray, center: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Whether there is a number, the standardised number, and its square, shape (row, 3 x item)."""
    z = np.nan_to_num((numbers - center) / scale)
    return np.concatenate([~np.isnan(numbers), z, z**2], axis=1)


def normal_coefficients(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """What these count for where numbers are standardised, from shapes (..., item) to (..., 3 x item)."""
    mean, variance = np.broadcast_arrays(mean, variance)
    constant = -0.5 * (mean**2 / variance + np.log(variance)) - LOG_ROOT_TWO_PI
    return np.concatenate([constant, mean / variance, -0.5 / variance], axis=-1)
