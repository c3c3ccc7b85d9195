"""Tables, modes and membership of draws that were made up, written out in NumPy: no sampler, so these take no time."""

import json

import arviz_stats
import numpy as np
import pytest
import xarray as xr
from scipy import stats

import bayes_lca as bl
from bayes_lca.posterior.labels.label_free import label_free_quantities
from bayes_lca.posterior.labels.modes import agreeing_chains

CI_PROB = 0.9
TAILS = [0.05, 0.95]


@pytest.fixture(scope="module")
def seen(made_up):
    """A multilevel regression of a category that is seen; its two chains disagree on all slopes."""
    draws = made_up.draws("~ x + role + (1 | group)")
    posterior = draws["posterior"].to_dataset()
    apart = xr.DataArray([[0.0, 0.0, 0.0], [0.6, 0.0, -0.6]], dims=("chain", "category"))
    draws["posterior"] = xr.DataTree(posterior.assign(slope=posterior["slope"] + apart))
    draws.attrs |= {"group_sd_prior": json.dumps({"distribution": "HalfNormal", "sigma": 1.0})}
    return draws


def all_draws(draws, variable, **where):
    """Of one element, chains after each other."""
    return draws["posterior"][variable].sel(where).transpose("chain", "draw").to_numpy()


def test_odds_ratios_are_exponentials_of_the_contrast_they_name(seen):
    table = bl.odds_ratios(seen, ci_prob=CI_PROB)
    for term in ("x", "role[member]"):
        much, some = (all_draws(seen, "slope", category=name, term=term) for name in ("much", "some"))
        row, log_odds = table.loc[("much vs some", term)], much - some
        lower, upper = np.quantile(log_odds, TAILS)
        assert abs(np.median(log_odds)) > 0.05
        assert row["odds_ratio"] == pytest.approx(np.exp(np.median(log_odds)))
        assert (row["lower"], row["upper"]) == pytest.approx((np.exp(lower), np.exp(upper)))
        assert row["log_odds"] == pytest.approx(log_odds.mean())
        assert row["sd"] == pytest.approx(log_odds.std(ddof=1))


def test_chains_that_disagree_have_a_large_r_hat(seen):
    table = bl.odds_ratios(seen)
    much, little = (all_draws(seen, "slope", category=name, term="x") for name in ("much", "little"))
    r_hat = table.loc[("much vs little", "x"), "r_hat"]
    assert r_hat == pytest.approx(arviz_stats.rhat(much - little, chain_axis=0, draw_axis=1))
    assert r_hat > 1.5


@pytest.mark.parametrize("what", ["log-likelihood", "shares", "profiles"])
def test_chains_of_one_mode_agree_in_every_quantity(what):
    """Four chains; the last two differ in one quantity and agree in all others."""
    rng = np.random.default_rng(3)
    apart = np.repeat([0.0, 1.0], 2)[:, None]
    log_likelihood = rng.normal(-900, 3, (4, 100)) - 60 * apart * (what == "log-likelihood")
    first = rng.normal(0.6, 0.01, (4, 100)) + 0.2 * apart * (what == "shares")
    yes = np.array([[0.9, 0.2], [0.3, 0.2]]) + rng.normal(0, 0.02, (4, 100, 2, 2))  # classes differ in one item
    yes = np.where((apart[..., None, None] > 0) & (what == "profiles"), yes[..., ::-1], yes)  # or in the other
    share = np.stack([first, 1 - first], axis=-1)
    quantities = label_free_quantities(log_likelihood, share, np.stack([1 - yes, yes], axis=-1), ["a", "b"])
    assert agreeing_chains(quantities).tolist() == [0, 0, 1, 1]
    assert agreeing_chains(quantities.isel(chain=[0, 1])).tolist() == [0, 0]


def test_heterogeneity_by_hand(seen):
    row = bl.heterogeneity(seen, ci_prob=CI_PROB).loc[("group", "much vs some")]
    sd = np.hypot(*(all_draws(seen, "group_sd", category=name) for name in ("much", "some")))
    measures = {
        "sd": sd,
        "vpc": sd**2 / (sd**2 + stats.logistic.var()),
        "median_odds_ratio": np.exp(np.sqrt(2) * sd * stats.norm.ppf(0.75)),
    }
    for name, values in measures.items():
        assert row[name] == pytest.approx(np.median(values))
        assert (row[f"{name}_lower"], row[f"{name}_upper"]) == pytest.approx(tuple(np.quantile(values, TAILS)))


def test_membership_is_the_class_given_covariates_group_and_answers(made_up):
    staff = made_up.staff()
    draws = made_up.draws("~ x + role + (1 | group)", staff, latent=True)
    found = bl.membership_draws(draws).to_numpy()
    rho = draws["posterior"]["item_probability"].to_numpy().reshape(-1, 3, 3, 2)
    for place in (0, 7, 50):
        person = staff.iloc[place]
        terms = {"x": person["x"], "role[member]": person["role"] == "member"}
        joint = made_up.probability(draws, terms, {"group": person["group"]})
        for item, code in enumerate(draws["observed_data"]["answers"].to_numpy()[place]):
            if code >= 0:
                joint = joint * rho[:, :, item, code]
        expected = joint / joint.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(found[:, :, place].reshape(-1, 3), expected, rtol=0, atol=1e-6)
