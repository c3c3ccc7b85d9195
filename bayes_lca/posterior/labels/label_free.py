"""Quantities that no permutation of the classes can change: chains can be compared before anything is relabelled."""

import numpy as np
import xarray as xr
from scipy.special import xlogy

from bayes_lca.dims import CLASS, CLASS_SHARE
from bayes_lca.fitted.elements import diagnostics
from bayes_lca.posterior.labels.total_log_likelihood import log_likelihood_diagnostics, total_log_likelihood


def label_free(draws: xr.DataTree) -> xr.Dataset:
    """The log-likelihood, the sorted class shares, and the entropy of the shares, of dims (chain, draw)."""
    posterior = draws["posterior"]
    return label_free_quantities(total_log_likelihood(draws).to_numpy(), _shares(draws)).assign_coords(
        {"chain": posterior["chain"], "draw": posterior["draw"]}
    )


def label_free_quantities(log_likelihood: np.ndarray, share: np.ndarray | None) -> xr.Dataset:
    """The same from arrays of shape (chain, draw) and (chain, draw, latent_class)."""
    return xr.Dataset({"log_likelihood": (("chain", "draw"), log_likelihood)} | _ranked(share))


def label_free_diagnostics(draws: xr.DataTree) -> dict[str, dict[str, float]]:
    """R-hat and effective sample sizes of each quantity; of the log-likelihood also where its draws are not kept."""
    of_shares = xr.Dataset(_ranked(_shares(draws))).data_vars.items()
    return {"log_likelihood": log_likelihood_diagnostics(draws)} | {
        str(name): {key: float(value) for key, value in diagnostics(values).items()} for name, values in of_shares
    }


def _shares(draws: xr.DataTree) -> np.ndarray | None:
    posterior = draws["posterior"]
    return posterior[CLASS_SHARE].transpose("chain", "draw", CLASS).to_numpy() if CLASS_SHARE in posterior else None


def _ranked(share: np.ndarray | None) -> dict[str, tuple]:
    quantities = {}
    if share is not None and share.shape[-1] > 1:
        ranked = -np.sort(-share, axis=-1)
        for rank in range(ranked.shape[-1]):
            quantities[f"share of class ranked {rank + 1}"] = (("chain", "draw"), ranked[..., rank])
        quantities["entropy of shares"] = (("chain", "draw"), -xlogy(ranked, ranked).sum(axis=-1))
    return quantities
