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
RISE = 1e-7
"""Rise of the log posterior in a cycle of three updates at which climbing ends."""
FIRST_UPDATES, MOST_CLIMBED = 30, 12
"""Updates of all candidates for modes of the posterior, and how many of them, the highest by then, are followed on."""
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
    all probabilities that a free number enters [1]_. Steps are lengthened by squared extrapolation where that does not
    lower the likelihood, as in `fit_em`. Classes keep the numbers that restrictions give them.

    Parameters
    ----------
    codes : ndarray of int, shape (pattern, item)
        Distinct rows of answers, -1 where missing.
    counts : ndarray, shape (pattern,)
    n_categories : sequence of int, shape (item,)
    sets : ProbabilitySets
    n_starts, seed, tolerance, max_iterations
        As for `fit_em`.

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
    share, entries, height, _ = _climb(codes, counts, sets, share, start, share_weight, RISE, FIRST_UPDATES)
    best = np.argsort(-height, kind="stable")[:MOST_CLIMBED]
    share, entries, height, _ = _climb(codes, counts, sets, share[best], entries[best], share_weight, RISE, UPDATES)
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


@dataclass(frozen=True, eq=False)
class _Climb:
    """What starts climb: the likelihood, or with a weight of the shares the posterior in logits."""

    codes: np.ndarray
    counts: np.ndarray
    chosen: np.ndarray
    sets: ProbabilitySets
    share_weight: float

    def update(self, share: np.ndarray, entries: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Shares and entries after one update of expectation-maximisation, and the height before it, (start,)."""
        membership, total = membership_and_log_likelihood(share, self.sets.probabilities(entries), self.codes)
        height = total @ self.counts
        if self.share_weight:
            height = height + self.share_weight * np.log(np.maximum(share, SMALLEST_PROBABILITY)).sum(axis=1)
            height = height + self.sets.log_prior(entries)
        counted = membership * self.counts[:, None]
        table = np.matmul(counted.transpose(0, 2, 1), self.chosen).reshape(len(share), *self.sets.constant.shape)
        members = counted.sum(axis=1) + self.share_weight
        at_maximum = self.sets.at_maximum(table, with_prior=bool(self.share_weight))
        return members / members.sum(axis=1, keepdims=True), at_maximum, height

    def cycle(self, share: np.ndarray, entries: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Two updates, a step along the parabola through them, and an update from there where that is no lower.

        Returns shares, entries and the gain in height, shape (start,).
        """
        once = self.update(share, entries)
        twice = self.update(*once[:2])
        points = [np.concatenate([part[0], part[1]], axis=1) for part in ((share, entries), once, twice)]
        r, v = points[1] - points[0], points[2] - 2 * points[1] + points[0]
        length = np.linalg.norm(r, axis=1) / np.maximum(np.linalg.norm(v, axis=1), SMALLEST_PROBABILITY)
        a = np.maximum(length, 1)[:, None]
        landing = points[0] + 2 * a * r + a**2 * v
        landing = np.where(landing > 0, landing, points[2] / 10)
        n_classes = share.shape[1]
        landed = landing[:, :n_classes] / landing[:, :n_classes].sum(axis=1, keepdims=True)
        beyond = self.update(landed, self.sets.normalised(landing[:, n_classes:]))
        higher = (beyond[2] >= twice[2])[:, None]
        gain = np.where(higher[:, 0], beyond[2], twice[2]) - once[2]
        return np.where(higher, beyond[0], twice[0]), np.where(higher, beyond[1], twice[1]), gain


def _climb(codes, counts, sets: ProbabilitySets, share, entries, share_weight: float, tolerance: float, most: int):
    """Every start to its end: shares, entries, height, and whether it converged, shape (start,)."""
    climb = _Climb(codes, counts, indicators_of_answers(codes, sets.constant.shape[-1]), sets, share_weight)
    end_share, end, running = share.copy(), entries.copy(), np.arange(len(share))
    for _ in range(max(most // 3, 1)):
        share, entries, gain = climb.cycle(share, entries)
        end_share[running], end[running] = share, entries
        climbing = ~(gain < tolerance)
        running, share, entries = running[climbing], share[climbing], entries[climbing]
        if not len(running):
            break
    converged = np.ones(len(end), dtype=bool)
    converged[running] = False
    return end_share, end, climb.update(end_share, end)[2], converged
