"""Maximum likelihood, and modes of the posterior, of classes that restrictions or priors number from 1 to K."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_lca.likelihood.answers import (
    SMALLEST_PROBABILITY,
    indicators_of_answers,
    membership_and_log_likelihood,
)
from bayes_lca.likelihood.modes import MaximumLikelihood, distinct_ends, group_starts
from bayes_lca.likelihood.probability_sets import ProbabilitySets

TOLERANCE = 1e-10
UPDATES = 20_000
SAME = 0.01
"""Modes that differ by less, in log posterior and in all shares and probabilities, are one."""


@dataclass(frozen=True, eq=False)
class PosteriorMode:
    """A maximum of the posterior in logits of class shares and entries of probability sets.

    Attributes
    ----------
    log_posterior : float
        Up to a constant.
    class_share : ndarray, shape (latent_class,)
    item_probability : ndarray, shape (latent_class, item, category)
    """

    log_posterior: float
    class_share: np.ndarray
    item_probability: np.ndarray


def fit_restricted(
    codes: np.ndarray,
    counts: np.ndarray,
    n_categories: Sequence[int],
    sets: ProbabilitySets,
    *,
    n_starts: int = 50,
    seed: int = 0,
    tolerance: float = TOLERANCE,
    max_iterations: int = UPDATES,
) -> MaximumLikelihood:
    r"""Fit latent classes under restrictions by maximum likelihood from many random starts.

    Maximises :math:`\sum_i n_i \log \sum_k \pi_k \prod_{j\,\text{answered}} \rho_{k j y_{ij}}` over class shares and
    the free sets that the probabilities are made of, by expectation-maximisation: expected answers are added up over
    all probabilities that a free number enters [1]_. Classes keep the numbers that restrictions give them.

    Parameters
    ----------
    codes : ndarray of int, shape (pattern, item)
        Distinct rows of answers, -1 where missing.
    counts : ndarray, shape (pattern,)
    n_categories : sequence of int, shape (item,)
    sets : ProbabilitySets
    n_starts, seed, tolerance, max_iterations
        As for `fit_em`; the tolerance is of one update.

    Returns
    -------
    MaximumLikelihood

    References
    ----------
    .. [1] Mooijaart and van der Heijden (1992). The EM algorithm for latent class analysis with equality constraints.
       Psychometrika 57, 261-269. https://doi.org/10.1007/BF02294508

    Examples
    --------
    Two classes that answer two items alike, one always with 0:

    >>> weights = np.ones((1, 2, 2))
    >>> answers = np.array([[0, 0], [1, 1]]), np.array([30, 10]), (2, 2)
    >>> fit_restricted(*answers, ProbabilitySets.unrestricted(weights)).item_probability.round(2).tolist()
    [[[0.75, 0.25], [0.75, 0.25]]]
    """
    rng = np.random.default_rng(seed)
    n_classes = len(sets.constant)
    start = sets.draw_prior(rng, n_starts, uniform=True)
    share = np.full((n_starts, n_classes), 1 / n_classes)
    share, entries, total, converged = _climb(codes, counts, sets, share, start, 0.0, tolerance, max_iterations)
    order = np.argsort(-total, kind="stable")
    probability = sets.probabilities(entries[order])
    exists = np.arange(probability.shape[-1]) < np.asarray(n_categories)[:, None]
    parameters = np.concatenate([share[order][:, :, None], probability[:, :, exists]], axis=2)
    modes = group_starts(parameters, total[order], tuple(n_categories))
    membership, _ = membership_and_log_likelihood(modes[0].class_share, modes[0].item_probability, codes)
    return MaximumLikelihood(
        modes=modes,
        n_starts=n_starts,
        converged_starts=int(converged.sum()),
        maxima=distinct_ends(parameters, total[order], tuple(n_categories), modes[0]),
        membership=membership,
    )


def posterior_modes(
    codes: np.ndarray,
    counts: np.ndarray,
    sets: ProbabilitySets,
    candidates: Sequence[tuple[np.ndarray, np.ndarray]],
    exchangeable: np.ndarray,
    *,
    share_weight: float = 1.0,
) -> list[PosteriorMode]:
    """The distinct maxima of the posterior uphill of candidates, highest first.

    Parameters
    ----------
    codes, counts, sets
        As for `fit_restricted`.
    candidates : sequence of (ndarray, ndarray)
        Class shares and item probabilities to start from.
    exchangeable : ndarray of int, shape (latent_class,)
        The set of each class; within a set the largest class comes first.
    share_weight : float
        Of the Dirichlet prior of the class shares.

    Returns
    -------
    list of PosteriorMode
    """
    share, probability = (np.stack(part) for part in zip(*candidates, strict=True))
    share, probability = share + SMALLEST_PROBABILITY, probability + SMALLEST_PROBABILITY * (sets.constant > 0)
    start = sets.entries(probability)
    share, entries, height, _ = _climb(codes, counts, sets, share, start, share_weight, 1e-7, 5000)
    order = np.lexsort((-share, np.broadcast_to(exchangeable, share.shape)), axis=1)
    places = np.argsort(np.argsort(exchangeable, kind="stable"), kind="stable")
    order = order[:, places]  # classes of a set in the places that the set has
    share = np.take_along_axis(share, order, axis=1)
    probability = np.take_along_axis(sets.probabilities(entries), order[:, :, None, None], axis=1)
    kept: list[int] = []
    for place in np.argsort(-height, kind="stable").tolist():
        if not any(_are_one(height, share, probability, place, other) for other in kept):
            kept.append(place)
    return [PosteriorMode(float(height[place]), share[place], probability[place]) for place in kept]


def _are_one(height, share, probability, place: int, other: int) -> bool:
    return all(np.abs(values[place] - values[other]).max() < SAME for values in (height, share, probability))


def _climb(codes, counts, sets: ProbabilitySets, share, entries, share_weight: float, tolerance: float, most: int):
    """Updates of expectation-maximisation of every start to its end.

    With a weight of the shares the posterior is climbed, in logits, else the likelihood. Returns shares, entries, the
    log-likelihood or log posterior, and whether each start converged, shape (start,).
    """
    chosen = indicators_of_answers(codes, sets.constant.shape[-1])
    end_share, end, height = share.copy(), entries.copy(), np.full(len(share), -np.inf)
    running = np.arange(len(share))
    for _ in range(most):
        membership, total = membership_and_log_likelihood(share, sets.probabilities(entries), codes)
        now = total @ counts
        if share_weight:
            now = now + share_weight * np.log(np.maximum(share, SMALLEST_PROBABILITY)).sum(axis=1)
            now = now + sets.log_prior(entries)
        end_share[running], end[running] = share, entries
        climbing = ~(now - height[running] < tolerance)
        height[running] = now
        running, membership = running[climbing], membership[climbing]
        if not len(running):
            break
        counted = membership * counts[:, None]
        share = counted.sum(axis=1) + share_weight
        share = share / share.sum(axis=1, keepdims=True)
        table = np.matmul(counted.transpose(0, 2, 1), chosen).reshape(len(running), *sets.constant.shape)
        entries = sets.at_maximum(table, with_prior=bool(share_weight))
    converged = np.ones(len(end), dtype=bool)
    converged[running] = False
    return end_share, end, height, converged
