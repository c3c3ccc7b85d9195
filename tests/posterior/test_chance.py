"""How large R-hat gets by chance where chains agree, and that chains which do not are caught."""

import arviz_stats
import numpy as np
import pytest
import xarray as xr
from arviz_stats.base import array_stats
from scipy.signal import lfilter

from bayes_lca.posterior.labels.agreement import agreement
from bayes_lca.posterior.labels.chance import effective_draws, r_hat_by_chance


def chains(rng, correlation, *, draws=400, quantities=1, shift=0.0):
    """Autocorrelated normal draws of four chains, shape (quantity, chain, draw); the last chain may be elsewhere."""
    noise = rng.normal(size=(quantities, 4, draws + 100))
    values = lfilter([1], [1, -correlation], noise, axis=-1)[..., 100:] * np.sqrt(1 - correlation**2)
    values[:, 3] += shift
    return values


def agreed(values):
    return agreement(xr.Dataset({str(q): (("chain", "draw"), of_one) for q, of_one in enumerate(values)}))


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_effective_draws_of_each_chain_are_those_of_autocorrelated_draws(correlation):
    """The mean of an autoregression of correlation r is worth (1 - r) / (1 + r) of its draws, wherever chains are."""
    rng = np.random.default_rng(1)
    expected = 4 * 400 * (1 - correlation) / (1 + correlation)
    for shift in (0.0, 3.0):
        found = [effective_draws(chains(rng, correlation, shift=shift)[0]) for _ in range(20)]
        assert np.mean(found) == pytest.approx(expected, rel=0.15)


def test_r_hat_by_chance_is_the_quantile_of_the_largest():
    """Against 200,000 R-hats of independent draws, by variances between and within alone: no ranks, no folding."""
    rng, halves, draws = np.random.default_rng(2), 8, 500
    means = rng.normal(size=(200_000, halves)) / np.sqrt(draws)
    within = rng.chisquare(halves * (draws - 1), size=200_000) / (halves * (draws - 1))
    r_hat = np.sqrt((draws - 1) / draws + means.var(axis=1, ddof=1) / within)
    beyond = (r_hat > r_hat_by_chance(halves * draws, 4, 5)).mean()
    assert 0 < beyond <= 0.001 / (2 * 5)  # one component of five quantities' two


def test_agreeing_chains_of_few_effective_draws_are_no_false_alarm():
    """Of 400 effective draws R-hat passes 1.01 by chance, often; the rule of R-hat and that of draws do not collide."""
    rng = np.random.default_rng(3)
    every = [chains(rng, 0.6, quantities=4) for _ in range(25)]
    r_hat = [float(array_stats.rhat(values, chain_axis=1, draw_axis=2).max()) for values in every]
    assert np.mean(np.array(r_hat) > 1.01) > 0.5
    assert all(agreed(values).by_chance for values in every)


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_a_chain_that_is_elsewhere_is_caught(correlation):
    rng = np.random.default_rng(4)
    for _ in range(10):
        found = agreed(chains(rng, correlation, quantities=4, shift=1.0))
        assert not found.by_chance
        assert not found.holds


def test_chains_that_stand_still_elsewhere_are_caught():
    values = np.zeros((1, 4, 50))
    values[0, 3] = 1.0
    assert not agreed(values).by_chance
    assert agreed(np.zeros((2, 4, 50))).holds


def test_chains_that_differ_by_design_are_judged_by_it():
    """Each chain has 50 draws of a first step of its own, each of them used 20 times in random order."""
    rng, alarms = np.random.default_rng(5), []
    for shift in (0.0, 1.5):
        for _ in range(20):
            step = np.stack([rng.permutation(np.repeat(np.arange(50), 20)) for _ in range(4)])
            first = np.take_along_axis(rng.normal(size=(4, 50)), step, axis=1)
            values = first + rng.normal(size=(4, 1000))
            values[3] += shift
            r_hat = float(arviz_stats.rhat(values, chain_axis=0, draw_axis=1))
            alarms.append(r_hat > r_hat_by_chance(effective_draws(values, step), 4, 1, by_design=True))
            assert shift or effective_draws(values) > 1500
    assert sum(alarms[:20]) == 0
    assert sum(alarms[20:]) == 20


@pytest.mark.slow
def test_rates_of_false_alarms_and_of_planted_chains():
    """500 fits of 20 quantities: less than 1 % raise the alarm, more than 99 % where a chain is half a SD away."""
    rng = np.random.default_rng(6)
    for correlation in (0.0, 0.3, 0.6):
        for shift in (0.0, 0.5):
            every = [agreed(chains(rng, correlation, draws=1000, quantities=20, shift=shift)) for _ in range(500)]
            alarms = np.mean([not found.holds for found in every])
            print(f"correlation {correlation}, chain {shift} SD away: {alarms:.3f}")
            assert alarms > 0.99 if shift else alarms < 0.01
