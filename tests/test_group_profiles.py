"""Classes with profiles of their own in each group class: density, twins, labels and tables against loops."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pymc.model.transform.optimization import freeze_dims_and_data
from scipy.special import log_softmax, logsumexp
from test_group_classes import COMPILE, ITEMS, NOMINAL, NORMAL, TINY, log_class, quietly, rows_by_group, values_of

import bayes_lca as bl
from bayes_lca.density import compiled
from bayes_lca.dims import CLASS, GROUP_CLASS
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels.certainty import label_problems
from bayes_lca.posterior.labels.group_profiles import align_classes
from bayes_lca.posterior.labels.relabel import permute

FREE = bl.GroupClasses(2, group="school", profiles="free")
FREE_WITH_X = bl.GroupClasses(2, group="school", formula="~ x", profiles="free")
UNEQUAL = TINY.assign(c=TINY["c"].cat.set_categories(["p", "q"]))
CASES = {
    "no covariates": (NOMINAL, FREE, TINY),
    "covariates, items of other lengths": (NOMINAL, FREE_WITH_X, UNEQUAL),
    "normal items": (NORMAL, FREE_WITH_X, TINY),
}


def simulate(n_groups=24, size=10, seed=3):
    """Groups of two classes; item b changes sides between them, and a tenth of the answers are missing."""
    rng = np.random.default_rng(seed)
    rho = np.array([[[0.8, 0.1, 0.1]] * 3, [[0.1, 0.1, 0.8]] * 3])
    rho = np.stack([rho, rho])
    rho[1, :, 1] = rho[1, ::-1, 1]
    of_group = np.arange(n_groups) % 3 == 0
    group = np.repeat(np.arange(n_groups), size)
    person = (rng.random(len(group)) < np.where(of_group[group], 0.6, 0.3)).astype(int)
    frame = pd.DataFrame({"school": [f"s{g:02d}" for g in group], "x": rng.integers(0, 2, len(group)).astype(float)})
    for j, item in enumerate(ITEMS):
        codes = (rho[of_group[group].astype(int), person, j].cumsum(axis=1) > rng.random((len(group), 1))).argmax(
            axis=1
        )
        missing = rng.random(len(group)) < 0.1
        frame[item] = pd.Categorical.from_codes(np.where(missing, -1, codes), list("pqr"), ordered=True)
    return frame


FRAME = simulate()


def prepared(name):
    part, structural, frame = CASES[name]
    return quietly(bl.LatentClass(2, part, structural).prepare, frame)


def draw_point(model, rng):
    """Values of the free variables, anywhere the prior allows."""
    point = {}
    for variable in model.free_RVs:
        name, shape = variable.name, tuple(len(model.coords[dim]) for dim in model.named_vars_to_dims[variable.name])
        if "probability" in name or name == "group_class_share":
            point[name] = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
        elif "item_mean" in name or "item_variance" in name:
            point[name] = (170.0 if "item_mean" in name else 40.0) * rng.lognormal(0, 0.1, shape)
        else:
            values = rng.normal(0, 1.5, shape)
            point[name] = values - values.mean(axis=-1, keepdims=True)
    return point


def log_answer(values, row, w, c):
    """Log probability of one respondent's answers in class c of group class w."""
    if "item_mean_by_group_class" in values:
        mean, variance = (values[f"item_{what}_by_group_class"][w, c] for what in ("mean", "variance"))
        z = (np.array([row["height"], row["weight"]]) - mean) ** 2 / variance
        return (-0.5 * (z + np.log(2 * np.pi * variance))).sum()
    given = [(j, "pqr".index(row[item])) for j, item in enumerate(ITEMS) if isinstance(row[item], str)]
    return sum(np.log(values["item_probability_by_group_class"][w, c, j, code]) for j, code in given)


def joint_in(values, row, w):
    """Log of share times density of a respondent in each class of group class w."""
    return log_class(values, row, w) + [log_answer(values, row, w, c) for c in range(2)]


