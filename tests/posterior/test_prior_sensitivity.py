"""Posteriors under other priors: against known distributions, ArviZ, and fits made under those priors."""

import json
import warnings

import arviz_stats
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.views import with_views
from bayes_lca.models import Multinomial
from bayes_lca.posterior.checks.prior_sensitivity import PRIORS, prior_sensitivity
from bayes_lca.posterior.checks.reweighting import equal_weights, smoothed_weights
from bayes_lca.posterior.tables.contrast_sd import contrast_sd, fitted_prior, log_density, prior_contrast_sd
from bayes_lca.priors import Dirichlet, Exponential, HalfNormal, HalfStudentT

WIDE = '{"distribution": "HalfStudentT", "nu": 3.0, "sigma": 1.0}'
MEASURES = ["mean", "median", "lower", "upper", "effective_draws"]


def fit_of(made_up, prior, sd=None, formula="~ x + score + (1 | group)", draws=1000, seed=4):
    """Made-up draws with standard deviations of our choice, and a likelihood that hardly knows them."""
    tree = made_up.draws(formula, made_up.staff(60), chains=4, draws=draws)
    rng = np.random.default_rng(seed)
    posterior = tree["posterior"].to_dataset()
    sd = stats.halfnorm.rvs(size=(4, draws, 3), random_state=rng) if sd is None else sd
    for name in json.loads(tree.attrs["groupings"]):
        posterior = posterior.assign({f"{name}_sd": (("chain", "draw", "category"), sd)})
    # a slope whose spread grows with the standard deviations, as that of a group-level predictor does
    slope = posterior["slope"].to_numpy().copy()
    slope[:, :, 1] = 0.1 * sd * rng.normal(size=(4, draws, 3))
    posterior["slope"] = posterior["slope"].copy(data=slope)
    tree["posterior"] = xr.DataTree(posterior)
    likelihood = -(rng.normal(size=(4, draws, tree["patterns"].sizes["pattern"])) ** 2)
    likelihood = likelihood[:, :, tree["patterns"]["pattern_of_respondent"].to_numpy()]
    coords = {"chain": range(4), "draw": range(draws)}
    total = xr.Dataset({"total_log_likelihood": (("chain", "draw"), likelihood.sum(axis=-1))}, coords)
    tree["sample_stats"] = xr.DataTree(total)
    tree.attrs |= {"group_sd_prior": prior}
    tree = with_views(tree)
    tree["log_likelihood"] = xr.DataTree(xr.Dataset({"outcome": (("chain", "draw", "respondent"), likelihood)}, coords))
    return tree


@pytest.fixture(scope="module")
def wide(made_up):
    """Standard deviations as their prior, a half-t, has them: the data say nothing."""
    rng = np.random.default_rng(5)
    return fit_of(made_up, WIDE, np.abs(rng.standard_t(3, size=(4, 1000, 3))))


def row_of(table, quantity, contrast, prior):
    return table.loc[(quantity, contrast, repr(prior))]


@pytest.mark.parametrize("prior", [HalfNormal(0.7), HalfStudentT(4.0, 0.5), Exponential(2.0)])
def test_densities_integrate_to_one_and_match_their_draws(prior):
    grid = np.linspace(0, 200, 400_001)
    density = np.exp(log_density(prior, grid))
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-4)
    mean_square = np.trapezoid(density * grid**2, grid)
    drawn = prior_contrast_sd(prior, 200_000) ** 2
    assert drawn.mean() == pytest.approx(2 * mean_square, abs=5 * drawn.std() / np.sqrt(200_000))


def test_densities_are_those_of_the_sampler():
    import pymc as pm

    sd = np.array([0.01, 0.3, 1.0, 4.0])
    for prior in PRIORS:
        made = getattr(pm, type(prior).__name__).dist(**vars(prior))
        np.testing.assert_allclose(log_density(prior, sd), pm.logp(made, sd).eval(), rtol=1e-6)


def test_reweighted_draws_follow_the_new_prior(wide):
    """Where the data say nothing the posterior is the prior: its mean and quantiles are known."""
    table = prior_sensitivity(wide)
    for prior in (HalfNormal(0.5), HalfNormal(1.0), Exponential(1.0)):
        row = row_of(table, "group_sd", "much vs little", prior)
        expected = prior_contrast_sd(prior, 1_000_000)
        assert row["status"] == "reweighted"
        error = expected.std() / np.sqrt(row["effective_draws"])
        assert row["mean"] == pytest.approx(expected.mean(), abs=4 * error)
        for column, probability in (("lower", 0.025), ("median", 0.5), ("upper", 0.975)):
            below = (expected < row[column]).mean()
            spread = np.sqrt(probability * (1 - probability) / row["effective_draws"])
            assert below == pytest.approx(probability, abs=4 * spread)
        assert 100 < row["effective_draws"] < 4000
        slope = row_of(table, "score", "much vs little", prior)
        assert slope["upper"] - slope["lower"] < row_of(table, "score", "much vs little", HalfStudentT())["upper"] * 2.2


