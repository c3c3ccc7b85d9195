"""Class profiles of items that are free over waves: a panel per item, waves along it, a line per class."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bayes_lca.posterior.plots.page import (
    COLOURS,
    GRID,
    LETTER,
    LINE,
    MARKERS,
    WIDTH,
    blank_page,
    legend_columns,
    n_letters,
    per_row,
    wrapped,
)
from bayes_lca.posterior.plots.profile_lines import DASHES

PANEL_INCHES, PANEL_HEIGHT = 1.9, 1.7
LONGEST_TITLE = 30


def profiles_by_wave(
    of_items: Mapping[str, Mapping[str, pd.DataFrame]],
    answers: Mapping[str, str],
    classes: Mapping[str, str],
    figsize: tuple[float, float] | None,
) -> Figure:
    """A panel per item; a flat line is a class that answers alike at all waves.

    Parameters
    ----------
    of_items : mapping of str to mapping of str to DataFrame
        By item and class, a row per wave with ``mean``, ``lower`` and ``upper``.
    answers : mapping of str to str
        What is drawn of each item: a category, or ``"mean"`` of a number.
    classes : mapping of str to str
        Names of the classes in the legend.
    figsize : (float, float), optional
    """
    width = figsize[0] if figsize else WIDTH
    waves = [str(wave) for wave in next(iter(next(iter(of_items.values())).values())).index]
    needed = max(PANEL_INCHES, 0.6 + len(waves) * (LETTER * n_letters(waves) + 0.1))
    n_columns = per_row(len(of_items), width, needed)
    n_rows = -(-len(of_items) // n_columns)
    legend_rows = -(-len(classes) // legend_columns(list(classes.values()), width))
    fig = blank_page(figsize or (WIDTH, n_rows * PANEL_HEIGHT + legend_rows * LINE * 1.6 + 0.5))
    axes = fig.subplots(n_rows, n_columns, squeeze=False)
    for ax in axes.ravel()[len(of_items) :]:
        ax.set_visible(False)
    dodge = min(0.08, 0.4 / len(classes))
    for ax, (item, of_classes) in zip(axes.ravel(), of_items.items(), strict=False):
        for k, (name, rows) in enumerate(of_classes.items()):
            x = np.arange(len(rows)) + dodge * (k - (len(classes) - 1) / 2)
            colour, marker = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)]
            ax.vlines(x, rows["lower"], rows["upper"], color=colour, linewidth=1.4, zorder=3)
            line = {"linestyle": DASHES[k % len(DASHES)], "linewidth": 1.1, "label": classes[name]}
            ax.plot(x, rows["mean"], color=colour, marker=marker, markersize=4, zorder=4, **line)
        ax.set_title(wrapped(f"{item}: {_what(answers[item])}", LONGEST_TITLE), loc="left")
        ax.set_xticks(range(len(waves)), waves)
        ax.set_xlim(-0.4, len(waves) - 0.6)
        if answers[item] != "mean":
            ax.set_ylim(0, 1)
        ax.grid(axis="y", color=GRID, linewidth=0.6)
        ax.set_axisbelow(True)
    handles, labels = axes.ravel()[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper left", ncols=legend_columns(labels, width))
    return fig


def _what(answer: str) -> str:
    return "mean" if answer == "mean" else f"“{answer}”"
