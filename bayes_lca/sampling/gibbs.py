r"""The Gibbs sampler of a latent class analysis: classes given probabilities, probabilities given classes.

.. math::
    P(c_i = k \mid \pi, \rho, y_i) &\propto \pi_k \prod_{j\,\text{answered}} \rho_{k j y_{ij}} \\
    \pi \mid c &\sim \operatorname{Dirichlet}(a + n_1, \dots, a + n_K) \\
    \rho_{kj} \mid c, y &\sim \operatorname{Dirichlet}(b + n_{kj1}, \dots, b + n_{kjC_j})

Every full conditional is a known distribution, so the sampler needs no tuning, works where classes are empty, and has
the members of every class among its draws. Classes of respondents with equal answers are drawn together, as a
multinomial count. Regressions have no such full conditionals.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY, indicators_of_answers


@dataclass(frozen=True, eq=False)
class GibbsDraws:
    """Draws of a Gibbs sampler, labels of classes not aligned.

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

    @classmethod
    def empty(cls, shape: tuple[int, ...], draws: int, n_patterns: int) -> "GibbsDraws":
        """Arrays to be filled by `put`; `shape` is that of the item probabilities of all chains."""
        n_chains, *of_probability = shape
        of_share = of_probability[:-2]
        return cls(
            np.empty((n_chains, draws, *of_share)),
            np.empty((n_chains, draws, *of_probability)),
            np.empty((n_chains, draws, *of_share), dtype=int),
            np.empty((n_chains, draws, n_patterns)),
        )

    def put(self, draw: int, state: tuple[np.ndarray, ...]) -> None:
        """Store a draw of every chain: class shares, item probabilities, members and log-likelihood."""
        variables = self.class_share, self.item_probability, self.members, self.log_likelihood
        for values, of_draw in zip(variables, state, strict=True):
            values[:, draw] = of_draw


def sample_gibbs(
    codes: np.ndarray,
    counts: np.ndarray,
    n_categories: Sequence[int],
    start: np.ndarray,
    *,
    share_weight: float = 1.0,
    category_weight: float | np.ndarray = 1.0,
    draws: int,
    tune: int,
    seed: int,
    thin: int = 1,
) -> GibbsDraws:
    r"""Gibbs sampler of class shares and item probabilities, all chains side by side.

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
        a and b of the Dirichlet priors; b may differ, in an array of shape (item, category).
    draws, tune : int
        Draws kept, and draws of the warm-up, which are discarded.
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
    draws_of_group = sample_groups(
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
    return GibbsDraws(
        draws_of_group.class_share[:, :, 0],
        draws_of_group.item_probability[:, :, 0],
        draws_of_group.members[:, :, 0],
        draws_of_group.log_likelihood,
    )


def sample_groups(
    answers: Sequence[tuple[np.ndarray, np.ndarray]],
    n_categories: Sequence[int],
    start: np.ndarray,
    *,
    free: np.ndarray,
    share_weight: float = 1.0,
    category_weight: float | np.ndarray = 1.0,
    draws: int,
    tune: int,
    seed: int,
    thin: int = 1,
) -> GibbsDraws:
    """Gibbs sampler of several groups whose class shares differ, and the probabilities of some items.

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
    exists = np.arange(start.shape[-1]) < np.asarray(n_categories)[:, None]  # (item, category)

    def draw_items(count, items, rng):
        (probability,) = items
        probability = probability.copy()
        for which, of_which in ((~free, count.sum(axis=1, keepdims=True)), (free, count)):
            if which.any():
                weight = np.where(exists, category_weight + of_which, 0.0)[..., which, :]
                probability[..., which, :] = draw_dirichlet(weight, rng)
        return (probability,)

    result = GibbsDraws.empty(start.shape, draws, sum(len(counts) for _, counts in answers))
    settings = {"share_weight": share_weight, "draws": draws, "tune": tune, "seed": seed, "thin": thin}
    for draw, (state, _) in enumerate(gibbs_sweeps(answers, (start,), draw_items, **settings)):
        result.put(draw, state)
    return result


