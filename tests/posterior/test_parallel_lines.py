"""The test of parallel lines: printed figures, the log-likelihoods of other programs, and what it refuses or says."""

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import chi2
from statsmodels.miscmodels.ordinal_model import OrderedModel

import bayes_lca as bl
from bayes_lca.likelihood.newton import NoMaximumError

DATA_SETS = int(os.environ.get("DATA_SETS", 500))
APPLY = ["unlikely", "somewhat likely", "very likely"]


@pytest.fixture(scope="module")
def applicants():
    """400 students who apply to graduate school, as UCLA's pages on ordered logistic regression have them."""
    return pd.read_csv(Path(statsmodels.__file__).parent / "miscmodels/tests/results/ologit_ucla.csv")


def made_up(seed=0, n=300):
    rng = np.random.default_rng(seed)
    x, tier = rng.normal(size=n), rng.choice(["low", "medium", "high"], n)
    y = np.digitize(0.5 * x + 0.4 * (tier == "high") + rng.logistic(size=n), [-1.0, 0.2, 1.4])
    return pd.DataFrame({"y": y, "x": x, "tier": tier, "group": rng.choice(list("ABCD"), n)})


def test_figures_as_printed(applicants):
    """Stata's brant, and -2 log-likelihoods of SPSS, as UCLA's pages print them for these students.

    https://stats.oarc.ucla.edu/stata/dae/ordered-logistic-regression/
    """
    table = bl.parallel_lines(applicants, "apply", "~ pared + public + gpa", categories=APPLY)
    brant = table.loc["Brant"]
    assert brant["statistic"].round(2).tolist() == [4.34, 0.13, 3.44, 0.18]
    assert brant["p_value"].round(3).tolist() == [0.227, 0.716, 0.064, 0.672]
    assert brant["df"].tolist() == [3, 1, 1, 1]
    assert "-2 log-likelihood of parallel lines 717.025" in table.note
    assert table.loc[("likelihood ratio", "all"), "df"] == 3
    assert (table["n"] == 400).all() and (table["missing"] == 0).all()


def test_statistic_is_twice_the_difference_of_log_likelihoods_of_other_programs(applicants):
    """Of statsmodels for parallel lines; the general model of one binary covariate is the table itself."""
    codes = applicants["apply"].map(APPLY.index)
    null = OrderedModel(codes, applicants[["public"]], distr="logit").fit(method="newton", tol=1e-12, disp=False)
    table = pd.crosstab(applicants["public"], codes).to_numpy()
    general = (table * np.log(table / table.sum(axis=1, keepdims=True))).sum()
    row = bl.parallel_lines(applicants, "apply", "~ public", categories=APPLY).loc[("likelihood ratio", "all")]
    assert row["statistic"] == pytest.approx(2 * (general - null.llf), abs=1e-6)
    assert row["p_value"] == pytest.approx(chi2.sf(2 * (general - null.llf), 1), abs=1e-7)


def test_statistic_is_that_of_likelihoods_written_out_for_every_respondent():
    """Two numbers as covariates and four categories, each respondent's probability a difference of two logistics."""
    frame = made_up(n=120).assign(z=np.random.default_rng(1).normal(size=120))
    x, y = frame[["x", "z"]].to_numpy(), frame["y"].to_numpy()

    def loss(parameters, parallel):
        slope = parameters[3:].reshape(1 if parallel else 3, 2)
        at_least = expit(parameters[:3] + np.broadcast_to(x @ slope.T, (120, 3)))
        bounds = np.column_stack([np.ones(120), at_least, np.zeros(120)])
        probability = bounds[np.arange(120), y] - bounds[np.arange(120), y + 1]
        return -np.log(np.maximum(probability, 1e-12)).sum()

    options = {"method": "BFGS", "options": {"gtol": 1e-6}}
    null = minimize(loss, [1.0, -0.5, -1.5, 0.0, 0.0], args=(True,), **options)
    general = minimize(loss, [*null.x[:3], *np.tile(null.x[3:], 3)], args=(False,), **options)
    row = bl.parallel_lines(frame, "y", "~ x + z").loc[("likelihood ratio", "all")]
    assert row["df"] == 4
    assert row["statistic"] == pytest.approx(2 * (null.fun - general.fun), abs=1e-6)


