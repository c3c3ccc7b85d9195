"""What is declared of columns, and warned of where nobody declared it: order, missing codes, empty categories."""

import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayes_lca as bl
from bayes_lca.data.category_order import ordered_categories
from bayes_lca.data.responses import read_responses
from bayes_lca.data.suspected_codes import suspected_codes
from bayes_lca.measurement.nominal import read_answers
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.posterior.labels.relabel import checked_order

RNG = np.random.default_rng(11)
N = 120


def survey(**columns):
    """Two items of three answers, a covariate and groups; columns may be added or exchanged."""
    base = {
        "a": RNG.integers(1, 4, N),
        "b": RNG.integers(1, 4, N),
        "age": RNG.integers(18, 66, N),
        "group": np.arange(N) % 8 + 1,
    }
    return pd.DataFrame(base | columns)


def with_codes(values, codes, times=4):
    """Values, the first of them replaced by codes, each so many times."""
    values = np.array(values, dtype=object)
    values[: times * len(codes)] = np.repeat(np.array(codes, dtype=object), times)
    return values.tolist()


@pytest.mark.parametrize(
    ("values", "categories", "order"),
    [
        (["0", "1", "10", "2"], ["0", "1", "2", "10"], "by value"),
        (pd.Categorical(["0", "1", "10", "2"]), ["0", "1", "2", "10"], "by value"),
        ([10, 2, 1, 2], [1, 2, 10], "by value"),
        ([True, False, True], [False, True], "by value"),
        (["-1.5", "2", "0"], ["-1.5", "0", "2"], "by value"),
        (["No change", "Decrease", "Increase"], ["Decrease", "Increase", "No change"], "sorted as text"),
        (pd.Categorical(["b", "a"], ["b", "a"]), ["b", "a"], "as listed"),
        (pd.Categorical([1, 2, 3], [3, 1, 2]), [3, 1, 2], "as listed"),
        (pd.Categorical(["b", "a"], ["b", "a"], ordered=True), ["b", "a"], "declared"),
    ],
)
def test_order_of_categories_and_what_it_rests_on(values, categories, order):
    assert ordered_categories(pd.Series(values)) == (categories, order)


