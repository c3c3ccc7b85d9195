"""Members of the classes of the reference, followed to the classes of other fits by ribbons."""

from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from bayes_lca.posterior.plots.apart import apart
from bayes_lca.posterior.plots.class_distances import class_by_reference_class
from bayes_lca.posterior.plots.letters import height, wrapped
from bayes_lca.posterior.plots.page import COLOURS, HALO, SMALL, Page, line_inches, per_row
from bayes_lca.posterior.structures.comparison_rows import FIT
from bayes_lca.table import SummaryTable

PANEL_INCHES, HEIGHT, NAME_INCHES = 2.6, 2.3, 0.9
BAR, LEAST_LABELLED = 0.07, 0.08
GAP = 0.04
"""Between bars, as a share of the respondents."""


def draw_flows(flows: SummaryTable, reference: str, page: Page) -> Figure:
    """A panel per fit that shares respondents with the reference."""
    others = list(dict.fromkeys(flows.index.get_level_values(FIT)))
    columns = per_row(len(others), page.width, PANEL_INCHES)
    inside = page.width / columns - 0.15
    count_of = {name: class_by_reference_class(flows, name, "respondents").T for name in others}
    of_name = min(NAME_INCHES, 0.28 * inside)
    high = max(HEIGHT, *(_least_height(count, of_name) for count in count_of.values()))
    rows = [high] * -(-len(others) // columns)
    fig = page.blank(rows)
    for ax, name in zip(fig.subplots(len(rows), columns, squeeze=False, height_ratios=rows).flat, others, strict=False):
        count = count_of[name]
        _ribbons(ax, count / count.to_numpy().sum(), inside, of_name, high)
        for fit, side in ((reference, "left"), (name, "right")):
            ax.set_title(wrapped(fit, 0.46 * inside, weight="bold"), loc=side, fontweight="bold")
    for ax in fig.axes:
        ax.set_axis_off()
    note = "numbers: % of respondents in the class, and of the reference's class that move"
    return page.finish(fig, note, flows.note)


def _least_height(count: pd.DataFrame, of_name: float) -> float:
    """Inches that the names of the classes of either side take."""
    return max(
        sum(height([wrapped(name, of_name, SMALL)], SMALL) + line_inches(SMALL) for name in side)
        for side in (count.index, count.columns)
    )


def _ribbons(ax: Axes, share: pd.DataFrame, inside: float, of_name: float, high: float) -> None:
    """Bars of the classes of two fits, joined by bands as wide as the share of respondents in both.

    Parameters
    ----------
    ax : Axes
    share : DataFrame
        A row per class of the reference, a column per class of the other fit; adds up to 1.
    inside, of_name, high : float
        Inches of the panel, of the names beside the bars, and of the height of the panel.
    """
    lowest = 1 - max(1 + GAP * (n - 1) for n in share.shape)
    scale = (1.02 - (lowest - 0.02)) / high  # per inch
    beside = (of_name + 0.1) / (inside - 2 * of_name - 0.2)
    sides = [share.sum(axis=1), share.sum(axis=0)]
    tops = [1 - np.concatenate([[0], (side.to_numpy() + GAP).cumsum()[:-1]]) for side in sides]
    for x, side, top, align in ((0.0, sides[0], tops[0], "right"), (1.0, sides[1], tops[1], "left")):
        texts = [f"{wrapped(name, of_name, SMALL)}\n{100 * size:.0f} %" for name, size in side.items()]
        extents = np.array([(height([text], SMALL) + 0.02) * scale for text in texts])
        middles = apart((top - side.to_numpy() / 2 - lowest) / (1 - lowest), extents / (1 - lowest))
        for size, y, text, middle in zip(side, top, texts, lowest + middles * (1 - lowest), strict=True):
            ax.add_patch(Rectangle((x - BAR / 2, y - size), BAR, size, color="0.25", linewidth=0, zorder=3))
            away = -BAR if align == "right" else BAR
            place = {"horizontalalignment": align, "verticalalignment": "center", "fontsize": SMALL}
            ax.text(x + away * 0.8, middle, text, **place)
    left, right = tops[0].copy(), tops[1].copy()
    for c, (colour, total) in enumerate(zip(cycle(COLOURS[1:]), sides[0], strict=False)):
        for d, width in enumerate(share.iloc[c]):
            if width <= 0:
                continue
            _band(ax, left[c], right[d], width, colour)
            part = width / total
            if part >= LEAST_LABELLED and width >= line_inches(SMALL) * scale:
                number = {"fontsize": SMALL, "verticalalignment": "center", "path_effects": [HALO]}
                ax.text(BAR, left[c] - width / 2, f"{100 * part:.0f}", **number)
            left[c] -= width
            right[d] -= width
    ax.set(xlim=(-beside - BAR / 2, 1 + beside + BAR / 2), ylim=(lowest - 0.02, 1.02))


def _band(ax: Axes, left: float, right: float, width: float, colour: str) -> None:
    x0, x1 = BAR / 2, 1 - BAR / 2
    middle = (x0 + x1) / 2
    corners = [(x0, left), (middle, left), (middle, right), (x1, right)]
    corners += [(x1, right - width), (middle, right - width), (middle, left - width), (x0, left - width), (x0, left)]
    curve = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(corners, curve), facecolor=colour, alpha=0.45, linewidth=0, zorder=2))
