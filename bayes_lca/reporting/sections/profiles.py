"""Section of class sizes and profiles."""

import json

import pandas as pd
import xarray as xr

from bayes_lca.dims import CATEGORY, CLASS, ITEM, ITEM_PROBABILITY
from bayes_lca.posterior.plots.profiles import plot_profiles
from bayes_lca.posterior.tables.class_tables import class_profiles, class_sizes
from bayes_lca.reporting.sections.pivot import beside
from bayes_lca.reporting.writing.figures import drawn
from bayes_lca.reporting.writing.section import Block, Paragraph, Picture, Section, Table
from bayes_lca.table import SummaryTable

ANCHOR, TITLE = "profiles", "Class sizes and profiles"
SHORTHAND = "Names of classes are shorthand for their profiles; they claim nothing beyond the probabilities below."
KNOWN = "The probabilities of the indicators come from the earlier fit; this fit does not change them."


def profiles_section(draws: xr.DataTree, ci_prob: float) -> Section:
    """How large the classes are, and how each answers the items."""
    if CLASS not in draws["posterior"].dims:
        return Section(ANCHOR, TITLE, "", left_out="the categories are observed; their counts are with the data.")
    assigned = draws.attrs["model"] == "AssignedClass"
    long = _own_labels(draws, class_profiles(draws, ci_prob=ci_prob))
    rows_of = beside(long.reorder_levels([ITEM, CATEGORY, CLASS]), CLASS)
    caption = "Probability of each answer by class"
    blocks: list[Block] = [
        Paragraph(f"{SHORTHAND} {KNOWN}" if assigned else SHORTHAND),
        Table("class_sizes", "Class sizes as shares of the respondents", class_sizes(draws, ci_prob=ci_prob)),
        Table("class_profiles", caption if rows_of is None else f"{caption}: mean (interval)", long, rows_of),
    ]
    if draws["posterior"].sizes[ITEM] > 1:
        blocks.append(
            Picture(
                "Class profiles: probability of the last category of each item",
                "A line for each class through the probability of the last category of each item, with intervals; the "
                "numbers are in the table above.",
                drawn(plot_profiles, draws, ci_prob=ci_prob),
            )
        )
    if draws["posterior"].sizes[CATEGORY] > 2:
        blocks.append(
            Picture(
                "Class profiles: probabilities of all categories",
                "Stacked bars of the mean probabilities of all categories of each item, one panel for each class; the "
                "numbers are in the table above.",
                drawn(plot_profiles, draws, category="all", ci_prob=ci_prob),
            )
        )
    return Section(
        ANCHOR, TITLE, "class proportions, estimates with intervals (step 11), visualisation (step 13)", blocks
    )


def _own_labels(draws: xr.DataTree, table: SummaryTable) -> SummaryTable:
    """Categories by the labels of their item, where items differ in them."""
    labels = dict(zip(map(str, draws["posterior"][ITEM].to_numpy()), json.loads(draws.attrs["labels"]), strict=True))
    codes = draws["posterior"][ITEM_PROBABILITY][CATEGORY].to_numpy().tolist()
    index = [(name, item, labels[item][codes.index(code)]) for name, item, code in table.index]
    frame = pd.DataFrame(table).set_axis(pd.MultiIndex.from_tuples(index, names=table.index.names))
    return SummaryTable.of(frame, table.note)
