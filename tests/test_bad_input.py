"""Input that cannot be used is refused before sampling, by a message that names it and says what to do.

Every case goes through the functions people call. The sampler is replaced by one that must not be reached.
"""

import datetime
import warnings
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import bayes_lca as bl
from bayes_lca.models import LatentClass, Multinomial

N = 40
ITEMS = ["a", "b", "c"]
FORMULA = "~ x + tier + (1 | group)"


def survey():
    """Forty rows in ten groups: three items, an outcome, and covariates of every kind."""
    rng = np.random.default_rng(12)
    latent_class = rng.integers(2, size=N)
    group = np.arange(N) % 10
    score = group + 0.5
    return pd.DataFrame(
        {
            **{item: np.where(rng.random(N) < 0.8, latent_class, 1 - latent_class) for item in ITEMS},
            "y": rng.choice(["worse", "same", "better"], N),
            "x": rng.normal(size=N),
            "z": rng.normal(size=N),
            "score": score,
            "tier": pd.cut(score, [0, 3, 7, 10], labels=["low", "medium", "high"]),
            "sex": np.where(rng.random(N) < 0.5, "female", "male"),
            "group": [f"G{number}" for number in group],
        }
    )


def replaced(name, values):
    """The survey with one column of other values, at the rows given by position or at all."""
    frame = survey()
    if isinstance(values, dict):
        frame[name] = frame[name].astype("object")
        for row, value in values.items():
            frame.at[row, name] = value
    else:
        frame[name] = values
    return frame


@pytest.fixture(autouse=True)
def unreachable_sampler(monkeypatch):
    def reached(*arguments, **options):
        raise AssertionError("the sampler was reached")

    monkeypatch.setattr("bayes_lca.sampling.nuts.road_of", reached)


READ_ITEMS = {
    "LatentClass.build": lambda frame, items: LatentClass(2, bl.Items(items)).build(frame),
    "count_classes": lambda frame, items: bl.count_classes(bl.Items(items), frame, [2], n_starts=2),
    "fit": lambda frame, items: bl.fit(LatentClass(2, bl.Items(items)), frame, progressbar=False),
}
READ_COVARIATES = {
    "LatentClass.build": lambda frame, part: LatentClass(2, bl.Items(ITEMS), part).build(frame),
    "Multinomial.build": lambda frame, part: Multinomial("y", part).build(frame),
    "fit-LatentClass": lambda frame, part: bl.fit(LatentClass(2, bl.Items(ITEMS), part), frame, progressbar=False),
    "fit-Multinomial": lambda frame, part: bl.fit(Multinomial("y", part), frame, progressbar=False),
}
READ_OUTCOME = {
    "Multinomial.build": lambda frame, outcome: Multinomial(outcome, bl.Regression("~ x")).build(frame),
    "fit": lambda frame, outcome: bl.fit(Multinomial(outcome, bl.Regression("~ x")), frame, progressbar=False),
}


def test_the_survey_itself_gets_as_far_as_the_sampler():
    for read in (READ_COVARIATES["fit-LatentClass"], READ_COVARIATES["fit-Multinomial"]):
        with pytest.raises(AssertionError, match="the sampler was reached"):
            read(survey(), bl.Regression(FORMULA))


# Items