def test_the_fitted_prior_comes_first_with_the_draws_as_they_are(wide):
    table = prior_sensitivity(wide, [HalfNormal(0.5)], ci_prob=0.9)
    assert [row[2] for row in table.index[:2]] == [repr(HalfStudentT(3.0, 1.0)), repr(HalfNormal(0.5))]
    values = contrast_sd(Fit.reading(wide), "group").sel(contrast="some vs little").to_numpy().ravel()
    row = row_of(table, "group_sd", "some vs little", HalfStudentT(3.0, 1.0))
    assert row["mean"] == pytest.approx(values.mean())
    assert row["median"] == pytest.approx(np.median(values), abs=0.01)
    assert row["lower"] == pytest.approx(np.quantile(values, 0.05), abs=0.01)
    assert row["status"] == "as fitted"
    assert np.isnan(row["pareto_k"])
    slope = wide["posterior"]["slope"].sel(term="score")
    log_odds = slope.sel(category="some") - slope.sel(category="little")
    assert row_of(table, "score", "some vs little", HalfNormal(0.5))["r_hat"] == pytest.approx(
        float(arviz_stats.rhat(log_odds))
    )


def test_weights_that_cannot_be_trusted_show_no_number(made_up):
    """From the light tails of a half-normal the half-t cannot be reached: every number is left out."""
    tree = fit_of(made_up, '{"distribution": "HalfNormal", "sigma": 1.0}')
    table = prior_sensitivity(tree, [HalfNormal(0.5), HalfStudentT(3.0, 1.0)])
    far = table.xs(repr(HalfStudentT(3.0, 1.0)), level="prior")
    assert (far["pareto_k"] > 0.7).all()
    assert (far["status"] == "refit needed").all()
    assert far[MEASURES].isna().all(axis=None)
    near = table.xs(repr(HalfNormal(0.5)), level="prior")
    assert (near["status"] == "reweighted").all()
    assert near[MEASURES].notna().all(axis=None)
    assert "weights cannot be trusted under HalfStudentT(nu=3.0, sigma=1.0): fit again" in table.note
    assert "cannot be trusted" not in prior_sensitivity(tree, [HalfNormal(0.5)]).note


def test_few_draws_lower_the_threshold_of_pareto_k():
    values = xr.DataArray(np.full((2, 50), 0.01), dims=("chain", "draw"))
    weights = equal_weights(values)
    assert weights.trusted
    assert type(weights)(values, 0.49).trusted
    assert not type(weights)(values, 0.51).trusted  # 1 - 1 / log10(100) = 0.5


def test_weights_are_those_of_the_target():
    """Normal draws with mean 0 as draws with mean .5: mean, quantiles, and an error that covers."""
    rng, target, off = np.random.default_rng(6), 0.5, []
    for _ in range(60):
        x = xr.DataArray(rng.normal(size=(4, 250)), dims=("chain", "draw"))
        weights = smoothed_weights(target * x)
        assert float(weights.values.sum()) == pytest.approx(1)
        off.append((weights.mean(x) - target) / weights.standard_error(x))
    assert np.std(off) == pytest.approx(1, abs=4 / np.sqrt(2 * 60))
    assert np.mean(off) == pytest.approx(0, abs=4 / np.sqrt(60))
    assert weights.effective_draws(x) == pytest.approx(1000 / np.exp(target**2), rel=0.35)
    np.testing.assert_allclose(
        weights.quantiles(x, [0.1, 0.5, 0.9]), target + stats.norm.ppf([0.1, 0.5, 0.9]), atol=0.25
    )


def test_autocorrelated_draws_are_fewer_effective_ones():
    rng = np.random.default_rng(7)
    repeated = np.repeat(rng.normal(size=(4, 100)), 10, axis=1)
    x = xr.DataArray(repeated, dims=("chain", "draw"))
    assert 250 < equal_weights(x).effective_draws(x) < 700


def test_power_scaling_is_that_of_arviz(wide):
    row = row_of(prior_sensitivity(wide), "group_sd", "much vs some", HalfNormal(0.5))
    sd = wide["posterior"]["group_sd"]
    density = np.log(2) + stats.t.logpdf(sd.to_numpy(), 3).sum(axis=-1)
    tree = xr.DataTree.from_dict(
        {
            "/posterior": xr.Dataset({"s": np.hypot(sd.sel(category="much"), sd.sel(category="some"))}),
            "/log_prior": xr.Dataset({"p": (("chain", "draw"), density)}),
            "/log_likelihood": wide["log_likelihood"].to_dataset(),
        }
    )
    expected = arviz_stats.psense_summary(tree, round_to=12).loc["s"]
    assert row["prior_sensitivity"] == pytest.approx(expected["prior"], rel=1e-6)
    assert row["likelihood_sensitivity"] == pytest.approx(expected["likelihood"], rel=1e-6)
    assert row["prior_sensitivity"] > 0.05
    assert row["diagnosis"] in ("strong prior or weak data", "prior and data may conflict")


