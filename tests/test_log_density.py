"""The log density of every kind of model against loops a reader can check."""

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from scipy import stats
from scipy.linalg import helmert, null_space
from scipy.special import log_softmax, logsumexp, softmax

import bayes_lca as bl
from bayes_lca.data.survey import join
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.posterior.class_logits import average_class_share, respondent_log_likelihood
from bayes_lca.structural.whitening import contrast_basis

COMPILE = {"mode": Mode(linker="py", optimizer=None), "on_unused_input": "ignore"}
ZERO_SUM = ("intercept_at_mean", "slope_standardised")
SINGLE_PRECISION_CONSTANT = 1e-6
"""PyMC holds constants such as log sqrt(2 pi) in single precision in ZeroSumNormal and HalfStudentT."""


def simulate_frame(sizes, n=48, missing=0.0, seed=1):
    """Answers a, b, ... of `sizes` categories, an outcome y, covariates x and z, six groups in two cities."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": rng.normal(3.0, 2.0, n).round(1),
            "z": pd.Categorical.from_codes(rng.integers(0, 3, n), ["low", "middle", "high"]),
            "city": np.where(np.arange(n) < n // 2, "north", "south"),
            "group": [f"g{group}" for group in rng.integers(1, 4, n)],
            "y": pd.Categorical.from_codes(rng.integers(0, 3, n), ["no", "some", "much"]),
        }
    )
    for item, size in zip("abcd", sizes, strict=False):
        codes = np.where(rng.random(n) < missing, -1, rng.integers(0, size, n))
        frame[item] = pd.Categorical.from_codes(codes, list(range(size)))
    return frame


FRAMES = {
    "equal categories": simulate_frame((3, 3, 3)),
    "unequal categories": simulate_frame((2, 3, 4, 3)),
    "missing answers": simulate_frame((2, 3, 3), missing=0.3),
}
STRUCTURAL = {
    "shares": bl.Shares(),
    "covariates": bl.Regression("~ x + z"),
    "random intercepts": bl.Regression("~ x + z + (1 | group)"),
    "nested groups": bl.Regression("~ x + (1 | city/group)"),
    "crossed groups": bl.Regression("~ x + (1 | city) + (1 | group)"),
    "groups alone": bl.Regression("~ 1 + (1 | group)"),
}


@dataclass(frozen=True)
class Case:
    """A model with a frame, and its densities on the scale the parameters are written on."""

    model: LatentClass | Multinomial
    frame: pd.DataFrame

    @cached_property
    def rows(self):
        return self.frame.to_dict("records")

    @cached_property
    def prepared(self):
        return self.model.prepare(self.frame)

    @cached_property
    def plain(self):
        """The PyMC model without transforms: its density is the one of the docstring, without a Jacobian."""
        return remove_value_transforms(self.prepared.model)

    @cached_property
    def _function(self):
        model = self.plain
        return model.compile_fn(
            [
                *model.replace_rvs_by_values(model.deterministics),
                *model.logp(model.free_RVs, jacobian=False, sum=False),
                *model.logp(model.observed_RVs, sum=False),
            ],
            inputs=[model.rvs_to_values[variable] for variable in model.free_RVs],
            point_fn=False,
            **COMPILE,
        )

    @property
    def shapes(self):
        return {v.name: tuple(len(self.plain.coords[dim]) for dim in self.dims(v)) for v in self.free}

    @property
    def free(self):
        return self.plain.free_RVs

    def dims(self, variable):
        return self.plain.named_vars_to_dims[variable.name]

    @property
    def class_dim(self):
        return "latent_class" if isinstance(self.model, LatentClass) else "category"

    def draw_point(self, seed=0):
        """Values of the free variables, anywhere the prior allows."""
        rng = np.random.default_rng(seed)
        point = {}
        for name, shape in self.shapes.items():
            if name.startswith(("item_probability", "class_share")):
                point[name] = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
            elif name.endswith("_sd"):
                point[name] = 0.1 + rng.exponential(size=shape)
            elif name in ZERO_SUM:
                logits = rng.normal(0.0, 1.5, size=shape)
                point[name] = logits - logits.mean(axis=-1, keepdims=True)
            else:
                point[name] = rng.normal(0.0, 1.5, size=shape)
        return point

    def evaluate(self, point):
        """All variables at a point, log prior density of each free one, and log-likelihood of each row."""
        out = self._function(*(point[variable.name] for variable in self.free))
        names = [variable.name for variable in self.plain.deterministics]
        values = point | dict(zip(names, out, strict=False))
        log_prior = dict(zip(point, out[len(names) : -1], strict=True))
        return values, log_prior, out[-1]

    def labels(self, dim):
        return list(self.plain.coords[dim])


CASES = {
    f"LatentClass({k}), {data}, {kind}": Case(LatentClass(k, bl.Items(FRAMES[data].columns[5:]), part), FRAMES[data])
    for (data, frame), (kind, part), k in product(FRAMES.items(), STRUCTURAL.items(), (1, 2, 3))
    if k >= part.fewest_classes and (data == "equal categories" or (k == 3 and kind in ("shares", "random intercepts")))
} | {
    f"Multinomial, {kind}": Case(Multinomial("y", part), FRAMES["equal categories"])
    for kind, part in STRUCTURAL.items()
    if kind != "shares"
}
LATENT = [name for name in CASES if name.startswith("LatentClass")]
SEVERAL = [name for name in LATENT if not name.startswith("LatentClass(1)")]
ONE_OF_EACH = [
    "LatentClass(2), equal categories, shares",
    "LatentClass(3), unequal categories, shares",
    "LatentClass(2), equal categories, covariates",
    "LatentClass(3), missing answers, random intercepts",
    "LatentClass(2), equal categories, nested groups",
    "LatentClass(2), equal categories, crossed groups",
    "Multinomial, random intercepts",
]


def covariate_value(row, term):
    name, _, level = term.removesuffix("]").partition("[")
    return float(row[name] == level) if level else float(row[name])


def class_probabilities(case, values, row):
    """P(class | covariates, groups) of one respondent, in the user's units."""
    if "class_share" in values:
        return values["class_share"]
    logits = np.array(values["intercept"], dtype=float)
    if "slope" in values:
        for t, term in enumerate(case.labels("term")):
            logits = logits + covariate_value(row, term) * values["slope"][t]
    for name, effect in values.items():
        if name.endswith("_effect"):
            grouping = name.removesuffix("_effect")
            label = ":".join(str(row[part]) for part in grouping.split(":"))
            logits = logits + effect[case.labels(grouping).index(label)]
    return softmax(logits)


