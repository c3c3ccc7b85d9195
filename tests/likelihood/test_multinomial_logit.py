"""Multinomial regression of a class seen or hidden, against differences, another program and its own properties."""

import contextlib

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp, softmax

from bayes_lca.likelihood import newton
from bayes_lca.likelihood.multinomial_logit import fit_latent_logit, fit_multinomial_logit, row_scores
from bayes_lca.likelihood.newton import NoMaximumError, climb, multinomial_information
from bayes_lca.likelihood.row_sums import sum_products


def regression_data(seed=0, n=300, slope=1.0):
    """Design (row, term), class seen (row,), log emission (row, latent_class) and counts (row,) of three classes."""
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.integers(2, size=n), rng.normal(size=n)])
    coefficient = np.array([[0, 0, 0], [0.4, slope, -0.5], [-0.3, 0.2, slope]])
    probability = softmax(design @ coefficient.T, axis=1)
    seen = (rng.random(n)[:, None] > probability.cumsum(axis=1)[:, :-1]).sum(axis=1)
    indicator = 1.5 * np.eye(3)[seen] + rng.normal(size=(n, 3))
    return design, seen, 1.5 * indicator, rng.integers(1, 5, size=n).astype(float)


def latent_log_likelihood(free, design, log_emission, count):
    coefficient = np.vstack([np.zeros(design.shape[1]), np.reshape(free, (-1, design.shape[1]))])
    return count @ logsumexp(log_softmax(design @ coefficient.T, axis=1) + log_emission, axis=1)


def weighted_log_likelihood(free, design, weight, count):
    coefficient = np.vstack([np.zeros(design.shape[1]), np.reshape(free, (-1, design.shape[1]))])
    return count @ (weight * log_softmax(design @ coefficient.T, axis=1)).sum(axis=1)


def differences(function, at, step=1e-4):
    """Gradient by central differences, and for vector functions their Jacobian."""
    moves = step * np.eye(len(at))
    return np.array([(function(at + move) - function(at - move)) / (2 * step) for move in moves])


def negative_weights(seen, n_classes=3):
    """Assignments undone by the inverse of a matrix of errors, so that some weights are negative and rows sum to 1."""
    errors = np.array([[0.92, 0.05, 0.03], [0.03, 0.9, 0.07], [0.06, 0.02, 0.92]])
    return np.eye(n_classes)[seen] @ np.linalg.inv(errors)


def test_scores_and_information_are_the_derivatives_at_any_point():
    design, seen, log_emission, count = regression_data(n=60)
    weight = 2 * negative_weights(seen)
    free = np.random.default_rng(1).normal(size=6)

    def coefficient(free):
        return np.vstack([np.zeros(3), free.reshape(2, 3)])

    def posterior(free):
        return softmax(log_softmax(design @ coefficient(free).T, axis=1) + log_emission, axis=1)

    def weighted_score(free):
        return count @ row_scores(design, coefficient(free), weight)

    def latent_score(free):
        return count @ row_scores(design, coefficient(free), posterior(free))

    by_differences = differences(lambda f: weighted_log_likelihood(f, design, weight, count), free)
    np.testing.assert_allclose(weighted_score(free), by_differences, rtol=1e-6, atol=1e-5)
    by_differences = differences(lambda f: latent_log_likelihood(f, design, log_emission, count), free)
    np.testing.assert_allclose(latent_score(free), by_differences, rtol=1e-6, atol=1e-5)

    probability = softmax(design @ coefficient(free).T, axis=1)
    information = multinomial_information(design, probability, 2 * count)
    np.testing.assert_allclose(information, -differences(weighted_score, free), rtol=1e-6, atol=1e-5)
    information = multinomial_information(design, probability, count)
    information -= multinomial_information(design, posterior(free), count)
    np.testing.assert_allclose(information, -differences(latent_score, free), rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("hidden", [False, True])
def test_fit_is_the_maximum_and_covariance_the_inverse_of_its_curvature(hidden):
    design, seen, log_emission, count = regression_data()
    evidence = log_emission if hidden else negative_weights(seen)
    fit, log_likelihood = (
        (fit_latent_logit, latent_log_likelihood) if hidden else (fit_multinomial_logit, weighted_log_likelihood)
    )
    found = fit(design, evidence, count)
    free = found.coefficient[1:].ravel()
    assert found.log_likelihood == pytest.approx(log_likelihood(free, design, evidence, count), abs=1e-9)
    assert found.n == count.sum()
    for seed in range(3):
        start = np.random.default_rng(seed).normal(size=6)
        other = minimize(lambda f: -log_likelihood(f, design, evidence, count), start, method="BFGS")
        assert -other.fun <= found.log_likelihood + 1e-8
    np.testing.assert_allclose(free, other.x, atol=1e-4)

    def gradient(f):
        return differences(lambda g: log_likelihood(g, design, evidence, count), f, step=1e-3)

    np.testing.assert_allclose(
        np.linalg.inv(found.covariance), -differences(gradient, free, 1e-3), rtol=1e-4, atol=1e-2
    )


def test_weighted_regression_equals_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    design, seen, _, count = regression_data()
    weight = np.random.default_rng(2).dirichlet(np.ones(3), size=len(design)) + np.eye(3)[seen]
    peer = linear_model.LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=10_000)
    peer.fit(np.tile(design, (3, 1)), np.repeat([0, 1, 2], len(design)), sample_weight=(count * weight.T).ravel())
    found = fit_multinomial_logit(design, weight, count)
    np.testing.assert_allclose(found.coefficient, peer.coef_ - peer.coef_[0], atol=1e-5)


