"""Log-sum-exp of rows and numbers: products with a matrix where all is kept as logarithms."""

import numpy as np

from bayes_lca.density.builder import Builder
from bayes_lca.density.instructions import TILE, Instruction, Operation
from bayes_lca.density.steps import Rows


def log_matrix_product(builder: Builder, rows: Rows, numbers: np.ndarray, axis: int) -> Rows:
    r"""Log-sum-exp along an axis of the sum of rows and numbers.

    .. math:: \log \sum_k e^{x_k} e^{\alpha_{km}}

    Exponentials of the rows x are taken once for all sums m in which they stand.

    Parameters
    ----------
    builder : Builder
    rows : Rows
        With as many axes as `numbers`, of which some may have length one.
    numbers : ndarray of int
        Positions, an axis of length one in place of the rows.
    axis : int
        Along which the sum runs, counted from the first.
    """
    shape = np.broadcast_shapes(rows.vectors.shape, numbers.shape)
    vectors = np.moveaxis(np.broadcast_to(rows.vectors, shape), axis, 0)
    alphas = np.moveaxis(np.broadcast_to(numbers, shape), axis, 0)
    kept, k = vectors.shape[1:], len(vectors)
    vectors, alphas = vectors.reshape(k, -1), alphas.reshape(k, -1)
    places: dict[tuple, list[int]] = {}
    for place in range(vectors.shape[1]):
        places.setdefault(tuple(vectors[:, place]), []).append(place)
    results = np.empty(vectors.shape[1], dtype=object)
    for of_sums, sums in places.items():
        scalars = [builder.operand(alphas[row, [sum_]]) for row in range(k) for sum_ in sums]
        step = Instruction(
            *(Operation.LOG_MATRIX_PRODUCT, builder.n_rows, len(sums) * TILE),
            detail=(len(sums),),
            summands=(*of_sums, *scalars),
            is_of_rows=True,
        )
        for number, sum_ in enumerate(sums):
            results[sum_] = builder.vector_of(step, number)
    row_axis = rows.axis + len(shape)
    return Rows(results.reshape(kept), row_axis - (row_axis > axis) - len(kept))
