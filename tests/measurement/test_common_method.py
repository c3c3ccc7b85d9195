"""Items that share a common method: scores, integrals over persons by brute force, printed maxima, and bad input."""

import json
import warnings
from itertools import product

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
from equivalence import peers
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from scipy import stats
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp, softmax

import bayes_lca as bl
from bayes_lca.density.compiled import Density
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.common_method import CommonMethodLikelihood, fit_common_method
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.person import PersonGrid, log_density_of_answers, style_scores
from bayes_lca.measurement.common_method_start import LEAST_LOADING, positive_at
from bayes_lca.measurement.loadings import SignAt
from bayes_lca.posterior.checks.answer_residuals import contributions

COMPILE = {"mode": Mode(linker="py", optimizer=None), "on_unused_input": "ignore"}
ITEMS = ["a", "b", "c", "d"]
SIZES = (2, 3, 4, 3)


@pytest.fixture(scope="module")
def frame():
    """Every pattern of four items, missing answers among them."""
    patterns = list(product(*[(None, *range(size)) for size in SIZES]))
    frame = pd.DataFrame(patterns, columns=ITEMS, dtype=object)
    return frame.apply(lambda item: pd.Categorical(item, sorted(set(item.dropna())), ordered=True))


def simulated(n, sd, seed, *, style="tilt", n_items=6, missing=0.0):
    """Two classes that answer every other item the other way round, and persons whose style has that spread."""
    rng = np.random.default_rng(seed)
    latent_class = (rng.random(n) < 0.4).astype(int)
    typical = np.array([[0.6, 0.3, 0.1], [0.15, 0.25, 0.6]])[latent_class]
    trait, score = rng.normal(size=n), {"tilt": np.array([-1, 0, 1]), "extreme": np.array([1, -2, 1]) / 3}[style]
    answers = {}
    for j in range(n_items):
        weight = typical[:, :: (-1) ** j] * np.exp(sd * trait[:, None] * score)
        code = (rng.random(n)[:, None] > (weight / weight.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
        code[rng.random(n) < missing] = -1
        answers[f"item{j}"] = pd.Categorical.from_codes(code, ["less", "same", "more"], ordered=True)
    return pd.DataFrame(answers), latent_class, trait


def test_scores_count_categories_from_the_middle_or_to_it():
    tilt, extreme = style_scores((2, 3, 4, 5), ("tilt", "extreme"))
    np.testing.assert_array_equal(tilt[1], [-1, 0, 1, 0, 0])
    np.testing.assert_array_equal(tilt[2], [-1.5, -0.5, 0.5, 1.5, 0])
    np.testing.assert_array_equal(extreme[0], 0)
    np.testing.assert_allclose(extreme[3], np.array([2, 1, 0, 1, 2]) - 6 / 5)
    np.testing.assert_allclose(extreme.sum(axis=1), 0, atol=1e-15)


@pytest.mark.parametrize("n_styles", [1, 2])
def test_the_grid_has_the_moments_of_normal_traits(n_styles):
    """As far as the normal distribution lies within the grid."""
    grid = PersonGrid.of(31, n_styles)
    for power, moment in ((0, 1), (1, 0), (2, 1), (3, 0), (4, 3)):
        beyond = 2 * stats.norm.expect(lambda u, power=power: abs(u) ** power, lb=5 - 0.4 * n_styles)
        np.testing.assert_allclose(grid.weight @ grid.nodes**power, moment, atol=3 * beyond)
    assert np.linalg.norm(grid.nodes, axis=1).max() <= 5.0 + 1e-9
    assert (grid.finer.n_nodes, grid.finer.nodes.shape[1]) == (62, n_styles)
    assert grid.finer.nodes.max() > grid.nodes.max()


def integrated(typical, loading, scores, codes):
    """p(answers) in each class by the trapezoidal rule on a far finer and wider grid, one pattern after the other."""
    n_styles = len(scores)
    u = np.linspace(-9, 9, 2001 if n_styles == 1 else 121)
    traits = np.array(list(product(u, repeat=n_styles)))  # (person, style)
    density = np.prod(stats.norm.pdf(traits), axis=1) * (u[1] - u[0]) ** n_styles
    result = np.empty((len(codes), len(typical)))
    for row, k in np.ndindex(result.shape):
        likelihood = np.ones(len(traits))
        for j, code in enumerate(codes[row]):
            if code >= 0:
                size = SIZES[j]
                logits = np.log(typical[k, j, :size]) + (traits * loading[:, j]) @ scores[:, j, :size]
                likelihood *= softmax(logits, axis=1)[:, code]
        result[row, k] = np.log(likelihood @ density)
    return result


@pytest.mark.parametrize(
    ("style", "loadings", "part"),
    [
        ("tilt", "equal", bl.Items),
        ("tilt", "free", bl.OrdinalItems),
        ("extreme", "equal", bl.Items),
        ("both", "equal", bl.Items),
    ],
)
def test_persons_are_integrated_out(frame, style, loadings, part):
    """Log density of the model and of its twin, answers missing, to 1e-8."""
    rng = np.random.default_rng(7)
    n_classes = 1 if style == "both" else 2
    model = bl.LatentClass(
        n_classes, bl.CommonMethod(part(ITEMS), style, loadings, nodes=61 if style != "both" else 71)
    )
    some = frame.iloc[::13] if style == "both" else frame
    prepared = model.prepare(some)
    plain = remove_value_transforms(prepared.model)
    point = {}
    for variable in plain.free_RVs:
        shape = tuple(len(plain.coords[dim]) for dim in plain.named_vars_to_dims[variable.name])
        if "probability" in variable.name or "share" in variable.name:
            point[variable.name] = rng.dirichlet(np.full(shape[-1], 3.0), size=shape[:-1])
        elif variable.name.startswith("style"):
            point[variable.name] = rng.uniform(0.3, 1.2 if style != "both" else 0.4, size=shape)
        else:
            point[variable.name] = rng.normal(size=shape[:-1])[..., None] * np.array([1.0, -1.0])
    named = ["typical_person::item_probability", "style_loading", "item_probability"]
    (log_density,) = plain.logp(plain.observed_RVs, sum=False)
    outputs = [*plain.replace_rvs_by_values([plain[name] for name in named]), log_density]
    inputs = [plain.rvs_to_values[variable] for variable in plain.free_RVs]
    function = plain.compile_fn(outputs, inputs=inputs, point_fn=False, **COMPILE)
    typical, loading, marginal, rows = function(*(point[variable.name] for variable in plain.free_RVs))
    scores = style_scores(SIZES, model.measurement.styles)
    codes = plain["answer_codes"].get_value()
    expected = integrated(typical, loading, scores, codes)
    of_rows = logsumexp(np.log(point.get("class_share", np.ones(1))) + expected, axis=1)
    np.testing.assert_allclose(rows, of_rows, rtol=0, atol=1e-8)
    twin = log_density_of_answers(typical[None], loading[None], scores, model.measurement.grid, codes)
    np.testing.assert_allclose(twin[0], expected, rtol=0, atol=1e-8)
    for j, size in enumerate(SIZES):  # the marginal profile is the integral of one answer alone
        alone = np.full((size, len(SIZES)), -1)
        alone[:, j] = np.arange(size)
        np.testing.assert_allclose(
            marginal[:, j, :size].T, np.exp(integrated(typical, loading, scores, alone)), atol=1e-8
        )


def test_no_loading_is_no_common_method(frame):
    rng = np.random.default_rng(2)
    codes = bl.Items(ITEMS).read(frame).codes
    typical = np.zeros((2, 4, 4))
    for j, size in enumerate(SIZES):
        typical[:, j, :size] = rng.dirichlet(np.ones(size), size=2)
    scores, grid = style_scores(SIZES, ["tilt"]), PersonGrid.of(31, 1)
    found = log_density_of_answers(typical[None], np.zeros((1, 1, 4)), scores, grid, codes)[0]
    for row in range(0, len(codes), 11):
        answered = [(j, code) for j, code in enumerate(codes[row]) if code >= 0]
        expected = [sum(np.log(typical[k, j, code]) for j, code in answered) for k in range(2)]
        np.testing.assert_allclose(found[row], expected, atol=1e-12)


def test_equally_spaced_persons_are_more_exact_than_those_of_gauss_and_hermite():
    """The measurement behind the choice: 31 nodes each, against two thousand."""
    data, *_ = simulated(600, 1.5, seed=1)
    codes = bl.Items(list(data)).read(data).codes
    typical = np.tile(np.array([[0.6, 0.3, 0.1], [0.15, 0.25, 0.6]])[:, None], (1, 6, 1))
    typical[:, 1::2] = typical[:, 1::2, ::-1]
    scores, loading = style_scores((3,) * 6, ["tilt"]), np.full((1, 6), 1.5)
    node, weight = np.polynomial.hermite_e.hermegauss(31)
    grids = {
        "spaced": PersonGrid.of(31, 1),
        "gauss": PersonGrid(31, node[:, None], weight / weight.sum()),
        "exact": PersonGrid.of(2001, 1),
    }
    total = {
        name: logsumexp(log_density_of_answers(typical[None], loading[None], scores, grid, codes)[0], axis=1).sum()
        for name, grid in grids.items()
    }
    assert abs(total["spaced"] - total["exact"]) < 2e-4 < 2e-3 < abs(total["gauss"] - total["exact"])


def test_signs_of_loadings_are_fixed_at_the_largest():
    transform = SignAt(np.array([[0.2, -0.9, 0.4], [1.0, 0.0, -2.0]]))
    np.testing.assert_array_equal(transform.is_positive, [[False, True, False], [False, False, True]])
    value = np.array([[-0.3, 0.5, -1.0], [0.1, -0.2, 0.7]])
    loadings = transform.backward(pt.as_tensor(value)).eval(mode=COMPILE["mode"])
    np.testing.assert_allclose(loadings, [[-0.3, np.exp(0.5), -1.0], [0.1, -0.2, np.exp(0.7)]])
    np.testing.assert_allclose(transform.forward(pt.as_tensor(loadings)).eval(mode=COMPILE["mode"]), value)
    step = 1e-6
    moved = transform.backward(pt.as_tensor(value + step)).eval(mode=COMPILE["mode"])
    jacobian = transform.log_jac_det(pt.as_tensor(value)).eval(mode=COMPILE["mode"])
    np.testing.assert_allclose(jacobian, np.log((moved - loadings) / step), atol=1e-5)


@pytest.mark.parametrize(
    ("prior", "of_either_sign"),
    [
        (bl.HalfNormal(0.7), stats.norm(scale=0.7)),
        (bl.HalfStudentT(4.0, 0.6), stats.t(4.0, scale=0.6)),
        (bl.Exponential(2.0), stats.laplace(scale=0.5)),
    ],
)
def test_priors_of_loadings_are_the_densities_of_scipy(prior, of_either_sign):
    """Of one loading for all items, twice the density to the right of zero; of one for each, to both sides."""
    data, *_ = simulated(60, 0.5, seed=2)
    value = np.array([[0.8, 0.3, 1.4, 0.2, 0.6, 0.9]])
    for loadings, name, at in (("equal", "style_sd", value[0, :1]), ("free", "style_loading", value - 0.5)):
        model = bl.LatentClass(1, bl.CommonMethod(bl.Items(list(data)), loadings=loadings, prior=prior)).build(data)
        plain = remove_value_transforms(model)
        (density,) = plain.logp([plain[name]], jacobian=False, sum=False)
        found = density.eval({plain.rvs_to_values[plain[name]]: at}, mode=COMPILE["mode"])
        expected = of_either_sign.logpdf(at) + (np.log(2) if loadings == "equal" else 0.0)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_chains_can_start_at_every_mode_whatever_the_signs_of_its_loadings():
    """At the second of these modes the item whose loading is positive has one just below zero, without a logarithm."""
    answers = np.array([[[0.82, 0.18]] * 5, [[0.18, 0.82]] * 5])
    frame, _ = bl.simulate_waves(150, [0.5, 0.5], [[0.7, 0.3], [0.3, 0.7]], answers, seed=6, n_waves=2, loading=1.5)
    part = bl.CommonMethod(bl.Items([f"item{j}" for j in range(1, 6)]), loadings="free")
    prepared = bl.LatentClass(2, part).prepare(frame)
    starts = (prepared.start, *prepared.rivals)
    largest = np.abs(starts[0]["style_loading"][0]).argmax()
    assert [start["style_loading"][0, largest] for start in starts[1:]] == [LEAST_LOADING]
    density = Density(prepared.model)
    program, _ = density.program()
    for start in starts:
        assert np.isfinite(program.log_density(density.coordinates(start))[0])


@pytest.mark.parametrize("style", ["tilt", "extreme"])
def test_loadings_with_all_signs_turned_are_the_same_model(style):
    rng = np.random.default_rng(4)
    loading, typical = rng.normal(size=(1, 4)), rng.dirichlet(np.ones(3), size=(2, 4))
    loading[0, 2] = -1.3
    turned = positive_at(np.array([2]), loading)
    np.testing.assert_array_equal(turned, -loading)
    scores, grid = style_scores((3,) * 4, [style]), PersonGrid.of(31, 1)
    codes = np.array(list(product(range(3), repeat=4)))
    of_both = [log_density_of_answers(typical[None], each[None], scores, grid, codes) for each in (loading, turned)]
    np.testing.assert_allclose(*of_both, rtol=1e-12)


def test_the_gradient_of_a_climb_is_that_of_differences():
    data, *_ = simulated(80, 1.0, seed=3, missing=0.2)
    codes = bl.Items(list(data)).read(data).codes
    rng = np.random.default_rng(1)
    for styles, equal in ((["tilt"], True), (["tilt", "extreme"], False)):
        scores = style_scores((3,) * 6, styles)
        grid = PersonGrid.of(9, len(styles))
        likelihood = CommonMethodLikelihood(codes, np.ones(len(codes)), (3,) * 6, scores, grid, equal)
        x = rng.normal(size=2 + 2 * 18 + likelihood.n_loadings)
        value, gradient = likelihood.value_and_gradient(x, 2)
        share, typical, loading = likelihood.parameters(x, 2)
        log_answers = log_density_of_answers(typical[None], loading[None], scores, grid, codes)[0]
        assert value == pytest.approx(logsumexp(np.log(share) + log_answers, axis=1).sum(), rel=1e-12)
        differences = [
            (likelihood.value_and_gradient(x + e, 2)[0] - likelihood.value_and_gradient(x - e, 2)[0]) / 2e-5
            for e in 1e-5 * np.eye(len(x))
        ]
        np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-6)


def random_lca(name):
    """Distinct patterns of binary items and their counts, and what randomLCA prints of them."""
    data, n_classes = name.split("_")[1:3]
    patterns = peers.frame(data)
    figures = peers.figures(name)
    return patterns.drop(columns="count").to_numpy(), patterns["count"].to_numpy(), int(n_classes), figures


def printed_logits(figures):
    """Shares, intercepts of the logits and loading as randomLCA prints them; its probabilities are at z = 0."""
    share, probability = np.atleast_1d(figures["classp"]), np.array(figures["outcomep"])
    return share, probability, figures["lambda"]


@peers.beside_the_project
@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("random_dentistry_2_logit_constant", -7424.69022),
        ("random_genderrole_1_logit_constant", -1472.94279),
        ("random_genderrole_2_logit_constant", -1464.77496),
    ],
)
def test_maxima_are_those_that_random_lca_prints(name, printed):
    """Dentists' readings and gender roles: log-likelihood to the printed digits, loading and shares to three.

    Climbs start at the printed estimates, once by the package and once by scipy on Gauss-Hermite nodes written out.
    """
    codes, counts, n_classes, figures = random_lca(name)
    share, probability, loading = printed_logits(figures)
    scores = style_scores((2,) * codes.shape[1], ["tilt"])
    likelihood = CommonMethodLikelihood(codes, counts, (2,) * codes.shape[1], scores, PersonGrid.of(61, 1), equal=True)
    node, weight = np.polynomial.hermite_e.hermegauss(71)

    def falling(x):
        eta, a, lam = np.split(x, [n_classes, n_classes * (1 + codes.shape[1])])
        p = 1 / (1 + np.exp(-(a.reshape(n_classes, -1)[:, None] + lam * node[:, None])))  # (class, node, item)
        given = np.where(codes[:, None, None] == 1, np.log(p), np.log1p(-p)).sum(axis=-1)  # (pattern, class, node)
        log_joint = log_softmax(eta)[:, None] + np.log(weight / weight.sum()) + given
        return -counts @ logsumexp(log_joint, axis=(1, 2))

    def at(estimate):
        logits = np.log(probability / (1 - probability))
        return np.concatenate([np.log(share), logits.ravel(), [estimate]])

    found = minimize(falling, at(loading), method="BFGS", options={"gtol": 1e-4})
    assert -found.fun == pytest.approx(printed, abs=6e-6)
    mode = likelihood.climb(share, np.stack([1 - probability, probability], axis=-1), loading, tolerance=1e-15)
    assert mode.log_likelihood == pytest.approx(printed, abs=6e-6)
    assert mode.loading[0, 0] == pytest.approx(loading, abs=1e-3)
    np.testing.assert_allclose(mode.class_share, np.sort(share)[::-1], atol=1e-3)


