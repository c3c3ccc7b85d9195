"""Tables in engines: counted there, and read as the same columns of a pandas frame are."""

import warnings
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import polars
import pytest

import bayes_lca as bl
from bayes_lca.data.counted import count_rows
from bayes_lca.data.counted_in_engine import distinct_rows_of
from bayes_lca.data.declarations import Declarations
from bayes_lca.data.design import read_design
from bayes_lca.data.engine_tables import as_table, table_in_engine
from bayes_lca.data.responses import read_responses
from bayes_lca.fitted.fit import Fit
from bayes_lca.sampling.ready import prepare_named

N = 120
RNG = np.random.default_rng(5)
PLACE = RNG.integers(0, 3, N)
GONE = RNG.random(N) < 0.1


def with_gaps(values, dtype):
    return pd.Series([None if gone else value for value, gone in zip(values, GONE, strict=True)], dtype=dtype)


KINDS = {
    "text": with_gaps(np.array(["no", "perhaps", "yes"])[PLACE], "str"),
    "text of numbers": with_gaps(np.array(["2", "10", "1"])[PLACE], "str"),
    "whole numbers": pd.Series(PLACE + 1),
    "whole numbers with gaps": with_gaps(PLACE + 1, "Int64"),
    "floats": with_gaps(PLACE.astype(float), "float64"),
    "truth values": pd.Series(PLACE > 0),
    "truth values with gaps": with_gaps(PLACE > 0, "boolean"),
    "declared categories": pd.Series(
        pd.Categorical.from_codes(np.where(GONE, -1, PLACE), ["low", "medium", "high", "nobody"], ordered=True)
    ),
}
CODES = pd.Series(np.where(GONE, 99, PLACE + 1))


def of_duckdb(frame):
    return duckdb.sql("SELECT * FROM frame")


def of_polars(frame):
    enums = {
        name: polars.Enum(list(values.cat.categories))
        for name, values in frame.items()
        if isinstance(values.dtype, pd.CategoricalDtype)
    }
    return polars.from_pandas(frame, schema_overrides=enums).lazy()


def of_dask(frame):
    import dask.dataframe  # for two seconds, in the process that runs these tests

    return dask.dataframe.from_pandas(frame, npartitions=4)


ENGINES = {"DuckDB": of_duckdb, "Polars": of_polars, "Dask": of_dask}


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


def read(values, engine=None, declared=None):
    """Labels, their order, and how often each occurs, of a column of items in a frame or in an engine."""
    frame = pd.DataFrame({"a": values, "b": PLACE % 2, "unused": np.arange(N)})
    if engine:
        frame = count_rows(ENGINES[engine](frame), None, ["a", "b"]).frame
    responses = read_responses(frame, ["a", "b"], *([declared] if declared else []))
    return responses.labels, responses.orders, np.sort(responses.codes, axis=0).tolist(), responses.n_missing


@pytest.mark.parametrize("kind", KINDS)
def test_answers_read_the_same_in_every_engine(engine, kind):
    assert read(KINDS[kind], engine) == read(KINDS[kind])


def test_codes_of_missing_answers_read_the_same_in_every_engine(engine):
    declared = Declarations(missing_codes={"a": [99]})
    assert read(CODES, engine, declared) == read(CODES, declared=declared)
    with pytest.warns(bl.MissingCodeWarning, match=f"'99' in {GONE.sum()} of 120 rows"):
        assert read(CODES, engine)[0][0] == ("1", "2", "3", "99")


def test_declared_categories_read_the_same_in_every_engine(engine):
    declared = Declarations(categories={"a": ["yes", "perhaps", "no"]})
    assert read(KINDS["text"], engine, declared) == read(KINDS["text"], declared=declared)
    assert read(KINDS["text"], engine, declared)[0][0] == ("yes", "perhaps", "no")


@pytest.mark.parametrize("kind", KINDS)
def test_covariates_and_groups_read_the_same_in_every_engine(engine, kind):
    frame = pd.DataFrame({"x": KINDS[kind], "number": PLACE * 0.1 + np.arange(N) % 7, "g": np.arange(N) % 5})

    def design_of(rows):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return read_design(rows, "~ x + number + (1 | g)", missing="drop")

    each = design_of(frame)
    counted = design_of(count_rows(ENGINES[engine](frame), None, list(frame)).frame)
    assert counted.terms == each.terms and counted.groupings[0].levels == each.groupings[0].levels
    assert counted.n_dropped == each.n_dropped and counted.empty == each.empty
    for name in ("center", "scale", "unit"):
        np.testing.assert_allclose(getattr(counted, name), getattr(each, name), rtol=0, atol=1e-12)

    def rows(design):
        return np.sort(np.column_stack([design.matrix, design.groupings[0].index]).round(9).tolist(), axis=0)

    np.testing.assert_array_equal(rows(counted), rows(each))


