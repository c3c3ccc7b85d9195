"""Classes of groups: their density, twins, labels and tables against loops over group classes and classes."""

import warnings
from functools import cache
from itertools import product

import arviz_stats
import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from pymc.model.transform.conditioning import remove_value_transforms
from pymc.model.transform.optimization import freeze_dims_and_data
from pytensor.compile.mode import Mode
from scipy import stats
from scipy.special import log_softmax, logsumexp

import bayes_lca as bl
from bayes_lca.density import compiled
from bayes_lca.dims import GROUP_CLASS
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import LEFT_OUT
from bayes_lca.posterior.labels.convergence import warn_of_convergence
from bayes_lca.posterior.labels.group_classes import group_label_problems, with_group_classes
from bayes_lca.posterior.labels.relabel import permute
from bayes_lca.workflows.stacked_draws import stacked

COMPILE = {"mode": Mode(linker="py", optimizer=None), "on_unused_input": "ignore"}
ITEMS = ["a", "b", "c"]
SHARE = np.array([0.6, 0.4])
WITHIN = np.array([[0.85, 0.15], [0.2, 0.8]])
ANSWER = np.array(
    [
        [[0.8, 0.15, 0.05], [0.7, 0.2, 0.1], [0.75, 0.15, 0.1]],
        [[0.1, 0.2, 0.7], [0.1, 0.3, 0.6], [0.2, 0.2, 0.6]],
    ]
)


def simulate(n_groups=30, size=8, seed=3, missing=0.1):
    """Groups of two classes, respondents of two, three items of three categories, a covariate and two numbers."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), size)
    of_group = rng.choice(2, n_groups, p=SHARE)
    of_person = (rng.random(len(group)) < WITHIN[of_group[group], 1]).astype(int)
    frame = pd.DataFrame({"x": rng.integers(0, 3, len(group)).astype(float), "school": [f"s{g:02d}" for g in group]})
    for j, item in enumerate(ITEMS):
        codes = np.array([rng.choice(3, p=ANSWER[c, j]) for c in of_person])
        frame[item] = pd.Categorical.from_codes(
            np.where(rng.random(len(group)) < missing, -1, codes), list("pqr"), ordered=True
        )
    frame["height"] = rng.normal(170 + 10 * of_person, 6.0).round(1)
    frame["weight"] = rng.normal(70 + 5 * of_person, 9.0).round(1)
    return frame.assign(school_class=of_group[group])


FRAME = simulate()
TINY = simulate(12, 3, seed=5, missing=0.2)
WITH_X = bl.GroupClasses(2, group="school", formula="~ x")
NOMINAL, NORMAL = bl.Items(ITEMS), bl.NormalItems(["height", "weight"], "free")
CASES = {
    "shares": (NOMINAL, 2, bl.GroupClasses(2, group="school")),
    "covariates, three of each": (NOMINAL, 3, bl.GroupClasses(3, group="school", formula="~ x")),
    "normal items": (NORMAL, 2, bl.GroupClasses(2, group="school", formula="~ x")),
    "one group class": (NOMINAL, 2, bl.GroupClasses(1, group="school")),
}


def quietly(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


@cache
def prepared(name, collapse=True):
    part, n_classes, structural = CASES[name]
    return quietly(bl.LatentClass(n_classes, part, structural).prepare, TINY, collapse=collapse)


def draw_point(model, rng):
    """Values of the free variables, anywhere the prior allows."""
    point = {}
    for variable in model.free_RVs:
        shape = tuple(len(model.coords[dim]) for dim in model.named_vars_to_dims[variable.name])
        if variable.name in ("item_probability", "group_class_share"):
            point[variable.name] = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
        elif variable.name in ("item_mean", "item_variance"):
            point[variable.name] = (170.0 if variable.name == "item_mean" else 40.0) * rng.lognormal(0, 0.1, shape)
        else:
            values = rng.normal(0, 1.5, shape)
            point[variable.name] = values - values.mean(axis=-1, keepdims=True)
    return point


def values_of(model, point):
    """Deterministics and the log-likelihood of every group at a point."""
    plain = remove_value_transforms(model)
    outputs = [*plain.replace_rvs_by_values(plain.deterministics), *plain.logp(plain.observed_RVs, sum=False)]
    inputs = [plain.rvs_to_values[variable] for variable in plain.free_RVs]
    function = plain.compile_fn(outputs, inputs=inputs, point_fn=False, **COMPILE)
    *deterministic, likelihood = function(*(point[variable.name] for variable in plain.free_RVs))
    names = [variable.name for variable in plain.deterministics]
    return point | dict(zip(names, deterministic, strict=True)), likelihood


def log_answer(values, row, c):
    """Log probability of one respondent's answers in class c."""
    if "item_mean" in values:
        numbers = np.array([row["height"], row["weight"]])
        return stats.norm.logpdf(numbers, values["item_mean"][c], np.sqrt(values["item_variance"][c])).sum()
    given = [(j, "pqr".index(row[item])) for j, item in enumerate(ITEMS) if isinstance(row[item], str)]
    return sum(np.log(values["item_probability"][c, j, code]) for j, code in given)


