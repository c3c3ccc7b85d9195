"""Class profiles in the units of the items: a panel per item, a row per class."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bayes_lca.posterior.plots.forest_panels import forest_panels, mark_interval
from bayes_lca.posterior.plots.letters import height, wrapped
from bayes_lca.posterior.plots.page import COLOURS, MARKERS, Page

WITHIN = "0.75"
"""Grey of what lies one standard deviation about a mean."""
MARGIN = 0.05
NAME_INCHES, PANEL_INCHES = 1.4, 1.2


def profile_panels(of_items: Mapping[str, pd.DataFrame], classes: Mapping[str, str], page: Page) -> Figure:
    """A panel per item: the mean of every class with its interval, and one standard deviation to either side.

    Parameters
    ----------
    of_items : mapping of str to DataFrame
        By item, a row for each class and parameter with ``mean``, ``lower`` and ``upper``. An item without a mean shows
        its last row of each class, the probability of its last category.
    classes : mapping of str to str
        What is written beside the row of each class.
    page : Page
    """
    names = [wrapped(text, page.for_names(NAME_INCHES)) for text in classes.values()]
    forest = forest_panels([(names, list(of_items))], PANEL_INCHES, 0.12 + height(names), page)
    for (ax, _, _), table in zip(forest.panels, of_items.values(), strict=True):
        rows = [_row(table.loc[name]) for name in classes]
        ends = np.array([[row["lower"], row["upper"], *row["within"]] for row in rows])
        margin = MARGIN * (ends.max() - ends.min())
        limits = ends.min() - margin, ends.max() + margin
        for place, (row, marker, colour) in enumerate(zip(rows, cycle(MARKERS), cycle(COLOURS))):
            ax.hlines(place, *row["within"], color=WITHIN, linewidth=5, zorder=1)
            interval = row["middle"], row["lower"], row["upper"]
            mark_interval(ax, place, interval, -np.inf, limits, marker, colour)
        ax.set(xlim=limits, xlabel=wrapped(rows[0]["what"], forest.inside))
        ax.locator_params(axis="x", nbins=4)
    return forest.fig


def _row(of_class: pd.DataFrame) -> dict:
    """What is drawn of an item in one class."""
    what = "mean" if "mean" in of_class.index else str(of_class.index[-1])
    shown = of_class.loc[what]
    spread = of_class.loc["sd", "mean"] if "sd" in of_class.index else 0.0
    within = shown["mean"] - spread, shown["mean"] + spread
    return {"middle": shown["mean"], "lower": shown["lower"], "upper": shown["upper"], "within": within, "what": what}
