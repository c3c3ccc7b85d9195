"""Several completed data sets: exact posteriors, Rubin's rules, aligned classes, and frames that differ refused."""

import importlib
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import brentq
from scipy.stats import beta

import bayes_lca as bl
from bayes_lca.datasets.example import ITEMS
from bayes_lca.fitted.chain_diagnostics import chain_diagnostics
from bayes_lca.fitted.elements import diagnostics
from bayes_lca.workflows.fit_multiple import _in_one_mode

FEW = {"draws": 60, "tune": 60, "chains": 2, "until": None, "progressbar": False}
NESTED = bl.LatentClass(2, bl.Items(ITEMS), bl.Regression("~ participation + (1 | group)"))


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)  # of few draws
        yield


def completed(m=2, seed=1, name="participation", share=0.3):
    """The example survey with some values of a column drawn anew in each data set."""
    rng, survey = np.random.default_rng(seed), bl.example_survey()
    gone = rng.random(len(survey)) < share
    return [survey.assign(**{name: survey[name].mask(gone, rng.choice(survey[name], len(survey)))}) for _ in range(m)]


@pytest.fixture(scope="module")
def stacked():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bl.fit_multiple(NESTED, completed(), **FEW)


def test_draws_are_of_the_mixture_of_exact_posteriors():
    """One class and one answer: the posterior of each data set is a beta distribution, that of all their mixture."""
    yes = np.array([30, 45, 60])
    frames = [pd.DataFrame({"a": np.repeat([1, 0], [k, 120 - k])}) for k in yes]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.UnidentifiedWarning)
        draws = bl.fit_multiple(
            bl.LatentClass(1, bl.Items(["a"])), frames, draws=500, tune=150, until=None, progressbar=False
        )
    values = draws["posterior"]["item_probability"].sel(category="1").to_numpy().ravel()
    posteriors = [beta(1 + k, 1 + 120 - k) for k in yes]
    of_sets = values.reshape(3, -1)
    for part, exact in zip(of_sets, posteriors, strict=True):
        effective = chain_diagnostics(part.reshape(1, 4, -1))[1][0]
        assert abs(part.mean() - exact.mean()) < 4 * exact.std() / np.sqrt(effective)
    for probability in (0.025, 0.5, 0.975):
        exact = brentq(lambda x, p=probability: np.mean([each.cdf(x) for each in posteriors]) - p, 0, 1)
        below = np.mean([each.cdf(exact) for each in posteriors])
        assert abs((values <= exact).mean() - below) < 4 * np.sqrt(below * (1 - below) / 1000)
    mean = np.mean([each.mean() for each in posteriors])
    table = bl.class_profiles(draws)
    assert table.loc[("C1", "a", "1"), "mean"] == pytest.approx(mean, abs=4 * 0.04 / np.sqrt(1000))
    within, between = (table.loc[("C1", "a", "1"), name] for name in ("r_hat", "r_hat_between"))
    assert within < 1.02 < 1.5 < between


def test_mean_and_variance_are_those_of_rubins_rules():
    """A regression whose posterior is nearly normal: the mean of the means; within plus (m - 1) / m between."""
    rng, m = np.random.default_rng(4), 3
    x = rng.normal(size=400)
    y = (rng.random(400) < 1 / (1 + np.exp(-0.8 * x))).astype(int)
    gone = rng.random(400) < 0.4
    frames = [pd.DataFrame({"y": y, "x": np.where(gone, rng.normal(0.4 * (2 * y - 1), 0.9), x)}) for _ in range(m)]
    model = bl.Multinomial("y", bl.Regression("~ x"))
    options = {"draws": 300, "tune": 150, "chains": 2, "until": None, "progressbar": False}
    draws = bl.fit_multiple(model, frames, seed=5, **options)
    single = [bl.odds_ratios(bl.fit(model, frame, seed=5 + place, **options)) for place, frame in enumerate(frames)]
    means, variances = (np.array([table[name].iloc[0] for table in single]) for name in ("log_odds", "sd"))
    within, between = (variances**2).mean(), means.var(ddof=1)
    row = bl.odds_ratios(draws).iloc[0]
    assert row["log_odds"] == pytest.approx(means.mean(), abs=1e-10)
    assert row["sd"] ** 2 == pytest.approx(within + (m - 1) / m * between, rel=2e-3)
    assert between > 0.05 * within
    rubin = within + (m + 1) / m * between
    normal = row["log_odds"] + 1.96 * np.sqrt(rubin - 2 * between / m) * np.array([-1, 1])
    np.testing.assert_allclose(np.log(row[["lower", "upper"]].astype(float)), normal, atol=0.06)