def graded(seed, more_at_the_top=0.0, n=400):
    """An outcome of four categories whose slope of x is larger at the highest cut."""
    rng = np.random.default_rng(seed)
    x, tier = rng.normal(size=n), rng.choice(["low", "high"], n)
    slope = np.array([0.5, 0.5, 0.5 + more_at_the_top])
    at_least = expit(np.array([1.0, -0.2, -2.0]) + slope * x[:, None] + 0.4 * (tier == "high")[:, None])
    at_least = np.minimum.accumulate(at_least, axis=1)  # lines cross far from everybody, if at all
    return pd.DataFrame({"y": (rng.random((n, 1)) < at_least).sum(axis=1), "x": x, "tier": tier})


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayes_lca.CrossingLinesWarning")
def test_size_is_the_nominal_one_and_a_violated_cut_is_found(capsys):
    p_values = {
        more: pd.DataFrame(
            [bl.parallel_lines(graded(seed, more), "y", "~ x + tier")["p_value"] for seed in range(DATA_SETS)]
        )
        for more in (0.0, 0.5)
    }
    size, power = ((p_values[more] < 0.05).mean() for more in p_values)
    error = np.sqrt(0.05 * 0.95 / DATA_SETS)
    with capsys.disabled():
        table = pd.DataFrame({"size": size, "power": power})
        print(f"\n{DATA_SETS} data sets, standard error of a size of .05 {error:.4f}\n{table.round(3)}")
    assert all(values.notna().all(axis=None) for values in p_values.values())
    assert (np.abs(size - 0.05) <= 2 * error)[("likelihood ratio", "all")]
    assert (np.abs(size - 0.05) <= 3 * error).all()
    assert power[("likelihood ratio", "all")] > 0.5
    assert power[("Brant", "x")] > power[("Brant", "all")] > 0.5
    assert abs(power[("Brant", "tier")] - 0.05) <= 3 * error


def test_covariates_of_several_columns_are_tested_as_one_and_column_by_column():
    table = bl.parallel_lines(made_up(), "y", "~ x + tier")
    assert table.loc["Brant"].index.tolist() == ["all", "x", "tier", "tier[low]", "tier[medium]"]
    assert table["df"].tolist() == [6, 6, 2, 4, 2, 2]
    turned = bl.parallel_lines(made_up(), "y", "~ x + tier", reference={"tier": "medium"})
    for name in ("all", "x", "tier"):
        assert turned.loc[("Brant", name), "statistic"] == pytest.approx(table.loc[("Brant", name), "statistic"])
    assert turned["statistic"].iloc[0] == pytest.approx(table["statistic"].iloc[0])


def test_slopes_that_differ_between_cuts_are_found():
    frame = made_up(n=2000)
    frame.loc[frame["y"] == 3, "x"] += 0.5
    table = bl.parallel_lines(frame, "y", "~ x + tier")
    assert table.loc[("likelihood ratio", "all"), "p_value"] < 1e-6
    assert table.loc[("Brant", "x"), "p_value"] < 1e-6
    assert table.loc[("Brant", "tier"), "p_value"] > 0.01


def test_missing_rows_are_counted_and_refused_unless_left_out():
    frame = made_up().astype({"y": float})
    frame.loc[[3, 4], "y"] = np.nan
    frame.loc[[4, 5, 6], "x"] = np.nan
    with pytest.raises(ValueError, match=r"2 of 300 rows lack the outcome 'y' \(rows 3, 4\)"):
        bl.parallel_lines(frame, "y", "~ x")
    with pytest.warns(UserWarning) as said:
        table = bl.parallel_lines(frame, "y", "~ x", missing="drop")
    assert [str(each.message)[:25] for each in said] == ["2 of 300 rows left out: o", "2 of 298 rows left out: c"]
    assert all(each.filename == __file__ for each in said)
    assert (table["n"] == 296).all() and (table["missing"] == 4).all()
    complete = frame.dropna().astype({"y": int})
    pd.testing.assert_frame_equal(
        pd.DataFrame(table).drop(columns="missing"),
        pd.DataFrame(bl.parallel_lines(complete, "y", "~ x")).drop(columns="missing"),
    )


def test_codes_of_missing_values_are_declared_by_column_or_for_all():
    frame = made_up().replace({"y": {0: 9}})
    frame.loc[2, "x"] = 99
    with pytest.warns(UserWarning, match="left out"):
        by_column = bl.parallel_lines(frame, "y", "~ x", missing_codes={"y": [9], "x": [99]}, missing="drop")
        for_all = bl.parallel_lines(frame, "y", "~ x", missing_codes=[9, 99], missing="drop")
    assert by_column["statistic"].tolist() == for_all["statistic"].tolist()
    assert (by_column["missing"] == (frame["y"] == 9).sum() + (frame.loc[2, "y"] != 9)).all()


def test_frequency_tables_and_other_frames_give_the_same():
    frame = made_up().assign(x=lambda rows: rows["x"].round())
    by_row = bl.parallel_lines(frame, "y", "~ x + tier")
    cells = frame.groupby(["y", "x", "tier"]).size().rename("cases").reset_index()
    counted = bl.parallel_lines(cells, "y", "~ x + tier", count="cases")
    np.testing.assert_allclose(counted["statistic"], by_row["statistic"], rtol=1e-8)
    assert (counted["n"] == 300).all()
    assert f"{len(cells)} rows counted by 'cases'" in counted.note
    np.testing.assert_allclose(
        bl.parallel_lines(pl.DataFrame(frame), "y", "~ x + tier")["statistic"], by_row["statistic"]
    )


