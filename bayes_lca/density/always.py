"""Checks of support that probabilities of a softmax always pass, so that programs need not make them."""

from collections.abc import Sequence

import numpy as np
import pytensor.scalar as ps
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.special import LogSoftmax, Softmax

from bayes_lca.density.builder import Builder
from bayes_lca.density.evaluate import Known, Value, shape_of

NEVER = {
    (ps.LT, Softmax): 0.0,
    (ps.GT, Softmax): 1.0,
    (ps.EQ, LogSoftmax): -np.inf,
}
"""Comparisons that are false of every softmax, with the number that it is compared with."""


def is_never_true(node: Apply) -> bool:
    """Whether an elementwise comparison is false at all finite parameters.

    A density of probabilities asks whether they lie between zero and one, and one of counts whether the logarithm of a
    probability is that of zero.
    """
    kind = type(node.op.scalar_op)
    if len(node.inputs) != 2:
        return False
    compared, bound = map(_unmoved, node.inputs)
    if compared.owner is None or not isinstance(bound, Constant):
        return False
    number = NEVER.get((kind, type(compared.owner.op)))
    return number is not None and bool((np.asarray(bound.data) == number).all())


def gives_its_last(condition: Value, inputs: Sequence[Value], builder: Builder) -> bool:
    """Whether a switch gives its last input as it is: never the other, and an element for each of its own."""
    if not isinstance(condition, Known) or np.any(condition.value):
        return False
    shapes = [shape_of(value, builder) for value in inputs]
    return shapes[-1] == np.broadcast_shapes(*shapes)


def _unmoved(variable: Variable) -> Variable:
    while variable.owner is not None and isinstance(variable.owner.op, DimShuffle):
        (variable,) = variable.owner.inputs
    return variable