def log_class(values, row, w):
    eta = values["intercept"][w].copy()
    if "slope" in values:
        eta += row["x"] * values["slope"][0]
    return log_softmax(eta)


def log_of_group(values, rows):
    """By brute force over the class of the group and those of all its respondents; (group_class,)."""
    n_group_classes, n_classes = values["intercept"].shape
    share = values.get("group_class_share", np.ones(1))
    joint = np.array(
        [
            [log_class(values, row, w) + [log_answer(values, row, c) for c in range(n_classes)] for row in rows]
            for w in range(n_group_classes)
        ]
    )  # (group_class, respondent, latent_class)
    return np.array(
        [
            np.log(share[w])
            + logsumexp(
                [joint[w, np.arange(len(rows)), path].sum() for path in product(range(n_classes), repeat=len(rows))]
            )
            for w in range(n_group_classes)
        ]
    )


def rows_by_group(frame):
    return [part.to_dict("records") for _, part in frame.groupby("school", sort=True)]


@pytest.mark.parametrize("name", CASES)
def test_log_likelihood_of_groups_is_the_sum_over_all_classes(name):
    model, rng = prepared(name).model, np.random.default_rng(0)
    values, likelihood = values_of(model, draw_point(model, rng))
    expected = [logsumexp(log_of_group(values, rows)) for rows in rows_by_group(TINY)]
    np.testing.assert_allclose(likelihood, expected, rtol=1e-10)


def test_rows_apart_have_the_density_of_rows_counted():
    counted, apart = prepared("covariates, three of each").model, prepared("covariates, three of each", False).model
    point = draw_point(counted, np.random.default_rng(1))
    assert len(apart.coords["pattern"]) == len(TINY)
    np.testing.assert_allclose(values_of(apart, point)[1], values_of(counted, point)[1], rtol=1e-12)


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(NOMINAL, id="nominal", marks=pytest.mark.slow),
        pytest.param(bl.OrdinalItems(ITEMS), id="ordinal"),
        pytest.param(bl.Mixed(bl.Items(ITEMS[:2]), NORMAL), id="mixed", marks=pytest.mark.slow),
        pytest.param(bl.CommonMethod(bl.Items(ITEMS), nodes=31), id="common method"),
    ],
)
def test_one_group_class_is_a_regression_without_groups(part):
    """Of any measurement part: the same sum of log-likelihoods at the same parameters."""
    both = [
        quietly(bl.LatentClass(2, part, structural).build, TINY)
        for structural in (bl.GroupClasses(1, group="school", formula="~ x"), bl.Regression("~ x"))
    ]
    frozen = [freeze_dims_and_data(model) for model in both]
    start = quietly(bl.LatentClass(2, part, bl.Regression("~ x")).prepare, TINY).start
    totals = []
    for model in frozen:
        plain = remove_value_transforms(model)
        values = [
            np.reshape(
                start[variable.name], [len(plain.coords[dim]) for dim in plain.named_vars_to_dims[variable.name]]
            )
            for variable in plain.free_RVs
        ]
        likelihood = plain.logp(plain.observed_RVs, sum=True)
        inputs = [plain.rvs_to_values[variable] for variable in plain.free_RVs]
        totals.append(plain.compile_fn(likelihood, inputs=inputs, point_fn=False, **COMPILE)(*values))
    assert totals[0] == pytest.approx(totals[1], rel=1e-12)


