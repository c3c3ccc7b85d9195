"""What is written into the tree of a fit: distinct rows with their counts, and what encodes new ones."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.answered import is_missing
from bayes_lca.data.counted import CountedRows
from bayes_lca.data.design import Design
from bayes_lca.data.distal_outcome import DistalOutcome, KnownMembership
from bayes_lca.data.unique_rows import UniqueRows, unique_rows
from bayes_lca.dims import (
    ANSWER_PATTERN,
    ANSWERS,
    CLASS,
    COUNT,
    DESIGN,
    DESIGN_CENTER,
    FIRST_STEP_DRAW,
    ITEM,
    KNOWN_MEMBERSHIP,
    KNOWN_ROW,
    N_CATEGORIES,
    OUTCOME,
    PATTERN,
    PATTERN_OF_RESPONDENT,
    PATTERN_OF_TABLE_ROW,
    RESPONDENT,
    ROW_OF_RESPONDENT,
    TABLE_ROW,
    TERM,
    of_transition,
)
from bayes_lca.fitted.respondents import HOLDS_RESPONDENTS

PATTERNS, ENCODING = "patterns", "encoding"
"""Groups of the tree: distinct rows, and what encodes new ones."""

TOTAL_LOG_LIKELIHOOD = "total_log_likelihood"
"""Statistic of the draws of any fit: the log-likelihood of all respondents."""

FIRST_STEP = "first_step"
"""Group of the tree of a distal outcome: what each draw of the fit that found the classes says of who is in them."""

TABLE = "frequency_table"
"""Group of the tree with the rows of a frequency table, where one was fitted."""

COUNTED = "counted"
"""Attribute that says in words what frequency table the respondents come from, where they do."""

MEASUREMENT_DRAW = "measurement_draw"
"""Statistic of the draws of a two-step fit: the draw of the first step that each rests on, counted over its chains."""

AXES = "axes"
"""Attribute with the names of items, terms and groups, in the order of all arrays."""

KEY = "key"
"""Attribute with the column that names the respondents, where one was given."""

EXCHANGEABLE = "exchangeable_classes"
"""Attribute with the set of each class, where priors or restrictions tell classes apart; those of a set are alike."""

LEFT_OUT = "left_out"
"""Attribute with the group whose rows had no part in the draws, where a group was left out."""

GROUPINGS = "groupings"
"""Attribute with the names of the groupings that have random effects, as JSON."""

LAYOUT = 3
"""Number of the layout of trees; a tree of another one is refused."""


def exchangeable_classes(attributes: Mapping, n_classes: int) -> np.ndarray:
    """The set of each class, shape (latent_class,): classes of one set are exchangeable, as all are by default."""
    return np.array(json.loads(attributes.get(EXCHANGEABLE, json.dumps([0] * n_classes))))


def all_groupings(attributes: Mapping) -> list[str]:
    """Names of the groupings of all parts of a model."""
    return [name for which in (GROUPINGS, of_transition(GROUPINGS)) for name in json.loads(attributes.get(which, "[]"))]


def distinct_rows(design: Design, *seen: np.ndarray) -> UniqueRows:
    """Respondents who are equal in what was seen, in design, groups and covariates."""
    codes = [values.cat.codes if hasattr(values, "cat") else values for _, values in design.covariates.items()]
    numbers = [np.asarray(values) for values in codes if np.asarray(values).dtype.kind in "iuf"]
    return unique_rows(*seen, design.patterns.pattern, *numbers)


def record_answers(
    codes: np.ndarray,
    answer_pattern: np.ndarray,
    items: Sequence[str | int],
    labels: Sequence[Sequence[str]],
    design: Design,
    respondents: pd.Index,
    patterns: UniqueRows,
    encoding: Mapping[str, tuple] = MappingProxyType({}),
) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Groups and attributes of a fit of answers to items.

    Parameters
    ----------
    codes : ndarray, shape (respondent, item)
        Codes of categories, or numbers.
    answer_pattern : ndarray of int, shape (respondent,)
        The distinct pattern of answers of each respondent.
    items, labels : sequence
        Names of the items, and of their categories.
    design : Design
    respondents : pandas.Index
        Row labels.
    patterns : UniqueRows
        Distinct rows, from `distinct_rows`.
    encoding : mapping of str to tuple
        What else is known of each item: axes and values by name.
    """
    of_items = {N_CATEGORIES: ((ITEM,), np.array([len(of_item) for of_item in labels])), **encoding}
    seen = {ANSWERS: ((PATTERN, ITEM), codes[patterns.first])}
    groups, attributes = record_rows(seen, answer_pattern, of_items, design, respondents, patterns)
    groups = {name: dataset.assign_coords({ITEM: [str(item) for item in items]}) for name, dataset in groups.items()}
    axes = json.loads(attributes[AXES]) | {ITEM: [str(item) for item in items]}
    missing = is_missing(codes[patterns.first])
    answered = {
        "labels": json.dumps(labels),
        "n_missing_answers": int(patterns.count @ missing.sum(axis=1)),
        "n_without_answer": int(patterns.count @ missing.all(axis=1)),
    }
    return groups, attributes | answered | {AXES: json.dumps(axes)}


