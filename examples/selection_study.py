"""How often criteria, tests and the rule of `recommend_classes` choose the true number of classes.

Simulates surveys of 2200 respondents with six items of three categories in the shape of the synthetic cohort, without
covariates or groups: three classes on a ladder at entropy .46, .71 and .89, three classes with items of their own,
three large classes and one of 6 %, and, for the errors of tests, one class and two. Each is counted by `count_classes`,
with posteriors, and by the bootstrap likelihood ratio test, stopped as soon as no further draw can change its decision.

OUT/table.csv has how often each method chose each number, type I error and power of the tests, with Monte Carlo
standard errors; OUT/figure.png shows them; OUT/choices.csv.gz has the choices in each data set, OUT/counts.csv.gz and
OUT/bootstrap.csv.gz what they were made from; OUT/settings.json what all rests on, a digest of the code included.

A study that was stopped, or killed, is taken up again by the same command; with --report it says what there is so far.
The whole takes about 40 minutes on two free processors; criteria and VLMR alone, a second for each data set.

    python examples/selection_study.py --jobs 16
    python examples/selection_study.py --conditions "small class" --replicates 20
    python examples/selection_study.py --draws 0 --bootstrap-draws 0 --replicates 150
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from bayes_lca.calibration.kit.records import write_figure
from bayes_lca.calibration.kit.running import run_study
from bayes_lca.calibration.selection.designs import DESIGNS
from bayes_lca.calibration.selection.plot import plot_selection
from bayes_lca.calibration.selection.study import SEED, Analysis, SelectionStudy

SHOWN = ["design", "true_classes", "entropy_r2", "method", "data_sets", "correct", "correct_se", "fewer", "more"]
SHOWN += ["type_1_error", "type_1_error_se", "power", "power_se"]


def main() -> None:
    """Run the study, print its table and draw its figure."""
    given = read_arguments()
    chosen = [design for design in DESIGNS if given.conditions is None or design.name in given.conditions]
    if given.replicates is not None:
        chosen = [replace(design, replicates=given.replicates) for design in chosen]
    analysis = Analysis(
        starts=given.starts,
        bayes=given.draws > 0,
        draws=given.draws,
        tune=given.tune,
        bootstrap_draws=given.bootstrap_draws,
    )
    study = SelectionStudy(tuple(chosen), given.seed, analysis)
    if given.report:
        table = study.write_tables(given.out)
    else:
        table = run_study(study, given.out, jobs=given.jobs, report=partial(print, flush=True))
    print(table[SHOWN].to_string(index=False, float_format="%.3f", na_rep=""))
    write_figure(plot_selection(table), given.out / "figure.png")


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add, usual = parser.add_argument, Analysis()
    add("--out", type=Path, default=Path("selection_study"), help="folder of the study, taken up if it is there")
    add("--jobs", type=int, default=2, help="replicates done at a time; -1 for all processors")
    add("--report", action="store_true", help="write tables and figure of the replicates there are, and run none")
    add("--conditions", nargs="+", choices=[design.name for design in DESIGNS], help="all by default")
    add("--replicates", type=int, help="data sets of each condition; 100 by default, 30 of own items")
    add("--starts", type=int, default=usual.starts, help="random starts of each maximum likelihood fit")
    add("--draws", type=int, default=usual.draws, help="draws of each of four chains; 0 leaves posteriors out")
    add("--tune", type=int, default=usual.tune, help="draws thrown away before them")
    add(
        "--bootstrap-draws",
        type=int,
        default=usual.bootstrap_draws,
        help="19, 39 or 99 keep 5 %%, 0 leaves it out",
    )
    add("--seed", type=int, default=SEED)
    return parser.parse_args()


if __name__ == "__main__":
    main()
