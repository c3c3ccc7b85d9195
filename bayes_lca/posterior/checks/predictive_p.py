"""Posterior predictive p-values: which draws they use, and how far replicated data depart."""

import numpy as np
import xarray as xr

from bayes_lca.data.frame import check_whole


def draws_used(draws: xr.DataTree, step: int) -> int:
    """How many draws there are if every `step`-th is taken, chains after each other."""
    return -(-draws["posterior"].sizes["chain"] * draws["posterior"].sizes["draw"] // step)


def thinning(draws: xr.DataTree, n_draws: int, seed: int) -> int:
    """The step that leaves `n_draws` draws at the most.

    Raises
    ------
    ValueError
        If `n_draws` is not at least 2 or `seed` is negative.
    """
    check_whole(least=2, n_draws=n_draws)
    check_whole(least=0, seed=seed)
    return -(-draws_used(draws, 1) // n_draws)


def posterior_predictive_p(realised: np.ndarray, replicated: np.ndarray) -> float:
    """Share of data sets, replicated and observed, that depart at least as far as the observed; shape (draw,) each."""
    return float((1 + (replicated >= realised).sum()) / (1 + len(realised)))


def tail_shares(observed: np.ndarray, replicated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of data sets that depart at least as far: of observed values, and of each replicated one, shape (draw,)."""
    in_order, n = np.sort(replicated), len(replicated)
    beyond, own = (n - np.searchsorted(in_order, values) for values in (observed, replicated))
    return (1 + beyond) / (1 + n), own / n