def record_outcome(
    codes: np.ndarray,
    outcome: str,
    labels: Sequence[str],
    design: Design,
    respondents: pd.Index,
    patterns: UniqueRows,
) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Groups and attributes of a fit of an observed category; codes have shape (respondent,)."""
    seen = {OUTCOME: ((PATTERN,), codes[patterns.first])}
    groups, attributes = record_rows(seen, codes, {}, design, respondents, patterns)
    complete = {"n_missing_answers": 0, "n_without_answer": 0}
    return groups, attributes | {"outcome": str(outcome), "labels": json.dumps([list(labels)])} | complete


def record_distal_outcome(
    outcome: DistalOutcome,
    known: KnownMembership,
    design: Design,
    respondents: pd.Index,
    patterns: UniqueRows,
) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Groups and attributes of a fit of a distal outcome, with the membership that its classes have by draw."""
    first = patterns.first
    seen = {OUTCOME: ((PATTERN,), outcome.values[first]), KNOWN_ROW: ((PATTERN,), known.row[first])}
    groups, attributes = record_rows(seen, known.row, {}, design, respondents, patterns)
    groups[FIRST_STEP] = xr.Dataset({KNOWN_MEMBERSHIP: ((FIRST_STEP_DRAW, KNOWN_ROW, CLASS), known.by_draw)})
    labels = [list(outcome.labels)] if outcome.labels else []
    missing = {"n_missing_answers": known.n_missing_answers, "n_without_answer": known.n_without_answer}
    named = {"outcome": str(outcome.name), "labels": json.dumps(labels)}
    return groups, attributes | named | missing | {"relabelled": 1}


def record_table(
    counted: CountedRows, groups: Mapping[str, xr.Dataset]
) -> tuple[dict[str, xr.Dataset], dict[str, str]]:
    """Groups and attribute of a fit of a frequency table: its rows, how often they count, and the distinct row of each.

    Nothing is kept for each respondent: respondents are the rows of the table, each as often as it counts.

    Parameters
    ----------
    counted : CountedRows
    groups : mapping of str to xarray.Dataset
        Of the fit of its respondents, from `record_answers` or `record_outcome`.
    """
    patterns = groups[PATTERNS]
    table_row = np.repeat(np.arange(len(counted.count)), counted.count)[patterns[ROW_OF_RESPONDENT].to_numpy()]
    pattern = np.full(len(counted.count), -1, dtype=np.int32)
    pattern[table_row] = patterns[PATTERN_OF_RESPONDENT].to_numpy()
    table = xr.Dataset(
        {COUNT: ((TABLE_ROW,), counted.count), PATTERN_OF_TABLE_ROW: ((TABLE_ROW,), pattern)},
        {TABLE_ROW: np.asarray(counted.labels)},
    )
    return dict(groups) | {PATTERNS: patterns.drop_dims(RESPONDENT), TABLE: table}, {COUNTED: counted.words}


