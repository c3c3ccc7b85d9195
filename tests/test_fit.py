"""From a frame to draws: what is in the tree, what is reproducible, what is refused, and an outside reference."""

import json
import pickle
import warnings
from importlib.metadata import version
from itertools import product
from pathlib import Path

import arviz as az
import arviz_stats
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from scipy.special import logsumexp, softmax

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.views import NOISE
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.priors import LKJ

# Short fits leave a respondent or two for whom the estimate of az.loo is unreliable, and ArviZ says so.
pytestmark = pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto distribution:UserWarning")

REFERENCE = Path(__file__).parent / "reference"
TINY = {"draws": 60, "tune": 60, "chains": 2, "progressbar": False, "until": None}
ITEMS = ["compensation", "promotion", "expertise"]
TWO = LatentClass(2, bl.Items(ITEMS))


def fit_tiny(model, frame, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(model, frame, **TINY | options)


@pytest.fixture(scope="module")
def frame():
    return bl.simulate_cohort(n=150, seed=9, missing_rate=0.02)[0]


@pytest.fixture(scope="module")
def tiny_draws(frame):
    return fit_tiny(TWO, frame)


KEPT = {"posterior", "sample_stats", "patterns", "encoding"}
VIEWS = {"log_likelihood", "observed_data", "constant_data"}
ALWAYS = KEPT | VIEWS


def test_tree_of_a_latent_class_analysis(lca_draws, survey):
    assert set(lca_draws.children) == ALWAYS | {"posterior_predictive"}
    posterior = lca_draws["posterior"]
    assert set(posterior.data_vars) == {"class_share", "item_probability"}
    assert posterior["class_share"].dims == ("chain", "draw", "latent_class")
    assert posterior["item_probability"].dims == ("chain", "draw", "latent_class", "item", "category")
    assert dict(posterior.sizes) == {"chain": 4, "draw": 300, "latent_class": 3, "item": 6, "category": 3}
    assert list(posterior["item"].to_numpy()) == bl.cohort_items()
    assert list(posterior["category"].to_numpy()) == ["decrease", "no change", "increase"]
    np.testing.assert_array_equal(lca_draws["observed_data"]["respondent"], survey.index)
    assert lca_draws["log_likelihood"]["answers"].dims == ("chain", "draw", "respondent")
    np.testing.assert_allclose(posterior["item_probability"].sum("category"), 1.0, rtol=1e-9)
    np.testing.assert_allclose(posterior["class_share"].sum("latent_class"), 1.0, rtol=1e-9)


def test_tree_of_a_multilevel_regression(joint_draws, multinomial_draws):
    for draws, axis in ((joint_draws, "latent_class"), (multinomial_draws, "category")):
        assert set(draws.children) >= ALWAYS
        posterior = draws["posterior"]
        assert posterior["slope"].dims == ("chain", "draw", "term", axis)
        assert posterior["intercept"].dims == ("chain", "draw", axis)
        assert posterior["group_effect"].dims == ("chain", "draw", "group", axis)
        assert posterior["group_sd"].dims == ("chain", "draw", axis)
        terms = ["participation", "education[undergraduate]", "education[postgraduate]"]
        assert list(posterior["term"].to_numpy()) == terms
        assert list(posterior["group"].to_numpy()) == ["G1", "G2", "G3", "G4", "G5", "G6"]
        for name in ("slope", "intercept", "group_effect"):
            np.testing.assert_allclose(posterior[name].sum(axis), 0.0, atol=1e-9)
    assert list(multinomial_draws["posterior"]["category"].to_numpy()) == ["limited", "skill", "comprehensive"]


def test_attributes_say_where_the_draws_come_from(joint_draws, multinomial_draws, lca_draws, survey):
    attributes = joint_draws.attrs
    assert (attributes["target_accept"], lca_draws.attrs["target_accept"]) == (0.95, 0.9)
    assert attributes["formula"] == "~ participation + education + (1 | group)"
    assert json.loads(attributes["groupings"]) == ["group"]
    assert attributes["seed"] == 1
    assert attributes["tune"] == 300
    assert attributes["n_respondents"] == len(survey) == 600
    assert attributes["n_dropped"] == 0
    assert attributes["n_missing_answers"] == survey[bl.cohort_items()].isna().sum().sum() > 6
    specification = json.loads(attributes["specification"])
    assert (specification["kind"], attributes["model"], specification["n_classes"]) == ("LatentClass", "LatentClass", 3)
    per_unit = {"kind": "PerUnit", "prior": {"kind": "ZeroSumNormal", "sigma": 1.25}, "columns": 12}
    assert specification["structural"]["slope"] == per_unit
    assert "ZeroSumNormal" in attributes["model_text"]
    assert json.loads(attributes["labels"])[0] == ["decrease", "no change", "increase"]
    versions = json.loads(attributes["versions"])
    assert versions["pymc"] == version("pymc")
    assert {"bayes-lca", "nutpie", "jax", "arviz", "python"} <= set(versions)
    assert multinomial_draws.attrs["outcome"] == "benefit"
    assert multinomial_draws.attrs["n_missing_answers"] == 0
    assert all(isinstance(value, str | int | float) for value in attributes.values())


def test_multilevel_likelihood_is_that_of_the_reported_draws(multinomial_draws, survey):
    """Intercepts, slopes in the user's units and random intercepts alone give the stored log-likelihood."""
    posterior = multinomial_draws["posterior"].to_dataset()
    x = pd.DataFrame(
        {
            "participation": survey["participation"],
            "education[undergraduate]": survey["education"] == "undergraduate",
            "education[postgraduate]": survey["education"] == "postgraduate",
        }
    )
    design = xr.DataArray(x.to_numpy(dtype=float), dims=("respondent", "term"), coords={"term": list(x)})
    some = posterior.isel(draw=slice(0, 300, 60))
    group = xr.DataArray(survey["group"].astype(str).to_numpy(), dims="respondent")
    eta = some["intercept"] + xr.dot(design, some["slope"], dim="term") + some["group_effect"].sel(group=group)
    eta = eta.transpose("chain", "draw", "respondent", "category").to_numpy()
    seen = survey["benefit"].cat.codes.to_numpy()
    expected = eta[..., np.arange(len(seen)), seen] - logsumexp(eta, axis=-1)
    stored = multinomial_draws["log_likelihood"]["outcome"].isel(draw=slice(0, 300, 60))
    np.testing.assert_allclose(stored, expected, rtol=0, atol=1e-9)


@pytest.fixture(scope="module", params=[pytest.param("latent", marks=pytest.mark.slow), "seen"])
def sloped_draws(request, survey):
    """Slopes of two groupings that vary, intercepts correlated between classes."""
    formula = "~ participation + education + (education | city) + (participation | group)"
    part = bl.Regression(formula, correlation=LKJ(2.0))
    if request.param == "latent":
        return fit_tiny(LatentClass(3, bl.Items(bl.cohort_items()), part), survey)
    return fit_tiny(Multinomial("benefit", part), survey)


def test_tree_of_random_slopes_and_correlations(sloped_draws):
    """Every axis has its names, and what only the sampler needs is not shown."""
    posterior = sloped_draws["posterior"].to_dataset()
    axis = "latent_class" if "latent_class" in posterior.dims else "category"
    labels = list(posterior[axis].to_numpy())
    terms = {"city": ["education[undergraduate]", "education[postgraduate]"], "group": ["participation"]}
    for name, varying in terms.items():
        assert posterior[f"{name}_slope"].dims == ("chain", "draw", name, f"{name}_term", axis)
        assert posterior[f"{name}_slope_sd"].dims == ("chain", "draw", f"{name}_term", axis)
        assert posterior[f"{name}_correlation"].dims == ("chain", "draw", axis, "other_class")
        assert list(posterior[f"{name}_term"].to_numpy()) == varying
        np.testing.assert_allclose(posterior[f"{name}_slope"].sum(axis), 0.0, atol=1e-9)
        assert (posterior[f"{name}_slope_sd"] > 0).all()
        correlation = posterior[f"{name}_correlation"].to_numpy()
        np.testing.assert_allclose(np.diagonal(correlation, axis1=-2, axis2=-1), 1.0, rtol=1e-9)
        np.testing.assert_array_equal(correlation, correlation.swapaxes(-1, -2))
        assert (np.linalg.eigvalsh(correlation) > 0).all()
        assert correlation.std(axis=(0, 1))[0, 1] > 0.05
    assert list(posterior["other_class"].to_numpy()) == labels
    assert list(posterior["group"].to_numpy()) == ["G1", "G2", "G3", "G4", "G5", "G6"]
    shown = {"chain", "draw", axis, "other_class", "term", "city", "group", "city_term", "group_term"}
    assert set(posterior.dims) - {"item", "category"} == shown - {"category"}
    assert not [name for name in posterior.data_vars if name.endswith(("_coefficients", "_root"))]


def test_random_slopes_are_reported_in_the_users_units(sloped_draws, survey):
    """The stored log-likelihood follows from the frame and the reported draws alone."""
    some = sloped_draws["posterior"].to_dataset().isel(draw=slice(0, 60, 20))
    axis = "latent_class" if "latent_class" in some.dims else "category"
    columns = {"participation": survey["participation"].astype(float)}
    for level in ("undergraduate", "postgraduate"):
        columns[f"education[{level}]"] = (survey["education"] == level).astype(float)
    eta = some["intercept"]
    for term, values in columns.items():
        x = xr.DataArray(values.to_numpy(), dims="respondent")
        eta = eta + x * some["slope"].sel(term=term)
        for grouping, varying in {"city": "education", "group": "participation"}.items():
            if term.startswith(varying):
                place = xr.DataArray(survey[grouping].astype(str).to_numpy(), dims="respondent")
                slope = some[f"{grouping}_slope"].sel({f"{grouping}_term": term})
                eta = eta + (x - x.mean()) * slope.sel({grouping: place})
    for grouping in ("city", "group"):
        place = xr.DataArray(survey[grouping].astype(str).to_numpy(), dims="respondent")
        eta = eta + some[f"{grouping}_effect"].sel({grouping: place})
    eta = eta.transpose("chain", "draw", "respondent", axis).to_numpy()
    log_share = eta - logsumexp(eta, axis=-1, keepdims=True)
    if axis == "category":
        expected = log_share[..., np.arange(len(survey)), survey["benefit"].cat.codes]
    else:
        codes = survey[bl.cohort_items()].apply(lambda item: item.cat.codes).to_numpy()
        log_rho = np.log(some["item_probability"].transpose("chain", "draw", axis, "item", "category").to_numpy())
        for item in range(codes.shape[1]):
            chosen = np.moveaxis(log_rho[..., item, codes[:, item]], -1, -2)
            log_share = log_share + np.where(codes[:, item, None] >= 0, chosen, 0.0)
        expected = logsumexp(log_share, axis=-1)
    (name,) = sloped_draws["log_likelihood"].data_vars
    stored = sloped_draws["log_likelihood"][name].isel(draw=slice(0, 60, 20))
    np.testing.assert_allclose(stored, expected, rtol=0, atol=1e-9)


def test_random_slopes_and_correlations_survive_on_disk(sloped_draws, tmp_path):
    bl.save(sloped_draws, tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    xr.testing.assert_identical(loaded["posterior"].to_dataset(), sloped_draws["posterior"].to_dataset())


@pytest.mark.parametrize("name", ["lca_draws", "joint_draws", "multinomial_draws"])
def test_distinct_rows_are_kept_once_and_respondents_are_views_of_them(name, request, survey):
    draws = request.getfixturevalue(name)
    patterns, n = draws["patterns"].to_dataset(), len(survey)
    place = patterns["pattern_of_respondent"].to_numpy()
    assert place.shape == (n,)
    assert patterns.sizes["pattern"] < n
    np.testing.assert_array_equal(np.bincount(place), patterns["count"])
    (observed,) = draws["observed_data"].data_vars
    np.testing.assert_array_equal(draws["observed_data"][observed], patterns[observed].to_numpy()[place])
    fit = Fit.reading(draws)
    by_row = fit.log_likelihood()
    view = draws["log_likelihood"][observed]
    varies = (np.ptp(by_row, axis=(0, 1)) > NOISE)[place]  # who answered nothing is as likely in all draws
    np.testing.assert_allclose(view[:, :, varies], by_row[:, :, place[varies]], rtol=1e-12)
    np.testing.assert_allclose(view, by_row[:, :, place], rtol=0, atol=NOISE)
    some = view.isel(draw=slice(10, 40, 3), respondent=[5, 2, 2, 598]).sel(chain=[3, 0])
    np.testing.assert_allclose(some, by_row[[3, 0], 10:40:3][:, :, place[[5, 2, 2, 598]]], rtol=1e-12)
    assert view.isel(chain=1, draw=7, respondent=5).item() == pytest.approx(by_row[1, 7, place[5]], rel=1e-12)
    total = draws["sample_stats"]["total_log_likelihood"]
    np.testing.assert_allclose(view.sum("respondent"), total, rtol=1e-10)
    if "group" in draws["constant_data"].coords:
        assert draws["constant_data"]["covariate_group"].to_numpy().tolist() == survey["group"].astype(str).tolist()


def test_views_of_respondents_survive_copies_pickles_and_slices(joint_draws):
    expected = joint_draws["log_likelihood"]["answers"].to_numpy()
    for same in (joint_draws.copy(), joint_draws.copy(deep=True), pickle.loads(pickle.dumps(joint_draws))):
        np.testing.assert_array_equal(same["log_likelihood"]["answers"], expected)
    of_chain = joint_draws.isel(chain=[1])["log_likelihood"]["answers"]
    np.testing.assert_allclose(of_chain, expected[[1]], rtol=1e-12)


def test_arviz_takes_the_draws_directly(lca_draws, multinomial_draws):
    for draws in (lca_draws, multinomial_draws):
        loo = az.loo(draws)
        assert loo.n_data_points == 600
        pointwise = draws["log_likelihood"].to_dataset().to_dataarray().isel(variable=0)
        lppd = float((logsumexp(pointwise, axis=(0, 1)) - np.log(1200)).sum())
        assert lppd - 60 < loo.elpd < lppd
        summary = az.summary(draws, round_to="none")
        assert np.isfinite(summary["mean"]).all()
    assert "class_share[C1]" in az.summary(lca_draws).index


def test_no_divergences_and_no_modes(lca_draws, joint_draws, multinomial_draws):
    for draws in (lca_draws, joint_draws, multinomial_draws):
        assert int(draws["sample_stats"]["diverging"].sum()) == 0
        assert draws.attrs["n_modes"] == 1
        assert json.loads(draws.attrs["chain_modes"]) == [0, 0, 0, 0]


def test_same_seed_same_draws(frame, tiny_draws):
    again = fit_tiny(TWO, frame, cores=1)
    xr.testing.assert_equal(again["posterior"].to_dataset(), tiny_draws["posterior"].to_dataset())
    other = fit_tiny(TWO, frame, seed=2)
    assert not np.array_equal(other["posterior"]["class_share"], tiny_draws["posterior"]["class_share"])


def as_polars(frame):
    columns = {
        name: pl.Series(name, values.astype(object).where(values.notna(), None).to_list(), dtype=enum(values))
        for name, values in frame.items()
    }
    return pl.DataFrame(columns)


def enum(values):
    return pl.Enum(list(values.cat.categories)) if hasattr(values, "cat") else None


def test_polars_frame_gives_the_same_draws(frame):
    model = LatentClass(2, bl.Items(ITEMS), bl.Regression("~ age + participation"))
    pandas_draws, polars_draws = fit_tiny(model, frame), fit_tiny(model, as_polars(frame))
    xr.testing.assert_equal(pandas_draws["posterior"].to_dataset(), polars_draws["posterior"].to_dataset())
    np.testing.assert_array_equal(polars_draws["observed_data"]["respondent"], np.arange(len(frame)))


@pytest.mark.parametrize(
    "index",
    [
        [f"person {i}" for i in range(150)],
        [f"person {i // 3}" for i in range(150)],
        list(range(1000, 1150)),
        [7] * 150,
        pd.MultiIndex.from_product([["a", "b", "c"], range(50)]),
    ],
    ids=["text", "repeated text", "numbers", "one number", "two levels"],
)
@pytest.mark.parametrize("kind", ["latent", "seen"])
def test_row_names_are_carried_through(frame, index, kind):
    named = frame.set_axis(index if isinstance(index, pd.MultiIndex) else pd.Index(index))
    model = TWO if kind == "latent" else Multinomial("tier", bl.Regression("~ participation"))
    expected = [f"{a}|{b}" for a, b in named.index] if isinstance(index, pd.MultiIndex) else list(named.index)
    prepared = model.prepare(named)
    assert list(prepared.groups["patterns"]["respondent"].to_numpy()) == expected


def test_draws_and_tables_keep_repeated_row_names(frame, tmp_path):
    names = [f"person {i // 2}" for i in range(len(frame))]
    with pytest.warns(bl.RepeatedRowsWarning, match="75 of 150 rows repeat the label of another"):
        draws = fit_tiny(TWO, frame.set_axis(names), predictive=True)
    for group, variable in {
        "log_likelihood": "answers",
        "observed_data": "answers",
        "posterior_predictive": "answers",
        "constant_data": "answer_pattern",
    }.items():
        assert list(draws[group][variable]["respondent"].to_numpy()) == names
    table = bl.membership(draws)
    assert list(table.index) == [(name, i % 2) for i, name in enumerate(names)]
    bl.save(draws, tmp_path / "fit.nc")
    assert list(bl.load(tmp_path / "fit.nc")["observed_data"]["respondent"].to_numpy()) == names


def test_rows_without_a_covariate_are_left_out_on_request_only(frame):
    gone = frame.copy()
    gone.loc[gone.index[[3, 40]], "participation"] = np.nan
    gone.loc[gone.index[[40, 41, 42]], "age"] = None
    model = LatentClass(2, bl.Items(ITEMS), bl.Regression("~ participation + age"))
    with pytest.raises(ValueError, match=r"4 of 150 rows lack a covariate .*'age' in 3.*missing=\"drop\""):
        bl.fit(model, gone, **TINY)
    with pytest.warns(UserWarning, match="4 of 150 rows .*left out"):
        draws = fit_tiny(model, gone, missing="drop")
    kept = gone.index.delete([3, 40, 41, 42])
    np.testing.assert_array_equal(draws["observed_data"]["respondent"], kept)
    assert draws.attrs["n_dropped"] == 4
    assert draws.attrs["n_respondents"] == 146
    assert "n = 146, 4 rows left out" in bl.class_sizes(draws).note
    assert "n = 146, 4 rows left out" in bl.odds_ratios(draws).note


def test_rows_without_an_outcome_are_left_out_on_request_only(frame):
    gone = frame.copy()
    gone.loc[gone.index[:5], "title"] = None
    gone.loc[gone.index[4:7], "participation"] = np.nan
    model = Multinomial("title", bl.Regression("~ participation"))
    with pytest.raises(ValueError, match="5 of 150 rows lack the outcome 'title'"):
        model.prepare(gone)
    with pytest.warns(UserWarning, match="left out") as caught:
        prepared = model.prepare(gone, missing="drop")
    assert len(caught) == 2
    assert prepared.attributes["n_dropped"] == 7
    assert prepared.attributes["n_respondents"] == 143
    np.testing.assert_array_equal(prepared.groups["patterns"]["respondent"], gone.index[7:])


@pytest.fixture
def no_sampling(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("sampling started")

    monkeypatch.setattr("bayes_lca.sampling.nuts.road_of", refuse)


@pytest.mark.usefixtures("no_sampling")
@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("draws", "tune", "chains") for value in (0, -5, 2.5, "100")]
    + [("draws", None), ("chains", None)],
)
def test_numbers_of_draws_are_whole_and_positive(frame, name, value):
    with pytest.raises(ValueError, match=f"{name}="):
        bl.fit(TWO, frame, **TINY | {name: value})


@pytest.mark.usefixtures("no_sampling")
def test_unusable_frames_are_refused_before_sampling(frame):
    with pytest.raises(ValueError, match="unknown item column"):
        bl.fit(LatentClass(2, bl.Items([*ITEMS, "salary"])), frame, **TINY)
    with pytest.raises(ValueError, match="unknown formula column"):
        bl.fit(LatentClass(2, bl.Items(ITEMS), bl.Regression("~ salary")), frame, **TINY)
    with pytest.raises(ValueError, match="missing="):
        bl.fit(TWO, frame, **TINY, missing="ignore")
    with pytest.raises(ValueError, match="0 rows"):
        bl.fit(TWO, frame.iloc[:0], **TINY)


@pytest.mark.usefixtures("no_sampling")
def test_impossible_orders_are_refused_before_sampling(frame, multinomial_draws):
    with pytest.raises(ValueError, match="order='salary'"):
        bl.fit(TWO, frame, **TINY, order="salary")
    with pytest.raises(ValueError, match="order"):
        bl.fit(TWO, frame, **TINY, order=multinomial_draws)


@pytest.mark.usefixtures("no_sampling")
@pytest.mark.parametrize(
    "option", [{"seed": -1}, {"seed": None}, {"seed": 1.5}, {"target_accept": 1.5}, {"target_accept": 0.0}], ids=str
)
def test_impossible_options_are_refused_before_sampling(frame, option):
    (name,) = option
    with pytest.raises(ValueError, match=f"{name}="):
        bl.fit(TWO, frame, **TINY, **option)


@pytest.mark.usefixtures("no_sampling")
@pytest.mark.parametrize("name", ["participation", "group"])
def test_names_that_a_tree_cannot_hold_are_refused_before_sampling(frame, name):
    model = LatentClass(
        2, bl.Items(ITEMS), bl.Regression("~ `a/b`" if name == "participation" else "~ 1 + (1 | `a/b`)")
    )
    with pytest.raises(ValueError, match="rename the column"):
        bl.fit(model, frame.rename(columns={name: "a/b"}), **TINY)


def test_classes_are_shown_by_decreasing_size(tiny_draws, lca_draws):
    for draws in (tiny_draws, lca_draws):
        share = draws["posterior"]["class_share"].mean(["chain", "draw"])
        assert (np.diff(share) <= 0).all()
        assert draws.attrs["class_order"] == "size"


@pytest.mark.parametrize("item", ["compensation", "expertise"])
def test_classes_are_shown_by_an_item(frame, item):
    draws = fit_tiny(LatentClass(3, bl.Items(bl.cohort_items())), frame, order=item)
    rho = draws["posterior"]["item_probability"].sel(item=item).mean(["chain", "draw"])
    assert (np.diff(rho.to_numpy() @ np.arange(3)) > 0).all()


def test_classes_are_shown_as_in_another_fit(frame, lca_draws):
    """The other fit shows its classes by size; this one, by its own sizes, would show them otherwise."""
    model = LatentClass(3, bl.Items(bl.cohort_items()))
    by_item = fit_tiny(model, frame, order="compensation")
    reference = lca_draws["posterior"]["item_probability"].mean(["chain", "draw"]).to_numpy()
    as_other = fit_tiny(model, frame, order=lca_draws)
    profile = as_other["posterior"]["item_probability"].mean(["chain", "draw"]).to_numpy()
    distance = ((profile[:, None] - reference[None]) ** 2).sum(axis=(2, 3))
    assert (distance.argmin(axis=1) == np.arange(3)).all()
    same = np.sort(by_item["posterior"]["class_share"].to_numpy(), axis=-1)
    np.testing.assert_array_equal(same, np.sort(as_other["posterior"]["class_share"].to_numpy(), axis=-1))
    assert not np.array_equal(by_item["posterior"]["class_share"], as_other["posterior"]["class_share"])


def test_posterior_predictive_answers_look_like_the_data(lca_draws, survey):
    """Replicated margins lie about the observed ones; the replicated answers are complete."""
    answers = lca_draws["posterior_predictive"]["answers"]
    assert answers.dims == ("chain", "draw", "respondent", "item")
    assert answers.shape == (4, 300, 600, 6)
    assert int(answers.min()) == 0
    assert int(answers.max()) == 2
    for item in bl.cohort_items():
        codes = survey[item].cat.codes
        observed = codes[codes >= 0].value_counts(normalize=True).reindex(range(3), fill_value=0.0)
        for category in range(3):
            share = (answers.sel(item=item) == category).mean("respondent")
            z = (float(share.mean()) - observed[category]) / float(share.std())
            assert abs(z) < 2, (item, category, z)


def test_posterior_predictive_outcomes_look_like_the_data(multinomial_draws, survey):
    outcome = multinomial_draws["posterior_predictive"]["outcome"]
    assert outcome.dims == ("chain", "draw", "respondent")
    for group in ("G1", "G2", "G3"):
        rows = (survey["group"] == group).to_numpy()
        for code in range(3):
            share = (outcome.isel(respondent=rows) == code).mean("respondent")
            observed = (survey["benefit"].cat.codes[rows] == code).mean()
            assert abs(float(share.mean()) - observed) / float(share.std()) < 2


def test_predictive_answers_of_items_with_unequal_categories_stay_inside():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.integers(0, size, 90) for name, size in {"a": 2, "b": 3, "c": 4}.items()})
    draws = fit_tiny(LatentClass(2, bl.Items(["a", "b", "c"])), frame, predictive=True)
    highest = draws["posterior_predictive"]["answers"].max(["chain", "draw", "respondent"])
    assert highest.to_numpy().tolist() == [1, 2, 3]
    rho = draws["posterior"]["item_probability"]
    np.testing.assert_allclose(rho.sum("category"), 1.0, rtol=1e-9)
    assert list(bl.class_profiles(draws).loc["C1"].loc["a"].index) == ["0", "1"]
    assert len(bl.class_profiles(draws)) == 2 * (2 + 3 + 4)


