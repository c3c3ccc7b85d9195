"""The study of hard regimes: what is run, and the tables of it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from bayes_lca.calibration.kit import records
from bayes_lca.calibration.kit.tasks import Task, by_turns
from bayes_lca.calibration.kit.versions import installed_versions, source_digest
from bayes_lca.calibration.regimes.designs import REGIMES, Regime
from bayes_lca.calibration.regimes.rates import alarm_rates, coverage_rates
from bayes_lca.calibration.regimes.replicates import run_replicate
from bayes_lca.sampling.nuts import VERSIONS

SEED = 20261201
ALARMS, BY_CLASS, INTERVALS = "alarms.csv", "by_class.csv", "intervals.csv.gz"
RESTS_ON = ("bayes_lca.calibration.regimes.replicates",)
"""Module whose code, with all it imports, decides what a replicate gives; those of the tables come after it."""


@dataclass(frozen=True)
class RegimeStudy:
    """What is simulated.

    Attributes
    ----------
    regimes : tuple of Regime
        Surveys take turns over them, so that what is there after an interruption is a smaller study.
    seed : int
    """

    regimes: tuple[Regime, ...] = REGIMES
    seed: int = SEED

    @property
    def tasks(self) -> list[Task[Regime]]:
        """All replicates in the order in which they are started."""
        return by_turns(self.regimes)

    @property
    def settings(self) -> dict:
        """All that a replicate depends on, and how many there are, in the types of JSON."""
        regimes = {regime.name: asdict(regime) for regime in self.regimes}
        counts = {name: regime.pop("replicates") for name, regime in regimes.items()}
        settings = {
            "seed": self.seed,
            "regimes": regimes,
            records.COUNTS: counts,
            "versions": installed_versions((*VERSIONS, "scipy", "pandas")) | {"code": source_digest(*RESTS_ON)},
        }
        return json.loads(json.dumps(settings))

    def run_one(self, task: Task[Regime]) -> dict[str, list[dict]]:
        """Run a replicate."""
        return run_replicate(task.design, task.replicate, seed=self.seed)

    def write_tables(self, out: Path) -> pd.DataFrame:
        """Write and return the table of `alarm_rates` of the replicates there are, finished or not.

        It is ``alarms.csv``; beside it ``table.csv`` has that of `coverage_rates`, ``by_class.csv`` the same by class,
        ``intervals.csv.gz`` all intervals and ``fits.csv.gz`` all fits.
        """
        names = [task.file_name for task in self.tasks]
        of_intervals, of_fits = records.read_replicates(names, Path(out), ("intervals", "fits"))
        alarms = alarm_rates(of_intervals, of_fits)
        frames = {records.TABLE: coverage_rates(of_intervals), records.FITS: of_fits}
        frames[BY_CLASS] = coverage_rates(of_intervals, by_class=True)
        records.write_csv(frames | {ALARMS: alarms, INTERVALS: of_intervals}, Path(out))
        return alarms