def respondents_of(tree: xr.DataTree | Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Who has which distinct row: kept for each respondent, or told by the rows of the frequency table.

    Returns
    -------
    xarray.Dataset
        ``pattern_of_respondent``, ``row_of_respondent`` and the labels of the respondents.
    """
    patterns = tree[PATTERNS]
    if PATTERN_OF_RESPONDENT in patterns:
        labels = patterns[RESPONDENT].to_numpy()
        pattern, row = patterns[PATTERN_OF_RESPONDENT].to_numpy(), patterns[ROW_OF_RESPONDENT].to_numpy()
    else:
        table = tree[TABLE]
        pattern = np.repeat(table[PATTERN_OF_TABLE_ROW].to_numpy(), table[COUNT].to_numpy())
        labels = row = np.flatnonzero(pattern >= 0)
        pattern = pattern[row]
    return xr.Dataset(
        {PATTERN_OF_RESPONDENT: ((RESPONDENT,), pattern), ROW_OF_RESPONDENT: ((RESPONDENT,), row)},
        {RESPONDENT: labels},
    )


def record_rows(
    seen: Mapping[str, tuple],
    answer_pattern: np.ndarray,
    of_items: Mapping[str, tuple],
    design: Design,
    respondents: pd.Index,
    patterns: UniqueRows,
) -> tuple[dict[str, xr.Dataset], dict[str, Any]]:
    """Groups and attributes of any fit: distinct rows of what was `seen`, variables by name as axes and values."""
    first = patterns.first
    rows = {
        **seen,
        ANSWER_PATTERN: ((PATTERN,), answer_pattern[first]),
        DESIGN: ((PATTERN, TERM), design.matrix[first]),
        COUNT: ((PATTERN,), patterns.count),
        PATTERN_OF_RESPONDENT: ((RESPONDENT,), patterns.pattern.astype(np.int32)),
        ROW_OF_RESPONDENT: ((RESPONDENT,), np.flatnonzero(design.kept).astype(np.int32)),
    }
    names = {TERM: np.array(design.terms, dtype="U")}
    for grouping in design.groupings:
        rows[f"{grouping.name}_index"] = ((PATTERN,), grouping.index[first])
        names[grouping.name] = np.array(grouping.levels, dtype="U")
    for name, values in design.covariates.items():
        rows[f"covariate_{name}"] = ((PATTERN,), as_stored(values.iloc[first]))
    levels = levels_of(design)
    attributes = {
        "layout": LAYOUT,
        AXES: json.dumps({axis: [str(name) for name in of_axis] for axis, of_axis in names.items()}),
        HOLDS_RESPONDENTS: 1,
        "formula": design.formula,
        GROUPINGS: json.dumps([grouping.name for grouping in design.groupings]),
        "levels": json.dumps(levels),
        "n_respondents": len(design.matrix),
        "n_dropped": design.n_dropped,
    }
    return {
        PATTERNS: xr.Dataset(
            rows, {PATTERN: np.arange(len(first)), RESPONDENT: np.asarray(respondents), TERM: names[TERM]}
        ),
        ENCODING: xr.Dataset({DESIGN_CENTER: ((TERM,), design.center), **of_items}, names),
    }, attributes


def as_stored(values: pd.Series) -> np.ndarray:
    """A covariate as a file has it: numbers as they are, all else as text."""
    return values.astype(str).to_numpy(dtype="U") if values.dtype.kind not in "fi" else values.to_numpy()


def levels_of(design: Design) -> dict[str, list[str]]:
    """Levels of every covariate that has some, the reference first."""
    return {
        name: list(values.cat.categories)
        for name, values in design.covariates.items()
        if hasattr(values.dtype, "categories")
    }
