"""The log density of every kind of model against loops a reader can check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pymc.model.transform.conditioning import remove_value_transforms
from pymc.model.transform.optimization import freeze_dims_and_data
from pytensor.compile.mode import Mode
from pytensor.gradient import grad
from pytensor.graph.rewriting.utils import rewrite_graph
from scipy import stats
from scipy.linalg import helmert, null_space
from scipy.special import betaln, gammaln, log_softmax, logsumexp, softmax

import bayes_lca as bl
from bayes_lca.density import compiled
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import distinct_rows
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.models import AssignedClass, LatentClass, Multinomial
from bayes_lca.priors import LKJ
from bayes_lca.sampling.tree import assemble
from bayes_lca.structural.whitening import contrast_basis

COMPILE = {"mode": Mode(linker="py", optimizer=None), "on_unused_input": "ignore"}
MERGED = Mode(linker="py", optimizer="merge")
"""Equal steps once, as those of a gradient often are."""
ZERO_SUM = ("intercept_at_mean", "slope_standardised", "slope_direction", "item_location")
SIMPLEX = ("item_probability", "class_share", "baseline_probability", "free_probability", "rising_spacing")
LOADINGS = ("style_sd", "style_loading")
SHARED_BY_CLASSES = (*LOADINGS, "item_variance", "item_dispersion")
OF_NUMBERS = ("item_mean", "item_variance")
SINGLE_PRECISION_CONSTANT = 1e-6
"""PyMC holds constants such as log sqrt(2 pi) in single precision in ZeroSumNormal, LogNormal and HalfStudentT, and
log 0.5."""


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
NUMBERS = FRAMES["equal categories"].assign(
    height=lambda frame: (170 + 8 * np.random.default_rng(5).normal(size=len(frame))).round(1),
    visits=lambda frame: np.random.default_rng(7).negative_binomial(1.5, 0.3, len(frame)),
    income=lambda frame: np.random.default_rng(6).lognormal(10, 0.7, len(frame)).round(0),
)
NUMBERS.loc[NUMBERS.index % 5 == 2, "height"] = np.nan
NUMBERS["calls"] = np.random.default_rng(8).poisson(4.0, len(NUMBERS)).astype(float)
NUMBERS.loc[[3, 7], "calls"] = np.nan
NUMBERS.loc[[7, 12], "income"] = np.nan
STRUCTURAL = {
    "shares": bl.Shares(),
    "covariates": bl.Regression("~ x + z"),
    "random intercepts": bl.Regression("~ x + z + (1 | group)"),
    "nested groups": bl.Regression("~ x + (1 | city/group)"),
    "crossed groups": bl.Regression("~ x + (1 | city) + (1 | group)"),
    "groups alone": bl.Regression("~ 1 + (1 | group)"),
    "random slopes": bl.Regression("~ x + z + (x | group)"),
    "slopes of a category": bl.Regression("~ z + (z | group)"),
    "nested slopes": bl.Regression("~ x + (x | city/group)"),
    "slopes of the coarser": bl.Regression("~ x + (x | city) + (1 | city:group)"),
    "crossed slopes": bl.Regression("~ x + (x | city) + (1 | group)"),
    "correlated intercepts": bl.Regression("~ x + (1 | group)", correlation=LKJ(2.0)),
    "correlated, slopes of both": bl.Regression("~ x + z + (x + z | city) + (z | group)", correlation=LKJ(0.7)),
}
RESTRICTIONS = (
    bl.Fixed("b", category="1", classes=2, value=0.3),
    bl.Zero("c", category="0", classes=1),
    bl.Equal(["b", "d"], classes=[1, 3]),
    bl.Equal(cells=[("c", "1", 2), ("c", "3", 2)]),
    bl.Ordered("a", category="1", classes=[3, 1, 2]),
)
"""Of items of two, three, four and three categories, in three classes."""
FREE_SETS_OF_TWO = [[1.0, 1.0], [2.0, 2.0], [1.0, 1.0]]
"""Weights of the free sets of two: what is left of b in class 2; the two equal categories of c in class 2 against the
two others; and these two."""
NUMBERED = {"a": [{"0": 2.0, "1": 5.0}, 1.5, {"0": 4.0, "1": 1.0}], "c": {"0": 1.0, "1": 2.0, "2": 3.0, "3": 0.5}}
BY_TERM = {"x": bl.PerUnit(bl.NormalByClass([0.0, 0.4, -0.2], [0.3, 0.6, 0.5])), "z": bl.ZeroSumNormal(0.7)}
FOR_TWO_CLASSES = {*list(STRUCTURAL)[:6], "random slopes"}


def kind_of(name):
    """What stands before the names of a part's variables where several kinds of items are mixed; empty elsewhere."""
    first = name.partition("_")[0]
    return f"{first}_" if first in ("nominal", "ordinal", "normal", "count") else ""


def without_kind(name):
    return name.removeprefix("typical_person::").removeprefix(kind_of(name))


