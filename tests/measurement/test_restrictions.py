"""Restricted items: maximum likelihood, prior and posterior under restrictions, and what is refused."""

import json
import warnings

import arviz_stats
import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit, logsumexp, softmax

import bayes_lca as bl
from bayes_lca.likelihood.answers import membership_and_log_likelihood
from bayes_lca.likelihood.confirmatory import fit_restricted
from bayes_lca.measurement.known_of_classes import KnownOfClasses
from bayes_lca.sampling.gibbs_of_sets import sample_sets
from bayes_lca.specification import specification_of

FAST = Mode(linker="py", optimizer=None)
SHORT = {"draws": 200, "tune": 100, "chains": 2, "until": None, "progressbar": False}
LABELS = (("no", "yes"), ("no", "yes"), ("low", "middle", "high"))
ITEMS = ("a", "b", "c")


def known(restrictions, n_classes=2, items=ITEMS, labels=LABELS):
    return KnownOfClasses.of(None, 1.0, restrictions, items, labels, n_classes)


def maximum(codes, counts, labels, restrictions, n_classes, **settings):
    items = [f"i{j}" for j in range(len(labels))]
    sets = known(restrictions, n_classes, items, labels).sets
    return fit_restricted(codes, counts, [len(of_item) for of_item in labels], sets, **settings), sets.n_free


# Pleural thickening of 1692 men by three readers, 1 = no, 2 = yes, and what LEM prints for two classes: Dayton (1998),
# Latent Class Scaling Analysis, table 3.2; LEM's output by UCLA, https://stats.idre.ucla.edu/lem/
PLEURAL_CODES = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
PLEURAL_COUNTS = np.array([1513, 23, 59, 12, 21, 19, 11, 34])
YES_NO = (("1", "2"),) * 3


def test_unrestricted_readers_have_the_published_likelihood():
    fitted, n_free = maximum(PLEURAL_CODES, PLEURAL_COUNTS, YES_NO, [], 2, max_iterations=60_000)
    assert fitted.log_likelihood == pytest.approx(-891.14280, abs=6e-6)
    assert n_free + 1 == 7


def test_homogeneous_readers_have_the_published_likelihood():
    fitted, n_free = maximum(PLEURAL_CODES, PLEURAL_COUNTS, YES_NO, [bl.Equal(["i0", "i1", "i2"])], 2)
    assert fitted.log_likelihood == pytest.approx(-904.84848, abs=6e-6)
    assert n_free + 1 == 3
    small = fitted.class_share.argmin()
    assert fitted.class_share[small] == pytest.approx(0.0546, abs=6e-5)
    # LEM stopped when a step gained 6e-7, where this probability was still 1e-4 from the maximum
    np.testing.assert_allclose(fitted.item_probability[small, :, 0], 0.2835, atol=2e-4)
    np.testing.assert_allclose(fitted.item_probability[1 - small, :, 0], 0.9812, atol=6e-5)


def climb(codes, counts, n_theta, probabilities, tries=12):
    """The largest log-likelihood that scipy finds, and its probabilities; theta become shares and a table by hand."""

    def downhill(theta):
        share, rho = probabilities(theta)
        log_rho = np.log(np.maximum(rho, 1e-300))
        item = np.arange(codes.shape[1])
        of_class = [np.log(pi) + log_rho[k][item, codes].sum(axis=1) for k, pi in enumerate(share)]
        return -counts @ logsumexp(of_class, axis=0)

    rng = np.random.default_rng(0)
    ends = [minimize(downhill, rng.normal(size=n_theta), method="BFGS", options={"gtol": 1e-7}) for _ in range(tries)]
    best = min(ends, key=lambda end: end.fun)
    return -best.fun, *probabilities(best.x)


