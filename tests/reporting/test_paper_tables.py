"""Tables as papers print them, and the files they are pasted from."""

import sys

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.reporting.paper.rounding import direction_text, interval_text, p_text

ITEMS = ["training", "recognition", "expertise"]
SURVEY = bl.example_survey()


@pytest.fixture(scope="module")
def counted():
    return bl.count_classes(bl.Items(ITEMS), SURVEY, [1, 2, 3], n_starts=10)


def test_numbers_of_the_first_table_are_those_of_the_frame():
    survey = SURVEY.assign(gender=SURVEY["gender"].where(SURVEY.index > 4))
    draws = bl.load_example("alone")
    table = bl.characteristics(survey, ["gender", "participation"], draws)
    modal = bl.membership(draws)["modal_class"].to_numpy()
    first = modal == "C1"
    head = f"C1 (n = {first.sum()})"
    known = survey["gender"].notna().to_numpy()
    women = (survey["gender"] == "female").to_numpy()
    n, of = (women & first).sum(), (known & first).sum()
    assert table.loc[("gender", "female, n (%)"), head] == f"{n} ({100 * n / of:.1f})"
    assert table.loc[("gender", "female, n (%)"), "all"] == f"{women.sum()} ({100 * women.sum() / known.sum():.1f})"
    assert table.loc[("gender", "missing"), "all"] == f"4 ({100 * 4 / 180:.1f})"
    low, middle, high = np.quantile(survey["participation"][first], [0.25, 0.5, 0.75])
    row = table.loc[("participation", "median [quartiles]")]
    assert row[head] == f"{middle:.1f} [{low:.1f}, {high:.1f}]"
    test = bl.covariate_tests(draws, survey, ["gender", "participation"]).loc["participation"]
    assert row["test"] == f"H({test['df']:.0f}) = {test['statistic']:.2f}"
    assert row["p"] == p_text(test["p_value"])
    assert row["effect"] == f"ε² = {test['effect']:.2f} [{test['lower']:.2f}, {test['upper']:.2f}]"
    assert table.loc[("gender", "male, n (%)"), "p"] == ""
    assert table.note.startswith("n = 180; n (%) of those who have the column")


def test_respondents_alone_and_by_a_column():
    alone = bl.characteristics(SURVEY, ["role"])
    assert list(alone.columns) == ["all"]
    by_role = bl.characteristics(SURVEY, ["gender"], "role")
    sizes = SURVEY["role"].value_counts()
    assert {f"{role} (n = {n})" for role, n in sizes.items()} <= set(by_role.columns)
    table = SURVEY.value_counts(["role", "gender"]).rename("n").reset_index()
    by_count = bl.characteristics(table, ["gender"], "role", count="n")
    pd.testing.assert_frame_equal(pd.DataFrame(by_count), pd.DataFrame(by_role))
    with pytest.raises(ValueError, match="nothing"):
        bl.characteristics(SURVEY, ["nothing"])


def test_shares_of_all_classes_stand_in_the_table_of_their_numbers(counted):
    table = bl.class_number_table(counted)
    fitted = bl.maximum_likelihood(bl.Items(ITEMS), SURVEY, 2, n_starts=10)
    expected = " / ".join(f"{100 * share:.1f}" for share in fitted.shares["estimate"])
    assert table.loc[2, "class shares, %"] == expected
    assert table.loc[2, "log-likelihood"] == f"−{abs(counted.loc[2, 'log_likelihood']):.1f}"
    assert table.loc[2, "VLMR p"] == "< .001"
    assert table.loc[1, "VLMR p"] == "–"
    bare = bl.SummaryTable.of(pd.DataFrame(counted).copy(), counted.note)
    bare.attrs.pop("class_shares", None)
    assert bl.class_number_table(bare).loc[2, "class shares, %"].startswith("smallest ")
    with pytest.raises(ValueError, match="counted=list"):
        bl.class_number_table([])


def test_the_regression_has_what_odds_ratios_have():
    draws = bl.load_example()
    table, ratios = bl.regression_table(draws, "C1"), bl.odds_ratios(draws, "C1")
    for key, row in ratios.iterrows():
        shown = table.loc[key]
        assert float(shown["B"].replace("−", "-")) == pytest.approx(row["log_odds"], abs=0.005)
        assert float(shown["SD"]) == pytest.approx(row["sd"], abs=0.005)
        assert float(shown["OR"]) == pytest.approx(row["odds_ratio"], abs=0.005)
        ends = [float(end) for end in shown["95 % interval"].strip("[]").split(", ")]
        np.testing.assert_allclose(ends, row[["lower", "upper"]].astype(float), atol=0.005)
    spread = bl.heterogeneity(draws, "C1").iloc[0]
    assert table.loc[("C2 vs C1", "SD of group"), "B"].startswith(f"{spread['sd']:.2f} [")
    assert table.loc[("C2 vs C1", "SD of group"), "OR"] == f"{spread['median_odds_ratio']:.2f}"
    assert "90 % interval" in bl.regression_table(draws, ci_prob=0.9).columns


