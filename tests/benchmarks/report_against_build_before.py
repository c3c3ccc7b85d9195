"""CPU time of a report beside that of another build of the package.

    python tests/benchmarks/report_against_build_before.py --before /path/to/python

`--before` is a Python that has the other build. Each build fits three classes and their regression to the 2200
simulated respondents, with the same seed and settings, and keeps the fit in a file of its own. Each then writes reports
of its fit in one process; the two take turns, so that both see the same load of the machine. What is compared is the
CPU time of the process, on one thread, by pairs of neighbouring reports. The first report of a process also loads fonts
and compiles; it is told apart. `--fits` names a folder in which fits are kept for the next run, and from which they
are taken if they are there.

Exits with 1 if the median ratio is above 0.6.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

MOST = 0.6
"""Largest ratio of CPU times that passes."""

FORMULA = "~ participation + tier + (1 | group)"
SETTINGS: dict[str, Any] = {"draws": 500, "chains": 4, "seed": 1, "progressbar": False}
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
BUILDS = ("here", "before")


def make_fit(path: Path) -> None:
    """Fit with the build of this process, and keep the fit."""
    import bayes_lca as bl
    from bayes_lca.models import LatentClass

    model = LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression(FORMULA))
    bl.save(bl.fit(model, bl.load_cohort(), **SETTINGS), path)


def write_reports(fit: Path) -> None:
    """Write a report for each line that comes in, and answer with the CPU seconds it took."""
    import bayes_lca as bl

    draws = bl.load(fit)
    sizes = {name: draws["posterior"].sizes[name] for name in ("chain", "draw")}
    about = {"package": bl.__file__, "respondents": int(draws.attrs["n_respondents"]), **sizes}
    print(json.dumps(about), flush=True)
    for _ in sys.stdin:
        began = time.process_time()
        bl.report(draws, fit.with_suffix(".html"))
        print(json.dumps(time.process_time() - began), flush=True)


class Reporter:
    """A process that writes reports with one build, when told to."""

    def __init__(self, python: str, fit: Path):
        self.process: Any = subprocess.Popen(
            [python, __file__, "--write-reports", str(fit)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | ONE_THREAD,
        )
        self.about = self._answer()

    def seconds(self) -> float:
        """CPU seconds of one more report."""
        self.process.stdin.write("report\n")
        self.process.stdin.flush()
        return self._answer()

    def end(self) -> None:
        """Let the process end."""
        self.process.stdin.close()
        self.process.wait()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[0]} stopped with status {self.process.wait()}; see above")
        return json.loads(line)


def compare(pythons: dict[str, str], folder: Path, repeats: int) -> int:
    """Make what fits are lacking, time reports of both in turns, print the ratio, and return the exit status."""
    for build, python in pythons.items():
        if not (fit := folder / f"{build}.nc").exists():
            print(f"fitting with {python}", flush=True)
            subprocess.run([python, __file__, "--make-fit", str(fit)], check=True)
    reporters = {build: Reporter(python, folder / f"{build}.nc") for build, python in pythons.items()}
    for build, reporter in reporters.items():
        print(f"{build:7}", ", ".join(f"{name} {value}" for name, value in reporter.about.items()), flush=True)
    if len({reporter.about["package"] for reporter in reporters.values()}) < len(reporters):
        raise SystemExit("both are the same build; --before takes a Python that has another one")
    seconds = {build: [] for build in reporters}
    for turn in range(repeats + 1):
        for build in BUILDS if turn % 2 else reversed(BUILDS):
            seconds[build].append(reporters[build].seconds())
    for reporter in reporters.values():
        reporter.end()
    first, *ratios = [here / before for here, before in zip(seconds["here"], seconds["before"], strict=True)]
    for build, (first_seconds, *later) in seconds.items():
        spread = f"{min(later):.2f} to {max(later):.2f}"
        print(f"{build:7} {median(later):.2f} CPU s a report ({spread}), first {first_seconds:.2f}")
    ratio = median(ratios)
    print(
        f"here / before: {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}, {len(ratios)} pairs), first {first:.2f}; "
        f"at most {MOST}: {'passed' if ratio <= MOST else 'failed'}"
    )
    return 0 if ratio <= MOST else 1


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--before", metavar="PYTHON", help="a Python that has the other build")
    task.add_argument("--make-fit", type=Path, help=argparse.SUPPRESS)
    task.add_argument("--write-reports", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--fits", type=Path, help="folder in which fits are kept; by default they are thrown away")
    parser.add_argument("--repeats", type=int, default=7, help="pairs of reports that are timed")
    given = parser.parse_args()
    if given.make_fit:
        make_fit(given.make_fit)
        return 0
    if given.write_reports:
        write_reports(given.write_reports)
        return 0
    pythons = {"here": sys.executable, "before": given.before}
    if given.fits:
        given.fits.mkdir(parents=True, exist_ok=True)
        return compare(pythons, given.fits, given.repeats)
    with tempfile.TemporaryDirectory() as folder:
        return compare(pythons, Path(folder), given.repeats)


if __name__ == "__main__":
    sys.exit(main())
