"""Answers become codes whatever type the frame gave them, and equal rows are counted once."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bayes_lca.data.declarations import Declarations
from bayes_lca.data.frame import column, label, named, row_labels
from bayes_lca.data.outcome import read_complete_outcome
from bayes_lca.data.responses import Responses, read_responses
from bayes_lca.data.unique_rows import unique_rows

NAN = float("nan")
OTHER = [0, 1, 0, 1, 1]  # a second item, beside the one under test
ORDERED = pd.CategoricalDtype(["low", "middle", "high"], ordered=True)
UNORDERED = pd.CategoricalDtype(["low", "middle", "high"])

COMPLETE = {  # 3, 1, 3, 2, 2
    "pandas-int64": pd.Series([3, 1, 3, 2, 2]),
    "pandas-int8": pd.Series([3, 1, 3, 2, 2], dtype="int8"),
    "pandas-uint16": pd.Series([3, 1, 3, 2, 2], dtype="uint16"),
    "pandas-object-of-numpy-ints": pd.Series([np.int32(value) for value in (3, 1, 3, 2, 2)], dtype="object"),
    "pandas-category-of-ints": pd.Series(pd.Categorical([3, 1, 3, 2, 2])),
    "polars-Int8": pl.Series([3, 1, 3, 2, 2], dtype=pl.Int8),
}
INCOMPLETE = {  # 3, 1, 3, 2 and a missing answer
    "pandas-float": pd.Series([3.0, 1.0, 3.0, 2.0, NAN]),
    "pandas-float32": pd.Series([3.0, 1.0, 3.0, 2.0, NAN], dtype="float32"),
    "pandas-Int64": pd.Series([3, 1, 3, 2, pd.NA], dtype="Int64"),
    "pandas-UInt8": pd.Series([3, 1, 3, 2, pd.NA], dtype="UInt8"),
    "pandas-Float64": pd.Series([3, 1, 3, 2, pd.NA], dtype="Float64"),
    "pandas-object-of-ints": pd.Series([3, 1, 3, 2, None], dtype="object"),
    "pandas-object-of-ints-and-floats": pd.Series([3, 1.0, 3, 2, NAN], dtype="object"),
    "pandas-category-of-ints": pd.Series(pd.Categorical([3, 1, 3, 2, None])),
    "pandas-category-of-floats": pd.Series(pd.Categorical([3.0, 1.0, 3.0, 2.0, None])),
    "pandas-text": pd.Series(["3", "1", "3", "2", None]),
    "polars-Int64": pl.Series([3, 1, 3, 2, None]),
    "polars-UInt8": pl.Series([3, 1, 3, 2, None], dtype=pl.UInt8),
    "polars-Float64": pl.Series([3.0, 1.0, 3.0, 2.0, None]),
    "polars-Float32-with-nan": pl.Series([3.0, 1.0, 3.0, 2.0, NAN], dtype=pl.Float32),
    "polars-Decimal": pl.Series([Decimal(3), Decimal(1), Decimal(3), Decimal(2), None]),
    "polars-String": pl.Series(["3", "1", "3", "2", None]),
}
BOOLEANS = {  # yes, no, no, yes and a missing answer
    "pandas-boolean": pd.Series([True, False, False, True, pd.NA], dtype="boolean"),
    "pandas-object": pd.Series([True, False, False, True, None], dtype="object"),
    "pandas-object-of-numpy-bools": pd.Series([np.True_, np.False_, np.False_, np.True_, None], dtype="object"),
    "polars-Boolean": pl.Series([True, False, False, True, None]),
}
TEXT = {  # b, a, c, a and a missing answer
    "pandas-str": pd.Series(["b", "a", "c", "a", None], dtype="str"),
    "pandas-string": pd.Series(["b", "a", "c", "a", pd.NA], dtype="string"),
    "pandas-object": pd.Series(["b", "a", "c", "a", None], dtype="object"),
    "pandas-object-with-nan": pd.Series(["b", "a", "c", "a", NAN], dtype="object"),
    "pandas-category": pd.Series(["b", "a", "c", "a", None], dtype="category"),
    "polars-String": pl.Series(["b", "a", "c", "a", None]),
    "polars-Categorical": pl.Series(["b", "a", "c", "a", None], dtype=pl.Categorical),
}


def frame_of(values):
    """A frame of the same library as the series: it under the name "asked", and another item."""
    if isinstance(values, pl.Series):
        return pl.DataFrame({"asked": values, "other": OTHER})
    return pd.DataFrame({"asked": values, "other": OTHER})


@pytest.mark.parametrize("values", COMPLETE.values(), ids=COMPLETE)
def test_whole_numbers_read_the_same_in_every_type(values):
    read = read_responses(frame_of(values), ["asked", "other"])
    assert read.labels == (("1", "2", "3"), ("0", "1"))
    assert read.codes.tolist() == [[2, 0], [0, 1], [2, 0], [1, 1], [1, 1]]


@pytest.mark.parametrize("values", INCOMPLETE.values(), ids=INCOMPLETE)
def test_numbers_with_a_missing_one_read_the_same_in_every_type(values):
    read = read_responses(frame_of(values), ["asked", "other"])
    assert read.labels == (("1", "2", "3"), ("0", "1"))
    assert read.codes.tolist() == [[2, 0], [0, 1], [2, 0], [1, 1], [-1, 1]]


@pytest.mark.parametrize("values", BOOLEANS.values(), ids=BOOLEANS)
def test_booleans_read_the_same_in_every_type(values):
    read = read_responses(frame_of(values), ["asked"])
    assert read.labels == (("False", "True"),)
    assert read.codes[:, 0].tolist() == [1, 0, 0, 1, -1]


def test_plain_booleans_of_pandas():
    read = read_responses(pd.DataFrame({"asked": [True, False, True]}), ["asked"])
    assert read.labels == (("False", "True"),)
    assert read.codes[:, 0].tolist() == [1, 0, 1]


@pytest.mark.parametrize("values", TEXT.values(), ids=TEXT)
def test_text_is_sorted_in_every_type(values):
    read = read_responses(frame_of(values), ["asked"])
    assert read.labels == (("a", "b", "c"),)
    assert read.codes[:, 0].tolist() == [1, 0, 2, 0, -1]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["high", "low", "high", None, "middle"], dtype=ORDERED),
        pd.Series(["high", "low", "high", None, "middle"], dtype=UNORDERED),
        pl.Series(["high", "low", "high", None, "middle"], dtype=pl.Enum(["low", "middle", "high"])),
    ],
    ids=["pandas-ordered", "pandas-unordered", "polars-Enum"],
)
def test_declared_order_is_kept(values):
    read = read_responses(frame_of(values), ["asked"])
    assert read.labels == (("low", "middle", "high"),)
    assert read.codes[:, 0].tolist() == [2, 0, 2, -1, 1]


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["high", "low", "high", "low", "low"], dtype=ORDERED),
        pd.Series(["high", "low", "high", "low", "low"], dtype=UNORDERED),
        pl.Series(["high", "low", "high", "low", "low"], dtype=pl.Enum(["low", "middle", "high"])),
    ],
    ids=["pandas-ordered", "pandas-unordered", "polars-Enum"],
)
def test_declared_categories_that_nobody_chose_stay_on_request(values):
    read = read_responses(frame_of(values), ["asked"], Declarations(empty_categories="keep"))
    assert read.n_categories == (3,)
    assert read.n_observed_categories == (2,)
    assert read.codes[:, 0].tolist() == [2, 0, 2, 0, 0]


def test_categories_of_a_polars_categorical_are_those_of_its_own_column():
    frame = pl.DataFrame(
        {"a": ["x", "y", "x"], "b": ["q", "x", "q"]}, schema={"a": pl.Categorical, "b": pl.Categorical}
    )
    assert read_responses(frame, ["a", "b"]).labels == (("x", "y"), ("q", "x"))


def test_items_of_unequal_numbers_of_categories():
    frame = pd.DataFrame({"two": [0, 1, 0, 1], "four": [3, 4, 1, 2], "three": ["a", "b", "c", "a"]})
    read = read_responses(frame, ["four", "two", "three"])
    assert read.items == ("four", "two", "three")
    assert read.n_categories == (4, 2, 3)
    assert read.common_labels is None
    assert read.codes.tolist() == [[2, 0, 0], [3, 1, 1], [0, 0, 2], [1, 1, 0]]


def test_items_that_share_their_labels_say_so():
    frame = pd.DataFrame({"a": ["no", "yes", "no"], "b": ["yes", "no", "no"]})
    assert read_responses(frame, ["a", "b"]).common_labels == ("no", "yes")


def test_respondent_without_any_answer_is_kept():
    frame = pd.DataFrame({"a": [0, 1, NAN], "b": [1, 0, NAN]}, index=["ann", "bo", "cy"])
    read = read_responses(frame, ["a", "b"])
    assert read.codes.tolist() == [[0, 1], [1, 0], [-1, -1]]
    assert read.respondents.tolist() == ["ann", "bo", "cy"]
    assert read.n_missing == 2


def test_polars_and_pandas_give_the_same_answers():
    columns = {
        "number": [1, 2, None, 2, 1],
        "truth": [True, None, False, True, True],
        "text": ["b", "a", None, "a", "b"],
        "score": [0.0, 1.0, 1.0, None, 0.0],
    }
    ours, theirs = (read_responses(frame, list(columns)) for frame in (pd.DataFrame(columns), pl.DataFrame(columns)))
    assert ours.labels == theirs.labels
    np.testing.assert_array_equal(ours.codes, theirs.codes)
    assert list(ours.respondents) == list(theirs.respondents)


@pytest.mark.parametrize(
    ("index", "labels"),
    [
        (pd.Index([7, 7, 9]), [7, 7, 9]),
        (pd.Index(["p", "p", "q"]), ["p", "p", "q"]),
        (pd.MultiIndex.from_tuples([("A", 1), ("A", 2), ("B", 1)]), ["A|1", "A|2", "B|1"]),
        (pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-02"]), ["2024-01-01", "2024-01-02", "2024-01-02"]),
        (pd.CategoricalIndex(["u", "v", "u"]), ["u", "v", "u"]),
    ],
    ids=["repeated-numbers", "repeated-text", "MultiIndex", "DatetimeIndex", "CategoricalIndex"],
)
def test_rows_go_by_their_labels_whatever_the_index(index, labels):
    frame = pd.DataFrame({"a": [0, 1, 1], "b": [1.0, NAN, 0.0]}, index=index)
    read = read_responses(frame, ["a", "b"])
    assert list(read.respondents) == labels
    assert read.codes.tolist() == [[0, 1], [1, -1], [1, 0]]


def test_keep_takes_answers_and_names_of_the_same_rows():
    frame = pd.DataFrame({"a": [0, 1, 1, 0], "b": [1, NAN, 0, 1]}, index=list("pqrs"))
    kept = read_responses(frame, ["a", "b"]).keep(np.array([True, False, True, True]))
    assert kept.codes.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert list(kept.respondents) == ["p", "r", "s"]


def test_keep_refuses_to_leave_an_item_with_one_category():
    read = read_responses(pd.DataFrame({"a": [0, 1, 1], "b": [0, 1, 0]}), ["a", "b"])
    with pytest.raises(ValueError, match=r"'a' have fewer than two categories in the 2 of 3 rows .* drop the item"):
        read.keep(np.array([False, True, True]))


def test_frame_is_left_as_it_was():
    frame = pd.DataFrame({"a": pd.Series([1, None, 2], dtype="object"), "b": pd.Categorical(["u", "v", "u"])})
    before = frame.copy(deep=True)
    read_responses(frame, ["a", "b"])
    pd.testing.assert_frame_equal(frame, before)


def test_codes_and_labels_give_the_answers_back():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.choice(["never", "some", "often"], 200) for name in "abcd"})
    frame = frame.mask(rng.random(frame.shape) < 0.2)
    read = read_responses(frame, list("abcd"))
    for item, labels, codes in zip(read.items, read.labels, read.codes.T, strict=True):
        back = [None if code == -1 else labels[code] for code in codes]
        assert back == [None if pd.isna(value) else value for value in frame[item]]


@pytest.mark.parametrize(
    ("value", "text"),
    [(2, "2"), (2.0, "2"), (np.float32(3), "3"), (2.5, "2.5"), (True, "True"), (np.int8(4), "4"), ("2.0", "2.0")],
    ids=repr,
)
def test_label_of_a_category(value, text):
    assert label(value) == text


def test_values_in_messages_are_quoted_and_cut():
    assert named(["a", np.int64(3), 2.5]) == "'a', 3, 2.5"
    assert named(range(10), most=3) == "0, 1, 2, ... (7 more)"


def test_row_labels_of_polars_count_from_zero():
    assert list(row_labels(pl.DataFrame({"a": [5, 6]}))) == [0, 1]


def test_large_whole_numbers_keep_their_last_digit():
    large = [2**53, 2**53 + 1, None]
    for frame in (pl.DataFrame({"a": large}), pd.DataFrame({"a": pd.Series(large, dtype="object")})):
        assert column(frame, "a").nunique() == 2


# Outcomes of a regression


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_rows_without_outcome_are_named_or_left_out_aloud(library):
    frame = library({"y": ["b", "a", None, "b", None], "x": [1, 2, 3, 4, 5]})
    with pytest.raises(ValueError, match=r'2 of 5 rows lack the outcome \'y\' \(rows 2, 4\); .*missing="drop"'):
        read_complete_outcome(frame, "y")
    with pytest.warns(UserWarning, match=r"2 of 5 rows left out: outcome 'y' missing \(rows 2, 4\)"):
        kept, codes, labels, complete = read_complete_outcome(frame, "y", "drop")
    assert isinstance(kept, library)
    assert list(kept["x"]) == [1, 2, 4]
    assert (codes.tolist(), labels) == ([1, 0, 1], ("a", "b"))
    assert complete.tolist() == [True, True, False, True, False]


def test_rows_left_out_keep_their_names():
    frame = pd.DataFrame({"y": ["b", None, "a"]}, index=pd.Index(["p", "q", "q"]))
    with pytest.warns(UserWarning, match="rows 'q'"):
        kept, *_ = read_complete_outcome(frame, "y", "drop")
    assert list(kept.index) == ["p", "q"]


def test_outcome_categories_that_nobody_is_in_stay():
    frame = pd.DataFrame({"y": pd.Categorical(["c", "a", "c"], ["c", "b", "a"])})
    _, codes, labels, complete = read_complete_outcome(frame, "y")
    assert (codes.tolist(), labels, complete.all()) == ([0, 2, 0], ("c", "b", "a"), True)


# Equal rows


def test_unique_rows_give_every_row_back():
    rng = np.random.default_rng(2)
    answers, group = rng.integers(-1, 2, size=(300, 3)), rng.integers(4, size=300)
    found = unique_rows(answers, group)
    np.testing.assert_array_equal(answers[found.first][found.pattern], answers)
    np.testing.assert_array_equal(group[found.first][found.pattern], group)
    np.testing.assert_array_equal(np.bincount(found.pattern), found.count)
    assert found.count.sum() == 300
    assert len(found.first) == len({(*row, g) for row, g in zip(answers.tolist(), group.tolist(), strict=True)})


def test_unique_rows_first_is_the_first_of_its_kind():
    found = unique_rows(np.array([5, 3, 5, 3, 3]))
    assert {int(row): int(count) for row, count in zip(found.first, found.count, strict=True)} == {0: 2, 1: 3}


def test_rows_differ_if_any_column_does():
    x = np.array([0.5, 0.5, 0.5, 0.25])
    found = unique_rows(np.zeros((4, 2), dtype=int), x, np.array([0, 1, 0, 0]))
    assert len(found.count) == 3
    assert found.pattern[0] == found.pattern[2]


def test_floats_are_equal_to_the_last_bit_only():
    assert len(unique_rows(np.array([0.1 + 0.2, 0.3])).count) == 2
    assert len(unique_rows(np.array([0.1 + 0.2, 0.2 + 0.1])).count) == 1
    assert len(unique_rows(np.array([0.0, -0.0])).count) == 1


def test_distinct_rows_are_all_kept():
    found = unique_rows(np.arange(7.0))
    np.testing.assert_array_equal(found.count, np.ones(7))
    np.testing.assert_array_equal(found.first, np.arange(7))


def test_responses_count_what_was_chosen():
    responses = Responses(
        ("a", "b"), (("0", "1", "2"), ("0", "1")), np.array([[0, 1], [2, -1], [2, 0]]), pd.RangeIndex(3)
    )
    assert responses.n_categories == (3, 2)
    assert responses.n_observed_categories == (2, 2)
    assert responses.n_missing == 1


@pytest.mark.parametrize("kind", [datetime.date, pd.Timestamp], ids=["date", "Timestamp"])
def test_dates_are_neither_numbers_nor_text(kind):
    frame = pd.DataFrame({"when": [kind(2024, 1, day) for day in (1, 2, 1)]})
    with pytest.raises(ValueError, match=r"'when' holds neither numbers nor text but values such as .* in 3 rows"):
        read_responses(frame, ["when"])
