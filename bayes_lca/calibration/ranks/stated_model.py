"""The models as their documentation states them, in plain NumPy: measurement, and answers with the class summed out.

See `stated_structure` for why this is written a second time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logsumexp

from bayes_lca import priors
from bayes_lca.calibration.ranks.stated_structure import (
    Parameters,
    StatedRegression,
    StatedShares,
    centered,
    log_dirichlet,
    log_zero_sum_normal,
)
from bayes_lca.data.categories import draw_category
from bayes_lca.data.responses import MISSING
from bayes_lca.dims import BASELINE_PROBABILITY, ITEM_LOCATION, ITEM_PROBABILITY
from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY


@dataclass(frozen=True)
class StatedItems:
    r"""Answer probabilities :math:`\rho_{cj} \sim \operatorname{Dirichlet}(a, \dots, a)`, as `Items` states them."""

    n_classes: int
    sizes: tuple[int, ...]
    probability: priors.Dirichlet

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """One draw from the prior."""
        rho = np.zeros((1, self.n_classes, len(self.sizes), max(self.sizes)))
        for j, size in enumerate(self.sizes):
            rho[0, :, j, :size] = rng.dirichlet(np.full(size, self.probability.a), size=self.n_classes)
        return {ITEM_PROBABILITY: rho}

    def log_prior(self, parameters: Parameters) -> np.ndarray:
        """Log density of each draw, shape (draw,)."""
        rho = parameters[ITEM_PROBABILITY]
        density = [
            log_dirichlet(rho[:, :, j, :size], self.probability.a).sum(axis=1) for j, size in enumerate(self.sizes)
        ]
        return np.sum(density, axis=0)


@dataclass(frozen=True)
class StatedOrdinalItems:
    r"""Cumulative logits :math:`P(y \ge k \mid c) = \sigma(\theta_{cj} - \tau_{jk})`, as `OrdinalItems` states them."""

    n_classes: int
    sizes: tuple[int, ...]
    probability: priors.Dirichlet
    location: priors.ZeroSumNormal

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """One draw from the prior."""
        theta = centered(self.location.sigma * rng.normal(size=(len(self.sizes), self.n_classes)))
        rho = np.zeros((self.n_classes, len(self.sizes), max(self.sizes)))
        drawn = {ITEM_LOCATION: theta[None], ITEM_PROBABILITY: rho[None]}
        for size, which in self._by_size():
            p = rng.dirichlet(np.full(size, self.probability.a), size=len(which))
            drawn[f"{BASELINE_PROBABILITY}_of_{size}"] = p[None]
            for row, j in enumerate(which):
                rho[:, j, :size] = _cumulative_logit(p[row], theta[j])
        return drawn

    def log_prior(self, parameters: Parameters) -> np.ndarray:
        """Log density of each draw up to a constant, shape (draw,)."""
        total = log_zero_sum_normal(parameters[ITEM_LOCATION], self.location.sigma).sum(axis=1)
        for size, _ in self._by_size():
            p = parameters[f"{BASELINE_PROBABILITY}_of_{size}"]
            total = total + log_dirichlet(p, self.probability.a).sum(axis=1)
        return total

    def _by_size(self) -> Iterator[tuple[int, np.ndarray]]:
        for size in sorted(set(self.sizes)):
            yield size, np.flatnonzero(np.array(self.sizes) == size)


@dataclass(frozen=True)
class StatedIndicators:
    """Indicators whose probabilities given the class are known, shape (latent_class, item, category)."""

    probability: np.ndarray

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """The known probabilities."""
        return {ITEM_PROBABILITY: self.probability[None]}

    def log_prior(self, parameters: Parameters) -> np.ndarray:
        """Nothing is unknown: 0."""
        return np.zeros(len(parameters[ITEM_PROBABILITY]))


StatedMeasurement = StatedItems | StatedOrdinalItems | StatedIndicators


@dataclass(frozen=True)
class StatedModel:
    """Classes and, unless they are seen, answers that depend on them.

    Attributes
    ----------
    structural : StatedShares or StatedRegression
    measurement : StatedItems, StatedOrdinalItems or StatedIndicators, optional
        None where the class itself is observed.
    """

    structural: StatedShares | StatedRegression
    measurement: StatedMeasurement | None = None

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """One draw from the prior, each parameter with a leading axis of length 1."""
        measured = self.measurement.draw(rng) if self.measurement is not None else {}
        return self.structural.draw(rng) | measured

    def simulate(self, parameters: Parameters, n: int, rng: np.random.Generator) -> np.ndarray:
        """Codes of the classes of n rows, shape (row,), or of their answers, shape (row, item), given one draw."""
        share = np.exp(self.structural.class_log_shares(parameters)[0])
        latent_class = draw_category(np.broadcast_to(share, (n, share.shape[-1])), rng)
        if self.measurement is None:
            return latent_class
        return draw_category(parameters[ITEM_PROBABILITY][0, latent_class], rng)

    def log_prior(self, parameters: Parameters) -> np.ndarray:
        """Log prior density up to a constant, shape (draw,)."""
        measured = self.measurement.log_prior(parameters) if self.measurement is not None else 0.0
        return self.structural.log_prior(parameters) + measured

    def log_likelihood(self, parameters: Parameters, codes: np.ndarray) -> np.ndarray:
        """Log probability of what was observed, classes that are not seen summed out, shape (draw,)."""
        log_share = self.structural.class_log_shares(parameters)  # (draw, row or 1, class)
        rows = np.arange(len(codes))
        if self.measurement is None:
            return log_share[:, rows, codes].sum(axis=1)
        # item by item and not by `log_probability_of_answers`, which is among what this is to judge
        log_rho = np.log(np.maximum(parameters[ITEM_PROBABILITY], SMALLEST_PROBABILITY))
        log_joint = np.repeat(log_share, len(codes), axis=1) if log_share.shape[1] == 1 else log_share.copy()
        for j, answers in enumerate(codes.T):
            seen = answers != MISSING
            log_joint[:, seen] += np.moveaxis(log_rho[:, :, j, answers[seen]], 1, 2)
        return logsumexp(log_joint, axis=-1).sum(axis=1)


def _cumulative_logit(p: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Probabilities, shape (class, category), of an average class's p, shape (category,), moved by theta, (class,)."""
    below, above = p.cumsum()[:-1], p[::-1].cumsum()[::-1][1:]
    tau = np.log(below) - np.log(above)
    cut = np.concatenate([[-np.inf], tau, [np.inf]]) - theta[:, None]  # (class, category + 1)
    low, high = cut[:, :-1], cut[:, 1:]
    return np.where(low > 0, expit(-low) - expit(-high), expit(high) - expit(low))
