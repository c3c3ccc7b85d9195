"""How far apart two classes of two fits are, and how far they would be from sampling alone."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from bayes_lca.posterior.predictive_p import tail_shares


def total_variation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    r"""Half the sum of absolute differences of two distributions, the largest difference in any set of answers.

    .. math:: \tfrac12 \sum_k |\rho_k - \rho'_k|

    Arrays of shape (..., category); the result has shape (...).
    """
    return np.abs(one - other).sum(axis=-1) / 2


def match_classes(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Assign classes one to one at the least total distance of posterior mean profiles.

    Parameters
    ----------
    one, other : ndarray, shape (draw, latent_class, item, category)

    Returns
    -------
    ndarray of int, shape (latent_class of `other`,)
        Class of `one`, -1 where it has fewer.
    """
    mean, other_mean = one.mean(axis=0), other.mean(axis=0)
    distance = total_variation(other_mean[:, None], mean[None]).mean(axis=-1)
    matched = np.full(len(distance), -1)
    rows, columns = linear_sum_assignment(distance)
    matched[rows] = columns
    return matched


@dataclass(frozen=True, eq=False)
class ProfileDifference:
    r"""Two matched classes, item by item, and what sampling alone would give.

    With draws a and b of the profiles of both, the difference of posterior means is judged by

    .. math:: T_j = \sum_k \frac{(\bar a_{jk} - \bar b_{jk})^2}{\operatorname{var}(a_{jk}) + \operatorname{var}(b_{jk})}

    against the same with :math:`(a - \bar a) - (b - \bar b)` in place of the difference: posterior spread stands for
    that of estimates from other respondents with equal profiles.

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
    difference : ndarray, shape (draw, item, category)
    """

    distance: np.ndarray
    expected: np.ndarray
    observed: np.ndarray
    sampled: np.ndarray
    difference: np.ndarray

    @property
    def p_by_item(self) -> np.ndarray:
        """Share of samples of equal profiles that differ at least as far, shape (item,)."""
        return (1 + (self.sampled >= self.observed).sum(axis=0)) / (1 + len(self.sampled))

    @property
    def p_of_class(self) -> float:
        """The same of all items together."""
        return float((1 + (self.sampled.sum(axis=-1) >= self.observed.sum()).sum()) / (1 + len(self.sampled)))


def profile_difference(one: np.ndarray, other: np.ndarray) -> ProfileDifference:
    """Difference of two classes, `other` less `one`; draws of shape (draw, item, category), paired as they stand."""
    centred = [part - part.mean(axis=0) for part in (one, other)]
    apart = centred[1] - centred[0]
    again = apart[::-1] + apart[np.arange(len(apart)) - len(apart) // 2]
    variance = np.maximum(one.var(axis=0) + other.var(axis=0), np.finfo(float).tiny)
    mean = other.mean(axis=0) - one.mean(axis=0)
    return ProfileDifference(
        distance=total_variation(one, other),
        expected=np.abs(again).sum(axis=-1) / 2,
        observed=(mean**2 / variance).sum(axis=-1),
        sampled=(apart**2 / variance).sum(axis=-1),
        difference=other - one,
    )


def smallest_p(differences: list[ProfileDifference]) -> float:
    """One p-value for all items of all classes: the smallest, compared with that in samples of equal profiles."""
    pairs = [pair for one in differences for pair in zip(one.observed, one.sampled.T, strict=True)]
    observed, sampled = zip(*(tail_shares(*pair) for pair in pairs), strict=True)
    smallest = np.array(sampled).min(axis=0)
    return float((1 + (smallest <= min(observed)).sum()) / (1 + len(smallest)))
