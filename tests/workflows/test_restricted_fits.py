"""Fits of restricted items: draws, samplers that agree, tables, pages and files, and what is refused."""

import json
import warnings

import arviz_stats
import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from pytensor.compile.mode import Mode
from scipy import stats

import bayes_lca as bl
from bayes_lca.measurement.known_of_classes import KnownOfClasses
from bayes_lca.sampling.gibbs_of_sets import sample_sets

FAST = Mode(linker="py", optimizer=None)
SHORT = {"draws": 200, "tune": 100, "chains": 2, "until": None, "progressbar": False}


@pytest.fixture(scope="module")
def frame():
    """Class 1 mostly says yes and never low; it is the smaller one."""
    rng = np.random.default_rng(8)
    first = rng.random(240) < 0.4
    answers = {item: np.where(rng.random(240) < np.where(first, 0.9, 0.25), "yes", "no") for item in ("a", "b", "d")}
    thirds = np.where(first[:, None], [0.0, 0.4, 0.6], [0.5, 0.4, 0.1]).cumsum(axis=1)
    labels = np.array(["low", "middle", "high"])
    answers["c"] = labels[(rng.random((240, 1)) > thirds).sum(axis=1)]
    return pd.DataFrame(answers).assign(age=rng.normal(size=240).round(1))


RESTRICTIONS = [
    bl.Zero("c", category="low", classes=1),
    bl.Fixed("a", category="yes", classes=1, value=0.9),
    bl.Equal(["b", "d"]),
]
RESTRICTED = bl.LatentClass(2, bl.Items(["a", "b", "c", "d"], restrictions=RESTRICTIONS))


