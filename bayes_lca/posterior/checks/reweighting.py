"""Draws of one posterior as draws of another, by Pareto-smoothed importance weights."""

from dataclasses import dataclass

import arviz_stats
import numpy as np
import scipy
import xarray as xr

MOST_TRUSTED_K = 0.7
FEWEST_DRAWS = 25
"""Draws whose largest five are the tail of their weights, which is the least that it can be told by."""


@dataclass(frozen=True)
class Weights:
    """Weights of draws.

    Attributes
    ----------
    values : xarray.DataArray
        Dims (chain, draw), summing to 1.
    pareto_k : float
        Shape of the weights' tail; not a number for equal weights.
    """

    values: xr.DataArray
    pareto_k: float

    @property
    def trusted(self) -> bool:
        """Whether averages converge at this number of draws: k at most min(0.7, 1 - 1 / log10(draws))."""
        return not self.pareto_k > min(MOST_TRUSTED_K, 1 - 1 / np.log10(self.values.size))

    def mean(self, quantity: xr.DataArray) -> float:
        """Weighted mean of a quantity of dims (chain, draw)."""
        return float((self.values * quantity).sum())

    def quantiles(self, quantity: xr.DataArray, probabilities: list[float]) -> np.ndarray:
        """Weighted quantiles, shape (probability,)."""
        values, weight = (part.transpose("chain", "draw").to_numpy().ravel() for part in (quantity, self.values))
        return np.quantile(values, probabilities, weights=weight, method="inverted_cdf")

    def standard_error(self, quantity: xr.DataArray) -> float:
        """Monte Carlo standard error of the weighted mean, from the autocorrelation of what each draw adds to it."""
        added = self.values.size * self.values * (quantity - self.mean(quantity))
        return float(added.std() / np.sqrt(float(arviz_stats.ess(added, method="mean"))))

    def effective_draws(self, quantity: xr.DataArray) -> float:
        """Independent draws that would know the weighted mean as well."""
        variance = self.mean((quantity - self.mean(quantity)) ** 2)
        return variance / self.standard_error(quantity) ** 2


def equal_weights(like: xr.DataArray) -> Weights:
    """Equal weights of draws; `like` has dims (chain, draw)."""
    return Weights(xr.full_like(like, 1 / like.size, dtype=float), np.nan)


def smoothed_weights(log_ratio: xr.DataArray) -> Weights:
    """Smooth the tail of importance ratios by a generalised Pareto distribution.

    Parameters
    ----------
    log_ratio : xarray.DataArray
        Log density of the new posterior less that of the one the draws come from, dims (chain, draw).

    Raises
    ------
    ValueError
        If there are fewer than 25 draws.

    References
    ----------
    Vehtari, A., Simpson, D., Gelman, A., Yao, Y. & Gabry, J. (2024). Pareto smoothed importance sampling. JMLR
    25(72), 1-58.
    """
    if log_ratio.size < FEWEST_DRAWS:
        raise ValueError(
            f"{log_ratio.size} draws are too few to be weighted as those of another posterior, for the tail of the "
            f"weights is told by the largest of {FEWEST_DRAWS} or more; fit with more draws"
        )
    log_weight, k = (-log_ratio).azstats.psislw(dim=["chain", "draw"])
    return Weights(log_weight.copy(data=scipy.special.softmax(log_weight.to_numpy())), float(k))
