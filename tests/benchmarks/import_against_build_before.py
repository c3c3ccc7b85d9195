"""CPU time until the package can be used, beside that of an earlier build.

    python tests/benchmarks/import_against_build_before.py
    python tests/benchmarks/import_against_build_before.py --before v0.3.0

`--before` is a revision of this repository. Both builds are laid out side by side, so that they are imported in the
same way, with the packages of the Python that runs this. Each step is a process of its own, and its CPU time that of
the whole process, user and system, less that of a process that does nothing. A first process of each compiles and reads
files and is not counted; then the builds take turns, and medians are compared.

Exits with 1 if a ratio is larger than what passes.
"""

import argparse
import io
import os
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
BEFORE = "76f6e69c095cfb5e8a15a93aaf90984eaf10bf39"
"""The last build that imported everything at once."""

NOTHING = "pass"
STEPS = {
    "import bayes_lca": 0.35,
    "import bayes_lca as bl; bl.fit": 0.35,
    "import bayes_lca as bl; bl.load_example": 0.25,
    "import bayes_lca as bl; bl.odds_ratios(bl.load_example())": 0.5,
}
"""What is run, and the largest ratio of CPU times that passes."""


def lay_out_revision(revision: str, folder: Path) -> None:
    """The package of a revision, models where the installed package has them."""
    packed = subprocess.run(
        ["git", "-C", ROOT, "archive", revision, "bayes_lca", "models"], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    shutil.move(folder / "models", folder / "bayes_lca" / "models")


def lay_out_checkout(folder: Path) -> None:
    """The package as it is in the working tree, in the same way."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "bayes_lca", folder / "bayes_lca", ignore=ignored)
    shutil.copytree(ROOT / "models", folder / "bayes_lca" / "models", ignore=ignored)


def cpu_seconds(code: str, build: Path) -> float:
    """User and system seconds of a process that runs some code with a build."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=build, env=os.environ | {"PYTHONPATH": str(build)})
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime


def compare(builds: dict[str, Path], repeats: int) -> int:
    """Time every step with both builds in turns, print ratios, and return the exit status."""
    status = 0
    for code, most in STEPS.items():
        seconds = {build: [] for build in builds}
        for turn in range(repeats + 1):
            for build, folder in builds.items():
                spent = cpu_seconds(code, folder), cpu_seconds(NOTHING, folder)
                if turn:  # the first of each compiles
                    seconds[build].append(spent)
        here, before = (
            max(median(whole for whole, _ in seconds[build]) - median(nothing for _, nothing in seconds[build]), 0.0)
            for build in ("here", "before")
        )
        passed = here <= most * before
        status |= not passed
        print(
            f"{code:60}{here:5.2f} s, before {before:5.2f} s, ratio {here / before:.3f}; at most {most}: "
            f"{'passed' if passed else 'failed'}",
            flush=True,
        )
    return int(status)


def main() -> int:
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", metavar="REVISION", default=BEFORE, help="revision of the earlier build")
    parser.add_argument("--repeats", type=int, default=5, help="processes of each build that are timed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        builds = {build: Path(folder, build) for build in ("here", "before")}
        lay_out_checkout(builds["here"])
        lay_out_revision(given.before, builds["before"])
        return compare(builds, given.repeats)


if __name__ == "__main__":
    sys.exit(main())
