"""CPU time and peak memory of whole default fits as rows grow from 2200 to 2.2 million, from a table to tables.

    python tests/benchmarks/growth_of_fits.py

The cohort is simulated at each size, so that distinct rows grow as they do in a survey, and 2200 respondents repeated
a thousand times, so that they do not. Three latent classes, and their regression on two categorical covariates and
groups, read the rows from a table of DuckDB; the regression on a number, whose rows are nearly all distinct, reads a
frame. Each fit is a process of its own: 4 chains of 1000 draws, profiles and sizes of classes, odds ratios. Seconds
after counting leave out the reading of rows alone; gradients are those of all draws and tuning.

Exits with 1 if a fit takes more memory than `MOST_MEMORY`, or, where the distinct rows are the same, more time than
`MOST_GROWTH`.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from unittest import mock

FORMULAS = {
    "classes": "",
    "categorical regression": "~ tier + gender + (1 | group)",
    "regression on a number": "~ age + participation + tier + (1 | group)",
}
NUMBER = "regression on a number"
ROWS = {model: (2200, 220_000) if model == NUMBER else (2200, 22_000, 220_000, 2_200_000) for model in FORMULAS}
MOST_MEMORY = {"classes": 1.5, "categorical regression": 1.5, NUMBER: 2.0}
"""GB of the whole process."""
MOST_GROWTH = {"classes": 1.15, "categorical regression": 2.0}
"""Seconds after counting at 2.2 million rows with the distinct rows of 2200, by those of 2200."""
REPEATED = 1000


def write_table(rows: int, repeats: int, folder: Path) -> None:
    """A simulated cohort, so many times over, as a table of DuckDB."""
    import duckdb

    import bayes_lca as bl

    cohort, _ = bl.simulate_cohort(rows)
    columns = [*bl.cohort_items(), "age", "participation", "tier", "gender", "group"]
    with duckdb.connect(folder / f"{rows}_{repeats}.duckdb") as database:
        database.register("once", cohort[columns])
        database.execute(f"CREATE TABLE survey AS SELECT once.* FROM once, range({repeats})")


def measure(name: str, rows: int, repeats: int, folder: Path) -> dict[str, float]:
    """CPU seconds, gigabytes and what was drawn, of one fit and its tables."""
    import duckdb

    import bayes_lca as bl
    from bayes_lca.sampling import ready

    warnings.simplefilter("ignore")
    counting, count_sampled = 0.0, ready.count_sampled

    def timed(*arguments, **options):
        nonlocal counting
        began = time.process_time()
        counted = count_sampled(*arguments, **options)
        counting += time.process_time() - began
        return counted

    formula = FORMULAS[name]
    model = bl.LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression(formula) if formula else bl.Shares())
    table = duckdb.connect(folder / f"{rows}_{repeats}.duckdb", read_only=True).table("survey")
    if name == NUMBER:
        table = table.df()
    with mock.patch.object(ready, "count_sampled", timed):
        draws = bl.fit(model, table, seed=1, progressbar=False)
    shown = (bl.class_profiles, bl.class_sizes, bl.odds_ratios) if formula else (bl.class_profiles, bl.class_sizes)
    for tables_of in shown:
        tables_of(draws)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    convergence = bl.convergence(draws)
    return {
        "cpu": usage.ru_utime + usage.ru_stime,
        "after_counting": usage.ru_utime + usage.ru_stime - counting,
        "peak": usage.ru_maxrss / 2**20,
        "distinct": draws["patterns"].sizes["pattern"],
        "gradients": int(draws["sample_stats"]["n_steps"].sum()),
        "ess": float(convergence[["ess_bulk", "ess_tail"]].min(axis=None)),
        "r_hat": float(convergence["r_hat"].max()),
        "road": draws.attrs["backend"],
    }


def in_a_process(name: str, rows: int, repeats: int, folder: Path) -> dict[str, float]:
    """What a fit took, as a line and in numbers."""
    size = (str(rows), str(repeats), str(folder))
    if not (folder / f"{rows}_{repeats}.duckdb").exists():  # in a process of its own, whose memory no fit inherits
        subprocess.run([sys.executable, __file__, "--write", *size], check=True)
    command = [sys.executable, __file__, "--measure", name, *size]
    took = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    shown = f"{rows:,}" if repeats == 1 else f"{rows:,} x {repeats}"
    print(
        f"{name:24} {shown:>12} {took['distinct']:9,} {took['cpu']:8.1f} {took['after_counting']:8.1f} "
        f"{took['peak']:6.2f} {took['gradients']:9,} {took['ess']:6.0f} {took['r_hat']:7.4f}  {took['road']}",
        flush=True,
    )
    return took


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=FORMULAS, action="append", help="this alone; may be repeated")
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        rows, repeats, folder = given.write
        write_table(int(rows), int(repeats), Path(folder))
        return 0
    if given.measure:
        name, rows, repeats, folder = given.measure
        print(json.dumps(measure(name, int(rows), int(repeats), Path(folder))))
        return 0
    heading = ("model", "rows", "distinct", "CPU s", "after", "GB", "gradients", "ESS", "R-hat")
    print("{:24} {:>12} {:>9} {:>8} {:>8} {:>6} {:>9} {:>6} {:>7}  road".format(*heading))
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        for name in given.model or FORMULAS:
            took = {rows: in_a_process(name, rows, 1, Path(folder)) for rows in ROWS[name]}
            peaks = [one["peak"] for one in took.values()]
            if name in MOST_GROWTH:
                repeated = in_a_process(name, 2200, REPEATED, Path(folder))
                peaks.append(repeated["peak"])
                growth = repeated["after_counting"] / took[2200]["after_counting"]
                print(f"{name}: after counting, {growth:.2f} times for {REPEATED} times the rows, the same distinct")
                failed += [f"{name}: growth"] * (growth > MOST_GROWTH[name])
            failed += [f"{name}: memory"] * (max(peaks) > MOST_MEMORY[name])
    print(f"failed: {', '.join(failed)}" if failed else "passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
