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
from scipy.special import betaln, softmax

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.measurement.log_ratio import LogRatio
from bayes_lca.models import Multinomial
from bayes_lca.priors import LKJ
from bayes_lca.structural.normal_score import NormalScore
from bayes_lca.structural.starting_membership import StartingMembership
from bayes_lca.structural.whitening import GroupWhitening, RoughGroups, contrast_basis, whitened_normal

INTERPRETED = Mode(linker="py", optimizer=None)
RNG = np.random.default_rng(8)


def coefficient_basis(n_classes, n_varying=0):
    """Contrasts of the intercepts of classes, then of their slopes for each covariate that varies."""
    return np.kron(np.eye(1 + n_varying), contrast_basis(n_classes))


def random_information(n_groups, n_classes, scale, n_varying=0):
    """Positive semidefinite, with the null space of logits that are equal over classes; slopes tied to intercepts."""
    rng = np.random.default_rng(n_groups)
    p = rng.dirichlet(np.ones(n_classes), size=n_groups)
    w = np.column_stack([np.ones(9), rng.normal(0.5, 1.0, size=(9, n_varying))])
    return np.array([np.kron(w.T @ w / 9, scale * (np.diag(row) - np.outer(row, row))) for row in p])


def rough_groups(n_groups, n_classes, scale, n_varying=0):
    location = np.random.default_rng(n_classes).normal(size=(n_groups, 1 + n_varying, n_classes))
    location -= location.mean(axis=-1, keepdims=True)
    return RoughGroups(location.reshape(n_groups, -1), random_information(n_groups, n_classes, scale, n_varying))


def whitening(n_groups, n_classes, scale, n_varying=0):
    """The transform, the shape of its coordinates, and a mean, a covariance and what is roughly known of each group."""
    basis = coefficient_basis(n_classes, n_varying)
    root = np.diag(0.05 + RNG.exponential(size=len(basis))) @ (
        np.eye(len(basis)) + 0.3 * RNG.normal(size=2 * basis.shape[:1])
    )
    shape = (n_groups, basis.shape[1])
    known = rough_groups(n_groups, n_classes, scale, n_varying).project(basis)
    return GroupWhitening(), shape, (RNG.normal(size=shape), basis.T @ root @ root.T @ basis, *known)


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
    "whitening, slopes, no information": whitening(3, 3, 0.0, n_varying=1),
    "whitening, slopes": whitening(4, 3, 3.0, n_varying=2),
    "whitening, slopes, much information": whitening(3, 2, 1e5, n_varying=1),
}


@cache
def compiled(method, ndim):
    value, *inputs = (pt.tensor(shape=(None,) * n) for n in ndim)
    return pytensor.function([value, *inputs], method(value, *inputs), mode=INTERPRETED, on_unused_input="ignore")


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
    logp = model.compile_logp(mode=INTERPRETED)
    name = model.value_vars[0].name
    grid = np.linspace(-5, 5, 41)
    density = [logp({name: x}) for x in grid]
    np.testing.assert_allclose(density, stats.norm.logpdf(grid), rtol=0, atol=1e-6)
    quantile = stats.norm.ppf(stats.halfnorm.cdf(sigma * np.array([0.01, 0.5, 1.0, 3.0]), scale=sigma))
    forward = evaluate(NormalScore().forward, sigma * np.array([0.01, 0.5, 1.0, 3.0]), (sigma,))
    np.testing.assert_allclose(forward, quantile, rtol=1e-9, atol=1e-9)


def test_dirichlet_integrates_to_one_over_log_ratios():
    """Each point of a grid is a row of one variable."""
    grid = np.linspace(-24, 24, 97)
    points = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1).reshape(-1, 2)
    typical = np.tile([0.2, 0.3, 0.5], (len(points), 1))
    with pm.Model() as model:
        pm.Dirichlet("p", np.array([1.0, 2.0, 1.5]), shape=typical.shape, default_transform=LogRatio(typical))
    logp = model.compile_logp(sum=False, mode=INTERPRETED)
    (log_density,) = logp({model.value_vars[0].name: points})
    density = np.exp(log_density).reshape(len(grid), len(grid))
    assert integrate.simpson(integrate.simpson(density, x=grid), x=grid) == pytest.approx(1.0, abs=1e-5)


