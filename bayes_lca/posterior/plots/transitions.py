"""Who moves: persons followed from wave to wave by ribbons, and probabilities of moving with their intervals."""

from dataclasses import dataclass
from itertools import cycle

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.flows import Flows, flows_of
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.record_sequences import WAVE_COLUMN
from bayes_lca.posterior.effects.transition_probabilities import ALL_STEPS, transition_probabilities
from bayes_lca.posterior.plots.letters import height, widest, wrapped
from bayes_lca.posterior.plots.page import (
    BAND,
    COLOURS,
    FAINT,
    GRID,
    HALO,
    MARKERS,
    SMALL,
    STYLE,
    Page,
    legend_columns,
    line_inches,
)
from bayes_lca.posterior.tables.rows import CI_PROB, note_of
from bayes_lca.table import tail_probabilities

BAR, LAST_WAVE = 0.08, 0.7
"""Width of the bars of a wave, and of what is written at the last, where waves are 1 apart."""
BARS_INCHES, STEP_INCHES, NAME_INCHES, BETWEEN, BELOW = 2.2, 0.11, 0.9, 0.25, 0.35
"""Height of all bars of a wave; of a step; of the names of destinations; between panels of moves, and below them."""
BESIDE_EACH_OTHER, FLOW_PART = 5.5, 0.58
"""Inches of a page from which moves are beside the bars, and the part of it that the bars take."""


def plot_transitions(
    draws: xr.DataTree,
    *,
    ci_prob: float = CI_PROB,
    width: float | None = None,
    figsize: tuple[float, float] | None = None,
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
    page = Page.of(width, figsize)
    fit = Fit.of(draws, needs="plot_transitions")
    tails, flows, paths = tail_probabilities(ci_prob), flows_of(fit), paths_of(fit)
    table = transition_probabilities(fit, ci_prob=ci_prob)
    if "grouping" in table.index.names:
        table = table.xs("overall", level="grouping").droplevel("group")
    steps = list(paths.steps) if not paths.equal_over_time else [ALL_STEPS]
    flow, moves = _FlowSizes.of(fit, flows, page, tails), _MoveSizes.of(fit, table, steps, page)
    below, beside = ("left", "right") if page.width >= BESIDE_EACH_OTHER else ("above", "below")
    with mpl.rc_context(STYLE):
        fig, flow_ax, panels = _panels(page, flow, moves, len(fit.classes))
        _flow_panel(flow_ax, fit, flows, flow)
        for origin, ax in enumerate(panels):
            _moves_panel(ax, fit, table, steps, origin, moves)
        panels[-1].set_xlabel(wrapped("probability of the move", moves.inside))
        if len(steps) > 1:
            marks = [
                Line2D(
                    [],
                    [],
                    marker=marker,
                    color=FAINT,
                    linestyle="",
                    markersize=4,
                    label=wrapped(step, page.width / 2),
                )
                for step, marker in zip(steps, cycle(MARKERS))
            ]
            ncols = legend_columns([mark.get_label() for mark in marks], page.width)
            fig.legend(handles=marks, loc="outside upper right", ncols=ncols, fontsize=SMALL)
        return page.finish(
            fig,
            f"{below}: % of the persons in each class (interval), and of the class that takes a ribbon; {beside}: "
            "probability of each move, averaged over the persons, with interval",
            note_of(fit, ci_prob),
        )


@dataclass(frozen=True)
class _FlowSizes:
    """What is written at the bars, by wave and class, and the inches of the panel."""

    texts: list[list[str]]
    gap: float
    inside: float
    high: float

    @classmethod
    def of(cls, fit: Fit, flows: Flows, page: Page, tails: list[float]) -> "_FlowSizes":
        size, (lower, upper) = flows.size.mean(axis=0), np.quantile(flows.size, tails, axis=0)  # (wave, class)
        n_waves = len(size)
        inside = page.width - 0.2 if page.width < BESIDE_EACH_OTHER else FLOW_PART * page.width
        of_wave = inside / (n_waves - 1 + LAST_WAVE) - 0.06
        texts = []
        for t in range(n_waves):
            of_classes = []
            for c, name in enumerate(fit.classes):
                share = f"{100 * size[t, c]:.0f} % ({100 * lower[t, c]:.0f}–{100 * upper[t, c]:.0f})"
                named = f"{name}\n{share}" if t == 0 else share
                of_classes.append(wrapped(named, of_wave if t < n_waves - 1 else LAST_WAVE * (of_wave + 0.06), SMALL))
            texts.append(of_classes)
        gap = max(height(of_wave, SMALL) for of_wave in texts) + 0.05
        return cls(texts, gap, inside, BARS_INCHES + gap * len(fit.classes) + line_inches(SMALL))


@dataclass(frozen=True)
class _MoveSizes:
    """Names of the destinations, what is written beside their intervals, and the inches of a panel."""

    names: list[str]
    numbers: dict[tuple[str, str], str]
    inside: float
    high: float

    @classmethod
    def of(cls, fit: Fit, table, steps: list[str], page: Page) -> "_MoveSizes":
        numbers = {}
        if len(steps) == 1:
            rows = table.loc[steps[0]]
            numbers = {
                pair: f"{row['mean']:.2f} ({row['lower']:.2f}–{row['upper']:.2f})" for pair, row in rows.iterrows()
            }
        width = page.width if page.width < BESIDE_EACH_OTHER else (1 - FLOW_PART) * page.width
        names = [wrapped(f"to {name}", min(NAME_INCHES, 0.3 * width)) for name in fit.classes]
        beside = widest(numbers.values(), SMALL) if numbers else 0.0
        row = max(height(names) + 0.03, STEP_INCHES * len(steps) + 0.05)
        return cls(names, numbers, width - widest(names) - beside - 0.3, row * len(names))


def _panels(page: Page, flow: _FlowSizes, moves: _MoveSizes, k: int) -> tuple[Figure, Axes, list[Axes]]:
    """The bars and ribbons with the moves beside them, or below where the page is narrow."""
    all_moves = k * (moves.high + BETWEEN) + BELOW
    if page.width < BESIDE_EACH_OTHER:
        rows = [flow.high, all_moves]
        fig = page.blank(rows)
        of_flow, of_moves = fig.add_gridspec(2, 1, height_ratios=rows)
    else:
        rows = [max(flow.high, all_moves)]
        fig = page.blank(rows)
        of_flow, of_moves = fig.add_gridspec(1, 2, width_ratios=[FLOW_PART, 1 - FLOW_PART], height_ratios=rows)
    flow_ax = fig.add_subplot(of_flow)
    panels = of_moves.subgridspec(k, 1, height_ratios=[moves.high] * k).subplots(sharex=True, squeeze=False)
    return fig, flow_ax, list(panels[:, 0])


def _flow_panel(ax: Axes, fit: Fit, flows: Flows, flow: _FlowSizes) -> None:
    size, moves = flows.size.mean(axis=0), flows.moves.mean(axis=0)  # (wave, class), (step, origin, destination)
    waves, k, named = paths_of(fit).waves, len(fit.classes), fit.attributes[WAVE_COLUMN]
    gap = flow.gap / BARS_INCHES
    tops = 1 - np.concatenate([np.zeros((len(waves), 1)), (size + gap).cumsum(axis=1)[:, :-1]], axis=1)
    for t, wave in enumerate(waves):
        for c in range(k):
            colour, top = _colour(c), tops[t, c]
            ax.add_patch(
                Rectangle((t - BAR / 2, top - size[t, c]), BAR, size[t, c], color=colour, linewidth=0, zorder=3)
            )
            label = {"fontsize": SMALL, "verticalalignment": "bottom", "zorder": 5, "path_effects": [HALO]}
            ax.text(t - BAR / 2, top + 0.006, flow.texts[t][c], **label)
        of_wave = wrapped(f"{named} {wave}", flow.inside / (len(waves) - 1 + LAST_WAVE) - 0.06, weight="bold")
        ax.text(t - BAR / 2, 1 + gap, of_wave, fontweight="bold", verticalalignment="bottom")
    for step in range(len(waves) - 1):
        start, end = tops[step].copy(), tops[step + 1].copy()
        scale = size[step] / np.maximum(moves[step].sum(axis=1), np.finfo(float).tiny)  # later waves have fewer persons
        for c in range(k):
            for d in range(k):
                width = moves[step, c, d]
                _ribbon(ax, step, start[c], end[d], width * scale[c], width, _colour(c))
                part = width / moves[step, c].sum()
                if min(width, width * scale[c]) * BARS_INCHES >= line_inches(SMALL):
                    y = start[c] - width * scale[c] / 2
                    number = {"fontsize": SMALL, "verticalalignment": "center", "zorder": 4, "path_effects": [HALO]}
                    ax.text(step + BAR, y, f"{100 * part:.0f}", **number)
                start[c] -= width * scale[c]
                end[d] -= width
    lowest = (tops[:, -1] - size[:, -1]).min()
    ax.set(xlim=(-0.1, len(waves) - 1 + LAST_WAVE), ylim=(lowest - 0.02, 1 + gap + 0.02))
    ax.set_axis_off()


def _ribbon(ax: Axes, step: int, left: float, right: float, width_left: float, width: float, colour: str) -> None:
    x0, x1 = step + BAR / 2, step + 1 - BAR / 2
    middle = (x0 + x1) / 2
    corners = [(x0, left), (middle, left), (middle, right), (x1, right), (x1, right - width)]
    corners += [(middle, right - width), (middle, left - width_left), (x0, left - width_left), (x0, left)]
    curve = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(corners, curve), facecolor=colour, alpha=0.35, linewidth=0, zorder=2))


