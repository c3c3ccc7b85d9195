"""Who moves: persons followed from wave to wave by ribbons, and probabilities of moving with their intervals."""

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.flows import Flows, flows_of
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.record_sequences import WAVE_COLUMN
from bayes_lca.posterior.effects.transition_probabilities import ALL_STEPS, transition_probabilities
from bayes_lca.posterior.plots.page import (
    BAND,
    COLOURS,
    FAINT,
    GRID,
    MARKERS,
    SMALL,
    SMALLER,
    STYLE,
    WIDTH,
    blank_page,
    n_lines,
    wrapped,
    write_note,
)
from bayes_lca.posterior.tables.rows import CI_PROB, note_of
from bayes_lca.table import tail_probabilities

BAR, GAP, LINE = 0.08, 0.17, 0.15
"""Width of the bars of a wave, where waves are 1 apart, space between bars in inches, and that of further lines."""
LEAST_HEIGHT = 0.5
"""Height of the bars in inches below which space between them shrinks."""
LEAST_LABELLED = 0.035
"""Share of all persons below which a ribbon has no number."""
NAME_LETTERS = 14


def plot_transitions(
    draws: xr.DataTree, *, ci_prob: float = CI_PROB, figsize: tuple[float, float] | None = None
) -> Figure:
    """Draw who is in which class at every wave and where they go, and probabilities of moving with their intervals.

    To the left a bar for each wave and class, as high as the share of the persons, with its interval, joined by ribbons
    as wide as the share of those who go from one to the other; numbers on a ribbon are the percentage of its class that
    takes it. To the right the probability of each move, averaged over the persons as `transition_probabilities` has it;
    steps beside each other where transitions differ over time.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of `LatentTransition`.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.
    figsize : tuple of float, optional
        Width and height in inches.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the fit is of another model, or was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> len(bl.plot_transitions(bl.load_example("waves")).axes)
    3
    """
    fit = Fit.of(draws, needs="plot_transitions")
    tails, flows, paths = tail_probabilities(ci_prob), flows_of(fit), paths_of(fit)
    table = transition_probabilities(fit, ci_prob=ci_prob)
    if "grouping" in table.index.names:
        table = table.xs("overall", level="grouping").droplevel("group")
    steps = list(paths.steps) if not paths.equal_over_time else [ALL_STEPS]
    k, n_waves = len(fit.classes), len(paths.waves)
    with mpl.rc_context(STYLE):
        fig = blank_page(figsize or (WIDTH, max(2.9, 0.34 * k * k + 1.2) + k * _further_lines(fit)))
        left, right = fig.subfigures(1, 2, width_ratios=[max(n_waves, 2) + 0.3, 2.3])
        _flow_panel(left.subplots(), fit, flows, tails)
        panels = right.subplots(k, 1, sharex=True, squeeze=False)[:, 0]
        for origin, ax in enumerate(panels):
            _moves_panel(ax, fit, table, steps, origin, last=origin == k - 1)
        write_note(
            fig,
            "left: % of the persons in each class (interval), and of the class that takes a ribbon; right: probability "
            "of each move, averaged over the persons, with interval",
            note_of(fit, ci_prob),
        )
    return fig


