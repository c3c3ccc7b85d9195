"""What programs make of the operations of PyTensor."""

from functools import reduce

import numpy as np
import pytensor.scalar as ps
from pytensor.compile.builders import OpFromGraph
from pytensor.graph.op import Op
from pytensor.tensor.basic import Alloc, ExtractDiag, Join, MakeVector, ScalarFromTensor, Split, TensorFromScalar
from pytensor.tensor.blockwise import Blockwise
from pytensor.tensor.elemwise import CAReduce, DimShuffle, Elemwise
from pytensor.tensor.extra_ops import CumOp, Repeat
from pytensor.tensor.linalg.decomposition.cholesky import Cholesky
from pytensor.tensor.linalg.inverse import MatrixInverse
from pytensor.tensor.linalg.solvers.general import Solve
from pytensor.tensor.linalg.solvers.triangular import SolveTriangular
from pytensor.tensor.math import Dot
from pytensor.tensor.reshape import JoinDims, SplitDims
from pytensor.tensor.shape import Reshape, Shape, Shape_i, SpecifyShape
from pytensor.tensor.special import LogSoftmax, LogSumExp, Softmax
from pytensor.tensor.subtensor import (
    AdvancedIncSubtensor,
    AdvancedSubtensor,
    IncSubtensor,
    Subtensor,
)

from bayes_lca.density.always import gives_its_last, is_never_true
from bayes_lca.density.builder import Builder
from bayes_lca.density.evaluate import Known, Value, axes_of, evaluate, plain, shape_of, translated
from bayes_lca.density.instructions import Operation
from bayes_lca.density.steps import NotCovered, Rows

OF_TWO = {
    ps.Add: Operation.ADD,
    ps.Sub: Operation.SUBTRACT,
    ps.Mul: Operation.MULTIPLY,
    ps.TrueDiv: Operation.DIVIDE,
    ps.Pow: Operation.POWER,
    ps.Maximum: Operation.MAXIMUM,
    ps.Minimum: Operation.MINIMUM,
    ps.LT: Operation.LESS,
    ps.LE: Operation.LESS_EQUAL,
    ps.GT: Operation.GREATER,
    ps.GE: Operation.GREATER_EQUAL,
    ps.EQ: Operation.EQUAL,
    ps.AND: Operation.AND,
    ps.OR: Operation.OR,
}
OF_ONE = {
    ps.Neg: Operation.NEGATIVE,
    ps.Exp: Operation.EXP,
    ps.Log: Operation.LOG,
    ps.Log1p: Operation.LOG1P,
    ps.Expm1: Operation.EXPM1,
    ps.Sqrt: Operation.SQRT,
    ps.Sqr: Operation.SQUARE,
    ps.Abs: Operation.ABSOLUTE,
    ps.Sign: Operation.SIGN,
    ps.IsInf: Operation.IS_INFINITE,
    ps.IsNan: Operation.IS_NAN,
    ps.Invert: Operation.NOT,
    ps.Tanh: Operation.TANH,
    ps.Sigmoid: Operation.SIGMOID,
    ps.Softplus: Operation.SOFTPLUS,
    ps.Log1mexp: Operation.LOG1MEXP,
    ps.Erf: Operation.ERF,
    ps.Erfc: Operation.ERFC,
    ps.Erfinv: Operation.ERFINV,
    ps.GammaLn: Operation.LOG_GAMMA,
}
OF_SQUARES: dict[float | None, Operation] = {2.0: Operation.SQUARE, 0.5: Operation.SQRT}


