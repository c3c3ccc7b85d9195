"""Ctrl-C and killed runs: nothing goes on in the background, nothing half done is taken for whole."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.models import LatentClass
from bayes_lca.sampling import roads
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.settings import Sampling
from bayes_lca.whole_file import write_text_whole

EXAMPLE = Path(__file__).parents[1] / "examples" / "medical_groups.py"
PATIENCE = 60
"""Seconds until a run that should have ended counts as stuck; it takes a few on an idle machine."""

FIT = """
import bayes_lca as bl
from bayes_lca.models import LatentClass
from bayes_lca.sampling import roads
begin = roads.start_sampling
def sample(*args, **options):
    running = begin(*args, **options)
    print("started", flush=True)
    return running
roads.start_sampling = sample
survey = bl.simulate_cohort(n=200, seed=5)[0]
bl.fit(LatentClass(2, bl.Items(bl.cohort_items())), survey, draws=1_000_000, tune=100, chains=2, cores=2)
"""
BOOTSTRAP = """
import bayes_lca as bl
survey = bl.simulate_cohort(n=400, seed=5)[0]
print("started", flush=True)
bl.count_classes(bl.Items(bl.cohort_items()), survey, [2], blrt_draws=100_000, jobs=2)
"""
POSTERIORS = """
import bayes_lca as bl
survey = bl.simulate_cohort(n=400, seed=5)[0]
print("started", flush=True)
bl.count_classes(bl.Items(bl.cohort_items()), survey, [2, 3], bayes=True, draws=200_000)
"""
STUDY = """
from pathlib import Path
import sys
from bayes_lca.calibration.kit.running import run_study

class Task:
    def __init__(self, number):
        self.file_name = f"{number}.json"

class Study:
    tasks = [Task(number) for number in range(100)]
    settings = {"tasks": 100}
    def run_one(self, task):
        import time
        time.sleep(2 if task.file_name == "0.json" else 1000)
        return {"rows": []}
    def write_tables(self, out):
        return None

def say(line):
    if line.startswith("1 of"):
        print("started", flush=True)

if __name__ == "__main__":
    run_study(Study(), Path(sys.argv[1]), jobs=2, report=say)
