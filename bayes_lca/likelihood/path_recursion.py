r"""Forward and backward recursions over waves, for many starts and distinct sequences at once.

Forwards, :math:`\alpha_t(d) \propto p(y_t \mid d) \sum_c \alpha_{t-1}(c)\, \tau_{t, cd}`, scaled to add up to one at
every wave. Backwards,
:math:`\beta_{t-1}(c) \propto \sum_d \tau_{t, cd}\, p(y_t \mid d)\, \beta_t(d)` on the same scale.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class PathExpectation:
    """What is expected of the paths given all answers.

    Attributes
    ----------
    log_density : ndarray, shape (start, sequence)
        Of each sequence, up to what was divided out of its answers.
    membership : ndarray, shape (wave, start, latent_class, sequence)
        Smoothed.
    moves : ndarray, shape (start, step, origin, destination)
        People expected to make each move.
    """

    log_density: np.ndarray
    membership: np.ndarray
    moves: np.ndarray


def expect_paths(
    initial: np.ndarray, transition: np.ndarray, density: np.ndarray, counts: np.ndarray
) -> PathExpectation:
    """What is expected of the paths, by one pass forwards and one back.

    Parameters
    ----------
    initial : ndarray, shape (start, latent_class)
    transition : ndarray, shape (start, step or 1, origin, destination)
    density : ndarray, shape (wave, start, latent_class, sequence)
        Of the answers, on any scale of its own for each sequence and wave; 1 where a wave is missing.
    counts : ndarray, shape (sequence,)

    Returns
    -------
    PathExpectation
    """
    n_waves, n_starts, n_classes, n_sequences = density.shape
    steps = np.broadcast_to(transition, (n_starts, n_waves - 1, n_classes, n_classes))
    forward, total = np.empty_like(density), np.empty((n_waves, n_starts, 1, n_sequences))
    for wave in range(n_waves):
        entering = steps[:, wave - 1].swapaxes(1, 2) @ forward[wave - 1] if wave else initial[..., None]
        np.multiply(entering, density[wave], out=forward[wave])
        forward[wave].sum(axis=1, keepdims=True, out=total[wave])
        forward[wave] /= total[wave]

    membership, moves = forward.copy(), np.empty(steps.shape)
    backward = np.ones_like(density[0])
    for wave in range(n_waves - 1, 0, -1):
        ahead = density[wave] * backward / total[wave]
        moves[:, wave - 1] = steps[:, wave - 1] * ((forward[wave - 1] * counts) @ ahead.swapaxes(1, 2))
        backward = steps[:, wave - 1] @ ahead
        membership[wave - 1] *= backward
    return PathExpectation(np.log(total).sum(axis=(0, 2)), membership, moves)