def test_contrasts_are_an_orthonormal_basis_of_logits_that_sum_to_zero(rng):
    for n_classes in range(1, 6):
        basis = contrast_basis(n_classes)
        assert basis.shape == (n_classes, n_classes - 1)
        np.testing.assert_allclose(basis.sum(axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(basis.T @ basis, np.eye(n_classes - 1), atol=1e-12)
        logits = rng.normal(size=n_classes)
        np.testing.assert_allclose(basis @ (basis.T @ logits), logits - logits.mean(), atol=1e-12)


SMALL = {  # classes, covariates whose slopes vary: two coefficients each, which a grid can hold
    "intercepts of three classes": (3, 0),
    "intercept and slope of two classes": (2, 1),
}


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("scale", [0.0, 2.0, 40.0])
def test_normal_effects_have_their_moments_over_whitened_coordinates(scale, kind):
    """Total probability 1, the mean and the covariance, by quadrature: each point of a grid is a group of one model."""
    n_classes, n_varying = SMALL[kind]
    mu, covariance = np.array([[0.4, -1.0]]), np.array([[0.5, 0.2], [0.2, 1.5]])
    known = rough_groups(1, n_classes, scale, n_varying).project(coefficient_basis(n_classes, n_varying))
    inputs, transform = (mu, covariance, *known), GroupWhitening()
    centre = evaluate(transform.forward, mu, inputs)
    slope = numerical_jacobian(lambda theta: evaluate(transform.forward, theta, inputs), mu)
    width = 8.0 * np.sqrt(np.diag(slope @ covariance @ slope.T))
    axes = [centre[0, k] + width[k] * np.linspace(-1, 1, 81) for k in range(2)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    of_each = (np.tile(mu, (len(points), 1)), covariance, *(np.repeat(part, len(points), axis=0) for part in known))
    with pm.Model(coords={"group": range(len(points)), "coefficient": range(2)}) as model:
        whitened_normal("theta", *of_each, dims=("group", "coefficient"))
    logp = model.compile_logp(sum=False, mode=INTERPRETED)
    (log_density,) = logp({model.value_vars[0].name: points})
    density = np.exp(log_density).reshape(81, 81)
    theta = evaluate(transform.backward, points, of_each).reshape(81, 81, 2)

    def integral(values):
        return integrate.simpson(integrate.simpson(values * density, x=axes[1]), x=axes[0])

    assert integral(1.0) == pytest.approx(1.0, abs=1e-5)
    off = theta - mu
    np.testing.assert_allclose([integral(off[..., k]) for k in range(2)], 0.0, atol=1e-5)
    moments = [[integral(off[..., k] * off[..., m]) for m in range(2)] for k in range(2)]
    np.testing.assert_allclose(moments, covariance, atol=1e-5)


@pytest.mark.parametrize("n_varying", [0, 1, 2])
def test_whitened_coordinates_are_standard_normal_given_normal_information(n_varying, rng):
    r"""With a likelihood N(theta-hat; theta, Lambda^-1) the conditional density of the coordinates is N(0, I)."""
    basis, rough = coefficient_basis(3, n_varying), rough_groups(2, 3, 40.0, n_varying)
    size = basis.shape[1]
    mu, root = rng.normal(size=(2, size)), np.eye(size) + 0.3 * rng.normal(size=(size, size))
    inputs = (mu, root @ root.T, *rough.project(basis))

    def log_posterior(x):
        theta, total = evaluate(GroupWhitening().backward, x, inputs), 0.0
        for g in range(2):
            off = basis @ theta[g] - rough.location[g]
            total += (
                stats.multivariate_normal.logpdf(theta[g], mu[g], inputs[1]) - 0.5 * off @ rough.information[g] @ off
            )
        return total

    at_mode = log_posterior(np.zeros((2, size)))
    for x in rng.normal(size=(5, 2, size)):
        assert log_posterior(x) - at_mode == pytest.approx(-0.5 * (x**2).sum(), abs=1e-8)


def test_drawn_effects_have_the_mean_and_covariance_of_the_prior(rng):
    """What is roughly known of the groups has no part in it: prior predictive draws follow the model alone."""
    root = np.array([[0.8, 0.0, 0.0], [0.5, 0.6, 0.0], [-0.9, 0.2, 1.4]])
    mu, covariance = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]]), root @ root.T
    with pm.Model(coords={"group": ["g", "h"], "coefficient": range(3)}):
        theta = whitened_normal(
            "theta",
            mu,
            covariance,
            30.0 * np.tile(np.eye(3), (2, 1, 1)),
            np.full((2, 3), 7.0),
            dims=("group", "coefficient"),
        )
    n = 20_000
    drawn = pm.draw(theta, draws=n, random_seed=3, mode=INTERPRETED)
    assert drawn.shape == (n, 2, 3)
    variance = np.diag(covariance)
    assert np.abs((drawn.mean(axis=0) - mu) / np.sqrt(variance / n)).max() < 4
    error = np.sqrt((np.outer(variance, variance) + covariance**2) / n)
    for g in range(2):
        assert np.abs((np.cov(drawn[:, g].T) - covariance) / error).max() < 4
    between = np.corrcoef(drawn.reshape(n, 6).T)[:3, 3:]
    assert np.abs(between * np.sqrt(n)).max() < 4


