"""Quantities of other programs and publications, source by source; `tests/equivalence_table.py` prints them all."""

import csv

import numpy as np
import pytest
from equivalence import bambi_posterior
from equivalence.peers import PEERS
from equivalence.row import Row, Source, beside_project, printed
from equivalence.sources import SOURCES, computed
from equivalence_table import main
from translation_tables import OURS, PAGES, PLACE, SAMPLED, TABLES, filled, table_rows

FEWEST, FEWEST_WITH_PEERS = 300, 1000
QUICK = [source for source in SOURCES if not source.slow and not source.is_absent]


def rows_of(source: Source) -> list[Row]:
    assert not source.missing, f"{', '.join(source.missing)} not installed: install the extra 'test'"
    return computed(source)


@pytest.mark.parametrize(
    "source", [pytest.param(one, id=one.name, marks=[pytest.mark.slow] * one.slow) for one in SOURCES]
)
def test_every_difference_is_within_its_tolerance(source):
    if source.is_absent:
        pytest.skip(f"{source.folder} is not beside the project")
    rows = rows_of(source)
    assert rows
    too_far = [f"{row.quantity}: {row.theirs} there, {row.ours} here" for row in rows if not row.passes]
    assert not too_far


def test_enough_quantities_each_of_them_once():
    rows = [(source.name, row.quantity) for source in QUICK for row in rows_of(source)]
    assert len(rows) == len(set(rows)) >= (FEWEST if beside_project(PEERS) is None else FEWEST_WITH_PEERS)
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
        (fake(1.2, folder="no/such/folder"), 0, "left out, no/such/folder is not beside the project"),
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


# Pages of docs/translate, which show some of the quantities

TEXT = {path.stem: path.read_text(encoding="utf-8") for path in sorted(PAGES.glob("*.md"))}
NUMBERS = [(page, name, table) for page, text in TEXT.items() for name, table in PLACE.findall(text)]


def pairs_of(table):
    """Label and two figures, theirs and ours, of every pair of cells of a table as it stands in a page."""
    head, _, *lines = ([cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines())
    assert all(title.endswith(OURS) for title in head[2::2]), head
    for label, *cells in lines:
        yield from ((label, *pair) for pair in zip(cells[::2], cells[1::2], strict=True) if any(pair))


def test_every_table_of_a_page_has_its_place_once():
    assert sorted((page, name) for page, name, _ in NUMBERS) == sorted((table.page, table.name) for table in TABLES)


@pytest.mark.parametrize("page", sorted({page for page, _, _ in NUMBERS}))
def test_tables_of_pages_are_those_of_the_sources(page):
    assert filled(page, TEXT[page]) == TEXT[page], "`python tests/translation_tables.py` writes them anew"


def test_figures_of_maximum_likelihood_are_equal_to_the_last_decimal_shown():
    of_draws = {table.name for table in TABLES if SAMPLED in table.sources}
    found = [pair for _, name, table in NUMBERS if name not in of_draws for pair in pairs_of(table)]
    assert [pair for pair in found if pair[1] != pair[2]] == []
    assert len(found) >= 250


def test_figures_of_draws_differ_by_monte_carlo_error():
    assert table_rows(SAMPLED)
    assert [row.quantity for row in table_rows(SAMPLED) if not row.passes] == []


@pytest.mark.slow
def test_posterior_means_that_are_kept_are_those_of_today():
    kept = {row.quantity: row for row in table_rows(SAMPLED)}
    today = [row for source in bambi_posterior.SOURCES for row in rows_of(source)]
    assert kept.keys() == {row.quantity for row in today}
    assert [row.quantity for row in today if abs(row.ours - kept[row.quantity].ours) > row.tolerance] == []