@pytest.mark.parametrize(
    "name", [name if name == "no covariates" else pytest.param(name, marks=pytest.mark.slow) for name in CASES]
)
def test_log_likelihood_of_groups_is_the_sum_over_all_classes(name):
    """Brute force over the class of each group and those of all its respondents."""
    model = prepared(name).model
    values, likelihood = values_of(model, draw_point(model, np.random.default_rng(0)))
    expected = []
    for rows in rows_by_group(CASES[name][2]):
        paths = [
            np.log(values["group_class_share"][w])
            + sum(joint_in(values, row, w)[c] for row, c in zip(rows, path, strict=True))
            for w in range(2)
            for path in product(range(2), repeat=len(rows))
        ]
        expected.append(logsumexp(paths))
    np.testing.assert_allclose(likelihood, expected, rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_programs_have_the_density_and_gradient_of_pymc(name):
    case = prepared(name)
    frozen = freeze_dims_and_data(case.model)
    function = frozen.compile_fn([frozen.logp(), frozen.dlogp()], inputs=frozen.value_vars, point_fn=False, **COMPILE)
    density = compiled.Density(case.model)
    program, _ = density.program()
    x = density.coordinates(case.start) + np.random.default_rng(2).normal(0, 0.5, program.n_inputs)
    parts = np.split(x, np.cumsum([int(np.prod(shape)) for shape in density.shapes])[:-1])
    value, gradient = function(*(part.reshape(shape) for part, shape in zip(parts, density.shapes, strict=True)))
    found, found_gradient = program.log_density(x)
    assert found == pytest.approx(value, rel=1e-10)
    np.testing.assert_allclose(found_gradient, gradient, rtol=1e-10, atol=1e-10 * np.abs(gradient).max())


@pytest.fixture(scope="module")
def draws():
    model = bl.LatentClass(2, NOMINAL, FREE)
    return quietly(bl.fit, model, FRAME, draws=20, tune=100, chains=2, until=None, progressbar=False)


def point_of(draws, place):
    """Parameters of a draw, chains after each other."""
    one = draws["posterior"].to_dataset().isel(chain=place // 20, draw=place % 20)
    return {str(name): values.to_numpy() for name, values in one.data_vars.items()}


def loop(draws, place):
    """Log-likelihood and membership of groups, and those of respondents, in one draw."""
    values, of_groups, of_persons = point_of(draws, place), [], []
    for rows in rows_by_group(FRAME):
        joint = np.array([[joint_in(values, row, w) for w in range(2)] for row in rows])  # (row, w, c)
        by_group_class = np.log(values["group_class_share"]) + logsumexp(joint, axis=2).sum(axis=0)
        membership = np.exp(by_group_class - logsumexp(by_group_class))
        of_groups.append((logsumexp(by_group_class), membership))
        of_persons += list(np.einsum("w,rwc->rc", membership, np.exp(log_softmax(joint, axis=2))))
    likelihood, membership = (np.array(part) for part in zip(*of_groups, strict=True))
    return likelihood, membership, np.array(of_persons)


def test_draws_in_numpy_are_those_of_loops_over_groups(draws):
    assert draws.attrs["backend"] == "program"
    likelihood = draws["log_likelihood"]["answers"]
    assert likelihood.dims == ("chain", "draw", "school")
    for place in (3, 32):
        chain, draw = divmod(place, 20)
        expected, membership, persons = loop(draws, place)
        np.testing.assert_allclose(likelihood.isel(chain=chain, draw=draw), expected, rtol=1e-9)
        stored = draws["posterior"]["group_membership"].isel(chain=chain, draw=draw)
        np.testing.assert_allclose(stored, membership, atol=1e-9)
        each = bl.membership_draws(draws).isel(chain=chain, draw=draw).transpose("respondent", "latent_class")
        np.testing.assert_allclose(each, persons, atol=1e-6)


def test_usual_names_hold_averages_by_members(draws):
    values = point_of(draws, 7)
    members = values["group_class_share"][:, None] * np.exp(log_softmax(values["intercept"], axis=1))
    weight = members / members.sum(axis=0)
    expected = np.einsum("wc,wcjk->cjk", weight, values["item_probability_by_group_class"])
    np.testing.assert_allclose(values["item_probability"], expected, rtol=1e-12)
    np.testing.assert_allclose(values["class_share"], members.sum(axis=0), atol=0.15)
    assert 'class_profiles(draws, by="group_class")' in bl.class_profiles(draws).note


def test_labels_of_both_levels_are_found_again(draws):
    """Draws whose classes changed places at random in each group class by itself, and group classes as well."""
    rng, posterior = np.random.default_rng(4), draws["posterior"].to_dataset()
    parts = []
    for w in range(2):
        order = np.array([rng.permutation(2) for _ in range(40)])
        parts.append(permute(posterior.isel({GROUP_CLASS: [w]}), order, axes=[CLASS]))
    own = [name for name, values in posterior.data_vars.items() if GROUP_CLASS in values.dims]
    mixed = posterior.assign(xr.concat([part[own] for part in parts], GROUP_CLASS))
    mixed = permute(mixed, np.array([rng.permutation(2) for _ in range(40)]), axes=[GROUP_CLASS])
    fit = Fit.reading(draws).with_posterior(mixed.drop_vars(["group_membership", "class_share"]))
    found = align_classes(fit, np.zeros((2, 3, 3)), "size")
    assert found.attrs["relabel_switched"] > 0.5
    assert found.attrs["relabel_certainty"] > 0.99
    for name in ("intercept", "group_class_share", "item_probability_by_group_class", "item_probability"):
        values = found["posterior"][name].transpose(*posterior[name].dims)
        np.testing.assert_allclose(values, posterior[name], rtol=1e-9, atol=1e-12)


def test_classes_that_answer_alike_are_paired(draws):
    """Of the truth two of three items are the same in both group classes, and one changes sides."""
    mean = draws["posterior"]["item_probability_by_group_class"].mean(["chain", "draw"]).to_numpy()[..., 2]
    assert (np.abs(mean[0] - mean[1])[:, [0, 2]] < 0.25).all()
    assert (np.abs(mean[0] - mean[1])[:, 1] > 0.4).all()


def test_table_of_profiles_by_group_class(draws):
    table = bl.class_profiles(draws, by="group_class")
    assert table.index.names == ["group_class", "latent_class", "item", "category"]
    values = draws["posterior"]["item_probability_by_group_class"]
    one = values.sel(group_class="G2", latent_class="C1", item="b", category="r")
    assert table.loc[("G2", "C1", "b", "r"), "mean"] == pytest.approx(float(one.mean()))
    difference = one - values.sel(group_class="G1", latent_class="C1", item="b", category="r")
    found = table.loc[("G2", "C1", "b", "r"), ["difference", "difference_lower", "difference_upper"]].to_numpy(float)
    expected = [float(difference.mean()), *np.quantile(difference, [0.025, 0.975])]
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert "difference from G1" in table.note
    assert "n = 240" in table.note


def test_profiles_by_another_column_are_refused_with_the_one_to_give(draws):
    with pytest.raises(ValueError, match=r"by='school': .* in 'group_class' alone; give by=\"group_class\""):
        bl.class_profiles(draws, by="school")
    with pytest.raises(ValueError, match=r'in nothing; fit GroupClasses or KnownClass with profiles="free"'):
        bl.class_profiles(bl.load_example(), by="group")


def test_answers_are_drawn_from_the_profiles_of_the_group_class(draws):
    """Of item b, whose average over group classes is far from either."""
    fit = Fit.reading(draws)
    drawn = np.concatenate(
        [fit.hidden.draw_answers(fit, slice(0, 40), np.random.default_rng(seed)) for seed in range(8)]
    )
    values = [point_of(draws, place) for place in range(40)]
    group = fit.group_of_respondent["school"]
    for g in (0, 1):
        inside = group == g
        expected = np.mean(
            [
                np.einsum(
                    "w,wc,wcj->j",
                    each["group_membership"][g],
                    np.exp(log_softmax(each["intercept"], axis=1)),
                    each["item_probability_by_group_class"][..., 2],
                )
                for each in values
            ],
            axis=0,
        )
        share = (drawn[:, inside] == 2).mean(axis=(0, 1))
        error = np.sqrt(0.25 / (320 * 10) * 3)  # respondents of a group share its drawn class
        assert (np.abs(share - expected) < 4 * error).all()
    both = (drawn[:, group == 0][..., 0] == 2) == (drawn[:, group == 0][..., 1] == 2)
    assert both.mean() < 0.45  # in groups of the smaller class items a and b go apart


def test_new_respondents_are_scored_in_the_group_class_of_their_group(draws):
    new = FRAME.head(2).assign(school=["s03", "elsewhere"])
    expected = []
    for place in range(40):
        values, of_rows = point_of(draws, place), []
        for row, known in zip(
            new.to_dict("records"), (values["group_membership"][3], values["group_class_share"]), strict=True
        ):
            joint = known[:, None] * np.exp([joint_in(values, row, w) for w in range(2)])
            of_rows.append(joint.sum(axis=0) / joint.sum())
        expected.append(of_rows)
    np.testing.assert_allclose(bl.membership(draws, new)[["C1", "C2"]], np.mean(expected, axis=0), atol=1e-6)


def test_a_fit_survives_a_file(draws, tmp_path):
    bl.save(draws, tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    table = bl.class_profiles(draws, by="group_class")
    assert bl.class_profiles(loaded, by="group_class").equals(table)
    np.testing.assert_allclose(loaded["log_likelihood"]["answers"], draws["log_likelihood"]["answers"], rtol=1e-12)
    bl.save(draws, tmp_path / "without.nc", respondents=False)
    assert bl.class_profiles(bl.load(tmp_path / "without.nc"), by="group_class").equals(table)


def test_classes_not_told_apart_may_be_those_of_a_group_class_without_groups(draws):
    unsure = draws.copy()
    unsure.attrs = draws.attrs | {"relabel_mislabelled": "[[0.5, 0.5], [0.5, 0.5]]"}
    (problem,) = label_problems(Fit.reading(unsure))
    assert "fit fewer classes, fewer group classes, for in one without groups" in problem


def test_what_cannot_be_asked_is_refused(draws):
    with pytest.raises(ValueError, match=r'profiles=.some. of 2 group classes: choose "equal"'):
        bl.GroupClasses(2, group="school", profiles="some")
    with pytest.raises(ValueError, match=r"by='site': the classes of this fit of 240 respondents have profiles.*alone"):
        bl.class_profiles(draws, by="site")
    with pytest.raises(ValueError, match=r"by='group_class': the classes of this fit.*in nothing; fit GroupClasses"):
        bl.class_profiles(bl.load_example(), by="group_class")
    with pytest.raises(ValueError, match="category='all': by='group_class' draws one answer to each item of the 240"):
        bl.plot_profiles(draws, by="group_class", category="all")


@pytest.mark.slow
@pytest.mark.parametrize("part", [bl.OrdinalItems(ITEMS), bl.CommonMethod(bl.Items(ITEMS), nodes=15)])
def test_slopes_tie_the_classes_of_all_group_classes(part):
    """Of any measurement part: labels are the same in all group classes, and chains agree."""
    frame = simulate(30, 20)
    rng = np.random.default_rng(1)
    frame["x"] = (frame["a"].cat.codes.to_numpy() == 2) * 1.0 + rng.normal(0, 0.5, len(frame))
    model = bl.LatentClass(2, part, FREE_WITH_X)
    fitted = quietly(bl.fit, model, frame, draws=100, tune=200, chains=2, until=None, progressbar=False)
    assert fitted.attrs["n_modes"] == 1
    order = bl.odds_ratios(fitted, reference="C1")
    assert order["r_hat"].max() < 1.1


@pytest.mark.slow
def test_the_truth_is_in_intervals_of_profiles():
    """Twenty surveys of 40 groups: profiles by group class, in intervals as often as these say."""
    inside = []
    for seed in range(20):
        frame = simulate(42, 25, seed=100 + seed)
        fitted = quietly(
            bl.fit, bl.LatentClass(2, NOMINAL, FREE), frame, draws=200, tune=200, chains=2, progressbar=False
        )
        table = bl.class_profiles(fitted, by="group_class").xs("r", level="category")
        sides = {"G1": {"C1": 0.1, "C2": 0.8}, "G2": {"C1": 0.1, "C2": 0.8}}
        for (group_class, name, item), row in table.iterrows():
            truth = sides[group_class][name]
            truth = 0.9 - truth if (group_class, item) == ("G2", "b") else truth
            inside.append(row["lower"] <= truth <= row["upper"])
    share = np.mean(inside)
    assert abs(share - 0.95) < 3 * np.sqrt(0.95 * 0.05 / len(inside)) + 0.01
