r"""Distributions of a distal outcome given what is expected of it, :math:`f(o \mid \eta)`, in NumPy.

:math:`\eta` is a linear predictor, of shape (..., row, latent_class), with a last axis of categories for an outcome in
categories without an order. Parameters beside it have the same leading axes, those of draws.
"""

from abc import ABC, abstractmethod

import numpy as np
from scipy.special import expit, gammaln, log_expit, log_softmax, logit, softmax

from bayes_lca.likelihood.families import LOG_ROOT_TWO_PI


class OutcomeDistribution(ABC):
    """A distribution of an outcome.

    Attributes
    ----------
    has_categories : bool
        Whether what is expected are probabilities of categories.
    """

    has_categories: bool = False

    @abstractmethod
    def log_density(self, outcome: np.ndarray, eta: np.ndarray, *parameters: np.ndarray) -> np.ndarray:
        """Log density of an outcome of shape (row,), shape (..., row, latent_class)."""

    @abstractmethod
    def expected(self, eta: np.ndarray, *parameters: np.ndarray) -> np.ndarray:
        """Mean given the predictor, (..., row, latent_class), or probabilities of categories on a last axis."""

    def unbounded(self, expected: np.ndarray) -> np.ndarray:
        """What is expected on a scale without bounds, for a test of differences."""
        return expected

    @abstractmethod
    def draw(self, rng: np.random.Generator, eta: np.ndarray, *parameters: np.ndarray) -> np.ndarray:
        """An outcome for each predictor, from (..., row) to (..., row); parameters are those of the class."""


class NormalDistribution(OutcomeDistribution):
    r""":math:`o \sim N(\eta, \sigma_c^2)`, with :math:`\sigma` of shape (..., latent_class)."""

    def log_density(self, outcome: np.ndarray, eta: np.ndarray, sd: np.ndarray) -> np.ndarray:
        """At numbers."""
        z = (outcome[:, None] - eta) / sd[..., None, :]
        return -0.5 * z**2 - np.log(sd)[..., None, :] - LOG_ROOT_TWO_PI

    def expected(self, eta: np.ndarray, sd: np.ndarray) -> np.ndarray:
        """The predictor itself."""
        return eta

    def draw(self, rng: np.random.Generator, eta: np.ndarray, sd: np.ndarray) -> np.ndarray:
        """Numbers."""
        return rng.normal(eta, sd)


class BernoulliDistribution(OutcomeDistribution):
    r""":math:`P(o = 1) = \sigma(\eta)`."""

    def log_density(self, outcome: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """At 0 and 1."""
        return log_expit((2 * outcome[:, None] - 1) * eta)

    def expected(self, eta: np.ndarray) -> np.ndarray:
        """Probability of 1."""
        return expit(eta)

    def unbounded(self, expected: np.ndarray) -> np.ndarray:
        """Log odds."""
        return logit(expected)

    def draw(self, rng: np.random.Generator, eta: np.ndarray) -> np.ndarray:
        """Zeros and ones."""
        return rng.binomial(1, expit(eta))


class PoissonDistribution(OutcomeDistribution):
    r""":math:`o \sim \operatorname{Poisson}(e^\eta)`."""

    def log_density(self, outcome: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """At counts."""
        return outcome[:, None] * eta - np.exp(eta) - gammaln(outcome[:, None] + 1)

    def expected(self, eta: np.ndarray) -> np.ndarray:
        """Mean count."""
        return np.exp(eta)

    def unbounded(self, expected: np.ndarray) -> np.ndarray:
        """Logarithms."""
        return np.log(expected)

    def draw(self, rng: np.random.Generator, eta: np.ndarray) -> np.ndarray:
        """Counts."""
        return rng.poisson(np.exp(eta))


class OrderedDistribution(OutcomeDistribution):
    r""":math:`P(o \le r) = \sigma(\tau_r - \eta)`, with the baseline :math:`\sigma(\tau)` of shape (..., category)."""

    has_categories = True

    def log_density(self, outcome: np.ndarray, eta: np.ndarray, baseline: np.ndarray) -> np.ndarray:
        """At codes of categories."""
        x = _thresholds(baseline)[..., outcome.astype(int)][..., None] - eta  # above the category
        below = np.insert(_thresholds(baseline), 0, -np.inf, axis=-1)[..., outcome.astype(int)][..., None] - eta
        with np.errstate(invalid="ignore"):
            gap = np.where(np.isfinite(x) & np.isfinite(below), below - x, -np.inf)
        return log_expit(x) + log_expit(-below) + np.log(-np.expm1(gap))

    def expected(self, eta: np.ndarray, baseline: np.ndarray) -> np.ndarray:
        """Probabilities of the categories."""
        at_most = expit(_thresholds(baseline)[..., None, None, :] - eta[..., None])
        return np.diff(at_most, prepend=0.0, axis=-1)

    def unbounded(self, expected: np.ndarray) -> np.ndarray:
        """Log odds of a lower category than the middle of all, which one location moves."""
        return logit(expected[..., : expected.shape[-1] // 2].sum(axis=-1))

    def draw(self, rng: np.random.Generator, eta: np.ndarray, baseline: np.ndarray) -> np.ndarray:
        """Codes of categories, by a logistic variable between thresholds."""
        latent = eta + rng.logistic(size=eta.shape)
        return (latent[..., None] > _thresholds(baseline)[..., :-1]).sum(axis=-1)


class MultinomialDistribution(OutcomeDistribution):
    r""":math:`P(o = r) = \operatorname{softmax}(\eta)_r`, with categories on the last axis of the predictor."""

    has_categories = True

    def log_density(self, outcome: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """At codes of categories."""
        code = outcome.astype(int).reshape(*(1,) * (eta.ndim - 3), -1, 1, 1)
        return np.take_along_axis(log_softmax(eta, axis=-1), code, axis=-1)[..., 0]

    def expected(self, eta: np.ndarray) -> np.ndarray:
        """Probabilities of the categories."""
        return softmax(eta, axis=-1)

    def unbounded(self, expected: np.ndarray) -> np.ndarray:
        """Logarithms of ratios to the last category."""
        return np.log(expected[..., :-1]) - np.log(expected[..., -1:])

    def draw(self, rng: np.random.Generator, eta: np.ndarray) -> np.ndarray:
        """Codes of categories."""
        return (eta + rng.gumbel(size=eta.shape)).argmax(axis=-1)


def _thresholds(baseline: np.ndarray) -> np.ndarray:
    """Log odds of a category at most, infinite at the last."""
    below, above = baseline.cumsum(axis=-1)[..., :-1], baseline[..., ::-1].cumsum(axis=-1)[..., ::-1][..., 1:]
    return np.concatenate([np.log(below) - np.log(above), np.full((*baseline.shape[:-1], 1), np.inf)], axis=-1)
