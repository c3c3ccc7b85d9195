"""A study: any order, any workers, any interruption, the same table; and no mixing of settings."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from bayes_lca.calibration.intervals import study
from bayes_lca.calibration.intervals.designs import LATENT_NULL, OBSERVED_EFFECT, OBSERVED_NULL, SimulationDesign
from bayes_lca.calibration.intervals.study import Study
from bayes_lca.calibration.kit import records, running
from bayes_lca.calibration.kit.running import run_study

TINY = Study((replace(OBSERVED_NULL, replicates=4, group_sds=(0.0, 0.5), predictors=("score",)),))
COMMAND = [sys.executable, str(Path(__file__).parents[2] / "examples" / "simulation_study.py")]


def cheap_replicate(design: SimulationDesign, group_sd, replicate, *, seed, backend):
    """Numbers that depend on the task, in the shape of a replicate, after a little while."""
    time.sleep(0.05)
    cell = {"design": design.name, "group_sd": group_sd, "replicate": replicate}
    cell |= {"estimator": "multilevel", "predictor": "score"}
    estimate = (replicate - 1.5) / 10 + group_sd / 3 + seed / 1e10
    interval = {"estimate": estimate, "sd": 0.1, "lower": estimate - 0.2, "upper": estimate + 0.2}
    row = cell | {"contrast": "C2 vs C1", "term": "score", "truth": 0.0} | interval
    fit = cell | {"divergences": replicate, "max_r_hat": 1.0, "min_ess": 500.0, "warned": False, "seconds": 0.05}
    return {"coefficients": [row], "fits": [fit]}


@pytest.fixture
def cheap(monkeypatch):
    monkeypatch.setattr(study, "run_replicate", cheap_replicate)
    monkeypatch.setattr(study, "compile_all", lambda designs, backend: None)


def tables(out):
    return [(out / name).read_bytes() for name in (records.TABLE, records.COEFFICIENTS)]


def test_replicates_take_turns_over_standard_deviations():
    tasks = Study().tasks
    assert [task.group_sd for task in tasks[:7]] == [0.0, 0.1, 0.2, 0.35, 0.5, 0.8, 0.0]
    assert [task.design.name for task in tasks[::1500]] == [OBSERVED_NULL.name] * 2 + [LATENT_NULL.name] + [
        OBSERVED_EFFECT.name
    ] * 2
    assert len({task.file_name for task in tasks}) == len(tasks) == 3000 + 1500 + 3000


@pytest.mark.parametrize("workers", [{"jobs": 1}, {"jobs": 3, "backend": "threading"}])
def test_workers_do_not_change_the_table(cheap, tmp_path, workers):
    whole = run_study(TINY, tmp_path / "whole")
    assert whole["replicates"].tolist() == [4, 4]
    assert whole["fits_with_divergences"].tolist() == [3, 3]
    run_study(TINY, tmp_path / "other", **workers)
    assert tables(tmp_path / "whole") == tables(tmp_path / "other")


def test_dask_workers_do_not_change_the_table(cheap, tmp_path):
    distributed = pytest.importorskip("distributed")
    run_study(TINY, tmp_path / "whole")
    with distributed.LocalCluster(2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        run_study(TINY, tmp_path / "dask", jobs=-1, backend="dask", scheduler=cluster.scheduler_address)
    assert tables(tmp_path / "whole") == tables(tmp_path / "dask")


def test_scheduler_without_dask_is_refused(cheap, tmp_path):
    with pytest.raises(ValueError, match="goes with backend='dask', not with 'loky'"):
        run_study(TINY, tmp_path, scheduler="tcp://host:8786")


def test_what_is_done_is_not_done_again(cheap, tmp_path, monkeypatch):
    half = replace(TINY, designs=(replace(TINY.designs[0], replicates=2),))
    run_study(half, tmp_path)
    done = []

    def counting(design, group_sd, replicate, **others):
        done.append((group_sd, replicate))
        return cheap_replicate(design, group_sd, replicate, **others)

    monkeypatch.setattr(study, "run_replicate", counting)
    run_study(TINY, tmp_path)
    assert done == [(0.0, 2), (0.5, 2), (0.0, 3), (0.5, 3)]
    run_study(TINY, tmp_path / "whole")
    assert tables(tmp_path) == tables(tmp_path / "whole")


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (replace(TINY, seed=2), "seed is 20251107 there and 2 here"),
        (replace(TINY, backend="jax"), "sampler_backend is 'program' there and 'jax' here"),
        (replace(TINY, designs=(replace(TINY.designs[0], draws=10),)), "draws is 750 there and 10 here"),
        (replace(TINY, designs=(replace(TINY.designs[0], predictors=("tier",)),)), r"\['score'\] there"),
    ],
)
def test_settings_are_not_mixed(cheap, tmp_path, other, named):
    run_study(TINY, tmp_path)
    before = tables(tmp_path)
    with pytest.raises(ValueError, match=f"another study: .*{named}.*give another folder"):
        run_study(other, tmp_path)
    assert tables(tmp_path) == before


def test_versions_are_not_mixed(cheap, tmp_path):
    run_study(TINY, tmp_path)
    path = tmp_path / records.SETTINGS
    settings = json.loads(path.read_text())
    settings["versions"]["pymc"] = "5.0"
    path.write_text(json.dumps(settings))
    with pytest.raises(ValueError, match=r"versions\.pymc is '5\.0' there"):
        run_study(TINY, tmp_path)


def test_half_a_file_is_not_a_replicate(cheap, tmp_path):
    run_study(TINY, tmp_path / "whole")
    run_study(replace(TINY, designs=(replace(TINY.designs[0], replicates=1),)), tmp_path)
    first = TINY.tasks[3].file_name
    (tmp_path / records.REPLICATES / f".{first}.1-1.unfinished").write_text('{"coefficients": [')
    run_study(TINY, tmp_path)
    assert tables(tmp_path) == tables(tmp_path / "whole")


def test_nothing_done_is_said(tmp_path):
    with pytest.raises(ValueError, match="no replicate of this study yet"):
        TINY.write_tables(tmp_path)


def test_progress_is_reported_or_nothing_is_said(cheap, tmp_path, capfd, monkeypatch):
    """On a clock that a replicate moves on by a minute, the first, before which models are compiled, by an hour."""
    minutes = [60, 1, 1, 1, 1, 1, 1, 1]
    passed = []

    def minute_by_minute(*arguments, **options):
        passed.append(minutes[len(passed)])
        return cheap_replicate(*arguments, **options)

    monkeypatch.setattr(study, "run_replicate", minute_by_minute)
    monkeypatch.setattr(running, "time", SimpleNamespace(monotonic=lambda: 60.0 * sum(passed)))
    lines = []
    run_study(TINY, tmp_path / "loud", report=lines.append)
    assert lines[0] == "8 replicates, 0 of them done before"
    assert lines[1:4] == [
        "1 of 8 replicates, 1:00:00 gone",
        "2 of 8 replicates, 1:01:00 gone, about 0:06:00 left",
        "3 of 8 replicates, 1:02:00 gone, about 0:05:00 left",
    ]
    assert lines[8:] == ["8 of 8 replicates, 1:07:00 gone, about 0:00:00 left"]
    passed.clear()
    run_study(TINY, tmp_path / "quiet")
    assert "".join(capfd.readouterr()) == ""


def test_a_log_file_gets_a_plain_line_for_each_replicate(tmp_path):
    """Even where the environment asks for colours."""
    command = [sys.executable, "-c", CHEAP_COMMAND.format(folder=str(Path(__file__).parent), report="print")]
    environment = os.environ | {"FORCE_COLOR": "1"}
    ran = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=True, env=environment)
    first, *lines = ran.stdout.splitlines()
    assert first == "8 replicates, 0 of them done before"
    assert [line.partition(" replicates")[0] for line in lines] == [f"{done} of 8" for done in range(1, 9)]
    span = r"\d:\d\d:\d\d"
    assert all(re.fullmatch(rf"\d of 8 replicates, {span} gone(, about {span} left)?", line) for line in lines)
    assert ran.stderr == ""


CHEAP_COMMAND = """
import sys
from pathlib import Path

