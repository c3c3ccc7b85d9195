"""Changes of coordinates: exact inverses, exact Jacobians, and the same posterior with and without them."""

from functools import cache

import arviz_stats
import numpy as np
import nutpie
import pandas as pd
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from scipy import integrate, stats
from scipy.special import softmax

import bayes_lca as bl
from bayes_lca.measurement.log_ratio import LogRatio
from bayes_lca.models import Multinomial
from bayes_lca.structural.normal_score import NormalScore
from bayes_lca.structural.whitening import GroupWhitening, RoughGroups, contrast_basis

RNG = np.random.default_rng(8)


def random_information(n_groups, n_classes, scale):
    """Positive semidefinite matrices of rank n_classes - 1: the information on logits that sum to zero."""
    p = np.random.default_rng(n_groups).dirichlet(np.ones(n_classes), size=n_groups)
    return scale * np.array([np.diag(row) - np.outer(row, row) for row in p])


def rough_groups(n_groups, n_classes, scale):
    location = np.random.default_rng(n_classes).normal(size=(n_groups, n_classes))
    return RoughGroups(location - location.mean(axis=1, keepdims=True), random_information(n_groups, n_classes, scale))


def whitening(n_groups, n_classes, scale):
    """The transform, the shape of its coordinates, and a mean and covariance of class contrasts."""
    basis = contrast_basis(n_classes)
    transform = GroupWhitening(rough_groups(n_groups, n_classes, scale), basis)
    sd = 0.05 + RNG.exponential(size=n_classes)
    shape = (n_groups, n_classes - 1)
    return transform, shape, (RNG.normal(size=shape), basis.T @ np.diag(sd**2) @ basis)


TRANSFORMS = {  # transform, shape of its unconstrained values, other inputs
    "normal score": (NormalScore(), (5,), (np.array(0.7),)),
    "normal score of unequal scales": (NormalScore(), (3,), (np.array([0.2, 1.0, 30.0]),)),
    "log ratio, first category": (LogRatio(np.array([0.6, 0.3, 0.1])), (2,), ()),
    "log ratio, any category": (LogRatio(RNG.dirichlet(np.ones(4), size=(2, 5))), (2, 5, 3), ()),
    "log ratio, two equally likely": (LogRatio(np.array([[0.4, 0.4, 0.2], [1 / 3, 1 / 3, 1 / 3]])), (2, 2), ()),
    "log ratio, binary": (LogRatio(np.array([[0.0, 1.0], [1.0, 0.0]])), (2, 1), ()),
    "whitening, no information": whitening(4, 3, 0.0),
    "whitening, little information": whitening(4, 3, 0.5),
    "whitening, much information": whitening(6, 4, 1e5),
    "whitening, two classes": whitening(5, 2, 3.0),
}


@cache
def compiled(method, ndim):
    value, *inputs = (pt.tensor(shape=(None,) * n) for n in ndim)
    return pytensor.function(
        [value, *inputs], method(value, *inputs), mode=Mode(linker="py", optimizer=None), on_unused_input="ignore"
    )


@pytest.fixture
def rng():
    return np.random.default_rng(21)


def evaluate(method, value, inputs):
    arrays = [np.asarray(part, dtype=float) for part in (value, *inputs)]
    return compiled(method, tuple(part.ndim for part in arrays))(*arrays)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_forward_undoes_backward(name, rng):
    transform, shape, inputs = TRANSFORMS[name]
    for x in (np.zeros(shape), rng.normal(size=shape), rng.normal(0.0, 2.0, size=shape).clip(-5, 5)):
        there = evaluate(transform.backward, x, inputs)
        np.testing.assert_allclose(evaluate(transform.forward, there, inputs), x, rtol=0, atol=1e-7)
        back = evaluate(transform.backward, evaluate(transform.forward, there, inputs), inputs)
        np.testing.assert_allclose(back, there, rtol=1e-7, atol=1e-12)


def numerical_jacobian(function, x, step=1e-5):
    columns = []
    for place in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[place] += step
        behind[place] -= step
        columns.append((function(ahead) - function(behind)).ravel() / (2 * step))
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_log_jac_det_is_that_of_the_numerical_jacobian(name, rng):
    """Probabilities lie on a simplex: the volume is that of all categories but one, whichever it is."""
    transform, shape, inputs = TRANSFORMS[name]
    dropped = [0, -1] if isinstance(transform, LogRatio) else [None]
    for without in dropped:

        def backward(x, without=without):
            value = evaluate(transform.backward, x, inputs)
            return value if without is None else np.delete(value, without, axis=-1)

        for x in (rng.normal(size=shape), rng.normal(size=shape)):
            _, expected = np.linalg.slogdet(numerical_jacobian(backward, x))
            assert evaluate(transform.log_jac_det, x, inputs).sum() == pytest.approx(expected, abs=1e-6)


