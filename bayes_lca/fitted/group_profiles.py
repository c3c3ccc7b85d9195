"""Fits whose classes have profiles of their own in each group class: what is read of one of these, and averages."""

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS, GROUP_CLASS, by_set


def free_variables(posterior: xr.Dataset) -> list[str]:
    """Variables of the answers that have a value for each group class, by their usual names; none where all are one."""
    return [str(name) for name in posterior if by_set(GROUP_CLASS, str(name)) in posterior]


def posterior_in(posterior: xr.Dataset, place: int) -> xr.Dataset:
    """Draws with the item parameters of one group class under their usual names."""
    of_one = {
        name: posterior[by_set(GROUP_CLASS, name)].isel({GROUP_CLASS: place}, drop=True)
        for name in free_variables(posterior)
    }
    return posterior.assign(of_one)


def in_group_classes(fit) -> tuple:
    """The fit with the item parameters of each group class; itself for each where they are the same in all."""
    return fit.once("in group classes", lambda: _in_group_classes(fit))


def _in_group_classes(fit) -> tuple:
    n_group_classes = fit.posterior.sizes[GROUP_CLASS]
    if not free_variables(fit.posterior):
        return (fit,) * n_group_classes
    return tuple(fit.with_posterior(posterior_in(fit.posterior, place)) for place in range(n_group_classes))


def evidence_in_group_classes(fit, rows: np.ndarray, which) -> list[np.ndarray]:
    """Log density of the answers of some rows given the class, (draw, row, latent_class), in each group class."""
    first, *others = in_group_classes(fit)
    evidence = [first.log_evidence(rows, which)]
    return evidence + [evidence[0] if other is first else other.log_evidence(rows, which) for other in others]


def with_averages(posterior: xr.Dataset, weight: np.ndarray) -> xr.Dataset:
    """Draws whose item parameters of the usual names are averages over group classes.

    Parameters
    ----------
    posterior : xarray.Dataset
    weight : ndarray, shape (chain, draw, group_class, latent_class)
        Share of the members of each class that are in groups of each class.
    """
    weights = xr.DataArray(weight, dims=("chain", "draw", GROUP_CLASS, CLASS))
    averages = {}
    for name in free_variables(posterior):
        values = posterior[by_set(GROUP_CLASS, name)]
        over = weights if CLASS in values.dims else weights.mean(CLASS)
        averages[name] = (values * over).sum(GROUP_CLASS, skipna=False).transpose(*posterior[name].dims)
    return posterior.assign(averages)