@dataclass(frozen=True)
class Case:
    """A model with a frame, and its densities on the scale the parameters are written on."""

    model: LatentClass | AssignedClass | Multinomial
    frame: pd.DataFrame
    options: Mapping = field(default_factory=dict)

    @cached_property
    def rows(self):
        return self.frame.to_dict("records")

    @cached_property
    def prepared(self):
        return self.model.prepare(self.frame, **self.options)

    @cached_property
    def covariates(self):
        """Design in the user's units, shape (respondent, term)."""
        terms = self.labels("term")
        return np.array([[covariate_value(row, term) for term in terms] for row in self.rows]).reshape(-1, len(terms))

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
                *model.logp([*model.free_RVs, *model.observed_RVs], jacobian=False, sum=False),
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
        return self.plain.named_vars_to_dims.get(variable.name, ())

    @property
    def class_dim(self):
        return "category" if isinstance(self.model, Multinomial) else "latent_class"

    @property
    def groupings(self):
        return [name.removesuffix("_effect") for name in self.plain.named_vars if name.endswith("_effect")]

    def draw_point(self, seed=0):
        """Values of the free variables, anywhere the prior allows."""
        rng = np.random.default_rng(seed)
        point = {}
        for name, shape in self.shapes.items():
            short = without_kind(name)
            if is_simplex(name):
                point[name] = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
            elif name.endswith(("_sd", "_sd_standardised")):
                point[name] = 0.1 + rng.exponential(size=shape)
            elif name.endswith("_correlation_root"):
                n_classes = len(self.labels(self.class_dim))
                point[name] = np.linalg.cholesky(np.corrcoef(rng.normal(size=(n_classes, n_classes + 2))))
            elif short == "item_dispersion":
                point[name] = rng.exponential(size=shape)
            elif short in OF_NUMBERS:
                point[name] = self.prepared.start[name] * rng.lognormal(0.0, 0.4, size=shape)
            elif short in ZERO_SUM:
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


def is_simplex(name):
    return without_kind(name).startswith(SIMPLEX)


def known_classes(frame):
    """Three classes whose answer probabilities are known."""
    rng = np.random.default_rng(9)
    labels = {str(item): tuple(map(str, frame[item].cat.categories)) for item in frame.columns[5:]}
    probability = np.zeros((3, len(labels), max(map(len, labels.values()))))
    for j, of_item in enumerate(labels.values()):
        probability[:, j, : len(of_item)] = rng.dirichlet(np.ones(len(of_item)), size=3)
    return Assigned(labels, probability, rng.dirichlet(np.ones(3)), ("C1", "C2", "C3"))


CASES = (
    {
        f"LatentClass({k}), {data}, {kind}": Case(
            LatentClass(k, bl.Items(FRAMES[data].columns[5:]), part), FRAMES[data]
        )
        for (data, frame), (kind, part), k in product(FRAMES.items(), STRUCTURAL.items(), (1, 2, 3))
        if k >= part.fewest_classes
        and (k != 2 or kind in FOR_TWO_CLASSES)
        and (data == "equal categories" or (k == 3 and kind in ("shares", "random intercepts")))
    }
    | {
        "LatentClass(3), known classes": Case(
            LatentClass(3, bl.Items(["a", "b", "c"]), bl.KnownClass("z", "~ x")), FRAMES["equal categories"]
        )
    }
    | {
        f"LatentClass({k}), {data}, ordinal, {kind}": Case(
            LatentClass(k, bl.OrdinalItems(frame.columns[5:]), STRUCTURAL[kind]), frame
        )
        for k, data, kind in (
            (1, "equal categories", "shares"),
            (2, "missing answers", "shares"),
            (3, "unequal categories", "random intercepts"),
        )
        for frame in [FRAMES[data]]
    }
    | {
        "LatentClass(3), unequal categories, numbered, restricted": Case(
            LatentClass(3, bl.Items(list("abcd"), restrictions=RESTRICTIONS)), FRAMES["unequal categories"]
        ),
        "LatentClass(3), unequal categories, numbered, prior by class and term": Case(
            LatentClass(3, bl.Items(list("abcd"), prior=NUMBERED), bl.Regression("~ x + z", prior=BY_TERM)),
            FRAMES["unequal categories"],
        ),
    }
    | {
        f"LatentClass({k}), {data}, common method, {style}, {loadings}, {kind}": Case(
            LatentClass(k, bl.CommonMethod(part(frame.columns[5:]), style, loadings, nodes=nodes), STRUCTURAL[kind]),
            frame,
        )
        for k, data, part, style, loadings, nodes, kind in (
            (2, "missing answers", bl.Items, "tilt", "free", 9, "random intercepts"),
            (2, "unequal categories", bl.Items, "extreme", "equal", 9, "shares"),
            (2, "equal categories", bl.OrdinalItems, "both", "equal", 7, "covariates"),
        )
        for frame in [FRAMES[data]]
    }
    | {
        f"LatentClass({k}), normal items, {sd}, {kind}": Case(
            LatentClass(k, bl.NormalItems(["height", "income"], sd), STRUCTURAL[kind]), NUMBERS
        )
        for k, sd, kind in ((1, "free", "shares"), (2, "equal", "shares"), (3, "free", "random intercepts"))
    }
    | {
        f"LatentClass({k}), {distribution}, {kind}": Case(
            LatentClass(k, bl.CountItems(["visits", "calls"], distribution), STRUCTURAL[kind]), NUMBERS
        )
        for k, distribution, kind in (
            (2, "poisson", "shares"),
            (3, "negative_binomial", "shares"),
        )
    }
    | {
        f"LatentClass({k}), mixed, {kind}": Case(LatentClass(k, bl.Mixed(*parts), STRUCTURAL[kind]), NUMBERS)
        for k, kind, parts in (
            (2, "shares", (bl.Items(["a", "b"]), bl.NormalItems(["height", "income"]))),
            (
                3,
                "shares",
                (
                    bl.CountItems(["visits"], "negative_binomial"),
                    bl.OrdinalItems(["c", "b"]),
                    bl.NormalItems(["height"], "free"),
                    bl.Items(["a"]),
                ),
            ),
        )
    }
    | {
        f"AssignedClass, {data}, {kind}": Case(AssignedClass(known_classes(frame), STRUCTURAL[kind]), frame)
        for data, kind in (
            ("equal categories", "covariates"),
            ("unequal categories", "random intercepts"),
            ("missing answers", "nested slopes"),
        )
        for frame in [FRAMES[data]]
    }
    | {
        f"Multinomial, {kind}": Case(Multinomial("y", part), FRAMES["equal categories"])
        for kind, part in STRUCTURAL.items()
        if kind != "shares"
    }
)
REPEATED = {
    *(f"LatentClass(2), equal categories, {kind}" for kind in ("nested groups", "crossed groups", "groups alone")),
    *(f"Multinomial, {kind}" for kind in ("nested groups", "crossed groups", "correlated intercepts")),
    *(f"Multinomial, {kind}" for kind in ("slopes of the coarser", "crossed slopes")),
}
"""Regressions that three latent classes have, too; two classes, and categories that are seen, have others like them."""
LATENT = [name for name in CASES if name.startswith("LatentClass")]
SEVERAL = [name for name in LATENT if not name.startswith("LatentClass(1)") and "numbered" not in name]
ONE_OF_EACH = [
    "LatentClass(2), equal categories, shares",
    "LatentClass(3), unequal categories, shares",
    "LatentClass(3), unequal categories, ordinal, random intercepts",
    "LatentClass(2), missing answers, common method, tilt, free, random intercepts",
    "LatentClass(3), normal items, free, random intercepts",
    "LatentClass(2), poisson, shares",
    "LatentClass(3), mixed, shares",
    "LatentClass(3), negative_binomial, shares",
    "LatentClass(2), normal items, equal, shares",
    "LatentClass(2), equal categories, covariates",
    "LatentClass(3), missing answers, random intercepts",
    "LatentClass(3), equal categories, nested groups",
    "LatentClass(3), equal categories, nested slopes",
    "AssignedClass, unequal categories, random intercepts",
    "LatentClass(3), unequal categories, numbered, restricted",
    "LatentClass(3), unequal categories, numbered, prior by class and term",
    "Multinomial, slopes of a category",
    "Multinomial, correlated, slopes of both",
]
WITH_ROWS_TO_COUNT = [
    name for name in ONE_OF_EACH if name.startswith(("LatentClass", "AssignedClass")) and "shares" not in name
]