@peers.beside_the_project
def test_the_printed_maximum_of_gender_roles_is_not_the_highest():
    """randomLCA prints -1464.775 with two classes; another maximum lies four units higher."""
    codes, counts, n_classes, _ = random_lca("random_genderrole_2_logit_constant")
    likelihood = CommonMethodLikelihood(
        codes, counts, (2,) * 5, style_scores((2,) * 5, ["tilt"]), PersonGrid.of(61, 1), equal=True
    )
    em = fit_em(codes, counts, (2,) * 5, n_classes)
    plain = [(mode.class_share, mode.item_probability) for mode in em.maxima]
    best, *_ = fit_common_method(likelihood, plain, n_starts=10)
    assert best.log_likelihood == pytest.approx(-1460.709, abs=1e-3)
    u = np.linspace(-9, 9, 4001)
    likelihood_of = np.ones((len(codes), n_classes, len(u)))
    for j in range(5):
        logit = np.log(best.typical[:, j, 1] / best.typical[:, j, 0])[:, None] + best.loading[0, j] * u
        p = 1 / (1 + np.exp(-logit))
        likelihood_of *= np.where(codes[:, j, None, None] == 1, p, 1 - p)
    integral = likelihood_of @ (stats.norm.pdf(u) * (u[1] - u[0]))
    assert counts @ np.log(integral @ best.class_share) == pytest.approx(best.log_likelihood, abs=1e-4)