LIKERT = RNG.integers(1, 6, N)
SUSPECTED = {
    "99 after 1 to 5": (with_codes(LIKERT, [99]), {"99": 4}),
    "9 after 1 to 5": (with_codes(LIKERT, [9]), {"9": 4}),
    "8 and 9 after 1 and 2": (with_codes(RNG.integers(1, 3, N), [8, 9], 2), {"8": 2, "9": 2}),
    "-1 before 1 to 5": (with_codes(LIKERT, [-1]), {"-1": 4}),
    "-1 before 0 to 2": (with_codes(RNG.integers(0, 3, N), [-1]), {"-1": 4}),
    "999 after 0 to 10": (with_codes(RNG.integers(0, 11, N), [999], 1), {"999": 1}),
    "-9 and -8": (with_codes(RNG.integers(0, 2, N), [-9, -8]), {"-9": 4, "-8": 4}),
    "as text": (with_codes(LIKERT.astype(str), ["99"]), {"99": 4}),
    "as floats": (with_codes(LIKERT.astype(float), [99.0]), {"99": 4}),
    "refused": (with_codes(["yes", "no"] * (N // 2), ["Refused", "Don’t know"]), {"Refused": 4, "Don’t know": 4}),
    "with its code": (with_codes(["1. yes", "2. no"] * (N // 2), ["9. No answer"]), {"9. No answer": 4}),
    "signs": (with_codes(LIKERT.astype(str), [".", "*", "-", "?"], 2), {".": 2, "*": 2, "-": 2, "?": 2}),
    "a sign beside words": (with_codes(["yes", "no"] * (N // 2), ["-"]), {"-": 4}),
    "of programs": (with_codes(["yes", "no"] * (N // 2), ["#NULL!", "NA", "N/A"], 1), {"#NULL!": 1, "NA": 1, "N/A": 1}),
    "two reasons": (
        with_codes(["yes", "no"] * (N // 2), ["refused/dk", "N/A/refused"], 3),
        {"refused/dk": 3, "N/A/refused": 3},
    ),
    "before its code": (
        with_codes(["yes", "no"] * (N // 2), ["missing (-9)", "Refused = 7", "don't know 98", "skipped-8"], 1),
        {"missing (-9)": 1, "Refused = 7": 1, "don't know 98": 1, "skipped-8": 1},
    ),
    "in Chinese": (with_codes(["是", "否"] * (N // 2), ["缺失", "拒答"]), {"缺失": 4, "拒答": 4}),
    "ages and 99": (with_codes(RNG.integers(18, 66, N), [99]), {"99": 4}),
    "ages and -1": (with_codes(RNG.integers(18, 66, N), [-1], 1), {"-1": 1}),
    "declared in the frame": (
        pd.Categorical(with_codes(["yes", "no"] * 60, ["missing"]), ordered=True),
        {"missing": 4},
    ),
}


@pytest.mark.parametrize(("values", "codes"), SUSPECTED.values(), ids=SUSPECTED)
def test_what_looks_like_a_missing_code_is_named_with_its_count(values, codes):
    assert suspected_codes(pd.Series(values)) == codes


WELL_BEHAVED = {
    "Likert": lambda rng, n: rng.choice([1, 2, 3, 4, 5], n, p=[0.02, 0.1, 0.3, 0.4, 0.18]),
    "seven points": lambda rng, n: rng.integers(1, 8, n),
    "0 to 10": lambda rng, n: rng.integers(0, 11, n),
    "counts": lambda rng, n: rng.poisson(2, n),
    "overdispersed counts": lambda rng, n: rng.negative_binomial(1, 0.4, n),
    "people in a household": lambda rng, n: 1 + rng.poisson(1.4, n),
    "ages to 99": lambda rng, n: rng.integers(18, 100, n),
    "old ages": lambda rng, n: np.clip(rng.normal(75, 10, n).round(), 60, 99),
    "dummies of -1 and 1": lambda rng, n: rng.choice([-1, 1], n),
    "-1, 0 and 1": lambda rng, n: rng.integers(-1, 2, n),
    "-2 to 2": lambda rng, n: rng.integers(-2, 3, n),
    "change": lambda rng, n: rng.poisson(3, n) - rng.poisson(3, n),
    "normal": lambda rng, n: rng.normal(size=n),
    "percentages": lambda rng, n: rng.integers(0, 101, n),
    "incomes": lambda rng, n: np.exp(rng.normal(7, 1, n)).round(),
    "text": lambda rng, n: rng.choice(["no change", "none", "other", "never"], n),
    "signs": lambda rng, n: rng.choice(["+", "-"], n),
    "stars": lambda rng, n: rng.choice(["*", "**", "***"], n),
    "ordinary words": lambda rng, n: rng.choice(
        ["no/unknown risk", "none (0)", "day 9", "A/B", "yes or no", "unknown soldier 9", "unknown 1", "N/S"], n
    ),
}


@pytest.mark.parametrize("make", WELL_BEHAVED.values(), ids=WELL_BEHAVED)
def test_well_behaved_columns_hardly_ever_look_like_it(make):
    rng, sizes = np.random.default_rng(5), (40, 300)
    alarms = sum(bool(suspected_codes(pd.Series(make(rng, n)))) for n in sizes for _ in range(60))
    assert alarms <= 3  # of 120 samples; the rate is below one of a hundred


ROLES = {
    "item": lambda frame, codes: bl.Items(["a", "b"], missing_codes=codes).read(frame),
    "covariate": lambda frame, codes: bl.Regression("~ a", missing_codes=codes).read(frame, "drop"),
    "group column": lambda frame, codes: bl.Regression("~ age + (1 | a)", missing_codes=codes).read(frame, "drop"),
    "outcome": lambda frame, codes: Multinomial(
        "a", bl.Regression("~ age"), missing_codes=codes["a"] if codes else None
    ).build(frame, missing="drop"),
}


@pytest.mark.parametrize("kind", ["pandas", "polars"])
@pytest.mark.parametrize("role", ROLES)
def test_a_code_is_warned_of_until_it_is_declared(role, kind):
    frame = survey(a=with_codes(RNG.integers(1, 4, N), [99]))
    frame = pl.from_pandas(frame.infer_objects()) if kind == "polars" else frame
    with pytest.warns(
        bl.MissingCodeWarning, match=rf"{role} 'a' has '99' in 4 of 120 rows.*missing_codes={{'a': \[99\]}}"
    ):
        ROLES[role](frame, {})
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        ROLES[role](frame, {"a": [99]})
        ROLES[role](frame, {"a": []})
    assert not [each for each in raised if issubclass(each.category, bl.MissingCodeWarning)]


@pytest.mark.parametrize("codes", [[99, "refused"], {"a": [99.0, "refused"]}, {"a": ["99", "refused"]}])
def test_declared_codes_are_missing_answers(codes):
    values = with_codes(RNG.integers(1, 4, N), [99, "refused"])
    responses = bl.Items(["a", "b"], missing_codes=codes).read(survey(a=values))
    assert responses.labels[0] == ("1", "2", "3")
    expected = [-1 if value in (99, "refused") else value - 1 for value in values]
    np.testing.assert_array_equal(responses.codes[:, 0], expected)
    assert responses.n_missing == 8


def test_rows_to_predict_have_the_same_missing_codes():
    with pytest.warns(UserWarning, match="1 of 120 rows left out"):
        design = bl.Regression("~ age", missing_codes={"age": [99]}).read(
            survey(age=[99, *RNG.integers(18, 66, N - 1)]), "drop"
        )
    with pytest.raises(ValueError, match="new rows lack a covariate \\('age' in 1 of 2 rows\\)"):
        design.encode(pd.DataFrame({"age": [30, 99]}))


def test_declared_categories_are_the_only_ones_and_in_their_order():
    frame = survey(a=np.resize(["much", "some", "none"], N), b=np.resize(["x", "y"], N))
    items = bl.Items(["a", "b"], categories={"a": ["none", "some", "much"]})
    responses = items.read(frame)
    assert responses.labels == (("none", "some", "much"), ("x", "y"))
    assert responses.orders == ("declared", "sorted as text")
    with pytest.raises(
        ValueError, match=r"declared categories 'none', 'some' do not name \('much' in 40 of 120 rows\)"
    ):
        bl.Items(["a"], categories=["none", "some"]).read(frame)
    with pytest.raises(ValueError, match="categories names 'c', not among the columns 'a'"):
        bl.Items(["a"], categories={"c": ["x", "y"]})
    with pytest.raises(ValueError, match="a category is named twice"):
        bl.Items(["a"], categories=["x", "x"])
    with pytest.raises(TypeError, match="missing_codes=99: give a list"):
        bl.Items(["a"], missing_codes=99)


def test_levels_declared_of_a_covariate_begin_with_the_reference():
    frame = survey(tier=np.resize([2, 1, 3], N))
    design = bl.Regression("~ tier", categories={"tier": [2, 1, 3]}).read(frame)
    assert design.terms == ("tier[1]", "tier[3]")
    np.testing.assert_array_equal(design.matrix, np.column_stack([frame["tier"] == 1, frame["tier"] == 3]))


EMPTY = pd.CategoricalDtype(["never", "1", "2", "3", "always"], ordered=True)


@pytest.mark.parametrize("how", ["categorical", "declared", "polars"])
def test_categories_that_nobody_chose_are_left_out_or_kept(how):
    labels, declared = list(EMPTY.categories), {}
    frame = survey(a=pd.Categorical(RNG.integers(1, 4, N).astype(str), dtype=EMPTY))
    if how == "declared":
        frame, declared = frame.astype({"a": str}), {"categories": {"a": labels}}
    if how == "polars":
        frame = pl.from_pandas(frame.astype({"a": str})).cast({"a": pl.Enum(labels)})
    responses = bl.Items(["a", "b"], **declared).read(frame)
    assert responses.labels[0] == ("1", "2", "3")
    assert responses.empty == {"a": ("never", "always")}
    note = read_answers(bl.Items(["a", "b"], **declared), frame, None).note
    assert "categories that nobody has left out: a 'never', 'always'" in note
    kept = bl.Items(["a", "b"], empty_categories="keep", **declared).read(frame)
    assert kept.labels[0] == tuple(labels)
    np.testing.assert_array_equal(kept.codes[:, 0], responses.codes[:, 0] + 1)
    with pytest.raises(ValueError, match="empty_categories='all'"):
        bl.Items(["a"], empty_categories="all")


def test_a_category_of_left_out_rows_alone_is_empty_too():
    frame = survey(a=[*[3] * 5, *np.resize([1, 2], N - 5)], age=[*[np.nan] * 5, *RNG.normal(size=N - 5)])
    with pytest.warns(UserWarning, match="5 of 120 rows left out"):
        prepared = LatentClass(2, bl.Items(["a", "b"]), bl.Regression("~ age")).prepare(frame, missing="drop")
    assert json.loads(prepared.attributes["labels"])[0] == ["1", "2"]
    assert json.loads(prepared.attributes["empty_categories"]) == {"a": ["3"]}


def test_an_outcome_has_no_odds_ratio_for_a_category_that_nobody_has():
    labels = ["low", "middle", "high"]
    frame = survey(
        y=pd.Categorical(np.resize(["low", "high"], N), labels), tier=pd.Categorical(np.resize([1, 2], N), [1, 2, 3])
    )
    model = Multinomial("y", bl.Regression("~ age + tier"))
    prepared = model.prepare(frame)
    assert list(prepared.model.coords["category"]) == ["low", "high"]
    assert json.loads(prepared.attributes["empty_categories"]) == {"tier": ["3"], "y": ["middle"]}
    kept = Multinomial("y", bl.Regression("~ age + tier"), empty_categories="keep").build(frame)
    assert list(kept.coords["category"]) == labels


def test_classes_are_not_ordered_by_an_item_without_an_order():
    orders = {"a": "sorted as text", "b": "by value"}
    assert checked_order("b", ["a", "b"], np.zeros(2, dtype=int), orders) == "b"
    with pytest.raises(ValueError, match=r"order='a' sorts 2 classes .* nobody declared .*categories="):
        checked_order("a", ["a", "b"], np.zeros(2, dtype=int), orders)
    with pytest.raises(ValueError, match="order='a' sorts"):
        frame = survey(a=np.resize(["x", "y", "z"], N), c=RNG.integers(1, 4, N))
        bl.fit(LatentClass(2, bl.Items(["a", "b", "c"])), frame, order="a")


def test_reliability_takes_numeric_text_by_its_value_and_refuses_text_without_order():
    numbers = pd.DataFrame(RNG.integers(0, 3, (N, 4)) * [1, 2, 5, 10], columns=list("abcd"))
    by_number = bl.reliability(list("abcd"), numbers, resamples=20)
    assert by_number.equals(bl.reliability(list("abcd"), numbers.astype(str), resamples=20))
    words = numbers.assign(a=numbers["a"].map({0: "x", 1: "y", 2: "z"}))
    with pytest.raises(ValueError, match="reliability rests on the order"):
        bl.reliability(list("abcd"), words)
    declared = bl.Items(list("abcd"), categories={"a": ["x", "y", "z"]})
    np.testing.assert_allclose(bl.reliability(declared, words, resamples=20)["estimate"], by_number["estimate"])


YES, AGREE = ["no", "yes"], ["agree", "disagree"]


def two_categories(*of_items):
    """Items of two categories, those of a list in the order of the list."""
    return pd.DataFrame({f"q{j}": pd.Series(of_item * 5) for j, of_item in enumerate(of_items)})


@pytest.mark.parametrize(
    ("frame", "refused"),
    [
        (two_categories(YES, YES, AGREE), "'q0', 'q1', 'q2' of 10 rows"),
        (two_categories(YES, YES, [0, 1]), "'q0', 'q1' of 10 rows"),
        (two_categories(YES, YES).assign(q2=pd.Categorical(YES * 5, YES[::-1], ordered=True)), "'q0', 'q1' of 10 rows"),
        (two_categories(YES, YES).astype(pd.CategoricalDtype(YES)).assign(q2=AGREE * 5), "'q0', 'q1', 'q2' of 10 rows"),
        (two_categories(YES, YES, YES), None),
        (two_categories(YES, YES).assign(q2=pd.Categorical(YES * 5, YES, ordered=True)), None),
        (two_categories([0, 1], [1, 2], [False, True]), None),
    ],
)
def test_two_categories_need_an_order_where_they_could_run_in_opposite_directions(frame, refused):
    responses = read_responses(frame, list(frame))
    responses.require_order("this")  # no direction is asked for
    if refused is None:
        responses.require_order("this", directed=True)
        return
    with pytest.raises(
        ValueError, match=rf"this rests on .* nobody declared for item\(s\) {refused}.* opposite dir.*Declare"
    ):
        responses.require_order("this", directed=True)


def test_alpha_of_items_in_opposite_directions_is_refused_and_that_of_declared_ones_is_of_the_scores():
    scores = pd.DataFrame((RNG.normal(size=(N, 1)) + RNG.normal(size=(N, 4)) > 0).astype(int), columns=list("abcd"))
    words = scores.replace({0: "no", 1: "yes"}).assign(d=scores["d"].map({0: "disagree", 1: "agree"}))
    with pytest.raises(ValueError, match=r"reliability rests on .* 'a', 'b', 'c', 'd' of .* opposite directions"):
        bl.reliability(list("abcd"), words)
    declared = bl.Items(list("abcd"), categories=dict.fromkeys("abc", YES) | {"d": AGREE[::-1]})
    covariance = np.cov(scores.T)
    alpha = 4 / 3 * (1 - np.trace(covariance) / covariance.sum())
    table = bl.reliability(declared, words, resamples=20)
    assert table.loc[("alpha", "all"), "estimate"] == pytest.approx(alpha, abs=1e-12)


def test_a_frame_of_any_kind_is_declared_for_functions_that_read_it():
    frame = survey(a=with_codes(RNG.integers(1, 4, N).astype(str), ["refused"]))
    declared = bl.declare_columns(
        pl.from_pandas(frame), categories={"a": ["3", "2", "1"]}, missing_codes={"a": ["refused"], "age": [20]}
    )
    assert declared["a"].cat.categories.tolist() == ["3", "2", "1"]
    assert declared["a"].isna().sum() == 4
    assert declared["age"].isna().sum() == (frame["age"] == 20).sum()
    with pytest.raises(ValueError, match="missing_codes names 'z'"):
        bl.declare_columns(frame, missing_codes={"z": [1]})


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_text_that_is_numbers_but_for_a_declared_word_is_numbers(kind):
    ages = RNG.integers(18, 66, N)
    frame = survey(age=[*ages[:-1].astype(str), "NA"], group=[*(f"0{i % 8}" for i in range(N - 1)), "NA"])
    frame = pl.from_pandas(frame) if kind == "polars" else frame
    with pytest.warns(UserWarning, match="1 of 120 rows left out"):
        design = bl.Regression("~ age", missing_codes=["NA"]).read(frame, "drop")
    assert design.terms == ("age",)
    np.testing.assert_array_equal(design.matrix[:, 0], ages[:-1])
    matrix, _ = design.encode(pd.DataFrame({"age": ["20.5", "30"]}))
    np.testing.assert_array_equal(matrix[:, 0], [20.5, 30])
    declared = bl.declare_columns(frame, missing_codes=["NA"])
    assert declared["age"].iloc[:-1].tolist() == ages[:-1].tolist()
    assert declared["group"].iloc[0] == "00"  # a name, not a number
    assert declared[["age", "group"]].isna().sum().tolist() == [1, 1]


def test_texts_of_numbers_stay_categories_beside_codes_that_are_numbers():
    frame = survey(a=with_codes(RNG.integers(1, 4, N).astype(str), ["99"]))
    with pytest.warns(UserWarning, match="4 of 120 rows left out"):
        assert bl.Regression("~ a", missing_codes=[99]).read(frame, "drop").terms == ("a[2]", "a[3]")


NOWHERE = {
    "items": lambda frame: bl.Items(["a", "b"], missing_codes=[98]).read(frame),
    "covariate": lambda frame: bl.Regression("~ a", missing_codes={"a": [98]}).read(frame),
    "outcome": lambda frame: Multinomial("a", bl.Regression("~ age"), missing_codes=[98]).build(frame),
    "frame": lambda frame: bl.declare_columns(frame, missing_codes={"a": [98]}),
}


@pytest.mark.parametrize("read", NOWHERE.values(), ids=NOWHERE)
def test_codes_that_are_nowhere_are_named_with_what_is_there(read):
    frame = survey(a=np.resize([3, 1, 2], N))
    with pytest.warns(UserWarning, match=r"missing_codes '98' are nowhere in the 120 rows.*'a' has '3', '1', '2'"):
        read(frame)


def test_nothing_is_said_of_codes_of_which_one_is_somewhere():
    bl.Items(["a", "b"], missing_codes=[98, 99]).read(survey(b=with_codes(RNG.integers(1, 4, N), [99])))
