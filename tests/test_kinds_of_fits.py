"""Every function that takes a fit, with fits of every kind: it answers, or refuses by name, and never answers wrongly.

Among the kinds are one that the package has never heard of but whose two files are there (``tests/toy``), and one
that nobody wrote.
"""

import importlib
import json
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.datasets.example import ITEMS
from bayes_lca.fitted import kinds
from bayes_lca.fitted.capabilities import NEEDS
from bayes_lca.fitted.fit import Fit

SHORT = {"draws": 20, "tune": 100, "chains": 2, "progressbar": False}
TINY = {"measurement_draws": 4, "draws": 4, "tune": 50, "progressbar": False}
EXAMPLE = bl.LatentClass(2, bl.Items(ITEMS))
CELLS = (
    bl.example_survey()
    .groupby(["participation", "score", "group"], observed=True)
    .size()
    .rename("N")
    .reset_index()
    .query("N > 0")
)
PIVOT = np.array([[[0.1, 0.2, 0.7]] * 3, [[0.7, 0.2, 0.1]] * 3])
CALLS = {
    "answers_of": bl.answers_of,
    "average_marginal_effects": lambda draws: bl.average_marginal_effects(draws, "participation"),
    "check_items": lambda draws: bl.check_items(draws, n_draws=20),
    "class_profiles": bl.class_profiles,
    "class_shift": lambda draws: bl.class_shift(bl.load_example("alone"), draws, largest=0.9),
    "class_sizes": bl.class_sizes,
    "classification_table": bl.classification_table,
    "compare_groups": lambda draws: bl.compare_groups(draws),
    "compare_structures": lambda draws: bl.compare_structures({"first": draws, "second": bl.load_example("alone")}),
    "contrasts": lambda draws: bl.contrasts(draws, "intercept"),
    "convergence": bl.convergence,
    "covariate_tests": lambda draws: bl.covariate_tests(draws, bl.example_survey(), ["age"]),
    "direct_effects": lambda draws: bl.direct_effects(draws, ["age"], frame=bl.example_survey(), n_draws=20),
    "fit": lambda draws: bl.fit(EXAMPLE, bl.example_survey(), order=draws, draws=2, tune=2, progressbar=False),
    "fit_two_step": lambda draws: bl.fit_two_step(draws, bl.Regression("~ participation"), bl.example_survey(), **TINY),
    "group_level_effects": bl.group_level_effects,
    "group_shares": bl.group_shares,
    "heterogeneity": bl.heterogeneity,
    "holds_respondents": bl.holds_respondents,
    "keep_mode": lambda draws: bl.keep_mode(draws, 1),
    "membership": bl.membership,
    "membership_draws": bl.membership_draws,
    "modal_class_of": bl.modal_class_of,
    "modes": bl.modes,
    "name_classes": lambda draws: bl.name_classes(draws, ["first", "second"]),
    "nesting_in_words": lambda draws: bl.nesting_in_words(draws, draws, draws),
    "odds_ratios": bl.odds_ratios,
    "plot_odds_ratios": bl.plot_odds_ratios,
    "plot_profiles": bl.plot_profiles,
    "plot_random_intercepts": bl.plot_random_intercepts,
    "plot_structures": lambda draws: bl.plot_structures({"first": draws, "second": bl.load_example("alone")}),
    "posterior_predictive": bl.posterior_predictive,
    "poststratify": lambda draws: bl.poststratify(draws, CELLS),
    "predict_classes": bl.predict_classes,
    "prior_sensitivity": bl.prior_sensitivity,
    "random_intercepts": bl.random_intercepts,
    "rank_groups": bl.rank_groups,
    "relabel": lambda draws: bl.relabel(draws, PIVOT),
    "report": lambda draws: bl.report(draws, Path(tempfile.mkdtemp()) / "page.html"),
    "save": lambda draws: bl.save(draws, Path(tempfile.mkdtemp()) / "fit.nc"),
    "split_halves": lambda draws: bl.split_halves(draws, repeats=2, n_draws=20),
    "stepwise_odds_ratios": lambda draws: bl.stepwise_odds_ratios(
        draws, bl.Regression("~ participation"), bl.example_survey(), method="bch"
    ),
}
"""Every function that takes a fit, called with one and the simplest other arguments."""

