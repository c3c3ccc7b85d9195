"""A forest of random intercepts, a panel for each class or contrast."""

import matplotlib as mpl
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.plots.forest_panels import forest_panels, mark_interval
from bayes_lca.posterior.plots.letters import height, wrapped
from bayes_lca.posterior.plots.page import COLOURS, MARKERS, STYLE, Page, n_ticks
from bayes_lca.posterior.tables.random_intercepts import random_intercepts
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable

GROUP_INCHES, PANEL_INCHES = 1.7, 0.5


@mpl.rc_context(STYLE)
def plot_random_intercepts(
    draws: xr.DataTree,
    reference: str | None = None,
    *,
    grouping: str | None = None,
    sort_by: str | None = None,
    ci_prob: float = CI_PROB,
    width: float | None = None,
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
    sort_by : str, optional
        A class, or a contrast such as ``"C2 vs C1"``, by whose mean the groups are sorted, largest first; in the order
        of the data by default.
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
        If `draws` is no fit.
    ValueError
        If the model has no random intercepts, `reference` is not a class, or `grouping` or `sort_by` is unknown.
    NotRelabelledError, SeveralModesError
        If a mean would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> figure = bl.plot_random_intercepts(bl.load_example())
    >>> [ax.get_title(loc="left") for ax in figure.axes]
    ['C1', 'C2']
    """
    page = Page.of(width, figsize)
    fit = Fit.of(draws, needs="plot_random_intercepts")
    table = random_intercepts(fit, reference, ci_prob=ci_prob)
    groupings = [*fit.groupings, *fit.groupings_of_transitions]
    if grouping is not None and grouping not in groupings:
        raise ValueError(f"grouping={grouping!r} has no random intercepts; choose one of {groupings}")
    shown = groupings if grouping is None else [grouping]
    titles = list(dict.fromkeys(table.index.get_level_values(-1)))
    if sort_by is not None and sort_by not in titles:
        raise ValueError(f"sort_by={sort_by!r} has no random intercepts; choose one of {titles}")
    table_of_grouping = {name: _sorted(table.loc[name], sort_by) for name in shown}
    n_of_groups = [part["n"].groupby("group", sort=False).first() for part in table_of_grouping.values()]
    of_name = page.for_names(GROUP_INCHES)
    names = [[wrapped(f"{group} (n = {n})", of_name) for group, n in sizes.items()] for sizes in n_of_groups]
    row_inches = max(map(height, names)) + 0.03
    forest = forest_panels([(of_grouping, titles) for of_grouping in names], PANEL_INCHES, row_inches, page)
    ticks = min(5, n_ticks(forest.inside, ["\N{MINUS SIGN}0.5"]))
    widest = 1.06 * max(part[["lower", "upper"]].abs().to_numpy().max() for part in table_of_grouping.values())
    for ax, title, block in forest.panels:
        rows = table_of_grouping[shown[block]].xs(title, level=-1)
        for place, interval in enumerate(rows[["mean", "lower", "upper"]].to_numpy()):
            mark_interval(ax, place, interval, 0.0, (-widest, widest), MARKERS[0], COLOURS[0])
        ax.axvline(0.0, color="0.3", linewidth=0.7, zorder=1)
        ax.xaxis.set_major_locator(MaxNLocator(ticks, symmetric=True, steps=[1, 2, 2.5, 5, 10]))
        ax.set(xlim=(-widest, widest), xlabel="class logit" if reference is None else "log odds")
        if len(shown) > 1 and ax.get_subplotspec().is_first_col():
            ax.set_ylabel(shown[block])
    scale = "class logits, summing to zero over classes" if reference is None else f"log odds against {reference}"
    explained = f"random intercepts by {' and '.join(shown)}: {scale}; filled marker: interval excludes 0"
    explained += "" if sort_by is None else f"; groups sorted by {sort_by}"
    return page.finish(forest.fig, table.note, explained)


def _sorted(table: SummaryTable, sort_by: str | None) -> SummaryTable:
    """Rows of groups, those first whose mean of a class or contrast is largest."""
    if sort_by is None:
        return table
    groups = table.xs(sort_by, level=-1)["mean"].sort_values(ascending=False, kind="stable").index
    return table.loc[list(groups)]