def test_chains_are_those_of_the_fits_of_each_data_set_in_their_order(stacked):
    single = [bl.fit(NESTED, frame, seed=1 + place, **FEW) for place, frame in enumerate(completed())]
    slope = stacked["posterior"]["slope"].to_numpy()
    np.testing.assert_array_equal(slope[:2], single[0]["posterior"]["slope"].to_numpy())
    order = [0, 1] if np.allclose(slope[2:], single[1]["posterior"]["slope"].to_numpy()) else [1, 0]
    np.testing.assert_array_equal(slope[2:], single[1]["posterior"]["slope"].to_numpy()[..., order])
    profiles = pd.DataFrame({"participation": [2.0, 8.0], "group": ["G1", "G2"]})
    each, all_draws = ([bl.predict_classes(draws, profiles) for draws in fits] for fits in (single, [stacked]))
    of_single = np.mean(
        [each[0]["mean"].to_numpy().reshape(2, 2), each[1]["mean"].to_numpy().reshape(2, 2)[:, order]], 0
    )
    np.testing.assert_allclose(all_draws[0]["mean"].to_numpy().reshape(2, 2), of_single, atol=1e-9)
    assert json.loads(stacked.attrs["data_set_of_chain"]) == [0, 0, 1, 1]
    assert stacked["posterior"]["chain"].to_numpy().tolist() == [0, 1, 2, 3]


def test_classes_of_all_data_sets_are_matched_to_those_of_the_first():
    """Two classes of nearly one size, which data sets order differently by size."""
    rng = np.random.default_rng(3)
    latent = np.repeat([0, 1], 60)
    answers = {f"i{j}": np.where(rng.random(120) < 0.9, latent, 1 - latent) for j in range(4)}
    first = pd.DataFrame(answers)
    second = first.copy()
    second.loc[:9, ["i0", "i1", "i2", "i3"]] = 1 - second.loc[:9, ["i0", "i1", "i2", "i3"]].mode(axis=1)[[0]].to_numpy()
    third = first.copy()
    third.loc[110:, ["i0", "i1", "i2", "i3"]] = 0
    lca = bl.LatentClass(2, bl.Items(list(answers)))
    draws = bl.fit_multiple(lca, [second, third], **FEW)
    alone = bl.fit(lca, third, seed=2, **FEW)
    rho = draws["posterior"]["item_probability"].sel(category="1", item="i0").mean("draw").to_numpy()  # (chain, class)
    assert (np.abs(rho[2:] - rho[:2].mean(axis=0)) < 0.3).all()
    by_size = alone["posterior"]["item_probability"].sel(category="1", item="i0").mean(["chain", "draw"]).to_numpy()
    assert np.abs(by_size - rho[2:].mean(axis=0)).max() > 0.5


def test_tables_say_how_many_data_sets_and_r_hat_within_and_between(stacked):
    for table in (bl.class_sizes(stacked), bl.odds_ratios(stacked), bl.heterogeneity(stacked)):
        assert "draws of 2 completed data sets stacked" in table.note
        assert "4 x 60 draws" in table.note
    values = stacked["posterior"]["slope"].sel(latent_class="C2") - stacked["posterior"]["slope"].sel(latent_class="C1")
    elements = values.transpose("term", "chain", "draw").to_numpy()
    halves = [chain_diagnostics(elements[:, rows]) for rows in (slice(0, 2), slice(2, 4))]
    row = bl.odds_ratios(stacked).iloc[0]
    assert row["r_hat"] == pytest.approx(max(r_hat[0] for r_hat, *_ in halves))
    assert row["r_hat_between"] == pytest.approx(chain_diagnostics(elements)[0][0])
    assert row["ess_bulk"] == pytest.approx(sum(bulk[0] for _, bulk, _ in halves))
    table = bl.convergence(stacked)
    assert table.loc[("labelled", "slope"), "r_hat_between"] >= row["r_hat_between"] - 0.2
    assert np.isnan(table.loc[("label-free", "log_likelihood"), "r_hat_between"])
    assert "data set 2: worst element of each variable; n = 180" in table.note


