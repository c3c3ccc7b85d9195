"""Several outcomes by class and covariates by BCH: likelihoods written out, truths, missing outcomes, refusals."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.workflows.ladder.outcome_given_first_step import OutcomeGivenClass, with_first_step
from bayes_lca.workflows.ladder.outcomes_given_covariates import NormalOutcomes, Shared
from bayes_lca.workflows.ladder.outcomes_in_units import OutcomesEstimate

ITEMS = list("abcd")
RHO = np.array([[0.15] * 4, [0.85] * 4])
MEANS = np.array([[10.0, 50.0], [14.0, 44.0]])  # (class, outcome) at x = 0
SLOPES = np.array([[1.0, 0.0], [-0.5, 3.0]])
COVARIANCE = np.array([[[4.0, 2.0], [2.0, 25.0]], [[2.0, 2.0], [2.0, 9.0]]])
OUTCOMES = ["income", "score"]


def made_up(n=300, seed=4):
    """Two classes of items, two outcomes that depend on the class, on x and on each other, some of them missing."""
    rng = np.random.default_rng(seed)
    x = rng.normal(2, 1, n).round(1)
    latent = (rng.random(n) < 1 / (1 + np.exp(0.4 - 0.5 * (x - 2)))).astype(int)
    answers = (rng.random((n, 4)) < RHO[latent]).astype(int)
    noise = np.einsum("ijk,ik->ij", np.linalg.cholesky(COVARIANCE)[latent], rng.normal(size=(n, 2)))
    income, score = (MEANS[latent] + SLOPES[latent] * x[:, None] + noise).T
    score = np.where(income > 13, np.nan, score)  # missing at random: it depends on what is seen
    income = np.where(rng.random(n) < 0.05, np.nan, income)
    return pd.DataFrame(answers, columns=ITEMS).assign(income=income, score=score, x=x, latent=latent)


def first_step(codes, count):
    best = fit_em(codes, count, (2,) * 4, 2, n_starts=10).best
    order = np.argsort(best.item_probability[:, 0, 1])
    patterns, place = np.unique(codes, axis=0, return_inverse=True)
    of_patterns = np.bincount(place.reshape(-1), weights=count)
    return Classification(best.item_probability[order], best.class_share[order], patterns, of_patterns)


def estimated(frame, **options):
    codes = frame[ITEMS].to_numpy()
    first = first_step(codes, np.ones(len(codes)))
    values, matrix = frame[OUTCOMES].to_numpy(), frame[["x"]].to_numpy()
    return OutcomesEstimate.of(first, codes, values, matrix, names=tuple(OUTCOMES), **options)


@pytest.fixture(scope="module")
def frame():
    return made_up()


@pytest.fixture(scope="module")
def classes(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        few = {"draws": 100, "tune": 100, "chains": 2, "until": None, "progressbar": False}
        return bl.fit(bl.LatentClass(2, bl.Items(ITEMS)), frame, **few)


@pytest.mark.parametrize(
    "shared", [Shared(), Shared("equal", "equal", "by class"), Shared("by class", "equal", "none")], ids=str
)
def test_scores_are_those_of_differences(frame, shared):
    step = estimated(frame, shared=shared).step
    share, evidence = step.records(step.base)
    at = step._start() + np.linspace(-0.05, 0.05, step.sharing.shape[1])
    moves = 1e-5 * np.eye(len(at))
    expected = [(step._log_likelihood(at + move) - step._log_likelihood(at - move)) / 2e-5 for move in moves]
    np.testing.assert_allclose(step.count @ step.scores(at, share, evidence), expected, rtol=1e-5, atol=1e-4)


def test_estimates_are_the_maximum_of_the_weighted_likelihood_written_out():
    """Row by row, missing outcomes left out of the density, in the units of the frame."""
    frame = made_up(n=150, seed=6)
    found = estimated(frame)
    codes, values, x = frame[ITEMS].to_numpy(), frame[OUTCOMES].to_numpy(), frame["x"].to_numpy()
    first = first_step(codes, np.ones(len(codes)))
    weight = first.assign(codes, "modal") @ np.linalg.inv(first.error_matrix("modal"))

    def depth(free):
        intercept, slope = free[:8].reshape(2, 2, 2)
        total = 0.0
        for c in range(2):
            sigma = np.diag(np.exp(free[8 + 2 * c : 10 + 2 * c]))
            sigma[0, 1] = sigma[1, 0] = free[12]
            for row, given in enumerate(values):
                there = ~np.isnan(given)
                if there.any():
                    mean = (intercept[c] + slope[c] * x[row])[there]
                    away, within = given[there] - mean, 2 * np.pi * sigma[np.ix_(there, there)]
                    depth = 2 * np.pi * away @ np.linalg.solve(within, away) + np.log(np.linalg.det(within))
                    total += weight[row, c] * depth / 2
        return total

    units = found.units
    (coefficient, _), (sigma, _) = (found.of_units(each) for each in (units.coefficients, units.covariances))
    ours = [*coefficient[..., 0].ravel(), *coefficient[..., 1].ravel()]
    ours += [*np.log(sigma[0].diagonal()), *np.log(sigma[1].diagonal()), sigma[0, 0, 1]]
    assert -depth(np.array(ours)) == pytest.approx(found.log_likelihood, abs=1e-6)
    gradient = [(depth(ours + move) - depth(ours - move)) / 2e-4 for move in 1e-4 * np.eye(13)]
    np.testing.assert_allclose(gradient, 0, atol=0.02)
    away = [depth(ours + sign * move) - depth(np.array(ours)) for move in 0.05 * np.eye(13) for sign in (-1, 1)]
    assert min(away) > 0


def test_a_single_outcome_without_covariates_is_that_of_stepwise_outcome(classes, frame):
    complete = frame.dropna(subset="income")
    wanted = bl.stepwise_outcome(classes, "income", complete)
    ours = bl.bch_outcomes(classes, "income", frame).means.loc["income"]
    np.testing.assert_allclose(ours["estimate"].iloc[:3], wanted["estimate"].iloc[:3], rtol=1e-8)
    np.testing.assert_allclose(ours["outcome_sd"].iloc[:2], wanted["outcome_sd"].iloc[:2], rtol=1e-8)
    every = bl.bch_outcomes(classes, "income", complete).means.loc["income"]
    np.testing.assert_allclose(every.to_numpy(dtype=float), wanted.to_numpy(dtype=float), rtol=1e-5)


def test_standard_errors_are_those_of_moving_every_row_through_both_steps():
    """The infinitesimal jackknife: each row counts a little more, and both steps are made again."""
    frame = made_up(n=400, seed=8).round({"x": 0})
    frame[OUTCOMES] = (frame[OUTCOMES] / 3).round() * 3
    codes, values, x = frame[ITEMS].to_numpy(), frame[OUTCOMES].to_numpy(), frame["x"].to_numpy()
    rows = unique_rows(codes, np.nan_to_num(values, nan=99), x)
    count, first = rows.count.astype(float), rows.first

    def step(counts):
        design = np.column_stack([np.ones(len(first)), x[first] - 2])
        base = first_step(codes[first], counts)
        scaled = (values[first] - [12, 47]) / [3, 6]
        return NormalOutcomes(codes[first], counts, base, "bch", "modal", scaled, design, Shared(), tuple(OUTCOMES))

    some = np.random.default_rng(1).choice(len(count), 12, replace=False)
    whole, moves = step(count), 0.05 * np.eye(len(count))[some]
    estimate = whole.fit()
    influence = np.array([(step(count + move).fit().coefficient - estimate.coefficient) / 0.05 for move in moves])
    share, evidence = whole.records(whole.base)
    score = whole.scores(estimate.coefficient, share, evidence) + whole._influence(estimate)(whole.codes)
    np.testing.assert_allclose(influence, (score @ estimate.covariance)[some], rtol=0.1, atol=2e-5)
    covariance = whole.covariance(estimate, first_step_known=False, shared=True)
    written_out = estimate.covariance @ (score * count[:, None]).T @ score @ estimate.covariance
    np.testing.assert_allclose(covariance, written_out, rtol=1e-6, atol=1e-12)
    known = whole.covariance(estimate, first_step_known=True, shared=True)
    assert np.linalg.norm(known - covariance) > 0.01 * np.linalg.norm(covariance)


@pytest.fixture(scope="module")
def large():
    return made_up(n=8000, seed=1)


def test_truth_is_found_with_outcomes_missing_at_random(large):
    found = estimated(large, shared=Shared("by class", "by class", "by class"))
    (coefficient, spread), (sigma, of_sigma) = (
        found.of_units(each) for each in (found.units.coefficients, found.units.covariances)
    )
    error = np.sqrt(np.einsum("cjtcjt->cjt", spread))
    truth = np.stack([MEANS, SLOPES], axis=-1)
    assert (np.abs(coefficient - truth) < 4 * error).all()
    assert error.max() < 0.7
    assert (np.abs(sigma - COVARIANCE) < 4 * np.sqrt(np.einsum("cjkcjk->cjk", of_sigma))).all()
    alone = OutcomesEstimate.of(
        found.step.base,
        *(large[name].to_numpy() for name in (ITEMS, ["score"], ["x"])),
        names=("score",),
    )
    means, _ = alone.of_units(alone.units.coefficients)
    assert np.abs(means[:, 0, 0] - MEANS[:, 1]).max() > 4 * error[:, 1, 0].max()  # the rows with a score alone


def test_what_classes_share_is_the_same_in_all(large):
    for shared, same in (
        (Shared("equal", "equal", "equal"), ["slopes", "covariances"]),
        (Shared("by class", "by class", "none"), []),
    ):
        found = estimated(large.head(2000), shared=shared)
        for name in same:
            value, spread = found.of_units(getattr(found.units, name))
            np.testing.assert_allclose(value[0], value[1])
            np.testing.assert_allclose(spread[0], spread[1])
        sigma, _ = found.of_units(found.units.covariances)
        assert (sigma[:, 0, 1] == 0).all() == (shared.covariances == "none")


def test_tables_say_what_they_rest_on(classes, frame):
    gone = frame.assign(x=frame["x"].where(frame.index > 4))
    with pytest.warns(UserWarning, match="5 of 300 rows left out"):
        found = bl.bch_outcomes(classes, OUTCOMES, gone, "~ x", missing="drop")
    lacking = [int(gone.loc[5:, name].isna().sum()) for name in OUTCOMES]
    note = f"n = 295, 5 rows left out, 0 answers missing, outcomes missing: {lacking[0]} income, {lacking[1]} score"
    for table in found.tables.values():
        assert note in table.note
    assert "means at the average of 'x'" in found.means.note
    assert found.coefficients.loc["score"].index.tolist() == [
        *(("intercept", name) for name in ("C1", "C2")),
        *(("x", name) for name in ("C1", "C2", "all classes")),
    ]
    assert found.variances.index.tolist() == [
        *((name, "income", "income") for name in ("C1", "C2")),
        ("all classes", "income", "score"),
        *((name, "score", "score") for name in ("C1", "C2")),
    ]
    slopes = found.coefficients.loc["income"].loc["x"]
    assert slopes.loc["all classes", ["wald", "df"]].notna().all()
    within = found.variances.xs("income", level="outcome_1").xs("income", level="outcome_2")
    np.testing.assert_allclose(within["lower"] * within["upper"], within["estimate"] ** 2, rtol=1e-10)
    assert str(found).startswith("Means of income differ between classes (p < .001)")
    mean = found.means.loc[("income", "class", "C1"), "estimate"]
    average = gone["x"].mean()
    of_class = found.coefficients.xs("C1", level="latent_class").loc["income", "estimate"]
    assert mean == pytest.approx(of_class["intercept"] + average * of_class["x"], rel=1e-9)
    shared = bl.bch_outcomes(classes, OUTCOMES, frame, "~ x", slopes="equal", variances="equal", covariances="none")
    assert shared.coefficients.loc["income"].loc["x"].index.tolist() == ["all classes"]
    assert shared.variances.index.tolist() == [("all classes", name, name) for name in OUTCOMES]


def test_a_covariate_of_categories_has_a_reference(classes, frame):
    named = frame.assign(place=np.where(frame["x"] > 2, "town", "land"))
    first, second = (
        bl.bch_outcomes(classes, "income", named, "~ place", reference={"place": name}).coefficients.loc["income"]
        for name in ("land", "town")
    )
    np.testing.assert_allclose(
        first.loc["place[town]", "estimate"][:2], -second.loc["place[land]", "estimate"][:2], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outcomes": ["a"]}, r"outcome\(s\) 'a' of 300 rows are items"),
        ({"formula": "~ b"}, r"item\(s\) 'b' are also in the formula"),
        ({"formula": "~ income"}, r"outcome\(s\) 'income' of 300 rows stand in the formula"),
        ({"formula": "~ x + (1 | latent)"}, "has groups, and BCH has one level; leave them out, or use bl.fit_distal"),
        ({"outcomes": []}, r"outcomes=\[\] of 300 rows: name one column or several"),
        ({"outcomes": ["income", "income"]}, "name one column or several"),
        ({"outcomes": "rank"}, r"unknown outcome column\(s\) 'rank'"),
        ({"outcomes": "text"}, "outcome 'text' holds no numbers but values such as"),
        ({"outcomes": "nothing"}, "outcome 'nothing' is missing in all 300 rows"),
        ({"outcomes": "always"}, "outcome 'always' is 3 in all 300 rows"),
        ({"slopes": "none"}, "slopes='none': choose from 'by class', 'equal'"),
        ({"covariances": "free"}, "covariances='free': choose from 'by class', 'equal', 'none'"),
        ({"formula": "~ gone"}, "gone"),
    ],
)
def test_what_cannot_be_used_is_refused(classes, frame, options, message):
    given = frame.assign(text="yes", nothing=np.nan, always=3, gone=frame["x"].where(frame.index > 0))
    with pytest.raises(ValueError, match=message):
        bl.bch_outcomes(classes, **{"outcomes": "income"} | options, frame=given)


def test_a_variance_below_nothing_is_refused_with_what_to_do(classes, frame):
    modal = bl.membership(classes)["modal_class"].to_numpy()
    exact = np.where(modal == "C1", 10.0, 0.0) + 0.001 * np.arange(300)
    with pytest.raises(NoMaximumError, match=r'negative weights prevail.*variances="equal"'):
        bl.bch_outcomes(classes, "exact", frame.assign(exact=exact))


def test_equal_respondents_are_counted(classes, frame):
    """A row for each respondent, or rows with their counts."""
    twice = pd.concat([frame, frame], ignore_index=True).round({"income": 0, "score": 0})
    whole = estimated(twice)
    assert whole.step.count.sum() == 600
    assert len(whole.step.count) <= 300
    once = estimated(frame.round({"income": 0, "score": 0}))
    np.testing.assert_allclose(whole.coefficient, once.coefficient, atol=1e-5)
    single = OutcomeGivenClass(
        twice[ITEMS].to_numpy(), np.ones(600), whole.step.base, "bch", "modal", twice["x"].to_numpy(), "normal"
    )
    assert np.isfinite(with_first_step(single).mean).all()


@pytest.mark.filterwarnings("ignore:20 of 180 rows left out:UserWarning")
@pytest.mark.parametrize(
    ("outcomes", "formula", "message"),
    [
        (["first_half", "second_half"], "~ 1", "nobody of 180 rows has both outcomes 'first_half' and 'second_half'"),
        (["attitude", "twice"], "~ 1", "outcome 'twice' follows from 'attitude' in all 180 rows"),
        ("known_without", "~ covariate", "outcome 'known_without' is missing in all 160 rows with every covariate"),
        ("one_with", "~ covariate", "outcome 'one_with' is 1 in all 160 rows with every covariate"),
        ("nothing", "~ 1", "outcome 'nothing' is missing in all 180 rows"),
        (None, "~ 1", "outcomes=None of 180 rows: name one column or several"),
        ({"attitude", "score"}, "~ 1", "name one column or several"),
        ([["attitude"]], "~ 1", "name one column or several"),
    ],
)
def test_outcomes_that_determine_nothing_are_told(outcomes, formula, message):
    survey, row = bl.example_survey(), np.arange(180)
    survey = survey.assign(
        first_half=survey["attitude"].where(row < 90),
        second_half=survey["score"].where(row >= 90),
        twice=2 * survey["attitude"],
        covariate=survey["participation"].where(row >= 20),
        known_without=survey["attitude"].where(row < 20),
        one_with=survey["attitude"].where(row < 20, 1.0),
        nothing=None,
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        bl.bch_outcomes(bl.load_example("alone"), outcomes, survey, formula, missing="drop")


def test_a_level_of_few_is_told_without_odds_ratios_and_priors(classes, frame):
    modal = bl.membership(classes)["modal_class"].to_numpy()
    few = [*np.flatnonzero(modal == "C1")[:2], *np.flatnonzero(modal == "C2")[:2]]
    rare = frame.assign(rare=np.where(np.isin(np.arange(300), few), "yes", "no"))
    with pytest.warns(bl.SmallLevelWarning, match=r"few of 300 .* rare\[yes\] \(4\): the data hardly speak") as told:
        bl.bch_outcomes(classes, "income", rare, "~ rare", slopes="equal")
    assert not any("odds ratio" in str(each.message) for each in told)
