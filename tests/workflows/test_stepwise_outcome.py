"""Outcomes by class in steps: StepMix's figures, whole populations, written-out errors, and cells that go negative."""

import warnings
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from equivalence import peers
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from scipy.stats import chi2, norm

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.workflows.ladder.outcome_given_first_step import OutcomeGivenClass, wald, with_first_step

REFERENCE = Path(__file__).parents[1] / "reference"
STEPMIX = {
    ("bch", "modal"): ([2.462547, 1.625768], [1.689865, 0.691857]),
    ("bch", "proportional"): ([2.472621, 1.573657], [1.687556, 0.613330]),
    ("ml", "modal"): ([2.519923, 1.354240], [1.673412, 0.236385]),
    ("two_step", "modal"): ([2.516027, 1.411457], [1.688222, 0.297274]),
    ("modal", "modal"): ([2.432950, 1.814815], [1.678456, 1.039782]),
    ("proportional", "proportional"): ([2.419018, 1.850923], [1.668820, 1.117029]),
}
"""Means and variances of StepMix 3.0.0: the grade point average of 315 students in two classes of cheating."""

RHO = np.array([[[0.8, 0.2]] * 3 + [[0.6, 0.4]], [[0.25, 0.75]] * 3 + [[0.1, 0.9]]])  # (class, item, category)
SHARE = np.array([0.6, 0.4])


@pytest.fixture(scope="module")
def cheating():
    """Rows with their counts, and the first step."""
    table = pd.read_csv(REFERENCE / "cheating.csv").dropna()
    codes = table[["LIEEXAM", "LIEPAPER", "FRAUD", "COPYEXAM"]].to_numpy(dtype=int) - 1
    count, outcome = table["count"].to_numpy(dtype=float), table["GPA"].to_numpy(dtype=float)
    return codes, count, outcome, first_step(codes, count)


def first_step(codes, count, n_classes=2):
    best = fit_em(codes, count, (2,) * codes.shape[1], n_classes, n_starts=10).best
    order = np.argsort(-best.class_share)
    patterns, place = np.unique(codes, axis=0, return_inverse=True)
    of_patterns = np.bincount(place.reshape(-1), weights=count)
    return Classification(best.item_probability[order], best.class_share[order], patterns, of_patterns)


def step_of(cheating, method, assignment="modal", family="normal", outcome=None):
    codes, count, gpa, base = cheating
    return OutcomeGivenClass(codes, count, base, method, assignment, gpa if outcome is None else outcome, family)


@pytest.mark.parametrize("method, assignment", STEPMIX)
def test_figures_of_stepmix(cheating, method, assignment):
    estimate = step_of(cheating, method, assignment).fit()
    mean, variance = STEPMIX[method, assignment]
    np.testing.assert_allclose(estimate.mean, mean, atol=1e-4)
    np.testing.assert_allclose(estimate.variance, variance, atol=2e-4)


@pytest.mark.parametrize("method", ["bch", "ml", "two_step"])
@pytest.mark.parametrize("assignment", ["modal", "proportional"])
def test_a_whole_population_gives_the_true_shares(method, assignment):
    """Expected counts of every pattern with outcome 0 and 1; uncorrected estimates are too close together."""
    truth = np.array([0.2, 0.7])
    patterns = np.array(list(product(range(2), repeat=4)))
    given_class = RHO[:, np.arange(4), patterns].prod(axis=2)  # (class, pattern)
    joint = SHARE[:, None] * given_class
    count = 1000 * np.concatenate([(1 - truth) @ joint, truth @ joint])
    outcome = np.repeat([0.0, 1.0], 16)
    base = Classification(RHO, SHARE, patterns, 1000 * joint.sum(axis=0))
    found = OutcomeGivenClass(np.vstack([patterns] * 2), count, base, method, assignment, outcome, "bernoulli").fit()
    np.testing.assert_allclose(found.mean, truth, atol=1e-6)
    uncorrected = OutcomeGivenClass(
        np.vstack([patterns] * 2), count, base, "modal", "modal", outcome, "bernoulli"
    ).fit()
    assert 0.22 < uncorrected.mean[0] < uncorrected.mean[1] < 0.68


