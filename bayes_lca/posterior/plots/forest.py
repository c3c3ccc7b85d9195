"""Forests: odds ratios by term and random intercepts by group, a panel for each contrast or class."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from bayes_lca.posterior.plots.forest_panels import forest_panels, mark_interval, write_beside
from bayes_lca.posterior.plots.page import (
    COLOURS,
    LINE,
    MARKERS,
    STYLE,
    n_lines,
    wrapped,
    write_note,
)
from bayes_lca.posterior.tables.class_tables import CI_PROB, odds_ratios
from bayes_lca.posterior.tables.random_intercepts import random_intercepts
from bayes_lca.table import SummaryTable

TERM_LETTERS, GROUP_LETTERS = 17, 26
NUMBERS_INCHES = 0.95
LARGEST_RATIO_SHOWN = 50


@mpl.rc_context(STYLE)
def plot_odds_ratios(
    draws: xr.DataTree | Mapping[str, xr.DataTree | SummaryTable],
    reference: str | None = None,
    *,
    terms: Sequence[str] | None = None,
    ci_prob: float = CI_PROB,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Forest of odds ratios, one panel per contrast of classes, on a log scale.

    A marker is the posterior median, a line the equal-tailed interval; filled where the interval excludes 1. Intervals
    that run beyond a ratio of 50 end in an arrow.

    Parameters
    ----------
    draws : xarray.DataTree, or mapping of str to xarray.DataTree or SummaryTable
        From `fit` of a model with covariates. Several fits, by name, are drawn beside each other in every row; a table
        in the columns of `odds_ratios` stands for a fit without draws.
    reference : str, optional
        The class all others are compared with. All pairs, the earlier class as reference, by default.
    terms : sequence of str, optional
        Terms to show, in this order; all by default, those of several fits in the order of their first appearance.
    ci_prob : float, default 0.95
        Probability of the intervals.
    figsize : (float, float), optional
        Width and height in inches; 7 inches wide and as high as the rows need by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a fit has no covariates, `reference` is not a class, or a term is in no fit.
    NotRelabelledError, SeveralModesError
        If a median would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> draws = bl.load("fit.nc")  # doctest: +SKIP
    >>> bl.plot_odds_ratios(draws, reference="C1").savefig("odds_ratios.pdf")  # doctest: +SKIP
    >>> bl.plot_odds_ratios({"multilevel": bl.load("modal.nc"), "joint": draws})  # doctest: +SKIP
    """
    fits = {"": draws} if isinstance(draws, xr.DataTree) else dict(draws)
    if not fits:
        raise ValueError('draws is empty; pass a fit, or several by name: {"multilevel": a, "joint": b}')
    tables = {
        name: fit if isinstance(fit, SummaryTable) else odds_ratios(fit, reference, ci_prob=ci_prob)
        for name, fit in fits.items()
    }
    contrasts, known = (_union(tables.values(), level) for level in ("contrast", "term"))
    shown = list(known if terms is None else terms)
    if not shown or set(shown) - set(known):
        raise ValueError(f"terms={terms!r}: choose a list of terms from {known}")
    names = [wrapped(_read_aloud(term), TERM_LETTERS) for term in shown]
    row_inches = max(0.1 + LINE * len(fits), LINE * n_lines(names) + 0.03)
    legend = 0.3 if len(fits) > 1 else 0.0
    fig, panels = forest_panels(
        [(names, contrasts)], 0.8 + NUMBERS_INCHES, row_inches, figsize, header=LINE, legend=legend
    )
    limits = _ratio_limits(pd.concat([table[table.index.isin(shown, "term")] for table in tables.values()]))
    ticks = _ratio_ticks(*limits, most=4 if len(contrasts) > 2 else 6)
    offsets = LINE / row_inches * (np.arange(len(fits)) - (len(fits) - 1) / 2)
    for ax, contrast, _ in panels:
        for table, offset, marker, colour in zip(tables.values(), offsets, cycle(MARKERS), cycle(COLOURS)):
            for place, term in enumerate(shown):
                if (contrast, term) in table.index:
                    interval = table.loc[(contrast, term), ["odds_ratio", "lower", "upper"]]
                    mark_interval(ax, place + offset, interval, 1.0, limits, marker, colour)
                    write_beside(ax, place + offset, _with_interval(*interval))
        ax.axvline(1.0, color="0.3", linewidth=0.7, zorder=1)
        ax.set_xscale("log")
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set(xlim=limits, xlabel="odds ratio")
        write_beside(ax, -0.5, f"OR ({100 * ci_prob:g} % CI)", (6, 4), "baseline")
    if len(fits) > 1:
        _name_fits(fig, list(fits))
    explained = "; ".join(
        [
            *_reference_levels([fit for fit in fits.values() if isinstance(fit, xr.DataTree)], shown),
            "filled marker: interval excludes 1",
        ]
    )
    write_note(fig, *_notes(tables), explained)
    return fig