@pytest.fixture(scope="module")
def tilted():
    """Six items, 250 respondents with a tilt of standard deviation one, some answers missing, fitted."""
    data, latent_class, trait = simulated(250, 1.0, seed=5, missing=0.05)
    model = bl.LatentClass(2, bl.CommonMethod(bl.Items(list(data)), nodes=41))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draws = bl.fit(model, data, draws=150, tune=150, chains=2, until=None, progressbar=False)
    return draws, data, latent_class, trait


def test_a_planted_tilt_is_found(tilted):
    draws, _, latent_class, trait = tilted
    effect = bl.common_method(draws)
    row = effect.loadings.loc[("tilt", "all items")]
    assert abs(row["mean"] - 1.0) < 4 * row["sd"] < 0.8
    member = bl.membership(draws)
    assert (member["C2"].to_numpy()[latent_class == 1]).mean() > 0.7
    persons = effect.persons
    assert np.corrcoef(persons["tilt_mean"], trait)[0, 1] > 0.6
    z = (persons["tilt_mean"] - trait) / persons["tilt_sd"]
    assert np.abs(z.mean()) < 4 / np.sqrt(len(z))
    assert 0.8 < z.std() < 1.2


def loop_over_persons(draws, data, draw):
    """Probability of class and trait, on a fine grid, of the first respondents in one draw; written out."""
    posterior = draws["posterior"].to_dataset().stack(drawn=["chain", "draw"]).isel(drawn=draw)
    typical = posterior["typical_person::item_probability"].transpose("latent_class", "item", "category").to_numpy()
    lam, share = float(posterior["style_sd"][0]), posterior["class_share"].to_numpy()
    u = np.linspace(-8, 8, 801)
    tilted = typical[..., None] * np.exp(lam * u * np.array([-1.0, 0.0, 1.0])[:, None])
    tilted /= tilted.sum(axis=2, keepdims=True)  # (class, item, category, person)
    codes = data.apply(lambda item: item.cat.codes).to_numpy()
    joint = np.tile(share[:, None] * stats.norm.pdf(u), (len(codes), 1, 1))
    for row, j in np.ndindex(codes.shape):
        if codes[row, j] >= 0:
            joint[row] *= tilted[:, j, codes[row, j]]
    return joint * (u[1] - u[0]), u, tilted


