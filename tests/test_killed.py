"""Every workflow that goes on where it was, killed twenty times: its results are those of a run that nobody disturbed.

    .venv/bin/python -m pytest --runslow tests/test_killed.py -s

takes half an hour of two processors. Moments of kills are drawn with a fixed seed over the time of a whole run, that of
its imports included; a run that ends before its moment is compared, and the next begins in an empty folder.
"""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl

EXAMPLES = Path(__file__).parents[1] / "examples"
KILLS, MOST_LEFT = 20, 4
"""Kills of each workflow, and unfinished files that one of them may leave: one of each of its processes."""
TIMES = {"seconds", "cpu_seconds", "minutes", "sampled", "sampling_time", "created_at"}
"""Columns, entries and rows that say when something was done or how long it took."""

FITS = """
import sys, bayes_lca as bl
frame = bl.simulate_cohort(n=150, seed=5)[0]
for k in (1, 2, 3):
    model = bl.LatentClass(k, bl.Items(bl.cohort_items()))
    bl.fit_or_load(f"{sys.argv[1]}/{k}.nc", model, frame, draws=200, tune=200, until=None, progressbar=False)
"""
NESTED = """
import sys, bayes_lca as bl
frame = bl.simulate_cohort(n=150, seed=5)[0]
model = bl.LatentClass(2, bl.Items(bl.cohort_items()), bl.Regression("~ participation + (1 | group)"))
few = {"draws": 60, "tune": 100, "progressbar": False}
"""
GROUPS = """
predicted = bl.leave_one_group_out(model, frame, out=sys.argv[1], chains=2, **few)
predicted.elpd.write(sys.argv[1] + "/elpd.csv")
"""
ESTIMATORS = """
fits = bl.fit_estimators(model, frame, out=sys.argv[1], measurement_draws=20, until=None, **few)
bl.compare_estimators(fits=fits).write(sys.argv[1] + "/odds_ratios.csv")
"""


def example(name, *arguments):
    return (str(EXAMPLES / f"{name}.py"), *arguments, "--out")


STUDIED = ("--covariates", "participation", "--reference", "--draws", "100", "--data", "data.csv", "--classes", "2")
STUDIED += ("--categories", *bl.load_cohort()[bl.cohort_items()[0]].cat.categories.astype(str))
ASKED = ("data.csv", "--items", *bl.cohort_items(), "--classes", "1-2", "--draws", "100", "--group", "group")
WORKFLOWS = {
    "fit_or_load": ("-c", FITS),
    "leave_one_group_out": ("-c", NESTED + GROUPS),
    "fit_estimators": ("-c", NESTED + ESTIMATORS),
    "simulation study": example(
        "simulation_study", "--designs", "observed, null", "--replicates", "1", "--draws", "50", "--tune", "50"
    ),
    "selection study": example(
        "selection_study", "--replicates", "2", "--draws", "0", "--bootstrap-draws", "0", "--starts", "3"
    ),
    "calibration study": example(
        "calibration_study", "--models", "latent classes", "--replicates", "6", "--draws", "100", "--tune", "100"
    ),
    "common-method study": example("common_method_study", "--data-sets", "1"),
    "false alarms": example("false_alarms", "--classes", "2", "--joint", "0"),
    "study": example("medical_groups", *STUDIED, "--most-classes", "2", "--by", "none"),
    "bayes-lca": ("-m", "bayes_lca.command_line.main", *ASKED, "--out"),
}
IN_ONE_FILE = {"false alarms": "false_alarms.jsonl"}


