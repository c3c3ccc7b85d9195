"""Fits whose classes have profiles of their own in each group class or population: one of these, and averages."""

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS, GROUP_CLASS, POPULATION, by_set


def free_axis(posterior: xr.Dataset) -> str:
    """What the classes have profiles of their own in, as an axis; empty where there is one set of profiles."""
    for axis in (GROUP_CLASS, POPULATION):
        if free_variables(posterior, axis):
            return axis
    return ""


def free_variables(posterior: xr.Dataset, axis: str = GROUP_CLASS) -> list[str]:
    """Variables of the answers that have a value for each of these, by their usual names."""
    return [str(name) for name in posterior if by_set(axis, str(name)) in posterior]


def free_by(fit) -> str:
    """What the classes have profiles of their own in, as users name it: group_class, or the column of the known class.

    Empty where there is one set of profiles.
    """
    axis = free_axis(fit.posterior)
    return fit.specification["structural"]["by"] if axis == POPULATION else axis


def set_names(fit) -> list[str]:
    """Names of the group classes or populations in which classes have profiles of their own."""
    return [str(name) for name in fit.posterior[free_axis(fit.posterior)].to_numpy()]


def posterior_in(posterior: xr.Dataset, axis: str, place: int) -> xr.Dataset:
    """Draws with the item parameters of one set under their usual names."""
    of_one = {
        name: posterior[by_set(axis, name)].isel({axis: place}, drop=True) for name in free_variables(posterior, axis)
    }
    return posterior.assign(of_one)


def in_sets(fit) -> tuple:
    """The fit with the item parameters of each set."""
    return fit.once("in sets of profiles", lambda: _in_sets(fit))


def _in_sets(fit) -> tuple:
    axis = free_axis(fit.posterior)
    return tuple(
        fit.with_posterior(posterior_in(fit.posterior, axis, place)) for place in range(fit.posterior.sizes[axis])
    )


def evidence_in_group_classes(fit, rows: np.ndarray, which) -> list[np.ndarray]:
    """Log density of the answers of some rows given the class, (draw, row, latent_class), in each group class."""
    if not free_variables(fit.posterior):
        return [fit.log_evidence(rows, which)] * fit.posterior.sizes[GROUP_CLASS]
    return [of_one.log_evidence(rows, which) for of_one in in_sets(fit)]


def with_averages(posterior: xr.Dataset, weight: np.ndarray) -> xr.Dataset:
    """Draws whose item parameters of the usual names are averages over group classes or populations.

    Parameters
    ----------
    posterior : xarray.Dataset
    weight : ndarray, shape (chain, draw, set, latent_class)
        Share of the members of each class that are in each of these.
    """
    axis = free_axis(posterior)
    weights = xr.DataArray(weight, dims=("chain", "draw", axis, CLASS))
    averages = {}
    for name in free_variables(posterior, axis):
        values = posterior[by_set(axis, name)]
        over = weights if CLASS in values.dims else weights.mean(CLASS)
        averages[name] = (values * over).sum(axis, skipna=False).transpose(*posterior[name].dims)
    return posterior.assign(averages)
