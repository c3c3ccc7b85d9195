"""R-hat and effective draws of many quantities at once are those of ArviZ, and judged once in a fit."""

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy.signal import lfilter
from scipy.stats import norm, rankdata

import bayes_lca as bl
from bayes_lca.fitted.chain_diagnostics import (
    NUMBERS_AT_ONCE,
    chain_diagnostics,
    effective_draws_of_mean,
    normal_scores,
    rank_r_hat,
    split_r_hat,
)
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels import convergence
from bayes_lca.sampling.until_converged import draws_to_go_on_to

CASES = [
    (chains, draws, correlation)
    for chains in (1, 2, 4)
    for draws in (4, 5, 7, 20, 101, 333)
    for correlation in (-0.8, 0.0, 0.7, 0.98)
]


def awkward(chains, draws, correlation):
    """Autocorrelated draws, shape (element, chain, draw): some with ties, apart, standing still, or no numbers."""
    rng = np.random.default_rng([chains, draws])
    values = lfilter([1], [1, -correlation], rng.normal(size=(16, chains, draws)), axis=-1)
    values[:3] = values[:3].round()
    values[3:5, 0] += 1
    values[5] = 0
    values[6] = np.arange(chains)[:, None]
    values[7, :, : draws // 2] = 0
    values[8, 0, 0] = np.nan
    values[9] = values[9] > 1.5
    values[10] = np.repeat(values[10, :, :1], draws, axis=1)
    values[11] *= 1e-9
    return values


def by_arviz(function, values, **options):
    with np.errstate(divide="ignore", invalid="ignore"):
        return function(values, chain_axis=1, draw_axis=2, **options)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("chains", "draws", "correlation"), CASES)
def test_diagnostics_are_those_of_arviz(chains, draws, correlation):
    values = awkward(chains, draws, correlation)
    r_hat, ess_bulk, ess_tail = chain_diagnostics(values)
    expected = {
        "r_hat": (r_hat, by_arviz(array_stats.rhat, values)),
        "rank": (rank_r_hat(values), by_arviz(array_stats.rhat, values)),
        "split": (split_r_hat(values), by_arviz(array_stats.rhat, values, method="split")),
        "bulk": (ess_bulk, by_arviz(array_stats.ess, values, method="bulk")),
        "tail": (ess_tail, by_arviz(array_stats.ess, values, method="tail", prob=0.89)),
        "mean": (effective_draws_of_mean(values), by_arviz(array_stats.ess, values, method="mean")),
        "identity": (
            effective_draws_of_mean(values, split=False),
            by_arviz(array_stats.ess, values, method="identity"),
        ),
    }
    for name, (found, by_definition) in expected.items():
        np.testing.assert_allclose(found, by_definition, rtol=1e-12, err_msg=name)


def test_scores_of_ranks_with_ties():
    values = np.random.default_rng(1).integers(0, 30, size=(5, 2, 40)).astype(float)
    for of_element, scores in zip(values, normal_scores(values), strict=True):
        expected = norm.ppf((rankdata(of_element) - 3 / 8) / (80 + 1 / 4)).reshape(2, 40)
        np.testing.assert_allclose(scores, expected, rtol=1e-14)


def test_elements_are_judged_one_by_one_however_many_there_are():
    values = np.random.default_rng(2).normal(size=(3 * NUMBERS_AT_ONCE // 4000, 4, 1000))
    together = chain_diagnostics(values)
    for place in (0, NUMBERS_AT_ONCE // 4000, len(values) - 1):
        alone = chain_diagnostics(values[[place]])
        np.testing.assert_allclose([each[place] for each in together], np.ravel(alone), rtol=1e-12)


def test_no_elements_have_no_diagnostics():
    assert [len(each) for each in chain_diagnostics(np.empty((0, 4, 100)))] == [0, 0, 0]


@pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")
def test_the_table_that_decides_whether_chains_go_on_is_the_one_behind_the_warning(monkeypatch):
    made, table_of_fit = [], convergence._convergence_table
    monkeypatch.setattr(convergence, "_convergence_table", lambda fit: made.append(fit) or table_of_fit(fit))
    fit = Fit.reading(bl.load_example())
    draws_to_go_on_to(fit, fit.draws_per_chain)
    convergence.warn_of_convergence(fit)
    assert made == [fit]