@pytest.mark.parametrize("family", ["normal", "bernoulli"])
def test_two_step_is_the_maximum_of_the_likelihood_written_out(cheating, family):
    codes, count, gpa, base = cheating
    outcome = gpa if family == "normal" else (gpa > 2.5).astype(float)
    estimate = step_of(cheating, "two_step", family=family, outcome=outcome).fit()
    emission = base.log_emission(codes) + np.log(base.class_share)

    def depth(free):
        if family == "normal":
            density = norm.logpdf(outcome[:, None], free[:2], np.exp(free[2:] / 2))
        else:
            p = 1 / (1 + np.exp(-free))
            density = np.log(np.where(outcome[:, None] == 1, p, 1 - p))
        return -count @ logsumexp(emission + density, axis=1)

    start = np.array([2.4, 1.6, 0.5, -0.5]) if family == "normal" else np.array([-0.3, -2.0])
    best = minimize(depth, start, method="BFGS", options={"gtol": 1e-7})
    mean = best.x[:2] if family == "normal" else 1 / (1 + np.exp(-best.x))
    np.testing.assert_allclose(estimate.mean, mean, atol=1e-4)


@pytest.mark.parametrize("method", ["ml", "two_step"])
@pytest.mark.parametrize("family", ["normal", "bernoulli"])
def test_scores_are_those_of_differences(cheating, method, family):
    _, count, gpa, base = cheating
    outcome = gpa if family == "normal" else (gpa > 2.5).astype(float)
    step = step_of(cheating, method, family=family, outcome=outcome)
    share, evidence = step.records(base)
    at = np.array([[2.4, 0.3], [1.5, -0.2]]) if family == "normal" else np.array([[0.4], [0.15]])

    def value(coefficient):
        return (count[:, None] * share * logsumexp(evidence + step._log_density(coefficient)[:, None], axis=2)).sum()

    moves = 1e-5 * np.eye(at.size).reshape(at.size, *at.shape)
    expected = [(value(at + move) - value(at - move)) / 2e-5 for move in moves]
    np.testing.assert_allclose(count @ step.scores(at, share, evidence), expected, rtol=1e-6, atol=1e-5)


def test_standard_errors_of_bch_with_the_first_step_known_are_the_sandwich_row_by_row(cheating):
    codes, count, gpa, base = cheating
    assigned = base.assign(codes, "modal")
    weight = assigned @ np.linalg.inv(base.error_matrix("modal"))
    mean = (count[:, None] * weight * gpa[:, None]).sum(axis=0) / (count @ weight)
    score = weight * (gpa[:, None] - mean)
    expected = (score * count[:, None]).T @ score / np.outer(count @ weight, count @ weight)
    found = with_first_step(step_of(cheating, "bch"), first_step_known=True)
    np.testing.assert_allclose(found.mean_covariance, expected, rtol=1e-9)
    modal = with_first_step(step_of(cheating, "modal"))
    np.testing.assert_allclose(np.diag(modal.mean_covariance), modal.variance / modal.weight, rtol=1e-9)


@pytest.mark.parametrize("method, family", [("bch", "bernoulli"), ("ml", "normal")])
def test_standard_errors_are_those_of_moving_every_row_through_both_steps(method, family):
    """The infinitesimal jackknife: each row counts a little more, and both steps are made again."""
    frame = made_up(n=600)
    values = (frame["ill"] == "yes") if family == "bernoulli" else (frame["income"] / 2).round()
    rows = unique_rows(frame[list("abcd")].to_numpy(), values.to_numpy(dtype=float))
    codes, outcome = frame[list("abcd")].to_numpy()[rows.first], values.to_numpy(dtype=float)[rows.first]
    count = rows.count.astype(float)

    def step(counts):
        return OutcomeGivenClass(codes, counts, first_step(codes, counts), method, "modal", outcome, family)

    moves = 0.05 * np.eye(len(count))
    influence = np.array([(step(count + move).fit().mean - step(count - move).fit().mean) / 0.1 for move in moves])
    expected = (influence * count[:, None]).T @ influence
    found = with_first_step(step(count)).mean_covariance
    np.testing.assert_allclose(found, expected, rtol=0.002)
    known = with_first_step(step(count), first_step_known=True).mean_covariance
    assert (np.diag(known) < 0.98 * np.diag(found)).all()


