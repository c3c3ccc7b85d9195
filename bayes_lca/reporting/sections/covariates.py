"""Section of covariates and groups: odds ratios, group-level effects, random effects and how much groups differ."""

import pandas as pd

from bayes_lca.dims import SLOPE, group_slope_sd, group_terms
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.group_predictors import group_predictors
from bayes_lca.posterior.effects.group_level_effects import group_level_effects
from bayes_lca.posterior.plots.odds_ratios import plot_odds_ratios
from bayes_lca.posterior.plots.random_intercepts import plot_random_intercepts
from bayes_lca.posterior.tables.odds_ratios import odds_ratios
from bayes_lca.posterior.tables.random_intercepts import heterogeneity, random_intercepts
from bayes_lca.posterior.tables.rows import note_of, table_of
from bayes_lca.reporting.writing.cells import display_of
from bayes_lca.reporting.writing.figures import drawn
from bayes_lca.reporting.writing.section import Block, Paragraph, Picture, Section, Table
from bayes_lca.table import SummaryTable

ANCHOR, TITLE = "covariates", "Covariates and groups"
MOST_GROUPS_DRAWN = 60
ODDS = (
    "An odds ratio compares the odds of the first class of a contrast against the second, per unit of a numeric "
    "covariate or against the reference level. Each is the posterior median with its interval; P(direction) is the "
    "probability of the more likely sign. Intervals are not adjusted for their number."
)
FEW_GROUPS = (
    "Covariates that have one value in each group are known from the groups alone, however many respondents there are. "
    "Beside the posterior stand the degrees of freedom left, an interval between groups that owes nothing to the "
    "prior, and the smallest effect that could have been seen."
)
OF_GROUPS = (
    "Random effects say what a group adds to the class logits. VPC is the variance partition coefficient, the median "
    "odds ratio compares two like respondents of two groups drawn at random."
)
MEDIAN_ODDS = (
    "Larsen, K. & Merlo, J. (2005). Appropriate assessment of neighborhood effects on individual health. American "
    "Journal of Epidemiology 161(1), 81-88. doi 10.1093/aje/kwi017"
)
BETWEEN_GROUPS = (
    "Knapp, G. & Hartung, J. (2003). Improved tests for a random effects meta-regression with a single covariate. "
    "Statistics in Medicine 22(17), 2693-2710. doi 10.1002/sim.1482"
)


def covariates_section(fit: Fit, reference: str | None, ci_prob: float) -> Section:
    """What goes with the classes."""
    if not fit.has_regression:
        why = f"formula {fit.formula_shown!r} has neither covariates nor groups."
        return Section(ANCHOR, TITLE, "", left_out=why)
    blocks, references = _odds_ratios(fit, reference, ci_prob), []
    if fit.groupings:
        if of_groups := _group_level_effects(fit, reference, ci_prob):
            blocks += of_groups
            references.append(BETWEEN_GROUPS)
        if of_groups := _random_effects(fit, reference, ci_prob):
            blocks += of_groups
            references.append(MEDIAN_ODDS)
    if not blocks:
        why = f"there is no table of covariates or groups for a fit of {fit.kind.name}."
        return Section(ANCHOR, TITLE, "", left_out=why)
    steps = "estimates with intervals (step 11), inference (step 12), follow-up analyses (step 14)"
    return Section(ANCHOR, TITLE, steps, blocks, references=references)


def _odds_ratios(fit: Fit, reference: str | None, ci_prob: float) -> list[Block]:
    if SLOPE not in fit.posterior or not fit.supports("odds_ratios"):
        return []
    blocks = [Paragraph(ODDS), Table("odds_ratios", "Odds ratios", odds_ratios(fit, reference, ci_prob=ci_prob))]
    if fit.supports("plot_odds_ratios"):
        blocks.append(
            Picture(
                "Odds ratios",
                "Odds ratios with intervals on a logarithmic axis, one panel for each contrast of classes; the numbers "
                "are in the table above.",
                drawn(plot_odds_ratios, fit, reference, ci_prob=ci_prob),
            )
        )
    return blocks


def _group_level_effects(fit: Fit, reference: str | None, ci_prob: float) -> list[Block]:
    if not fit.supports("group_level_effects") or not group_predictors(fit):
        return []
    table = group_level_effects(fit, reference, ci_prob=ci_prob)
    shown = display_of(table).joined("log odds", "interval", "posterior")
    shown = shown.joined("between groups", "interval", "between groups")
    caption = "Effects of group-level covariates, log odds (interval)"
    return [Paragraph(FEW_GROUPS), Table("group_level_effects", caption, table, shown)]


def _random_effects(fit: Fit, reference: str | None, ci_prob: float) -> list[Block]:
    blocks: list[Block] = []
    if fit.supports("heterogeneity"):
        table = heterogeneity(fit, reference, ci_prob=ci_prob)
        blocks.append(Table("heterogeneity", "How much groups differ: posterior medians", table))
    if fit.supports("random_intercepts"):
        blocks += _random_intercepts(fit, reference, ci_prob)
    if slopes := _slopes(fit, ci_prob):
        blocks.append(slopes)
    return [Paragraph(OF_GROUPS), *blocks] if blocks else []


def _random_intercepts(fit: Fit, reference: str | None, ci_prob: float) -> list[Block]:
    scale = "class logits, summing to zero over classes" if reference is None else f"log odds against {reference}"
    caption = f"Random intercepts by group: {scale}"
    blocks: list[Block] = [Table("random_intercepts", caption, random_intercepts(fit, reference, ci_prob=ci_prob))]
    n_groups = sum(len(groups) for groups in fit.group_names.values())
    if n_groups <= MOST_GROUPS_DRAWN and fit.supports("plot_random_intercepts"):
        blocks.append(
            Picture(
                caption,
                "Random intercepts of the groups with intervals, one panel for each class or contrast; the numbers are "
                "in the table above.",
                drawn(plot_random_intercepts, fit, reference, ci_prob=ci_prob),
            )
        )
    return blocks


def _slopes(fit: Fit, ci_prob: float) -> Table | None:
    """Standard deviations of the slopes that vary by group."""
    parts = {}
    for name in fit.groupings:
        if group_slope_sd(name) in fit.posterior:
            sd = fit.posterior[group_slope_sd(name)]
            part = pd.DataFrame(table_of(sd, [group_terms(name), fit.class_axis], fit, ci_prob))
            parts[name] = part.rename_axis(["term", fit.class_axis])
    if not parts:
        return None
    note = f"{note_of(fit, ci_prob)}; per unit of the covariate"
    table = SummaryTable.of(pd.concat(parts, names=["grouping"]), note)
    return Table("random_slopes", "Standard deviations of random slopes between groups", table)
