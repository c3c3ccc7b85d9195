"""The Gibbs sampler against exact posteriors of data small enough to sum over every assignment of respondents."""

from itertools import product

import numpy as np
import pytest
import xarray as xr
from arviz_stats import ess, mcse
from scipy.special import gammaln, logsumexp

from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.sampling.gibbs import random_start, sample_gibbs

SIZES = (2, 3)
CODES = np.array([[0, 0], [0, 0], [1, 2], [1, 1], [1, 2], [0, -1], [1, 0]])
PATTERNS = unique_rows(CODES)
DRAWS, CHAINS = 4000, 4


def run(codes, counts, n_classes=2, *, a=1.0, b=1.0, seed=1, draws=DRAWS, tune=50, thin=1):
    start = random_start(CHAINS, n_classes, SIZES, seed)
    weights = {"share_weight": a, "category_weight": b}
    return sample_gibbs(codes, counts, SIZES, start, **weights, draws=draws, tune=tune, seed=seed, thin=thin)


def exact(n_classes, a, b):
    """Log weight of every assignment, shares and item probabilities integrated out, and the assignments."""
    assignments = np.array(list(product(range(n_classes), repeat=len(CODES))))
    weights = []
    for assigned in assignments:
        members = np.bincount(assigned, minlength=n_classes)
        total = _dirichlet_multinomial(members, a)
        for c in range(n_classes):
            for j, size in enumerate(SIZES):
                answers = CODES[assigned == c, j]
                total += _dirichlet_multinomial(np.bincount(answers[answers >= 0], minlength=size), b)
        weights.append(total)
    return np.array(weights), assignments


def _dirichlet_multinomial(counts, weight):
    a = np.full(len(counts), weight)
    return gammaln(a.sum()) - gammaln(a.sum() + counts.sum()) + (gammaln(a + counts) - gammaln(a)).sum()


def agrees(values, truth, sigmas=4.5):
    """Whether the mean of draws, shape (chain, draw), is the truth, up to its Monte Carlo error."""
    error = values.std() / np.sqrt(float(ess(xr.DataArray(values, dims=("chain", "draw")), method="mean")))
    return abs(values.mean() - truth) < sigmas * error


@pytest.mark.parametrize(("n_classes", "a", "b"), [(2, 1.0, 1.0), (2, 0.3, 1.0), (3, 1.0, 0.5), (3, 2.5, 2.0)])
def test_sizes_of_classes_have_their_exact_distribution(n_classes, a, b):
    weight, assignments = exact(n_classes, a, b)
    probability = np.exp(weight - logsumexp(weight))
    largest = np.array([np.bincount(assigned, minlength=n_classes).max() for assigned in assignments])
    drawn = run(CODES[PATTERNS.first], PATTERNS.count, n_classes, a=a, b=b).members.max(axis=-1)
    for size in np.unique(largest)[:-1]:
        assert agrees((drawn == size).astype(float), probability[largest == size].sum())


def test_shares_and_item_probabilities_have_their_exact_means():
    """Label-free: the sum over classes of squared shares, and of share times probability of an answer squared."""
    weight, assignments = exact(2, 1.0, 1.0)
    probability = np.exp(weight - logsumexp(weight))
    found = run(CODES[PATTERNS.first], PATTERNS.count)
    members = np.array([np.bincount(assigned, minlength=2) for assigned in assignments])
    n = len(CODES)
    squared = ((members + 1) * (members + 2)).sum(axis=1) / ((n + 2) * (n + 3))
    assert agrees((found.class_share**2).sum(axis=-1), probability @ squared)
    first = np.array([[(CODES[assigned == c, 0] == 0).sum() for c in range(2)] for assigned in assignments])
    joint = ((members + 1) / (n + 2) * ((first + 1) * (first + 2)) / ((members + 2) * (members + 3))).sum(axis=1)
    drawn = (found.class_share * found.item_probability[..., 0, 0] ** 2).sum(axis=-1)
    assert agrees(drawn, probability @ joint)


