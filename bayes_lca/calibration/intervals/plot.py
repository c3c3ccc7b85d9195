"""The picture of a simulation study: how often intervals err, by how much the groups differ."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_lca.calibration.intervals.designs import LATENT_NULL, OBSERVED_EFFECT, OBSERVED_NULL
from bayes_lca.calibration.intervals.replicates import JOINT, MULTILEVEL, SINGLE_LEVEL
from bayes_lca.calibration.kit.rates import NORMAL_QUANTILE
from bayes_lca.posterior.plots.page import COLOURS, FAINT, GRID, MARKERS, SMALL, STYLE, WIDTH, blank_page, write_note

NOMINAL = 0.05
SHARES = (0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)
LINES = {
    (OBSERVED_NULL.name, SINGLE_LEVEL): "single-level, class seen",
    (OBSERVED_NULL.name, MULTILEVEL): "multilevel, class seen",
    (LATENT_NULL.name, SINGLE_LEVEL): "single-level, most likely class",
    (LATENT_NULL.name, JOINT): "multilevel, class latent (joint)",
}
LOOK = dict(zip(LINES, ("-", "-", ":", "--"), strict=True))
DODGE = 0.008


@mpl.rc_context(STYLE)
def plot_operating_characteristics(table: pd.DataFrame) -> Figure:
    """Type I error of the group-level predictors against heterogeneity; below it, power and interval width.

    Parameters
    ----------
    table : pandas.DataFrame
        From `operating_characteristics`, of a finished study or of what there is of one. The lower row is left out
        while no replicate has an effect.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the table has no type I error of a group-level predictor.
    """
    judged = table[table["coefficient"] == table["predictor"]]
    null = judged[judged["type_1_error"].notna()]
    if null.empty:
        raise ValueError("the table has no type I error of a group-level predictor: run a null design first")
    effect = judged[(judged["design"] == OBSERVED_EFFECT.name) & judged["power"].notna()]
    fig = blank_page((WIDTH, 3.3 if effect.empty else 5.6))
    grid = fig.add_gridspec(1 if effect.empty else 2, 6)
    upper = [fig.add_subplot(grid[0, columns]) for columns in (slice(0, 3), slice(3, 6))]
    for ax, predictor in zip(upper, ("score", "tier"), strict=True):
        _type_1_error(ax, null[null["predictor"] == predictor])
        ax.set_title(f"No effect of {predictor}: type I error", loc="left")
    fig.legend(*upper[0].get_legend_handles_labels(), loc="outside upper left", ncols=2, fontsize=SMALL, handlelength=3)
    if not effect.empty:
        _effect([fig.add_subplot(grid[1, columns]) for columns in (slice(0, 2), slice(2, 4), slice(4, 6))], effect)
    fig.axes[0].set_ylabel("share of intervals")
    for ax in fig.axes:
        ax.set_xlabel("SD of groups, class logits")
        ax.grid(axis="y", color=GRID, linewidth=0.6)
        ax.set_axisbelow(True)
    write_note(fig, *_notes(null, effect))
    return fig


def _type_1_error(ax: Axes, null: pd.DataFrame) -> None:
    """Intervals that leave out 0, on a square-root scale: small rates can be compared, and none is left out."""
    largest = (null["type_1_error"] + NORMAL_QUANTILE * null["type_1_error_se"]).max()
    top = min(1, max(0.25, 1.1 * largest))
    shown = [share for share in SHARES if share <= top]
    ax.set_yscale("function", functions=(lambda y: np.sqrt(np.clip(y, 0, None)), np.square))
    ax.set_yticks(shown, [f"{share:g}" for share in shown])
    ax.set_ylim(0, top)
    ax.axhline(NOMINAL, color=FAINT, linewidth=0.8, zorder=1)
    for place, (key, label) in enumerate(LINES.items()):
        rows = null[(null["design"] == key[0]) & (null["estimator"] == key[1])]
        if len(rows):
            _line(ax, rows, "type_1_error", place, LOOK[key], label)


def _effect(axes: list[Axes], effect: pd.DataFrame) -> None:
    """Intervals that find the effect, those that hold it, and how wide they are."""
    for place, estimator in enumerate((SINGLE_LEVEL, MULTILEVEL)):
        rows = effect[effect["estimator"] == estimator]
        for ax, what in zip(axes, ("power", "coverage", "mean_width"), strict=True):
            _line(ax, rows, what, place, "-", estimator)
    power, coverage, width = axes
    power.set_ylabel("share of intervals")
    coverage.axhline(1 - NOMINAL, color=FAINT, linewidth=0.8, zorder=1)
    for ax, title in zip(axes, ("An effect of score: power", "Coverage", "Mean width, log odds"), strict=True):
        ax.set_title(title, loc="left")
        ax.set_ylim(0, None if ax is width else 1.02)


def _line(ax: Axes, rows: pd.DataFrame, what: str, place: int, style, label: str) -> None:
    """Rates with their Monte Carlo intervals; widths without."""
    colour, marker = COLOURS[place], MARKERS[place]
    x = rows["group_sd"].to_numpy() + DODGE * (place - 1.5)
    y = rows[what].to_numpy()
    if f"{what}_se" in rows:
        half = NORMAL_QUANTILE * rows[f"{what}_se"].to_numpy()
        ax.vlines(x, np.clip(y - half, 0, 1), np.clip(y + half, 0, 1), color=colour, linewidth=1.1, zorder=3)
    line = {"linestyle": style, "linewidth": 1.1, "marker": marker, "markersize": 4}
    ax.plot(x, y, color=colour, zorder=4, label=label, **line)


def _notes(null: pd.DataFrame, effect: pd.DataFrame) -> list[str]:
    counts = [
        f"{rows['replicates'].min()} ({name})" for name, rows in pd.concat([null, effect]).groupby("design", sort=False)
    ]
    return [
        "2200 respondents in six groups of 24 to 750, three classes. Data sets at each standard deviation (SD): "
        f"{', '.join(counts)}. Means over the contrasts of classes, with 95 % Monte Carlo intervals; the grey line is "
        "what 95 % intervals should reach."
    ]
