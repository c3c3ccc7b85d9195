"""A study as a command: replicates in parallel, each kept as it finishes, and the tables of all.

A study that was stopped, or killed, is taken up where it was. What a replicate gives depends on the settings alone:
neither order, nor number of workers, nor interruptions change a digit of the tables.
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

import pandas as pd
from joblib import Parallel, delayed, parallel_config
from rich.progress import Progress, TimeElapsedColumn, TimeRemainingColumn
from threadpoolctl import threadpool_limits

from bayes_lca.calibration.kit import records
from bayes_lca.whole_file import check_writable, write_text_whole

WAIT_FOR_WORKERS = 60
"""Seconds after which a Dask cluster without workers is an error."""


class Task(Protocol):
    """A replicate to be done."""

    @property
    def file_name(self) -> str:
        """Name of its file."""
        ...


class Study(Protocol):
    """What `run_study` asks of a study; workers get it pickled."""

    @property
    def tasks(self) -> Sequence[Task]:
        """All replicates in the order in which they are started."""
        ...

    @property
    def settings(self) -> dict:
        """All that a replicate depends on, and how many there are, in the types of JSON."""
        ...

    def run_one(self, task: Any) -> dict[str, list[dict]]:
        """What one of the tasks gives, in the types of JSON; depends on the settings and the task alone."""
        ...

    def write_tables(self, out: Path) -> pd.DataFrame:
        """Write the tables of the replicates there are, finished or not, and return the one to look at."""
        ...


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
        The table of the study, also written to ``table.csv``, beside files with what it was made from.

    Raises
    ------
    ValueError
        If the folder holds a study of other settings, or other versions of the packages, or a file in it is damaged.
    OSError
        If nothing can be written there.

    Examples
    --------
    >>> from pathlib import Path
    >>> from bayes_lca.calibration.intervals.study import Study
    >>> run_study(Study(), Path("simulation_study"), jobs=2, report=print)  # doctest: +SKIP
    """
    out = Path(out).resolve()
    records.keep_settings(study.settings, out)
    done = records.finished(out)
    left = [task for task in study.tasks if task.file_name not in done]
    if report is not None:
        report(f"{len(study.tasks)} replicates, {len(study.tasks) - len(left)} of them done before")
    if left:
        check_writable(out / records.REPLICATES / left[0].file_name)
        with threadpool_limits(1), _workers(jobs, backend, scheduler):  # threads find the limit a replicate sets
            _Reporting(len(left), report)(delayed(_run_and_keep)(study, task, out) for task in left)
    return study.write_tables(out)


def _run_and_keep(study: Study, task: Task, out: Path) -> None:
    """Run a replicate and write its file, if no other process on the same folder has done so since."""
    path = out / records.REPLICATES / task.file_name
    if not path.exists():
        write_text_whole(path, json.dumps(study.run_one(task)))


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
        self.report = report
        # models are compiled before the first replicate is finished, and the pace counts from there on
        self.progress = Progress(get_time=time.monotonic, speed_estimate_period=math.inf)
        self.replicates = self.progress.add_task("replicates", total=n_left)

    def print_progress(self):
        """Report; joblib calls this whenever a task is finished."""
        (state,) = self.progress.tasks
        if self.report is None or self.n_completed_tasks == state.completed:
            return
        self.progress.update(self.replicates, completed=self.n_completed_tasks)
        line = f"{state.completed} of {state.total} replicates, {TimeElapsedColumn().render(state)} gone"
        if state.time_remaining is not None:
            line += f", about {TimeRemainingColumn().render(state)} left"
        self.report(line)
