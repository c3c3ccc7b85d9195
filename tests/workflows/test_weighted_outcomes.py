"""Outcomes of classes of respondents who were drawn by a survey design, in steps."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.em import fit_em
from bayes_lca.workflows.ladder.outcome_given_first_step import OutcomeGivenClass

ITEMS = list("abcd")
SHORT = {"draws": 100, "tune": 100, "chains": 2, "until": None, "progressbar": False}
N = 300


def made_up():
    """Two classes, outcomes that go with them, whole weights that add up to the respondents, clusters in strata."""
    rng = np.random.default_rng(12)
    latent = rng.integers(2, size=N)
    answers = (rng.random((N, 4)) < np.array([0.2, 0.8])[latent][:, None]).astype(int)
    x = rng.normal(size=N).round(1)
    return pd.DataFrame(answers, columns=ITEMS).assign(
        x=x,
        income=(np.array([10.0, 14.0])[latent] + x + rng.normal(size=N) * 2).round(1),
        score=rng.normal(5.0 * latent, 3.0).round(1),
        ill=np.where(rng.random(N) < np.array([0.25, 0.6])[latent], "yes", "no"),
        whole=rng.permutation(np.repeat([0.0, 1.0, 2.0], N // 3)),
        w=rng.gamma(2.0, size=N),
        psu=np.arange(N) % 60,
        h=np.arange(N) % 4,
    )


@pytest.fixture(scope="module")
def frame():
    return made_up()


@pytest.fixture(scope="module")
def repeated(frame):
    """Every respondent as often as the weight says."""
    return frame.loc[frame.index.repeat(frame["whole"].astype(int))].reset_index(drop=True)


def fitted(frame, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(bl.LatentClass(2, bl.Items(ITEMS)), frame, order="a", **SHORT, **options)


@pytest.fixture(scope="module")
def weighted(frame):
    return fitted(frame, design=bl.SurveyDesign(weights="whole"))


@pytest.fixture(scope="module")
def of_repeated(repeated):
    return fitted(repeated)


@pytest.fixture(scope="module")
def clustered(frame):
    return fitted(frame, design=bl.SurveyDesign(weights="w", strata="h", cluster="psu"))


@pytest.mark.parametrize("method", ["bch", "ml", "two_step", "modal", "proportional"])
@pytest.mark.parametrize(("outcome", "family"), [("income", "normal"), ("ill", "bernoulli")])
def test_estimates_are_those_of_repeated_rows(weighted, of_repeated, frame, repeated, outcome, family, method):
    ours = bl.stepwise_outcome(weighted, outcome, frame, family, method)
    expected = bl.stepwise_outcome(of_repeated, outcome, repeated, family, method)
    np.testing.assert_allclose(ours["estimate"].iloc[:3], expected["estimate"].iloc[:3], rtol=1e-5)
    np.testing.assert_allclose(ours["outcome_sd"].iloc[:2], expected["outcome_sd"].iloc[:2], rtol=1e-5)


def test_adjusted_outcomes_are_those_of_repeated_rows(weighted, of_repeated, frame, repeated):
    """At the weighted average of the covariate, and where one of two outcomes is missing."""
    lacking = {"score": lambda table: table["score"].where(table["income"] < 15)}
    ours = bl.bch_outcomes(weighted, ["income", "score"], frame.assign(**lacking), "~ x").tables
    expected = bl.bch_outcomes(of_repeated, ["income", "score"], repeated.assign(**lacking), "~ x").tables
    for name, table in expected.items():
        np.testing.assert_allclose(ours[name]["estimate"], table["estimate"], rtol=1e-4, err_msg=name)


def first_step(codes, weight):
    best = fit_em(codes, weight, (2,) * 4, 2, n_starts=10).best
    order = np.argsort(best.item_probability[:, 0, 1])
    patterns, place = np.unique(codes, axis=0, return_inverse=True)
    of_patterns = np.bincount(place.reshape(-1), weights=weight)
    return Classification(best.item_probability[order], best.class_share[order], patterns, of_patterns)


@pytest.mark.parametrize("method", ["bch", "ml", "two_step", "modal"])
@pytest.mark.parametrize("share_with_outcome", [1.0, 0.8])
def test_standard_errors_are_those_of_moving_every_weight_through_both_steps(
    clustered, frame, method, share_with_outcome
):
    """Influences, by refitting both steps, added up by cluster and compared within strata; some lack the outcome."""
    there = np.arange(N) < share_with_outcome * N
    codes, ill = frame[ITEMS].to_numpy(), np.where(there, frame["ill"] == "yes", 2).astype(float)
    rows = unique_rows(codes, ill)
    weight = np.bincount(rows.pattern, weights=frame["w"] * N / frame["w"].sum())
    codes, ill = codes[rows.first], ill[rows.first]

    def mean(weight):
        first, known = first_step(codes, weight), ill < 2
        step = OutcomeGivenClass(codes[known], weight[known], first, method, "modal", ill[known], "bernoulli")
        return step.fit().mean

    moves = 0.02 * np.eye(len(weight))
    influence = np.array([(mean(weight + move) - mean(weight - move)) / 0.04 for move in moves])[rows.pattern]
    if method == "modal":  # takes the assigned classes as they are
        assigned = first_step(codes, weight).assign(codes, "modal")[rows.pattern] * there[:, None]
        members = (frame["w"] * N / frame["w"].sum()).to_numpy() @ assigned
        shares = mean(weight)
        influence = assigned * (ill[rows.pattern][:, None] - shares) / members
    influence *= (frame["w"] * N / frame["w"].sum()).to_numpy()[:, None]
    totals = pd.DataFrame(influence).groupby([frame["h"], frame["psu"]]).sum()
    expected = sum(len(of_h) * np.cov(of_h.T) for _, of_h in totals.groupby(level=0))
    given = frame.assign(ill=frame["ill"].where(there))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        table = bl.stepwise_outcome(clustered, "ill", given, "bernoulli", method, missing="drop")
    np.testing.assert_allclose(table.loc["class", "se"], np.sqrt(np.diag(expected)), rtol=0.003)
    contrast = np.sqrt(expected[0, 0] + expected[1, 1] - 2 * expected[0, 1])
    np.testing.assert_allclose(table.loc["contrast", "se"], contrast, rtol=0.003)


def test_a_single_outcome_without_covariates_is_the_same_in_both(clustered, frame):
    alone = bl.stepwise_outcome(clustered, "income", frame)
    adjusted = bl.bch_outcomes(clustered, "income", frame).means.loc["income"]
    np.testing.assert_allclose(adjusted[["estimate", "se"]], alone[["estimate", "se"]], rtol=1e-5)


def test_notes_say_how_respondents_were_drawn(clustered, frame):
    for table in (bl.stepwise_outcome(clustered, "income", frame), bl.bch_outcomes(clustered, "income", frame).means):
        assert "weighted by 'w'" in table.note and "60 clusters" in table.note


def test_who_is_refused_is_told_what_weights_the_outcome(clustered, frame):
    """And what is told can be followed."""
    told = re.escape(
        "bl.stepwise_outcome(draws, outcome, frame) weights the classes and the outcome, and bl.bch_outcomes"
    )
    for refused in (
        lambda: bl.fit_distal(clustered, frame, "income ~ latent_class"),
        lambda: bl.compare_outcomes(clustered, "income", frame),
    ):
        with pytest.raises(ValueError, match=told):
            refused()
    draws, outcome, outcomes, formula = clustered, "income", ["income"], "~ x"
    assert bl.stepwise_outcome(draws, outcome, frame)["se"].iloc[:3].notna().all()
    assert bl.bch_outcomes(draws, outcomes, frame, formula).coefficients["se"].iloc[:2].notna().all()
