"""Designs whose coefficients the data cannot tell apart are refused before any time is spent on them."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest

from bayes_lca.data.cohort import load_cohort
from bayes_lca.data.design import read_design


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
    assert read_design(load_cohort(), formula).n_dropped == 0


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


def test_each_level_of_nesting_is_counted():
    frame = pd.DataFrame({"city": list("AABBCC") * 4, "ward": list("uvwxyz") * 4})
    frame["x"] = np.random.default_rng(9).normal(size=24)
    frame["rain"] = frame["city"].map({"A": 0.0, "B": 3.0, "C": 1.0})
    frame["sun"] = frame["city"].map({"A": 5.0, "B": 2.0, "C": 0.0})
    with pytest.raises(ValueError, match=r"3 groups in 'city' .* cannot carry 2 group-level"):
        read_design(frame, "~ x + rain + sun + (1 | city/ward)")
    with pytest.warns(UserWarning, match="3 groups in 'city' .* leave 1"):
        read_design(frame, "~ x + rain + (1 | city/ward)")
