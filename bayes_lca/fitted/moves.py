"""Probabilities of moving at rows of covariates and groups, classes first in memory."""

from collections.abc import Mapping

import numpy as np

from bayes_lca.dims import CLASS, OTHER_CLASS, TRANSITION_SLOPE, TRANSITION_TERM, group_terms
from bayes_lca.fitted.random_effects import RandomEffectDraws, effects_of_seen_groups
from bayes_lca.likelihood.matrix_product import matrix_product
from bayes_lca.likelihood.moves import Moves, MovesAlike, MovesByOrigin


def moves_at(
    paths,
    which: slice,
    step: int,
    matrix: np.ndarray,
    groups: Mapping[str, np.ndarray],
    effects: Mapping[str, RandomEffectDraws] | None = None,
) -> Moves:
    """How likely moves are at one step.

    Parameters
    ----------
    paths : FittedPaths
    which : slice
        Draws, chains after each other.
    step : int
    matrix : ndarray, shape (row, term)
        Design of the transitions in the user's units.
    groups : mapping of str to ndarray of int, shape (row,)
        Group of each row by grouping, such as ``transition_group``; one left out, and -1, count as an average group.
    effects : mapping of str to RandomEffectDraws, optional
        Of the draws in `which`, in place of the effects of the groups that were seen.

    Returns
    -------
    Moves, of shape (origin, destination, draw, row), or (origin, destination, draw, 1) where no row differs
    """
    tau = np.moveaxis(paths.transition_logits(which)[:, step], 0, -1)[..., None]  # (origin, destination, draw, 1)
    moving = _moving(paths, which, matrix, groups, effects)  # (origin or 1, destination, draw, row)
    at_mean, moving = (np.exp(each - each.max(axis=1, keepdims=True)) for each in (tau, moving))
    if len(moving) == 1:
        return MovesAlike(at_mean[..., 0], moving[0])
    odds = at_mean * moving
    return MovesByOrigin(odds / odds.sum(axis=1, keepdims=True))


def move_probabilities(*of_rows, **options) -> np.ndarray:
    """Probabilities of moving at one step, shape (origin, destination, draw, row or 1); arguments of `moves_at`."""
    return moves_at(*of_rows, **options).written_out


def moves_of_groups(paths, grouping: str) -> np.ndarray:
    """Moves of persons in every group of a grouping of the transitions, shape (group,)."""
    paths.fit.require_respondents("how many move in each group")
    index, count = paths.transition_group[grouping], paths.fit.count[:, None] * paths.moved
    return np.bincount(index[paths.moved], count[paths.moved], paths.fit.encoding.sizes[grouping]).astype(int)


def _moving(paths, which: slice, matrix: np.ndarray, groups: Mapping, effects: Mapping | None):
    """What covariates and groups add to the logits, shape (origin or 1, destination, draw, row)."""
    fit, k = paths.fit, len(paths.fit.classes)
    moving = np.zeros((1, k, 1, 1))
    if TRANSITION_SLOPE in fit.posterior:
        by_origin = OTHER_CLASS in fit.posterior[TRANSITION_SLOPE].dims
        slope = fit.parameter(TRANSITION_SLOPE, TRANSITION_TERM, *[CLASS, OTHER_CLASS][: 1 + by_origin])[which]
        slope = slope.reshape(len(slope), slope.shape[1], -1, k)  # (draw, term, origin or 1, destination)
        moving = moving + _products(slope, matrix - paths.transition_center)
    for name, index in groups.items():
        of_group = effects[name] if effects is not None else effects_of_seen_groups(fit, name, which)
        of_group = of_group.followed_by(of_group.none)  # which a group of -1 has
        moving = moving + np.moveaxis(of_group.intercept, -1, 0)[None, :, :, index]
        if of_group.slope is not None:
            terms = [paths.transition_terms.index(str(term)) for term in fit.posterior[group_terms(name)].to_numpy()]
            centered = (matrix - paths.transition_center)[:, terms]
            slope = np.moveaxis(of_group.slope, -1, 0)[..., index, :]  # (destination, draw, row, term)
            moving = moving + np.einsum("dsnt,nt->dsn", slope, centered)[None]
    return moving


def _products(slope: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """What slopes (draw, term, origin, destination) add at rows (row, term), shape (origin, destination, draw, row)."""
    first = slope.transpose(2, 3, 0, 1)
    return matrix_product(first.reshape(-1, first.shape[-1]), matrix.T).reshape(*first.shape[:3], len(matrix))
