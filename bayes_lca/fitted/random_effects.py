"""What groups add to class logits: of the groups that were seen, and of new ones."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_lca.dims import (
    OTHER_CLASS,
    TERM,
    group_correlation,
    group_effect,
    group_sd,
    group_slope,
    group_slope_sd,
    group_terms,
)
from bayes_lca.fitted.axes import class_axis, flat


@dataclass(frozen=True)
class GroupEffects:
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


def varying_terms(draws: xr.DataTree, grouping: str) -> np.ndarray:
    """Positions, among the terms of the design, of those whose slopes vary by group."""
    terms = [str(term) for term in draws["constant_data"][TERM].to_numpy()]
    if group_slope(grouping) not in draws["posterior"]:
        return np.array([], dtype=int)
    return np.array([terms.index(str(term)) for term in draws["posterior"][group_terms(grouping)].to_numpy()])


def seen_groups(draws: xr.DataTree, grouping: str, which: slice) -> GroupEffects:
    """Effects of the groups in the data, in the draws of `which`."""
    posterior, axis = draws["posterior"], class_axis(draws)
    intercept = flat(posterior[group_effect(grouping)], grouping, axis)[which]
    if group_slope(grouping) not in posterior:
        return GroupEffects(intercept)
    return GroupEffects(intercept, flat(posterior[group_slope(grouping)], grouping, group_terms(grouping), axis)[which])


def new_groups(
    draws: xr.DataTree, grouping: str, which: slice, rng: np.random.Generator, n_groups: int = 1
) -> GroupEffects:
    r"""Effects of groups that were not seen: :math:`u_c \sim N(0, \sigma_c^2)` anew in every draw.

    Parameters
    ----------
    draws : xarray.DataTree
    grouping : str
    which : slice
        Draws, chains after each other.
    rng : numpy.random.Generator
    n_groups : int
        New groups, independent given the draw.
    """
    posterior, axis = draws["posterior"], class_axis(draws)
    sd = flat(posterior[group_sd(grouping)], axis)[which]  # (draw, latent_class)
    z = rng.normal(size=(len(sd), n_groups, sd.shape[1]))
    if group_correlation(grouping) in posterior:
        root = np.linalg.cholesky(flat(posterior[group_correlation(grouping)], axis, OTHER_CLASS)[which])
        z = np.einsum("scd,sgd->sgc", root, z)
    intercept = sd[:, None] * z
    intercept -= intercept.mean(axis=-1, keepdims=True)
    if group_slope(grouping) not in posterior:
        return GroupEffects(intercept)
    slope_sd = flat(posterior[group_slope_sd(grouping)], group_terms(grouping), axis)[which]
    slope = slope_sd[:, None] * rng.normal(size=(len(sd), n_groups, *slope_sd.shape[1:]))
    return GroupEffects(intercept, slope - slope.mean(axis=-1, keepdims=True))
