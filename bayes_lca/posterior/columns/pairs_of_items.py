"""Covariances of items that were not all asked of everybody, from the pairs that were, and one factor beside them."""

from collections.abc import Sequence

import numpy as np
import scipy

from bayes_lca.data.frame import named
from bayes_lca.posterior.columns.one_factor import SMALLEST_UNIQUENESS

LEAST_TOGETHER = 5
"""Respondents who answered two items, from whom their covariance is taken."""
TOLERANCE = 1e-7
MOST_ROUNDS = 1000


def pairs_asked(items: Sequence[str | int], score: np.ndarray) -> np.ndarray:
    """Which pairs of items enough respondents answered together, shape (item, item).

    Parameters
    ----------
    items : sequence of str
    score : ndarray, shape (respondent, item)
        Not a number where missing.

    Raises
    ------
    ValueError
        If an item does not vary, or pairs do not link all items, or hold no three items that were asked together in
        pairs, without which the loadings of one factor are not identified.
    """
    if constant := [item for item, of_item in zip(items, score.T, strict=True) if not np.nanstd(of_item) > 0]:
        raise ValueError(
            f"item(s) {named(constant)} have one answer only among the {len(score)} respondents with two answers; "
            "leave the item(s) out"
        )
    answered = (~np.isnan(score)).astype(float)
    asked = answered.T @ answered >= LEAST_TOGETHER
    np.fill_diagonal(asked, False)
    n_parts, part = scipy.sparse.csgraph.connected_components(asked, directed=False)
    triangle = np.trace(np.linalg.matrix_power(asked.astype(float), 3)) > 0
    if n_parts > 1 or not triangle:
        sizes = np.bincount(part)
        apart = [item for item, of_item in zip(items, part, strict=True) if of_item != sizes.argmax()]
        which = f"item(s) {named(apart)} were" if apart else "no three items were"
        raise ValueError(
            f"{which} answered together with the others, pair by pair, by at least {LEAST_TOGETHER} of the "
            f"{len(score)} respondents, so nothing is known of the covariances; leave out items that few answered"
        )
    return asked


def pairwise_covariances(score: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of every two items over those who answered both, in each sample.

    Parameters
    ----------
    score : ndarray, shape (row, item)
        Not a number where missing.
    weight : ndarray, shape (sample, row)
        How often each row is in the sample.

    Returns
    -------
    covariance : ndarray, shape (sample, item, item)
    together : ndarray, shape (sample, item, item)
        How many answered both.
    """
    answered = ~np.isnan(score)
    value = np.where(answered, score - np.nanmean(score, axis=0), 0.0)

    def summed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        both = (first[:, :, None] * second[:, None, :]).reshape(len(score), -1)
        return (weight @ both).reshape(len(weight), *score.shape[1:] * 2)

    together = summed(answered, answered)
    n = np.maximum(together, 1)
    first = summed(value, answered) / n  # mean of the first item over those who answered both
    return summed(value, value) / n - first * first.transpose(0, 2, 1), together


def one_factor_of_pairs(covariance: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Fit :math:`\sigma_{jk} = \lambda_j \lambda_k` to the pairs that were asked, by least squares.

    .. math:: \lambda_j = \frac{\sum_k s_{jk} \lambda_k}{\sum_k \lambda_k^2}

    over the items k that were asked with item j, of correlations s, round after round.

    Parameters
    ----------
    covariance : ndarray, shape (sample, item, item)
    asked : ndarray of bool, shape (sample, item, item)

    Returns
    -------
    loading, uniqueness : ndarray, shape (sample, item)
    converged : ndarray of bool, shape (sample,)

    References
    ----------
    Harman, H. H. & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres). Psychometrika 31(3), 351-368.
    doi 10.1007/BF02289468

    Examples
    --------
    >>> import numpy as np
    >>> asked = ~np.eye(4, dtype=bool)[None]
    >>> asked[0, 0, 3] = asked[0, 3, 0] = False  # whose covariance is not looked at
    >>> loading, uniqueness, _ = one_factor_of_pairs(np.full((1, 4, 4), 0.25) + 0.75 * np.eye(4), asked)
    >>> loading.round(4).tolist(), uniqueness.round(4).tolist()
    ([[0.5, 0.5, 0.5, 0.5]], [[0.75, 0.75, 0.75, 0.75]])
    """
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    correlation = np.where(asked, covariance / sd[:, :, None] / sd[:, None, :], 0.0)
    mean = correlation.sum(axis=(1, 2)) / asked.sum(axis=(1, 2))
    loading = np.full(sd.shape, np.sqrt(np.maximum(mean, 0.01))[:, None])
    moving = np.arange(len(sd))
    for _ in range(MOST_ROUNDS):
        start = loading[moving]
        squares = np.einsum("sjk,sk->sj", asked[moving], start**2)
        moved = np.einsum("sjk,sk->sj", correlation[moving], start) / np.maximum(squares, np.finfo(float).tiny)
        moved = np.clip((start + moved) / 2, -1.0, 1.0)
        loading[moving] = moved
        moving = moving[(np.abs(moved - start) > TOLERANCE).any(axis=1)]
        if not len(moving):
            break
    uniqueness = np.maximum(1 - loading**2, SMALLEST_UNIQUENESS)
    return loading * sd, uniqueness * sd**2, ~np.isin(np.arange(len(sd)), moving)