BAD_ITEMS = {  # frame, items, what the message says
    "unknown": (survey(), ["a", "b", "d"], ["unknown item column(s) 'd'", "40 rows", "10 columns: 'a', 'b'"]),
    "misspelt": (survey(), ["a", "b", "scores"], ["unknown item column(s) 'scores'", "did you mean 'score'?"]),
    "one-category": (
        replaced("b", 1),
        ITEMS,
        ["item 'b' has one category only ('1' in all 40 answers)", "drop the item"],
    ),
    "one-category-beside-missing": (
        replaced("b", ["yes"] * 30 + [None] * 10),
        ITEMS,
        ["item 'b' has one category only ('yes' in all 30 answers)", "drop the item"],
    ),
    "one-category-of-three-declared": (
        replaced("b", pd.Categorical(["no"] * N, ["no", "perhaps", "yes"])),
        ITEMS,
        ["item 'b' has one category only ('no' in all 40 answers)", "drop the item"],
    ),
    "all-missing": (replaced("b", np.nan), ITEMS, ["item 'b' has no answer in any of 40 rows", "drop the item"]),
    "all-missing-categories": (
        replaced("b", pd.Categorical([None] * N, ["no", "yes"])),
        ITEMS,
        ["item 'b' has no answer in any of 40 rows"],
    ),
    "free-text": (
        replaced("b", [f"I think that {row}" for row in range(N)]),
        ITEMS,
        ["item 'b' holds 40 different values in 40 rows ('I think that 0'", "categorical", "leave it out"],
    ),
    "empty-text": (
        replaced("b", ["yes", "no", ""] + ["yes"] * (N - 3)),
        ITEMS,
        ["item 'b' holds empty text in 1 of 40 rows", "code it as missing"],
    ),
    "blank-text": (
        replaced("b", ["yes", "no", "  ", "\t"] * 10),
        ITEMS,
        ["item 'b' holds empty text in 20 of 40 rows", "code it as missing"],
    ),
    "empty-category": (
        replaced("b", pd.Categorical(["yes", "no", "", "no"] * 10)),
        ITEMS,
        ["item 'b' holds empty text in 10 of 40 rows"],
    ),
    "blank-behind-text": (
        replaced("b", ["yes", "no", "yes ", "no"] * 10),
        ITEMS,
        ["item 'b' has 'yes', 'yes ' in 20 of 40 rows, which differ in blanks alone", "frame['b'].str.strip()"],
    ),
    "blank-in-a-category": (
        replaced("b", pd.Categorical(["not sure", "no", "not  sure", "no"] * 10)),
        ITEMS,
        ["item 'b' has 'not  sure', 'not sure' in 20 of 40 rows, which differ in blanks alone"],
    ),
    "capitals": (
        replaced("b", ["yes", "no", "Yes ", "no"] * 10),
        ITEMS,
        ["item 'b' has 'Yes ', 'yes' in 20 of 40 rows, which differ in capitals or blanks alone", "categorical"],
    ),
    "number-among-text": (
        replaced("b", ["yes", "no", "no", 1] * 10),
        ITEMS,
        ["item 'b' mixes text with 10 of 40 value(s)", "such as 1", "convert"],
    ),
    "text-among-numbers": (
        replaced("b", {3: "one"}),
        ITEMS,
        ["item 'b' mixes text with 39 of 40 value(s)", "convert the column to one type"],
    ),
    "truth-among-numbers": (
        replaced("b", {3: True}),
        ITEMS,
        ["item 'b'", "values such as", "40 rows", "convert the column"],
    ),
    "half": (
        replaced("b", {3: 2.5}),
        ITEMS,
        ["item 'b' holds 1 value(s) in 40 rows that are not categories, such as 2.5", "round the column"],
    ),
    "infinite": (
        replaced("b", {3: np.inf, 4: -np.inf}),
        ITEMS,
        ["item 'b' is infinite in 2 of 40 rows", "code them as missing"],
    ),
    "dates": (
        replaced("b", [datetime.date(2024, 1, 1 + row % 2) for row in range(N)]),
        ITEMS,
        ["item 'b' holds neither numbers nor text", "datetime.date(2024, 1, 1)", "40 rows", "convert"],
    ),
    "lists": (replaced("b", [["yes"], ["no"]] * 20), ITEMS, ["item 'b' holds neither numbers nor text", "['yes']"]),
    "categories-that-read-the-same": (
        replaced("b", pd.Categorical([1, "1"] * 20)),
        ITEMS,
        ["item 'b' has categories that read the same in 40 rows: '1', '1'", "rename"],
    ),
    "complex": (
        replaced("b", [1 + 1j, 2] * 20),
        ITEMS,
        ["item 'b' holds neither numbers nor text", "(1+1j)", "40 rows"],
    ),
    "whole-numbers-beyond-64-bits": (
        replaced("b", pd.Series([2**63, 2**63 + 1, 2, 2] * 10, dtype="object")),
        ITEMS,
        ["item 'b' holds neither numbers nor text", "9223372036854775808", "64-bit"],
    ),
    "number-of-400-digits": (replaced("b", [10**400, 1] * 20), ITEMS, ["item 'b' holds neither numbers nor text"]),
    "signalling-decimal": (
        replaced("b", [Decimal(1), Decimal("sNaN")] * 20),
        ITEMS,
        ["column 'b' holds the decimal sNaN in 20 of 40 rows", "code it as missing"],
    ),
    "NUL": (
        replaced("b", ["a", "a\0"] * 20),
        ITEMS,
        ["item 'b' holds text with a NUL character", r"'a\x00'", "correct"],
    ),
    "NUL-in-a-category-nobody-chose": (
        replaced("b", pd.Categorical(["a", "b"] * 20, ["a", "b", "a\0"])),
        ITEMS,
        ["item 'b' holds text with a NUL character", "correct it"],
    ),
    "half-a-surrogate-pair": (
        replaced("b", pd.Series(["\ud800", "b"] * 20, dtype="object")),
        ITEMS,
        ["item 'b' holds text", r"'\ud800'"],
    ),
    "name-with-NUL": (
        survey().rename(columns={"b": "b\0"}),
        ["a", "b\0"],
        [r"item column(s) 'b\x00'", "40 rows", "rename"],
    ),
    "name-that-is-a-pair": (
        survey().rename(columns={"b": ("b", 1)}),
        ["a", ("b", 1)],
        ["('b', 1)", "name each column"],
    ),
    "lists-of-names": (survey(), [["a", "b"], "c"], ["['a', 'b'] among the items", "name each column"]),
    "bytes": (survey(), b"abc", ["items=b'abc' is one text", "list of column names"]),
    "continuous": (survey(), ["a", "b", "x"], ["item 'x' holds 40 value(s) in 40 rows that are not categories"]),
    "none": (survey(), [], ["no items given", "name the columns"]),
    "one-text": (survey(), "abc", ["items='abc' is one text", "list of column names"]),
    "twice": (survey(), ["a", "b", "a"], ["an item is named twice in 'a', 'b', 'a'", "once"]),
    "no-rows": (survey().iloc[:0], ITEMS, ["the frame has 0 rows", "one row per respondent"]),
    "no-columns": (pd.DataFrame(index=range(3)), ITEMS, ["unknown item column(s) 'a', 'b', 'c'", "0 columns"]),
    "no-rows-polars": (pl.DataFrame({"a": [], "b": [], "c": []}), ITEMS, ["the frame has 0 rows"]),
    "column-twice": (
        pd.concat([survey(), survey()[["b"]]], axis=1),
        ITEMS,
        ["the frame has 1 column name(s) more than once: 'b'", "rename or drop"],
    ),
    "columns-of-two-levels": (
        pd.concat({"wave 1": survey()}, axis=1),
        ITEMS,
        ["column names have 2 levels, such as ('wave 1', 'a')", "join them"],
    ),
    "integer-columns": (
        survey().set_axis(range(10), axis=1),
        ["0", "1"],
        ["unknown item column(s) '0', '1'", "10 columns: 0, 1, 2", "did you mean 0, 1?"],
    ),
    "right-to-left": (
        survey().rename(columns={"b": "جنس"}).assign(جنس=1),
        ["a", "جنس"],
        ["item 'جنس' has one category only ('1' in all 40 answers)"],
    ),
    "polars-half": (
        pl.DataFrame({"a": [0, 1, 0], "b": [0.0, 2.5, 1.0], "c": [0, 1, 1]}),
        ITEMS,
        ["item 'b' holds 1 value(s) in 3 rows", "2.5"],
    ),
    "polars-dates": (
        pl.DataFrame({"a": [0, 1], "b": [datetime.date(2024, 1, 1), None], "c": [0, 1]}),
        ITEMS,
        ["item 'b' holds neither numbers nor text", "in 1 rows"],
    ),
}


