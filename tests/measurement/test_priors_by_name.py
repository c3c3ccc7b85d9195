"""Priors of answers by item, class and category, and the labels of classes that they tell apart."""

import json
import warnings

import numpy as np
import pandas as pd
import pymc as pm
import pytest
import xarray as xr
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from scipy import stats

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.answers import membership_and_log_likelihood
from bayes_lca.likelihood.confirmatory import posterior_modes
from bayes_lca.likelihood.probability_sets import ProbabilitySets
from bayes_lca.posterior.labels.label_free import label_free

COMPILE = {"mode": Mode(linker="py", optimizer=None), "on_unused_input": "ignore"}
ITEMS = ["a", "b", "c"]
TRUE = np.array([[[0.85, 0.15]] * 3, [[0.2, 0.8]] * 3])  # class 1 mostly says no
SHARE = np.array([0.4, 0.6])
NUMBERED = {"a": [{"no": 9, "yes": 2}, {"no": 2, "yes": 9}]}
SHORT = {"draws": 150, "tune": 100, "chains": 2, "until": None, "progressbar": False}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    latent_class = rng.choice(2, size=150, p=SHARE)
    yes = rng.random((150, 3)) < TRUE[latent_class, :, 1]
    return pd.DataFrame(np.where(yes, "yes", "no"), columns=ITEMS)