def test_membership_and_likelihood_integrate_over_persons(tilted):
    draws, data, *_ = tilted
    joint, u, tilted_answers = loop_over_persons(draws, data.head(40), draw=170)
    total = joint.sum(axis=(1, 2))
    stored = draws["log_likelihood"]["answers"].stack(drawn=["chain", "draw"]).isel(drawn=170, respondent=slice(40))
    np.testing.assert_allclose(stored, np.log(total), atol=1e-6)
    member = bl.membership_draws(draws).stack(drawn=["chain", "draw"]).isel(drawn=170, respondent=slice(40))
    np.testing.assert_allclose(
        member.transpose("respondent", "latent_class"), joint.sum(axis=2) / total[:, None], atol=1e-5
    )
    marginal = draws["posterior"]["item_probability"].stack(drawn=["chain", "draw"]).isel(drawn=170)
    density = stats.norm.pdf(u) * (u[1] - u[0])
    np.testing.assert_allclose(
        marginal.transpose("latent_class", "item", "category"), tilted_answers @ density, atol=1e-6
    )


def test_traits_and_shares_of_variance_are_those_of_a_loop(tilted):
    """With one draw kept the table is that draw's."""
    draws, data, *_ = tilted
    one = draws.isel(chain=[1], draw=[20])
    effect = bl.common_method(one)
    joint, u, answers = loop_over_persons(draws, data.head(40), draw=170)
    of_person = joint.sum(axis=1) / joint.sum(axis=(1, 2))[:, None]
    mean = of_person @ u
    np.testing.assert_allclose(effect.persons["tilt_mean"].head(40), mean, atol=1e-5)
    np.testing.assert_allclose(effect.persons["tilt_sd"].head(40), np.sqrt(of_person @ u**2 - mean**2), atol=1e-5)
    share = one["posterior"]["class_share"].to_numpy().ravel()
    density = stats.norm.pdf(u) * (u[1] - u[0])
    for j, item in enumerate(data):
        expected = answers[:, j, 2] - answers[:, j, 0]  # of the scores -1, 0, 1; (class, person)
        square = answers[:, j, 2] + answers[:, j, 0]
        of_class = expected @ density
        between = share @ of_class**2 - (share @ of_class) ** 2
        person = share @ (expected**2 @ density - of_class**2)
        rest = share @ ((square - expected**2) @ density)
        found = effect.variance.loc[("tilt", item), "mean"]
        total = between + person + rest
        np.testing.assert_allclose(found, [between / total, person / total, rest / total], atol=1e-6)