QUICK = [
    "LatentClass(3), missing answers, shares",
    "LatentClass(2), equal categories, shares",
    "LatentClass(2), missing answers, common method, tilt, free, random intercepts",
    "LatentClass(3), normal items, free, random intercepts",
    "LatentClass(2), equal categories, covariates",
    "LatentClass(3), equal categories, nested groups",
    "AssignedClass, unequal categories, random intercepts",
    "Multinomial, slopes of a category",
]
"""Cases whose graphs are small: every part of them is in one."""


def mostly_slow(names, quick):
    """Names of cases, those that are not quick for the slow run."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


IN_ANY_RUN = [name for name in CASES if name not in REPEATED]


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
            place = case.labels(grouping).index(label)
            logits = logits + effect[place]
            for t, term in enumerate(varying_terms(case, grouping)):
                from_mean = covariate_value(row, term) - case.covariates[:, case.labels("term").index(term)].mean()
                logits = logits + from_mean * values[f"{grouping}_slope"][place, t]
    return softmax(logits)


def varying_terms(case, grouping):
    return case.labels(f"{grouping}_term") if f"{grouping}_term" in case.plain.coords else []


def answer_probability(case, values, row, k):
    """p(answers | class k) of one respondent: a product over the items answered, kind by kind or person by person."""
    if isinstance(case.model.measurement, bl.CommonMethod):
        return sum(weight * answer_probability_of_person(case, values, row, k, u) for u, weight in persons(case))
    kinds = {kind_of(name) for name in values if without_kind(name) in ("item_probability", "item_mean")}
    return np.prod([probability_of_kind(case, values, row, k, kind) for kind in kinds])


def probability_of_kind(case, values, row, k, kind):
    values = {without_kind(name): value for name, value in values.items() if kind_of(name) == kind}
    probability = 1.0
    for j, item in enumerate(case.labels(f"{kind}item")):
        if pd.isna(row[item]):
            continue
        if "item_dispersion" in values:
            size, mean = 1 / values["item_dispersion"][j], values["item_mean"][k, j]
            probability *= stats.nbinom.pmf(row[item], size, size / (size + mean))
        elif "item_mean" in values and "item_sd" not in values:
            probability *= stats.poisson.pmf(row[item], values["item_mean"][k, j])
        elif "item_sd" in values:
            sd = values["item_sd"] if values["item_sd"].ndim == 1 else values["item_sd"][k]
            probability *= stats.norm.pdf(row[item], values["item_mean"][k, j], sd[j])
        else:
            probability *= values["item_probability"][k, j, int(row[item])]
    return probability


def persons(case):
    """Traits of the persons of the quadrature, and their weights."""
    n_nodes, n_styles = case.model.measurement.nodes, len(case.labels("style"))
    farthest = 5.0 * (n_nodes / 31) ** (1 / 3)
    each = product(np.linspace(-farthest, farthest, n_nodes), repeat=n_styles)
    traits = [np.array(u) for u in each if np.linalg.norm(u) < farthest + 1e-6]
    weight = np.array([stats.norm.pdf(u).prod() for u in traits])
    yield from zip(traits, weight / weight.sum(), strict=True)


def answer_probability_of_person(case, values, row, k, u):
    probability = 1.0
    for j, item in enumerate(case.labels("item")):
        if not pd.isna(row[item]):
            size = len(case.frame[item].cat.categories)
            ladder = np.arange(size) - (size - 1) / 2
            score = {"tilt": ladder, "extreme": np.abs(ladder) - np.abs(ladder).mean()}
            shift = sum(
                values["style_loading"][t, j] * trait * score[style]
                for t, (style, trait) in enumerate(zip(case.labels("style"), u, strict=True))
            )
            weight = values["typical_person::item_probability"][k, j, :size] * np.exp(shift)
            probability *= weight[int(row[item])] / weight.sum()
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


def random_effects(case, values, grouping):
    """Intercepts, then slopes per standard deviation of each term, with their covariance between classes."""
    sd = values[f"{grouping}_sd"]
    yield values[f"{grouping}_effect"], values.get(f"{grouping}_correlation", np.eye(len(sd))) * np.outer(sd, sd)
    for t, term in enumerate(varying_terms(case, grouping)):
        scale = case.covariates[:, case.labels("term").index(term)].std()
        tau = values[f"{grouping}_slope_sd_standardised"][t]
        yield values[f"{grouping}_slope"][:, t] * scale, np.diag(tau**2)


def permuted(case, point, order):
    """The point with its classes in another order; free effects of groups live on contrasts of classes."""
    values, _, _ = case.evaluate(point)
    basis = contrast_basis(case.model.n_classes)
    result = {}
    for variable in case.free:
        name, dims = variable.name, case.dims(variable)
        if "latent_class" in dims:
            result[name] = np.take(point[name], order, axis=dims.index("latent_class"))
        elif without_kind(name).startswith("baseline_probability") or without_kind(name) in SHARED_BY_CLASSES:
            result[name] = point[name]
        elif name.endswith("_correlation_root"):
            correlation = values[name.removesuffix("_root")]
            result[name] = np.linalg.cholesky(correlation[np.ix_(order, order)])
        elif name.endswith("_coefficients"):
            of_terms = point[name].reshape(len(point[name]), -1, basis.shape[1])
            result[name] = ((of_terms @ basis.T)[..., order] @ basis).reshape(point[name].shape)
        else:
            parts = []
            for effect, covariance in random_effects(case, values, name.removesuffix("_standardised")):
                root = np.linalg.cholesky(basis.T @ covariance[np.ix_(order, order)] @ basis)
                parts.append(np.linalg.solve(root, (effect[:, order] @ basis).T).T)
            result[name] = np.concatenate(parts, axis=1)
    return result


def log_volume_of_root(root):
    """Log Jacobian determinant of a correlation matrix by its Cholesky factor."""
    return (np.arange(len(root))[::-1] * np.log(np.diag(root))).sum()


def log_density(case, point):
    """Of the parameters and the data; of correlation matrices, not of their Cholesky factors."""
    _, log_prior, log_likelihood = case.evaluate(point)
    roots = sum(log_volume_of_root(root) for name, root in point.items() if name.endswith("_correlation_root"))
    return log_likelihood.sum() + sum(np.sum(part) for part in log_prior.values()) - roots


def pattern_of_respondent(case):
    """Row of the model at which each respondent is counted, and how many share it."""
    design = case.model.structural.read(case.frame)
    if isinstance(case.model, Multinomial):
        return design.patterns.pattern, design.patterns.count
    patterns = distinct_rows(design, case.model.measurement.read(case.frame).codes)
    return patterns.pattern, patterns.count


def outcome_counts(case):
    """How many respondents of each pattern chose each category, shape (pattern, category)."""
    pattern, count = pattern_of_respondent(case)
    counts = np.zeros((len(count), len(case.labels("category"))))
    for row, place in zip(case.rows, pattern, strict=True):
        counts[place, case.labels("category").index(row["y"])] += 1
    return counts


def log_coefficients(counts):
    """Log number of orders in which counts can come about, shape (pattern,)."""
    return gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1)


@cache
def several_points(name):
    return [CASES[name].draw_point(seed) for seed in range(3)]


@pytest.mark.parametrize("name", mostly_slow(CASES, IN_ANY_RUN))
def test_log_likelihood_is_the_one_of_slow_loops(name):
    case = CASES[name]
    for point in several_points(name):
        values, _, log_likelihood = case.evaluate(point)
        expected = respondent_log_likelihoods(case, values)
        pattern, count = pattern_of_respondent(case)
        if isinstance(case.model, Multinomial):
            log_likelihood = log_likelihood - log_coefficients(outcome_counts(case))
            of_pattern = np.bincount(pattern, expected, minlength=len(count))
            np.testing.assert_allclose(log_likelihood, of_pattern, rtol=0, atol=1e-10)
        else:
            np.testing.assert_allclose((log_likelihood / count)[pattern], expected, rtol=0, atol=1e-10)
        assert log_likelihood.sum() == pytest.approx(expected.sum(), rel=1e-12, abs=1e-10)


@pytest.mark.parametrize("kind", ["groups alone", "slopes of a category"])
def test_outcomes_of_equal_rows_are_counted_once(kind):
    """As many rows as there are cells of covariates and groups, and the density of scipy's multinomial."""
    case = CASES[f"Multinomial, {kind}"]
    columns = ["group", "z"][: 1 if kind == "groups alone" else 2]
    cells = case.frame.groupby(columns, observed=True)["y"].value_counts().unstack(fill_value=0)
    values, _, log_likelihood = case.evaluate(several_points(f"Multinomial, {kind}")[0])
    assert len(log_likelihood) == len(cells) < len(case.frame) / 4
    expected = []
    for cell, counts in cells.iterrows():
        row = dict(zip(columns, np.atleast_1d(cell), strict=True))
        probability = class_probabilities(case, values, row)
        seen = counts[case.labels("category")].to_numpy()
        expected.append(stats.multinomial.logpmf(seen, seen.sum(), probability))
    np.testing.assert_allclose(np.sort(log_likelihood), np.sort(expected), rtol=0, atol=1e-10)


