"""Where the members of a class are in another fit of the same respondents, and how far two fits agree on them."""

import numpy as np
from scipy.special import comb


def flows(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Respondents in each pair of classes, shape (draw, class of `one`, class of `other`).

    Parameters
    ----------
    one, other : ndarray, shape (draw, respondent, latent_class)
        Membership probabilities of the same respondents, draws paired as they stand; the most likely class counts.
    """
    first, second = (np.eye(part.shape[-1])[part.argmax(axis=-1)] for part in (one, other))
    return np.matmul(first.transpose(0, 2, 1), second)


def adjusted_rand(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    r"""Agreement of two assignments: 1 if they are the same but for names, 0 on average if they are unrelated.

    .. math::
        \frac{\sum_{cd} \binom{n_{cd}}{2} - E}{\tfrac12 \bigl[\sum_c \binom{n_{c\cdot}}{2}
        + \sum_d \binom{n_{\cdot d}}{2}\bigr] - E}, \qquad
        E = \sum_c \binom{n_{c\cdot}}{2} \sum_d \binom{n_{\cdot d}}{2} \Big/ \binom{n}{2}

    Parameters
    ----------
    one, other : ndarray of int, shape (draw, respondent)
        Classes, numbered from 0 on.

    Returns
    -------
    ndarray, shape (draw,)
        Not a number where both put everybody into one class.

    References
    ----------
    Hubert, L. & Arabie, P. (1985). Comparing partitions. Journal of Classification 2, 193-218. doi 10.1007/BF01908075
    """
    first, second = (np.eye(int(part.max()) + 1)[part] for part in (one, other))  # (draw, respondent, class)
    together = np.matmul(first.transpose(0, 2, 1), second)
    pairs, rows, columns = (
        comb(counts, 2).reshape(len(counts), -1).sum(axis=-1)
        for counts in (together, together.sum(axis=2), together.sum(axis=1))
    )
    chance = rows * columns / comb(one.shape[1], 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (pairs - chance) / ((rows + columns) / 2 - chance)