def _moves_panel(ax: Axes, fit: Fit, table, steps: list[str], origin: int, sizes: _MoveSizes) -> None:
    before, k = fit.classes[origin], len(fit.classes)
    offsets = (np.arange(len(steps)) - (len(steps) - 1) / 2) * min(0.25, 0.7 / len(steps))
    ax.axhspan(origin - 0.45, origin + 0.45, color=BAND, linewidth=0)
    for step, offset, marker in zip(steps, offsets, cycle(MARKERS)):
        rows = table.loc[(step, before)]
        for d, after in enumerate(fit.classes):
            row = rows.loc[after]
            ends = [row["lower"], row["upper"]]
            ax.plot(ends, [d + offset] * 2, color=_colour(d), linewidth=1.4, solid_capstyle="butt")
            ax.plot(row["mean"], d + offset, marker=marker, markersize=4, color=_colour(d))
            if sizes.numbers:
                ax.text(1.04, d, sizes.numbers[before, after], fontsize=SMALL, va="center")
    ax.set(xlim=(0, 1), ylim=(k - 0.5, -0.5))
    ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    ax.tick_params(axis="x", labelbottom=origin == k - 1)
    ax.set_yticks(range(k), sizes.names)
    ax.set_title(wrapped(f"from {before}", sizes.inside, weight="bold"), loc="left", fontweight="bold")
    ax.grid(axis="x", color=GRID, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)


def _colour(place: int) -> str:
    return COLOURS[1 + place % (len(COLOURS) - 1)]