@pytest.mark.parametrize("read", READ_ITEMS.values(), ids=READ_ITEMS)
@pytest.mark.parametrize(("frame", "items", "said"), BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_items_that_cannot_be_used(frame, items, said, read):
    with pytest.raises(ValueError) as caught:
        read(frame, items)
    for part in said:
        assert part in str(caught.value)


NO_FRAMES = {
    "None": None,
    "dict": {"a": [0, 1]},
    "array": np.zeros((3, 2)),
    "path": Path("survey.csv"),
    "name": "survey.csv",
    "series": pd.Series([0, 1]),
    "list-of-rows": [[0, 1], [1, 0]],
}


@pytest.mark.parametrize("read", READ_ITEMS.values(), ids=READ_ITEMS)
@pytest.mark.parametrize("frame", NO_FRAMES.values(), ids=NO_FRAMES)
def test_what_is_no_frame(frame, read):
    remedy = r"; read the file first, bl.read_survey\(path\)" if isinstance(frame, str | Path) else ""
    with pytest.raises(TypeError, match=f"expected a data frame .*, got {type(frame).__name__}{remedy}$"):
        read(frame, ITEMS)


@pytest.mark.parametrize("read", READ_COVARIATES.values(), ids=READ_COVARIATES)
def test_lazy_frame_is_counted_and_says_which_columns_it_lacks(read):
    with pytest.raises(ValueError, match=r"unknown column\(s\) .*'x'; the table in Polars has 1 columns: 'a'"):
        read(pl.DataFrame({"a": [0, 1]}).lazy(), bl.Regression("~ x"))


READ_ROWS_IN_ORDER = {
    "declare_columns": bl.declare_columns,
    "covariate_tests": lambda frame: bl.covariate_tests("role", frame, ["age"]),
    "membership": lambda frame: bl.membership(bl.load_example(), frame),
}


@pytest.mark.parametrize("read", READ_ROWS_IN_ORDER.values(), ids=READ_ROWS_IN_ORDER)
def test_lazy_frame_is_to_be_collected_where_its_rows_are_read(read):
    with pytest.raises(TypeError, match="got LazyFrame; collect it first"):
        read(pl.from_pandas(bl.example_survey()).lazy())


# Numbers of classes


@pytest.mark.parametrize("n_classes", [0, -1, 2.5, 2.0, "2", None, True], ids=repr)
def test_number_of_classes_of_a_model_is_a_whole_number(n_classes):
    with pytest.raises(ValueError, match=r"n_classes=.*: the number of classes is a whole number from 1 on"):
        LatentClass(n_classes, bl.Items(ITEMS))


@pytest.mark.parametrize(
    "n_classes",
    [0, -1, 2.5, True, "2", None],
    ids=repr,
)
def test_number_of_classes_to_compare_is_a_whole_number(n_classes):
    with pytest.raises(ValueError, match=f"{n_classes}"):
        bl.count_classes(bl.Items(ITEMS), survey(), [n_classes])


MANY_CLASSES = {
    "LatentClass.build": lambda frame: LatentClass(9, bl.Items(ITEMS)).build(frame),
    "LatentClass.build-with-covariates": lambda frame: LatentClass(9, bl.Items(ITEMS), bl.Regression("~ x")).build(
        frame
    ),
    "count_classes": lambda frame: bl.count_classes(bl.Items(ITEMS), frame, [9]),
    "fit": lambda frame: bl.fit(LatentClass(9, bl.Items(ITEMS)), frame, progressbar=False),
}


@pytest.mark.parametrize("ask", MANY_CLASSES.values(), ids=MANY_CLASSES)
def test_more_classes_than_distinct_patterns(ask):
    patterns = len(survey()[ITEMS].drop_duplicates())
    with pytest.raises(
        ValueError, match=rf"9.* exceed.* the {patterns} distinct answer patterns of 40 respondents; ask"
    ):
        ask(survey())


# Formulas

BAD_FORMULAS = {  # formula, what the message says
    "no-tilde": ("x + tier", ["formula 'x + tier' has no \"~\"", "write it as"]),
    "outcome": ("y ~ x + tier", ["has an outcome left of", 'write "~ x + tier"']),
    "two-tildes": ("~ y ~ x", ["has an outcome left of", 'write "~ x"']),
    "zero": ("~ 0 + x", ["removes the intercept", "keep it"]),
    "minus-one": ("~ x - 1", ["removes the intercept", "keep it"]),
    "random-slope-alone": (
        "~ x + (0 + x | group)",
        ["'~ x + (0 + x | group)' has slopes but no intercepts that vary by 'group'", "write (x | group)"],
    ),
    "random-slope-without-its-term": (
        "~ z + (x | group)",
        ["lets the slope of 'x' vary by 'group' but has no such term", "add it: x + (x | group)"],
    ),
    "random-slope-of-another-form": (
        "~ x + (scale(x) | group)",
        ["lets the slope of 'scale(x)' vary by 'group' but has no such term", "add it"],
    ),
    "random-slope-of-a-group-level-covariate": (
        "~ x + score + (x + score | group)",
        ["the slope of 'score' cannot vary by 'group'", "one value in each of its 10 groups (40 rows)", "take it out"],
    ),
    "random-slope-of-a-group-level-category": (
        "~ x + tier + (tier | group)",
        ["the slope of 'tier[medium]', 'tier[high]' cannot vary by 'group'", "40 rows", "take it out"],
    ),
    "slope-of-intercept-column": ("~ x + (Intercept | group)", ["'Intercept'", "vary by 'group'"]),
    "correlated-slopes-in-two-bars": ("~ x + (x || group)", ["has ||", "write |"]),
    "unbalanced": ("~ (x + tier", ["cannot be read", "write it as"]),
    "trailing-plus": ("~ x +", ["cannot be read", "write it as"]),
    "empty": ("~", ["cannot be read", "write it as"]),
    "open-backtick": ("~ `x", ["cannot be read", "backticks"]),
    "forgotten-plus": ("~ x tier", ["cannot be read from 'tier' on", "join terms by +"]),
    "modulo": ("~ x %% 2", ["cannot be read from '%' on", "join terms by +"]),
    "comparison": ("~ x > 0", ["cannot be read", "write it as"]),
    "underscore": ("~ _x", ["cannot be read", "names with spaces or signs in backticks"]),
    "number": ("~ x + 2", ["has the number(s) 2 where a column belongs", "drop"]),
    "unknown-function": ("~ rank(x)", ["cannot be evaluated ('rank')", "np.log"]),
    "function-of-text": ("~ scale(sex)", ["'~ scale(sex)' cannot be evaluated", "np.log"]),
    "log-of-negative": ("~ np.log(x)", ["design column 'np.log(x)' is not a finite number in", "of 40 rows", "change"]),
    "offset": ("~ x + offset(z)", ["'offset(z)'", "no offset", "drop it"]),
    "files": ("~ np.save('canary', x)", ["cannot be evaluated ('np.save')", "row by row"]),
    "function-of-all-rows": (
        "~ x + np.cumsum(z)",
        ["cannot be evaluated ('np.cumsum')", "row by row", "column of the frame"],
    ),
    "mean-within": ("~ I(x - np.mean(x))", ["cannot be evaluated ('np.mean')", "center"]),
    "result-written-into-a-column": ("~ np.exp(x, z) + z", ["gives np.exp more than the 1 value(s)", "drop the rest"]),
    "result-written-by-name": ("~ np.exp(x, out=z) + z", ["gives np.exp more than the 1 value(s)"]),
    "method": ("~ x.to_csv('canary')", ["cannot be evaluated ('x.to_csv')"]),
    "success-unnamed": ("~ binary(sex)", ["lets binary choose what counts as success", "binary(x, 'yes')"]),
    "power": ("~ x + z**2", ["takes the power of one term", "I(x**2)"]),
    "power-of-numbers": ("~ x + I(9**9**9**9)", ["takes the power of a number"]),
    "level-in-brackets": ("~ sex['male']", ["level in brackets behind 'sex'", "drop the brackets"]),
    "a-million-terms": ("~ " + "*".join(["x", "z", "score", "a", "b", "c"] * 5), ["more than 1000 terms", "write out"]),
    "high-power": ("~ (x + z)**99999999", ["more than 1000 terms"]),
    "degrees": ("~ poly(x, 100000000)", ["asks poly for more than 1000 columns", "a few"]),
    "brackets": ("~ " + "(" * 3000 + "x" + ")" * 3000, ["cannot be read (too many terms or brackets)"]),
    "equal-names": ("~ I((x + z) * 2) + I(x + z * 2)", ["different terms that are both named 'I(x + z * 2)'"]),
    "number-and-category": ("~ score + C(score)", ["uses 'score' both inside C() and outside"]),
    "missing-column": ("~ x + agee", ["unknown formula column(s) 'agee'", "40 rows and 10 columns", "'a', 'b'"]),
    "misspelt-column": ("~ x + scor", ["unknown formula column(s) 'scor'", "did you mean 'score'?"]),
    "missing-group": ("~ x + (1 | grup)", ["unknown formula column(s) 'grup'", "did you mean 'group'?"]),
    "group-in-a-call": ("~ x + (1 | C(group))", ["unknown formula column(s) 'C(group)'"]),
    "tier-with-score": ("~ tier + score", ["'tier' is 'score' cut into 3 categories in all 40 rows", "keep one"]),
    "collinear": ("~ x + z + I(x + z)", ["'I(x + z)' follows from", "'x', 'z'", "40 rows", "drop one"]),
    "no-text": (None, ["formula None is no text", "write it as"]),
}


@pytest.mark.parametrize("read", READ_COVARIATES.values(), ids=READ_COVARIATES)
@pytest.mark.parametrize(("formula", "said"), BAD_FORMULAS.values(), ids=BAD_FORMULAS)
def test_formulas_that_cannot_be_used(formula, said, read):
    with pytest.raises(ValueError) as caught:
        read(survey(), bl.Regression(formula))
    for part in said:
        assert part in str(caught.value)


@pytest.mark.parametrize("read", READ_COVARIATES.values(), ids=READ_COVARIATES)
@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ({"tier": "lowest"}, ["covariate 'tier' has no level 'lowest' in 40 rows", "'low', 'medium', 'high'"]),
        ({"tyre": "low"}, ["reference levels given for 'tyre'", "they are 'tier', 'x'"]),
        ({"group": "G1"}, ["reference levels given for 'group'", "does not use as covariates"]),
        ({"x": "low"}, ["covariate 'x' is a number in all 40 rows", "no reference level 'low'", "C(x)"]),
    ],
    ids=["unknown-level", "unknown-covariate", "group", "number"],
)
def test_reference_levels_that_do_not_exist(reference, said, read):
    with pytest.raises(ValueError) as caught:
        read(survey(), bl.Regression(FORMULA, reference=reference))
    for part in said:
        assert part in str(caught.value)


