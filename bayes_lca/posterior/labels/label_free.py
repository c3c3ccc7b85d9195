"""Quantities that no permutation of the classes can change: chains can be compared before anything is relabelled."""

import numpy as np
import xarray as xr
from scipy.special import xlogy

from bayes_lca.dims import CLASS_SHARE
from bayes_lca.fitted.elements import diagnostics
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels.total_log_likelihood import log_likelihood_diagnostics, total_log_likelihood


def label_free(fit: Fit) -> xr.Dataset:
    """The log-likelihood, the sorted class shares, and the entropy of the shares, of dims (chain, draw)."""
    quantities = label_free_quantities(total_log_likelihood(fit).to_numpy(), _shares(fit))
    return quantities.assign_coords(fit.chain_coords)


def label_free_quantities(log_likelihood: np.ndarray, share: np.ndarray | None) -> xr.Dataset:
    """The same from arrays of shape (chain, draw) and (chain, draw, latent_class)."""
    return xr.Dataset({"log_likelihood": (("chain", "draw"), log_likelihood)} | _ranked(share))


def label_free_diagnostics(fit: Fit) -> dict[str, dict[str, float]]:
    """R-hat and effective sample sizes of each quantity; of the log-likelihood also where its draws are not kept."""
    of_shares = xr.Dataset(_ranked(_shares(fit))).data_vars.items()
    return {"log_likelihood": log_likelihood_diagnostics(fit)} | {
        str(name): {key: float(value) for key, value in diagnostics(values).items()} for name, values in of_shares
    }


def _shares(fit: Fit) -> np.ndarray | None:
    if CLASS_SHARE not in fit.posterior:
        return None
    return fit.class_share


def _ranked(share: np.ndarray | None) -> dict[str, tuple]:
    quantities = {}
    if share is not None and share.shape[-1] > 1:
        ranked = -np.sort(-share, axis=-1)
        for rank in range(ranked.shape[-1]):
            quantities[f"share of class ranked {rank + 1}"] = (("chain", "draw"), ranked[..., rank])
        quantities["entropy of shares"] = (("chain", "draw"), -xlogy(ranked, ranked).sum(axis=-1))
    return quantities