def answer_probability(case, values, row, k):
    """p(answers | class k) of one respondent: a product over the items answered."""
    probability = 1.0
    for j, item in enumerate(case.labels("item")):
        if not pd.isna(row[item]):
            probability *= values["item_probability"][k, j, int(row[item])]
    return probability


def respondent_log_likelihoods(case, values):
    """One respondent after the other, one class after the other, one item after the other."""
    result = []
    for row in case.rows:
        share = class_probabilities(case, values, row)
        if isinstance(case.model, Multinomial):
            likelihood = share[case.labels("category").index(row["y"])]
        else:
            likelihood = sum(share[k] * answer_probability(case, values, row, k) for k in range(len(share)))
        result.append(np.log(likelihood))
    return np.array(result)


def permuted(case, point, order):
    """The point with its classes in another order; random intercepts live on contrasts of classes."""
    values, _, _ = case.evaluate(point)
    basis = contrast_basis(case.model.n_classes)
    result = {}
    for variable in case.free:
        name, dims = variable.name, case.dims(variable)
        if "latent_class" in dims:
            result[name] = np.take(point[name], order, axis=dims.index("latent_class"))
        elif name.endswith("_contrasts"):
            result[name] = (point[name] @ basis.T)[:, order] @ basis
        else:
            grouping = name.removesuffix("_standardised")
            root = np.linalg.cholesky(contrast_covariance(values[f"{grouping}_sd"][order], basis))
            effect = values[f"{grouping}_effect"][:, order] @ basis
            result[name] = np.linalg.solve(root, effect.T).T
    return result


