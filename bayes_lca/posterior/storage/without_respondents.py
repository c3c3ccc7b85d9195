"""Fits without the rows of their respondents, which can be passed on."""

import json

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS_SHARE, INTERCEPT
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import PATTERN_LOG_LIKELIHOOD, PATTERNS
from bayes_lca.fitted.respondents import GROUP_SIZES, HOLDS_RESPONDENTS, LOG_LIKELIHOOD_DIAGNOSTICS
from bayes_lca.fitted.views import VIEWS, with_views
from bayes_lca.posterior.labels.total_log_likelihood import diagnostics_to_keep

ABOUT_RESPONDENTS = (PATTERNS, PATTERN_LOG_LIKELIHOOD, "log_prior", "posterior_predictive", "predictions", *VIEWS)
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
        From `fit`, or loaded from a file.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If `draws` is no fit.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.holds_respondents(bl.load_example())
    True
    """
    return Fit.of(draws, needs="holds_respondents").holds_respondents


def without_respondents(fit: Fit) -> xr.DataTree:
    """A fit without anything that is about a single respondent.

    Returns
    -------
    xarray.DataTree
        Posterior, convergence of the sampler, names of terms, groups, items, levels and categories, the number of
        respondents in all and in each group.
    """
    draws = fit.tree
    if not fit.holds_respondents:
        return draws
    nodes = {
        node.path: node.to_dataset(inherit=False)
        for node in draws.subtree
        if node.path.strip("/").split("/")[0] not in ABOUT_RESPONDENTS
    }
    if "/sample_stats" in nodes:
        stats = nodes["/sample_stats"]
        nodes["/sample_stats"] = stats[[name for name in KEPT_STATISTICS if name in stats]]
    if CLASS_SHARE in fit.posterior and INTERCEPT in fit.posterior:
        rounded = fit.posterior[CLASS_SHARE].round(SHARE_DECIMALS)
        nodes["/posterior"] = fit.posterior.assign({CLASS_SHARE: rounded})
    result = xr.DataTree.from_dict(nodes)
    result.attrs = {name: value for name, value in draws.attrs.items() if name not in FINGERPRINTS} | {
        HOLDS_RESPONDENTS: 0,
        GROUP_SIZES: json.dumps({name: fit.group_sizes(name).tolist() for name in fit.groupings}),
        LOG_LIKELIHOOD_DIAGNOSTICS: json.dumps(diagnostics_to_keep(fit)),
    }
    for name, decimals in (("pivot", SHARE_DECIMALS), ("em_log_likelihoods", LIKELIHOOD_DECIMALS)):
        if name in result.attrs:
            result.attrs[name] = json.dumps(np.round(json.loads(result.attrs[name]), decimals).tolist())
    return with_views(result)