# Covariates and groups

BAD_COVARIATES = {  # frame, formula, what the message says
    "missing": (
        replaced("x", {3: None, 7: None}),
        FORMULA,
        ["2 of 40 rows lack a covariate ('x' in 2: rows 3, 7)", "impute", 'missing="drop"'],
    ),
    "missing-text": (
        replaced("sex", {5: None}),
        "~ sex",
        ["1 of 40 rows lack a covariate ('sex' in 1: rows 5)", 'missing="drop"'],
    ),
    "missing-group": (
        replaced("group", {0: None, 39: None}),
        FORMULA,
        ["2 of 40 rows lack a group ('group' in 2: rows 0, 39)", "say to which group each belongs", 'missing="drop"'],
    ),
    "missing-in-several": (
        replaced("x", {3: None}).assign(tier=lambda f: f["tier"].where(f.index > 1)),
        FORMULA,
        ["3 of 40 rows lack a covariate ('tier' in 2, 'x' in 1: rows 0, 1, 3)"],
    ),
    "infinite": (replaced("x", {3: np.inf}), FORMULA, ["covariate 'x' is infinite in 1 of 40 rows", "correct them"]),
    "constant": (replaced("x", 4.5), FORMULA, ["covariate 'x' is 4.5 in all 40 rows", "drop it from the formula"]),
    "constant-text": (replaced("sex", "male"), "~ sex", ["covariate 'sex' is 'male' in all 40 rows", "drop it"]),
    "constant-category": (
        replaced("tier", pd.Categorical(["low"] * N, ["low", "high"])),
        "~ tier",
        ["covariate 'tier' is 'low' in all 40 rows", "drop it"],
    ),
    "empty-text": (
        replaced("sex", {2: " "}),
        "~ sex",
        ["covariate 'sex' holds empty text in 1 of 40 rows", "code it as missing"],
    ),
    "blank-behind-text": (
        replaced("sex", ["male", "female", "male", "female "] * 10),
        "~ sex",
        ["covariate 'sex' has 'female', 'female ' in 20 of 40 rows, which differ in blanks alone"],
    ),
    "blank-behind-group": (
        replaced("group", ["G1", "G2", "G1 ", "G2"] * 10),
        FORMULA,
        ["group column 'group' has 'G1', 'G1 ' in 20 of 40 rows", "frame['group'].str.strip()"],
    ),
    "numbers-as-text": (
        replaced("x", [f"{20 + row % 15},5" for row in range(N)]),
        FORMULA,
        ["covariate 'x' holds 15 different values in 40 rows", "pd.to_numeric(frame['x'].str.replace(',', '.'))"],
    ),
    "number-among-text": (
        replaced("sex", {2: 1}),
        "~ sex",
        ["covariate 'sex' mixes text with 1 of 40 value(s)", "such as 1", "convert"],
    ),
    "complex": (replaced("x", np.arange(N) * 1j), "~ x", ["covariate 'x' holds neither numbers nor text", "40 rows"]),
    "too-large-to-square": (
        replaced("x", np.arange(N) * 1e300),
        "~ x",
        ["design column 'x' goes from 0 to 3.9e+301 in 40 rows", "double precision", "change its unit"],
    ),
    "too-small-to-square": (replaced("x", np.arange(N) * 5e-324), "~ x", ["design column 'x' goes from 0 to", "unit"]),
    "varies-by-rounding": (
        replaced("x", 1e9 + np.arange(N) * 1e-7),
        "~ x",
        ["design column 'x' goes from 1e+09 to 1e+09 in 40 rows", "subtract a constant"],
    ),
    "NUL": (
        replaced("sex", ["a", "a\0"] * 20),
        "~ sex",
        ["covariate 'sex' holds text with a NUL character", "correct it"],
    ),
    "half-a-surrogate-pair": (
        replaced("group", pd.Series(["\ud800", "b"] * 20, dtype="object")),
        FORMULA,
        ["group column 'group' holds text"],
    ),
    "term-and-column-of-one-name": (
        survey().assign(**{"x:z": range(N)}),
        "~ x*z + `x:z`",
        ["different terms that are both named 'x:z'", "rename a column"],
    ),
    "level-and-column-of-one-name": (
        survey().assign(**{"sex[male]": range(N)}),
        "~ sex + `sex[male]`",
        ["different terms that are both named 'sex[male]'"],
    ),
    **{
        f"group-named-{name}": (
            survey().rename(columns={"group": name}),
            f"~ x + (x | {name})",
            [f"group column {name!r} has the name of an axis or a variable of the draws", "rename the column"],
        )
        for name in ("slope_standardised", "n_categories", "covariate_x", "item_of_2", "baseline_probability")
    },
    "group-named-after-another": (
        survey().assign(group_effect=survey()["group"].str[:1] + survey()["sex"]),
        "~ x + (1 | group) + (1 | group_effect)",
        ["group column 'group_effect' has the name of an axis or a variable of the draws"],
    ),
    "dates": (
        replaced("x", pd.date_range("2024-01-01", periods=N)),
        "~ x",
        ["covariate 'x' holds neither numbers nor text", "Timestamp('2024-01-01", "40 rows", "convert"],
    ),
    "free-text": (
        replaced("sex", [f"remark {row}" for row in range(N)]),
        "~ sex",
        ["covariate 'sex' holds 40 different values in 40 rows ('remark 0'", "drop it"],
    ),
    "categories-that-read-the-same": (
        replaced("sex", pd.Categorical([1, "1"] * 20)),
        "~ sex",
        ["covariate 'sex' has categories that read the same in 40 rows: '1', '1'", "rename"],
    ),
    "collinear": (
        survey().assign(twice=lambda f: 2 * f["x"] + 1),
        "~ x + z + twice",
        ["design column 'twice' follows from the columns before it", "'x'", "40 rows", "drop one"],
    ),
    "one-group": (
        replaced("group", "G1"),
        FORMULA,
        ["group column 'group' has one group only ('G1' in all 40 rows)", "drop (1 | group)"],
    ),
    "empty-group": (
        replaced("group", {2: ""}),
        FORMULA,
        ["group column 'group' holds empty text in 1 of 40 rows", "code it as missing"],
    ),
    "reserved-group": (
        survey().rename(columns={"group": "item"}),
        "~ x + (1 | item)",
        ["group column 'item' has the name of an axis or a variable of the draws", "rename"],
    ),
    "group-named-as-a-variable": (
        survey().rename(columns={"group": "count"}),
        "~ x + (1 | count)",
        ["group column 'count' has the name of an axis or a variable of the draws", "rename"],
    ),
    "column-named-as-the-constant": (
        survey().rename(columns={"x": "Intercept"}),
        "~ Intercept",
        ["uses a column named 'Intercept'", "rename it"],
    ),
    "no-degrees-of-freedom": (
        survey().assign(group=lambda f: f["tier"].astype(str)),
        "~ x + tier + (1 | group)",
        ["3 groups in 'group' (40 rows) cannot carry 2 group-level", "'tier[medium]', 'tier[high]'", "drop"],
    ),
    "no-rows": (survey().iloc[:0], FORMULA, ["the frame has 0 rows", "one row per respondent"]),
    "column-twice": (
        pd.concat([survey(), survey()[["x"]]], axis=1),
        FORMULA,
        ["the frame has 1 column name(s) more than once: 'x'", "rename or drop"],
    ),
    "polars-missing": (
        pl.DataFrame(survey().assign(tier=lambda f: f["tier"].astype(str)).to_dict(orient="list")).with_columns(
            x=pl.Series([None, *range(N - 1)])
        ),
        FORMULA,
        ["1 of 40 rows lack a covariate ('x' in 1: rows 0)"],
    ),
    "missing-right-to-left": (
        replaced("x", {3: None}).rename(columns={"x": "عمر"}),
        "~ عمر",
        ["1 of 40 rows lack a covariate ('عمر' in 1: rows 3)"],
    ),
    "missing-with-row-names": (
        replaced("x", {3: None}).set_index(pd.MultiIndex.from_product([["A", "B"], range(20)])),
        FORMULA,
        ["('x' in 1: rows 'A|3')"],
    ),
}


