"""Products of matrices so small that threads cost more than they give."""

import numpy as np

SINGLE_THREAD_PRODUCT = 2**18
"""Multiplications up to which BLAS stays on one thread: its threads cost more than they give at this size."""
THINNEST = 16
"""Rows, or columns, in a slice below which slicing costs more than it saves."""


def matrix_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Product of two matrices, in slices that BLAS does on one thread unless those get too thin."""
    inner, n_columns = right.shape
    columns = min(n_columns, SINGLE_THREAD_PRODUCT // (THINNEST * max(inner, 1)))
    if columns < min(n_columns, THINNEST):
        return left @ right
    rows = SINGLE_THREAD_PRODUCT // max(inner * columns, 1)
    product = np.empty((len(left), n_columns))
    for across in range(0, n_columns, max(columns, 1)):
        narrow = right[:, across : across + columns]
        for first in range(0, len(left), rows):
            place = slice(first, first + rows)
            np.matmul(left[place], narrow, out=product[place, across : across + columns])
    return product