def gibbs_sweeps(
    answers: Sequence[tuple[np.ndarray, np.ndarray]],
    items: tuple[np.ndarray, ...],
    draw_items: Callable[[np.ndarray, tuple, np.random.Generator], tuple[np.ndarray, ...]],
    *,
    share_weight: float,
    draws: int,
    tune: int,
    seed: int,
    thin: int,
) -> Iterator[tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]]:
    """Sweeps of a Gibbs sampler: classes, then their shares, then item probabilities as the caller draws them.

    Parameters
    ----------
    answers : sequence of (ndarray, ndarray)
        As for `sample_groups`.
    items : tuple of ndarray
        Where the chains start: item probabilities, shape (chain, group, latent_class, item, category), and whatever
        they depend on.
    draw_items : callable
        From answers counted in each class, of the same shape, from `items` as they are and a random generator to new
        `items`.
    share_weight, draws, tune, seed, thin
        As for `sample_gibbs`.

    Yields
    ------
    state : tuple of ndarray
        The fields of `GibbsDraws` for one draw of every chain.
    items : tuple of ndarray
        Item probabilities of that draw, and whatever they depend on.
    """
    rng = np.random.default_rng(seed)
    n_chains, n_groups, n_classes, _, most = items[0].shape
    chosen = [indicators_of_answers(codes, most) for codes, _ in answers]
    share = np.full((n_chains, n_groups, n_classes), 1 / n_classes)
    for sweep in range(-tune * thin, draws * thin):
        probability = items[0]
        parts = [
            _allocate(share[:, g], probability[:, g], chosen[g], counts, rng) for g, (_, counts) in enumerate(answers)
        ]
        log_likelihood, members, answered = zip(*parts, strict=True)
        members, answered = np.stack(members, axis=1), np.stack(answered, axis=1)
        if sweep >= 0 and sweep % thin == 0:
            yield (share, probability, members, np.concatenate(log_likelihood, axis=-1)), items
        share = draw_dirichlet(share_weight + members, rng)
        items = draw_items(answered.reshape(probability.shape), items, rng)


def random_start(n_chains: int, n_classes: int, n_categories: Sequence[int], seed: int) -> np.ndarray:
    """Item probabilities drawn uniformly, shape (chain, latent_class, item, category)."""
    rng = np.random.default_rng(seed)
    exists = np.arange(max(n_categories)) < np.asarray(n_categories)[:, None]
    return draw_dirichlet(np.broadcast_to(exists.astype(float), (n_chains, n_classes, *exists.shape)), rng)


def _allocate(share, probability, chosen, counts, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the classes of respondents: log-likelihood of each pattern, members, and answers of each class."""
    # Not by `log_probability_of_answers`: the indicators are made once for all sweeps, and a product for each chain
    # is faster than a contraction that is planned anew in each sweep.
    log_probability = np.log(np.maximum(probability, SMALLEST_PROBABILITY)).reshape(*share.shape, -1)
    log_share = np.log(np.maximum(share, SMALLEST_PROBABILITY))
    log_joint = np.matmul(chosen, log_probability.transpose(0, 2, 1)) + log_share[:, None]
    largest = log_joint.max(axis=-1, keepdims=True)
    joint = np.exp(log_joint - largest)
    total = joint.sum(axis=-1, keepdims=True)
    log_likelihood = (np.log(total) + largest)[..., 0]  # (chain, pattern)
    allocated = rng.multinomial(counts, joint / total)  # (chain, pattern, latent_class)
    return log_likelihood, allocated.sum(axis=1), np.matmul(allocated.transpose(0, 2, 1), chosen)


def draw_dirichlet(weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw from Dirichlet distributions along the last axis; a weight of 0 gives 0."""
    drawn = rng.standard_gamma(weight)
    vanished = (drawn == 0).all(axis=-1)
    if vanished.any():  # gamma variables of tiny shapes round to 0; all the mass is in one category then
        drawn[vanished] = rng.multinomial(1, weight[vanished] / weight[vanished].sum(axis=-1, keepdims=True))
    return drawn / drawn.sum(axis=-1, keepdims=True)
