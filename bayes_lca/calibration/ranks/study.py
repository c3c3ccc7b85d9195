"""The study of simulation-based calibration: whether posteriors are those of the models, from formula to draws.

A truth is drawn from the prior and data from the truth, by the model as documented, in NumPy; NUTS samples the
posterior that the package builds. If both are the same model and the sampler is right, the rank of the truth among the
draws is uniform, for every function of parameters and data. simuk does the same by compiling a model anew for each data
set, at five seconds each; here one compilation serves a thousand.

The same seed gives the same truths and data anywhere, and the same draws on the same machine.

References
----------
Talts, S., Betancourt, M., Simpson, D., Vehtari, A. & Gelman, A. (2018). Validating Bayesian inference algorithms with
simulation-based calibration. arXiv 1804.06788
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_lca.calibration.kit import records
from bayes_lca.calibration.kit.tasks import Task, by_turns
from bayes_lca.calibration.kit.versions import installed_versions, source_digest
from bayes_lca.calibration.ranks.designs import DESIGNS, RankDesign
from bayes_lca.calibration.ranks.ranks import PROBABILITY, holm, judge_ranks
from bayes_lca.calibration.ranks.replicates import RankSampling, run_replicate
from bayes_lca.sampling.nuts import VERSIONS

SEED = 20261123
SMALLEST_P = 0.05
"""Adjusted p-value below which ranks of a model are not those of a right posterior."""

LARGE_R_HAT, LARGEST_SHARE_UNCONVERGED = 1.05, 0.01
"""R-hat of posteriors that did not converge, and the share of them, failed ones included, that a model may have."""

RESTS_ON = ("bayes_lca.calibration.ranks.replicates",)
"""Module whose code, with all it imports, decides what a replicate gives; those of the tables come after it."""


@dataclass(frozen=True)
class CalibrationStudy:
    """What is simulated and how it is sampled.

    Attributes
    ----------
    designs : tuple of RankDesign
        Replicates take turns over them, so that what is there after an interruption is a smaller study.
    seed : int
    sampling : RankSampling
    """

    designs: tuple[RankDesign, ...] = DESIGNS
    seed: int = SEED
    sampling: RankSampling = field(default_factory=RankSampling)

    @property
    def tasks(self) -> list[Task[RankDesign]]:
        """All replicates in the order in which they are started."""
        return by_turns(self.designs)

    @property
    def settings(self) -> dict:
        """All that a replicate depends on, and how many there are, in the types of JSON."""
        settings = {
            "seed": self.seed,
            "sampling": asdict(self.sampling),
            "designs": {design.name: _described(design) for design in self.designs},
            records.COUNTS: {design.name: design.replicates for design in self.designs},
            "versions": installed_versions((*VERSIONS, "numba", "scipy", "pandas"))
            | {"code": source_digest(*RESTS_ON)},
        }
        return json.loads(json.dumps(settings))

    def run_one(self, task: Task) -> dict[str, list[dict]]:
        """Run a replicate."""
        return run_replicate(task.design, task.replicate, self.sampling, seed=self.seed)

    def write_tables(self, out: Path) -> pd.DataFrame:
        """Write and return the table of `judge_ranks` of the replicates there are, a row per design and quantity.

        P-values are adjusted over all rows. Beside it ``models.csv`` has the table of `by_model`; ``ranks.csv.gz`` the
        ranks themselves, in the order of the replicates; ``fits.csv.gz`` how each posterior was sampled, those that
        failed and have no ranks included.
        """
        out, tables, ranks, fits = Path(out), [], [], []
        done = records.require_finished(out, [task.file_name for task in self.tasks])
        for design in self.designs:
            names = [task.file_name for task in self.tasks if task.design is design and task.file_name in done]
            if not names:
                continue
            of_ranks, of_z, of_fits = records.read_replicates(names, out, ("ranks", "z", "fits"))
            table = judge_ranks(of_ranks, of_z, self.sampling.ranked_draws)
            table.insert(0, "design", design.name)
            tables.append(table)
            fits.append(of_fits)
            lines = {quantity: " ".join(map(str, values)) for quantity, values in of_ranks.items()}
            ranks.append(pd.DataFrame({"design": design.name, "quantity": lines.keys(), "ranks": lines.values()}))
        table = pd.concat(tables, ignore_index=True)
        table["p_adjusted"] = holm(table["p_value"].to_numpy())
        of_all = pd.concat(fits, ignore_index=True)
        models = by_model(table, of_all).reset_index()
        frames = {records.TABLE: table, records.FITS: of_all, records.MODELS: models, records.RANKS: pd.concat(ranks)}
        records.write_csv(frames, out)
        return table


def by_model(table: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """The table summed up, a row per model.

    Parameters
    ----------
    table : pandas.DataFrame
        As `CalibrationStudy.write_tables` returns it.
    fits : pandas.DataFrame
        How each posterior was sampled.

    Returns
    -------
    pandas.DataFrame
        ``replicates``; how many ``quantities``, how many ``leave_band`` and how many would ``by_chance``; smallest
        ``p_adjusted``; data sets ``refused``, posteriors that ``failed``, that had ``divergences``, that had an R-hat
        over 1.05 (``r_hat_large``); median over posteriors of the smallest effective sample size of any quantity
        (``min_ess``); ``minutes`` of sampling; whether the model ``passes``: no adjusted p-value below .05, and at most
        1 % of the posteriors failed or with an R-hat over 1.05. None is left out of the ranks.
    """
    sampled = fits.groupby("design", sort=False)
    quantities = table.groupby("design", sort=False)
    n = quantities.size()
    table_of_models = pd.DataFrame(
        {
            "replicates": quantities["replicates"].first(),
            "quantities": n,
            "leave_band": n - quantities["inside"].sum(),
            "by_chance": (1 - PROBABILITY) * n,
            "p_adjusted": quantities["p_adjusted"].min(),
            "refused": sampled["refused"].sum(),
            "failed": sampled["failed"].agg(lambda problem: int((problem != "").sum())),
            "divergences": sampled["divergences"].agg(lambda count: int((count > 0).sum())),
            "r_hat_large": sampled["max_r_hat"].agg(lambda r_hat: int((r_hat > LARGE_R_HAT).sum())),
            "min_ess": sampled["min_ess"].median(),
            "minutes": sampled["seconds"].sum() / 60,
        }
    )
    unconverged = (table_of_models["failed"] + table_of_models["r_hat_large"]) / sampled.size()
    return table_of_models.assign(
        passes=(table_of_models["p_adjusted"] >= SMALLEST_P) & (unconverged <= LARGEST_SHARE_UNCONVERGED)
    )


def read_ranks(out: Path) -> dict[str, pd.DataFrame]:
    """Ranks of a study by design: a row per replicate, a column per quantity."""
    stored = pd.read_csv(Path(out) / records.RANKS)
    return {
        design: pd.DataFrame({row.quantity: np.array(row.ranks.split(), dtype=int) for row in rows.itertuples()})
        for design, rows in stored.groupby("design", sort=False)
    }


def _described(design: RankDesign) -> dict:
    return {
        "model": repr(design.model),
        "sampled": repr(design.sampled or design.model),
        "n": design.n,
        "sizes": design.sizes,
        "missing_rate": design.missing_rate,
        "times_as_long": design.times_as_long,
        "target_accept": design.target_accept,
    }
