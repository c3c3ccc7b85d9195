"""Expected log predictive density of a respondent left out, from draws of patterns that respondents share."""

from dataclasses import dataclass

import numpy as np

LARGEST_GOOD_K = 0.7
FEWEST_DRAWS = 25
"""Of which the largest fifth are enough for a tail to be smoothed."""
LARGEST_ROUNDING = 1e-12
"""Range of a log-likelihood over draws up to which it is constant: shares of classes add up to one with rounding."""


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    r"""PSIS-LOO of respondents, equal respondents computed once.

    .. math:: \mathrm{elpd} = \sum_i n_i \log p(y_i \mid y_{-i}), \qquad
              \mathrm{se} = \sqrt{n \operatorname{var}_i \log p(y_i \mid y_{-i})}

    Attributes
    ----------
    pointwise : ndarray, shape (pattern,)
        Log predictive density of one respondent with the pattern, that respondent left out.
    pareto_k : ndarray, shape (pattern,)
    counts : ndarray of int, shape (pattern,)
        Respondents with each pattern.
    good_k : float
        Shape up to which the estimate is reliable with so many draws.
    """

    pointwise: np.ndarray
    pareto_k: np.ndarray
    counts: np.ndarray
    good_k: float

    @property
    def elpd(self) -> float:
        """Sum over respondents."""
        return float(self.counts @ self.pointwise)

    @property
    def se(self) -> float:
        """Standard error of the sum."""
        return _standard_error(self.pointwise, self.counts)

    @property
    def n_high_k(self) -> int:
        """Respondents for whom the estimate is unreliable."""
        return int(self.counts[self.pareto_k > self.good_k].sum())

    def less(self, other: "LeaveOneOut") -> tuple[float, float]:
        """Difference of the sums to another model of the same patterns, and its standard error."""
        difference = self.pointwise - other.pointwise
        return float(self.counts @ difference), _standard_error(difference, self.counts)


def check_draws(n_draws: int, where: str = "") -> None:
    """Refuse so few draws that the tail of their importance weights holds fewer than five.

    Raises
    ------
    ValueError
    """
    if n_draws < FEWEST_DRAWS:
        raise ValueError(
            f"{n_draws} draws{where}: leaving one out smooths the largest fifth of importance weights, which takes "
            f"{FEWEST_DRAWS} draws or more; sample more, draws=1000"
        )


def leave_one_out(log_likelihood: np.ndarray, counts: np.ndarray) -> LeaveOneOut:
    """PSIS-LOO from the log-likelihood of one respondent with each pattern.

    Parameters
    ----------
    log_likelihood : ndarray, shape (chain, draw, pattern)
        The class summed out.
    counts : ndarray of int, shape (pattern,)

    Raises
    ------
    ValueError
        If there are fewer than 25 draws.

    References
    ----------
    Vehtari, A., Gelman, A. & Gabry, J. (2017). Practical Bayesian model evaluation using leave-one-out
    cross-validation and WAIC. Statistics and Computing 27, 1413-1432. doi 10.1007/s11222-016-9696-4

    Merkle, E. C., Furr, D. & Rabe-Hesketh, S. (2019). Bayesian comparison of latent variable models: Conditional
    versus marginal likelihoods. Psychometrika 84, 802-829. doi 10.1007/s11336-019-09679-0

    Examples
    --------
    >>> loo = leave_one_out(np.full((2, 50, 1), -1.0), counts=np.array([3]))
    >>> loo.elpd, loo.se
    (-3.0, 0.0)
    """
    from arviz_stats.base import array_stats

    by_pattern = np.ascontiguousarray(np.moveaxis(log_likelihood, -1, 0))  # (pattern, chain, draw)
    n_draws = by_pattern[0].size
    # a pattern of equal probability in all draws predicts itself; equal values have no tail that could be smoothed
    pointwise, pareto_k = by_pattern[:, 0, 0].copy(), np.full(len(by_pattern), -np.inf)
    varies = np.ptp(by_pattern, axis=(1, 2)) > LARGEST_ROUNDING
    if varies.any():
        check_draws(n_draws)
        by_pattern = by_pattern[varies]
        effective = array_stats.ess(np.exp(by_pattern), chain_axis=1, draw_axis=2, method="mean")
        relative = float(np.clip(effective.mean() / n_draws, 1 / n_draws, 1.0))
        pointwise[varies], pareto_k[varies], _ = array_stats.loo(by_pattern, chain_axis=1, draw_axis=2, r_eff=relative)
    return LeaveOneOut(pointwise, pareto_k, counts, min(1 - 1 / np.log10(n_draws), LARGEST_GOOD_K))


def _standard_error(pointwise: np.ndarray, counts: np.ndarray) -> float:
    n = counts.sum()
    return float(np.sqrt(n / max(n - 1, 1) * (counts @ (pointwise - np.average(pointwise, weights=counts)) ** 2)))
