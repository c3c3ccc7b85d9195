"""How often intervals err with six groups: single-level, multilevel and joint latent class regression.

Simulates surveys in the shape of the synthetic cohort, from groups that do not differ to groups that differ a lot, and
analyses each with and without its groups. OUT/table.csv has type I error, power, coverage and bias, OUT/figure.png
shows them, OUT/coefficients.csv.gz and OUT/fits.csv.gz have all intervals and all diagnostics.

A study that was stopped, or killed, is taken up again by the same command; with --report it says what there is so far.
The whole takes about three hours on two free processors.

    python examples/simulation_study.py --jobs 16
    python examples/simulation_study.py --designs "observed, null" --replicates 50
    python examples/simulation_study.py --backend dask --scheduler tcp://host:8786 --jobs -1
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from bayes_lca.calibration.intervals.designs import DESIGNS
from bayes_lca.calibration.intervals.plot import plot_operating_characteristics
from bayes_lca.calibration.intervals.study import SEED, Study
from bayes_lca.calibration.kit.records import write_figure
from bayes_lca.calibration.kit.running import run_study


def main() -> None:
    """Run the study, print its table and draw its figure."""
    given = read_arguments()
    changed = {name: value for name in ("replicates", "draws", "tune") if (value := getattr(given, name)) is not None}
    chosen = [design for design in DESIGNS if given.designs is None or design.name in given.designs]
    study = Study(tuple(replace(design, **changed) for design in chosen), given.seed, given.sampler)
    if given.report:
        table = study.write_tables(given.out)
    else:
        workers = {"jobs": given.jobs, "backend": given.backend, "scheduler": given.scheduler}
        table = run_study(study, given.out, **workers, report=partial(print, flush=True))
    print(table.to_string(index=False, float_format="%.3f"))
    if table["type_1_error"].notna().any():
        write_figure(plot_operating_characteristics(table), given.out / "figure.png")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--out", type=Path, default=Path("simulation_study"), help="folder of the study, taken up if it is there")
    add("--jobs", type=int, default=2, help="replicates done at a time; -1 for all processors, or all Dask workers")
    add("--backend", choices=("loky", "threading", "dask"), default="loky", help="how joblib runs them")
    add("--scheduler", help="address of a Dask scheduler; by default a Dask cluster is started on this machine")
    add("--report", action="store_true", help="write tables and figure of the replicates there are, and run none")
    add("--designs", nargs="+", choices=[design.name for design in DESIGNS], help="all by default")
    add("--replicates", type=int, help="data sets per design and standard deviation; 500 by default")
    add("--draws", type=int, help="draws of each of two chains; 750 by default")
    add("--tune", type=int, help="tuning steps of each; 300, for latent classes 400 by default")
    add("--sampler", choices=("program", "numba", "jax"), default="program", help="what computes log densities")
    add("--seed", type=int, default=SEED)
    return parser.parse_args()


if __name__ == "__main__":
    main()
