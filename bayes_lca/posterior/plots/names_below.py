"""Names below an axis: upright where words have room, turned otherwise."""

from collections.abc import Sequence

import numpy as np

from bayes_lca.posterior.plots.letters import height, n_lines, widest, wrapped
from bayes_lca.posterior.plots.page import SMALL, line_inches

MOST_LINES, TURNED_INCHES, ROOM = 4, 1.5, 0.04
"""Of upright names; inches of the lines of turned ones, and between upright ones."""
ANGLES, LONGER = (40, 65, 90), 1.1
"""Degrees; by how much lines of turned names grow until as few are needed as there is room for."""


def names_below(names: Sequence[str], of_name: float) -> tuple[list[str], dict]:
    """Names in lines, where each has so many inches, and how they are written."""
    words = [word for name in names for word in name.split()]
    upright = [wrapped(name, of_name - ROOM) for name in names]
    if not words or (widest(words) <= of_name - ROOM and n_lines(upright) <= MOST_LINES):
        return upright, {"fontsize": 7.5}
    in_a_line, room = [name.replace("\n", ": ") for name in names], max(1, int(of_name / line_inches(SMALL)))
    of_lines = TURNED_INCHES
    while n_lines(turned := [wrapped(name, of_lines, SMALL) for name in in_a_line]) > room:
        of_lines *= LONGER
    needed = height(turned, SMALL) / of_name
    angle = next((angle for angle in ANGLES if np.sin(np.deg2rad(angle)) >= needed), ANGLES[-1])
    vertical = "center" if angle == ANGLES[-1] else "top"
    place = {"horizontalalignment": "right", "verticalalignment": vertical, "rotation_mode": "anchor"}
    return turned, {"rotation": angle, "fontsize": SMALL} | place
