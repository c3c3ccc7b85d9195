"""Items that are numbers, from frames: what is read, refused and warned of."""

import numpy as np
import pandas as pd
import polars
import pytest

import bayes_lca as bl
from bayes_lca.data.answered import for_model, is_missing
from bayes_lca.data.declarations import Declarations
from bayes_lca.data.numbers import read_numbers

SCORES = pd.DataFrame({"a": [1.5, 2.0, None, 4.0, 3.5], "b": [10, 20, 30, 20, 10]}, index=list("vwxyz"))


def read(frame, items=("a", "b"), codes=(), **options):
    return read_numbers(frame, items, Declarations(missing_codes=codes), use="NormalItems", **options)


def test_numbers_are_read_as_they_are():
    numbers = read(SCORES)
    np.testing.assert_array_equal(numbers.codes, SCORES.to_numpy(float))
    assert numbers.items == ("a", "b")
    assert numbers.respondents.tolist() == list("vwxyz")
    assert numbers.labels == ((), ())
    np.testing.assert_allclose(numbers.mean, [2.75, 18.0])
    np.testing.assert_allclose(numbers.center, numbers.mean)
    np.testing.assert_allclose(numbers.sd, numbers.scale)
    np.testing.assert_allclose(numbers.scale, [np.std([1.5, 2.0, 4.0, 3.5]), np.std([10, 20, 30, 20, 10])])


@pytest.mark.parametrize("kind", ["Int64", "float32", "object", "polars"])
def test_every_type_of_number_is_a_number(kind):
    frame = polars.from_pandas(SCORES) if kind == "polars" else SCORES.astype({"b": kind})
    np.testing.assert_array_equal(read(frame).codes, SCORES.to_numpy(float))


@pytest.mark.parametrize(
    "whole, effect", [(False, "widens the prior of means"), (True, "moves the prior of mean counts")]
)
def test_a_far_number_counts_as_it_is_for_the_standard_deviation_alone(whole, effect):
    """Of 0 to 99 and 5000 the quartiles are 25 and 75, so that the fence is at 225."""
    values = np.append(np.arange(100.0), 5000.0)
    told = rf"item 'a' is '5000' in 1 of 101 rows and within 0 to 99 in the others, which {effect}; if that is a typing"
    with pytest.warns(bl.FarValueWarning, match=told):
        numbers = read(pd.DataFrame({"a": values}), ["a"], {"a": []}, whole=whole)
    (mean,), (center,) = numbers.mean, numbers.center
    assert mean == pytest.approx((4950 + 5000) / 101)
    assert center == pytest.approx((4950 + 225) / 101)
    assert numbers.sd[0] ** 2 == pytest.approx((328_350 + 5000**2) / 101 - mean**2)
    assert numbers.scale[0] ** 2 == pytest.approx((328_350 + 225**2) / 101 - center**2)


def test_the_scale_is_the_standard_deviation_where_most_answers_are_one_value():
    """A hundred and ninety zeros and 0 to 9: mean 45 / 200, mean square 285 / 200."""
    frame = pd.DataFrame({"a": [0] * 190 + list(range(10)), "b": np.arange(200)})
    numbers = read(frame, codes={"a": [], "b": []})
    np.testing.assert_allclose(numbers.scale, [np.sqrt(285 / 200 - (45 / 200) ** 2), np.sqrt((200**2 - 1) / 12)])


@pytest.mark.parametrize("codes, expected", [([], [1, 2, 4, 9, 9]), ([9], [1, 2, 4, np.nan, np.nan])])
def test_a_categorical_of_numbers_is_read_as_these(codes, expected):
    frame = pd.DataFrame({"a": pd.Categorical([1, 2, 4, 9, 9], categories=[9, 4, 2, 1], ordered=True)})
    np.testing.assert_array_equal(read(frame, ["a"], {"a": codes}).codes[:, 0], expected)