def test_replicated_answers_are_associated_within_classes(tilted):
    """As the model says: the correlation of two items in replicated data, and that of the marginal alone."""
    draws, data, *_ = tilted
    replicated = bl.posterior_predictive(draws)["answers"].to_numpy().astype(float)
    replicated = replicated.reshape(-1, len(data), 6)
    correlation = np.mean([np.corrcoef(each[:, 0], each[:, 1])[0, 1] for each in replicated[::8]])
    codes = data.apply(lambda item: item.cat.codes).to_numpy().astype(float)
    both = (codes[:, 0] >= 0) & (codes[:, 1] >= 0)
    observed = np.corrcoef(codes[both, 0], codes[both, 1])[0, 1]
    assert abs(correlation - observed) < 4 / np.sqrt(len(data))
    posterior = draws["posterior"]
    share = posterior["class_share"].mean(["chain", "draw"]).to_numpy()
    rho = posterior["item_probability"].mean(["chain", "draw"]).to_numpy()
    mean, square = rho @ np.arange(3), rho @ np.arange(3) ** 2
    alone = share @ (mean[:, 0] * mean[:, 1]) - (share @ mean[:, 0]) * (share @ mean[:, 1])
    spread = np.sqrt([share @ square[:, j] - (share @ mean[:, j]) ** 2 for j in (0, 1)]).prod()
    assert correlation > alone / spread + 0.1