@pytest.mark.parametrize("read", READ_COVARIATES.values(), ids=READ_COVARIATES)
@pytest.mark.parametrize(("frame", "formula", "said"), BAD_COVARIATES.values(), ids=BAD_COVARIATES)
def test_covariates_that_cannot_be_used(frame, formula, said, read):
    with pytest.raises(ValueError) as caught:
        read(frame, bl.Regression(formula))
    for part in said:
        assert part in str(caught.value)


@pytest.mark.parametrize("argument", [5, "tier", ["low"]], ids=repr)
def test_reference_levels_come_by_covariate(argument):
    with pytest.raises(TypeError, match=r"reference=.*: give a level by covariate"):
        bl.Regression("~ x", reference=argument).read(survey())


@pytest.mark.parametrize("items", [5, None], ids=repr)
def test_items_are_a_list(items):
    with pytest.raises(TypeError, match=f"items={items}: pass a list of column names"):
        bl.Items(items)


def test_multinomial_takes_a_column_and_a_regression():
    with pytest.raises(TypeError, match=r"outcome=\['y'\]: give the name of a column"):
        Multinomial(["y"], bl.Regression("~ x"))
    with pytest.raises(TypeError, match=r"structural='~ x': give a Regression"):
        Multinomial("y", "~ x")


