"""Log-sum-exp of rows and numbers: products with a matrix where all is kept as logarithms."""

from collections.abc import Sequence

import numpy as np

from bayes_lca.density.builder import Builder
from bayes_lca.density.instructions import TILE, Instruction, Operand, Operation
from bayes_lca.density.steps import Rows

FEWEST_CLASSES = 2
"""Between which there are transitions."""


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
        operation, summands = Operation.LOG_MATRIX_PRODUCT, (*of_sums, *scalars)
        if (steps := _transition(builder, of_sums, scalars)) is not None:
            operation, summands = Operation.LOG_TRANSITION, (*steps, *scalars)
        step = Instruction(
            operation, builder.n_rows, len(sums) * TILE, detail=(len(sums),), summands=summands, is_of_rows=True
        )
        for number, sum_ in enumerate(sums):
            results[sum_] = builder.vector_of(step, number)
    row_axis = rows.axis + len(shape)
    return Rows(results.reshape(kept), row_axis - (row_axis > axis) - len(kept))


def _transition(builder: Builder, vectors: Sequence[Operand], scalars: Sequence[Operand]) -> tuple[Operand, ...] | None:
    r"""What a step from class to class rests on, where a product with a matrix of logarithms is one.

    .. math:: \log \sum_c e^{x_c} \frac{e^{\tau_{cd}}}{\sum_m e^{\tau_{cm}} e^{h_m}}

    That is so where each vector is x less another such product with the same logarithms, whose sums run over d.

    Returns
    -------
    tuple of Operand, or None
        The vectors x, then h.
    """
    k = len(vectors)
    if k < FEWEST_CLASSES or len(scalars) != k * k:
        return None
    made = [builder.maker_of(vector) for vector in vectors]
    differences = [each for each in made if each is not None and each.operation is Operation.SUBTRACT]
    if len(differences) < k:
        return None
    left, total = zip(*(each.operands for each in differences), strict=True)
    norm = builder.maker_of(total[0])
    if norm is None or norm.operation is not Operation.LOG_MATRIX_PRODUCT or norm.size != k * TILE:
        return None
    h, of_norm = norm.summands[:k], norm.summands[k:]
    in_order = all(each.position == norm.out + origin * TILE for origin, each in enumerate(total))
    transposed = [of_norm[d * k + c] for c in range(k) for d in range(k)] if len(of_norm) == k * k else []
    return (*left, *h) if in_order and transposed == list(scalars) else None
