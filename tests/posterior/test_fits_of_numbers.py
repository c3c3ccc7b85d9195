"""What is said of a fit of items that are numbers: tables, picture, checks, predictions, files, a page."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import bayes_lca as bl
from bayes_lca.posterior.checks.moment_check import moments, pairs_together

ITEMS = ["height", "grade"]
MEANS = np.array([[150.0, -2.0], [175.0, 3.0]])
SHORT = {"draws": 100, "chains": 2, "until": None, "progressbar": False}


def simulate(n=200, seed=1, within=0.0):
    """Two numbers, one of them mostly below zero, with a correlation within classes and a tenth missing."""
    rng = np.random.default_rng(seed)
    latent = rng.random(n) < 0.4
    z = rng.multivariate_normal(np.zeros(2), [[1.0, within], [within, 1.0]], n)
    numbers = MEANS[latent.astype(int)] + z * [6.0, 1.0]
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    numbers[:2] = np.nan
    return pd.DataFrame(numbers, columns=ITEMS).assign(x=rng.normal(size=n), g=[f"g{i % 5}" for i in range(n)])


@pytest.fixture(scope="module")
def frame():
    return simulate()


@pytest.fixture(scope="module", params=["equal", "free"])
def draws(request, frame):
    with pytest.warns(bl.ConvergenceWarning, match="effective draws"):
        return bl.fit(bl.LatentClass(2, bl.NormalItems(ITEMS, request.param)), frame, **SHORT)


def test_profiles_are_means_and_standard_deviations_of_the_draws(draws):
    table, posterior = bl.class_profiles(draws), draws["posterior"]
    assert table.index.names == ["latent_class", "item", "parameter"]
    assert len(table) == 2 * 2 * 2
    for (name, item, parameter), row in table.iterrows():
        values = posterior[f"item_{parameter}"].sel(item=item)
        values = (values.sel(latent_class=name) if "latent_class" in values.dims else values).to_numpy()
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert row["upper"] == pytest.approx(np.quantile(values, 0.975), rel=1e-12)
    assert "order of categories" not in table.note
    assert "answers missing" in table.note


def test_convergence_judges_parameters_that_classes_share(draws):
    labelled = bl.convergence(draws).loc["labelled"]
    assert {"class_share", "item_mean", "item_sd"} <= set(labelled.index)
    assert labelled.loc["item_sd", "elements"] == draws["posterior"]["item_sd"].isel(chain=0, draw=0).size


def test_a_silent_respondent_has_the_shares_and_is_counted_as_such(draws, frame):
    members = bl.membership(draws)
    assert draws.attrs["n_without_answer"] == frame[ITEMS].isna().all(axis=1).sum() >= 2
    assert draws.attrs["n_missing_answers"] == frame[ITEMS].isna().to_numpy().sum()
    np.testing.assert_allclose(members[["C1", "C2"]].iloc[0], bl.class_sizes(draws)["mean"], atol=1e-6)
    assert (frame["grade"] < 0).mean() > 0.4


def test_new_respondents_are_scored_as_if_they_had_been_there(draws, frame):
    known = bl.membership(draws).drop(columns="row")
    shuffled = frame.sample(frac=1.0, random_state=2)
    new = bl.membership(draws, shuffled).drop(columns="row").loc[frame.index]
    pd.testing.assert_frame_equal(pd.DataFrame(new), pd.DataFrame(known), check_names=False, rtol=1e-5)
    posterior = draws["posterior"].to_dataset().stack(drawn=["chain", "draw"])
    share, mean = (posterior[name].transpose("drawn", "latent_class", ...) for name in ("class_share", "item_mean"))
    sd = posterior["item_sd"].transpose("drawn", ...).to_numpy().reshape(len(share), -1, 2)
    joint = share.to_numpy() * stats.norm.pdf([171.5, 2.0], mean.to_numpy(), sd).prod(axis=2)
    expected = (joint / joint.sum(axis=1, keepdims=True)).mean(axis=0)
    scored = bl.membership(draws, pd.DataFrame({"height": [171.5], "grade": [2.0]}))
    np.testing.assert_allclose(scored[["C1", "C2"]].to_numpy()[0], expected, atol=1e-6)


@pytest.mark.parametrize(
    "columns, told",
    [
        ({"height": ["tall"]}, r"item 'height' holds values that are no numbers \('tall'\) in 1 of 1 rows"),
        ({"height": [np.inf]}, r"item 'height' is infinite in 1 of 1 rows"),
        ({"weight": [1.0]}, r"unknown item column\(s\) 'height'"),
    ],
)
def test_new_answers_that_are_no_numbers_are_refused(draws, columns, told):
    with pytest.raises(ValueError, match=told):
        bl.membership(draws, pd.DataFrame(columns | {"grade": [1.0]}))


def test_new_respondents_may_all_lack_an_answer(draws):
    """Whatever type a column without one has."""
    nothing, missing = (bl.membership(draws, pd.DataFrame({"height": [e], "grade": [2.0]})) for e in (None, np.nan))
    pd.testing.assert_frame_equal(pd.DataFrame(nothing), pd.DataFrame(missing))


def test_predictions_have_the_moments_of_the_mixture(draws):
    predicted = bl.posterior_predictive(draws, seed=3)["answers"]
    assert predicted.dims == ("chain", "draw", "respondent", "item")
    posterior = draws["posterior"]
    sd = posterior["item_sd"].broadcast_like(posterior["item_mean"])
    mean = (posterior["class_share"] * posterior["item_mean"]).sum("latent_class")
    square = (posterior["class_share"] * (posterior["item_mean"] ** 2 + sd**2)).sum("latent_class")
    n = predicted.size / 2
    variance = (square - mean**2).mean(["chain", "draw"])
    z = (predicted.mean(["chain", "draw", "respondent"]) - mean.mean(["chain", "draw"])) / np.sqrt(variance / n)
    assert np.abs(z).max() < 4
    ratio = predicted.std(["chain", "draw", "respondent"]) / np.sqrt(variance)
    assert np.abs(ratio - 1).max() < 0.01


def test_moments_are_those_of_pandas():
    frame = simulate(50, 4)[ITEMS].assign(third=np.arange(50.0))
    answered = frame.notna().to_numpy()
    pairs = pairs_together(answered, np.ones(50, dtype=int))
    found = moments(frame.to_numpy(), answered, pairs)
    np.testing.assert_allclose(found.mean, frame.mean(), rtol=1e-12)
    np.testing.assert_allclose(found.sd, frame.std(), rtol=1e-12)
    correlation = frame.corr().to_numpy()
    np.testing.assert_allclose(found.correlation, [correlation[pair] for pair in pairs], rtol=1e-10)


def test_pairs_that_hardly_anybody_answered_together_are_left_out():
    answered = np.array([[1, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], dtype=bool)
    assert pairs_together(answered, np.array([1, 1, 1, 5])) == [(0, 2), (1, 2)]


def test_a_model_that_is_right_is_not_flagged(draws):
    check = bl.check_items(draws, n_draws=100)
    assert not check.flagged
    assert check.patterns is None and check.groups is None
    frame = simulate()
    np.testing.assert_allclose(check.items["mean"], frame[ITEMS].mean(), rtol=1e-12)
    np.testing.assert_allclose(check.items["sd"], frame[ITEMS].std(), rtol=1e-12)
    assert check.pairs.loc[("height", "grade"), "correlation"] == pytest.approx(frame[ITEMS].corr().iloc[0, 1])
    assert ((check.items["mean"] > check.items["mean_lower"]) & (check.items["mean"] < check.items["mean_upper"])).all()


def test_numbers_that_go_together_within_classes_are_flagged():
    frame = simulate(300, 5, within=0.7)
    with pytest.warns(bl.ConvergenceWarning):
        draws = bl.fit(bl.LatentClass(2, bl.NormalItems(ITEMS)), frame, **SHORT)
    check = bl.check_items(draws, n_draws=100)
    assert check.flagged
    row = check.pairs.loc[("height", "grade")]
    assert row["standardised_residual"] > 3 and row["correlation"] > row["upper"]
    assert check.overall.loc["largest pair", "where"] == "height, grade"


def test_the_picture_has_a_panel_for_each_item_in_its_units(draws):
    figure = bl.plot_profiles(draws)
    panels = [ax for ax in figure.axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in panels] == ITEMS
    low, high = panels[0].get_xlim()
    assert 130 < low < 150 and 175 < high < 195
    with pytest.raises(ValueError, match=r"category='3': item\(s\) 'height', 'grade' .* are numbers"):
        bl.plot_profiles(draws, category="3")


def test_a_file_gives_the_same_tables(draws, frame, tmp_path):
    bl.save(draws, tmp_path / "whole.nc")
    again = bl.load(tmp_path / "whole.nc")
    pd.testing.assert_frame_equal(bl.class_profiles(again), bl.class_profiles(draws))
    pd.testing.assert_frame_equal(bl.membership(again), bl.membership(draws))
    bl.save(draws, tmp_path / "without.nc", respondents=False)
    without = bl.load(tmp_path / "without.nc")
    new = frame.iloc[2:5]
    np.testing.assert_allclose(bl.membership(without, new)["C1"], bl.membership(draws, new)["C1"])
    assert not any(values.dtype == float and values.size >= 200 for values in without["encoding"].data_vars.values())


@pytest.mark.usefixtures("pictures_are_not_written")
def test_a_page_shows_means_and_no_single_number(draws, frame, tmp_path):
    page = bl.report(draws, tmp_path / "page.html", check=bl.check_items(draws, n_draws=20), smallest_cell=5)
    text = page.read_text("utf-8")
    assert "Items by class, in their units" in text
    assert "Items that are numbers" in text
    assert str(frame["height"].max()) not in text
    assert "every class has its own mean of every item" in text


def test_labels_are_aligned_by_standardised_means(draws):
    pivot = np.array(json.loads(draws.attrs["pivot"]))
    assert pivot.shape == (2, 2, 2)
    assert np.abs(pivot[..., 0]).max() < 3
    turned = bl.relabel(draws, pivot[::-1], order="height")
    assert turned["posterior"]["item_mean"].mean(["chain", "draw"]).sel(item="height").to_numpy().argmin() == 0


def test_classes_are_ordered_by_the_mean_of_an_item(frame):
    with pytest.warns(bl.ConvergenceWarning):
        draws = bl.fit(bl.LatentClass(2, bl.NormalItems(ITEMS)), frame, order="height", **SHORT)
    mean = bl.class_profiles(draws)["mean"].xs(("height", "mean"), level=("item", "parameter"))
    assert mean["C1"] < mean["C2"]


def test_respondents_are_found_in_a_frame_by_their_numbers(draws, frame):
    """Rows in another order, without labels that lead to them, and missing numbers among them."""
    tests = bl.covariate_tests(draws, frame.sample(frac=1.0, random_state=3), ["x"])
    assert len(tests)
    with pytest.raises(ValueError, match=r"1 of the 200 respondents of this fit have other values"):
        bl.covariate_tests(draws, frame.assign(height=frame["height"].where(frame.index != 7, 99.5)), ["x"])


def test_a_modal_class_of_profiles_is_regressed_in_three_steps(draws, frame):
    """The classification-error matrix knows no items, so three steps work as they do for categories."""
    known = bl.modal_class_of(draws)
    np.testing.assert_allclose(known.probability[:, 0].sum(axis=1), 1.0)
    assigned = frame.assign(modal_class=bl.membership(draws)["modal_class"])
    with pytest.warns(bl.ConvergenceWarning):
        regression = bl.fit(bl.AssignedClass(known, bl.Regression("~ x")), assigned, **SHORT)
    assert bl.odds_ratios(regression, reference="C1").index[0] == ("C2 vs C1", "x")


@pytest.mark.parametrize("function", [bl.answers_of, bl.split_halves])
def test_what_needs_categories_is_refused(draws, function):
    with pytest.raises(ValueError, match="is not declared to hold for normal items"):
        function(draws)


@pytest.mark.parametrize(
    "function",
    [
        lambda items, frame: bl.count_classes(items, frame, range(1, 3)),
        lambda items, frame: bl.overfitted(items, frame, max_classes=3),
        lambda items, frame: bl.measurement_invariance(items, frame, "g", 2),
        lambda items, frame: bl.bootstrap_likelihood_ratio(items, frame, 2),
    ],
    ids=["count_classes", "overfitted", "measurement_invariance", "bootstrap"],
)
def test_counting_categories_of_numbers_is_refused_with_what_to_do(function, frame):
    told = (
        r"^NormalItems of \d item\(s\) '.* for nominal items only; items that are numbers have none to count: fit each"
    )
    with pytest.raises(ValueError, match=told):
        function(bl.NormalItems(ITEMS), frame)


def test_workflows_that_need_categories_refuse_before_they_sample(frame):
    nested = bl.LatentClass(2, bl.NormalItems(ITEMS), bl.Regression("~ x + (1 | g)"))
    with pytest.raises(ValueError, match="fit_estimators: it depends on what answers are"):
        bl.fit_estimators(nested, frame)
    with pytest.raises(ValueError, match=r"leave_one_group_out predicts the shares of categories .*'height', 'grade'"):
        bl.leave_one_group_out(nested, frame)
    with pytest.raises(ValueError, match=r"item\(s\) 'height', 'grade', 'x' of 200 rows are numbers"):
        bl.reliability(bl.NormalItems([*ITEMS, "x"]), frame)


def test_views_of_the_fit_have_what_was_answered(draws, frame):
    np.testing.assert_array_equal(draws["observed_data"]["answers"].to_numpy(), frame[ITEMS].to_numpy())
    assert isinstance(draws, xr.DataTree)
    assert np.isfinite(draws["log_likelihood"]["answers"].to_numpy()).all()