def test_quantities_that_ignore_the_prior_are_not_sensitive_to_it(wide):
    table = prior_sensitivity(wide, terms=["x"])
    assert set(table.index.get_level_values("quantity")) == {"group_sd", "x"}
    row = row_of(table, "x", "some vs little", HalfNormal(0.5))
    assert row["prior_sensitivity"] < 0.05
    assert row["diagnosis"] == "not sensitive to the prior"


def test_all_groupings_are_reweighted_together(made_up):
    """Two groupings under one prior: the ratio is a product over both."""
    rng = np.random.default_rng(8)
    sd = np.abs(rng.standard_t(3, size=(4, 1000, 3)))
    tree = fit_of(made_up, WIDE, sd, formula="~ x + score + (1 | city/group)")
    posterior = tree["posterior"].to_dataset()
    posterior["city_sd"] = posterior["city_sd"].copy(data=np.abs(rng.standard_t(3, size=(4, 1000, 3))))
    tree["posterior"] = xr.DataTree(posterior)
    table = prior_sensitivity(tree, [HalfNormal(1.0)])
    expected = prior_contrast_sd(HalfNormal(1.0), 500_000)
    for quantity in ("city_sd", "city:group_sd"):
        row = row_of(table, quantity, "much vs some", HalfNormal(1.0))
        error = expected.std() / np.sqrt(row["effective_draws"])
        assert row["mean"] == pytest.approx(expected.mean(), abs=4 * error)


def test_reference_and_order_of_the_rows(wide):
    table = prior_sensitivity(wide, [HalfNormal(1.0), HalfNormal(0.5)], reference="some")
    assert table.index.names == ["quantity", "contrast", "prior"]
    assert list(table.index.get_level_values("contrast").unique()) == ["little vs some", "much vs some"]
    assert list(table.index.get_level_values("quantity").unique()) == ["group_sd", "score"]
    assert list(table.index.get_level_values("prior")[:3]) == [
        repr(HalfStudentT()),
        repr(HalfNormal(1.0)),
        repr(HalfNormal(0.5)),
    ]
    assert isinstance(table, bl.SummaryTable)
    assert "fitted with group_sd=HalfStudentT(nu=3.0, sigma=1.0)" in table.note


def test_the_prior_is_read_from_the_draws(wide):
    assert fitted_prior(Fit.reading(wide)) == HalfStudentT(3.0, 1.0)


def test_what_cannot_be_used(wide, made_up):
    with pytest.raises(ValueError, match=r"Dirichlet\(a=1.0\) is no distribution of a standard deviation"):
        prior_sensitivity(wide, [Dirichlet(1.0)])
    with pytest.raises(ValueError, match=r"term\(s\) 'age' are no design columns of '~ x .*choose from 'x', 'score'"):
        prior_sensitivity(wide, terms=["age"])
    with pytest.raises(ValueError, match="terms='x' is one text"):
        prior_sensitivity(wide, terms="x")
    with pytest.raises(ValueError, match="reference='C9' is not a category"):
        prior_sensitivity(wide, reference="C9")
    with pytest.raises(ValueError, match="ci_prob=2"):
        prior_sensitivity(wide, ci_prob=2)
    with pytest.raises(ValueError, match=r"has no random intercepts; add \(1 \| group\)"):
        prior_sensitivity(made_up.draws("~ x"))


@pytest.mark.slow
@pytest.mark.parametrize("prior", [HalfNormal(0.5), HalfNormal(1.0), Exponential(1.0)])
def test_reweighting_agrees_with_fitting_again(prior):
    """Six groups, 300 rows: means within four Monte Carlo standard errors, for standard deviations and the slope."""
    frame, truth = bl.simulate_cohort(n=300, seed=6, group_sd=0.6)
    frame["benefit"] = pd.Categorical.from_codes(truth.latent_class, ["limited", "skill", "comprehensive"])
    fits = {}
    for used in (HalfStudentT(3.0, 1.0), prior):
        model = Multinomial("benefit", bl.Regression("~ score + (1 | group)", group_sd=used))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", bl.ConvergenceWarning)
            fits[used] = bl.fit(model, frame, chains=2, draws=1000, until=None, progressbar=False)
    reweighted = prior_sensitivity(fits[HalfStudentT(3.0, 1.0)], [prior]).xs(repr(prior), level="prior")
    again = prior_sensitivity(fits[prior], []).xs(repr(prior), level="prior")
    assert (reweighted["status"] == "reweighted").all()
    values = prior_sensitivity(fits[prior], [], ci_prob=0.6827).xs(repr(prior), level="prior")
    sd = (values["upper"] - values["lower"]) / 2
    error = sd * np.sqrt(1 / reweighted["effective_draws"] + 1 / again["effective_draws"])
    assert ((reweighted["mean"] - again["mean"]).abs() < 4 * error).all()
    assert ((reweighted["median"] - again["median"]).abs() < 5 * error).all()


def test_draws_that_are_too_few_to_be_weighted_are_refused_in_words():
    few = bl.load_example().isel(draw=slice(10))
    with pytest.raises(ValueError, match=r"20 draws are too few to be weighted as those of .* 25 or more"):
        bl.prior_sensitivity(few)
