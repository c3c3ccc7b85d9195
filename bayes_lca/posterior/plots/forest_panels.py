"""Panels of a forest: rows that share their names, an interval in each, numbers beside it."""

from collections.abc import Sequence
from itertools import batched, cycle

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayes_lca.posterior.plots.page import (
    BAND,
    COLOURS,
    LETTER,
    LINE,
    MARKERS,
    SMALLER,
    WIDTH,
    blank_page,
    legend_columns,
    n_letters,
    n_lines,
    per_row,
    wrapped,
)


def forest_panels(
    blocks: list[tuple[list[str], list[str]]],
    needed: float,
    row_inches: float,
    figsize: tuple[float, float] | None,
    *,
    header: float = 0.0,
    legend: float = 0.0,
) -> tuple[Figure, list[tuple[Axes, str, int]]]:
    """Panels in blocks that share the names of their rows, with the title and the block of each.

    A panel needs so many inches of width; a header stands between its title and its rows, a legend above them all.
    """
    width = (WIDTH if figsize is None else figsize[0]) - LETTER * max(n_letters(names) for names, _ in blocks) - 0.3
    columns = per_row(len(blocks[0][1]), width, needed + 0.1)
    letters = int(width / columns / LETTER) - 2
    rows = [(block, row) for block, (_, titles) in enumerate(blocks) for row in batched(titles, columns)]
    heights = [row_inches * len(blocks[block][0]) for block, _ in rows]
    overhead = 0.5 + header + LINE * n_lines(wrapped(title, letters) for _, row in rows for title in row)
    fig = blank_page(figsize or (WIDTH, sum(heights) + overhead * len(rows) + 0.45 + legend))
    grid = fig.subplots(len(rows), columns, squeeze=False, sharey="row", height_ratios=heights)
    panels = []
    for axes, (block, titles) in zip(grid, rows, strict=True):
        names = blocks[block][0]
        for ax, title in zip(axes, titles, strict=False):
            panels.append((ax, title, block))
            ax.set_title(wrapped(title, letters), loc="left", pad=4 + 72 * header, fontweight="bold")
            for place in range(0, len(names), 2):
                ax.axhspan(place - 0.5, place + 0.5, color=BAND, linewidth=0, zorder=0)
            ax.set_yticks(range(len(names)), names)
            ax.set_ylim(len(names) - 0.5, -0.5)
            ax.tick_params(axis="y", length=0, pad=6)
            ax.spines["left"].set_visible(False)
        for ax in axes[len(titles) :]:
            ax.set_visible(False)
    return fig, panels


def mark_interval(
    ax: Axes, y: float, interval, null: float, limits: tuple[float, float], marker: str, colour: str
) -> None:
    """Draw an interval with its middle, filled where it excludes `null`; an arrow where it runs beyond the limits."""
    middle, lower, upper = interval
    ax.hlines(y, max(lower, limits[0]), min(upper, limits[1]), color=colour, linewidth=1.1, zorder=2)
    for beyond, end, arrow in ((lower < limits[0], limits[0], "<"), (upper > limits[1], limits[1], ">")):
        if beyond:
            ax.plot(end, y, arrow, color=colour, markersize=3.5, clip_on=False, zorder=3)
    face = colour if lower > null or upper < null else "white"
    ax.plot(middle, y, marker, color=colour, markerfacecolor=face, markersize=4.2, markeredgewidth=0.9, zorder=4)


def write_beside(ax: Axes, y: float, text: str, points: tuple[float, float] = (6, 0), vertical: str = "center") -> None:
    """Write to the right of a panel, at the height of a row."""
    where = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points", "annotation_clip": False}
    ax.annotate(text, (1.0, y), points, fontsize=SMALLER, verticalalignment=vertical, **where)


def name_fits(fig: Figure, names: Sequence[str]) -> None:
    """Say above the panels which marker and colour is which fit, in the order of `MARKERS` and `COLOURS`."""
    marks = [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=1.1, label=name)
        for name, marker, colour in zip(names, cycle(MARKERS), cycle(COLOURS))
    ]
    fig.legend(handles=marks, loc="outside upper center", ncols=legend_columns(names, fig.get_figwidth()))
