"""Fixed-point iterations that climb, of many starts at once, with steps lengthened by squared extrapolation.

Varadhan, R. & Roland, C. (2008). Simple and globally convergent methods for accelerating the convergence of any EM
algorithm. Scand. J. Statist. 35(2), 335-353. doi 10.1111/j.1467-9469.2007.00585.x
"""

from collections.abc import Callable

import numpy as np

STEPS_IN_CYCLE = 3
PLAIN_CYCLES = 5
"""Cycles before any step is lengthened: a start climbs the hill that plain steps would climb."""

Step = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From places (start, coordinate) to the places one step on, and the height (start,) before the step."""


def climb(
    places: np.ndarray, step: Step, non_negative: np.ndarray, tolerance: float, most_steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Lead all starts on until a cycle gains less than the tolerance.

    With change r and curvature v of two steps, a cycle goes to :math:`\theta + 2 a r + a^2 v, a = |r| / |v|`, and makes
    a third step from there. Where that is lower than the first step it is dropped for the second.

    Parameters
    ----------
    places : ndarray, shape (start, coordinate)
    step : callable
        A step of all the starts it is given, none of which is lower after it.
    non_negative : ndarray of bool, shape (coordinate,)
        Coordinates that no extrapolation may make negative.
    tolerance : float
    most_steps : int

    Returns
    -------
    places : ndarray, shape (start, coordinate)
    height : ndarray, shape (start,)
    converged : ndarray of bool, shape (start,)
    """
    ends, heights = places.copy(), np.full(len(places), -np.inf)
    running, longest = np.arange(len(places)), np.ones(len(places))
    for cycle in range(max(1, most_steps // STEPS_IN_CYCLE)):
        places, height, gain, longest = _cycle(places, longest, step, non_negative, plain=cycle < PLAIN_CYCLES)
        ends[running], heights[running] = places, height
        climbing = gain >= tolerance
        running, places, longest = running[climbing], places[climbing], longest[climbing]
        if not len(running):
            break
    converged = np.ones(len(ends), dtype=bool)
    converged[running] = False
    return ends, heights, converged


def _cycle(places: np.ndarray, longest: np.ndarray, step: Step, non_negative: np.ndarray, *, plain: bool):
    """Places after one cycle, heights one step before them, gain, and the longest step allowed next."""
    once, at_start = step(places)
    twice, at_once = step(once)
    r = once - places
    v = twice - once - r
    length = np.linalg.norm(r, axis=1) / np.maximum(np.linalg.norm(v, axis=1), np.finfo(float).tiny)
    a = np.minimum(np.maximum(length, 1), longest)
    landing = places + 2 * a[:, None] * r + a[:, None] ** 2 * v
    landing = np.where((landing > 0) | ~non_negative, landing, twice / 10)
    beyond, at_landing = step(landing)

    higher = at_landing >= at_once
    height = np.where(higher, at_landing, at_once)
    if not plain:
        longest = np.where(higher, np.where(length >= longest, 2 * longest, longest), np.maximum(a / 2, 1))
    return np.where(higher[:, None], beyond, twice), height, height - at_start, longest
