r"""Paths through the classes summed out of draws, smoothed, and the most likely one; in NumPy.

.. math::
    p(y) = \sum_{z_1, \dots, z_T} P(z_1) \prod_{t=2}^T P(z_t \mid z_{t-1}) \prod_{t=1}^T p(y_t \mid z_t)

The recursions run on probabilities that are scaled to add up to one at every wave; classes and waves lie on the first
axes, and any others behind them.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class SmoothedPaths:
    """What is known of paths given all answers.

    Attributes
    ----------
    log_likelihood : ndarray, shape (...)
    membership : ndarray, shape (wave, latent_class, ...)
        Class probabilities at every wave.
    moves : ndarray, shape (step, origin, destination, ...)
        Probabilities of each pair of classes at waves that follow each other.
    """

    log_likelihood: np.ndarray
    membership: np.ndarray
    moves: np.ndarray


def smooth_paths(log_initial: np.ndarray, log_transition: np.ndarray, log_answers: np.ndarray) -> SmoothedPaths:
    r"""Sum out the path, and go back for the classes at every wave.

    Forwards, :math:`\alpha_t(d) \propto p(y_t \mid d) \sum_c \alpha_{t-1}(c)\, P(d \mid c)`. Backwards,
    :math:`\beta_{t-1}(c) \propto \sum_d P(d \mid c)\, p(y_t \mid d)\, \beta_t(d)`.

    Parameters
    ----------
    log_initial : ndarray, shape (latent_class, ...)
        Log probabilities of the classes at the first wave.
    log_transition : ndarray, shape (step, origin, destination, ...)
    log_answers : ndarray, shape (wave, latent_class, ...)
        Log densities of the answers, 0 where a wave is missing.

    Returns
    -------
    SmoothedPaths

    Examples
    --------
    >>> stay = np.log([[[0.9, 0.1], [0.2, 0.8]]])
    >>> answers = np.log([[0.5, 0.1], [0.5, 0.1]])
    >>> paths = smooth_paths(np.log([0.6, 0.4]), stay, answers)
    >>> np.exp(paths.log_likelihood).round(4), paths.membership.round(3)
    (np.float64(0.1452), array([[0.95 , 0.05 ],
           [0.957, 0.043]]))
    """
    n_waves = len(log_answers)
    largest = log_answers.max(axis=1, keepdims=True)
    density, transition = np.exp(log_answers - largest), np.exp(log_transition)
    shape = np.broadcast_shapes(log_initial.shape[1:], log_transition.shape[3:], log_answers.shape[2:])
    forward = np.empty((n_waves, len(log_initial), *shape))
    total = np.empty((n_waves, *shape))
    for wave in range(n_waves):
        entering = (forward[wave - 1][:, None] * transition[wave - 1]).sum(axis=0) if wave else np.exp(log_initial)
        forward[wave] = entering * density[wave]
        total[wave] = np.maximum(forward[wave].sum(axis=0), np.finfo(float).tiny)
        forward[wave] /= total[wave]
    membership, moves = forward, np.empty((n_waves - 1, *transition.shape[1:3], *shape))
    backward = np.ones_like(forward[0])
    for wave in range(n_waves - 1, 0, -1):
        ahead = density[wave] * backward / total[wave]
        moves[wave - 1] = forward[wave - 1][:, None] * transition[wave - 1] * ahead
        backward = (transition[wave - 1] * ahead).sum(axis=1)
        membership[wave - 1] *= backward
    return SmoothedPaths((np.log(total) + largest[:, 0]).sum(axis=0), membership, moves)


def most_likely_paths(
    log_initial: np.ndarray, log_transition: np.ndarray, log_answers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The most likely path given all answers, by the algorithm of Viterbi.

    Parameters
    ----------
    log_initial, log_transition, log_answers : ndarray
        As `smooth_paths` takes them.

    Returns
    -------
    path : ndarray of int, shape (wave, ...)
    log_joint : ndarray, shape (...)
        Log density of this path and the answers.

    References
    ----------
    Viterbi, A. (1967). Error bounds for convolutional codes and an asymptotically optimum decoding algorithm. IEEE
    Transactions on Information Theory 13(2), 260-269. doi 10.1109/TIT.1967.1054010

    Examples
    --------
    >>> stay, answers = np.log([[[0.9, 0.1], [0.2, 0.8]]]), np.log([[0.5, 0.1], [0.2, 0.4]])
    >>> most_likely_paths(np.log([0.6, 0.4]), stay, answers)[0]
    array([0, 0])
    """
    shape = np.broadcast_shapes(log_initial.shape[1:], log_transition.shape[3:], log_answers.shape[2:])
    best = np.broadcast_to(log_initial + log_answers[0], (len(log_initial), *shape))
    came_from = []
    for tau, here in zip(log_transition, log_answers[1:], strict=True):
        reached = best[:, None] + tau  # (origin, destination, ...)
        came_from.append(reached.argmax(axis=0))
        best = reached.max(axis=0) + here
    path = [best.argmax(axis=0)]
    for origins in reversed(came_from):
        path.append(np.take_along_axis(origins, path[-1][None], axis=0)[0])
    return np.stack(path[::-1]), best.max(axis=0)