@pytest.mark.slow
def test_standard_errors_are_the_spread_of_estimates_over_samples():
    """Errors of the first step carried: without them those of BCH and two steps would be too small."""
    rng = np.random.default_rng(7)
    found = {method: ([], [], []) for method in ("bch", "ml", "two_step")}
    for _ in range(150):
        latent = (rng.random(400) < SHARE[1]).astype(int)
        codes = (rng.random((400, 4)) < RHO[latent][:, :, 1]).astype(int)
        outcome = rng.normal(np.array([0.0, 2.0])[latent], 1)
        base = first_step(codes, np.ones(400))
        if base.item_probability[0, 0, 1] > base.item_probability[1, 0, 1]:
            base = Classification(base.item_probability[::-1], base.class_share[::-1], base.codes, base.count)
        for method, (means, errors, known) in found.items():
            step = OutcomeGivenClass(codes, np.ones(400), base, method, "modal", outcome, "normal")
            estimate = with_first_step(step)
            means.append(estimate.mean)
            errors.append(np.diag(estimate.mean_covariance))
            known.append(np.diag(with_first_step(step, first_step_known=True).mean_covariance))
    for means, errors, known in found.values():
        spread, error = np.std(means, axis=0, ddof=1), np.sqrt(np.median(errors, axis=0))
        np.testing.assert_allclose(error / spread, 1, atol=4 / np.sqrt(2 * 150))
        assert (np.sqrt(np.median(known, axis=0)) < error).all()
        np.testing.assert_allclose(np.mean(means, axis=0), [0, 2], atol=4 * spread.max() / np.sqrt(150) + 0.02)


@dataclass(frozen=True)
class NormalItems:
    """A first step of two normal items, as Latent GOLD 6.1 prints it; a row of answers is the place of its row."""

    items: np.ndarray
    share = np.array([0.5904, 0.4096])
    mean = np.array([[0.065324, 0.049792], [2.080834, 1.470386]])  # (class, item)
    variance = np.array([[0.964182, 1.116459], [0.924093, 0.905448]])

    @property
    def codes(self):
        return np.arange(len(self.items))[:, None]

    def membership(self, codes):
        density = norm.logpdf(self.items[codes[:, 0], None], self.mean, np.sqrt(self.variance)).sum(axis=2)
        return softmax(density + np.log(self.share), axis=1)

    def assign(self, codes, assignment):
        membership = self.membership(codes)
        return np.eye(2)[membership.argmax(axis=1)] if assignment == "modal" else membership

    def error_matrix(self, assignment, assigned):
        membership = self.membership(self.codes)
        return membership.T @ assigned / membership.sum(axis=0)[:, None]


@peers.beside_the_project
def test_bch_figures_of_latent_gold():
    """Its simulated example 9, with one variance for all; its errors are of the information, of step three alone."""
    table = peers.frame("lg_c09_steps")
    base, outcome = NormalItems(table[["y1", "y2"]].to_numpy()), table["distal"].to_numpy()
    step = OutcomeGivenClass(base.codes, np.ones(len(table)), base, "bch", "modal", outcome, "normal")
    found = with_first_step(step, first_step_known=True)
    np.testing.assert_allclose(found.mean, [0.1627, 10.4878], atol=2e-4)
    pooled = found.weight @ found.variance / len(table)
    assert pooled == pytest.approx(2.7131, abs=2e-3)
    np.testing.assert_allclose(np.sqrt(pooled / found.weight), [0.0875, 0.1051], atol=1e-4)
    # BCH's own spread is larger: who is assigned wrongly is far from the mean of the class
    assert (np.sqrt(np.diag(found.mean_covariance)) > 2 * np.sqrt(pooled / found.weight)).all()


def test_overall_test_of_two_classes_is_that_of_their_contrast():
    mean, covariance = np.array([1.0, 1.5]), np.array([[0.02, 0.005], [0.005, 0.03]])
    assert wald(mean, covariance) == (pytest.approx(0.25 / 0.04), 1)


