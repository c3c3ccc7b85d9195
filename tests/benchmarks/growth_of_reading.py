"""CPU time and peak memory from a table to a prepared model, as rows grow from 2200 to 2.2 million.

    python tests/benchmarks/growth_of_reading.py [--before /path/to/python]

The simulated cohort of 2200 is repeated 1, 10, 100 and 1000 times, and prepared as three latent classes and as their
regression on two categorical covariates and groups: from a pandas frame, from a table of DuckDB, and from a Parquet
file through a lazy frame of polars. Each is measured in a process of its own, on one thread, after the 2200 have been
prepared once, so that imports do not count; the time includes that of the engine, the peak memory everything.

`--before` is a Python that has another build, of a worktree at an earlier revision for example; it is given what it
takes: a build that knows no tables in engines gets all rows as a pandas frame. `--most` is the largest number of
repeats for it.

Exits with 1 if a table in an engine of 2.2 million rows takes 1.5 GB or more, or a frame 1 GB more than it holds.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

REPEATS = (1, 10, 100, 1000)
MODELS, SOURCES = ("classes", "regression"), ("pandas", "DuckDB", "Parquet")
MOST_OF_AN_ENGINE, MOST_OVER_A_FRAME = 1.5, 1.0
"""GB."""
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


def write_tables(repeats: int, folder: Path) -> None:
    """The cohort, so many times over, as a Parquet file and as a table of DuckDB."""
    import duckdb
    import pandas as pd

    import bayes_lca as bl

    cohort = bl.load_cohort()
    columns = [*bl.cohort_items(), "tier", "gender", "group"]
    pd.concat([cohort[columns]] * repeats, ignore_index=True).to_parquet(folder / f"{repeats}.parquet")
    with duckdb.connect(folder / f"{repeats}.duckdb") as database:
        database.execute(f"CREATE TABLE survey AS SELECT * FROM read_parquet('{folder / f'{repeats}.parquet'}')")


def measure(repeats: int, source: str, name: str, folder: Path) -> dict[str, float]:
    """CPU seconds to a prepared model, and gigabytes at the peak, before which the process took `base`."""
    import bayes_lca as bl
    from bayes_lca.data import counted
    from bayes_lca.models import LatentClass

    warnings.simplefilter("ignore")
    items = bl.Items(bl.cohort_items())
    formula = "~ tier + gender + (1 | group)"
    model = LatentClass(3, items) if name == "classes" else LatentClass(3, items, bl.Regression(formula))
    model.prepare(bl.load_cohort())
    counts_tables = hasattr(counted, "_count_in_engine")
    table = open_table(repeats, source, folder)
    base = peak()
    began = time.process_time()
    if source != "pandas" and not counts_tables:
        table = table.df() if source == "DuckDB" else table.collect().to_pandas()
    model.prepare(counted.count_rows(table, None, model.columns).frame)
    return {"seconds": time.process_time() - began, "peak": peak(), "base": base}


def open_table(repeats: int, source: str, folder: Path):
    """The table as an engine has it, or as a frame in memory."""
    path = folder / f"{repeats}.parquet"
    if source == "pandas":
        import pandas as pd

        return pd.read_parquet(path)
    if source == "DuckDB":
        import duckdb

        return duckdb.connect(folder / f"{repeats}.duckdb", read_only=True).table("survey")
    import polars

    return polars.scan_parquet(path)


def peak() -> float:
    """Gigabytes that the process held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def in_a_process(python: str, *arguments) -> dict[str, float]:
    """What a build measures."""
    command = [python, __file__, "--measure", *map(str, arguments)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | ONE_THREAD)
    return json.loads(ran.stdout)


def compare(before: str | None, most: int, folder: Path) -> int:
    """Measure all, print a line of each, and return the exit status."""
    passed = True
    print(
        f"{'rows':>9} {'model':10} {'source':8} {'CPU s':>7} {'peak GB':>8}"
        + ("   before: CPU s, GB, ratio" * bool(before))
    )
    for repeats in REPEATS:
        write_tables(repeats, folder)
        for model in MODELS:
            for source in SOURCES:
                here = in_a_process(sys.executable, repeats, source, model, folder)
                line = f"{2200 * repeats:9} {model:10} {source:8} {here['seconds']:7.2f} {here['peak']:8.2f}"
                if before and repeats <= most:
                    other = in_a_process(before, repeats, source, model, folder)
                    ratio = here["seconds"] / other["seconds"]
                    line += f"   {other['seconds']:7.2f} {other['peak']:7.2f} {ratio:7.3f}"
                over = here["peak"] - here["base"]
                enough = over < MOST_OVER_A_FRAME if source == "pandas" else here["peak"] < MOST_OF_AN_ENGINE
                passed &= enough
                print(line + ("" if enough else "   too much memory"), flush=True)
    print("passed" if passed else "failed")
    return 0 if passed else 1


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="PYTHON", help="a Python that has the other build")
    parser.add_argument("--most", type=int, default=1000, help="repeats of the cohort up to which it is measured")
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        repeats, source, model, folder = given.measure
        print(json.dumps(measure(int(repeats), source, model, Path(folder))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return compare(given.before, given.most, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