def test_no_accepted_step_lowers_the_log_likelihood(monkeypatch):
    """Strong effects, from whose start full Newton steps overshoot: looks that were no steps say that they did."""
    original, rejected = newton.multinomial_information, 0
    for seed in range(20):
        design, _, log_emission, count = regression_data(seed, n=200, slope=4.0)
        accepted, looks = [], []

        def recording(columns, probability, weight, *, accepted=accepted, count=count, log_emission=log_emission):
            accepted.append(count @ logsumexp(np.log(probability) + log_emission, axis=1))
            return original(columns, probability, weight)

        def evidence(log_probability, *, looks=looks, log_emission=log_emission):
            looks.append(1)
            joint = log_probability + log_emission
            return logsumexp(joint, axis=1), softmax(joint, axis=1)

        monkeypatch.setattr(newton, "multinomial_information", recording)
        columns = design / np.sqrt((count @ design**2) / count.sum())
        with contextlib.suppress(NoMaximumError):  # some maxima lie at infinity; the way there rises too
            climb(columns, count, 3, evidence, hidden=True)
        path = np.array(accepted[::2])  # every step asks for the complete-data information first
        assert np.all(np.diff(path) > 0)
        assert path[-1] - path[0] > 1
        rejected += len(looks) > len(path) + 1  # a last look may be rounding
    assert rejected > 0


def test_hidden_class_that_is_certain_is_a_class_seen():
    design, seen, _, count = regression_data()
    certain = np.where(np.eye(3)[seen] == 1, -3.0, -np.inf)
    latent, direct = fit_latent_logit(design, certain, count), fit_multinomial_logit(design, np.eye(3)[seen], count)
    np.testing.assert_allclose(latent.coefficient, direct.coefficient, atol=1e-8)
    np.testing.assert_allclose(latent.covariance, direct.covariance, atol=1e-8)
    assert latent.log_likelihood == pytest.approx(direct.log_likelihood - 3 * count.sum())


@pytest.mark.parametrize("robust", [False, True])
def test_contrasts_do_not_depend_on_the_reference(robust):
    design, _, log_emission, count = regression_data()
    found = fit_latent_logit(design, log_emission, count, terms=("one", "x", "z"), robust=robust)
    order = [2, 0, 1]
    permuted = fit_latent_logit(design, log_emission[:, order], count, terms=("one", "x", "z"), robust=robust)
    for b, a in [(0, 1), (1, 0), (2, 1), (1, 2), (0, 2)]:
        direct, other = found.contrast(b, a), permuted.contrast(order.index(b), order.index(a))
        assert list(direct.index) == ["one", "x", "z"]
        np.testing.assert_allclose(direct, other, atol=1e-7)
    np.testing.assert_array_equal(found.contrast(1, 1), 0)
    with pytest.raises(ValueError, match="class 3"):
        found.contrast(3, 0)


def test_units_of_the_covariates_do_not_matter():
    design, _, log_emission, count = regression_data()
    found = fit_latent_logit(design, log_emission, count).contrast(2, 1)
    unit = np.array([1, 1e7, 1e-5])
    shifted = design * unit + np.array([0, 0, 3.0])  # moves the intercept alone
    other = fit_latent_logit(shifted, log_emission, count).contrast(2, 1)
    np.testing.assert_allclose(other.iloc[1:].mul(unit[1:], axis=0), found.iloc[1:], rtol=1e-6)


@pytest.mark.parametrize("robust", [False, True])
def test_counts_equal_rows_repeated(robust):
    design, _, log_emission, count = regression_data()
    rows = np.repeat(np.arange(len(design)), count.astype(int))
    once = fit_latent_logit(design, log_emission, count, robust=robust)
    repeated = fit_latent_logit(design[rows], log_emission[rows], np.ones(len(rows)), robust=robust)
    np.testing.assert_allclose(repeated.coefficient, once.coefficient, atol=1e-9)
    np.testing.assert_allclose(repeated.covariance, once.covariance, rtol=1e-6)


