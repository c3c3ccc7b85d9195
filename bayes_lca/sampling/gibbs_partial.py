r"""The Gibbs sampler of latent classes whose item probabilities vary between groups about common centres.

.. math::
    \rho_{gcj} &\sim \operatorname{Dirichlet}(\kappa_j m_{cj}), \qquad
    \kappa_j = \frac{1 - \delta_j}{\delta_j}, \qquad
    \operatorname{var}(\rho_{gcjk}) = \delta_j m_{cjk} (1 - m_{cjk}) \\
    m_{cj} &\sim \operatorname{Dirichlet}(b, \dots, b), \qquad
    s_j = \tfrac12 \sqrt{\delta_j} \sim \text{half-normal below } \tfrac12

where s is the standard deviation between groups of a probability of one half. Given the classes, s is drawn by slice
sampling with the probabilities of the groups integrated out; the centre m from the tables that the answers of each
group would take in a Chinese restaurant; the probabilities last. No step needs tuning.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, gammaln

from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY
from bayes_lca.sampling.gibbs import GibbsDraws, draw_dirichlet, gibbs_sweeps

SMALLEST_SD, LARGEST_SD = 1e-6, 0.5
"""Range of the standard deviations: below it groups are equal to all digits, above it there is no distribution."""


@dataclass(frozen=True, eq=False)
class PartialDraws:
    """Draws of the Gibbs sampler, labels of classes not aligned.

    Attributes
    ----------
    groups : GibbsDraws
        With an axis of groups, as from `sample_groups`.
    centre : ndarray, shape (chain, draw, latent_class, item, category)
        Means of the distributions of item probabilities over groups.
    sd : ndarray, shape (chain, draw, item)
        Standard deviation between groups of a probability of one half.
    """

    groups: GibbsDraws
    centre: np.ndarray
    sd: np.ndarray


def sample_partial(
    answers: Sequence[tuple[np.ndarray, np.ndarray]],
    n_categories: Sequence[int],
    start: np.ndarray,
    *,
    sd_scale: float,
    share_weight: float = 1.0,
    category_weight: float | np.ndarray = 1.0,
    draws: int,
    tune: int,
    seed: int,
    thin: int = 1,
) -> PartialDraws:
    """Gibbs sampler of groups whose item probabilities lie about common centres.

    Parameters
    ----------
    answers : sequence of (ndarray, ndarray)
        Distinct rows of answers of each group, shape (pattern, item), -1 where missing, and respondents with each,
        shape (pattern,).
    n_categories : sequence of int, shape (item,)
    start : ndarray, shape (chain, group, latent_class, item, category)
        Item probabilities every chain starts with; their means over groups are the first centres.
    sd_scale : float
        Of the half-normal prior of the standard deviations. Chains start with draws from it.
    share_weight, category_weight : float
        a and b of the Dirichlet priors of class shares and centres.
    draws, tune, seed, thin
        As for `sample_gibbs`.

    Returns
    -------
    PartialDraws

    References
    ----------
    Teh, Y. W., Jordan, M. I., Beal, M. J. & Blei, D. M. (2006). Hierarchical Dirichlet processes. Journal of the
    American Statistical Association 101(476), 1566-1581. doi 10.1198/016214506000000302

    Neal, R. M. (2003). Slice sampling. Annals of Statistics 31(3), 705-767. doi 10.1214/aos/1056562461

    Examples
    --------
    >>> answers = [(np.array([[0, 0], [1, 1]]), np.array([3, 2])), (np.array([[0, 1]]), np.array([4]))]
    >>> start = np.full((1, 2, 2, 2, 2), 0.5)
    >>> sample_partial(answers, (2, 2), start, sd_scale=0.1, draws=4, tune=0, seed=1).sd.shape
    (1, 4, 2)
    """
    exists = np.arange(start.shape[-1]) < np.asarray(n_categories)[:, None]  # (item, category)

    def draw_items(count, items, rng):
        _, centre, sd = items
        sd = draw_sd(sd, _log_density(count, centre, sd_scale), rng)
        weight = _concentration(sd)[:, None, :, None] * centre  # (chain, latent_class, item, category)
        tables = draw_tables(count, np.broadcast_to(weight[:, None], count.shape), rng).sum(axis=1)
        centre = draw_dirichlet(np.where(exists, category_weight + tables, 0.0), rng)
        weight = _concentration(sd)[:, None, :, None] * np.maximum(centre, SMALLEST_PROBABILITY)
        return draw_dirichlet(np.where(exists, weight[:, None] + count, 0.0), rng), centre, sd

    n_chains, _, _, n_items, _ = start.shape
    drawn = np.abs(np.random.default_rng(seed).normal(0.0, sd_scale, (n_chains, n_items)))
    first = start, start.mean(axis=1), np.clip(drawn, SMALLEST_SD, 0.9 * LARGEST_SD)
    result = PartialDraws(
        GibbsDraws.empty(start.shape, draws, sum(len(counts) for _, counts in answers)),
        np.empty((n_chains, draws, *start.shape[2:])),
        np.empty((n_chains, draws, n_items)),
    )
    settings = {"share_weight": share_weight, "draws": draws, "tune": tune, "seed": seed, "thin": thin}
    for draw, (state, (_, centre, sd)) in enumerate(gibbs_sweeps(answers, first, draw_items, **settings)):
        result.groups.put(draw, state)
        result.centre[:, draw], result.sd[:, draw] = centre, sd
    return result


def draw_sd(sd: np.ndarray, log_density: Callable, rng: np.random.Generator) -> np.ndarray:
    """Draw each standard deviation, shape (chain, item), by slice sampling, the slice shrunk from the whole range.

    `log_density` takes values, shape (case,), and which ones they are, a mask of shape (chain, item).
    """
    drawn, waiting = sd.copy(), np.ones(sd.shape, dtype=bool)
    left, right = np.full(sd.shape, SMALLEST_SD), np.full(sd.shape, LARGEST_SD)
    level = log_density(sd.ravel(), waiting).reshape(sd.shape) - rng.standard_exponential(sd.shape)
    while waiting.any():
        proposed = rng.uniform(left[waiting], right[waiting])
        below = proposed < sd[waiting]
        left[waiting] = np.where(below, proposed, left[waiting])
        right[waiting] = np.where(below, right[waiting], proposed)
        drawn[waiting] = proposed
        waiting[waiting] = log_density(proposed, waiting) < level[waiting]
    return drawn


def draw_tables(count: np.ndarray, weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    r"""Draw the tables of Chinese restaurant processes, one for each number of guests, of the same shape.

    Guest n + 1 takes a new table with probability :math:`a / (a + n)`, with a the weight of the restaurant.
    """
    guests, weight = count.ravel().astype(int), np.maximum(weight.ravel(), SMALLEST_PROBABILITY)
    restaurant = np.repeat(np.arange(len(guests)), guests)
    before = np.arange(len(restaurant)) - np.repeat(np.cumsum(guests) - guests, guests)
    concentration = weight[restaurant]
    new = rng.random(len(restaurant)) * (concentration + before) < concentration
    return np.bincount(restaurant, new, minlength=len(guests)).reshape(count.shape)


def _concentration(sd: np.ndarray) -> np.ndarray:
    share = 4 * sd**2
    return (1 - share) / share


def _log_density(count: np.ndarray, centre: np.ndarray, sd_scale: float) -> Callable:
    """Log density of standard deviations given answers counted in classes, the groups' probabilities integrated out."""
    by_item = np.moveaxis(count, 3, 1)  # (chain, item, group, latent_class, category)
    total = by_item.sum(axis=-1)
    centre = np.moveaxis(centre, 2, 1)[:, :, None]  # (chain, item, 1, latent_class, category)

    def log_density(sd: np.ndarray, which: np.ndarray) -> np.ndarray:
        concentration = _concentration(sd)[:, None, None]
        of_answers = _log_rising(concentration[..., None] * centre[which], by_item[which]).sum(axis=(1, 2, 3))
        return of_answers - _log_rising(concentration, total[which]).sum(axis=(1, 2)) - 0.5 * (sd / sd_scale) ** 2

    return log_density


def _log_rising(base: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Logarithm of base (base + 1) ... (base + steps - 1), exact to many digits where the base is large."""
    some = np.maximum(steps, 1)
    return np.where(steps > 0, gammaln(some) - betaln(np.maximum(base, SMALLEST_PROBABILITY), some), 0.0)
