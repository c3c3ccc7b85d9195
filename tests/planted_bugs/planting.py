"""Plant a bug in a copy of the working tree, and see which test fails there."""

import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from mutations.mutation import Mutation
from symbols import Module, read_package

ROOT = Path(__file__).parents[2]
COPIED = ("bayes_lca", "models", "tests", "examples", "pyproject.toml", "README.md", "LICENSE")
LIMIT = 600
"""Seconds that the tests of one bug may take."""

IMPORTED_ONCE = (
    *("numpy", "scipy.stats", "pandas", "xarray", "narwhals", "polars", "formulae", "joblib", "matplotlib.figure"),
    *("pymc", "nutpie", "arviz_stats", "arviz_plots", "h5netcdf", "pytest"),
)
"""Packages that take seconds to import."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Outcome:
    """What became of the tests of one bug.

    Attributes
    ----------
    name : str
        Of the bug.
    caught : bool
        Whether a test failed while it ran. A file that cannot be imported or a test that cannot be set up is no catch.
    test : str
        The first test that failed, else what happened instead.
    message : str
        First line of the failure.
    seconds : float
    """

    name: str
    caught: bool
    test: str
    message: str
    seconds: float


def copy_tree(folder: Path) -> Path:
    """Copy what tests need; the models stand inside the package, where an installed package has them."""
    root = folder / "tree"
    root.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name)
        else:
            shutil.copy2(source, root / name)
    (root / "bayes_lca" / "models").symlink_to(root / "models", target_is_directory=True)
    return root


def plant(mutation: Mutation, root: Path) -> Module:
    """Put the bug into the copy, and take away what was compiled from the file before; the module as it was."""
    module, source = mutation.planted(read_package(root))
    path = root / module.file
    path.write_text(source, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()
    return module


def run_planted(mutation: Mutation, tests: Sequence[str] | None = None) -> Outcome:
    """Run the tests of a bug, or others, on a copy that has it."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planted_bug_") as folder:
        root = copy_tree(Path(folder))
        try:
            module = plant(mutation, root)
        except ValueError as error:
            return Outcome(mutation.name, False, f"NOT CAUGHT: {error}", "", time.monotonic() - started)
        planted = ["--module-and-file", module.name, module.file]
        record, last_line = _run_tests(root, ["--exitfirst", *planted, *(tests or mutation.tests)])
    seconds = time.monotonic() - started
    if record is None or not record["imported"]:
        return Outcome(mutation.name, False, f"NOT CAUGHT: no test ran, {last_line}", "", seconds)
    if record["failed"] is None:
        return Outcome(mutation.name, False, f"NOT CAUGHT: {record['passed']} tests passed", "", seconds)
    if record["when"] != "call":
        return Outcome(mutation.name, False, f"NOT CAUGHT: {record['when']} of {record['failed']}", last_line, seconds)
    return Outcome(mutation.name, True, record["failed"], record["message"], seconds)


def run_without_bug(tests: Sequence[str]) -> Outcome:
    """Run tests on a copy as it is: they have to pass, or their failures say nothing."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planted_bug_") as folder:
        record, last_line = _run_tests(copy_tree(Path(folder)), sorted(set(tests)), limit=None)
    seconds = time.monotonic() - started
    if record is None or not record["imported"] or record["failed"]:
        failed = last_line if record is None or not record["failed"] else f"{record['failed']}: {record['message']}"
        return Outcome("no bug", False, failed, "", seconds)
    return Outcome("no bug", True, f"{record['passed']} tests passed", "", seconds)


def _run_tests(root: Path, arguments: Sequence[str], limit: int | None = LIMIT) -> tuple[dict | None, str]:
    """What the plugin wrote down, None if it did not get so far, and the last line that pytest printed.

    Processes are forked from one that has imported the other packages and nothing of this one.
    """
    outcome, printed = root.parent / "outcome.json", root.parent / "printed.txt"
    command = ["-q", "-p", "no:cacheprovider", "-p", "first_failure", "--rootdir", str(root)]
    command += ["--copy-of-tree", str(root), "--outcome", str(outcome), *arguments]
    process = multiprocessing.get_context("forkserver").Process(target=_test, args=(root, command, printed))
    process.start()
    process.join(limit)
    if process.is_alive():
        process.kill()
        process.join()
        return None, f"stopped after {limit} seconds"
    lines = printed.read_text(encoding="utf-8", errors="replace").strip().splitlines() if printed.exists() else []
    record = json.loads(outcome.read_text(encoding="utf-8")) if outcome.exists() else None
    return record, lines[-1] if lines else f"the process ended with {process.exitcode}"


def _test(root: Path, command: Sequence[str], printed: Path) -> None:
    """What a process does: pytest in the copy, which stands before the installed package."""
    os.chdir(root)
    sys.path.insert(0, str(root))
    os.environ["PYTHONPATH"] = str(root)
    file = os.open(printed, os.O_WRONLY | os.O_CREAT)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.exit(pytest.main(list(command)))


def prepare() -> None:
    """Import what all copies need and no copy changes, once, before the first process is started."""
    os.environ.update(ONE_THREAD)
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(IMPORTED_ONCE))
