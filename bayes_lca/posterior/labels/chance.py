r"""How large R-hat gets by chance where chains agree.

R-hat compares the variance of the means of half chains, B, with that within them, W. Where all halves have one
distribution their means differ by chance alone: with M half chains and S effective draws in all,

.. math:: \hat R^2 \approx 1 + \frac{M}{S} F, \qquad F \sim F_{M - 1,\, S - M},

the F of the analysis of variance with effective draws in place of observations. A rule such as 1.01 asks for more or
less than chance gives, depending on S: at S = 400 and M = 8 a converged quantity exceeds it with probability .4, and
the largest of hundreds nearly always. S is what each chain says by itself: the usual effective sample size falls where
chains disagree, and would excuse what it should show.
"""

import math

import numpy as np
import scipy

from bayes_lca.fitted.chain_diagnostics import effective_draws_of_mean, normal_scores

FALSE_ALARM = 0.001
"""Probability that the largest R-hat of a fit whose chains agree passes the limit, over all its quantities."""


def effective_draws(values: np.ndarray, step: np.ndarray | None = None) -> np.ndarray:
    r"""Effective draws behind the means that R-hat compares, every chain judged by itself.

    Of the ranks of the values and of their distances from the median, whichever has fewer.

    Parameters
    ----------
    values : ndarray, shape (..., chain, draw)
    step : ndarray of int, shape (chain, draw), optional
        The draw of an earlier fit behind each draw. Chains that rest on different ones differ by design: with S
        effective draws in the order of sampling and T in that of the steps, the variance of a mean is that of
        :math:`1 / (1 / S + 1 / T)` draws.

    Returns
    -------
    ndarray, shape (...)
    """
    elements = values.reshape(math.prod(values.shape[:-2]), *values.shape[-2:])
    distances = np.abs(elements - np.median(elements, axis=(1, 2), keepdims=True))
    scales = normal_scores(elements), normal_scores(distances)
    return np.minimum(*(_of_chains(scores, step) for scores in scales)).reshape(values.shape[:-2])


def r_hat_by_chance(effective: float, n_chains: int, n_quantities: int, *, by_design: bool = False) -> float:
    """The R-hat that the largest of many quantities passes by chance in one of a thousand fits, at most.

    Parameters
    ----------
    effective : float
        From `effective_draws`.
    n_chains : int
    n_quantities : int
        Quantities whose largest R-hat is judged.
    by_design : bool
        Whether chains differ by design, see `effective_draws`: both halves of a chain then differ from those of
        others in the same way.

    Returns
    -------
    float
        Infinite where there are too few effective draws to say.

    Examples
    --------
    >>> [round(r_hat_by_chance(effective, 4, 300), 3) for effective in (400, 1000, 4000)]
    [1.057, 1.023, 1.006]
    """
    halves = 2 * n_chains
    between = n_chains - 1 if by_design else halves - 1
    if not effective > halves or between < 1:
        return np.inf
    # R-hat is the larger of two, of ranks and of distances from the median
    quantile = scipy.special.fdtri(between, effective - halves, 1 - FALSE_ALARM / (2 * n_quantities))
    return float(np.sqrt(1 + halves / effective * quantile))


def _of_chains(scores: np.ndarray, step: np.ndarray | None) -> np.ndarray:
    effective = _sum_over_chains(scores)
    if step is None:
        return effective
    in_order = np.take_along_axis(scores, np.argsort(step, axis=1, kind="stable")[None], axis=2)
    return 1 / (1 / effective + 1 / _sum_over_chains(in_order))


def _sum_over_chains(scores: np.ndarray) -> np.ndarray:
    """Effective draws of each chain, added up; all of a chain that stands still, which says one thing throughout."""
    n_elements, n_chains, n_draws = scores.shape
    chains = scores.reshape(n_elements * n_chains, 1, n_draws)
    moves = np.ptp(chains, axis=2)[:, 0] > 0
    of_chain = np.full(len(chains), float(n_draws))
    of_chain[moves] = effective_draws_of_mean(chains[moves], split=False)
    return of_chain.reshape(n_elements, n_chains).sum(axis=1)
