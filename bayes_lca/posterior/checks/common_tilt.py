"""Whether a person's answers to several items tilt together: what a response style or a common method leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, compress

import numpy as np
import scipy

MOST_SETS = 2000
"""Sets of items looked at: all of them up to ten items, of more items the smaller sets and the set of all."""


@dataclass(frozen=True)
class CommonTilt:
    r"""Score statistics of a tilt that is shared by the items of a set, for every set.

    A person's tilt t adds :math:`t k` to the log odds of category k, for all items of a set S. The score of its
    variance, at no variance, sums over the pairs of items in S

    .. math:: z_S \propto \sum_{j < l \in S} a_{jl}^\top \tilde R_{jl}, \qquad a_{km} = (k - \bar k)(m - \bar m)

    with :math:`\tilde R` the residuals of the cells of a pair, and z scaled to a variance of one in replicated data. A
    variance cannot be negative, so a set speaks for a tilt where z is positive, and sets are averaged as likelihood
    ratios are: :math:`\log \operatorname{mean}_S \exp(\max(z_S, 0)^2 / 2)`.

    Attributes
    ----------
    statistic : ndarray, shape (data set, draw)
    strongest : tuple of int
        Items of the set with the largest z, posterior median.
    """

    statistic: np.ndarray
    strongest: tuple[int, ...]


def common_tilt(cells: np.ndarray, pairs: Sequence[tuple[int, int]], sizes: Sequence[int]) -> CommonTilt:
    """The statistics of every set.

    Parameters
    ----------
    cells : ndarray, shape (data set, draw, pair, category, category)
        Residuals of the cells of each pair; data set 0 is observed, 1 replicated.
    pairs : sequence of (int, int)
        Pairs of items that somebody answered together; sets without any are not looked at.
    sizes : sequence of int, shape (item,)
        Number of categories of each item.
    """
    away = [np.arange(cells.shape[-1]) - (size - 1) / 2 for size in sizes]
    weight = np.array([np.outer(away[j], away[h]) for j, h in pairs])  # (pair, category, category)
    together = np.einsum("dspkm,pkm->dsp", cells, weight)
    sets = _sets(len(sizes))
    member = np.array([np.isin(np.arange(len(sizes)), items) for items in sets])  # (set, item)
    within = np.array([member[:, j] & member[:, h] for j, h in pairs], dtype=float).T  # (set, pair)
    has_pairs = within.any(axis=1)
    sets, within = list(compress(sets, has_pairs)), within[has_pairs]
    z = together @ within.T  # (data set, draw, set)
    z /= np.maximum(z[1].std(axis=0), np.finfo(float).tiny)
    return CommonTilt(
        statistic=scipy.special.logsumexp(np.maximum(z, 0.0) ** 2 / 2, axis=-1) - np.log(len(sets)),
        strongest=sets[int(np.median(z[0], axis=0).argmax())],
    )


def _sets(n_items: int) -> list[tuple[int, ...]]:
    """Sets of two items or more, smaller ones first, as many as are looked at."""
    sets, everything = [], tuple(range(n_items))
    for size in range(2, n_items):
        more = list(combinations(everything, size))
        if sets and len(sets) + len(more) > MOST_SETS:
            break
        sets += more
    return [*sets, everything]