def test_one_class_has_the_posterior_of_independent_dirichlets(frame):
    """Conjugate: the posterior of each item is Dirichlet(1 + counts)."""
    draws = fit_tiny(LatentClass(1, bl.Items(ITEMS)), frame, draws=500, tune=200)
    assert (draws["posterior"]["class_share"] == 1).all()
    assert draws.attrs["relabelled"] == 1
    rho = draws["posterior"]["item_probability"].isel(latent_class=0)
    error = arviz_stats.mcse(rho, method="mean")
    for item in ITEMS:
        counts = frame[item].value_counts(sort=False).to_numpy()
        expected = (1 + counts) / (3 + counts.sum())
        z = (rho.sel(item=item).mean(["chain", "draw"]).to_numpy() - expected) / error.sel(item=item).to_numpy()
        assert np.abs(z).max() < 4
    assert bl.class_sizes(draws)["mean"].tolist() == [1.0]
    assert (bl.membership(draws)["C1"] == 1).all()
    assert len(bl.convergence(draws)) > 0


def sample_by_gibbs(codes, n_classes, start, n_draws, seed):
    """Latent classes by their full conditionals under Dirichlet(1) priors; missing answers, -1, drop out."""
    rng = np.random.default_rng(seed)
    patterns, counts = np.unique(codes, axis=0, return_counts=True)
    chosen = (patterns[:, :, None] == np.arange(3)).astype(float)  # (pattern, item, category)
    share, rho = np.full(n_classes, 1 / n_classes), start
    shares, profiles = [], []
    for _ in range(n_draws):
        log_joint = np.log(share) + np.einsum("pjr,cjr->pc", chosen, np.log(rho), optimize=True)
        members = rng.multinomial(counts, softmax(log_joint, axis=1))  # (pattern, latent_class)
        share = rng.dirichlet(1 + members.sum(axis=0))
        weight = rng.gamma(1 + np.einsum("pc,pjr->cjr", members, chosen, optimize=True))
        rho = weight / weight.sum(axis=-1, keepdims=True)
        shares.append(share)
        profiles.append(rho)
    return np.array(shares), np.array(profiles)


