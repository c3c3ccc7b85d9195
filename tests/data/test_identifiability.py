"""Designs whose coefficients the data cannot tell apart are refused before any time is spent on them."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest

from bayes_lca.data.design import read_design
from bayes_lca.data.identifiability import SingleLevelWarning
from bayes_lca.datasets.cohort import load_cohort


def grouped(n_groups, n_predictors, size=5):
    """Groups of equal size, predictors w0, w1, ... that are constant within them, and x that is not."""
    rng = np.random.default_rng(8)
    group = np.repeat(np.arange(n_groups), size)
    predictors = {f"w{j}": rng.normal(size=n_groups)[group] for j in range(n_predictors)}
    return pd.DataFrame({"group": group, "x": rng.normal(size=len(group)), **predictors})


def formula_of(n_predictors, grouping=" + (1 | group)"):
    return "~ x" + "".join(f" + w{j}" for j in range(n_predictors)) + grouping


# One covariate cut from another


@pytest.mark.parametrize("formula", ["~ tier + score", "~ score*tier", "~ attitude + score + tier + (1 | group)"])
def test_tier_together_with_the_score_it_is_cut_from(formula):
    with pytest.raises(ValueError, match=r"'tier' is 'score' cut into 3 categories in all 2200 rows; .* keep one"):
        read_design(load_cohort(), formula)


@pytest.mark.parametrize("formula", ["~ tier", "~ score", "~ attitude + tier"])
def test_either_of_them_alone_is_fine(formula):
    with pytest.warns(SingleLevelWarning):
        assert read_design(load_cohort(), formula).n_dropped == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_design(load_cohort(), f"{formula} + (1 | group)").n_dropped == 0


def test_cut_of_another_covariate_of_any_kind_is_found():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"age": rng.integers(20, 70, 100), "z": rng.normal(size=100)})
    frame["band"] = pd.cut(frame["age"], [0, 30, 50, 100])
    frame["text"] = np.where(frame["age"] < 40, "young", "old")
    for cut in ("band", "text"):
        with pytest.raises(ValueError, match=rf"'{cut}' is 'age' cut into \d categories in all 100 rows"):
            read_design(frame, f"~ z + age + {cut}")
    overlapping = frame["text"].where(frame.index > 0, "young" if frame["text"][0] == "old" else "old")
    assert len(read_design(frame.assign(text=overlapping), "~ age + text").terms) == 2


def test_number_that_says_no_more_than_its_categories():
    frame = pd.DataFrame({"tier": list("abc") * 10, "level": [1.0, 2.0, 3.0] * 10})
    with pytest.raises(ValueError, match=r"follows from the columns before it .* in all 30 rows; drop one"):
        read_design(frame, "~ tier + level")


# Columns that follow from others


@pytest.mark.parametrize("order", list(itertools.permutations(["u", "v", "total"])), ids=" ".join)
def test_the_last_column_of_a_dependent_set_is_named(order):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(size=(60, 4)), columns=["u", "v", "before", "after"])
    frame["total"] = frame["u"] + 2 * frame["v"] - 3
    formula = " + ".join(["~ before", *order, "after"])
    with pytest.raises(ValueError, match=rf"design column '{order[-1]}' follows from .* '{order[0]}', '{order[1]}'"):
        read_design(frame, formula)


def test_a_copy_on_another_scale_is_dependent():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"metres": rng.normal(size=50)}).assign(millimetres=lambda f: 1000 * f["metres"] + 1e6)
    with pytest.raises(ValueError, match=r"'millimetres' follows from the columns before it \('metres'\)"):
        read_design(frame, "~ metres + millimetres")


def test_strong_correlation_is_not_dependence():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"u": rng.normal(size=200)}).assign(v=lambda f: f["u"] + 0.01 * rng.normal(size=200))
    assert read_design(frame, "~ u + v").terms == ("u", "v")


def test_more_columns_than_rows():
    frame = pd.DataFrame(np.random.default_rng(5).normal(size=(6, 8)), columns=list("abcdefgh"))
    with pytest.raises(ValueError, match=r"'f' follows from the columns before it .* in all 6 rows"):
        read_design(frame, "~ " + " + ".join("abcdefgh"))


def test_empty_cell_of_an_interaction():
    frame = pd.DataFrame({"a": list("uuvv") * 5, "b": list("pqpp") * 5, "x": np.arange(20.0)})
    with pytest.raises(ValueError, match=r"'a\[v\]:b\[q\]' have the same value in all 20 rows; drop"):
        read_design(frame, "~ a*b")


def test_the_column_is_found_in_few_steps(monkeypatch):
    rng = np.random.default_rng(6)
    frame = pd.DataFrame(rng.normal(size=(300, 150)), columns=[f"x{j}" for j in range(150)])
    frame["x140"] = frame["x3"] + frame["x100"]
    widths, rank = [], np.linalg.matrix_rank
    monkeypatch.setattr(np.linalg, "matrix_rank", lambda matrix, **rtol: widths.append(1) or rank(matrix, **rtol))
    with pytest.raises(ValueError, match=r"'x140' follows from"):
        read_design(frame, "~ " + " + ".join(frame.columns))
    assert len(widths) < 12


# Degrees of freedom between groups


@pytest.mark.parametrize(("n_groups", "n_predictors"), [(2, 1), (3, 2), (4, 3), (4, 4), (6, 5)])
def test_group_level_predictors_that_exhaust_the_groups(n_groups, n_predictors):
    remaining = n_groups - 1 - n_predictors
    message = (
        rf"{n_groups} groups in 'group' \({5 * n_groups} rows\) cannot carry {n_predictors} group-level "
        rf"predictor\(s\) \('w0'.*\): {remaining} degrees of freedom remain; drop"
    )
    with pytest.raises(ValueError, match=message):
        read_design(grouped(n_groups, n_predictors), formula_of(n_predictors))


@pytest.mark.parametrize(("n_groups", "n_predictors"), [(3, 1), (4, 1), (4, 2), (6, 3), (6, 4)])
def test_one_or_two_degrees_of_freedom_warn(n_groups, n_predictors):
    remaining = n_groups - 1 - n_predictors
    with pytest.warns(UserWarning, match=rf"{n_groups} groups in 'group' .* leave {remaining} degree\(s\) of freedom"):
        read_design(grouped(n_groups, n_predictors), formula_of(n_predictors))


@pytest.mark.parametrize(("n_groups", "n_predictors"), [(2, 0), (3, 0), (5, 1), (6, 2), (20, 5)])
def test_enough_degrees_of_freedom_say_nothing(n_groups, n_predictors):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_design(grouped(n_groups, n_predictors), formula_of(n_predictors))


def test_without_random_intercepts_groups_do_not_count():
    read_design(grouped(2, 1), formula_of(1, grouping=""))


def test_dummies_of_one_group_level_category_count_each():
    frame = load_cohort()
    five = frame[frame["group"] != "G6"]
    with pytest.warns(UserWarning, match=r"5 groups .* with 2 .*'tier\[medium\]', 'tier\[high\]'.* leave 2 degree"):
        read_design(five, "~ tier + (1 | group)")


@pytest.mark.parametrize("offset", [0.0, 1e3, 1.7e9], ids=["none", "year", "seconds"])
@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e4])
def test_what_varies_within_groups_is_no_group_level_predictor(offset, spread):
    """However large its mean: the tolerance is in standard deviations of the covariate."""
    rng = np.random.default_rng(7)
    frame = grouped(3, 0, size=20).assign(when=offset + spread * rng.normal(size=60))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_design(frame, "~ when + (1 | group)")


@pytest.mark.parametrize("offset", [0.0, 1e3, 1.7e9], ids=["none", "year", "seconds"])
def test_group_level_predictors_are_found_whatever_their_mean(offset):
    frame = grouped(3, 2)
    frame[["w0", "w1"]] = offset + 0.1 * frame[["w0", "w1"]]
    with pytest.raises(ValueError, match="cannot carry 2 group-level"):
        read_design(frame, formula_of(2))


# Groups the formula leaves out


def respondents_in(n_groups, size, names="G"):
    """Groups named in text, w of the group, x of the respondent, and a category of the group."""
    frame = grouped(n_groups, 1, size)
    return frame.assign(
        group=[f"{names}{g}" for g in frame["group"]],
        tier=pd.Categorical.from_codes(frame["group"] % 2, ["low", "high"]),
    )


@pytest.mark.parametrize("name", ["w0", "tier"])
def test_group_level_predictor_without_its_groups_warns(name):
    message = (
        rf"'{name}' has one value in each of the 6 groups of 'group' \(30 rows\), and the formula has one level: if "
        r"respondents are nested in 'group', the intervals are too narrow; add \(1 \| group\)"
    )
    with pytest.warns(SingleLevelWarning, match=message):
        read_design(respondents_in(6, 5), f"~ x + {name}")


@pytest.mark.parametrize(
    ("frame", "formula"),
    [
        (respondents_in(6, 5), "~ x"),
        (respondents_in(6, 5), "~ 1"),
        (respondents_in(6, 5), "~ x + w0 + (1 | group)"),
        (respondents_in(6, 5), "~ x + group"),
        (respondents_in(6, 5).assign(group=lambda f: f["group"].str[1:].astype(int)), "~ x + w0"),
        (respondents_in(6, 4), "~ x + w0"),
        (respondents_in(2, 15), "~ x + tier"),
        (respondents_in(6, 5).assign(group=lambda f: f["group"].where(f.index > 0)), "~ x + w0"),
        (respondents_in(6, 5).assign(w0=lambda f: f["w0"].where(f.index > 0, 9.0)), "~ x + w0"),
        (respondents_in(6, 5).drop(columns="group"), "~ x + w0"),
    ],
    ids=[
        "none-of-groups",
        "none",
        "groups-in-the-formula",
        "groups-as-covariate",
        "numbers",
        "small-groups",
        "two-groups",
        "group-missing",
        "varies-once",
        "no-groups",
    ],
)
def test_no_warning_where_nothing_says_that_respondents_are_nested(frame, formula):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_design(frame, formula)


# Slopes of what does not vary within groups


@pytest.mark.parametrize("slopes", ["w0", "x + w0", "x*w0"])
def test_slope_of_a_group_level_predictor_cannot_vary_by_its_groups(slopes):
    message = (
        r"the slope of 'w0' cannot vary by 'group': it has one value in each of its 6 groups \(30 rows\); "
        r"take it out of \(w0 \| group\)"
    )
    with pytest.raises(ValueError, match=message):
        read_design(grouped(6, 1), f"~ x*w0 + ({slopes} | group)")


def test_all_slopes_that_cannot_vary_are_named():
    with pytest.raises(ValueError, match=r"the slope of 'tier\[medium\]', 'tier\[high\]' cannot vary by 'group'"):
        read_design(load_cohort(), "~ tier + (tier | group)")


def test_slopes_of_a_nesting_are_looked_at_level_by_level():
    """What varies between the wards of a city but not within wards can have slopes by city only."""
    frame = pd.DataFrame({"city": list("AABBCC") * 4, "ward": list("uvwxyz") * 4})
    frame["beds"] = frame["ward"].map(dict(zip("uvwxyz", [3.0, 9.0, 4.0, 4.5, 8.0, 1.0], strict=True)))
    frame["x"] = np.random.default_rng(9).normal(size=24)
    with pytest.raises(ValueError, match=r"the slope of 'beds' cannot vary by 'city:ward': .* 6 groups \(24 rows\)"):
        read_design(frame, "~ x + beds + (beds | city/ward)")
    design = read_design(frame, "~ x + beds + (beds | city) + (1 | city:ward)")
    assert [grouping.varying for grouping in design.groupings] == [(1,), ()]


@pytest.mark.parametrize("offset", [0.0, 1e3, 1.7e9], ids=["none", "year", "seconds"])
def test_slopes_of_what_varies_within_groups_can_vary_whatever_its_mean(offset):
    frame = grouped(6, 1)
    frame["when"] = offset + frame["x"]
    design = read_design(frame, "~ w0 + when + (when | group)")
    assert [design.terms[column] for column in design.groupings[0].varying] == ["when"]


def test_slope_of_a_cross_level_interaction_can_vary():
    design = read_design(grouped(6, 1), "~ x*w0 + (x + x:w0 | group)")
    assert [design.terms[column] for column in design.groupings[0].varying] == ["x", "x:w0"]


def test_each_level_of_nesting_is_counted():
    frame = pd.DataFrame({"city": list("AABBCC") * 4, "ward": list("uvwxyz") * 4})
    frame["x"] = np.random.default_rng(9).normal(size=24)
    frame["rain"] = frame["city"].map({"A": 0.0, "B": 3.0, "C": 1.0})
    frame["sun"] = frame["city"].map({"A": 5.0, "B": 2.0, "C": 0.0})
    with pytest.raises(ValueError, match=r"3 groups in 'city' .* cannot carry 2 group-level"):
        read_design(frame, "~ x + rain + sun + (1 | city/ward)")
    with pytest.warns(UserWarning, match="3 groups in 'city' .* leave 1"):
        read_design(frame, "~ x + rain + (1 | city/ward)")
