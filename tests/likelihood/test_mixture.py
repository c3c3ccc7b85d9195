"""Maximum likelihood of items of any kind: published maxima, a likelihood written out, and what EM may not do."""

import numpy as np
import pytest
from equivalence import peers
from scipy import optimize, stats
from scipy.special import logsumexp, softmax

from bayes_lca.likelihood.baum_welch import fit_paths
from bayes_lca.likelihood.families import NormalFamily
from bayes_lca.likelihood.group_mixture import fit_group_mixture
from bayes_lca.likelihood.mixture import fit_mixture
from bayes_lca.likelihood.without_bound import UnboundedLikelihoodError


def normal(numbers, **options):
    return NormalFamily(numbers, np.nanmean(numbers, axis=0), np.nanstd(numbers, axis=0), **options)


@peers.beside_the_project
def test_iris_has_the_maximum_that_mplus_prints():
    """Mplus 8.11: log-likelihood -567.606, 16 parameters, shares .33351 .66649; three classes have no maximum."""
    numbers = peers.frame("iris_five").to_numpy(float)
    fitted = fit_mixture([normal(numbers)], np.ones(len(numbers)), 2)
    assert fitted.best.log_likelihood == pytest.approx(-567.606, abs=0.001)
    assert fitted.n_parameters == 16
    np.testing.assert_allclose(fitted.best.class_share, [0.66649, 0.33351], atol=1e-5)
    setosa = fitted.best.parameters[0]["mean"][1]
    np.testing.assert_allclose(setosa, [5.006, 3.427, 1.463, 0.246, 1.001], atol=0.001)
    variance = fitted.best.parameters[0]["sd"][0] ** 2
    np.testing.assert_allclose(variance[:3], [0.330, 0.120, 0.460], atol=0.001)
    three = fit_mixture([normal(numbers)], np.ones(len(numbers)), 3)
    assert three.degenerate_starts > 0


@peers.beside_the_project
def test_carecompass_has_the_maxima_of_openmx():
    """tidySEM 0.2.11 / OpenMx, four scales with 22 missing values, equal variances: one to three classes."""
    numbers = peers.frame("carecompass").to_numpy(float)
    assert np.isnan(numbers).sum() == 22
    for n_classes, expected, n_parameters in ((1, -2241.98198, 8), (2, -2031.36515, 13), (3, -1951.34919, 18)):
        fitted = fit_mixture([normal(numbers)], np.ones(len(numbers)), n_classes)
        assert fitted.best.log_likelihood == pytest.approx(expected, abs=1e-3)
        assert fitted.n_parameters == n_parameters
        assert fitted.converged_starts == fitted.n_starts


def two_classes(n=80, seed=3):
    """Two numbers in two classes, a sixth of them missing, each row with a count."""
    rng = np.random.default_rng(seed)
    latent = rng.integers(0, 2, n)
    numbers = np.array([[100.0, 0.2], [130.0, 0.5]])[latent] + rng.normal(size=(n, 2)) * [9.0, 0.1]
    numbers[rng.random(numbers.shape) < 1 / 6] = np.nan
    return numbers, rng.integers(1, 4, n)


def written_out(numbers, counts, share, mean, sd):
    """The log-likelihood, one class after the other."""
    terms = []
    for k in range(len(share)):
        log_density = np.nan_to_num(stats.norm.logpdf(numbers, mean[k], sd[k]))
        terms.append(np.log(share[k]) + log_density.sum(axis=1))
    return counts @ logsumexp(terms, axis=0)


