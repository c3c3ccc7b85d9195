"""One compilation for many data sets: what may change between them, and that the draws are those of a fresh fit."""

import warnings

import arviz_stats
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import softmax

import bayes_lca as bl
from bayes_lca.dims import depends_on_answers
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.sampling.nuts import Sampler
from bayes_lca.sampling.settings import Sampling

ITEMS = ["a", "b", "c", "d"]
FORMULA = "~ x + (x | group)"
SETTINGS = Sampling(draws=300, tune=200, chains=4, seed=2, progressbar=False)
LATENT = LatentClass(2, bl.Items(ITEMS), bl.Regression(FORMULA))
SEEN = Multinomial("y", bl.Regression(FORMULA))
CI_PROB = 0.95


def respondents(n_groups, size, seed=4):
    """Covariates and groups, the same for every data set."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), size)
    return pd.DataFrame({"x": rng.normal(2.0, 1.5, n_groups * size).round(1), "group": [f"G{g:02}" for g in group]})


def standardised(frame):
    return ((frame["x"] - frame["x"].mean()) / frame["x"].std(ddof=0)).to_numpy()


def answers(frame, seed, n_classes, intercept_sd=0.8, slope_sd=0.5):
    """Classes, and what each group adds to their logits, drawn anew; answers to four binary items given the class."""
    rng = np.random.default_rng(seed)
    group = pd.factorize(frame["group"], sort=True)[0]
    intercept = np.linspace(0.3, -0.3, n_classes) + rng.normal(0.0, intercept_sd, (group.max() + 1, n_classes))
    slope = np.linspace(0.6, -0.6, n_classes) + rng.normal(0.0, slope_sd, (group.max() + 1, n_classes))
    share = softmax(intercept[group] + standardised(frame)[:, None] * slope[group], axis=1)
    latent_class = (share.cumsum(axis=1)[:, :-1] < rng.random(len(frame))[:, None]).sum(axis=1)
    yes = np.where(np.arange(n_classes)[:, None] == 0, 0.85, 0.2) * np.ones(len(ITEMS))
    said = rng.random((len(frame), len(ITEMS))) < yes[latent_class]
    frame = frame.assign(y=pd.Categorical.from_codes(latent_class, [f"c{k}" for k in range(n_classes)]))
    for item, values in zip(ITEMS, said.T, strict=True):
        frame[item] = pd.Categorical.from_codes(values.astype(int), ["no", "yes"])
    return frame, intercept, slope


@pytest.fixture(scope="module")
def frames():
    """The same 160 respondents with two sets of answers."""
    people = respondents(5, 32)
    return [answers(people, seed, n_classes=2)[0] for seed in (1, 2)]


def quietly(fit, *arguments, **options):
    """A fit too short to be trusted, which it says itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return fit(*arguments, **options)


# What depends on the answers

OPTIONS = {"latent": {"collapse": False}, "seen": {}}
KINDS = {
    "latent, shares": (LatentClass(2, bl.Items(ITEMS)), {"collapse": False}),
    "latent, covariates": (LatentClass(2, bl.Items(ITEMS), bl.Regression("~ x")), {"collapse": False}),
    "latent, random slopes": (LATENT, {"collapse": False}),
    "seen, covariates": (Multinomial("y", bl.Regression("~ x")), {}),
    "seen, random intercepts": (Multinomial("y", bl.Regression("~ x + (1 | group)")), {}),
    "seen, random slopes": (SEEN, {}),
}


@pytest.mark.parametrize(
    ("data", "depends"),
    [
        ("answer_codes", True),
        ("outcome_counts", True),
        ("count", True),
        ("group_rough_information", True),
        ("city:group_rough_pull", True),
        ("design", False),
        ("group_index", False),
        ("city:group_index", False),
        ("design_within_group", False),
    ],
)
def test_data_that_depend_on_answers_are_known_by_name(data, depends):
    assert depends_on_answers(data) is depends