@pytest.mark.parametrize(
    "name", [name if name.startswith("cov") else pytest.param(name, marks=pytest.mark.slow) for name in CASES]
)
def test_programs_have_the_density_and_gradient_of_pymc(name):
    case = prepared(name)
    frozen = freeze_dims_and_data(case.model)
    function = frozen.compile_fn([frozen.logp(), frozen.dlogp()], inputs=frozen.value_vars, point_fn=False, **COMPILE)
    density = compiled.Density(case.model)
    program, _ = density.program()
    for scale in (0.3, 1.5):
        x = density.coordinates(case.start) + np.random.default_rng(2).normal(0, scale, program.n_inputs)
        parts = np.split(x, np.cumsum([int(np.prod(shape)) for shape in density.shapes])[:-1])
        value, gradient = function(*(part.reshape(shape) for part, shape in zip(parts, density.shapes, strict=True)))
        found, found_gradient = program.log_density(x)
        assert found == pytest.approx(value, rel=1e-10)
        np.testing.assert_allclose(found_gradient, gradient, rtol=1e-10, atol=1e-10 * np.abs(gradient).max())


def test_priors_are_those_on_the_page():
    model = remove_value_transforms(prepared("shares").model)
    point = draw_point(model, np.random.default_rng(3))
    names = [variable.name for variable in model.free_RVs]
    function = model.compile_fn(
        model.logp(model.free_RVs, jacobian=False, sum=False),
        inputs=[model.rvs_to_values[variable] for variable in model.free_RVs],
        point_fn=False,
        **COMPILE,
    )
    log_prior = dict(zip(names, function(*(point[name] for name in names)), strict=True))
    assert log_prior["group_class_share"] == pytest.approx(stats.dirichlet.logpdf(point["group_class_share"], [1, 1]))
    contrast = (point["intercept_at_mean"][:, 0] - point["intercept_at_mean"][:, 1]) / np.sqrt(2)
    expected = stats.norm.logpdf(contrast, 0, 2.5).sum()
    assert log_prior["intercept_at_mean"].sum() == pytest.approx(expected, rel=1e-6)


@pytest.fixture(scope="module")
def draws():
    model = bl.LatentClass(2, NOMINAL, bl.GroupClasses(2, group="school", formula="~ x"))
    return quietly(bl.fit, model, FRAME, draws=30, tune=100, chains=2, until=None, progressbar=False)


