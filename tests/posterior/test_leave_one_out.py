"""PSIS-LOO of patterns against every respondent's own, and against refits that leave a respondent out."""

from pathlib import Path

import arviz_stats
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import logsumexp

import bayes_lca as bl
from bayes_lca.likelihood.leave_one_out import leave_one_out
from bayes_lca.sampling.gibbs import random_start, sample_gibbs

REFERENCE = Path(__file__).parents[1] / "reference"
SIZES = (3, 2, 2, 3)
LARGEST_DIFFERENCE = 0.02


@pytest.fixture(scope="module")
def gss82():
    table = pd.read_csv(REFERENCE / "gss82.csv")
    return table.iloc[:, :-1].to_numpy() - table.iloc[:, :-1].to_numpy().min(axis=0), table["count"].to_numpy()


def sample(codes, counts, seed, draws=1500):
    start = random_start(4, 2, SIZES, seed)
    return sample_gibbs(codes, counts, SIZES, start, draws=draws, tune=300, seed=seed, thin=4)


@pytest.fixture(scope="module")
def collapsed(gss82):
    codes, counts = gss82
    found = sample(codes, counts, seed=1)
    return found, leave_one_out(found.log_likelihood, counts)


def test_equals_arviz_on_every_respondent(gss82, collapsed):
    _, counts = gss82
    draws, found = collapsed
    respondent = np.repeat(np.arange(len(counts)), counts)
    log_likelihood = xr.DataArray(draws.log_likelihood[..., respondent], dims=("chain", "draw", "respondent"))
    tree = xr.DataTree.from_dict({"log_likelihood": xr.Dataset({"answers": log_likelihood})})
    effective = arviz_stats.ess(
        np.exp(log_likelihood.isel(respondent=np.flatnonzero(np.diff(respondent, prepend=-1)))), method="mean"
    )
    theirs = arviz_stats.loo(tree, reff=float(effective.mean()) / (4 * draws.log_likelihood.shape[1]), pointwise=True)
    assert found.elpd == pytest.approx(theirs.elpd, abs=1e-8)
    assert found.se == pytest.approx(theirs.se, rel=1e-8)
    assert found.n_high_k == (theirs.pareto_k > theirs.good_k).sum() == 0
    np.testing.assert_allclose(found.pointwise[respondent], theirs.elpd_i, atol=1e-10)


def test_difference_is_that_of_respondents(gss82, collapsed):
    _, counts = gss82
    _, found = collapsed
    other = leave_one_out(found.pointwise[None, None] + np.random.default_rng(1).normal(0, 0.1, (2, 40, 33)), counts)
    each = np.repeat(found.pointwise - other.pointwise, counts)
    assert found.less(other) == pytest.approx((each.sum(), np.sqrt(each.size * each.var(ddof=1))))
    assert found.less(found) == (0.0, 0.0)


def refit(codes, counts, pattern, seed):
    """Log predictive density of a respondent with the pattern, from a posterior that has not seen that respondent."""
    fewer = counts.copy()
    fewer[pattern] -= 1
    log_likelihood = sample(codes, fewer, seed).log_likelihood[..., pattern].ravel()
    return logsumexp(log_likelihood) - np.log(log_likelihood.size)


@pytest.mark.parametrize("pattern", [0, 2, 32])
def test_equals_refits_without_the_respondent(gss82, collapsed, pattern):
    codes, counts = gss82
    assert abs(collapsed[1].pointwise[pattern] - refit(codes, counts, pattern, seed=2)) < LARGEST_DIFFERENCE


@pytest.mark.slow
def test_equals_refits_of_thirty_patterns(gss82, collapsed):
    codes, counts = gss82
    exact = np.array([refit(codes, counts, pattern, seed=3) for pattern in range(30)])
    difference = collapsed[1].pointwise[:30] - exact
    print(f"\nPSIS-LOO less exact, 30 patterns of gss82: {difference.min():.4f} to {difference.max():.4f}")
    assert np.abs(difference).max() < LARGEST_DIFFERENCE


@pytest.mark.parametrize("rounding", [0.0, 1e-16])
def test_patterns_that_are_equally_likely_in_all_draws(rounding):
    """One class and a respondent without answers: that row says 0 in all draws, others are as without it."""
    rng = np.random.default_rng(2)
    others, constant = rng.normal(-2, 0.1, (2, 50, 2)), np.round(rng.random((2, 50, 1))) * rounding
    found = leave_one_out(np.concatenate([others, constant], axis=-1), np.array([3, 1, 2]))
    alone = leave_one_out(others, np.array([3, 1]))
    np.testing.assert_allclose(found.pointwise, [*alone.pointwise, 0.0], atol=1e-15)
    assert found.elpd == pytest.approx(alone.elpd)
    assert found.pareto_k[2] == -np.inf


def test_constant_likelihood():
    found = leave_one_out(np.full((2, 10, 2), -2.0), np.array([3, 1]))
    assert (found.elpd, found.se, found.n_high_k) == (-8.0, 0.0, 0)


def test_too_few_draws_are_refused_in_words():
    values = np.random.default_rng(1).normal(size=(2, 13, 1))
    assert np.isfinite(leave_one_out(values, np.array([2])).elpd)
    with pytest.raises(ValueError, match=r"24 draws: leaving one out .* takes 25 draws or more; sample more"):
        leave_one_out(values[:, :12], np.array([2]))
    draws = bl.load_example()
    few = xr.DataTree.from_dict(
        {
            node.path: node.to_dataset().isel(draw=slice(12)) if "draw" in node.dims else node.to_dataset()
            for node in draws.subtree
        }
    )
    few.attrs = draws.attrs
    with pytest.raises(ValueError, match="24 draws of mode 1: leaving one out"):
        bl.modes(few)
