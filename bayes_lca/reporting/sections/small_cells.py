"""Sections of a report without counts of few respondents."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayes_lca.dims import ITEM
from bayes_lca.posterior.tables.classification import GIVEN_CLASS, GIVEN_MODAL
from bayes_lca.posterior.tables.small_cells import suppress_small_cells
from bayes_lca.reporting.writing.section import Section, Table
from bayes_lca.table import SummaryTable

ANSWERS, MISSING_ANSWERS, GROUP_SIZES = "answers", "missing_answers", "group_sizes"


@dataclass(frozen=True)
class Cells:
    """What of a table is a cell: see `suppress_small_cells`."""

    cell: tuple[str, ...] | None = None
    within: tuple[str, ...] = ()
    everything: bool = False


MODAL = Cells(("modal_class",))
CELLS = {
    "outcome": Cells(),
    "covariates_categorical": Cells(within=("covariate",)),
    "groups": Cells(within=("grouping",)),
    "random_intercepts": Cells(("grouping", "group"), ("grouping",)),
    "certainty": Cells(everything=True),
    GIVEN_MODAL.replace(" ", "_"): MODAL,
    GIVEN_CLASS.replace(" ", "_"): MODAL,
    "odds_of_correct_classification": MODAL,
}
"""Tables that count respondents, by name; other tables have no column ``n`` of them."""


def without_small_cells(section: Section, smallest_cell: int) -> Section:
    """The section with counts of fewer respondents left out of its tables."""
    tables = {block.name: block.table for block in section.blocks if isinstance(block, Table)}
    suppressed = {name: _suppressed(name, table, smallest_cell) for name, table in tables.items()}
    if ANSWERS in tables:
        suppressed |= _of_answers(tables[MISSING_ANSWERS], tables[ANSWERS], smallest_cell)
    elif MISSING_ANSWERS in tables:
        suppressed[MISSING_ANSWERS] = _without_small_missing(tables[MISSING_ANSWERS], smallest_cell)
    suppressed = {name: _without_few_silent(table, smallest_cell) for name, table in suppressed.items()}
    blocks = [
        replace(block, table=suppressed[block.name])
        if isinstance(block, Table) and suppressed[block.name] is not block.table
        else block
        for block in section.blocks
    ]
    return replace(section, blocks=blocks)


def _suppressed(name: str, table: SummaryTable, smallest_cell: int) -> SummaryTable:
    if name == GROUP_SIZES:
        return _without_small_quantiles(table, smallest_cell)
    if name not in CELLS or "n" not in table:
        return table
    rule = CELLS[name]
    also = [str(column) for column in table.columns] if rule.everything else ["percent"]
    return suppress_small_cells(table, smallest_cell, cell=rule.cell, within=rule.within, also=also)


def _without_few_silent(table: SummaryTable, smallest_cell: int) -> SummaryTable:
    """The table with a note that does not tell how few respondents gave no answer at all."""

    def told(found: re.Match) -> str:
        few = int(found[1]) < smallest_cell
        return f"fewer than {smallest_cell}{found[2]}" if few else found[0]

    note = re.sub(r"\b(\d+)( of them without any answer)", told, table.note)
    return table if note == table.note else SummaryTable.of(table.copy(), note)


def _without_small_quantiles(table: SummaryTable, smallest_cell: int) -> SummaryTable:
    """Sizes of groups as they lie in order, but for those that say that a group is small."""
    sizes = table.drop(columns="groups")
    shown = table.assign(**sizes.where(sizes >= smallest_cell))
    return SummaryTable.of(shown, f"{table.note}; sizes below {smallest_cell} are not told")


def _without_small_missing(missing: SummaryTable, smallest_cell: int) -> SummaryTable:
    also = ["answered", "missing_percent"]
    return suppress_small_cells(missing, smallest_cell, count="missing", cell=[ITEM], also=also)


def _of_answers(missing: SummaryTable, answers: SummaryTable, smallest_cell: int) -> dict[str, SummaryTable]:
    """Missing answers, whose number is known over all items, and given ones, which with them add up to all respondents.

    Where an item's missing answers are hidden, enough of the given ones are, and all of their percentages.
    """
    of_items = _without_small_missing(missing, smallest_cell)
    hidden = of_items.index[of_items["missing"].isna() & (missing["missing"] > 0)]
    unanswered = pd.DataFrame(
        {"n": np.minimum(missing.loc[hidden, "missing"], smallest_cell - 1).to_numpy()},
        index=pd.MultiIndex.from_product([hidden, [MISSING_ANSWERS]], names=answers.index.names),
    )
    every = SummaryTable.of(pd.concat([pd.DataFrame(answers), unanswered]), answers.note)
    of_categories = suppress_small_cells(every, smallest_cell, within=[ITEM])
    of_categories = SummaryTable.of(of_categories.iloc[: len(answers)], of_categories.note)
    of_categories["percent"] = of_categories["percent"].mask(of_categories.index.get_level_values(ITEM).isin(hidden))
    return {MISSING_ANSWERS: of_items, ANSWERS: of_categories}
