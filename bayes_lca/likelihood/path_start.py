"""Shares and transitions of classes that the answers of single waves give: where a latent transition model starts."""

from dataclasses import dataclass

import numpy as np

from bayes_lca.likelihood.path_recursion import expect_paths

STEPS = 25
"""Of expectation and maximisation, with the answers' part held where it is."""
PERSONS_ADDED = 0.5
"""To each move, so that every one remains possible."""


@dataclass(frozen=True, eq=False)
class PathStart:
    """What goes with classes as the answers give them.

    Attributes
    ----------
    transition : ndarray, shape (step or 1, origin, destination)
    membership : ndarray, shape (sequence, wave, latent_class)
        Given the answers at all waves.
    expected : ndarray, shape (sequence, step, latent_class)
        After each step, given the class before it.
    """

    transition: np.ndarray
    membership: np.ndarray
    expected: np.ndarray


def path_start(membership: np.ndarray, answers: np.ndarray, counts: np.ndarray, *, free: bool) -> PathStart:
    r"""Shares and transitions of maximum likelihood, the answers' part held at memberships of single waves.

    A membership of answers without regard to the path, :math:`m_c \propto \pi_c\, p(y \mid c)`, says how probable they
    are in each class, up to a factor: :math:`p(y \mid c) \propto m_c / \pi_c`.

    Parameters
    ----------
    membership : ndarray, shape (answers, latent_class)
        Of distinct answers.
    answers : ndarray of int, shape (sequence, wave)
        Which of them each sequence has, -1 where a wave is missing.
    counts : ndarray, shape (sequence,)
    free : bool
        Whether each step has transitions of its own.

    Returns
    -------
    PathStart
    """
    n_classes, n_steps = membership.shape[1], answers.shape[1] - 1
    given = answers >= 0
    weight = np.bincount(answers[given], weights=(given * counts[:, None])[given], minlength=len(membership))
    share = np.maximum(weight @ membership, 1e-3)
    density = np.concatenate([membership / (share / share.sum()), np.ones((1, n_classes))])[answers]
    density = np.maximum(density, 1e-12).transpose(1, 2, 0)[:, None]  # (wave, start, latent_class, sequence)
    initial = np.full((1, n_classes), 1 / n_classes)
    transition = np.full((1, n_steps if free else 1, n_classes, n_classes), 1 / n_classes)
    transition = (transition + np.eye(n_classes)) / 2
    for _ in range(STEPS):
        paths = expect_paths(initial, transition, density, counts)
        initial = _shares(paths.membership[0] @ counts)
        transition = _shares(paths.moves if free else paths.moves.sum(axis=1, keepdims=True))
    smoothed = paths.membership[:, 0].transpose(2, 0, 1)  # (sequence, wave, latent_class)
    return PathStart(transition[0], smoothed, expected_moves(smoothed, transition[0]))


def expected_moves(membership: np.ndarray, transition: np.ndarray) -> np.ndarray:
    """Class probabilities after each step given those before it, shape (sequence, step, latent_class)."""
    n_steps, n_classes = membership.shape[1] - 1, membership.shape[2]
    steps = np.broadcast_to(transition, (n_steps, n_classes, n_classes))
    return np.einsum("ntc,tcd->ntd", membership[:, :-1], steps)


def _shares(persons: np.ndarray) -> np.ndarray:
    more = persons + PERSONS_ADDED
    return more / more.sum(axis=-1, keepdims=True)
