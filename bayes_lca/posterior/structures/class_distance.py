"""How far apart two classes of two fits are, and how far they would be from sampling alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from bayes_lca.likelihood.tail_shares import tail_shares

SINGULAR = 1e-8
"""Part of the largest eigenvalue of a covariance below which one counts as 0: probabilities of an item add up to 1."""


def total_variation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    r"""Half the sum of absolute differences of two distributions, the largest difference in any set of answers.

    .. math:: \tfrac12 \sum_k |\rho_k - \rho'_k|

    Arrays of shape (..., category); the result has shape (...).

    Examples
    --------
    >>> float(total_variation(np.array([0.5, 0.5]), np.array([0.75, 0.25])))
    0.25
    """
    return np.abs(first - second).sum(axis=-1) / 2


def match_classes(
    reference: np.ndarray, other: np.ndarray, reference_share: np.ndarray, other_share: np.ndarray
) -> np.ndarray:
    r"""Assign classes one to one so that members of both fits are as alike as can be.

    .. math:: \max_\nu \sum_d \tfrac12 \bigl(\pi_{\nu(d)} + \pi'_d\bigr) \bigl(1 - D(\rho_{\nu(d)}, \rho'_d)\bigr)

    with the total variation D of posterior mean profiles, averaged over items. With equal numbers of classes it is the
    least average distance; where one fit has more, those left over are as unlike as can be. A class with few members,
    whose profile is hardly known, does not drive large ones apart.

    Parameters
    ----------
    reference, other : ndarray, shape (draw, latent_class, item, category)
    reference_share, other_share : ndarray, shape (draw, latent_class)

    Returns
    -------
    ndarray of int, shape (latent_class of `other`,)
        Class of `reference`, -1 where it has fewer.
    """
    mean, other_mean = reference.mean(axis=0), other.mean(axis=0)
    distance = total_variation(other_mean[:, None], mean[None]).mean(axis=-1)
    members = (other_share.mean(axis=0)[:, None] + reference_share.mean(axis=0)) / 2
    matched = np.full(len(distance), -1)
    rows, columns = scipy.optimize.linear_sum_assignment(-members * (1 - distance))
    matched[rows] = columns
    return matched


@dataclass(frozen=True, eq=False)
class ProfileDifference:
    r"""Two matched classes, item by item and as a whole, and what sampling alone would give.

    With draws a and b of some of the probabilities of both classes, the difference of posterior means is judged by

    .. math:: T = (\bar a - \bar b)^\top (\operatorname{cov} a + \operatorname{cov} b)^{-} (\bar a - \bar b)

    against the same with :math:`(a - \bar a) - (b - \bar b)` in place of the difference: posterior spread stands for
    that of estimates from other respondents with equal profiles. The probabilities are those of one item, or of all:
    members that are exchanged with another class move several items at once, and the covariance knows it.

    Attributes
    ----------
    distance : ndarray, shape (draw, item)
        Total variation.
    expected : ndarray, shape (draw, item)
        The same if profiles were equal.
    observed : ndarray, shape (item,)
        T of each item.
    sampled : ndarray, shape (draw, item)
        T if profiles were equal.
    observed_of_class : float
        T of all items together.
    sampled_of_class : ndarray, shape (draw,)
        The same if profiles were equal.
    difference : ndarray, shape (draw, item, category)
    """

    distance: np.ndarray
    expected: np.ndarray
    observed: np.ndarray
    sampled: np.ndarray
    observed_of_class: float
    sampled_of_class: np.ndarray
    difference: np.ndarray

    @property
    def p_by_item(self) -> np.ndarray:
        """Share of samples of equal profiles that differ at least as far, shape (item,)."""
        return (1 + (self.sampled >= self.observed).sum(axis=0)) / (1 + len(self.sampled))

    @property
    def p_of_class(self) -> float:
        """The same of all items together."""
        return float((1 + (self.sampled_of_class >= self.observed_of_class).sum()) / (1 + len(self.sampled_of_class)))


def profile_difference(reference: np.ndarray, other: np.ndarray) -> ProfileDifference:
    """Difference of two classes, `other` less `reference`; draws of shape (draw, item, category) in pairs."""
    centred = [profile - profile.mean(axis=0) for profile in (reference, other)]
    apart = centred[1] - centred[0]
    # Were profiles equal, a drawn distance would still come from two errors, each as wide as `apart`: that of the
    # estimates, which respondents chosen anew would move, and that of the draw about them. One draw of `apart` stands
    # for each. The two must not be the same draw: the first runs backwards, the second starts half way, so that they
    # meet in two places at the most.
    expected = apart[::-1] + np.roll(apart, len(apart) // 2, axis=0)
    mean = other.mean(axis=0) - reference.mean(axis=0)
    by_item = [
        _squared_distances(mean[j], apart[:, j], [profile[:, j] for profile in centred]) for j in range(len(mean))
    ]
    observed, sampled = zip(*by_item, strict=True)
    of_all_items = [profile.reshape(len(profile), -1) for profile in centred]
    observed_of_class, sampled_of_class = _squared_distances(mean.ravel(), apart.reshape(len(apart), -1), of_all_items)
    return ProfileDifference(
        distance=total_variation(reference, other),
        expected=np.abs(expected).sum(axis=-1) / 2,
        observed=np.array(observed),
        sampled=np.stack(sampled, axis=-1),
        observed_of_class=observed_of_class,
        sampled_of_class=sampled_of_class,
        difference=other - reference,
    )


def _squared_distances(mean: np.ndarray, apart: np.ndarray, centred: Sequence[np.ndarray]) -> tuple[float, np.ndarray]:
    """T of a difference of means, and of differences that are sampling alone.

    The covariance is that of these draws, which lie closer in it than others do. So T of the difference, which has
    Hotelling's distribution where draws are normal, is put at the same quantile of the distribution of T with the
    covariance known; draws fewer than quantities say nothing.

    Parameters
    ----------
    mean : ndarray, shape (quantity,)
    apart : ndarray, shape (draw, quantity)
        Differences of centred draws.
    centred : sequence of ndarray, shape (draw, quantity)
        Centred draws of both classes.

    Returns
    -------
    float
    ndarray, shape (draw,)
    """
    freedom = 2 * (len(apart) - 1)
    covariance = 2 * sum(draws.T @ draws for draws in centred) / freedom
    values, vectors = np.linalg.eigh(covariance)
    there = values > SINGULAR * values.max()
    scaled = vectors[:, there] / np.sqrt(values[there])
    sampled, rank = ((apart @ scaled) ** 2).sum(axis=-1), there.sum()
    left = freedom - rank + 1
    if rank == 0 or left < 1:
        return 0.0, sampled
    tail = scipy.stats.f.sf(((mean @ scaled) ** 2).sum() * left / (freedom * rank), rank, left)
    return float(scipy.stats.chi2.isf(tail, rank)), sampled


def smallest_p(differences: Sequence[ProfileDifference]) -> float:
    """One p-value for all classes: the smallest, compared with that in samples of equal profiles."""
    pairs = [tail_shares(np.array([each.observed_of_class]), each.sampled_of_class) for each in differences]
    observed, sampled = zip(*pairs, strict=True)
    smallest = np.array(sampled).min(axis=0)
    return float((1 + (smallest <= min(observed)).sum()) / (1 + len(smallest)))
