"""Class structures of several fits in one picture: profiles, moves of members, distances."""

from collections.abc import Mapping
from itertools import cycle
from typing import Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from bayes_lca.dims import CLASS
from bayes_lca.posterior.plots.forest_panels import forest_panels, mark_interval
from bayes_lca.posterior.plots.page import (
    COLOURS,
    LINE,
    MARKERS,
    SMALL,
    SMALLER,
    STYLE,
    WIDTH,
    blank_page,
    n_lines,
    per_row,
    wrapped,
    write_note,
)
from bayes_lca.posterior.structures.compare_structures import StructureComparison, compare_structures
from bayes_lca.posterior.structures.comparison_rows import FIT, REFERENCE_CLASS
from bayes_lca.posterior.tables.class_tables import CI_PROB, class_profiles

ITEM_LETTERS, NAME_LETTERS = 20, 16
BAR, LEAST_LABELLED = 0.07, 0.08
DARK = 0.25
"""Distance from which numbers are written in white."""


@mpl.rc_context(STYLE)
def plot_structures(
    fits: Mapping[str, xr.DataTree],
    kind: Literal["profiles", "flow", "distance"] = "profiles",
    *,
    ci_prob: float = CI_PROB,
    figsize: tuple[float, float] | None = None,
    **settings,
) -> Figure:
    """Draw the classes of several fits beside those of the first.

    Parameters
    ----------
    fits : mapping of str to xarray.DataTree
        As `compare_structures` takes them; the first is the reference.
    kind : {"profiles", "flow", "distance"}
        ``"profiles"``: a panel per class of the reference, with the probability of the last category of every item in
        the matched classes of all fits. ``"flow"``: where the members of each class of the reference are in the other
        fits. ``"distance"``: how far every class is from every class of the reference, matched classes framed.
    ci_prob : float, default 0.95
    figsize : (float, float), optional
        Width and height in inches.
    **settings
        Further arguments of `compare_structures`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If `kind` is unknown, the fits cannot be compared, or share no respondents to follow.
    NotRelabelledError, SeveralModesError
        If the classes of a fit are not one and the same over its draws.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> fits = {"lead": bl.load("lead.nc"), "member": bl.load("member.nc")}  # doctest: +SKIP
    >>> bl.plot_structures(fits).savefig("profiles.pdf")  # doctest: +SKIP
    >>> bl.plot_structures(fits, "distance")  # doctest: +SKIP
    """
    drawn = {"profiles": _profiles, "flow": _flow, "distance": _distance}
    if kind not in drawn:
        raise ValueError(f"kind={kind!r}: choose one of {list(drawn)}")
    fits = {str(name): draws for name, draws in fits.items()}
    return drawn[kind](fits, compare_structures(fits, ci_prob=ci_prob, **settings), ci_prob, figsize)


def _profiles(fits: dict, compared: StructureComparison, ci_prob: float, figsize) -> Figure:
    reference = compared.reference
    tables = {name: class_profiles(draws, ci_prob=ci_prob) for name, draws in fits.items()}
    classes = [str(name) for name in fits[reference]["posterior"][CLASS].to_numpy()]
    items = list(dict.fromkeys(tables[reference].index.get_level_values("item")))
    names = [wrapped(item, ITEM_LETTERS) for item in items]
    row_inches = max(0.1 + LINE * len(fits), LINE * n_lines(names) + 0.03)
    matched = {of_reference: _matched(compared, of_reference) for of_reference in classes}
    titles = {_title(of_reference, own): of_reference for of_reference, own in matched.items()}
    fig, panels = forest_panels([(names, list(titles))], 1.3, row_inches, figsize, legend=0.3)
    offsets = 0.85 * LINE / row_inches * (np.arange(len(fits)) - (len(fits) - 1) / 2)
    for ax, title, _ in panels:
        for name, offset, marker, colour in zip(fits, offsets, cycle(MARKERS), cycle(COLOURS)):
            own = titles[title] if name == reference else matched[titles[title]].get(name)
            for item, last in (_last_category(tables[name], own) if own is not None else {}).items():
                if item in items:
                    place = items.index(item) + offset
                    mark_interval(ax, place, last[["mean", "lower", "upper"]], -1.0, (0, 1), marker, colour)
        ax.set(xlim=(0, 1), xlabel="probability of the last category")
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    marks = [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=1.1, label=name)
        for name, marker, colour in zip(fits, cycle(MARKERS), cycle(COLOURS))
    ]
    fig.legend(handles=marks, loc="outside upper center", ncols=min(4, len(fits)))
    write_note(fig, compared.classes.note)
    return fig


def _matched(compared: StructureComparison, of_reference: str) -> dict[str, str]:
    """Class of every fit that is matched with one of the reference."""
    own = compared.classes.index[compared.classes[REFERENCE_CLASS] == of_reference]
    return {str(fit): str(name) for fit, name in own}


def _title(of_reference: str, matched: Mapping[str, str]) -> str:
    """The class, and what fits call it that have another name for it."""
    return "\n".join([of_reference, *(f"{name} of {fit}" for fit, name in matched.items() if name != of_reference)])


def _last_category(profiles: pd.DataFrame, of_class: str) -> dict[str, pd.Series]:
    return {str(item): rows.iloc[-1] for item, rows in profiles.loc[of_class].groupby(level="item", sort=False)}


