"""Distances of all classes of several fits from those of the reference, as a heat map per fit."""

from itertools import batched

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bayes_lca.dims import CLASS
from bayes_lca.posterior.plots.letters import height, widest, wrapped
from bayes_lca.posterior.plots.page import COLOURS, SMALL, Page, per_row
from bayes_lca.posterior.structures.compare_structures import StructureComparison
from bayes_lca.posterior.structures.comparison_rows import FIT, REFERENCE_CLASS

NAME_INCHES, CELL, CELL_HEIGHT = 1.0, 0.72, 0.38
"""Inches of a name, and of a cell with the distance and its interval."""
DARK = 0.25
"""Distance from which numbers are written in white."""


def draw_distances(compared: StructureComparison, page: Page) -> Figure:
    """A panel per fit; the darker, the farther, matched classes framed."""
    others = list(dict.fromkeys(compared.distances.index.get_level_values(FIT)))
    mean_of = {name: class_by_reference_class(compared.distances, name, "distance") for name in others}
    of_name = min(NAME_INCHES, 0.25 * page.width)
    beside = of_name + 0.45
    most = max(mean.shape[1] for mean in mean_of.values())
    columns = per_row(len(others), page.width, CELL * most + beside)
    cell = (page.width / columns - beside) / most
    names = {name: [wrapped(of_fit, of_name) for of_fit in mean.index] for name, mean in mean_of.items()}
    cell_height = max(CELL_HEIGHT, *(height(of_fit) + 0.06 for of_fit in names.values()))
    rows = [max(map(len, of_row)) * cell_height for of_row in batched(mean_of.values(), columns)]
    fig = page.blank(rows)
    axes = list(fig.subplots(len(rows), columns, squeeze=False, height_ratios=rows).flat)
    for ax, (name, mean) in zip(axes, mean_of.items(), strict=False):
        ax.imshow(mean, cmap="Greys", vmin=0, vmax=0.5, aspect="auto")
        for (of_fit, of_reference), row in compared.distances.xs(name, level=FIT).iterrows():
            x, y = mean.columns.get_loc(of_reference), mean.index.get_loc(of_fit)
            colour = "white" if row["distance"] > DARK else "black"
            text = _in_numbers(*row[["distance", "lower", "upper"]], cell)
            place = {"horizontalalignment": "center", "verticalalignment": "center", "fontsize": SMALL}
            ax.text(x, y, text, color=colour, **place)
            if row["matched"]:
                frame = {"fill": False, "edgecolor": COLOURS[2], "linewidth": 1.6}
                ax.add_patch(Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, **frame))
        ax.set_xticks(range(mean.shape[1]), [wrapped(of_reference, cell - 0.06) for of_reference in mean.columns])
        ax.set_yticks(range(mean.shape[0]), names[name])
        ax.tick_params(length=0)
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.set(xlabel=wrapped(compared.reference, cell * mean.shape[1]), ylabel=wrapped(name, rows[0]))
    for ax in axes[len(others) :]:
        ax.set_visible(False)
    note = "distance: half the summed difference of answer probabilities, averaged over items; framed: matched"
    return page.finish(fig, note, compared.distances.note)


def _in_numbers(distance: float, lower: float, upper: float, cell: float) -> str:
    """A distance with its interval, in two lines or three, whichever a cell so many inches wide has room for."""
    interval = f"({lower:.2f}–{upper:.2f})"
    return f"{distance:.2f}\n{interval if widest([interval], SMALL) < cell else interval.replace('–', '–' + chr(10))}"


def class_by_reference_class(table: pd.DataFrame, fit: str, column: str) -> pd.DataFrame:
    """A column of one fit, a row per class and a column per class of the reference, in the order of the table."""
    values = table.xs(fit, level=FIT)[column]
    rows, columns = (list(dict.fromkeys(values.index.get_level_values(level))) for level in (CLASS, REFERENCE_CLASS))
    return values.unstack(REFERENCE_CLASS).loc[rows, columns]