def test_draws_are_those_of_a_gibbs_sampler(lca_draws):
    """Another algorithm, written from the full conditionals: same means and variances, within Monte Carlo error."""
    codes = lca_draws["observed_data"]["answers"].to_numpy()
    start = lca_draws["posterior"]["item_probability"].mean(["chain", "draw"]).to_numpy()
    chains = [sample_by_gibbs(codes, 3, start, 8000, seed) for seed in (1, 2)]
    for name, draws in zip(("class_share", "item_probability"), zip(*chains, strict=True), strict=True):
        ours = lca_draws["posterior"][name]
        theirs = xr.DataArray(np.stack(draws)[:, 500:], dims=ours.dims)
        centre = theirs.mean(["chain", "draw"])
        for moment in (1, 2):
            one, other = (ours.drop_vars(ours.coords) - centre) ** moment, (theirs - centre) ** moment
            error = np.hypot(arviz_stats.mcse(one, method="mean"), arviz_stats.mcse(other, method="mean"))
            z = (one.mean(["chain", "draw"]) - other.mean(["chain", "draw"])) / error
            assert float(np.abs(z).max()) < 4, (name, moment)


def test_a_fit_says_itself_that_it_is_too_short(frame):
    with pytest.warns(bl.ConvergenceWarning, match="should not be trusted yet") as caught:
        bl.fit(TWO, frame, **TINY)
    assert "effective draws" in str(caught[0].message)


