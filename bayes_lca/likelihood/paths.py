r"""Paths through the classes summed out of draws, smoothed, and the most likely one; in NumPy.

.. math::
    p(y) = \sum_{z_1, \dots, z_T} P(z_1) \prod_{t=2}^T P(z_t \mid z_{t-1}) \prod_{t=1}^T p(y_t \mid z_t)

The recursions run on probabilities that are scaled to add up to one at every wave; classes and waves lie on the first
axes, and any others behind them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_lca.likelihood.moves import Moves, MovesByOrigin


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


def smooth_paths(
    initial: np.ndarray, transition: Sequence[np.ndarray | Moves], log_answers: np.ndarray, *, with_moves: bool = True
) -> SmoothedPaths:
    r"""Sum out the path, and go back for the classes at every wave.

    Forwards, :math:`\alpha_t(d) \propto p(y_t \mid d) \sum_c \alpha_{t-1}(c)\, P(d \mid c)`. Backwards,
    :math:`\beta_{t-1}(c) \propto \sum_d P(d \mid c)\, p(y_t \mid d)\, \beta_t(d)`.

    Parameters
    ----------
    initial : ndarray, shape (latent_class, ...)
        Probabilities of the classes at the first wave.
    transition : sequence of ndarray, shape (origin, destination, ...), or Moves
        Probabilities of moving, of each step.
    log_answers : ndarray, shape (wave, latent_class, ...)
        Log densities of the answers, 0 where a wave is missing.
    with_moves : bool
        Whether pairs of classes are wanted; without them ``moves`` is empty.

    Returns
    -------
    SmoothedPaths

    Examples
    --------
    >>> stay, answers = np.array([[0.9, 0.1], [0.2, 0.8]]), np.log([[0.5, 0.1], [0.5, 0.1]])
    >>> paths = smooth_paths(np.array([0.6, 0.4]), [stay], answers)
    >>> np.exp(paths.log_likelihood).round(4), paths.membership.round(3)
    (np.float64(0.1452), array([[0.95 , 0.05 ],
           [0.957, 0.043]]))
    """
    largest = log_answers.max(axis=1)
    return smooth_scaled(initial, transition, np.exp(log_answers - largest[:, None]), largest, with_moves=with_moves)


def smooth_scaled(
    initial: np.ndarray,
    transition: Sequence[np.ndarray | Moves],
    density: np.ndarray,
    largest: np.ndarray,
    *,
    with_moves: bool = True,
) -> SmoothedPaths:
    """As `smooth_paths`, from densities of the answers over the largest of the classes, and its logarithm.

    Parameters
    ----------
    initial, transition, with_moves
        As `smooth_paths` takes them.
    density : ndarray, shape (wave, latent_class, ...)
    largest : ndarray, shape (wave, ...)
    """
    n_waves, n_classes = density.shape[:2]
    steps = [each if isinstance(each, Moves) else MovesByOrigin(each) for each in transition]
    shape = np.broadcast_shapes(initial.shape[1:], *(each.shape[2:] for each in (*steps, density)))
    membership, total = np.empty((n_waves, n_classes, *shape)), np.empty((n_waves, *shape))
    for wave in range(n_waves):
        entering = steps[wave - 1].entering(membership[wave - 1]) if wave else initial
        np.multiply(entering, density[wave], out=membership[wave])
        total[wave] = np.maximum(membership[wave].sum(axis=0), np.finfo(float).tiny)
        membership[wave] /= total[wave]
    moves = np.empty((n_waves - 1 if with_moves else 0, n_classes, n_classes, *shape))
    ahead = density[-1] / total[-1]
    for step in range(n_waves - 2, -1, -1):
        if with_moves:
            moves[step] = membership[step][:, None] * steps[step].written_out * ahead
        backward = steps[step].ahead(ahead)
        membership[step] *= backward
        if step:
            ahead = backward * (density[step] / total[step])
    return SmoothedPaths((np.log(total) + largest).sum(axis=0), membership, moves)


def most_likely_paths(
    initial: np.ndarray, transition: Sequence[np.ndarray], log_answers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The most likely path given all answers, by the algorithm of Viterbi.

    Parameters
    ----------
    initial, transition, log_answers
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
    >>> stay, answers = np.array([[0.9, 0.1], [0.2, 0.8]]), np.log([[0.5, 0.1], [0.2, 0.4]])
    >>> most_likely_paths(np.array([0.6, 0.4]), [stay], answers)[0]
    array([0, 0])
    """
    shapes = [each.shape[2:] for each in (*transition, log_answers)]
    shape = np.broadcast_shapes(initial.shape[1:], *shapes)
    best = np.broadcast_to(np.log(initial) + log_answers[0], (len(initial), *shape))
    came_from = []
    for step, here in zip(transition, log_answers[1:], strict=True):
        reached = best[:, None] + np.log(step)  # (origin, destination, ...)
        came_from.append(reached.argmax(axis=0))
        best = reached.max(axis=0) + here
    path = [best.argmax(axis=0)]
    for origins in reversed(came_from):
        path.append(np.take_along_axis(origins, path[-1][None], axis=0)[0])
    return np.stack(path[::-1]), best.max(axis=0)