@pytest.fixture(scope="module")
def survey():
    """Answers of 500 respondents to two items of two categories and two of three."""
    rng = np.random.default_rng(11)
    yes = np.array([[0.9, 0.75], [0.2, 0.35]])
    thirds = np.array([[[0.1, 0.3, 0.6], [0.2, 0.2, 0.6]], [[0.5, 0.3, 0.2], [0.6, 0.3, 0.1]]])
    latent_class = rng.choice(2, 500, p=[0.45, 0.55])
    codes = np.column_stack(
        [
            *(rng.random(500) < yes[latent_class, j] for j in range(2)),
            *((rng.random((500, 1)) > thirds[latent_class, j].cumsum(axis=1)).sum(axis=1) for j in range(2)),
        ]
    ).astype(int)
    return np.unique(codes, axis=0, return_counts=True)


OF_SURVEY = (("0", "1"), ("0", "1"), ("0", "1", "2"), ("0", "1", "2"))


def pair(p):
    return np.array([1 - p, p, 0.0])


def simplex(logits):
    return softmax(np.append(logits, 0.0))


def fixed_and_zero(theta):
    """Item 0 known in class 1; nobody in class 2 gives the last answer to item 3."""
    p = expit(theta)
    rho = [
        [pair(0.9), pair(p[1]), simplex(theta[2:4]), simplex(theta[4:6])],
        [pair(p[6]), pair(p[7]), simplex(theta[8:10]), np.array([p[10], 1 - p[10], 0.0])],
    ]
    return np.array([p[0], 1 - p[0]]), np.array(rho)


def one_category_equal(theta):
    """Answer 1 of item 2 is as likely in both classes, the others are not; items 0 and 1 are parallel."""
    p = expit(theta)
    t, rest = p[1], 1 - p[1]
    of_item = [np.array([rest * q, t, rest * (1 - q)]) for q in p[2:4]]
    rho = [[pair(p[4 + k]), pair(p[4 + k]), of_item[k], simplex(theta[6 + 2 * k : 8 + 2 * k])] for k in range(2)]
    return np.array([p[0], 1 - p[0]]), np.array(rho)


def equal_errors(theta):
    """One error of items 0 and 1 whichever class errs; a known part of item 2 in class 1."""
    p = expit(theta)
    error = p[1]
    rho = [
        [pair(1 - error), pair(1 - error), np.array([0.8 * p[2], 0.2, 0.8 * (1 - p[2])]), simplex(theta[3:5])],
        [pair(error), pair(error), simplex(theta[5:7]), simplex(theta[7:9])],
    ]
    return np.array([p[0], 1 - p[0]]), np.array(rho)


WRITTEN_BY_HAND = {
    "fixed and zero": (
        [bl.Fixed("i0", category="1", classes=1, value=0.9), bl.Zero("i3", category="2", classes=2)],
        fixed_and_zero,
        11,
    ),
    "one category equal": ([bl.Equal("i2", category="1"), bl.Equal(["i0", "i1"])], one_category_equal, 10),
    "equal errors": (
        [
            bl.Equal(cells=[("i0", "0", 1), ("i0", "1", 2)]),
            bl.Equal(["i0", "i1"]),
            bl.Fixed("i2", category="1", classes=1, value=0.2),
        ],
        equal_errors,
        9,
    ),
}


@pytest.mark.parametrize("name", WRITTEN_BY_HAND)
def test_maximum_is_that_of_a_climb_by_scipy(survey, name):
    restrictions, probabilities, n_theta = WRITTEN_BY_HAND[name]
    fitted, n_free = maximum(*survey, OF_SURVEY, restrictions, 2)
    assert n_free + 1 == n_theta
    height, share, rho = climb(*survey, n_theta, probabilities)
    assert fitted.log_likelihood == pytest.approx(height, abs=1e-5)
    order = [0, 1] if abs(fitted.class_share[0] - share[0]) < 0.05 else [1, 0]
    np.testing.assert_allclose(fitted.class_share[order], share, atol=2e-3)
    np.testing.assert_allclose(fitted.item_probability[order], rho, atol=5e-3)