def test_outcome_category_that_nobody_chose(frame):
    """A declared category without respondents, as in a part of a larger survey, can be started from."""
    declared = frame["tier"].cat.add_categories("none")
    model = Multinomial("level", bl.Regression("~ participation"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        prepared = model.prepare(frame.assign(level=declared))
    assert all(np.isfinite(start).all() for start in prepared.start.values())


@pytest.fixture(scope="module")
def quadrature():
    """Marginal maximum likelihood of the simulated data beside it, by adaptive Gauss-Hermite quadrature."""
    with open(REFERENCE / "multinom_sim.json", encoding="utf-8") as file:
        return json.load(file)["random_intercept_ml"]


@pytest.fixture(scope="module")
def simulated_draws():
    frame = pd.read_csv(REFERENCE / "multinom_sim.csv")
    model = Multinomial("y", bl.Regression("~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + (1 | g)"))
    return bl.fit(model, frame, draws=800, tune=300, seed=1, until=None, progressbar=False)


def test_slopes_are_those_of_maximum_likelihood_by_quadrature(simulated_draws, quadrature):
    """The prior of the slopes is taken out by importance weights 1 / p(slope).

    Weights rather than a Laplace correction, because they are exact up to Monte Carlo error, and with a prior of SD
    1.5 against posterior SDs of .05 they are nearly equal, so nothing needs to be smoothed. What remains is the
    difference of a posterior mean from a mode, and of the covariance of the random intercepts, diagonal for class
    logits here and for contrasts there: a tenth of a posterior SD is allowed for both.
    """
    standardised = simulated_draws["posterior"]["slope_standardised"]
    log_weight = (0.5 * (standardised / 1.5) ** 2).sum(["term", "category"])
    weight = np.exp(log_weight - log_weight.max())
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    assert effective > 0.95 * weight.size
    slope = bl.contrasts(simulated_draws, "slope", reference="1").transpose("chain", "draw", "contrast", "term")
    assert list(slope["contrast"].to_numpy()) == ["2 vs 1", "3 vs 1"]
    assert list(slope["term"].to_numpy()) == quadrature["coef_names"][1:]
    mean, sd = slope.weighted(weight).mean(["chain", "draw"]), slope.std(["chain", "draw"])
    error = arviz_stats.mcse(slope, method="mean") * np.sqrt(weight.size / effective)
    assert float((error / sd).max()) < 0.05
    off = np.abs(mean - np.array(quadrature["coef"])[:, 1:])
    assert bool((off < 0.1 * sd + 4 * error).all()), (off / sd).round(3).to_numpy()
    np.testing.assert_allclose(sd, np.array(quadrature["se"])[:, 1:], rtol=0.1)


def test_group_standard_deviations_cover_those_of_maximum_likelihood(simulated_draws, quadrature):
    """Six groups: the prior matters, so the estimate need only lie inside the interval."""
    table = bl.heterogeneity(simulated_draws, reference="1").loc["g"]
    for contrast, sd in zip(["2 vs 1", "3 vs 1"], quadrature["random_sd"], strict=True):
        assert table.loc[contrast, "sd_lower"] < sd < table.loc[contrast, "sd_upper"]


@pytest.mark.parametrize("formula", ["~ x", "~ x + (1 | group)"])
@pytest.mark.parametrize("labels", [["no", "yes"], ["low", "middle", "high"]], ids=len)
def test_balanced_data_can_be_fitted(formula, labels):
    """Equal shares, unrelated to anything: the gradient vanishes at the shares and at slopes of zero."""
    cells = product(["A", "B", "C", "D"], [-1.0, 0.0, 1.0], labels, range(3))
    frame = pd.DataFrame([cell[:3] for cell in cells], columns=["group", "x", "y"])
    draws = fit_tiny(Multinomial("y", bl.Regression(formula)), frame)
    table = bl.odds_ratios(draws)
    assert (table["log_odds"].abs() < 4 * table["sd"] / np.sqrt(table["ess_bulk"])).all()
