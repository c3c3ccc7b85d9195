"""Simulated waves: frequencies are those of the truth, missed waves have no row, bad arguments are refused."""

import re

import numpy as np
import pytest
from scipy.special import expit, logit

from bayes_lca.datasets.cohort_waves import MISSED_RATE, TRANSITION, load_waves, waves_truth
from bayes_lca.datasets.simulate_waves import simulate_waves

ANSWERS = np.array([[[0.9, 0.1]] * 3 + [[0.6, 0.4]], [[0.2, 0.8]] * 3 + [[0.3, 0.7]]])
STAY = np.array([[0.9, 0.1], [0.3, 0.7]])
N = 40_000


def errors(frequency, probability, n):
    """Standard errors by which a frequency is off."""
    return (frequency - probability) / np.sqrt(probability * (1 - probability) / n)


def test_classes_move_and_answer_as_the_truth_says():
    frame, truth = simulate_waves(N, [0.6, 0.4], STAY, ANSWERS, seed=4, n_waves=3)
    path = truth.latent_class
    assert path.shape == (N, 3)
    assert abs(errors((path[:, 0] == 0).mean(), 0.6, N)) < 4
    for step in range(2):
        for origin in range(2):
            there = path[:, step] == origin
            stayed = (path[there, step + 1] == origin).mean()
            assert abs(errors(stayed, STAY[origin, origin], there.sum())) < 4
        np.testing.assert_allclose(truth.share[step + 1], truth.share[step] @ STAY, atol=1e-12)
    latent_class = path.ravel()
    for j, k in np.ndindex(4, 2):
        there = latent_class == k
        frequency = (frame[f"item{j + 1}"][there] == 2).mean()
        assert abs(errors(frequency, ANSWERS[k, j, 1], there.sum())) < 4
    np.testing.assert_allclose(truth.mean_transition, [STAY, STAY], atol=1e-10)


def test_slopes_move_the_first_wave_by_its_covariates_and_moves_by_those_of_the_wave_moved_to():
    frame, truth = simulate_waves(
        N, [0.6, 0.4], STAY, ANSWERS, seed=5, n_waves=2, slope=[[1.0]], transition_slope=[[-1.0]]
    )
    x = frame["x1"].to_numpy().reshape(N, 2)
    high = x[:, 0] > 1
    at_high = expit(truth.intercept[1] + x[high, 0]).mean()
    assert abs(errors((truth.latent_class[high, 0] == 1).mean(), at_high, high.sum())) < 4
    there = (truth.latent_class[:, 0] == 0) & (x[:, 1] > 1)
    moved = expit(logit(0.1) - x[there, 1]).mean()
    assert abs(errors((truth.latent_class[there, 1] == 1).mean(), moved, there.sum())) < 4
    np.testing.assert_array_equal(truth.transition_slope, [[0.0, -1.0]])


def test_groups_move_apart_and_keep_their_persons():
    frame, truth = simulate_waves(
        N, [0.6, 0.4], STAY, ANSWERS, seed=6, n_waves=2, n_groups=4, group_sd=0.5, transition_group_sd=1.0
    )
    assert (frame.groupby("person")["group"].nunique() == 1).all()
    group = frame["group"].cat.codes.to_numpy().reshape(N, 2)[:, 0]
    for g in range(4):
        there = (group == g) & (truth.latent_class[:, 0] == 0)
        moved = expit(logit(0.1) + truth.transition_group_effect[g] @ [-1, 1])
        assert abs(errors((truth.latent_class[there, 1] == 1).mean(), moved, there.sum())) < 4


def test_a_person_answers_alike_at_all_waves():
    """Within a class, answers of a person at two waves are independent without a loading, and not with one."""
    for loading, related in ((0.0, False), (1.5, True)):
        frame, truth = simulate_waves(N, [0.5, 0.5], STAY, ANSWERS, seed=7, n_waves=2, loading=loading)
        answers = (frame["item4"] == 2).to_numpy().reshape(N, 2)
        there = (truth.latent_class == 0).all(axis=1)
        correlation = np.corrcoef(answers[there].T)[0, 1]
        assert (correlation > 0.1) if related else (abs(correlation) < 4 / np.sqrt(there.sum()))