def _flow(fits: dict, compared: StructureComparison, ci_prob: float, figsize) -> Figure:
    if compared.flows is None:
        sizes = ", ".join(f"{name} (n = {draws.attrs['n_respondents']})" for name, draws in fits.items())
        raise ValueError(f"no respondent is in two of the fits {sizes}, so nobody can be followed from one to another")
    others = list(dict.fromkeys(compared.flows.index.get_level_values(FIT)))
    columns = per_row(len(others), WIDTH, 2.6)
    n_rows = -(-len(others) // columns)
    fig = blank_page(figsize or (WIDTH if columns > 1 else 4.4, 2.9 * n_rows + 0.4))
    for ax, name in zip(fig.subplots(n_rows, columns, squeeze=False).flat, others, strict=False):
        count = _square(compared.flows, name, "respondents").T  # reference class, own class
        _ribbons(ax, count / count.to_numpy().sum())
        ax.set_title(f"{wrapped(compared.reference, NAME_LETTERS)}", loc="left", fontweight="bold")
        ax.set_title(f"{wrapped(name, NAME_LETTERS)}", loc="right", fontweight="bold")
    for ax in fig.axes:
        ax.set_axis_off()
    write_note(
        fig, "numbers: % of respondents in the class, and of the reference's class that move", compared.flows.note
    )
    return fig


def _square(table: pd.DataFrame, fit: str, column: str) -> pd.DataFrame:
    """A column of one fit as own class by reference class, in the order of the table."""
    values = table.xs(fit, level=FIT)[column]
    own, of_reference = (
        list(dict.fromkeys(values.index.get_level_values(level))) for level in (CLASS, REFERENCE_CLASS)
    )
    return values.unstack(REFERENCE_CLASS).loc[own, of_reference]


def _ribbons(ax: Axes, share: pd.DataFrame) -> None:
    """Bars of the classes of two fits, joined by bands as wide as the share of respondents in both."""
    gap = 0.04
    sides = [share.sum(axis=1), share.sum(axis=0)]
    tops = [1 - np.concatenate([[0], (side.to_numpy() + gap).cumsum()[:-1]]) for side in sides]
    for x, side, top, align in ((0.0, sides[0], tops[0], "right"), (1.0, sides[1], tops[1], "left")):
        for (name, size), y in zip(side.items(), top, strict=True):
            ax.add_patch(Rectangle((x - BAR / 2, y - size), BAR, size, color="0.25", linewidth=0, zorder=3))
            away = -BAR if align == "right" else BAR
            text = f"{wrapped(name, NAME_LETTERS)}\n{100 * size:.0f} %"
            place = {"horizontalalignment": align, "verticalalignment": "center", "fontsize": SMALL}
            ax.text(x + away * 0.8, y - size / 2, text, **place)
    left, right = tops[0].copy(), tops[1].copy()
    for c, (colour, total) in enumerate(zip(cycle(COLOURS[1:]), sides[0], strict=False)):
        for d, width in enumerate(share.iloc[c]):
            if width <= 0:
                continue
            _band(ax, left[c], right[d], width, colour)
            part = width / total
            if part >= LEAST_LABELLED:
                ax.text(BAR, left[c] - width / 2, f"{100 * part:.0f}", fontsize=SMALLER, verticalalignment="center")
            left[c] -= width
            right[d] -= width
    lowest = 1 - max(1 + gap * (len(side) - 1) for side in sides)
    ax.set(xlim=(-0.45, 1.45), ylim=(lowest - 0.02, 1.02))


def _band(ax: Axes, left: float, right: float, width: float, colour: str) -> None:
    x0, x1 = BAR / 2, 1 - BAR / 2
    middle = (x0 + x1) / 2
    corners = [(x0, left), (middle, left), (middle, right), (x1, right)]
    corners += [(x1, right - width), (middle, right - width), (middle, left - width), (x0, left - width), (x0, left)]
    curve = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(corners, curve), facecolor=colour, alpha=0.45, linewidth=0, zorder=2))


def _distance(fits: dict, compared: StructureComparison, ci_prob: float, figsize) -> Figure:
    others = [name for name in fits if name != compared.reference]
    columns = per_row(len(others), WIDTH, 2.6)
    n_rows = -(-len(others) // columns)
    most = max(fits[name]["posterior"].sizes[CLASS] for name in others)
    fig = blank_page(figsize or (WIDTH if columns > 1 else 4.4, (0.45 * most + 0.9) * n_rows + 0.5))
    axes = list(fig.subplots(n_rows, columns, squeeze=False).flat)
    for ax, name in zip(axes, others, strict=False):
        table = compared.distances.xs(name, level=FIT)
        mean = _square(compared.distances, name, "distance")
        ax.imshow(mean, cmap="Greys", vmin=0, vmax=0.5, aspect="auto")
        for (own, of_reference), row in table.iterrows():
            x, y = mean.columns.get_loc(of_reference), mean.index.get_loc(own)
            colour = "white" if row["distance"] > DARK else "black"
            text = f"{row['distance']:.2f}\n({row['lower']:.2f}–{row['upper']:.2f})"
            place = {"horizontalalignment": "center", "verticalalignment": "center", "fontsize": SMALLER}
            ax.text(x, y, text, color=colour, **place)
            if row["matched"]:
                frame = {"fill": False, "edgecolor": COLOURS[2], "linewidth": 1.6}
                ax.add_patch(Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, **frame))
        ax.set_xticks(range(mean.shape[1]), [wrapped(one, NAME_LETTERS) for one in mean.columns])
        ax.set_yticks(range(mean.shape[0]), [wrapped(one, NAME_LETTERS) for one in mean.index])
        ax.tick_params(length=0)
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.set(xlabel=compared.reference, ylabel=name)
    for ax in axes[len(others) :]:
        ax.set_visible(False)
    note = "distance: half the summed difference of answer probabilities, averaged over items; framed: matched"
    write_note(fig, note, compared.distances.note)
    return fig
