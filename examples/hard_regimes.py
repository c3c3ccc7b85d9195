"""Where not to trust a fit: surveys that are hard in one way each, fitted with all defaults and held against the truth.

OUT/alarms.csv has a row per regime: fits that are off, alarms that were false or missed, warnings, modes, divergences,
seconds; OUT/table.csv how often intervals hold the truth and how wide they are, OUT/by_class.csv the same by class, and
OUT/figure.png shows it; OUT/intervals.csv.gz and OUT/fits.csv.gz have what is behind them, OUT/settings.json all they
rest on, a digest of the code included.

A study that was stopped, or killed, is taken up again by the same command; with --report it says what there is so far.
The whole takes about an hour on two processors.

    python examples/hard_regimes.py --jobs 2
    python examples/hard_regimes.py --regimes "120 respondents" --replicates 10
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from bayes_lca.calibration.kit.records import TABLE
from bayes_lca.calibration.kit.running import run_study
from bayes_lca.calibration.regimes.designs import REGIMES
from bayes_lca.calibration.regimes.plot import plot_regimes
from bayes_lca.calibration.regimes.study import SEED, RegimeStudy


def main() -> None:
    """Run the study, print its table and draw its figure."""
    given = read_arguments()
    chosen = [regime for regime in REGIMES if given.regimes is None or regime.name in given.regimes]
    if given.replicates is not None:
        chosen = [replace(regime, replicates=given.replicates) for regime in chosen]
    study = RegimeStudy(tuple(chosen), given.seed)
    if given.report:
        alarms = study.write_tables(given.out)
    else:
        alarms = run_study(study, given.out, jobs=given.jobs, report=partial(print, flush=True))
    print(alarms.to_string(index=False, float_format="%.3g"))
    plot_regimes(pd.read_csv(given.out / TABLE)).savefig(given.out / "figure.png", dpi=160)


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--out", type=Path, default=Path("hard_regimes"), help="folder of the study, taken up if it is there")
    add("--jobs", type=int, default=2, help="replicates done at a time; -1 for all processors")
    add("--report", action="store_true", help="write tables and figure of the replicates there are, and run none")
    add("--regimes", nargs="+", choices=[regime.name for regime in REGIMES], help="all by default")
    add("--replicates", type=int, help="surveys of each regime; 10 to 40 by default")
    add("--seed", type=int, default=SEED)
    return parser.parse_args()


if __name__ == "__main__":
    main()
