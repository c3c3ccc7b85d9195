"""The cut posterior: resampled where that is reliable, sampled where it is not, the same either way."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

import bayes_lca as bl
from bayes_lca.workflows.ladder import cut_posterior

STEPS, EACH = 8, 400
OPTIONS = {"measurement_draws": STEPS, "draws": STEPS * EACH // 4, "tune": 300, "seed": 3, "progressbar": False}

pytestmark = pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")


@pytest.fixture(
    scope="module",
    params=["~ x", pytest.param("~ x + (1 | group)", marks=pytest.mark.slow)],
    ids=["one level", "groups"],
)
def structural(request):
    return bl.Regression(request.param)


@pytest.fixture(scope="module")
def resampled(measured, structural, survey):
    return bl.fit_two_step(measured, structural, survey, **OPTIONS)


def by_step(draws):
    """Slopes of the second class against the first, by the draw of the first step they belong to: one array each."""
    posterior = draws["posterior"]
    slope = posterior["slope"].sel(term="x").diff("latent_class").to_numpy().ravel()
    first = posterior["item_probability"].transpose("chain", "draw", ...).to_numpy().reshape(len(slope), -1)
    _, step = np.unique(first, axis=0, return_inverse=True)
    return np.stack([slope[step == one] for one in range(STEPS)])


def test_resampling_is_nested_sampling(measured, structural, survey, resampled, monkeypatch):
    """Given each draw of the first step, mean and spread of a slope within Monte Carlo error."""
    monkeypatch.setattr(cut_posterior, "LARGEST_PARETO_K", -np.inf)
    sampled = bl.fit_two_step(measured, structural, survey, **OPTIONS)
    assert resampled.attrs["sampled_again"] < STEPS == sampled.attrs["sampled_again"]
    ours, nuts = by_step(resampled), by_step(sampled)
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
    kept = resampled["posterior"]["item_probability"].transpose("chain", "draw", "latent_class", "item", "category")
    steps, times = np.unique(kept.to_numpy().reshape(-1, 2, 4, 2), axis=0, return_counts=True)
    assert times.tolist() == [EACH] * STEPS
    first = measured["posterior"]["item_probability"].transpose("chain", "draw", "latent_class", "item", "category")
    first = first.to_numpy().reshape(-1, 2, 4, 2)
    assert all((first == one).all(axis=(1, 2, 3)).sum() == 1 for one in steps)


def test_draws_used_again_and_chains_that_disagree_are_seen(measured, structural, survey, monkeypatch):
    """Chains of NUTS that were moved apart stay apart; effective draws are no more than there were."""
    sample = cut_posterior.Sampler.sample

    def moved_apart(self, prepared, settings, data=None):
        draws = sample(self, prepared, settings, data or {})
        if settings.chains > 1:
            slope = draws["posterior"]["slope"]
            draws["posterior"]["slope"] = slope + 0.5 * slope["latent_class"].copy(data=[-1, 1]) * slope["chain"]
        return draws

    few = OPTIONS | {"draws": 800, "measurement_draws": 40}
    plain = bl.odds_ratios(bl.fit_two_step(measured, structural, survey, **few))
    monkeypatch.setattr(cut_posterior, "PROPOSALS", 50)
    again = bl.odds_ratios(bl.fit_two_step(measured, structural, survey, **few))
    assert again["ess_bulk"].max() < 4 * 50 * 1.5 < plain["ess_bulk"].min()
    monkeypatch.setattr(cut_posterior.Sampler, "sample", moved_apart)
    with pytest.warns(bl.ConvergenceWarning, match="R-hat"):
        apart = bl.fit_two_step(measured, structural, survey, **few)
    with pytest.raises(bl.SeveralModesError):
        bl.odds_ratios(apart)


def test_measurement_draws_must_divide_the_draws(measured, nested, survey):
    with pytest.raises(ValueError, match="measurement_draws=7"):
        bl.fit_two_step(measured, nested.structural, survey, **OPTIONS | {"measurement_draws": 7})
    available = measured["posterior"].sizes["chain"] * measured["posterior"].sizes["draw"]
    too_many = {"measurement_draws": 2 * available, "draws": available // 2}
    with pytest.raises(ValueError, match=f"at most the {available} draws of the first step"):
        bl.fit_two_step(measured, nested.structural, survey, **OPTIONS | too_many)
