"""Members of the classes of the reference, followed to the classes of other fits by ribbons."""

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from bayes_lca.posterior.plots.class_distances import NAME_LETTERS, class_by_reference_class
from bayes_lca.posterior.plots.page import COLOURS, SMALL, SMALLER, WIDTH, blank_page, per_row, wrapped, write_note
from bayes_lca.posterior.structures.compare_structures import StructureComparison
from bayes_lca.posterior.structures.comparison_rows import FIT

BAR, LEAST_LABELLED = 0.07, 0.08
GAP = 0.04
"""Between bars, as a share of the respondents."""


def draw_flows(compared: StructureComparison, figsize: tuple[float, float] | None) -> Figure:
    """A panel per fit that shares respondents with the reference."""
    others = list(dict.fromkeys(compared.flows.index.get_level_values(FIT)))
    columns = per_row(len(others), WIDTH, 2.6)
    n_rows = -(-len(others) // columns)
    fig = blank_page(figsize or (WIDTH if columns > 1 else 4.4, 2.9 * n_rows + 0.4))
    for ax, name in zip(fig.subplots(n_rows, columns, squeeze=False).flat, others, strict=False):
        count = class_by_reference_class(compared.flows, name, "respondents").T
        _ribbons(ax, count / count.to_numpy().sum())
        ax.set_title(f"{wrapped(compared.reference, NAME_LETTERS)}", loc="left", fontweight="bold")
        ax.set_title(f"{wrapped(name, NAME_LETTERS)}", loc="right", fontweight="bold")
    for ax in fig.axes:
        ax.set_axis_off()
    write_note(
        fig, "numbers: % of respondents in the class, and of the reference's class that move", compared.flows.note
    )
    return fig


def _ribbons(ax: Axes, share: pd.DataFrame) -> None:
    """Bars of the classes of two fits, joined by bands as wide as the share of respondents in both.

    Parameters
    ----------
    ax : Axes
    share : DataFrame
        A row per class of the reference, a column per class of the other fit; adds up to 1.
    """
    sides = [share.sum(axis=1), share.sum(axis=0)]
    tops = [1 - np.concatenate([[0], (side.to_numpy() + GAP).cumsum()[:-1]]) for side in sides]
    for x, side, top, align in ((0.0, sides[0], tops[0], "right"), (1.0, sides[1], tops[1], "left")):
        for (name, size), y in zip(side.items(), top, strict=True):
            ax.add_patch(Rectangle((x - BAR / 2, y - size), BAR, size, color="0.25", linewidth=0, zorder=3))
            away = -BAR if align == "right" else BAR
            text = f"{wrapped(name, NAME_LETTERS)}\n{100 * size:.0f} %"
            place = {"horizontalalignment": align, "verticalalignment": "center", "fontsize": SMALL}
            ax.text(x + away * 0.8, y - size / 2, text, **place)
    left, right = tops[0].copy(), tops[1].copy()
    for c, (colour, total) in enumerate(zip(cycle(COLOURS[1:]), sides[0], strict=False)):
        for d, width in enumerate(share.iloc[c]):
            if width <= 0:
                continue
            _band(ax, left[c], right[d], width, colour)
            part = width / total
            if part >= LEAST_LABELLED:
                ax.text(BAR, left[c] - width / 2, f"{100 * part:.0f}", fontsize=SMALLER, verticalalignment="center")
            left[c] -= width
            right[d] -= width
    lowest = 1 - max(1 + GAP * (len(side) - 1) for side in sides)
    ax.set(xlim=(-0.45, 1.45), ylim=(lowest - 0.02, 1.02))


def _band(ax: Axes, left: float, right: float, width: float, colour: str) -> None:
    x0, x1 = BAR / 2, 1 - BAR / 2
    middle = (x0 + x1) / 2
    corners = [(x0, left), (middle, left), (middle, right), (x1, right)]
    corners += [(x1, right - width), (middle, right - width), (middle, left - width), (x0, left - width), (x0, left)]
    curve = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(corners, curve), facecolor=colour, alpha=0.45, linewidth=0, zorder=2))
