"""The page that all pictures share: its width, palette, panels, the note below; its height follows from what it holds.

A picture says how many inches each row of its panels needs, as the height ratios of its grid, and `Page.finish` gives
the page that height: titles, names below axes, legend and note take theirs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpecBase

from bayes_lca.posterior.plots.fonts import QuietFigure, give_fonts, quiet
from bayes_lca.posterior.plots.letters import SIZE, inches, widest, wrapped

MM = 1 / 25.4
PAGE_MM, NARROWEST_MM, WIDEST_MM = 180, 60, 1000
WIDTH = PAGE_MM * MM
LONGEST = 247 * MM
"""Height of a page of A4 within its margins, inches."""
SMALL = 7
"""Points of the smallest letters; no letter of a picture is smaller."""
STYLE = {
    "figure.dpi": 150,
    "font.size": SIZE,
    "axes.titlesize": SIZE,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": SIZE,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "text.parse_math": False,
}
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe & Ito
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
HALO = patheffects.withStroke(linewidth=2.4, foreground=(1.0, 1.0, 1.0, 0.85))
"""Around letters that ribbons pass below."""
BAND, GRID, FAINT = "0.955", "0.88", "0.45"
LINE = 0.135
"""Inches of a line of letters."""
KEY, NAMES = 0.55, 0.36
"""Inches of the mark of a name in a legend, and the room about it; most of a page that names beside panels take."""
MARGINS = 3.0
"""Inches about the panels before they are measured."""


@dataclass(frozen=True)
class Page:
    """Width of a picture in inches; its height, or none where it follows from what is drawn."""

    width: float
    height: float | None = None

    @classmethod
    def of(cls, width: float | None, figsize: tuple[float, float] | None) -> "Page":
        """From the arguments of a plot function: a width in mm, or a width and height in inches."""
        if width is not None and figsize is not None:
            raise ValueError(
                f"width={width!r} and figsize={figsize!r}: choose one; the height of a picture so many mm wide follows "
                "from what it holds"
            )
        if figsize is not None:
            return cls(*figsize)
        millimetres = PAGE_MM if width is None else width
        is_number = isinstance(millimetres, Real) and not isinstance(millimetres, bool)
        if not is_number or not NARROWEST_MM <= millimetres <= WIDEST_MM:
            raise ValueError(
                f"width={width!r} is no width of a page; give mm from {NARROWEST_MM} to {WIDEST_MM}, such as 85 (one "
                "column) or 180 (two)"
            )
        return cls(float(millimetres) * MM)

    def blank(self, rows: Sequence[float]) -> Figure:
        """An empty page for rows of panels so many inches high."""
        return blank_page((self.width, self.height or sum(rows) + MARGINS + LINE * len(rows)))

    def for_names(self, most: float) -> float:
        """Inches for the names beside panels: those wanted, or the part of the page that they may take."""
        return min(most, NAMES * self.width)

    def finish(self, fig: Figure, *note: str) -> Figure:
        """Write the note, and give the page the height that its panels need."""
        write_note(fig, *note)
        give_fonts(fig)
        if self.height is None:
            with quiet():
                fig.get_layout_engine().execute(fig)
            fig.set_figheight(fig.get_figheight() + _missing_inches(fig))
        return fig


def _missing_inches(fig: Figure) -> float:
    """What the page lacks for the heights that grids state, negative if it has too much."""
    panel_of_row: dict[GridSpecBase, dict[int, Axes]] = {}
    for ax in fig.axes:
        if (place := ax.get_subplotspec()) is not None:
            panel_of_row.setdefault(place.get_gridspec(), {})[place.rowspan.start] = ax
    missing = []
    for grid, panels in panel_of_row.items():
        needed = sum(grid.get_height_ratios()[row] for row in panels)
        given = sum(ax.get_window_extent().height for ax in panels.values()) / fig.dpi
        missing.append((needed - given) / _part_of_page(grid, panels))
    return max(missing)


def _part_of_page(grid: GridSpecBase, panels: Mapping[int, Axes]) -> float:
    """The part of a page's height that goes to rows of a grid, which may stand in a row of another."""
    ratios = np.array(grid.get_height_ratios())
    part = ratios[list(panels)].sum() / ratios.sum()
    outer = next(iter(panels.values())).get_subplotspec().get_topmost_subplotspec()
    if outer.get_gridspec() is not grid:
        ratios = np.array(outer.get_gridspec().get_height_ratios())
        part *= ratios[outer.rowspan.start] / ratios.sum()
    return part


def blank_page(figsize: tuple[float, float]) -> Figure:
    """A figure that a notebook shows once, where it is returned, and that pyplot does not keep."""
    fig = plt.figure(figsize=figsize, layout="constrained", FigureClass=QuietFigure)
    fig.get_layout_engine().set(wspace=0.06)
    plt.close(fig)
    return fig


def write_note(fig: Figure, *lines: str) -> None:
    """Say below a figure, small and grey, what it rests on."""
    note = "\n".join(wrapped(line, 0.98 * fig.get_figwidth() - 0.05, SMALL) for line in lines)
    fig.supxlabel(note, x=0.01, horizontalalignment="left", fontsize=SMALL, color=FAINT)


def per_row(n_panels: int, width: float, needed: float) -> int:
    """Panels beside each other, rows filled evenly, where each needs so many inches."""
    n_rows = math.ceil(n_panels / max(1, int(width / needed)))
    return math.ceil(n_panels / n_rows)


def legend_columns(names: Sequence[str], width: float, most: int = 4) -> int:
    """Names beside each other in a legend above a page so many inches wide."""
    return max(1, min(most, len(names), int(width / (KEY + widest(names)))))


def n_ticks(ax_inches: float, labels: Sequence[str], size: float = 7.5) -> int:
    """Numbers that have room below an axis so many inches long."""
    return 1 + max(1, int(ax_inches / (widest(labels, size) + inches("0", size))))


def line_inches(size: float) -> float:
    """Inches of a line of letters of a size in points."""
    return LINE * size / SIZE
