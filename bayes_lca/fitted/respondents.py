"""The rows of respondents that a fit holds, and fits without them that can be passed on."""

import json

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS_SHARE, INTERCEPT, PATTERN, RESPONDENT

HOLDS_RESPONDENTS = "holds_respondents"
LOG_LIKELIHOOD_DIAGNOSTICS = "log_likelihood_diagnostics"
GROUP_SIZES = "group_sizes"

ABOUT_RESPONDENTS = ("observed_data", "log_likelihood", "log_prior", "posterior_predictive", "predictions")
"""Groups of a fit in which every number is about respondents, or is computed from their answers."""

KEPT_STATISTICS = ("diverging", "depth", "maxdepth_reached", "n_steps", "step_size", "step_size_bar", "tuning")
"""Of the sampler. None of them is a density: the log density of the answers at many known parameters is a system of
linear equations for how often each pattern of answers was given, and can be solved."""

SHARE_DECIMALS = 3
"""Of the class shares of a regression, averages over the covariates of the respondents: with all decimals they tell
how many respondents have each combination of covariates and groups, in the same way."""

LIKELIHOOD_DECIMALS = 2
"""Of the maxima of the likelihood that the search for starting values found."""

FINGERPRINTS = ("kept_fit_digest", "kept_fit_warnings")
"""Attributes computed from whole rows: whoever knows all rows but one could try what the last must be."""


def holds_respondents(draws: xr.DataTree) -> bool:
    """Whether a fit holds the rows of its respondents, or was saved without them.

    Parameters
    ----------
    draws : xarray.DataTree

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.save(draws, "to_share.nc", respondents=False)  # doctest: +SKIP
    >>> bl.holds_respondents(bl.load("to_share.nc"))  # doctest: +SKIP
    False
    """
    return bool(draws.attrs.get(HOLDS_RESPONDENTS, 1))


def require_respondents(draws: xr.DataTree, purpose: str) -> None:
    """Refuse a fit without rows of respondents where these are needed.

    Parameters
    ----------
    draws : xarray.DataTree
    purpose : str
        What needs them, as the beginning of a sentence: ``"membership"``.

    Raises
    ------
    ValueError
        If the fit was saved without respondents.
    """
    if not holds_respondents(draws):
        raise ValueError(
            f"{purpose}: needs the rows of the {draws.attrs['n_respondents']} respondents, and this fit was saved "
            "without respondents; use the fit as bl.fit returned it, or a file that bl.save(draws, path) wrote with "
            "respondents=True"
        )


def group_sizes(draws: xr.DataTree, grouping: str) -> np.ndarray:
    """Respondents in every group of a grouping, shape (group,)."""
    if holds_respondents(draws):
        return np.bincount(draws["constant_data"][f"{grouping}_index"].to_numpy())
    return np.array(json.loads(draws.attrs[GROUP_SIZES])[grouping])


def without_respondents(draws: xr.DataTree, told: list[dict]) -> xr.DataTree:
    """A fit without anything that is about a single respondent.

    Parameters
    ----------
    draws : xarray.DataTree
    told : list of dict
        How well chains agree on the log-likelihood, from `told_diagnostics`.

    Returns
    -------
    xarray.DataTree
        Posterior, convergence of the sampler, names of terms, groups, items, levels and categories, the number of
        respondents in all and in each group.
    """
    if not holds_respondents(draws):
        return draws
    nodes = {
        node.path: _without_rows(node.to_dataset(inherit=False))
        for node in draws.subtree
        if node.path.strip("/").split("/")[0] not in ABOUT_RESPONDENTS
    }
    if "/sample_stats" in nodes:
        stats = nodes["/sample_stats"]
        nodes["/sample_stats"] = stats[[name for name in KEPT_STATISTICS if name in stats]]
    posterior = nodes["/posterior"]
    if CLASS_SHARE in posterior and INTERCEPT in posterior:
        nodes["/posterior"] = posterior.assign({CLASS_SHARE: posterior[CLASS_SHARE].round(SHARE_DECIMALS)})
    result = xr.DataTree.from_dict(nodes)
    sizes = {name: group_sizes(draws, name).tolist() for name in json.loads(draws.attrs["groupings"])}
    result.attrs = {name: value for name, value in draws.attrs.items() if name not in FINGERPRINTS} | {
        HOLDS_RESPONDENTS: 0,
        GROUP_SIZES: json.dumps(sizes),
        LOG_LIKELIHOOD_DIAGNOSTICS: json.dumps(told),
    }
    for name, decimals in (("pivot", SHARE_DECIMALS), ("em_log_likelihoods", LIKELIHOOD_DECIMALS)):
        if name in result.attrs:
            result.attrs[name] = json.dumps(np.round(json.loads(result.attrs[name]), decimals).tolist())
    return result


def _without_rows(dataset: xr.Dataset) -> xr.Dataset:
    """A dataset without variables that have a row for each respondent, or for each pattern of answers."""
    return dataset.drop_dims([dim for dim in (RESPONDENT, PATTERN) if dim in dataset.dims])