def log_density(case, point):
    _, log_prior, log_likelihood = case.evaluate(point)
    return log_likelihood.sum() + sum(np.sum(part) for part in log_prior.values())


def pattern_of_respondent(case):
    """Row of the model at which each respondent is counted, and how many share it."""
    if isinstance(case.model, Multinomial):
        return np.arange(len(case.frame)), np.ones(len(case.frame))
    survey = join(case.model.measurement.read(case.frame), case.model.structural.read(case.frame))
    return survey.patterns.pattern, survey.patterns.count


@cache
def several_points(name):
    return [CASES[name].draw_point(seed) for seed in range(3)]


@pytest.mark.parametrize("name", CASES)
def test_log_likelihood_is_the_one_of_slow_loops(name):
    case = CASES[name]
    for point in several_points(name):
        values, _, log_likelihood = case.evaluate(point)
        expected = respondent_log_likelihoods(case, values)
        assert log_likelihood.sum() == pytest.approx(expected.sum(), rel=1e-12, abs=1e-10)
        pattern, count = pattern_of_respondent(case)
        np.testing.assert_allclose((log_likelihood / count)[pattern], expected, rtol=0, atol=1e-10)


def zero_sum_normal_logpdf(x, sigma):
    """Independent normals along an orthonormal basis of the vectors that sum to zero."""
    return stats.norm.logpdf(x @ helmert(x.shape[-1]).T, scale=sigma).sum()


def contrast_covariance(sd, basis):
    """Covariance of class contrasts of independent N(0, sd^2) random intercepts."""
    return basis.T @ np.diag(sd**2) @ basis


def random_intercepts_logpdf(effect, sd):
    """Density of random intercepts on the subspace that sums to zero, along an orthonormal basis of it."""
    basis = null_space(np.ones((1, len(sd))))
    return stats.multivariate_normal.logpdf(effect @ basis, cov=contrast_covariance(sd, basis)).sum()


def expected_log_prior(values, name):
    value = values[name]
    if name.startswith(("item_probability", "class_share")):
        rows = value.reshape(-1, value.shape[-1])
        return sum(stats.dirichlet.logpdf(row, np.ones(len(row))) for row in rows)
    if name == "intercept_at_mean":
        return zero_sum_normal_logpdf(value, 2.5)
    if name == "slope_standardised":
        return zero_sum_normal_logpdf(value, 1.5)
    if name.endswith("_sd"):
        return stats.halfnorm.logpdf(value, scale=1.0).sum()
    grouping = name.removesuffix("_contrasts").removesuffix("_standardised")
    sd = values[f"{grouping}_sd"]
    of_effect = random_intercepts_logpdf(values[f"{grouping}_effect"], sd)
    if name.endswith("_contrasts"):
        return of_effect
    _, log_det = np.linalg.slogdet(contrast_covariance(sd, contrast_basis(len(sd))))
    return of_effect + 0.5 * len(value) * log_det


@pytest.mark.parametrize("name", CASES)
def test_priors_are_the_densities_of_scipy(name):
    case = CASES[name]
    for point in several_points(name):
        values, log_prior, _ = case.evaluate(point)
        for variable, log_density_of_pymc in log_prior.items():
            expected = expected_log_prior(values, variable)
            tolerance = SINGLE_PRECISION_CONSTANT if variable in ZERO_SUM else 1e-10
            assert np.sum(log_density_of_pymc) == pytest.approx(expected, rel=1e-12, abs=tolerance), variable


