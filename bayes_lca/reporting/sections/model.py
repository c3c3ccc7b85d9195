"""Section of the model and how it was estimated."""

import json

import pandas as pd

from bayes_lca.dims import group_slope, of_transition
from bayes_lca.fitted.fit import Fit
from bayes_lca.reporting.writing.section import Listing, Paragraph, Section, Table
from bayes_lca.specification import as_written
from bayes_lca.table import SummaryTable

SOFTWARE = ("bayes-lca", "pymc", "nutpie", "arviz")
REGRESSION = "log P({in_class} | x, g) = α_c + x′β_c{groups} + constant"
SHARES = "P({in_class} | x, g) = π_c, the same for every respondent"
SYMMETRIC = "Logits are symmetric: coefficients sum to zero over classes or categories, none of which is a reference."
RANDOM_EFFECTS = "Groups have random effects of mean zero, one standard deviation for each logit."
NUTS = "Hoffman, M. D. & Gelman, A. (2014). The No-U-Turn Sampler. Journal of Machine Learning Research 15, 1593-1623."
STEPHENS = (
    "Stephens, M. (2000). Dealing with label switching in mixture models. Journal of the Royal Statistical Society B "
    "62(4), 795-809. doi 10.1111/1467-9868.00265"
)


def model_section(fit: Fit) -> Section:
    """The model in words and formulas, and the sampler."""
    facts = pd.DataFrame({"value": _facts(fit)}).rename_axis("what")
    blocks = [
        Paragraph(_in_words(fit)),
        Listing(_in_formulas(fit)),
        Table("model", "The model", SummaryTable.of(facts, fit.note)),
    ]
    labels = (STEPHENS,) if labels_were_aligned(fit) else ()
    steps = "model specification, estimation, software (steps 5, 9, 10)"
    return Section("model", "Model and software", steps, blocks, references=(*fit.words.references, NUTS, *labels))


def labels_were_aligned(fit: Fit) -> bool:
    """Whether the classes were found in this fit and their labels aligned, not taken from an earlier one."""
    return "relabel_certainty" in fit.attributes


def has_random_slopes(fit: Fit) -> bool:
    """Whether the slope of a covariate varies by group."""
    return any(group_slope(name) in fit.posterior for name in fit.groupings)


def _in_words(fit: Fit) -> str:
    sentences = [fit.words.summary]
    if fit.has_regression:
        sentences.append(SYMMETRIC)
    if fit.groupings and not fit.words.classes_of_groups:
        sentences.append(RANDOM_EFFECTS)
    return " ".join(sentences)


def _in_formulas(fit: Fit) -> str:
    likelihood = [fit.words.formula] if fit.words.formula else []
    in_class = "z_1 = c" if _formula_of_transitions(fit) else "c"
    if not fit.has_regression:
        return "\n".join([*likelihood, SHARES.format(in_class=in_class)])
    if fit.words.classes_of_groups:
        return "\n".join([*likelihood, fit.words.classes_of_groups])
    effects = (" + u_cg" if fit.groupings else "") + (" + x′b_cg" if has_random_slopes(fit) else "")
    return "\n".join([*likelihood, REGRESSION.format(in_class=in_class, groups=effects)])


def _formula_of_transitions(fit: Fit) -> str:
    """Formula of moving from wave to wave; empty where there is one wave."""
    return fit.attributes.get(of_transition("formula"), "")


def _facts(fit: Fit) -> dict[str, str]:
    attributes = fit.attributes
    facts = {"model": fit.words.title, "formula of the classes": fit.formula_shown}
    if formula := _formula_of_transitions(fit):
        facts["formula of the transitions"] = formula
    classes = f"{len(fit.classes)}: {', '.join(fit.classes)}"
    if fit.class_is_observed:
        facts |= {"outcome": str(fit.outcome), "categories": classes}
    else:
        facts |= {"measurement": fit.answers.words, "items": ", ".join(fit.items), "classes": classes}
    if restrictions := fit.specification.get("measurement", {}).get("restrictions"):
        facts["restrictions"] = "; ".join(map(as_written, restrictions))
    references = [f"{name}: {fit.levels[name][0]}" for name in fit.formula.covariates if name in fit.levels]
    if references:
        facts["reference levels"] = ", ".join(references)
    if fit.groupings:
        facts["groups"] = ", ".join(f"{name}: {len(fit.group_names[name])} groups" for name in fit.groupings)
    facts["estimation"] = (
        f"draws from the posterior by NUTS: {fit.n_chains} chains of {fit.draws_per_chain} draws after "
        f"{attributes.get('tune', 'unknown')} steps of tuning each"
    )
    if labels_were_aligned(fit):
        facts["labels of classes"] = (
            f"aligned over draws by who is in the classes, Stephens' criterion; order of display: {_display_order(fit)}"
        )
    versions = json.loads(attributes.get("versions", "{}"))
    if software := [f"{name} {versions[name]}" for name in SOFTWARE if name in versions]:
        facts["software"] = ", ".join(software)
    return facts


def _display_order(fit: Fit) -> str:
    """What classes are ordered by; only those that nothing else tells apart can be."""
    n_sets, chosen = len(set(fit.exchangeable)), fit.attributes["class_order"]
    if n_sets == 1:
        return chosen
    if n_sets == len(fit.classes):
        return "numbered by restrictions or priors"
    return f"numbered by restrictions or priors, {chosen} among classes that these leave alike"
