"""The simulation study of intervals: what is run, and the tables of it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from bayes_lca.calibration.intervals.designs import DESIGNS, SimulationDesign
from bayes_lca.calibration.intervals.operating_characteristics import operating_characteristics
from bayes_lca.calibration.intervals.replicates import Backend, compile_all, run_replicate
from bayes_lca.calibration.kit import records
from bayes_lca.calibration.kit.versions import installed_versions, source_digest
from bayes_lca.sampling.nuts import VERSIONS

SEED = 20251107
RESTS_ON = ("bayes_lca.calibration.intervals.replicates",)
"""Module whose code, with all it imports, decides what a replicate gives."""


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
    backend : {"program", "numba", "jax"}
        What computes log densities; see `run_replicate`.
    """

    designs: tuple[SimulationDesign, ...] = DESIGNS
    seed: int = SEED
    backend: Backend = "program"

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
        designs = {design.name: asdict(design) for design in self.designs}
        counts = {name: design.pop("replicates") for name, design in designs.items()}
        settings = {
            "seed": self.seed,
            "sampler_backend": self.backend,
            "designs": designs,
            records.COUNTS: counts,
            "versions": installed_versions((*VERSIONS, "numba", "scipy", "pandas"))
            | {"code": source_digest(*RESTS_ON)},
        }
        return json.loads(json.dumps(settings))

    def run_one(self, task: Task) -> dict[str, list[dict]]:
        """Run a replicate; the first of a process compiles all that will be needed."""
        compile_all(self.designs, self.backend)
        return run_replicate(task.design, task.group_sd, task.replicate, seed=self.seed, backend=self.backend)

    def write_tables(self, out: Path) -> pd.DataFrame:
        """Write and return the table of `operating_characteristics` of the replicates there are, finished or not.

        Beside it ``coefficients.csv.gz`` has all intervals, and ``fits.csv.gz`` the diagnostics and seconds of all
        posteriors.
        """
        coefficients, fits = records.read_replicates(
            [task.file_name for task in self.tasks], Path(out), ("coefficients", "fits")
        )
        table = operating_characteristics(coefficients, fits)
        records.write_csv({records.TABLE: table, records.COEFFICIENTS: coefficients, records.FITS: fits}, Path(out))
        return table