def test_log_ratio_is_measured_against_the_most_likely_category(rng):
    typical = np.array([[0.2, 0.7, 0.1], [0.1, 0.1, 0.8]])
    probability = softmax(rng.normal(size=(2, 3)), axis=-1)
    ratios = evaluate(LogRatio(typical).forward, probability, ())
    expected = [
        np.log(probability[0, [0, 2]] / probability[0, 1]),
        np.log(probability[1, [0, 1]] / probability[1, 2]),
    ]
    np.testing.assert_allclose(ratios, expected, rtol=1e-12)


@pytest.mark.parametrize("sigma", [0.1, 1.0, 4.0])
def test_half_normal_is_standard_normal_on_its_normal_score(sigma):
    with pm.Model() as model:
        pm.HalfNormal("sd", sigma, default_transform=NormalScore())
    logp = model.compile_logp(mode="FAST_COMPILE")
    name = model.value_vars[0].name
    grid = np.linspace(-5, 5, 41)
    density = [logp({name: x}) for x in grid]
    np.testing.assert_allclose(density, stats.norm.logpdf(grid), rtol=0, atol=1e-6)
    quantile = stats.norm.ppf(stats.halfnorm.cdf(sigma * np.array([0.01, 0.5, 1.0, 3.0]), scale=sigma))
    forward = evaluate(NormalScore().forward, sigma * np.array([0.01, 0.5, 1.0, 3.0]), (sigma,))
    np.testing.assert_allclose(forward, quantile, rtol=1e-9, atol=1e-9)


def test_dirichlet_integrates_to_one_over_log_ratios():
    with pm.Model() as model:
        pm.Dirichlet("p", np.array([1.0, 2.0, 1.5]), default_transform=LogRatio(np.array([0.2, 0.3, 0.5])))
    logp = model.compile_logp(mode="FAST_COMPILE")
    name = model.value_vars[0].name
    grid = np.linspace(-24, 24, 97)
    density = [[np.exp(logp({name: np.array([x, y])})) for y in grid] for x in grid]
    assert integrate.simpson(integrate.simpson(density, x=grid), x=grid) == pytest.approx(1.0, abs=1e-5)


