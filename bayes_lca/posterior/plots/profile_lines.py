"""Class profiles as lines: the probability of one answer to every item, with intervals, a line per class."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_lca.posterior.plots.apart import apart
from bayes_lca.posterior.plots.fonts import quiet
from bayes_lca.posterior.plots.letters import height, widest, wrapped
from bayes_lca.posterior.plots.names_below import names_below
from bayes_lca.posterior.plots.page import COLOURS, FAINT, GRID, KEY, MARKERS, SMALL, Page, legend_columns

HEIGHT, NAME_INCHES, AXIS = 2.3, 1.4, 0.5
"""Inches of the panel, of names of classes beside it, and of the numbers of its axis."""
CROWDED = 0.2
"""Inches of an item below which the classes are named above the panel, which then has the whole width."""
DASHES = ("-", "--", (0, (1, 1.5)), "-.", (0, (5, 1, 1, 1, 1, 1)))


def profile_lines(
    of_class: Mapping[str, pd.DataFrame],
    answers: Mapping[str, str],
    classes: Mapping[str, str],
    page: Page,
) -> Figure:
    """A line per class through the probabilities of one answer to each item.

    Parameters
    ----------
    of_class : mapping of str to DataFrame
        By class, a row per item with ``mean``, ``lower`` and ``upper``.
    answers : mapping of str to str
        The answer to each item.
    classes : mapping of str to str
        What is written beside the line of each class.
    page : Page
    """
    shared = next(iter(answers.values())) if len(set(answers.values())) == 1 else None
    names = list(answers) if shared else [f"{item}\n“{answer}”" for item, answer in answers.items()]
    texts = [wrapped(text, page.for_names(NAME_INCHES), SMALL) for text in classes.values()]
    item_inches = (page.width - AXIS - widest(texts, SMALL) - 0.2) / len(names)
    is_crowded = item_inches < CROWDED
    if is_crowded:
        texts = [wrapped(text, page.width / 2 - KEY, SMALL) for text in classes.values()]
        item_inches = (page.width - AXIS) / len(names)
    ticks, turned = names_below(names, item_inches)
    heights = np.array([height([text], SMALL) + 0.04 for text in texts])
    panel_inches = HEIGHT if is_crowded else max(HEIGHT, heights.sum())
    fig = page.blank([panel_inches])
    ax = fig.subplots(height_ratios=[panel_inches])
    dodge = min(0.1, 0.5 / len(classes))
    ends = []
    for k, profile in enumerate(of_class.values()):
        x = np.arange(len(profile)) + dodge * (k - (len(classes) - 1) / 2)
        colour, marker = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)]
        ax.vlines(x, profile["lower"], profile["upper"], color=colour, linewidth=1.4, zorder=3)
        line = {"linestyle": DASHES[k % len(DASHES)], "linewidth": 1.1}
        ax.plot(x, profile["mean"], color=colour, marker=marker, markersize=4, zorder=4, label=texts[k], **line)
        ends.append((x[-1], profile["mean"].iloc[-1]))
    ax.set(ylim=(0, 1), xlim=(-0.5, len(ticks) - 0.6))
    ax.set_ylabel(f"probability of “{shared}”" if shared else "probability of the answer below each item")
    ax.set_xticks(range(len(ticks)), ticks, **turned)
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="y", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    if is_crowded:
        columns = legend_columns(texts, page.width)
        fig.legend(loc="outside upper center", ncols=columns, fontsize=SMALL, handlelength=3)
    else:
        if page.height is not None:
            with quiet():
                fig.get_layout_engine().execute(fig)
            panel_inches = ax.get_window_extent().height / fig.dpi
        _name_lines(ax, texts, ends, heights / panel_inches)
    return fig


def _name_lines(ax: Axes, texts: list[str], ends: list[tuple[float, float]], shares: np.ndarray) -> None:
    """Write the class beside the end of its line, apart from the other classes."""
    for text, end, middle in zip(texts, ends, apart(np.array([y for _, y in ends]), shares), strict=True):
        ax.annotate(
            text,
            end,
            (1.03, middle),
            textcoords=ax.get_yaxis_transform(),
            verticalalignment="center",
            fontsize=SMALL,
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.5, "shrinkB": 4, "relpos": (0, 0.5)},
            annotation_clip=False,
        )
