"""Section of posterior predictive checks of the answers."""

import pandas as pd

from bayes_lca.dims import ITEM
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.checks.check_items import FLAGGED_BELOW, ItemCheck
from bayes_lca.posterior.checks.check_waves import WaveCheck
from bayes_lca.posterior.plots.item_pairs import plot_check_items
from bayes_lca.reporting.writing.cells import display_of
from bayes_lca.reporting.writing.figures import drawn
from bayes_lca.reporting.writing.section import Block, Paragraph, Picture, Section, Table
from bayes_lca.table import SummaryTable

ANCHOR, TITLE = "checks", "Checks of fit"
FEWEST_SHOWN = 5
TOO_FEW = f"not shown, fewer than {FEWEST_SHOWN} respondents"
READING = (
    "Posterior predictive checks compare the answers with answers replicated from the model; a p-value is the share of "
    "data sets, replicated and observed, that depart at least as far."
)
READING_OF_DESIGN = (
    "Weighted residuals of pairs of items, freed of what the scores of the model explain, are held against their "
    "covariance over samples drawn by the design; observed and expected counts are weighted."
)
REFERENCES = (
    "Gelman, A., Meng, X.-L. & Stern, H. (1996). Posterior predictive assessment of model fitness via realized "
    "discrepancies. Statistica Sinica 6(4), 733-760.",
    "Oberski, D. L., van Kollenburg, G. H. & Vermunt, J. K. (2013). A Monte Carlo evaluation of three methods to "
    "detect local dependence in binary data latent class models. Advances in Data Analysis and Classification 7(3), "
    "267-279. doi 10.1007/s11634-013-0146-2",
)


def checks_section(fit: Fit, check: ItemCheck | WaveCheck | None) -> Section:
    """Whether the model reproduces items, pairs of items, response patterns and groups."""
    if fit.class_is_observed:
        return Section(ANCHOR, TITLE, "", left_out="the categories are observed; checks of items need a measurement.")
    if not fit.supports("check_items"):
        what = "answers by a survey design at several waves" if fit.is_weighted else fit.answers.words
        return Section(ANCHOR, TITLE, "", left_out=f"there is no check of items for {what}.")
    if check is None:
        return Section(ANCHOR, TITLE, "", left_out="no check was given: report(..., check=bl.check_items(draws)).")
    if isinstance(check, WaveCheck):
        return Section(ANCHOR, TITLE, "fit of the final model (step 8)", _of_waves(check), references=REFERENCES)
    blocks: list[Block] = [
        Paragraph(READING_OF_DESIGN if fit.is_weighted else READING),
        Paragraph(_verdict(check)),
        _table("check_overall", "All pairs of items together", check.overall),
        Picture(
            "Pairs of items",
            "Heat map of the p-values of all pairs of items; the numbers are in the table below.",
            drawn(plot_check_items, check),
        ),
        _table("check_pairs", "Pairs of items: association within classes", check.pairs),
        _table("check_items", "Items", check.items),
    ]
    if check.patterns is not None:
        blocks.append(_table("check_patterns", "Response patterns", without_few(check.patterns)))
    if check.groups is not None:
        blocks.append(_table("check_groups", "Items by group or covariate: direct effects", check.groups))
    return Section(ANCHOR, TITLE, "fit of the final model (step 8)", blocks, references=REFERENCES)


def _of_waves(check: WaveCheck) -> list[Block]:
    """The same of several waves."""
    return [
        Paragraph(READING),
        Paragraph(check.verdict),
        _table("check_overall", "All pairs together", check.overall),
        Picture(
            "Pairs of items at each wave, and items at two waves",
            "Heat maps of the posterior predictive p-values of all pairs; the numbers are in the tables below.",
            drawn(plot_check_items, check),
        ),
        _table("check_wave_pairs", "The same item at two waves: association beside classes", check.wave_pairs),
        _table("check_pairs", "Pairs of items at each wave: association within classes", check.pairs),
        _table("check_items", "Items at each wave", check.items),
        *([] if check.groups is None else [_table("check_groups", "Items by group and wave", check.groups)]),
        *(
            []
            if check.group_shares is None
            else [_table("check_group_shares", "Class shares by group and wave", check.group_shares)]
        ),
        *([] if check.group_moves is None else [_table("check_group_moves", "Who moves, by group", check.group_moves)]),
    ]


def require_check_of(fit: Fit, check: ItemCheck | WaveCheck | None) -> None:
    """Refuse a check of something else.

    Raises
    ------
    ValueError
        If `check` is no `ItemCheck` or `WaveCheck`, or rests on other items, respondents or draws than the fit.
    """
    if check is None:
        return
    if not isinstance(check, ItemCheck | WaveCheck):
        raise ValueError(f"check={type(check).__name__}: give what bl.check_items(draws) returns")
    if fit.class_is_observed:
        raise ValueError(
            f"this fit of outcome {fit.outcome!r} has no items, so the check is of another; leave out check"
        )
    items, checked = list(fit.items), [str(item) for item in check.items.index.get_level_values(ITEM).unique()]
    if items != checked:
        raise ValueError(
            f"the check is of items {checked}, the fit has {items}; give bl.check_items(draws) of this fit"
        )
    if not check.items.note.startswith(fit.note):
        raise ValueError(
            f"the check rests on {check.items.note.split(';')[0]!r}, the fit on {fit.note!r}; give "
            "bl.check_items(draws) of this fit"
        )


def without_few(patterns: SummaryTable) -> SummaryTable:
    """The table of response patterns; a pattern that few respondents gave is not spelled out."""
    table = pd.DataFrame(patterns).copy()
    few = table["observed"] < FEWEST_SHOWN
    table.loc[few, "pattern"] = TOO_FEW
    return SummaryTable.of(table, patterns.note)


def _table(name: str, caption: str, table: SummaryTable) -> Table:
    """What is observed and what is expected in one column, so that the table fits a page."""
    shown = (
        display_of(table)
        .joined("discrepancy", "expected", "discrepancy (expected)")
        .joined("observed", "expected count", "observed (expected)")
        .joined("category 1", "category 2", "cell", "{} | {}")
        .joined("residual", "interval", "residual (interval)")
        .joined("standardised residual", "interval", "standardised residual (interval)")
        .joined("difference", "interval", "difference (interval)")
    )
    return Table(name, caption, table, shown)


def _verdict(check: ItemCheck) -> str:
    p = check.overall.loc["either", "p_value"]
    where = check.overall.loc["largest pair", "where"]
    if check.flagged:
        return (
            f"Flagged: items are associated within classes (p = {p:.3f}, below {FLAGGED_BELOW}). The pair that departs "
            f"most is {where}."
        )
    return f"Not flagged: no association of items within classes stands out from chance (p = {p:.3f})."
