"""The simulation study as a command: replicates in parallel, each kept as it finishes, and the table of all.

A study that was stopped, or killed, is taken up where it was. What a replicate gives depends on the settings alone:
neither order, nor number of workers, nor interruptions change a digit of the table.
"""

import json
import platform
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import pandas as pd
from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_limits

from bayes_lca.calibration import records
from bayes_lca.calibration.designs import DESIGNS, SimulationDesign
from bayes_lca.calibration.replicates import Backend, compile_all, run_replicate
from bayes_lca.fit import VERSIONS

SEED = 20251107
WAIT_FOR_WORKERS = 60
"""Seconds after which a Dask cluster without workers is an error."""


@dataclass(frozen=True)
class Task:
    """A replicate to be done."""

    design: SimulationDesign
    group_sd: float
    replicate: int

    @property
    def file_name(self) -> str:
        """Name of its file."""
        name = self.design.name.replace(", ", "-").replace(" ", "-")
        return f"{name}_sd{self.group_sd:g}_{self.replicate:04d}.json"


@dataclass(frozen=True)
class Study:
    """What is simulated and how it is sampled.

    Attributes
    ----------
    designs : tuple of SimulationDesign
        Run one after the other; within a design, replicates take turns over the standard deviations, so that what is
        there after an interruption is a smaller study.
    seed : int
    backend : {"numba", "jax"}
        Compiler of the regression of a seen class; see `run_replicate`.
    """

    designs: tuple[SimulationDesign, ...] = DESIGNS
    seed: int = SEED
    backend: Backend = "numba"

    @property
    def tasks(self) -> list[Task]:
        """All replicates in the order in which they are started."""
        return [
            Task(design, group_sd, replicate)
            for design in self.designs
            for replicate in range(design.replicates)
            for group_sd in design.group_sds
        ]

    @property
    def settings(self) -> dict:
        """All that a replicate depends on, and how many there are, in the types of JSON."""
        packages = {name: version(name) for name in (*VERSIONS, "numba", "scipy", "pandas")}
        designs = {design.name: asdict(design) for design in self.designs}
        counts = {name: design.pop("replicates") for name, design in designs.items()}
        settings = {
            "seed": self.seed,
            "sampler_backend": self.backend,
            "designs": designs,
            records.COUNTS: counts,
            "versions": packages | {"python": platform.python_version(), "machine": platform.machine()},
        }
        return json.loads(json.dumps(settings))

    def write_tables(self, out: Path) -> pd.DataFrame:
        """Write and return the table of the replicates there are, finished or not; see `run_study`."""
        return records.write_tables([task.file_name for task in self.tasks], Path(out))


def run_study(
    study: Study,
    out: Path,
    *,
    jobs: int = 1,
    backend: Literal["loky", "threading", "dask"] = "loky",
    scheduler: str | None = None,
    report: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Run what is left of a study, and write its tables.

    Parameters
    ----------
    study : Study
    out : Path
        Folder of the study; made if there is none. Workers on other machines must see it under the same path.
    jobs : int
        Replicates done at a time; -1 for as many as there are processors, or workers of a Dask cluster.
    backend : {"loky", "threading", "dask"}
        How joblib runs them: processes, threads of this process, or a Dask cluster. Threads sample side by side, but
        prepare and summarise one at a time.
    scheduler : str, optional
        Address of a Dask scheduler, as ``tcp://host:8786``; without one a cluster of `jobs` processes is started here.
    report : callable, optional
        Takes a line on how far the study is whenever a replicate is finished; nothing is said by default.

    Returns
    -------
    pandas.DataFrame
        The table of `operating_characteristics`, also written to ``table.csv``. Beside it ``coefficients.csv.gz`` has
        all intervals, and ``fits.csv.gz`` the diagnostics and seconds of all posteriors.

    Raises
    ------
    ValueError
        If the folder holds a study of other settings, or other versions of the packages.

    Examples
    --------
    >>> from pathlib import Path
    >>> run_study(Study(), Path("simulation_study"), jobs=2, report=print)  # doctest: +SKIP
    """
    out = Path(out).resolve()
    records.keep_settings(study.settings, out)
    done = records.finished(out)
    left = [task for task in study.tasks if task.file_name not in done]
    if report is not None:
        report(f"{len(study.tasks)} replicates, {len(study.tasks) - len(left)} of them done before")
    if left:
        with threadpool_limits(1), _workers(jobs, backend, scheduler):  # threads find the limit of `run_replicate` set
            _Reporting(len(left), report)(delayed(_run_and_keep)(study, task, out) for task in left)
    return study.write_tables(out)


def _run_and_keep(study: Study, task: Task, out: Path) -> None:
    """Run a replicate and write its file; the first of a process compiles all that will be needed."""
    compile_all(study.designs, study.backend)
    result = run_replicate(task.design, task.group_sd, task.replicate, seed=study.seed, backend=study.backend)
    records.write_whole(out / records.REPLICATES / task.file_name, json.dumps(result))


@contextmanager
def _workers(jobs: int, backend: str, scheduler: str | None):
    """What joblib runs tasks on, inside the block."""
    if backend != "dask":
        if scheduler is not None:
            raise ValueError(f"scheduler={scheduler!r} goes with backend='dask', not with {backend!r}")
        with parallel_config(backend=backend, n_jobs=jobs):
            yield
        return
    from distributed import Client

    here = {"n_workers": jobs if jobs > 0 else None, "threads_per_worker": 1, "dashboard_address": None}
    with (
        Client(scheduler) if scheduler else Client(**here) as client,
        parallel_config(backend="dask", n_jobs=jobs, client=client, wait_for_workers_timeout=WAIT_FOR_WORKERS),
    ):
        yield


class _Reporting(Parallel):
    """Tasks in parallel, with a line on how many are done and how long the others will take."""

    def __init__(self, n_left: int, report: Callable[[str], None] | None):
        super().__init__(batch_size=1, pre_dispatch="2*n_jobs")
        self.n_left, self.report = n_left, report
        self.reported, self.started, self.first = 0, time.monotonic(), 0.0

    def print_progress(self):
        """Report; joblib calls this whenever a task is finished."""
        done, now = self.n_completed_tasks, time.monotonic()
        if self.report is None or done == self.reported:
            return
        line = f"{done} of {self.n_left} replicates, {_span(now - self.started)} gone"
        if self.reported:
            line += f", about {_span((now - self.first) / (done - 1) * (self.n_left - done))} left"
        else:
            self.first = now  # models were compiled before it, so the pace counts from here
        self.reported = done
        self.report(line)


def _span(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