def test_maximum_in_rising_order_is_that_of_a_climb_by_scipy(survey):
    """Two classes whose yes to item 0 rises and to item 1 falls: the order binds, and the two are equal there."""

    def rising(theta):
        up = expit(theta[1] + np.array([0, theta[2] ** 2]))
        down = expit(theta[3] - np.array([0, theta[4] ** 2]))
        rho = [
            [pair(up[k]), pair(down[k]), simplex(theta[5 + 4 * k : 7 + 4 * k]), simplex(theta[7 + 4 * k : 9 + 4 * k])]
            for k in range(2)
        ]
        return pair(expit(theta[0]))[:2], np.array(rho)

    restrictions = [bl.Ordered("i0", category="1"), bl.Ordered("i1", category="1", classes=[2, 1])]
    fitted, n_free = maximum(*survey, OF_SURVEY, restrictions, 2)
    height, _, _ = climb(*survey, 13, rising)
    free, _ = maximum(*survey, OF_SURVEY, [], 2)
    assert n_free + 1 == 13
    assert fitted.log_likelihood == pytest.approx(height, abs=1e-4)
    assert fitted.log_likelihood < free.log_likelihood - 1
    assert (np.diff(fitted.item_probability[:, 0, 1]) >= 0).all()
    assert (np.diff(fitted.item_probability[:, 1, 1]) <= 0).all()
    assert min(np.diff(fitted.item_probability[:, 0, 1]), -np.diff(fitted.item_probability[:, 1, 1])) == 0


def test_likelihood_never_falls(survey):
    restrictions, _, _ = WRITTEN_BY_HAND["one category equal"]
    heights = [
        maximum(*survey, OF_SURVEY, restrictions, 2, n_starts=1, max_iterations=n)[0].log_likelihood
        for n in range(1, 30)
    ]
    assert (np.diff(heights) > -1e-9).all()


def everything():
    return [
        bl.Fixed("a", category="yes", classes=1, value=0.9),
        bl.Zero("c", category="low", classes=1),
        bl.Equal("b", classes=[1, 3]),
        bl.Ordered("c", category="high", classes=[3, 2]),
    ]


def test_probabilities_keep_the_restrictions():
    """Of prior draws: sums of one, known values, zeros, equal and rising ones; and the way back to the free sets."""
    sets = known(everything(), 3).sets
    entries = sets.draw_prior(np.random.default_rng(0), 300)
    rho = sets.probabilities(entries)
    np.testing.assert_allclose(rho.sum(axis=-1), 1.0)
    assert (rho[:, 0, 0, 1] == 0.9).all()
    assert (rho[:, 0, 2, 0] == 0).all()
    np.testing.assert_array_equal(rho[:, 0, 1], rho[:, 2, 1])
    assert (rho[:, 2, 2, 2] <= rho[:, 1, 2, 2]).all()
    np.testing.assert_allclose(sets.entries(rho), entries, atol=1e-12)


def test_prior_in_rising_order_is_the_free_one_given_that_it_rises():
    """Draws of independent Dirichlets of which only those in order are kept."""
    prior = {"c": {"low": 2.0, "middle": 1.0, "high": 3.0}}
    items = bl.Items(ITEMS, prior=prior, restrictions=[bl.Ordered("c", category="high")])
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({item: rng.choice(labels, 60) for item, labels in zip(ITEMS, LABELS, strict=True)})
    drawn = bl.prior_predictive(bl.LatentClass(2, items), frame, draws=1200, seed=7)["prior"]["item_probability"].isel(
        chain=0
    )
    drawn = drawn.sel(item="c", category=["low", "middle", "high"]).to_numpy()
    free = rng.dirichlet([2, 1, 3], size=(20_000, 2))
    kept = free[(np.diff(free[:, :, 2], axis=1) > 0).all(axis=1)]
    for k in range(2):
        for r in range(3):
            assert stats.ks_2samp(drawn[:, k, r], kept[:, k, r]).pvalue > 1e-4


