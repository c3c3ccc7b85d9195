"""What is written into the tree of a fit to several waves: distinct sequences with their counts."""

import json
from collections.abc import Mapping

import numpy as np
import xarray as xr

from bayes_lca.data.answered import is_missing
from bayes_lca.data.design import Design
from bayes_lca.data.responses import Responses
from bayes_lca.data.unique_rows import UniqueRows, unique_rows
from bayes_lca.data.waves import Waves, step_names
from bayes_lca.dims import (
    ANSWERS,
    ANSWERS_OF_WAVE,
    ITEM,
    N_CATEGORIES,
    PATTERN,
    RESPONDENT,
    ROW_OF_RESPONDENT,
    STEP,
    TRANSITION_DESIGN,
    TRANSITION_DESIGN_CENTER,
    TRANSITION_TERM,
    WAVE,
    of_transition,
)
from bayes_lca.fitted.record import AXES, ENCODING, GROUPINGS, PATTERNS, as_stored, levels_of, record_rows

PERSON_COLUMN, WAVE_COLUMN = "person_column", "wave_column"
"""Attributes with the columns that said whose row it is, and of which wave."""
N_MISSED_WAVES = "n_missed_waves"
"""Attribute with the waves at which persons were not seen, all persons together."""


def waves_in_words(attributes: Mapping) -> str:
    """How many waves there are, and how many were missed, as a part of a note.

    Examples
    --------
    >>> waves_in_words({"axes": '{"wave": ["1", "2"]}', "n_respondents": 10, "n_missed_waves": 3})
    '2 waves, 3 of 20 person-waves missed'
    """
    n_waves = len(json.loads(attributes[AXES])[WAVE])
    return missed_in_words(n_waves, int(attributes["n_respondents"]), int(attributes[N_MISSED_WAVES]))


def missed_in_words(n_waves: int, n_persons: int, n_missed: int) -> str:
    """The same from the numbers.

    Examples
    --------
    >>> missed_in_words(3, 10, 0)
    '3 waves'
    """
    return f"{n_waves} waves" + (f", {n_missed} of {n_waves * n_persons} person-waves missed" if n_missed else "")


def record_sequences(
    waves: Waves,
    responses: Responses,
    answer_patterns: UniqueRows,
    design: Design,
    sequences: UniqueRows,
    first_row: np.ndarray,
) -> tuple[dict[str, xr.Dataset], dict[str, str | int]]:
    """Groups and attributes of a fit of answers at several waves, but for the transitions.

    Parameters
    ----------
    waves : Waves
    responses : Responses or Numbers
        Of all rows of the frame.
    answer_patterns : UniqueRows
        Distinct answers of these rows.
    design : Design
        Of the first wave, a row for each person.
    sequences : UniqueRows
        Distinct persons.
    first_row : ndarray of int, shape (person,)
        Row of the frame at which each person was first seen.
    """
    codes = waves.at_waves(responses.codes)  # (person, wave, item)
    answers = waves.at_waves(answer_patterns.pattern[:, None])[..., 0]  # (person, wave)
    items = [str(item) for item in responses.items]
    of_items = {N_CATEGORIES: ((ITEM,), np.array([len(labels) for labels in responses.labels])), **responses.encoding}
    seen = {
        ANSWERS: ((PATTERN, WAVE, ITEM), codes[sequences.first]),
        ANSWERS_OF_WAVE: ((PATTERN, WAVE), answers[sequences.first]),
    }
    groups, attributes = record_rows(seen, unique_rows(answers).pattern, of_items, design, waves.persons, sequences)
    axes = {ITEM: items, WAVE: list(waves.names), STEP: step_names(waves.names)}
    groups = {name: dataset.assign_coords(axes) for name, dataset in groups.items()}
    groups[PATTERNS] = groups[PATTERNS].assign({ROW_OF_RESPONDENT: ((RESPONDENT,), first_row.astype(np.int32))})
    missing = is_missing(codes)
    answered = {
        "labels": json.dumps(responses.labels),
        "n_missing_answers": int((missing & waves.seen[..., None]).sum()),
        "n_without_answer": int(missing.all(axis=(1, 2)).sum()),
        "n_respondents": len(codes),
        N_MISSED_WAVES: int((~waves.seen).sum()),
        PERSON_COLUMN: str(waves.person),
        WAVE_COLUMN: str(waves.wave),
    }
    return groups, merged_axes(attributes, {AXES: json.dumps(axes)}) | answered


def record_steps(design: Design, row_of_step: np.ndarray) -> tuple[dict[str, xr.Dataset], dict[str, str]]:
    """Groups and attributes of the transitions of such a fit.

    Parameters
    ----------
    design : Design
        Of the rows of later waves.
    row_of_step : ndarray of int, shape (pattern, step)
        Of these rows, that of each step; -1 after a person's last wave, when nothing depends on it.
    """
    there, axes = np.maximum(row_of_step, 0), (PATTERN, STEP)
    rows = {TRANSITION_DESIGN: ((*axes, TRANSITION_TERM), design.matrix[there])}
    names = {TRANSITION_TERM: np.array(design.terms, dtype="U")}
    for grouping in design.groupings:
        rows[f"{grouping.name}_index"] = (axes, grouping.index[there])
        names[grouping.name] = np.array(grouping.levels, dtype="U")
    for name, values in design.covariates.items():
        rows[of_transition(f"covariate_{name}")] = (axes, as_stored(values)[there])
    attributes = {
        AXES: json.dumps({axis: [str(name) for name in of_axis] for axis, of_axis in names.items()}),
        of_transition("formula"): design.formula,
        of_transition(GROUPINGS): json.dumps([grouping.name for grouping in design.groupings]),
        of_transition("levels"): json.dumps(levels_of(design)),
    }
    return {
        PATTERNS: xr.Dataset(rows, {TRANSITION_TERM: names[TRANSITION_TERM]}),
        ENCODING: xr.Dataset({TRANSITION_DESIGN_CENTER: ((TRANSITION_TERM,), design.center)}, names),
    }, attributes


def merged_axes(attributes: Mapping, others: Mapping) -> dict:
    """Attributes of both, with the axes of both."""
    axes = json.loads(attributes[AXES]) | json.loads(others[AXES])
    return dict(attributes) | dict(others) | {AXES: json.dumps(axes)}