def test_diagnostics_of_equal_data_sets_agree_within_and_between():
    values = xr.DataArray(np.random.default_rng(0).normal(size=(4, 500)), dims=("chain", "draw"))
    of_sets = diagnostics(values, data_set=np.array([0, 0, 1, 1]))
    moved = diagnostics(values + xr.DataArray([0.0, 0.0, 3.0, 3.0], dims="chain"), data_set=np.array([0, 0, 1, 1]))
    assert float(of_sets["r_hat_between"]) < 1.02
    assert float(moved["r_hat"]) == pytest.approx(float(of_sets["r_hat"]))
    assert float(moved["ess_bulk"]) == pytest.approx(float(of_sets["ess_bulk"]))
    assert float(moved["r_hat_between"]) > 1.5


def test_a_stacked_fit_survives_a_file_and_a_selection_of_chains(stacked, tmp_path):
    bl.save(stacked, tmp_path / "stacked.nc")
    loaded = bl.load(tmp_path / "stacked.nc")
    pd.testing.assert_frame_equal(bl.odds_ratios(loaded), bl.odds_ratios(stacked))
    before, after = (pd.DataFrame(bl.convergence(draws)).drop(columns="element") for draws in (stacked, loaded))
    pd.testing.assert_frame_equal(after, before, rtol=0.05)  # shares are rounded, as without respondents
    bl.save(stacked, tmp_path / "shared.nc", respondents=False)
    assert "2 completed data sets" in bl.class_sizes(bl.load(tmp_path / "shared.nc")).note
    second = bl.odds_ratios(stacked.isel(chain=[2, 3]))
    assert "draws of 1 completed data sets stacked" in second.note
    assert second["r_hat"].iloc[0] == pytest.approx(second["r_hat_between"].iloc[0])


def test_chains_that_go_on_are_thinned_to_the_length_of_the_others():
    frames = completed()
    draws = bl.fit_multiple(NESTED, frames, **FEW | {"until": "converged"})
    made = [each["draws_made"] for each in json.loads(draws.attrs["data_sets"])]
    assert draws["posterior"].sizes == {**draws["posterior"].sizes, "chain": 4, "draw": min(made)}
    bl.convergence(draws)


def test_warnings_say_of_which_data_set_they_are():
    frames = completed()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        bl.fit_multiple(NESTED, frames, **FEW | {"draws": 10})
    told = [str(each.message) for each in said if each.category is bl.ConvergenceWarning]
    assert [text[:12] for text in told] == ["data set 1: ", "data set 2: "]
    assert all(each.filename == __file__ for each in said)


def different(**columns):
    first, second = completed()
    return [first, second.assign(**columns)]