@mpl.rc_context(STYLE)
def plot_random_intercepts(
    draws: xr.DataTree,
    reference: str | None = None,
    *,
    grouping: str | None = None,
    ci_prob: float = CI_PROB,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Random intercepts of the groups, one panel per class or contrast.

    A marker is the posterior mean, a line the equal-tailed interval; filled where the interval excludes 0.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with ``(1 | group)``.
    reference : str, optional
        Show log odds against this class. By default, symmetric class logits, which sum to zero over classes.
    grouping : str, optional
        Show the groups of this grouping; all groupings, below each other, by default.
    ci_prob : float, default 0.95
        Probability of the intervals.
    figsize : (float, float), optional
        Width and height in inches; 7 inches wide and as high as the rows need by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the model has no random intercepts, `reference` is not a class, or `grouping` is unknown.
    NotRelabelledError, SeveralModesError
        If a mean would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.plot_random_intercepts(bl.load("fit.nc"))  # doctest: +SKIP
    """
    table = random_intercepts(draws, reference, ci_prob=ci_prob)
    known = _union([table], "grouping")
    if grouping is not None and grouping not in known:
        raise ValueError(f"grouping={grouping!r} has no random intercepts; choose one of {known}")
    shown = known if grouping is None else [grouping]
    table_of = {name: table.loc[name] for name in shown}
    classes = _union([table], table.index.names[-1])
    n_of = [part["n"].groupby("group", sort=False).first() for part in table_of.values()]
    names = [[wrapped(f"{group} (n = {n})", GROUP_LETTERS) for group, n in sizes.items()] for sizes in n_of]
    row_inches = LINE * max(map(n_lines, names)) + 0.08
    fig, panels = forest_panels([(part, classes) for part in names], 1.25, row_inches, figsize)
    widest = 1.06 * max(part[["lower", "upper"]].abs().to_numpy().max() for part in table_of.values())
    for ax, name, block in panels:
        part = table_of[shown[block]].xs(name, level=-1)
        for place, interval in enumerate(part[["mean", "lower", "upper"]].to_numpy()):
            mark_interval(ax, place, interval, 0.0, (-widest, widest), MARKERS[0], COLOURS[0])
        ax.axvline(0.0, color="0.3", linewidth=0.7, zorder=1)
        ax.xaxis.set_major_locator(MaxNLocator(5, symmetric=True, steps=[1, 2, 2.5, 5, 10]))
        ax.set(xlim=(-widest, widest), xlabel="class logit" if reference is None else "log odds")
        if len(shown) > 1 and ax.get_subplotspec().is_first_col():
            ax.set_ylabel(shown[block])
    scale = "class logits, summing to zero over classes" if reference is None else f"log odds against {reference}"
    explained = f"random intercepts by {' and '.join(shown)}: {scale}; filled marker: interval excludes 0"
    write_note(fig, table.note, explained)
    return fig


def _union(tables, level: str) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in table.index.get_level_values(level)))


def _with_interval(middle: float, lower: float, upper: float) -> str:
    decimals = max(2, int(np.ceil(-np.log10(max(upper - lower, 1e-4)))))

    def plain(ratio: float) -> str:
        return f"{ratio:.{decimals if ratio < 10 else 1 if ratio < 100 else 0}f}" if ratio >= 0.005 else "<0.01"

    return f"{plain(middle)} ({plain(lower)}–{plain(upper)})"


def _ratio_limits(table: pd.DataFrame) -> tuple[float, float]:
    low = max(table["lower"].min(), min(1 / LARGEST_RATIO_SHOWN, table["odds_ratio"].min() / 1.5))
    high = min(table["upper"].max(), max(LARGEST_RATIO_SHOWN, table["odds_ratio"].max() * 1.5))
    low, high = min(low, 1.0), max(high, 1.0)
    margin = (high / low) ** 0.05
    return low / margin, high * margin


def _ratio_ticks(low: float, high: float, most: int) -> list[float]:
    if high / low < 3:
        ticks = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        return [float(tick) for tick in ticks if low <= tick <= high]
    for ratio in (2.0, 5.0, 10.0, 100.0, 1e4):
        first, last = np.ceil(np.log(low) / np.log(ratio)), np.floor(np.log(high) / np.log(ratio))
        if last - first < most:
            break
    return [float(ratio**power) for power in np.arange(first, last + 1)]


def _read_aloud(term: str) -> str:
    """``age[<=30]:tier[high]`` as age <=30 × tier high."""
    return re.sub(r"\[(.*?)\]", r" \1", re.sub(r":(?![^\[]*\])", " × ", term))


def _name_fits(fig: Figure, names: list[str]) -> None:
    marks = [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=1.1, label=name)
        for name, marker, colour in zip(names, cycle(MARKERS), cycle(COLOURS))
    ]
    fig.legend(handles=marks, loc="outside upper center", ncols=min(4, len(names)))


def _notes(tables: Mapping) -> list[str]:
    notes = {name: table.note for name, table in tables.items()}
    if len(set(notes.values())) == 1:
        return list(notes.values())[:1]
    return [f"{name}: {note}" for name, note in notes.items()]


def _reference_levels(fits: Sequence[xr.DataTree], terms: list[str]) -> Iterator[str]:
    levels = {name: known for fit in fits for name, known in json.loads(fit.attrs["levels"]).items()}
    used = [f"{name} {known[0]}" for name, known in levels.items() if any(f"{name}[" in term for term in terms)]
    if used:
        yield f"reference levels: {', '.join(used)}"
