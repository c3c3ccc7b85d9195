"""From the graph of a PyMC model to a program."""

from collections.abc import Mapping, Sequence

import numpy as np
from pytensor.graph.basic import Variable

from bayes_lca.density import operations, paths  # noqa: F401  # they register themselves
from bayes_lca.density.builder import Builder
from bayes_lca.density.evaluate import Known, Value, evaluate


def translate(
    outputs: Sequence[Variable],
    inputs: Sequence[Variable],
    shapes: Sequence[tuple[int, ...]],
    data: Mapping[Variable, np.ndarray],
    n_rows: int,
) -> tuple[Builder, list[Value]]:
    """Write the program of some variables of a graph.

    Parameters
    ----------
    outputs : sequence of Variable
    inputs : sequence of Variable
        Free coordinates, in their order.
    shapes : sequence of tuple of int
        Their shapes.
    data : mapping of Variable to ndarray
        Values of shared variables.
    n_rows : int
        Length of the axis over the data; 0 to treat no axis as such.

    Raises
    ------
    NotCovered
        If there is a step that programs do not have.
    """
    sizes = [int(np.prod(shape)) for shape in shapes]
    builder = Builder(sum(sizes), n_rows)
    starts = builder.input + np.cumsum([0, *sizes])
    values: dict[Variable, Value] = {
        variable: start + np.arange(size).reshape(shape)
        for variable, start, size, shape in zip(inputs, starts, sizes, shapes, strict=False)
    }
    values |= {variable: Known(value) for variable, value in data.items()}
    evaluate(outputs, values, builder)
    return builder, [values[output] for output in outputs]
