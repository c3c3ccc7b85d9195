"""Class probabilities along a covariate: a line and a ribbon per class, and where the respondents are."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_lca.data.frame import named
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.thinning import draws_used, thinning
from bayes_lca.posterior.effects.estimand import Group
from bayes_lca.posterior.effects.predict_classes import predict_classes
from bayes_lca.posterior.plots.letters import wrapped
from bayes_lca.posterior.plots.names_below import names_below
from bayes_lca.posterior.plots.page import COLOURS, GRID, KEY, MARKERS, STYLE, Page, legend_columns, per_row
from bayes_lca.posterior.plots.profile_lines import DASHES
from bayes_lca.posterior.tables.rows import CI_PROB, note_of

POINTS = 25
"""Values of a number at which classes are predicted, from its least to its largest."""
PANEL_INCHES, HEIGHT = 2.0, 1.6
BEFORE, BETWEEN = 0.45, 0.2
"""Inches of the numbers beside an axis, and between panels."""
MOST_LEVELS = 12


@mpl.rc_context(STYLE)
def plot_predictions(
    draws: xr.DataTree,
    covariate: str,
    *,
    by: str | None = None,
    at: Mapping[str, object] = MappingProxyType({}),
    group: Group = "these",
    n_draws: int = 400,
    seed: int = 1,
    ci_prob: float = CI_PROB,
    width: float | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    r"""Plot class probabilities along a covariate, the others averaged over the respondents.

    .. math:: \frac{1}{n} \sum_i P(c \mid x, z_i, g_i)

    with x the covariate and z the others, as `predict_classes` computes it.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with covariates.
    covariate : str
        A covariate of the formula: a number along the axis, or categories beside each other.
    by : str, optional
        Another covariate with categories, a panel for each of its levels.
    at : mapping of str to value, optional
        Covariates held at a value in place of those of the respondents.
    group : {"these", "new"}
        Whether the groups of the data are spoken of, or one that was not seen; see `predict_classes`.
    n_draws : int, default 400
        Posterior draws used at the most, evenly spaced.
    seed : int, default 1
        Of a new group, and of the first of the draws used.
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
        Lines and ribbons, or points and intervals of categories. Marks at the foot of a panel are the respondents.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If `covariate`, `by` or a name in `at` is no covariate of the formula, `by` is a number or has more than 12
        levels, or the fit was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> figure = bl.plot_predictions(bl.load_example(), "participation", n_draws=50)
    >>> figure.axes[0].get_xlabel(), len(figure.axes[0].lines)
    ('participation', 2)
    """
    page = Page.of(width, figsize)
    fit = Fit.of(draws, needs="plot_predictions")
    covariates = fit.design.covariates
    levels = _levels_of_panels(fit, covariate, by, at)
    values, is_number = _values_of(covariates[covariate])
    profiles = pd.DataFrame({covariate: np.tile(values, len(levels))})
    if by is not None:
        profiles[by] = np.repeat(levels, len(values))
    for name, value in at.items():
        profiles[name] = value
    profiles.index = pd.Index([f"{row}" for row in range(len(profiles))])
    step = thinning(fit, n_draws, seed)
    thinned = fit.tree.isel(draw=slice(None, None, step))
    table = predict_classes(thinned, profiles, average_over="rest", group=group, seed=seed, ci_prob=ci_prob)
    if "grouping" in table.index.names:
        of_all = table.note
        table = table.groupby(level=["profile", fit.class_axis], sort=False).first()
        table.attrs["note"] = of_all
    fig, axes, inside = _panels(len(levels), page, share_axis=is_number)
    for place, (ax, level) in enumerate(zip(axes, levels, strict=False)):
        here = [str(row) for row in range(place * len(values), (place + 1) * len(values))]
        for k, name in enumerate(fit.classes):
            rows = table.xs(name, level=fit.class_axis).loc[here]
            draw = _draw_line if is_number else _draw_points
            draw(ax, values, rows, k, name, len(fit.classes))
        seen = covariates if by is None else covariates[covariates[by].astype(str) == str(level)]
        ax.set(ylim=(0, 1), xlabel=wrapped(covariate, inside))
        ax.grid(axis="y", color=GRID, linewidth=0.6)
        ax.set_axisbelow(True)
        if is_number:
            _rug(ax, seen[covariate].to_numpy(dtype=float))
        else:
            n_of = seen[covariate].astype(str).value_counts()
            _name_categories(ax, [f"{value} ({_n(n_of.get(str(value), 0))})" for value in values], inside)
        if by is not None:
            ax.set_title(wrapped(f"{by}: {level} (n = {len(seen)})", inside), loc="left")
        if ax.get_subplotspec().is_first_col():
            ax.set_ylabel("probability of the class")
    handles, labels = axes[0].get_legend_handles_labels()
    names = [wrapped(label, page.width - KEY) for label in labels]
    fig.legend(handles, names, loc="outside upper center", ncols=legend_columns(names, page.width))
    marks = "marks at the foot: respondents" if is_number else ""
    held = ", ".join(f"{name} held at {value}" for name, value in at.items())
    used = f"{draws_used(fit, step)} of the draws used"
    note = table.note.replace(note_of(Fit.reading(thinned), ci_prob), note_of(fit, ci_prob))
    return page.finish(fig, *note.split("\n"), "; ".join(filter(None, [used, held, marks])))


def _levels_of_panels(fit: Fit, covariate: str, by: str | None, at: Mapping[str, object]) -> Sequence:
    """Levels of `by`, one panel each; one panel without it."""
    known = fit.formula.covariates
    asked = [covariate, *([] if by is None else [by]), *at]
    if unknown := [name for name in asked if name not in known]:
        raise ValueError(
            f"{named(unknown)} is no covariate of {fit.formula.text!r} ({fit.n_respondents} respondents); its "
            f"covariates are {named(known) or 'none'}"
        )
    if repeated := {name for name in asked if asked.count(name) > 1}:
        raise ValueError(
            f"{named(sorted(repeated))} is asked for twice: along the axis, by panel or at a value; choose"
        )
    if by is None:
        return [None]
    values = fit.design.covariates[by]
    if not isinstance(values.dtype, pd.CategoricalDtype):
        raise ValueError(f"by={by!r} is a number of {values.nunique()} values; hold it at some, at={{{by!r}: ...}}")
    levels = list(values.cat.categories)
    if len(levels) > MOST_LEVELS:
        raise ValueError(f"by={by!r} has {len(levels)} levels, more panels than a page holds ({MOST_LEVELS})")
    return levels


def _values_of(values: pd.Series) -> tuple[np.ndarray, bool]:
    """Where classes are predicted, and whether that is along a number."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.categories.to_numpy(), False
    numbers = values.to_numpy(dtype=float)
    return np.linspace(numbers.min(), numbers.max(), POINTS), True


