"""Figures inside a page: vector graphics in the page itself, the same bytes from the same draws."""

import base64
import io
import warnings
from collections.abc import Callable

import matplotlib as mpl
from matplotlib.figure import Figure

from bayes_lca.posterior.plots.fonts import MissingLettersWarning, missing_letters, quiet
from bayes_lca.reporting.writing.letters import printable

AS_WRITTEN = {"text.parse_math": False}
"""A dollar sign in the name of an item is no mathematics."""


def drawn(plot: Callable[..., Figure], *arguments, **options) -> Figure:
    """The figure of a plot function, names shown as they are written."""
    with mpl.rc_context(AS_WRITTEN), warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingLettersWarning)
        return plot(*arguments, **options)


def data_uri(figure: Figure) -> str:
    """The figure as SVG in a ``data:`` address.

    Letters are outlines, so that the figure looks the same everywhere; letters that matplotlib's font lacks, such as
    Chinese ones, are left to the fonts of the reader.
    """
    with quiet():
        svg = _svg(figure, letters="none" if missing_letters(figure) else "path")
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def _svg(figure: Figure, letters: str) -> bytes:
    written = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": letters, "svg.hashsalt": "bayes_lca", **AS_WRITTEN}):
        figure.savefig(written, format="svg", metadata={"Date": None})
    return printable(written.getvalue().decode()).encode()