def _flow_panel(ax: Axes, fit: Fit, flows: Flows, tails: list[float]) -> None:
    size, moves = flows.size.mean(axis=0), flows.moves.mean(axis=0)  # (wave, class), (step, origin, destination)
    lower, upper = np.quantile(flows.size, tails, axis=0)
    waves, k, named = paths_of(fit).waves, len(fit.classes), fit.attributes[WAVE_COLUMN]
    gap = (GAP + _further_lines(fit)) / max(ax.figure.get_figure(root=True).get_size_inches()[1] - 1, LEAST_HEIGHT)
    tops = 1 - np.concatenate([np.zeros((len(waves), 1)), (size + gap).cumsum(axis=1)[:, :-1]], axis=1)
    for t, wave in enumerate(waves):
        for c, name in enumerate(fit.classes):
            colour, top = _colour(c), tops[t, c]
            ax.add_patch(
                Rectangle((t - BAR / 2, top - size[t, c]), BAR, size[t, c], color=colour, linewidth=0, zorder=3)
            )
            text = f"{100 * size[t, c]:.0f} % ({100 * lower[t, c]:.0f}–{100 * upper[t, c]:.0f})"
            text = f"{wrapped(name, NAME_LETTERS)}  {text}" if t == 0 else text
            ax.text(t - BAR / 2, top + 0.006, text, fontsize=SMALLER, verticalalignment="bottom", zorder=5)
        ax.text(t - BAR / 2, 1 + gap, f"{named} {wave}", fontweight="bold", verticalalignment="bottom")
    for step in range(len(waves) - 1):
        start, end = tops[step].copy(), tops[step + 1].copy()
        scale = size[step] / np.maximum(moves[step].sum(axis=1), np.finfo(float).tiny)  # later waves have fewer persons
        for c in range(k):
            for d in range(k):
                width = moves[step, c, d]
                _ribbon(ax, step, start[c], end[d], width * scale[c], width, _colour(c))
                part = width / moves[step, c].sum()
                if width >= LEAST_LABELLED:
                    y = start[c] - width * scale[c] / 2
                    ax.text(step + BAR, y, f"{100 * part:.0f}", fontsize=SMALLER, verticalalignment="center", zorder=4)
                start[c] -= width * scale[c]
                end[d] -= width
    lowest = (tops[:, -1] - size[:, -1]).min()
    ax.set(xlim=(-0.1, len(waves) - 1 + 0.62), ylim=(lowest - 0.02, 1 + 2 * gap))
    ax.set_axis_off()


def _further_lines(fit: Fit) -> float:
    """Inches that the longest name of a class takes beyond a line."""
    return LINE * (n_lines(wrapped(name, NAME_LETTERS) for name in fit.classes) - 1)


def _ribbon(ax: Axes, step: int, left: float, right: float, width_left: float, width: float, colour: str) -> None:
    x0, x1 = step + BAR / 2, step + 1 - BAR / 2
    middle = (x0 + x1) / 2
    corners = [(x0, left), (middle, left), (middle, right), (x1, right), (x1, right - width)]
    corners += [(middle, right - width), (middle, left - width_left), (x0, left - width_left), (x0, left)]
    curve = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(corners, curve), facecolor=colour, alpha=0.35, linewidth=0, zorder=2))


def _moves_panel(ax: Axes, fit: Fit, table, steps: list[str], origin: int, *, last: bool) -> None:
    before, k = fit.classes[origin], len(fit.classes)
    offsets = (np.arange(len(steps)) - (len(steps) - 1) / 2) * min(0.25, 0.7 / len(steps))
    ax.axhspan(origin - 0.45, origin + 0.45, color=BAND, linewidth=0)
    for s, (step, offset) in enumerate(zip(steps, offsets, strict=True)):
        rows = table.loc[(step, before)]
        for d, after in enumerate(fit.classes):
            row = rows.loc[after]
            ax.plot(
                [row["lower"], row["upper"]], [d + offset] * 2, color=_colour(d), linewidth=1.4, solid_capstyle="butt"
            )
            ax.plot(row["mean"], d + offset, marker=MARKERS[s % len(MARKERS)], markersize=4, color=_colour(d))
            if len(steps) == 1:
                ax.text(
                    1.04, d, f"{row['mean']:.2f} ({row['lower']:.2f}–{row['upper']:.2f})", fontsize=SMALLER, va="center"
                )
    ax.set(xlim=(0, 1), ylim=(k - 0.4, -0.6), yticks=range(k))
    ax.set_yticklabels([wrapped(f"to {name}", NAME_LETTERS) for name in fit.classes])
    ax.set_title(f"from {before}", loc="left", fontweight="bold")
    ax.grid(axis="x", color=GRID, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    if last:
        ax.set_xlabel("probability of the move")
        if len(steps) > 1:
            handles = [
                ax.plot([], [], marker=MARKERS[s % len(MARKERS)], color=FAINT, linestyle="", markersize=4, label=step)[
                    0
                ]
                for s, step in enumerate(steps)
            ]
            ax.legend(handles=handles, fontsize=SMALL, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _colour(place: int) -> str:
    return COLOURS[1 + place % (len(COLOURS) - 1)]
