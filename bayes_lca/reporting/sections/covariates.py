"""Section of covariates and groups: odds ratios, group-level effects, random effects and how much groups differ."""

import pandas as pd
import xarray as xr

from bayes_lca.dims import SLOPE, group_slope_sd, group_terms
from bayes_lca.fitted.axes import class_axis, groupings
from bayes_lca.fitted.group_predictors import group_predictors
from bayes_lca.posterior.effects.group_level_effects import group_level_effects
from bayes_lca.posterior.plots.profiles import plot_odds_ratios, plot_random_intercepts
from bayes_lca.posterior.tables.class_tables import note_of, odds_ratios, table_of
from bayes_lca.posterior.tables.random_intercepts import heterogeneity, random_intercepts
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


def covariates_section(draws: xr.DataTree, reference: str | None, ci_prob: float) -> Section:
    """What goes with the classes."""
    blocks: list[Block] = []
    references = []
    if SLOPE in draws["posterior"]:
        blocks += _odds_ratios(draws, reference, ci_prob)
    if groupings(draws):
        if group_predictors(draws):
            table = group_level_effects(draws, reference, ci_prob=ci_prob)
            shown = display_of(table).joined("log odds", "interval", "posterior")
            shown = shown.joined("between groups", "interval", "between groups")
            blocks += [
                Paragraph(FEW_GROUPS),
                Table("group_level_effects", "Effects of group-level covariates, log odds (interval)", table, shown),
            ]
            references.append(BETWEEN_GROUPS)
        blocks += _groups(draws, reference, ci_prob)
        references.append(MEDIAN_ODDS)
    if not blocks:
        why = f"formula {draws.attrs['formula']!r} has neither covariates nor groups."
        return Section(ANCHOR, TITLE, "", left_out=why)
    steps = "estimates with intervals (step 11), inference (step 12), follow-up analyses (step 14)"
    return Section(ANCHOR, TITLE, steps, blocks, references=references)


def _odds_ratios(draws: xr.DataTree, reference: str | None, ci_prob: float) -> list[Block]:
    return [
        Paragraph(ODDS),
        Table("odds_ratios", "Odds ratios", odds_ratios(draws, reference, ci_prob=ci_prob)),
        Picture(
            "Odds ratios",
            "Odds ratios with intervals on a logarithmic axis, one panel for each contrast of classes; the numbers are "
            "in the table above.",
            drawn(plot_odds_ratios, draws, reference, ci_prob=ci_prob),
        ),
    ]


def _groups(draws: xr.DataTree, reference: str | None, ci_prob: float) -> list[Block]:
    blocks: list[Block] = [
        Paragraph(OF_GROUPS),
        Table(
            "heterogeneity",
            "How much groups differ: posterior medians",
            heterogeneity(draws, reference, ci_prob=ci_prob),
        ),
        Table("random_intercepts", _intercepts(reference), random_intercepts(draws, reference, ci_prob=ci_prob)),
    ]
    if sum(draws["posterior"].sizes[name] for name in groupings(draws)) <= MOST_GROUPS_DRAWN:
        blocks.append(
            Picture(
                _intercepts(reference),
                "Random intercepts of the groups with intervals, one panel for each class or contrast; the numbers are "
                "in the table above.",
                drawn(plot_random_intercepts, draws, reference, ci_prob=ci_prob),
            )
        )
    if slopes := _slopes(draws, ci_prob):
        blocks.append(slopes)
    return blocks


def _intercepts(reference: str | None) -> str:
    scale = "class logits, summing to zero over classes" if reference is None else f"log odds against {reference}"
    return f"Random intercepts by group: {scale}"


def _slopes(draws: xr.DataTree, ci_prob: float) -> Table | None:
    """Standard deviations of the slopes that vary by group."""
    parts = {}
    for name in groupings(draws):
        if group_slope_sd(name) in draws["posterior"]:
            sd = draws["posterior"][group_slope_sd(name)]
            part = pd.DataFrame(table_of(sd, [group_terms(name), class_axis(draws)], draws, ci_prob))
            parts[name] = part.rename_axis(["term", class_axis(draws)])
    if not parts:
        return None
    note = f"{note_of(draws, ci_prob)}; per unit of the covariate"
    table = SummaryTable.of(pd.concat(parts, names=["grouping"]), note)
    return Table("random_slopes", "Standard deviations of random slopes between groups", table)