def test_log_likelihood_is_that_of_the_draw():
    found = run(CODES[PATTERNS.first], PATTERNS.count, 3, draws=5)
    for chain, draw in product(range(CHAINS), range(5)):
        share, rho = found.class_share[chain, draw], found.item_probability[chain, draw]
        for p, row in enumerate(CODES[PATTERNS.first]):
            parts = [share[c] * np.prod([rho[c, j, k] for j, k in enumerate(row) if k >= 0]) for c in range(3)]
            assert found.log_likelihood[chain, draw, p] == pytest.approx(np.log(sum(parts)), abs=1e-12)


def test_shapes_and_sums():
    found = run(CODES[PATTERNS.first], PATTERNS.count, draws=6)
    assert found.members.shape == found.class_share.shape == (CHAINS, 6, 2)
    assert found.item_probability.shape == (CHAINS, 6, 2, 2, 3)
    assert (found.members.sum(axis=-1) == len(CODES)).all()
    np.testing.assert_allclose(found.class_share.sum(axis=-1), 1)
    np.testing.assert_allclose(found.item_probability.sum(axis=-1), 1)
    assert (found.item_probability[..., 0, 2] == 0).all()


def test_equal_rows_may_be_counted_or_not():
    """The same mean from every respondent a row of their own."""
    one_by_one, counted = run(CODES, np.ones(len(CODES), dtype=int)), run(CODES[PATTERNS.first], PATTERNS.count, seed=2)
    means = [(found.members.max(axis=-1) == 4).astype(float) for found in (one_by_one, counted)]
    weight, assignments = exact(2, 1.0, 1.0)
    largest = np.array([np.bincount(assigned, minlength=2).max() for assigned in assignments])
    truth = np.exp(weight - logsumexp(weight))[largest == 4].sum()
    assert all(agrees(values, truth) for values in means)


def test_seed_and_thinning():
    one, same, other = (run(CODES, np.ones(7, dtype=int), draws=8, tune=0, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.class_share, same.class_share)
    assert (one.class_share != other.class_share).any()
    thinned = run(CODES, np.ones(7, dtype=int), draws=2, tune=1, thin=3, seed=3)
    longer = run(CODES, np.ones(7, dtype=int), draws=9, tune=0, seed=3)
    np.testing.assert_array_equal(thinned.members, longer.members[:, [3, 6]])


def test_classes_nearly_empty_under_a_tiny_weight_stay_finite():
    found = run(CODES[PATTERNS.first], PATTERNS.count, 6, a=1e-4, draws=300)
    assert np.isfinite(found.log_likelihood).all()
    assert ((found.members > 0).sum(axis=-1) < 6).mean() > 0.9


def test_means_are_those_of_nuts(lca_draws):
    """600 respondents, three classes, missing answers: within four Monte Carlo errors."""
    codes = lca_draws["observed_data"]["answers"].to_numpy()
    patterns = unique_rows(codes)
    posterior = lca_draws["posterior"]
    pivot = posterior["item_probability"].mean(["chain", "draw"]).to_numpy()
    start = np.repeat(pivot[None], 4, axis=0)
    found = sample_gibbs(codes[patterns.first], patterns.count, (3,) * 6, start, draws=1000, tune=50, seed=1, thin=5)
    drawn = found.item_probability.reshape(-1, *pivot.shape)
    order = match_profiles(drawn, pivot, found.class_share.reshape(-1, 3))
    rho = np.take_along_axis(drawn, order[:, :, None, None], axis=1).reshape(found.item_probability.shape)
    share = np.take_along_axis(found.class_share.reshape(-1, 3), order, axis=1).reshape(found.class_share.shape)
    for ours, theirs in ((share, posterior["class_share"]), (rho, posterior["item_probability"])):
        gibbs = xr.DataArray(ours, dims=("chain", "draw", *[f"axis_{k}" for k in range(ours.ndim - 2)]))
        nuts = theirs.transpose("chain", "draw", "latent_class", ...)
        errors = [mcse(values, method="mean").to_numpy() for values in (gibbs, nuts)]
        difference = gibbs.mean(["chain", "draw"]).to_numpy() - nuts.mean(["chain", "draw"]).to_numpy()
        assert (np.abs(difference) < 4 * np.hypot(*errors)).all()
