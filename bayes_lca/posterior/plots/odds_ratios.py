"""A forest of odds ratios, a panel for each contrast of classes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from bayes_lca.decimals import interval_decimals
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.named_fits import check_named, named_fit
from bayes_lca.posterior.plots.forest_panels import Forest, forest_panels, mark_interval, name_fits, write_beside
from bayes_lca.posterior.plots.letters import height, widest, wrapped
from bayes_lca.posterior.plots.page import COLOURS, LINE, LONGEST, MARKERS, SMALL, STYLE, Page, n_ticks
from bayes_lca.posterior.tables.odds_ratios import odds_ratios
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable

TERM_INCHES = 1.2
ROOM, CLOSE = 0.1, 0.085
"""Inches between the rows of two terms, and from fit to fit of a row without numbers."""
AXIS, ALONE = 0.7, 0.5
"""Inches of an axis with numbers beside it, and without."""
ABOUT = 2.0
"""Inches of a page that are not rows."""
LARGEST_RATIO_SHOWN = 50
INTERVAL = ["odds_ratio", "lower", "upper"]


@mpl.rc_context(STYLE)
def plot_odds_ratios(
    draws: xr.DataTree | Mapping[str, xr.DataTree | SummaryTable],
    reference: str | None = None,
    *,
    terms: Sequence[str] | None = None,
    ci_prob: float = CI_PROB,
    width: float | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Forest of odds ratios, one panel per contrast of classes, on a log scale.

    A marker is the posterior median, a line the equal-tailed interval; filled where the interval excludes 1. Intervals
    that run beyond a ratio of 50 end in an arrow. Numbers are beside the intervals unless a page of A4 is too short for
    them; rows are then closer, and panels narrower.

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
    TypeError
        If `draws` is neither a fit nor a mapping, such as a list of fits.
    ValueError
        If a fit has no covariates, `reference` is not a class, or a term is in no fit.
    NotRelabelledError, SeveralModesError
        If a median would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> figure = bl.plot_odds_ratios(bl.load_example(), reference="C1")
    >>> figure.axes[0].get_title(loc="left")
    'C2 vs C1'
    """
    page = Page.of(width, figsize)
    fits = _fits(draws)
    tables = {
        name: fit if isinstance(fit, SummaryTable) else odds_ratios(fit, reference, ci_prob=ci_prob)
        for name, fit in fits.items()
    }
    contrasts, known = (_names(tables.values(), level) for level in ("contrast", "term"))
    shown = list(known if terms is None else terms)
    if not shown or set(shown) - set(known):
        raise ValueError(f"terms={terms!r}: choose a list of terms from {known}")
    names = [wrapped(_read_aloud(term), page.for_names(TERM_INCHES)) for term in shown]
    drawn = pd.concat([table[table.index.isin(shown, "term")] for table in tables.values()])
    header = f"OR ({100 * ci_prob:g} % CI)"
    numbers = [header, *(_in_numbers(*interval) for interval in drawn[INTERVAL].to_numpy())]
    forest, offsets, has_numbers = _panels(names, contrasts, len(fits), numbers, page)
    limits = _limits(drawn)
    ticks = _ticks(*limits, most=min(6, n_ticks(forest.inside, ["0.1"])))
    for ax, contrast, _ in forest.panels:
        for table, offset, marker, colour in zip(tables.values(), offsets, cycle(MARKERS), cycle(COLOURS)):
            for place, term in enumerate(shown):
                if (contrast, term) in table.index:
                    interval = table.loc[(contrast, term), INTERVAL]
                    mark_interval(ax, place + offset, interval, 1.0, limits, marker, colour)
                    if has_numbers:
                        write_beside(ax, place + offset, _in_numbers(*interval))
        ax.axvline(1.0, color="0.3", linewidth=0.7, zorder=1)
        ax.set_xscale("log")
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set(xlim=limits, xlabel="odds ratio")
        if has_numbers:
            write_beside(ax, -0.5, header, (6, 4), "baseline")
    if len(fits) > 1:
        name_fits(forest.fig, list(fits))
    explained = [*_reference_levels(fits.values(), shown), "filled marker: interval excludes 1"]
    explained += [] if has_numbers else ["for numbers, which have no room here, see odds_ratios"]
    return page.finish(forest.fig, *_notes(tables), "; ".join(explained))


def _panels(
    names: list[str], contrasts: list[str], n_fits: int, numbers: list[str], page: Page
) -> tuple[Forest, np.ndarray, bool]:
    """The page, how far from its row each fit is drawn, and whether numbers are beside the intervals."""
    place = np.arange(n_fits) - (n_fits - 1) / 2
    row_inches = max(ROOM + LINE * n_fits, height(names) + 0.03)
    beside = widest(numbers, SMALL) + ROOM
    forest = forest_panels([(names, contrasts)], AXIS, row_inches, page, header=LINE, beside=beside)
    if forest.rows_inches + ABOUT <= LONGEST or page.height is not None:
        return forest, place * LINE / row_inches, True
    row_inches = max(ROOM + CLOSE * n_fits, height(names) + 0.03)
    return forest_panels([(names, contrasts)], ALONE, row_inches, page), place * CLOSE / row_inches, False


def _fits(draws) -> dict[str, Fit | SummaryTable]:
    """Fits and tables by name; one fit alone has none."""
    if isinstance(draws, xr.DataTree | Fit) or not isinstance(draws, Mapping | list | tuple):
        return {"": Fit.of(draws, needs="plot_odds_ratios")}
    check_named(draws, needs="plot_odds_ratios")
    if not draws:
        raise ValueError('draws is empty; pass a fit, or several by name: {"multilevel": a, "joint": b}')
    return {
        str(name): fit if isinstance(fit, SummaryTable) else named_fit(name, fit, needs="plot_odds_ratios")
        for name, fit in draws.items()
    }


def _names(tables, level: str) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in table.index.get_level_values(level)))


def _in_numbers(median: float, lower: float, upper: float) -> str:
    (decimals,) = interval_decimals(lower, upper, 1.0, fewest=2, units=2)

    def plain(ratio: float) -> str:
        return f"{ratio:.{decimals if ratio < 10 else 1 if ratio < 100 else 0}f}" if ratio >= 0.005 else "<0.01"

    return f"{plain(median)} ({plain(lower)}–{plain(upper)})"


def _limits(table: pd.DataFrame) -> tuple[float, float]:
    low = max(table["lower"].min(), min(1 / LARGEST_RATIO_SHOWN, table["odds_ratio"].min() / 1.5))
    high = min(table["upper"].max(), max(LARGEST_RATIO_SHOWN, table["odds_ratio"].max() * 1.5))
    low, high = min(low, 1.0), max(high, 1.0)
    margin = (high / low) ** 0.05
    return low / margin, high * margin


def _ticks(low: float, high: float, most: int) -> list[float]:
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


def _notes(tables: Mapping[str, SummaryTable]) -> list[str]:
    notes = {name: table.note for name, table in tables.items()}
    if len(set(notes.values())) == 1:
        return list(notes.values())[:1]
    return [f"{name}: {note}" for name, note in notes.items()]


def _reference_levels(fits, terms: Sequence[str]) -> Iterator[str]:
    levels_of = {name: levels for fit in fits if isinstance(fit, Fit) for name, levels in fit.levels.items()}
    used = [f"{name} {levels[0]}" for name, levels in levels_of.items() if any(f"{name}[" in term for term in terms)]
    if used:
        yield f"reference levels: {', '.join(used)}"
