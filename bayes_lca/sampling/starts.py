"""How many chains start at each mode."""

from collections.abc import Sequence

import numpy as np


def chains_by_start(weights: Sequence[float], chains: int) -> list[int]:
    """One chain for each mode as far as there are chains, the others in proportion to the weights.

    Parameters
    ----------
    weights : sequence of float
        What each mode could hold of the posterior, heaviest first.
    chains : int

    Returns
    -------
    list of int, one for each mode

    Examples
    --------
    >>> chains_by_start([0.9, 0.1], 4), chains_by_start([0.4, 0.4, 0.2], 2)
    ([3, 1], [1, 1, 0])
    """
    started = np.zeros(len(weights), dtype=int)
    started[:chains] = 1
    wanted = np.asarray(weights) / sum(weights) * chains
    while started.sum() < chains:
        started[np.argmax(wanted - started)] += 1
    return started.tolist()
