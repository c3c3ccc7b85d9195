"""Quantities of other programs and publications, source by source; `tests/equivalence_table.py` prints them all."""

import csv
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from equivalence.row import Row, Source, printed
from equivalence.sources import SOURCES
from equivalence_table import main

FEWEST = 300
QUICK = [source for source in SOURCES if not source.slow and not source.absent]


@cache
def rows_of(source: Source) -> list[Row]:
    assert not source.missing, f"{', '.join(source.missing)} not installed: install the extra 'test'"
    return source.rows()


@pytest.mark.parametrize(
    "source", [pytest.param(one, id=one.name, marks=[pytest.mark.slow] * one.slow) for one in SOURCES]
)
def test_every_difference_is_within_its_tolerance(source):
    if source.absent:
        pytest.skip(source.absent)
    rows = rows_of(source)
    assert rows
    too_far = [f"{row.quantity}: {row.theirs} there, {row.ours} here" for row in rows if not row.passes]
    assert not too_far


def test_enough_quantities_each_of_them_once():
    rows = [(source.name, row.quantity) for source in QUICK for row in rows_of(source)]
    assert len(rows) == len(set(rows)) >= FEWEST
    tolerances = np.array([row.tolerance for source in QUICK for row in rows_of(source)])
    assert np.all(tolerances > 0)


def test_a_printed_figure_is_as_exact_as_its_digits():
    assert printed("", "-1.50", -1.5055).passes
    assert not printed("", "-1.50", -1.507).passes
    assert not printed("", "1.5", np.nan).passes
    stated = {"printed": "1.50", "within": 0.1, "because": "a reason"}
    assert printed("", stated, 1.59).passes
    assert not printed("", stated, 1.61).passes


def fake(ours: float, **options) -> Source:
    return Source("a program", "a citation", lambda: [Row("a quantity", 1.0, ours, 0.1, "a reason")], **options)


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        (fake(1.05), 0, "passed"),
        (fake(1.2), 1, "failed: 1 differences"),
        (fake(np.nan), 1, "TOO FAR"),
        (fake(1.0, packages=("no_such_package",)), 1, "no_such_package not installed"),
        (fake(1.2, slow=True), 0, "   0  in all"),
    ],
)
def test_exit_status(source, status, words, capsys):
    assert main(["--quick"], [source]) == status
    assert words in capsys.readouterr().out


def test_rows_as_csv(tmp_path):
    main(["--csv", str(tmp_path / "rows.csv")], [fake(1.05)])
    with open(tmp_path / "rows.csv", encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["source"] == "a program"
    assert float(row["difference"]) == pytest.approx(0.05)
    assert row["passes"] == "True"