@pytest.mark.parametrize("dtype", ["object", "boolean", "string"])
def test_a_column_without_answers_holds_nothing_wrong(dtype):
    with pytest.raises(ValueError, match="item 'a' has a number in 0 of 5 rows, too few"):
        read(SCORES.assign(a=pd.Series([None] * 5, SCORES.index, dtype=dtype)))


def test_a_code_of_missing_answers_is_warned_of_once_and_declared():
    frame = pd.DataFrame({"a": [*[1, 2, 3, 4, 5] * 8, 99]})
    with pytest.warns(bl.MissingCodeWarning, match=r"item 'a' has '99' in 1 of 41 rows") as warned:
        read(frame, ["a"])
    assert len(warned) == 1
    assert np.isnan(read(frame, ["a"], [99]).codes[-1, 0])


REFUSED = {
    "no items given": ([], {}),
    "an item is named twice in 'a', 'a'": (["a", "a"], {}),
    r"unknown item column\(s\) 'c'": (["c"], {}),
    r"item 'a' holds values that are no numbers \('low', 'high'\) in 4 of 5 rows, and NormalItems takes numbers": (
        ["a"],
        {"a": ["low", "high", None, "low", "low"]},
    ),
    r"item 'a' holds values that are no numbers \(True, False\) in 5 of 5 rows, .* give categories to": (
        ["a"],
        {"a": [True, False, True, True, True]},
    ),
    r"item 'a' holds values that are no numbers \('never'\) in 2 of 5 rows, .* give categories to Items": (
        ["a"],
        {"a": [1.5, "never", 2, "never", None]},
    ),
    r"item 'a' holds values that are no numbers \('1', '2'\) in 4 of 5 rows, .* turn these texts into numbers": (
        ["a"],
        {"a": pd.Categorical(["1", "2", None, "1", "1"])},
    ),
    r"item 'a' is infinite in 2 of 5 rows; correct these numbers, or make them missing": (
        ["a"],
        {"a": [1.0, np.inf, 3.0, -np.inf, 2.0]},
    ),
    r"item 'a' is 2.5 in all 4 rows that have a number, of 5; drop the item": (
        ["a"],
        {"a": [2.5, 2.5, None, 2.5, 2.5]},
    ),
    r"item 'a' is 0 or 1 in all 4 rows that have a number, of 5, and NormalItems takes measurements; give it to": (
        ["b", "a"],
        {"a": [0, 1, None, 1, 1]},
    ),
    r"item 'a' has a number in 2 of 5 rows, too few for classes to differ in": (
        ["a"],
        {"a": [2.5, 3.5, None, None, None]},
    ),
}


@pytest.mark.parametrize("told", REFUSED)
def test_what_cannot_be_used_is_refused(told):
    items, columns = REFUSED[told]
    with pytest.raises(ValueError, match=told):
        read(SCORES.assign(**columns), items)


def test_counts_may_be_zero_and_one():
    numbers = read_numbers(SCORES.assign(a=[0, 1, None, 1, 1]), ["a"], Declarations(), use="CountItems", whole=True)
    np.testing.assert_array_equal(numbers.codes[:, 0], [0, 1, np.nan, 1, 1])


def test_rows_left_out_may_not_leave_a_constant_item():
    numbers = read(SCORES.assign(a=[1.0, 1.0, 1.0, 2.0, 3.0]))
    kept = numbers.keep(np.array([True, True, True, False, True]) | True)
    assert kept is numbers
    with pytest.raises(ValueError, match="item 'a' is 1 in all 3 rows that have a number, of 3"):
        numbers.keep(np.array([True, True, True, False, False]))


def test_missing_is_not_the_same_for_codes_and_numbers():
    assert is_missing(np.array([0, 1, -1])).tolist() == [False, False, True]
    assert is_missing(np.array([0.0, -1.0, np.nan])).tolist() == [False, False, True]
    assert for_model(np.array([0, -1])).tolist() == [0, -1]
    assert for_model(np.array([-1.0, np.nan])).tolist() == [-1.0, np.inf]
