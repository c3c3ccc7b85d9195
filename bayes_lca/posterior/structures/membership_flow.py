"""Where the members of a class are in another fit of the same respondents, and how far two fits agree on them."""

import numpy as np
import scipy

from bayes_lca.fitted.fit import Fit


def most_likely_classes(fit: Fit, which: np.ndarray, respondents: np.ndarray) -> np.ndarray:
    """Most likely class of some respondents, by their positions, in some draws; shape (draw, respondent)."""
    patterns = fit.pattern_of_respondent[respondents]
    return fit.membership_in(which).argmax(axis=-1)[:, patterns]


def flows(first: np.ndarray, second: np.ndarray, n_first: int, n_second: int) -> np.ndarray:
    """Respondents in each pair of classes, shape (draw, class of `first`, class of `second`).

    Parameters
    ----------
    first, second : ndarray of int, shape (draw, respondent)
        Classes of the same respondents in two fits, numbered from 0 on, draws paired as they stand.
    n_first, n_second : int
        Number of classes of each.

    Examples
    --------
    >>> flows(np.array([[0, 0, 1]]), np.array([[0, 1, 1]]), 2, 2).tolist()
    [[[1, 1], [0, 1]]]
    """
    cells = first * n_second + second
    counts = [np.bincount(of_draw, minlength=n_first * n_second) for of_draw in cells]
    return np.array(counts).reshape(len(first), n_first, n_second)


def adjusted_rand(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    r"""Agreement of two assignments: 1 if they are the same but for names, 0 on average if they are unrelated.

    .. math::
        \frac{\sum_{cd} \binom{n_{cd}}{2} - E}{\tfrac12 \bigl[\sum_c \binom{n_{c\cdot}}{2}
        + \sum_d \binom{n_{\cdot d}}{2}\bigr] - E}, \qquad
        E = \sum_c \binom{n_{c\cdot}}{2} \sum_d \binom{n_{\cdot d}}{2} \Big/ \binom{n}{2}

    Parameters
    ----------
    first, second : ndarray of int, shape (draw, respondent)
        Classes, numbered from 0 on.

    Returns
    -------
    ndarray, shape (draw,)
        Not a number where both put everybody into one class.

    References
    ----------
    Hubert, L. & Arabie, P. (1985). Comparing partitions. Journal of Classification 2, 193-218. doi 10.1007/BF01908075
    """
    together = flows(first, second, int(first.max()) + 1, int(second.max()) + 1)
    pairs, rows, columns = (
        scipy.special.comb(counts, 2).reshape(len(counts), -1).sum(axis=-1)
        for counts in (together, together.sum(axis=2), together.sum(axis=1))
    )
    chance = rows * columns / scipy.special.comb(first.shape[1], 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (pairs - chance) / ((rows + columns) / 2 - chance)