def test_priors_follow_the_arguments_of_the_parts():
    items = bl.Items(["a", "b", "c"], probability=bl.Dirichlet(2.5))
    regression = bl.Regression(
        "~ x + (1 | group)",
        intercept=bl.ZeroSumNormal(0.7),
        slope=bl.ZeroSumNormal(0.4),
        group_sd=bl.HalfNormal(0.3),
    )
    for prior, logpdf in {
        bl.HalfNormal(0.3): lambda x: stats.halfnorm.logpdf(x, scale=0.3),
        bl.Exponential(2.0): lambda x: stats.expon.logpdf(x, scale=1 / 2.0),
        bl.HalfStudentT(nu=4.0, sigma=0.6): lambda x: np.log(2) + stats.t.logpdf(x, df=4.0, scale=0.6),
    }.items():
        part = bl.Regression(regression.formula, {}, regression.intercept, regression.slope, prior)
        case = Case(LatentClass(2, items, part), FRAMES["equal categories"])
        point = case.draw_point()
        log_prior = {name: np.sum(density) for name, density in case.evaluate(point)[1].items()}
        expected = logpdf(point["group_sd"]).sum()
        assert log_prior["group_sd"] == pytest.approx(expected, abs=SINGLE_PRECISION_CONSTANT)
    assert log_prior["intercept_at_mean"] == pytest.approx(zero_sum_normal_logpdf(point["intercept_at_mean"], 0.7))
    assert log_prior["slope_standardised"] == pytest.approx(zero_sum_normal_logpdf(point["slope_standardised"], 0.4))
    rows = point["item_probability"].reshape(-1, 3)
    expected = sum(stats.dirichlet.logpdf(row, np.full(3, 2.5)) for row in rows)
    assert log_prior["item_probability"] == pytest.approx(expected, abs=1e-10)
    shares = Case(LatentClass(3, items, bl.Shares(bl.Dirichlet(4.0))), FRAMES["equal categories"])
    point = shares.draw_point()
    expected = stats.dirichlet.logpdf(point["class_share"], np.full(3, 4.0))
    assert np.sum(shares.evaluate(point)[1]["class_share"]) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", SEVERAL)
def test_permuting_classes_leaves_the_density_unchanged(name):
    case = CASES[name]
    n_classes = case.model.n_classes
    for point in several_points(name):
        at_point = log_density(case, point)
        for shift in range(1, n_classes):
            order = np.roll(np.arange(n_classes), shift)
            assert log_density(case, permuted(case, point, order)) == pytest.approx(at_point, rel=1e-12)


@pytest.mark.parametrize("data", FRAMES)
def test_one_class_is_independent_items(data):
    items = bl.Items([name for name in FRAMES[data] if name in "abcd"])
    case = Case(LatentClass(1, items), FRAMES[data])
    values, _, log_likelihood = case.evaluate(case.draw_point())
    expected = 0.0
    for j, item in enumerate(case.labels("item")):
        for category, times in case.frame[item].value_counts().items():
            expected += times * np.log(values["item_probability"][0, j, category])
    assert log_likelihood.sum() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", ["shares", "random intercepts"])
def test_missing_answer_drops_its_factor(kind):
    """Without the items b and c in the model, and with both missing, the others have the same likelihood."""
    complete = FRAMES["equal categories"].drop_duplicates(["a", "x", "z", "group"])
    missing = complete.assign(b=complete["b"].where(complete.index > 6), c=complete["c"].where(complete.index % 2 == 0))
    model = LatentClass(2, bl.Items(["a", "b", "c"]), STRUCTURAL[kind])
    with_missing = Case(model, missing)
    only_a = Case(LatentClass(2, bl.Items(["a"]), STRUCTURAL[kind]), complete)
    point = with_missing.draw_point()
    likelihood = {}
    for case, items in ((with_missing, 3), (only_a, 1)):
        _, _, rows = case.evaluate(point | {"item_probability": point["item_probability"][:, :items]})
        pattern, count = pattern_of_respondent(case)
        likelihood[items] = (rows / count)[pattern]
    nothing_else = missing[["b", "c"]].isna().all(axis=1).to_numpy()
    assert nothing_else.sum() >= 3
    np.testing.assert_allclose(likelihood[3][nothing_else], likelihood[1][nothing_else], rtol=0, atol=1e-12)
    assert (likelihood[3][~nothing_else] < likelihood[1][~nothing_else]).all()