@translated.register
def _(op: Elemwise, node, inputs, builder):
    scalar = op.scalar_op
    if is_never_true(node):
        return Known(np.zeros(np.broadcast_shapes(*(shape_of(value, builder) for value in inputs)), dtype=bool))
    match scalar:
        case ps.Cast() | ps.Identity():
            (variable,) = node.inputs
            if not np.issubdtype(node.outputs[0].dtype, np.floating) and variable.dtype not in ("bool", "int8"):
                raise NotCovered(f"a number cast to {node.outputs[0].dtype}")
            return inputs[0]
        case ps.Second():
            return builder.elementwise(Operation.ADD, np.zeros(shape_of(inputs[0])), plain(inputs[1]))
        case ps.Reciprocal():
            return builder.elementwise(Operation.DIVIDE, np.ones(()), plain(inputs[0]))
        case ps.Switch() if gives_its_last(inputs[0], inputs, builder):
            return inputs[2]
        case ps.Switch() if isinstance(inputs[0], Known) and not any(isinstance(value, Rows) for value in inputs):
            chosen = np.asarray(inputs[0].value, dtype=bool)
            return np.where(chosen, *(builder.positions(plain(value)) for value in inputs[1:]))
        case ps.Switch():
            return builder.elementwise(Operation.SWITCH, *map(plain, inputs))
        case ps.Pow() if isinstance(inputs[1], Known) and (of_square := OF_SQUARES.get(_single(inputs[1]))) is not None:
            return builder.elementwise(of_square, plain(inputs[0]))
    if (operation := OF_ONE.get(type(scalar))) is not None:
        return builder.elementwise(operation, plain(inputs[0]))
    if (operation := OF_TWO.get(type(scalar))) is not None:
        return reduce(lambda left, right: builder.elementwise(operation, left, right), map(plain, inputs))
    raise NotCovered(type(scalar).__name__)


@translated.register
def _(op: CAReduce, node, inputs, builder):
    array = plain(inputs[0])
    axes = tuple(range(node.inputs[0].ndim)) if op.axis is None else tuple(sorted(op.axis))
    if isinstance(op.scalar_op, ps.Add):
        return builder.sum(array, axes)
    if (operation := OF_TWO.get(type(op.scalar_op))) is None:
        raise NotCovered(f"{type(op.scalar_op).__name__} along an axis")
    return builder.reduced(operation, array, axes)


MOVED_INPUTS = {
    DimShuffle: 1,
    Reshape: 1,
    SplitDims: 1,
    JoinDims: 1,
    SpecifyShape: 1,
    Subtensor: 1,
    AdvancedSubtensor: 1,
    ExtractDiag: 1,
    Alloc: 1,
    Repeat: 1,
    Split: 1,
    ScalarFromTensor: 1,
    TensorFromScalar: 1,
    Join: None,
    MakeVector: None,
    IncSubtensor: 2,
    AdvancedIncSubtensor: 2,
}
"""Operations that move elements about, with the number of inputs whose elements they move; None for all."""


def _move(op, node, inputs, builder):
    count = MOVED_INPUTS[type(op)] or len(inputs)
    moved, others = inputs[:count], inputs[count:]
    if not all(isinstance(value, Known) for value in others):
        raise NotCovered(f"{type(op).__name__} at a place that depends on parameters")
    others = [value.value for value in others]

    def perform(*positions):
        storage = [[None] for _ in node.outputs]
        op.perform(node, [*positions, *others], storage)
        return [np.asarray(result).astype(np.int64) for (result,) in storage]

    if isinstance(op, IncSubtensor | AdvancedIncSubtensor) and not op.set_instead_of_inc:
        return _added(op, node, moved, others, builder)
    if any(isinstance(value, Rows) for value in moved):
        if isinstance(op, Join):
            return _joined(op.axis, [plain(value) for value in moved], builder)
        if len(moved) > 1 or len(node.outputs) > 1:
            raise NotCovered(f"{type(op).__name__} of rows")
        if isinstance(op, SpecifyShape):
            return moved[0]
        return builder.moved(moved[0], lambda positions: perform(positions)[0])
    return perform(*(builder.positions(plain(value)) for value in moved))


def _joined(axis: int, arrays: list, builder: Builder) -> Rows:
    """Arrays of rows behind each other along another axis."""
    (row_axis, *others) = {array.axis for array in arrays if isinstance(array, Rows)}
    parts = [builder.rows(array, row_axis).vectors for array in arrays]
    if others or axis - parts[0].ndim * (axis >= 0) == row_axis:
        raise NotCovered("rows behind each other")
    return Rows(np.concatenate(parts, axis=axis), row_axis)


def _added(op, node, moved, index, builder: Builder) -> Value:
    """An array with numbers added at some of its places."""
    if 0 in shape_of(moved[1], builder):
        return moved[0]
    whole, part = (builder.positions(plain(value)) for value in moved)
    taking = (Subtensor if isinstance(op, IncSubtensor) else AdvancedSubtensor)(op.idx_list)
    storage = [[None]]
    taking.perform(node, [np.arange(whole.size).reshape(whole.shape), *index], storage)
    places = np.asarray(storage[0][0])
    part, places = np.broadcast_to(part, places.shape).ravel(), places.ravel()
    result = whole.ravel().copy()
    touched, segment = np.unique(places, return_inverse=True)
    added = part[np.argsort(places)] if len(touched) == len(places) else builder.sums_of_segments(part, segment)
    result[touched] = builder.elementwise(Operation.ADD, result[touched], added)
    return result.reshape(whole.shape)


