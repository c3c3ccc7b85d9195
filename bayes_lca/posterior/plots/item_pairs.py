"""A heat map of item pairs: which answers go together more, or less, than classes explain."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from bayes_lca.posterior.checks.check_items import FLAGGED_BELOW, ItemCheck
from bayes_lca.posterior.checks.check_waves import WaveCheck
from bayes_lca.posterior.plots.page import LETTER, SMALLER, STYLE, WIDTH, blank_page, n_letters, wrapped, write_note
from bayes_lca.posterior.plots.wave_pairs import plot_check_waves

MOST_SDS = 5.0
LONGEST_NAME = 18
CELL_INCHES = 0.62
LARGEST_CELL = 0.95
DARK = 3.0
"""Standard deviations from which numbers are written in white."""


@mpl.rc_context(STYLE)
def plot_check_items(check: ItemCheck | WaveCheck, *, figsize: tuple[float, float] | None = None) -> Figure:
    """Heat map of the pairs of items of a check.

    Each cell holds the posterior predictive p-value of a pair and, below it, the standardised residual of the cell of
    answers that departs most, signed. The darker, the larger the residual; pairs with a p-value below 0.05 are framed.

    Of several waves, pairs of items stand beside each other by wave, and below them the same item at two waves.

    Parameters
    ----------
    check : ItemCheck or WaveCheck
        From `check_items`.
    figsize : (float, float), optional
        Width and height in inches.

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
    if isinstance(check, WaveCheck):
        return plot_check_waves(check, figsize)
    if not isinstance(check, ItemCheck):
        raise TypeError(
            f"plot_check_items draws what check_items returns, not {type(check).__name__}; "
            "plot_check_items(check_items(draws))"
        )
    items = [str(item) for item in check.items.index]
    place = {item: position for position, item in enumerate(items)}
    size = np.full((len(items) - 1, len(items) - 1), np.nan)
    names = [wrapped(item, LONGEST_NAME) for item in items]
    beside = 0.2 + LETTER * n_letters(names)
    side = np.clip((WIDTH - beside - 1.2) / len(size), CELL_INCHES, LARGEST_CELL)
    width = side * len(size) + beside + 1.2
    fig = blank_page(figsize or (max(width, 4.2), side * len(size) * 0.72 + beside * 0.7 + 0.8))
    ax = fig.subplots()
    for (earlier, later), row in check.pairs.iterrows():
        x, y = place[earlier], place[later] - 1
        size[y, x] = abs(row["residual"])
        colour = "white" if size[y, x] >= DARK else "black"
        text = f"{row['p_value']:.3f}\n{row['residual']:+.1f}".replace("-", "\N{MINUS SIGN}")
        ax.text(x, y, text, color=colour, fontsize=SMALLER, horizontalalignment="center", verticalalignment="center")
        if row["p_value"] < FLAGGED_BELOW:
            frame = {"fill": False, "edgecolor": colour, "linewidth": 1.6, "zorder": 5}
            ax.add_patch(mpl.patches.Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, **frame))
    image = ax.imshow(size, cmap="Greys", vmin=0, vmax=MOST_SDS, aspect="auto")
    ax.set_xticks(range(len(size)), names[:-1], rotation=40, horizontalalignment="right", rotation_mode="anchor")
    ax.set_yticks(range(len(size)), names[1:])
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    bar = fig.colorbar(image, ax=ax, extend="max", shrink=0.8)
    bar.set_label("largest residual, standard deviations")
    bar.outline.set_linewidth(0.6)
    largest, tilt = check.overall.loc[["largest pair", "common tilt"], "p_value"]
    ax.set_title(f"p-value {largest:.3f} for the largest of all pairs, {tilt:.3f} for a common tilt", loc="left")
    write_note(
        fig,
        "upper number: posterior predictive p-value, framed below 0.05; lower: residual of the cell that departs most",
        check.pairs.note,
    )
    return fig
