"""What a model expects of every item before it sees the answers, beside what was answered."""

from itertools import batched

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayes_lca.fitted.expected_answers import expected_answers, rows_in_words
from bayes_lca.posterior.plots.letters import height, wrapped
from bayes_lca.posterior.plots.page import COLOURS, KEY, STYLE, Page, legend_columns, per_row
from bayes_lca.table import tail_probabilities

WIDE, NARROW = "0.8", "0.55"
PANEL_INCHES, NAMES = 2.2, 0.45
"""Inches of a panel with the names of its rows, and the part of it that they may take."""


@mpl.rc_context(STYLE)
def plot_prior_predictive(
    expected: xr.DataTree,
    *,
    ci_prob: float = 0.95,
    width: float | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """The share of every answer under the prior, a panel per item, and the share that was observed.

    Bars are equal-tailed intervals of the share of a category among the respondents over draws of the prior, the narrow
    one of half of them, with the median; points are the shares among the answers given. Of items that are numbers,
    quantiles over the respondents take the place of shares, in the units of the item.

    Parameters
    ----------
    expected : xarray.DataTree
        From `prior_predictive`.
    ci_prob : float, default 0.95
    width : float, optional
        Width of the page in mm, such as 85 (one column of a journal) or 180 (two), which is the default. The height
        follows from what is drawn.
    figsize : (float, float), optional
        Width and height in inches, in place of `width`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If `expected` is something else.
    ValueError
        If `ci_prob` is not between 0 and 1.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> lca = bl.LatentClass(2, bl.Items(["training", "recognition", "expertise"]))
    >>> figure = bl.plot_prior_predictive(bl.prior_predictive(lca, bl.example_survey().head(30), draws=20))
    >>> [panel.get_title(loc="left") for panel in figure.axes]
    ['training', 'recognition', 'expertise']
    """
    page = Page.of(width, figsize)
    if not isinstance(expected, xr.DataTree) or "prior_predictive" not in expected.children:
        raise TypeError(
            f"plot_prior_predictive draws what prior_predictive returns, not {type(expected).__name__}; "
            "plot_prior_predictive(prior_predictive(model, frame))"
        )
    items = expected_answers(expected)
    columns = per_row(len(items), page.width, PANEL_INCHES)
    of_panel = page.width / columns - 0.1
    names = [[wrapped(label, NAMES * of_panel) for label in of_item.rows] for of_item in items]
    rows = [max(len(labels) * (0.08 + height(labels)) for labels in of_row) for of_row in batched(names, columns)]
    fig = page.blank(rows)
    axes = list(fig.subplots(len(rows), columns, squeeze=False, height_ratios=rows).flat)
    lower, upper = tail_probabilities(ci_prob)
    for ax, of_item, labels in zip(axes, items, names, strict=False):
        _draw_item(ax, labels, *of_item.margins([lower, 0.25, 0.5, 0.75, upper]))
        if of_item.labels:
            ax.set(xlim=(0, 1))
            ax.set_xticks([0, 0.5, 1], ["0", "50", "100"])
        ax.set_title(wrapped(of_item.item, (1 - NAMES) * of_panel), loc="left")
    for ax in axes[len(items) :]:
        ax.set_visible(False)
    keys = [
        Line2D([], [], color=WIDE, linewidth=4, label=f"prior, {100 * ci_prob:g} % and half of the draws"),
        Line2D([], [], color=COLOURS[2], marker="o", linestyle="", markersize=4, label="observed"),
    ]
    keys[0].set_label(wrapped(keys[0].get_label(), page.width - KEY))
    ncols = legend_columns([key.get_label() for key in keys], page.width)
    fig.legend(handles=keys, loc="outside upper center", ncols=ncols)
    categories, numbers = any(of_item.labels for of_item in items), not all(of_item.labels for of_item in items)
    units = ["shares in %"] * categories + ["quantiles over respondents in the units of the item"] * numbers
    return page.finish(fig, f"{rows_in_words(expected)}; {', '.join(units)}")


def _draw_item(ax: Axes, labels: list[str], quantiles: np.ndarray, observed: np.ndarray) -> None:
    places = np.arange(len(labels))
    lower, first, median, third, upper = quantiles
    ax.hlines(places, lower, upper, color=WIDE, linewidth=4)
    ax.hlines(places, first, third, color=NARROW, linewidth=4)
    ax.plot(median, places, linestyle="", marker="|", markersize=6, color="white")
    ax.plot(observed, places, linestyle="", marker="o", markersize=4, color=COLOURS[2], clip_on=False, zorder=3)
    ax.set(ylim=(len(labels) - 0.5, -0.5))
    ax.set_yticks(places, labels)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
