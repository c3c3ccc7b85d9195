"""Classes that the answers do not ask for are empty, and those they ask for are not."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.datasets.simulate import simulate_answers

ITEMS = [f"item{j}" for j in range(1, 8)]
SHORT = {"draws": 600, "tune": 200, "max_classes": 6}


def answers(n_classes, n=800, seed=1):
    """Binary answers of equal classes, each apart from the others on items of its own."""
    rng = np.random.Generator(np.random.PCG64(seed))
    yes = np.full((n_classes, len(ITEMS)), 0.1)
    for c in range(n_classes):
        yes[c, np.arange(len(ITEMS)) % n_classes == c] = 0.9
    codes = simulate_answers(np.stack([1 - yes, yes], axis=-1), rng.integers(n_classes, size=n), rng)
    return pd.DataFrame(codes, columns=ITEMS)


few_draws = pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")


@few_draws
@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_true_number_is_occupied(n_classes):
    table = bl.overfitted(bl.Items(ITEMS), answers(n_classes), **SHORT)
    assert table["probability"].idxmax() == n_classes
    assert table.loc[n_classes, "probability"] > 0.8
    assert table["probability"].sum() == pytest.approx(1)
    assert table["any_member"].sum() == pytest.approx(1)
    row = table.loc[n_classes]
    assert row["smallest_share_lower"] <= row["smallest_share"] <= row["smallest_share_upper"]
    assert abs(row["smallest_share"] - 1 / n_classes) < 0.1
    assert table.loc[table["probability"] == 0, "smallest_share"].isna().all()


@few_draws
def test_cut_off_and_alpha_are_said_and_used():
    frame = answers(2)
    every = bl.overfitted(bl.Items(ITEMS), frame, cut_off=0, **SHORT)
    np.testing.assert_array_equal(every["probability"], every["any_member"])
    half = bl.overfitted(bl.Items(ITEMS), frame, cut_off=0.5, **SHORT)
    assert "occupied: 400 respondents or more (cut-off 0.5 of n)" in half.note
    assert "6 classes, alpha = 0.01 each" in half.note
    assert "n = 800, 0 rows left out, 0 answers missing, 4 x 600 draws" in half.note
    assert half.loc[1, "probability"] > 0.9 > half.loc[1, "any_member"]
    with pytest.warns(bl.ConvergenceWarning, match="all 2 classes are occupied in 100% of draws: raise max_classes"):
        bl.overfitted(bl.Items(ITEMS), frame, **SHORT | {"max_classes": 2})
    larger = bl.overfitted(bl.Items(ITEMS), frame, alpha=1.0, cut_off=0, **SHORT)
    expected = [table["any_member"] @ table.index for table in (every, larger)]
    assert expected[0] < 2.5 < 4 < expected[1]


@pytest.mark.slow
@few_draws
def test_standard_error_is_that_of_repeated_runs():
    frame, errors, found = answers(2, n=150, seed=4), [], []
    for seed in range(12):
        table = bl.overfitted(bl.Items(ITEMS), frame, alpha=0.3, seed=seed, **SHORT)
        errors.append(table.loc[2, "mcse"])
        found.append(table.loc[2, "probability"])
    assert 0.5 < np.std(found, ddof=1) / np.sqrt(np.mean(np.square(errors))) < 1.7


def test_chains_that_disagree_are_warned_of():
    with pytest.warns(bl.ConvergenceWarning, match="chains do not agree"):
        bl.overfitted(bl.Items(ITEMS), answers(3), draws=10, tune=0, max_classes=6)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"max_classes": 1}, "max_classes=1: max_classes is a whole number from 2 on"),
        ({"alpha": 0}, "alpha=0: the weight of a class is a positive number"),
        ({"alpha": float("nan")}, "alpha=nan: the weight"),
        ({"cut_off": 1}, "cut_off=1: the least share is from 0 to less than 1"),
        ({"chains": 1}, "chains=1: chains is a whole number from 2 on"),
        ({"ci_prob": 2}, "ci_prob=2"),
    ],
)
def test_bad_settings(setting, message):
    with pytest.raises(ValueError, match=message):
        bl.overfitted(bl.Items(ITEMS), answers(1, n=20), **SHORT | setting)
