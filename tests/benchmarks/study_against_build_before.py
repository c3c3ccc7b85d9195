"""CPU time of the whole study, and what its tables say, beside those of an earlier build.

    python tests/benchmarks/study_against_build_before.py              about 20 minutes of CPU time
    python tests/benchmarks/study_against_build_before.py --draws 200

`--before` is a revision of this repository, `--arguments` are more of the study's own, such as those of smaller data.
Each build runs its own `examples/medical_groups.py` on the cohort with the same seed, in a process of its own whose CPU
time is that of the whole process, user and system, with empty caches of PyTensor and numba in a folder of its own.
Then all tables of estimates that both have are compared: the difference of two posterior means by its Monte Carlo
standard error, :math:`(s_1^2 / n_1 + s_2^2 / n_2)^{1/2}` of posterior standard deviations s and effective draws n.
Tables without effective draws, such as those of checks, are named and not compared.

Exits with 1 if the ratio of CPU times is larger than `LARGEST`, or a mean is more than `MOST_ERRORS` errors away.
"""

import argparse
import os
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from import_against_build_before import BEFORE, ROOT, lay_out_checkout, lay_out_revision

LARGEST, MOST_ERRORS = 0.30, 4.0
STUDY = "examples/medical_groups.py"
ESTIMATES = ("mean", "log_odds")
"""Columns of posterior means, one of which a table of estimates has."""
OF_ESTIMATES = {"sd", "ess_bulk"}
LEAST_ESS = 50
"""Effective draws from which on a Monte Carlo standard error is one."""


def run_study(script: Path, build: Path, out: Path, options: list[str]) -> float:
    """CPU seconds of a study that writes to a folder."""
    caches = {"PYTENSOR_FLAGS": f"base_compiledir={build / 'pytensor'}", "NUMBA_CACHE_DIR": str(build / "numba")}
    environment = os.environ | caches | {"PYTHONPATH": str(build), "MPLBACKEND": "agg"}
    command = [sys.executable, "-W", "ignore", script, "--out", out, *options]
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    with out.with_suffix(".txt").open("w") as said:
        subprocess.run(command, check=True, cwd=build, env=environment, stdout=said)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime


def read_table(path: Path) -> pd.DataFrame:
    """A table as a study wrote it, its rows named by all columns that hold no numbers."""
    table = pd.read_csv(path).drop(columns="note", errors="ignore")
    names = [name for name, values in table.items() if not pd.api.types.is_numeric_dtype(values)]
    return table.set_index(names) if names else table


def errors_between(here: pd.DataFrame, before: pd.DataFrame) -> pd.Series | None:
    """Differences of posterior means by their Monte Carlo standard error; None where a table has no such means."""
    columns = set(here.columns) & set(before.columns)
    estimate = next((name for name in ESTIMATES if name in columns), None)
    if estimate is None or not columns >= OF_ESTIMATES or not here.index.is_unique:
        return None
    before = before.reindex(here.index)
    drawn = (here["ess_bulk"] >= LEAST_ESS) & (before["ess_bulk"] >= LEAST_ESS)
    error = np.sqrt(sum(table["sd"] ** 2 / table["ess_bulk"] for table in (here, before)))
    return ((here[estimate] - before[estimate]) / error)[drawn & (error > 0)]


def compare_tables(here: Path, before: Path) -> float:
    """Print the largest difference of each table, and return the largest of all."""
    largest, left = 0.0, []
    for path in sorted(here.glob("*.csv")):
        if not (before / path.name).exists():
            left.append(f"{path.stem} (not in the build before)")
            continue
        errors = errors_between(read_table(path), read_table(before / path.name))
        if errors is None or not len(errors):
            left.append(path.stem)
            continue
        worst = errors.abs().idxmax()
        beyond = int((errors.abs() > MOST_ERRORS).sum())
        print(f"{path.stem:40}{len(errors):6} means, largest |z| {errors.abs().max():5.2f} ({worst}), {beyond} beyond")
        largest = max(largest, errors.abs().max())
    print(f"no means and effective draws in both: {', '.join(left)}")
    return largest


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="REVISION", default=BEFORE, help="revision of the earlier build")
    parser.add_argument("--draws", type=int, default=1000, help="draws of each chain")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--arguments", type=shlex.split, default=[], help="more arguments of the study")
    given = parser.parse_args()
    options = ["--draws", str(given.draws), "--seed", str(given.seed), *given.arguments]
    with tempfile.TemporaryDirectory() as folder:
        builds = {build: Path(folder, build) for build in ("here", "before")}
        scripts = {build: Path(folder, f"{build}.py") for build in builds}
        lay_out_checkout(builds["here"])
        lay_out_revision(given.before, builds["before"])
        scripts["here"].write_bytes((ROOT / STUDY).read_bytes())
        show = ["git", "-C", ROOT, "show", f"{given.before}:{STUDY}"]
        scripts["before"].write_bytes(subprocess.run(show, check=True, capture_output=True).stdout)
        seconds = {}
        for build, laid_out in builds.items():
            (out := Path(folder, f"{build}_results")).mkdir()
            seconds[build] = run_study(scripts[build], laid_out, out, options)
            print(f"study, {build}: {seconds[build]:.1f} s", flush=True)
        ratio = seconds["here"] / seconds["before"]
        print(f"ratio {ratio:.3f}; at most {LARGEST}: {'passed' if ratio <= LARGEST else 'failed'}")
        largest = compare_tables(*(Path(folder, f"{build}_results") for build in ("here", "before")))
        print(f"largest |z| {largest:.2f}; at most {MOST_ERRORS}: {'passed' if largest <= MOST_ERRORS else 'failed'}")
        return int(ratio > LARGEST or largest > MOST_ERRORS)


if __name__ == "__main__":
    sys.exit(main())
