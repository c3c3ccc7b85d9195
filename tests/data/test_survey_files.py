"""One survey in files of other programs: labels, missing codes, words for columns, and the same numbers from each."""

import sys

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

import bayes_lca as bl
from bayes_lca.likelihood.em import fit_em

RNG = np.random.default_rng(18)
N = 200
ITEMS = ["q1", "q2", "q3", "q4"]
ANSWERS = {1: "减少", 2: "没有变化", 3: "增加"}
WORDS = {"q1": "改革以来的收入", "q2": "Training since the reform", "q3": "", "age": "Age in years"}
LABELLED = {item: {**ANSWERS, 99: "拒绝回答"} for item in ITEMS} | {"sex": {1: "female", 2: "male"}}


def coded() -> pd.DataFrame:
    """Two classes of answers coded 1 to 3, 99 where refused, with an id that says nothing."""
    in_first = RNG.permutation(N) < 120
    share = np.where(in_first[:, None], [[0.1, 0.2, 0.7]], [[0.7, 0.2, 0.1]])
    answers = {item: (RNG.random(N)[:, None] > share.cumsum(axis=1)).sum(axis=1) + 1 for item in ITEMS}
    frame = pd.DataFrame(
        {"id": 1000 + np.arange(N), **answers, "sex": RNG.integers(1, 3, N), "age": 20 + RNG.integers(40, size=N)}
    )
    frame.loc[[4, 9, 31], "q2"] = 99
    return frame


FRAME = coded()
PER_ITEM = {item: [99] for item in ITEMS}


def as_sav(path):
    pyreadstat.write_sav(
        FRAME,
        path.with_suffix(".sav"),
        column_labels=WORDS,
        variable_value_labels=LABELLED,
        missing_ranges={item: [99] for item in ITEMS},
        variable_measure=dict.fromkeys(ITEMS, "ordinal"),
    )
    return bl.read_survey(path.with_suffix(".sav"))


def as_dta(path):
    FRAME.to_stata(
        path.with_suffix(".dta"), write_index=False, value_labels=LABELLED, variable_labels=WORDS, version=118
    )
    return bl.read_survey(path.with_suffix(".dta"), missing_codes=PER_ITEM)


def as_csv(path):
    FRAME.to_csv(path.with_suffix(".csv"), index=False)
    return bl.read_survey(path.with_suffix(".csv"), missing_codes=PER_ITEM)


def as_parquet(path):
    FRAME.to_parquet(path.with_suffix(".parquet"))
    return bl.read_survey(path.with_suffix(".parquet"), missing_codes=PER_ITEM)


def as_xlsx(path):
    FRAME.astype({"q1": float}).to_excel(path.with_suffix(".xlsx"), index=False)
    return bl.read_survey(path.with_suffix(".xlsx"), missing_codes=PER_ITEM)


