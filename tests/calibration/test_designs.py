"""What is simulated is what the truth says."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.calibration.intervals.designs import (
    CLASSES,
    CONTRASTS,
    DESIGNS,
    LATENT_NULL,
    OBSERVED_EFFECT,
    OBSERVED_NULL,
    OUTCOME,
)
from bayes_lca.calibration.intervals.replicates import modal_class, single_level
from bayes_lca.datasets.cohort import CLASS_SHARE

N_SETS = 60


def data_sets(design, group_sd, n_sets=N_SETS, seed=3):
    rng = np.random.Generator(np.random.PCG64(seed))
    return [design.simulate(group_sd, rng) for _ in range(n_sets)]


@pytest.fixture(scope="module")
def alike():
    """Many data sets under each other, from groups that do not differ."""
    return {
        design.name: pd.concat(data_sets(design, 0.0), ignore_index=True) for design in (OBSERVED_NULL, OBSERVED_EFFECT)
    }


@pytest.mark.parametrize(
    ("design", "predictor"),
    [
        pytest.param(design, predictor, id=f"{design.name}-{predictor}")
        for design in (OBSERVED_NULL, OBSERVED_EFFECT)
        for predictor in design.predictors
    ],
)
def test_regression_of_many_data_sets_finds_the_truth(alike, design, predictor):
    rows = pd.DataFrame(single_level(design, predictor, alike[design.name]))
    z = (rows["estimate"] - rows["truth"]) / rows["sd"]
    assert np.abs(z).max() < 4
    assert rows["sd"].min() > 0


@pytest.mark.parametrize("name", [OBSERVED_NULL.name, OBSERVED_EFFECT.name])
def test_classes_have_the_shares_of_the_cohort(alike, name):
    share = alike[name][OUTCOME].value_counts(normalize=True).loc[list(CLASSES)].to_numpy()
    error = np.sqrt(np.array(CLASS_SHARE) * (1 - np.array(CLASS_SHARE)) / len(alike[name]))
    assert (np.abs(share - CLASS_SHARE) < 4 * error).all()


def test_truth_of_contrasts():
    assert CONTRASTS == (("C1", "C2"), ("C1", "C3"), ("C2", "C3"))
    truth = [
        [OBSERVED_EFFECT.truth(term, pair) for pair in CONTRASTS] for term in ("participation", "role[lead]", "score")
    ]
    np.testing.assert_allclose(truth, [[0.2, 0.34, 0.14], [0.3, -0.3, -0.6], [0.03, 0.06, 0.03]])
    assert {OBSERVED_NULL.truth(term, pair) for term in ("score", "tier[high]") for pair in CONTRASTS} == {0.0}


def test_groups_differ_by_the_standard_deviation_asked_for():
    """Within one covariate pattern of the largest group, over data sets, the log odds of two classes.

    Their variance is twice that of a class logit, plus that of the log odds of a count.
    """
    n_sets = 500
    logits = []
    for frame in data_sets(OBSERVED_NULL, 0.5, n_sets):
        counts = frame.loc[frame["group"] == "G2", OUTCOME].value_counts().loc[["C1", "C2"]] + 0.5
        logits.append((np.log(counts["C2"] / counts["C1"]), (1 / counts).sum()))
    log_odds, noise = np.array(logits).T
    variance = log_odds.var(ddof=1) - noise.mean()
    assert variance / (2 * 0.5**2) == pytest.approx(1, abs=4 * np.sqrt(2 / n_sets))


def test_respondents_are_those_of_the_cohort_whatever_is_drawn():
    cohort = bl.load_cohort()
    for design in DESIGNS:
        one, other = data_sets(design, 0.8, 2)
        columns = ["group", "score", "tier", "role", "participation"]
        pd.testing.assert_frame_equal(one[columns], cohort[columns])
        drawn = [name for name in one.columns if name not in columns]
        assert drawn == (bl.cohort_items() if design.latent else [OUTCOME])
        assert not one[drawn].equals(other[drawn])


def test_most_likely_classes_are_in_the_order_of_the_truth():
    survey, truth = bl.simulate_cohort(seed=4)
    agree = modal_class(survey) == np.array(CLASSES)[truth.latent_class]
    assert agree.mean() > 0.85


def test_most_likely_class_of_a_replicate_follows_participation():
    """Hidden classes obey the same regression, shrunk by misclassification."""
    frame = data_sets(LATENT_NULL, 0.0, 1)[0]
    rows = pd.DataFrame(single_level(LATENT_NULL, "score", frame.assign(**{OUTCOME: modal_class(frame)})))
    slope = rows[(rows["term"] == "participation") & (rows["contrast"] == "C3 vs C1")].iloc[0]
    assert slope["estimate"] == pytest.approx(0.9 * slope["truth"], abs=4 * slope["sd"])
    assert slope["lower"] > 0.1
