"""How many persons are in each class at every wave of a fit, and how many go from which to which."""

from dataclasses import dataclass

import numpy as np

from bayes_lca.fitted.moves import move_probabilities
from bayes_lca.fitted.paths import paths_of

NUMBERS_AT_ONCE = 2**21
"""Draws x rows x moves held in memory at a time."""


@dataclass(frozen=True, eq=False)
class Flows:
    """Shares of the persons, averages over them of what their covariates and groups make likely, before answers.

    Attributes
    ----------
    size : ndarray, shape (draw, wave, latent_class)
        Of the persons in each class.
    moves : ndarray, shape (draw, step, origin, destination)
        In one class before a step and in another after it.
    stayed : ndarray, shape (draw, latent_class)
        In the same class at all waves.
    n : ndarray of int, shape (wave,)
        Persons averaged over: those seen at the wave or later, of whom covariates are known.
    """

    size: np.ndarray
    moves: np.ndarray
    stayed: np.ndarray
    n: np.ndarray


def flows_of(fit) -> Flows:
    """The flows of a fit of `LatentTransition`, computed once."""
    return fit.once("flows", lambda: _flows(fit))


def _flows(fit) -> Flows:
    paths = paths_of(fit)
    rows, weight = _distinct(fit, paths)
    k, n_steps = len(fit.classes), len(paths.steps)
    size, stayed = np.empty((fit.n_draws, n_steps + 1, k)), np.empty((fit.n_draws, k))
    moves = np.empty((fit.n_draws, n_steps, k, k))
    at_once = max(1, NUMBERS_AT_ONCE // (len(rows) * k * k))
    for start in range(0, fit.n_draws, at_once):
        which = slice(start, min(start + at_once, fit.n_draws))
        here = np.moveaxis(np.exp(fit.log_class(rows, which)), -1, 0)  # (class, draw, row or 1)
        here = np.broadcast_to(here, (*here.shape[:2], len(rows)))
        staying = here
        size[which, 0] = (here @ weight[0]).T
        for step in range(n_steps):
            groups = {name: np.maximum(index[rows, step], 0) for name, index in paths.transition_group.items()}
            transition = move_probabilities(paths, which, step, paths.transition_matrix[rows, step], groups)
            joint = here[:, None] * transition  # (origin, destination, draw, row)
            moves[which, step] = np.moveaxis(joint @ weight[step + 1], -1, 0)
            here = joint.sum(axis=0)
            size[which, step + 1] = (here @ weight[step + 1]).T
            staying = staying * np.moveaxis(np.diagonal(transition), -1, 0)
        stayed[which] = (staying @ weight[-1]).T
    n = np.concatenate([[fit.count.sum()], fit.count @ paths.moved]).astype(int)
    return Flows(size, moves, stayed, n)


def _distinct(fit, paths) -> tuple[np.ndarray, np.ndarray]:
    """Sequences whose covariates or groups differ, and shares of the persons who have each, weighted, (wave, row)."""
    n, moved = len(fit.count), paths.moved
    known = (
        np.column_stack(
            [
                fit.matrix,
                *fit.group_of_pattern.values(),
                np.where(moved[..., None], paths.transition_matrix, 0).reshape(n, -1),
                *(np.where(moved, index, -1) for index in paths.transition_group.values()),
            ]
        )
        if fit.has_regression or paths.transition_terms or paths.transition_groupings
        else np.zeros((n, 1))
    )
    _, first, row = np.unique(known, axis=0, return_index=True, return_inverse=True)
    seen = np.column_stack([np.ones(n, dtype=bool), moved])
    weight = np.stack([np.bincount(row.reshape(-1), fit.weight * of_wave, len(first)) for of_wave in seen.T])
    return first, weight / weight.sum(axis=1, keepdims=True)
