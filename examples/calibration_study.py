"""Simulation-based calibration of every model: whether posteriors hold the truth as often as they say.

For each kind of model, truths are drawn from its prior and data from the truths, by the model as documented, in plain
NumPy; NUTS samples the posterior that the package builds. If formula, model, coordinates and sampler are right, the
rank of the truth among the draws is uniform, for every parameter and for the log-likelihood and log prior density.

OUT/table.csv has a row per model and quantity: p-value of uniform ranks, also adjusted for their number, and whether
the ranks stay inside a simultaneous 95 % band; OUT/models.csv sums it up, with how the sampler did; OUT/figure.png
shows it; OUT/ranks.csv.gz has the ranks, OUT/fits.csv.gz how each posterior was sampled, OUT/settings.json what all
rests on, a digest of the code included.

A study that was stopped, or killed, is taken up again by the same command; with --report it says what there is so far.
The whole takes about three hours on two free processors.

    python examples/calibration_study.py --jobs 2
    python examples/calibration_study.py --models "random intercepts" --replicates 100
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from bayes_lca.calibration.kit import records
from bayes_lca.calibration.kit.running import run_study
from bayes_lca.calibration.ranks.designs import DESIGNS
from bayes_lca.calibration.ranks.plot import plot_ranks
from bayes_lca.calibration.ranks.replicates import RankSampling
from bayes_lca.calibration.ranks.study import SEED, CalibrationStudy, read_ranks


def main() -> None:
    """Run the study, print its table and draw its figure."""
    given = read_arguments()
    chosen = [design for design in DESIGNS if given.models is None or design.name in given.models]
    if given.replicates is not None:
        chosen = [replace(design, replicates=given.replicates) for design in chosen]
    sampling = RankSampling(given.draws, given.tune, given.chains, given.thin)
    study = CalibrationStudy(tuple(chosen), given.seed, sampling)
    if given.report:
        table = study.write_tables(given.out)
    else:
        table = run_study(study, given.out, jobs=given.jobs, report=partial(print, flush=True))
    print(pd.read_csv(given.out / records.MODELS).to_string(index=False, float_format="%.3g"))
    records.write_figure(plot_ranks(table, read_ranks(given.out), sampling.ranked_draws), given.out / "figure.png")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add, usual = parser.add_argument, RankSampling()
    add("--out", type=Path, default=Path("calibration_study"), help="folder of the study, taken up if it is there")
    add("--jobs", type=int, default=2, help="replicates done at a time; -1 for all processors")
    add("--report", action="store_true", help="write tables and figure of the replicates there are, and run none")
    add("--models", nargs="+", choices=[design.name for design in DESIGNS], help="all by default")
    add("--replicates", type=int, help="data sets of each model; 1000 or 10,000 by default")
    add("--draws", type=int, default=usual.draws, help="draws of each chain")
    add("--tune", type=int, default=usual.tune, help="tuning steps before them, by default as many as a fit takes")
    add("--chains", type=int, default=usual.chains)
    add("--thin", type=int, default=usual.thin, help="every so many draws one is kept")
    add("--seed", type=int, default=SEED)
    return parser.parse_args()


if __name__ == "__main__":
    main()