def test_density_in_rising_order_is_that_of_beta_variables():
    """Of spacings, without transforms: ordered beta variables, normalised."""
    prior = {"c": {"low": 2.0, "middle": 1.5, "high": 3.0}}
    items = bl.Items(["a", "c"], prior=prior, restrictions=[bl.Ordered("c", category="high")])
    frame = pd.DataFrame({"a": ["no", "yes"] * 20, "c": ["low", "middle", "high", "low"] * 10})
    with pytest.warns(bl.UnidentifiedWarning):
        model = remove_value_transforms(bl.LatentClass(3, items).build(frame))
    variable = model["rising_spacing_of_4"]
    density = model.compile_fn(
        model.logp(variable, jacobian=False, sum=True),
        inputs=[model.rvs_to_values[variable]],
        point_fn=False,
        mode=FAST,
        on_unused_input="ignore",
    )
    x = np.array([0.2, 0.35, 0.7])
    expected = np.log(6) + stats.beta(3.0, 3.5).logpdf(x).sum()
    assert density(np.diff(x, prepend=0, append=1)[None]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "restrictions, n_classes, sets",
    [
        ([], 3, [0, 0, 0]),
        ([bl.Equal("a")], 3, [0, 0, 0]),
        ([bl.Equal(["a", "b"])], 3, [0, 0, 0]),
        ([bl.Fixed("a", category="yes", value=0.3)], 3, [0, 0, 0]),
        ([bl.Fixed("a", category="yes", classes=2, value=0.3)], 3, [0, 1, 0]),
        ([bl.Zero("c", category="low", classes=[1, 3])], 3, [0, 1, 0]),
        ([bl.Equal("a", classes=[2, 3])], 3, [0, 1, 1]),
        ([bl.Equal("c", category="low", classes=[1, 2])], 3, [0, 0, 1]),
        ([bl.Equal(["a", "b"], classes=3)], 3, [0, 0, 1]),
        ([bl.Equal(cells=[("a", "yes", 1), ("a", "no", 2)])], 3, [0, 0, 1]),
        ([bl.Ordered("a", category="yes")], 3, [0, 1, 2]),
        ([bl.Ordered("a", category="yes", classes=[3, 1])], 4, [0, 1, 2, 1]),
    ],
)
def test_classes_that_change_nothing_when_they_change_places_are_exchangeable(restrictions, n_classes, sets):
    assert known(restrictions, n_classes).exchangeable.tolist() == sets


def test_weights_tell_classes_apart_that_restrictions_do_not():
    prior = bl.Items(["a"], prior={"a": [1.0, 1.0, 2.0]}).prior
    both = KnownOfClasses.of(prior, 1.0, [bl.Zero("c", category="low", classes=1)], ITEMS, LABELS, 3)
    assert both.restricted.tolist() == [0, 1, 1]
    assert both.exchangeable.tolist() == [0, 1, 2]


