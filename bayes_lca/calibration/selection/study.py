"""The study of the number of classes: one data set counted by every criterion and test, and the tables of all."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from bayes_lca.calibration.kit import records
from bayes_lca.calibration.kit.seeds import replicate_seeds
from bayes_lca.calibration.kit.tasks import Task, by_turns
from bayes_lca.calibration.kit.versions import installed_versions, source_digest
from bayes_lca.calibration.selection.designs import DESIGNS, SelectionDesign
from bayes_lca.calibration.selection.rates import DATA_SET, choices_of, selection_rates
from bayes_lca.datasets import cohort
from bayes_lca.measurement.items import Items
from bayes_lca.workflows.class_counts.blrt_decision import decide_by_bootstrap
from bayes_lca.workflows.class_counts.count_classes import count_classes
from bayes_lca.workflows.class_counts.likelihood_counts import LikelihoodCounts

SEED = 20260210
PACKAGES = ("bayes-lca", "arviz", "xarray", "numpy", "scipy", "pandas")
RESTS_ON = (
    "bayes_lca.workflows.class_counts.count_classes",
    "bayes_lca.workflows.class_counts.blrt_decision",
    "bayes_lca.calibration.selection.designs",
    "bayes_lca.calibration.kit.seeds",
)
"""Modules whose code, with all they import, decides what a replicate gives; those of the tables come after it."""


@dataclass(frozen=True)
class Analysis:
    """How a data set is analysed.

    Attributes
    ----------
    starts : int
        Random starts of each maximum likelihood fit.
    bayes : bool
        Whether posteriors are sampled too.
    draws, tune, chains : int
        Of each posterior.
    bootstrap_draws : int
        Of the bootstrap likelihood ratio test, at most. With 19, 39 or 99 the test at 5 % has no other level than with
        thousands, only a little less power. 0 leaves the test out.
    bootstrap_starts, bootstrap_iterations : int
        Random starts of the fits to each of these draws, and updates of each start.
    """

    starts: int = 50
    bayes: bool = True
    draws: int = 250
    tune: int = 100
    chains: int = 4
    bootstrap_draws: int = 39
    bootstrap_starts: int = 20
    bootstrap_iterations: int = 300


@dataclass(frozen=True)
class SelectionStudy:
    """What is simulated and how it is analysed.

    Attributes
    ----------
    designs : tuple of SelectionDesign
        Data sets take turns over them, so that what is there after an interruption is a smaller study.
    seed : int
    analysis : Analysis
    """

    designs: tuple[SelectionDesign, ...] = DESIGNS
    seed: int = SEED
    analysis: Analysis = field(default_factory=Analysis)

    @property
    def tasks(self) -> list[Task[SelectionDesign]]:
        """All replicates in the order in which they are started."""
        return by_turns(self.designs)

    @property
    def settings(self) -> dict:
        """All that a replicate depends on, and how many there are, in the types of JSON."""
        designs = {design.name: asdict(design) for design in self.designs}
        counts = {name: design.pop("replicates") for name, design in designs.items()}
        settings = {
            "seed": self.seed,
            "analysis": asdict(self.analysis),
            "designs": designs,
            records.COUNTS: counts,
            "versions": installed_versions(PACKAGES) | {"code": source_digest(*RESTS_ON)},
        }
        return json.loads(json.dumps(settings))

    def run_one(self, task: Task) -> dict[str, list[dict]]:
        """Run a replicate."""
        return run_replicate(task.design, task.replicate, self.analysis, seed=self.seed)

    def write_tables(self, out: Path) -> pd.DataFrame:
        """Write and return the table of `selection_rates` of the replicates there are, finished or not.

        Beside it ``choices.csv.gz`` has the number of classes that each method chose in each data set,
        ``counts.csv.gz`` the tables of `count_classes` behind them, and ``bootstrap.csv.gz`` the bootstrap tests.
        """
        names = [task.file_name for task in self.tasks]
        counts, bootstrap = records.read_replicates(names, Path(out), ("counts", "bootstrap"))
        bootstrap = bootstrap.reindex(columns=[*DATA_SET, *(bootstrap.columns.drop(DATA_SET, errors="ignore"))])
        choices = choices_of(counts, bootstrap)
        table = selection_rates(choices, counts, bootstrap)
        table.insert(2, "entropy_r2", table["design"].map({design.name: design.entropy_r2 for design in self.designs}))
        frames = {records.TABLE: table, records.CHOICES: choices}
        frames |= {records.COUNTS_OF_CLASSES: counts, records.BOOTSTRAP: bootstrap}
        records.write_csv(frames, Path(out))
        return table


def run_replicate(design: SelectionDesign, replicate: int, analysis: Analysis, *, seed: int) -> dict[str, list[dict]]:
    """Simulate one data set and count its classes.

    What is drawn depends on `seed`, the design's name and `replicate` alone.

    Parameters
    ----------
    design : SelectionDesign
    replicate : int
        Number of the replicate, from 0 on.
    analysis : Analysis
    seed : int
        Seed of the study.

    Returns
    -------
    dict
        ``counts``, the table of `count_classes`, a row per number of classes. ``bootstrap``, a row per bootstrap test
        of one class fewer against ``classes``: ``statistic``, ``rejected``, and how many draws it took, see
        `BootstrapDecision`. Tests go on from one class until one does not reject, and in any case the last true class
        and one more than are true are tested.

    Examples
    --------
    >>> from bayes_lca.calibration.selection.designs import ONE_CLASS
    >>> run_replicate(ONE_CLASS, 0, Analysis(bayes=False), seed=1)["bootstrap"][0]["classes"]
    2
    """
    data_seed, analysis_seed = replicate_seeds(seed, design.name, replicate)
    frame = design.simulate(np.random.Generator(np.random.PCG64(data_seed)))
    items = Items(list(cohort.ITEMS))
    with threadpool_limits(1):  # sums of several threads differ in the last digit with the number of threads
        table = count_classes(
            *(items, frame, range(1, design.most_classes + 1)),
            n_starts=analysis.starts,
            seed=analysis_seed,
            bayes=analysis.bayes,
            draws=analysis.draws,
            tune=analysis.tune,
            chains=analysis.chains,
            progressbar=False,
        )
        tests = []
        if analysis.bootstrap_draws:
            tests = _bootstrap_tests(design, items.read(frame), table["log_likelihood"], analysis, analysis_seed)
    cell = {"design": design.name, "true_classes": design.true_classes, "replicate": replicate}
    return {
        "counts": [cell | row for row in table.reset_index().to_dict("records")],
        "bootstrap": [cell | row for row in tests],
    }


def _bootstrap_tests(
    design: SelectionDesign, responses, log_likelihood: pd.Series, analysis: Analysis, seed: int
) -> list[dict]:
    likelihood = LikelihoodCounts(responses, analysis.starts, seed)  # the fits of the table
    rows, rejected = [], True
    for n_classes in range(2, design.most_classes + 1):
        if not rejected and n_classes not in (design.true_classes, design.true_classes + 1):
            continue
        statistic = 2 * float(log_likelihood[n_classes] - log_likelihood[n_classes - 1])
        decision = decide_by_bootstrap(
            *(likelihood.fit(n_classes - 1), statistic, responses.codes, responses.n_categories),
            draws=analysis.bootstrap_draws,
            starts=analysis.bootstrap_starts,
            max_iterations=analysis.bootstrap_iterations,
            seed=seed,
        )
        rows.append({"classes": n_classes, "statistic": statistic, **asdict(decision)})
        rejected &= decision.rejected
    return rows
