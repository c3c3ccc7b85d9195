"""Maximum likelihood of counts: published maxima, and likelihoods written out."""

import numpy as np
import pytest
from equivalence import peers
from scipy import optimize, stats
from scipy.special import logsumexp, softmax

from bayes_lca.likelihood.count_families import DISPERSIONS, NegativeBinomialFamily, PoissonFamily
from bayes_lca.likelihood.mixture import fit_mixture


@peers.beside_the_project
def test_dmft_has_the_maxima_of_flexmix():
    """flexmix 2.3-18, two Poisson counts of 797 children: one to three classes, and the means of two."""
    table = peers.frame("dmft_counts")
    counts, n = table[["begin", "end"]].to_numpy(float), table["count"].to_numpy()
    for n_classes, expected, n_parameters in ((1, -3499.48963, 2), (2, -3034.41900, 5), (3, -3005.73735, 8)):
        fitted = fit_mixture([PoissonFamily(counts)], n, n_classes)
        assert fitted.best.log_likelihood == pytest.approx(expected, abs=1e-3)
        assert fitted.n_parameters == n_parameters
        if n_classes == 2:
            np.testing.assert_allclose(fitted.best.class_share, [0.689694, 0.310306], atol=1e-4)
            np.testing.assert_allclose(fitted.best.parameters[0]["mean"][0], [4.607665, 2.507677], atol=1e-4)


def two_classes(n=150, seed=2):
    rng = np.random.default_rng(seed)
    latent = rng.integers(0, 2, n)
    mean = np.array([[2.0, 12.0], [9.0, 4.0]])[latent]
    counts = rng.poisson(mean * [1.0, 0.5] * rng.gamma([1e6, 2.0], [1e-6, 1.0], mean.shape)).astype(float)
    counts[rng.random(counts.shape) < 0.1] = np.nan
    return counts


def written_out(counts, share, mean, dispersion=None):
    terms = []
    for k in range(len(share)):
        if dispersion is None:
            log_density = stats.poisson.logpmf(counts, mean[k])
        else:
            size = 1 / dispersion
            log_density = stats.nbinom.logpmf(counts, size, size / (size + mean[k]))
        terms.append(np.log(share[k]) + np.where(np.isnan(counts), 0.0, log_density).sum(axis=1))
    return logsumexp(terms, axis=0).sum()


@pytest.mark.parametrize("family", [PoissonFamily, NegativeBinomialFamily])
def test_the_log_likelihood_is_the_one_written_out_and_no_neighbour_is_higher(family):
    counts = two_classes()
    best = fit_mixture([family(counts)], np.ones(len(counts)), 2).best
    mean, dispersion = best.parameters[0]["mean"], best.parameters[0].get("dispersion")
    dispersion = None if dispersion is None else dispersion[0]
    at_best = written_out(counts, best.class_share, mean, dispersion)
    assert best.log_likelihood == pytest.approx(at_best, rel=1e-10)

    def minus(x):
        a = None if dispersion is None else np.array([dispersion[0], np.exp(x[5])])
        return -written_out(counts, softmax([x[0], 0.0]), np.exp(x[1:5]).reshape(2, 2), a)

    x = np.concatenate([[np.log(best.class_share[0] / best.class_share[1])], np.log(mean).ravel()])
    if dispersion is not None:
        assert dispersion[0] < 0.1 < dispersion[1]
        x = np.append(x, np.log(dispersion[1]))
    np.testing.assert_allclose(optimize.approx_fprime(x, minus, 1e-6), 0.0, atol=0.02)


def test_counts_without_dispersion_have_the_likelihood_of_poisson_counts():
    counts = np.random.default_rng(3).binomial(20, 0.5, size=(300, 1)).astype(float)
    of_poisson = fit_mixture([PoissonFamily(counts)], np.ones(300), 1).best.log_likelihood
    best = fit_mixture([NegativeBinomialFamily(counts)], np.ones(300), 1).best
    assert best.parameters[0]["dispersion"][0, 0] == pytest.approx(DISPERSIONS[0], rel=1e-3)
    assert best.log_likelihood == pytest.approx(of_poisson, abs=0.01)


def test_members_of_the_prior_keep_a_class_that_counted_nothing_off_zero():
    counts = np.concatenate([np.zeros(30), np.random.default_rng(4).poisson(20, 30)])[:, None]
    without = fit_mixture([PoissonFamily(counts)], np.ones(60), 2).best
    assert without.parameters[0]["mean"].min() < 1e-6
    best = fit_mixture([PoissonFamily(counts, weight=1.0)], np.ones(60), 2).best
    assert best.parameters[0]["mean"].min() == pytest.approx(counts.mean() / 31, rel=1e-3)
