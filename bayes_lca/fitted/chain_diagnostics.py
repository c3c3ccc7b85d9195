r"""R-hat and effective draws of many quantities at once: each is ranked once, and every step is taken by all together.

The definitions are those of Vehtari et al. (2021) as ArviZ computes them. Of M chains of N draws with autocovariances
:math:`\gamma_{mt}`, the correlation at lag t is

.. math:: \hat\rho_t = 1 - \frac{W - \bar\gamma_t}{\hat\sigma^2}, \qquad \hat\sigma^2 = \frac{N - 1}{N} W + \frac{B}{N},

and :math:`M N / \hat\tau` draws are effective, where :math:`\hat\tau = -1 + 2 \sum_t \hat\rho_t` over the pairs of lags
up to the first whose sum is not positive, none larger than one before it (Geyer 1992).

Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. & Bürkner, P.-C. (2021). Rank-normalization, folding, and
localization: an improved R-hat. Bayesian Analysis 16(2), 667-718. doi 10.1214/20-BA1221

Geyer, C. J. (1992). Practical Markov chain Monte Carlo. Statistical Science 7(4), 473-483. doi 10.1214/ss/1177011137
"""

from collections.abc import Callable

import numpy as np
import scipy

FEWEST_DRAWS = 4
"""Of each chain; with fewer nothing is said."""
TAILS = (1 - 0.89, 0.89)
"""Quantiles that the effective draws of the tails are of."""
NUMBERS_AT_ONCE = 2**18
"""Elements x chains x draws held in memory at a time."""
SMALLEST_RANGE = 1e-15