@pytest.mark.parametrize("free", [False, True])
def test_the_log_likelihood_is_the_one_written_out_and_no_neighbour_is_higher(free):
    numbers, counts = two_classes()
    best = fit_mixture([normal(numbers, free=free)], counts, 2).best
    mean, sd = best.parameters[0]["mean"], np.broadcast_to(best.parameters[0]["sd"], (2, 2))
    at_best = written_out(numbers, counts, best.class_share, mean, sd)
    assert best.log_likelihood == pytest.approx(at_best, rel=1e-12)

    def minus(x):
        widths = np.exp(x[5:]) if free else np.tile(np.exp(x[5:]), 2)
        return -written_out(numbers, counts, softmax([x[0], 0.0]), x[1:5].reshape(2, 2), widths.reshape(2, 2))

    logit = np.log(best.class_share[0] / best.class_share[1])
    x = np.concatenate([[logit], mean.ravel(), np.log(sd if free else sd[0]).ravel()])
    assert minus(x) == pytest.approx(-at_best, rel=1e-12)
    scale = np.concatenate([[1.0], np.tile([9.0, 0.1], 2), np.ones(len(x) - 5)])
    gradient = optimize.approx_fprime(x, minus, 1e-6 * scale) * scale
    np.testing.assert_allclose(gradient, 0.0, atol=0.01)


def test_membership_is_that_of_the_maximum():
    numbers, counts = two_classes()
    best = fit_mixture([normal(numbers)], counts, 2).best
    sd = best.parameters[0]["sd"][0]
    log_joint = np.stack(
        [
            np.log(best.class_share[k])
            + np.nan_to_num(stats.norm.logpdf(numbers, best.parameters[0]["mean"][k], sd)).sum(axis=1)
            for k in range(2)
        ],
        axis=1,
    )
    np.testing.assert_allclose(best.membership, softmax(log_joint, axis=1), atol=1e-9)


def test_counts_are_rows_repeated():
    numbers, counts = two_classes()
    together = fit_mixture([normal(numbers)], counts, 2).best
    center, scale = np.nanmean(numbers, axis=0), np.nanstd(numbers, axis=0)
    repeated = NormalFamily(np.repeat(numbers, counts, axis=0), center, scale)
    apart = fit_mixture([repeated], np.ones(counts.sum()), 2).best
    assert together.log_likelihood == pytest.approx(apart.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(together.class_share, apart.class_share, atol=1e-4)


def test_units_change_the_log_likelihood_by_their_logarithm():
    numbers, counts = two_classes()
    of_centimetres = fit_mixture([normal(numbers)], counts, 2).best.log_likelihood
    of_metres = fit_mixture([normal(numbers * [0.01, 1.0])], counts, 2).best.log_likelihood
    n = counts @ ~np.isnan(numbers[:, 0])
    assert of_metres == pytest.approx(of_centimetres + n * np.log(100), abs=1e-5)


def test_members_that_the_prior_adds_keep_free_variances_off_zero():
    """Two equal rows far from all others are a class without variance, unless a prior stands against it."""
    numbers = np.concatenate([np.random.default_rng(1).normal(size=40), [8.0, 8.0]])[:, None]
    without = fit_mixture([normal(numbers, free=True)], np.ones(42), 2)
    assert without.degenerate_starts > 0
    family = normal(numbers, free=True, weight=2.0, typical=0.3)
    best = fit_mixture([family], np.ones(42), 2).best
    sd = best.parameters[0]["sd"][1, 0]
    assert best.class_share[1] == pytest.approx(2 / 42, abs=1e-3)
    assert sd == pytest.approx(np.sqrt(2 * 0.3**2 / 4) * numbers.std(), rel=0.01)


def test_more_classes_than_rows_are_refused():
    with pytest.raises(ValueError, match="n_classes=4 exceeds the 3 distinct rows; ask for fewer classes"):
        fit_mixture([normal(np.array([[1.0], [2.0], [4.0]]))], np.ones(3), 4)


def test_ends_without_a_bound_alone_are_refused():
    """An item that is one number for half of the rows has a class without variance wherever a start begins."""
    numbers = np.concatenate([np.zeros(20), np.arange(1.0, 21.0)])[:, None]
    rows, counts = np.arange(40).reshape(20, 2), np.ones(20)
    with pytest.raises(UnboundedLikelihoodError, match="no bound"):
        fit_paths([normal(numbers, free=True)], rows, counts, 2)
    with pytest.raises(UnboundedLikelihoodError, match="no bound"):
        fit_group_mixture([normal(numbers, free=True)], np.arange(40) % 8, np.arange(40), np.ones(40), 2, 2)
