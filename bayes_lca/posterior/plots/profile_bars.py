"""Class profiles as bars: the probabilities of all answers to an item, stacked, a panel per class."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bayes_lca.posterior.plots.letters import height, widest, wrapped
from bayes_lca.posterior.plots.page import KEY, SMALL, Page, legend_columns, per_row

NUMBER_INCHES = 0.19
NAME_INCHES, PANEL_INCHES, BETWEEN = 2.0, 0.8, 0.12


def stacked_bars(
    of_class: Mapping[str, Sequence[pd.DataFrame]],
    labels: Mapping[str, Sequence[str]],
    classes: Mapping[str, str],
    page: Page,
) -> Figure:
    """A panel per class: the probabilities of all answers to an item fill a bar.

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
    answers = {item: "" if shared else f"\n{_joined(categories)}" for item, categories in labels.items()}
    ticks = [wrapped(f"{item}{of_item}", page.for_names(NAME_INCHES), SMALL) for item, of_item in answers.items()]
    width = page.width - 0.2 - widest(ticks, SMALL)
    columns = per_row(len(classes), width, PANEL_INCHES + BETWEEN)
    inside = width / columns - BETWEEN
    rows = [(height(ticks, SMALL) + 0.05) * len(ticks)] * -(-len(classes) // columns)
    fig = page.blank(rows)
    grid = fig.subplots(len(rows), columns, sharey=True, squeeze=False, height_ratios=rows).flat
    least = NUMBER_INCHES / inside
    for ax, (name, text) in zip(grid, classes.items(), strict=False):
        for place, answers in enumerate(of_class[name]):
            _stack(ax, place, answers["mean"].to_numpy(), least)
        ax.set_title(wrapped(text, inside), loc="left")
        ax.set(xlim=(0, 1), ylim=(len(ticks) - 0.5, -0.5), xlabel=wrapped("probability, %", inside))
        ax.set_xticks([0, 0.5, 1], ["0", "50", "100"])
        ax.set_yticks(range(len(ticks)), ticks, fontsize=SMALL)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
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


def _stack(ax: Axes, place: int, shares: np.ndarray, least: float) -> None:
    """One bar; shares that leave room for a number carry it, in %."""
    left, greys = np.cumsum(shares) - shares, _greys(len(shares))
    edge = {"edgecolor": "black", "linewidth": 0.4, "clip_on": False}
    ax.barh(place, shares, left=left, height=0.74, color=[str(grey) for grey in greys], **edge)
    middle = {"horizontalalignment": "center", "verticalalignment": "center_baseline", "fontsize": SMALL}
    for share, start, grey in zip(shares, left, greys, strict=True):
        if share >= least:
            ax.text(start + share / 2, place, f"{100 * share:.0f}", color="black" if grey > 0.55 else "white", **middle)


def _greys(n: int) -> np.ndarray:
    """Lightest first."""
    return np.linspace(0.95, 0.3, n).round(3)


def _joined(labels: Sequence[str]) -> str:
    """Labels in a line that breaks between them only."""
    space = "\N{NO-BREAK SPACE}"
    return f"{space}| ".join(label.replace(" ", space) for label in labels)