def test_formulas_write_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for code in ("~ np.save('canary', x)", "~ C(sex, Treatment(np.save('canary', x)))", "~ (1 | np.save('canary', x))"):
        with pytest.raises(ValueError, match="formula"):
            bl.Regression(code).read(survey())
    assert list(tmp_path.iterdir()) == []


def test_missing_covariates_are_dropped_aloud():
    frame = replaced("x", {3: None, 7: None})
    said = r"2 of 40 rows left out: covariate missing \('x' in 2: rows 3, 7\)"
    with pytest.warns(UserWarning, match=said):
        classes = LatentClass(2, bl.Items(ITEMS), bl.Regression(FORMULA)).build(frame, missing="drop")
    assert classes["count"].get_value().sum() == 38
    with pytest.warns(UserWarning, match=said):
        regression = Multinomial("y", bl.Regression(FORMULA)).build(frame, missing="drop")
    assert regression["outcome_counts"].get_value().sum() == 38
    with pytest.warns(UserWarning, match=said), pytest.raises(AssertionError, match="the sampler was reached"):
        bl.fit(Multinomial("y", bl.Regression(FORMULA)), frame, missing="drop", progressbar=False)


def test_dropping_every_row_is_refused():
    frame = replaced("x", np.nan)
    with pytest.raises(ValueError, match=r"40 of 40 rows lack a covariate \('x' in 40.*no row would be left"):
        Multinomial("y", bl.Regression(FORMULA)).build(frame, missing="drop")


