"""Random intercepts of a new group integrated out, against quadrature over the effects themselves."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import approx_fprime
from scipy.special import log_softmax, logsumexp
from scipy.stats import multivariate_normal, norm

import bayes_lca as bl
from bayes_lca.data.design import read_design
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import distinct_rows, record_answers, record_outcome
from bayes_lca.fitted.unseen_group_likelihood import _rows, new_group_log_likelihood
from bayes_lca.fitted.views import with_views
from bayes_lca.models import LatentClass, Multinomial

N_DRAWS = 4
REPLICATES = 250
GROUPS = ["north", "south", "east"]


def draws_of(n_classes, *, latent, clear=0.85, sd=1.0, correlated=False, slopes=None, second=None, size=24, seed=0):
    """A tree of few draws: three groups, a covariate of three values, four items that tell classes apart or less."""
    rng = np.random.default_rng([seed, n_classes, size])
    n = len(GROUPS) * size
    index, x = np.repeat(np.arange(len(GROUPS)), size), rng.integers(0, 3, n).astype(float)
    axis = "latent_class" if latent else "category"

    def about_zero(*shape, spread=0.5):
        values = rng.normal(0, spread, (2, N_DRAWS // 2, *shape, n_classes))
        return values - values.mean(axis=-1, keepdims=True)

    variables = {
        "intercept": (("chain", "draw", axis), about_zero()),
        "slope": (("chain", "draw", "term", axis), about_zero(1, spread=0.3)),
    }
    names, formula = {"group": GROUPS}, f"~ x + ({'x' if slopes == 'group' else '1'} | group)"
    frame = pd.DataFrame({"x": x, "group": pd.Categorical.from_codes(index, GROUPS)})
    if second == "crossed":
        names["shift"] = ["day", "night"]
        frame["shift"] = pd.Categorical.from_codes(rng.integers(0, 2, n), names["shift"])
        formula += " + (1 | shift)"
    if second == "nested":
        names["group:ward"] = [f"{group}:{ward}" for group in GROUPS for ward in "ab"]
        frame["ward"] = pd.Categorical.from_codes(rng.integers(0, 2, n), ["a", "b"])
        formula += f" + ({'x' if slopes == 'group:ward' else '1'} | group:ward)"
    for name, levels in names.items():
        variables[f"{name}_effect"] = (("chain", "draw", name, axis), about_zero(len(levels)))
        variables[f"{name}_sd"] = (("chain", "draw", axis), sd * rng.uniform(0.5, 1.5, (2, N_DRAWS // 2, n_classes)))
    if correlated:
        roots = rng.normal(size=(2, N_DRAWS // 2, n_classes, n_classes + 1))
        covariance = roots @ roots.mT
        spread = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        variables["group_correlation"] = (
            ("chain", "draw", axis, "other_class"),
            covariance / spread[..., None] / spread[..., None, :],
        )
    terms = {}
    if slopes is not None:
        terms = {f"{slopes}_term": ["x"]}
        variables[f"{slopes}_slope"] = (
            ("chain", "draw", slopes, f"{slopes}_term", axis),
            about_zero(len(names[slopes]), 1),
        )
    true_class = rng.choice(n_classes, size=n, p=rng.dirichlet(np.full(n_classes, 5.0)))
    if latent:
        yes = np.linspace(1 - clear, clear, n_classes)[(np.arange(4) + np.arange(n_classes)[:, None]) % n_classes]
        yes = yes + rng.uniform(-0.02, 0.02, (2, N_DRAWS // 2, n_classes, 4))
        variables["item_probability"] = (
            ("chain", "draw", axis, "item", "category"),
            np.stack([1 - yes, yes], axis=-1),
        )
        codes = (rng.random((n, 4)) < yes[0, 0][true_class]).astype(int)
        codes[rng.random((n, 4)) < 0.1] = -1
    names |= {axis: [f"C{c + 1}" for c in range(n_classes)], "chain": [0, 1], "draw": range(N_DRAWS // 2)}
    posterior = xr.Dataset(variables, names | terms | {"term": ["x"]})
    return tree_of(posterior, frame, formula, codes if latent else true_class, n_classes)


def tree_of(posterior, frame, formula, codes, n_classes):
    """The tree of a fit of answers, codes (respondent, item), or of an observed category, (respondent,)."""
    design, items = read_design(frame, formula), list("abcd")
    rows, respondents = distinct_rows(design, codes), frame.index
    if codes.ndim == 2:
        pattern, labels = unique_rows(codes).pattern, [["no", "yes"]] * len(items)
        groups, attributes = record_answers(codes, pattern, items, labels, design, respondents, rows)
        model = LatentClass(n_classes, bl.Items(items), bl.Regression(formula))
    else:
        categories = posterior["category"].to_numpy().tolist()
        groups, attributes = record_outcome(codes, "y", categories, design, respondents, rows)
        model = Multinomial("y", bl.Regression(formula))
    attributes |= model.identity | {"n_modes": 1, "relabelled": 1}
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior}
    return with_views(xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()}))


class OneDraw:
    """One draw of a tree, in plain arrays and loops."""

    def __init__(self, draws, s):
        self.posterior = draws["posterior"].to_dataset().isel(chain=s // (N_DRAWS // 2), draw=s % (N_DRAWS // 2))
        self.constant, self.observed = draws["constant_data"], draws["observed_data"]

    def of(self, name):
        return self.posterior[name].to_numpy()

    def contrast_covariance(self, grouping):
        """Of a new group's logits of classes 2, 3, ... against class 1."""
        sd = self.of(f"{grouping}_sd")
        correlation = (
            self.of(f"{grouping}_correlation") if f"{grouping}_correlation" in self.posterior else np.eye(len(sd))
        )
        against_first = np.column_stack([-np.ones(len(sd) - 1), np.eye(len(sd) - 1)])
        return against_first @ (np.outer(sd, sd) * correlation) @ against_first.T

    def log_likelihood(self, respondents, added):
        """Of some respondents where `added` (point, contrast against class 1) is all their new effects together."""
        u, total = np.column_stack([np.zeros(len(added)), added]), np.zeros(len(added))
        for i in respondents:
            eta = self.of("intercept") + float(self.constant["design"][i, 0]) * self.of("slope")[0]
            if "shift_effect" in self.posterior:
                eta = eta + self.of("shift_effect")[int(self.constant["shift_index"][i])]
            log_share = log_softmax(eta + u, axis=1)
            if "outcome" in self.observed:
                total += log_share[:, int(self.observed["outcome"][i])]
                continue
            rho, answers = self.of("item_probability"), self.observed["answers"].to_numpy()[i]
            log_answers = sum(np.log(rho[:, j, y]) for j, y in enumerate(answers) if y >= 0)
            total += logsumexp(log_share + log_answers, axis=1)
        return total


