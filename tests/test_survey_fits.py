"""Fits of respondents who were sampled by a survey design: likelihood, corrected draws, and averages over them."""

import json
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pytensor.compile.mode import Mode

import bayes_lca as bl
from bayes_lca.density.compiled import Density
from bayes_lca.dims import COUNT
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.survey_record import UNCORRECTED
from bayes_lca.likelihood.sandwich import Information, answers_behind
from bayes_lca.models import LatentClass
from bayes_lca.posterior.labels.modes import UNCONSTRAINED
from bayes_lca.sampling.design_correction import Coordinates, check_correctable, correct_draws
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.ready import prepare_named
from bayes_lca.sampling.settings import Sampling
from bayes_lca.sampling.tree import complete

ITEMS = ["training", "recognition", "expertise"]
RNG = np.random.default_rng(11)
N = 180
COMPILE = Mode(linker="py", optimizer=None)
SURVEY = bl.example_survey().assign(
    w=RNG.gamma(2.0, size=N),
    whole=RNG.permutation(np.repeat([0.0, 1.0, 2.0], N // 3)),
    psu=np.arange(N) % 36,
    h=np.arange(N) % 4,
    calls=lambda frame: (frame["participation"] > 4) * (3 + np.arange(N) % 5),
)
FULL = bl.SurveyDesign(weights="w", strata="h", cluster="psu")
WHOLE = bl.SurveyDesign(weights="whole")
SHORT = {"draws": 100, "tune": 100, "chains": 2, "until": None, "progressbar": False}
ALONE = LatentClass(2, bl.Items(ITEMS))
REGRESSION = LatentClass(2, bl.Items(ITEMS), bl.Regression("~ participation"))
NESTED = LatentClass(2, bl.Items(ITEMS), bl.Regression("~ participation + (1 | group)"))


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        for category in (bl.ConvergenceWarning, bl.WeightsInGroupsWarning):
            warnings.simplefilter("ignore", category)
        yield


@pytest.fixture(scope="module")
def fits():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: bl.fit(model, SURVEY, design=FULL, **SHORT) for name, model in MODELS.items()}


MODELS = {"alone": ALONE, "regression": REGRESSION, "nested": NESTED}
PARTS = {
    "Items": ALONE,
    "Regression": REGRESSION,
    "Mixed": LatentClass(2, bl.Mixed(bl.OrdinalItems(ITEMS[:2]), bl.CountItems(["calls"]), bl.NormalItems(["score"]))),
}


def point_of(model):
    rng = np.random.default_rng(1)
    return {name: value + 0.3 * rng.normal(size=np.shape(value)) for name, value in model.initial_point().items()}


def log_density(model, point, variables=None):
    return float(model.compile_logp(vars=variables, mode=COMPILE)(point))


@pytest.mark.parametrize("part", PARTS)
def test_weighted_likelihood_is_that_of_repeated_rows(part):
    prepared = prepare_named(PARTS[part], SURVEY, count=None, missing="raise", key=None, design=WHOLE)
    model, point = prepared.model, point_of(prepared.model)
    weighted = log_density(model, point, model.observed_RVs)
    repeated = np.repeat(np.arange(N), SURVEY["whole"].to_numpy(dtype=int))
    pattern = prepared.groups["patterns"]["pattern_of_respondent"].to_numpy()[repeated]
    model.set_data(COUNT, np.bincount(pattern, minlength=len(model[COUNT].get_value())))
    assert len(repeated) == N
    assert weighted == pytest.approx(log_density(model, point, model.observed_RVs), abs=1e-8)


@pytest.mark.parametrize("part", PARTS)
def test_programs_take_weights_that_are_no_whole_numbers(part):
    model = PARTS[part].build(SURVEY, design=FULL)
    point, density = point_of(model), Density(model)
    flat = np.concatenate([np.ravel(point[density.frozen.rvs_to_values[rv].name]) for rv in density.frozen.free_RVs])
    value, _ = density.program()[0].log_density(flat)
    assert value == pytest.approx(log_density(model, point), rel=1e-10, abs=1e-10)


def test_weights_add_up_to_the_respondents(fits):
    for name, draws in fits.items():
        fit = Fit.reading(draws)
        assert fit.weight.sum() == pytest.approx(N)
        assert fit.count.sum() == N, name
        np.testing.assert_allclose(
            fit.weight, np.bincount(fit.pattern_of_respondent, weights=fit.survey_weight), rtol=1e-12
        )


def test_scores_add_up_to_the_gradient_of_the_likelihood(fits):
    """Rows' derivatives from NumPy twins, weighted, against the gradient of PyMC's density less that of its prior."""
    for name, model in MODELS.items():
        prepared = prepare_named(model, SURVEY, count=None, missing="raise", key=None, design=FULL)
        coordinates = Coordinates.of(prepared)
        at = coordinates.density.coordinates(prepared.start) + 0.1
        gradient = coordinates.posterior.log_density(at)[1] - coordinates.prior.log_density(at)[1]
        scores = coordinates.scores(at)
        np.testing.assert_allclose(Fit.reading(fits[name]).weight @ scores, gradient, rtol=1e-5, atol=1e-5)


def positive(rng, size):
    root = rng.normal(size=(size, size + 2))
    return root @ root.T / size


def test_corrected_draws_have_the_covariance_of_estimates():
    rng = np.random.default_rng(3)
    of_likelihood, prior, between = (positive(rng, 5) for _ in range(3))
    nobody = np.zeros((0, 5))
    information = Information(of_likelihood + prior, prior, between, of_likelihood, nobody)
    matrix, left, held = information.correction()
    inverse = np.linalg.inv(of_likelihood + prior)
    np.testing.assert_allclose(matrix.T @ inverse @ matrix, inverse @ (between + prior) @ inverse, rtol=1e-9)
    assert left == held == 0
    same, *_ = Information(of_likelihood + prior, prior, of_likelihood, of_likelihood, nobody).correction()
    np.testing.assert_allclose(same, np.eye(5), atol=1e-9)
    turn = rng.normal(size=(5, 5))
    parts = (of_likelihood + prior, prior, between, of_likelihood)
    turned = Information(*(turn.T @ each @ turn for each in parts), nobody)
    np.testing.assert_allclose(turned.correction()[0], turn.T @ matrix @ np.linalg.inv(turn.T), rtol=1e-6, atol=1e-9)


def test_directions_of_which_no_answers_speak_stay_as_they_are():
    told = np.diag([4.0, 2.0]), np.zeros((2, 2)), np.diag([16.0, 0.01]), np.diag([4.0, 0.02])
    matrix, left, _ = Information(*told, np.zeros((0, 2))).correction()
    np.testing.assert_allclose(matrix, np.diag([2.0, 1.0]), atol=1e-12)
    assert left == 1


def test_parameters_that_few_answers_are_behind_are_not_made_narrower():
    """Parameters of the second and third coordinate never vary less than H says, and as J says where it says more."""
    rng = np.random.default_rng(5)
    total = positive(rng, 3)
    inverse, root = np.linalg.inv(total), np.linalg.cholesky(total)
    between = root @ np.diag([0.5, 0.3, 4.0]) @ root.T
    few = np.array([[0.0, 2.0, 0.0], [0.0, 0.3, 0.1], [0.0, -2.0, 0.0]])
    free, _, none = Information(total, 0 * total, between, total, few[:0]).correction()
    matrix, _, held = Information(total, 0 * total, between, total, few).correction()
    before, after = (each.T @ inverse @ each for each in (free, matrix))
    gained = np.linalg.eigvals(np.linalg.solve(inverse[1:, 1:], after[1:, 1:] - inverse[1:, 1:]))
    assert gained.min() > -1e-9
    assert np.linalg.eigvalsh(after - before).min() > -1e-9
    assert none == 0 < held


def test_answers_behind_are_counted_by_respondents_who_matter():
    influence, pattern = np.array([[0.98, 1.0], [-0.02, 1.0]]), np.repeat([0, 1], [4, 196])
    np.testing.assert_allclose(answers_behind(influence, pattern, np.ones(200)), [4.2, 200], rtol=0.02)
    weight = np.where(np.arange(200) < 2, 3.0, 1.0)
    loops = [(weight @ z**2) ** 2 / (weight**2 @ z**4) for z in influence[pattern].T]
    np.testing.assert_allclose(answers_behind(influence, pattern, weight), loops, rtol=1e-12)


def test_a_rare_answer_of_respondents_of_small_weight_is_not_known_better_for_it():
    frame = pd.DataFrame({"rare": np.repeat([1, 0], [2, 198]), "often": np.tile([1, 0, 0, 1], 50)})
    frame["w"] = np.where(frame["rare"] == 1, 0.25, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draws = bl.fit(
            bl.LatentClass(1, bl.Items(["rare", "often"])), frame, design=bl.SurveyDesign(weights="w"), **SHORT
        )
        table = bl.design_effects(draws)
    effect = table.loc["item_probability", "design_effect"]
    assert effect.filter(like="rare").min() > 0.999
    assert effect.filter(like="often").between(0.9, 1.1).all()
    assert "1 direction(s) not made narrower, with fewer than 30 answers behind them" in table.attrs["note"]


def with_labels_changed(prepared, sampled, chain):
    """What a sampler returns, the classes of one chain in the other order, in its own coordinates too."""
    coordinates = Coordinates.of(prepared)
    posterior, statistics = sampled["posterior"].to_dataset(), sampled["sample_stats"].to_dataset().copy(deep=True)
    names = [variable.name for variable in prepared.model.free_RVs]
    expanded = coordinates.posterior
    for draw in range(posterior.sizes["draw"]):
        x = statistics[UNCONSTRAINED].to_numpy()[chain, draw]
        flat, values, place = expanded.expand(x), {}, 0
        for variable, shape in zip(coordinates.density.variables, coordinates.shapes, strict=True):
            size = int(np.prod(shape))
            if variable.name in names:
                values[variable.name] = flat[place : place + size].reshape(shape)[::-1]
            place += size
        statistics[UNCONSTRAINED].values[chain, draw] = coordinates.density.coordinates(values)
    turned = posterior.isel(chain=[chain], latent_class=slice(None, None, -1)).assign_coords(
        latent_class=posterior["latent_class"].to_numpy()
    )
    chains = [turned if place == chain else posterior.isel(chain=[place]) for place in range(posterior.sizes["chain"])]
    result = sampled.copy()
    result["posterior"], result["sample_stats"] = xr.DataTree(xr.concat(chains, "chain")), xr.DataTree(statistics)
    return result


def test_draws_are_corrected_among_those_of_their_labels():
    """The same chain twice, its classes in the other order the second time: both are corrected alike."""
    prepared = prepare_named(ALONE, SURVEY, count=None, missing="raise", key=None, design=FULL)
    sampled = Sampler(prepared).sample(prepared, Sampling(draws=60, tune=100, chains=1, progressbar=False))
    twice = sampled.copy()
    for group in ("posterior", "sample_stats"):
        chain = sampled[group].to_dataset()
        twice[group] = xr.DataTree(xr.concat([chain, chain.assign_coords(chain=[1])], "chain"))
    mixed = with_labels_changed(prepared, twice, chain=1)
    assert not np.allclose(*mixed["posterior"]["class_share"].to_numpy())
    corrected = correct_draws(prepared, Fit.reading(complete(prepared, mixed)), mixed)
    for name, values in corrected["posterior"].data_vars.items():
        first, second = values.to_numpy()
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-8, err_msg=name)
    before = corrected[UNCORRECTED]["class_share"].to_numpy()
    assert not np.allclose(corrected["posterior"]["class_share"].to_numpy(), before, rtol=1e-3)


def test_draws_before_the_correction_are_those_of_repeated_rows():
    settings = SHORT | {"draws": 1000, "chains": 4}
    weighted = bl.fit(ALONE, SURVEY, design=WHOLE, **settings)
    repeated = SURVEY.loc[np.repeat(SURVEY.index, SURVEY["whole"].astype(int))].reset_index(drop=True)
    ordinary = bl.fit(ALONE, repeated, **settings | {"seed": 2})
    for variable in ("class_share", "item_probability"):
        first, second = (
            tree[variable].stack(s=["chain", "draw"]) for tree in (weighted[UNCORRECTED], ordinary["posterior"])
        )
        effective = bl.convergence(ordinary)["ess_bulk"].min()
        error = np.sqrt(first.var("s") + second.var("s")) / np.sqrt(effective)
        assert (np.abs(first.mean("s") - second.mean("s")) / error).max() < 4
        np.testing.assert_allclose(first.std("s"), second.std("s"), rtol=6 / np.sqrt(2 * effective))


def test_a_simple_random_sample_has_design_effects_of_one():
    survey = bl.load_cohort().reset_index(drop=True).rename_axis("id").reset_index()
    lca = LatentClass(3, bl.Items(bl.cohort_items()))
    table = bl.design_effects(bl.fit(lca, survey, design=bl.SurveyDesign(cluster="id"), **SHORT))
    assert table["design_effect"].median() == pytest.approx(1, abs=0.03)
    assert table["design_effect"].between(0.7, 1.4).all()


def test_respondents_asked_twice_count_once():
    """Every respondent is there twice, in a cluster of their own: as uncertain as if they were there once."""
    survey = bl.load_cohort().head(1100).reset_index(drop=True).rename_axis("id").reset_index()
    lca, design = LatentClass(2, bl.Items(bl.cohort_items())), bl.SurveyDesign(cluster="id")
    twice = pd.concat([survey, survey], ignore_index=True)
    of_once, of_twice = (bl.design_effects(bl.fit(lca, frame, design=design, **SHORT)) for frame in (survey, twice))
    ratio = of_twice["design_effect"] / of_once["design_effect"]
    assert ratio.median() == pytest.approx(2, rel=0.03)
    assert (of_twice["sd"] / of_once["sd"]).median() == pytest.approx(1, abs=0.1)


def test_design_effects_are_ratios_of_variances_and_say_kishs_n(fits):
    draws = fits["regression"]
    table = bl.design_effects(draws)
    after, before = draws["posterior"]["slope"], draws[UNCORRECTED]["slope"]
    ratio = after.var(["chain", "draw"], ddof=1) / before.var(["chain", "draw"], ddof=1)
    shown = table.loc["slope", "design_effect"]
    np.testing.assert_allclose(shown, ratio.to_numpy().ravel())
    weight = SURVEY["w"]
    assert f"Kish's effective n {weight.sum() ** 2 / (weight**2).sum():.1f} of 180" in table.note
    with pytest.raises(ValueError, match="180 respondents of this fit are taken for a simple random sample"):
        bl.design_effects(bl.load_example())
    renamed = bl.name_classes(draws, ["first", "second"])
    pd.testing.assert_series_equal(
        bl.design_effects(renamed)["design_effect"].reset_index(drop=True),
        table["design_effect"].reset_index(drop=True),
    )


def share_of_everybody(draws, frame):
    """Class shares of each respondent in every draw, from the parameters, shape (respondent, draw, class)."""
    posterior = draws["posterior"].to_dataset().stack(s=["chain", "draw"])
    alpha, beta = (posterior[name].transpose("s", ..., "latent_class").to_numpy() for name in ("intercept", "slope"))
    eta = alpha + frame["participation"].to_numpy()[:, None, None] * beta[:, 0]
    if "group_effect" in posterior:
        u = posterior["group_effect"].transpose("s", "group", "latent_class")
        eta = eta + np.stack([u.sel(group=str(name)).to_numpy() for name in frame["group"]])
    return np.exp(eta) / np.exp(eta).sum(axis=2, keepdims=True)


def test_averages_over_respondents_are_weighted(fits):
    draws, weight = fits["regression"], SURVEY["w"].to_numpy()
    mean = np.average(share_of_everybody(draws, SURVEY), axis=0, weights=weight).mean(axis=0)
    np.testing.assert_allclose(bl.class_sizes(draws)["mean"], mean, atol=1e-6)
    np.testing.assert_allclose(bl.predict_classes(draws)["mean"], mean, atol=1e-6)
    more = share_of_everybody(draws, SURVEY.assign(participation=SURVEY["participation"] + 1))
    effect = np.average(more - share_of_everybody(draws, SURVEY), axis=0, weights=weight).mean(axis=0)
    table = bl.average_marginal_effects(draws, "participation", comparison=1)
    np.testing.assert_allclose(table["mean"], effect, atol=1e-6)


def test_averages_over_members_are_weighted(fits):
    draws, weight = fits["alone"], SURVEY["w"].to_numpy()
    membership = bl.membership_draws(draws).stack(s=["chain", "draw"]).transpose("respondent", "s", ...).to_numpy()
    modal = membership.mean(axis=1).argmax(axis=1)
    table = bl.classification_table(draws).xs("class given modal class")
    for place, name in enumerate(("C1", "C2")):
        inside = modal == place
        wanted = np.average(membership[inside], axis=0, weights=weight[inside]).mean(axis=0)
        np.testing.assert_allclose(table.xs(name, level="modal_class")["mean"], wanted, atol=1e-5)
    assert table["n"].groupby("modal_class").first().tolist() == np.bincount(modal).tolist()


def test_averages_by_group_are_weighted(fits):
    draws = fits["nested"]
    weight = Fit.reading(draws).survey_weight
    for name, of_group in SURVEY.groupby("group", observed=True):
        inside = (SURVEY["group"] == name).to_numpy()
        assert weight[inside].sum() == pytest.approx(inside.sum())
        np.testing.assert_allclose(weight[inside] / weight[inside][0], of_group["w"] / of_group["w"].iloc[0])
    shares = bl.group_shares(draws)
    first = SURVEY.assign(group=SURVEY["group"].iloc[0])
    mean = np.average(share_of_everybody(draws, first), axis=0, weights=weight).mean(axis=0)
    np.testing.assert_allclose(shares.loc[str(SURVEY["group"].iloc[0]), "mean"], mean, atol=1e-6)
    columns = ["participation", "group"]
    cells = (
        SURVEY.groupby(columns, observed=True).size().rename("N").reset_index().assign(N=lambda frame: 10 * frame["N"])
    )
    table = bl.poststratify(draws, cells)
    membership = bl.membership(draws)[["C1", "C2"]].to_numpy()
    np.testing.assert_allclose(table["sample_share"], np.average(membership, axis=0, weights=weight), atol=1e-5)


def test_total_log_likelihood_is_weighted_and_pointwise_is_refused(fits):
    draws = fits["alone"]
    posterior = draws["posterior"].to_dataset().stack(s=["chain", "draw"])
    rho = posterior["item_probability"].transpose("s", "latent_class", "item", "category").to_numpy()
    share = posterior["class_share"].transpose("s", "latent_class").to_numpy()
    codes = draws["observed_data"]["answers"].to_numpy()
    total = np.zeros(len(share))
    for row, weight in enumerate(SURVEY["w"] * N / SURVEY["w"].sum()):
        evidence = np.prod([rho[:, :, j, code] for j, code in enumerate(codes[row]) if code >= 0], axis=0)
        total += weight * np.log((share * evidence).sum(axis=1))
    np.testing.assert_allclose(draws["sample_stats"]["total_log_likelihood"].to_numpy().ravel(), total, rtol=1e-8)
    with pytest.raises(ValueError, match="log_likelihood: the density of a respondent left out is computed"):
        draws["log_likelihood"]["answers"].to_numpy()


@pytest.mark.usefixtures("pictures_are_not_written")
def test_notes_and_the_report_say_how_respondents_were_sampled(fits, tmp_path):
    kish = SURVEY["w"].sum() ** 2 / (SURVEY["w"] ** 2).sum()
    note = f"weighted by 'w' (Kish's n = {kish:.1f}), 36 clusters of 'psu' in 4 strata of 'h', draws corrected for the"
    assert note in bl.class_sizes(fits["alone"]).note
    bl.report(fits["nested"], tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    within = json.loads(fits["nested"].attrs["survey_design"])["kish_n"]
    for words in (
        "weighted by &#x27;w&#x27;",
        f"as much as {within:.1f} of 180 equally weighted respondents",
        "Weights beside random effects are contested",
        "The 36 clusters of &#x27;psu&#x27; in 4 strata of &#x27;h&#x27; are taken for drawn independently",
    ):
        assert words in page


def test_new_rows_have_no_weights(fits):
    note = bl.membership(fits["nested"], SURVEY.head(3)).note
    assert note.startswith("n = 3, 0 rows left out")
    assert "weight" not in note


def test_a_saved_fit_keeps_its_design(fits, tmp_path):
    bl.save(fits["alone"], tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(bl.design_effects(loaded), bl.design_effects(fits["alone"]))
    pd.testing.assert_frame_equal(bl.class_sizes(loaded), bl.class_sizes(fits["alone"]))
    bl.save(fits["alone"], tmp_path / "without.nc", respondents=False)
    without = bl.load(tmp_path / "without.nc")
    assert "weighted by 'w'" in bl.class_sizes(without).note
    with pytest.raises(ValueError, match="effects of a survey design: needs the rows of the 180 respondents"):
        bl.design_effects(without)
    with pytest.raises(ValueError, match="modes: the density of a respondent left out"):
        bl.modes(without)


def test_rows_left_out_take_their_weight_along():
    frame = SURVEY.assign(participation=SURVEY["participation"].where(np.arange(N) % 6 > 0))
    with pytest.warns(UserWarning, match="30 of 180 rows left out"):
        draws = bl.fit(REGRESSION, frame, design=FULL, missing="drop", **SHORT | {"draws": 10, "tune": 20})
    kept = frame["participation"].notna().to_numpy()
    fit = Fit.reading(draws)
    np.testing.assert_allclose(fit.survey_weight, frame["w"][kept] * kept.sum() / frame["w"][kept].sum())
    assert len(fit.sample.stratum_of_unit) == 36


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {
                "model": bl.AssignedClass(
                    bl.Assigned({"training": list("abc")}, np.full((2, 1, 3), 1 / 3), [0.5, 0.5], ("C1", "C2")),
                    bl.Regression("~ participation"),
                )
            },
            "AssignedClass takes no survey design here, for its likelihood is not weighted; fit LatentClass",
        ),
        ({"count": "whole"}, "weighs respondents one by one, and each of 180 rows"),
        (
            {"model": LatentClass(2, bl.Items(ITEMS), bl.GroupClasses(2, group="psu"))},
            "with GroupClasses whole groups are the units of its likelihood",
        ),
        ({"model": LatentClass(2, bl.CountItems(["psu"]))}, "cluster='psu' of the survey design is also an item"),
    ],
)
def test_what_cannot_be_weighted_is_refused_before_sampling(options, message):
    model = options.pop("model", ALONE)
    with pytest.raises(ValueError, match=message):
        bl.fit(model, SURVEY, design=FULL, **options)
    with pytest.raises(ValueError, match=message):
        model.build(SURVEY, design=FULL, **options)
    with pytest.raises(TypeError, match=r"design='w': give bl\.SurveyDesign"):
        model.build(SURVEY, design="w")
    with pytest.raises(TypeError, match=r"design='w': give bl\.SurveyDesign"):
        bl.fit(model, SURVEY, design="w")


def test_what_cannot_be_corrected_is_refused_before_sampling():
    prepared = prepare_named(ALONE, SURVEY, count=None, missing="raise", key=None, design=FULL)
    for road, message in (
        (SimpleNamespace(backend="jax", n_coordinates=9), "draws of 180 respondents are sampled through jax"),
        (SimpleNamespace(backend="program", n_coordinates=4000), "the model has 4000 free parameters"),
    ):
        with pytest.raises(ValueError, match=message):
            check_correctable(prepared, road)


def test_a_kept_fit_of_another_design_is_fitted_again(tmp_path):
    few = SHORT | {"draws": 10, "tune": 20}
    first = bl.fit_or_load(tmp_path / "fit.nc", ALONE, SURVEY, design=FULL, **few)
    again = bl.fit_or_load(tmp_path / "fit.nc", ALONE, SURVEY, design=FULL, **few)
    assert again["posterior"].identical(first["posterior"])
    other = bl.fit_or_load(tmp_path / "fit.nc", ALONE, SURVEY, design=WHOLE, **few)
    assert json.loads(other.attrs["survey_design"])["cluster"] is None
