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

from bayes_lca.fitted.draws import draws_kept
from bayes_lca.likelihood.matrix_product import matrix_product
from bayes_lca.likelihood.row_sums import sum_products
from bayes_lca.posterior.labels.matching import cost_of_leaving, costs_of_moves, match

MOST_ROUNDS = 100
SMALLEST_MEMBERSHIP = 1e-12
"""Stands in for a mean membership of zero, whose logarithm has to be finite."""
NUMBERS_AT_ONCE = 2**18
"""Draws x rows x classes taken at a time."""


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
"""Positions of the draws of `draws_kept`, and their memberships, shape (draw, row, latent_class)."""


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
    return _costs(_classes_first(membership), _weight(mean, count))


def align_memberships(
    membership_in: Callable[[np.ndarray], np.ndarray],
    count: np.ndarray,
    order: np.ndarray,
    kept: Kept | None = None,
    sets: np.ndarray | None = None,
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
    kept : tuple of ndarray, optional
        Draws of `draws_kept` and their memberships, where these are at hand.
    sets : ndarray of int, shape (latent_class,), optional
        Sets of exchangeable classes: a label goes to a class of its set only. By default all are exchangeable.

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
    numbers, n_classes = len(count) * order.shape[1], order.shape[1]
    leaving = cost_of_leaving(np.zeros(n_classes) if sets is None else sets)
    step = max(1, NUMBERS_AT_ONCE // numbers)
    kept = kept or _keep(membership_in, draws_kept(len(order), numbers), step)
    blocks = [(which, kept[1][place : place + step]) for place, which in _in_blocks(kept[0], step)]
    first = _descend(blocks, count, order, leaving)
    by_one_draw = _by_one_draw(blocks, count, order, leaving)
    ends = [first]
    if not any(np.array_equal(by_one_draw[kept[0]], known[kept[0]]) for known in (order, first[0])):
        ends.append(_descend(blocks, count, by_one_draw, leaving))
    order, mean, cost = min(ends, key=lambda end: _total(end[2], end[0]))
    if len(kept[0]) < len(order):
        for _, which in _in_blocks(np.arange(len(order)), step):
            cost[which] = membership_costs(membership_in(which), mean, count) + leaving
            order[which] = _cheaper(cost[which], order[which])
    return Labels(order, costs_of_moves(cost, order))


def _keep(membership_in: Callable[[np.ndarray], np.ndarray], draws: np.ndarray, step: int) -> Kept:
    """Memberships of some draws in single precision."""
    parts = [membership_in(which).astype(np.float32) for _, which in _in_blocks(draws, step)]
    return draws, np.concatenate(parts)


def _descend(
    blocks: list[tuple[np.ndarray, np.ndarray]], count: np.ndarray, order: np.ndarray, leaving: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of all draws that none of those kept can better, their mean memberships, and costs of draws kept."""
    order, cost = order.copy(), np.zeros((len(order), *[order.shape[1]] * 2))
    n_kept = sum(len(which) for which, _ in blocks)
    mean = sum(_sum_in_order(_classes_first(membership), order[which]) for which, membership in blocks) / n_kept
    for _ in range(MOST_ROUNDS):
        weight, before, total = _weight(mean, count), order.copy(), np.zeros_like(mean)
        for which, membership in blocks:
            in_classes = _classes_first(membership)
            cost[which] = _costs(in_classes, weight) + leaving
            order[which] = _cheaper(cost[which], order[which])
            total += _sum_in_order(in_classes, order[which])
        if np.array_equal(order, before):
            break
        mean = total / n_kept
    return order, mean, cost


def _by_one_draw(
    blocks: list[tuple[np.ndarray, np.ndarray]], count: np.ndarray, order: np.ndarray, leaving: np.ndarray
) -> np.ndarray:
    """Labels by who is in the classes of one draw, which bear those it was given."""
    draws, memberships = blocks[len(blocks) // 2]
    mean = memberships[0][:, order[draws[0]]]
    order = order.copy()
    for which, membership in blocks:
        order[which] = match(membership_costs(membership, mean, count) + leaving)
    return order


def _total(cost: np.ndarray, order: np.ndarray) -> float:
    return float(np.take_along_axis(cost, order[:, None], axis=1).sum())


def _in_blocks(draws: np.ndarray, step: int) -> list[tuple[int, np.ndarray]]:
    """Some draws at a time, each with the place of the first."""
    return [(place, draws[place : place + step]) for place in range(0, len(draws), step)]


def _cheaper(cost: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The best assignment of each draw, or the one there was where it costs as little."""
    best = match(cost)
    before, after = (np.take_along_axis(cost, each[:, None], axis=1).sum(axis=(1, 2)) for each in (order, best))
    return np.where((after < before - 1e-9 * np.abs(before))[:, None], best, order)


def _classes_first(membership: np.ndarray) -> np.ndarray:
    """Memberships (draw, row, latent_class) in double precision as (latent_class, draw, row)."""
    return np.ascontiguousarray(np.moveaxis(membership, -1, 0), dtype=float)


def _weight(mean: np.ndarray, count: np.ndarray) -> np.ndarray:
    """What a member of each row costs in each class of a mean, shape (row, latent_class)."""
    return -count[:, None] * np.log(np.maximum(mean, SMALLEST_MEMBERSHIP))


def _costs(in_classes: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """`membership_costs` from what `_classes_first` and `_weight` give."""
    n_classes, n_draws, n_rows = in_classes.shape
    costs = sum_products(in_classes.reshape(n_classes * n_draws, n_rows).T, weight)
    return costs.reshape(n_classes, n_draws, -1).swapaxes(0, 1)


def _sum_in_order(in_classes: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Sum over draws of memberships with their labels, shape (row, latent_class)."""
    has_label = [(order == c).astype(float) for c in range(len(in_classes))]  # (draw, label)
    return sum(matrix_product(labels.T, members) for labels, members in zip(has_label, in_classes, strict=True)).T