def test_dates_are_refused_in_every_engine(engine):
    days = pd.Series([date(2026, 1, 1 + place) for place in PLACE]).astype("datetime64[ns]")
    for table in (None, engine):
        with pytest.raises(ValueError, match=r"item 'a' holds neither numbers nor text but values such as .*2026"):
            read(days, table)


def test_distinct_rows_and_their_numbers_are_those_of_pandas_in_the_order_of_the_values(engine):
    frame = pd.DataFrame({"a": KINDS["text"], "b": KINDS["whole numbers with gaps"], "c": KINDS["declared categories"]})
    rows = distinct_rows_of(as_table(ENGINES[engine](frame)), ["a", "b", "c"])
    expected = frame.astype(object).where(frame.notna(), "none").groupby(list(frame)).size()
    texts = map(tuple, rows.frame.astype(object).where(rows.frame.notna(), "none").to_numpy())
    found = dict(zip(texts, rows.count, strict=True))
    assert found == expected.to_dict()
    again = distinct_rows_of(as_table(ENGINES[engine](frame.iloc[::-1].reset_index(drop=True))), ["a", "b", "c"])
    pd.testing.assert_frame_equal(again.frame, rows.frame)


def test_not_a_number_and_null_are_one_missing_value():
    table = polars.LazyFrame({"a": [1.0, float("nan"), None, 2.0]})
    rows = distinct_rows_of(as_table(table), ["a"])
    assert sorted(rows.count.tolist()) == [1, 1, 2]


# counts


def counted_table():
    return pd.DataFrame({"a": ["no", "yes", "no", "no"], "b": ["no", "no", "no", "yes"], "n": [2, 3, 4, 0]})


def test_counts_are_added_up_in_the_engine(engine):
    counted = count_rows(ENGINES[engine](counted_table()), "n", ["a", "b"])
    assert counted.count.tolist() == [6, 0, 3]
    assert counted.words == f"3 distinct rows counted in {engine} by 'n'"
    assert counted.frame.value_counts().to_dict() == {("no", "no"): 6, ("yes", "no"): 3}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([2, 3, None, 0], r"'n' is missing in 1 of 4 rows, such as nan; give the number"),
        ([2, 3, -4, -5], r"'n' is negative in 2 of 4 rows, such as -5.*; give"),
        ([2, 3, 0.5, 0], r"'n' is not whole in 1 of 4 rows, such as 0.5; .*survey weights are no counts"),
        ([0, 0, 0, 0], r"'n' is 0 in all 4 rows"),
        ([2, 3, 30_000_000, 0], r"'n' adds up to 30000005 respondents in 4 rows"),
        (["a", "b", "c", "d"], r"'n' holds no numbers but values such as 'a' in 4 rows"),
    ],
)
def test_counts_that_cannot_be_used_are_refused_in_every_engine(engine, values, message):
    with pytest.raises(ValueError, match=message):
        count_rows(ENGINES[engine](counted_table().assign(n=values)), "n", ["a", "b"])


def test_counts_are_no_item(engine):
    with pytest.raises(ValueError, match=f"'n' of the table in {engine} is to count respondents, and is used"):
        count_rows(ENGINES[engine](counted_table()), "n", ["a", "n"])


def test_unknown_columns_are_named_with_those_that_come_close(engine):
    with pytest.raises(ValueError, match=rf"unknown column\(s\) 'aa'; the table in {engine} has 3 columns.*mean 'a'"):
        count_rows(ENGINES[engine](counted_table()), None, ["aa", "b"])
    with pytest.raises(ValueError, match=r"unknown column\(s\) 'm'"):
        count_rows(ENGINES[engine](counted_table()), "m", ["a", "b"])


def test_an_empty_table_is_refused(engine):
    with pytest.raises(ValueError, match=f"the table in {engine} has 0 rows"):
        count_rows(ENGINES[engine](counted_table().iloc[:0]), None, ["a", "b"])


def test_unused_counts_are_warned_of(engine):
    with pytest.warns(bl.UnusedCountsWarning, match=r"column 'n' is not used, and each of the 4 rows.*\(9 in all\)"):
        count_rows(ENGINES[engine](counted_table()), None, ["a", "b"])


