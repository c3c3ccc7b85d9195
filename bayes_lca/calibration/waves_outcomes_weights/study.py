"""The study of waves, outcomes and weights: what is run, and the tables of it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd

from bayes_lca.calibration.kit import records
from bayes_lca.calibration.kit.tasks import Task, by_turns
from bayes_lca.calibration.kit.versions import installed_versions, source_digest
from bayes_lca.calibration.waves_outcomes_weights.design import Design
from bayes_lca.calibration.waves_outcomes_weights.designs import DESIGNS
from bayes_lca.calibration.waves_outcomes_weights.gates import fit_table, gated_rates
from bayes_lca.calibration.waves_outcomes_weights.replicates import run_replicate
from bayes_lca.sampling.nuts import VERSIONS

SEED = 20261202
INTERVALS = "intervals.csv.gz"
RESTS_ON = (
    "bayes_lca.calibration.waves_outcomes_weights.designs",
    "bayes_lca.calibration.waves_outcomes_weights.replicates",
)
"""Modules whose code, with all they import, decides what a replicate gives; those of the tables come after them."""


@dataclass(frozen=True)
class WavesOutcomesWeightsStudy:
    """What is simulated.

    Attributes
    ----------
    designs : tuple of Design
        Data sets take turns over them, so that what is there after an interruption is a smaller study.
    seed : int
    """

    designs: tuple[Design, ...] = DESIGNS
    seed: int = SEED

    @property
    def tasks(self) -> list[Task[Design]]:
        """All replicates in the order in which they are started."""
        return by_turns(self.designs)

    @property
    def settings(self) -> dict:
        """All that a replicate depends on, and how many there are, in the types of JSON."""
        designs = {design.name: asdict(cast(Any, design)) for design in self.designs}
        counts = {name: design.pop("replicates") for name, design in designs.items()}
        settings = {
            "seed": self.seed,
            "designs": designs,
            records.COUNTS: counts,
            "versions": installed_versions((*VERSIONS, "scipy", "pandas")) | {"code": source_digest(*RESTS_ON)},
        }
        return json.loads(json.dumps(settings))

    def run_one(self, task: Task[Design]) -> dict[str, list[dict]]:
        """Run a replicate."""
        return run_replicate(task.design, task.replicate, seed=self.seed)

    def write_tables(self, out: Path) -> pd.DataFrame:
        """Write and return the table of `gated_rates` of the replicates there are, finished or not.

        Beside it ``models.csv`` has `fit_table`, ``intervals.csv.gz`` all intervals and tests and ``fits.csv.gz`` all
        fits.
        """
        names = [task.file_name for task in self.tasks]
        intervals, fits = records.read_replicates(names, Path(out), ("intervals", "fits"))
        table = gated_rates(intervals, fits, self.designs)
        frames = {records.TABLE: table, records.MODELS: fit_table(fits), INTERVALS: intervals, records.FITS: fits}
        records.write_csv(frames, Path(out))
        return table
