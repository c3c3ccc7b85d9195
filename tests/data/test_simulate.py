"""The generator of survey answers: its draws follow the truth it reports."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from bayes_lca.data.categories import draw_category
from bayes_lca.datasets.simulate import (
    draw_normal,
    sharpen,
    simulate_answers,
    simulate_latent_classes,
    solve_intercepts,
    uniform_stream,
)

SHARE = [0.5, 0.3, 0.2]
RAGGED = np.array(
    [
        [[0.7, 0.2, 0.1], [0.9, 0.1, 0.0], [0.6, 0.4, 0.0]],
        [[0.2, 0.6, 0.2], [0.5, 0.5, 0.0], [0.3, 0.7, 0.0]],
        [[0.1, 0.1, 0.8], [0.2, 0.8, 0.0], [0.05, 0.95, 0.0]],
    ]
)


def standard_errors_off(count, n, probability):
    """Distance of binomial counts from their expectation, in standard errors."""
    return (count - n * probability) / np.sqrt(n * probability * (1 - probability))


def test_the_stream_of_uniforms_is_the_documented_one():
    state = uniform_stream(1)
    np.testing.assert_array_equal(state.random(3), np.random.Generator(np.random.PCG64(1)).random(3))
    np.testing.assert_allclose(uniform_stream(1).random(2), [0.5118216247, 0.9504636963], atol=1e-10)


def test_normals_have_normal_moments():
    draws = draw_normal(100_000, uniform_stream(3))
    assert abs(draws.mean()) < 4.5 / np.sqrt(100_000)
    assert abs(draws.std() - 1) < 4.5 / np.sqrt(2 * 100_000)


def test_categories_come_in_their_proportions_and_never_beyond_a_trailing_zero():
    probability = np.array([0.1, 0.2, 0.7, 0.0])
    drawn = np.bincount(draw_category(np.tile(probability, (50_000, 1)), uniform_stream(4)), minlength=4)
    assert drawn[3] == 0
    assert np.abs(standard_errors_off(drawn[:3], 50_000, probability[:3])).max() < 4.5


def test_answers_follow_the_class_they_come_from():
    latent_class = np.repeat([0, 1, 2], 20_000)
    codes = simulate_answers(RAGGED, latent_class, uniform_stream(5))
    for c in range(3):
        for j in range(3):
            count = np.bincount(codes[latent_class == c, j], minlength=3)
            possible = RAGGED[c, j] > 0
            off = standard_errors_off(count[possible], 20_000, RAGGED[c, j][possible])
            assert np.abs(off).max() < 4.5
            assert count[~possible].sum() == 0


def test_items_are_independent_given_the_class():
    codes = simulate_answers(RAGGED, np.zeros(40_000, dtype=int), uniform_stream(6))
    correlation = np.corrcoef(codes.T)[np.triu_indices(3, 1)]
    assert np.abs(correlation).max() < 4.5 / np.sqrt(40_000)


def test_missing_answers_leave_the_others_as_they_were():
    latent_class = np.arange(30_000) % 3
    whole = simulate_answers(RAGGED, latent_class, uniform_stream(7))
    partial = simulate_answers(RAGGED, latent_class, uniform_stream(7), missing_rate=0.15)
    missing = partial == -1
    assert np.abs(standard_errors_off(missing.sum(axis=0), 30_000, 0.15)).max() < 4.5
    np.testing.assert_array_equal(partial[~missing], whole[~missing])
    assert (whole >= 0).all()


def test_intercepts_reach_the_shares():
    offset = draw_normal((500, 3), uniform_stream(8)) * [0, 2, 5] + [0, 3, -20]
    intercept = solve_intercepts(offset, SHARE)
    odds = np.exp(offset + intercept)
    np.testing.assert_allclose((odds / odds.sum(axis=1, keepdims=True)).mean(axis=0), SHARE, atol=1e-9)
    assert intercept[0] == 0


def test_intercepts_without_offset_are_the_log_odds_of_the_shares():
    np.testing.assert_allclose(solve_intercepts(np.zeros((4, 2)), [0.8, 0.2]), [0, logit(0.2)], atol=1e-9)
    np.testing.assert_array_equal(solve_intercepts(np.zeros((4, 1)), [1.0]), [0])


def test_separation_scales_the_distance_of_two_classes_in_log_odds():
    increase = np.array([0.3, 0.9])
    items = np.stack([1 - increase, increase], axis=-1)[:, None, :]  # (latent_class, item, category)
    centre, half = logit(increase).mean(), np.diff(logit(increase))[0] / 2
    np.testing.assert_allclose(sharpen(items, 0.5)[:, 0, 1], expit([centre - half / 2, centre + half / 2]))
    np.testing.assert_allclose(sharpen(items, 2)[:, 0, 1], expit([centre - 2 * half, centre + 2 * half]))
    np.testing.assert_array_equal(sharpen(RAGGED, 1), RAGGED)
    np.testing.assert_allclose(np.ptp(sharpen(RAGGED, 0), axis=0), 0, atol=1e-12)
    assert (sharpen(RAGGED, 1.7)[RAGGED == 0] == 0).all()


def test_a_survey_has_the_columns_and_shares_asked_for():
    slope = np.array([[0.5, -0.5], [1.0, 0.0]])
    frame, truth = simulate_latent_classes(
        3000, SHARE, RAGGED, seed=9, slope=slope, n_groups=7, group_sd=0.6, missing_rate=0.1
    )
    assert list(frame.columns) == ["group", "x1", "x2", "item1", "item2", "item3"]
    assert frame.index.name == "respondent" and frame.index[0] == 1
    assert [len(frame[item].cat.categories) for item in ("item1", "item2", "item3")] == [3, 2, 2]
    assert all(frame[item].cat.ordered for item in ("item1", "item2", "item3"))
    assert frame["group"].value_counts().max() - frame["group"].value_counts().min() <= 1
    np.testing.assert_allclose(truth.class_probability.mean(axis=0), SHARE, atol=1e-9)
    logits = truth.intercept + frame[["x1", "x2"]].to_numpy() @ np.column_stack([[0, 0], slope])
    logits += truth.group_effect[frame["group"].cat.codes]
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(truth.class_probability, expected, atol=1e-12)
    count = np.bincount(truth.latent_class)
    variance = (expected * (1 - expected)).sum(axis=0)
    assert (np.abs(count - expected.sum(axis=0)) < 4.5 * np.sqrt(variance)).all()


def test_a_plain_survey_has_items_only_and_repeats_with_its_seed():
    first, truth = simulate_latent_classes(200, SHARE, RAGGED, seed=10)
    again, _ = simulate_latent_classes(200, SHARE, RAGGED, seed=10)
    other, _ = simulate_latent_classes(200, SHARE, RAGGED, seed=11)
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert list(first.columns) == ["item1", "item2", "item3"]
    np.testing.assert_allclose(truth.class_probability, np.tile(SHARE, (200, 1)), atol=1e-9)
    assert "Simulated" in first.attrs["source"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class_share": [0.5, 0.6, 0.1]}, "class_share"),
        ({"class_share": [0.5, 0.5]}, "3 classes, class_share 2"),
        ({"item_probability": RAGGED[0]}, "item_probability has shape"),
        ({"item_probability": RAGGED * 1.1}, "add up to 1"),
        ({"slope": [[1.0]]}, "slope has shape"),
        ({"n_groups": 0}, "n_groups is 0"),
        ({"n_groups": 300}, "n_groups is 300 and n is 200"),
        ({"group_sd": -1.0}, "group_sd is -1.0"),
        ({"missing_rate": 1.0}, "missing_rate is 1.0"),
        ({"seed": -3}, "seed is -3"),
        ({"seed": 1.5}, "seed is 1.5"),
    ],
)
def test_arguments_out_of_range_are_named(change, message):
    arguments = {"n": 200, "class_share": SHARE, "item_probability": RAGGED, "seed": 1} | change
    with pytest.raises(ValueError, match=message):
        simulate_latent_classes(**arguments)


def test_classes_unknown_to_the_item_probabilities_are_refused():
    for wrong in ([0, 3], [-1, 0], [0.0, 1.0]):
        with pytest.raises(ValueError, match="latent_class leaves 0 to 2"):
            simulate_answers(RAGGED, np.array(wrong), uniform_stream(1))


def test_separation_refuses_what_it_cannot_scale():
    with pytest.raises(ValueError, match="separation is -1"):
        sharpen(RAGGED, -1)
    with pytest.raises(ValueError, match="0 in some classes only"):
        sharpen(np.array([[[1.0, 0.0]], [[0.5, 0.5]]]), 2)


def test_offsets_too_extreme_are_refused():
    with pytest.raises(ValueError, match="too far for the shares"):
        solve_intercepts(np.array([[0.0, 0.0, 0.0], [0.0, np.nan, 0.0]]), SHARE)
