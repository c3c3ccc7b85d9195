"""Section that lets others fit the model again: priors, settings, versions, the model as it was written."""

import json

import pandas as pd
import xarray as xr

from bayes_lca.dims import SLOPE, group_slope
from bayes_lca.fitted.axes import groupings
from bayes_lca.reporting.sections.specification import Prior, priors_of
from bayes_lca.reporting.writing.section import Block, Listing, Paragraph, Section, Table
from bayes_lca.table import SummaryTable, describe_draws

MEANING = {
    "share": "class shares",
    "probability": "answer probabilities of an item in a class",
    "location": "log odds by which classes differ on an item, summing to zero over classes",
    "intercept": "class logits at the mean of the covariates, summing to zero over classes",
    "slope": "slopes of class logits per standard deviation of a covariate, summing to zero over classes",
    "group_sd": "standard deviation of random intercepts, one for each class logit",
    "group_slope_sd": "standard deviation of random slopes, per standard deviation of the covariate",
    "correlation": "correlations of random intercepts between classes",
}
OF_AVERAGE = "answer probabilities of an item in an average class"
SETTINGS = ("seed", "tune", "target_accept", "backend", "measurement_draws", "pareto_k", "sampled_again")


def reproduction_section(draws: xr.DataTree) -> Section:
    """Priors, settings of the sampler, versions of packages, text of the model."""
    attributes = draws.attrs
    note = describe_draws(draws)
    blocks: list[Block] = []
    priors = [prior for prior in priors_of(attributes.get("specification", "")) if _applies(prior, draws)]
    if priors:
        rows = {_meaning(prior, priors): prior.distribution for prior in priors}
        frame = pd.DataFrame({"prior": rows}).rename_axis("parameter")
        blocks.append(Table("priors", "Priors", SummaryTable.of(frame, note)))
    else:
        blocks.append(Paragraph("Priors are those of the model's text below."))
    settings = {"chains": draws["posterior"].sizes["chain"], "draws": draws["posterior"].sizes["draw"]}
    settings |= {name: attributes[name] for name in SETTINGS if name in attributes}
    settings |= {"sampled": when} if (when := sampled_at(draws)) else {}
    settings |= {f"version of {name}": number for name, number in json.loads(attributes.get("versions", "{}")).items()}
    frame = pd.DataFrame({"value": {name.replace("_", " "): f"{value}" for name, value in settings.items()}})
    blocks.append(Table("settings", "Settings and versions", SummaryTable.of(frame.rename_axis("setting"), note)))
    for title, text in (
        ("The model as it was written:", attributes.get("specification")),
        ("The model as PyMC prints it:", attributes.get("model_text")),
    ):
        if text:
            blocks += [Paragraph(title), Listing(text)]
    steps = "transparency and reproducibility (step 9), model specification (step 5)"
    return Section("reproduction", "Priors, settings, versions", steps, blocks)


def sampled_at(draws: xr.DataTree) -> str:
    """When the draws were made, to the minute, in universal time; empty where they do not say."""
    written = str(draws["posterior"].attrs.get("created_at", ""))
    return f"{written[:16].replace('T', ' ')} UTC" if written.endswith("+00:00") else ""


def _applies(prior: Prior, draws: xr.DataTree) -> bool:
    """Whether the fit has the parameter of a prior that every regression is given."""
    match prior.field:
        case "slope":
            return SLOPE in draws["posterior"]
        case "group_sd":
            return bool(groupings(draws))
        case "group_slope_sd":
            return any(group_slope(name) in draws["posterior"] for name in groupings(draws))
    return True


def _meaning(prior: Prior, beside: list[Prior]) -> str:
    if prior.field == "probability" and any(one.part == prior.part and one.field == "location" for one in beside):
        return OF_AVERAGE
    return MEANING.get(prior.field, f"{prior.part}: {prior.field}")
