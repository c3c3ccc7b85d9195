"""Sums over many rows of products of few columns, on one thread: more threads cost more than they give at this size."""

import numpy as np

SINGLE_THREAD_PRODUCT = 2**17
"""Multiplications that BLAS does on one thread."""

THINNEST = 16
"""Rows in a slice below which slicing costs more than it saves."""


def sum_products(left: np.ndarray, right: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    r"""Sum of the rows' outer products, :math:`\sum_i w_i\, l_i r_i'`.

    Parameters
    ----------
    left : numpy.ndarray
        Shape (row, a).
    right : numpy.ndarray
        Shape (row, b).
    weight : numpy.ndarray, optional
        Shape (row,).

    Returns
    -------
    numpy.ndarray
        Shape (a, b).
    """
    right = right if weight is None else weight[:, None] * right
    total = np.zeros((left.shape[1], right.shape[1]))
    rows = SINGLE_THREAD_PRODUCT // max(1, total.size)
    if rows < THINNEST:
        return left.T @ right
    for first in range(0, len(left), rows):
        total += left[first : first + rows].T @ right[first : first + rows]
    return total