def rough_of(frame, formula, membership, weight=None):
    design = read_design(frame, formula)
    rough = StartingMembership(membership, np.ones(len(frame)) if weight is None else weight, design)
    return RoughGroups.of(rough, design.groupings[0])


def test_rough_groups_are_the_shares_and_information_of_classes_seen():
    group = np.array([0] * 40 + [1] * 10)
    codes = np.array([0] * 25 + [1] * 10 + [2] * 5 + [0] * 2 + [1] * 8)
    formula = "~ 1 + (1 | group)"
    rough = rough_of(pd.DataFrame({"group": group}), formula, np.eye(3)[codes])
    share = (np.array([25, 10, 5]) + 0.5) / 41.5
    np.testing.assert_allclose(rough.location[0], np.log(share) - np.log(share).mean(), rtol=1e-12)
    np.testing.assert_allclose(rough.location.sum(axis=1), 0.0, atol=1e-12)
    deviation = np.eye(3)[codes[:40]] - share
    np.testing.assert_allclose(rough.information[0], deviation.T @ deviation, rtol=1e-12)
    counts = np.array([25.0, 10.0, 5.0, 2.0, 8.0])
    weighted = rough_of(pd.DataFrame({"group": [0, 0, 0, 1, 1]}), formula, np.eye(3)[[0, 1, 2, 0, 1]], counts)
    np.testing.assert_allclose(weighted.information, rough.information, rtol=1e-12)
    np.testing.assert_allclose(weighted.location, rough.location, rtol=1e-12)


def test_rough_slopes_are_one_newton_step_of_each_group(rng):
    """Information by a loop over respondents; slopes by one step, on the ridge 1, from zero; logits moved to x = 0."""
    n = 60
    group = np.repeat([0, 1, 2], [30, 20, 10])
    frame = pd.DataFrame({"x": rng.normal(3.0, 2.0, n), "z": rng.normal(size=n), "group": group})
    membership = rng.dirichlet(np.ones(3), size=n)
    rough = rough_of(frame, "~ x + z + (x | group)", membership)
    x = ((frame["x"] - frame["x"].mean()) / frame["x"].std(ddof=0)).to_numpy()
    for g in range(3):
        rows = np.flatnonzero(group == g)
        share = (membership[rows].sum(axis=0) + 0.5) / (len(rows) + 1.5)
        information, score = np.zeros((6, 6)), np.zeros(3)
        for i in rows:
            one = np.kron([1.0, x[i]], membership[i] - share)
            information += np.outer(one, one)
            score += x[i] * (membership[i] - share)
        np.testing.assert_allclose(rough.information[g], information, rtol=1e-10)
        slope = np.linalg.solve(information[3:, 3:] + np.eye(3), score)
        np.testing.assert_allclose(rough.location[g, 3:], slope, rtol=1e-10)
        logit = np.log(share) - np.log(share).mean() - x[rows].mean() * slope
        np.testing.assert_allclose(rough.location[g, :3], logit, rtol=1e-10)


def test_projection_of_rough_groups_keeps_what_is_said_of_contrasts(rng):
    """The quadratic form about the location is the same along the basis as on all coefficients."""
    basis, rough = coefficient_basis(4, 1), rough_groups(3, 4, 5.0, 1)
    information, pull = rough.project(basis)
    for theta in rng.normal(size=(4, 3, basis.shape[1])):
        for g in range(3):
            off = basis @ theta[g] - rough.location[g]
            expected = off @ rough.information[g] @ off
            at_zero = rough.location[g] @ rough.information[g] @ rough.location[g]
            along = theta[g] @ information[g] @ theta[g] - 2 * pull[g] @ theta[g] + at_zero
            assert along == pytest.approx(expected, abs=1e-10)


