"""The picture of simulation-based calibration: how far ranks are from uniform, model by model."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayes_lca.calibration.ranks.quantities import LOG_LIKELIHOOD, LOG_PRIOR
from bayes_lca.calibration.ranks.ranks import PROBABILITY, band, fractional_ranks, shares_below
from bayes_lca.posterior.plots.page import COLOURS, FAINT, SMALL, STYLE, WIDTH, blank_page, write_note

COLUMNS = 3
HIGH, BELOW = 1.75, 0.7
"""Inches of a panel, and of the legend and the note."""

WIDEST = 1.6
"""Height of a panel, in half widths of its band."""

SHOWN = {LOG_LIKELIHOOD: (COLOURS[1], "-"), LOG_PRIOR: (COLOURS[0], "--")}
INSIDE, OUTSIDE, FILL = "0.66", COLOURS[2], "0.92"


@mpl.rc_context(STYLE)
def plot_ranks(table: pd.DataFrame, ranks: Mapping[str, pd.DataFrame], n_draws: int) -> Figure:
    """Empirical distribution of fractional ranks less the uniform one, a line per quantity and a panel per model.

    Parameters
    ----------
    table : pandas.DataFrame
        From `CalibrationStudy.write_tables`.
    ranks : mapping of str to DataFrame
        Ranks by design, as `judge_ranks` takes them.
    n_draws : int
        Draws behind each rank.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(COLUMNS, len(ranks))
    rows = -(-len(ranks) // columns)
    fig = blank_page((WIDTH, rows * HIGH + BELOW))
    grid = fig.add_gridspec(rows, columns)
    for place, (design, of_design) in enumerate(ranks.items()):
        row, column = divmod(place, columns)
        ax = fig.add_subplot(grid[row, column])
        _panel(ax, table[table["design"] == design], of_design, n_draws)
        ax.set_title(_title(design, table[table["design"] == design]), loc="left", fontsize=SMALL)
        if column == 0:
            ax.set_ylabel("share below less uniform", fontsize=SMALL)
        if place >= len(ranks) - columns:
            ax.set_xlabel("fractional rank of the truth", fontsize=SMALL)
    lines = [Line2D([], [], color=colour, linestyle=style, label=name) for name, (colour, style) in SHOWN.items()]
    lines += [
        Line2D([], [], color=INSIDE, linewidth=0.7, label="parameters"),
        Line2D([], [], color=OUTSIDE, linewidth=1.1, label="parameters that leave the band"),
        Patch(color=FILL, label=f"{100 * PROBABILITY:g} % band of one quantity"),
    ]
    fig.legend(handles=lines, loc="outside upper left", ncols=len(lines), fontsize=SMALL, columnspacing=1.2)
    write_note(fig, _note(table, n_draws))
    return fig


def _panel(ax: Axes, table: pd.DataFrame, ranks: pd.DataFrame, n_draws: int) -> None:
    at, lower, upper = band(len(ranks))
    ax.fill_between(at, lower - at, upper - at, color=FILL, linewidth=0, step="post")
    ax.axhline(0, color=FAINT, linewidth=0.6)
    inside = table.set_index("quantity")["inside"]
    fractional = fractional_ranks(ranks, n_draws)
    drawn = sorted(fractional, key=lambda name: (name in SHOWN, not inside[name]))  # what matters on top
    farthest = 0.0
    for name in drawn:
        difference = shares_below(fractional[name].to_numpy(), at) - at
        farthest = max(farthest, np.abs(difference).max())
        colour, style = SHOWN.get(name, (INSIDE, "-"))
        colour = colour if name in SHOWN or inside[name] else OUTSIDE
        width = 1.3 if name in SHOWN else 0.4 if inside[name] else 0.9
        ax.plot(at, difference, style, color=colour, linewidth=width)
    half = max(WIDEST * (upper - at).max(), 1.08 * farthest)
    ax.set_ylim(-half, half)
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    ax.tick_params(axis="y", labelsize=SMALL)


def _title(design: str, table: pd.DataFrame) -> str:
    out, chance = int((~table["inside"]).sum()), (1 - PROBABILITY) * len(table)
    return f"{design.capitalize()}\n{out} of {len(table)} outside, by chance {chance:.1f}"


def _note(table: pd.DataFrame, n_draws: int) -> str:
    counts = table.groupby("design", sort=False)["replicates"].first()
    data_sets = f"{counts.min()}" if counts.nunique() == 1 else f"{counts.min()} to {counts.max()}"
    shown = table[~table["inside"] & table["quantity"].isin(list(SHOWN))]
    names = [f"{quantity} of {design}" for design, quantity in zip(shown["design"], shown["quantity"], strict=True)]
    outside = f" Counted as outside too: {', '.join(names)}." if names else ""
    return (
        f"{data_sets} data sets in each panel, each with a truth of its own from the prior and {n_draws} draws of its "
        f"posterior. Of all {len(table)} quantities the smallest p-value of uniform ranks, adjusted for their number, "
        f"is {table['p_adjusted'].min():.2g}. Latent classes are in the order of one item's probability.{outside}"
    )
