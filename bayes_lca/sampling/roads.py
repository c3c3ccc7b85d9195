"""The ways from a model to chains: a program of its log density, or PyMC's own functions."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Literal, Protocol

import numpy as np
import xarray as xr

from bayes_lca.density.compiled import Density
from bayes_lca.density.laplace import Laplace, laplace
from bayes_lca.density.program import library
from bayes_lca.density.steps import NotCovered
from bayes_lca.fitted.record import all_groupings
from bayes_lca.posterior.labels.modes import UNCONSTRAINED
from bayes_lca.prepared import Prepared
from bayes_lca.sampling.nutpie_core import is_known, start_sampling

LARGEST_SPREAD, CLOSE = 7.0, 3.0
"""Spreads of log weights up to which coordinates of the mode are sampled, and up to which long steps are safe there."""


@dataclass(frozen=True)
class Adaptation:
    """Tuning steps of each chain, and the mean acceptance aimed at; None where it is not asked for."""

    tune: int | None = None
    target_accept: float | None = None

    def or_else(self, default: "Adaptation") -> "Adaptation":
        """The default where nothing is asked for."""
        return Adaptation(
            default.tune if self.tune is None else self.tune,
            default.target_accept if self.target_accept is None else self.target_accept,
        )


ELSEWHERE = {False: Adaptation(400, 0.9), True: Adaptation(400, 0.95)}
"""Defaults of models without and with random effects, whose geometry is harder."""
NEAR_THE_MODE = {False: Adaptation(100, 0.9), True: Adaptation(100, 0.95)}
"""In coordinates of the mode little is left to be tuned."""
CLOSE_TO_NORMAL = {False: Adaptation(100, 0.9), True: Adaptation(100, 0.85)}
"""Without funnels longer steps bring a third more effective draws for each gradient, and none diverges."""


class SlowSamplingWarning(UserWarning):
    """A model is sampled through PyMC where a program would be ten times as fast."""


class Road(Protocol):
    """How chains are drawn."""

    @property
    def backend(self) -> str:
        """What computes the log density."""
        ...

    @property
    def n_coordinates(self) -> int:
        """Free coordinates of the model."""
        ...

    def sample(
        self, start: int, data: Mapping[str, np.ndarray], asked: Adaptation, **options: Any
    ) -> tuple[xr.DataTree, Adaptation]:
        """Chains from one of the starts, and how they were adapted.

        Parameters
        ----------
        start : int
            Number of the mode: 0 for `Prepared.start`, then the rivals.
        data : mapping of str to ndarray
            Data in place of those of the model.
        asked : Adaptation
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
        self._has_random_effects = has_random_effects(prepared)
        self._density = Density(prepared.model, varying)
        self._starts = [self._density.coordinates(start) for start in (prepared.start, *prepared.rivals)]
        self._jittered = self._density.places_of(prepared.jittered)
        self.n_coordinates = len(self._starts[0])
        self._program = None if varying else self._density.program()
        if varying:
            self._density.program({name: prepared.model[name].get_value() for name in varying})

    def sample(self, start, data, asked, **options) -> tuple[xr.DataTree, Adaptation]:
        """Chains from one of the starts; see `Road.sample`."""
        program, shapes = self._density.program(data) if data or self._program is None else self._program
        at_start = self._starts[start]
        normal = laplace(program, at_start)
        spread = np.inf if normal is None else normal.spread(program)
        if normal is not None and spread <= LARGEST_SPREAD:
            defaults = CLOSE_TO_NORMAL if spread <= CLOSE else NEAR_THE_MODE
            adaptation = asked.or_else(defaults[self._has_random_effects])
            return self._in_its_coordinates(program, shapes, normal, asdict(adaptation) | options), adaptation
        adaptation = asked.or_else(ELSEWHERE[self._has_random_effects])

        def near(seed: int) -> np.ndarray:
            return at_start + np.where(self._jittered, 1.0, 0.1) * np.random.default_rng(seed).uniform(
                -1, 1, len(at_start)
            )

        model = self._density.as_model(program, shapes, near)
        running = start_sampling(model, adaptation="low_rank", **asdict(adaptation), **options)
        return finished(running), adaptation

    def _in_its_coordinates(self, program, shapes, normal: Laplace, options) -> xr.DataTree:
        n = len(normal.mode)
        model = self._density.as_model(program, shapes, lambda seed: np.random.default_rng(seed).normal(size=n))
        program.in_coordinates(normal.mode, normal.root)
        try:
            drawn = finished(start_sampling(model, adaptation="diag", **options))
        finally:
            program.in_coordinates(None, None)
        stats = drawn["sample_stats"].to_dataset()
        if UNCONSTRAINED in stats:
            stats[UNCONSTRAINED].values = normal.mode + stats[UNCONSTRAINED].to_numpy() @ normal.root.T
            drawn["sample_stats"] = xr.DataTree(stats)
        return drawn


class ThroughPyMC:
    """Chains of nutpie on PyMC's own log density, compiled by JAX or numba."""

    def __init__(self, prepared: Prepared, varying: Sequence[str], backend: Literal["jax", "numba"]):
        import nutpie
        import pytensor
        from pymc.model.transform.optimization import freeze_dims_and_data

        self.backend, self._sample = backend, nutpie.sample
        self._has_random_effects = has_random_effects(prepared)
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

    def sample(self, start, data, asked, **options) -> tuple[xr.DataTree, Adaptation]:
        """Chains from one of the starts; see `Road.sample`."""
        compiled = self._compiled.with_data(**data) if data else self._compiled
        for name, value in self._starts[start].items():
            self._start[name].set_value(value)
        adaptation = asked.or_else(ELSEWHERE[self._has_random_effects])
        options = options | asdict(adaptation) | {"adaptation": "low_rank", "save_warmup": False}
        return finished(self._sample(compiled, blocking=False, **options)), adaptation


def has_random_effects(prepared: Prepared) -> bool:
    """Whether a model has groups."""
    return bool(all_groupings(prepared.attributes))


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
