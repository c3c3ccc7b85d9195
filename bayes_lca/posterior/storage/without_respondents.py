"""Fits without the rows of their respondents, which can be passed on."""

import json

import numpy as np
import xarray as xr

from bayes_lca.data.responses import CATEGORY_ORDERS, EMPTY_CATEGORIES
from bayes_lca.dims import (
    CLASS_SHARE,
    DESIGN_CENTER,
    INTERCEPT,
    ITEM,
    ITEM_CENTER,
    ITEM_SCALE,
    LIKELIHOOD_UNIT,
    N_CATEGORIES,
    PATTERN,
    RESPONDENT,
    STEP,
    TERM,
    TRANSITION_DESIGN_CENTER,
    TRANSITION_TERM,
    WAVE,
    of_transition,
)
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.one_fit import FIT_IDENTITY
from bayes_lca.fitted.record import AXES, COUNTED, ENCODING, MEASUREMENT_DRAW, all_groupings
from bayes_lca.fitted.record_sequences import N_MISSED_WAVES, PERSON_COLUMN, WAVE_COLUMN
from bayes_lca.fitted.respondents import (
    DATA_SET_OF_CHAIN,
    DATA_SETS,
    GROUP_SIZES,
    HOLDS_RESPONDENTS,
    LOG_LIKELIHOOD_DIAGNOSTICS,
)
from bayes_lca.fitted.survey_record import DIRECTIONS_HELD, DIRECTIONS_LEFT, SURVEY
from bayes_lca.fitted.views import with_views
from bayes_lca.likelihood.person import QUADRATURE_ERROR, QUADRATURE_NODES
from bayes_lca.posterior.labels.group_classes import with_mean_membership
from bayes_lca.posterior.labels.total_log_likelihood import diagnostics_to_keep

AXES_OF_ROWS = (RESPONDENT, PATTERN)
"""Axes along which every number is about one respondent, or about those who are alike."""

KEPT_STATISTICS = (
    *("diverging", "depth", "maxdepth_reached", "n_steps", "step_size", "step_size_bar", "tuning"),
    MEASUREMENT_DRAW,
)
"""Of the sampler. None of them is a density: the log density of the answers at many known parameters is a system of
linear equations for how often each pattern of answers was given, and can be solved."""

SHARE_DECIMALS = 3
"""Of the class shares of a regression, averages over the covariates of the respondents: with all decimals they tell
how many respondents have each combination of covariates and groups, in the same way."""

LIKELIHOOD_DECIMALS = 2
"""Of the maxima of the likelihood that the search for starting values found."""

KEPT_ATTRIBUTES = frozenset(
    {
        *("layout", AXES, "formula", "groupings", "levels", "labels", "outcome", LIKELIHOOD_UNIT),
        *("n_respondents", "n_dropped", "n_missing_answers", "n_without_answer", "n_classes", COUNTED),
        *("model", "specification", "model_text", "group_sd_prior", CATEGORY_ORDERS, EMPTY_CATEGORIES),
        *("seed", "tune", "target_accept", "backend", "versions"),
        *("em_starts", "em_log_likelihoods", "em_starts_by_mode", "pivot"),
        *("relabelled", "relabel_certainty", "relabel_margin", "relabel_mislabelled", "relabel_switched"),
        *("class_order", "n_modes", "chain_modes", "kept_mode", "left_out", "joined", FIT_IDENTITY),
        *("mode_log_evidence", "start_weights", "chains_by_start", "draws_asked", "draws_made", "sampling_asked"),
        *(PERSON_COLUMN, WAVE_COLUMN, N_MISSED_WAVES),
        *map(of_transition, ("formula", "groupings", "levels", "group_sd_prior")),
        *("measurement_draws", "pareto_k", "sampled_again", QUADRATURE_NODES, QUADRATURE_ERROR),
        *(HOLDS_RESPONDENTS, GROUP_SIZES, LOG_LIKELIHOOD_DIAGNOSTICS, DATA_SETS, DATA_SET_OF_CHAIN),
        *(SURVEY, DIRECTIONS_LEFT, DIRECTIONS_HELD),
    }
)
"""Of the fit. No fingerprint of whole rows is among them: whoever knows all rows but one could try what the last must
be."""

KEPT_NOTES = frozenset(
    {
        *("created_at", "creation_library", "creation_library_version", "creation_library_language", "sample_dims"),
        *("inference_library", "inference_library_version", "inference_library_settings"),
    }
)
"""Attributes of the groups of a fit, which the sampler wrote."""


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
    """A fit without anything that is about a single respondent: what is not known to be about none is left out.

    Returns
    -------
    xarray.DataTree
        Draws that have no axis of respondents, convergence of the sampler, names of terms, groups, items, levels and
        categories, the number of respondents in all and in each group.
    """
    posterior = _without_rows(fit.posterior)
    if CLASS_SHARE in posterior and INTERCEPT in posterior:
        posterior = posterior.assign({CLASS_SHARE: posterior[CLASS_SHARE].round(SHARE_DECIMALS)})
    posterior = with_mean_membership(posterior)
    encoding = {DESIGN_CENTER, N_CATEGORIES, ITEM_CENTER, ITEM_SCALE, TERM, ITEM, *all_groupings(fit.attributes)}
    encoding |= {TRANSITION_DESIGN_CENTER, TRANSITION_TERM, WAVE, STEP}
    nodes = {"posterior": posterior, ENCODING: _only(fit.tree[ENCODING].to_dataset(), encoding)}
    if "sample_stats" in fit.tree.children:
        nodes["sample_stats"] = _only(fit.sample_stats, {*KEPT_STATISTICS, "chain", "draw"})
    result = xr.DataTree.from_dict({name: nodes[name] for name in fit.tree.children if name in nodes})
    result.attrs = {name: value for name, value in fit.attributes.items() if name in KEPT_ATTRIBUTES}
    if fit.holds_respondents:
        result.attrs |= {
            HOLDS_RESPONDENTS: 0,
            GROUP_SIZES: json.dumps({name: fit.group_sizes(name).tolist() for name in fit.groupings}),
            LOG_LIKELIHOOD_DIAGNOSTICS: json.dumps(diagnostics_to_keep(fit)),
        }
    for name, decimals in (("pivot", SHARE_DECIMALS), ("em_log_likelihoods", LIKELIHOOD_DECIMALS)):
        if name in result.attrs:
            result.attrs[name] = json.dumps(np.round(json.loads(result.attrs[name]), decimals).tolist())
    return with_views(result)


def _only(dataset: xr.Dataset, names: set[str]) -> xr.Dataset:
    """Variables and coordinates of these names that have no axis of respondents."""
    dataset = _without_rows(dataset)
    return dataset.drop_vars([name for name in dataset.variables if name not in names])


def _without_rows(dataset: xr.Dataset) -> xr.Dataset:
    """Variables without an axis of respondents, names along their axes, and what the sampler noted."""
    dataset = dataset.drop_dims(AXES_OF_ROWS, errors="ignore")
    dataset = dataset.drop_vars([name for name in dataset.coords if name not in (*dataset.dims, FIT_IDENTITY)])
    notes = {name: value for name, value in dataset.attrs.items() if name in KEPT_NOTES}
    return dataset.drop_attrs().assign_attrs(notes)
