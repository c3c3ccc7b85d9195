"""What groups add to class logits in every draw: twin of the random effects of a regression, in NumPy."""

from dataclasses import dataclass

import numpy as np

from bayes_lca.dims import (
    OTHER_CLASS,
    group_correlation,
    group_effect,
    group_sd,
    group_slope,
    group_slope_sd,
    group_terms,
)


@dataclass(frozen=True)
class RandomEffectDraws:
    """Random intercepts and slopes of groups.

    Attributes
    ----------
    intercept : ndarray, shape (draw, group, latent_class)
        At the mean of the covariates; sums to zero over classes.
    slope : ndarray, shape (draw, group, group_term, latent_class), optional
        What a group adds to the slopes, in the user's units; None where only intercepts vary.
    """

    intercept: np.ndarray
    slope: np.ndarray | None = None

    def in_draws(self, which: slice) -> "RandomEffectDraws":
        """Those of some draws."""
        return RandomEffectDraws(self.intercept[which], None if self.slope is None else self.slope[which])

    @property
    def none(self) -> "RandomEffectDraws":
        """Those of one average group: zero."""
        slope = None if self.slope is None else np.zeros_like(self.slope[:, :1])
        return RandomEffectDraws(np.zeros_like(self.intercept[:, :1]), slope)

    def followed_by(self, others: "RandomEffectDraws") -> "RandomEffectDraws":
        """With other groups of the same grouping behind these."""
        intercept = np.concatenate([self.intercept, others.intercept], axis=1)
        slope = None if self.slope is None else np.concatenate([self.slope, others.slope], axis=1)
        return RandomEffectDraws(intercept, slope)


def varying_terms(fit, grouping: str) -> np.ndarray:
    """Positions, among the terms of the design, of those whose slopes vary by group."""
    if group_slope(grouping) not in fit.posterior:
        return np.array([], dtype=int)
    return np.array([fit.terms.index(str(term)) for term in fit.posterior[group_terms(grouping)].to_numpy()])


def effects_of_seen_groups(fit, grouping: str, which: slice) -> RandomEffectDraws:
    """Effects of the groups in the data, in some draws, chains after each other."""
    posterior, axis = fit.posterior, fit.class_axis
    intercept = fit.parameter(group_effect(grouping), grouping, axis)[which]
    if group_slope(grouping) not in posterior:
        return RandomEffectDraws(intercept)
    slope = fit.parameter(group_slope(grouping), grouping, group_terms(grouping), axis)[which]
    return RandomEffectDraws(intercept, slope)


def effects_of_new_groups(
    fit, grouping: str, which: slice, rng: np.random.Generator, n_groups: int = 1
) -> RandomEffectDraws:
    r"""Effects of groups that were not seen, drawn from the distribution of groups anew in every draw.

    Intercepts are :math:`N(0, \Sigma)` with the standard deviations and correlations of the classes, slopes
    independent :math:`N(0, \tau^2)`, both less their mean over classes.

    Parameters
    ----------
    fit : Fit
    grouping : str
    which : slice
        Draws, chains after each other.
    rng : numpy.random.Generator
    n_groups : int
        New groups, independent given the draw.
    """
    posterior, axis = fit.posterior, fit.class_axis
    sd = fit.flat(posterior[group_sd(grouping)], axis)[which]  # (draw, latent_class)
    z = rng.normal(size=(len(sd), n_groups, sd.shape[1]))
    if group_correlation(grouping) in posterior:
        root = np.linalg.cholesky(fit.flat(posterior[group_correlation(grouping)], axis, OTHER_CLASS)[which])
        z = np.einsum("scd,sgd->sgc", root, z)
    intercept = sd[:, None] * z
    intercept -= intercept.mean(axis=-1, keepdims=True)
    if group_slope(grouping) not in posterior:
        return RandomEffectDraws(intercept)
    slope_sd = fit.flat(posterior[group_slope_sd(grouping)], group_terms(grouping), axis)[which]
    slope = slope_sd[:, None] * rng.normal(size=(len(sd), n_groups, *slope_sd.shape[1:]))
    return RandomEffectDraws(intercept, slope - slope.mean(axis=-1, keepdims=True))
