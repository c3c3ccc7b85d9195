"""Cumulative logit regression and Brant's binary logits, against other programs, differences and simulation."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import chi2
from statsmodels.discrete.discrete_model import Logit
from statsmodels.miscmodels.ordinal_model import OrderedModel

from bayes_lca.likelihood.brant import BinaryLogits
from bayes_lca.likelihood.cumulative_logit import _derivatives, _log_likelihood, fit_cumulative_logit
from bayes_lca.likelihood.newton import NoMaximumError

CUTS = np.array([-1.0, 0.3, 1.5])


def ordered_data(seed=0, n=300, cuts=CUTS, slopes=((0.6, 0.6, 0.6), (-0.5, -0.5, -0.5))):
    """Design (row, term) and an outcome whose slopes at each cut are given by term, shape (term, cut)."""
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.normal(size=n), rng.integers(2, size=n)])
    at_least = expit(design[:, 1:] @ np.array(slopes)[:, : len(cuts)] - cuts)
    return design, (rng.random(n)[:, None] < at_least).sum(axis=1)


def written_out(coefficient, design, codes):
    """Sum of log probabilities of what was observed, cut by cut."""
    at_least = expit(design @ np.reshape(coefficient, (-1, design.shape[1])).T)
    padded = np.column_stack([np.ones(len(codes)), at_least, np.zeros(len(codes))])
    rows = np.arange(len(codes))
    probability = padded[rows, codes] - padded[rows, codes + 1]
    return np.log(probability).sum() if (probability > 0).all() else -np.inf


def climbed(design, codes, start):
    """The general model's maximum by climbs that know no derivative."""

    def depth(free):
        return min(-written_out(free, design, codes), 1e10)

    best = minimize(depth, start, method="BFGS", options={"gtol": 1e-6})
    return minimize(depth, best.x, method="Powell", options={"ftol": 1e-14, "xtol": 1e-9})


@pytest.mark.parametrize("seed", [0, 1])
def test_parallel_lines_are_those_of_statsmodels(seed):
    design, codes = ordered_data(seed)
    fitted = fit_cumulative_logit(design, codes, np.ones(len(codes)), 4, parallel=True)
    other = OrderedModel(codes, design[:, 1:], distr="logit").fit(method="newton", maxiter=100, tol=1e-9, disp=False)
    assert fitted.log_likelihood == pytest.approx(other.llf, abs=1e-8)
    np.testing.assert_allclose(fitted.coefficient[:, 1:], np.tile(other.params[:2], (3, 1)), atol=1e-5)
    assert fitted.log_likelihood == pytest.approx(written_out(fitted.coefficient, design, codes), abs=1e-9)
    assert fitted.n == 300


@pytest.mark.parametrize("seed", [0, 1])
def test_general_lines_are_those_of_a_climb_written_out(seed):
    design, codes = ordered_data(seed, slopes=((0.2, 0.6, 1.2), (-0.5, 0.5, -0.5)))
    null = fit_cumulative_logit(design, codes, np.ones(len(codes)), 4, parallel=True)
    fitted = fit_cumulative_logit(design, codes, np.ones(len(codes)), 4, parallel=False)
    other = climbed(design, codes, null.coefficient.ravel())
    assert fitted.log_likelihood == pytest.approx(-other.fun, abs=5e-7)
    assert fitted.log_likelihood >= -other.fun - 1e-9
    np.testing.assert_allclose(fitted.coefficient.ravel(), other.x, atol=2e-3)


