"""Formulae without their groups, and the warning that respondents may be nested in groups the formula leaves out."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bayes_lca.data.design import read_design
from bayes_lca.data.formula import read_formula, single_level
from bayes_lca.data.identifiability import LEAST_GROUP, SingleLevelWarning
from bayes_lca.data.rows_left_out import RowsLeftOutWarning
from bayes_lca.datasets.cohort import load_cohort


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        ("~ age + (age | city/group) + tier", "~ age + tier"),
        ("~ (1 | group) + age", "~ age"),
        ("~age+(1|group)", "~ age"),
        ("~ (1 | group)", "~ 1"),
        ("~ 1 + (1 | group)", "~ 1"),
        ("~ age + (1 | city) + (age | group)", "~ age"),
        ("~ age*tier + (age + tier | group)", "~ age*tier"),
        ("~ np.log(age + 1) + (np.log(age + 1) | group) + tier", "~ np.log(age + 1) + tier"),
        ("~ `a+b` + (1 | `group (new)`)", "~ `a+b`"),
        ("~ age", "~ age"),
    ],
)
def test_groups_are_taken_out_and_nothing_else(text, shorter):
    assert single_level(text) == shorter
    with_groups, without = read_formula(text), read_formula(single_level(text))
    assert without.groupings == ()
    assert without.covariates == with_groups.covariates
    assert single_level(shorter) == shorter


def test_terms_keep_their_names_and_order():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(5, 1, 60), "z": rng.choice(["a", "b"], 60), "group": list("uvw") * 20})
    text = "~ z + np.log(x+1) + (np.log(x+1) | group) + z:x"
    assert read_design(frame, single_level(text)).terms == read_design(frame, text).terms


@pytest.mark.parametrize("text", ["~ x + (np.log((x)) | g) + np.log((x))", "~ x + np.where(x | z, 1, 2) + (1 | g)"])
def test_what_cannot_be_taken_out_is_refused(text):
    with pytest.raises(ValueError, match=r"term of its own|cannot be read"):
        single_level(text)


@pytest.mark.parametrize("text", ["~ x*(1 | g)", "x + (1 | g)"])
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(ValueError, match="formula"):
        single_level(text)


# The warning


def nested(n_groups=6, size=10):
    """Respondents in groups with a tier and a score each, and covariates of their own."""
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(n_groups), size)
    return pd.DataFrame(
        {
            "group": [f"G{g + 1}" for g in group],
            "tier": np.array(["low", "middle", "high"])[group % 3],
            "score": group * 2.5,
            "age": rng.normal(40, 9, len(group)).round(1),
            "sex": rng.choice(["f", "m"], len(group)),
        }
    )


def warned(frame, formula):
    """Messages of the warning, where no other may come."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_design(frame, formula)
    assert all(one.category is SingleLevelWarning for one in caught)
    return [str(one.message) for one in caught]


@pytest.mark.parametrize("covariate", ["tier", "score", "C(score)"])
@pytest.mark.parametrize("library", [pd.DataFrame, lambda frame: pl.DataFrame(frame.to_dict("list"))])
def test_covariates_of_groups_that_the_formula_leaves_out(covariate, library):
    frame = nested(12)
    frame["score"] = frame["score"] % 10  # fewer values than groups, also as a category
    (message,) = warned(library(frame), f"~ age + {covariate}")
    name = covariate.removeprefix("C(").removesuffix(")")
    assert message.startswith(f"'{name}' has one value in each of the 12 groups of 'group' (120 rows)")
    assert "add (1 | group)" in message


def test_both_covariates_of_the_group_are_named_and_each_column_of_groups():
    frame = nested(12).assign(score=lambda f: f["score"] % 10)
    frame["office"] = "in " + frame["group"].replace({"G5": "G4"})
    frame.loc[frame["group"] == "G5", ["tier", "score"]] = frame.loc[
        frame["group"] == "G4", ["tier", "score"]
    ].to_numpy()
    of_office, of_group = sorted(warned(frame, "~ tier + C(score)"))
    assert "'score', 'tier' has one value in each of the 11 groups of 'office'" in of_office
    assert "'score', 'tier' has one value in each of the 12 groups of 'group'" in of_group


@pytest.mark.parametrize("kind", ["category", "object", "string"])
def test_groups_of_any_text_type(kind):
    frame = nested()
    frame["group"] = frame["group"].astype(kind)
    assert len(warned(frame, "~ tier")) == 1


def test_a_formula_with_groups_does_not_warn():
    assert warned(nested(), "~ age + tier + (1 | group)") == []


@pytest.mark.parametrize("formula", ["~ age", "~ age + sex", "~ 1"])
def test_covariates_of_respondents_do_not_warn(formula):
    assert warned(nested(), formula) == []


@pytest.mark.parametrize(
    "values",
    [
        [f"person {i}" for i in range(60)],
        list(range(60)),
        list(np.repeat(range(6), 10)),
        list(np.repeat([True, False], 30)),
        ["one"] * 30 + ["two"] * 30,
        [None, *np.repeat(list("abcdef"), 10)[1:]],
        [np.nan, *np.repeat(list("abcdef"), 10)[1:]],
        [None] * 60,
        list(np.repeat([f"G{g}" for g in range(15)], 4)),
    ],
    ids=["ids", "numbers", "numbered groups", "booleans", "two groups", "missing", "not a number", "empty", "small"],
)
@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_columns_that_are_not_taken_for_groups(values, library):
    frame = nested().drop(columns="group")
    columns = frame.to_dict("list") | {"other": [None if value is np.nan else value for value in values]}
    if library is pd.DataFrame:
        columns["other"] = values
    assert warned(library(columns), "~ tier + age") == []


def test_the_size_from_which_groups_count():
    frame = nested(6, LEAST_GROUP)
    assert len(warned(frame, "~ tier")) == 1
    assert warned(frame.iloc[1:], "~ tier") == []


def test_a_column_that_says_the_same_as_the_covariate():
    frame = nested().assign(label=lambda f: "tier " + f["tier"]).drop(columns="group")
    assert warned(frame, "~ tier") == []


def test_columns_of_lists_are_passed_over():
    frame = pl.DataFrame(nested().drop(columns="group").to_dict("list")).with_columns(pl.lit([1, 2]).alias("lists"))
    assert warned(frame, "~ tier") == []


def test_only_rows_that_are_used_count():
    frame = nested()
    frame.loc[0, ["tier", "group"]] = ["high", "G1"]  # another tier in the first group: not one of groups any more
    assert warned(frame, "~ tier + age") == []
    frame.loc[0, "age"] = np.nan
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_design(frame, "~ tier + age", missing="drop")
    assert [one.category for one in caught] == [RowsLeftOutWarning, SingleLevelWarning]
    assert "(59 rows)" in str(caught[1].message)


@pytest.mark.parametrize("covariate", ["tier", "score"])
def test_the_cohort(covariate):
    (message,) = warned(load_cohort(), f"~ participation + {covariate}")
    assert f"'{covariate}' has one value in each of the" in message
    assert "'group'" in message
    assert warned(load_cohort(), "~ participation") == []