@pytest.mark.parametrize("kind", KINDS)
def test_other_answers_change_the_data_that_depend_on_answers_alone(kind, frames):
    """All else, and every shape, is that of the respondents: only then can one compilation serve."""
    model, options = KINDS[kind]
    one, other = (model.prepare(frame, **options).model for frame in frames)
    names = [variable.name for variable in one.data_vars]
    assert names == [variable.name for variable in other.data_vars]
    changed = set()
    for name in names:
        here, there = one[name].get_value(), other[name].get_value()
        assert here.shape == there.shape, name
        if not np.array_equal(here, there):
            changed.add(name)
    assert changed
    assert all(depends_on_answers(name) for name in changed)
    unchanged = {name for name in names if depends_on_answers(name)} - changed
    assert unchanged <= {"count"}  # ones, where every respondent has a row
    coords = [{dim: list(labels) for dim, labels in model.coords.items()} for model in (one, other)]
    assert coords[0] == coords[1]


# The same draws as a fresh fit


@pytest.fixture(scope="module", params=[pytest.param("latent", marks=pytest.mark.slow), "seen"])
def reused(request, frames):
    """A model, what was prepared of each frame, and a sampler compiled for the first."""
    model = {"latent": LATENT, "seen": SEEN}[request.param]
    prepared = [model.prepare(frame, **OPTIONS[request.param]) for frame in frames]
    return model, prepared, Sampler(prepared[0], reusable=True)


@pytest.fixture(scope="module")
def second(reused):
    """Draws given the second frame by the sampler of the first."""
    _, prepared, sampler = reused
    return quietly(sampler.fit, prepared[1], SETTINGS)


def test_refit_has_the_posterior_of_a_fresh_fit(reused, second, frames):
    model, _, _ = reused
    options = {"draws": 300, "tune": 200, "chains": 4, "seed": 5, "progressbar": False, "until": None}
    fresh = quietly(bl.fit, model, frames[1], **options)
    compared = 0
    for name, ours in second["posterior"].to_dataset().data_vars.items():
        theirs = fresh["posterior"][name]
        assert ours.dims == theirs.dims
        for moment in (1, 2):
            one, other = ours**moment, theirs**moment
            error = np.hypot(arviz_stats.mcse(one, method="mean"), arviz_stats.mcse(other, method="mean"))
            z = (one.mean(["chain", "draw"]) - other.mean(["chain", "draw"])) / error
            assert float(np.abs(z).max()) < 4, (name, moment, z.to_numpy())
            compared += z.size
    assert compared > 50


def test_refit_is_not_the_posterior_of_the_first_data(reused, second):
    _, prepared, sampler = reused
    first = quietly(sampler.fit, prepared[0], SETTINGS)
    gaps = []
    for name in ("intercept", "slope", "group_effect"):
        one, other = second["posterior"][name], first["posterior"][name]
        gaps.append(float(np.abs((one.mean(["chain", "draw"]) - other.mean(["chain", "draw"])) / other.std()).max()))
    assert max(gaps) > 0.5
    again = quietly(sampler.fit, prepared[1], SETTINGS)
    xr.testing.assert_equal(again["posterior"].to_dataset(), second["posterior"].to_dataset())


def test_refit_carries_the_second_data(reused, second):
    _, prepared, _ = reused
    for group, expected in prepared[1].groups.items():
        xr.testing.assert_identical(second[group].to_dataset(), expected)
    assert not second["patterns"].to_dataset().identical(prepared[0].groups["patterns"])
    attributes = {"seed": 2, "tune": 200, "target_accept": 0.85, "backend": "program", "formula": FORMULA}
    assert attributes.items() <= second.attrs.items()
    assert "ZeroSumNormal" in second.attrs["model_text"]
    views = {"log_likelihood", "observed_data", "constant_data"}
    stored = {"posterior", "sample_stats", "patterns", "encoding"}
    assert set(second.children) == stored | views