NOT_FITTED = {"fit", "fit_two_step"}
"""They sample, so they are called where they refuse and not where they would answer."""


@pytest.fixture(scope="module")
def fits():
    """A fit of every kind of model and measurement part, and two that hold less."""
    survey = bl.example_survey()
    regression = bl.Regression("~ participation + score + (1 | group)")
    models = {
        "AssignedClass": bl.AssignedClass(bl.answers_of(bl.load_example("alone")), regression),
        "Multinomial": bl.Multinomial("education", regression),
        "LatentClass, OrdinalItems": bl.LatentClass(2, bl.OrdinalItems(ITEMS), bl.Regression("~ participation")),
        "LatentClass, one class": bl.LatentClass(1, bl.Items(ITEMS)),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampled = {name: bl.fit(model, survey, **SHORT) for name, model in models.items()}
    with tempfile.TemporaryDirectory() as folder:
        bl.save(bl.load_example(), Path(folder) / "fit.nc", respondents=False)
        without = bl.load(Path(folder) / "fit.nc")
    return {
        "LatentClass, regression": bl.load_example(),
        "LatentClass": bl.load_example("alone"),
        "LatentClass, no respondents": without,
        **sampled,
    }


def answer(name, draws):
    """Whether a function answers or refuses by a message; anything else is an error of the package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            CALLS[name](draws)
        except ValueError as refusal:
            return f"refused: {refusal}"
    return "answered"


def test_every_function_that_takes_a_fit_is_called():
    assert set(CALLS) | {"leave_one_group_out"} == set(NEEDS)


def test_every_function_answers_or_refuses_every_kind_of_fit(fits, capsys):
    table = pd.DataFrame(
        {kind: {name: answer(name, draws) for name in CALLS if name not in NOT_FITTED} for kind, draws in fits.items()}
    )
    with capsys.disabled():
        print("", table.map(lambda text: text.partition(":")[0]).to_string(), sep="\n")
    for kind, draws in fits.items():
        fit = Fit.reading(draws)
        for name, text in table[kind].items():
            need = NEEDS[name]
            declared = name in fit.kind.capabilities.supported and (not need.answers or name in fit.answers.supported)
            missing = need.respondents and not fit.holds_respondents
            assert (declared and not missing) or text.startswith("refused"), f"{name} of {kind} is answered"
            assert len(text) > 40 or text == "answered", f"{name} of {kind} does not say why: {text}"
    assert (table["LatentClass, regression"] == "answered").mean() > 0.8


def test_a_fit_of_a_model_nobody_wrote_is_refused_by_every_function():
    """Answers that depend on a person's intercept as well, in a tree that has all that other fits have."""
    draws = bl.load_example().copy()
    posterior = draws["posterior"].to_dataset()
    loading = xr.DataArray(np.ones((2, 100, 3)), dims=("chain", "draw", "item"))
    draws["posterior"] = xr.DataTree(posterior.assign(loading=loading))
    specification = json.loads(draws.attrs["specification"]) | {"kind": "CommonMethod"}
    draws.attrs = draws.attrs | {"model": "CommonMethod", "specification": json.dumps(specification)}
    for name, call in CALLS.items():
        with pytest.raises(ValueError, match="'CommonMethod', a model nothing is known of"):
            call(draws)
        assert name in NEEDS


def test_a_part_nobody_wrote_is_refused_by_every_function():
    draws = bl.load_example().copy()
    specification = json.loads(draws.attrs["specification"])
    specification["measurement"]["kind"] = "Triads"
    draws.attrs = draws.attrs | {"specification": json.dumps(specification)}
    for call in CALLS.values():
        with pytest.raises(ValueError, match="'Triads', which nothing is known of"):
            call(draws)


@pytest.mark.parametrize(
    "given, told",
    [
        ("fit.nc", r"the path 'fit\.nc'; read the file first, bl\.load\('fit\.nc'\)"),
        (EXAMPLE, r"the model LatentClass.*; fit it first, bl\.fit\(model, frame\)"),
        (bl.example_survey(), r"a table of 180 rows"),
        (3, "int '3'"),
    ],
    ids=["path", "model", "table", "number"],
)
@pytest.mark.parametrize("name", sorted(set(CALLS) - {"covariate_tests", "fit"}))
def test_what_is_no_fit_is_told_what_it_is(name, given, told):
    with pytest.raises(TypeError, match=told):
        CALLS[name](given)


TRUE_MEANS = np.array([[2.0, 8.0, 5.0], [7.0, 3.0, 9.0]])


@pytest.fixture(scope="module")
def toy():
    """The two modules; what they register is taken back at the end."""
    before = dict(kinds._KINDS), dict(kinds._MEASUREMENTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        part, model = (importlib.import_module(f"toy.{name}") for name in ("scores", "score_classes"))
    yield part, model
    for registry, entries in zip((kinds._KINDS, kinds._MEASUREMENTS), before, strict=True):
        registry.clear()
        registry.update(entries)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(2)
    latent = (rng.random(300) < 0.3).astype(int)
    scores = np.round(rng.normal(TRUE_MEANS[latent])).clip(0).astype(int)
    return pd.DataFrame(scores, columns=["a", "b", "c"]).assign(latent=latent, x=rng.normal(size=300) + latent)


@pytest.fixture(scope="module")
def draws(toy, frame):
    part, model = toy
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(
            model.ScoreClasses(2, part.Scores(("a", "b", "c")), bl.Regression("~ x")),
            frame, draws=200, tune=200, chains=2, progressbar=False,
        )  # fmt: skip


def test_a_fit_of_it_finds_the_truth(draws, frame):
    mean = draws["posterior"]["score_mean"].mean(["chain", "draw"]).to_numpy()
    np.testing.assert_allclose(mean, TRUE_MEANS, atol=0.3)
    sizes = bl.class_sizes(draws)
    assert sizes.loc["C1", "lower"] < 1 - frame["latent"].mean() < sizes.loc["C1", "upper"]
    of_x = bl.odds_ratios(draws, reference="C1")
    assert of_x.loc[("C2 vs C1", "x"), "lower"] > 1
    modal = bl.membership(draws)["modal_class"].cat.codes.to_numpy()
    assert (modal == frame["latent"]).mean() > 0.99


def test_its_log_likelihood_is_that_of_a_loop(draws, frame):
    posterior = draws["posterior"].isel(chain=1, draw=7)
    mean = posterior["score_mean"].to_numpy()
    intercept, slope = (posterior[name].to_numpy() for name in ("intercept", "slope"))
    for row in (0, 5, 299):
        eta = intercept + slope[0] * frame["x"].iloc[row]
        share = np.exp(eta) / np.exp(eta).sum()
        scores = frame[["a", "b", "c"]].iloc[row].to_numpy()
        density = [np.prod(np.exp(-0.5 * (scores - mean[k]) ** 2) / np.sqrt(2 * np.pi)) for k in range(2)]
        stored = draws["log_likelihood"]["answers"].isel(chain=1, draw=7, respondent=row).item()
        assert stored == pytest.approx(np.log(share @ density), rel=1e-10)


def test_it_survives_a_file(draws, tmp_path):
    bl.save(draws, tmp_path / "toy.nc")
    assert bl.class_sizes(bl.load(tmp_path / "toy.nc")).equals(bl.class_sizes(draws))


def test_what_it_did_not_declare_is_refused_by_name(toy, draws):
    _, model = toy
    refused = {}
    for name in sorted(set(CALLS) - set(model.SUPPORTED)):
        with pytest.raises(ValueError, match=rf"^(order: )?{name}: ") as refusal:
            CALLS[name](draws)
        refused[name] = str(refusal.value)
    assert refused["check_items"] == "check_items: scores have no categories to check"
    assert "not declared to hold for a fit of ScoreClasses" in refused["class_profiles"]
    assert len(refused) > 25
