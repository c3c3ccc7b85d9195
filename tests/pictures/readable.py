"""What a reader can read of a picture, and what stands in the way: letters too small, cut off, or on one another."""

from itertools import combinations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

SMALLEST, SLACK = 7, 1
"""Points, and dots by which boxes of letters may touch."""


def written(fig: Figure) -> list[Text]:
    """Every text that is drawn."""
    if fig.stale:
        fig.draw_without_rendering()
    unseen = {id(text) for ax in fig.axes if not ax.get_visible() for text in ax.findobj(Text)}
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            drawn = set(map(id, axis._update_ticks())) if ax.axison else set()
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            unseen |= {id(label) for tick in ticks if id(tick) not in drawn for label in (tick.label1, tick.label2)}
    return [
        text for text in fig.findobj(Text) if text.get_text().strip() and text.get_visible() and id(text) not in unseen
    ]


def faults(fig: Figure) -> list[str]:
    """What cannot be read, in words; empty for a good picture."""
    texts = written(fig)
    small = [f"{text.get_text()!r} has {text.get_fontsize()} pt" for text in texts if text.get_fontsize() < SMALLEST]
    corners = [_corners(text) for text in texts]
    page = np.array([[-SLACK, -SLACK], fig.bbox.size + SLACK])
    cut = [
        f"{text.get_text()!r} leaves the page"
        for text, box in zip(texts, corners, strict=True)
        if (box < page[0]).any() or (box > page[1]).any()
    ]
    pairs = combinations(zip(texts, corners, strict=True), 2)
    over = [f"{a.get_text()!r} lies on {b.get_text()!r}" for (a, one), (b, other) in pairs if _overlap(one, other)]
    return small + cut + over


def _corners(text: Text) -> np.ndarray:
    """Corners of the box of a text, turned as it is, less the slack; shape (4, 2)."""
    angle = text.get_rotation()
    box = Text.get_window_extent(text)
    middle = (box.min + box.max) / 2
    text.set_rotation(0)
    half = Text.get_window_extent(text).size / 2 - SLACK
    text.set_rotation(angle)
    turn = np.deg2rad(angle)
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return middle + signs * half @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two boxes share a point: no side of either has all of the other beyond it."""
    for box in (one, other):
        for start, end in zip(box, np.roll(box, -1, axis=0), strict=True):
            across = np.array([start[1] - end[1], end[0] - start[0]])
            if (one @ across).max() <= (other @ across).min() or (other @ across).max() <= (one @ across).min():
                return False
    return True