sys.path.insert(0, {folder!r})
import test_study
from bayes_lca.calibration.intervals import study
from bayes_lca.calibration.kit import running

study.run_replicate, study.compile_all = test_study.cheap_replicate, lambda designs, backend: None
running.run_study(test_study.TINY, Path(sys.argv[1]), jobs=2, backend="threading", report={report})
"""


def start(command, out):
    """A process of its own group, so that its workers can be killed with it."""
    return subprocess.Popen([*command, str(out)], start_new_session=True, stdout=subprocess.DEVNULL)


def kill_after(command, out, n_files, patience):
    """Kill a study, workers and all, when it has so many files; whether it was still running."""
    process = start(command, out)
    deadline = time.monotonic() + patience
    while len(list((out / records.REPLICATES).glob("*.json"))) < n_files and process.poll() is None:
        assert time.monotonic() < deadline, "the study writes no replicates"
        time.sleep(0.005)
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return running


def test_killed_twice_gives_the_table_of_the_uninterrupted_study(cheap, tmp_path):
    run_study(TINY, tmp_path / "whole")
    out = tmp_path / "killed"
    command = [sys.executable, "-c", CHEAP_COMMAND.format(folder=str(Path(__file__).parent), report=None)]
    for n_files in (2, 5):
        assert kill_after(command, out, n_files, patience=60)
        assert n_files <= len(records.finished(out)) < 8
    run_study(TINY, out)
    assert tables(out) == tables(tmp_path / "whole")


@pytest.mark.slow
def test_the_command_killed_twice_gives_the_table_of_dask_workers(tmp_path):
    """With real fits: processes of joblib, killed, against an uninterrupted run on a Dask cluster of two processes."""
    options = [
        "--designs",
        "observed, effect",
        "--replicates",
        "2",
        "--draws",
        "60",
        "--tune",
        "60",
        "--sampler",
        "jax",
    ]
    out = tmp_path / "killed"
    command = [*COMMAND, *options, "--jobs", "2", "--out"]
    for n_files in (2, 6):
        assert kill_after(command, out, n_files, patience=600)
        assert n_files <= len(records.finished(out)) < 12
    assert start(command, out).wait(600) == 0
    assert start([*COMMAND, *options, "--backend", "dask", "--out"], tmp_path / "whole").wait(600) == 0
    assert tables(out) == tables(tmp_path / "whole")
    assert pd.read_csv(out / records.TABLE)["replicates"].eq(2).all()
