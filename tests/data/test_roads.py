"""One survey on every road into the library: the same answers, covariates and groups, whatever file or frame it was."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

import bayes_lca as bl

LABELS = ("Decrease", "No change", "Increase")
TIERS = ("low", "middle", "high")
ITEMS = ["pay", "post", "training"]
FORMULA = "~ age + tier + (1 | place)"
N = 90
MISSING_PAY, MISSING_AGE = [3, 40], [7]

RNG = np.random.default_rng(3)
CODES = RNG.integers(0, 3, (N, 3))  # position among LABELS
CODES[MISSING_PAY, 0] = -1
AGE = RNG.integers(20, 60, N).astype(float)
TIER = RNG.integers(0, 3, N)
PLACE = RNG.permutation(np.arange(N) % 12) + 1  # places 1 to 12, as text or numbers


def labelled() -> pd.DataFrame:
    """The survey with labels as text, what is missing None, and tier and place as text."""
    answers = {
        item: [None if code < 0 else LABELS[code] for code in codes] for item, codes in zip(ITEMS, CODES.T, strict=True)
    }
    return pd.DataFrame(
        {**answers, "age": AGE, "tier": [TIERS[code] for code in TIER], "place": [str(place) for place in PLACE]}
    )


def coded() -> pd.DataFrame:
    """The survey as codes from 1 on, 9 for a missing answer to pay."""
    answers = {item: np.where(codes < 0, 9, codes + 1) for item, codes in zip(ITEMS, CODES.T, strict=True)}
    return pd.DataFrame({**answers, "age": AGE, "tier": TIER + 1, "place": PLACE})


def ordered() -> pd.DataFrame:
    return labelled().assign(
        **{item: lambda frame, item=item: pd.Categorical(frame[item], LABELS, ordered=True) for item in ITEMS},
        tier=lambda frame: pd.Categorical(frame["tier"], TIERS, ordered=True),
    )


CODE_LABELS = dict(enumerate(LABELS, start=1)) | {9: "Refused"}
FILE_LABELS = {item: CODE_LABELS for item in ITEMS} | {"tier": dict(enumerate(TIERS, start=1))}


def spss(folder):
    pyreadstat.write_sav(
        coded().astype(float), folder / "s.sav", variable_value_labels=FILE_LABELS, missing_ranges={"pay": [9]}
    )
    return bl.read_survey(folder / "s.sav"), {}, {}


def spss_with_codes(folder):
    """User-missing values are not declared in the file, but by the user."""
    pyreadstat.write_sav(coded().astype(float), folder / "s.sav", variable_value_labels=FILE_LABELS)
    return bl.read_survey(folder / "s.sav", missing_codes={"pay": [9]}), {}, {}


def stata(folder):
    coded().to_stata(folder / "s.dta", write_index=False, value_labels=FILE_LABELS)
    return bl.read_survey(folder / "s.dta", missing_codes={"pay": ["Refused"]}), {}, {}


def stata_of_pandas(folder):
    coded().to_stata(folder / "s.dta", write_index=False, value_labels=FILE_LABELS)
    return pd.read_stata(folder / "s.dta"), {"missing_codes": ["Refused"]}, {}


def csv_of_codes(folder):
    coded().to_csv(folder / "s.csv", index=False)
    return pd.read_csv(folder / "s.csv"), {"missing_codes": [9]}, {"categories": {"tier": [1, 2, 3]}}


def csv_of_text(folder):
    labelled().fillna({"pay": "拒答"}).to_csv(folder / "s.csv", index=False)
    frame = bl.read_survey(folder / "s.csv")
    return frame, {"missing_codes": {"pay": ["拒答"]}, "categories": LABELS}, {"categories": {"tier": TIERS}}


def csv_of_polars(folder):
    labelled().to_csv(folder / "s.csv", index=False)
    return pl.read_csv(folder / "s.csv"), {"categories": LABELS}, {"categories": {"tier": TIERS}}


def parquet_of_pandas(folder):
    ordered().to_parquet(folder / "s.parquet")
    return bl.read_survey(folder / "s.parquet"), {}, {}


def parquet_of_arrow(folder):
    ordered().to_parquet(folder / "s.parquet")
    return pq.read_table(folder / "s.parquet"), {}, {}


def arrow_in_pandas(folder):
    return pa.Table.from_pandas(ordered()).to_pandas(types_mapper=pd.ArrowDtype), {}, {}


def polars_enum(folder):
    types = {item: pl.Enum(LABELS) for item in ITEMS} | {"tier": pl.Enum(TIERS)}
    return pl.from_pandas(labelled()).cast(types), {}, {}


def polars_enum_in_arrow(folder):
    return polars_enum(folder)[0].to_arrow(), {}, {}


def polars_categorical(folder):
    types = {item: pl.Categorical for item in [*ITEMS, "tier"]}
    frame = pl.from_pandas(labelled()).cast(types)
    return frame, {"categories": LABELS}, {"categories": {"tier": TIERS}}


def duckdb_relation():
    """A table of DuckDB with ENUMs."""
    connection = duckdb.connect()
    connection.execute(f"create type answer as enum {LABELS}")
    connection.execute(f"create type tier as enum {TIERS}")
    connection.register("survey", pa.Table.from_pandas(labelled(), preserve_index=False))
    answers = ", ".join(f"{item}::answer as {item}" for item in ITEMS)
    return connection.sql(f"select {answers}, age, tier::tier as tier, place from survey")


def duckdb_in_pandas(folder):
    return duckdb_relation().df(), {}, {}


def duckdb_in_arrow(folder):
    return duckdb_relation().to_arrow_table(), {}, {}


ROADS = [
    *(spss, spss_with_codes, stata, stata_of_pandas, csv_of_codes, csv_of_text, csv_of_polars, parquet_of_pandas),
    *(parquet_of_arrow, arrow_in_pandas, polars_enum, polars_enum_in_arrow, polars_categorical, duckdb_in_pandas),
    duckdb_in_arrow,
]


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
def test_same_numbers_from_every_road(road, tmp_path):
    frame, of_items, of_covariates = road(tmp_path)
    names = tuple("123") if road is csv_of_codes else LABELS
    for part in (bl.Items(ITEMS, **of_items), bl.OrdinalItems(ITEMS, **of_items)):
        responses = part.read(frame)
        np.testing.assert_array_equal(responses.codes, CODES)
        assert responses.labels == (names,) * 3
    design = bl.Regression(FORMULA, **of_covariates).read(frame)
    np.testing.assert_array_equal(design.matrix, np.column_stack([AGE, TIER == 1, TIER == 2]))
    (places,) = design.groupings
    assert places.levels == tuple(str(place) for place in range(1, 13))
    np.testing.assert_array_equal(places.index, PLACE - 1)
    if road is not csv_of_codes:
        assert design.terms == ("age", "tier[middle]", "tier[high]")


def test_a_missing_code_of_a_covariate_is_missing_on_every_road(tmp_path):
    frame = coded().assign(age=lambda rows: rows["age"].where(rows.index != MISSING_AGE[0], 99))
    regression = bl.Regression(FORMULA, categories={"tier": [1, 2, 3]}, missing_codes={"age": [99]})
    frame.to_csv(tmp_path / "s.csv", index=False)
    for survey in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame), pl.read_csv(tmp_path / "s.csv")):
        with pytest.raises(ValueError, match="1 of 90 rows lack a covariate"):
            regression.read(survey)
        with pytest.warns(UserWarning, match="1 of 90 rows left out"):
            design = regression.read(survey, "drop")
        np.testing.assert_array_equal(design.matrix[:, 0], np.delete(AGE, MISSING_AGE))


@pytest.mark.parametrize("road", ["text", "read_spss", "category", "polars-Categorical", "dictionary"])
def test_ordinal_use_of_an_order_that_nobody_declared_is_refused(road, tmp_path):
    pyreadstat.write_sav(
        coded().replace({9: np.nan}).astype(float), tmp_path / "s.sav", variable_value_labels=FILE_LABELS
    )
    frame = {
        "text": labelled,
        "read_spss": lambda: pd.read_spss(tmp_path / "s.sav"),
        "category": lambda: labelled().astype(dict.fromkeys(ITEMS, "category")),
        "polars-Categorical": lambda: polars_categorical(tmp_path)[0],
        "dictionary": lambda: pa.table({item: pa.array(labelled()[item]).dictionary_encode() for item in ITEMS}),
    }[road]()
    with pytest.raises(ValueError, match=r"nobody declared for item\(s\) 'pay'.*categories=\[\.\.\.\]"):
        bl.OrdinalItems(ITEMS).read(frame)
    assert bl.Items(ITEMS).read(frame).n_categories == (3, 3, 3)
    np.testing.assert_array_equal(bl.OrdinalItems(ITEMS, categories=LABELS).read(frame).codes, CODES)


def test_a_text_file_keeps_answers_that_pandas_takes_for_missing(tmp_path):
    (tmp_path / "s.csv").write_text("pain,region\nNone,NA\nMuch,EU\n,EU\nNone,null\n", encoding="utf-8")
    survey = bl.read_survey(tmp_path / "s.csv", categories={"pain": ["None", "Some", "Much"]})
    assert survey["pain"].cat.codes.tolist() == [0, 2, -1, 0]
    assert survey["region"].tolist() == ["NA", "EU", "EU", "null"]
    with pytest.raises(ValueError, match=r"files of \.xls are not read here"):
        bl.read_survey(tmp_path / "s.xls")


OF_R = """"id";"age";"smokes";"region";"income"
"1";51;TRUE;"NA";1,5
"2";NA;FALSE;"EU";NA
"3";34;NA;"None";2000,25
"4";-9;TRUE;"EU";3
"""


@pytest.mark.parametrize("how", ["comma", "semicolon", "semicolon and point", "tab"])
def test_numbers_beside_na_are_numbers_whatever_separates_them(tmp_path, how):
    of_comma = OF_R.replace(",", ".").replace(";", ",")
    texts = {"comma": of_comma, "semicolon": OF_R, "semicolon and point": OF_R.replace(",", ".")}
    (tmp_path / "s.csv").write_text({**texts, "tab": of_comma.replace(",", "\t")}[how], encoding="utf-8")
    survey = bl.read_survey(tmp_path / "s.csv", missing_codes={"age": [-9]})
    assert survey.columns.tolist() == ["id", "age", "smokes", "region", "income"]
    assert survey["age"].dropna().tolist() == [51, 34]
    assert survey["age"].isna().tolist() == [False, True, False, True]
    assert survey["smokes"].dropna().tolist() == [True, False, True]
    assert survey["region"].tolist() == ["NA", "EU", "None", "EU"]
    assert survey["income"].dropna().tolist() == [1.5, 2000.25, 3]
    assert all(pd.api.types.is_numeric_dtype(survey[name]) for name in ("age", "smokes", "income"))


def test_a_column_of_numbers_and_a_declared_word_is_a_covariate_of_one_slope(tmp_path):
    ages = [*range(20, 70), "NA", "refused"]
    (tmp_path / "s.csv").write_text("age\n" + "\n".join(map(str, ages)), encoding="utf-8")
    survey = bl.read_survey(tmp_path / "s.csv", missing_codes=["refused"])
    with pytest.warns(UserWarning, match="2 of 52 rows left out"):
        design = bl.Regression("~ age").read(survey, "drop")
    assert design.terms == ("age",)
    assert design.matrix[:, 0].tolist() == list(range(20, 70))


def test_na_is_an_answer_where_it_is_declared_one(tmp_path):
    (tmp_path / "s.csv").write_text("q\n1\nNA\n2\n", encoding="utf-8")
    survey = bl.read_survey(tmp_path / "s.csv", categories={"q": ["1", "2", "NA"]})
    assert survey["q"].cat.codes.tolist() == [0, 2, 1]
    assert bl.read_survey(tmp_path / "s.csv", categories={"q": [1, 2]})["q"].cat.codes.tolist() == [0, -1, 1]


@pytest.mark.parametrize("rows", ["1,2\n1,2,3\n", "1,2,3,4\n1,2,3,4\n"])
def test_rows_of_other_fields_than_the_first_line_are_refused(tmp_path, rows):
    (tmp_path / "s.csv").write_text("a,b\n" + rows, encoding="utf-8")
    with pytest.raises(ValueError, match=r"s\.csv'.*fields .*first line, separated by ','.*quote text"):
        bl.read_survey(tmp_path / "s.csv")


def test_codes_that_are_nowhere_in_a_file_are_named(tmp_path):
    (tmp_path / "s.csv").write_text("q\n1\n98\n2\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="missing_codes '99' are nowhere in the 3 rows.*'q' has '1', '98', '2'"):
        bl.read_survey(tmp_path / "s.csv", missing_codes=[99])


def test_a_text_file_of_another_encoding_is_refused(tmp_path):
    (tmp_path / "s.csv").write_text("id;size\n1;größer\n", encoding="cp1252")
    with pytest.raises(ValueError, match=r"the text is not UTF-8.*save the file as CSV UTF-8"):
        bl.read_survey(tmp_path / "s.csv")