def test_dropping_rows_that_leaves_an_item_with_one_category_is_refused():
    frame = survey().assign(x=lambda f: f["x"].where(f["b"] == 1))
    with (
        pytest.warns(UserWarning, match="rows left out: covariate missing"),
        pytest.raises(ValueError, match=r"item\(s\) 'b' have fewer than two categories .* drop the item"),
    ):
        LatentClass(2, bl.Items(ITEMS), bl.Regression("~ x")).build(frame, missing="drop")


@pytest.mark.parametrize("read", READ_COVARIATES.values(), ids=READ_COVARIATES)
def test_one_degree_of_freedom_warns(read):
    frame = survey().assign(group=lambda f: f["tier"].astype(str) + np.where(f["score"] == 0.5, " apart", ""))
    formula = bl.Regression("~ x + tier + (1 | group)")
    with pytest.warns(UserWarning, match=r"4 groups in 'group' .* leave 1 degree\(s\) of freedom"):
        try:
            read(frame, formula)
        except AssertionError as sampling:
            assert "the sampler was reached" in str(sampling)


@pytest.mark.parametrize(
    "ask",
    [
        lambda frame: LatentClass(2, bl.Items(ITEMS)).build(frame, missing="keep"),
        lambda frame: LatentClass(2, bl.Items(ITEMS), bl.Regression("~ x")).build(frame, missing="keep"),
        lambda frame: Multinomial("y", bl.Regression("~ x")).build(frame, missing="keep"),
        lambda frame: bl.fit(Multinomial("y", bl.Regression("~ x")), frame, missing="keep"),
    ],
    ids=["LatentClass", "LatentClass-with-covariates", "Multinomial", "fit"],
)
def test_missing_is_raise_or_drop(ask):
    with pytest.raises(ValueError, match=r"missing='keep': choose \"raise\" or \"drop\""):
        ask(survey())


# Outcomes

BAD_OUTCOMES = {  # frame, outcome, what the message says
    "unknown": (survey(), "why", ["unknown outcome column(s) 'why'", "40 rows"]),
    "missing": (
        replaced("y", {3: None, 8: None}),
        "y",
        ["2 of 40 rows lack the outcome 'y' (rows 3, 8)", "complete them", 'missing="drop"'],
    ),
    "all-missing": (replaced("y", None), "y", ["outcome 'y' has no answer in any of 40 rows"]),
    "one-category": (replaced("y", "same"), "y", ["outcome 'y' has one category only ('same' in all 40 answers)"]),
    "numbers": (survey(), "z", ["outcome 'z' holds 40 value(s) in 40 rows that are not categories"]),
    "free-text": (replaced("y", [f"remark {row}" for row in range(N)]), "y", ["outcome 'y' holds 40 different values"]),
    "infinite": (replaced("y", [0, 1, np.inf, 1] * 10), "y", ["outcome 'y' is infinite in 10 of 40 rows"]),
    "mixed": (replaced("y", {3: 1}), "y", ["outcome 'y' mixes text with 1 of 40 value(s)", "such as 1"]),
    "no-rows": (survey().iloc[:0], "y", ["the frame has 0 rows"]),
}


@pytest.mark.parametrize("read", READ_OUTCOME.values(), ids=READ_OUTCOME)
@pytest.mark.parametrize(("frame", "outcome", "said"), BAD_OUTCOMES.values(), ids=BAD_OUTCOMES)
def test_outcomes_that_cannot_be_used(frame, outcome, said, read):
    with pytest.raises(ValueError) as caught:
        read(frame, outcome)
    for part in said:
        assert part in str(caught.value)


def test_rows_without_outcome_are_dropped_aloud():
    with pytest.warns(UserWarning, match=r"2 of 40 rows left out: outcome 'y' missing \(rows 3, 8\)"):
        model = Multinomial("y", bl.Regression("~ x")).build(replaced("y", {3: None, 8: None}), missing="drop")
    assert model["outcome_counts"].get_value().sum() == 38


# Unusual but fine