REFUSED = [
    (
        [bl.Fixed("a", category="yes", value=0.9), bl.Fixed("a", category="no", value=0.2)],
        "add up to 1.1, more than one",
    ),
    (
        [bl.Fixed("a", category="yes", value=0.9), bl.Zero("a", category="yes")],
        "'yes' of item 'a' in class 1 is to be 0.9",
    ),
    ([bl.Zero("a", category="yes"), bl.Zero("a", category="no")], "are known and add up to 0, and not to one"),
    (
        [bl.Fixed("c", category="low", value=0.5), bl.Fixed("c", category="high", value=0.5)],
        "item 'c' in class 1 add up to one and leave nothing for 'middle'; give these bl.Zero",
    ),
    (
        [bl.Equal("a"), *(bl.Fixed("a", category="yes", classes=k, value=k / 5) for k in (1, 2))],
        "restrictions contradict each other: the probability of 'yes' of item 'a' in class",
    ),
    ([bl.Fixed("a", category="maybe", value=0.5)], "'maybe' is none of the answers to item 'a', 'no', 'yes'"),
    ([bl.Zero("a", category="yes", classes=3)], "there is no class 3, for the model has 2"),
    ([bl.Equal(["a", "c"])], "items 'a' and 'c' have other categories"),
    ([bl.Ordered("a", category="yes"), bl.Equal("a")], "bl.Ordered and another restriction are of item 'a' in class 1"),
    (
        [bl.Ordered("a", category="yes"), bl.Ordered("a", category="yes", classes=[2, 1])],
        "neither be known, nor equal to another, nor ordered twice",
    ),
    ([bl.Ordered("c", category="low"), bl.Zero("c", category="high", classes=1)], "bl.Ordered and another restriction"),
    (
        [bl.Equal("c", category="low"), bl.Fixed("c", category="high", classes=1, value=0.5)],
        "restrictions overlap in item 'c' in class 1; item 'c' in class 2",
    ),
    (
        [bl.Equal(cells=[("a", "yes", 1), ("c", "low", 1)]), bl.Equal(cells=[("c", "high", 1), ("b", "yes", 1)])],
        "restrictions overlap in",
    ),
    (
        [
            *(bl.Fixed(item, category="yes", value=0.5) for item in "ab"),
            bl.Fixed("c", category="low", value=0.5),
            bl.Zero("c", category="high"),
        ],
        "leave no answer probability free",
    ),
]


@pytest.mark.parametrize("restrictions, message", REFUSED)
def test_restrictions_that_contradict_each_other_are_refused(restrictions, message):
    with pytest.raises(ValueError, match=message):
        _ = known(restrictions).sets


