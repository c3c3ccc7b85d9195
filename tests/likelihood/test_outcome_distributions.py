"""Distributions of distal outcomes: densities of SciPy, and draws with the mean that is expected."""

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
def test_draws_have_the_mean_that_is_expected(distribution, of_class):
    eta, parameters = of_one_row(distribution)
    expected = distribution.expected(eta, *parameters)[0, of_class]
    given = parameters if isinstance(distribution, OrderedDistribution) else [each[of_class] for each in parameters]
    rows = np.broadcast_to(eta[0, of_class], (N, *eta.shape[2:]))
    drawn = distribution.draw(np.random.default_rng(of_class), rows, *given)
    if distribution.has_categories:
        drawn = drawn[:, None] == np.arange(3)
    error = drawn.std(axis=0) / np.sqrt(N)
    assert (np.abs(drawn.mean(axis=0) - expected) < 4 * error).all()


def test_what_is_expected_has_a_scale_without_bounds():
    for distribution in (BernoulliDistribution(), PoissonDistribution()):
        np.testing.assert_allclose(distribution.unbounded(distribution.expected(ETA)), ETA)
    multinomial = MultinomialDistribution()
    np.testing.assert_allclose(multinomial.unbounded(multinomial.expected(LOGITS)), LOGITS[:, :2] - LOGITS[:, 2:])
    ordered = OrderedDistribution()
    moved = ordered.unbounded(ordered.expected(ETA[None], BASELINE))[0]
    np.testing.assert_allclose(moved[0] - moved, ETA - ETA[0])


def of_one_row(distribution):
    """Predictors of the classes, shape (1, latent_class, ...), and what the distribution has beside them."""
    if isinstance(distribution, MultinomialDistribution):
        return LOGITS[None], []
    return ETA[None], {NormalDistribution: [SD], OrderedDistribution: [BASELINE]}.get(type(distribution), [])