def lkj_log_density(correlation, eta):
    """Of a correlation matrix: det(R)^(eta - 1), normalised by the product over vines."""
    n = len(correlation)
    log_constant = 0.0
    for k in range(1, n):
        a = eta + (n - k - 1) / 2
        log_constant += (n - k) * ((2 * eta - 2 + n - k) * np.log(2) + betaln(a, a))
    return (eta - 1) * np.linalg.slogdet(correlation)[1] - log_constant


@pytest.mark.parametrize("n_classes", [2, 3, 4])
@pytest.mark.parametrize("eta", [1.0, 2.5])
def test_correlations_have_the_lkj_density_in_the_coordinates_of_the_sampler(n_classes, eta, rng):
    with pm.Model() as model:
        pm.LKJCorr("root", eta=eta, n=n_classes)
    (value,) = model.value_vars
    logp = model.compile_logp(mode=INTERPRETED)
    root = model.compile_fn(model.unobserved_value_vars[-1], inputs=[value], point_fn=False, mode=INTERPRETED)

    def correlations(x):
        return (root(x) @ root(x).T)[np.tril_indices(n_classes, -1)]

    for x in rng.normal(size=(3, n_classes * (n_classes - 1) // 2)):
        _, log_volume = np.linalg.slogdet(numerical_jacobian(correlations, x))
        expected = lkj_log_density(root(x) @ root(x).T, eta) + log_volume
        assert logp({value.name: x}) == pytest.approx(expected, abs=1e-6)


@pytest.fixture(scope="module")
def few_groups():
    """Five groups of unequal sizes, the smallest of three respondents; intercepts and slopes differ."""
    rng = np.random.default_rng(12)
    group = np.repeat(np.arange(5), [40, 25, 15, 7, 3])
    x = rng.normal(size=len(group)) + 0.3 * group
    effect = rng.normal(0.0, 0.8, size=(5, 3))
    slope = np.array([0.6, 0.0, -0.6]) + rng.normal(0.0, 0.5, size=(5, 3))
    logits = np.array([0.3, 0.0, -0.3]) + x[:, None] * slope[group] + effect[group]
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return pd.DataFrame({"x": x, "group": [f"g{g}" for g in group], "y": [f"c{k}" for k in y]})


def sample_plain_model(frame, seed, *, slopes, correlated):
    """The same model as a textbook writes it: non-centred, every variable in PyMC's own coordinates."""
    x = ((frame["x"] - frame["x"].mean()) / frame["x"].std(ddof=0)).to_numpy()
    group = frame["group"].astype("category").cat.codes.to_numpy()
    y = frame["y"].astype("category").cat.codes.to_numpy()
    with pm.Model() as model:
        alpha = pm.ZeroSumNormal("alpha", 2.5, shape=3)
        beta = pm.ZeroSumNormal("beta", 1.5, shape=3)
        sd = pm.HalfNormal("sd", 1.0, shape=3)
        z = pm.Normal("z", 0.0, 1.0, shape=(5, 3))
        if correlated:
            root = pm.LKJCorr("root", eta=1.5, n=3)
            pm.Deterministic("omega", pt.dot(root, root.T))
            z = pt.dot(z, root.T)
        u = z * sd
        pm.Deterministic("u", u - u.mean(axis=1, keepdims=True))
        eta = alpha + x[:, None] * beta + u[group]
        if slopes:
            tau = pm.HalfNormal("tau", 0.5, shape=3)
            b = pm.Normal("z_slope", 0.0, 1.0, shape=(5, 3)) * tau
            pm.Deterministic("b", b - b.mean(axis=1, keepdims=True))
            eta = eta + x[:, None] * b[group]
        pm.Categorical("y", logit_p=eta, observed=y)
    density = nutpie.compile_pymc_model(model, backend="jax")
    options = {"draws": 1500, "tune": 500, "chains": 4, "target_accept": 0.95, "progress_bar": False}
    return nutpie.sample(density, seed=seed, **options)["posterior"].to_dataset()


def mean_and_error(values):
    dims = ["chain", "draw"]
    return values.mean(dims).to_numpy(), arviz_stats.mcse(values, method="mean").to_numpy()


@pytest.mark.slow
@pytest.mark.parametrize("slopes", [False, True], ids=["intercepts", "slopes"])
@pytest.mark.parametrize("correlated", [False, True], ids=["independent", "correlated"])
def test_whitening_has_the_posterior_of_the_plain_model(few_groups, slopes, correlated):
    part = bl.Regression(
        "~ x + (x | group)" if slopes else "~ x + (1 | group)", correlation=LKJ(1.5) if correlated else None
    )
    draws = bl.fit(Multinomial("y", part), few_groups, draws=1500, seed=3, target_accept=0.95, progressbar=False)
    ours = draws["posterior"].to_dataset()
    plain = sample_plain_model(few_groups, seed=4, slopes=slopes, correlated=correlated)
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
    if slopes:
        scale = few_groups["x"].std(ddof=0)
        slope_sd, slope = (ours[name].isel(group_term=0) * scale for name in ("group_slope_sd", "group_slope"))
        pairs |= {
            "standard deviation of slopes": (slope_sd, plain["tau"]),
            "its square of slopes": (slope_sd**2, plain["tau"] ** 2),
            "random slope": (slope, plain["b"]),
            "its square": (slope**2, plain["b"] ** 2),
            "slope times intercept": (slope * ours["group_effect"], plain["b"] * plain["u"].to_numpy()),
        }
    if correlated:
        below = [ours["group_correlation"][..., a, b] for a, b in ((1, 0), (2, 0), (2, 1))]
        there = [plain["omega"][..., a, b] for a, b in ((1, 0), (2, 0), (2, 1))]
        for moment in (1, 2):
            for place, (one, other) in enumerate(zip(below, there, strict=True)):
                pairs[f"correlation {place} to the power {moment}"] = (one**moment, other**moment)
    for name, (one, other) in pairs.items():
        (mean, error), (plain_mean, plain_error) = mean_and_error(one), mean_and_error(other)
        z = (mean - plain_mean) / np.hypot(error, plain_error)
        assert np.abs(z).max() < 4, f"{name}: {z}"


def test_coarser_groups_are_whitened_by_what_their_groups_say_of_them():
    """Each city knows its logits up to the information of its rows, and varies: variances add up, then precisions."""
    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"y": rng.choice(["a", "b", "c"], 240), "ward": rng.integers(0, 8, 240)})
    frame = frame.assign(city=frame["ward"] // 2, x=rng.normal(size=240))
    model = Multinomial("y", bl.Regression("~ x + (1 | city/ward)")).build(frame)
    information, pull = model["city_coefficients"].owner.inputs[-2:]
    at = {model["intercept_at_mean"]: np.array([0.4, -0.1, -0.3]), model["city:ward_sd"]: np.array([0.3, 0.6, 0.9])}
    at[model["slope_standardised"]] = np.array([[0.5, -0.2, -0.3]])
    givens = {variable: pt.as_tensor(value) for variable, value in at.items()}
    found = pytensor.function([], [information, pull], givens=givens, mode=INTERPRETED)()
    design = read_design(frame, "~ x + (1 | city/ward)")
    wards = next(grouping for grouping in design.groupings if grouping.name == "city:ward")
    classes = pd.get_dummies(frame["y"]).to_numpy(dtype=float)
    basis = contrast_basis(3)
    known, _ = RoughGroups.of(StartingMembership(classes, np.ones(240), design), wards).project(basis)
    location = RoughGroups.of(StartingMembership(classes, np.ones(240), design), wards).location @ basis
    middle = (np.array([0.4, -0.1, -0.3]) + wards.means(design.standardised) * [0.5, -0.2, -0.3]) @ basis
    spread = basis.T @ np.diag([0.09, 0.36, 0.81]) @ basis
    for city in range(4):
        precisions = [np.linalg.inv(np.linalg.inv(known[g]) + spread) for g in (2 * city, 2 * city + 1)]
        said = sum(p @ (location[g] - middle[g]) for p, g in zip(precisions, (2 * city, 2 * city + 1), strict=True))
        np.testing.assert_allclose(found[0][city], sum(precisions), rtol=1e-8)
        np.testing.assert_allclose(found[1][city], said, rtol=1e-8)