@dataclass(frozen=True)
class Disturbed:
    """A workflow that is run in a folder beside its data."""

    name: str
    folder: Path

    def start(self, out):
        (self.folder / out).mkdir(exist_ok=True)
        words = [sys.executable, "-W", "ignore", *WORKFLOWS[self.name], f"{out}/{IN_ONE_FILE.get(self.name, '')}"]
        with open(self.folder / f"{out}.txt", "w", encoding="utf-8") as said:
            return subprocess.Popen(
                words,
                stdout=said,
                stderr=said,
                cwd=self.folder,
                start_new_session=True,
                env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )

    def run(self, out):
        """To its end; the seconds it took."""
        began = time.monotonic()
        status = self.start(out).wait()
        assert status == 0, (self.folder / f"{out}.txt").read_text(encoding="utf-8")[-3000:]
        return time.monotonic() - began

    def kill(self, out, moment):
        """Whether it was killed, with all its processes, after some seconds; if not, it had ended well."""
        process = self.start(out)
        try:
            status = process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
        assert status == 0, (self.folder / f"{out}.txt").read_text(encoding="utf-8")[-3000:]
        return False

    def results(self, out):
        """What each file says, and that each is whole."""
        files = sorted(path for path in (self.folder / out).rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder / out)): told(path) for path in files if not is_unfinished(path)}

    def unfinished(self, out):
        return [path.name for path in (self.folder / out).rglob("*") if is_unfinished(path)]


def is_unfinished(path):
    return path.name.endswith(".unfinished")


def told(path):
    """What a file says without when and how fast it was made, as text that differs where that does."""
    content = path.read_bytes()
    match path.suffix:
        case ".nc":
            tree = bl.load(path)
            groups = {node.path: node.to_dataset(inherit=False) for node in tree.subtree}
            attributes = {name: value for name, value in tree.attrs.items() if name not in TIMES}
            return repr((attributes, {name: values_of(dataset) for name, dataset in groups.items()}))
        case ".csv" | ".gz":
            text = gzip.decompress(content) if path.suffix == ".gz" else content
            table = pd.read_csv(BytesIO(text), dtype=str, keep_default_na=False)
            kept = table[~table.iloc[:, 0].isin(TIMES)]
            return kept.drop(columns=[name for name in kept if name in TIMES]).to_csv()
        case ".json" | ".jsonl":
            return repr([without_times(json.loads(line)) for line in lines_of(path)])
        case ".docx" | ".xlsx":
            assert zipfile.ZipFile(path).testzip() is None
            return ""
        case ".html":
            assert content.rstrip().endswith(b"</html>")
            return ""
    return content


def lines_of(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return [text]
    return text.split("\n")[:-1]  # a line without an end is not read by what goes on with it either


def values_of(dataset):
    return {
        str(name): (values.dims, values.dtype.str, values.to_numpy().tolist())
        for name, values in sorted(dataset.variables.items(), key=lambda entry: str(entry[0]))
        if name not in TIMES
    }


def without_times(entry):
    if isinstance(entry, dict):
        return {name: without_times(value) for name, value in entry.items() if name not in TIMES}
    return [without_times(value) for value in entry] if isinstance(entry, list) else entry


@pytest.fixture
def disturbed(request, tmp_path):
    bl.simulate_cohort(n=250, seed=5)[0].to_csv(tmp_path / "data.csv", index=False)
    return Disturbed(request.param, tmp_path)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []


@pytest.mark.slow
@pytest.mark.parametrize("disturbed", WORKFLOWS, indirect=True)
def test_killed_twenty_times_it_ends_as_if_nobody_had_disturbed_it(disturbed):
    """After each kill every file is whole, and those that were being written do not add up."""
    seconds = disturbed.run("whole")
    expected = disturbed.results("whole")
    rng, kills, ended = np.random.default_rng(sum(disturbed.name.encode())), 0, 0
    while kills < KILLS:
        if disturbed.kill("killed", rng.uniform(0, seconds)):
            kills += 1
            disturbed.results("killed")
            assert len(disturbed.unfinished("killed")) <= 2 * MOST_LEFT
        else:
            ended += 1
            assert_same(disturbed.results("killed"), expected)
            shutil.rmtree(disturbed.folder / "killed")
    disturbed.run("killed")
    assert_same(disturbed.results("killed"), expected)
    assert len(disturbed.unfinished("killed")) <= MOST_LEFT
    print(f"\n{disturbed.name}: {seconds:.0f} s undisturbed, {kills} kills, {ended} ended before their moment")


@pytest.mark.slow
@pytest.mark.parametrize("disturbed", WORKFLOWS, indirect=True)
def test_two_at_once_in_one_folder_end_as_one_alone(disturbed):
    disturbed.run("whole")
    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(lambda _: disturbed.start("both").wait() == 0, range(2)))
    assert_same(disturbed.results("both"), disturbed.results("whole"))
    assert disturbed.unfinished("both") == []
