"""Parameters of a measurement part several times over, such as once for each wave or each class of groups."""

from collections.abc import Sequence

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca.dims import OF_ONE_SET, by_set, of_set
from bayes_lca.measurement.interface import Measurement, Start


def free_parameters(measurement: Measurement, responses, starts: Sequence[Start], axis: str) -> list[tuple]:
    """Parameters of every set under the same priors, and what is shown of them.

    Parameters
    ----------
    measurement : Measurement
    responses : Responses or Numbers
        Of all rows.
    starts : sequence of Start
        One for each set; it chooses the sampler's coordinates.
    axis : str
        What the sets are. Variables named ``..._by_<axis>`` hold them, and those of the usual names their averages.
    """
    parameters = []
    for number, start in enumerate(starts, start=1):
        with pm.Model(name=of_set(axis, number, "").removesuffix("::")):
            parameters.append(measurement.parameters(responses, start))
    model = pm.modelcontext(None)
    first = of_set(axis, 1, "")
    named = [name.removeprefix(first) for name in model.named_vars if name.startswith(first)]
    for name in named:
        values = [model[of_set(axis, number + 1, name)] for number in range(len(starts))]
        dims = model.named_vars_to_dims[of_set(axis, 1, name)]
        if any(OF_ONE_SET.match(dim) for dim in dims if dim):
            continue
        stacked = pm.Deterministic(by_set(axis, name), pt.stack(values), dims=(axis, *dims))
        pm.Deterministic(name, stacked.mean(axis=0), dims=dims)
    return parameters


def starting_values_of_sets(
    measurement: Measurement, responses, starts: Sequence[Start], axis: str
) -> dict[str, np.ndarray]:
    """Values of the free variables of every set to start from."""
    return {
        of_set(axis, number, name): value
        for number, start in enumerate(starts, start=1)
        for name, value in measurement.starting_values(responses, start).items()
    }