def zero_sum_normal_logpdf(x, sigma):
    """Independent normals along an orthonormal basis of the vectors that sum to zero."""
    return stats.norm.logpdf(x @ helmert(x.shape[-1]).T, scale=sigma).sum()


def random_effects_logpdf(parts):
    """Density of normal effects on the subspace that sums to zero over classes, along an orthonormal basis of it."""
    basis = null_space(np.ones((1, len(parts[0][1]))))
    return sum(
        stats.multivariate_normal.logpdf(effect @ basis, cov=basis.T @ covariance @ basis).sum()
        for effect, covariance in parts
    )


def lkj_logpdf(correlation, eta):
    """Of a correlation matrix: det(R)^(eta - 1) over the constant of Lewandowski, Kurowicka & Joe (2009), eq. 16."""
    n = len(correlation)
    log_constant = 0.0
    for k in range(1, n):
        a = eta + (n - k - 1) / 2
        log_constant += (n - k) * ((2 * eta - 2 + n - k) * np.log(2) + betaln(a, a))
    return (eta - 1) * np.linalg.slogdet(correlation)[1] - log_constant


def units_in_standard_deviations(case):
    """How many units a standard deviation is: of a category, the share that it is of the way from 0 to 1."""
    sd = case.covariates.std(axis=0)
    return np.array([sd[t] if "[" in term else 1.0 for t, term in enumerate(case.labels("term"))])