def test_the_general_model_of_a_binary_covariate_is_the_table_itself():
    """With as many lines as cells its probabilities are the shares, and its log-likelihood that of two multinomials."""
    table = np.array([[20.0, 30, 25, 5], [10, 12, 40, 18]])
    design = np.repeat([[1.0, 0], [1, 1]], 4, axis=0)
    fitted = fit_cumulative_logit(design, np.tile(np.arange(4), 2), table.ravel(), 4, parallel=False)
    shares = table / table.sum(axis=1, keepdims=True)
    assert fitted.log_likelihood == pytest.approx((table * np.log(shares)).sum(), abs=1e-9)
    reached = shares[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    np.testing.assert_allclose(expit([[1, 0], [1, 1]] @ fitted.coefficient.T), reached, atol=1e-9)


def test_derivatives_are_those_of_differences():
    design, codes = ordered_data(n=80)
    count = np.random.default_rng(1).integers(1, 4, size=80).astype(float)
    coefficient = np.array([[1.1, 0.5, -0.3], [-0.2, 0.6, -0.2], [-1.4, 0.4, -0.1]])

    def value(free):
        return _log_likelihood(design @ free.reshape(3, 3).T, codes, count)

    def slope(free):
        return _derivatives(design, free.reshape(3, 3), codes, count)[0]

    gradient, information = _derivatives(design, coefficient, codes, count)
    moves = 1e-5 * np.eye(9)
    at = coefficient.ravel()
    np.testing.assert_allclose(gradient, [(value(at + m) - value(at - m)) / 2e-5 for m in moves], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(
        information, [(slope(at - m) - slope(at + m)) / 2e-5 for m in moves], rtol=1e-5, atol=1e-4
    )


def test_far_lines_keep_their_digits():
    """Log probabilities far out, where differences of logistic functions are 0 in double precision."""
    eta = np.array([[800.0, 750.0], [-750.0, -800.0], [1e-9, -1e-9]])
    by_row = [_log_likelihood(eta[[i]], np.array([1]), np.ones(1)) for i in range(3)]
    np.testing.assert_allclose(by_row, [-750, -750, np.log(2e-9 / 4)], rtol=1e-12)


@pytest.mark.parametrize("parallel", [True, False])
def test_counts_are_rows_again_and_units_change_nothing(parallel):
    design, codes = ordered_data(3, n=120)
    count = np.random.default_rng(5).integers(1, 4, size=120)
    counted = fit_cumulative_logit(design, codes, count.astype(float), 4, parallel=parallel)
    again = np.repeat(np.arange(120), count)
    by_row = fit_cumulative_logit(design[again], codes[again], np.ones(count.sum()), 4, parallel=parallel)
    assert counted.log_likelihood == pytest.approx(by_row.log_likelihood, rel=1e-12)
    turned = design @ np.array([[1.0, 500, 0], [0, 1e-3, 7], [0, 0, -1e4]])
    moved = fit_cumulative_logit(turned, codes, count.astype(float), 4, parallel=parallel)
    assert moved.log_likelihood == pytest.approx(counted.log_likelihood, rel=1e-10)


def test_reversing_the_order_turns_every_line_round():
    design, codes = ordered_data(4)
    count = np.ones(len(codes))
    forward = fit_cumulative_logit(design, codes, count, 4, parallel=False)
    back = fit_cumulative_logit(design, 3 - codes, count, 4, parallel=False)
    np.testing.assert_allclose(back.coefficient, -forward.coefficient[::-1], atol=1e-6)


def test_lines_that_cross_are_marked():
    """Nobody with x = 2 is in the middle, and the two lines were fitted to trends that meet before."""
    x = np.repeat([0.0, 1.0, 2.0], 3)
    codes, count = np.tile([0, 1, 2], 3), np.array([60.0, 30, 10, 30, 12, 40, 12, 0, 80])
    seen = count > 0
    design = np.column_stack([np.ones(9), x])[seen]
    fitted = fit_cumulative_logit(design, codes[seen], count[seen], 3, parallel=False)
    eta = design @ fitted.coefficient.T
    np.testing.assert_array_equal(fitted.crossing, eta[:, 0] < eta[:, 1])
    assert fitted.crossing.any()
    assert set(design[fitted.crossing, 1]) == {2.0}


def test_separated_categories_have_no_maximum():
    x = np.array([0.0, 0, 0, 1, 1, 1, 2, 2, 2])
    design, count = np.column_stack([np.ones(9), x]), np.ones(9)
    with pytest.raises(NoMaximumError, match="a category is empty or alone for some values"):
        fit_cumulative_logit(design, x.astype(int), count, 3, parallel=True)
    mixed = np.array([0, 1, 0, 1, 0, 1, 2, 2, 2])
    fit_cumulative_logit(np.column_stack([np.ones(9), [0, 0, 1, 1, 2, 2, 1, 0, 2]]), mixed, count, 3, parallel=False)
    with pytest.raises(NoMaximumError):
        fit_cumulative_logit(design, mixed, count, 3, parallel=False)


def test_binary_logits_are_those_of_statsmodels():
    design, codes = ordered_data(6)
    logits = BinaryLogits.of(design, codes, np.ones(len(codes)), 4)
    for k in range(3):
        other = Logit(codes > k, design).fit(method="newton", tol=1e-12, disp=False)
        np.testing.assert_allclose(logits.slope[k], other.params[1:], atol=1e-8)
        np.testing.assert_allclose(logits.covariance[k, :, k], other.cov_params()[1:, 1:], atol=1e-8)


def test_covariance_of_slopes_is_the_one_of_samples():
    """Slopes of simulated samples spread, and go together over cuts, as the covariance of each sample says."""
    slopes, covariances = [], []
    for seed in range(200):
        design, codes = ordered_data(seed, n=250)
        logits = BinaryLogits.of(design, codes, np.ones(250), 4)
        slopes.append(logits.slope.ravel())
        covariances.append(logits.covariance.reshape(6, 6))
    ratio = np.cov(np.array(slopes).T) / np.mean(covariances, axis=0)
    within, between = np.diag(ratio), [ratio[0, 2], ratio[2, 4], ratio[1, 3], ratio[3, 5]]
    np.testing.assert_allclose(within, 1, atol=4 * np.sqrt(2 / 200))
    np.testing.assert_allclose(between, 1, atol=4 * np.sqrt(2 / 200) / 0.5)


def test_tests_of_size_five_per_cent_reject_five_of_a_hundred_under_the_null():
    ratio, brant = [], []
    for seed in range(500):
        design, codes = ordered_data(1000 + seed, n=300, cuts=np.array([-0.8, 0.6]))
        count = np.ones(300)
        null, general = (fit_cumulative_logit(design, codes, count, 3, parallel=which) for which in (True, False))
        ratio.append(2 * (general.log_likelihood - null.log_likelihood))
        brant.append(BinaryLogits.of(design, codes, count, 3).wald(np.arange(2))[0])
    two_errors = 2 * np.sqrt(0.05 * 0.95 / 500)
    for statistic in (ratio, brant):
        assert abs(np.mean(chi2.sf(statistic, 2) < 0.05) - 0.05) <= two_errors
    assert min(ratio) > 0