def test_new_respondents_are_scored_as_those_of_the_fit(tilted):
    draws, data, *_ = tilted
    again = bl.membership(draws, data.head(20))
    np.testing.assert_allclose(again[["C1", "C2"]], bl.membership(draws)[["C1", "C2"]].head(20), atol=1e-6)
    nobody = data.head(1).assign(**{item: pd.Categorical([None], ["less", "same", "more"]) for item in data})
    sizes = bl.class_sizes(draws)["mean"]
    np.testing.assert_allclose(bl.membership(draws, nobody)[["C1", "C2"]].iloc[0], sizes, atol=1e-6)


def test_the_quadrature_error_is_kept_noted_and_refused(tilted):
    draws, *_ = tilted
    error = draws.attrs["quadrature_error"]
    assert 0 < error < 0.01
    assert f"41 nodes a trait, log-likelihood off by {error:.1g} at most" in bl.class_sizes(draws).note
    coarse = draws.copy()
    coarse.attrs = draws.attrs | {"quadrature_error": 0.03}
    for call in (bl.class_sizes, bl.common_method):
        with pytest.raises(ValueError, match=r"41 nodes a trait.* 250 respondents is off by 0.03.*nodes=83"):
            call(coarse)


def test_a_coarse_grid_is_refused_before_sampling():
    data, *_ = simulated(400, 2.0, seed=5)
    with pytest.raises(
        ValueError, match=r"CommonMethod\(nodes=5\): .* 400 respondents changes by .*; give more, nodes=11"
    ):
        bl.LatentClass(2, bl.CommonMethod(bl.Items(list(data)), nodes=5)).build(data)


