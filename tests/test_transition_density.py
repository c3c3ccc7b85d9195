"""Latent transition models against sums over all paths, a term for each."""

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
from scipy.special import log_softmax, logsumexp

import bayes_lca as bl
from bayes_lca.density import compiled
from bayes_lca.density.instructions import Operation
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.models import LatentTransition
from bayes_lca.posterior.labels.relabel import permute
from bayes_lca.sampling.tree import assemble
from bayes_lca.structural.whitening import contrast_basis

COMPILE = {"mode": Mode(linker="py", optimizer=None), "on_unused_input": "ignore"}
SIMPLEX = ("item_probability", "class_share", "baseline_probability")
ZERO_SUM = ("intercept_at_mean", "slope_standardised", "destination_logit", "item_location")


def simulate_frame(n_waves, n=14, seed=1):
    """Persons who miss answers and waves: the first, one between, or the last ones."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"id": np.repeat(np.arange(n), n_waves), "wave": np.tile(np.arange(1, n_waves + 1), n)})
    groups = [f"g{place % 3}" for place in range(n)]
    frame = frame.assign(
        x=rng.normal(2.0, 1.5, len(frame)).round(1),
        late=rng.integers(0, 2, len(frame)),
        group=np.repeat(groups, n_waves),
        a=rng.integers(0, 2, len(frame)),
        b=rng.integers(0, 3, len(frame)),
        c=rng.integers(0, 3, len(frame)),
        height=(170 + 8 * rng.normal(size=len(frame))).round(1),
        visits=rng.poisson(3.0, len(frame)).astype(float),
    )
    frame[["a", "b", "c"]] = frame[["a", "b", "c"]].astype("Int64")
    for column in ("a", "b", "height", "visits"):
        frame.loc[rng.random(len(frame)) < 0.2, column] = pd.NA
    missed = (frame["id"].isin([2, 3]) & (frame["wave"] == 1)) | (frame["id"].isin([4, 5, 6]) & (frame["wave"] == 2))
    missed |= frame["id"].isin([7, 8]) & (frame["wave"] == n_waves)
    missed |= (frame["id"] == 9) & (frame["wave"] > 1)
    return frame[~missed].sample(frac=1, random_state=3, ignore_index=True)


FRAMES = {n_waves: simulate_frame(n_waves) for n_waves in (2, 3, 4)}
NOMINAL, WITH_ORDER = bl.Items(["a", "b", "c"]), bl.OrdinalItems(["a", "b", "c"])
MIXED = bl.Mixed(bl.Items(["a", "b"]), bl.NormalItems(["height"]), bl.CountItems(["visits"]))
GROUPED = {"initial": bl.Regression("~ x + (1 | group)"), "transition": bl.Transition("~ x + late + (1 | group)")}


def model(n_classes, measurement, **parts):
    return LatentTransition(n_classes, measurement, person="id", wave="wave", **parts)


@dataclass(frozen=True)
class Case:
    """A model with a frame, and its density on the scale the parameters are written on."""

    model: LatentTransition
    n_waves: int
    options: dict = field(default_factory=dict)

    @property
    def frame(self):
        return FRAMES[self.n_waves]

    @cached_property
    def prepared(self):
        return self.model.prepare(self.frame, **self.options)

    @cached_property
    def plain(self):
        return remove_value_transforms(self.prepared.model)

    @cached_property
    def _function(self):
        plain = self.plain
        return plain.compile_fn(
            [
                *plain.replace_rvs_by_values(plain.deterministics),
                sum(part.sum() for part in plain.logp(plain.free_RVs, jacobian=False, sum=False)),
                *plain.logp(plain.observed_RVs, sum=False),
            ],
            inputs=[plain.rvs_to_values[variable] for variable in plain.free_RVs],
            point_fn=False,
            **COMPILE,
        )

    def dims(self, name):
        return self.plain.named_vars_to_dims.get(name, ())

    def labels(self, dim):
        return list(self.plain.coords[dim])

    def draw_point(self, seed=0):
        """Values of the free variables, anywhere the prior allows."""
        rng, point = np.random.default_rng(seed), {}
        for variable in self.plain.free_RVs:
            name, shape = variable.name, tuple(len(self.labels(dim)) for dim in self.dims(variable.name))
            last = name.rpartition("::")[2].removeprefix("nominal_")
            if last.startswith(SIMPLEX):
                point[name] = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
            elif last.endswith(("item_mean", "item_variance")):
                point[name] = self.prepared.start[name] * rng.lognormal(0.0, 0.2, size=shape)
            elif name.endswith(("_sd", "_sd_standardised")):
                point[name] = 0.1 + rng.exponential(size=shape)
            else:
                point[name] = rng.normal(0.0, 1.0, size=shape)
                if last.removeprefix("transition_") in ZERO_SUM:
                    point[name] -= point[name].mean(axis=-1, keepdims=True)
        return point

    def evaluate(self, point):
        """All variables at a point, the log prior density, and the log-likelihood of each row."""
        out = self._function(*(point[variable.name] for variable in self.plain.free_RVs))
        names = [variable.name for variable in self.plain.deterministics]
        return point | dict(zip(names, out, strict=False)), float(out[-2]), out[-1]

    def fit(self, values):
        """The fit whose only draws are these values."""
        posterior = xr.Dataset(
            {
                name: (("chain", "draw", *self.dims(name)), np.stack([[of_draw[name] for of_draw in values]]))
                for name in values[0]
                if name in self.plain.named_vars_to_dims
            },
            {dim: self.labels(dim) for name in values[0] for dim in self.dims(name)},
        )
        sampled = xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": xr.Dataset()})
        return Fit.reading(assemble(self.prepared, sampled))

    @property
    def persons(self):
        """Rows of each person by wave, in the order in which persons first stand in the frame."""
        return {
            person: dict(zip(rows["wave"], rows.to_dict("records"), strict=True))
            for person, rows in self.frame.groupby("id", sort=False)
        }


CASES = {
    "two waves, two classes": Case(model(2, NOMINAL), 2),
    "three waves, three classes": Case(model(3, NOMINAL), 3),
    "four waves, three classes, steps of their own": Case(
        model(3, NOMINAL, transition=bl.Transition(over_time="free")), 4
    ),
    "one class": Case(model(1, NOMINAL), 3),
    "covariates and groups": Case(model(3, NOMINAL, **GROUPED), 3),
    "slopes by group": Case(model(2, NOMINAL, transition=bl.Transition("~ x + (x | group)")), 3),
    "slopes by origin": Case(model(3, NOMINAL, transition=bl.Transition("~ x + (1 | group)", by_origin=True)), 4),
    "slopes by origin, no groups": Case(model(2, NOMINAL, transition=bl.Transition("~ x", "free", by_origin=True)), 3),
    "ordinal items": Case(model(2, WITH_ORDER), 3),
    "normal items": Case(model(2, bl.NormalItems(["height"]), transition=bl.Transition("~ late")), 3),
    "counts": Case(model(3, bl.CountItems(["visits"])), 3),
    "several kinds": Case(model(2, MIXED), 3),
    "measurement of each wave": Case(model(2, NOMINAL, measurement_over_time="free"), 3),
    "an item free over waves": Case(model(2, NOMINAL, measurement_over_time=["b"]), 3),
    "an item free over waves, covariates and groups": Case(
        model(3, NOMINAL, measurement_over_time=["a"], **GROUPED), 4
    ),
    "ordinal items, one free over waves": Case(model(2, WITH_ORDER, measurement_over_time=["c"]), 3),
    "several kinds, two free over waves": Case(model(2, MIXED, measurement_over_time=["visits", "a"]), 3),
    "person intercept, an item free over waves": Case(
        model(2, bl.CommonMethod(NOMINAL, loadings="free", nodes=9), measurement_over_time=["b"]), 3
    ),
    "person intercept": Case(model(2, bl.CommonMethod(NOMINAL, nodes=9), person_intercept=True), 3),
    "person intercept, ordinal, groups": Case(
        model(2, bl.CommonMethod(WITH_ORDER, loadings="free", nodes=9), **GROUPED), 3
    ),
}
ALWAYS = (
    *("two waves, two classes", "covariates and groups", "slopes by origin", "several kinds"),
    *("measurement of each wave", "person intercept", "an item free over waves", "several kinds, two free over waves"),
)
PROGRAMS_ALWAYS = ("two waves, two classes", "covariates and groups", "person intercept")
CASES_BY_COST = [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in CASES]


def on_covariates(row, terms, center=0.0):
    return np.array([float(row[term]) for term in terms]) - center


def log_first(case, values, row):
    """Log probabilities of the classes at the first wave."""
    if "class_share" in values:
        return np.log(values["class_share"])
    eta = values["intercept"] + on_covariates(row, case.labels("term")) @ values["slope"]
    return log_softmax(eta + values["group_effect"][case.labels("group").index(row["group"])])


def log_move(case, values, step, row):
    """Log transition probabilities into a wave, by origin and destination."""
    tau = values["transition_logit"]
    tau = tau[step] if tau.ndim == 3 else tau
    if "transition_slope" in values:
        terms = case.labels("transition_term")
        later = case.frame[case.frame["wave"] > 1]
        x = on_covariates(row, terms, later[terms].mean().to_numpy(dtype=float))
        tau = tau + np.tensordot(x, values["transition_slope"], axes=1)
        if "transition_group_effect" in values:
            group = case.labels("transition_group").index(row["group"])
            tau = tau + values["transition_group_effect"][group]
            if "transition_group_slope" in values:
                tau = tau + x[:1] @ values["transition_group_slope"][group]
    return log_softmax(tau, axis=-1)


def of_item(case, values, name, item, t):
    """What a variable has of an item at wave t, the axis of items gone."""
    if f"all_waves::{name}" in values:
        name = f"all_waves::{name}"
    elif f"wave_{t + 1}::item_probability" in values or f"wave_{t + 1}::item_probability_of_2" in values:
        return values[f"{name}_by_wave"][t][:, "abc".index(item)]
    axis = next(axis for axis, dim in enumerate(case.dims(name)) if "item" in dim)
    labels = case.labels(case.dims(name)[axis])
    own = f"{item} (wave {t + 1})"
    return np.take(values[name], labels.index(own if own in labels else item), axis=axis)


def log_answer(case, values, item, c, answer, u, t):
    """Log density of one answer to the item of this name in class c, of a person u, at wave t."""
    kinds = {"height": "normal_", "visits": "count_"}
    if item in kinds:
        prefix = kinds[item] if f"{kinds[item]}item_mean" in values else ""
        mean = of_item(case, values, f"{prefix}item_mean", item, t)[c]
        if item == "visits":
            return stats.poisson.logpmf(answer, mean)
        sd = np.atleast_1d(of_item(case, values, f"{prefix}item_sd", item, t))
        return stats.norm.logpdf(answer, mean, sd[min(c, len(sd) - 1)])
    if "style_loading" in values:
        scores = np.array([-0.5, 0.5, 0.0] if item == "a" else [-1.0, 0.0, 1.0])
        typical = of_item(case, values, "typical_person::item_probability", item, t)[c]
        rho = typical * np.exp(u * of_item(case, values, "style_loading", item, t)[0] * scores)
        rho = rho / rho.sum()
    else:
        name = next(name for name in ("item_probability", "nominal_item_probability") if name in values)
        rho = of_item(case, values, name, item, t)[c]
    return np.log(rho[int(answer)])


def paths_of_person(case, values, rows, u=0.0):
    """Every path of a person with u, and its log density with the answers."""
    n_waves, classes = case.n_waves, range(case.model.n_classes)
    next_row = [
        next((rows[later] for later in range(t, n_waves + 1) if later in rows), None) for t in range(1, n_waves + 1)
    ]
    first = log_first(case, values, next_row[0])
    moves = [log_move(case, values, t - 1, next_row[t]) if next_row[t] else None for t in range(1, n_waves)]
    items = [item for item in (*"abc", "height", "visits") if item in case.model.measurement.columns]
    emission = np.zeros((n_waves, len(classes)))
    for t, c in product(range(n_waves), classes):
        given = [item for item in items if t + 1 in rows and not pd.isna(rows[t + 1][item])]
        emission[t, c] = sum(log_answer(case, values, item, c, rows[t + 1][item], u, t) for item in given)
    last = max(rows)  # later classes are anything: their probabilities add up to one
    paths = list(product(classes, repeat=last))
    log_joint = [
        first[z[0]] + sum(moves[t - 1][z[t - 1], z[t]] for t in range(1, last)) + sum(emission[range(last), z])
        for z in paths
    ]
    return np.array(paths), np.array(log_joint)


def persons_of(case):
    """Persons that stand for all, and their log weights."""
    measurement = case.model.measurement
    if not isinstance(measurement, bl.CommonMethod):
        return [0.0], [0.0]
    nodes = 5.0 * (9 / 31) ** (1 / 3) * np.linspace(-1, 1, 9)
    weight = stats.norm.pdf(nodes)
    return nodes, np.log(weight / weight.sum())


def slow_log_likelihood(case, values, rows):
    """Of a person: the sum over all paths and persons."""
    nodes, log_weight = persons_of(case)
    return logsumexp(
        [w + logsumexp(paths_of_person(case, values, rows, u)[1]) for u, w in zip(nodes, log_weight, strict=True)]
    )


def of_persons(case, by_row):
    pattern = case.prepared.groups["patterns"]["pattern_of_respondent"].to_numpy()
    return by_row[..., pattern]


@pytest.mark.parametrize("name", CASES_BY_COST)
def test_recursion_is_the_sum_over_all_paths(name):
    """In PyMC and in NumPy, of everybody, whatever answers and waves are missing."""
    case = CASES[name]
    points = [case.evaluate(case.draw_point(seed)) for seed in range(2)]
    expected = [[slow_log_likelihood(case, values, rows) for rows in case.persons.values()] for values, _, _ in points]
    count = case.prepared.model["count"].get_value()
    in_pymc = of_persons(case, np.array([rows / count for _, _, rows in points]))
    np.testing.assert_allclose(in_pymc, expected, rtol=0, atol=1e-10)
    fit = case.fit([values for values, _, _ in points])
    in_numpy = of_persons(case, fit.log_likelihood_in(np.arange(2)))
    np.testing.assert_allclose(in_numpy, expected, rtol=0, atol=1e-10)
    assert list(fit.respondents) == list(case.persons)


def test_classes_at_waves_are_those_of_all_paths():
    """Smoothed memberships, moves and the most likely path, from the list of all paths."""
    case = CASES["covariates and groups"]
    values, _, _ = case.evaluate(case.draw_point(3))
    fit = case.fit([values])
    paths = paths_of(fit)
    smoothed, (likely, log_p) = paths.smoothed(slice(None)), paths.most_likely(slice(None))
    assert paths.waves == ("1", "2", "3")
    for place, rows in enumerate(case.persons.values()):
        pattern = fit.pattern_of_respondent[place]
        all_paths, log_joint = paths_of_person(case, values, rows)
        p = np.exp(log_joint - logsumexp(log_joint))
        assert paths.seen[pattern].tolist() == [wave in rows for wave in (1, 2, 3)]
        assert paths.moved[pattern].tolist() == [wave <= max(rows) for wave in (2, 3)]
        for t in range(all_paths.shape[1]):
            of_wave = [p[all_paths[:, t] == c].sum() for c in range(3)]
            np.testing.assert_allclose(smoothed.membership[t, :, 0, pattern], of_wave, rtol=0, atol=1e-10)
        for t in range(all_paths.shape[1] - 1):
            moves = [[p[(all_paths[:, t] == c) & (all_paths[:, t + 1] == d)].sum() for d in range(3)] for c in range(3)]
            np.testing.assert_allclose(smoothed.moves[t, :, :, 0, pattern], moves, rtol=0, atol=1e-10)
        if all_paths.shape[1] == 3:
            assert likely[:, 0, pattern].tolist() == all_paths[p.argmax()].tolist()
            assert log_p[0, pattern] == pytest.approx(p.max(), rel=1e-10)
    membership = fit.membership_in(np.arange(1))[0]
    seen = paths.seen.T[:, None]
    expected = (smoothed.membership[:, :, 0] * seen).sum(axis=0) / seen.sum(axis=0)
    np.testing.assert_allclose(membership, expected.T, atol=1e-6)


def permuted(case, point, values, order):
    """The point with its classes in another order, on both axes of transitions."""
    basis, result = contrast_basis(len(order)), {}
    for name, value in point.items():
        dims = case.dims(name)
        if name == "destination_logit":
            continue
        if name.endswith("_coefficients"):
            of_terms = value.reshape(len(value), -1, len(order) - 1)
            result[name] = ((of_terms @ basis.T)[..., order] @ basis).reshape(value.shape)
            continue
        result[name] = value
        for axis in {"latent_class", "other_class"}.intersection(dims):
            result[name] = np.take(result[name], order, axis=dims.index(axis))
    if "destination_logit" in point:
        tau = values["transition_logit"][..., order, :][..., order]
        off = ~np.eye(len(order), dtype=bool)
        result["destination_logit"] = tau[..., off].reshape(point["destination_logit"].shape)
    return result


@pytest.mark.parametrize(
    "name", ["covariates and groups", "slopes by origin", "four waves, three classes, steps of their own"]
)
def test_permuting_classes_leaves_the_density_unchanged(name):
    case = CASES[name]
    point = case.draw_point(5)
    values, log_prior, rows = case.evaluate(point)
    for order in ([1, 2, 0], [0, 2, 1]):
        _, of_order, rows_of_order = case.evaluate(permuted(case, point, values, order))
        np.testing.assert_allclose(rows_of_order, rows, rtol=1e-12)
        assert of_order == pytest.approx(log_prior, rel=1e-12)


def test_relabelling_permutes_both_axes_of_transitions_and_all_waves():
    """Draws whose classes changed places say the same of everybody afterwards."""
    case = CASES["slopes by origin"]
    point = case.draw_point(7)
    values, _, _ = case.evaluate(point)
    order = [2, 0, 1]
    other, _, _ = case.evaluate(permuted(case, point, values, order))
    fit, of_order = case.fit([values]), case.fit([other])
    back = permute(of_order.posterior, np.array([np.argsort(order)]))
    for name in fit.posterior.data_vars:
        np.testing.assert_allclose(back[name], fit.posterior[name], atol=1e-12, err_msg=name)


def test_one_class_is_independent_items():
    case = CASES["one class"]
    values, _, rows = case.evaluate(case.draw_point())
    expected = 0.0
    for j, item in enumerate("abc"):
        for answer, times in case.frame[item].value_counts().items():
            expected += times * np.log(values["item_probability"][0, j, answer])
    assert rows.sum() == pytest.approx(expected, rel=1e-12)


def test_priors_of_staying_and_moving_are_those_of_the_docstring():
    case = CASES["three waves, three classes"]
    point = case.draw_point(2)
    _, log_prior, _ = case.evaluate(point)
    rows = [*point["item_probability_of_2"].reshape(-1, 2), *point["item_probability_of_3"].reshape(-1, 3)]
    expected = sum(stats.dirichlet.logpdf(row, np.ones(len(row))) for row in [point["class_share"], *rows])
    expected += stats.norm.logpdf(point["stay_logit"], 1.0, 1.5).sum()
    # two numbers that sum to zero are one, at their distance over the root of two
    one = (point["destination_logit"][:, 0] - point["destination_logit"][:, 1]) / np.sqrt(2)
    expected += stats.norm.logpdf(one, 0.0, 1.5).sum()
    assert log_prior == pytest.approx(expected, abs=1e-5)  # PyMC holds log sqrt(2 pi) in single precision


@pytest.mark.parametrize("fewest_rows", [1, 10**9], ids=["rows in tiles", "all in one"])
@pytest.mark.parametrize(
    "name",
    [name if name in PROGRAMS_ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in CASES],
)
def test_programs_have_the_density_and_gradient_of_pymc(name, fewest_rows, monkeypatch):
    monkeypatch.setattr(compiled, "FEWEST_ROWS", dict.fromkeys([False, True], fewest_rows))
    case = CASES[name]
    density = compiled.Density(case.prepared.model)
    program, _ = density.program()
    assert (program.builder.n_rows > 0) == (fewest_rows == 1)
    x = density.coordinates(case.prepared.start) + np.random.default_rng(0).normal(0.0, 0.5, program.n_inputs)
    parts = np.split(x, np.cumsum([int(np.prod(shape)) for shape in density.shapes])[:-1])
    value, *gradients = value_and_gradient(name)(
        *(part.reshape(shape) for part, shape in zip(parts, density.shapes, strict=True))
    )
    gradient = np.concatenate([of_part.ravel() for of_part in gradients])
    found, found_gradient = program.log_density(x)
    np.testing.assert_allclose(found, value, rtol=1e-10)
    np.testing.assert_allclose(found_gradient, gradient, rtol=1e-10, atol=1e-10 * np.abs(gradient).max())


@pytest.mark.parametrize("n_classes", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_a_path_is_one_step_of_a_program(n_classes):
    """With the density and gradient of all its steps, also where odds of moving and answers are nearly zero or one."""
    many = simulate_frame(n_classes, n=100, seed=5)  # in as many waves
    many = many.assign(x=np.random.default_rng(1).normal(size=len(many)))
    with_x = {"initial": bl.Regression("~ x + (1 | group)"), "transition": bl.Transition("~ x + (1 | group)")}
    density = compiled.Density(model(n_classes, NOMINAL, **with_x).prepare(many).model)
    (whole, _), (apart, _) = (density._program({}, n_rows) for n_rows in (density.n_rows, 0))
    operations = [step.operation for step in whole.builder.instructions if step.is_of_rows]
    assert operations.count(Operation.LOG_PATH) == 1
    rng = np.random.default_rng(2)
    for far in (1, 8):
        x = far * rng.normal(size=whole.n_inputs)
        value, gradient = apart.log_density(x)
        found, found_gradient = whole.log_density(x)
        np.testing.assert_allclose(found, value, rtol=1e-12)
        np.testing.assert_allclose(found_gradient, gradient, rtol=1e-8, atol=1e-10 * np.abs(gradient).max())


BOTH_STYLES = bl.CommonMethod(bl.OrdinalItems(["b", "c"]), "both", nodes=11)


@pytest.mark.parametrize(
    ("n_classes", "n_waves", "measurement"),
    [
        (3, 2, bl.CommonMethod(NOMINAL, loadings="free", nodes=9)),
        pytest.param(2, 4, bl.CommonMethod(WITH_ORDER, loadings="free"), marks=pytest.mark.slow),
        pytest.param(5, 3, bl.CommonMethod(NOMINAL, nodes=8), marks=pytest.mark.slow),
        pytest.param(2, 3, BOTH_STYLES, marks=pytest.mark.slow),
    ],
    ids=["three classes", "items in order", "five classes", "two styles"],
)
def test_a_path_of_persons_is_one_step_of_a_program(n_classes, n_waves, measurement):
    """As for paths without persons, in more than one tile, with missing answers and waves, covariates and groups."""
    many = simulate_frame(n_waves, n=150, seed=5)
    many = many.assign(x=np.random.default_rng(1).normal(size=len(many)))
    with_x = {"initial": bl.Regression("~ x + (1 | group)"), "transition": bl.Transition("~ x + (1 | group)", "free")}
    for parts in (with_x, {}):
        density = compiled.Density(model(n_classes, measurement, **parts).prepare(many).model)
        (whole, _), (apart, _) = (density._program({}, n_rows) for n_rows in (density.n_rows, 0))
        operations = [step.operation for step in whole.builder.instructions if step.is_of_rows]
        assert operations.count(Operation.LOG_PATH_OF_PERSONS) == 1
        assert Operation.LOG_SUM_EXP not in operations
        rng = np.random.default_rng(2)
        for far in (1, 3):
            x = far * rng.normal(size=whole.n_inputs)
            value, gradient = apart.log_density(x)
            found, found_gradient = whole.log_density(x)
            np.testing.assert_allclose(found, value, rtol=1e-12)
            np.testing.assert_allclose(found_gradient, gradient, rtol=1e-10, atol=1e-10 * np.abs(gradient).max())


def test_paths_of_many_waves_do_not_run_out_of_numbers():
    """Their probability is smaller than any number that is not zero."""
    rng, items = np.random.default_rng(3), list("abcdefghijkl")
    frame = pd.DataFrame({"id": np.repeat(np.arange(4), 80), "wave": np.tile(np.arange(80), 4)})
    frame = frame.assign(**{item: rng.integers(0, 2, len(frame)) for item in items})
    persons = bl.CommonMethod(bl.Items(items), nodes=5)
    density = compiled.Density(model(2, persons).prepare(frame).model)
    (whole, _), (apart, _) = (density._program({}, n_rows) for n_rows in (density.n_rows, 0))
    x = rng.normal(size=whole.n_inputs)
    value, gradient = apart.log_density(x)
    assert value < 4 * np.log(1e-308)
    found, found_gradient = whole.log_density(x)
    np.testing.assert_allclose(found, value, rtol=1e-12)
    np.testing.assert_allclose(found_gradient, gradient, rtol=1e-10, atol=1e-10 * np.abs(gradient).max())


@cache
def value_and_gradient(name):
    frozen = freeze_dims_and_data(CASES[name].prepared.model)
    value = frozen.logp()
    outputs = [value, *grad(rewrite_graph(value, include=("canonicalize",)), frozen.value_vars)]
    return frozen.compile_fn(outputs, inputs=frozen.value_vars, point_fn=False, **COMPILE)


def test_rows_apart_have_the_density_of_rows_counted():
    """Everybody twice: counted, or a row for each."""
    frame = FRAMES[3]
    twice = pd.concat([frame, frame.assign(id=frame["id"] + 100)], ignore_index=True)
    plain = model(2, NOMINAL)
    counted = plain.prepare(twice)
    apart = plain.prepare(twice, collapse=False)
    assert len(counted.model.coords["pattern"]) * 2 <= len(apart.model.coords["pattern"]) == 28
    x = compiled.Density(counted.model).coordinates(counted.start)
    values = [compiled.Density(each.model).program()[0].log_density(x)[0] for each in (counted, apart)]
    assert values[0] == pytest.approx(values[1], rel=1e-12)
