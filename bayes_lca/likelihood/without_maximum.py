"""Which design columns leave a log-likelihood without a finite maximum."""

from collections.abc import Callable, Sequence

import numpy as np


def terms_without_maximum(terms: Sequence[str], has_maximum: Callable[[np.ndarray], bool]) -> list[str]:
    """Name the terms to blame.

    Parameters
    ----------
    terms : sequence of str
        Names of the design columns, the intercept left out.
    has_maximum : callable
        Whether there is a maximum with some columns of the design, given as positions; the intercept is at 0.

    Returns
    -------
    list of str
        Those without a maximum on their own; else those without which the others have one; empty where there is one.

    Examples
    --------
    >>> terms_without_maximum(["age", "tier"], lambda columns: 2 not in columns)
    ['tier']
    """
    every = np.arange(len(terms) + 1)
    if not terms or has_maximum(every):
        return []
    alone = [term for t, term in enumerate(terms) if not has_maximum(every[[0, t + 1]])]
    return alone or [term for t, term in enumerate(terms) if has_maximum(np.delete(every, t + 1))]