def fit(items, frame, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(bl.LatentClass(2, items), frame, **(SHORT | settings))


@pytest.fixture(scope="module")
def numbered(frame):
    return fit(bl.Items(ITEMS, prior=NUMBERED), frame)


@pytest.mark.parametrize(
    "prior, expected",
    [
        (2.5, np.full((2, 3, 2), 2.5)),
        (bl.Dirichlet(2.5), np.full((2, 3, 2), 2.5)),
        ({"b": 3.0}, [[[1, 1], [3, 3], [1, 1]]] * 2),
        ({"b": bl.Dirichlet(3.0)}, [[[1, 1], [3, 3], [1, 1]]] * 2),
        ({"b": {"yes": 5, "no": 2}}, [[[1, 1], [2, 5], [1, 1]]] * 2),
        ({"c": [{"no": 4, "yes": 6}, 7]}, [[[1, 1], [1, 1], [4, 6]], [[1, 1], [1, 1], [7, 7]]]),
        (np.arange(1.0, 13).reshape(2, 3, 2), np.arange(1.0, 13).reshape(2, 3, 2)),
        (
            pd.DataFrame(
                {"latent_class": [2, 2, 1, 1], "item": "a", "category": ["no", "yes"] * 2, "weight": [1, 2, 3, 4]}
            ),
            [[[3, 4], [1, 1], [1, 1]], [[1, 2], [1, 1], [1, 1]]],
        ),
    ],
    ids=["number", "Dirichlet", "item", "item Dirichlet", "category", "class", "array", "table"],
)
def test_weights_are_those_of_the_dirichlet_density(frame, prior, expected):
    """The density of PyMC without transforms, and that of scipy at the weights written out."""

    model = remove_value_transforms(bl.LatentClass(2, bl.Items(ITEMS, prior=prior)).build(frame))
    variable = model["item_probability"]
    density = model.compile_fn(
        model.logp(variable, jacobian=False, sum=True),
        inputs=[model.rvs_to_values[variable]],
        point_fn=False,
        **COMPILE,
    )
    rho = np.random.default_rng(1).dirichlet([2, 2], size=(2, 3))
    written_out = sum(
        stats.dirichlet.logpdf(rho[k, j], np.asarray(expected, dtype=float)[k, j]) for k in range(2) for j in range(3)
    )
    assert density(rho) == pytest.approx(written_out, rel=1e-12)


def test_classes_that_a_prior_tells_apart_keep_their_numbers(numbered):
    """Class 1 is the smaller one, which an order by size would put second; its chains start under its number."""
    assert json.loads(numbered.attrs["exchangeable_classes"]) == [0, 1]
    assert numbered.attrs["relabel_switched"] == 0.0
    sizes = bl.class_sizes(numbered)["mean"]
    assert sizes["C1"] < sizes["C2"]
    profile = bl.class_profiles(numbered)["mean"]
    assert profile["C1", "a", "no"] > 0.6 > 0.4 > profile["C2", "a", "no"]


def test_draws_have_the_posterior_of_importance_sampling(frame):
    """Posterior means of all probabilities from draws of the prior weighted by the likelihood of 20 respondents."""
    frame = frame.head(20)
    draws = fit(bl.Items(ITEMS, prior=NUMBERED), frame, draws=600)
    rng = np.random.default_rng(0)
    size = 200_000
    weights = np.ones((2, 3, 2))
    weights[:, 0] = [[9, 2], [2, 9]]
    yes = rng.beta(weights[..., 1], weights[..., 0], (size, 2, 3))
    share = rng.random(size)
    codes, count = np.unique((frame == "yes").to_numpy(), axis=0, return_counts=True)
    likelihood = np.zeros(size)
    for answers, n in zip(codes, count, strict=True):
        of_class = np.where(answers, yes, 1 - yes).prod(axis=2)
        likelihood += n * np.log(share * of_class[:, 0] + (1 - share) * of_class[:, 1])
    weight = np.exp(likelihood - likelihood.max())
    weight /= weight.sum()
    expected = np.einsum("s,skj->kj", weight, yes)
    error = np.sqrt(np.einsum("s,skj->kj", weight**2, (yes - expected) ** 2))
    table = bl.class_profiles(draws).xs("yes", level="category")
    mcse = (table["sd"] / np.sqrt(table["ess_bulk"])).to_numpy().reshape(2, 3)
    assert (1 / (weight**2).sum()) > 100
    assert (np.abs(table["mean"].to_numpy().reshape(2, 3) - expected) < 4 * np.hypot(mcse, error)).all()


def test_labels_change_only_among_classes_that_are_alike():
    """Three classes of which the prior tells one apart: draws with all labels turned round are half put right."""
    rng = np.random.default_rng(2)
    of_class = np.array([0.9, 0.5, 0.1])
    latent_class = rng.choice(3, size=300)
    answers = rng.random((300, 5)) < of_class[latent_class, None]
    frame = pd.DataFrame(answers.astype(int), columns=list("abcde"))
    prior = {"a": [{"0": 20, "1": 1}, 1.0, 1.0]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draws = bl.fit(bl.LatentClass(3, bl.Items(list("abcde"), prior=prior)), frame, **SHORT)
    assert json.loads(draws.attrs["exchangeable_classes"]) == [0, 1, 1]
    profile = bl.class_profiles(draws)["mean"].xs("1", level="category").unstack("item")
    assert profile.loc["C1", "a"] < 0.3
    pivot = draws["posterior"]["item_probability"].mean(["chain", "draw"]).to_numpy()
    swapped = draws.copy()
    posterior = draws["posterior"].to_dataset()
    for name in ("item_probability", "class_share"):
        values = posterior[name].transpose("chain", "draw", "latent_class", ...).to_numpy().copy()
        values[1, ::2, 1:] = values[1, ::2, :0:-1]
        posterior[name] = posterior[name].transpose("chain", "draw", "latent_class", ...).copy(data=values)

    swapped["posterior"] = xr.DataTree(posterior)
    again = bl.relabel(swapped, pivot)
    np.testing.assert_allclose(
        again["posterior"]["item_probability"].transpose(*draws["posterior"]["item_probability"].dims),
        draws["posterior"]["item_probability"],
    )


def test_a_weak_prior_leaves_both_numberings_and_their_weights(frame):
    """The likelihood is the same when classes change places: the masses are in the ratio of the prior's densities."""
    draws = fit(bl.Items(ITEMS, prior={"a": [{"no": 2, "yes": 1}, 1.0]}), frame, chains=4, draws=400)
    assert json.loads(draws.attrs["chains_by_start"]) == [3, 1]
    mode = np.array(json.loads(draws.attrs["chain_modes"]))
    assert mode.tolist() == [0, 0, 0, 1]
    no = draws["posterior"]["item_probability"].sel(item="a", category="no")[mode == 0]
    exchanged = (no.sel(latent_class="C2") / no.sel(latent_class="C1")).mean().item()
    masses = bl.modes(draws)
    assert masses["mass_lower"].iloc[0] < 1 / (1 + exchanged) < masses["mass_upper"].iloc[0]
    assert json.loads(draws.attrs["start_weights"])[0] == pytest.approx(1 / (1 + exchanged), abs=0.05)
    with pytest.raises(bl.SeveralModesError):
        bl.class_sizes(draws)


def test_no_pivot_gives_a_class_the_number_of_another(numbered):
    """Profiles the wrong way round would number all draws the wrong way, were their classes exchangeable."""
    pivot = numbered["posterior"]["item_probability"].mean(["chain", "draw"]).to_numpy()
    again = bl.relabel(numbered, pivot[::-1])
    assert again["posterior"].equals(numbered["posterior"])


def test_label_free_quantities_see_classes_that_changed_places(numbered):
    """Shares of one half each and mirrored profiles are the same to ranks and spreads, and another posterior here."""
    posterior = numbered["posterior"].to_dataset()
    turned = numbered.copy()

    turned["posterior"] = xr.DataTree(posterior.isel(latent_class=[1, 0]).assign_coords(latent_class=["C1", "C2"]))

    before, after = (label_free(Fit.reading(each)) for each in (numbered, turned))
    name = "spread of a of 1"
    assert np.abs(before[name].mean() - after[name].mean()) > 0.1
    np.testing.assert_allclose(before["spread of a"], after["spread of a"])


def test_modes_of_the_posterior_are_stationary():
    """At the end, an update leaves shares and probabilities where they are, and the prior is in it."""
    rng = np.random.default_rng(3)
    codes, counts = rng.integers(0, 2, (12, 3)), rng.integers(1, 9, 12)
    weights = np.ones((2, 3, 2))
    weights[0, 0] = [12, 3]
    sets = ProbabilitySets.unrestricted(weights)
    start = np.array([0.5, 0.5]), rng.dirichlet([1, 1], (2, 3))
    mode = posterior_modes(codes, counts, sets, [start], np.array([0, 1]))[0]
    membership, total = membership_and_log_likelihood(mode.class_share, mode.item_probability, codes)
    members = membership * counts[:, None]
    np.testing.assert_allclose(mode.class_share, (members.sum(axis=0) + 1) / (counts.sum() + 2), atol=1e-3)
    says_one = np.einsum("pk,pj->kj", members, codes)
    expected = (says_one + weights[..., 1]) / (members.sum(axis=0)[:, None] + weights.sum(axis=2))
    np.testing.assert_allclose(mode.item_probability[..., 1], expected, atol=1e-3)
    height = total @ counts + np.log(mode.class_share).sum() + (weights * np.log(mode.item_probability)).sum()
    assert mode.log_posterior == pytest.approx(height)


@pytest.mark.parametrize(
    "prior, message",
    [
        ({"d": 2.0}, r"prior names 'd', not among the items 'a', 'b', 'c'"),
        ({"a": -1.0}, r"prior of item 'a': weight -1.0 must be a positive number"),
        ({"a": {"no": 1.0, "yes": 0.0}}, r"prior of item 'a': weight 0.0 must be a positive number"),
        ({"a": [1.0, 2.0], "b": [1.0, 2.0, 3.0]}, r"different numbers of classes, {'a': 2, 'b': 3}"),
        (np.ones((2, 2, 2)), r"prior has shape \(2, 2, 2\); weights of 3 items"),
        ({}, r"give weights by item"),
        (pd.DataFrame({"item": ["a"], "category": ["no"], "weight": [1.0]}), r"the table lacks \['latent_class'\]"),
        (
            pd.DataFrame({"latent_class": [1, 1], "item": "a", "category": "no", "weight": 1.0}),
            r"two rows of class, item and category 1, a, no",
        ),
        (
            pd.DataFrame({"latent_class": [1, 1, 2], "item": ["a", "b", "a"], "category": "no", "weight": 1.0}),
            r"no row of item 'b' in class\(es\) \[2\]",
        ),
    ],
)
def test_priors_are_checked_when_they_are_written(prior, message):
    with pytest.raises(ValueError, match=message):
        bl.Items(ITEMS, prior=prior)


@pytest.mark.parametrize("prior", ["flat", {"a": "flat"}, {"a": [None, 1.0]}])
def test_what_is_no_prior_is_refused_by_type(prior):
    with pytest.raises(TypeError, match="prior"):
        bl.Items(ITEMS, prior=prior)


@pytest.mark.parametrize(
    "prior, message",
    [
        (
            {"a": {"no": 1.0, "yes": 1.0, "maybe": 1.0}},
            r"prior of item 'a' names 'maybe': its answers here are 'no', 'yes'",
        ),
        ({"a": {"no": 1.0}}, r"prior of item 'a' lacks 'yes'"),
        ({"a": [1.0, 1.0, 2.0]}, r"prior has weights of 3 classes, and the model has n_classes=2"),
        (np.ones((2, 3, 3)), r"prior of item 'a' has 3 weights in a class, and the item 2 categories, 'no', 'yes'"),
    ],
)
def test_priors_are_checked_against_the_frame(frame, prior, message):
    with pytest.raises(ValueError, match=message):
        bl.LatentClass(2, bl.Items(ITEMS, prior=prior)).build(frame)


def test_numbers_of_classes_are_compared_only_without_numbered_classes(frame):
    with pytest.raises(ValueError, match=r"the prior or restrictions of items .* number their classes"):
        bl.count_classes(bl.Items(ITEMS, prior=NUMBERED), frame, [1, 2])
    settings = {"bayes": True, "draws": 50, "tune": 20, "chains": 2}
    uniform = bl.count_classes(bl.Items(ITEMS), frame, [1, 2], n_starts=5, **settings)
    known = bl.count_classes(bl.Items(ITEMS, prior={"a": {"no": 30, "yes": 30}}), frame, [1, 2], n_starts=5, **settings)
    assert known["log_likelihood"].equals(uniform["log_likelihood"])
    assert not np.allclose(known["elpd"], uniform["elpd"])


def test_order_by_a_fit_of_other_classes_is_refused(numbered, frame):
    with pytest.raises(ValueError, match=r"exchangeable in sets \[0, 1\], and those of this one in sets \[0, 0\]"):
        fit(bl.Items(ITEMS), frame, order=numbered, draws=2, tune=2)


def test_ordinal_items_have_priors_by_item_and_category(frame):
    ordered = frame.assign(a=pd.Categorical(frame["a"], ["no", "yes"], ordered=True))
    items = bl.OrdinalItems(["a", "b"], prior={"a": {"no": 3.0, "yes": 7.0}}, categories=["no", "yes"])
    model = bl.LatentClass(1, items).build(ordered)
    drawn = pm.draw(model["baseline_probability_of_2"], 2000, random_seed=1, mode=Mode(linker="py", optimizer=None))
    for j, mean in enumerate((0.7, 0.5)):
        sd = np.sqrt(mean * (1 - mean) / (11 if j == 0 else 3))
        assert abs(drawn[:, j, 1].mean() - mean) < 4 * sd / np.sqrt(2000)
    with pytest.raises(ValueError, match=r"prior has weights of 2 classes: the answers of an average class"):
        bl.OrdinalItems(["a", "b"], prior={"a": [1.0, 2.0]})


def test_a_fit_becomes_a_prior_with_its_means_and_variance(numbered):
    """Mean and summed variance of the matched Dirichlet are those of the draws."""
    prior = bl.prior_from(numbered)
    rho = numbered["posterior"]["item_probability"].sel(item="b", latent_class="C2")
    table = prior.to_frame().loc[
        lambda rows: (rows.index.get_level_values(0) == 2) & (rows.index.get_level_values(1) == "b")
    ]
    np.testing.assert_allclose(
        table["probability"], rho.mean(["chain", "draw"]).sel(category=table.index.get_level_values("category"))
    )
    weights = table["weight"].to_numpy()
    variance = stats.dirichlet(weights).var().sum()
    assert variance == pytest.approx(float(rho.stack(s=["chain", "draw"]).var("s", ddof=1).sum()), rel=1e-10)
    assert table["sample_size"].iloc[0] == pytest.approx(weights.sum() - 2)
    half = (
        bl.prior_from(numbered, weight=0.5)
        .to_frame()
        .loc[lambda rows: (rows.index.get_level_values(0) == 2) & (rows.index.get_level_values(1) == "b")]
    )
    np.testing.assert_allclose(half["sample_size"], table["sample_size"] / 2)
    np.testing.assert_allclose(half["weight"], 0.5 + weights / 2)
    fifty = bl.prior_from(numbered, sample_size=50).to_frame()
    np.testing.assert_allclose(fifty["sample_size"], 50)
    np.testing.assert_allclose(fifty["probability"], prior.to_frame()["probability"])
    assert "weight 0.5" in bl.prior_from(numbered, weight=0.5).source


def test_half_a_study_and_the_prior_of_the_other_are_about_the_whole(frame):
    """Posterior of one half under the prior of the other, beside all respondents under a uniform prior."""
    more = pd.concat([frame] * 4, ignore_index=True).sample(frac=1, random_state=1, ignore_index=True)
    first = fit(bl.Items(ITEMS), more[:300])
    both = fit(bl.Items(ITEMS, prior=bl.prior_from(first)), more[300:])
    whole = fit(bl.Items(ITEMS), more, order=first)
    for column, tolerance in (("mean", 0.05), ("sd", 0.015)):
        difference = bl.class_profiles(both)[column] - bl.class_profiles(whole)[column]
        assert difference.abs().max() < tolerance
    assert bl.class_profiles(first)["sd"].max() > bl.class_profiles(both)["sd"].max()


PUBLISHED = pd.DataFrame(
    {
        "latent_class": np.repeat(["low", "high"], 2),
        "item": "a",
        "category": ["no", "yes"] * 2,
        "probability": [0.9, 0.1, 0.25, 0.75],
        "n": [60, 60, 40, 40],
    }
)


def test_a_published_table_adds_its_respondents_to_uniform_weights():
    prior = bl.prior_from(PUBLISHED)
    assert prior.weights["a"] == ({"no": 55.0, "yes": 7.0}, {"no": 11.0, "yes": 31.0})
    assert bl.prior_from(PUBLISHED, weight=0.5).weights["a"][1] == {"no": 6.0, "yes": 16.0}
    printed = PUBLISHED.drop(columns="n").rename(columns={"probability": "mean"})
    printed = printed.set_index(["latent_class", "item", "category"])
    assert bl.prior_from(printed, sample_size=10).weights["a"][0] == {"no": 10.0, "yes": 2.0}
    again = bl.Items(ITEMS, prior=prior.to_frame()).prior.weights
    assert again["a"] == prior.weights["a"]


@pytest.mark.parametrize(
    "table, settings, message",
    [
        (PUBLISHED.drop(columns="n"), {}, "the table lacks 'n'"),
        (PUBLISHED.assign(probability=0.7), {}, "in class 1 are .* add up to one, and not to 1.4"),
        (PUBLISHED.assign(probability=[1.2, -0.2, 0.5, 0.5]), {}, "give numbers from 0 to 1"),
        (PUBLISHED.assign(n=[1, 2, 3, 3]), {}, r"n of item 'a' in class 1 is \[1.0, 2.0\]"),
        (PUBLISHED, {"weight": 0.0}, "weight=0.0: the share of an earlier study"),
        (PUBLISHED, {"sample_size": -1}, "sample_size=-1"),
    ],
)
def test_tables_that_are_no_prior_are_refused(table, settings, message):
    with pytest.raises(ValueError, match=message):
        bl.prior_from(table, **settings)


@pytest.mark.parametrize("study, told", [("fit.nc", "the path 'fit.nc'; read the file first"), (3, "int '3'")])
def test_what_is_no_study_is_refused(study, told):
    with pytest.raises(TypeError, match=told):
        bl.prior_from(study)


def test_known_probabilities_have_no_posterior_to_match(numbered):
    fixed = numbered.copy()
    posterior = numbered["posterior"].to_dataset()
    posterior["item_probability"] = posterior["item_probability"] * 0 + 0.5

    fixed["posterior"] = xr.DataTree(posterior)
    with pytest.raises(ValueError, match="do not vary over the draws"):
        bl.prior_from(fixed)
