"""The structural parts as their documentation states them, in plain NumPy: priors and class probabilities.

Nothing here comes from the PyMC models: what is drawn, and the densities of it, are written a second time, so that
posteriors can be judged against them. Parameters have the names and units of the draws that a fit returns, and a
leading axis of draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaln, log_softmax

from bayes_lca import priors
from bayes_lca.dims import (
    CLASS_SHARE,
    INTERCEPT,
    SLOPE,
    group_correlation,
    group_effect,
    group_sd,
    group_slope,
    group_slope_sd,
)
from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY

Parameters = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class GroupsOfRows:
    """Which group each row is in, and whether slopes vary by group.

    Attributes
    ----------
    name : str
    index : ndarray of int, shape (row,)
    varying : tuple of int
        Covariates whose slopes vary.
    """

    name: str
    index: np.ndarray
    varying: tuple[int, ...] = ()

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.index.max()) + 1


@dataclass(frozen=True)
class StatedShares:
    r"""Class shares :math:`\pi \sim \operatorname{Dirichlet}(a, \dots, a)`."""

    n_classes: int
    share: priors.Dirichlet

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """One draw from the prior."""
        return {CLASS_SHARE: rng.dirichlet(np.full(self.n_classes, self.share.a), size=1)}

    def log_prior(self, parameters: Parameters) -> np.ndarray:
        """Log density of each draw, shape (draw,)."""
        return log_dirichlet(parameters[CLASS_SHARE], self.share.a)

    def class_log_shares(self, parameters: Parameters) -> np.ndarray:
        """Log probability of each class, shape (draw, 1, latent_class)."""
        return np.log(parameters[CLASS_SHARE])[:, None]


@dataclass(frozen=True)
class StatedRegression:
    r"""Class logits :math:`\alpha_c + x^\top\beta_c + u_{cg} + (x - \bar x)^\top b_{cg}`, as `Regression` states them.

    Attributes
    ----------
    n_classes : int
    x : ndarray, shape (row, term)
        Covariates in their own units.
    groupings : tuple of GroupsOfRows
    intercept, slope : ZeroSumNormal
        Of the logits at the mean of the covariates, and of slopes per standard deviation.
    group_sd, group_slope_sd : HalfNormal
    correlation : LKJ, optional
        Of the random intercepts of three classes.
    """

    n_classes: int
    x: np.ndarray
    groupings: tuple[GroupsOfRows, ...]
    intercept: priors.ZeroSumNormal
    slope: priors.ZeroSumNormal
    group_sd: priors.HalfNormal
    group_slope_sd: priors.HalfNormal
    correlation: priors.LKJ | None = None

    @cached_property
    def center(self) -> np.ndarray:
        """Mean of each covariate, shape (term,)."""
        return self.x.mean(axis=0)

    @cached_property
    def scale(self) -> np.ndarray:
        """Standard deviation of each covariate, shape (term,)."""
        return self.x.std(axis=0)

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """One draw from the prior."""
        n_terms, k = self.x.shape[1], self.n_classes
        at_mean = centered(self.intercept.sigma * rng.normal(size=k))
        slope = centered(self.slope.sigma * rng.normal(size=(n_terms, k))) / self.scale[:, None]
        drawn = {INTERCEPT: at_mean - self.center @ slope, SLOPE: slope}
        for grouping in self.groupings:
            sd = np.abs(self.group_sd.sigma * rng.normal(size=k))
            effect = rng.normal(size=(grouping.n_groups, k))
            if self.correlation is not None:
                omega = _draw_lkj(self.correlation.eta, rng)
                drawn[group_correlation(grouping.name)] = omega
                effect = effect @ np.linalg.cholesky(omega).T
            drawn |= {group_sd(grouping.name): sd, group_effect(grouping.name): centered(sd * effect)}
            if grouping.varying:
                scale = self.scale[list(grouping.varying), None]
                slope_sd = np.abs(self.group_slope_sd.sigma * rng.normal(size=(len(grouping.varying), k))) / scale
                varied = slope_sd * rng.normal(size=(grouping.n_groups, *slope_sd.shape))
                drawn |= {group_slope_sd(grouping.name): slope_sd, group_slope(grouping.name): centered(varied)}
        if not n_terms:
            del drawn[SLOPE]
        return {name: values[None] for name, values in drawn.items()}

    def log_prior(self, parameters: Parameters) -> np.ndarray:
        """Log density of each draw up to a constant, shape (draw,); of contrasts where logits sum to zero."""
        at_mean, total = parameters[INTERCEPT], 0.0
        if SLOPE in parameters:
            at_mean = at_mean + np.einsum("t,stc->sc", self.center, parameters[SLOPE])
            standardised = parameters[SLOPE] * self.scale[:, None]
            total = total + log_zero_sum_normal(standardised, self.slope.sigma).sum(axis=1)
        total = total + log_zero_sum_normal(at_mean, self.intercept.sigma)
        for grouping in self.groupings:
            sd = parameters[group_sd(grouping.name)]  # (draw, class)
            total = total - 0.5 * ((sd / self.group_sd.sigma) ** 2).sum(axis=-1)
            covariance = sd[:, :, None] * np.eye(self.n_classes) * sd[:, None]
            if self.correlation is not None:
                omega = parameters[group_correlation(grouping.name)]
                covariance = sd[:, :, None] * omega * sd[:, None]
                total = total + (self.correlation.eta - 1) * np.linalg.slogdet(omega)[1]
            total = total + _log_normal_contrasts(parameters[group_effect(grouping.name)], covariance)
            if grouping.varying:
                scale = self.scale[list(grouping.varying), None]
                slope_sd = parameters[group_slope_sd(grouping.name)] * scale  # (draw, varying, class)
                varied = parameters[group_slope(grouping.name)] * scale  # (draw, group, varying, class)
                total = total - 0.5 * ((slope_sd / self.group_slope_sd.sigma) ** 2).sum(axis=(1, 2))
                for v in range(len(grouping.varying)):
                    covariance = slope_sd[:, v, :, None] * np.eye(self.n_classes) * slope_sd[:, v, None]
                    total = total + _log_normal_contrasts(varied[:, :, v], covariance)
        return total

    def class_log_shares(self, parameters: Parameters) -> np.ndarray:
        """Log probability of each class in every row, shape (draw, row, latent_class)."""
        eta = parameters[INTERCEPT][:, None]
        if SLOPE in parameters:
            eta = eta + np.einsum("it,stc->sic", self.x, parameters[SLOPE])
        for grouping in self.groupings:
            eta = eta + parameters[group_effect(grouping.name)][:, grouping.index]
            if grouping.varying:
                of_row = parameters[group_slope(grouping.name)][:, grouping.index]  # (draw, row, varying, class)
                about_mean = (self.x - self.center)[:, list(grouping.varying)]
                eta = eta + np.einsum("iv,sivc->sic", about_mean, of_row)
        return log_softmax(eta, axis=-1)


def centered(values: np.ndarray) -> np.ndarray:
    """Values less their mean over the last axis."""
    return values - values.mean(axis=-1, keepdims=True)


def log_dirichlet(p: np.ndarray, a: float) -> np.ndarray:
    """Log density of a symmetric Dirichlet distribution over the last axis."""
    size = p.shape[-1]
    density = (a - 1) * np.log(np.maximum(p, SMALLEST_PROBABILITY)).sum(axis=-1)
    return density + gammaln(size * a) - size * gammaln(a)


def log_zero_sum_normal(values: np.ndarray, sigma: float) -> np.ndarray:
    """Log density, up to a constant, of normals that sum to zero over the last axis."""
    return -0.5 * (values**2).sum(axis=-1) / sigma**2


def _draw_lkj(eta: float, rng: np.random.Generator) -> np.ndarray:
    """A correlation matrix of three variables from its partial correlations, which are beta distributed."""
    r12, r13 = 2 * rng.beta(eta + 0.5, eta + 0.5, size=2) - 1
    partial = 2 * rng.beta(eta, eta) - 1
    r23 = r12 * r13 + partial * np.sqrt((1 - r12**2) * (1 - r13**2))
    return np.array([[1, r12, r13], [r12, 1, r23], [r13, r23, 1]])


def _log_normal_contrasts(effect: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Log density of differences from the last class, (draw, group, class), summed over groups, shape (draw,)."""
    k = covariance.shape[-1]
    difference = np.column_stack([np.eye(k - 1), -np.ones(k - 1)])
    root = np.linalg.cholesky(difference @ covariance @ difference.T)
    d = np.swapaxes(effect @ difference.T, 1, 2)  # (draw, contrast, group)
    z = np.linalg.solve(root, d)
    log_determinant = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return -0.5 * (z**2).sum(axis=(1, 2)) - effect.shape[1] * log_determinant
