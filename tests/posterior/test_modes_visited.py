"""Modes that one starting point would never see: chains start at each, and what each holds is estimated."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.em import fit_em
from bayes_lca.models import LatentClass
from bayes_lca.posterior.labels.convergence import convergence_problems
from bayes_lca.posterior.labels.label_free import label_free_quantities
from bayes_lca.posterior.labels.mode_mass import log_evidence, masses
from bayes_lca.posterior.labels.modes import agreeing_chains
from bayes_lca.sampling.gibbs import sample_gibbs
from bayes_lca.sampling.starts import chains_by_start

ITEMS = list("abcdef")
CODES = np.array(list(product([0, 1], repeat=6)))


def mirrored_counts():
    """About 400 respondents, three items about each of two unrelated questions: exchange them and nothing changes."""
    right = np.where(CODES.reshape(-1, 2, 3), 0.85, 0.15)
    each = 0.5 * right.prod(axis=2) + 0.5 * (1 - right).prod(axis=2)
    return np.round(400 * each.prod(axis=1)).astype(int)


@pytest.fixture(scope="module")
def mirrored():
    frame = pd.DataFrame(np.repeat(CODES, mirrored_counts(), axis=0), columns=ITEMS).astype(str)
    with pytest.warns(bl.ConvergenceWarning, match=r"stayed in 2 different modes \(2, 2 chains each\)"):
        return bl.fit(LatentClass(2, bl.Items(ITEMS)), frame, draws=300, tune=200, until=None, progressbar=False)


def test_both_modes_are_visited_and_hold_half_each(mirrored):
    assert json.loads(mirrored.attrs["start_weights"]) == pytest.approx([0.5, 0.5], abs=1e-3)
    assert json.loads(mirrored.attrs["chains_by_start"]) == [2, 2]
    assert json.loads(mirrored.attrs["chain_modes"]) == [0, 0, 1, 1]
    table = bl.modes(mirrored)
    assert table["mass"].sum() == pytest.approx(1)
    assert table["mass"].to_numpy() == pytest.approx([0.5, 0.5], abs=0.1)
    assert (table["mass_lower"] < 0.5).all()
    assert (table["mass_upper"] > 0.5).all()
    assert (table["mass_upper"] - table["mass_lower"] < 0.25).all()
    assert "50 % (2), 50 % (2)" in bl.convergence(mirrored).note
    with pytest.raises(bl.SeveralModesError):
        bl.class_profiles(mirrored)
    of_mode = [bl.class_profiles(bl.keep_mode(mirrored, mode)) for mode in (1, 2)]
    assert len(of_mode[0]) == len(of_mode[1])
    assert bl.modes(bl.keep_mode(mirrored, 2)).loc[2, "mass"] == table.loc[2, "mass"]


def test_modes_of_equal_likelihood_and_shares_are_told_apart_by_the_spread_of_items():
    """Chains of the Gibbs sampler at one mode and at the other; all but the spreads have one distribution."""
    counts = mirrored_counts()
    first, second = (each.item_probability for each in fit_em(CODES, counts, (2,) * 6, 2).maxima)
    start = np.stack([first, second, first, second])
    sampled = sample_gibbs(CODES, counts, (2,) * 6, start, draws=300, tune=50, seed=1, thin=2)
    profile, total = sampled.item_probability, sampled.log_likelihood @ counts
    quantities = label_free_quantities(total, sampled.class_share, profile, ITEMS)
    spreads = [name for name in quantities if name.startswith("spread of ")]
    assert len(spreads) == 6
    assert agreeing_chains(quantities.drop_vars(spreads)).tolist() == [0, 0, 0, 0]
    assert agreeing_chains(quantities).tolist() == [0, 1, 0, 1]


def test_fewer_chains_than_modes_are_named(mirrored):
    one = mirrored.isel(chain=[0, 1])
    one.attrs |= {"chains_by_start": "[2, 0]"}
    text = "1 modes that could hold about 50% of the posterior were not started from: fit with chains=2 or more"
    assert text in convergence_problems(Fit.reading(one))


def test_chains_by_start():
    assert chains_by_start([1.0], 4) == [4]
    assert chains_by_start([0.5, 0.5], 4) == [2, 2]
    assert chains_by_start([0.94, 0.06], 4) == [3, 1]
    assert chains_by_start([0.7, 0.2, 0.1], 8) == [5, 2, 1]
    assert chains_by_start([0.4, 0.3, 0.3], 2) == [1, 1, 0]


def test_evidence_of_a_skewed_density():
    """Logits of a Dirichlet times a normal: the integral is known, and the density is no normal."""
    rng = np.random.default_rng(3)
    gamma = rng.gamma([4.0, 9.0, 2.5], size=(4000, 3))
    logits, normal = np.log(gamma[:, :2] / gamma[:, 2:]), rng.normal(1, 2, size=(4000, 1))
    rho = gamma / gamma.sum(axis=1, keepdims=True)
    log_density = np.log(rho) @ [4.0, 9.0, 2.5] - 0.5 * ((normal[:, 0] - 1) / 2) ** 2
    exact = gammaln([4.0, 9.0, 2.5]).sum() - gammaln(15.5) + 0.5 * np.log(2 * np.pi * 4)
    found, error = log_evidence(np.column_stack([logits, normal]), log_density)
    assert error < 0.05
    assert abs(found - exact) < 4 * error


@pytest.mark.parametrize("still", [0.0, 0.1, 1e6 / 3])
def test_evidence_is_not_a_number_where_draws_stand_still(still):
    """In one coordinate of both halves or of the first alone, and along a sum of two coordinates."""
    theta = np.random.default_rng(5).normal(size=(1000, 3))
    log_density = -0.5 * (theta**2).sum(axis=1)
    assert np.isfinite(log_evidence(theta, log_density)).all()
    in_one, in_half, along = theta.copy(), theta.copy(), theta.copy()
    in_one[:, 1] = still
    in_half[np.arange(1000) * 8 // 1000 % 2 == 0, 1] = still
    along[:, 2] = along[:, 0] + along[:, 1]
    for draws in (in_one, in_half, along):
        assert np.isnan(log_evidence(draws, log_density)).all()


def test_masses_carry_the_error_of_the_evidence():
    found = masses(np.array([[-100.0, 0.2], [-101.0, 0.2]]), (0.025, 0.975))
    np.testing.assert_allclose(found[:, 0], [1 / (1 + np.exp(-1)), 1 / (1 + np.e)])
    half = 1.96 * np.hypot(0.2, 0.2)
    np.testing.assert_allclose(found[0, 1:], 1 / (1 + np.exp([-1 + half, -1 - half])), atol=0.02)
    assert np.isnan(masses(np.array([[-100.0, 0.2], [np.nan, np.nan]]), (0.025, 0.975))).all()
    assert masses(np.array([[np.nan, np.nan]]), (0.025, 0.975)).tolist() == [[1.0, 1.0, 1.0]]
