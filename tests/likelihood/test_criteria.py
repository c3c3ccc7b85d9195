"""Information criteria and entropy against the figures printed by poLCA and Mplus."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayes_lca.likelihood.criteria import (
    assignment_quality,
    entropy_r2,
    information_criteria,
    integrated_completed_likelihood,
    n_parameters,
)
from bayes_lca.likelihood.em import fit_em

REFERENCE = Path(__file__).parents[1] / "reference"

PUBLISHED_TABLE = [  # data, classes, parameters, AIC, BIC, aBIC, entropy R2
    ("gss82", 1, 6, 5756.4592, 5787.0096, 5767.9513, None),
    ("gss82", 2, 13, 5592.5360, 5658.7287, 5617.4356, 0.7033),
    ("gss82", 3, 20, 5549.0908, 5650.9257, 5587.3978, 0.6669),
    ("gss82", 4, 27, 5547.2416, 5684.7187, 5598.9561, 0.6649),
    ("carcinoma", 1, 7, 1062.9296, 1082.3244, 1060.1957, None),
    ("carcinoma", 2, 15, 664.5137, 706.0739, 658.6552, 0.9855),
    ("carcinoma", 3, 23, 633.4100, 697.1357, 624.4270, 0.9257),
    ("carcinoma", 4, 31, 640.5717, 726.4629, 628.4643, 0.9018),
]


@pytest.mark.parametrize(("name", "n_classes", "parameters", "aic", "bic", "abic", "entropy"), PUBLISHED_TABLE)
def test_published_table(name, n_classes, parameters, aic, bic, abic, entropy):
    frame = pd.read_csv(REFERENCE / f"{name}.csv")
    codes, counts = frame.drop(columns="count").to_numpy() - 1, frame["count"].to_numpy()
    n_categories = codes.max(axis=0) + 1
    fitted = fit_em(codes, counts, n_categories, n_classes)
    assert n_parameters(n_classes, n_categories) == parameters
    criteria = information_criteria(fitted.log_likelihood, parameters, counts.sum())
    printed = 6e-5
    assert criteria["AIC"] == pytest.approx(aic, abs=printed)
    assert criteria["BIC"] == pytest.approx(bic, abs=printed)
    assert criteria["aBIC"] == pytest.approx(abic, abs=printed)
    if entropy is None:
        assert math.isnan(entropy_r2(fitted.membership, counts))
    else:
        # One unit of the last digit: carcinoma with four classes, printed as .9018, is .90186 at the maximum.
        assert entropy_r2(fitted.membership, counts) == pytest.approx(entropy, abs=1e-4)


def test_criteria_from_mplus():
    """Mplus on gss82, two classes; with log(n (n + 2) / 24) the adjusted BIC would be 5709.6."""
    criteria = information_criteria(-2783.268, 13, 1202)
    assert criteria["aBIC"] == pytest.approx(5617.436, abs=1e-3)
    assert criteria["CAIC"] - criteria["BIC"] == pytest.approx(13, abs=1e-9)
    assert set(criteria) == {"AIC", "BIC", "aBIC", "CAIC"}


def test_criteria_of_lca_cfa_example_from_mplus():
    criteria = information_criteria(-3600.324, n_parameters(2, (2,) * 6), 1000)
    assert criteria["AIC"] == pytest.approx(7226.649, abs=2e-3)
    assert criteria["BIC"] == pytest.approx(7290.450, abs=2e-3)
    assert criteria["aBIC"] == pytest.approx(7249.161, abs=2e-3)


def test_entropy_of_certain_and_uncertain_membership():
    assert entropy_r2(np.eye(3), np.array([4, 5, 6])) == 1
    assert entropy_r2(np.full((2, 3), 1 / 3), np.array([1, 9])) == pytest.approx(0, abs=1e-12)


def test_entropy_weighs_patterns_by_their_counts():
    membership = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert entropy_r2(membership, np.array([3, 1])) == pytest.approx(0.75)
    every_row = entropy_r2(membership[[0, 0, 0, 1]], np.ones(4))
    assert every_row == pytest.approx(entropy_r2(membership, np.array([3, 1])), abs=1e-12)


def test_parameters_of_items_with_unequal_categories():
    assert n_parameters(1, (2, 5)) == 1 + 4
    assert n_parameters(4, (2, 5)) == 3 + 4 * 5


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="n_classes is 0"):
        n_parameters(0, (2, 2))
    with pytest.raises(ValueError, match="n is 0"):
        information_criteria(-10.0, 2, 0)
    with pytest.raises(ValueError, match="membership has shape"):
        entropy_r2(np.eye(2), np.array([1]))


def test_integrated_completed_likelihood_pays_for_overlap():
    membership, counts = np.array([[1.0, 0.0], [0.5, 0.5], [0.9, 0.1]]), np.array([7, 2, 3])
    uncertainty = 2 * math.log(2) - 3 * (0.9 * math.log(0.9) + 0.1 * math.log(0.1))
    assert integrated_completed_likelihood(50.0, membership, counts) == pytest.approx(50 + 2 * uncertainty)
    assert integrated_completed_likelihood(50.0, np.eye(2), np.array([4, 4])) == 50
    assert integrated_completed_likelihood(50.0, np.ones((3, 1)), counts) == 50


def test_assignment_quality_by_hand():
    membership = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.2, 0.8, 0.0]])
    average, odds = assignment_quality(np.array([0.6, 0.35, 0.05]), membership, np.array([3, 1, 6]))
    first = (3 * 0.9 + 0.6) / 4
    np.testing.assert_allclose(average[:2], [first, 0.8])
    np.testing.assert_allclose(odds[:2], [first / (1 - first) / (0.6 / 0.4), 4 / (0.35 / 0.65)])
    assert np.isnan(average[2])  # nobody is assigned to it
    assert np.isnan(odds[2])


def test_assignment_quality_without_doubt():
    average, odds = assignment_quality(np.array([0.5, 0.5]), np.eye(2), np.array([4, 4]))
    assert average.tolist() == [1, 1]
    assert odds.tolist() == [np.inf, np.inf]
    average, odds = assignment_quality(np.array([1.0]), np.ones((3, 1)), np.array([1, 1, 1]))
    assert average.tolist() == [1]
    assert np.isnan(odds).all()
