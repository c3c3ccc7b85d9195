"""The Gibbs sampler of a latent class analysis whose answer probabilities are made of fewer free ones."""

import numpy as np

from bayes_lca.likelihood.probability_sets import ProbabilitySets
from bayes_lca.sampling.gibbs import GibbsDraws, gibbs_sweeps


def sample_sets(
    codes: np.ndarray,
    counts: np.ndarray,
    sets: ProbabilitySets,
    start: np.ndarray,
    *,
    draws: int,
    tune: int,
    seed: int,
    thin: int = 1,
) -> GibbsDraws:
    """Gibbs sampler of class shares and of the free sets of item probabilities, all chains side by side.

    Parameters
    ----------
    codes : ndarray of int, shape (pattern, item)
        Distinct rows of answers, -1 where missing.
    counts : ndarray of int, shape (pattern,)
    sets : ProbabilitySets
        With the weights of their priors.
    start : ndarray, shape (chain, latent_class, item, category)
        Item probabilities that keep the restrictions.
    draws, tune, seed, thin
        As for `sample_gibbs`.

    Returns
    -------
    GibbsDraws

    Examples
    --------
    >>> codes, start = np.array([[0, 0], [1, 1]]), np.full((1, 2, 2, 2), 0.5)
    >>> sets = ProbabilitySets.unrestricted(np.ones((2, 2, 2)))
    >>> sample_sets(codes, np.array([3, 2]), sets, start, draws=4, tune=0, seed=1).members.sum(axis=-1)
    array([[5, 5, 5, 5]])
    """

    def draw_items(count, items, rng):
        _, before = items
        entries = sets.draw(count[:, 0], before, rng)
        return sets.probabilities(entries)[:, None], entries

    items = start[:, None], sets.entries(start)
    result = GibbsDraws.empty(start.shape, draws, len(counts))
    settings = {"share_weight": 1.0, "draws": draws, "tune": tune, "seed": seed, "thin": thin}
    for draw, (state, _) in enumerate(gibbs_sweeps([(codes, counts)], items, draw_items, **settings)):
        share, probability, members, log_likelihood = state
        result.put(draw, (share[:, 0], probability[:, 0], members[:, 0], log_likelihood))
    return result
