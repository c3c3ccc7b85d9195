"""Files are whole or not there: whatever is killed, full, read-only, set back, or written to by two at once."""

import errno
import json
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca import whole_file
from bayes_lca.calibration.kit import records
from bayes_lca.calibration.kit.lines import add_line, read_lines
from bayes_lca.posterior.storage import file_integrity
from bayes_lca.whole_file import MACHINE, check_writable, write_text_whole

FRAME = pd.DataFrame({"a": [0, 1, 1, 0], "b": [1, 1, 0, 0]})
LCA = bl.LatentClass(2, bl.Items(["a", "b"]))
HOUR = 3600


@contextmanager
def no_file_larger_than(size):
    """A disk on which no file can grow further."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def read_only(tmp_path, monkeypatch):
    """A folder in which no file can be made, whoever asks."""
    make = os.open

    def refuse(path, flags, *mode, **options):
        if flags & os.O_CREAT and str(path).startswith(str(tmp_path)):
            raise PermissionError(errno.EROFS, "Read-only file system", str(path))
        return make(path, flags, *mode, **options)

    monkeypatch.setattr("os.open", refuse)
    return tmp_path


def unfinished(name, machine=MACHINE):
    return f".{name}.{machine}-99999999-1.unfinished"


def test_what_a_killed_process_left_here_is_removed_at_once(tmp_path):
    (tmp_path / unfinished("fit.nc")).write_bytes(b"half a fit")
    write_text_whole(tmp_path / "table.csv", "a,b")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_what_another_process_is_writing_stays(tmp_path):
    path = tmp_path / unfinished("fit.nc")
    locked = "import fcntl, sys; file = open(sys.argv[1], 'wb'); fcntl.flock(file, fcntl.LOCK_EX); print(flush=True); "
    writer = subprocess.Popen(
        [sys.executable, "-c", locked + "input()", str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with writer:
        writer.stdout.readline()
        write_text_whole(tmp_path / "table.csv", "a,b")
        assert path.exists()
        writer.kill()
    whole_file._remove_left_behind.cache_clear()
    write_text_whole(tmp_path / "table.csv", "a,b")
    assert not path.exists()


@pytest.mark.parametrize(("hours", "stays"), [(-2, False), (2, False), (0.2, True)])
def test_what_another_machine_left_goes_by_the_hour_before_or_after(tmp_path, hours, stays):
    """The hour after: the clock was set back."""
    path = tmp_path / unfinished("fit.nc", machine="elsewhere")
    path.write_bytes(b"half a fit")
    os.utime(path, (time.time() + hours * HOUR,) * 2)
    write_text_whole(tmp_path / "table.csv", "a,b")
    assert path.exists() is stays


def test_nodes_whose_names_begin_alike_are_several_machines(tmp_path):
    """A file that one node writes to is not locked for another where locks are of a node: it stays."""
    write = "import platform, sys; platform.node = lambda: sys.argv[1]; from bayes_lca.whole_file import {0}; {1}"
    named = [sys.executable, "-c", write.format("MACHINE", "print(MACHINE)"), "gke-cluster-default-pool-a"]
    other = subprocess.run(named, capture_output=True, text=True, check=True).stdout.strip()
    path = tmp_path / unfinished("fit.nc", machine=other)
    path.write_bytes(b"half a fit")
    table = tmp_path / "table.csv"
    for node, stays in (("gke-cluster-default-pool-b", True), ("gke-cluster-default-pool-a", False)):
        ask = write.format("write_text_whole", "write_text_whole(sys.argv[2], 'a,b')")
        subprocess.run([sys.executable, "-c", ask, node, str(table)], check=True)
        assert path.exists() is stays


def test_a_file_is_written_whole_where_no_file_can_be_locked(tmp_path, monkeypatch):
    monkeypatch.setattr(whole_file, "lock", lambda file, wait: None)
    write_text_whole(tmp_path / "table.csv", "a,b")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_file_taken_for_left_behind_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    lock, asked = whole_file.lock, []

    def after_it_was_removed(file, wait):
        asked.append(file)
        if len(asked) == 1:
            next(tmp_path.iterdir()).unlink()
        return lock(file, wait=wait)

    monkeypatch.setattr(whole_file, "lock", after_it_was_removed)
    write_text_whole(tmp_path / "table.csv", "a,b")
    assert len(asked) == 2
    assert (tmp_path / "table.csv").read_text() == "a,b"


def test_the_first_of_several_writes_a_file_that_is_not_replaced(tmp_path, monkeypatch):
    for _ in range(2):
        write_text_whole(tmp_path / "first.txt", "first", replace=False)
        with pytest.raises(FileExistsError):
            write_text_whole(tmp_path / "first.txt", "second", replace=False)
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"first.txt": "first"}
        (tmp_path / "first.txt").unlink()

        def no_links(*names):
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr("os.link", no_links)


def test_a_read_only_folder_is_told_before_anything_is_sampled(read_only):
    with pytest.raises(OSError, match=r"unchanged: Read-only file system.*table\.csv"):
        check_writable(read_only / "table.csv")

    def sample(model, frame):
        raise AssertionError("sampled")

    with pytest.raises(OSError, match=r"Read-only file system.*fit\.nc"):
        bl.fit_or_load(read_only / "fit.nc", LCA, FRAME, sample=sample)
    with pytest.raises(OSError, match=r"Read-only file system.*fits\.jsonl"):
        add_line(read_only / "fits.jsonl", {"seed": 1})


def test_a_fit_that_a_full_disk_does_not_keep_is_returned(tmp_path):
    whole = bl.load_example("alone")
    with (
        no_file_larger_than(1_000),
        pytest.warns(UserWarning, match=r"fit\.nc.*returned and not kept: make room, then bl\.save\(draws, .*fit\.nc"),
    ):
        draws = bl.fit_or_load(tmp_path / "fit.nc", LCA, FRAME, sample=lambda model, frame: whole)
    assert draws is whole
    assert list(tmp_path.iterdir()) == []


def test_tables_of_a_study_stay_whole_on_a_full_disk(tmp_path):
    table = pd.DataFrame({"x": [0.5] * 1_000})
    for name in (records.TABLE, records.FITS):
        records.write_csv({name: table}, tmp_path)
        before = (tmp_path / name).read_bytes()
        with no_file_larger_than(10), pytest.raises(OSError, match=rf"unchanged: File too large.*{name}"):
            records.write_csv({name: table * 2}, tmp_path)
        assert (tmp_path / name).read_bytes() == before
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / records.FITS), table)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_study_that_begins_at_the_same_moment_with_other_settings_is_refused(tmp_path, monkeypatch):
    write = records.write_text_whole

    def after_another(path, text, **options):
        write(path, json.dumps({"seed": 2, "replicates": 1}))
        write(path, text, **options)

    monkeypatch.setattr(records, "write_text_whole", after_another)
    with pytest.raises(ValueError, match="another study: seed is 2 there and 1 here"):
        records.keep_settings({"seed": 1, "replicates": 1}, tmp_path)
    records.keep_settings({"seed": 2, "replicates": 1}, tmp_path)


@pytest.mark.parametrize("content", ['{"seed": 1', "[]", "{}", ""])
def test_a_damaged_replicate_is_named(tmp_path, content):
    records.keep_settings({"seed": 1}, tmp_path)
    (tmp_path / records.REPLICATES / "a.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.json.*was damaged or changed: remove it, and the same command runs"):
        records.read_replicates(["a.json"], tmp_path, ["fits"])


def test_damaged_settings_are_named(tmp_path):
    records.keep_settings({"seed": 1}, tmp_path)
    (tmp_path / records.SETTINGS).write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"settings\.json.*is not JSON.*give another folder"):
        records.keep_settings({"seed": 1}, tmp_path)


def seeds(path):
    return [seed for (seed,) in read_lines(path, ["seed"], code="a")]


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_the_line_that_a_kill_cut_is_run_again(tmp_path, cut):
    path = tmp_path / "fits.jsonl"
    for seed in (1, 2):
        add_line(path, {"seed": seed, "code": "a"})
    path.write_bytes(path.read_bytes()[:-cut])
    assert seeds(path) == ([1, 2] if cut == 1 else [1])
    add_line(path, {"seed": 3, "code": "a"})
    add_line(path, {"seed": 3, "code": "b"})
    assert seeds(path) == ([1, 2, 3] if cut == 1 else [1, 3])
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_no_line_is_lost_of_many_that_are_added_at_once(tmp_path):
    path = tmp_path / "fits.jsonl"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seed: add_line(path, {"seed": seed // 2, "code": "a"}), range(80)))
    assert sorted(seeds(path)) == list(range(40))
    assert len(path.read_text().splitlines()) == 80


def test_a_full_disk_leaves_the_lines_that_are_there(tmp_path):
    path = tmp_path / "fits.jsonl"
    add_line(path, {"seed": 1, "code": "a"})
    with no_file_larger_than(30), pytest.raises(OSError, match=r"unchanged: File too large.*fits\.jsonl"):
        add_line(path, {"seed": 2, "code": "a"})
    assert path.read_text() == '{"seed": 1, "code": "a"}\n'


@pytest.mark.parametrize("line", ['{"seed"', "5", '{"code": "a"}', '{"seed": [1], "code": "a"}', "\x00"])
def test_a_line_that_is_no_replicate_is_named(tmp_path, line):
    path = tmp_path / "fits.jsonl"
    path.write_text('{"seed": 1, "code": "a"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2 of .*fits\.jsonl' is no replicate with seed"):
        seeds(path)


def test_a_file_too_large_for_what_memory_is_left_is_no_damaged_file(tmp_path, monkeypatch):
    bl.save(bl.load_example("alone"), tmp_path / "fit.nc")

    def full(*arguments, **options):
        raise MemoryError("Unable to allocate 3 GiB")

    monkeypatch.setattr("xarray.load_datatree", full)
    with pytest.raises(MemoryError, match=r"fit\.nc' cannot be read in the memory that is left: Unable.*close other"):
        bl.load(tmp_path / "fit.nc")


def test_a_file_with_its_checksum_that_cannot_be_read_is_no_damaged_file(tmp_path, monkeypatch):
    """HDF5 says of its filters that they fail where they lack memory."""
    bl.save(bl.load_example("alone"), tmp_path / "fit.nc")

    def failing(*arguments, **options):
        raise OSError("Can't synchronously read data (filter returned failure during read)")

    monkeypatch.setattr("xarray.load_datatree", failing)
    with pytest.raises(ValueError, match=r"fit\.nc' cannot be read, though its checksum is right.*memory does not"):
        bl.load(tmp_path / "fit.nc")


def test_memory_is_what_the_container_and_the_limit_leave(tmp_path, monkeypatch):
    monkeypatch.setattr(file_integrity, "OF_CONTAINER", tmp_path / "memory.max")
    whole = file_integrity._memory()
    (tmp_path / "memory.max").write_text("max\n", encoding="utf-8")
    assert file_integrity._memory() == whole > 2_000_000
    (tmp_path / "memory.max").write_text("2000000\n", encoding="utf-8")
    assert file_integrity._memory() == 2_000_000
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1_000_000, 1_000_000))
    assert file_integrity._memory() == 1_000_000