def test_groups_are_left_out_aloud():
    frame = made_up()
    nested = bl.parallel_lines(frame, "y", "~ x + (1 | group)")
    assert nested["statistic"].tolist() == bl.parallel_lines(frame, "y", "~ x")["statistic"].tolist()
    assert "respondents count as independent; 'group' left out" in nested.note


def test_categories_nobody_is_in_are_left_out_aloud():
    frame = made_up().replace({"y": {3: 2}})
    table = bl.parallel_lines(frame, "y", "~ x", categories=[0, 1, 2, 3])
    assert table["df"].tolist() == [1, 1, 1]
    assert "categories that nobody has left out: y '3'" in table.note
    assert "order of categories: 0 < 1 < 2 (declared)" in table.note


def test_lines_that_cross_are_warned_of():
    table = pd.DataFrame(
        {"y": [0, 1, 2] * 3, "x": np.repeat([0.0, 1.0, 2.0], 3), "cases": [60, 30, 10, 30, 12, 40, 12, 0, 80]}
    )
    with pytest.warns(bl.CrossingLinesWarning, match=r"lines of the general model of 'y' cross in 92 of 274 rows"):
        crossed = bl.parallel_lines(table, "y", "~ x", count="cases")
    assert "cross in 92 of 274 rows" in crossed.note
    assert crossed["statistic"].notna().all()


def test_what_separates_the_general_model_is_named():
    frame = made_up(n=200)
    frame["b"] = np.where(frame["y"] == 2, 1, np.where(frame["y"] == 1, 0, frame.index % 2))
    table = bl.parallel_lines(frame, "y", "~ x + b")
    assert table["statistic"].isna().tolist() == [True, False, False, False]
    told = "has no finite maximum, so there is no likelihood ratio: separated are 0 and 1 by 'b'; 1 and 2 by 'b'; 2 and"
    assert told in table.note
    top = frame.assign(b=(frame["y"] == 3) | (frame["y"] < 3) & (frame.index % 2 == 0))
    without = bl.parallel_lines(top, "y", "~ x + b")
    assert without["statistic"].isna().all()
    assert "a binary logit of the outcome has no finite maximum, so there are no Brant tests" in without.note
    assert without["df"].tolist() == [4, 4, 2, 2]


def test_what_separates_the_null_model_is_refused_by_name():
    frame = made_up(n=200)
    frame["a"] = frame["y"] + frame["x"] / 100
    with pytest.raises(
        NoMaximumError, match=r"outcome 'y' is separated by 'a': .* no finite maximum in 200 rows; merge"
    ):
        bl.parallel_lines(frame, "y", "~ x + a")


@pytest.mark.parametrize(
    "given, told",
    [
        ({"outcome": "tier"}, r"parallel_lines rests on the order of categories, which nobody declared for the outcome "
         r"'tier' of 300 rows; they would be 'high', 'low', 'medium'. Declare it"),
        ({"outcome": "x"}, "outcome 'x' is also in '~ x'; it cannot explain itself"),
        ({"outcome": "z"}, r"unknown outcome column\(s\) 'z'"),
        ({"formula": "~ 1"}, r"formula '~ 1' has no covariates whose lines could be parallel \(300 rows\)"),
        ({"formula": "~ x + nobody"}, r"unknown formula column\(s\) 'nobody'"),
        ({"categories": [0, 1, 2]}, r"has values that its declared categories '0', '1', '2' do not name \('3' in "),
        ({"outcome": "two"}, r"outcome 'two' has 2 categories, '0', '1', in the 300 rows with every covariate"),
        ({"missing": "omit"}, r"missing='omit': choose"),
        ({"missing_codes": {"z": [9]}}, "missing_codes names 'z', not among the columns 'y', 'x'"),
    ],
)  # fmt: skip
def test_what_cannot_be_tested_is_refused_by_name(given, told):
    frame = made_up().assign(two=lambda rows: (rows["y"] > 1).astype(int))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=told):
            bl.parallel_lines(frame, **{"outcome": "y", "formula": "~ x"} | given)


def test_what_is_no_frame_and_categories_by_column_are_refused():
    with pytest.raises(TypeError, match="expected a data frame"):
        bl.parallel_lines(bl.load_example(), "y", "~ x")
    with pytest.raises(TypeError, match="give a list, for the outcome 'y' alone"):
        bl.parallel_lines(made_up(), "y", "~ x", categories={"y": [0, 1, 2, 3]})