def test_a_file_holds_all_of_it(tilted, tmp_path):
    draws, *_ = tilted
    bl.save(draws, tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(bl.common_method(loaded).persons, bl.common_method(draws).persons)
    bl.save(draws, tmp_path / "fit.nc", respondents=False)
    without = bl.common_method(bl.load(tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(without.loadings, bl.common_method(draws).loadings)
    for table in ("persons", "sensitivity"):
        with pytest.raises(ValueError, match="saved without respondents"):
            getattr(without, table)


def test_reports_and_notes_say_what_was_summed_out(tilted):
    draws, *_ = tilted
    words = Fit.reading(draws).words
    assert "independent given the class and the person" in words.summary
    assert "∫ Π_j P(answer of i to item j | c, u) φ(u) du" in words.formula
    assert "of 9 starts reached the best mode" in bl.convergence(draws).note
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        joined = bl.concat_chains([draws.isel(chain=[0]), draws.isel(chain=[1])])
    assert 0 < joined.attrs["quadrature_error"] < 0.01


def test_labels_survive_a_shuffle(tilted):
    """Classes of one chain turned round, and aligned again."""
    draws, *_ = tilted
    turned = draws["posterior"].to_dataset().copy(deep=True)
    for name, values in turned.data_vars.items():
        if "latent_class" in values.dims:
            part = values.isel(chain=slice(1), latent_class=[1, 0]).transpose(*values.dims).to_numpy()
            turned[name].values[:1] = part
    shuffled = draws.copy()
    shuffled["posterior"] = type(draws)(turned)
    aligned = bl.relabel(shuffled, np.array(json.loads(draws.attrs["pivot"])))
    for name in ("item_probability", "typical_person::item_probability"):
        np.testing.assert_array_equal(aligned["posterior"][name], draws["posterior"][name])


def test_sensitivity_reweights_by_the_prior_of_the_loading(tilted):
    draws, *_ = tilted
    table = bl.common_method(draws, priors=[bl.Exponential(2.0)]).sensitivity
    assert set(table.index.get_level_values("prior")) == {"HalfNormal(sigma=1.0)", "Exponential(lam=2.0)"}
    sd = draws["posterior"]["style_sd"].to_numpy().ravel()
    weight = stats.expon.pdf(sd, scale=0.5) / stats.halfnorm.pdf(sd)
    row = table.loc[("loading", "tilt", "Exponential(lam=2.0)")]
    assert row["status"] == "reweighted"
    assert row["mean"] == pytest.approx(np.average(sd, weights=weight), abs=0.1 * sd.std())
    assert row["mean"] < table.loc[("loading", "tilt", "HalfNormal(sigma=1.0)"), "mean"]
    assert "fitted with prior=HalfNormal(sigma=1.0)" in table.note


def test_scores_of_persons_are_derivatives(tilted):
    """By the logits of the typical person's answers, the loading and the class logits, of each respondent."""
    draws, data, *_ = tilted
    fit = Fit.reading(draws)
    independent, codes = fit.answers.independent(fit), data.apply(lambda item: item.cat.codes).to_numpy()[:30]
    grid, scores = fit.answers.grid(fit).coarser, fit.answers.scores(fit)
    logits, eta = np.log(fit.answers.typical(fit)[170]), np.log(fit.class_share.reshape(-1, 2)[170])
    lam = fit.answers.loading(fit)[170]

    def log_likelihood(logits, lam, eta):
        answers = log_density_of_answers(softmax(logits, axis=-1)[None], lam[None], scores, grid, codes)[0]
        return logsumexp(log_softmax(eta) + answers, axis=1)

    which = slice(170, 171)
    log_share = np.repeat(log_softmax(eta), len(grid.weight)) + np.tile(np.log(grid.weight), 2)
    rho = fit.answers.independent_profiles(fit, which)[0]
    found = contributions(codes, np.broadcast_to(log_share, (30, len(log_share))), rho, independent)
    step, slopes = 1e-5, []
    for place in np.ndindex(logits.shape):
        change = np.zeros(logits.shape)
        change[place] = step
        ahead, behind = log_likelihood(logits + change, lam, eta), log_likelihood(logits - change, lam, eta)
        slopes.append((ahead - behind) / (2 * step))
    slopes.append((log_likelihood(logits, lam + step, eta) - log_likelihood(logits, lam - step, eta)) / (2 * step))
    np.testing.assert_allclose(found.parameter_score, np.transpose(slopes), atol=1e-8)
    np.testing.assert_allclose(found.parameter_score_total, np.sum(slopes, axis=1), atol=1e-7)
    for k in range(2):
        change = step * np.eye(2)[k]
        slope = (log_likelihood(logits, lam, eta + change) - log_likelihood(logits, lam, eta - change)) / (2 * step)
        np.testing.assert_allclose(found.logit_score[:, k], slope, atol=1e-8)


def test_checks_see_the_tilt_where_it_is_left_out_alone(tilted):
    draws, data, *_ = tilted
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = bl.fit(
            bl.LatentClass(2, bl.Items(list(data))), data, draws=100, chains=2, until=None, progressbar=False
        )
    with_method, without = (bl.check_items(each, n_draws=100) for each in (draws, plain))
    assert not with_method.flagged
    assert without.flagged
    assert (with_method.items["p_value"] > 0.05).all()
    assert abs(with_method.patterns.loc["distinct patterns", "p_value"] - 0.5) < 0.45


@pytest.mark.slow
@pytest.mark.parametrize(
    ("style", "loadings", "prior"),
    [("extreme", "free", bl.HalfStudentT(3.0, 1.0)), ("both", "equal", bl.Exponential(1.0))],
)
def test_other_styles_are_sampled(style, loadings, prior):
    data, *_ = simulated(300, 1.5, seed=8, style="extreme")
    model = bl.LatentClass(2, bl.CommonMethod(bl.Items(list(data)), style, loadings, prior=prior))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draws = bl.fit(model, data, draws=200, chains=2, until=None, progressbar=False)
    table = bl.common_method(draws).loadings.loc["extreme"]
    assert (table["lower"] < 1.5).all()
    assert (table["upper"] > 1.5).mean() > 0.8
    assert draws.attrs["backend"] == "program"


THREE = bl.Items(["a", "b", "c"])


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"items": ["a", "b"]}, TypeError, r"wrap the names of the items, CommonMethod\(Items"),
        ({"items": THREE, "style": "slope"}, ValueError, r"style='slope': choose one of \('tilt', 'extreme', 'both'\)"),
        ({"items": THREE, "loadings": 1}, ValueError, r"loadings=1: choose one of \('equal', 'free'\)"),
        ({"items": bl.Items(["a"])}, ValueError, r"1 item\(s\) 'a': equal loadings take 2 items or more"),
        ({"items": bl.Items(["a", "b"]), "loadings": "free"}, ValueError, "free loadings take 3 items or more"),
        ({"items": THREE, "prior": bl.Dirichlet(1.0)}, TypeError, "the prior of prior is HalfNormal"),
        ({"items": THREE, "nodes": 2}, ValueError, "nodes=2: nodes is a whole number from 3 on"),
    ],
)
def test_a_part_that_makes_no_sense_is_refused(arguments, error, told):
    with pytest.raises(error, match=told):
        bl.CommonMethod(**arguments)


