"""The picture of hard regimes: how often intervals hold the truth, by what they are of."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bayes_lca.calibration.kit.rates import NORMAL_QUANTILE
from bayes_lca.posterior.plots.page import COLOURS, FAINT, GRID, SMALL, STYLE, WIDTH, blank_page, write_note

NOMINAL = 0.95
ROW, ABOVE = 0.22, 1.1
"""Inches of a regime, and of the title, the axis and the note."""


@mpl.rc_context(STYLE)
def plot_regimes(table: pd.DataFrame) -> Figure:
    """Coverage of intervals with its Monte Carlo interval, a row per regime and a panel per kind of parameter.

    Parameters
    ----------
    table : pandas.DataFrame
        From `coverage_rates`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    regimes, kinds = list(table["regime"].unique()), list(table["what"].unique())
    fig = blank_page((WIDTH, ROW * len(regimes) + ABOVE))
    axes = np.atleast_1d(fig.subplots(1, len(kinds), sharey=True))
    for ax, what in zip(axes, kinds, strict=True):
        rows = table[table["what"] == what]
        at = [regimes.index(regime) for regime in rows["regime"]]
        half = NORMAL_QUANTILE * rows["coverage_se"]
        ends = np.stack([np.minimum(half, rows["coverage"]), np.minimum(half, 1 - rows["coverage"])])
        ax.axvline(NOMINAL, color=FAINT, linewidth=0.8, zorder=1)
        ax.errorbar(rows["coverage"], at, xerr=ends, fmt="o", color=COLOURS[0], markersize=3.5, linewidth=1)
        ax.set_title(what[0].upper() + what[1:], loc="left", fontsize=SMALL)
        ax.set_xlim(-0.02, 1.02)
        ax.set_yticks(range(len(regimes)), regimes)
        ax.grid(axis="x", color=GRID, linewidth=0.6)
        ax.set_axisbelow(True)
        ax.tick_params(labelsize=SMALL)
    axes[0].invert_yaxis()
    fig.supxlabel("share of 95 % intervals that hold the truth", fontsize=SMALL)
    counts = table["replicates"]
    write_note(
        fig,
        f"{counts.min()} to {counts.max()} surveys of each regime, fitted with all defaults. Bars: 95 % Monte Carlo "
        "intervals. Of chains in several modes the first is taken; refused surveys have no intervals.",
    )
    return fig