def every_pattern(categories):
    """Every pattern of answers (None: missing), once for each of four rows of covariates in two groups."""
    covariates = pd.DataFrame({"x": [0.0, 1.5, -2.0, 0.3], "group": ["g1", "g1", "g2", "g2"], "city": "north"})
    patterns = pd.DataFrame(product(*categories), columns=list("abc"), dtype=object)
    frame = covariates.merge(patterns, how="cross")
    for item, labels in zip("abc", categories, strict=True):
        frame[item] = pd.Categorical(frame[item], [label for label in labels if label is not None])
    return frame


SMALL_DESIGN = {"shares": bl.Shares(), "random intercepts": bl.Regression("~ x + (1 | group)")}


@pytest.mark.parametrize("kind", SMALL_DESIGN)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_all_answer_patterns_sum_to_one(kind, n_classes):
    frame = every_pattern([(0, 1), (0, 1, 2), (0, 1, 2, 3)])
    case = Case(LatentClass(n_classes, bl.Items(["a", "b", "c"]), SMALL_DESIGN[kind]), frame)
    for seed in range(3):
        rows = case.evaluate(case.draw_point(seed))[2]
        pattern, count = pattern_of_respondent(case)
        probability = np.exp(rows / count)[pattern]
        totals = pd.Series(probability).groupby([frame["x"], frame["group"]]).sum()
        assert len(totals) == 4
        np.testing.assert_allclose(totals, 1.0, rtol=0, atol=1e-12)


