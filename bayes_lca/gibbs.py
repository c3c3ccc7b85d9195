r"""A latent class analysis sampled by turns: classes given probabilities, probabilities given classes.

.. math::
    P(c_i = k \mid \pi, \rho, y_i) &\propto \pi_k \prod_{j\,\text{answered}} \rho_{k j y_{ij}} \\
    \pi \mid c &\sim \operatorname{Dirichlet}(a + n_1, \dots, a + n_K) \\
    \rho_{kj} \mid c, y &\sim \operatorname{Dirichlet}(b + n_{kj1}, \dots, b + n_{kjC_j})

Every step is a draw from a known distribution, so it needs no tuning, holds where classes are empty, and has the
members of every class among its draws. Equal rows of answers are drawn together. Regressions have no such steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

SMALLEST_PROBABILITY = 1e-300
"""Stands in for zero, which gamma variables of a tiny shape can round to, where the logarithm is still finite."""


@dataclass(frozen=True, eq=False)
class GibbsDraws:
    """Draws of a latent class analysis, labels as they fell.

    Attributes
    ----------
    class_share : ndarray, shape (chain, draw, latent_class)
    item_probability : ndarray, shape (chain, draw, latent_class, item, category)
        0 beyond the categories of an item.
    members : ndarray of int, shape (chain, draw, latent_class)
        Respondents in each class.
    log_likelihood : ndarray, shape (chain, draw, pattern)
        Of one respondent with each pattern, the class summed out.
    """

    class_share: np.ndarray
    item_probability: np.ndarray
    members: np.ndarray
    log_likelihood: np.ndarray


def sample_gibbs(
    codes: np.ndarray,
    counts: np.ndarray,
    n_categories: Sequence[int],
    start: np.ndarray,
    *,
    share_weight: float = 1.0,
    category_weight: float = 1.0,
    draws: int,
    tune: int,
    seed: int,
    thin: int = 1,
) -> GibbsDraws:
    r"""Sample the posterior of class shares and item probabilities, all chains side by side.

    Parameters
    ----------
    codes : ndarray of int, shape (pattern, item)
        Distinct rows of answers, -1 where missing.
    counts : ndarray of int, shape (pattern,)
        Respondents with each.
    n_categories : sequence of int, shape (item,)
    start : ndarray, shape (chain, latent_class, item, category)
        Item probabilities every chain starts with, its shares equal; 0 beyond the categories of an item.
    share_weight, category_weight : float
        a and b of the Dirichlet priors.
    draws, tune : int
        Draws kept and draws thrown away before them.
    seed : int
    thin : int
        Sweeps for each draw.

    Returns
    -------
    GibbsDraws

    References
    ----------
    Diebolt, J. & Robert, C. P. (1994). Estimation of finite mixture distributions through Bayesian sampling. Journal
    of the Royal Statistical Society B 56(2), 363-375. doi 10.1111/j.2517-6161.1994.tb01985.x

    Examples
    --------
    >>> codes, start = np.array([[0, 0], [1, 1]]), np.full((1, 2, 2, 2), 0.5)
    >>> sample_gibbs(codes, np.array([3, 2]), (2, 2), start, draws=4, tune=0, seed=1).members.sum(axis=-1)
    array([[5, 5, 5, 5]])
    """
    found = sample_groups(
        [(codes, counts)],
        n_categories,
        start[:, None],
        free=np.zeros(start.shape[2], dtype=bool),
        share_weight=share_weight,
        category_weight=category_weight,
        draws=draws,
        tune=tune,
        seed=seed,
        thin=thin,
    )
    only = found.class_share[:, :, 0], found.item_probability[:, :, 0], found.members[:, :, 0]
    return GibbsDraws(*only, found.log_likelihood)


def sample_groups(
    answers: Sequence[tuple[np.ndarray, np.ndarray]],
    n_categories: Sequence[int],
    start: np.ndarray,
    *,
    free: np.ndarray,
    share_weight: float = 1.0,
    category_weight: float = 1.0,
    draws: int,
    tune: int,
    seed: int,
    thin: int = 1,
) -> GibbsDraws:
    """Sample several groups whose class shares differ, and the probabilities of some items.

    Parameters
    ----------
    answers : sequence of (ndarray, ndarray)
        Distinct rows of answers of each group, shape (pattern, item), and respondents with each, shape (pattern,).
    n_categories : sequence of int, shape (item,)
    start : ndarray, shape (chain, group, latent_class, item, category)
    free : ndarray of bool, shape (item,)
        Items whose probabilities differ between groups.
    share_weight, category_weight, draws, tune, seed, thin
        As for `sample_gibbs`.

    Returns
    -------
    GibbsDraws
        With an axis of groups behind that of the draws, but for the log-likelihood: patterns of all groups after each
        other, shape (chain, draw, pattern).
    """
    rng = np.random.default_rng(seed)
    n_chains, n_groups, n_classes, _, most = start.shape
    exists = np.arange(most) < np.asarray(n_categories)[:, None]  # (item, category)
    chosen = [_indicators(codes, most) for codes, _ in answers]
    share, probability = np.full((n_chains, n_groups, n_classes), 1 / n_classes), start.copy()
    kept = GibbsDraws(
        np.empty((n_chains, draws, *share.shape[1:])),
        np.empty((n_chains, draws, *start.shape[1:])),
        np.empty((n_chains, draws, *share.shape[1:]), dtype=int),
        np.empty((n_chains, draws, sum(len(counts) for _, counts in answers))),
    )
    for sweep in range(-tune * thin, draws * thin):
        parts = [
            _allocate(share[:, g], probability[:, g], chosen[g], counts, rng) for g, (_, counts) in enumerate(answers)
        ]
        log_likelihood, members, answered = zip(*parts, strict=True)
        members, answered = np.stack(members, axis=1), np.stack(answered, axis=1)
        if sweep >= 0 and sweep % thin == 0:
            draw = sweep // thin
            kept.class_share[:, draw], kept.item_probability[:, draw] = share, probability
            kept.members[:, draw], kept.log_likelihood[:, draw] = members, np.concatenate(log_likelihood, axis=-1)
        share = _draw_dirichlet(share_weight + members, rng)
        count = answered.reshape(probability.shape)
        for items, own in ((~free, count.sum(axis=1, keepdims=True)), (free, count)):
            if items.any():
                weight = np.where(exists, category_weight + own, 0.0)[..., items, :]
                probability[..., items, :] = _draw_dirichlet(weight, rng)
    return kept


def random_start(n_chains: int, n_classes: int, n_categories: Sequence[int], seed: int) -> np.ndarray:
    """Item probabilities drawn uniformly, shape (chain, latent_class, item, category)."""
    rng = np.random.default_rng(seed)
    exists = np.arange(max(n_categories)) < np.asarray(n_categories)[:, None]
    return _draw_dirichlet(np.broadcast_to(exists.astype(float), (n_chains, n_classes, *exists.shape)), rng)


def _indicators(codes: np.ndarray, most_categories: int) -> np.ndarray:
    """One where a category was chosen, shape (pattern, item * category)."""
    return (codes[:, :, None] == np.arange(most_categories)).reshape(len(codes), -1).astype(float)


def _allocate(share, probability, chosen, counts, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the classes of respondents: log-likelihood of each pattern, members, and answers of each class."""
    log_probability = np.log(np.maximum(probability, SMALLEST_PROBABILITY)).reshape(*share.shape, -1)
    log_share = np.log(np.maximum(share, SMALLEST_PROBABILITY))
    log_joint = np.matmul(chosen, log_probability.transpose(0, 2, 1)) + log_share[:, None]
    log_likelihood = logsumexp(log_joint, axis=-1)  # (chain, pattern)
    membership = np.exp(log_joint - log_likelihood[..., None])
    together = rng.multinomial(counts, membership / membership.sum(axis=-1, keepdims=True))
    return log_likelihood, together.sum(axis=1), np.matmul(together.transpose(0, 2, 1), chosen)


def _draw_dirichlet(weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    drawn = rng.standard_gamma(weight)
    return drawn / drawn.sum(axis=-1, keepdims=True)
