"""Posterior predictive answers have the frequencies that the draws imply."""

import numpy as np
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.twins.categorical_answers import CategoricalAnswers


def thinned(draws, times):
    """The same fit with every draw repeated, so that Monte Carlo error of the predictions is small."""
    result = draws.copy()
    some = draws["posterior"].to_dataset().isel(draw=np.repeat(np.arange(0, 300, 30), times))
    result["posterior"] = xr.DataTree(some.assign_coords(draw=np.arange(some.sizes["draw"])))
    return result


def test_same_seed_same_answers(lca_draws):
    few = thinned(lca_draws, 1)
    one, again, other = (bl.posterior_predictive(few, seed=seed) for seed in (1, 1, 2))
    xr.testing.assert_identical(one, again)
    assert not one.equals(other)


@pytest.mark.parametrize("shift", [0, 127 - 2, 128, 2**40, -(2**15), 0.5])
def test_answers_of_any_size_are_kept(lca_draws, monkeypatch, shift):
    monkeypatch.setattr(Fit, "blocks", lambda fit, n: [slice(0, 20), slice(20, fit.n_draws)])
    few = thinned(lca_draws, 1)
    of_items = bl.posterior_predictive(few)["answers"]
    draw = CategoricalAnswers.draw

    def in_the_last_draws(self, fit, which, *arguments):
        return draw(self, fit, which, *arguments) + (shift if which.start else 0)

    monkeypatch.setattr(CategoricalAnswers, "draw", in_the_last_draws)
    shifted = bl.posterior_predictive(few)["answers"]
    assert of_items.dtype == np.int8
    late = np.arange(of_items.sizes["chain"] * of_items.sizes["draw"]).reshape(of_items.shape[:2]) >= 20
    np.testing.assert_array_equal(shifted, of_items.astype(float) + shift * late[..., None, None])


def test_fit_stores_what_posterior_predictive_gives(lca_draws, multinomial_draws):
    for draws in (lca_draws, multinomial_draws):
        expected = bl.posterior_predictive(draws, seed=draws.attrs["seed"])
        xr.testing.assert_identical(draws["posterior_predictive"].to_dataset(), expected)


def test_pairs_of_items_depend_on_each_other_through_the_class(lca_draws):
    """One class is drawn per respondent, then all answers from it: P(a, b) = sum_c pi_c rho_ca rho_cb."""
    draws = thinned(lca_draws, 20)
    answers = bl.posterior_predictive(draws, seed=3)["answers"].to_numpy()
    share = draws["posterior"]["class_share"].to_numpy()
    rho = draws["posterior"]["item_probability"].to_numpy()
    n = answers.shape[0] * answers.shape[1] * answers.shape[2]
    scores = []
    for i, j in ((0, 2), (3, 5), (1, 4)):
        for a, b in ((2, 2), (1, 1), (2, 1)):
            observed = ((answers[..., i] == a) & (answers[..., j] == b)).mean()
            expected = (share * rho[:, :, :, i, a] * rho[:, :, :, j, b]).sum(axis=-1).mean()
            scores.append((observed - expected) / np.sqrt(expected * (1 - expected) / n))
    assert np.abs(scores).max() < 4


def test_classes_follow_covariates_and_groups(joint_draws):
    """Predicted answers of a group are those of its own class probabilities."""
    draws = thinned(joint_draws, 20)
    posterior, constant = draws["posterior"], draws["constant_data"]
    answers = bl.posterior_predictive(draws, seed=4)["answers"].sel(item="expertise").to_numpy()
    increase = posterior["item_probability"].sel(item="expertise", category="increase").to_numpy()
    group = constant["group_index"].to_numpy()
    eta = posterior["intercept"].to_numpy()[:, :, None] + constant["design"].to_numpy() @ posterior["slope"].to_numpy()
    eta = eta + posterior["group_effect"].to_numpy()[:, :, group]
    share = np.exp(eta) / np.exp(eta).sum(axis=-1, keepdims=True)
    expected = (share * increase[:, :, None]).sum(axis=-1)
    for g in range(6):
        rows = group == g
        probability = expected[:, :, rows]
        error = np.sqrt((probability * (1 - probability)).mean() / probability.size)
        assert abs((answers[:, :, rows] == 2).mean() - probability.mean()) / error < 4
    assert np.ptp([expected[:, :, group == g].mean() for g in range(6)]) > 0.02


def test_outcomes_follow_their_own_probabilities(multinomial_draws):
    """Respondent by respondent: standardised counts of a category have variance 1."""
    draws = thinned(multinomial_draws, 20)
    posterior, constant = draws["posterior"], draws["constant_data"]
    outcome = bl.posterior_predictive(draws, seed=5)["outcome"].to_numpy()
    eta = posterior["intercept"].to_numpy()[:, :, None] + constant["design"].to_numpy() @ posterior["slope"].to_numpy()
    eta = eta + posterior["group_effect"].to_numpy()[:, :, constant["group_index"].to_numpy()]
    share = np.exp(eta) / np.exp(eta).sum(axis=-1, keepdims=True)
    for category in range(3):
        p = share[..., category]
        z = ((outcome == category) - p).sum(axis=(0, 1)) / np.sqrt((p * (1 - p)).sum(axis=(0, 1)))
        assert (z**2).mean() == pytest.approx(1.0, abs=4 * np.sqrt(2 / len(z)))
        assert abs(z.sum() / np.sqrt(len(z))) < 4


def test_predictions_are_small_whole_numbers(lca_draws):
    answers = lca_draws["posterior_predictive"]["answers"]
    assert answers.dtype == np.int8
    assert set(np.unique(answers)) == {0, 1, 2}
    assert answers.dims == ("chain", "draw", "respondent", "item")
    np.testing.assert_array_equal(answers["respondent"], lca_draws["observed_data"]["respondent"])
