"""Sections of a report without counts of few respondents."""

from dataclasses import dataclass, replace

from bayes_lca.posterior.tables.classification import GIVEN_CLASS, GIVEN_MODAL
from bayes_lca.posterior.tables.small_cells import suppress_small_cells
from bayes_lca.reporting.writing.section import Section, Table


@dataclass(frozen=True)
class Cells:
    """What of a table is a cell: see `suppress_small_cells`."""

    cell: tuple[str, ...] | None = None
    within: tuple[str, ...] = ()
    everything: bool = False


MODAL = Cells(("modal_class",))
CELLS = {
    "answers": Cells(within=("item",)),
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
    blocks = [_suppressed(block, smallest_cell) if isinstance(block, Table) else block for block in section.blocks]
    return replace(section, blocks=blocks)


def _suppressed(block: Table, smallest_cell: int) -> Table:
    table = block.table
    if block.name not in CELLS or "n" not in table:
        return block
    rule = CELLS[block.name]
    also = [str(name) for name in table.columns] if rule.everything else ["percent"]
    return replace(
        block, table=suppress_small_cells(table, smallest_cell, cell=rule.cell, within=rule.within, also=also)
    )
