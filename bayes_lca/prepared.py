"""A model with its data: what `fit` needs to sample it and to hand the draws on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pymc as pm
import xarray as xr

from bayes_lca.data.design import Design
from bayes_lca.data.survey import Survey
from bayes_lca.dims import ANSWERS, DESIGN, DESIGN_CENTER, ITEM, RESPONDENT, TERM


@dataclass(frozen=True)
class Prepared:
    """A PyMC model, where to start it, and the data that travel with its draws.

    Attributes
    ----------
    model : pymc.Model
    start : mapping of str to ndarray
        Starting values by free variable.
    jittered : tuple of str
        Variables that each chain starts a little elsewhere.
    observed, constant : xarray.Dataset
        Answers as codes; design, groups and counts. One row per respondent.
    attributes : mapping
        Formula, labels, counts of missing rows: numbers and text only.
    pivot : ndarray of shape (latent_class, item, category), optional
        Item probabilities that give the classes their labels; None if no class is latent.
    """

    model: pm.Model
    start: Mapping[str, np.ndarray]
    jittered: tuple[str, ...]
    observed: xr.Dataset
    constant: xr.Dataset
    attributes: Mapping[str, str | int | float]
    pivot: np.ndarray | None = field(default=None)


def describe_design(design: Design, respondents) -> tuple[xr.Dataset, dict[str, str | int]]:
    """Design, groups and covariates of the respondents as a dataset, and what is needed to encode new ones."""
    variables = {
        DESIGN: ((RESPONDENT, TERM), design.matrix),
        DESIGN_CENTER: ((TERM,), design.center),
    }
    coords = {RESPONDENT: np.asarray(respondents), TERM: np.array(design.terms, dtype="U")}
    for grouping in design.groupings:
        variables[f"{grouping.name}_index"] = ((RESPONDENT,), grouping.index)
        coords[grouping.name] = np.array(grouping.levels, dtype="U")
    for name, values in design.covariates.items():
        stored = values.astype(str).to_numpy(dtype="U") if values.dtype.kind not in "fi" else values.to_numpy()
        variables[f"covariate_{name}"] = ((RESPONDENT,), stored)
    levels = {
        name: list(values.cat.categories)
        for name, values in design.covariates.items()
        if hasattr(values.dtype, "categories")
    }
    attributes = {
        "formula": design.formula,
        "groupings": json.dumps([grouping.name for grouping in design.groupings]),
        "levels": json.dumps(levels),
        "n_respondents": len(design.matrix),
        "n_dropped": design.n_dropped,
    }
    return xr.Dataset(variables, coords), attributes


def describe_survey(survey: Survey) -> tuple[xr.Dataset, xr.Dataset, dict[str, str | int]]:
    """Answers, then design and answer patterns of the respondents as datasets, and what is to be remembered."""
    responses = survey.responses
    constant, attributes = describe_design(survey.design, responses.respondents)
    constant["answer_pattern"] = ((RESPONDENT,), survey.answer_patterns.pattern)
    constant["n_categories"] = ((ITEM,), np.array(responses.n_categories))
    constant = constant.assign_coords({ITEM: list(responses.items)})
    observed = xr.Dataset({ANSWERS: ((RESPONDENT, ITEM), responses.codes)}, constant.coords)[[ANSWERS]]
    attributes |= {"labels": json.dumps(responses.labels), "n_missing_answers": responses.n_missing}
    return observed, constant, attributes