def test_all_outcomes_sum_to_one():
    covariates = every_pattern([(0, 1), (0,), (0,)])[["x", "group"]].drop_duplicates()
    frame = covariates.merge(pd.DataFrame({"y": ["no", "some", "much", "all"]}), how="cross")
    case = Case(Multinomial("y", SMALL_DESIGN["random intercepts"]), frame)
    probability = np.exp(case.evaluate(case.draw_point())[2])
    np.testing.assert_allclose(pd.Series(probability).groupby(frame["x"]).sum(), 1.0, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", SMALL_DESIGN)
def test_missing_answer_sums_over_its_completions(kind):
    frame = every_pattern([(None, 0, 1), (0, 1, 2), (None, 0, 1, 2)])
    case = Case(LatentClass(2, bl.Items(["a", "b", "c"]), SMALL_DESIGN[kind]), frame)
    rows = case.evaluate(case.draw_point())[2]
    pattern, count = pattern_of_respondent(case)
    frame["log_likelihood"] = (rows / count)[pattern]
    checked = 0
    for _, row in frame[frame["a"].isna()].iterrows():
        same = (frame["x"] == row["x"]) & (frame["b"] == row["b"]) & frame["a"].notna()
        same &= frame["c"].isna() if pd.isna(row["c"]) else frame["c"] == row["c"]
        assert same.sum() == 2
        assert row["log_likelihood"] == pytest.approx(logsumexp(frame["log_likelihood"][same]), abs=1e-12)
        checked += 1
    assert checked == 4 * 3 * 4


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_order_of_rows_changes_nothing(name):
    case = CASES[name]
    shuffled = Case(case.model, case.frame.sample(frac=1.0, random_state=4))
    assert not shuffled.frame.index.equals(case.frame.index)
    point = several_points(name)[0]
    assert log_density(shuffled, point) == pytest.approx(log_density(case, point), rel=1e-12)


@pytest.mark.parametrize("name", ["LatentClass(3), missing answers, shares", *ONE_OF_EACH[2:6]])
def test_repeated_rows_count_twice(name):
    case = CASES[name]
    part = [0, *range(3, 20)]
    frame = pd.concat([case.frame, case.frame.iloc[part], case.frame.iloc[part]])
    repeated = Case(case.model, frame)
    point = several_points(name)[0]
    values, _, log_likelihood = repeated.evaluate(point)
    of_row = respondent_log_likelihoods(repeated, values)
    assert len(log_likelihood) < len(frame)
    assert log_likelihood.sum() == pytest.approx(of_row[: len(case.frame)].sum() + 2 * of_row[part].sum(), rel=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_draws_in_numpy_have_the_log_likelihood_of_pymc(name):
    case = CASES[name]
    pattern, count = pattern_of_respondent(case)
    n_chains, n_draws = 2, 2
    evaluated = [case.evaluate(case.draw_point(seed)) for seed in range(n_chains * n_draws)]
    dims = case.plain.named_vars_to_dims
    posterior = xr.Dataset(
        {
            variable: (
                ("chain", "draw", *dims[variable]),
                np.reshape([values[variable] for values, _, _ in evaluated], (n_chains, n_draws, *np.shape(first))),
            )
            for variable, first in evaluated[0][0].items()
            if "class_contrast" not in dims[variable]
        },
        {case.class_dim: case.labels(case.class_dim)},
    )
    tree = xr.DataTree.from_dict(
        {
            "/": xr.Dataset(attrs=dict(case.prepared.attributes)),
            "/posterior": posterior,
            "/observed_data": case.prepared.observed,
            "/constant_data": case.prepared.constant,
        }
    )
    expected = np.reshape([(rows / count)[pattern] for _, _, rows in evaluated], (n_chains, n_draws, -1))
    np.testing.assert_allclose(respondent_log_likelihood(tree), expected, rtol=0, atol=1e-10)
    mean_share = [
        np.mean([class_probabilities(case, values, row) for row in case.rows], axis=0) for values, _, _ in evaluated
    ]
    np.testing.assert_allclose(average_class_share(tree).reshape(len(evaluated), -1), mean_share, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_gradient_is_that_of_finite_differences(name):
    """On the scale NUTS moves on: transforms and Jacobians included."""
    model = CASES[name].prepared.model
    logp, dlogp = model.compile_logp(**COMPILE), model.compile_dlogp(**COMPILE)
    rng = np.random.default_rng(2)
    start = model.initial_point()
    point = {key: rng.normal(0.0, 0.7, size=np.shape(value)) for key, value in start.items()}
    step = 1e-5
    differences = []
    for key, value in point.items():
        for place in np.ndindex(value.shape):
            ahead, behind = value.copy(), value.copy()
            ahead[place] += step
            behind[place] -= step
            differences.append((logp(point | {key: ahead}) - logp(point | {key: behind})) / (2 * step))
    gradient = dlogp({key: point[key] for key in start})
    assert np.abs(gradient).max() > 1
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-6)


def test_log_softmax_of_symmetric_logits_is_that_of_any_reference():
    """Contrasts against a reference describe the same probabilities, so odds ratios are differences of draws."""
    case = CASES["Multinomial, covariates"]
    values, _, log_likelihood = case.evaluate(case.draw_point())
    x = np.array([[covariate_value(row, term) for term in case.labels("term")] for row in case.rows])
    contrast = values["slope"] - values["slope"][:, :1]
    logits = values["intercept"] - values["intercept"][0] + x @ contrast
    seen = case.frame["y"].cat.codes.to_numpy()
    expected = log_softmax(logits, axis=1)[np.arange(len(seen)), seen]
    np.testing.assert_allclose(log_likelihood, expected, rtol=0, atol=1e-12)
