"""How many simulated data sets depart at least as far as the observed one."""

import numpy as np

ROUNDING = 1e-9
"""Share of a value below which a difference is one of rounding, and a tie."""


def tail_shares(observed: np.ndarray, simulated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of data sets that depart at least as far as each observed value, and as each of the simulated ones.

    Parameters
    ----------
    observed : ndarray, shape (value,)
        Values of a statistic that grows with the departure; each counts as one data set more.
    simulated : ndarray, shape (draw,)
        The statistic in simulated data sets.

    Returns
    -------
    of_observed : ndarray, shape (value,)
    of_simulated : ndarray, shape (draw,)

    Examples
    --------
    >>> tail_shares(np.array([2.5]), np.array([1.0, 2.0, 3.0]))
    (array([0.5]), array([1.        , 0.66666667, 0.33333333]))
    """
    ascending, n = np.sort(simulated), len(simulated)
    beyond_observed, beyond_simulated = (
        n - np.searchsorted(ascending, values - ROUNDING * np.abs(values)) for values in (observed, simulated)
    )
    return (1 + beyond_observed) / (1 + n), beyond_simulated / n
