"""Restrictions as they are written: free sets, priors, classes that they number, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from scipy import stats

import bayes_lca as bl
from bayes_lca.measurement.known_of_classes import KnownOfClasses
from bayes_lca.specification import specification_of

FAST = Mode(linker="py", optimizer=None)
SHORT = {"draws": 200, "tune": 100, "chains": 2, "until": None, "progressbar": False}
LABELS = (("no", "yes"), ("no", "yes"), ("low", "middle", "high"))
ITEMS = ("a", "b", "c")


def known(restrictions, n_classes=2, items=ITEMS, labels=LABELS):
    return KnownOfClasses.of(None, 1.0, restrictions, items, labels, n_classes)


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


OF_FOUR = (("0", "1"), ("0", "1"), ("0", "1", "2"), ("0", "1", "2"))
ERRORS = [
    bl.Equal(cells=[("i0", "0", 1), ("i0", "1", 2)]),
    bl.Equal(["i0", "i1"]),
    bl.Fixed("i2", category="1", classes=1, value=0.2),
]
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


@pytest.mark.parametrize(
    "told", [{"restrictions": [bl.Equal(["a", "b"])]}, {"prior": {"a": [1.0, 2.0]}}], ids=["restrictions", "prior"]
)
def test_a_common_method_takes_items_whose_classes_are_alike(told):
    with pytest.raises(
        ValueError, match=r"CommonMethod of items 'a', 'b': their prior or restrictions speak of single"
    ):
        bl.CommonMethod(bl.Items(["a", "b"], **told))
    bl.CommonMethod(bl.Items(["a", "b"], prior={"a": 2.0}))


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


def test_restrictions_are_read_back_from_a_specification():
    for n_classes, restrictions in ((3, everything()), (2, ERRORS)):
        items = [f"i{j}" for j in range(4)] if n_classes == 2 else list(ITEMS)
        labels = OF_FOUR if n_classes == 2 else LABELS
        written = json.loads(json.dumps(specification_of(bl.Items(items, restrictions=restrictions))))
        again = KnownOfClasses.of_specification(written, items, labels, n_classes)
        assert again.restrictions == tuple(restrictions)
        prior = bl.Items(items, prior={items[0]: [{label: 2.0 for label in labels[0]}] * n_classes})
        weights = KnownOfClasses.of_specification(
            json.loads(json.dumps(specification_of(prior))), items, labels, n_classes
        ).weights
        np.testing.assert_array_equal(weights[:, 0, : len(labels[0])], 2.0)