KINDS = {each.__name__: each for each in (as_sav, as_dta, as_csv, as_parquet, as_xlsx)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_gives_the_same_numbers(kind, tmp_path):
    survey = KINDS[kind](tmp_path / "study")
    read = bl.OrdinalItems(ITEMS, categories=None if kind in ("as_sav", "as_dta") else [1, 2, 3]).read(survey)
    codes = np.where(FRAME[ITEMS] == 99, 0, FRAME[ITEMS]) - 1
    np.testing.assert_array_equal(read.codes, codes)
    assert (read.codes == -1).sum() == 3
    assert survey["id"].tolist() == FRAME["id"].tolist()
    fits = [fit_em(each, np.ones(N), (3,) * 4, 2, n_starts=5) for each in (read.codes, codes)]
    assert fits[0].log_likelihood == fits[1].log_likelihood
    if kind in ("as_sav", "as_dta"):
        assert read.labels == (tuple(ANSWERS.values()),) * 4
        assert survey["sex"].cat.categories.tolist() == ["female", "male"]


@pytest.mark.parametrize("kind", ["as_sav", "as_dta"])
def test_variable_labels_are_kept(kind, tmp_path):
    survey = KINDS[kind](tmp_path / "study")
    kept = {"q1": WORDS["q1"], "q2": WORDS["q2"], "age": WORDS["age"]}
    assert survey.attrs["variable_labels"] == kept
    declared = bl.declare_columns(survey, categories={"sex": ["female", "male"]})
    assert declared.attrs["variable_labels"] == kept


def test_a_fit_tells_what_its_items_are_about(tmp_path):
    model = bl.LatentClass(2, bl.Items(ITEMS))
    survey = as_sav(tmp_path / "study")
    for item in ITEMS:  # the plot below is drawn in a font that has Latin letters alone
        survey[item] = survey[item].cat.rename_categories(["less", "same", "more"])
    survey.attrs["variable_labels"]["q1"] = "Pay since the reform"
    with pytest.warns(bl.ConvergenceWarning):
        draws = bl.fit(model, survey, draws=20, tune=50, chains=2, until=None, progressbar=False)
    bl.save(draws, tmp_path / "fit.nc")
    draws = bl.load(tmp_path / "fit.nc")
    said = "q1: Pay since the reform; q2: Training since the reform"
    assert bl.class_profiles(draws).note.endswith(said)
    words = bl.plot_profiles(draws)._supxlabel.get_text()
    assert "q2: Training since the reform" in words
    assert "Age in years" not in words


@pytest.mark.parametrize(("package", "kind"), [("pyreadstat", "as_sav"), ("openpyxl", "as_xlsx")])
def test_a_missing_package_says_what_to_install(package, kind, tmp_path, monkeypatch):
    KINDS[kind](tmp_path / "study")
    monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / f"study.{kind[3:]}"
    with pytest.raises(ImportError, match=rf"read by {package}; pip install 'bayes-lca\[files\]'"):
        bl.read_survey(path)


def test_a_workbook_with_several_sheets_asks_which(tmp_path):
    path = tmp_path / "study.xlsx"
    with pd.ExcelWriter(path) as writer:
        FRAME.to_excel(writer, sheet_name="survey", index=False)
        pd.DataFrame({"about": ["notes"]}).to_excel(writer, sheet_name="notes", index=False)
        pd.DataFrame().to_excel(writer, sheet_name="empty")
    with pytest.raises(ValueError, match=r"2 of its 3 sheets have cells \(survey, notes\); name the sheet"):
        bl.read_survey(path)
    assert bl.read_survey(path, sheet="survey", missing_codes=PER_ITEM)["q2"].isna().sum() == 3
    with pytest.raises(ValueError, match="no sheet 'other' with cells; those that have are survey, notes"):
        bl.read_survey(path, sheet="other")


def test_cells_of_a_workbook_are_what_they_would_be_in_a_csv_file(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["q", "pay", "code"],
        ["None", 1.5, "007"],
        [None, "NA", "010"],
        [None, None, None],
        ["Much", 2, "011"],
    ):
        book.active.append(row)
    book.save(tmp_path / "study.xlsx")
    survey = bl.read_survey(tmp_path / "study.xlsx")
    assert survey["q"].isna().tolist() == [False, True, False]
    assert survey["pay"].dropna().tolist() == [1.5, 2.0]
    assert survey["pay"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("name", "of"),
    [("study.sav", "SPSS"), ("study.xlsx", "Excel"), ("study.dta", "Stata"), ("study.parquet", "Parquet")],
)
def test_a_file_that_is_not_what_its_name_says(name, of, tmp_path):
    (tmp_path / name).write_text("nothing of the kind")
    with pytest.raises(ValueError, match=rf"no \w+ of {of} can be read from it"):
        bl.read_survey(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=rf"path='.*other{name[5:]}': there is no such file"):
        bl.read_survey(tmp_path / f"other{name[5:]}")


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "study.csv").write_text("")
    with pytest.raises(ValueError, match=r"study\.csv': the file is empty"):
        bl.read_survey(tmp_path / "study.csv")


def test_sheets_are_of_workbooks_alone(tmp_path):
    with pytest.raises(ValueError, match="no workbook of Excel and has no sheets"):
        bl.read_survey(tmp_path / "study.csv", sheet="survey")


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_columns_named_alike_are_refused(suffix, tmp_path):
    """pandas would call the second one b.1, and whoever asks for b would get the first."""
    path = tmp_path / f"study.{suffix}"
    if suffix == "csv":
        path.write_text("a;b;b\n1;2;3\n2;2;1\n")
    else:
        pd.DataFrame([["a", "b", "b"], [1, 2, 3], [2, 2, 1]]).to_excel(path, index=False, header=False)
    with pytest.raises(ValueError, match="the first line of the file of 2 rows names 'b' more than once"):
        bl.read_survey(path)


@pytest.mark.parametrize("kind", ["sav", "dta"])
def test_labels_of_few_values_among_many_leave_numbers(kind, tmp_path):
    """An income of which 0 has a label is no scale of forty categories; what is labelled refused is named."""
    income = np.append(np.arange(36) * 250.0, [9999.0] * 4)
    frame = pd.DataFrame({"income": income, "visits": [1.0, 2.0, 5.0, 9.0] * 10, "pain": np.arange(40.0) % 11})
    labels = {"income": {0: "none", 9999: "don't know"}, "visits": {9: "refused"}, "pain": {0: "none", 10: "worst"}}
    write = {"sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta}[kind]
    write(frame, tmp_path / f"study.{kind}", variable_value_labels=labels)
    with pytest.warns(bl.MissingCodeWarning) as caught:
        survey = bl.read_survey(tmp_path / f"study.{kind}")
    assert [str(one.message).partition(":")[0] for one in caught] == [
        """column 'income' has 9999, labelled "don't know", in 4 of 40 rows""",
        "column 'visits' has 9, labelled 'refused', in 10 of 40 rows",
    ]
    assert survey[["income", "visits"]].equals(frame[["income", "visits"]])
    assert survey["pain"].cat.categories.tolist() == ["none", *map(str, range(1, 10)), "worst"]
    declared = bl.read_survey(tmp_path / f"study.{kind}", missing_codes={"income": [9999], "visits": [9]})
    assert declared.isna().sum().tolist() == [4, 10, 0]
