"""Categories drawn with given probabilities: the one place where that is done."""

import numpy as np


def draw_category(probability: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a category from each distribution along the last axis.

    Parameters
    ----------
    probability : ndarray, shape (..., category)
        Adding up to 1, up to rounding; 0 for categories that do not exist, which are never drawn.
    rng : numpy.random.Generator
        Gives one uniform for each distribution.

    Returns
    -------
    ndarray of int, shape (...,)

    Examples
    --------
    >>> draw_category(np.array([[1.0, 0.0], [0.0, 1.0]]), np.random.default_rng(1))
    array([0, 1])
    """
    cumulative = probability.cumsum(axis=-1)
    uniform = rng.random(probability.shape[:-1]) * cumulative[..., -1]  # below the last sum, however rounded
    category = np.zeros(probability.shape[:-1], dtype=np.int64)
    for reached in np.moveaxis(cumulative[..., :-1], -1, 0):  # one by one, for a sum along a short axis is slow
        category += uniform >= reached
    return category
