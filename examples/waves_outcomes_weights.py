"""How often intervals and tests err: transitions between waves, outcomes of classes, survey weights.

Data sets of a known truth, analysed by the package and as they often are: groups ignored, the most likely class taken
for seen, weights ignored. OUT/table.csv has type I error, power, coverage, bias and width of each, with Monte Carlo
standard errors and whether the package passes its gates; OUT/models.csv how fits went and how long they took;
OUT/intervals.csv.gz and OUT/fits.csv.gz what is behind them, OUT/settings.json all they rest on.

A study that was stopped, or killed, is taken up again by the same command; with --report it says what there is so far.
Exits with 1 if the package misses a gate.

    python examples/waves_outcomes_weights.py --jobs 2
    python examples/waves_outcomes_weights.py --designs waves --replicates 50
"""

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from bayes_lca.calibration.kit.running import run_study
from bayes_lca.calibration.waves_outcomes_weights.designs import DESIGNS
from bayes_lca.calibration.waves_outcomes_weights.study import SEED, WavesOutcomesWeightsStudy


def main() -> None:
    """Run the study and print its table."""
    given = read_arguments()
    chosen = [design for design in DESIGNS if given.designs is None or design.name in given.designs]
    if given.replicates is not None:
        chosen = [replace(cast(Any, design), replicates=given.replicates) for design in chosen]
    study = WavesOutcomesWeightsStudy(tuple(chosen), given.seed)
    if given.report:
        table = study.write_tables(given.out)
    else:
        table = run_study(study, given.out, jobs=given.jobs, report=partial(print, flush=True))
    print(table.to_string(index=False, float_format="%.3f"))
    if missed := (~table["passes"].fillna(value=True)).sum():
        sys.exit(f"{missed} gates missed")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--out", type=Path, default=Path("waves_outcomes_weights"), help="folder of the study, taken up if it is there")
    add("--jobs", type=int, default=2, help="replicates done at a time; -1 for all processors")
    add("--report", action="store_true", help="write tables of the replicates there are, and run none")
    add("--designs", nargs="+", choices=[design.name for design in DESIGNS], help="all by default")
    add("--replicates", type=int, help="data sets of each design; 500 by default")
    add("--seed", type=int, default=SEED)
    return parser.parse_args()


if __name__ == "__main__":
    main()
