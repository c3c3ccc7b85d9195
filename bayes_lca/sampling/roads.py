"""The ways from a model to chains: a program of its log density, or PyMC's own functions."""

import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Literal, Protocol

import numpy as np
import xarray as xr

from bayes_lca.density.compiled import Density
from bayes_lca.density.laplace import Laplace, laplace
from bayes_lca.density.program import library
from bayes_lca.density.steps import NotCovered
from bayes_lca.posterior.labels.modes import UNCONSTRAINED
from bayes_lca.prepared import Prepared
from bayes_lca.sampling.nutpie_core import is_known, start_sampling

TUNE_IN_COORDINATES_OF_THE_MODE, TUNE_ELSEWHERE = 100, 400


class SlowSamplingWarning(UserWarning):
    """A model is sampled through PyMC where a program would be ten times as fast."""


class Road(Protocol):
    """How chains are drawn."""

    backend: str
    """What computes the log density."""

    n_coordinates: int
    """Free coordinates of the model."""

    def sample(
        self, start: int, data: Mapping[str, np.ndarray], tune: int | None, **options
    ) -> tuple[xr.DataTree, int]:
        """Chains from one of the starts, and how long they were tuned.

        Parameters
        ----------
        start : int
            Number of the mode: 0 for `Prepared.start`, then the rivals.
        data : mapping of str to ndarray
            Data in place of those of the model.
        tune : int, optional
        options
            Of ``nutpie.sample``.
        """


def road_of(prepared: Prepared, varying: Sequence[str], backend: Literal["program", "jax", "numba"]) -> Road:
    """The way that is asked for, or JAX where the model has steps that programs do not have.

    Raises
    ------
    ValueError
        If there is no such backend.

    Warns
    -----
    SlowSamplingWarning
        If the compiled part of the package was not built.
    """
    if backend not in ("program", "jax", "numba"):
        raise ValueError(f'backend={backend!r}: "program", "jax" or "numba"')
    if backend != "program":
        return ThroughPyMC(prepared, varying, backend)
    if library() is None:
        warnings.warn(
            "the compiled part of bayes_lca was not built when it was installed, so that models are sampled through "
            "PyMC and JAX, about ten times slower; install it where a C compiler is at hand, or from a wheel",
            SlowSamplingWarning,
            stacklevel=2,
        )
        return ThroughPyMC(prepared, varying, "jax")
    if not is_known():
        warnings.warn(
            f"the compiled part of nutpie {version('nutpie')} is not known here, so that models are sampled through "
            "PyMC and JAX, about ten times slower; install nutpie 0.16",
            SlowSamplingWarning,
            stacklevel=2,
        )
        return ThroughPyMC(prepared, varying, "jax")
    try:
        return ByProgram(prepared, varying)
    except NotCovered:
        return ThroughPyMC(prepared, varying, "jax")


class ByProgram:
    """Chains of nutpie on a program, which is called without Python.

    Where the normal distribution with the curvature at the mode describes the posterior, its coordinates are sampled:
    little is left to be tuned.
    """

    backend = "program"

    def __init__(self, prepared: Prepared, varying: Sequence[str]):
        self._density = Density(prepared.model, varying)
        self._starts = [self._density.coordinates(start) for start in (prepared.start, *prepared.rivals)]
        self._jittered = self._density.places_of(prepared.jittered)
        self.n_coordinates = len(self._starts[0])
        self._program = None if varying else self._density.program()
        if varying:
            self._density.program({name: prepared.model[name].get_value() for name in varying})

    def sample(self, start, data, tune, **options) -> tuple[xr.DataTree, int]:
        """Chains from one of the starts; see `Road.sample`."""
        program, shapes = self._density.program(data) if data else self._program
        at_start = self._starts[start]
        normal = laplace(program, at_start)
        if normal is not None and normal.describes(program):
            return self._in_its_coordinates(program, shapes, normal, tune or TUNE_IN_COORDINATES_OF_THE_MODE, options)
        tune = tune or TUNE_ELSEWHERE

        def near(seed: int) -> np.ndarray:
            return at_start + np.where(self._jittered, 1.0, 0.1) * np.random.default_rng(seed).uniform(
                -1, 1, len(at_start)
            )

        model = self._density.as_model(program, shapes, near)
        return finished(start_sampling(model, tune=tune, adaptation="low_rank", **options)), tune

    def _in_its_coordinates(self, program, shapes, normal: Laplace, tune: int, options) -> tuple[xr.DataTree, int]:
        n = len(normal.mode)
        model = self._density.as_model(program, shapes, lambda seed: np.random.default_rng(seed).normal(size=n))
        program.in_coordinates(normal.mode, normal.root)
        try:
            drawn = finished(start_sampling(model, tune=tune, adaptation="diag", **options))
        finally:
            program.in_coordinates(None, None)
        stats = drawn["sample_stats"].to_dataset()
        if UNCONSTRAINED in stats:
            stats[UNCONSTRAINED].values = normal.mode + stats[UNCONSTRAINED].to_numpy() @ normal.root.T
            drawn["sample_stats"] = xr.DataTree(stats)
        return drawn, tune


class ThroughPyMC:
    """Chains of nutpie on PyMC's own log density, compiled by JAX or numba."""

    def __init__(self, prepared: Prepared, varying: Sequence[str], backend: Literal["jax", "numba"]):
        import nutpie
        import pytensor
        from pymc.model.transform.optimization import freeze_dims_and_data

        self.backend, self._sample = backend, nutpie.sample
        names = [variable.name for variable in prepared.model.data_vars]
        frozen = freeze_dims_and_data(prepared.model, data=[name for name in names if name not in varying])
        self._starts = (prepared.start, *prepared.rivals)
        self._start = {name: pytensor.shared(np.array(value)) for name, value in prepared.start.items()}
        with warnings.catch_warnings():
            # the first value of a correlation matrix is drawn in C, where no BLAS is needed
            warnings.filterwarnings("ignore", "PyTensor could not link to a BLAS", UserWarning)
            self._compiled = nutpie.compile_pymc_model(
                frozen,
                backend=backend,
                initial_points=self._start,
                jitter_rvs={frozen[name] for name in prepared.jittered},
                freeze_model=False,
            )
        self.n_coordinates = self._compiled.n_dim

    def sample(self, start, data, tune, **options) -> tuple[xr.DataTree, int]:
        """Chains from one of the starts; see `Road.sample`."""
        compiled = self._compiled.with_data(**data) if data else self._compiled
        for name, value in self._starts[start].items():
            self._start[name].set_value(value)
        tune, options = tune or TUNE_ELSEWHERE, options | {"adaptation": "low_rank", "save_warmup": False}
        return finished(self._sample(compiled, blocking=False, tune=tune, **options)), tune


def finished(running) -> xr.DataTree:
    """Draws of chains that are drawn in threads of their own, which end with an interruption.

    What there is by then is given up: chains of unequal length, some of them of tuning steps only, are no fit.
    """
    try:
        return running.wait()
    except KeyboardInterrupt:
        running.cancel()
        raise KeyboardInterrupt("sampling was stopped before it was finished; there are no draws") from None
    except BaseException:
        running.cancel()
        raise
