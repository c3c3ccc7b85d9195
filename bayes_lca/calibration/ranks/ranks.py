"""Whether the ranks of truths among posterior draws are uniform."""

from functools import cache

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from arviz_stats.ecdf_utils import ecdf_pit

PROBABILITY = 0.95
"""That the ranks of one quantity stay inside its band all along, if the sampler is right."""

BAND_SIMULATIONS = 2000
TIE_SEED = 3


def judge_ranks(ranks: pd.DataFrame, z: pd.DataFrame, n_draws: int) -> pd.DataFrame:
    """Say of every quantity whether its ranks are those of a right posterior.

    Parameters
    ----------
    ranks, z : pandas.DataFrame
        A column per quantity, a row per replicate that was sampled: rank of the truth, and posterior mean less the
        truth in posterior standard deviations.
    n_draws : int
        Draws behind each rank.

    Returns
    -------
    pandas.DataFrame
        A row per quantity: ``replicates``, ``p_value`` of uniform ranks, ``p_adjusted`` for all quantities of the table
        by `holm`, whether it lies ``inside`` its simultaneous 95 % band, ``farthest`` distance of the empirical
        distribution from uniform, mean and standard deviation of z, in the long run 0 and 1.

    References
    ----------
    Sailynoja, T., Burkner, P. & Vehtari, A. (2022). Graphical test for discrete uniformity and its applications in
    goodness-of-fit evaluation and multiple sample comparison. Statistics and Computing 32, 32.
    doi 10.1007/s11222-022-10090-6

    Examples
    --------
    >>> ranks, z = pd.DataFrame({"slope": np.arange(100)}), pd.DataFrame({"slope": np.zeros(100)})
    >>> bool(judge_ranks(ranks, z, 99)["inside"].item())
    True
    """
    fractional = fractional_ranks(ranks, n_draws)
    at, lower, upper = band(len(ranks))
    rows = []
    for quantity, values in fractional.items():
        below = shares_below(values.to_numpy(), at)
        rows.append(
            {
                "quantity": quantity,
                "replicates": len(ranks),
                "p_value": float(array_stats.uniformity_test(values.to_numpy())[0]),
                "inside": bool(((lower <= below) & (below <= upper)).all()),
                "farthest": float(np.abs(below - at).max()),
                "mean_z": z[quantity].mean(),
                "sd_z": z[quantity].std(),
            }
        )
    table = pd.DataFrame(rows)
    table.insert(3, "p_adjusted", holm(table["p_value"].to_numpy()))
    return table


def fractional_ranks(ranks: pd.DataFrame, n_draws: int) -> pd.DataFrame:
    """Ranks 0 to L of L draws as numbers in (0, 1): each takes a random place in an interval of its own.

    If ranks are uniform, these are uniform exactly, however few draws there are.
    """
    shift = [np.random.default_rng([TIE_SEED, place]).random(len(ranks)) for place in range(ranks.shape[1])]
    return (ranks + np.transpose(shift)) / (n_draws + 1)


@cache
def band(n_replicates: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simultaneous band of the empirical distribution of fractional ranks, which are independent over replicates.

    Returns
    -------
    at : ndarray
        Fractional ranks from 0 to 1.
    lower, upper : ndarray
        Bounds of the share of replicates at or below each.
    """
    values, rng = np.linspace(0, 1, n_replicates), np.random.default_rng(TIE_SEED)  # bounds do not depend on values
    at, _, lower, upper = ecdf_pit(values, PROBABILITY, BAND_SIMULATIONS, rng=rng)
    return at, lower, upper


def shares_below(fractional: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Share of fractional ranks at or below each point."""
    return np.searchsorted(np.sort(fractional), at, side="right") / len(fractional)


def holm(p: np.ndarray) -> np.ndarray:
    """P-values adjusted for their number by Holm's method, whatever their dependence.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6(2),
    65-70.

    Examples
    --------
    >>> holm(np.array([0.01, 0.5, 0.03])).tolist()
    [0.03, 0.5, 0.06]
    """
    order = np.argsort(p)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return adjusted
