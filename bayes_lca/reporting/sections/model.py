"""Section of the model and how it was estimated."""

import json

import pandas as pd
import xarray as xr

from bayes_lca.data.formula import read_formula
from bayes_lca.dims import ITEM, SLOPE, group_slope
from bayes_lca.fitted.axes import class_axis, groupings
from bayes_lca.reporting.sections.specification import measurement_of
from bayes_lca.reporting.writing.section import Listing, Paragraph, Section, Table
from bayes_lca.table import SummaryTable, describe_draws

SOFTWARE = ("bayes-lca", "pymc", "nutpie", "arviz")
MIXTURE = "p(answers of i) = Σ_c P(c | x_i, g_i) Π_j P(answer of i to item j | c)      over the items that i answered"
REGRESSION = "log P(c | x, g) = α_c + x′β_c{groups} + constant"
NUTS = "Hoffman, M. D. & Gelman, A. (2014). The No-U-Turn Sampler. Journal of Machine Learning Research 15, 1593-1623."
STEPHENS = (
    "Stephens, M. (2000). Dealing with label switching in mixture models. Journal of the Royal Statistical Society B "
    "62(4), 795-809. doi 10.1111/1467-9868.00265"
)
MEASUREMENT = {
    "Items": "nominal items: every class has its own probability of every answer",
    "OrdinalItems": "ordinal items: cumulative logits, classes differ in their location",
    "Assigned": "indicators whose probabilities given the class are known from an earlier fit",
}
OF_KIND = {
    "LatentClass": (
        "Goodman, L. A. (1974). Exploratory latent structure analysis using both identifiable and unidentifiable "
        "models. Biometrika 61(2), 215-231. doi 10.1093/biomet/61.2.215",
    ),
    "LatentClass regression": (
        "Bandeen-Roche, K., Miglioretti, D. L., Zeger, S. L. & Rathouz, P. J. (1997). Latent variable regression for "
        "multiple discrete outcomes. JASA 92(440), 1375-1386. doi 10.1080/01621459.1997.10473658",
        "Vermunt, J. K. (2003). Multilevel latent class models. Sociological Methodology 33(1), 213-239. "
        "doi 10.1111/j.0081-1750.2003.t01-1-00131.x",
    ),
    "AssignedClass": (
        "Vermunt, J. K. (2010). Latent class modeling with covariates: two improved three-step approaches. Political "
        "Analysis 18(4), 450-469. doi 10.1093/pan/mpq025",
        "Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables. "
        "Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7",
    ),
    "Multinomial": (
        "Hedeker, D. (2003). A mixed-effects multinomial logistic regression model. Statistics in Medicine 22(9), "
        "1433-1446. doi 10.1002/sim.1522",
    ),
}


def has_regression(draws: xr.DataTree) -> bool:
    """Whether class probabilities differ between respondents."""
    return SLOPE in draws["posterior"] or bool(groupings(draws))


def kind_of(draws: xr.DataTree) -> str:
    """The model in a few words."""
    levels = "multilevel" if groupings(draws) else "single-level"
    model = draws.attrs["model"]
    if model == "LatentClass":
        return f"Latent class regression in one step, {levels}" if has_regression(draws) else "Latent class analysis"
    if model == "Multinomial":
        return f"Multinomial regression of an observed category, {levels}"
    if model == "AssignedClass":
        return f"Step-wise latent class regression, {levels}"
    return model


def model_section(draws: xr.DataTree) -> Section:
    """The model in words and formulas, and the sampler."""
    facts = pd.DataFrame({"value": _facts(draws)}).rename_axis("what")
    blocks = [
        Paragraph(_in_words(draws)),
        Listing(_in_formulas(draws)),
        Table("model", "The model", SummaryTable.of(facts, describe_draws(draws))),
    ]
    kind = draws.attrs["model"]
    if kind == "LatentClass" and has_regression(draws):
        kind = "LatentClass regression"
    labels = (STEPHENS,) if "relabel_agreement" in draws.attrs else ()
    steps = "model specification, estimation, software (steps 5, 9, 10)"
    references = (*OF_KIND.get(kind, ()), NUTS, *labels)
    return Section("model", "Model and software", steps, blocks, references=references)


def _in_words(draws: xr.DataTree) -> str:
    model, n_classes = draws.attrs["model"], draws["posterior"].sizes[class_axis(draws)]
    said = {
        "LatentClass": f"Each respondent belongs to one of {n_classes} latent classes, summed out of the likelihood; "
        "answers to different items are independent within a class.",
        "AssignedClass": "The classes were found in an earlier fit without covariates, which this regression leaves as "
        "they are; the class is summed out, so that classification error is allowed for.",
        "Multinomial": f"Each respondent is seen in one of {n_classes} categories of {draws.attrs.get('outcome')}. If "
        "these are classes assigned by a latent class analysis, its classification errors are not allowed for.",
    }.get(model, f"The model is {model}.")
    if "measurement_draws" in draws.attrs:
        said += (
            f" The uncertainty of the earlier fit is carried through {draws.attrs['measurement_draws']} of its draws."
        )
    if has_regression(draws):
        said += (
            " Logits are symmetric: coefficients sum to zero over classes or categories, none of which is a reference."
        )
    if groupings(draws):
        said += " Groups have random effects of mean zero, one standard deviation for each logit."
    return said


def _in_formulas(draws: xr.DataTree) -> str:
    lines = [] if draws.attrs["model"] == "Multinomial" else [MIXTURE]
    if has_regression(draws):
        varying = any(group_slope(name) in draws["posterior"] for name in groupings(draws))
        effects = (" + u_cg" if groupings(draws) else "") + (" + x′b_cg" if varying else "")
        lines.append(REGRESSION.format(groups=effects))
    else:
        lines.append("P(c | x, g) = π_c, the same for every respondent")
    return "\n".join(lines)


def _facts(draws: xr.DataTree) -> dict[str, str]:
    attributes, posterior = draws.attrs, draws["posterior"]
    facts = {"model": kind_of(draws), "formula of the classes": attributes["formula"]}
    classes = [str(name) for name in posterior[class_axis(draws)].to_numpy()]
    if "outcome" in attributes:
        facts["outcome"] = str(attributes["outcome"])
    else:
        measurement = measurement_of(attributes.get("specification", ""))
        facts["measurement"] = MEASUREMENT.get(measurement, measurement or "unknown")
        facts["items"] = ", ".join(str(item) for item in draws["observed_data"][ITEM].to_numpy())
    facts["categories" if "outcome" in attributes else "classes"] = f"{len(classes)}: {', '.join(classes)}"
    levels = json.loads(attributes["levels"])
    used = [f"{name}: {levels[name][0]}" for name in read_formula(attributes["formula"]).covariates if name in levels]
    if used:
        facts["reference levels"] = ", ".join(used)
    if groupings(draws):
        facts["groups"] = ", ".join(f"{name}: {posterior.sizes[name]} groups" for name in groupings(draws))
    facts["estimation"] = (
        f"draws from the posterior by NUTS: {posterior.sizes['chain']} chains of {posterior.sizes['draw']} draws after "
        f"{attributes.get('tune', 'unknown')} steps of tuning each"
    )
    if "relabelled" in attributes and "relabel_agreement" in attributes:
        facts["labels of classes"] = (
            "aligned over draws by item profiles, confirmed by Stephens' criterion; order of display: "
            f"{attributes['class_order']}"
        )
    versions = json.loads(attributes.get("versions", "{}"))
    if software := [f"{name} {versions[name]}" for name in SOFTWARE if name in versions]:
        facts["software"] = ", ".join(software)
    return facts
