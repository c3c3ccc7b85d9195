"""Class profiles that are free over waves, or group classes: a panel per item, these along it, a line per class."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bayes_lca.posterior.plots.letters import wrapped
from bayes_lca.posterior.plots.names_below import names_below
from bayes_lca.posterior.plots.page import COLOURS, GRID, KEY, MARKERS, SMALL, Page, legend_columns, per_row
from bayes_lca.posterior.plots.profile_lines import DASHES

PANEL_INCHES, PANEL_HEIGHT, AXIS = 1.5, 1.2, 0.4
"""Inches of a panel at least, its height, and the numbers beside it."""


def profiles_by_wave(
    of_items: Mapping[str, Mapping[str, pd.DataFrame]],
    answers: Mapping[str, str],
    classes: Sequence[str],
    page: Page,
    *,
    joined: bool = True,
) -> Figure:
    """A panel per item; a flat line is a class that answers alike at all waves, or in all group classes.

    Parameters
    ----------
    of_items : mapping of str to mapping of str to DataFrame
        By item and class, a row per wave or group class with ``mean``, ``lower`` and ``upper``.
    answers : mapping of str to str
        What is drawn of each item: a category, or ``"mean"`` of a number.
    classes : sequence of str
    page : Page
    joined : bool
        Whether markers of a class are joined by a line, as those of times that follow each other are.
    """
    waves = [str(wave) for wave in next(iter(next(iter(of_items.values())).values())).index]
    n_columns = per_row(len(of_items), page.width, PANEL_INCHES + AXIS)
    of_panel = page.width / n_columns - AXIS
    ticks, turned = names_below(waves, of_panel / len(waves))
    texts = {name: wrapped(name, page.width / 2 - KEY, SMALL) for name in classes}
    rows = [PANEL_HEIGHT] * -(-len(of_items) // n_columns)
    fig = page.blank(rows)
    axes = fig.subplots(len(rows), n_columns, squeeze=False, height_ratios=rows)
    for ax in axes.ravel()[len(of_items) :]:
        ax.set_visible(False)
    dodge = min(0.08, 0.4 / len(classes))
    for ax, (item, of_classes) in zip(axes.ravel(), of_items.items(), strict=False):
        for k, (name, profile) in enumerate(of_classes.items()):
            x = np.arange(len(profile)) + dodge * (k - (len(classes) - 1) / 2)
            colour, marker = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)]
            ax.vlines(x, profile["lower"], profile["upper"], color=colour, linewidth=1.4, zorder=3)
            dashes = DASHES[k % len(DASHES)] if joined else "none"
            line = {"linestyle": dashes, "linewidth": 1.1, "label": texts[name]}
            ax.plot(x, profile["mean"], color=colour, marker=marker, markersize=4, zorder=4, **line)
        ax.set_title(wrapped(f"{item}: {_what(answers[item])}", of_panel), loc="left")
        ax.set_xticks(range(len(ticks)), ticks, **turned)
        ax.set_xlim(-0.4, len(waves) - 0.6)
        if answers[item] != "mean":
            ax.set_ylim(0, 1)
        ax.grid(axis="y", color=GRID, linewidth=0.6)
        ax.set_axisbelow(True)
    handles, labels = axes.ravel()[0].get_legend_handles_labels()
    columns = legend_columns(labels, page.width)
    fig.legend(handles, labels, loc="outside upper left", ncols=columns, fontsize=SMALL, handlelength=3)
    return fig


def _what(answer: str) -> str:
    return "mean" if answer == "mean" else f"“{answer}”"
