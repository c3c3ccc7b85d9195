"""Profiles of matched classes beside each other: a panel per class of the reference, a marker per fit."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bayes_lca.dims import ITEM
from bayes_lca.posterior.plots.forest_panels import forest_panels, mark_interval, name_fits
from bayes_lca.posterior.plots.letters import height, wrapped
from bayes_lca.posterior.plots.page import COLOURS, LINE, MARKERS, Page
from bayes_lca.posterior.structures.compare_structures import StructureComparison
from bayes_lca.posterior.structures.comparison_rows import REFERENCE_CLASS

ITEM_INCHES, PANEL_INCHES = 1.4, 1.0


def draw_profiles_beside(
    compared: StructureComparison,
    profiles: Mapping[str, pd.DataFrame],
    classes: Sequence[str],
    page: Page,
) -> Figure:
    """Draw the probability of the last category of every item of the reference in the matched classes of all fits.

    Parameters
    ----------
    compared : StructureComparison
    profiles : mapping of str to DataFrame
        Table of class profiles of each fit.
    classes : sequence of str
        Of the reference.
    page : Page
    """
    reference = compared.reference
    items = list(dict.fromkeys(profiles[reference].index.get_level_values(ITEM)))
    names = [wrapped(item, page.for_names(ITEM_INCHES)) for item in items]
    row_inches = max(0.1 + LINE * len(profiles), height(names) + 0.03)
    matched = {reference_class: _matched(compared, reference_class) for reference_class in classes}
    reference_class_of = {
        _title(reference_class, of_fits): reference_class for reference_class, of_fits in matched.items()
    }
    forest = forest_panels([(names, list(reference_class_of))], PANEL_INCHES, row_inches, page)
    offsets = 0.85 * LINE / row_inches * (np.arange(len(profiles)) - (len(profiles) - 1) / 2)
    for ax, title, _ in forest.panels:
        reference_class = reference_class_of[title]
        for name, offset, marker, colour in zip(profiles, offsets, cycle(MARKERS), cycle(COLOURS)):
            of_class = reference_class if name == reference else matched[reference_class].get(name)
            last = {} if of_class is None else _last_category(profiles[name], of_class)
            for item, row in last.items():
                if item in items:
                    place = items.index(item) + offset
                    mark_interval(ax, place, row[["mean", "lower", "upper"]], -1.0, (0, 1), marker, colour)
        ax.set(xlim=(0, 1), xlabel=wrapped("probability of the last category", forest.inside))
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    name_fits(forest.fig, list(profiles))
    return page.finish(forest.fig, compared.classes.note)


def _matched(compared: StructureComparison, reference_class: str) -> dict[str, str]:
    """Class of every fit that is matched with one of the reference."""
    matches = compared.classes.index[compared.classes[REFERENCE_CLASS] == reference_class]
    return {str(fit): str(name) for fit, name in matches}


def _title(reference_class: str, matched: Mapping[str, str]) -> str:
    """The class, and what fits call it that have another name for it."""
    other_names = (f"{name} of {fit}" for fit, name in matched.items() if name != reference_class)
    return "\n".join([reference_class, *other_names])


def _last_category(profiles: pd.DataFrame, of_class: str) -> dict[str, pd.Series]:
    return {str(item): rows.iloc[-1] for item, rows in profiles.loc[of_class].groupby(level=ITEM, sort=False)}
