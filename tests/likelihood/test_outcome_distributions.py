"""Distributions of distal outcomes: densities, means and draws are those of SciPy."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from bayes_lca.likelihood.outcome_families import (
    BernoulliDistribution,
    MultinomialDistribution,
    NormalDistribution,
    OrderedDistribution,
    PoissonDistribution,
)

ETA = np.array([-0.7, 0.4, 1.2])  # of three classes
SD = np.array([0.5, 1.0, 2.0])
BASELINE = np.array([0.2, 0.5, 0.3])
LOGITS = np.array([[0.3, -0.4, 0.1], [1.0, 0.0, -1.0], [-0.2, 0.5, 0.9]])
N = 40_000


def at_most(eta):
    """Probability of a category or a lower one, from the odds of the baseline."""
    return np.append(expit(logit(BASELINE.cumsum()[:-1]) - eta[..., None]), np.ones((*eta.shape, 1)), axis=-1)


@pytest.mark.parametrize(
    ("distribution", "outcome", "expected"),
    [
        (BernoulliDistribution(), [0, 1], lambda o: stats.bernoulli.logpmf(o, expit(ETA))),
        (PoissonDistribution(), [0, 1, 7], lambda o: stats.poisson.logpmf(o, np.exp(ETA))),
        (NormalDistribution(), [-1.0, 2.5], lambda o: stats.norm.logpdf(o, ETA, SD)),
        (OrderedDistribution(), [0, 1, 2], lambda o: np.log(np.diff(at_most(ETA), prepend=0.0)[:, o])),
        (MultinomialDistribution(), [0, 1, 2], lambda o: LOGITS[:, o] - np.log(np.exp(LOGITS).sum(axis=1))),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "log_density") else "",
)
def test_densities_are_those_of_scipy(distribution, outcome, expected):
    eta, parameters = of_one_row(distribution)
    eta = np.broadcast_to(eta, (len(outcome), *eta.shape[1:]))
    found = distribution.log_density(np.array(outcome), eta, *parameters)
    np.testing.assert_allclose(found, [expected(o) for o in outcome], rtol=1e-12)


@pytest.mark.parametrize(
    "distribution",
    [
        BernoulliDistribution(),
        PoissonDistribution(),
        NormalDistribution(),
        OrderedDistribution(),
        MultinomialDistribution(),
    ],
    ids=lambda distribution: type(distribution).__name__,
)
@pytest.mark.parametrize("of_class", range(3))
def test_what_is_expected_and_drawn_has_the_moments_of_scipy(distribution, of_class):
    """Means, or probabilities of categories, exactly; means and variances of draws within four standard errors."""
    eta, parameters = of_one_row(distribution)
    mean, variance, excess = (np.array(moment) for moment in of_scipy(distribution, of_class).stats("mvk"))
    np.testing.assert_allclose(distribution.expected(eta, *parameters)[0, of_class], mean, rtol=1e-12)
    given = parameters if isinstance(distribution, OrderedDistribution) else [each[of_class] for each in parameters]
    rows = np.broadcast_to(eta[0, of_class], (N, *eta.shape[2:]))
    drawn = distribution.draw(np.random.default_rng(of_class), rows, *given)
    if distribution.has_categories:
        drawn = drawn[:, None] == np.arange(3)
    assert (np.abs(drawn.mean(axis=0) - mean) < 4 * np.sqrt(variance / N)).all()
    error = variance * np.sqrt((excess + 2) / N)  # but for the squared error of the mean, which is all that p = .5 has
    assert (np.abs(drawn.var(axis=0) - variance) < 4 * error + 16 * variance / N).all()


def test_means_have_a_scale_without_bounds():
    """Of the distributions of SciPy: the predictor, up to a constant that all classes share where they are in order."""

    def unbounded(distribution):
        return distribution.unbounded(np.array([of_scipy(distribution, c).stats("m") for c in range(3)]))

    for distribution in (BernoulliDistribution(), PoissonDistribution(), NormalDistribution()):
        np.testing.assert_allclose(unbounded(distribution), ETA)
    np.testing.assert_allclose(unbounded(MultinomialDistribution()), LOGITS[:, :2] - LOGITS[:, 2:])
    moved = unbounded(OrderedDistribution())
    np.testing.assert_allclose(moved[0] - moved, ETA - ETA[0])


def of_scipy(distribution, of_class):
    """The distribution of a class; that of the indicators of its categories where an outcome is in categories."""
    eta = ETA[of_class]
    return {
        BernoulliDistribution: stats.bernoulli(expit(eta)),
        PoissonDistribution: stats.poisson(np.exp(eta)),
        NormalDistribution: stats.norm(eta, SD[of_class]),
        OrderedDistribution: stats.bernoulli(np.diff(at_most(eta), prepend=0.0)),
        MultinomialDistribution: stats.bernoulli(np.exp(LOGITS[of_class]) / np.exp(LOGITS[of_class]).sum()),
    }[type(distribution)]


def of_one_row(distribution):
    """Predictors of the classes, shape (1, latent_class, ...), and what the distribution has beside them."""
    if isinstance(distribution, MultinomialDistribution):
        return LOGITS[None], []
    return ETA[None], {NormalDistribution: [SD], OrderedDistribution: [BASELINE]}.get(type(distribution), [])