def weights_written_out(prior, item, k, size):
    """Dirichlet weights of an item in a class, one where none are given."""
    given = prior.of(item, k) if item in prior.weights else 1.0
    return np.array([given[str(code)] if isinstance(given, Mapping) else given for code in range(size)])


def within_outer_fences(numbers):
    """Numbers further than three interquartile ranges from the quartiles are moved there."""
    low, high = np.percentile(numbers, [25, 75])
    return np.minimum(np.maximum(numbers, low - 3 * (high - low)), high + 3 * (high - low))


def expected_log_prior(case, values, name):
    value, kind = values[name], kind_of(name)
    of_items = case.labels(f"{kind}item") if f"{kind}item" in case.plain.coords else ()
    if name.startswith("item_probability") and getattr(case.model.measurement, "prior", None):
        return sum(
            stats.dirichlet.logpdf(value[k, row], weights_written_out(case.model.measurement.prior, item, k, size))
            for size in [value.shape[-1]]
            for row, item in enumerate(case.labels(f"item_of_{size}"))
            for k in range(len(value))
        )
    name = without_kind(name)
    if name == "slope_direction":
        return zero_sum_normal_logpdf(value, 1.0)
    if name == "free_probability_of_2":
        return sum(stats.dirichlet.logpdf(row, weights) for row, weights in zip(value, FREE_SETS_OF_TWO, strict=True))
    if is_simplex(name):
        rows = value.reshape(-1, value.shape[-1])
        return sum(stats.dirichlet.logpdf(row, np.ones(len(row))) for row in rows)
    if name == "item_dispersion":
        return stats.expon.logpdf(value).sum()
    if name == "item_mean" and f"{kind}item_sd" not in values:
        center = [case.frame[item].mean() for item in of_items]
        return stats.lognorm.logpdf(value, 1.5, scale=center).sum()
    if name in OF_NUMBERS:
        answers = [case.frame[item].dropna().to_numpy() for item in of_items]
        typical = [within_outer_fences(of_item) for of_item in answers]
        if name == "item_mean":
            center, width = ([of_item.mean() for of_item in typical], [2.5 * np.std(of_item) for of_item in answers])
            return stats.norm.logpdf(value, center, width).sum()
        scale = np.array([of_item.std() for of_item in typical])
        return stats.invgamma.logpdf(value, 1.0, scale=(0.3 * scale) ** 2).sum()
    if name == "intercept_at_mean":
        return zero_sum_normal_logpdf(value, 2.5)
    if name == "slope_standardised":
        return zero_sum_normal_logpdf(value / units_in_standard_deviations(case)[:, None], 1.25) - (
            (value.shape[1] - 1) * np.log(units_in_standard_deviations(case)).sum()
        )
    if name == "style_loading":
        return stats.norm.logpdf(value).sum()
    if name.endswith("item_location"):
        return zero_sum_normal_logpdf(value, 2.0)
    if name.endswith("_slope_sd_standardised"):
        terms = varying_terms(case, name.removesuffix("_slope_sd_standardised"))
        places = [case.labels("term").index(term) for term in terms]
        return stats.halfnorm.logpdf(value, scale=0.5 * units_in_standard_deviations(case)[places, None]).sum()
    if name.endswith("_sd"):
        return stats.halfnorm.logpdf(value, scale=1.0).sum()
    if name.endswith("_correlation_root"):
        correlation = values[name.removesuffix("_root")]
        return lkj_logpdf(correlation, case.model.structural.correlation.eta) + log_volume_of_root(value)
    grouping = name.removesuffix("_coefficients").removesuffix("_standardised")
    parts = list(random_effects(case, values, grouping))
    of_effects = random_effects_logpdf(parts)
    if name.endswith("_coefficients"):
        return of_effects
    basis = contrast_basis(len(parts[0][1]))
    log_det = sum(np.linalg.slogdet(basis.T @ covariance @ basis)[1] for _, covariance in parts)
    return of_effects + 0.5 * len(value) * log_det