CASES = {
    "one": (lambda: completed(1), r"1 completed data set\(s\); give two or more"),
    "rows": (
        lambda: [bl.example_survey(), bl.example_survey().head(170)],
        "data set 2 has 170 rows and data set 1 has",
    ),
    "labels": (
        lambda: [bl.example_survey(), bl.example_survey().iloc[::-1]],
        r"data set 2 has other row labels than data set 1 in 180 of 180 rows, such as 180 in place of 1",
    ),
    "columns": (
        lambda: [bl.example_survey(), bl.example_survey().drop(columns="participation")],
        r"unknown used column\(s\) 'participation'",
    ),
    "groups": (
        lambda: different(group=lambda frame: frame["group"].astype(str).replace("G1", "G2")),
        r"data set 2 has another 'group' than data set 1 in \d+ of 180 rows",
    ),
    "levels": (
        lambda: different(**{ITEMS[0]: lambda frame: frame[ITEMS[0]].astype(str).replace("decrease", "increase")}),
        "data set 2 has other labels than data set 1",
    ),
    "missing": (
        lambda: different(participation=lambda frame: frame["participation"].mask(frame.index < 3)),
        "2 of 180 rows lack a covariate",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_frames_that_differ_are_refused_before_sampling(case, monkeypatch):
    def reached(*arguments, **options):
        raise AssertionError("the sampler was reached")

    monkeypatch.setattr("bayes_lca.sampling.nuts.road_of", reached)
    frames, told = CASES[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=told) as refusal:
            bl.fit_multiple(NESTED, frames(), **FEW)
    if case in ("missing", "columns"):
        assert refusal.value.__notes__ == ["data set 2"]


def test_terms_that_depend_on_all_rows_and_slopes_that_vary_are_refused():
    scaled = bl.LatentClass(2, bl.Items(ITEMS), bl.Regression("~ scale(participation) + (1 | group)"))
    with pytest.raises(ValueError, match=r"term 'scale\(participation\)' means something else in data set 2"):
        bl.fit_multiple(scaled, completed(), **FEW)
    varying = bl.LatentClass(2, bl.Items(ITEMS), bl.Regression("~ participation + (participation | group)"))
    with pytest.raises(ValueError, match=r"has slopes that vary by group: .* write \(1 \| group\)"):
        bl.fit_multiple(varying, completed(), **FEW)


def test_what_is_no_list_of_frames_is_refused():
    with pytest.raises(TypeError, match=r"frames is a DataFrame; give a list of completed data sets, \[a, b\]"):
        bl.fit_multiple(NESTED, bl.example_survey())
    with pytest.raises(TypeError, match="expected a data frame"):
        bl.fit_multiple(NESTED, [bl.example_survey(), 3])
    with pytest.raises(TypeError, match="fit takes a model and then a frame"):
        bl.fit_multiple("model", completed())
    with pytest.raises(TypeError, match="fit takes a model and then a frame"):
        bl.fit_multiple(bl.LatentClass, completed())


def test_chains_in_several_modes_are_stacked_and_refused_by_summaries(stacked):
    """Each data set has a chain of its own mode; the others are matched to the first mode of the first."""
    draws = stacked.copy()
    draws.attrs = draws.attrs | {"chain_modes": "[0, 1, 0, 1]", "n_modes": 2}
    with pytest.raises(bl.SeveralModesError):
        bl.class_sizes(draws)
    kept = bl.keep_mode(draws, 1)
    assert kept["posterior"]["chain"].to_numpy().tolist() == [0, 2]
    assert "draws of 2 completed data sets stacked" in bl.class_sizes(kept).note
    one = bl.load_example()
    two = one.copy()
    two.attrs = two.attrs | {"chain_modes": "[0, 1]", "n_modes": 2}
    assert _in_one_mode(one) is one
    assert _in_one_mode(two)["posterior"].sizes["chain"] == 1


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "examples")
    return importlib.import_module("missing_covariates")


def test_the_example_imputes_what_is_missing_and_nothing_else(example):
    whole, _ = bl.simulate_cohort(300, seed=1)
    incomplete = example.without_participation(whole, seed=2)
    gone = incomplete["participation"].isna().to_numpy()
    completed = example.impute(incomplete, "participation", 2, seed=3)
    for frame in completed:
        pd.testing.assert_frame_equal(frame[~gone], incomplete[~gone])
        assert frame["participation"].between(0, 10).all()
    drawn = [frame["participation"].to_numpy()[gone] for frame in completed]
    assert (drawn[0] != drawn[1]).mean() > 0.9
    assert np.corrcoef(drawn[0], whole["participation"].to_numpy()[gone])[0, 1] > 0.05


@pytest.mark.slow
def test_the_example_runs(example, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        beside = example.main(400, 2, FEW)
    assert set(beside.index.get_level_values("respondents")) == {"completed", "complete rows", "whole survey"}
    assert "draws of 2 completed data sets stacked" in capsys.readouterr().out
