"""Pictures of a fitted model: class profiles here, forests of odds ratios and random intercepts beside them."""

import json

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bayes_lca.dims import CATEGORY, CLASS, ITEM
from bayes_lca.posterior.plots.forest import plot_odds_ratios, plot_random_intercepts
from bayes_lca.posterior.plots.page import (
    COLOURS,
    FAINT,
    GRID,
    LETTER,
    LINE,
    MARKERS,
    SMALL,
    SMALLER,
    STYLE,
    WIDTH,
    blank_page,
    n_letters,
    n_lines,
    per_row,
    wrapped,
    write_note,
)
from bayes_lca.posterior.tables.class_tables import CI_PROB, class_profiles, class_sizes

__all__ = ["plot_odds_ratios", "plot_profiles", "plot_random_intercepts"]

LINES = ("-", "--", (0, (1, 1.5)), "-.", (0, (5, 1, 1, 1, 1, 1)))
LONGEST_NAME = 22
NUMBER_INCHES = 0.19


@mpl.rc_context(STYLE)
def plot_profiles(
    draws: xr.DataTree,
    *,
    category: str | None = None,
    ci_prob: float = CI_PROB,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Class profiles: how each class answers the items.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    category : str, optional
        The answer whose probability is drawn; by default the last category of every item, named below the item where
        items do not share it. ``"all"`` draws the probabilities of all categories as stacked bars, a panel per class.
    ci_prob : float, default 0.95
        Probability of the intervals, of the profiles and of the class sizes.
    figsize : (float, float), optional
        Width and height in inches; 7 inches wide by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the model has no latent classes, or an item has no such category.
    NotRelabelledError, SeveralModesError
        If a mean would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> draws = bl.load("fit.nc")  # doctest: +SKIP
    >>> bl.plot_profiles(draws).savefig("profiles.pdf")  # doctest: +SKIP
    >>> bl.plot_profiles(draws, category="all")  # doctest: +SKIP
    """
    if CLASS not in draws["posterior"].dims:
        raise ValueError(
            f"a fit of {draws.attrs['model']!r} has no latent classes and so no profiles; plot_profiles draws a fit of "
            "LatentClass"
        )
    profiles, sizes = class_profiles(draws, ci_prob=ci_prob), class_sizes(draws, ci_prob=ci_prob)
    items = [str(item) for item in draws["posterior"][ITEM].to_numpy()]
    labels = dict(zip(items, json.loads(draws.attrs["labels"]), strict=True))
    classes = {name: f"{wrapped(name, LONGEST_NAME)}\n{_percent(size)}" for name, size in sizes.iterrows()}
    codes = draws["posterior"][CATEGORY].to_numpy()
    probability = {item: profiles.xs(item, level=ITEM) for item in items}
    if category == "all":
        of_class = {
            name: [probability[item].loc[[(name, code) for code in codes[: len(own)]]] for item, own in labels.items()]
            for name in classes
        }
        fig = _stacked_bars(of_class, labels, classes, figsize)
    else:
        positions = _positions(labels, category)
        of_class = {
            name: pd.DataFrame([probability[item].loc[(name, codes[place])] for item, place in positions.items()])
            for name in classes
        }
        answers = {item: labels[item][place] for item, place in positions.items()}
        fig = _lines(of_class, answers, classes, figsize)
    write_note(fig, f"{profiles.note}; class sizes in % of respondents")
    return fig


def _positions(labels: dict[str, list[str]], category: str | None) -> dict[str, int]:
    if category is None:
        return {item: len(own) - 1 for item, own in labels.items()}
    for item, own in labels.items():
        if str(category) not in own:
            raise ValueError(
                f"category={category!r} is not a category of item {item!r}, which has {own}; choose one that all items "
                'share, None for the last of each item, or "all"'
            )
    return {item: own.index(str(category)) for item, own in labels.items()}


def _lines(of_class: dict[str, pd.DataFrame], answers: dict[str, str], classes: dict[str, str], figsize) -> Figure:
    """A line per class through the probabilities of one answer to each item."""
    shared = next(iter(answers.values())) if len(set(answers.values())) == 1 else None
    names = list(answers) if shared else [f"{item}\n“{answer}”" for item, answer in answers.items()]
    item_inches = 0.7 * (WIDTH if figsize is None else figsize[0]) / len(names)
    ticks, angle, tick_inches = _item_names(names, item_inches)
    heights = [LINE * (text.count("\n") + 1) + 0.04 for text in classes.values()]
    fig = blank_page(figsize or (WIDTH, max(2.9, sum(heights)) + tick_inches + 0.4))
    ax = fig.subplots()
    dodge = min(0.1, 0.5 / len(classes))
    ends = []
    for k, profile in enumerate(of_class.values()):
        x = np.arange(len(profile)) + dodge * (k - (len(classes) - 1) / 2)
        colour, marker = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)]
        ax.vlines(x, profile["lower"], profile["upper"], color=colour, linewidth=1.4, zorder=3)
        line = {"linestyle": LINES[k % len(LINES)], "linewidth": 1.1}
        ax.plot(x, profile["mean"], color=colour, marker=marker, markersize=4, zorder=4, **line)
        ends.append((x[-1], profile["mean"].iloc[-1]))
    ax.set(ylim=(0, 1), xlim=(-0.5, len(ticks) - 0.6))
    ax.set_ylabel(f"probability of “{shared}”" if shared else "probability of the answer below each item")
    turned = {"rotation": angle, "horizontalalignment": "right", "rotation_mode": "anchor"} if angle else {}
    ax.set_xticks(range(len(ticks)), ticks, **turned)
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="y", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    _name_lines(ax, list(classes.values()), ends, np.array(heights))
    return fig


def _item_names(names: list[str], item_inches: float) -> tuple[list[str], float, float]:
    """Names below an axis, the angle they are turned by where they do not fit upright, and the height they need."""
    upright = [wrapped(name, int(item_inches / LETTER)) for name in names]
    if n_letters(upright) * LETTER <= item_inches and n_lines(upright) <= 4:
        return upright, 0.0, LINE * n_lines(upright)
    angle = 40.0 if item_inches * np.sin(np.deg2rad(40)) > LINE else 65.0
    slope = np.sin(np.deg2rad(angle))
    most_lines = max(1, int(item_inches * slope / LINE))
    flat = [name.replace("\n", ": ") for name in names]
    turned = [wrapped(name, len(name) if most_lines == 1 else len(name) // most_lines + 6) for name in flat]
    return turned, angle, slope * LETTER * n_letters(turned) + 0.1


def _name_lines(ax: Axes, texts: list[str], ends: list[tuple[float, float]], inches: np.ndarray) -> None:
    """Write the class beside the end of its line, apart from the other classes."""
    ax.figure.draw_without_rendering()
    shares = inches / (ax.get_window_extent().height / ax.figure.dpi)
    for text, end, height in zip(texts, ends, _spread(np.array([y for _, y in ends]), shares), strict=True):
        ax.annotate(
            text,
            end,
            (1.03, height),
            textcoords=ax.get_yaxis_transform(),
            verticalalignment="center",
            fontsize=SMALL,
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.5, "shrinkB": 4, "relpos": (0, 0.5)},
            annotation_clip=False,
        )


def _spread(wanted: np.ndarray, extents: np.ndarray) -> np.ndarray:
    """Centres nearest to those wanted, of blocks that keep their order, do not overlap and lie in 0 to 1."""
    order = np.argsort(wanted, kind="stable")
    sorted_extents = extents[order]
    steps = np.cumsum(sorted_extents) - sorted_extents / 2
    free, n = wanted[order] - steps, len(wanted)
    fitted = [max(min(free[a : b + 1].mean() for b in range(i, n)) for a in range(i + 1)) for i in range(n)]
    centres = np.empty(n)
    centres[order] = np.clip(fitted, 0, max(0.0, 1 - extents.sum())) + steps
    return centres


def _stacked_bars(
    of_class: dict[str, list[pd.DataFrame]], labels: dict[str, list[str]], classes: dict[str, str], figsize
) -> Figure:
    """A panel per class: the probabilities of all answers to an item fill a bar."""
    shared = len({tuple(own) for own in labels.values()}) == 1
    ticks = [wrapped(item, 30) + ("" if shared else f"\n{wrapped(_joined(own), 34)}") for item, own in labels.items()]
    tick_size = 8 if shared else SMALL
    width = (WIDTH if figsize is None else figsize[0]) - 0.2 - n_letters(ticks) * LETTER * tick_size / 8
    columns = per_row(len(classes), width, 1.45)
    n_rows = -(-len(classes) // columns)
    item_inches = max(0.27, LINE * n_lines(ticks) + 0.06)
    above = 0.5 + LINE * n_lines(classes.values())
    fig = blank_page(figsize or (WIDTH, n_rows * (item_inches * len(ticks) + above) + 0.55))
    grid = fig.subplots(n_rows, columns, sharey=True, squeeze=False).flat
    least = NUMBER_INCHES / (width / columns - 0.2)
    for ax, (name, text) in zip(grid, classes.items(), strict=False):
        for place, answers in enumerate(of_class[name]):
            _stack(ax, place, answers["mean"].to_numpy(), least)
        ax.set_title(text, loc="left")
        ax.set(xlim=(0, 1), ylim=(len(ticks) - 0.5, -0.5), xlabel="probability, %")
        ax.set_xticks([0, 0.5, 1], ["0", "50", "100"])
        ax.set_yticks(range(len(ticks)), ticks, fontsize=tick_size)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    for ax in grid[len(classes) :]:
        ax.set_visible(False)
    shades = next(iter(labels.values())) if shared else ["first category of the item", "last category"]
    keys = [
        Patch(facecolor=str(grey), edgecolor="black", linewidth=0.4, label=label)
        for label, grey in zip(shades, _greys(len(shades)), strict=True)
    ]
    fig.legend(handles=keys, loc="outside upper center", ncols=min(6, len(keys)))
    return fig


def _stack(ax: Axes, place: int, shares: np.ndarray, least: float) -> None:
    """One bar; shares that leave room for a number carry it, in %."""
    left, greys = np.cumsum(shares) - shares, _greys(len(shares))
    edge = {"edgecolor": "black", "linewidth": 0.4, "clip_on": False}
    ax.barh(place, shares, left=left, height=0.74, color=[str(grey) for grey in greys], **edge)
    middle = {"horizontalalignment": "center", "verticalalignment": "center_baseline", "fontsize": SMALLER}
    for share, start, grey in zip(shares, left, greys, strict=True):
        if share >= least:
            ax.text(start + share / 2, place, f"{100 * share:.0f}", color="black" if grey > 0.55 else "white", **middle)


def _greys(n: int) -> np.ndarray:
    """Lightest first."""
    return np.linspace(0.95, 0.3, n).round(3)


def _joined(labels: list[str]) -> str:
    """Labels in a line that breaks between them only."""
    space = "\N{NO-BREAK SPACE}"
    return f"{space}| ".join(label.replace(" ", space) for label in labels)


def _percent(size: pd.Series) -> str:
    mean, lower, upper = 100 * size[["mean", "lower", "upper"]]
    return f"{mean:.1f} % ({lower:.1f}–{upper:.1f})"