def test_the_lkj_formula_has_the_volume_of_three_correlations():
    """The correlation matrices of three variables fill pi^2 / 2 of their cube."""
    assert lkj_logpdf(np.eye(3), 1.0) == pytest.approx(-np.log(np.pi**2 / 2), rel=1e-12)
    assert lkj_logpdf(np.array([[1.0, 0.4], [0.4, 1.0]]), 2.0) == pytest.approx(
        stats.beta.logpdf((1 + 0.4) / 2, 2.0, 2.0) - np.log(2), rel=1e-12
    )


@pytest.mark.parametrize("name", mostly_slow(CASES, IN_ANY_RUN))
def test_priors_are_the_densities_of_scipy(name):
    case = CASES[name]
    for point in several_points(name):
        values, log_prior, _ = case.evaluate(point)
        for variable, log_density_of_pymc in log_prior.items():
            expected = expected_log_prior(case, values, variable)
            rounded = (
                without_kind(variable) in ZERO_SUM
                or variable.endswith("_slope_sd_standardised")
                or (without_kind(variable) == "item_mean" and f"{kind_of(variable)}item_sd" not in values)
            )
            tolerance = SINGLE_PRECISION_CONSTANT if rounded else 1e-10
            assert np.sum(log_density_of_pymc) == pytest.approx(expected, rel=1e-12, abs=tolerance), variable


def test_priors_follow_the_arguments_of_the_parts():
    items = bl.Items(["a", "b", "c"], probability=bl.Dirichlet(2.5))
    logpdf = {
        bl.HalfNormal(0.3): lambda x: stats.halfnorm.logpdf(x, scale=0.3),
        bl.Exponential(2.0): lambda x: stats.expon.logpdf(x, scale=1 / 2.0),
        bl.HalfStudentT(nu=4.0, sigma=0.6): lambda x: np.log(2) + stats.t.logpdf(x, df=4.0, scale=0.6),
    }
    priors = list(logpdf)
    for of_intercepts, of_slopes, eta in zip(priors, priors[1:] + priors[:1], (0.5, 1.0, 6.0), strict=True):
        part = bl.Regression(
            "~ x + (x | group)",
            intercept=bl.ZeroSumNormal(0.7),
            slope=bl.ZeroSumNormal(0.4),
            group_sd=of_intercepts,
            group_slope_sd=of_slopes,
            correlation=LKJ(eta),
        )
        case = Case(LatentClass(3, items, part), FRAMES["equal categories"])
        point = case.draw_point()
        log_prior = {name: np.sum(density) for name, density in case.evaluate(point)[1].items()}
        root = point["group_correlation_root"]
        expected = {
            "group_sd": logpdf[of_intercepts](point["group_sd"]).sum(),
            "group_slope_sd_standardised": logpdf[of_slopes](point["group_slope_sd_standardised"]).sum(),
            "group_correlation_root": lkj_logpdf(root @ root.T, eta) + log_volume_of_root(root),
        }
        for name, density in expected.items():
            assert log_prior[name] == pytest.approx(density, abs=SINGLE_PRECISION_CONSTANT), name
    assert log_prior["intercept_at_mean"] == pytest.approx(zero_sum_normal_logpdf(point["intercept_at_mean"], 0.7))
    assert log_prior["slope_standardised"] == pytest.approx(zero_sum_normal_logpdf(point["slope_standardised"], 0.4))
    rows = point["item_probability"].reshape(-1, 3)
    expected = sum(stats.dirichlet.logpdf(row, np.full(3, 2.5)) for row in rows)
    assert log_prior["item_probability"] == pytest.approx(expected, abs=1e-10)
    shares = Case(LatentClass(3, items, bl.Shares(bl.Dirichlet(4.0))), FRAMES["equal categories"])
    point = shares.draw_point()
    expected = stats.dirichlet.logpdf(point["class_share"], np.full(3, 4.0))
    assert np.sum(shares.evaluate(point)[1]["class_share"]) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", mostly_slow(SEVERAL, IN_ANY_RUN))
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