def test_fit_of_identical_data_is_that_of_a_sampler_for_one(frames):
    """`fit` is a sampler used once; what is compiled is the same, so the draws are too."""
    short = {"draws": 60, "tune": 60, "chains": 2, "seed": 3, "progressbar": False, "until": None}
    one = quietly(bl.fit, SEEN, frames[0], **short)
    prepared = SEEN.prepare(frames[0])
    other = quietly(Sampler(prepared).fit, prepared, Sampling(**short))
    xr.testing.assert_equal(one["posterior"].to_dataset(), other["posterior"].to_dataset())
    assert one.attrs == other.attrs


@pytest.mark.parametrize(
    "option", [{"draws": 0}, {"tune": 2.5}, {"chains": "4"}, {"seed": -1}, {"target_accept": 1.0}], ids=str
)
def test_impossible_settings_are_refused(option):
    (name,) = option
    with pytest.raises(ValueError, match=f"{name}="):
        Sampling(**option)


# Recovery


def coverage(kind, n_groups=30, n_data_sets=8):
    """Which intervals of group logits and group slopes, contrasts of classes, cover the truth, by data set."""
    n_classes, size = (2, 40) if kind == "latent" else (3, 25)
    people = respondents(n_groups, size)
    structural = bl.Regression(FORMULA)
    model = LatentClass(2, bl.Items(ITEMS), structural) if kind == "latent" else Multinomial("y", structural)
    scale, centre = people["x"].std(ddof=0), people["x"].mean()
    sampler, result = None, {"intercept": [], "slope": []}
    for seed in range(n_data_sets):
        frame, intercept, slope = answers(people, 100 + seed, n_classes)
        prepared = model.prepare(frame, **OPTIONS[kind])
        sampler = sampler or Sampler(prepared, reusable=True)
        settings = Sampling(draws=500, tune=400, chains=2, seed=seed, progressbar=False)
        draws = quietly(sampler.fit, prepared, settings, **({"order": "a"} if kind == "latent" else {}))
        posterior = draws["posterior"].to_dataset()
        axis = "latent_class" if kind == "latent" else "category"
        slopes = posterior["slope"].isel(term=0) + posterior["group_slope"].isel(group_term=0)
        at_mean = posterior["intercept"] + posterior["slope"].isel(term=0) * centre + posterior["group_effect"]
        if kind == "latent":  # classes in order of the share that says yes; the first of the truth says it most
            intercept, slope = intercept[:, ::-1], slope[:, ::-1]
        for name, drawn, truth in (("intercept", at_mean, intercept), ("slope", slopes * scale, slope)):
            drawn = drawn.transpose("chain", "draw", "group", axis).to_numpy().reshape(-1, n_groups, n_classes)
            lower, upper = np.quantile(drawn[..., 1:] - drawn[..., :1], [(1 - CI_PROB) / 2, (1 + CI_PROB) / 2], axis=0)
            contrast = truth[:, 1:] - truth[:, :1]
            result[name].append((lower < contrast) & (contrast < upper))
    return {name: np.array(covered) for name, covered in result.items()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["seen", "latent"])
def test_intervals_of_group_logits_and_slopes_cover_the_truth(kind, capsys):
    """Within three standard errors of 95 %: binomial over groups, or clustered by data set if that is larger."""
    for name, covered in coverage(kind).items():
        n_data_sets, n_groups, n_contrasts = covered.shape
        counts = covered.sum(axis=(1, 2))
        binomial = np.sqrt(n_data_sets * n_groups * CI_PROB * (1 - CI_PROB)) * n_contrasts
        clustered = np.sqrt(n_data_sets * counts.var(ddof=1))
        z = (counts.sum() - CI_PROB * covered.size) / max(binomial, clustered)
        with capsys.disabled():
            print(f"\n{kind}, {name}: {covered.mean():.1%} of {covered.size} intervals cover, z = {z:.2f}")
        assert abs(z) < 3, name
