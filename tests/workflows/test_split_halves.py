"""Random parts of a sample differ as far as sampling says."""

import numpy as np
import pytest

import bayes_lca as bl


def test_parts_differ_more_the_smaller_they_are(measured):
    halves = bl.split_halves(measured, repeats=6, n_draws=60)
    quarters = bl.split_halves(measured, sizes=(100, 100), repeats=6, n_draws=60)
    assert halves.index.tolist() == ["C1", "C2"]
    assert (halves["lower"] <= halves["distance"]).all()
    assert (halves["distance"] <= halves["upper"]).all()
    assert quarters["distance"].mean() > 1.15 * halves["distance"].mean()
    assert "n = 400" in halves.note
    assert "6 random splits into 200 and 200 respondents, 60 draws of each part" in halves.note


def test_agrees_with_what_posteriors_expect(measured):
    """Two fits of the whole expect a distance; halves have posteriors wider by the square root of two."""
    expected = bl.compare_structures({"a": measured, "b": measured}, n_draws=400).classes["expected"].to_numpy()
    found = bl.split_halves(measured, repeats=10, n_draws=80)["distance"].to_numpy()
    np.testing.assert_allclose(found / (np.sqrt(2) * expected), 1, atol=0.35)


def test_same_seed_same_table(measured):
    one, again, other = (bl.split_halves(measured, repeats=2, n_draws=20, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one["distance"] != other["distance"]).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sizes": (300, 200)}, r"sizes=\(300, 200\): give the respondents of two parts, together at most the 400"),
        ({"sizes": (0, 300)}, r"sizes=\(0, 300\)"),
        ({"repeats": 1}, "repeats=1: repeats is a whole number from 2 on"),
        ({"n_draws": 2}, "n_draws=2: n_draws is a whole number from 10 on"),
    ],
)
def test_bad_settings(measured, settings, message):
    with pytest.raises(ValueError, match=message):
        bl.split_halves(measured, **settings)
