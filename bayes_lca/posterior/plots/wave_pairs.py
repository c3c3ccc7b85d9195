"""Heat maps of a check of waves: pairs of items at each wave, and each item at two waves."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_lca.posterior.checks.check_waves import FLAGGED_BELOW, WaveCheck
from bayes_lca.posterior.checks.wave_tests import APART, LEVEL, TILT
from bayes_lca.posterior.plots.letters import height, inches, wrapped
from bayes_lca.posterior.plots.names_below import names_below
from bayes_lca.posterior.plots.page import SMALL, Page

MOST_ROWS = 24
"""Pairs of items that are drawn; of more, those with the smallest p-values."""
MOST_SDS, DARK = 5.0, 3.0
"""Standard deviations of the darkest cell, and those from which numbers are written in white."""
NAME_INCHES, BAR_INCHES = 2.0, 0.8
"""Inches of the names of rows at most, and of the bar of greys beside the panels."""


def plot_check_waves(check: WaveCheck, page: Page) -> Figure:
    """What `plot_check_items` draws of a check of waves."""
    pairs, over = _by_wave(check.pairs), _by_step(check.wave_pairs)
    left_out = max(0, len(pairs) - MOST_ROWS)
    if left_out:
        smallest = pairs.map(lambda cell: cell[0]).min(axis=1).nsmallest(MOST_ROWS).index
        pairs = pairs.loc[[name for name in pairs.index if name in set(smallest)]]
    panels = [
        (panel, title)
        for panel, title in ((pairs, "Pairs of items at each wave"), (over, "The same item at two waves"))
        if len(panel)
    ]
    names = [[wrapped(str(name), page.for_names(NAME_INCHES), SMALL) for name in panel.index] for panel, _ in panels]
    inside = page.width - page.for_names(NAME_INCHES) - BAR_INCHES
    rows = [(height(of_panel, SMALL) + 0.1) * len(of_panel) for of_panel in names]
    fig = page.blank(rows)
    axes = fig.subplots(len(panels), 1, height_ratios=rows, squeeze=False)[:, 0]
    for ax, (panel, title), of_panel in zip(axes, panels, names, strict=True):
        image = _draw(ax, panel, of_panel, inside / panel.shape[1])
        ax.set_title(wrapped(title, inside), loc="left")
    bar = fig.colorbar(image, ax=axes, extend="max", shrink=0.8)
    bar.set_label("largest residual, SDs")
    bar.outline.set_linewidth(0.6)
    tests = [
        f"{name} {check.overall.loc[name, 'p_value']:.3f}"
        for name in (TILT, LEVEL, APART)
        if name in check.overall.index
    ]
    return page.finish(
        fig,
        "; ".join(
            filter(None, [f"numbers: posterior predictive p-values, framed below {FLAGGED_BELOW}", ", ".join(tests)])
        )
        + (f"; {left_out} pairs of items with larger p-values left out" if left_out else ""),
        check.wave_pairs.note if len(over) else check.pairs.note,
    )


def _by_wave(table: pd.DataFrame) -> pd.DataFrame:
    """P-value and size of the residual of each pair (row) and wave (column)."""
    return _sizes(table, lambda wave, first, second: (f"{first}, {second}", f"wave {wave}"))


def _by_step(table: pd.DataFrame) -> pd.DataFrame:
    """The same of each item (row) and step (column)."""
    return _sizes(table, lambda item, before, after: (item, f"{before} and {after}"))


def _sizes(table: pd.DataFrame, named) -> pd.DataFrame:
    cells: dict[str, dict] = {}
    for place, row in table.iterrows():
        name, column = named(*map(str, place))
        cells.setdefault(column, {})[name] = (row["p_value"], abs(row["standardised_residual"]))
    frame = pd.DataFrame(cells)
    return frame.apply(lambda column: column.map(lambda cell: cell if isinstance(cell, tuple) else (np.nan, np.nan)))


def _draw(ax: Axes, panel: pd.DataFrame, names: list[str], column: float) -> mpl.image.AxesImage:
    """Cells of a panel, each so many inches wide; numbers where they have room."""
    has_numbers = inches("0.000", SMALL) + 0.04 < column
    size = np.array([[cell[1] for cell in row] for row in panel.to_numpy()], dtype=float)
    for y, row in enumerate(panel.to_numpy()):
        for x, (p_value, residual) in enumerate(row):
            if np.isnan(p_value):
                continue
            colour = "white" if residual >= DARK else "black"
            place = {"horizontalalignment": "center", "verticalalignment": "center"}
            if has_numbers:
                ax.text(x, y, f"{p_value:.3f}", color=colour, fontsize=SMALL, **place)
            if p_value < FLAGGED_BELOW:
                frame = {"fill": False, "edgecolor": colour, "linewidth": 1.4, "zorder": 5}
                ax.add_patch(mpl.patches.Rectangle((x - 0.46, y - 0.44), 0.92, 0.88, **frame))
    image = ax.imshow(size, cmap="Greys", vmin=0, vmax=MOST_SDS, aspect="auto")
    below, turned = names_below(list(panel.columns), column)
    ax.set_xticks(range(panel.shape[1]), below, **turned)
    ax.set_yticks(range(len(panel)), names, fontsize=SMALL)
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    return image
