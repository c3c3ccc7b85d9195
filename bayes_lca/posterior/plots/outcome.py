"""An outcome by class: means or shares, and every difference, with intervals; of one estimator or of several."""

from collections.abc import Mapping
from itertools import cycle

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_lca.decimals import interval_decimals
from bayes_lca.posterior.plots.forest_panels import forest_panels, mark_interval, name_fits, write_beside
from bayes_lca.posterior.plots.page import (
    COLOURS,
    LETTER,
    LINE,
    MARKERS,
    STYLE,
    WIDTH,
    n_letters,
    n_lines,
    wrapped,
    write_note,
)
from bayes_lca.table import SummaryTable

NAME_LETTERS = 28
SMALLEST_P = 0.001
BESIDE, TICK = 1.3, 0.4
"""Inches of the numbers beside a panel, and of a number below it."""
LARGE, UNITS_APART = 1000, 10
"""Size from which on an estimate needs no decimals for its own sake, and units of the last one in an interval."""
ROOM = 0.06
"""Space beside the widest interval, as a fraction of all."""


@mpl.rc_context(STYLE)
def plot_outcome(
    table: SummaryTable | Mapping[str, SummaryTable], *, figsize: tuple[float, float] | None = None
) -> Figure:
    """Plot an outcome's means or shares by class, and the difference of every two classes.

    Parameters
    ----------
    table : SummaryTable, or mapping of str to SummaryTable
        From `outcome_by_class` or `stepwise_outcome`; or several by name, as from `compare_outcomes`, side by side.
    figsize : tuple of float, optional
        Width and height in inches.

    Returns
    -------
    matplotlib.figure.Figure
        Intervals of the classes above, of their differences below, filled where the interval excludes 0. A share at 0
        or 1 has no interval.

    Raises
    ------
    TypeError
        If `table` is no table of an outcome by class, nor several by name.
    ValueError
        If the tables have other classes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.stepwise_outcome(bl.load_example("alone"), "attitude", bl.example_survey())
    >>> [ax.get_title(loc="left") for ax in bl.plot_outcome(table).axes]
    ['means of attitude', 'differences']
    """
    tables = dict(table) if isinstance(table, Mapping) else {"": table}
    _check(tables)
    first = next(iter(tables.values()))
    parts = [first.loc[name].index for name in ("class", "contrast")]
    titles = (first.attrs.get("note", "").split(";")[0], "differences")
    width = WIDTH if figsize is None else figsize[0]
    letters = min(NAME_LETTERS, int(width / 4 / LETTER))
    names = [[wrapped(name, letters) for name in part] for part in parts]
    row_inches = max(LINE * max(map(n_lines, names)), LINE * len(tables)) + 0.12
    blocks = [(of_part, [title]) for of_part, title in zip(names, titles, strict=True)]
    fig, panels = forest_panels(blocks, 2.0, row_inches, figsize, legend=0.3 if len(tables) > 1 else 0.0)
    offsets = LINE / row_inches * (np.arange(len(tables)) - (len(tables) - 1) / 2)
    for (ax, _, block), quantity, null in zip(panels, ("class", "contrast"), (-np.inf, 0.0), strict=True):
        intervals = [
            each.loc[quantity][["estimate", "lower", "upper"]].to_numpy(dtype=float) for each in tables.values()
        ]
        low, high = np.nanmin(intervals), np.nanmax(intervals)
        room = ROOM * (high - low or 1.0)
        limits = (min(low, 0.0 if block else low) - room, max(high, 0.0 if block else high) + room)
        for of_table, offset, marker, colour in zip(intervals, offsets, cycle(MARKERS), cycle(COLOURS)):
            for place, interval in enumerate(of_table):
                mark_interval(ax, place + offset, interval, null, limits, marker, colour)
                write_beside(ax, place + offset, _in_words(*interval))
        if block:
            ax.axvline(0.0, color="0.3", linewidth=0.7, zorder=1)
        ax.set_xlim(limits)
        inside = width - LETTER * max(map(n_letters, names)) - BESIDE
        ax.xaxis.set_major_locator(MaxNLocator(max(1, min(5, int(inside / TICK)))))
    if len(tables) > 1:
        name_fits(fig, list(tables))
    notes = [line for name, each in tables.items() for line in _note(name, each)]
    write_note(fig, *notes, "filled marker of a difference: interval excludes 0")
    return fig


def _in_words(estimate: float, lower: float, upper: float) -> str:
    """An estimate and its interval in the decimals that it is worth, in whatever unit the outcome has."""
    (decimals,) = interval_decimals(lower, upper, fewest=0 if abs(estimate) >= LARGE else 2, units=UNITS_APART)
    ends = "" if np.isnan([lower, upper]).any() else f" ({lower:.{decimals}f} to {upper:.{decimals}f})"
    return f"{estimate:.{decimals}f}{ends}"


def _check(tables: Mapping[str, SummaryTable]) -> None:
    """Refuse what is no table of an outcome by class, and tables of other classes."""
    for table in tables.values():
        if not isinstance(table, pd.DataFrame) or list(table.index.names) != ["quantity", "name"]:
            given = f"a table of {len(table)} rows" if isinstance(table, pd.DataFrame) else f"{type(table).__name__}"
            raise TypeError(
                f"plot_outcome takes the table of outcome_by_class or stepwise_outcome, and was given {given}"
            )
    indices = [table.index for table in tables.values()]
    if not indices or any(not index.equals(indices[0]) for index in indices):
        raise ValueError(f"plot_outcome was given {len(tables)} tables of unlike rows; give tables of the same classes")


def _note(name: str, table: SummaryTable) -> list[str]:
    """What a table rests on, with its overall test."""
    overall = table.loc[("overall", "all classes")]
    p = overall["p_value"]
    at = "p < 0.001" if p < SMALLEST_P else f"p = {p:.3f}"
    test = f"all classes equal: Wald {overall['wald']:.2f}, df {overall['df']:.0f}, {at}"
    first, *others = table.attrs.get("note", "").split("\n")
    if not name:
        return [first, *others, test]
    return [f"{name}: {first.split('; ', 1)[-1]}; {test}"]