@pytest.mark.filterwarnings("ignore::bayes_lca.UnidentifiedWarning")  # of one item alone
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
    point = case.draw_point()
    for n in (1, 2, 4):
        splits = [split for split in product(range(n + 1), repeat=4) if sum(split) == n]
        total = np.zeros(4)
        for split in splits:
            case.plain.set_data("outcome_counts", np.tile(split, (4, 1)))
            total += np.exp(case.evaluate(point)[2])
        assert len(splits) == {1: 4, 2: 10, 4: 35}[n]
        np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-12)


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


@pytest.mark.parametrize("name", mostly_slow(ONE_OF_EACH, QUICK))
def test_order_of_rows_changes_nothing(name):
    case = CASES[name]
    shuffled = Case(case.model, case.frame.sample(frac=1.0, random_state=4))
    assert not shuffled.frame.index.equals(case.frame.index)
    point = several_points(name)[0]
    assert log_density(shuffled, point) == pytest.approx(log_density(case, point), rel=1e-12)


@pytest.mark.parametrize("name", ["LatentClass(3), missing answers, shares", *WITH_ROWS_TO_COUNT])
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


@pytest.mark.parametrize("name", mostly_slow(["LatentClass(3), missing answers, shares", *WITH_ROWS_TO_COUNT], QUICK))
def test_rows_apart_have_the_density_of_rows_counted(name):
    """The free coefficients of the finest grouping are about the mean covariates of its rows, which then differ."""
    part = CASES[name]
    frame = pd.concat([part.frame, part.frame.iloc[:15], part.frame.iloc[:5]])
    together, apart = Case(part.model, frame), Case(part.model, frame, {"collapse": False})
    for seed in range(2):
        point = together.draw_point(seed)
        values, _, log_likelihood = together.evaluate(point)
        same = dict(point)
        for grouping in together.groupings:
            if f"{grouping}_coefficients" in point:
                off = values[f"{grouping}_effect"] - apart.evaluate(same)[0][f"{grouping}_effect"]
                n_contrasts = off.shape[1] - 1
                same[f"{grouping}_coefficients"] = point[f"{grouping}_coefficients"].copy()
                same[f"{grouping}_coefficients"][:, :n_contrasts] += off @ contrast_basis(off.shape[1])
        values_apart, _, of_rows = apart.evaluate(same)
        for grouping in together.groupings:
            np.testing.assert_allclose(
                values_apart[f"{grouping}_effect"], values[f"{grouping}_effect"], rtol=0, atol=1e-12
            )
        assert len(of_rows) == len(frame) > len(log_likelihood)
        pattern, count = pattern_of_respondent(together)
        np.testing.assert_allclose(of_rows, (log_likelihood / count)[pattern], rtol=0, atol=1e-10)
        assert log_density(apart, same) == pytest.approx(log_density(together, point), rel=1e-12)


@pytest.mark.parametrize("name", mostly_slow(CASES, IN_ANY_RUN))
def test_draws_in_numpy_have_the_log_likelihood_of_pymc(name):
    case = CASES[name]
    n_chains, n_draws = 2, 2
    evaluated = [case.evaluate(case.draw_point(seed)) for seed in range(n_chains * n_draws)]
    dims = case.plain.named_vars_to_dims
    internal = {f"{grouping}_coefficient" for grouping in case.groupings}
    shown = [name for name in evaluated[0][0] if name in dims and not internal.intersection(dims[name])]
    posterior = xr.Dataset(
        {
            variable: (
                ("chain", "draw", *dims[variable]),
                np.reshape(
                    [values[variable] for values, _, _ in evaluated],
                    (n_chains, n_draws, *np.shape(evaluated[0][0][variable])),
                ),
            )
            for variable in shown
        },
        {dim: case.labels(dim) for variable in shown for dim in dims[variable]},
    )
    tree = assemble(case.prepared, xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": xr.Dataset()}))
    fit = Fit.reading(tree)
    if isinstance(case.model, Multinomial):
        expected = [respondent_log_likelihoods(case, values) for values, _, _ in evaluated]
    else:
        pattern, count = pattern_of_respondent(case)
        expected = [(rows / count)[pattern] for _, _, rows in evaluated]
    expected = np.reshape(expected, (n_chains, n_draws, -1))
    of_respondents = fit.log_likelihood()[:, :, fit.pattern_of_respondent]
    np.testing.assert_allclose(of_respondents, expected, rtol=0, atol=1e-10)
    mean_share = [
        np.mean([class_probabilities(case, values, row) for row in case.rows], axis=0) for values, _, _ in evaluated
    ]
    np.testing.assert_allclose(fit.average_class_share().reshape(len(evaluated), -1), mean_share, rtol=0, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ONE_OF_EACH if not name.endswith("nested slopes")])
