"""Values of the variables of a PyTensor graph, of which those that depend on parameters are steps of a program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce, singledispatch
from typing import Any

import numpy as np
import pytensor.scalar as ps
from pytensor.compile.builders import OpFromGraph
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.op import Op
from pytensor.graph.traversal import io_toposort
from pytensor.raise_op import CheckAndRaise
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.shape import Shape
from pytensor.tensor.special import LogSumExp

from bayes_lca.density.builder import Builder
from bayes_lca.density.instructions import Operation
from bayes_lca.density.log_matrices import log_matrix_product
from bayes_lca.density.steps import NotCovered, Rows

REWRITES = ("canonicalize", "stabilize", "local_remove_check_parameter")
"""Those that keep log-sum-exp and softmax whole, of which programs have their own; parameters need no check."""


@dataclass(frozen=True)
class Known:
    """A value that does not depend on free coordinates."""

    value: Any

    @property
    def numbers(self) -> np.ndarray:
        """As floating-point numbers."""
        return np.asarray(self.value, dtype=float)


Value = Known | np.ndarray | Rows
"""What is known of a variable: its numbers, their positions, or one position for each row."""


def evaluate(outputs: Sequence[Variable], values: dict[Variable, Value], builder: Builder) -> None:
    """Add the values of all variables on which outputs rest.

    Raises
    ------
    NotCovered
        If one rests on a variable without a value, other than by its shape.
    """
    for node in io_toposort(list(values), outputs):
        values |= {
            variable: Known(variable.data)
            for variable in node.inputs
            if isinstance(variable, Constant) and variable not in values
        }
        if isinstance(node.op, Shape) and None not in node.inputs[0].type.shape:
            results = [Known(np.array(node.inputs[0].type.shape, dtype=np.int64))]
        elif any(variable not in values for variable in node.inputs):
            continue
        elif isinstance(node.op, CheckAndRaise):
            results = [values[node.inputs[0]]]
        elif (mixture := mixture_of(node)) is not None and builder.n_rows:
            results = [mixed(*mixture, node, values, builder)]
        elif (summands := rows_and_numbers(node, values, builder)) is not None:
            results = [log_matrix_product(builder, *summands, axes_of(node.op, node)[0])]
        else:
            results = step(node.op, node, [values[variable] for variable in node.inputs], builder)
        values |= zip(node.outputs, results, strict=True)
    for output in outputs:
        if output not in values:
            if not isinstance(output, Constant):
                raise NotCovered(f"{output} rests on what has no value")
            values[output] = Known(output.data)


def mixture_of(node: Apply) -> tuple[list[Variable], list[Variable]] | None:
    """Summands of the class logits and of the log weights, where a node is the log-likelihood of a mixture.

    That is the difference of the log-sum-exp of both over the first axis, and of that of the logits alone.
    """
    if not (isinstance(node.op, Elemwise) and isinstance(node.op.scalar_op, ps.Sub)):
        return None
    sums = [variable.owner for variable in node.inputs]
    if not all(each is not None and isinstance(each.op, LogSumExp) and axes_of(each.op, each) == (0,) for each in sums):
        return None
    both, logits = (_summands(each.inputs[0]) for each in sums)
    weights = list(both)
    for variable in logits:
        if variable not in weights:
            return None
        weights.remove(variable)
    return (logits, weights) if weights else None


def rows_and_numbers(node: Apply, values: Mapping[Variable, Value], builder: Builder) -> tuple | None:
    """Rows and numbers, where a node is the log-sum-exp of their sum along one axis that is not that of the rows."""
    if not (builder.n_rows and isinstance(node.op, LogSumExp) and len(axes := axes_of(node.op, node)) == 1):
        return None
    owner = node.inputs[0].owner
    if owner is None or not (isinstance(owner.op, Elemwise) and isinstance(owner.op.scalar_op, ps.Add)):
        return None
    ndim, rows, numbers = node.inputs[0].ndim, [], []
    for value in (plain(values[variable]) for variable in owner.inputs):
        is_of_rows = isinstance(value, Rows) or builder.n_rows in np.shape(value)
        (rows if is_of_rows else numbers).append(value)
    of_tiles = [each for each in rows if isinstance(each, Rows)]
    if not of_tiles or not numbers or any(each.axis + ndim == axes[0] for each in of_tiles):
        return None
    if any(np.ndim(value) != ndim for value in numbers):
        return None
    total = [reduce(lambda left, right: builder.elementwise(Operation.ADD, left, right), of) for of in (rows, numbers)]
    return total[0], builder.positions(total[1])


def _summands(variable: Variable) -> list[Variable]:
    owner = variable.owner
    is_sum = owner is not None and isinstance(owner.op, Elemwise) and isinstance(owner.op.scalar_op, ps.Add)
    return [each for part in owner.inputs for each in _summands(part)] if is_sum else [variable]


def mixed(logits, weights, node: Apply, values: Mapping[Variable, Value], builder: Builder) -> Value:
    """The log-likelihood of a mixture in one step where its rows are many, otherwise as it is written."""
    totals = [
        reduce(
            lambda left, right: builder.elementwise(Operation.ADD, left, right), [plain(values[each]) for each in of]
        )
        for of in (logits, weights)
    ]
    try:
        return builder.log_mixture(*totals)
    except NotCovered:
        return step(node.op, node, [values[variable] for variable in node.inputs], builder)[0]


def step(op: Op, node: Apply, inputs: list[Value], builder: Builder) -> list[Value]:
    """Values of the outputs of a node."""
    if not isinstance(op, OpFromGraph) and all(isinstance(value, Known) for value in inputs):
        storage = [[None] for _ in node.outputs]
        op.perform(node, [value.value for value in inputs if isinstance(value, Known)], storage)
        return [Known(value) for (value,) in storage]
    return as_list(translated(op, node, inputs, builder))


def as_list(results) -> list[Value]:
    """Several values, or one."""
    return results if isinstance(results, list) else [results]


@singledispatch
def translated(op: Op, node: Apply, inputs: list[Value], builder: Builder) -> Value | list[Value]:
    """What a node makes of inputs of which some depend on free coordinates."""
    raise NotCovered(type(op).__name__)


def plain(value: Value):
    """Numbers, positions or rows, as a builder takes them."""
    return value.numbers if isinstance(value, Known) else value


def axes_of(op, node) -> tuple[int, ...]:
    """Axes of the first input over which an operation runs, counted from the first."""
    ndim = node.inputs[0].ndim
    return tuple(range(ndim)) if op.axis is None else tuple(axis % ndim for axis in np.atleast_1d(op.axis).tolist())


def shape_of(value: Value, builder: Builder | None = None) -> tuple[int, ...]:
    """Shape of a value, with one row for all, or with those of a builder."""
    if isinstance(value, Known):
        return np.shape(value.value)
    if not isinstance(value, Rows):
        return value.shape
    shape = list(value.vectors.shape)
    if builder is not None:
        shape[value.axis] = builder.n_rows
    return tuple(shape)