def test_sandwich_is_written_out():
    design, seen, _, count = regression_data(n=80)
    weight = negative_weights(seen)
    plain, robust = (fit_multinomial_logit(design, weight, count, robust=kind) for kind in (False, True))
    probability = softmax(design @ plain.coefficient.T, axis=1)
    meat = np.zeros((6, 6))
    for x, w, p, n in zip(design, weight, probability, count, strict=True):
        score = np.concatenate([(w[c] - w.sum() * p[c]) * x for c in (1, 2)])
        meat += n * np.outer(score, score)
    np.testing.assert_allclose(robust.covariance, plain.covariance @ meat @ plain.covariance, rtol=1e-8)
    assert (np.abs(np.diag(robust.covariance) / np.diag(plain.covariance) - 1) > 0.05).any()


@pytest.mark.parametrize(("n", "columns"), [(1000, 20), (100, 200), (0, 3)])
def test_sums_in_slices_are_the_sums(n, columns):
    rng = np.random.default_rng(0)
    left, right, weight = rng.normal(size=(n, columns)), rng.normal(size=(n, columns)), rng.normal(size=n)
    np.testing.assert_allclose(sum_products(left, right, weight), np.einsum("i,ia,ib->ab", weight, left, right))
    np.testing.assert_allclose(sum_products(left, right), np.einsum("ia,ib->ab", left, right))


def test_intercept_alone_is_the_shares():
    seen, count = np.array([0, 1, 2]), np.array([20.0, 30.0, 50.0])
    found = fit_multinomial_logit(np.ones((3, 1)), np.eye(3)[seen], count)
    np.testing.assert_allclose(found.coefficient[:, 0], np.log(count / 20), atol=1e-8)
    np.testing.assert_allclose(np.diag(found.covariance), 1 / count[1:] + 1 / 20)
    for b, a in [(1, 0), (0, 1), (2, 1), (1, 2)]:
        contrast = found.contrast(b, a).loc["term 0"]
        assert contrast["estimate"] == pytest.approx(np.log(count[b] / count[a]), abs=1e-8)
        assert contrast["se"] == pytest.approx(np.sqrt(1 / count[b] + 1 / count[a]), abs=1e-8)


ONES = np.ones((4, 1))
X = np.column_stack([ONES, [0, 0, 1, 1]])
SEEN = np.eye(2)[[0, 1, 0, 1]]
COUNT = np.ones(4)
WITHOUT_MAXIMUM = {
    "separation": lambda: fit_multinomial_logit(X, np.eye(2)[[0, 0, 1, 1]], COUNT),
    "class alone in a group": lambda: fit_multinomial_logit(X, np.eye(2)[[0, 0, 0, 1]], COUNT),
    "empty class": lambda: fit_multinomial_logit(X, np.eye(3)[[0, 1, 0, 1]], COUNT),
    "weights below zero in a group": lambda: fit_multinomial_logit(
        X, SEEN + np.outer([0, 0, 1, 1], [0.6, -0.6]), COUNT
    ),
    "emission that says nothing": lambda: fit_latent_logit(X, np.zeros((4, 2)), COUNT),
    "hidden separation": lambda: fit_latent_logit(X, 3 * np.eye(2)[[0, 0, 1, 1]], COUNT),
}


@pytest.mark.parametrize("name", WITHOUT_MAXIMUM)
def test_no_finite_maximum_is_said(name):
    with pytest.raises(NoMaximumError, match=r"no finite maximum.*Merge sparse categories"):
        WITHOUT_MAXIMUM[name]()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"design": np.column_stack([X, 2 * X[:, 1]]), "terms": ("intercept", "x", "twice x")}, "twice x"),
        ({"design": np.column_stack([ONES, ONES]), "terms": ("intercept", "constant")}, "constant"),
        ({"design": np.column_stack([X, np.zeros(4)]), "terms": ("intercept", "x", "nothing")}, "nothing"),
        ({"design": np.eye(4)[:2], "class_weight": SEEN[:2], "count": COUNT[:2]}, "term 2"),
        ({"design": X * np.nan}, "design has"),
        ({"design": X[:3]}, "class_weight has shape"),
        ({"class_weight": SEEN[:, :1]}, "class_weight has shape"),
        ({"class_weight": SEEN - 1}, "adds up to less than 0"),
        ({"class_weight": SEEN * np.nan}, "not finite"),
        ({"count": -COUNT}, "count has"),
        ({"count": COUNT[:2]}, "count has"),
        ({"terms": ("x",)}, "terms has 1"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        fit_multinomial_logit(**({"design": X, "class_weight": SEEN, "count": COUNT} | change))


def test_emission_that_excludes_every_class_is_named():
    with pytest.raises(ValueError, match="infinite in all classes"):
        fit_latent_logit(X, np.full((4, 2), -np.inf), COUNT)
