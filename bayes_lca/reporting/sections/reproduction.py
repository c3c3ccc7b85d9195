"""Section that lets others fit the model again: priors, settings, versions, the model as it was written."""

import json
from typing import Any

import pandas as pd

from bayes_lca.dims import SLOPE
from bayes_lca.fitted.fit import Fit
from bayes_lca.reporting.sections.model import has_random_slopes
from bayes_lca.reporting.sections.specification import Prior, priors_of
from bayes_lca.reporting.writing.section import Block, Listing, Paragraph, Section, Table
from bayes_lca.specification import as_written
from bayes_lca.table import SummaryTable

MEANING = {
    "share": "class shares",
    "probability": "answer probabilities of an item in a class",
    "location": "log odds by which classes differ on an item, summing to zero over classes",
    "intercept": "class logits at the mean of the covariates, summing to zero over classes",
    "slope": "slopes of class logits, per unit of a column (PerUnit) or else its standard deviation, summing to zero",
    "group_sd": "standard deviation of random intercepts, one for each class logit",
    "group_slope_sd": "standard deviation of random slopes, per unit (PerUnit) or else standard deviation of a column",
    "correlation": "correlations of random intercepts between classes",
}
KNOWN = {
    "Items": "answer probabilities of single items and classes",
    "OrdinalItems": "answer probabilities of single items in an average class",
    "Regression": "slopes of single terms",
    "CommonMethod": "loadings on the style of a person, free ones to both sides of zero",
}
OF_AVERAGE = "answer probabilities of an item in an average class"
OF_TYPICAL = "answer probabilities of an item for the typical person of a class"
SETTINGS = ("seed", "tune", "target_accept", "backend", "measurement_draws", "pareto_k", "sampled_again")


def reproduction_section(fit: Fit) -> Section:
    """Priors, settings of the sampler, versions of packages, text of the model."""
    blocks: list[Block] = []
    priors = [prior for prior in priors_of(fit.specification) if _applies(prior, fit)]
    if priors:
        rows = {_meaning(prior, priors, fit): prior.distribution for prior in priors}
        frame = pd.DataFrame({"prior": rows}).rename_axis("parameter")
        blocks.append(Table("priors", "Priors", SummaryTable.of(frame, fit.note)))
    else:
        blocks.append(Paragraph("Priors are those of the model's text below."))
    frame = pd.DataFrame({"value": _settings(fit)}).rename_axis("setting")
    blocks.append(Table("settings", "Settings and versions", SummaryTable.of(frame, fit.note)))
    for title, text in (
        ("The model as it was written:", as_written(fit.specification)),
        ("The model as PyMC prints it:", fit.attributes.get("model_text")),
    ):
        if text:
            blocks += [Paragraph(title), Listing(text)]
    steps = "transparency and reproducibility (step 9), model specification (step 5)"
    return Section("reproduction", "Priors, settings, versions", steps, blocks)


def sampled_at(fit: Fit) -> str:
    """When the draws were made, to the minute, in universal time; empty where they do not say."""
    written = fit.created_at
    return f"{written[:16].replace('T', ' ')} UTC" if written.endswith("+00:00") else ""


def _settings(fit: Fit) -> dict[str, str]:
    """Settings of the sampler and versions of packages, by their names in words."""
    attributes = fit.attributes
    settings: dict[str, Any] = {"chains": fit.n_chains, "draws": fit.draws_per_chain}
    settings |= {name: attributes[name] for name in SETTINGS if name in attributes}
    settings |= {"sampled": when} if (when := sampled_at(fit)) else {}
    settings |= {f"version of {name}": number for name, number in json.loads(attributes.get("versions", "{}")).items()}
    return {name.replace("_", " "): f"{value}" for name, value in settings.items()}


def _applies(prior: Prior, fit: Fit) -> bool:
    """Whether the fit has the parameter of a prior that every regression is given."""
    match prior.field:
        case "slope":
            return SLOPE in fit.posterior
        case "group_sd":
            return bool(fit.groupings)
        case "group_slope_sd":
            return has_random_slopes(fit)
    return True


def _meaning(prior: Prior, beside: list[Prior], fit: Fit) -> str:
    if prior.field == "probability" and any(other.part == prior.part and other.field == "location" for other in beside):
        return OF_AVERAGE
    if prior.field == "probability" and fit.supports("common_method"):
        return OF_TYPICAL
    meaning = KNOWN.get(prior.part) if prior.field == "prior" else MEANING.get(prior.field)
    return meaning or f"{prior.part}: {prior.field}"
