r"""Labels by who is in the classes: Stephens' algorithm on distinct rows and their counts.

.. math::
    \min_{\nu_1, \dots, \nu_S} \sum_s \sum_i n_i \sum_k p_{i \nu_s(k)}(\theta_s)
    \log \frac{p_{i \nu_s(k)}(\theta_s)}{q_{ik}}, \qquad q_{ik} = \frac{1}{S} \sum_s p_{i \nu_s(k)}(\theta_s)

Each round takes q as it is and labels every draw at the least cost, which lowers the sum, until no label changes. There
may be several such ends, so the search starts from the labels given and from the memberships of one draw, and the lower
end counts. Memberships of all draws are kept meanwhile; where they are too many, those of draws spread evenly, whose
mean then labels the others.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayes_lca.fitted.draws import DRAWS_AT_ONCE, NUMBERS_AT_ONCE
from bayes_lca.posterior.labels.matching import costs_of_moves, match

MOST_ROUNDS = 100
SMALLEST_MEMBERSHIP = 1e-12
"""Stands in for a mean membership of zero, whose logarithm has to be finite."""
NUMBERS_KEPT, FEWEST_KEPT = 2**25, 100
"""Memberships kept in single precision, 128 MiB, but for so many draws at the least."""


@dataclass(frozen=True, eq=False)
class Labels:
    r"""Labels of all draws, and how surely each is labelled.

    Attributes
    ----------
    order : ndarray of int, shape (draw, latent_class)
        Class of the draw that has label k.
    moves : ndarray, shape (draw, latent_class, latent_class)
        In nats, what the cheapest labelling costs more that gives the class of label k label l, infinite on the
        diagonal. If classes of the respondents are drawn from a draw's memberships, its exponential is how many times
        less likely they are with these labels, on average of the logarithm.
    """

    order: np.ndarray
    moves: np.ndarray

    @property
    def margin(self) -> np.ndarray:
        """What the second-best labelling of each draw costs more, in nats; shape (draw,)."""
        return self.moves.min(axis=(1, 2))


Kept = tuple[np.ndarray, np.ndarray]
"""Positions of some draws, and their memberships, shape (draw, row, latent_class)."""


def membership_costs(membership: np.ndarray, mean: np.ndarray, count: np.ndarray) -> np.ndarray:
    r"""What it costs to take each drawn class for each class of a mean, :math:`-\sum_i n_i p_{ic} \log q_{ik}`.

    Parameters
    ----------
    membership : ndarray, shape (draw, row, latent_class)
    mean : ndarray, shape (row, latent_class)
    count : ndarray, shape (row,)
        Respondents with each distinct row.

    Returns
    -------
    ndarray, shape (draw, latent_class of the draw, latent_class of the mean)
    """
    weight = count[:, None] * np.log(np.maximum(mean, SMALLEST_MEMBERSHIP))
    return -np.matmul(membership.swapaxes(1, 2), weight)


def align_memberships(
    membership_in: Callable[[np.ndarray], np.ndarray], count: np.ndarray, order: np.ndarray
) -> Labels:
    """Label draws so that their memberships differ least from their mean.

    Parameters
    ----------
    membership_in : callable
        From the positions of some draws to their membership probabilities, shape (draw, row, latent_class).
    count : ndarray, shape (row,)
        Respondents with each distinct row.
    order : ndarray of int, shape (draw, latent_class)
        Labels to start from.

    Returns
    -------
    Labels

    References
    ----------
    Stephens, M. (2000). Dealing with label switching in mixture models. JRSS B 62(4), 795-809.
    doi 10.1111/1467-9868.00265

    Examples
    --------
    >>> membership = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.1, 0.9], [0.7, 0.3]]])
    >>> labels = align_memberships(lambda draws: membership[draws], np.array([3, 2]), np.array([[0, 1], [1, 0]]))
    >>> labels.order
    array([[0, 1],
           [1, 0]])
    """
    n_draws, n_classes = order.shape
    numbers = len(count) * n_classes
    step = int(np.clip(NUMBERS_AT_ONCE // numbers, 1, DRAWS_AT_ONCE))
    n_kept = min(n_draws, max(FEWEST_KEPT, NUMBERS_KEPT // numbers))
    kept = [
        (which, membership_in(which).astype(np.float32))
        for which in _in_blocks(np.linspace(0, n_draws - 1, n_kept).astype(int), step)
    ]
    ends = [_descend(kept, count, start) for start in (order, _by_one_draw(kept, count, order))]
    order, mean, cost = min(ends, key=lambda end: _total(end[2], end[0]))
    if n_kept < n_draws:
        for which in _in_blocks(np.arange(n_draws), step):
            cost[which] = membership_costs(membership_in(which), mean, count)
            order[which] = _cheaper(cost[which], order[which])
    return Labels(order, costs_of_moves(cost, order))


def _descend(kept: list[Kept], count: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of all draws that none of those kept can better, their mean memberships, and costs of draws kept."""
    order, cost = order.copy(), np.zeros((len(order), *[order.shape[1]] * 2))
    n_kept = sum(len(which) for which, _ in kept)
    for _ in range(MOST_ROUNDS):
        mean = sum(_sum_in_order(membership, order[which]) for which, membership in kept) / n_kept
        before = order.copy()
        for which, membership in kept:
            cost[which] = membership_costs(membership, mean, count)
            order[which] = _cheaper(cost[which], order[which])
        if np.array_equal(order, before):
            break
    return order, mean, cost


def _by_one_draw(kept: list[Kept], count: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Labels by who is in the classes of one draw, which bear those it was given."""
    draws, memberships = kept[len(kept) // 2]
    mean = memberships[0][:, order[draws[0]]]
    order = order.copy()
    for which, membership in kept:
        order[which] = match(membership_costs(membership, mean, count))
    return order


def _total(cost: np.ndarray, order: np.ndarray) -> float:
    return float(np.take_along_axis(cost, order[:, None], axis=1).sum())


def _in_blocks(draws: np.ndarray, step: int) -> list[np.ndarray]:
    return np.split(draws, np.arange(step, len(draws), step))


def _cheaper(cost: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The best assignment of each draw, or the one there was where it costs as little."""
    best = match(cost)
    before, after = (np.take_along_axis(cost, each[:, None], axis=1).sum(axis=(1, 2)) for each in (order, best))
    return np.where((after < before - 1e-9 * np.abs(before))[:, None], best, order)


def _sum_in_order(membership: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Sum over draws of memberships with their labels, shape (row, latent_class)."""
    orders, which = np.unique(order, axis=0, return_inverse=True)
    return sum(
        membership[which.reshape(-1) == place].sum(axis=0, dtype=float)[:, each] for place, each in enumerate(orders)
    )
