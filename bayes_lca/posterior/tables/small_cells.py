"""Counts of few people left out of tables, so that nobody can be recognised in one that is passed on."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_lca.data.frame import check_whole, named
from bayes_lca.table import SummaryTable

TOTALS = frozenset({"all", "overall"})
"""Names of rows that add up others."""


def suppress_small_cells(
    table: SummaryTable,
    smallest_cell: int = 5,
    *,
    count: str = "n",
    cell: Sequence[str] | None = None,
    within: Sequence[str] = (),
    also: Sequence[str] = ("percent",),
) -> SummaryTable:
    r"""Leave out counts of fewer than `smallest_cell` respondents, and as many others as it takes to hide them.

    A count from 1 to `smallest_cell` - 1 is left out. Where the sum of some cells is known, as the number of all
    respondents is, one count left out could be computed from the others. So in every block of cells the next larger
    counts are left out too, until there are at least two and these add up to at least `smallest_cell`. If not enough
    are left, the whole block is left out, zeros included.

    Parameters
    ----------
    table : SummaryTable
    smallest_cell : int, default 5
        Smallest count that is shown. Counts of zero are shown: nobody is among them.
    count : str, default "n"
        Column of the counts.
    cell : sequence of str, optional
        Levels of the index that tell cells apart; all by default. ``["grouping", "group"]`` for `random_intercepts`,
        whose rows repeat the count of a group for every class.
    within : sequence of str
        Levels of the index within which cells add up to a known number; by default all cells do.
    also : sequence of str, default ("percent",)
        Columns left out of the same rows, because the count can be computed from them. Columns that the table does not
        have are passed over.

    Returns
    -------
    SummaryTable
        The same table with missing values. The note says how many cells are left out, and below what number.

    Raises
    ------
    TypeError
        If `table` is no table.
    ValueError
        If `smallest_cell` is no whole number from 1 on, or the table has no such column or level of the index.

    Notes
    -----
    Cells of two tables, or of a table and the text about it, may still add up to what one of them hides. Rows named
    ``all`` or ``overall`` are sums and stay.

    References
    ----------
    Hundepool, A., Domingo-Ferrer, J., Franconi, L., Giessing, S., Schulte Nordholt, E., Spicer, K. & de Wolf, P.-P.
    (2012). Statistical Disclosure Control. Wiley. doi 10.1002/9781118348239

    Examples
    --------
    >>> import bayes_lca as bl
    >>> sizes = pd.DataFrame({"n": [40, 30, 3]}, index=pd.Index(["A", "B", "C"], name="group"))
    >>> bl.suppress_small_cells(sizes, 5)["n"].tolist()
    [40, <NA>, <NA>]
    """
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"suppress_small_cells takes a table with a column of counts, not {type(table).__name__}; give one of the "
            "tables that are made from draws"
        )
    check_whole(least=1, smallest_cell=smallest_cell)
    levels = [str(name) for name in table.index.names]
    cell = levels if cell is None else list(cell)
    if count not in table.columns:
        raise ValueError(
            f"count={count!r}: the table of {len(table)} rows has columns {named(table.columns)}; name the one of "
            "counts, or merge small levels before a table with counts in text, such as characteristics, is made"
        )
    if unknown := [name for name in (*cell, *within) if name not in levels]:
        raise ValueError(f"{named(unknown)}: the table of {len(table)} rows is indexed by {named(levels)}")
    index = table.index.to_frame(index=False).set_axis(levels, axis=1)
    cells = pd.MultiIndex.from_frame(index[cell].astype(str))
    blocks = pd.MultiIndex.from_frame(index[list(within)].astype(str)) if within else pd.Index(np.zeros(len(table)))
    counts = table[count].to_numpy(dtype=float, na_value=np.nan)
    is_cell = ~index[cell].isin(TOTALS).any(axis=1).to_numpy() & ~cells.duplicated() & ~np.isnan(counts)
    hidden = pd.Index([])
    for block in blocks[is_cell].unique():
        rows = np.flatnonzero(is_cell & (blocks == block))
        hidden = hidden.append(cells[rows[_hidden(counts[rows], smallest_cell)]])
    is_hidden = cells.isin(hidden) if len(hidden) else np.zeros(len(table), dtype=bool)
    result = pd.DataFrame(table).copy()
    if pd.api.types.is_integer_dtype(result[count].dtype):
        result[count] = result[count].astype("Int64")
    for name in (count, *also):
        if name in result:
            result[name] = result[name].mask(is_hidden)
    note = f"{len(hidden)} of {int(is_cell.sum())} cells left out, so that none of fewer than {smallest_cell} is told"
    return SummaryTable.of(result, "; ".join(part for part in (table.attrs.get("note", ""), note) if part))


def _hidden(counts: np.ndarray, smallest: int) -> np.ndarray:
    """Which cells of one block are left out, shape (cell,)."""
    hidden = (counts > 0) & (counts < smallest)
    if not hidden.any():
        return hidden
    for place in np.argsort(counts, kind="stable"):
        if hidden.sum() >= 2 and counts[hidden].sum() >= smallest:
            return hidden
        hidden[place] |= counts[place] > 0
    return hidden if hidden.sum() >= 2 and counts[hidden].sum() >= smallest else np.ones(len(counts), dtype=bool)
