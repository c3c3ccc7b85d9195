"""Distances of all classes of several fits from those of the reference, as a heat map per fit."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bayes_lca.dims import CLASS
from bayes_lca.posterior.plots.page import COLOURS, SMALLER, WIDTH, blank_page, per_row, wrapped, write_note
from bayes_lca.posterior.structures.compare_structures import StructureComparison
from bayes_lca.posterior.structures.comparison_rows import FIT, REFERENCE_CLASS

NAME_LETTERS = 16
DARK = 0.25
"""Distance from which numbers are written in white."""


def draw_distances(compared: StructureComparison, figsize: tuple[float, float] | None) -> Figure:
    """A panel per fit; the darker, the farther, matched classes framed."""
    others = list(dict.fromkeys(compared.distances.index.get_level_values(FIT)))
    mean_of = {name: class_by_reference_class(compared.distances, name, "distance") for name in others}
    columns = per_row(len(others), WIDTH, 2.6)
    n_rows = -(-len(others) // columns)
    most = max(map(len, mean_of.values()))
    fig = blank_page(figsize or (WIDTH if columns > 1 else 4.4, (0.45 * most + 0.9) * n_rows + 0.5))
    axes = list(fig.subplots(n_rows, columns, squeeze=False).flat)
    for ax, (name, mean) in zip(axes, mean_of.items(), strict=False):
        ax.imshow(mean, cmap="Greys", vmin=0, vmax=0.5, aspect="auto")
        for (of_fit, of_reference), row in compared.distances.xs(name, level=FIT).iterrows():
            x, y = mean.columns.get_loc(of_reference), mean.index.get_loc(of_fit)
            colour = "white" if row["distance"] > DARK else "black"
            text = f"{row['distance']:.2f}\n({row['lower']:.2f}–{row['upper']:.2f})"
            place = {"horizontalalignment": "center", "verticalalignment": "center", "fontsize": SMALLER}
            ax.text(x, y, text, color=colour, **place)
            if row["matched"]:
                frame = {"fill": False, "edgecolor": COLOURS[2], "linewidth": 1.6}
                ax.add_patch(Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, **frame))
        ax.set_xticks(range(mean.shape[1]), [wrapped(of_reference, NAME_LETTERS) for of_reference in mean.columns])
        ax.set_yticks(range(mean.shape[0]), [wrapped(of_fit, NAME_LETTERS) for of_fit in mean.index])
        ax.tick_params(length=0)
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.set(xlabel=compared.reference, ylabel=name)
    for ax in axes[len(others) :]:
        ax.set_visible(False)
    note = "distance: half the summed difference of answer probabilities, averaged over items; framed: matched"
    write_note(fig, note, compared.distances.note)
    return fig


def class_by_reference_class(table: pd.DataFrame, fit: str, column: str) -> pd.DataFrame:
    """A column of one fit, a row per class and a column per class of the reference, in the order of the table."""
    values = table.xs(fit, level=FIT)[column]
    rows, columns = (list(dict.fromkeys(values.index.get_level_values(level))) for level in (CLASS, REFERENCE_CLASS))
    return values.unstack(REFERENCE_CLASS).loc[rows, columns]
