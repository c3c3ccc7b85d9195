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
from bayes_lca.posterior.plots.letters import height, widest, wrapped
from bayes_lca.posterior.plots.page import COLOURS, LINE, MARKERS, SMALL, STYLE, Page, n_ticks
from bayes_lca.table import SummaryTable

NAME_INCHES, PANEL_INCHES = 1.8, 0.7
SMALLEST_P = 0.001
LARGE, UNITS_APART = 1000, 10
"""Size from which on an estimate needs no decimals for its own sake, and units of the last one in an interval."""
INTERVAL = ["estimate", "lower", "upper"]
ROOM = 0.06
"""Space beside the widest interval, as a fraction of all."""


@mpl.rc_context(STYLE)
def plot_outcome(
    table: SummaryTable | Mapping[str, SummaryTable],
    *,
    width: float | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Plot an outcome's means or shares by class, and the difference of every two classes.

    Parameters
    ----------
    table : SummaryTable, or mapping of str to SummaryTable
        From `outcome_by_class` or `stepwise_outcome`; or several by name, as from `compare_outcomes`, side by side.
    width : float, optional
        Width of the page in mm, such as 85 (one column of a journal) or 180 (two), which is the default. The height
        follows from what is drawn.
    figsize : (float, float), optional
        Width and height in inches, in place of `width`.

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
    page = Page.of(width, figsize)
    tables = dict(table) if isinstance(table, Mapping) else {"": table}
    _check(tables)
    first = next(iter(tables.values()))
    parts = [first.loc[name].index for name in ("class", "contrast")]
    titles = (first.attrs.get("note", "").split(";")[0], "differences")
    names = [[wrapped(name, page.for_names(NAME_INCHES)) for name in part] for part in parts]
    row_inches = max(max(map(height, names)), LINE * len(tables)) + 0.12
    blocks = [(of_part, [title]) for of_part, title in zip(names, titles, strict=True)]
    drawn = [
        each.loc[part, INTERVAL].to_numpy(dtype=float) for each in tables.values() for part in ("class", "contrast")
    ]
    beside = widest([_in_numbers(*interval) for intervals in drawn for interval in intervals], SMALL) + 0.1
    forest = forest_panels(blocks, PANEL_INCHES, row_inches, page, beside=beside)
    offsets = LINE / row_inches * (np.arange(len(tables)) - (len(tables) - 1) / 2)
    for (ax, _, block), quantity, null in zip(forest.panels, ("class", "contrast"), (-np.inf, 0.0), strict=True):
        intervals = [each.loc[quantity, INTERVAL].to_numpy(dtype=float) for each in tables.values()]
        low, high = np.nanmin(intervals), np.nanmax(intervals)
        room = ROOM * (high - low or 1.0)
        limits = (min(low, 0.0 if block else low) - room, max(high, 0.0 if block else high) + room)
        for of_table, offset, marker, colour in zip(intervals, offsets, cycle(MARKERS), cycle(COLOURS)):
            for place, interval in enumerate(of_table):
                mark_interval(ax, place + offset, interval, null, limits, marker, colour)
                write_beside(ax, place + offset, _in_numbers(*interval))
        if block:
            ax.axvline(0.0, color="0.3", linewidth=0.7, zorder=1)
        ax.set_xlim(limits)
        numbers = [f"{limit:.2f}" for limit in limits]
        ax.xaxis.set_major_locator(MaxNLocator(max(1, min(5, n_ticks(forest.inside, numbers) - 1))))
    if len(tables) > 1:
        name_fits(forest.fig, list(tables))
    notes = [line for name, each in tables.items() for line in _note(name, each)]
    return page.finish(forest.fig, *notes, "filled marker of a difference: interval excludes 0")


def _in_numbers(estimate: float, lower: float, upper: float) -> str:
    """An estimate and its interval in the decimals that it is worth, in whatever unit the outcome has."""
    (decimals,) = interval_decimals(lower, upper, fewest=0 if abs(estimate) >= LARGE else 2, units=UNITS_APART)
    ends = "" if np.isnan([lower, upper]).any() else f" ({lower:.{decimals}f} to {upper:.{decimals}f})"
    return f"{estimate:.{decimals}f}{ends}".replace("-", "\N{MINUS SIGN}")


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