def test_rounding():
    assert [p_text(p) for p in (9e-261, 0.00099, 0.001, 0.0496, 1.0)] == ["< .001", "< .001", ".001", ".050", "> .999"]
    assert interval_text(0.8, 0.99996, 1.0) == "[0.80000, 0.99996]"
    assert interval_text(-0.31, 0.02, 0.0) == "[−0.31, 0.02]"
    assert direction_text(0.9993, 4000) == "> .999"


def test_a_document_of_word_has_titles_cells_and_notes(tmp_path, counted):
    table = bl.class_number_table(counted)
    path = bl.write_tables(tmp_path / "paper.docx", {"Table 4. Numbers of classes": table, "Sizes": counted})
    document = docx.Document(str(path))
    words = [paragraph.text for paragraph in document.paragraphs]
    assert words[0] == "Table 4\nNumbers of classes"
    assert words[1] == f"Note. {table.note}"
    grid = document.tables[0]
    assert [cell.text for cell in grid.rows[0].cells][:3] == ["classes", "parameters", "log-likelihood"]
    assert [cell.text for cell in grid.rows[2].cells][-1] == table.loc[2, "class shares, %"]
    assert len(document.tables) == 2
    lines = [len(row.cells[0]._tc.xpath(".//w:tcBorders/*")) for row in grid.rows]
    assert lines == [2, 0, 0, 1]


def test_a_workbook_keeps_numbers(tmp_path, counted):
    long = "Table 4: Numbers of classes compared"
    path = bl.write_tables(tmp_path / "paper.xlsx", {long: counted, long + " again": bl.class_number_table(counted)})
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Table 4  Numbers of classes com", "Table 4  Numbers of classes c 2"]
    sheet = book.worksheets[0]
    assert sheet["A1"].value == long
    names = [cell.value for cell in sheet[2]]
    column = names.index("log_likelihood") + 1
    assert sheet.cell(4, column).value == pytest.approx(counted.loc[2, "log_likelihood"], abs=1e-9)
    assert sheet.cell(4, column).number_format == "0.000"
    assert sheet.cell(3, names.index("vlmr_p") + 1).value is None
    assert counted.note in [cell.value for cell in sheet["A"]]


@pytest.mark.parametrize(
    ("path", "tables", "message"),
    [
        ("paper.pdf", {"a": pd.DataFrame({"x": [1]})}, "written to .docx or .xlsx"),
        ("paper.docx", {}, "there is none to write"),
        ("paper.docx", {"a": 3}, r"tables\['a'\] is of type int"),
    ],
)
def test_what_cannot_be_written_is_refused(path, tables, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        bl.write_tables(tmp_path / path, tables)


@pytest.mark.parametrize("tables", [pd.DataFrame({"x": [1]}), [pd.DataFrame({"x": [1]})]])
def test_tables_have_titles(tables, tmp_path):
    with pytest.raises(TypeError, match=rf"tables is {type(tables).__name__}; give tables by title"):
        bl.write_tables(tmp_path / "paper.docx", tables)


@pytest.mark.parametrize(("module", "suffix"), [("docx", "docx"), ("openpyxl", "xlsx")])
def test_a_missing_package_says_what_to_install(module, suffix, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"pip install 'bayes-lca\[files\]'"):
        bl.write_tables(tmp_path / f"paper.{suffix}", {"a": pd.DataFrame({"x": [1]})})


def test_long_tables_take_time_by_the_cell(tmp_path, monkeypatch):
    """Asking a table of Word for one cell goes through all of them, minutes for a thousand rows."""
    monkeypatch.setattr("docx.table.Table.cell", None)
    bl.write_tables(tmp_path / "paper.docx", {"Table 1. Long": pd.DataFrame({"x": range(300)})})
    (table,) = docx.Document(str(tmp_path / "paper.docx")).tables
    assert [row.cells[-1].text for row in table.rows][:3] == ["x", "0", "1"]
    assert len(table.rows) == 301
