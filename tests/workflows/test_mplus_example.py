"""Class counts of Mplus for an example with known truth: every figure that it prints.

The data are `lca_cfa_example.dat` of the R package MplusAutomation (1000 simulated respondents, six binary items, two
classes), kept as pattern counts with categories numbered from 1 as Mplus does; the figures are those of its outputs.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl

REFERENCE = Path(__file__).parents[1] / "reference"

COLUMNS = ("log_likelihood", "parameters", "AIC", "BIC", "aBIC", "entropy_r2", "smallest_class", "average_posterior")
PRINTED = {
    1: (-4157.206, 6, None, None, None, None, 1.0, 1.0),
    2: (-3600.324, 13, 7226.649, 7290.450, 7249.161, 0.833, 0.49777, 0.946),
    3: (-3596.928, 20, 7233.856, 7332.012, 7268.490, 0.818, 0.03876, 0.541),
    4: (-3592.598, 27, 7239.197, 7371.706, 7285.953, 0.884, None, None),
    5: (-3589.627, 34, 7247.253, 7414.117, 7306.131, 0.874, None, None),
}
TWICE_THE_DIFFERENCE = {2: 1113.764, 3: 6.792, 4: 8.660, 5: 5.944}
HALF_A_DIGIT = {"smallest_class": 6e-6}


@pytest.fixture(scope="module")
def respondents():
    patterns = pd.read_csv(REFERENCE / "lca_cfa_example.csv")
    return patterns.loc[patterns.index.repeat(patterns["count"])].drop(columns="count").reset_index(drop=True)


@pytest.fixture(scope="module")
def table(respondents):
    return bl.count_classes(bl.Items(list(respondents)), respondents, range(1, 6), n_starts=100)


def test_univariate_counts(respondents):
    assert (respondents == 2).sum().tolist() == [502, 504, 495, 491, 506, 526]


@pytest.mark.parametrize("n_classes", PRINTED)
def test_printed_criteria(table, n_classes):
    for column, printed in zip(COLUMNS, PRINTED[n_classes], strict=True):
        if printed is not None:
            assert table.loc[n_classes, column] == pytest.approx(printed, abs=HALF_A_DIGIT.get(column, 6e-4)), column


@pytest.mark.parametrize("n_classes", TWICE_THE_DIFFERENCE)
def test_printed_likelihood_ratio(respondents, n_classes):
    test = bl.bootstrap_likelihood_ratio(
        bl.Items(list(respondents)), respondents, n_classes, draws=1, starts=20, jobs=1, progressbar=False
    )
    assert test.statistic == pytest.approx(TWICE_THE_DIFFERENCE[n_classes], abs=6e-4)


def test_two_true_classes_are_recommended(table):
    found = bl.recommend_classes(table)
    assert found.n_classes == 2
    assert found.choices["BIC"] == found.choices["CAIC"] == found.choices["ICL"] == found.choices["AIC"] == 2
    assert table.loc[2, "vlmr_p"] < 1e-6


@pytest.mark.slow
def test_bootstrap_p_values(respondents):
    """Mplus prints p of 0 for the second class and 1 for the third, from five and two draws."""
    items = bl.Items(list(respondents))
    second, third = (
        bl.bootstrap_likelihood_ratio(items, respondents, k, draws=99, jobs=1, progressbar=False) for k in (2, 3)
    )
    assert second.p == 1 / 100
    assert third.interval()[0] > 0.05
    assert np.isfinite(third.draws).all()


def test_smallest_odds_of_correct_classification(table):
    """From the printed average probabilities .946 and .963, known to half a digit, and shares .49777 and .50223."""
    low, high = (p / (1 - p) * 0.50223 / 0.49777 for p in (0.9455, 0.9465))
    assert low < table.loc[2, "odds_correct"] < high