def grid_of(covariance, points, reach=9.0):
    """Points on an even grid of so many standard deviations, and the log of a cell's volume."""
    axes = [np.linspace(-reach, reach, points) * np.sqrt(v) for v in np.diag(covariance)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    return grid, sum(np.log(axis[1] - axis[0]) for axis in axes)


def exact(draws, group, s):
    """The integral over the contrasts of one new group on an even grid, in one dimension less than classes."""
    one = OneDraw(draws, s)
    covariance = one.contrast_covariance("group")
    grid, log_cell = grid_of(covariance, 2001 if len(covariance) == 1 else 151)
    inside = np.flatnonzero(one.constant["group_index"].to_numpy() == group)
    log_prior = multivariate_normal.logpdf(grid, np.zeros(len(covariance)), covariance)
    return logsumexp(log_prior + one.log_likelihood(inside, grid)) + log_cell


def exact_of_nested(draws, group, s):
    """Two classes: the integral over the group of the product, over its wards, of the integral over each ward."""
    one = OneDraw(draws, s)
    of_group, of_ward = (one.contrast_covariance(name) for name in ("group", "group:ward"))
    (u, log_du), (v, log_dv) = grid_of(of_group, 201, 7.0), grid_of(of_ward, 201, 7.0)
    both = (u[:, None, 0] + v[None, :, 0]).reshape(-1, 1)
    total = norm.logpdf(u[:, 0], scale=np.sqrt(of_group[0, 0]))
    wards = one.constant["group:ward_index"].to_numpy()
    for ward in np.unique(wards[one.constant["group_index"].to_numpy() == group]):
        given = one.log_likelihood(np.flatnonzero(wards == ward), both).reshape(len(u), len(v))
        total += logsumexp(given + norm.logpdf(v[:, 0], scale=np.sqrt(of_ward[0, 0])), axis=1) + log_dv
    return logsumexp(total) + log_du


def assert_unbiased(draws, expected, group=1, grouping="group"):
    """Importance sampling estimates the likelihood without bias: ratios average to one within four standard errors."""
    which = np.repeat(np.arange(N_DRAWS), REPLICATES)
    found = new_group_log_likelihood(Fit.reading(draws), grouping, group, which, np.random.default_rng(1)).reshape(
        N_DRAWS, -1
    )
    ratio = np.exp(found - np.array([expected(draws, group, s) for s in range(N_DRAWS)])[:, None])
    error = ratio.std(axis=1) / np.sqrt(REPLICATES)
    assert (error < 0.03).all()  # a normal proposal that misses the integrand has errors of any size
    np.testing.assert_array_less(np.abs(ratio.mean(axis=1) - 1), 4 * error)


@pytest.mark.parametrize("correlated", [False, True])
@pytest.mark.parametrize("latent", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_integral_is_that_of_quadrature(n_classes, latent, correlated):
    assert_unbiased(draws_of(n_classes, latent=latent, correlated=correlated), exact)


@pytest.mark.parametrize(("clear", "sd", "size"), [(0.55, 2.0, 24), (0.65, 1.0, 60), (0.85, 0.3, 24), (0.85, 2.0, 60)])
def test_items_that_say_little_and_groups_that_differ_much(clear, sd, size):
    """The integrand is then far wider than that of classes that are seen, or far from zero."""
    assert_unbiased(draws_of(2, latent=True, clear=clear, sd=sd, size=size), exact)


@pytest.mark.parametrize("latent", [False, True])
def test_effects_of_a_crossed_grouping_stay_at_their_draws(latent):
    assert_unbiased(draws_of(2, latent=latent, second="crossed"), exact)


@pytest.mark.parametrize("latent", [False, True])
def test_groups_nested_in_the_new_one_are_new_too(latent):
    assert_unbiased(draws_of(2, latent=latent, second="nested"), exact_of_nested)


def test_a_ward_alone_is_new_in_a_known_group():
    draws = draws_of(2, latent=True, second="nested")
    posterior = draws["posterior"].to_dataset()
    known = posterior.rename({"group_effect": "shift_effect", "group": "shift"})  # the loop adds what is named shift
    known = known.drop_vars("group_sd").rename(
        {name: name.replace("group:ward", "group") for name in known.variables if "ward" in str(name)}
    )
    constant = draws["constant_data"].to_dataset().rename({"group_index": "shift_index", "group": "shift"})
    constant = constant.rename({"group:ward_index": "group_index", "group:ward": "group"})
    renamed = draws.copy()
    renamed["posterior"], renamed["constant_data"] = xr.DataTree(known), xr.DataTree(constant)
    assert_unbiased(draws, lambda _, ward, s: exact(renamed, ward, s), group=3, grouping="group:ward")


def test_nothing_of_what_was_drawn_for_the_group_itself_counts():
    draws = draws_of(3, latent=True, second="nested")
    moved = draws.copy()
    posterior = draws["posterior"].to_dataset()
    effects = {name: posterior[name].copy(deep=True) for name in ("group_effect", "group:ward_effect")}
    effects["group_effect"][:, :, 1] += [3.0, -1.0, -2.0]
    effects["group:ward_effect"][:, :, 2:4] += [0.5, 1.0, -1.5]
    moved["posterior"] = xr.DataTree(posterior.assign(effects))
    one, other = (
        new_group_log_likelihood(Fit.reading(tree), "group", 1, np.arange(N_DRAWS), np.random.default_rng(0))
        for tree in (draws, moved)
    )
    np.testing.assert_allclose(one, other, rtol=1e-9)
    elsewhere = new_group_log_likelihood(Fit.reading(moved), "group", 0, np.arange(N_DRAWS), np.random.default_rng(0))
    assert not np.allclose(elsewhere, one)


@pytest.mark.parametrize("latent", [False, True])
def test_derivatives_are_those_of_finite_differences(latent):
    rows = _rows(Fit.reading(draws_of(3, latent=latent, second="nested")), "group", 2, np.arange(N_DRAWS))
    z = np.random.default_rng(4).normal(size=(N_DRAWS, rows.directions.shape[-1]))
    gradient, information = rows.derivatives(z)
    assert z.shape[1] == 2 * 3  # two contrasts of one group and of its two wards

    def of_first(values, derivative):
        moved = np.vstack([values, z[1:]])
        return rows.derivatives(moved)[0][0] if derivative else rows.log_likelihood(moved)[0]

    np.testing.assert_allclose(gradient[0], approx_fprime(z[0], of_first, 1e-6, False), rtol=1e-4, atol=1e-4)
    jacobian = approx_fprime(z[0], of_first, 1e-6, True)
    np.testing.assert_allclose(information[0], -jacobian, rtol=1e-4, atol=1e-4)


def test_equal_rows_are_counted_once():
    rows = _rows(Fit.reading(draws_of(2, latent=False)), "group", 0, np.arange(N_DRAWS))
    assert rows.count.sum() == 24
    assert len(rows.count) <= 2 * 3  # two outcomes at three values of the covariate


@pytest.mark.parametrize("slopes", ["group", "group:ward"])
def test_slopes_that_vary_by_a_new_group_are_refused(slopes):
    fit = Fit.reading(draws_of(2, latent=True, second="nested", slopes=slopes))
    with pytest.raises(ValueError, match=f"slopes vary by '{slopes}'; only random intercepts"):
        new_group_log_likelihood(fit, "group", 0, np.arange(N_DRAWS), np.random.default_rng(0))
