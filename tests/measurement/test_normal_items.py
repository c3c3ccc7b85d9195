"""Normal items: what they are given, the scale of their priors, and draws against a model with known answers."""

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from scipy import integrate, stats

import bayes_lca as bl
from bayes_lca.dims import ANSWER_CODES
from bayes_lca.measurement.standardised import LogOfUnit, Standardised
from bayes_lca.models import LatentClass

FAST = {"mode": Mode(linker="py", optimizer=None), "on_unused_input": "ignore"}

MEANS = np.array([[150.0, 2.0, 30.0], [170.0, 5.0, 30.0], [190.0, 2.0, 60.0]])
SDS = np.array([6.0, 0.8, 9.0])
SHARE = np.array([0.5, 0.3, 0.2])
ITEMS = ["height", "grade", "age"]


def simulate(n, seed, missing=0.1):
    rng = np.random.default_rng(seed)
    latent = rng.choice(3, n, p=SHARE)
    numbers = MEANS[latent] + SDS * rng.normal(size=(n, 3))
    numbers[rng.random(numbers.shape) < missing] = np.nan
    return pd.DataFrame(numbers, columns=ITEMS), latent


@pytest.mark.parametrize(
    "error, told, given",
    [
        (ValueError, r"items='height' is one text; pass a list of column names", {"items": "height"}),
        (ValueError, r"sd='same': \"equal\" for one standard deviation of each item, or \"free\"", {"sd": "same"}),
        (TypeError, r"NormalItems\(mean=HalfNormal.*the prior of mean is Normal", {"mean": bl.HalfNormal(1.0)}),
        (TypeError, r"the prior of variance is ScaledInverseChiSquared", {"variance": 2.0}),
        (ValueError, r"missing_codes names 'weight', not among the columns", {"missing_codes": {"weight": [99]}}),
    ],
)
def test_what_the_part_cannot_be_given_is_refused(error, told, given):
    with pytest.raises(error, match=told):
        bl.NormalItems(**({"items": ITEMS} | given))


@pytest.mark.parametrize("prior", [bl.Normal, bl.ScaledInverseChiSquared])
def test_priors_take_positive_numbers(prior):
    with pytest.raises(ValueError, match=rf"{prior.__name__}\(.*=-1.0\): .* must be a positive number"):
        prior(-1.0)


def test_more_classes_than_rows_are_refused():
    frame, _ = simulate(4, 1, missing=0.0)
    with pytest.raises(ValueError, match="n_classes=5 exceeds the 4 distinct answer patterns of 4 respondents"):
        LatentClass(5, bl.NormalItems(ITEMS)).build(frame)


def test_missing_numbers_are_infinite_in_the_model_and_nowhere_else():
    frame, _ = simulate(60, 2)
    prepared = LatentClass(2, bl.NormalItems(ITEMS)).prepare(frame, collapse=False)
    values = prepared.model[ANSWER_CODES].get_value()
    np.testing.assert_array_equal(np.isinf(values), frame.isna())
    np.testing.assert_array_equal(np.isnan(prepared.groups["patterns"]["answers"]), frame.isna())


@pytest.mark.parametrize("sd", ["equal", "free"])
def test_units_of_an_item_change_no_posterior(sd):
    """In other units the density moves by a constant at the same place, that of means and variances included."""
    frame, _ = simulate(50, 3)
    factor, shift = np.array([0.01, 12.0, 1.0]), np.array([0.0, 100.0, -5.0])
    other = frame * factor + shift
    differences = []
    for seed in range(2):
        values = []
        for columns, scale, offset in ((frame, 1.0, 0.0), (other, factor, shift)):
            prepared = LatentClass(2, bl.NormalItems(ITEMS, sd)).prepare(columns)
            model = remove_value_transforms(prepared.model)
            rng = np.random.default_rng(seed)
            mean = MEANS[:2] * rng.lognormal(0, 0.05, (2, 3))
            variance = SDS**2 * rng.lognormal(0, 0.3, 3 if sd == "equal" else (2, 3))
            point = {
                "class_share": [0.6, 0.4],
                "item_mean": mean * scale + offset,
                "item_variance": variance * scale**2,
            }
            values.append(model.compile_logp(jacobian=False, **FAST)(point))
        differences.append(values[1] - values[0])
    n = frame.notna().sum().to_numpy()
    n_variances = 1 if sd == "equal" else 2
    expected = -(n + 2 + 2 * n_variances) @ np.log(factor)
    np.testing.assert_allclose(differences, expected, rtol=1e-9)


