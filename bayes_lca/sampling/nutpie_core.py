"""The compiled part of nutpie, without the plots that come with the package.

Importing nutpie imports ArviZ, and with it Matplotlib and JAX, which takes longer than most fits. What is used here is
private to nutpie 0.16: of any other version, models are sampled through PyMC.
"""

import os
import sys
from collections.abc import Mapping
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from bayes_lca.density.compiled import CompiledDensity
from bayes_lca.posterior.labels.modes import UNCONSTRAINED

PROGRESS = (
    "<progress max='{{ total_draws }}' value='{{ total_finished_draws }}'></progress> {{ total_finished_draws }} of "
    "{{ total_draws }} draws, {{ finished_chains }} of {{ num_chains }} chains, {{ time_remaining_estimate }} left"
)
KNOWN_VERSION = "0.16."
NAME = "nutpie._lib"
STATISTICS = ("depth", "maxdepth_reached", "logp", "energy", "diverging", "energy_error", "step_size", "step_size_bar")
STATISTICS += ("mean_tree_accept", "mean_tree_accept_sym", "n_steps", "index_in_trajectory")


def is_known() -> bool:
    """Whether nutpie is of a version whose compiled part is known."""
    return version("nutpie").startswith(KNOWN_VERSION)


@cache
def core():
    """The compiled part of nutpie, under the name that nutpie itself imports it by."""
    if NAME not in sys.modules:
        package: Any = find_spec("nutpie")
        (folder,) = package.submodule_search_locations
        (path,) = (path for suffix in EXTENSION_SUFFIXES if (path := Path(folder) / f"_lib{suffix}").exists())
        loader = ExtensionFileLoader(NAME, str(path))
        spec: Any = spec_from_file_location(NAME, path, loader=loader)
        module = module_from_spec(spec)
        sys.modules[NAME] = module
        loader.exec_module(module)
    return sys.modules[NAME]


def start_sampling(
    model: CompiledDensity,
    *,
    draws: int,
    tune: int,
    chains: int,
    seed: int,
    target_accept: float,
    adaptation: str,
    cores: int | None,
    progress_bar: bool,
    store_unconstrained: bool,
) -> "Chains":
    """Start chains of NUTS in threads of their own; see ``nutpie.sample`` for what the settings mean."""
    lib = core()
    settings = (lib.PyNutsSettings.LowRank if adaptation == "low_rank" else lib.PyNutsSettings.Diag)(seed)
    settings.update({"num_tune": tune, "num_draws": draws, "num_chains": chains, "target_accept": target_accept})
    settings.store_unconstrained = store_unconstrained
    cores = min(chains, cores or processors())
    progress = _progress(lib, cores) if progress_bar else lib.ProgressType.none()
    running = lib.PySampler.from_pymc(
        settings, cores, model.for_nutpie(lib), progress, None, 500, lib.PyStorage.arrow()
    )
    return Chains(running, model, tune, (*STATISTICS, UNCONSTRAINED) if store_unconstrained else STATISTICS)


def _progress(lib, cores: int):
    """Bars in a terminal, a line in a notebook."""
    if "ipykernel" not in sys.modules:
        return lib.ProgressType.indicatif(500)
    from IPython.display import HTML, display

    line = display(HTML(""), display_id=True)
    return lib.ProgressType.template_callback(500, PROGRESS, cores, lambda text: line.update(HTML(text)))


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Chains:
    """Chains that are being drawn."""

    def __init__(self, running, model: CompiledDensity, tune: int, statistics: tuple[str, ...]):
        self._running, self._model, self._tune, self._statistics = running, model, tune, statistics

    def cancel(self) -> None:
        """End them, and give up their draws."""
        self._running.abort()

    def wait(self) -> xr.DataTree:
        """The draws, once there are all of them."""
        self._running.wait(None)
        draws, statistics = self._running.take_results().get_arrow_trace()
        named = self._model.named
        return xr.DataTree.from_dict(
            {
                "/posterior": _dataset(draws, self._model.names, self._tune, named),
                "/sample_stats": _dataset(statistics, self._statistics, self._tune, named),
            }
        )


def _dataset(batches, names, tune: int, named: Mapping[str, Any]) -> xr.Dataset:
    """Columns of record batches, one batch for each chain, without the draws of tuning."""
    columns = {name: _column([batch.column(name) for batch in batches], tune) for name in names}
    sizes = next(iter(columns.values()))[1].shape[:2]
    coords = {"chain": range(sizes[0]), "draw": range(sizes[1])}
    coords |= {dim: named[dim] for dims, _ in columns.values() for dim in dims[2:] if dim in named}
    return xr.Dataset(columns, coords)


def _column(chains, tune: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Axes and values of one column over all chains."""
    import pyarrow

    about = {key.decode(): value.decode() for key, value in (chains[0].field.metadata or {}).items()}
    shape = [int(size) for size in about.get("shape", "").split(",") if size]
    dims = tuple(dim for dim in about.get("dims", "").split(",") if dim)
    values = []
    for column in chains:
        array = pyarrow.array(column)
        flat = array.flatten() if hasattr(array, "flatten") else array
        values.append(flat.to_numpy(zero_copy_only=False).reshape(len(array), *shape)[tune:])
    return ("chain", "draw", *dims), np.stack(values)