for _op in MOVED_INPUTS:
    translated.register(_op, _move)


@translated.register(Shape)
def _(op, node, inputs, builder):
    return Known(np.array(shape_of(inputs[0], builder), dtype=np.int64))


@translated.register(Shape_i)
def _(op, node, inputs, builder):
    return Known(np.array(shape_of(inputs[0], builder)[op.i], dtype=np.int64))


@translated.register
def _(op: Dot, node, inputs, builder):
    left, right = map(plain, inputs)
    return builder.matrix_product(left, right)


@translated.register
def _(op: LogSumExp, node, inputs, builder):
    return builder.log_sum_exp(plain(inputs[0]), axes_of(op, node))


@translated.register
def _(op: LogSoftmax, node, inputs, builder):
    return _log_softmax(op, node, inputs, builder)


@translated.register
def _(op: Softmax, node, inputs, builder):
    return builder.elementwise(Operation.EXP, _log_softmax(op, node, inputs, builder))


def _log_softmax(op, node, inputs, builder):
    axes = axes_of(op, node)
    total = builder.log_sum_exp(plain(inputs[0]), axes)
    return builder.elementwise(
        Operation.SUBTRACT, plain(inputs[0]), builder.moved(total, lambda array: np.expand_dims(array, axes))
    )


@translated.register
def _(op: CumOp, node, inputs, builder):
    if op.mode != "add" or isinstance(inputs[0], Rows):
        raise NotCovered("cumulative products, or sums over rows")
    array = np.moveaxis(inputs[0] if op.axis is not None else inputs[0].ravel(), op.axis or 0, -1)
    places = [array[..., 0]]
    for place in range(1, array.shape[-1]):
        places.append(builder.elementwise(Operation.ADD, places[-1], array[..., place]))
    return np.moveaxis(np.stack(np.broadcast_arrays(*places), axis=-1), -1, op.axis or 0)


@translated.register
def _(op: Blockwise, node, inputs, builder):
    arrays = [builder.positions(plain(value)) for value in inputs]
    return translated_block(op.core_op, arrays, builder)


@translated.register(Cholesky)
@translated.register(MatrixInverse)
@translated.register(Solve)
@translated.register(SolveTriangular)
def _(op, node, inputs, builder):
    return translated_block(op, [builder.positions(plain(value)) for value in inputs], builder)


def translated_block(op: Op, arrays: list[np.ndarray], builder: Builder) -> np.ndarray:
    """What an operation makes of the last axes of arrays."""
    match op:
        case Dot():
            return _product(*arrays, builder)
        case Cholesky():
            factors = builder.cholesky(arrays[0])
            return factors if op.lower else np.swapaxes(factors, -1, -2)
        case MatrixInverse():
            return builder.inverse(arrays[0])
        case Solve():  # PyTensor makes it of an inverse and a product
            matrix, right = arrays
            of_vector = op.b_ndim == 1
            solution = _product(builder.inverse(matrix), right[..., None] if of_vector else right, builder)
            return solution[..., 0] if of_vector else solution
        case SolveTriangular():
            triangle, right = arrays
            of_vector = op.b_ndim == 1
            solution = builder.solve_triangular(
                triangle, right[..., None] if of_vector else right, lower=op.lower, unit=op.unit_diagonal
            )
            return solution[..., 0] if of_vector else solution
    raise NotCovered(f"blocks of {type(op).__name__}")


def _product(left: np.ndarray, right: np.ndarray, builder: Builder) -> np.ndarray:
    """Of matrices, on the last two axes."""
    products = builder.elementwise(Operation.MULTIPLY, left[..., None], right[..., None, :, :])
    return builder.sum(products, (products.ndim - 2,))


@translated.register
def _(op: OpFromGraph, node, inputs, builder):
    inner = dict(zip(op.inner_inputs, inputs, strict=True))
    evaluate(op.inner_outputs, inner, builder)
    return [inner[output] for output in op.inner_outputs]


def _single(value: Known) -> float | None:
    numbers = value.numbers
    return float(numbers.ravel()[0]) if numbers.size == 1 else None
