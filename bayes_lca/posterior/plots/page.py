"""The page that all pictures share: size, palette, letters, panels, the note below."""

import math
import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

WIDTH = 7.0
STYLE = {
    "figure.dpi": 150,
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "text.parse_math": False,
}
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe & Ito
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
BAND, GRID, FAINT = "0.955", "0.88", "0.45"
SMALL, SMALLER = 7, 6.5
LETTER, LINE = 0.064, 0.135  # inches, mean width and height at 8 points
KEY = 0.55  # inches, the mark of a name in a legend and the room about it
NOTE_LETTERS = 20  # per inch


def blank_page(figsize: tuple[float, float]) -> Figure:
    """A figure that a notebook shows once, where it is returned, and that pyplot does not keep."""
    fig = plt.figure(figsize=figsize, layout="constrained")
    fig.get_layout_engine().set(wspace=0.06)
    plt.close(fig)
    return fig


def write_note(fig: Figure, *lines: str) -> None:
    """Say below a figure, small and grey, what it rests on."""
    letters = int(NOTE_LETTERS * fig.get_figwidth())
    note = "\n".join(textwrap.fill(line, letters) for each in lines for line in each.split("\n"))
    fig.supxlabel(note, x=0.01, horizontalalignment="left", fontsize=SMALLER, color=FAINT)


def per_row(n_panels: int, width: float, needed: float) -> int:
    """Panels beside each other, rows filled evenly, where each needs so many inches."""
    n_rows = math.ceil(n_panels / max(1, int(width / needed)))
    return math.ceil(n_panels / n_rows)


def legend_columns(names: Sequence[str], width: float) -> int:
    """Names beside each other in a legend above a page so many inches wide, four at the most."""
    each = KEY + LETTER * n_letters(names)
    return max(1, min(4, len(names), int(width / each)))


def wrapped(text: str, letters: int) -> str:
    """Text in lines of at most so many letters; words stay whole."""
    lines = (textwrap.fill(line, max(letters, 1), break_long_words=False) for line in str(text).split("\n"))
    return "\n".join(lines)


def n_lines(texts) -> int:
    """Lines of the highest text."""
    return max(text.count("\n") + 1 for text in texts)


def n_letters(texts) -> int:
    """Letters of the longest line."""
    return max(len(line) for text in texts for line in text.split("\n"))
