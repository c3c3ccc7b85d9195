"""Panels of a forest: rows that share their names, an interval in each, numbers beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched, cycle

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayes_lca.posterior.plots.letters import widest, wrapped
from bayes_lca.posterior.plots.page import BAND, COLOURS, KEY, MARKERS, SMALL, Page, legend_columns, per_row

BETWEEN, BEFORE = 0.1, 0.3
"""Inches between panels, and between names and the first of them."""


@dataclass(frozen=True)
class Forest:
    """A page of panels: each with its title and its block, and how many inches its axis is long."""

    fig: Figure
    panels: list[tuple[Axes, str, int]]
    inside: float
    rows_inches: float


def forest_panels(
    blocks: list[tuple[list[str], list[str]]],
    needed: float,
    row_inches: float,
    page: Page,
    *,
    header: float = 0.0,
    beside: float = 0.0,
) -> Forest:
    """Panels in blocks that share the names of their rows, with the title and the block of each.

    A panel needs so many inches of width, and as many more for what is written beside it; a header stands between its
    title and its rows.
    """
    width = page.width - max(widest(names) for names, _ in blocks) - BEFORE
    columns = per_row(len(blocks[0][1]), width, needed + beside + BETWEEN)
    of_title = width / columns - BETWEEN
    rows = [(block, row) for block, (_, titles) in enumerate(blocks) for row in batched(titles, columns)]
    heights = [row_inches * len(blocks[block][0]) for block, _ in rows]
    fig = page.blank(heights)
    grid = fig.subplots(len(rows), columns, squeeze=False, sharey="row", height_ratios=heights)
    panels = []
    for axes, (block, titles) in zip(grid, rows, strict=True):
        names = blocks[block][0]
        for ax, title in zip(axes, titles, strict=False):
            panels.append((ax, title, block))
            ax.set_title(wrapped(title, of_title, weight="bold"), loc="left", pad=4 + 72 * header, fontweight="bold")
            for place in range(0, len(names), 2):
                ax.axhspan(place - 0.5, place + 0.5, color=BAND, linewidth=0, zorder=0)
            ax.set_yticks(range(len(names)), names)
            ax.set_ylim(len(names) - 0.5, -0.5)
            ax.tick_params(axis="y", length=0, pad=6)
            ax.spines["left"].set_visible(False)
        for ax in axes[len(titles) :]:
            ax.set_visible(False)
    return Forest(fig, panels, of_title - beside, sum(heights))


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
    ax.annotate(text, (1.0, y), points, fontsize=SMALL, verticalalignment=vertical, **where)


def name_fits(fig: Figure, names: Sequence[str]) -> None:
    """Say above the panels which marker and colour is which fit, in the order of `MARKERS` and `COLOURS`."""
    labels = [wrapped(name, fig.get_figwidth() - KEY) for name in names]
    marks = [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=1.1, label=label)
        for label, marker, colour in zip(labels, cycle(MARKERS), cycle(COLOURS))
    ]
    fig.legend(handles=marks, loc="outside upper center", ncols=legend_columns(labels, fig.get_figwidth()))
