"""The draws of several fits of one model, to data sets of the same respondents, as one fit without their rows."""

import json
from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_lca.dims import DESIGN_CENTER
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kept_warnings import WARNED, of_data_sets, with_warnings
from bayes_lca.fitted.one_fit import FIT_IDENTITY, with_identity
from bayes_lca.fitted.record import ENCODING, PATTERNS, TABLE, TOTAL_LOG_LIKELIHOOD
from bayes_lca.fitted.respondents import (
    DATA_SET_OF_CHAIN,
    DATA_SETS,
    GROUP_SIZES,
    HOLDS_RESPONDENTS,
    LOG_LIKELIHOOD_DIAGNOSTICS,
)
from bayes_lca.fitted.views import with_views, without_views
from bayes_lca.posterior.labels.group_classes import with_group_classes, with_mean_membership
from bayes_lca.posterior.labels.total_log_likelihood import diagnostics_to_keep

OF_EACH = (
    *(
        "seed",
        "tune",
        "target_accept",
        "start_weights",
        "chains_by_start",
        "draws_asked",
        "draws_made",
        "sampling_asked",
    ),
    *("relabel_certainty", "relabel_margin", "relabel_mislabelled", "relabel_switched"),
    *("em_starts", "em_log_likelihoods", "em_starts_by_mode"),
)
"""Attributes that the fit of each data set has for itself."""


def stacked(trees: Sequence[xr.DataTree]) -> xr.DataTree:
    """Draws of all fits after each other, without the rows, which differ.

    Parameters
    ----------
    trees : sequence of xarray.DataTree
        Fits of one model to data sets of the same respondents, classes under the same labels.

    Returns
    -------
    xarray.DataTree
        Chains numbered in the order of the fits, as many draws of each as the shortest has.
    """
    fewest = min(tree["posterior"].sizes["draw"] for tree in trees)
    fits = [Fit.reading(_thinned(tree, fewest)) for tree in trees]
    n_chains = [fit.n_chains for fit in fits]
    result = without_views(fits[0].tree).drop_nodes([PATTERNS, TABLE], errors="ignore")
    for group, dropped in (("posterior", [FIT_IDENTITY]), ("sample_stats", [TOTAL_LOG_LIKELIHOOD])):
        parts = [fit.tree[group].to_dataset().drop_vars(dropped, errors="ignore") for fit in fits]
        shared = [name for name in parts[0].data_vars if all(name in part for part in parts)]
        joined = xr.concat([part[shared] for part in parts], "chain", join="exact", compat="override", coords="minimal")
        result[group] = xr.DataTree(joined.assign_coords(chain=range(sum(n_chains))))
    center = np.mean([fit.design_center for fit in fits], axis=0)
    encoding = result[ENCODING].to_dataset()
    result[ENCODING] = xr.DataTree(encoding.assign({DESIGN_CENTER: encoding[DESIGN_CENTER].copy(data=center)}))
    attributes = {name: value for name, value in fits[0].attributes.items() if name not in OF_EACH}
    starts = np.cumsum([0, *n_chains[:-1]]).tolist()
    result.attrs = with_warnings({**attributes, WARNED: "[]"}, of_data_sets([fit.attributes for fit in fits])) | {
        "seed": fits[0].attributes["seed"],
        HOLDS_RESPONDENTS: 0,
        GROUP_SIZES: json.dumps({name: fits[0].group_sizes(name).tolist() for name in fits[0].groupings}),
        LOG_LIKELIHOOD_DIAGNOSTICS: json.dumps(
            [
                kept | {"chains": [start + chain for chain in kept["chains"]]}
                for start, fit in zip(starts, fits, strict=True)
                for kept in diagnostics_to_keep(fit)
            ]
        ),
        DATA_SETS: json.dumps(
            [{name: _plain(fit.attributes[name]) for name in OF_EACH if name in fit.attributes} for fit in fits]
        ),
        DATA_SET_OF_CHAIN: json.dumps(np.repeat(range(len(fits)), n_chains).tolist()),
        "chain_modes": json.dumps(np.concatenate([fit.mode_of_chain for fit in fits]).tolist()),
        "n_modes": max(fit.n_modes for fit in fits),
    }
    if fits[0].likelihood_unit is not None:
        result = with_group_classes(result)
        result["posterior"] = xr.DataTree(with_mean_membership(result["posterior"].to_dataset()))
    return with_views(with_identity(result))


def _thinned(tree: xr.DataTree, fewest: int) -> xr.DataTree:
    """As many draws of each chain as of all data sets, evenly spread."""
    n_draws = tree["posterior"].sizes["draw"]
    if n_draws == fewest:
        return tree
    places = np.linspace(0, n_draws - 1, fewest).astype(int)
    result = without_views(tree)
    for name, node in result.children.items():
        if "draw" in node.dims:
            result[name] = xr.DataTree(node.to_dataset().isel(draw=places).assign_coords(draw=range(fewest)))
    return result


def _plain(value):
    return value.item() if isinstance(value, np.generic) else value
