"""A PyMC model as a program, and the program as a model of nutpie."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pymc.model.transform.optimization import freeze_dims_and_data
from pytensor.graph.rewriting.utils import rewrite_graph

from bayes_lca.density.builder import Builder
from bayes_lca.density.evaluate import REWRITES, Known, Value, evaluate, plain
from bayes_lca.density.paths import sums_out_persons
from bayes_lca.density.program import Program
from bayes_lca.density.steps import NotCovered
from bayes_lca.density.translate import translate
from bayes_lca.dims import PATTERN

FEWEST_ROWS = {False: 192, True: 24}
"""Rows from which on they are worked off in tiles: without and with persons whose paths are summed out."""


class Density:
    """Log density and parameters of a PyMC model, for data sets of one shape.

    Parameters
    ----------
    model : pymc.Model
    varying : sequence of str
        Data that change from one program to the next.

    Raises
    ------
    NotCovered
        If a free variable has no fixed shape.
    """

    def __init__(self, model: pm.Model, varying=()):
        names = [variable.name for variable in model.data_vars]
        with pytensor.config.change_flags(traceback__limit=0):  # nobody asks where a step of this graph was made
            self.frozen = freeze_dims_and_data(model, data=[name for name in names if name not in varying])
            self.variables = [*self.frozen.free_RVs, *self.frozen.deterministics]
            self.n_rows = self._length(PATTERN) if PATTERN in self.frozen.dim_lengths else 0
            outputs = [self.frozen.logp(), *self.frozen.replace_rvs_by_values(self.variables)]
            self._outputs = rewrite_graph(outputs, include=REWRITES)
        self._has_persons = sums_out_persons(self._outputs)
        self._data = {name: self.frozen[name] for name in varying}
        self.shapes = [value.shape for value in self._at_start({})]

    def _length(self, dim: str) -> int:
        """Length of an axis, which is a constant of the frozen model."""
        return int(self.frozen.dim_lengths[dim].data)

    def _at_start(self, start: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Free coordinates of a start, variable by variable, 0 for those that it does not name."""
        return [self._coordinates_of(variable, start.get(variable.name)) for variable in self.frozen.free_RVs]

    def _coordinates_of(self, variable, value: np.ndarray | None) -> np.ndarray:
        shape = self.frozen.rvs_to_values[variable].type.shape
        if value is None and None not in shape:
            return np.zeros(shape)
        if is_unknown := value is None:
            dims = self.frozen.named_vars_to_dims[variable.name]
            value = np.ones([self._length(dim) for dim in dims])
        transform = self.frozen.rvs_to_transforms[variable]
        if transform is None:
            return np.zeros_like(value) if is_unknown else np.asarray(value, dtype=float)
        coordinates = transform.forward(pt.constant(np.asarray(value, dtype=float)), *variable.owner.inputs)
        values: dict[Any, Value] = {variable: Known(variable.get_value()) for variable in self._data.values()}
        evaluate([coordinates], values, Builder(0))
        found = np.asarray(plain(values[coordinates]))
        return np.zeros_like(found) if is_unknown else found

    def coordinates(self, start: Mapping[str, np.ndarray]) -> np.ndarray:
        """Free coordinates of a start, one after the other."""
        return np.concatenate([value.ravel() for value in self._at_start(start)])

    def places_of(self, names) -> np.ndarray:
        """1 for free coordinates of some variables, 0 for others."""
        of_variables = zip(self.frozen.free_RVs, self.shapes, strict=True)
        return np.concatenate([np.full(int(np.prod(shape)), float(rv.name in names)) for rv, shape in of_variables])

    def as_model(self, program: Program, shapes: Sequence[tuple[int, ...]], start) -> "CompiledDensity":
        """A program as nutpie samples it, from coordinates that `start` gives for a seed."""
        model, names = self.frozen, tuple(variable.name for variable in self.variables)
        named = {
            dim: pd.Index(range(self._length(dim)) if labels is None else labels)
            for dim, labels in model.coords.items()
        }
        named["unconstrained_parameter"] = pd.Index([str(place) for place in range(program.n_inputs)])
        dims = {name: dims for name, dims in model.named_vars_to_dims.items() if name in names}
        return CompiledDensity(program, names, tuple(shapes), dims, named, start)

    def program(self, data: Mapping[str, np.ndarray] = MappingProxyType({})) -> tuple[Program, list[tuple[int, ...]]]:
        """The program of a data set, and the shapes of the variables that it expands.

        Raises
        ------
        NotCovered
            If there is a step that programs do not have.
        """
        if self.n_rows >= FEWEST_ROWS[self._has_persons]:
            try:
                return self._program(data, self.n_rows)
            except NotCovered:
                pass
        return self._program(data, 0)

    def _program(self, data: Mapping[str, np.ndarray], n_rows: int) -> tuple[Program, list[tuple[int, ...]]]:
        values = {self._data[name]: value for name, value in data.items()}
        builder, found = translate(self._outputs, self.frozen.value_vars, self.shapes, values, n_rows)
        value, *expanded = (builder.positions(plain(value)) for value in found)
        places = np.concatenate([positions.ravel() for positions in expanded])
        return Program(builder, int(value.ravel()[0]), places), [positions.shape for positions in expanded]


@dataclass(frozen=True)
class CompiledDensity:
    """A program as nutpie samples it, without Python between the two.

    Attributes
    ----------
    program : Program
    names : tuple of str
        Variables that it expands.
    variable_shapes : tuple of tuples of int
    dims : mapping of str to tuple of str
        Names of their axes.
    named : mapping of str to pandas.Index
        Names along the axes.
    start : callable
        Coordinates to start from, given a seed.
    """

    program: Program
    names: tuple[str, ...]
    variable_shapes: tuple[tuple[int, ...], ...]
    dims: Mapping[str, tuple[str, ...]]
    named: Mapping[str, pd.Index]
    start: Callable[[int], np.ndarray]

    def for_nutpie(self, lib):
        """The model as the compiled part of nutpie takes it."""
        log_density, expand, data = self.program.addresses
        sizes = {name: len(values) for name, values in self.named.items()}
        types, n_inputs = ["float64"] * len(self.names), self.program.n_inputs
        variables = lib.PyVariable.new_variables(
            list(self.names), types, list(self.variable_shapes), sizes, dict(self.dims)
        )
        return lib.PyMcModel(
            lib.LogpFunc(log_density, data, self),
            lib.ExpandFunc(n_inputs, self.program.n_expanded, expand, data, self),
            variables,
            n_inputs,
            sizes,
            dict(self.named),
            self.start,
            None,
        )
