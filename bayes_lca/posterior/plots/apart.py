"""Names that lie on one another are moved apart."""

import numpy as np


def apart(wanted: np.ndarray, extents: np.ndarray) -> np.ndarray:
    """Centres nearest to those wanted, of blocks that keep their order, do not overlap and lie in 0 to 1."""
    order = np.argsort(wanted, kind="stable")
    sorted_extents = extents[order]
    steps = np.cumsum(sorted_extents) - sorted_extents / 2
    # Less the room of the blocks below, centres need only be in order: isotonic regression, by its min-max formula.
    free, n = wanted[order] - steps, len(wanted)
    isotonic = [max(min(free[a : b + 1].mean() for b in range(i, n)) for a in range(i + 1)) for i in range(n)]
    centres = np.empty(n)
    centres[order] = np.clip(isotonic, 0, max(0.0, 1 - extents.sum())) + steps
    return centres
