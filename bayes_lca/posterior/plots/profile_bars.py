"""Class profiles as bars: the probabilities of all answers to an item, stacked, a panel per class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bayes_lca.posterior.plots.letters import height, inches, widest, wrapped
from bayes_lca.posterior.plots.page import KEY, LONGEST, SMALL, Page, legend_columns, per_row

MEASURE = "probability, %"
NUMBER_INCHES = 0.19
NAME_INCHES, PANEL_INCHES, BETWEEN = 2.0, 0.8, 0.12
NARROWEST = 0.3
"""Inches of the narrowest panel, in which few shares have room for a number."""
LINE_APART, BAR = 0.05, 0.74
"""Inches between lines of names, and what of the height of a line a bar takes."""
ABOUT_PANELS, ABOUT_PAGE = 0.5, 0.9
"""Inches that a row of panels takes beside its bars and titles, and a page beside its rows."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Where bars and the names of items stand: beside the panels, or above each bar, across all panels of a row.

    Attributes
    ----------
    names : sequence of str
        Of the items, broken into lines.
    beside : bool
    columns : int
        Panels in a row.
    inside : float
        Inches of a panel.
    apart : float
        Inches between items whose names stand above their bars.
    """

    names: Sequence[str]
    beside: bool
    columns: int
    inside: float
    apart: float = 0.0

    @property
    def line(self) -> float:
        """Inches of a bar with the room about it."""
        return height(["-"], SMALL) + LINE_APART

    @property
    def of_items(self) -> np.ndarray:
        """Inches of each item, its name and its bar."""
        names = np.array([height([name], SMALL) for name in self.names])
        return names + (LINE_APART if self.beside else self.line + self.apart)

    @property
    def bars(self) -> np.ndarray:
        """Where the middle of each bar is, in inches from the top."""
        ends = np.cumsum(self.of_items)
        return ends - self.of_items / 2 if self.beside else ends - self.line / 2

    def inches(self, titles: Sequence[str]) -> float:
        """Height of the page, roughly."""
        n_rows = -(-len(titles) // self.columns)
        return n_rows * (self.of_items.sum() + height(titles) + ABOUT_PANELS) + ABOUT_PAGE


def stacked_bars(
    of_class: Mapping[str, Sequence[pd.DataFrame]],
    labels: Mapping[str, Sequence[str]],
    classes: Mapping[str, str],
    page: Page,
) -> Figure:
    """A panel per class: the probabilities of all answers to an item fill a bar.

    Names of items stand beside the panels. Where that would be higher than a page, they stand above the bars, and if
    need be panels are narrower.

    Parameters
    ----------
    of_class : mapping of str to sequence of DataFrame
        By class, a table for each item, a row per category with ``mean``.
    labels : mapping of str to sequence of str
        Categories of each item.
    classes : mapping of str to str
        Title of the panel of each class.
    page : Page
    """
    shared = len({tuple(categories) for categories in labels.values()}) == 1
    names = [item if shared else f"{item}\n{_joined(categories)}" for item, categories in labels.items()]
    layout = _layout(names, list(classes.values()), page)
    rows = [layout.of_items.sum()] * -(-len(classes) // layout.columns)
    fig, is_wide = page.blank(rows), inches(MEASURE) <= layout.inside
    grid = fig.subplots(len(rows), layout.columns, sharey=True, squeeze=False, height_ratios=rows).flat
    for number, (ax, (name, text)) in enumerate(zip(grid, classes.items(), strict=False)):
        for place, answers in zip(layout.bars, of_class[name], strict=True):
            _stack(ax, place, answers["mean"].to_numpy(), layout)
        ax.set_title(wrapped(text, layout.inside), loc="left")
        ax.set(xlim=(0, 1), ylim=(layout.of_items.sum(), 0), xlabel=MEASURE if is_wide else "%")
        ax.set_xticks([0, 0.5, 1] if is_wide else [0, 1], ["0", "50", "100"] if is_wide else ["0", "100"])
        ax.set_yticks(layout.bars, layout.names if layout.beside else [], fontsize=SMALL)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.patch.set_visible(False)
        if not layout.beside and number % layout.columns == 0:
            _write_above(ax, layout)
    for ax in grid[len(classes) :]:
        ax.set_visible(False)
    shades = next(iter(labels.values())) if shared else ["first category of the item", "last category"]
    keys = [
        Patch(facecolor=str(grey), edgecolor="black", linewidth=0.4, label=wrapped(label, page.width - KEY))
        for label, grey in zip(shades, _greys(len(shades)), strict=True)
    ]
    ncols = legend_columns([key.get_label() for key in keys], page.width, most=6)
    fig.legend(handles=keys, loc="outside upper center", ncols=ncols)
    return fig


def _layout(names: Sequence[str], titles: Sequence[str], page: Page) -> Layout:
    """Names beside the panels if that fits a page, else what has the widest panels; the lowest where nothing fits."""
    beside = [wrapped(name, page.for_names(NAME_INCHES), SMALL) for name in names]
    above = [wrapped(name, page.width - 0.2, SMALL) for name in names]
    of_names = {True: page.width - 0.2 - widest(beside, SMALL), False: page.width - 0.2}
    found = []
    for is_beside, width in of_names.items():
        for columns in range(per_row(len(titles), width, PANEL_INCHES + BETWEEN), len(titles) + 1):
            inside = width / columns - BETWEEN
            if inside >= NARROWEST or not found:
                shown = [wrapped(title, inside) for title in titles]
                for apart in (0.0,) if is_beside else (LINE_APART, 0.0):
                    layout = Layout(beside if is_beside else above, is_beside, columns, inside, apart)
                    found.append((layout.inches(shown), layout))
    fitting = [layout for high, layout in found if high <= LONGEST or page.height is not None]
    if found[0][1] in fitting:
        return found[0][1]
    return (
        max(fitting, key=lambda each: (each.inside, each.apart)) if fitting else min(found, key=lambda each: each[0])[1]
    )


def _write_above(ax: Axes, layout: Layout) -> None:
    """Names of the items from the left of a row of panels on, across the others."""
    for name, bar in zip(layout.names, layout.bars, strict=True):
        text = ax.text(0, bar - layout.line / 2, name, fontsize=SMALL, verticalalignment="bottom")
        text.set_in_layout(False)


def _stack(ax: Axes, place: float, shares: np.ndarray, layout: Layout) -> None:
    """One bar; shares that leave room for a number carry it, in %."""
    left, greys = np.cumsum(shares) - shares, _greys(len(shares))
    edge = {"edgecolor": "black", "linewidth": 0.4, "clip_on": False}
    ax.barh(place, shares, left=left, height=BAR * layout.line, color=[str(grey) for grey in greys], **edge)
    middle = {"horizontalalignment": "center", "verticalalignment": "center_baseline", "fontsize": SMALL}
    for share, start, grey in zip(shares, left, greys, strict=True):
        if share >= NUMBER_INCHES / layout.inside:
            ax.text(start + share / 2, place, f"{100 * share:.0f}", color="black" if grey > 0.55 else "white", **middle)


def _greys(n: int) -> np.ndarray:
    """Lightest first."""
    return np.linspace(0.95, 0.3, n).round(3)


def _joined(labels: Sequence[str]) -> str:
    """Labels in a line that breaks between them only."""
    space = "\N{NO-BREAK SPACE}"
    return f"{space}| ".join(label.replace(" ", space) for label in labels)