def test_missed_waves_have_no_row_and_the_others_do_not_change():
    complete, _ = simulate_waves(500, [0.6, 0.4], STAY, ANSWERS, seed=8)
    frame, _ = simulate_waves(500, [0.6, 0.4], STAY, ANSWERS, seed=8, missed_rate=0.4)
    assert frame["person"].nunique() == 500
    assert abs(errors(len(frame) / len(complete), 0.6, len(complete))) < 10
    both = complete.merge(frame, on=["person", "wave"], suffixes=("", "_seen"))
    assert len(both) == len(frame)
    assert (both["item1"].astype(int) == both["item1_seen"].astype(int)).all()


def test_a_table_of_moves_for_each_step():
    steps = np.array([STAY, [[0.5, 0.5], [0.5, 0.5]]])
    _, truth = simulate_waves(N, [0.6, 0.4], steps, ANSWERS, seed=9, n_waves=3)
    there = truth.latent_class[:, 1] == 0
    assert abs(errors((truth.latent_class[there, 2] == 0).mean(), 0.5, there.sum())) < 4
    np.testing.assert_array_equal(truth.transition, steps)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"transition": [[0.9, 0.2], [0.3, 0.7]]}, "give positive probabilities that add up to 1"),
        ({"transition": [[1.0, 0.0], [0.3, 0.7]]}, "give positive probabilities that add up to 1"),
        ({"transition": [[1.0]]}, "give (origin, destination), 2 classes each, or one such table for each of 2 steps"),
        ({"initial": [0.5, 0.3, 0.2]}, "item_probability has 2 classes, initial 3"),
        ({"n_waves": 1}, "n_waves is 1: give 2 or more"),
        ({"slope": [[1.0, 2.0]]}, "slope has shape (1, 2); give finite values (1 covariates, 1)"),
        ({"slope": [[1.0]], "transition_slope": [[1.0], [2.0]]}, "slope has shape (1, 1); give finite values (2"),
        ({"slope": 3.0}, "slope has shape (1,); give finite values (1 covariates, 1)"),
        ({"n_groups": 0}, "n_groups is 0 and n is 50"),
        ({"missed_rate": 1.0}, "missed_rate is 1.0"),
        ({"loading": np.nan}, "loading is nan"),
    ],
)
def test_what_is_refused(changes, words):
    arguments = {"n": 50, "initial": [0.6, 0.4], "transition": STAY, "item_probability": ANSWERS, "seed": 1}
    with pytest.raises(ValueError, match=re.escape(words)):
        simulate_waves(**{**arguments, **changes})


def test_the_cohort_of_waves_has_its_truth():
    frame, truth = load_waves(), waves_truth()
    n = 2200
    assert "Synthetic" in frame.attrs["source"]
    assert frame["person"].nunique() == n
    seen = frame["wave"].value_counts().sort_index().to_numpy() / n
    np.testing.assert_allclose(seen, 1 - np.array(MISSED_RATE), atol=0.03)
    for origin in range(3):
        there = truth.latent_class[:, 0] == origin
        moved = np.bincount(truth.latent_class[there, 1], minlength=3) / there.sum()
        assert np.abs(errors(moved, truth.mean_transition[0, origin], there.sum())).max() < 4
    assert np.abs(truth.mean_transition - TRANSITION).max() < 0.1


def test_two_waves_are_the_first_two_of_three():
    two, three = load_waves(2), load_waves()
    earlier = three[three["wave"] < 3].reset_index(drop=True)
    assert two.equals(earlier)
    np.testing.assert_array_equal(waves_truth(2).latent_class, waves_truth().latent_class[:, :2])
    with pytest.raises(ValueError, match="the cohort has 2 or 3 waves"):
        load_waves(4)
