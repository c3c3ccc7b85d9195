"""Frequency tables: what may count respondents, and who they are then."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayes_lca as bl
from bayes_lca.data.counted import count_rows

TABLE = pd.DataFrame(
    {"a": ["no", "yes", "yes"], "b": pd.Categorical(["x", "y", "x"], ["z", "y", "x"], ordered=True), "n": [2, 0, 3]},
    index=["first", "second", "third"],
)


def test_a_row_of_the_table_is_as_many_respondents_as_it_counts():
    counted = count_rows(TABLE, "n", ["a", "b"])
    assert counted.frame["a"].tolist() == ["no"] * 2 + ["yes"] * 3
    assert counted.frame["b"].cat.categories.tolist() == ["z", "y", "x"]
    assert counted.frame["b"].cat.ordered
    assert counted.frame.columns.tolist() == ["a", "b"]
    assert counted.frame.index.is_unique
    assert counted.labels.tolist() == ["first", "second", "third"]
    assert counted.words == "2 rows counted by 'n', 1 that count 0 left out"


def test_a_name_that_cannot_be_compared_is_not_taken_for_counts():
    frame = TABLE.set_axis([*TABLE.columns[:-1], pd.NA], axis=1)
    assert count_rows(frame, None, ["a"]).count.tolist() == [1, 1, 1]


@pytest.mark.parametrize("counts", [[2.0, 0.0, 3.0], pd.array([2, 0, 3], "Int64"), pd.array([2, 0, 3], "UInt8")])
def test_whole_numbers_of_any_type_count(counts):
    assert count_rows(TABLE.assign(n=counts), "n", []).count.tolist() == [2, 0, 3]


def test_tables_of_polars_count_alike():
    ours, theirs = (count_rows(frame, "n", []).frame for frame in (TABLE, pl.from_pandas(TABLE)))
    assert isinstance(theirs, pl.DataFrame)
    assert theirs["a"].to_list() == ours["a"].tolist()
    assert theirs["b"].to_list() == ours["b"].tolist()


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([2, np.nan, 3], r"'n' is missing in 1 of 3 rows, such as nan in row 'second'; give the number of respondents"),
        ([2, -1, -4], r"'n' is negative in 2 of 3 rows, such as -1 in row 'second'; give the number of respondents"),
        ([2, 0.5, 3], r"'n' is not whole in 1 of 3 rows, such as 0.5 in row 'second'.*survey weights are no counts"),
        ([2, np.inf, 3], r"'n' is not whole in 1 of 3 rows, such as inf in row 'second'"),
        (["2", "0", "3"], r"'n' holds no numbers but values such as '2' in 3 rows; give the number of respondents"),
        ([True, False, True], r"'n' holds no numbers but values such as"),
        ([0, 0, 0], r"'n' is 0 in all 3 rows; give the number of respondents"),
        ([2, 0, 10**9], r"'n' adds up to 1000000002 respondents in 3 rows, more than 20000000; weights that add up"),
    ],
)
def test_what_cannot_count_is_refused_by_column_row_and_remedy(counts, message):
    with pytest.raises(ValueError, match=message):
        count_rows(TABLE.assign(n=counts), "n", [])


def test_a_column_that_is_unknown_or_an_item_cannot_count():
    with pytest.raises(ValueError, match=r"unknown count column\(s\) 'm'; the frame has 3 rows and 3 columns: .*did"):
        count_rows(TABLE.rename(columns={"n": "mm"}), "m", [])
    with pytest.raises(ValueError, match=r"column 'n' of 3 rows is to count respondents, and is used as an item"):
        bl.count_classes(bl.Items(["a", "b", "n"]), TABLE, [1], count="n")


@pytest.mark.parametrize("name", ["count", "freq", "Frequency", "n", "N", "weight", "人数"])
def test_a_column_that_looks_like_counts_and_is_not_used_is_named(name):
    table = TABLE.rename(columns={"n": name})
    with pytest.warns(bl.UnusedCountsWarning, match=rf"column '{name}' is not used.*5 in all.*pass count='{name}'"):
        count_rows(table, None, ["a", "b"])


@pytest.mark.parametrize(
    ("frame", "used"),
    [
        (TABLE, ["a", "n"]),
        (TABLE, None),
        (TABLE.assign(n=1), ["a"]),
        (TABLE.assign(n=["few", "many", "many"]), ["a"]),
        (TABLE.assign(n=[-1.5, 0.2, 1.3]), ["a"]),
        (TABLE.rename(columns={"n": "height"}), ["a"]),
    ],
)
def test_other_columns_are_not(frame, used):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        counted = count_rows(frame, None, used)
    assert counted.frame is frame
    assert counted.in_brackets == ""


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("weight", [0.4, 1.6, 1.0]),
        ("wt", [0.0, 1.5, 1.2]),
        ("weights", [1.0, 2.0, np.nan]),
        ("freq", [0.2, 0.5, 0.3]),
        ("n", [2, 0, 10**9]),
    ],
)
def test_numbers_that_count_would_refuse_are_not_offered_to_it(name, numbers):
    frame = TABLE.drop(columns="n").assign(**{name: numbers})
    with pytest.warns(bl.UnusedCountsWarning, match="if it holds survey weights, results are unweighted") as raised:
        count_rows(frame, None, ["a", "b"])
    assert "pass count=" not in str(raised[0].message)
    with pytest.raises(ValueError, match="count column"):
        count_rows(frame, name, ["a", "b"])


@pytest.mark.parametrize("numbers", [np.linspace(48.5, 110.2, 40), np.arange(50, 90), [3.4, 2.9, 4.1]])
def test_what_people_weigh_is_neither_counts_nor_survey_weights(numbers):
    frame = pd.DataFrame({"a": np.resize(["no", "yes"], len(numbers)), "weight": numbers})
    assert count_rows(frame, None, ["a"]).words == ""


def test_rows_that_are_all_different_may_be_a_table_counted_by_a_weight():
    """Items may be named by numbers, and answers be of any kind."""
    cells = pd.DataFrame({0: ["no", "no", "yes", "yes"], 1: [1, 2, 1, 2], "weight": [120, 44, 60, 75]})
    with pytest.warns(bl.UnusedCountsWarning, match="299 in all.*pass count='weight'"):
        count_rows(cells, None, [0, 1])
    assert count_rows(cells, None, [0]).words == ""
