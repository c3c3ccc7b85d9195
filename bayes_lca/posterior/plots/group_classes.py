"""Class shares within each group class, a panel for each."""

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.plots.forest_panels import forest_panels, mark_interval, write_beside
from bayes_lca.posterior.plots.letters import height, widest, wrapped
from bayes_lca.posterior.plots.page import COLOURS, MARKERS, SMALL, STYLE, Page
from bayes_lca.posterior.tables.group_classes import GROUPS, group_classes
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable

NAME_INCHES, PANEL_INCHES = 1.6, 0.7


@mpl.rc_context(STYLE)
def plot_group_classes(
    draws: xr.DataTree,
    *,
    ci_prob: float = CI_PROB,
    width: float | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Shares of the classes within each group class, a panel for each group class.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with `GroupClasses`.
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
        A marker is the posterior mean, a line the interval; titles have the share of the group class among groups.

    Raises
    ------
    ValueError
        If the model has no group classes, or the fit was saved without respondents.
    NotRelabelledError, SeveralModesError
        If a mean would mix labels or modes.

    Examples
    --------
    >>> import warnings
    >>> import bayes_lca as bl
    >>> survey = bl.example_survey().assign(ward=[f"ward {i % 30}" for i in range(180)])
    >>> model = bl.LatentClass(2, bl.Items(["training", "expertise"]), bl.GroupClasses(2, group="ward"))
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     draws = bl.fit(model, survey, draws=20, tune=50, chains=2, until=None, progressbar=False)
    >>> figure = bl.plot_group_classes(draws)
    >>> [ax.get_title(loc="left")[:3] for ax in figure.axes]
    ['G1:', 'G2:']
    """
    page = Page.of(width, figsize)
    fit = Fit.of(draws, needs="plot_group_classes")
    table = group_classes(fit, ci_prob=ci_prob)
    names = list(dict.fromkeys(table.index.get_level_values(0)))
    (grouping,) = fit.groupings
    n_groups = len(fit.group_sizes(grouping))
    titles = {f"{name}: {_in_percent(table.loc[(name, GROUPS)])} of {n_groups} groups": name for name in names}
    classes = [wrapped(name, page.for_names(NAME_INCHES)) for name in fit.classes]
    numbers = [_in_percent(row) for _, row in table.iterrows()]
    forest = forest_panels(
        [(classes, list(titles))], PANEL_INCHES, height(classes) + 0.12, page, beside=widest(numbers, SMALL) + 0.1
    )
    for ax, title, _ in forest.panels:
        for place, name in enumerate(fit.classes):
            row = table.loc[(titles[title], name)]
            mark_interval(ax, place, row[["mean", "lower", "upper"]], -np.inf, (0.0, 1.0), MARKERS[0], COLOURS[0])
            write_beside(ax, place, _in_percent(row))
        ax.set(xlim=(0, 1), xlabel=wrapped("share of respondents, %", forest.inside))
        ax.set_xticks([0, 0.5, 1], ["0", "50", "100"])
    same = ["class shares within group classes at the same covariates"] if fit.terms else []
    return page.finish(forest.fig, table.note, *same)


def _in_percent(row: SummaryTable) -> str:
    """Mean and interval, such as 55 % (43 to 67)."""
    return f"{100 * row['mean']:.0f} % ({100 * row['lower']:.0f} to {100 * row['upper']:.0f})"