def test_a_variance_that_goes_to_zero_is_refused(cheating):
    codes, count, _, base = cheating
    modal = base.assign(codes, "modal")[:, 1] > 0
    exact = np.where(modal, 3.0, np.arange(len(codes)) % 7)
    with pytest.raises(NoMaximumError, match=r"the variance of the outcome goes to 0 in class 2, where it is 3"):
        OutcomeGivenClass(codes, count, base, "ml", "modal", exact, "normal").fit()


# The function people call


def made_up(seed=2, n=300):
    """Three classes of items, an outcome of each kind, and a fit of the items."""
    rng = np.random.default_rng(seed)
    latent = rng.choice(2, n, p=SHARE)
    answers = (rng.random((n, 4)) < RHO[latent][:, :, 1]).astype(int)
    frame = pd.DataFrame(answers, columns=list("abcd"))
    return frame.assign(
        income=rng.normal(np.array([10.0, 14.0])[latent], 2),
        ill=np.where(rng.random(n) < np.array([0.2, 0.6])[latent], "yes", "no"),
        latent=latent,
    )


@pytest.fixture(scope="module")
def frame():
    return made_up()


@pytest.fixture(scope="module")
def classes(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(
            bl.LatentClass(2, bl.Items(list("abcd"))),
            frame,
            draws=100,
            tune=100,
            chains=2,
            until=None,
            progressbar=False,
        )


@pytest.mark.parametrize("method", ["bch", "ml", "two_step", "modal", "proportional"])
def test_table_is_that_of_the_second_step(classes, frame, method):
    table = bl.stepwise_outcome(classes, "income", frame, method=method)
    codes = frame[list("abcd")].to_numpy()
    base = first_step(codes, np.ones(300))
    assignment = "proportional" if method == "proportional" else "modal"
    step = OutcomeGivenClass(codes, np.ones(300), base, method, assignment, frame["income"].to_numpy(), "normal")
    expected = with_first_step(step)
    np.testing.assert_allclose(table.loc["class", "estimate"], expected.mean, rtol=1e-6)
    np.testing.assert_allclose(table.loc["class", "se"], np.sqrt(np.diag(expected.mean_covariance)), rtol=1e-4)
    np.testing.assert_allclose(table.loc["class", "outcome_sd"], np.sqrt(expected.variance), rtol=1e-5)
    (difference,) = table.loc["contrast"].to_dict("records")
    assert difference["estimate"] == pytest.approx(expected.mean[1] - expected.mean[0], rel=1e-6)
    overall = table.loc[("overall", "all classes")]
    assert overall["wald"] == pytest.approx(difference["wald"], rel=1e-8)
    assert overall["p_value"] == pytest.approx(chi2.sf(overall["wald"], 1))
    assert difference["upper"] - difference["lower"] == pytest.approx(2 * 1.959964 * difference["se"], rel=1e-6)
    assert f"n = 300, 0 rows left out, 0 answers missing, maximum likelihood ({method})" in table.note


def test_shares_are_those_of_the_second_category(classes, frame):
    table = bl.stepwise_outcome(classes, "ill", frame, "bernoulli")
    assert "shares of ill = 'yes'" in table.note
    truth = frame.groupby("latent")["ill"].apply(lambda values: (values == "yes").mean())
    assert (table.loc["class", "lower"].to_numpy() < truth).all() and (
        truth < table.loc["class", "upper"].to_numpy()
    ).all()
    turned = bl.stepwise_outcome(classes, "ill", frame, "bernoulli", categories=["yes", "no"])
    np.testing.assert_allclose(turned.loc["class", "estimate"], 1 - table.loc["class", "estimate"], rtol=1e-8)
    np.testing.assert_allclose(turned.loc["class", "lower"], 1 - table.loc["class", "upper"], rtol=1e-6)
    saturated = bl.stepwise_outcome(classes, "ill", frame, "bernoulli", "ml")
    np.testing.assert_allclose(saturated.loc["class", "estimate"], table.loc["class", "estimate"], atol=1e-6)


def test_a_share_below_zero_is_shown_at_the_boundary_and_said(classes, frame):
    modal = bl.membership(classes)["modal_class"].to_numpy()
    ill = np.where((modal == "C1") & (np.arange(300) % 2 == 0), "yes", "no")
    table = bl.stepwise_outcome(classes, "ill", frame.assign(ill=ill), "bernoulli")
    assert table.loc[("class", "C2"), "estimate"] == 0
    assert table.loc[("class", "C2"), ["lower", "upper"]].isna().all()
    assert "caution: negative weights prevail in C2, whose weighted share would be -0." in table.note
    contrast, first = table.loc[("contrast", "C2 vs C1")], table.loc[("class", "C1"), "estimate"]
    assert contrast["estimate"] == -first
    hidden = bl.stepwise_outcome(classes, "ill", frame.assign(ill=ill), "bernoulli", "ml")
    assert hidden.loc[("class", "C2"), "estimate"] == pytest.approx(0, abs=1e-6)
    assert "a share is at its boundary, so there is no standard error of it and no overall test" in hidden.note
    assert np.isnan(hidden.loc[("overall", "all classes"), "wald"])


def test_differences_of_shares_stay_within_what_shares_can_differ(classes, frame):
    """Everybody of one modal class and nobody of the other: no standard error of what has no spread."""
    modal = bl.membership(classes)["modal_class"].to_numpy()
    frame = frame.assign(ill=np.where(modal == "C1", "yes", "no"))
    weighted = bl.stepwise_outcome(classes, "ill", frame, "bernoulli").loc[("contrast", "C2 vs C1")]
    assert weighted["estimate"] == weighted["lower"] == -1
    seen = bl.stepwise_outcome(classes, "ill", frame, "bernoulli", "modal")
    assert seen.loc["class", "estimate"].tolist() == [1, 0]
    assert seen.loc[["class", "contrast"], ["se", "lower", "upper", "wald"]].isna().all(axis=None)
    assert "a share is at its boundary, so there is no standard error of it and no overall test" in seen.note


def test_a_variance_below_zero_is_missing_and_said(classes, frame):
    modal = bl.membership(classes)["modal_class"].to_numpy()
    income = np.where(modal == "C1", 10.0 * (np.arange(300) % 2), 5.0)
    table = bl.stepwise_outcome(classes, "income", frame.assign(income=income))
    assert np.isnan(table.loc[("class", "C2"), "outcome_sd"])
    assert "caution: negative weights prevail in the variance of C2" in table.note
    assert table.loc["class", "se"].notna().all()


def test_missing_outcomes_and_other_frames(classes, frame):
    gone = frame.assign(income=frame["income"].mask(frame.index < 5))
    with pytest.raises(ValueError, match=r"5 of 300 rows lack the outcome 'income' \(rows 0, 1, 2, 3, 4\)"):
        bl.stepwise_outcome(classes, "income", gone)
    with pytest.warns(UserWarning, match="5 of 300 rows left out: outcome 'income' missing") as said:
        table = bl.stepwise_outcome(classes, "income", gone, missing="drop")
    assert said[0].filename == __file__
    assert "n = 295, 5 rows left out" in table.note
    with pytest.warns(UserWarning, match="left out"):
        coded = bl.stepwise_outcome(classes, "income", gone.fillna({"income": -9}), missing="drop", missing_codes=[-9])
    assert coded["estimate"].equals(table["estimate"])
    of_polars = bl.stepwise_outcome(classes, "income", pl.DataFrame(frame))
    np.testing.assert_allclose(of_polars["estimate"], bl.stepwise_outcome(classes, "income", frame)["estimate"])


@pytest.mark.parametrize(
    "given, told",
    [
        ({"outcome": "nobody"}, r"unknown outcome column\(s\) 'nobody'"),
        ({"outcome": "a"}, r"outcome 'a' of 300 rows is an item"),
        ({"outcome": "ill"}, r"outcome 'ill' holds no numbers but values such as 'yes' in 300 rows"),
        ({"outcome": "ill"}, 'or choose bl.fit_distal with family="bernoulli" for categories'),
        ({"outcome": "rated"}, r'or choose bl\.fit_distal with family="ordered" or "multinomial" for categories'),
        (
            {"outcome": "three", "family": "bernoulli"},
            "'three' has 3 categories in 300 rows.*bl.fit_distal",
        ),
        ({"outcome": "one"}, "outcome 'one' is 1 in all 300 rows; choose another outcome"),
        ({"outcome": "endless"}, "outcome 'endless' is infinite in 1 of 300 rows"),
        ({"outcome": "none"}, "300 of 300 rows lack the outcome 'none'"),
        ({"family": "gamma"}, "family='gamma': choose from 'normal', 'bernoulli'"),
        ({"method": "joint"}, "method='joint': choose from 'modal'"),
        ({"ci_prob": 2}, "ci_prob=2"),
    ],
)
def test_what_is_no_outcome_is_refused_by_name(classes, frame, given, told):
    other = frame.assign(
        rated=["low", "middle", "high"] * 100,
        three=np.arange(300) % 3,
        one=1.0,
        none=np.nan,
        endless=frame["income"].mask(frame.index == 3, np.inf),
    )
    with pytest.raises(ValueError, match=told):
        bl.stepwise_outcome(classes, **{"outcome": "income", "frame": other} | given)


def test_a_class_whose_weights_add_up_to_nothing_is_refused(classes, frame):
    modal = bl.membership(classes)["modal_class"].to_numpy()
    with pytest.raises(ValueError, match=r"the weights of class 2 add up to -[\d.]+ over \d+ respondents"):
        bl.stepwise_outcome(classes, "income", frame[modal == "C1"])


def test_picture_shows_classes_and_differences_of_the_table(classes, frame):
    table = bl.stepwise_outcome(classes, "income", frame)
    fig = bl.plot_outcome(table)
    means, differences = fig.axes
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["means of income", "differences"]
    assert [text.get_text() for text in means.get_yticklabels()] == ["C1", "C2"]
    drawn = [line.get_xdata()[0] for line in means.lines]
    np.testing.assert_allclose(drawn, table.loc["class", "estimate"])
    assert differences.lines[0].get_xdata()[0] == pytest.approx(table.loc["contrast", "estimate"].iloc[0])
    assert differences.get_xlim()[0] < 0
    (interval,) = (collection.get_segments()[0][:, 0] for collection in differences.collections)
    np.testing.assert_allclose(interval, table.loc["contrast", ["lower", "upper"]].to_numpy()[0])
    assert "all classes equal: Wald" in fig.get_supxlabel()
    assert "n = 300" in fig.get_supxlabel()


@pytest.mark.parametrize(("unit", "decimals"), [(1e5, 0), (1.0, 2), (1e-5, 7)])
def test_picture_writes_numbers_in_any_unit(classes, frame, unit, decimals):
    """An outcome in millionths has no estimates of 0.00, and one in thousands no cents."""
    table = bl.stepwise_outcome(classes, "income", frame.assign(income=frame["income"] * unit))
    means = bl.plot_outcome(table).axes[0]
    first = table.loc[("class", "C1")]
    said = f"{first['estimate']:.{decimals}f} ({first['lower']:.{decimals}f} to {first['upper']:.{decimals}f})"
    assert next(text.get_text() for text in means.texts if text.get_text()) == said


def test_picture_has_no_interval_of_a_share_at_its_boundary(classes, frame):
    modal = bl.membership(classes)["modal_class"].to_numpy()
    ill = np.where((modal == "C1") & (np.arange(300) % 2 == 0), "yes", "no")
    fig = bl.plot_outcome(bl.stepwise_outcome(classes, "ill", frame.assign(ill=ill), "bernoulli"))
    drawn = [line.get_xdata()[0] for line in fig.axes[0].lines]
    assert drawn[1] == 0


@pytest.mark.parametrize("given", [3, pd.DataFrame({"estimate": [1.0]})], ids=["number", "table"])
def test_what_is_no_table_of_an_outcome_is_not_drawn(given):
    with pytest.raises(
        TypeError, match="plot_outcome takes the table of outcome_by_class or stepwise_outcome, and was"
    ):
        bl.plot_outcome(given)
