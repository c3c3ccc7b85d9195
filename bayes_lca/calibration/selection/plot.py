"""The picture of a study of the number of classes: what each method chose, and how often tests err."""

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bayes_lca.calibration.kit.rates import NORMAL_QUANTILE
from bayes_lca.calibration.selection.rates import METHODS
from bayes_lca.posterior.plots.page import (
    COLOURS,
    FAINT,
    GRID,
    MARKERS,
    SMALL,
    STYLE,
    WIDTH,
    blank_page,
    write_note,
)

NOMINAL = 0.05
FEWER, RIGHT, MORE = COLOURS[5], COLOURS[1], "0.72"
"""Orange, blue and grey differ in lightness too."""

BAR, BETWEEN, BELOW = 0.155, 0.75, 0.8
"""Inches of a bar, around the bars of a panel, and of the note and the legend."""

COLUMNS = 4
"""Panels beside each other."""

NARROWEST_LABEL = 0.07
"""Share below which a piece of a bar is too narrow for its number of classes."""

DODGE = 0.18


@mpl.rc_context(STYLE)
def plot_selection(table: pd.DataFrame) -> Figure:
    """Share of data sets in which each method chose each number of classes, and errors of tests below.

    Parameters
    ----------
    table : pandas.DataFrame
        From `selection_rates`, with ``entropy_r2``, of a finished study or of what there is of one.

    Returns
    -------
    matplotlib.figure.Figure
    """
    designs = list(dict.fromkeys(table["design"]))
    methods = [name for name in METHODS if name in set(table["method"])]
    columns = min(COLUMNS, len(designs))
    rows = -(-len(designs) // columns)
    high = BAR * len(methods) + BETWEEN
    low = BAR * len(designs) + BETWEEN
    fig = blank_page((WIDTH, rows * high + low + BELOW))
    grid = fig.add_gridspec(rows + 1, 2 * columns, height_ratios=[high] * rows + [low])
    for place, design in enumerate(designs):
        row, column = divmod(place, columns)
        ax = fig.add_subplot(grid[row, 2 * column : 2 * column + 2])
        _choices(ax, table[table["design"] == design], methods)
        ax.tick_params(labelleft=column == 0)
    colours = {"fewer classes than there are": FEWER, "the true number": RIGHT, "more": MORE}
    patches = [Patch(color=colour, label=name) for name, colour in colours.items()]
    fig.legend(handles=patches, loc="outside upper left", ncols=3, fontsize=SMALL)
    titles = {"type_1_error": "Type I error, true number against one more", "power": "Power, one fewer against it"}
    left, right = (fig.add_subplot(grid[rows, part]) for part in (slice(columns), slice(columns, None)))
    for ax, (what, title) in zip((left, right), titles.items(), strict=True):
        _tests(ax, table, designs, what)
        ax.set_title(title, loc="left")
    right.tick_params(labelleft=False)
    right.legend(*left.get_legend_handles_labels(), loc="lower left", ncols=2, fontsize=SMALL, handletextpad=0.3)
    write_note(fig, *_notes(table))
    return fig


def _choices(ax: Axes, table: pd.DataFrame, methods: list[str]) -> None:
    """One bar per method, a piece for each number of classes."""
    true, entropy = table["true_classes"].iloc[0], table["entropy_r2"].iloc[0]
    numbers = [int(name.removeprefix("chose_")) for name in table if name.startswith("chose_") and name[-1].isdigit()]
    for line, method in enumerate(methods):
        of_method = table[table["method"] == method]
        left = 0.0
        for number in numbers:
            share = of_method[f"chose_{number}"].sum()
            colour = FEWER if number < true else RIGHT if number == true else MORE
            ax.barh(line, share, left=left, color=colour, edgecolor="white", linewidth=0.6, height=0.82)
            if share >= NARROWEST_LABEL:
                ink = "white" if number == true else "black"
                middle = left + share / 2
                ax.text(middle, line, number, ha="center", va="center_baseline", fontsize=SMALL, color=ink)
            left += share
    ax.set_yticks(range(len(methods)), methods)
    ax.set_ylim(len(methods) - 0.4, -0.6)
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    classes = "independent items" if true == 1 else f"{true} classes, entropy {entropy:.2f}".replace("0.", ".")
    ax.set_title(f"{_name(table['design'].iloc[0])}\n{classes}", loc="left", fontsize=SMALL)


def _tests(ax: Axes, table: pd.DataFrame, designs: list[str], what: str) -> None:
    """Rates of the tests with their Monte Carlo intervals, a line per design."""
    tested = table[table[what].notna()]
    methods = [name for name in METHODS if name in set(tested["method"])]
    for place, method in enumerate(methods):
        rows = tested[tested["method"] == method].set_index("design")
        height = [designs.index(design) + DODGE * (place - (len(methods) - 1) / 2) for design in rows.index]
        half = NORMAL_QUANTILE * rows[f"{what}_se"]
        low, high = (rows[what] - half).clip(0, 1), (rows[what] + half).clip(0, 1)
        ax.hlines(height, low, high, color=COLOURS[place], linewidth=1.1)
        ax.plot(rows[what], height, MARKERS[place], color=COLOURS[place], markersize=4, label=method)
    if what == "type_1_error":
        ax.axvline(NOMINAL, color=FAINT, linewidth=0.8, zorder=1)
        ax.set_xlim(0, max(0.2, ax.get_xlim()[1]))
    else:
        ax.set_xlim(-0.02, 1.02)
    ax.set_yticks(range(len(designs)), designs)
    ax.set_ylim(len(designs) - 0.5, -0.5)
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel("share of data sets")


def _name(design: str) -> str:
    """What a condition is called beside its entropy."""
    name, _, _ = design.partition("entropy")
    return name.rstrip(", ").capitalize() or "Ladder"


def _notes(table: pd.DataFrame) -> list[str]:
    data_sets = (table["data_sets"] + table["no_choice"]).groupby(table["design"], sort=False).max()
    if data_sets.nunique() == 1:
        counts = f"{data_sets.iloc[0]} data sets in each panel"
    else:
        counts = "Data sets: " + ", ".join(f"{count} ({name})" for name, count in data_sets.items())
    with_bootstrap = "bootstrap_draws" in table
    of_bootstrap = f"BLRT with {table['bootstrap_draws'].max():.0f} draws; " if with_bootstrap else ""
    return [
        f"2200 respondents, six items of three categories, no covariates or groups. {counts}; the number chosen is "
        f"printed in the bars. {of_bootstrap}elpd: the fewest classes within 4, or "
        "two standard errors, of the best; rule: recommend_classes with its limit of 10 % for the smallest class, "
        "and without. Lines are 95 % Monte Carlo intervals, the grey one 5 %. VLMR and LMR with the robust "
        "covariance of Mplus, or VLMR with Vuong's own, assume regularity that fewer classes break: theory promises "
        "them no 5 %."
    ]