"""


@pytest.fixture(autouse=True)
def ctrl_c_is_heard():
    """A process that was started in the background ignores Ctrl-C, and so do those that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def processes_of(session):
    """Processes of a session that are not zombies, by number."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def interrupt(code, *arguments, whole_group=True, wait=2.0):
    """Run code until it says that it started, press Ctrl-C, and return exit status, errors, seconds, what is left."""
    run = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    try:
        assert run.stdout.readline().strip() == "started", run.stderr.read()
        time.sleep(wait)
        assert run.poll() is None
        pressed = time.monotonic()
        (os.killpg if whole_group else os.kill)(run.pid, signal.SIGINT)
        errors = run.communicate(timeout=PATIENCE)[1]
        seconds = time.monotonic() - pressed
        until = time.monotonic() + 10
        while processes_of(run.pid) and time.monotonic() < until:
            time.sleep(0.1)
        return run.returncode, errors, seconds, processes_of(run.pid)
    finally:
        for process in processes_of(run.pid):
            os.kill(process, signal.SIGKILL)
        run.wait()
        run.stdout.close()
        run.stderr.close()


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")


@needs_proc
def test_ctrl_c_ends_a_fit():
    status, errors, _, left = interrupt(FIT)
    assert status == -signal.SIGINT
    assert left == []
    assert errors.strip().splitlines()[-1] == (
        "KeyboardInterrupt: sampling was stopped before it was finished; there are no draws"
    )
    assert "nutpie" not in errors
    assert errors.count("Traceback") == 1


@pytest.mark.slow
@needs_proc
@pytest.mark.parametrize("whole_group", [True, False], ids=["terminal", "this process alone"])
@pytest.mark.parametrize("code", [BOOTSTRAP, POSTERIORS, STUDY], ids=["bootstrap", "posteriors", "study"])
def test_ctrl_c_ends_work_in_other_processes(code, whole_group, tmp_path):
    status, errors, _, left = interrupt(code, str(tmp_path / "out"), whole_group=whole_group)
    assert status in (-signal.SIGINT, 1)
    assert left == []
    assert errors.strip().splitlines()[-1].startswith("KeyboardInterrupt")


def test_an_interrupted_fit_returns_nothing_and_nothing_goes_on(monkeypatch):
    """nutpie alone would return what there is: chains of unequal length, filled up with not-a-number.

    The interruption comes when sampling is under way; were it lost, sampling would end by itself and the test fail.
    """
    prepared = LatentClass(2, bl.Items(bl.cohort_items())).prepare(bl.simulate_cohort(n=150, seed=9)[0])
    sampler = Sampler(prepared)
    timer, sample = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]), roads.start_sampling

    def started(*model, **options):
        timer.start()
        return sample(*model, **options)

    monkeypatch.setattr(roads, "start_sampling", started)
    try:
        with pytest.raises(KeyboardInterrupt, match="stopped before it was finished"):
            sampler.sample(prepared, Sampling(draws=100_000, tune=100, chains=2, cores=2, progressbar=False))
    finally:
        timer.cancel()
        timer.join()
    monkeypatch.undo()
    until = time.monotonic() + 20
    while (worked := work_in_half_a_second()) > 0.1 and time.monotonic() < until:
        pass
    assert worked <= 0.1
    whole = sampler.sample(prepared, Sampling(draws=20, tune=20, chains=2, progressbar=False))
    assert not np.isnan(whole["posterior"]["class_share"]).any()
    assert whole["posterior"].sizes["draw"] == 20


def work_in_half_a_second():
    """Seconds of processor time that all threads of this process take together, while this one waits."""
    before = time.process_time()
    time.sleep(0.5)
    return time.process_time() - before


def study(out, *, stop_at=None):
    """Run the study of the example with few draws; kill it, if asked, once a file is there."""
    command = [sys.executable, str(EXAMPLE), "--draws", "100", "--most-classes", "2", "--by", "none", "--classes", "2"]
    command += ["--covariates", "participation", "--reference", "--data", str(out.parent / "data.csv")]
    with open(out.parent / f"{out.name}.log", "a", encoding="utf-8") as log:
        run = subprocess.Popen([*command, "--out", str(out)], stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + 900
        while run.poll() is None and time.monotonic() < until and not (stop_at and (out / stop_at).exists()):
            time.sleep(0.02)
        stopped = run.poll() is None
        if stopped:
            os.killpg(run.pid, signal.SIGKILL)
        status = run.wait()
        return None if stopped else status


def told(path):
    """A table but for when its fit was sampled."""
    table = pd.read_csv(path)
    return table[table[table.columns[0]] != "sampled"]


@pytest.mark.slow
def test_a_killed_study_continues_where_it_was(tmp_path):
    """Draws are the same to the bit, tables to rounding; fits made before the kill are not made again."""
    bl.simulate_cohort(n=300, seed=5)[0].to_csv(tmp_path / "data.csv", index=False)
    assert study(tmp_path / "whole") == 0
    killed = tmp_path / "killed"
    assert study(killed, stop_at="class_profiles.csv") is None
    fits = {path: path.stat().st_mtime_ns for path in (killed / "fits").rglob("*.nc")}
    assert fits
    (killed / "fits" / ".classes.nc.1.unfinished").write_bytes(b"half a fit of a killed run")
    assert study(killed) == 0
    assert {path: path.stat().st_mtime_ns for path in fits} == fits
    files = {path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*") if path.is_file()}
    again = {path.relative_to(killed) for path in killed.rglob("*") if path.is_file()}
    assert {path for path in again if not path.name.endswith(".unfinished")} == files
    for name in sorted(files):
        if name.suffix == ".nc":
            one, other = bl.load(tmp_path / "whole" / name), bl.load(killed / name)
            for variable, values in one["posterior"].data_vars.items():
                np.testing.assert_array_equal(values, other["posterior"][variable], err_msg=f"{name} {variable}")
        elif name.suffix == ".csv":
            pd.testing.assert_frame_equal(
                told(killed / name), told(tmp_path / "whole" / name), rtol=1e-12, obj=str(name)
            )
        elif name.suffix == ".txt":
            assert (killed / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_an_interrupted_fit_is_not_kept(tmp_path):
    """What a killed save has left has another name, is not read, and the same call fits anew."""
    survey, called = pd.DataFrame({"a": list("xyxy"), "b": list("xyyx")}), []
    (tmp_path / ".fit.nc.1.unfinished").write_bytes(b"half a fit")

    def sample(model, frame):
        called.append(len(frame))
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            bl.fit_or_load(tmp_path / "fit.nc", LatentClass(1, bl.Items(["a", "b"])), survey, sample=sample)
    assert called == [4, 4]
    assert not (tmp_path / "fit.nc").exists()


def test_what_a_killed_save_left_an_hour_ago_is_removed(tmp_path):
    old, recent, other = (
        tmp_path / name for name in (".a.nc.12-34.unfinished", ".b.nc.5-6.unfinished", ".c.unfinished")
    )
    for path in (old, recent, other):
        path.write_bytes(b"half a fit")
    for path in (old, other):
        os.utime(path, (time.time() - 3700,) * 2)
    write_text_whole(tmp_path / "table.csv", "a,b")
    assert {path.name for path in tmp_path.iterdir()} == {recent.name, other.name, "table.csv"}
