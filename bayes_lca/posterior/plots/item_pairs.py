"""A heat map of item pairs: which answers go together more, or less, than classes explain."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from bayes_lca.posterior.checks.check_items import FLAGGED_BELOW, ItemCheck
from bayes_lca.posterior.checks.check_waves import WaveCheck
from bayes_lca.posterior.plots.letters import height, widest, wrapped
from bayes_lca.posterior.plots.names_below import names_below
from bayes_lca.posterior.plots.page import SMALL, STYLE, Page
from bayes_lca.posterior.plots.wave_pairs import plot_check_waves

MOST_SDS = 5.0
NAME_INCHES, HIGHEST_CELL = 1.2, 0.5
CELL_SHAPE, BAR_SHAPE = 0.68, 40
"""Height of a cell beside its width, and length of the bar of greys beside its thickness."""
DARK = 3.0
"""Standard deviations from which numbers are written in white."""


@mpl.rc_context(STYLE)
def plot_check_items(
    check: ItemCheck | WaveCheck, *, width: float | None = None, figsize: tuple[float, float] | None = None
) -> Figure:
    """Heat map of the pairs of items of a check.

    Each cell holds the posterior predictive p-value of a pair and, below it, the standardised residual of the cell of
    answers that departs most, signed. The darker, the larger the residual; pairs with a p-value below 0.05 are framed.

    Of several waves, pairs of items stand beside each other by wave, and below them the same item at two waves.

    Parameters
    ----------
    check : ItemCheck or WaveCheck
        From `check_items`.
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
        If `check` is something else.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> figure = bl.plot_check_items(bl.check_items(bl.load_example("alone"), n_draws=20))
    >>> [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    ['training', 'recognition']
    """
    page = Page.of(width, figsize)
    if isinstance(check, WaveCheck):
        return plot_check_waves(check, page)
    if not isinstance(check, ItemCheck):
        raise TypeError(
            f"plot_check_items draws what check_items returns, not {type(check).__name__}; "
            "plot_check_items(check_items(draws))"
        )
    items = [str(item) for item in check.items.index]
    place = {item: position for position, item in enumerate(items)}
    size = np.full((len(items) - 1, len(items) - 1), np.nan)
    names = [wrapped(item, page.for_names(NAME_INCHES), SMALL) for item in items[1:]]
    cell = (page.width - widest(names, SMALL) - 0.2) / len(size)
    cell_height = np.clip(CELL_SHAPE * cell, height(names, SMALL) + 0.03, HIGHEST_CELL)
    numbers = {pair: _in_numbers(row["p_value"], row["standardised_residual"]) for pair, row in check.pairs.iterrows()}
    has_numbers = widest(numbers.values(), SMALL) + 0.04 < cell
    cell_height = max(cell_height, height(numbers.values(), SMALL) + 0.06 if has_numbers else 0)
    rows = [cell_height * len(size)]
    fig = page.blank(rows)
    ax = fig.subplots(height_ratios=rows)
    for (earlier, later), row in check.pairs.iterrows():
        x, y = place[earlier], place[later] - 1
        size[y, x] = abs(row["standardised_residual"])
        colour = "white" if size[y, x] >= DARK else "black"
        if has_numbers:
            middle = {"horizontalalignment": "center", "verticalalignment": "center", "fontsize": SMALL}
            ax.text(x, y, numbers[earlier, later], color=colour, **middle)
        if row["p_value"] < FLAGGED_BELOW:
            frame = {"fill": False, "edgecolor": colour, "linewidth": 1.6, "zorder": 5}
            ax.add_patch(mpl.patches.Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, **frame))
    image = ax.imshow(size, cmap="Greys", vmin=0, vmax=MOST_SDS, aspect="auto")
    below, written = names_below(items[:-1], cell)
    ax.set_xticks(range(len(size)), below, **written)
    ax.set_yticks(range(len(size)), names, fontsize=SMALL)
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    bar = fig.colorbar(image, ax=ax, extend="max", location="bottom", aspect=BAR_SHAPE, shrink=0.8)
    bar.set_label("largest residual, standard deviations")
    bar.outline.set_linewidth(0.6)
    p_value = check.overall["p_value"]
    tilt = f", {p_value['common tilt']:.3f} for a common tilt" if "common tilt" in p_value else ""
    title = f"p-value {p_value['largest pair']:.3f} for the largest of all pairs{tilt}"
    ax.set_title(wrapped(title, cell * len(size)), loc="left")
    explained = (
        "upper number: posterior predictive p-value, framed below 0.05; lower: residual of the cell that departs most"
        if has_numbers
        else "framed: posterior predictive p-value below 0.05; for numbers, which have no room here, see the pairs"
    )
    return page.finish(fig, explained, check.pairs.note)


def _in_numbers(p_value: float, residual: float) -> str:
    return f"{p_value:.3f}\n{residual:+.1f}".replace("-", "\N{MINUS SIGN}")
