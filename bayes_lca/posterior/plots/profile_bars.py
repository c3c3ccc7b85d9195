"""Class profiles as bars: the probabilities of all answers to an item, stacked, a panel per class."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bayes_lca.posterior.plots.page import (
    LETTER,
    LINE,
    SMALL,
    SMALLER,
    WIDTH,
    blank_page,
    n_letters,
    n_lines,
    per_row,
    wrapped,
)

NUMBER_INCHES = 0.19


def stacked_bars(
    of_class: Mapping[str, Sequence[pd.DataFrame]],
    labels: Mapping[str, Sequence[str]],
    classes: Mapping[str, str],
    figsize: tuple[float, float] | None,
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
    figsize : (float, float), optional
    """
    shared = len({tuple(categories) for categories in labels.values()}) == 1
    ticks = [
        wrapped(item, 30) + ("" if shared else f"\n{wrapped(_joined(categories), 34)}")
        for item, categories in labels.items()
    ]
    tick_size = 8 if shared else SMALL
    width = (WIDTH if figsize is None else figsize[0]) - 0.2 - n_letters(ticks) * LETTER * tick_size / 8
    columns = per_row(len(classes), width, 1.45)
    n_rows = -(-len(classes) // columns)
    item_inches = max(0.27, LINE * n_lines(ticks) + 0.06)
    above = 0.5 + LINE * n_lines(classes.values())
    fig = blank_page(figsize or (WIDTH, n_rows * (item_inches * len(ticks) + above) + 0.55))
    grid = fig.subplots(n_rows, columns, sharey=True, squeeze=False).flat
    least = NUMBER_INCHES / (width / columns - 0.2)
    for ax, (name, text) in zip(grid, classes.items(), strict=False):
        for place, answers in enumerate(of_class[name]):
            _stack(ax, place, answers["mean"].to_numpy(), least)
        ax.set_title(text, loc="left")
        ax.set(xlim=(0, 1), ylim=(len(ticks) - 0.5, -0.5), xlabel="probability, %")
        ax.set_xticks([0, 0.5, 1], ["0", "50", "100"])
        ax.set_yticks(range(len(ticks)), ticks, fontsize=tick_size)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    for ax in grid[len(classes) :]:
        ax.set_visible(False)
    shades = next(iter(labels.values())) if shared else ["first category of the item", "last category"]
    keys = [
        Patch(facecolor=str(grey), edgecolor="black", linewidth=0.4, label=label)
        for label, grey in zip(shades, _greys(len(shades)), strict=True)
    ]
    fig.legend(handles=keys, loc="outside upper center", ncols=min(6, len(keys)))
    return fig


def _stack(ax: Axes, place: int, shares: np.ndarray, least: float) -> None:
    """One bar; shares that leave room for a number carry it, in %."""
    left, greys = np.cumsum(shares) - shares, _greys(len(shares))
    edge = {"edgecolor": "black", "linewidth": 0.4, "clip_on": False}
    ax.barh(place, shares, left=left, height=0.74, color=[str(grey) for grey in greys], **edge)
    middle = {"horizontalalignment": "center", "verticalalignment": "center_baseline", "fontsize": SMALLER}
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
