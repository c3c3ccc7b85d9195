"""Products of matrices so small that threads cost more than they give."""

import numpy as np

SINGLE_THREAD_PRODUCT = 2**18
"""Multiplications up to which BLAS stays on one thread: its threads cost more than they give at this size."""


def matrix_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Product of two matrices, in slices of rows that BLAS does on one thread unless those get too thin."""
    rows = SINGLE_THREAD_PRODUCT // right.size
    if rows < 16:
        return left @ right
    product = np.empty((len(left), right.shape[1]))
    for first in range(0, len(left), rows):
        np.matmul(left[first : first + rows], right, out=product[first : first + rows])
    return product