def test_persons_with_several_rows_are_warned_of(engine):
    frame = bl.example_survey().reset_index(drop=True).assign(person_id=lambda rows: rows.index // 2)
    lca = bl.LatentClass(2, bl.Items(["training", "expertise", "recognition"]))
    with pytest.warns(bl.RepeatedRowsWarning, match="'person_id' has a value that stands above already in 90 of 180"):
        prepare_named(lca, ENGINES[engine](frame), count=None, missing="raise", key=None)
    with pytest.raises(ValueError, match="key='person_id' names respondents one by one, and each of"):
        prepare_named(lca, ENGINES[engine](frame), count=None, missing="raise", key="person_id")


def test_too_many_rows_to_be_counted_one_by_one_are_refused(monkeypatch):
    monkeypatch.setattr("bayes_lca.data.counted.MOST_RESPONDENTS", 100)
    frame = pd.DataFrame({"a": PLACE})
    with pytest.raises(ValueError, match="the table in DuckDB has 120 rows, more than 100; fit a random sample"):
        count_rows(of_duckdb(frame), None, ["a"])


def test_tables_whose_rows_would_have_to_be_in_an_order_are_refused(engine):
    with pytest.raises(TypeError, match=r"got \w+; collect it first"):
        bl.covariate_tests(bl.load_example(), ENGINES[engine](bl.example_survey()), ["age"])
    with pytest.raises(TypeError, match=f"got a table in {engine}, whose rows have no order"):
        Fit.of(bl.load_example(), needs="membership").frame_of_respondents(ENGINES[engine](bl.example_survey()), None)


def test_frames_in_memory_are_no_tables_of_an_engine():
    frame = counted_table()
    for given in (frame, polars.from_pandas(frame), {"a": [1]}, None, "table.parquet"):
        assert table_in_engine(given) is None


# many distinct rows, and rounding


def test_many_distinct_rows_are_warned_of_with_a_grid(engine, monkeypatch):
    monkeypatch.setattr("bayes_lca.data.counted_in_engine.MANY_RESPONDENTS", 100)
    age = np.linspace(18, 90, N)
    frame = pd.DataFrame({"a": PLACE, "age": age})
    message = (
        rf"the 120 respondents of the table in {engine} have 120 distinct rows in 'a', 'age'.*: 'age' alone has 120 "
        r"different values; round it, such as table = bl.round_to_grid\(table, \{'age': 2\}\)"
    )
    with pytest.warns(bl.DistinctRowsWarning, match=message):
        count_rows(ENGINES[engine](frame), None, ["a", "age"])
    rounded = bl.round_to_grid(ENGINES[engine](frame), {"age": 20})
    counted = count_rows(rounded, None, ["a", "age"])
    assert counted.words == f"{len(counted.labels)} distinct rows counted in {engine}, age rounded to multiples of 20"
    assert set(counted.frame["age"]) == {20.0, 40.0, 60.0, 80.0, 100.0}


def test_text_with_many_values_is_to_be_merged(monkeypatch):
    monkeypatch.setattr("bayes_lca.data.counted_in_engine.MANY_ROWS", 100)
    frame = pd.DataFrame({"a": [f"t{row}" for row in range(N)]})
    with pytest.warns(bl.DistinctRowsWarning, match="'a' alone has 120 different values; leave it out, or merge"):
        count_rows(of_duckdb(frame), None, ["a"])


def test_rounding_goes_to_the_nearest_multiple_and_up_from_the_middle_in_every_engine(engine):
    values = [-1.5, -0.5, 0.24, 0.25, 0.5, 0.75, None, 2]
    frame = pd.DataFrame({"x": pd.Series(values, dtype="float64"), "whole": range(8), "text": "t"})
    rounded = bl.round_to_grid(ENGINES[engine](frame), {"x": 0.5, "whole": 3})
    native = rounded.native.compute() if engine == "Dask" else rounded.native.df() if engine == "DuckDB" else None
    native = rounded.native.collect().to_pandas() if native is None else native
    expected = [-1.5, -0.5, 0.0, 0.5, 0.5, 1.0, np.nan, 2.0]
    np.testing.assert_array_equal(np.sort(native["x"].to_numpy(dtype=float)), np.sort(expected))
    np.testing.assert_array_equal(np.sort(native["whole"].to_numpy(dtype=float)), [0, 0, 3, 3, 3, 6, 6, 6])
    assert bl.round_to_grid(rounded, {"x": 1}).grid == {"x": 1.0, "whole": 3.0}


def test_frames_in_memory_can_be_rounded():
    rounded = bl.round_to_grid(pd.DataFrame({"x": [0.2, 0.9, 1.1]}), {"x": 1})
    assert count_rows(rounded, None, ["x"]).words == "2 distinct rows counted in pandas, x rounded to multiples of 1"


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"y": 1}, r"unknown column\(s\) 'y'"),
        ({"text": 1}, "grid names 'text', which hold no numbers"),
        ({"x": 0}, r"grid=\{'x': 0\}: a step is a number above 0"),
        ({"x": float("nan")}, "a step is a number above 0"),
        ({"x": True}, "a step is a number above 0"),
    ],
)
def test_grids_that_cannot_be_used(engine, grid, message):
    with pytest.raises(ValueError, match=message):
        bl.round_to_grid(ENGINES[engine](pd.DataFrame({"x": [1.0], "text": ["a"]})), grid)
