"""What the tree of a fit keeps of a survey design: weights, clusters and strata of its respondents."""

import json
from collections.abc import Mapping

import numpy as np
import xarray as xr

from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.dims import PATTERN, RESPONDENT, SURVEY_STRATUM, SURVEY_UNIT, SURVEY_WEIGHT
from bayes_lca.fitted.record import PATTERNS

SURVEY = "survey_design"
"""Group of the tree with the sample, and attribute that says in words and numbers how it was drawn."""
UNCORRECTED = "uncorrected_posterior"
"""Group of the tree with the draws as they were before they were corrected for the design, under the same labels."""

DIRECTIONS_LEFT = "directions_left_uncorrected"
"""Attribute with the number of directions in which draws were left as they were."""

DIRECTIONS_HELD = "directions_not_made_narrower"
"""Attribute with the number of directions that few answers are behind, and that would have become narrower."""

AXES_OF_SAMPLE = {
    "weight": RESPONDENT,
    "unit": RESPONDENT,
    "stratum_of_unit": SURVEY_UNIT,
    "sampled_share": SURVEY_STRATUM,
}
"""What is kept of a sample, and the axis of each."""


def record_sample(
    sample: SurveySample | None, weight: np.ndarray, groups: Mapping[str, xr.Dataset], attributes: Mapping
) -> tuple[dict[str, xr.Dataset], dict]:
    """Groups and attributes of a fit with its sample beside them, where there is one.

    Parameters
    ----------
    sample : SurveySample, optional
    weight : ndarray, shape (pattern,)
        Weights added up by distinct row.
    groups : mapping of str to xarray.Dataset
    attributes : mapping
    """
    if sample is None:
        return dict(groups), dict(attributes)
    patterns = groups[PATTERNS].assign({SURVEY_WEIGHT: ((PATTERN,), weight)})
    of_sample = xr.Dataset({name: ((axis,), getattr(sample, name)) for name, axis in AXES_OF_SAMPLE.items()})
    said = {
        "words": sample.in_words,
        "n_strata": len(sample.sampled_share),
        "n_units": len(sample.stratum_of_unit),
        "n_zero_weights": int((sample.weight == 0).sum()),
        "kish_n": sample.kish_n,
    }
    recorded = {**groups, PATTERNS: patterns, SURVEY: of_sample}
    return recorded, {**attributes, SURVEY: json.dumps({**sample.design, **said})}


def said_of_sample(attributes: Mapping) -> dict:
    """Columns of the design, the sample in words, numbers of strata, units and zero weights, and Kish's n."""
    return json.loads(attributes[SURVEY])


def recorded_sample(tree: xr.DataTree) -> SurveySample:
    """The sample that a tree keeps."""
    kept = tree[SURVEY].to_dataset()
    return SurveySample(**{name: kept[name].to_numpy() for name in AXES_OF_SAMPLE}, design=said_of_sample(tree.attrs))


def survey_note(attributes: Mapping) -> list[str]:
    """How respondents were sampled, for the note below a table; nothing where nobody said."""
    if SURVEY not in attributes:
        return []
    return [said_of_sample(attributes)["words"], "draws corrected for the survey design"]