def _panels(n_panels: int, page: Page, *, share_axis: bool) -> tuple[Figure, list[Axes], float]:
    """The page, its panels, and how many inches an axis is long; names with counts differ from panel to panel."""
    columns = per_row(n_panels, page.width, PANEL_INCHES)
    rows = [HEIGHT] * -(-n_panels // columns)
    fig = page.blank(rows)
    grid = fig.subplots(len(rows), columns, sharex=share_axis, sharey=True, squeeze=False, height_ratios=rows)
    axes = list(grid.flat)
    for ax in axes[n_panels:]:
        ax.set_visible(False)
    return fig, axes, (page.width - BEFORE) / columns - BETWEEN


def _draw_line(ax: Axes, values: np.ndarray, rows: pd.DataFrame, k: int, name: str, n_classes: int) -> None:
    """The probability of a class along a number, with its ribbon."""
    colour = COLOURS[k % len(COLOURS)]
    ax.fill_between(values, rows["lower"], rows["upper"], color=colour, alpha=0.18, linewidth=0)
    ax.plot(values, rows["mean"], color=colour, linestyle=DASHES[k % len(DASHES)], linewidth=1.3, label=name)


def _draw_points(ax: Axes, values: np.ndarray, rows: pd.DataFrame, k: int, name: str, n_classes: int) -> None:
    """The probability of a class at each category, with its interval, beside those of the other classes."""
    beside = np.arange(len(values)) + min(0.12, 0.6 / n_classes) * (k - (n_classes - 1) / 2)
    colour = COLOURS[k % len(COLOURS)]
    ax.vlines(beside, rows["lower"], rows["upper"], color=colour, linewidth=1.3)
    mark = {"marker": MARKERS[k % len(MARKERS)], "markersize": 4, "linestyle": "none"}
    ax.plot(beside, rows["mean"], color=colour, label=name, **mark)


def _n(count: int) -> str:
    return f"n = {count}".replace(" ", "\N{NO-BREAK SPACE}")


def _name_categories(ax: Axes, names: list[str], inside: float) -> None:
    shown, written = names_below(names, inside / len(names))
    ax.set_xticks(np.arange(len(names)), shown, **written)
    ax.set_xlim(-0.5, len(names) - 0.5)


def _rug(ax: Axes, values: np.ndarray) -> None:
    """A mark for each value that respondents have, darker where more have it."""
    distinct, count = np.unique(values[np.isfinite(values)], return_counts=True)
    if len(distinct):
        shade = 0.25 + 0.75 * count / count.max()
        colours = [(0.0, 0.0, 0.0, alpha) for alpha in shade]
        ax.vlines(distinct, 0, 0.035, transform=ax.get_xaxis_transform(), colors=colours, linewidth=0.7)