def test_categories_need_an_order_and_ends():
    unordered = pd.DataFrame({"a": ["x", "y", "z"] * 4, "b": ["z", "x", "y", "y"] * 3, "c": ["x", "y"] * 6})
    with pytest.raises(ValueError, match=r"CommonMethod rests on the order of .*'a', 'b', 'c' of 12 rows"):
        bl.CommonMethod(THREE).read(unordered)
    numbers = pd.DataFrame({"a": [0, 1, 2] * 4, "b": [2, 0, 1, 1] * 3, "c": [0, 1] * 6})
    assert bl.CommonMethod(THREE, "extreme").read(numbers).n_categories == (3, 3, 2)
    with pytest.raises(ValueError, match=r"item\(s\) 'c' of 12 rows have two categories.*loadings=\"equal\""):
        bl.CommonMethod(THREE, "extreme", "free").read(numbers)
    with pytest.raises(ValueError, match=r"'c' of 12 rows; those of 'c' would be 'x', 'y'; two .* opposite directions"):
        bl.CommonMethod(THREE).read(numbers.assign(c=unordered["c"]))
    assert bl.CommonMethod(THREE, "extreme").read(numbers.assign(c=unordered["c"])).labels[2] == ("x", "y")
    binary = numbers.assign(a=numbers["c"], b=1 - numbers["c"])
    with pytest.raises(ValueError, match=r"'a', 'b', 'c' of 12 rows have two categories.*use style=\"tilt\""):
        bl.CommonMethod(THREE, "both").read(binary)


def test_a_fit_without_common_method_has_none():
    with pytest.raises(ValueError, match="common_method: it depends on what answers are, and is not declared to hold"):
        bl.common_method(bl.load_example())


def test_the_verdict_has_intervals_of_the_least_and_the_most(tilted):
    effect = bl.common_method(tilted[0])
    of_person = 100 * effect.variance.xs("person", level="source")
    for item in (of_person["mean"].idxmin(), of_person["mean"].idxmax()):
        row = of_person.loc[item]
        assert f"{row['mean']:.0f} % ({row['lower']:.0f} to {row['upper']:.0f}) of {item[1]}" in effect.verdict
