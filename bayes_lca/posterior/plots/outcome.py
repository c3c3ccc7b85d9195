"""An outcome by class: means or shares, and every difference, with intervals."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_lca.posterior.plots.forest_panels import forest_panels, mark_interval, write_beside
from bayes_lca.posterior.plots.page import COLOURS, LINE, MARKERS, STYLE, n_lines, wrapped, write_note
from bayes_lca.table import SummaryTable

NAME_LETTERS = 28
ROOM = 0.06
"""Space beside the widest interval, as a fraction of all."""


@mpl.rc_context(STYLE)
def plot_outcome(table: SummaryTable, *, figsize: tuple[float, float] | None = None) -> Figure:
    """Plot an outcome's means or shares by class, and the difference of every two classes.

    Parameters
    ----------
    table : SummaryTable
        From `stepwise_outcome`.
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
        If `table` is no table of an outcome by class.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.stepwise_outcome(bl.load_example("alone"), "attitude", bl.example_survey())
    >>> [ax.get_title(loc="left") for ax in bl.plot_outcome(table).axes]
    ['means of attitude', 'differences']
    """
    if not isinstance(table, pd.DataFrame) or list(table.index.names) != ["quantity", "name"]:
        given = f"a table of {len(table)} rows" if isinstance(table, pd.DataFrame) else f"{type(table).__name__}"
        raise TypeError(f"plot_outcome takes the table of stepwise_outcome, and was given {given}")
    note = table.attrs.get("note", "")
    parts = {name: table.loc[name] for name in ("class", "contrast")}
    titles = (note.split(";")[0], "differences")
    names = [[wrapped(name, NAME_LETTERS) for name in part.index] for part in parts.values()]
    row_inches = LINE * max(map(n_lines, names)) + 0.12
    blocks = [(of_part, [title]) for of_part, title in zip(names, titles, strict=True)]
    fig, panels = forest_panels(blocks, 2.0, row_inches, figsize)
    for (ax, _, block), part, null in zip(panels, parts.values(), (-np.inf, 0.0), strict=True):
        intervals = part[["estimate", "lower", "upper"]].to_numpy(dtype=float)
        low, high = np.nanmin(intervals), np.nanmax(intervals)
        room = ROOM * (high - low or 1.0)
        limits = (min(low, 0.0 if block else low) - room, max(high, 0.0 if block else high) + room)
        for place, interval in enumerate(intervals):
            mark_interval(ax, place, interval, null, limits, MARKERS[0], COLOURS[0])
            ends = "" if np.isnan(interval).any() else f" ({interval[1]:.2f} to {interval[2]:.2f})"
            write_beside(ax, place, f"{interval[0]:.2f}{ends}")
        if block:
            ax.axvline(0.0, color="0.3", linewidth=0.7, zorder=1)
        ax.set_xlim(limits)
        ax.xaxis.set_major_locator(MaxNLocator(5))
    overall = table.loc[("overall", "all classes")]
    test = f"all classes equal: Wald {overall['wald']:.2f}, df {overall['df']:.0f}, p = {overall['p_value']:.3f}"
    write_note(fig, *note.split("\n"), f"{test}; filled marker of a difference: interval excludes 0")
    return fig