def chain_diagnostics(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """R-hat of ranks and of distances from the median, whichever is larger, and effective draws of bulk and tails.

    Parameters
    ----------
    values : ndarray, shape (element, chain, draw)

    Returns
    -------
    r_hat, ess_bulk, ess_tail : ndarray, shape (element,)
        Not a number where a chain has fewer than four draws, or a draw is none. R-hat also where there is one chain, or
        nothing varies, where all draws are effective; it is infinite where every half of a chain stands still, and they
        differ.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> r_hat, ess_bulk, ess_tail = chain_diagnostics(rng.normal(size=(2, 4, 1000)))
    >>> bool((r_hat < 1.01).all() and (ess_bulk > 3000).all() and (ess_tail > 3000).all())
    True
    """
    return tuple(_in_blocks(_diagnosed, values, 3))


def split_r_hat(values: np.ndarray) -> np.ndarray:
    """R-hat of halves of chains, values as they are, shape (element,); `values` as for `chain_diagnostics`."""
    (r_hat,) = _in_blocks(lambda block: (_r_hat(_halves(block)),), values, 1, fewest_chains=2)
    return r_hat


def rank_r_hat(values: np.ndarray) -> np.ndarray:
    """The R-hat of `chain_diagnostics` alone."""
    (r_hat,) = _in_blocks(lambda block: (_rank_r_hat(*_scores_of_halves(block)),), values, 1, fewest_chains=2)
    return r_hat


def effective_draws_of_mean(values: np.ndarray, *, split: bool = True) -> np.ndarray:
    """Effective draws behind the mean of each element, shape (element,); `values` as for `chain_diagnostics`.

    Chains are halved, so that a drift counts, unless told otherwise.
    """
    (effective,) = _in_blocks(lambda block: (_effective(_halves(block) if split else block),), values, 1)
    return effective


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Normal quantiles of the ranks of all draws of an element, equal draws the same; the shape of `values`."""
    n_elements, n_draws = len(values), values.shape[1] * values.shape[2]
    flat = values.reshape(n_elements, n_draws)
    order = np.argsort(flat, axis=1)
    ranked = np.take_along_axis(flat, order, axis=1)
    starts = np.ones(flat.shape, dtype=bool)
    np.not_equal(ranked[:, 1:], ranked[:, :-1], out=starts[:, 1:])
    first = np.flatnonzero(starts)
    times = np.diff(first, append=flat.size)
    twice_rank = 2 * (first % n_draws) + 1 + times  # twice the mean rank of draws that are equal, ranks from 1 on
    of_twice_rank = scipy.special.ndtri((np.arange(2 * n_draws + 1) / 2 - 3 / 8) / (n_draws + 1 / 4))
    scores = np.empty(flat.shape)
    in_order = np.repeat(of_twice_rank[twice_rank], times).reshape(n_elements, n_draws)
    np.put_along_axis(scores, order, in_order, axis=1)
    return scores.reshape(values.shape)


def _in_blocks(
    compute: Callable[[np.ndarray], tuple], values: np.ndarray, n_results: int, *, fewest_chains: int = 1
) -> np.ndarray:
    """What is computed of elements, some at a time, shape (result, element); of those alone that can be judged."""
    n_elements, n_chains, n_draws = values.shape
    results = np.full((n_results, n_elements), np.nan)
    if n_draws < FEWEST_DRAWS or n_chains < fewest_chains:
        return results
    judged = np.flatnonzero(~np.isnan(values).any(axis=(1, 2)))
    step = max(1, NUMBERS_AT_ONCE // (n_chains * n_draws))
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, len(judged), step):
            places = judged[start : start + step]
            results[:, places] = compute(np.ascontiguousarray(values[places], dtype=float))
    return results


def _diagnosed(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores, folded = _scores_of_halves(values)
    r_hat = _rank_r_hat(scores, folded) if values.shape[1] > 1 else np.full(len(values), np.nan)
    low, high = np.quantile(values, TAILS, axis=(1, 2), keepdims=True)
    tails = [_effective(_halves((values <= quantile).astype(float))) for quantile in (low, high)]
    return r_hat, _effective(scores), np.minimum(*tails)


def _halves(values: np.ndarray) -> np.ndarray:
    """Halves of chains as chains, the draw in the middle left out where the number is odd."""
    half = values.shape[2] // 2
    return np.concatenate([values[:, :, :half], values[:, :, -half:]], axis=1)


def _scores_of_halves(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Normal scores of half chains, and of how far they are from the median."""
    halves = _halves(values)
    distance = np.abs(halves - np.median(halves, axis=(1, 2), keepdims=True))
    return normal_scores(halves), normal_scores(distance)


def _rank_r_hat(scores: np.ndarray, folded: np.ndarray) -> np.ndarray:
    of_ranks, of_distances = _r_hat(scores), _r_hat(folded)
    return np.where(of_distances > of_ranks, of_distances, of_ranks)


def _r_hat(values: np.ndarray) -> np.ndarray:
    n_draws = values.shape[2]
    between = n_draws * np.var(values.mean(axis=2), axis=1, ddof=1)
    within = np.var(values, axis=2, ddof=1).mean(axis=1)
    return np.sqrt((between / within + n_draws - 1) / n_draws)


def _effective(values: np.ndarray) -> np.ndarray:
    """Effective draws of chains as they are, shape (element,); all where nothing varies."""
    n_chains, n_draws = values.shape[1:]
    centred = values - values.mean(axis=2, keepdims=True)
    length = scipy.fft.next_fast_len(2 * n_draws, real=True)
    spectrum = np.fft.rfft(centred, n=length, axis=2)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    covariance = np.fft.irfft(power, n=length, axis=1)[:, :n_draws] / n_draws  # mean over chains
    within = covariance[:, [0]] * n_draws / (n_draws - 1)
    variance = within * (n_draws - 1) / n_draws
    if n_chains > 1:
        variance = variance + np.var(values.mean(axis=2), axis=1, ddof=1)[:, None]
    correlation = 1 - (within - covariance) / variance
    correlation[:, 0] = 1.0
    time = np.maximum(_autocorrelation_time(correlation), 1 / np.log10(n_chains * n_draws))
    unknown = np.isnan(correlation[:, 1])
    effective = np.where(unknown, np.nan, n_chains * n_draws / time)
    return np.where(np.ptp(values, axis=(1, 2)) < SMALLEST_RANGE, n_chains * n_draws, effective)


def _autocorrelation_time(correlation: np.ndarray) -> np.ndarray:
    """Geyer's initial monotone sequence of pairs of lags, from correlations of shape (element, lag)."""
    n_pairs = max((correlation.shape[1] - 3) // 2, 0) + 1
    even, odd = correlation[:, : 2 * n_pairs : 2], correlation[:, 1 : 2 * n_pairs : 2]
    pairs = even + odd
    ends = ~(pairs > 0)
    ends[:, -1] = True
    last = ends.argmax(axis=1)[:, None]
    monotone = np.minimum.accumulate(pairs, axis=1)
    summed = np.where(np.arange(n_pairs) < last, monotone, 0.0).sum(axis=1)
    even_of_last, pair_of_last = (np.take_along_axis(each, last, axis=1)[:, 0] for each in (even, pairs))
    return -1 + 2 * summed + np.where((even_of_last > 0) | (pair_of_last >= 0), even_of_last, 0.0)