def test_priors_that_differ_are_not_joined():
    prior = bl.Items(["a"], prior={"a": [1.0, 2.0]}).prior
    for restriction, message in (
        (bl.Equal("a"), r"bl.Equal joins item 'a' in class 1; item 'a' in class 2, whose priors differ"),
        (bl.Ordered("a", category="yes"), r"bl.Ordered is of item 'a' in classes \[1, 2\], whose priors differ"),
    ):
        with pytest.raises(ValueError, match=message):
            _ = KnownOfClasses.of(prior, 1.0, [restriction], ITEMS, LABELS, 2).sets


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: bl.Fixed("a", category="yes", value=0.0), ValueError, "value=0.0 lies not between 0 and 1"),
        (lambda: bl.Fixed("a", category="yes", value=1.0), ValueError, "one of 1 a bl.Zero of all other categories"),
        (lambda: bl.Fixed("a", category="yes", value=True), ValueError, "value=True"),
        (lambda: bl.Zero("a", category="yes", classes=0), ValueError, "0 is no number of a class"),
        (lambda: bl.Zero("a", category="yes", classes=[1, 1]), ValueError, "a class is named twice"),
        (lambda: bl.Equal(), ValueError, "give an item, or several, or else cells"),
        (lambda: bl.Equal("a", cells=[("a", "yes", 1)] * 2), ValueError, "give an item, or several, or else cells"),
        (lambda: bl.Equal(cells=[("a", "yes", 1)]), ValueError, "give two cells or more"),
        (lambda: bl.Equal(cells=[("a", "yes", 1)] * 2, classes=1), ValueError, "cells name their categories"),
        (lambda: bl.Equal(["a"]), ValueError, "one item in a list is equal to no other"),
        (lambda: bl.Equal("a", classes=2), ValueError, "an item in one class is equal to nothing"),
        (lambda: bl.Ordered("a", category="yes", classes=[1]), ValueError, "one class is in no order"),
        (lambda: bl.Items(["a"], restrictions=[bl.Equal("b")]), ValueError, r"'b' is not among the items \['a'\]"),
        (lambda: bl.Items(["a"], restrictions=bl.Equal("a")), TypeError, "give a list"),
        (lambda: bl.Items(["a"], restrictions=["a"]), TypeError, "'a' is no restriction"),
    ],
)
def test_restrictions_are_checked_when_they_are_written(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.fixture(scope="module")
def frame():
    """Class 1 mostly says yes and never low; it is the smaller one."""
    rng = np.random.default_rng(8)
    first = rng.random(240) < 0.4
    answers = {item: np.where(rng.random(240) < np.where(first, 0.9, 0.25), "yes", "no") for item in ("a", "b", "d")}
    thirds = np.where(first[:, None], [0.0, 0.4, 0.6], [0.5, 0.4, 0.1]).cumsum(axis=1)
    labels = np.array(["low", "middle", "high"])
    answers["c"] = labels[(rng.random((240, 1)) > thirds).sum(axis=1)]
    return pd.DataFrame(answers).assign(age=rng.normal(size=240).round(1))


RESTRICTIONS = [
    bl.Zero("c", category="low", classes=1),
    bl.Fixed("a", category="yes", classes=1, value=0.9),
    bl.Equal(["b", "d"]),
]
RESTRICTED = bl.LatentClass(2, bl.Items(["a", "b", "c", "d"], restrictions=RESTRICTIONS))


@pytest.fixture(scope="module")
def draws(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(RESTRICTED, frame, **(SHORT | {"draws": 400}))


def test_draws_keep_the_restrictions_and_the_numbers(draws):
    assert draws.attrs["backend"] == "program"
    assert json.loads(draws.attrs["exchangeable_classes"]) == [0, 1]
    rho = draws["posterior"]["item_probability"]
    assert set(draws["posterior"].data_vars) == {"class_share", "item_probability"}
    assert (rho.sel(latent_class="C1", item="c", category="low") == 0).all()
    np.testing.assert_allclose(rho.sel(latent_class="C1", item="a", category="yes"), 0.9)
    np.testing.assert_allclose(rho.sel(item="b"), rho.sel(item="d"))
    sizes = bl.class_sizes(draws)["mean"]
    assert sizes["C1"] < sizes["C2"]


def test_nuts_and_gibbs_have_the_same_posterior(draws, frame):
    """Means within four Monte Carlo standard errors of both samplers."""
    responses = RESTRICTED.measurement.read(frame)
    codes, counts = np.unique(responses.codes, axis=0, return_counts=True)
    sets = known(RESTRICTIONS, 2, responses.items, responses.labels).sets
    start = sets.probabilities(sets.draw_prior(np.random.default_rng(0), 4))
    gibbs = sample_sets(codes, counts, sets, start, draws=800, tune=200, seed=1)
    table = bl.class_profiles(draws)
    for k, name in enumerate(("C1", "C2")):
        for j, (item, labels) in enumerate(zip(responses.items, responses.labels, strict=True)):
            for r, label in enumerate(labels):
                row, values = table.loc[(name, item, label)], gibbs.item_probability[:, :, k, j, r]
                if row["sd"] < 1e-12:
                    np.testing.assert_allclose(values, row["mean"])
                    continue
                effective = float(arviz_stats.ess(xr.DataArray(values, dims=("chain", "draw"))))
                error = np.hypot(row["sd"] / np.sqrt(row["ess_bulk"]), values.std() / np.sqrt(effective))
                assert abs(values.mean() - row["mean"]) < 4 * error


def test_rising_numbers_of_the_gibbs_sampler_are_those_of_rejection():
    """Beta variables with counts, kept where they rise."""
    sets = known([bl.Ordered("a", category="yes")]).sets
    table = np.zeros((1, 2, 3, 3))
    table[0, :, 0, :2] = [[4, 6], [5, 5]]
    rng = np.random.default_rng(3)
    entries, drawn = sets.draw_prior(rng, 1), []
    for _ in range(4000):
        entries = sets.draw(table, entries, rng)
        drawn.append(sets.probabilities(entries)[0, :, 0, 1])
    drawn = np.array(drawn)[::4]
    free = rng.beta([7, 6], [5, 6], (40_000, 2))
    kept = free[free[:, 0] < free[:, 1]]
    for k in range(2):
        assert stats.ks_2samp(drawn[:, k], kept[:, k]).pvalue > 1e-4


def test_tables_pages_and_files_of_a_restricted_fit(draws, frame, tmp_path):
    profiles = bl.class_profiles(draws)
    assert profiles.loc[("C1", "c", "low"), ["mean", "sd", "lower", "upper"]].tolist() == [0, 0, 0, 0]
    new = pd.DataFrame({"a": ["yes"], "b": ["yes"], "c": ["low"], "d": ["no"]})
    assert bl.membership(draws, new)["C2"].iloc[0] == pytest.approx(1.0)
    bl.save(draws, tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    assert loaded["posterior"].equals(draws["posterior"])
    assert bl.check_items(loaded, n_draws=40).items.shape[0] == 4
    bl.report(loaded, tmp_path / "page.html")
    assert "bl.Zero" not in (page := (tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "Zero(item=" in page
    halves = bl.split_halves(draws, repeats=2, n_draws=20)
    assert halves.index.tolist() == ["C1", "C2"]
    assert (halves["distance"] < 0.3).all()
    assert bl.convergence(draws).loc["label-free"].index[1] == "share of class 1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        bl.fit_two_step(draws, bl.Regression("~ age"), frame, measurement_draws=4, draws=40, tune=20, progressbar=False)


def test_a_restricted_fit_becomes_a_prior_of_what_is_free(draws):
    """What is known has weight one; what it leaves is matched by itself."""
    weights = bl.prior_from(draws).weights
    assert weights["a"][0] == {"no": 1.0, "yes": 1.0}
    assert weights["c"][0]["low"] == 1.0
    rho = draws["posterior"]["item_probability"].sel(latent_class="C1", item="c")
    middle, high = weights["c"][0]["middle"], weights["c"][0]["high"]
    assert middle / (middle + high) == pytest.approx(rho.sel(category="middle").mean().item())
    variance = rho.sel(category="middle").stack(s=["chain", "draw"]).var("s", ddof=1).item()
    assert stats.beta(middle, high).var() == pytest.approx(variance)


def test_memberships_are_those_of_a_hand_calculation(draws, frame):
    """One draw, from the table of its probabilities."""
    one = draws.isel(chain=[0], draw=[7])
    rho, share = one["posterior"]["item_probability"], one["posterior"]["class_share"].to_numpy().ravel()
    row = frame.iloc[3]
    of_class = [
        share[k] * np.prod([rho.sel(item=item, category=row[item]).isel(latent_class=k).item() for item in "abcd"])
        for k in range(2)
    ]
    expected = np.array(of_class) / np.sum(of_class)
    np.testing.assert_allclose(bl.membership_draws(one).isel(respondent=3).to_numpy().ravel(), expected, atol=1e-6)


def test_restrictions_are_read_back_from_a_specification():
    for n_classes, restrictions in ((3, everything()), (2, WRITTEN_BY_HAND["equal errors"][0])):
        items = [f"i{j}" for j in range(4)] if n_classes == 2 else list(ITEMS)
        labels = OF_SURVEY if n_classes == 2 else LABELS
        written = json.loads(json.dumps(specification_of(bl.Items(items, restrictions=restrictions))))
        again = KnownOfClasses.of_specification(written, items, labels, n_classes)
        assert again.restrictions == tuple(restrictions)
        prior = bl.Items(items, prior={items[0]: [{label: 2.0 for label in labels[0]}] * n_classes})
        weights = KnownOfClasses.of_specification(
            json.loads(json.dumps(specification_of(prior))), items, labels, n_classes
        ).weights
        np.testing.assert_array_equal(weights[:, 0, : len(labels[0])], 2.0)


def test_answers_that_no_class_allows_are_refused(frame):
    nobody = bl.Items(["a", "b", "c", "d"], restrictions=[bl.Zero("c", category="low")])
    with pytest.raises(
        ValueError, match=r"of 240 respondents gave answers that bl.Zero leaves no class to give, such as"
    ):
        bl.LatentClass(2, nobody).build(frame)


def test_missing_answers_are_not_forbidden(frame):
    missing = frame.assign(c=frame["c"].where(frame["c"] != "low"))
    items = bl.Items(["a", "b", "d", "c"], restrictions=[bl.Fixed("c", category="high", classes=1, value=0.6)])
    bl.LatentClass(2, items).build(missing)


def test_what_has_no_restricted_counterpart_is_refused(draws, frame):
    with pytest.raises(ValueError, match="the answer probabilities of this fit are restricted"):
        bl.stepwise_odds_ratios(draws, bl.Regression("~ age"), frame, method="bch")
    with pytest.raises(ValueError, match=r"restrictions of items .* number their classes"):
        bl.count_classes(RESTRICTED.measurement, frame, [1, 2])


def test_numbers_of_classes_are_compared_under_restrictions_of_all_classes(frame):
    """Parallel items: log-likelihood and parameters are those of the fit under the same restrictions."""
    items = bl.Items(["a", "b", "d"], restrictions=[bl.Equal(["a", "b", "d"])])
    settings = {"bayes": True, "draws": 50, "tune": 20, "chains": 2, "n_starts": 10}
    table = bl.count_classes(items, frame, [1, 2], **settings)
    assert table["parameters"].tolist() == [1, 3]
    says = (frame[["a", "b", "d"]] == "yes").sum(axis=1).value_counts().reindex(range(4), fill_value=0).to_numpy()
    p = (says * np.arange(4)).sum() / (3 * len(frame))
    of_one = (says * (np.arange(4) * np.log(p) + (3 - np.arange(4)) * np.log(1 - p))).sum()
    assert table["log_likelihood"].iloc[0] == pytest.approx(of_one)
    assert np.isfinite(table["elpd"]).all()
    assert table["vlmr_p"].isna().all()
    assert "items are restricted: no tests by scores" in table.note
    assert "not identified" not in table.note
    with pytest.raises(ValueError, match=r"blrt_draws=50: the bootstrap fits unrestricted classes"):
        bl.count_classes(items, frame, [1, 2], blrt_draws=50)
    same = bl.count_classes(bl.Items(["a", "b"], restrictions=[bl.Equal("a")]), frame, [1, 2], n_starts=5)
    assert same["parameters"].tolist() == [2, 4]
    for compare in (
        lambda: bl.vuong_lo_mendell_rubin(items, frame, 2),
        lambda: bl.overfitted(items, frame),
        lambda: bl.bootstrap_likelihood_ratio(items, frame, 2),
    ):
        with pytest.raises(ValueError, match=r"are restricted, and this compares unrestricted classes"):
            compare()


def test_one_class_and_a_regression_can_be_restricted(frame):
    parallel = bl.Items(["a", "b", "d"], restrictions=[bl.Equal(["a", "b", "d"])])
    model = bl.LatentClass(1, parallel).build(frame)
    assert [variable.name for variable in model.free_RVs] == ["free_probability_of_2"]
    assert pm.draw(model["item_probability"], mode=FAST).std(axis=1).max() < 1e-12
    regression = bl.LatentClass(2, RESTRICTED.measurement, bl.Regression("~ age")).build(frame)
    assert "slope" in regression.named_vars


def test_membership_and_likelihood_stay_finite_at_structural_zeros():
    rho = np.array([[[0.0, 1.0]], [[0.5, 0.5]]])
    membership, total = membership_and_log_likelihood(np.array([0.5, 0.5]), rho, np.array([[0], [1]]))
    np.testing.assert_allclose(membership[0], [0.0, 1.0], atol=1e-200)
    np.testing.assert_allclose(np.exp(total), [0.25, 0.75])