@pytest.fixture(scope="module")
def draws(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(RESTRICTED, frame, **(SHORT | {"draws": 400}))


def test_draws_keep_the_restrictions_and_the_numbers(draws):
    assert draws.attrs["backend"] == "program"
    assert json.loads(draws.attrs["exchangeable_classes"]) == [0, 1]
    rho = draws["posterior"]["item_probability"]
    assert set(draws["posterior"].data_vars) == {"class_share", "item_probability"}
    assert (rho.sel(latent_class="C1", item="c", category="low") == 0).all()
    np.testing.assert_allclose(rho.sel(latent_class="C1", item="a", category="yes"), 0.9)
    np.testing.assert_allclose(rho.sel(item="b"), rho.sel(item="d"))
    sizes = bl.class_sizes(draws)["mean"]
    assert sizes["C1"] < sizes["C2"]


def test_nuts_and_gibbs_have_the_same_posterior(draws, frame):
    """Means within four Monte Carlo standard errors of both samplers."""
    responses = RESTRICTED.measurement.read(frame)
    codes, counts = np.unique(responses.codes, axis=0, return_counts=True)
    told = None, 1.0, RESTRICTIONS
    sets = KnownOfClasses.of(*told, responses.items, responses.labels, 2).sets
    start = sets.probabilities(sets.draw_prior(np.random.default_rng(0), 4))
    gibbs = sample_sets(codes, counts, sets, start, draws=800, tune=200, seed=1)
    table = bl.class_profiles(draws)
    for k, name in enumerate(("C1", "C2")):
        for j, (item, labels) in enumerate(zip(responses.items, responses.labels, strict=True)):
            for r, label in enumerate(labels):
                row, values = table.loc[(name, item, label)], gibbs.item_probability[:, :, k, j, r]
                if row["sd"] < 1e-12:
                    np.testing.assert_allclose(values, row["mean"])
                    continue
                effective = float(arviz_stats.ess(xr.DataArray(values, dims=("chain", "draw"))))
                error = np.hypot(row["sd"] / np.sqrt(row["ess_bulk"]), values.std() / np.sqrt(effective))
                assert abs(values.mean() - row["mean"]) < 4 * error


@pytest.mark.usefixtures("pictures_are_not_written")
def test_tables_pages_and_files_of_a_restricted_fit(draws, frame, tmp_path):
    profiles = bl.class_profiles(draws)
    assert profiles.loc[("C1", "c", "low"), ["mean", "sd", "lower", "upper"]].tolist() == [0, 0, 0, 0]
    new = pd.DataFrame({"a": ["yes"], "b": ["yes"], "c": ["low"], "d": ["no"]})
    assert bl.membership(draws, new)["C2"].iloc[0] == pytest.approx(1.0)
    bl.save(draws, tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    assert loaded["posterior"].equals(draws["posterior"])
    assert bl.check_items(loaded, n_draws=40).items.shape[0] == 4
    bl.report(loaded, tmp_path / "page.html")
    assert "bl.Zero" not in (page := (tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "Zero(item=" in page
    assert "order of display: numbered by restrictions or priors" in page
    halves = bl.split_halves(draws, repeats=2, n_draws=20)
    assert halves.index.tolist() == ["C1", "C2"]
    assert (halves["distance"] < 0.3).all()
    assert bl.convergence(draws).loc["label-free"].index[1] == "share of class 1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        bl.fit_two_step(draws, bl.Regression("~ age"), frame, measurement_draws=4, draws=40, tune=20, progressbar=False)


def with_one_of_three_fixed(draws):
    """The draws with P(high) = .9 in C2, which low and middle share the rest of by Beta(8, 3)."""
    posterior = draws["posterior"].to_dataset().copy(deep=True)
    rho = posterior["item_probability"]
    low = 0.1 * np.random.default_rng(2).beta(8, 3, rho.shape[:2])
    for category, values in (("low", low), ("middle", 0.1 - low), ("high", 0.9)):
        rho.loc[{"latent_class": "C2", "item": "c", "category": category}] = values
    changed = draws.copy()
    changed["posterior"] = xr.DataTree(posterior)
    return changed, low


def test_a_restricted_fit_becomes_a_prior_with_its_means(draws):
    """Fixed probabilities among them, of two categories and of three; a zero has a small weight."""
    changed, low = with_one_of_three_fixed(draws)
    rho = changed["posterior"]["item_probability"].mean(["chain", "draw"])
    prior = bl.prior_from(changed)
    table = prior.to_frame().reset_index()
    for _, row in table[~((table["latent_class"] == 1) & (table["item"] == "c"))].iterrows():
        expected = rho.sel(item=row["item"], category=row["category"])[row["latent_class"] - 1].item()
        assert row["probability"] == pytest.approx(expected, abs=1e-6)
    of_c = prior.weights["c"][1]
    share = low / 0.1  # whose matched beta distribution has the weights of the two that are free
    matched = share.mean() * (1 - share.mean()) / share.var(ddof=1) - 1
    variance = share.var(ddof=1)
    assert stats.beta(of_c["low"], of_c["middle"]).var() == pytest.approx(variance)
    assert of_c["high"] == pytest.approx(9 * matched)  # nine times the weights of the tenth that is free
    of_zero = prior.weights["c"][0]
    assert of_zero["low"] == 0.1
    rho = draws["posterior"]["item_probability"].sel(latent_class="C1", item="c")
    middle, high = of_zero["middle"], of_zero["high"]
    assert middle / (middle + high) == pytest.approx(rho.sel(category="middle").mean().item())
    variance = rho.sel(category="middle").stack(s=["chain", "draw"]).var("s", ddof=1).item()
    assert stats.beta(middle, high).var() == pytest.approx(variance)
    others = [sum(prior.weights[item][0].values()) for item in "bd"] + [middle + high]
    assert sum(prior.weights["a"][0].values()) == pytest.approx(np.median(others))


def test_an_item_known_in_a_class_of_known_items_has_the_total_of_other_classes(draws):
    changed = draws.copy()
    posterior = draws["posterior"].to_dataset().copy(deep=True)
    means = posterior["item_probability"].mean(["chain", "draw"]).sel(latent_class="C1")
    posterior["item_probability"].loc[{"latent_class": "C1"}] = means
    changed["posterior"] = xr.DataTree(posterior)
    weights = bl.prior_from(changed).weights
    of_others = np.median([sum(of_classes[1].values()) for of_classes in weights.values()])
    assert sum(weights["b"][0].values()) == pytest.approx(of_others)
    assert weights["a"][0]["yes"] == pytest.approx(0.9 * of_others)


def test_a_prior_of_so_many_respondents_has_the_means_of_what_is_fixed(draws):
    changed, _ = with_one_of_three_fixed(draws)
    table = bl.prior_from(changed, sample_size=20).to_frame()
    np.testing.assert_allclose(table["sample_size"], 20)
    assert table.loc[(2, "c", "high"), "probability"] == pytest.approx(0.9)
    assert table.loc[(1, "c", "low"), "weight"] == 0.1
    half = bl.prior_from(changed, weight=0.5).weights["c"][1]["high"]
    assert half == pytest.approx(0.5 + bl.prior_from(changed).weights["c"][1]["high"] / 2)


def test_the_prior_of_a_restricted_fit_goes_with_the_same_restrictions(draws, frame):
    again = bl.Items(["a", "b", "c", "d"], prior=bl.prior_from(draws), restrictions=RESTRICTIONS)
    rho = bl.prior_predictive(bl.LatentClass(2, again), frame, draws=20)["prior"]["item_probability"]
    assert (rho.sel(latent_class="C1", item="c", category="low") == 0).all()


def test_memberships_are_those_of_a_hand_calculation(draws, frame):
    """One draw, from the table of its probabilities."""
    one = draws.isel(chain=[0], draw=[7])
    rho, share = one["posterior"]["item_probability"], one["posterior"]["class_share"].to_numpy().ravel()
    row = frame.iloc[3]
    of_class = [
        share[k] * np.prod([rho.sel(item=item, category=row[item]).isel(latent_class=k).item() for item in "abcd"])
        for k in range(2)
    ]
    expected = np.array(of_class) / np.sum(of_class)
    np.testing.assert_allclose(bl.membership_draws(one).isel(respondent=3).to_numpy().ravel(), expected, atol=1e-6)


def test_answers_that_no_class_allows_are_refused(frame):
    nobody = bl.Items(["a", "b", "c", "d"], restrictions=[bl.Zero("c", category="low")])
    with pytest.raises(
        ValueError, match=r"of 240 respondents gave answers that bl.Zero leaves no class to give, such as"
    ):
        bl.LatentClass(2, nobody).build(frame)


def test_new_answers_that_no_class_allows_are_refused(draws):
    """Low is impossible in C1 of the fit, and here no in C2: of six new rows two have both."""
    posterior = draws["posterior"].to_dataset().copy(deep=True)
    both = draws.copy()
    rho = posterior["item_probability"]
    for category, value in (("no", 0.0), ("yes", 1.0)):
        rho.loc[{"latent_class": "C2", "item": "b", "category": category}] = value
    both["posterior"] = xr.DataTree(posterior)
    new = pd.DataFrame(
        {
            "a": "yes",
            "b": ["yes", "no", "no", None, "no", "no"],
            "c": ["low", "low", "high", "low", None, "low"],
            "d": "no",
        },
        index=[f"r{i}" for i in range(6)],
    )
    told = (
        r"2 of 6 respondents gave answers that bl.Zero leaves no class to give, such as {'b': 'no', 'c': 'low'} in "
        r"row 'r1' \(all such rows: 'r1', 'r5'\); free these categories"
    )
    with pytest.raises(ValueError, match=told):
        bl.membership(both, new)
    table = bl.membership(both, new.drop(["r1", "r5"]))
    np.testing.assert_allclose(table["C2"].loc[["r0", "r3"]], 1.0)
    np.testing.assert_allclose(table["C1"].loc[["r2", "r4"]], 1.0)
    with pytest.raises(ValueError, match=told):
        bl.AssignedClass(bl.answers_of(both), bl.Regression("~ age")).build(new.assign(age=range(6)))


def test_missing_answers_are_not_forbidden(frame):
    missing = frame.assign(c=frame["c"].where(frame["c"] != "low"))
    items = bl.Items(["a", "b", "d", "c"], restrictions=[bl.Fixed("c", category="high", classes=1, value=0.6)])
    bl.LatentClass(2, items).build(missing)


def test_draws_of_other_samplers_are_adopted_without_their_free_sets(frame):
    """Draws with the variables of the model that tables show; here of its prior."""
    model = bl.LatentClass(2, bl.Items(["a", "b", "d"], restrictions=[bl.Equal(["a", "b"])]))
    prior = bl.prior_predictive(model, frame, draws=20)["prior"].to_dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adopted = bl.adopt(model, frame, xr.DataTree.from_dict({"/posterior": prior}))
    rho = adopted["posterior"]["item_probability"]
    np.testing.assert_array_equal(rho.sel(item="a"), rho.sel(item="b"))


def test_what_has_no_restricted_counterpart_is_refused(draws, frame):
    with pytest.raises(ValueError, match=r"the answer probabilities of this fit of \d+ respondents are restricted"):
        bl.stepwise_odds_ratios(draws, bl.Regression("~ age"), frame, method="bch")
    with pytest.raises(ValueError, match=r"restrictions of items .* number their classes"):
        bl.count_classes(RESTRICTED.measurement, frame, [1, 2])


def test_numbers_of_classes_are_compared_under_restrictions_of_all_classes(frame):
    """Parallel items: log-likelihood and parameters are those of the fit under the same restrictions."""
    items = bl.Items(["a", "b", "d"], restrictions=[bl.Equal(["a", "b", "d"])])
    settings = {"bayes": True, "draws": 50, "tune": 20, "chains": 2, "n_starts": 10}
    table = bl.count_classes(items, frame, [1, 2], **settings)
    assert table["parameters"].tolist() == [1, 3]
    says = (frame[["a", "b", "d"]] == "yes").sum(axis=1).value_counts().reindex(range(4), fill_value=0).to_numpy()
    p = (says * np.arange(4)).sum() / (3 * len(frame))
    of_one = (says * (np.arange(4) * np.log(p) + (3 - np.arange(4)) * np.log(1 - p))).sum()
    assert table["log_likelihood"].iloc[0] == pytest.approx(of_one)
    assert np.isfinite(table["elpd"]).all()
    assert table["vlmr_p"].isna().all()
    assert "items are restricted: no tests by scores" in table.note
    assert "not identified" not in table.note
    with pytest.raises(ValueError, match=r"blrt_draws=50: the bootstrap is fitted to unrestricted classes"):
        bl.count_classes(items, frame, [1, 2], blrt_draws=50)
    with pytest.raises(ValueError, match=r"common_method=True: the common method is fitted to unrestricted classes"):
        bl.count_classes(items, frame, [1, 2], common_method=True)
    same = bl.count_classes(bl.Items(["a", "b"], restrictions=[bl.Equal("a")]), frame, [1, 2], n_starts=5)
    assert same["parameters"].tolist() == [2, 4]
    for compare in (
        lambda: bl.vuong_lo_mendell_rubin(items, frame, 2),
        lambda: bl.overfitted(items, frame),
        lambda: bl.bootstrap_likelihood_ratio(items, frame, 2),
    ):
        with pytest.raises(ValueError, match=r"are restricted, and this compares unrestricted classes"):
            compare()


def test_one_class_and_a_regression_can_be_restricted(frame):
    parallel = bl.Items(["a", "b", "d"], restrictions=[bl.Equal(["a", "b", "d"])])
    model = bl.LatentClass(1, parallel).build(frame)
    assert [variable.name for variable in model.free_RVs] == ["free_probability_of_2"]
    assert pm.draw(model["item_probability"], mode=FAST).std(axis=1).max() < 1e-12
    regression = bl.LatentClass(2, RESTRICTED.measurement, bl.Regression("~ age")).build(frame)
    assert "slope" in regression.named_vars