def test_gradient_is_that_of_finite_differences(name):
    """On the scale NUTS moves on: transforms and Jacobians included."""
    case = CASES[name]
    model = case.prepared.model
    logp, dlogp = model.compile_logp(**COMPILE), model.compile_dlogp(**COMPILE)
    rng = np.random.default_rng(2)
    point = {
        model.rvs_to_values[variable].name: rng.normal(0.0, 0.7, size=unconstrained_shape(case, variable.name))
        for variable in model.free_RVs
    }
    step = 1e-5
    differences = []
    for key, value in point.items():
        for place in np.ndindex(value.shape):
            ahead, behind = value.copy(), value.copy()
            ahead[place] += step
            behind[place] -= step
            differences.append((logp(point | {key: ahead}) - logp(point | {key: behind})) / (2 * step))
    gradient = dlogp(point)
    assert np.abs(gradient).max() > 1
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-6)


def unconstrained_shape(case, name):
    """Shape of a free variable on the scale NUTS moves on."""
    if name.endswith("_correlation_root"):
        n_classes = len(case.labels(case.class_dim))
        return (n_classes * (n_classes - 1) // 2,)
    shape = case.shapes[name]
    if without_kind(name) in ZERO_SUM or without_kind(name).startswith(SIMPLEX):
        return (*shape[:-1], shape[-1] - 1)
    return shape


def test_log_softmax_of_symmetric_logits_is_that_of_any_reference():
    """Contrasts against a reference describe the same probabilities, so odds ratios are differences of draws."""
    case = CASES["Multinomial, covariates"]
    values, _, log_likelihood = case.evaluate(case.draw_point())
    x = np.array([[covariate_value(row, term) for term in case.labels("term")] for row in case.rows])
    contrast = values["slope"] - values["slope"][:, :1]
    logits = values["intercept"] - values["intercept"][0] + x @ contrast
    seen = case.frame["y"].cat.codes.to_numpy()
    of_respondent = log_softmax(logits, axis=1)[np.arange(len(seen)), seen]
    pattern, count = pattern_of_respondent(case)
    expected = np.bincount(pattern, of_respondent, minlength=len(count)) + log_coefficients(outcome_counts(case))
    np.testing.assert_allclose(log_likelihood, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["random slopes", "slopes of a category", "correlated, slopes of both"])
def test_spread_of_slopes_is_reported_in_the_users_units(kind):
    """Standard deviation per unit of a covariate: that per standard deviation, divided by the standard deviation."""
    case = CASES[f"Multinomial, {kind}"]
    values, _, _ = case.evaluate(case.draw_point())
    for grouping in case.groupings:
        assert varying_terms(case, grouping)
        for t, term in enumerate(varying_terms(case, grouping)):
            scale = case.covariates[:, case.labels("term").index(term)].std()
            expected = values[f"{grouping}_slope_sd_standardised"][t] / scale
            np.testing.assert_allclose(values[f"{grouping}_slope_sd"][t], expected, rtol=1e-12)
            np.testing.assert_allclose(values[f"{grouping}_slope"][:, t].sum(axis=-1), 0.0, atol=1e-12)


@pytest.fixture(params=[1, 10**9], ids=["rows in tiles", "all in one"])
def rows_in_tiles(request, monkeypatch):
    """Programs with rows apart from the rest, from whatever number of them on, or without."""
    monkeypatch.setattr(compiled, "FEWEST_ROWS", dict.fromkeys([False, True], request.param))


@cache
def density_of(name):
    return compiled.Density(CASES[name].prepared.model)


@cache
def value_and_gradient(name):
    """The log density of a PyMC model and its gradient as PyMC has them, a function of all coordinates at once.

    The gradient is that of the canonical graph, as of any that PyTensor compiles: it is made in less time.
    """
    frozen = freeze_dims_and_data(CASES[name].prepared.model)
    value = frozen.logp()
    outputs = [value, *grad(rewrite_graph(value, include=("canonicalize",)), frozen.value_vars)]
    return frozen.compile_fn(outputs, inputs=frozen.value_vars, point_fn=False, **COMPILE | {"mode": MERGED})


@pytest.mark.parametrize("name", mostly_slow(CASES, ONE_OF_EACH))
def test_programs_have_the_density_and_gradient_of_pymc(name, rows_in_tiles):
    """At points anywhere, value and gradient are the model's to ten digits."""
    case = CASES[name]
    density = density_of(name)
    program, _ = density.program()
    function = value_and_gradient(name)
    rng = np.random.default_rng(0)
    for scale in (0.3, 1.5):
        x = density.coordinates(case.prepared.start) + rng.normal(0.0, scale, program.n_inputs)
        parts = np.split(x, np.cumsum([int(np.prod(shape)) for shape in density.shapes])[:-1])
        value, *gradients = function(*(part.reshape(shape) for part, shape in zip(parts, density.shapes, strict=True)))
        gradient = np.concatenate([of_part.ravel() for of_part in gradients])
        found, found_gradient = program.log_density(x)
        np.testing.assert_allclose(found, value, rtol=1e-10)
        np.testing.assert_allclose(found_gradient, gradient, rtol=1e-10, atol=1e-10 * np.abs(gradient).max())