def test_the_prior_of_a_variance_is_that_of_two_more_members():
    """Scaled inverse chi-squared with nu = 2 and scale 0.3 in standard deviations of the item."""
    frame, _ = simulate(80, 4, missing=0.0)
    part = bl.NormalItems(["age"], variance=bl.ScaledInverseChiSquared(4.0, 0.5), mean=bl.Normal(1.5))
    model = remove_value_transforms(LatentClass(1, part).build(frame))
    scale, center = part.read(frame).scale[0], frame["age"].mean()
    log_prior = model.compile_logp(vars=[model["item_variance"], model["item_mean"]], jacobian=False, **FAST)
    tau2 = (0.5 * scale) ** 2
    for variance, mean in ((20.0, 40.0), (90.0, 55.0)):
        of_chi = stats.chi2.logpdf(4.0 * tau2 / variance, df=4.0) + np.log(4.0 * tau2 / variance**2)
        expected = of_chi + stats.norm.logpdf(mean, center, 1.5 * scale)
        point = {"item_mean": [[mean]], "item_variance": [variance]}
        assert log_prior(point) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "tail", [np.append(np.linspace(0.0, 3.0, 199), 1e4), np.exp(3.0 * stats.norm.ppf((np.arange(200) + 0.5) / 200))]
)
@pytest.mark.filterwarnings("ignore::bayes_lca.FarValueWarning")
def test_the_prior_of_means_rules_out_no_mean_of_far_numbers(tail):
    """At the mean of all it is nearly as high as at its mode, and a standard error is nothing to its width."""
    part = bl.NormalItems(["cost"], missing_codes={"cost": []})
    model = remove_value_transforms(LatentClass(1, part).build(pd.DataFrame({"cost": tail})))
    log_prior = model.compile_logp(vars=[model["item_mean"]], jacobian=False, **FAST)
    low, high = np.percentile(tail, [25, 75])
    middle = np.clip(tail, low - 3 * (high - low), high + 3 * (high - low)).mean()
    assert np.percentile(tail, 10) < middle < np.percentile(tail, 90)
    values = middle + tail.std() * np.array([0.0, 1.0, 2.5])
    found = [log_prior({"item_mean": [[value]], "item_variance": [1.0]}) for value in values]
    assert found == pytest.approx(stats.norm.logpdf(values, middle, 2.5 * tail.std()), rel=1e-9)


@pytest.mark.parametrize(
    "transform, density, whole",
    [
        (Standardised(np.array([50.0]), np.array([8.0])), stats.norm(53.0, 4.0), (-6.0, 6.0)),
        (LogOfUnit(np.array([30.0])), stats.invgamma(3.0, scale=40.0), (-7.0, 9.0)),
    ],
    ids=["means", "variances"],
)
def test_densities_integrate_to_one_over_their_coordinates(transform, density, whole):
    grid = np.linspace(*whole, 801)
    coordinates = pt.constant(grid[:, None])
    values, log_jacobian = transform.backward(coordinates), transform.log_jac_det(coordinates)
    heights = density.pdf(values.eval(mode=FAST["mode"])[:, 0]) * np.exp(log_jacobian.eval(mode=FAST["mode"])[:, 0])
    assert integrate.simpson(heights, x=grid) == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(transform.forward(values).eval(mode=FAST["mode"])[:, 0], grid, atol=1e-12)


def test_drawn_numbers_have_the_moments_of_their_class():
    rng, latent = np.random.default_rng(5), np.repeat([0, 1, 2], 20_000)
    sds = np.stack([SDS, 2 * SDS, 0.5 * SDS])
    for part, given in ((bl.NormalItems(ITEMS), SDS), (bl.NormalItems(ITEMS, "free"), sds)):
        numbers = part.draw(None, latent, MEANS, given, rng=rng)
        assert numbers.shape == (60_000, 3)
        for k in range(3):
            of_class, sd = numbers[latent == k], np.broadcast_to(given, (3, 3))[k]
            z = (of_class.mean(axis=0) - MEANS[k]) / (sd / np.sqrt(20_000))
            assert np.abs(z).max() < 4
            np.testing.assert_allclose(of_class.std(axis=0) / sd, 1.0, atol=4 / np.sqrt(2 * 20_000))


def test_the_classes_are_found_again():
    """Means, standard deviations and shares that numbers were drawn with lie in intervals of the posterior."""
    frame, latent = simulate(300, 6)
    draws = bl.fit(LatentClass(3, bl.NormalItems(ITEMS)), frame, draws=500, progressbar=False)
    profiles, sizes = bl.class_profiles(draws), bl.class_sizes(draws)
    for k, name in enumerate(["C1", "C2", "C3"]):
        assert sizes.loc[name, "lower"] < (latent == k).mean() < sizes.loc[name, "upper"]
        for j, item in enumerate(ITEMS):
            of_mean, of_sd = profiles.loc[(name, item, "mean")], profiles.loc[(name, item, "sd")]
            assert abs(of_mean["mean"] - MEANS[k, j]) < 4 * of_mean["sd"]
            assert abs(of_sd["mean"] - SDS[j]) < 4 * of_sd["sd"]
    modal = bl.membership(draws)["modal_class"].cat.codes.to_numpy()
    assert (modal == latent).mean() > 0.97


def test_one_class_has_the_posterior_of_a_grid():
    """Mean and standard deviation of one item in one class, their posterior integrated over a grid."""
    frame, _ = simulate(30, 8)
    values = frame["age"].dropna().to_numpy()
    part = bl.NormalItems(["age"])
    center, scale = part.read(frame).center[0], part.read(frame).scale[0]
    mean, log_sd = np.meshgrid(np.linspace(10, 70, 401), np.linspace(1.5, 4.0, 301), indexing="ij")
    sd = np.exp(log_sd)
    log_posterior = stats.norm.logpdf(values[:, None, None], mean, sd).sum(axis=0)
    log_posterior += stats.norm.logpdf(mean, center, 2.5 * scale)
    log_posterior += stats.invgamma.logpdf(sd**2, 1.0, scale=(0.3 * scale) ** 2) + 2 * log_sd  # a grid of log sd
    weight = np.exp(log_posterior - log_posterior.max())
    weight /= weight.sum()
    profiles = bl.class_profiles(bl.fit(LatentClass(1, part), frame, progressbar=False))
    for name, grid in (("mean", mean), ("sd", sd)):
        expected = (weight * grid).sum()
        spread = np.sqrt((weight * (grid - expected) ** 2).sum())
        row = profiles.loc[("C1", "age", name)]
        assert abs(row["mean"] - expected) < 4 * spread / np.sqrt(row["ess_bulk"])
        assert row["sd"] == pytest.approx(spread, rel=4 / np.sqrt(2 * row["ess_bulk"]) + 0.05)
