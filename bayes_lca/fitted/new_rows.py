"""The fit with other respondents in place of its own: new rows of answers, covariates and groups."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from bayes_lca.data.answered import is_missing
from bayes_lca.data.frame import check_columns, row_labels
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.dims import (
    ANSWER_PATTERN,
    COUNT,
    DESIGN,
    ITEM,
    LIKELIHOOD_UNIT,
    PATTERN,
    PATTERN_OF_RESPONDENT,
    RESPONDENT,
    ROW_OF_RESPONDENT,
    TERM,
    group_effect,
    group_slope,
    group_terms,
)
from bayes_lca.fitted.design import design_for_new_rows, group_columns, group_labels
from bayes_lca.fitted.random_effects import RandomEffectDraws, effects_of_new_groups, effects_of_seen_groups
from bayes_lca.fitted.record import COUNTED, ENCODING, PATTERNS
from bayes_lca.fitted.survey_record import SURVEY

CANDIDATES = 32
"""Effects of an unseen group from which one is drawn, in every draw, by what the respondent answered."""
NUMBERS_AT_ONCE = 10_000_000
"""Draws x rows x candidates held in memory at a time."""


def with_new_rows(fit, frame, seed: int):
    r"""A fit whose respondents are the rows of a frame, which had no part in it.

    The answers, covariates and groups of the rows are coded as those of the fit were. The effect of a group that the
    fit has not seen is drawn, for every row by itself, from the distribution of groups given what the respondent
    answered,

    .. math:: p(u \mid y_i, x_i, \theta_s) \propto N(u \mid 0, \Sigma_s)\, p(y_i \mid x_i, u, \theta_s),

    by sampling importance resampling, so that membership averages to :math:`P(c \mid y_i, x_i, \theta_s)`, the effect
    integrated out, and depends on nobody else in the frame.

    Parameters
    ----------
    fit : Fit
    frame : eager data frame
        With the items, covariates and group columns of the fit.
    seed : int
        Of the effects of groups that were not seen.

    Returns
    -------
    fit : Fit
    unseen : dict of str to list of str
        Groups that the fit has not seen, by grouping; those of which there is none are left out.

    Raises
    ------
    ValueError
        If a column is not there, or a row lacks a covariate or a group, has a category or level the fit has not seen,
        or answers that restrictions make impossible in every class.
    """
    codes = fit.answers.read(fit, frame)
    check_columns(frame, group_columns(fit.formula), role="group")
    design = fit.design if fit.holds_respondents else design_for_new_rows(fit)
    matrix, index = design.encode(frame)
    named_groups = group_labels(fit.formula, frame)
    unseen = {
        name: list(dict.fromkeys(np.array(named_groups[name], dtype=object)[places < 0]))
        for name, places in index.items()
        if (places < 0).any()
    }
    rows = unique_rows(codes, matrix, *index.values())
    first = rows.first
    of_patterns = {name: places[first] for name, places in index.items()}
    new = _with_patterns(fit, codes[first], matrix[first], of_patterns, rows.pattern, row_labels(frame))
    if unseen and not fit.structural.unseen_groups_are_summed_out:
        new = _with_effects_given_answers(new, np.random.default_rng(seed))
    return new, unseen


def _with_patterns(fit, codes, matrix, index: Mapping[str, np.ndarray], pattern: np.ndarray, respondents):
    """The fit of other distinct rows, and who has which."""
    answer_patterns = unique_rows(codes).pattern if codes.shape[1] else np.zeros(len(codes), dtype=int)
    groups = {f"{name}_index": ((PATTERN,), places) for name, places in index.items()}
    patterns = xr.Dataset(
        {
            fit.kind.observed: ((PATTERN, ITEM), codes),
            ANSWER_PATTERN: ((PATTERN,), answer_patterns),
            DESIGN: ((PATTERN, TERM), matrix),
            COUNT: ((PATTERN,), np.bincount(pattern, minlength=len(codes))),
            PATTERN_OF_RESPONDENT: ((RESPONDENT,), pattern),
            ROW_OF_RESPONDENT: ((RESPONDENT,), np.arange(len(pattern))),
            **groups,
        },
        {RESPONDENT: np.asarray(respondents)},
    )
    missing = is_missing(codes)[pattern]
    counts = {
        "n_respondents": len(pattern),
        "n_dropped": 0,
        "n_missing_answers": int(missing.sum()),
        "n_without_answer": int(missing.all(axis=1).sum()),
        "holds_respondents": 1,
        COUNTED: "",
    }
    of_the_fitted = {LIKELIHOOD_UNIT, SURVEY}  # new rows are alone, and without weights
    attributes = {name: value for name, value in fit.attributes.items() if name not in of_the_fitted}
    tree = xr.DataTree.from_dict(
        {
            "/": xr.Dataset(attrs=attributes | counts),
            "/posterior": fit.posterior,
            f"/{ENCODING}": fit.tree[ENCODING].to_dataset(),
            f"/{PATTERNS}": patterns,
        }
    )
    return replace(fit, tree=tree, _kept={})


def _with_effects_given_answers(fit, rng: np.random.Generator):
    """Each distinct row of an unseen group as a group of its own, whose effects are drawn given its answers."""
    everything, index = slice(None), fit.group_of_pattern
    seen = {name: effects_of_seen_groups(fit, name, everything) for name in index}
    candidates = {name: effects_of_new_groups(fit, name, everything, rng, CANDIDATES) for name in index}
    with_candidates = with_effects(fit, {name: seen[name].followed_by(candidates[name]) for name in index})
    unseen = np.flatnonzero(np.any([places < 0 for places in index.values()], axis=0))
    chosen = np.empty((fit.n_draws, len(unseen)), dtype=np.int32)
    step = max(1, NUMBERS_AT_ONCE // (fit.n_draws * CANDIDATES))
    for start in range(0, len(unseen), step):
        rows = unseen[start : start + step]
        log_likelihood = _log_likelihood_by_candidate(with_candidates, rows)  # (draw, row, candidate)
        noise = rng.gumbel(size=log_likelihood.shape)
        chosen[:, start : start + step] = (log_likelihood + noise).argmax(axis=-1)
    drawn = {name: effects_at(candidates[name], chosen) for name in index}
    result = with_effects(fit, {name: seen[name].followed_by(drawn[name]) for name in index})
    patterns = result.patterns.copy()
    for name, places in index.items():
        n_seen, own = seen[name].intercept.shape[1], places.copy()
        own[unseen] = np.where(places[unseen] < 0, n_seen + np.arange(len(unseen)), places[unseen])
        patterns[f"{name}_index"] = ((PATTERN,), own)
    result.tree[PATTERNS] = xr.DataTree(patterns)
    return replace(result, _kept={})


def _log_likelihood_by_candidate(fit, rows: np.ndarray) -> np.ndarray:
    """Log-likelihood of some distinct rows with each candidate in place of what was not seen."""
    index = {}
    for name, places in fit.group_of_pattern.items():
        n_seen = fit.posterior.sizes[name] - CANDIDATES
        each = np.repeat(places[rows], CANDIDATES)
        index[name] = np.where(each < 0, n_seen + np.tile(np.arange(CANDIDATES), len(rows)), each)
    repeated = np.repeat(rows, CANDIDATES)
    tried = _with_patterns(
        fit, fit.codes[repeated], fit.matrix[repeated], index, np.arange(len(repeated)), np.arange(len(repeated))
    )
    return tried.log_likelihood().reshape(fit.n_draws, len(rows), CANDIDATES)


def effects_at(effects: RandomEffectDraws, chosen: np.ndarray) -> RandomEffectDraws:
    """Effects of the group that was chosen in every draw for every row, from positions of shape (draw, row)."""
    draw = np.arange(len(chosen))[:, None]
    return RandomEffectDraws(
        effects.intercept[draw, chosen], None if effects.slope is None else effects.slope[draw, chosen]
    )


def with_effects(fit, effects: Mapping[str, RandomEffectDraws]):
    """The fit with other groups, in the order of these effects, which have no names."""
    posterior, axis = fit.posterior, fit.class_axis
    for name, of_groups in effects.items():
        variables = {group_effect(name): (("chain", "draw", name, axis), fit.by_chain(of_groups.intercept))}
        if of_groups.slope is not None:
            dims = ("chain", "draw", name, group_terms(name), axis)
            variables[group_slope(name)] = (dims, fit.by_chain(of_groups.slope))
        posterior = posterior.drop_dims(name).assign(variables)
    tree = fit.tree.copy()
    tree["posterior"] = xr.DataTree(posterior)
    return replace(fit, tree=tree, _kept={})