def point_of(draws, place):
    """Parameters of a draw, chains after each other."""
    n_draws = draws["posterior"].sizes["draw"]
    one = draws["posterior"].to_dataset().isel(chain=place // n_draws, draw=place % n_draws)
    return {str(name): values.to_numpy() for name, values in one.data_vars.items()}


def loop(draws, place):
    """Log-likelihood and membership of groups, and those of respondents, in one draw."""
    values, of_groups, of_persons = point_of(draws, place), [], []
    for rows in rows_by_group(FRAME):
        in_class = []
        by_group_class = np.log(values["group_class_share"])
        for row in rows:
            joint = np.array([log_class(values, row, w) for w in range(2)]) + [
                log_answer(values, row, c) for c in range(2)
            ]
            by_group_class = by_group_class + logsumexp(joint, axis=1)
            in_class.append(np.exp(joint - logsumexp(joint, axis=1, keepdims=True)))  # (group_class, latent_class)
        membership = np.exp(by_group_class - logsumexp(by_group_class))
        of_groups.append((logsumexp(by_group_class), membership))
        of_persons += [membership @ each for each in in_class]
    likelihood, membership = (np.array(part) for part in zip(*of_groups, strict=True))
    return likelihood, membership, np.array(of_persons)


def test_draws_in_numpy_are_those_of_loops_over_groups(draws):
    likelihood = draws["log_likelihood"]["answers"]
    assert likelihood.dims == ("chain", "draw", "school")
    for place in (0, 17, 45):
        chain, draw = divmod(place, 30)
        expected, membership, persons = loop(draws, place)
        np.testing.assert_allclose(likelihood.isel(chain=chain, draw=draw), expected, rtol=1e-9)
        total = draws["sample_stats"]["total_log_likelihood"].isel(chain=chain, draw=draw).item()
        assert total == pytest.approx(expected.sum(), rel=1e-9)
        stored = draws["posterior"]["group_membership"].isel(chain=chain, draw=draw)
        np.testing.assert_allclose(stored, membership, atol=1e-9)
        order = np.argsort(FRAME["school"], kind="stable")
        each = bl.membership_draws(draws).isel(chain=chain, draw=draw).transpose("respondent", "latent_class")
        np.testing.assert_allclose(each.to_numpy()[order], persons, atol=1e-6)


def test_log_likelihood_of_some_groups_is_that_of_the_whole(draws):
    likelihood = draws["log_likelihood"]["answers"]
    some = likelihood.isel(school=[7, 2, 29, 2], draw=[4, 1])
    np.testing.assert_allclose(some.to_numpy(), likelihood.to_numpy()[:, [4, 1]][:, :, [7, 2, 29, 2]], rtol=1e-12)


def test_leaving_one_out_leaves_groups_out(draws):
    loo = quietly(arviz_stats.loo, draws)
    assert loo.n_data_points == 30
    modes = bl.modes(draws)
    assert modes["elpd_loo"].iloc[0] == pytest.approx(loo.elpd)
    assert "leaves out groups of 'school'" in modes.note


def test_class_sizes_are_shares_given_what_is_known_of_groups(draws):
    sizes = []
    for place in range(60):
        values = point_of(draws, place)
        weight = values["group_membership"][[int(name[1:]) for name in FRAME["school"]]]
        each = np.exp([[log_class(values, {"x": x}, w) for w in range(2)] for x in (0.0, 1.0, 2.0)])
        sizes.append(np.einsum("iw,iwc->c", weight, each[FRAME["x"].astype(int)]) / len(FRAME))
    np.testing.assert_allclose(bl.class_sizes(draws)["mean"], np.mean(sizes, axis=0), atol=1e-6)


def test_the_groups_of_the_truth_are_found(draws):
    table = bl.group_membership(draws)
    truth = FRAME.groupby("school")["school_class"].first()
    modal = table["modal_class"].cat.codes.to_numpy()
    right = max((modal == truth).mean(), (modal != truth).mean())
    assert right >= 0.9
    assert table["n"].tolist() == [8] * 30
    np.testing.assert_allclose(table[["G1", "G2"]].sum(axis=1), 1.0)
    assert (table["certainty_lower"] <= table["certainty"]).all()
    assert "30 groups of 'school'" in table.note


def test_table_of_group_classes_averages_over_the_same_covariates(draws):
    table = bl.group_classes(draws)
    shares = draws["posterior"]["group_class_share"].mean(["chain", "draw"]).to_numpy()
    np.testing.assert_allclose(table.xs("groups", level="share_of")["mean"], shares)
    within = np.zeros((2, 2))
    for place in range(60):
        values = point_of(draws, place)
        each = np.exp([[log_class(values, {"x": x}, w) for w in range(2)] for x in (0.0, 1.0, 2.0)])
        within += np.einsum("x,xwc->wc", np.bincount(FRAME["x"].astype(int)) / len(FRAME), each) / 60
    for w, name in enumerate(("G1", "G2")):
        np.testing.assert_allclose(table.loc[name].loc[["C1", "C2"], "mean"], within[w], atol=1e-9)
    assert shares[0] > shares[1]
    assert {"mean", "sd", "lower", "upper", "r_hat", "ess_bulk", "ess_tail"} <= set(table.columns)


def test_labels_of_group_classes_are_found_again(draws):
    """Draws whose group classes changed places at random get the labels they had."""
    tree, rng = draws.copy(), np.random.default_rng(4)
    order = np.array([rng.permutation(2) for _ in range(60)])
    mixed = permute(draws["posterior"].to_dataset(), order, axes=[GROUP_CLASS])
    tree["posterior"] = xr.DataTree(mixed.drop_vars("group_membership"))
    found = with_group_classes(tree)["posterior"]
    for name in ("group_class_share", "intercept", "group_membership"):
        np.testing.assert_allclose(found[name], draws["posterior"][name], rtol=1e-9, atol=1e-12)
    assert 20 < order[:, 0].sum() < 40


def test_group_classes_that_are_alike_are_reported(draws):
    """Labels that one draw in twenty may bear the other way round."""
    tree = draws.copy()
    tree.attrs = dict(draws.attrs) | {"group_class_relabel_mislabelled": "[[0.0, 0.05], [0.05, 0.0]]"}
    (problem,) = group_label_problems(Fit.reading(tree))
    assert problem.startswith(
        "group classes are not told apart: by which groups are in them, G1 and G2 in 5 % of draws"
    )
    assert group_label_problems(Fit.reading(draws)) == []
    with pytest.warns(bl.ConvergenceWarning, match="group classes are not told apart"):
        warn_of_convergence(Fit.reading(tree))


def test_new_respondents_are_scored_with_what_is_known_of_their_group(draws):
    """One of a group that was seen, and one of another, each as if alone."""
    new = FRAME.head(2).assign(school=["s03", "elsewhere"])
    expected = []
    for place in range(60):
        values, of_rows = point_of(draws, place), []
        known_of_groups = values["group_membership"][3], values["group_class_share"]
        for row, known in zip(new.to_dict("records"), known_of_groups, strict=True):
            answers = [log_answer(values, row, c) for c in range(2)]
            joint = known[:, None] * np.exp([log_class(values, row, w) + answers for w in range(2)])
            of_rows.append(joint.sum(axis=0) / joint.sum())
        expected.append(of_rows)
    table = bl.membership(draws, new)
    np.testing.assert_allclose(table[["C1", "C2"]], np.mean(expected, axis=0), atol=1e-6)
    assert "elsewhere" in table.note


def test_predictions_in_a_new_group_average_over_group_classes(draws):
    """Means over draws of the classes of a group that has any class; an interval as wide as group classes differ."""
    table = bl.predict_classes(draws, pd.DataFrame({"x": [1.0]}), group="new")
    expected = []
    for place in range(60):
        values = point_of(draws, place)
        each = np.exp([log_class(values, {"x": 1.0}, w) for w in range(2)])
        expected.append(values["group_class_share"] @ each)
    error = table["sd"].to_numpy() / np.sqrt(60)
    assert (np.abs(table["mean"].to_numpy() - np.mean(expected, axis=0)) < 4 * error).all()
    assert (table["upper"] - table["lower"] > 0.4).all()


def test_predicted_answers_share_the_class_of_the_group(draws):
    """Classes of a group known to be of one class are drawn from its shares."""
    fit = Fit.reading(draws)
    drawn = fit.hidden.draw_class(fit, slice(0, 60), np.random.default_rng(6))
    group = fit.group_of_respondent["school"]
    expected = np.exp(fit.log_class(fit.pattern_of_respondent, slice(0, 60)))[..., 1]
    for g in range(0, 30, 10):
        inside = group == g
        difference = drawn[:, inside].mean() - expected[:, inside].mean()
        assert abs(difference) < 4 * np.sqrt(0.25 / (8 * 60) * 3)


def test_what_is_known_of_a_group_left_out_is_the_shares(draws):
    tree = draws.copy()
    tree.attrs = dict(draws.attrs) | {LEFT_OUT: "s04"}
    tree["posterior"] = xr.DataTree(draws["posterior"].to_dataset().drop_vars("group_membership"))
    found = with_group_classes(tree)["posterior"]
    share = found["group_class_share"].transpose("chain", "draw", "group_class")
    np.testing.assert_allclose(found["group_membership"].sel(school="s04"), share, rtol=1e-12)
    others = [name for name in found["school"].to_numpy() if name != "s04"]
    expected = draws["posterior"]["group_membership"].sel(school=others)
    np.testing.assert_allclose(found["group_membership"].sel(school=others), expected, atol=1e-9)


def test_groups_are_left_out_of_fits_of_three_kinds(draws):
    """Clear classes of groups predict new groups better than a model that knows no groups."""
    short = {"draws": 30, "tune": 100, "chains": 2, "until": None, "progressbar": False}
    alone = quietly(bl.fit, bl.LatentClass(2, NOMINAL, bl.Regression("~ x")), FRAME, **short)
    compared = quietly(bl.compare_group_structures, {"alone": alone, "classes": draws}, n_draws=60)
    assert compared.table.index.tolist() == ["classes", "alone"]
    assert "of 'school' left out one at a time, classes has an elpd" in compared.words
    assert "clearly better" in compared.words
    loo = quietly(arviz_stats.loo, draws, pointwise=True)
    np.testing.assert_allclose(compared.pointwise["classes"], loo.elpd_i, rtol=1e-6)
    likelihood = alone["log_likelihood"]["answers"]
    by_group = likelihood.groupby(xr.DataArray(FRAME["school"].to_numpy(), dims="respondent")).sum()
    harmonic = np.log(60) - logsumexp(-by_group.to_numpy(), axis=(0, 1))
    np.testing.assert_allclose(compared.pointwise["alone"], harmonic, atol=0.5)
    with pytest.raises(ValueError, match="none of the fits 'a', 'b' has groups"):
        bl.compare_group_structures({"a": alone, "b": alone})
    with pytest.raises(ValueError, match="1 fit given; pass two or more"):
        bl.compare_group_structures({"a": draws})


@pytest.mark.slow
def test_a_group_is_left_out_by_counting_it_zero_times():
    model = bl.LatentClass(2, NOMINAL, bl.GroupClasses(2, group="school"))
    frame = simulate(10, 20, seed=8)
    found = quietly(bl.leave_one_group_out, model, frame, draws=40, tune=100, chains=2, progressbar=False)
    whole = quietly(bl.fit, model, frame, draws=200, tune=100, chains=2, until=None, progressbar=False)
    loo = quietly(arviz_stats.loo, whole, pointwise=True)
    np.testing.assert_allclose(found.elpd["elpd"], loo.elpd_i, atol=1.5)
    assert found.elpd["elpd"].sum() == pytest.approx(loo.elpd, abs=3.0)


def test_a_fit_survives_a_file(draws, tmp_path):
    bl.save(draws, tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    assert bl.group_classes(loaded).equals(bl.group_classes(draws))
    np.testing.assert_allclose(loaded["log_likelihood"]["answers"], draws["log_likelihood"]["answers"], rtol=1e-12)
    bl.save(draws, tmp_path / "without.nc", respondents=False)
    without = bl.load(tmp_path / "without.nc")
    mean = draws["posterior"]["group_membership"].mean(["chain", "draw"]).round(3)
    kept = without["posterior"]["group_membership"]
    np.testing.assert_allclose(kept, mean.broadcast_like(kept).transpose(*kept.dims), atol=1e-12)
    new = FRAME.head(2).assign(school=["s03", "elsewhere"])
    columns = ["C1", "C2"]
    np.testing.assert_allclose(bl.membership(without, new)[columns], bl.membership(draws, new)[columns], atol=0.01)
    for function in (bl.group_classes, bl.group_membership):
        with pytest.raises(ValueError, match="needs the rows of the 240 respondents"):
            function(without)


def test_chains_of_two_fits_are_joined_under_the_same_labels(draws):
    model = bl.LatentClass(2, NOMINAL, bl.GroupClasses(2, group="school", formula="~ x"))
    other = quietly(bl.fit, model, FRAME, draws=30, tune=100, chains=2, seed=2, until=None, progressbar=False)
    turned = other.copy()
    posterior = permute(other["posterior"].to_dataset(), np.tile([1, 0], (60, 1)), [GROUP_CLASS])
    turned["posterior"] = xr.DataTree(posterior)
    joined = quietly(bl.concat_chains, [draws, turned])
    share = joined["posterior"]["group_class_share"].sel(group_class="G1").mean("draw")
    assert joined["posterior"].sizes["chain"] == 4
    np.testing.assert_allclose(share, share.mean(), atol=0.12)


@pytest.mark.slow
def test_draws_of_pymc_become_a_fit():
    model = bl.LatentClass(2, NOMINAL, bl.GroupClasses(2, group="school"))
    with model.build(FRAME):
        options = {"tune": 50, "chains": 2, "cores": 1, "random_seed": 1, "compute_convergence_checks": False}
        sampled = quietly(pm.sample, 20, progressbar=False, **options)
    adopted = quietly(bl.adopt, model, FRAME, sampled)
    assert bl.group_membership(adopted)["n"].sum() == len(FRAME)


@pytest.mark.parametrize(
    "structural, frame, told",
    [
        (lambda: bl.GroupClasses(2, group="school"), simulate(9, 4), "9 groups of 36 respondents.*fewer than 10"),
        (lambda: bl.GroupClasses(7, group="school"), TINY, "7 group classes take 14 groups or more; ask for fewer"),
        (lambda: bl.GroupClasses(2, group="school", formula="~ x + (1 | school)"), TINY, "has random effects"),
        (lambda: bl.GroupClasses(0, group="school"), TINY, "n_classes=0: the number of group classes"),
        (lambda: bl.GroupClasses(2, group="colour"), TINY, "colour"),
    ],
)
def test_what_cannot_be_classes_of_groups_is_refused(structural, frame, told):
    with pytest.raises(ValueError, match=told):
        quietly(bl.LatentClass(2, NOMINAL, structural()).prepare, frame)


def test_groups_may_have_names_that_are_no_words():
    part = bl.GroupClasses(2, group="my school-1", formula="~ x")
    assert part.columns == ("x", "my school-1")
    named, plain = part.read(FRAME.rename(columns={"school": "my school-1"})), WITH_X.read(FRAME)
    assert named.groupings[0].name == "my school-1"
    np.testing.assert_array_equal(named.groupings[0].index, plain.groupings[0].index)


def test_few_groups_are_warned_of():
    with pytest.warns(bl.FewGroupsWarning, match="12 groups of 36 respondents: each group is one observation"):
        bl.LatentClass(2, NOMINAL, bl.GroupClasses(2, group="school")).build(TINY)


def test_other_models_take_no_group_classes():
    part = bl.GroupClasses(2, group="school")
    with pytest.raises(TypeError, match="give a Regression"):
        bl.Multinomial("a", part)
    with pytest.raises(TypeError, match="give a Regression"):
        bl.AssignedClass(bl.answers_of(bl.load_example("alone")), part)
    with pytest.raises(ValueError, match="n_classes=1 leaves GroupClasses nothing to explain"):
        bl.LatentClass(1, NOMINAL, part)


def test_draws_of_several_data_sets_keep_the_mean_membership_of_groups(draws):
    """Group classes are labelled over all of them; the membership that is kept is the mean, as without respondents."""
    second = draws.isel(draw=slice(20))
    result = quietly(stacked, [draws, second])
    kept = np.linspace(0, draws["posterior"].sizes["draw"] - 1, 20).astype(int)
    parts = [draws["posterior"].isel(draw=kept), second["posterior"]]
    shares = np.concatenate([part["group_class_share"].to_numpy() for part in parts])
    np.testing.assert_allclose(result["posterior"]["group_class_share"], shares)
    (mean,) = (values for name, values in result["posterior"].data_vars.items() if "membership" in name)
    membership = np.mean([part["group_membership"].mean(["chain", "draw"]).to_numpy() for part in parts], axis=0)
    np.testing.assert_allclose(mean, np.broadcast_to(membership, mean.shape), atol=6e-4)
    with pytest.raises(ValueError, match="which differ between the 2 completed data sets of this fit"):
        bl.group_classes(result)
