"""Maximum likelihood estimates with their tables: standard errors, chi-squared, classification, words."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

import bayes_lca as bl
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.estimate_errors import EstimateErrors
from bayes_lca.likelihood.unrestricted import table_fit, unrestricted_table

ITEMS = ["a", "b", "c", "d"]
SIZES = (3, 2, 3, 2)


def answers(n=400, seed=4, missing=0.0) -> pd.DataFrame:
    """Two classes of items with two and three categories."""
    rng = np.random.default_rng(seed)
    member = rng.random(n) < 0.4
    columns = {}
    for item, size in zip(ITEMS, SIZES, strict=True):
        share = rng.dirichlet(np.full(size, 1.5), 2)[member.astype(int)]
        codes = (rng.random(n)[:, None] > share.cumsum(axis=1)).sum(axis=1)
        columns[item] = np.where(rng.random(n) < missing, np.nan, codes + 1)
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def complete():
    return bl.maximum_likelihood(bl.Items(ITEMS), answers(), 2, n_starts=20)


def test_standard_errors_are_those_of_derivatives_by_thresholds(complete):
    """Log-likelihood written out in class logit and thresholds, differentiated by complex steps."""
    model = complete.errors.model
    assert complete.errors.n_at_boundary == 0
    thresholds, logits = complete.thresholds, complete.class_logits()
    point = np.concatenate([logits["estimate"], thresholds["estimate"]])

    def by_row(vector):
        log_share = np.array([vector[0], 0.0]) - np.log(1 + np.exp(vector[0]))
        below = iter(1 / (1 + np.exp(-vector[1:])))
        log_rows = np.zeros((len(model.codes), 2)) + log_share
        for k, (j, size) in product(range(2), enumerate(SIZES)):
            cumulative = np.array([0.0, *(next(below) for _ in range(size - 1)), 1.0])
            log_rows[:, k] += np.log(np.diff(cumulative))[model.codes[:, j]]
        return np.log(np.exp(log_rows).sum(axis=1))

    def scores(vector, step=1e-20j):
        return np.array([(by_row(vector + move) / step).real for move in step * np.eye(len(vector))]).T

    assert model.count @ by_row(point) == pytest.approx(complete.found.log_likelihood, abs=1e-9)
    step = 1e-4
    curved = [
        model.count @ (scores(point + move) - scores(point - move)) / (2 * step) for move in step * np.eye(len(point))
    ]
    inverse = np.linalg.inv(-np.array(curved))
    products = (model.count[:, None] * scores(point)).T @ scores(point)
    sandwich = inverse @ products @ inverse
    for column, covariance in (("se", inverse), ("robust_se", sandwich)):
        ours = np.concatenate([logits[column], thresholds[column]])
        np.testing.assert_allclose(ours, np.sqrt(np.diag(covariance)), rtol=1e-4)
    value = complete.fit["value"]
    assert value["scaling"] == pytest.approx(np.trace(products @ inverse) / len(point), rel=1e-5)
    share = complete.shares.loc["C1"]
    for column, covariance in (("se", inverse), ("robust_se", sandwich)):
        error = share["estimate"] * (1 - share["estimate"]) * np.sqrt(covariance[0, 0])
        assert share[column] == pytest.approx(error, rel=1e-4)


def test_probabilities_and_thresholds_say_the_same(complete):
    probabilities, thresholds = complete.probabilities, complete.thresholds
    np.testing.assert_allclose(probabilities.groupby(["latent_class", "item"])["estimate"].sum(), 1)
    for (k, item, category), row in thresholds.loc[(slice(None), ["b", "d"]), :].iterrows():
        one = probabilities.loc[(k, item, category)]
        assert row["estimate"] == pytest.approx(logit(one["estimate"]))
        slope = one["estimate"] * (1 - one["estimate"])
        np.testing.assert_allclose(one[["se", "robust_se"]], slope * row[["se", "robust_se"]])
        np.testing.assert_allclose(one[["lower", "upper"]], expit(row[["lower", "upper"]].astype(float)))
    other = complete.class_logits("C1")
    np.testing.assert_allclose(other.loc["C2", "estimate"], -complete.class_logits().loc["C1", "estimate"])
    with pytest.raises(ValueError, match="reference='C9': classes are C1, C2"):
        complete.class_logits("C9")


def test_a_rare_answer_in_a_large_sample_keeps_its_standard_error():
    """What two of thirty million say has a log odds known to sqrt(1/2), and is not dropped beside the other item."""
    codes = np.array([[0, 0], [0, 1], [1, 0]])
    count = np.array([15e6, 15e6, 2.0])
    rho = np.array([[[1 - 2 / 30e6, 2 / 30e6], [0.5, 0.5]]])
    errors = EstimateErrors(Classification(rho, np.array([1.0]), codes, count), (2, 2))
    assert errors.thresholds.error[0, 0, 0] == pytest.approx(np.sqrt(1 / 2), rel=1e-6)
    assert errors.n_at_boundary == errors.n_unidentified == 0


def test_estimates_at_the_boundary_are_held_by_name():
    """Nobody of the second class chooses the last two of four answers."""
    rng = np.random.default_rng(0)
    first = np.repeat([True, False], [500, 300])
    frame = pd.DataFrame({"a": np.where(first, rng.integers(1, 5, 800), rng.integers(1, 3, 800))})
    frame = frame.assign(**{item: (rng.random(800) < np.where(first, 0.85, 0.1)).astype(int) for item in "bcd"})
    found = bl.maximum_likelihood(bl.Items(list(frame)), frame, 2, n_starts=20)
    held = found.thresholds["robust_se"].isna()
    assert held.any()
    assert set(found.thresholds.loc[held, "estimate"]) == {15.0}
    assert found.thresholds.loc[~held, "estimate"].abs().max() < 15
    at_zero = found.probabilities["estimate"] < 1e-5
    assert at_zero.sum() == found.fit["value"]["parameters_at_boundary"]
    assert found.probabilities.loc[at_zero, ["se", "robust_se", "lower"]].isna().all(axis=None)
    assert found.probabilities.loc[~at_zero, "se"].notna().all()
    assert "held at the boundary" in found.thresholds.note


def test_assignment_and_its_errors(complete):
    model = complete.errors.model
    membership = model.membership(model.codes)
    modal = membership.argmax(axis=1)
    for w, k in product(range(2), range(2)):
        chosen = model.count * (modal == w)
        assert complete.average_posterior.iloc[w, k] == pytest.approx(chosen @ membership[:, k] / chosen.sum())
        assert complete.error_matrix.iloc[k, w] == pytest.approx(
            chosen @ membership[:, k] / (model.count @ membership[:, k])
        )
    assert complete.shares["n_assigned"].tolist() == [int(model.count[modal == k].sum()) for k in range(2)]
    np.testing.assert_allclose(complete.shares["average_posterior"], np.diag(complete.average_posterior))


def test_chi_squared_of_complete_answers_counts_every_cell(complete):
    frame = answers()
    model = complete.errors.model
    expected, observed = [], []
    for cell in product(*(range(size) for size in SIZES)):
        of_classes = [np.prod([model.item_probability[k, j, c] for j, c in enumerate(cell)]) for k in range(2)]
        expected.append(400 * model.class_share @ of_classes)
        observed.append((frame.to_numpy() == np.array(cell) + 1).all(axis=1).sum())
    expected, observed = np.array(expected), np.array(observed)
    table = complete.chi_squared
    assert table.loc["pearson", "statistic"] == pytest.approx(((observed - expected) ** 2 / expected).sum())
    seen = observed > 0
    ratio = 2 * (observed[seen] * np.log(observed[seen] / expected[seen])).sum()
    assert table.loc["likelihood_ratio", "statistic"] == pytest.approx(ratio)
    assert (table["degrees_of_freedom"] == 36 - 1 - 13).all()


def test_with_missing_answers_the_table_is_the_most_likely_one():
    """Likelihood ratio against the table without a model, whose likelihood no other table of many exceeds."""
    frame = answers(300, missing=0.1)[["a", "b"]].dropna(how="all")
    codes = frame.fillna(0).to_numpy(dtype=int) - 1
    patterns, count = np.unique(codes, axis=0, return_counts=True)
    cells, probability, of_rows = unrestricted_table(patterns, count.astype(float))
    assert len(cells) == 6
    assert probability.sum() == pytest.approx(1)
    best = count @ np.log(of_rows)
    agreeing = ((patterns[:, None] == cells) | (patterns[:, None] < 0)).all(axis=2)
    np.testing.assert_allclose(agreeing @ probability, of_rows)
    gradient = (count / of_rows) @ agreeing / count.sum()  # 1 in every cell that is not empty, at the maximum
    np.testing.assert_allclose(gradient[probability > 1e-8], 1, atol=1e-4)
    assert (gradient < 1 + 1e-4).all()
    fit = fit_em(patterns, count, (3, 2), 1)
    model = Classification(fit.item_probability, fit.class_share, patterns, count.astype(float))
    found = table_fit(model, (3, 2), 2)
    assert found.likelihood_ratio == pytest.approx(2 * (best - fit.log_likelihood))
    expected = count.sum() * fit.item_probability[0, 0, cells[:, 0]] * fit.item_probability[0, 1, cells[:, 1]]
    assert found.pearson == pytest.approx(((count.sum() * probability - expected) ** 2 / expected).sum())


def test_a_table_too_large_is_refused_in_words(monkeypatch):
    monkeypatch.setattr("bayes_lca.likelihood.unrestricted.MOST_MEANT", 10)
    found = bl.maximum_likelihood(bl.Items(ITEMS), answers(300, missing=0.1), 2, n_starts=5)
    assert found.chi_squared["statistic"].isna().all()
    assert "respondents lack answers, and could have meant" in found.chi_squared.note
    assert "No chi-squared: " in found.verdict


def test_the_verdict_comes_first(complete):
    words = repr(complete)
    assert words.startswith(f"2 classes of n = 400: log-likelihood {complete.found.log_likelihood:.3f}, met by ")
    page = complete._repr_html_()
    assert page.startswith("<p><strong>2 classes of n = 400")
    assert page.index("log_likelihood") > page.index("<strong>")
    once = bl.maximum_likelihood(bl.Items(ITEMS), answers(), 4, n_starts=2, seed=1)
    assert once.found.best_starts == 1
    assert "met by 1 of 2 starts only, so a better one may exist" in once.verdict
    sparse = bl.maximum_likelihood(bl.Items(ITEMS), answers(60), 2, n_starts=5)
    assert "60 respondents in 36 cells are too sparse" in sparse.verdict


def test_what_the_answers_leave_open_has_no_standard_error():
    frame = answers()[["b", "d"]]
    with pytest.warns(bl.UnidentifiedWarning, match="2 parameters more"):
        found = bl.maximum_likelihood(bl.Items(["b", "d"]), frame, 2, n_starts=5)
    assert found.fit["value"]["parameters_unidentified"] == 2
    assert found.shares["se"].isna().all()
    assert "combination(s) of parameters are not identified" in found.verdict
    assert "No chi-squared: the model has as many parameters" in found.verdict


def test_frequency_tables_and_silent_respondents_count_as_they_should():
    frame = answers(missing=0.05)
    table = frame.value_counts(dropna=False).rename("n").reset_index()
    of_table = bl.maximum_likelihood(bl.Items(ITEMS), table, 2, count="n", n_starts=5)
    silent = pd.concat([frame, pd.DataFrame(np.nan, [400, 401], ITEMS)])
    of_frame = bl.maximum_likelihood(bl.Items(ITEMS), silent, 2, n_starts=5)
    pd.testing.assert_frame_equal(of_table.thresholds, of_frame.thresholds, rtol=1e-6, check_like=True)
    assert "2 more without any answer take no part" in of_frame.note


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_classes": 0}, "n_classes=0"),
        ({"n_starts": 2.5}, "n_starts=2.5"),
        ({"n_classes": 99}, "99 classes exceed the"),
        ({"items": bl.NormalItems(ITEMS)}, "nominal items only"),
    ],
)
def test_what_cannot_be_estimated_is_refused(change, message):
    given = {"items": bl.Items(ITEMS), "frame": answers(50), "n_classes": 2} | change
    with pytest.raises(ValueError, match=message):
        bl.maximum_likelihood(**given)