def test_names_of_columns_in_any_language():
    names = {"a": "薪酬", "b": "عبء العمل", "c": "my item", "x": "החלטה", "group": "医院 名称"}
    frame = survey().rename(columns=names)
    items = [names[item] for item in ITEMS]
    regression = bl.Regression("~ החלטה + tier + (1 | `医院 名称`)")
    model = LatentClass(2, bl.Items(items), regression).build(frame)
    assert list(model.coords["item"]) == items
    assert list(model.coords["term"]) == ["החלטה", "tier[medium]", "tier[high]"]
    assert len(model.coords["医院 名称"]) == 10
    assert bl.count_classes(bl.Items(items), frame, [1], n_starts=1).index.tolist() == [1]


@pytest.mark.parametrize("name", [0, 1.5, None, pd.NA, ("a", "b"), pd.Timestamp("2024-01-01")], ids=repr)
def test_columns_that_no_formula_can_name_are_left_alone(name):
    frame = survey()
    frame.columns = pd.Index([name if column == "sex" else column for column in frame], dtype="object")
    assert bl.Regression("~ x").read(frame).terms == ("x",)


@pytest.mark.parametrize("kind", ["bool[pyarrow]", "int64[pyarrow]", "double[pyarrow]", "Int64"])
def test_types_of_arrow_are_read_as_those_of_numpy(kind):
    frame = survey().assign(a=lambda f: f["a"].astype(kind))
    plain = LatentClass(2, bl.Items(ITEMS), bl.Regression("~ x")).prepare(survey())
    typed = LatentClass(2, bl.Items(ITEMS), bl.Regression("~ x")).prepare(frame)
    for name in ("answers", "design", "pattern_of_respondent"):
        np.testing.assert_array_equal(typed.groups["patterns"][name], plain.groups["patterns"][name])


def test_missing_values_of_several_kinds_in_one_column():
    frame = replaced("b", [0, 1, None, np.nan, pd.NA, pd.NaT, 1, 0] * 5)
    assert LatentClass(2, bl.Items(ITEMS)).prepare(frame).attributes["n_missing_answers"] == 20


def test_columns_named_like_the_models_own_words():
    frame = survey().rename(columns={"a": "Intercept", "b": "count", "c": "item", "x": "design", "y": "answers"})
    model = LatentClass(2, bl.Items(["Intercept", "count", "item"]), bl.Regression("~ design + z")).build(frame)
    assert list(model.coords["item"]) == ["Intercept", "count", "item"]
    assert list(model.coords["term"]) == ["design", "z"]
    assert list(Multinomial("answers", bl.Regression("~ count")).build(frame).coords["term"]) == ["count"]


def test_a_thousand_columns():
    rng = np.random.default_rng(3)
    frame = pd.concat([survey(), pd.DataFrame(rng.normal(size=(N, 990))).add_prefix("v")], axis=1)
    assert LatentClass(2, bl.Items(ITEMS), bl.Regression("~ v7 + v900")).build(frame).coords["term"] == ("v7", "v900")
    with pytest.raises(ValueError, match=r"'d'; the frame has 40 rows and 1000 columns: .*\(992 more\)"):
        bl.count_classes(bl.Items(["a", "d"]), frame, [1])


def test_columns_named_by_integers():
    frame = survey().set_axis(range(10), axis=1)
    model = LatentClass(2, bl.Items([0, 1, 2])).build(frame)
    assert list(model.coords["item"]) == ["0", "1", "2"]
    assert bl.count_classes(bl.Items([0, 1, 2]), frame, [1], n_starts=1)["parameters"].item() == 3


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([1] * N),
        pd.MultiIndex.from_product([["A", "B"], range(20)], names=["ward", "person"]),
        pd.date_range("2024-01-01", periods=N, freq="h"),
        pd.Index([f"p{row % 7}" for row in range(N)], name="person"),
        pd.Index(range(N), dtype="Int64"),
        pd.Index([row * 1j for row in range(N)]),
        pd.Index(["\ud800", "a\0", None, pd.NaT] * 10, dtype="object"),
    ],
    ids=["repeated-numbers", "MultiIndex", "DatetimeIndex", "repeated-text", "Int64", "complex", "not-to-be-written"],
)
def test_any_index(index):
    frame = survey().set_index(index)
    plain = LatentClass(2, bl.Items(ITEMS), bl.Regression(FORMULA)).prepare(survey())
    indexed = LatentClass(2, bl.Items(ITEMS), bl.Regression(FORMULA)).prepare(frame)
    for name in ("answers", "design", "pattern_of_respondent"):
        np.testing.assert_array_equal(indexed.groups["patterns"][name], plain.groups["patterns"][name])
    assert indexed.groups["patterns"].sizes["respondent"] == N
    assert Multinomial("y", bl.Regression(FORMULA)).build(frame).coords["group"] == tuple(f"G{g}" for g in range(10))


def test_correlation_of_a_single_contrast_is_refused():
    part = bl.Regression("~ participation + (1 | group)", correlation=bl.LKJ(2.0))
    with pytest.raises(ValueError, match="two classes: their one contrast has one standard deviation"):
        LatentClass(2, bl.Items(bl.cohort_items()), part).build(bl.load_cohort())


@pytest.mark.parametrize("slopes, told", [("(1 | group)", True), ("(participation | group)", False)])
def test_cross_level_interaction_without_slopes_that_vary_is_warned_of(slopes, told):
    part = bl.Regression(f"~ participation * score + {slopes}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        part.read(bl.load_cohort())
    found = [str(one.message) for one in caught if "cross-level" in str(one.message)]
    assert len(found) == told
    for message in found:
        assert "'participation:score'" in message and "(participation | group)" in message and "6 groups" in message
