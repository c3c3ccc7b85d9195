"""Variables of a model of one part moved to another model, under other names."""

from collections.abc import Callable, Mapping

import pymc as pm
from pymc.model.transform.optimization import freeze_dims_and_data
from pytensor.tensor import TensorVariable


def moved(alone: pm.Model, named: Callable[[str], str], axes: Mapping[str, str]) -> dict[str, TensorVariable]:
    """Free variables and what follows from them, moved to the present model.

    Parameters
    ----------
    alone : pymc.Model
    named : callable
        From the name of a variable to its new one.
    axes : mapping of str to str
        New names of axes that have any; the others keep theirs.

    Returns
    -------
    mapping of str to TensorVariable
        By their names in `alone`.
    """
    model, order = pm.modelcontext(None), [variable.name for variable in [*alone.free_RVs, *alone.deterministics]]
    alone = freeze_dims_and_data(alone)  # what it has of data and lengths of axes is not the present model's
    model.add_coords({axes.get(axis, axis): labels for axis, labels in alone.coords.items()})
    result = {}
    for name in order:
        variable = alone[name]
        dims = tuple(axes.get(axis, axis) for axis in alone.named_vars_to_dims[name])
        if variable in alone.rvs_to_transforms:
            transform = alone.rvs_to_transforms[variable]
            result[name] = model.register_rv(variable, named(name), dims=dims, default_transform=transform)
        else:
            result[name] = pm.Deterministic(named(name), variable, dims=dims)
    return result