def test_contrasts_are_an_orthonormal_basis_of_logits_that_sum_to_zero(rng):
    for n_classes in range(1, 6):
        basis = contrast_basis(n_classes)
        assert basis.shape == (n_classes, n_classes - 1)
        np.testing.assert_allclose(basis.sum(axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(basis.T @ basis, np.eye(n_classes - 1), atol=1e-12)
        logits = rng.normal(size=n_classes)
        np.testing.assert_allclose(basis @ (basis.T @ logits), logits - logits.mean(), atol=1e-12)


@pytest.mark.parametrize("scale", [0.0, 2.0, 40.0])
def test_normal_intercepts_have_their_moments_over_whitened_coordinates(scale):
    """Total probability 1, the mean and the covariance, by quadrature over the transformed density."""
    mu, covariance = np.array([[0.4, -1.0]]), np.array([[0.5, 0.2], [0.2, 1.5]])
    basis = contrast_basis(3)
    transform = GroupWhitening(rough_groups(1, 3, scale), basis)
    with pm.Model() as model:
        pm.MvNormal("theta", mu, cov=covariance, default_transform=transform)
    logp = model.compile_logp(mode="FAST_COMPILE")
    name = model.value_vars[0].name
    centre = evaluate(transform.forward, mu, (mu, covariance))
    slope = numerical_jacobian(lambda theta: evaluate(transform.forward, theta, (mu, covariance)), mu)
    width = 8.0 * np.sqrt(np.diag(slope @ covariance @ slope.T))
    axes = [centre[0, k] + width[k] * np.linspace(-1, 1, 81) for k in range(2)]
    points = np.array([[[[x, y]] for y in axes[1]] for x in axes[0]])
    density = np.array([[np.exp(logp({name: point})) for point in row] for row in points])
    theta = np.array([[evaluate(transform.backward, point, (mu, covariance))[0] for point in row] for row in points])

    def integral(values):
        return integrate.simpson(integrate.simpson(values * density, x=axes[1]), x=axes[0])

    assert integral(1.0) == pytest.approx(1.0, abs=1e-5)
    off = theta - mu
    np.testing.assert_allclose([integral(off[..., k]) for k in range(2)], 0.0, atol=1e-5)
    moments = [[integral(off[..., k] * off[..., m]) for m in range(2)] for k in range(2)]
    np.testing.assert_allclose(moments, covariance, atol=1e-5)


def test_whitened_coordinates_are_standard_normal_given_normal_information(rng):
    r"""With a likelihood N(theta-hat; theta, Lambda^-1) the conditional density of the coordinates is N(0, I)."""
    mu, covariance = np.array([[0.4, -1.0]]), np.array([[0.5, 0.2], [0.2, 1.5]])
    basis, rough = contrast_basis(3), rough_groups(1, 3, 40.0)
    transform = GroupWhitening(rough, basis)

    def log_posterior(x):
        theta = evaluate(transform.backward, x, (mu, covariance))[0]
        off = basis @ theta - rough.location[0]
        return stats.multivariate_normal.logpdf(theta, mu[0], covariance) - 0.5 * off @ rough.information[0] @ off

    at_mode = log_posterior(np.zeros((1, 2)))
    for x in rng.normal(size=(5, 1, 2)):
        assert log_posterior(x) - at_mode == pytest.approx(-0.5 * (x**2).sum(), abs=1e-9)


def test_rough_groups_are_the_shares_and_information_of_classes_seen():
    group = np.array([0] * 40 + [1] * 10)
    codes = np.array([0] * 25 + [1] * 10 + [2] * 5 + [0] * 2 + [1] * 8)
    rough = RoughGroups.from_membership(np.eye(3)[codes], np.ones(50), group)
    share = (np.array([25, 10, 5]) + 0.5) / 41.5
    np.testing.assert_allclose(rough.location[0], np.log(share) - np.log(share).mean(), rtol=1e-12)
    np.testing.assert_allclose(rough.location.sum(axis=1), 0.0, atol=1e-12)
    deviation = np.eye(3)[codes[:40]] - share
    np.testing.assert_allclose(rough.information[0], deviation.T @ deviation, rtol=1e-12)
    weighted = RoughGroups.from_membership(np.eye(3), np.array([25.0, 10.0, 5.0]), np.zeros(3, dtype=int))
    np.testing.assert_allclose(weighted.information[0], rough.information[0], rtol=1e-12)
    np.testing.assert_allclose(weighted.location[0], rough.location[0], rtol=1e-12)


@pytest.fixture(scope="module")
def few_groups():
    """Five groups of unequal sizes, the smallest of three respondents."""
    rng = np.random.default_rng(12)
    group = np.repeat(np.arange(5), [40, 25, 15, 7, 3])
    x = rng.normal(size=len(group)) + 0.3 * group
    effect = rng.normal(0.0, 0.8, size=(5, 3))
    logits = np.array([0.3, 0.0, -0.3]) + np.outer(x, [0.6, 0.0, -0.6]) + effect[group]
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return pd.DataFrame({"x": x, "group": [f"g{g}" for g in group], "y": [f"c{k}" for k in y]})


def sample_plain_model(frame, seed):
    """The same model as a textbook writes it: non-centred, every variable in PyMC's own coordinates."""
    x = (frame["x"] - frame["x"].mean()) / frame["x"].std(ddof=0)
    group = frame["group"].astype("category").cat.codes.to_numpy()
    y = frame["y"].astype("category").cat.codes.to_numpy()
    with pm.Model() as model:
        alpha = pm.ZeroSumNormal("alpha", 2.5, shape=3)
        beta = pm.ZeroSumNormal("beta", 1.5, shape=3)
        sd = pm.HalfNormal("sd", 1.0, shape=3)
        z = pm.Normal("z", 0.0, 1.0, shape=(5, 3))
        u = z * sd
        pm.Deterministic("u", u - u.mean(axis=1, keepdims=True))
        eta = alpha + x.to_numpy()[:, None] * beta + u[group]
        pm.Categorical("y", logit_p=eta, observed=y)
    density = nutpie.compile_pymc_model(model, backend="jax")
    options = {"draws": 1500, "tune": 500, "chains": 4, "target_accept": 0.95, "progress_bar": False}
    return nutpie.sample(density, seed=seed, **options)["posterior"].to_dataset()


def mean_and_error(values):
    dims = ["chain", "draw"]
    return values.mean(dims).to_numpy(), arviz_stats.mcse(values, method="mean").to_numpy()


@pytest.mark.slow
def test_whitening_has_the_posterior_of_the_plain_model(few_groups):
    model = Multinomial("y", bl.Regression("~ x + (1 | group)"))
    draws = bl.fit(model, few_groups, draws=1500, seed=3, target_accept=0.95, progressbar=False)
    ours = draws["posterior"].to_dataset()
    plain = sample_plain_model(few_groups, seed=4)
    pairs = {
        "intercept": (ours["intercept_at_mean"], plain["alpha"]),
        "slope": (ours["slope_standardised"].isel(term=0), plain["beta"]),
        "standard deviation": (ours["group_sd"], plain["sd"]),
        "its logarithm": (np.log(ours["group_sd"]), np.log(plain["sd"])),
        "its square": (ours["group_sd"] ** 2, plain["sd"] ** 2),
        "random intercept": (ours["group_effect"], plain["u"]),
        "its square of the smallest group": (
            ours["group_effect"].isel(group=4) ** 2,
            plain["u"].isel(u_dim_0=4) ** 2,
        ),
    }
    for name, (one, other) in pairs.items():
        (mean, error), (plain_mean, plain_error) = mean_and_error(one), mean_and_error(other)
        z = (mean - plain_mean) / np.hypot(error, plain_error)
        assert np.abs(z).max() < 4, f"{name}: {z}"
