"""Numbers of classes compared in one picture."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from bayes_lca.posterior.plots.apart import apart
from bayes_lca.posterior.plots.letters import height, wrapped
from bayes_lca.posterior.plots.page import BAND, COLOURS, FAINT, GRID, MARKERS, SMALL, STYLE, Page, line_inches, per_row
from bayes_lca.table import SummaryTable
from bayes_lca.workflows.class_counts.method_columns import with_common_method
from bayes_lca.workflows.class_counts.pseudo_criteria import refuse_pseudo
from bayes_lca.workflows.class_counts.recommendation import (
    CRITERIA,
    METHOD_BIC,
    NEGLIGIBLE_ELPD,
    Recommendation,
    recommend_classes,
)

LINEAR_UP_TO = 10
"""Difference of a criterion from its minimum up to which the axis is linear; logarithmic beyond."""

HEIGHT, PANEL_INCHES = 1.65, 3.0
"""Of a panel, and its width with the names beside it."""

ERRORS_SHOWN = 2


@mpl.rc_context(STYLE)
def plot_class_counts(
    table: SummaryTable,
    *,
    smallest_class: float = 0.10,
    width: float | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Draw what speaks for each number of classes: criteria, tests, predictive density, and the smallest class.

    The recommended number stands on a grey band. Criteria are drawn as differences from their minimum, BIC of classes
    with a common method in dashes, as the difference from the minimum of both; predictive density, if the table has it,
    with two standard errors of the difference to the best; the share of the smallest class with two standard errors, or
    the posterior interval, and beside it that with a common method where classes with one are recommended.

    Parameters
    ----------
    table : SummaryTable
        From `count_classes`.
    smallest_class : float, default 0.10
        Least share of the smallest class, as `recommend_classes` takes it.
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
        If `table` is no table.
    ValueError
        If the table lacks a column or has one row only, is of a likelihood weighted for a survey design, or
        `smallest_class` is no share.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> figure = bl.plot_class_counts(bl.count_classes(items, bl.example_survey(), range(1, 3), n_starts=5))
    >>> figure.axes[1].get_title(loc="left")
    'What each chooses'
    """
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"plot_class_counts draws the table that count_classes returns, not {type(table).__name__}; "
            "plot_class_counts(count_classes(items, frame, range(1, 6)))"
        )
    refuse_pseudo(table, "plot_class_counts")
    recommended = recommend_classes(table, smallest_class=smallest_class)
    if len(table) < 2:
        raise ValueError(f"the table has {len(table)} row; a picture compares two numbers of classes or more")
    page = Page.of(width, figsize)
    table = table.sort_index()
    panels = [_criteria, _choices, *([_predictive_density] if "elpd" in table.columns else []), _smallest_class]
    columns = per_row(len(panels), page.width, PANEL_INCHES)
    words = wrapped(str(recommended).replace("\n", "\n\n"), page.width / columns - 0.1, SMALL)
    has_words = len(panels) % columns > 0
    rows = [HEIGHT] * -(-len(panels) // columns)
    if has_words:
        rows[-1] = max(HEIGHT, height([words], SMALL))
    fig = page.blank(rows)
    axes = fig.subplots(len(rows), columns, squeeze=False, height_ratios=rows).ravel()
    for ax, panel in zip(axes, panels, strict=False):
        ax.axvspan(recommended.n_classes - 0.4, recommended.n_classes + 0.4, color=BAND, linewidth=0, zorder=0)
        panel(ax, table, recommended, smallest_class)
        ax.set_xticks(table.index)
        ax.set_xlim(table.index.min() - 0.5, table.index.max() + 0.5)
        ax.set_xlabel("classes")
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
        ax.text(0, 1, words, fontsize=SMALL, verticalalignment="top", transform=ax.transAxes)
    dotted = [f"{smallest_class:.0%} of respondents"] if smallest_class else []
    if "elpd" in table.columns:
        dotted.insert(0, f"{NEGLIGIBLE_ELPD:g} below the best")
    with_method = " with a common method" if recommended.common_method else ""
    explained = [
        f"grey band: recommended number{with_method}",
        *([f"dotted: {' and '.join(dotted)}"] if dotted else []),
    ]
    if "modes" in table.columns and (table["modes"] > 1).any():
        explained.append("hollow: chains disagree")
    return page.finish(fig, "; ".join(explained), _sample(table))


def _sample(table: SummaryTable) -> str:
    """Of the note, what speaks of respondents and draws; what the tests left out is beside the table."""
    return "; ".join(part for part in table.attrs.get("note", "").split("; ") if part.startswith(("n = ", "elpd")))


def _criteria(ax: Axes, table: pd.DataFrame, recommended: Recommendation, limit: float) -> None:
    ends, method = {}, with_common_method(table)
    for name, colour, marker in zip(CRITERIA, COLOURS, MARKERS, strict=False):
        if table[name].isna().any():
            continue
        compared = {name: table[name]} | ({METHOD_BIC: method["BIC"]} if name == "BIC" and len(method.columns) else {})
        least = min(values.min() for values in compared.values())
        for line, values in compared.items():
            style = "--" if line == METHOD_BIC else "-"
            ax.plot(table.index, values - least, style, color=colour, marker=marker, markersize=3.2, linewidth=1)
            ends[line] = (float(values.iloc[-1] - least), colour)
    ax.set_yscale("symlog", linthresh=LINEAR_UP_TO, linscale=0.6)
    ax.set_ylim(-0.12 * LINEAR_UP_TO, None)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_locator(mpl.ticker.NullLocator())
    ax.set_title("Criteria: difference from the minimum", loc="left", fontweight="bold")
    heights = [ax.transAxes.inverted().transform(ax.transData.transform((1, y)))[1] for y, _ in ends.values()]
    extent = line_inches(SMALL) / HEIGHT
    for name, middle in zip(ends, apart(np.array(heights), np.full(len(ends), extent)), strict=True):
        ax.annotate(
            name,
            (1.01, middle),
            xycoords="axes fraction",
            color=ends[name][1],
            fontsize=SMALL,
            verticalalignment="center",
        )


def _choices(ax: Axes, table: pd.DataFrame, recommended: Recommendation, limit: float) -> None:
    names = list(recommended.choices)
    for place, chosen in enumerate(recommended.choices.values()):
        ax.axhline(place, color=GRID, linewidth=0.6, zorder=1)
        face = COLOURS[0] if chosen == recommended.n_classes else "white"
        ax.plot(chosen, place, "o", color=COLOURS[0], markerfacecolor=face, markersize=5, zorder=3)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_title("What each chooses", loc="left", fontweight="bold")


def _predictive_density(ax: Axes, table: pd.DataFrame, recommended: Recommendation, limit: float) -> None:
    error = ERRORS_SHOWN * table["elpd_difference_se"]
    ax.errorbar(table.index, table["elpd_difference"], error, fmt="o", color=COLOURS[0], markersize=3.5, linewidth=1)
    hollow = table.loc[table["modes"] > 1, "elpd_difference"]
    ax.plot(hollow.index, hollow, "o", color=COLOURS[0], markerfacecolor="white", markersize=3.5, zorder=4)
    ax.axhline(-NEGLIGIBLE_ELPD, color=FAINT, linewidth=0.7, linestyle=":")
    ax.set_yscale("symlog", linthresh=LINEAR_UP_TO, linscale=0.9)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_locator(mpl.ticker.NullLocator())
    ax.set_ylim(None, LINEAR_UP_TO)
    ax.set_title("Predictive density (elpd), from the best", loc="left", fontweight="bold")


def _smallest_class(ax: Axes, table: pd.DataFrame, recommended: Recommendation, limit: float) -> None:
    table = table[table.index > 1]
    error = ERRORS_SHOWN * table["smallest_class_se"]
    bayes = "smallest_share" in table.columns
    shift = 0.1 if bayes else 0.0
    ax.errorbar(
        table.index - shift, table["smallest_class"], error, fmt="o", color=COLOURS[0], markersize=3.5, linewidth=1
    )
    if bayes:
        middle = table["smallest_share"]
        sides = (middle - table["smallest_share_lower"], table["smallest_share_upper"] - middle)
        ax.errorbar(table.index + shift, middle, sides, fmt=MARKERS[1], color=COLOURS[1], markersize=3.5, linewidth=1)
        ax.text(0.97, 0.95, "maximum likelihood", color=COLOURS[0], **_upper_right(ax))
        ax.text(0.97, 0.86, "posterior", color=COLOURS[1], **_upper_right(ax))
    if recommended.common_method:
        ax.plot(with_common_method(table)["smallest_class"], MARKERS[2], color=COLOURS[2], markersize=3.5)
        ax.text(0.97, 0.77, "with a common method", color=COLOURS[2], **_upper_right(ax))
    if limit:
        ax.axhline(limit, color=FAINT, linewidth=0.7, linestyle=":")
    ax.set_ylim(0, None)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_title("Share of the smallest class", loc="left", fontweight="bold")


def _upper_right(ax: Axes) -> dict:
    return {
        "transform": ax.transAxes,
        "fontsize": SMALL,
        "horizontalalignment": "right",
        "verticalalignment": "top",
    }
