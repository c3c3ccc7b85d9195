"""The cut posterior: resampled where that is reliable, sampled where it is not, the same either way."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

import bayes_lca as bl
from bayes_lca.workflows import two_step

STEPS, EACH = 8, 400
OPTIONS = {"measurement_draws": STEPS, "draws": STEPS * EACH // 4, "tune": 300, "seed": 3, "progressbar": False}

pytestmark = pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")


@pytest.fixture(scope="module")
def measured(ladder):
    return ladder[0]["measured"]


@pytest.fixture(scope="module")
def resampled(measured, nested, survey):
    return bl.fit_two_step(measured, nested.structural, survey, **OPTIONS)


def by_step(draws, name):
    """Draws of the second class's parameter against the first, shape (measurement draw, draw)."""
    values = draws["posterior"][name].sel(term="x").diff("latent_class")
    return values.to_numpy().reshape(STEPS, EACH)


def test_resampling_is_nested_sampling(measured, nested, survey, resampled, monkeypatch):
    """Given each draw of the first step, mean and spread of a slope within Monte Carlo error."""
    monkeypatch.setattr(two_step, "LARGEST_PARETO_K", -np.inf)
    sampled = bl.fit_two_step(measured, nested.structural, survey, **OPTIONS)
    assert resampled.attrs["sampled_again"] < STEPS == sampled.attrs["sampled_again"]
    ours, nuts = by_step(resampled, "slope"), by_step(sampled, "slope")
    effective = np.array([array_stats.ess(chain, chain_axis=None, draw_axis=-1) for chain in nuts])
    distinct = np.array([len(np.unique(chain)) for chain in ours])
    assert distinct.min() > 100
    spread = nuts.std(axis=1, ddof=1)
    error_of_mean = spread * np.sqrt(1 / effective + 1 / distinct)
    assert (np.abs(ours.mean(axis=1) - nuts.mean(axis=1)) < 4 * error_of_mean).all()
    error_of_log_spread = np.sqrt(0.5 / effective + 0.5 / distinct)
    assert (np.abs(np.log(ours.std(axis=1, ddof=1) / spread)) < 4 * error_of_log_spread).all()


def test_first_step_is_untouched_by_the_covariates(measured, resampled):
    """The draws of the item probabilities are draws of the first step, each repeated as often."""
    kept = resampled["posterior"]["item_probability"].to_numpy().reshape(STEPS, EACH, 2, 4, 2)
    assert (kept == kept[:, :1]).all()
    first = measured["posterior"]["item_probability"].transpose("chain", "draw", "latent_class", "item", "category")
    first = first.to_numpy().reshape(-1, 2, 4, 2)
    assert all((first == one).all(axis=(1, 2, 3)).sum() == 1 for one in kept[:, 0])


def test_measurement_draws_must_divide_the_draws(measured, nested, survey):
    with pytest.raises(ValueError, match="measurement_draws=7"):
        bl.fit_two_step(measured, nested.structural, survey, **OPTIONS | {"measurement_draws": 7})
    with pytest.raises(ValueError, match="at most the 800 draws of the first step"):
        bl.fit_two_step(measured, nested.structural, survey, **OPTIONS | {"measurement_draws": 1600, "draws": 400})
