"""Class profiles as lines: the probability of one answer to every item, with intervals, a line per class."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_lca.posterior.plots.page import (
    COLOURS,
    FAINT,
    GRID,
    LETTER,
    LINE,
    MARKERS,
    SMALL,
    WIDTH,
    blank_page,
    n_letters,
    n_lines,
    wrapped,
)

DASHES = ("-", "--", (0, (1, 1.5)), "-.", (0, (5, 1, 1, 1, 1, 1)))


def profile_lines(
    of_class: Mapping[str, pd.DataFrame],
    answers: Mapping[str, str],
    classes: Mapping[str, str],
    figsize: tuple[float, float] | None,
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
    figsize : (float, float), optional
    """
    shared = next(iter(answers.values())) if len(set(answers.values())) == 1 else None
    names = list(answers) if shared else [f"{item}\n“{answer}”" for item, answer in answers.items()]
    item_inches = 0.7 * (WIDTH if figsize is None else figsize[0]) / len(names)
    ticks, angle, tick_inches = _item_names(names, item_inches)
    heights = [LINE * (text.count("\n") + 1) + 0.04 for text in classes.values()]
    fig = blank_page(figsize or (WIDTH, max(2.9, sum(heights)) + tick_inches + 0.4))
    ax = fig.subplots()
    dodge = min(0.1, 0.5 / len(classes))
    ends = []
    for k, profile in enumerate(of_class.values()):
        x = np.arange(len(profile)) + dodge * (k - (len(classes) - 1) / 2)
        colour, marker = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)]
        ax.vlines(x, profile["lower"], profile["upper"], color=colour, linewidth=1.4, zorder=3)
        line = {"linestyle": DASHES[k % len(DASHES)], "linewidth": 1.1}
        ax.plot(x, profile["mean"], color=colour, marker=marker, markersize=4, zorder=4, **line)
        ends.append((x[-1], profile["mean"].iloc[-1]))
    ax.set(ylim=(0, 1), xlim=(-0.5, len(ticks) - 0.6))
    ax.set_ylabel(f"probability of “{shared}”" if shared else "probability of the answer below each item")
    turned = {"rotation": angle, "horizontalalignment": "right", "rotation_mode": "anchor"} if angle else {}
    ax.set_xticks(range(len(ticks)), ticks, **turned)
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="y", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    _name_lines(ax, list(classes.values()), ends, np.array(heights))
    return fig


def _item_names(names: list[str], item_inches: float) -> tuple[list[str], float, float]:
    """Names below an axis, the angle they are turned by where they do not fit upright, and the height they need."""
    upright = [wrapped(name, int(item_inches / LETTER)) for name in names]
    if n_letters(upright) * LETTER <= item_inches and n_lines(upright) <= 4:
        return upright, 0.0, LINE * n_lines(upright)
    angle = 40.0 if item_inches * np.sin(np.deg2rad(40)) > LINE else 65.0
    slope = np.sin(np.deg2rad(angle))
    most_lines = max(1, int(item_inches * slope / LINE))
    in_a_line = [name.replace("\n", ": ") for name in names]
    turned = [wrapped(name, len(name) if most_lines == 1 else len(name) // most_lines + 6) for name in in_a_line]
    return turned, angle, slope * LETTER * n_letters(turned) + 0.1


def _name_lines(ax: Axes, texts: list[str], ends: list[tuple[float, float]], inches: np.ndarray) -> None:
    """Write the class beside the end of its line, apart from the other classes."""
    ax.figure.draw_without_rendering()
    shares = inches / (ax.get_window_extent().height / ax.figure.dpi)
    for text, end, height in zip(texts, ends, _spread(np.array([y for _, y in ends]), shares), strict=True):
        ax.annotate(
            text,
            end,
            (1.03, height),
            textcoords=ax.get_yaxis_transform(),
            verticalalignment="center",
            fontsize=SMALL,
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.5, "shrinkB": 4, "relpos": (0, 0.5)},
            annotation_clip=False,
        )


def _spread(wanted: np.ndarray, extents: np.ndarray) -> np.ndarray:
    """Centres nearest to those wanted, of blocks that keep their order, do not overlap and lie in 0 to 1."""
    order = np.argsort(wanted, kind="stable")
    sorted_extents = extents[order]
    steps = np.cumsum(sorted_extents) - sorted_extents / 2
    # Less the room of the blocks below, centres need only be in order: isotonic regression, by its min-max formula.
    free, n = wanted[order] - steps, len(wanted)
    isotonic = [max(min(free[a : b + 1].mean() for b in range(i, n)) for a in range(i + 1)) for i in range(n)]
    centres = np.empty(n)
    centres[order] = np.clip(isotonic, 0, max(0.0, 1 - extents.sum())) + steps
    return centres
