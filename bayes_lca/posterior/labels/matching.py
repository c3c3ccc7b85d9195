"""Which class of a draw, or of another fit, is which: one to one, at the least total cost."""

import numpy as np
import scipy


def profile_distances(profiles: np.ndarray, pivot: np.ndarray) -> np.ndarray:
    """Squared distance of each drawn class to each class of the pivot.

    Parameters
    ----------
    profiles : ndarray, shape (draw, latent_class, item, category)
    pivot : ndarray, shape (latent_class, item, category)

    Returns
    -------
    ndarray, shape (draw, latent_class of the draw, latent_class of the pivot)
    """
    drawn = np.nan_to_num(profiles).reshape(*profiles.shape[:2], -1)
    fixed = np.nan_to_num(pivot).reshape(len(pivot), -1)
    return ((drawn[:, :, None, :] - fixed[None, None]) ** 2).sum(axis=-1)


def match(cost: np.ndarray) -> np.ndarray:
    """Assign classes one to one at the least total cost.

    Parameters
    ----------
    cost : ndarray, shape (draw, latent_class of the draw, latent_class of the pivot)

    Returns
    -------
    ndarray of int, shape (draw, latent_class)
        Class of the draw that is class k of the pivot.
    """
    if cost.shape[1] < cost.shape[2]:
        return np.array([scipy.optimize.linear_sum_assignment(of_draw.T)[1] for of_draw in cost])
    order = cost.argmin(axis=1)  # the best assignment, but where a class is the cheapest of two
    for draw in np.flatnonzero((np.diff(np.sort(order, axis=1)) == 0).any(axis=1)):
        order[draw] = scipy.optimize.linear_sum_assignment(cost[draw].T)[1]
    return order


def cost_of_leaving(sets: np.ndarray) -> np.ndarray:
    """What it costs a class to take the label of another: nothing within a set of exchangeable classes, else infinite.

    Parameters
    ----------
    sets : ndarray of int, shape (latent_class,)
        From `FittedModel.exchangeable`.

    Returns
    -------
    ndarray, shape (latent_class, latent_class)

    Examples
    --------
    >>> cost_of_leaving(np.array([0, 1, 1]))
    array([[ 0., inf, inf],
           [inf,  0.,  0.],
           [inf,  0.,  0.]])
    """
    return np.where(sets[:, None] == sets, 0.0, np.inf)


def match_profiles(
    profiles: np.ndarray,
    pivot: np.ndarray,
    share: np.ndarray,
    pivot_share: np.ndarray | None = None,
    sets: np.ndarray | None = None,
) -> np.ndarray:
    r"""Assign classes one to one at the least squared distance of profiles, averaged over who is in the classes.

    .. math:: \min_\nu \sum_k \tfrac12 \bigl(\pi_{\nu(k)} + \pi'_k\bigr) \lVert \rho_{\nu(k)} - \rho'_k \rVert^2

    A class without members has any profile, near one class of the pivot in one draw and near another in the next: it
    takes the place that classes with members leave.

    Parameters
    ----------
    profiles : ndarray, shape (draw, latent_class, item, category)
    pivot : ndarray, shape (latent_class, item, category)
    share : ndarray, shape (draw, latent_class)
        Shares of the drawn classes.
    pivot_share : ndarray, shape (latent_class,), optional
        Shares of the classes of the pivot; only those of the draws count where they are not known.
    sets : ndarray of int, shape (latent_class,), optional
        Sets of exchangeable classes, which no class leaves; by default all classes are exchangeable.

    Returns
    -------
    ndarray of int, shape (draw, latent_class)
        Class of the draw that is class k of the pivot.

    Examples
    --------
    >>> pivot = np.array([[[0.9, 0.1]], [[0.5, 0.5]]])
    >>> drawn, share = np.array([[[[0.6, 0.4]], [[0.95, 0.05]]]]), np.array([[0.99, 0.01]])
    >>> match_profiles(drawn, pivot, share)
    array([[1, 0]])
    """
    weight = share[:, :, None]
    if pivot_share is not None:
        weight = (weight + pivot_share) / 2
    cost = profile_distances(profiles, pivot) * weight
    return match(cost if sets is None else cost + cost_of_leaving(sets))


def costs_of_moves(cost: np.ndarray, order: np.ndarray) -> np.ndarray:
    """By how much the cheapest assignment that moves a class to another place costs more than the best one.

    Where a class moves from place k to place l, the class there moves on, until one takes place k. What that costs is
    a shortest path from l back to k, by the algorithm of Floyd and Warshall: no cycle costs less than to stay.

    Parameters
    ----------
    cost : ndarray, shape (draw, latent_class of the draw, latent_class of the pivot)
    order : ndarray of int, shape (draw, latent_class)
        From `match`.

    Returns
    -------
    ndarray, shape (draw, from place, to place)
        Places are those of the pivot; infinite on the diagonal. The smallest element of a draw is the margin of the
        second-best assignment.
    """
    n_classes = cost.shape[1]
    placed = np.take_along_axis(cost, order[:, :, None], axis=1)  # (draw, class assigned to k, place l)
    step = placed - np.diagonal(placed, axis1=1, axis2=2)[:, :, None]
    path = step.copy()
    for middle in range(n_classes):
        path = np.minimum(path, path[:, :, middle, None] + path[:, middle, None, :])
    moves = np.maximum(step + path.swapaxes(1, 2), 0.0)
    moves[:, np.arange(n_classes), np.arange(n_classes)] = np.inf
    return moves
