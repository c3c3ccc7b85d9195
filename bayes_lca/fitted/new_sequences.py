"""The fit with other persons in place of its own: new sequences of answers, covariates and groups over its waves."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from bayes_lca.data.answered import is_missing
from bayes_lca.data.formula import read_formula
from bayes_lca.data.frame import check_columns
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.data.waves import Waves, known_waves, rows_at
from bayes_lca.dims import (
    ANSWER_PATTERN,
    ANSWERS,
    ANSWERS_OF_WAVE,
    COUNT,
    DESIGN,
    ITEM,
    PATTERN,
    PATTERN_OF_RESPONDENT,
    RESPONDENT,
    ROW_OF_RESPONDENT,
    STEP,
    TERM,
    TRANSITION_DESIGN,
    TRANSITION_TERM,
    WAVE,
    of_transition,
)
from bayes_lca.fitted.design import design_for_new_rows, group_columns, group_labels
from bayes_lca.fitted.new_rows import CANDIDATES, NUMBERS_AT_ONCE, effects_at, with_effects
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.random_effects import effects_of_new_groups, effects_of_seen_groups
from bayes_lca.fitted.record import COUNTED, ENCODING, PATTERNS
from bayes_lca.fitted.record_sequences import N_MISSED_WAVES, PERSON_COLUMN, WAVE_COLUMN
from bayes_lca.fitted.transition_design import transition_design


def with_new_sequences(fit, frame, seed: int):
    r"""A fit whose persons are those of a long frame, which had no part in it.

    Their waves are waves of the fit, of which they may miss some. The effects of groups that the fit has not seen are
    drawn, for every person alone, from the distribution of groups given what the person answered at all waves, as
    `with_new_rows` does; whoever is in several such groups has the effects of one of them in all.

    Parameters
    ----------
    fit : Fit
    frame : eager data frame
        One row a person and wave, with the items, covariates and group columns of the fit.
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
        If a column is not there, a person has two rows of a wave, a wave is none of the fit, or a row lacks a covariate
        or a group, or has a category or level the fit has not seen.
    """
    paths = paths_of(fit)
    waves = known_waves(frame, *(fit.attributes[name] for name in (PERSON_COLUMN, WAVE_COLUMN)), paths.waves)
    codes = fit.answers.read(fit, frame)  # (row, item)
    first = rows_at(frame, waves.first_row)
    check_columns(first, group_columns(fit.formula), role="group")
    design = fit.design if fit.holds_respondents else design_for_new_rows(fit)
    matrix, groups = design.encode(first)
    steps, groups_of_steps, named_groups = _transitions(fit, frame, waves)
    unseen = {}
    for name, labels, places in [
        *((name, labels, groups[name]) for name, labels in group_labels(fit.formula, first).items()),
        *named_groups,
    ]:
        if strange := list(dict.fromkeys(np.array(labels, dtype=object)[places < 0])):
            unseen[name] = strange
    answers = waves.at_waves(unique_rows(codes).pattern[:, None])[..., 0]  # (person, wave)
    n = len(answers)
    variables = {
        ANSWERS: ((PATTERN, WAVE, ITEM), waves.at_waves(codes)),
        ANSWERS_OF_WAVE: ((PATTERN, WAVE), answers),
        ANSWER_PATTERN: ((PATTERN,), unique_rows(answers).pattern),
        DESIGN: ((PATTERN, TERM), matrix),
        TRANSITION_DESIGN: ((PATTERN, STEP, TRANSITION_TERM), steps),
        COUNT: ((PATTERN,), np.ones(n, dtype=int)),
        PATTERN_OF_RESPONDENT: ((RESPONDENT,), np.arange(n)),
        ROW_OF_RESPONDENT: ((RESPONDENT,), waves.first_row),
        **{f"{name}_index": ((PATTERN,), places) for name, places in groups.items()},
        **{f"{name}_index": ((PATTERN, STEP), places) for name, places in groups_of_steps.items()},
    }
    new = _of_sequences(fit, xr.Dataset(variables, {RESPONDENT: np.asarray(waves.persons)}), waves)
    return (_with_effects_given_answers(new, np.random.default_rng(seed)) if unseen else new), unseen


def _transitions(fit, frame, waves: Waves) -> tuple[np.ndarray, dict[str, np.ndarray], list[tuple]]:
    """Design of the steps (person, step, term), their groups (person, step), and names of the groups of rows."""
    formula = read_formula(fit.attributes[of_transition("formula")])
    row_of_step = waves.row_of_step
    if not formula.columns:
        return np.empty((*row_of_step.shape, 0)), {}, []
    check_columns(frame, formula.columns, role="formula")
    paths, later = paths_of(fit), waves.later_rows
    if not len(later):
        return (
            np.broadcast_to(paths.transition_center, (*row_of_step.shape, len(paths.transition_terms))),
            {name: np.zeros(row_of_step.shape, dtype=int) for name in paths.transition_groupings},
            [],
        )
    design, _ = transition_design(fit)
    rows, there = rows_at(frame, later), np.maximum(row_of_step, 0)
    matrix, index = design.encode(rows)
    groups = {of_transition(name): np.where(row_of_step < 0, 0, places[there]) for name, places in index.items()}
    labels = group_labels(formula, rows)
    return matrix[there], groups, [(of_transition(name), labels[name], index[name]) for name in index]


def _of_sequences(fit, patterns: xr.Dataset, waves: Waves | None):
    """The fit of other distinct sequences."""
    missing = is_missing(patterns[ANSWERS].to_numpy())  # (pattern, wave, item)
    counts = {"n_respondents": patterns.sizes[PATTERN], "n_dropped": 0, "holds_respondents": 1, COUNTED: ""}
    if waves is not None:
        counts |= {
            N_MISSED_WAVES: int((~waves.seen).sum()),
            "n_missing_answers": int((missing & waves.seen[..., None]).sum()),
            "n_without_answer": int(missing.all(axis=(1, 2)).sum()),
        }
    tree = xr.DataTree.from_dict(
        {
            "/": xr.Dataset(attrs=dict(fit.attributes) | counts),
            "/posterior": fit.posterior,
            f"/{ENCODING}": fit.tree[ENCODING].to_dataset(),
            f"/{PATTERNS}": patterns,
        }
    )
    return replace(fit, tree=tree, _kept={})


def _with_effects_given_answers(fit, rng: np.random.Generator):
    """Each person in an unseen group with a group of its own, whose effects are drawn given all answers."""
    paths, everything = paths_of(fit), slice(None)
    index = {**fit.group_of_pattern, **{name: _known(paths, name) for name in paths.transition_groupings}}
    seen = {name: effects_of_seen_groups(fit, name, everything) for name in index}
    candidates = {name: effects_of_new_groups(fit, name, everything, rng, CANDIDATES) for name in index}
    with_candidates = with_effects(fit, {name: seen[name].followed_by(candidates[name]) for name in index})
    n_seen = {name: effects.intercept.shape[1] for name, effects in seen.items()}
    is_unseen = np.any([(places < 0).reshape(len(places), -1).any(axis=1) for places in index.values()], axis=0)
    unseen = np.flatnonzero(is_unseen)
    chosen = np.empty((fit.n_draws, len(unseen)), dtype=np.int32)
    step = max(1, NUMBERS_AT_ONCE // (fit.n_draws * CANDIDATES * len(paths.waves)))
    for start in range(0, len(unseen), step):
        rows = unseen[start : start + step]
        candidate = np.tile(np.arange(CANDIDATES), len(rows))
        again = np.repeat(rows, CANDIDATES)
        tried = _with_groups(with_candidates, index, again, {name: n + candidate for name, n in n_seen.items()})
        log_likelihood = tried.log_likelihood_in(np.arange(fit.n_draws)).reshape(fit.n_draws, len(rows), CANDIDATES)
        noise = rng.gumbel(size=log_likelihood.shape)
        chosen[:, start : start + step] = (log_likelihood + noise).argmax(axis=-1)
    drawn = {name: seen[name].followed_by(effects_at(candidates[name], chosen)) for name in index}
    own = np.zeros(len(fit.count), dtype=int)
    own[unseen] = np.arange(len(unseen))
    return _with_groups(
        with_effects(fit, drawn), index, np.arange(len(own)), {name: n + own for name, n in n_seen.items()}
    )


def _known(paths, name: str) -> np.ndarray:
    """Groups of the steps that were made; 0 after a person's last wave, where an average one is taken."""
    return np.where(paths.moved, paths.transition_group[name], 0)


def _with_groups(fit, index: Mapping[str, np.ndarray], rows: np.ndarray, instead: Mapping[str, np.ndarray]):
    """The fit of some of its sequences, with groups in place of those that were not seen."""
    patterns = fit.patterns.isel({PATTERN: rows})
    for name, places in index.items():
        own = instead[name].reshape(-1, *[1] * (places.ndim - 1))
        patterns[f"{name}_index"] = ((PATTERN, STEP)[: places.ndim], np.where(places[rows] < 0, own, places[rows]))
    if len(rows) != len(fit.count):
        patterns = patterns.drop_dims(RESPONDENT).assign({PATTERN_OF_RESPONDENT: ((RESPONDENT,), np.arange(len(rows)))})
    return _of_sequences(fit, patterns, None)
