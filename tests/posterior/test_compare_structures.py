"""Class structures compared: by hand, unchanged by any order, and right about what is the same and what differs."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.datasets.cohort import CLASS_SHARE, ITEM_PROBABILITY
from bayes_lca.datasets.simulate import simulate_answers
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.views import with_views, without_views
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.posterior.structures.class_distance import match_classes, profile_difference, smallest_p, total_variation
from bayes_lca.posterior.structures.class_structure import ClassStructure
from bayes_lca.posterior.structures.matched_classes import MatchedClasses
from bayes_lca.posterior.structures.membership_flow import adjusted_rand, flows, most_likely_classes
from bayes_lca.posterior.tables.membership import membership_draws
from bayes_lca.sampling.gibbs import sample_gibbs

MOVED = "C2"
"""Class in which half of the answers to one item are turned around."""


def reordered(draws, *, classes=None, respondents=None, items=None):
    """The same fit, with classes, respondents or items in another order, or some of the respondents or items."""
    result = without_views(draws)
    for name, node in result.children.items():
        data = node.to_dataset()
        if classes is not None and name == "posterior":
            data = data.isel(latent_class=classes)
        if respondents is not None and "respondent" in data.dims:
            data = data.isel(respondent=respondents)
        if items is not None and "item" in data.dims:
            data = data.isel(item=items)
        if name == "patterns":
            count = np.bincount(data["pattern_of_respondent"], minlength=data.sizes["pattern"])
            data["count"] = ("pattern",), count
            result.attrs["n_respondents"] = data.sizes["respondent"]
        result[name] = xr.DataTree(data)
    if items is not None:
        labels = json.loads(draws.attrs["labels"])
        axes = json.loads(draws.attrs["axes"])
        axes["item"] = [axes["item"][j] for j in items]
        result.attrs |= {"labels": json.dumps([labels[j] for j in items]), "axes": json.dumps(axes)}
    return with_views(result)


def of_other_respondents(draws):
    """The same fit of as many respondents whose labels are others."""
    apart = draws.copy()
    patterns = draws["patterns"].to_dataset()
    apart["patterns"] = xr.DataTree(patterns.assign_coords(respondent=patterns["respondent"] + 10_000))
    return with_views(apart)


@pytest.fixture(scope="module")
def other(lca_draws):
    """Another fit of some of the respondents, one item of one class different."""
    posterior = lca_draws["posterior"].to_dataset()
    rho = posterior["item_probability"]
    here = (rho["latent_class"] == MOVED) & (rho["item"] == "training")
    moved = rho.where(~here, 0.5 * rho + 0.5 * rho.isel(category=[2, 1, 0]).to_numpy())
    result = reordered(lca_draws, respondents=np.arange(150, 600))
    result["posterior"] = xr.DataTree(posterior.assign(item_probability=moved))
    return result


@pytest.fixture(scope="module")
def compared(lca_draws, other):
    return bl.compare_structures({"first": lca_draws, "second": other}, n_draws=400)


def test_what_differs_is_found(compared):
    assert compared.reference == "first"
    assert (
        compared.classes["reference_class"].tolist() == compared.classes.index.get_level_values("latent_class").tolist()
    )
    assert compared.overall.loc["second", "p_value"] < 0.01
    moved = compared.items.loc[("second", MOVED, "training")]
    assert moved["distance"] > 0.2
    assert moved["p_value"] < 0.01
    assert moved["lower"] < moved["distance"] < moved["upper"]
    others = compared.items.drop(("second", MOVED, "training"))
    assert (others["p_value"] > 0.05).all()
    assert (others["distance"] < 1.3 * others["expected"]).all()
    assert "differ (p = 0.0" in str(compared)
    assert "most in training" in str(compared)
    assert f"{MOVED} and {MOVED} are" in str(compared)
    assert compared.overall.loc["second", "respondents_in_both"] == 450


@pytest.mark.parametrize("which", ["first", "second", "both"])
@pytest.mark.parametrize("what", ["classes", "respondents", "items"])
def test_order_changes_no_number(lca_draws, other, compared, which, what):
    fits = {"first": lca_draws, "second": other}
    for name in fits if which == "both" else [which]:
        n = len(fits[name]["observed_data"]["respondent"])
        order = {
            "classes": [2, 0, 1],
            "respondents": np.random.default_rng(1).permutation(n),
            "items": [3, 5, 0, 2, 1, 4],
        }
        fits[name] = reordered(fits[name], **{what: order[what]})
    again = bl.compare_structures(fits, n_draws=400)
    for table in ("overall", "classes", "items", "distances", "flows"):
        old = pd.DataFrame(getattr(compared, table))
        new = pd.DataFrame(getattr(again, table)).loc[old.index]
        for column in old.select_dtypes("number"):
            np.testing.assert_allclose(new[column], old[column], atol=1e-9, err_msg=f"{table} {column}")


def test_fewer_items_and_more_classes(lca_draws, other):
    posterior = other["posterior"].to_dataset()
    extra = posterior.isel(latent_class=[0]).assign_coords(latent_class=["C4"])
    extra["item_probability"] = xr.full_like(extra["item_probability"], 1 / 3)
    larger = other.copy()
    larger["posterior"] = xr.DataTree(xr.concat([posterior, extra], "latent_class", data_vars="all"))
    larger.attrs = other.attrs | {"n_classes": 4}
    fewer = reordered(larger, items=[0, 2, 4])
    found = bl.compare_structures({"first": lca_draws, "second": fewer}, n_draws=50)
    row = found.overall.loc["second"]
    assert (row["matched"], row["items"]) == (3, 3)
    assert row["unmatched"] == "C4 of second"
    assert row["left_out"] == "workload, training, expertise"
    assert "Not compared: workload, training, expertise." in str(found)
    assert len(found.distances) == 12
    assert found.distances["matched"].sum() == 3
    assert len(found.classes) == 3
    back = bl.compare_structures({"second": fewer, "first": lca_draws}, n_draws=50)
    assert back.overall.loc["first", "unmatched"] == "C4 of second"


def test_respondents_of_other_fits_are_not_followed(lca_draws, other):
    found = bl.compare_structures({"first": lca_draws, "second": of_other_respondents(other)}, n_draws=50)
    assert found.flows is None
    assert found.overall.loc["second", "respondents_in_both"] == 0
    assert "rand" not in found.overall


def test_flows_and_agreement_count_most_likely_classes(lca_draws):
    found = bl.compare_structures({"one": lca_draws, "two": lca_draws}, n_draws=60)
    flow = found.flows["respondents"].unstack("reference_class")
    np.testing.assert_allclose(found.flows["share"].groupby(level="reference_class").sum(), 1)
    assert flow.to_numpy().sum() == pytest.approx(600)
    assert (np.diag(flow) > 0.75 * flow.sum(axis=0)).all()
    row = found.overall.loc["two"]
    assert row["rand_lower"] <= row["rand"] <= row["rand_upper"]
    assert row["rand"] == pytest.approx(row["rand_expected"], abs=0.05)
    assert row["p_value"] > 0.5


def test_membership_of_chosen_draws(lca_draws):
    every = membership_draws(lca_draws).to_numpy().reshape(-1, 600, 3)
    which = np.array([7, 0, 1100, 450])
    fit = Fit.reading(lca_draws)
    np.testing.assert_allclose(fit.membership_in(which)[:, fit.pattern_of_respondent], every[which], atol=1e-6)
    some = np.array([599, 3, 17])
    expected = every[which][:, [599, 3, 17]].argmax(axis=-1)
    np.testing.assert_array_equal(most_likely_classes(fit, which, some), expected)


def test_total_variation_and_matching_by_hand():
    assert total_variation(np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.3, 0.3])) == pytest.approx(0.2)
    one = np.array([[[[0.9, 0.1]], [[0.5, 0.5]], [[0.1, 0.9]]]])
    three, two = np.array([[0.3, 0.4, 0.3]]), np.array([[0.5, 0.5]])
    assert match_classes(one, one[:, [2, 0]], three, two).tolist() == [2, 0]
    assert match_classes(one[:, [2, 0]], one, two, three).tolist() == [1, -1, 0]


def test_a_class_of_few_members_does_not_drive_large_ones_apart():
    """The sum of distances takes the empty class of one fit for the large one of the other, .65 against .75."""
    yes, share = np.array([0.5, 0.9]), np.array([[0.98, 0.02]])
    other, other_share = np.array([0.55, 0.2]), np.array([[0.995, 0.005]])
    one, two = (np.stack([1 - p, p], axis=-1)[None, :, None] for p in (yes, other))
    for order in ([0, 1], [1, 0]):
        assert match_classes(one, two[:, order], share, other_share[:, order]).tolist() == order
    without = match_classes(one[:, :1], two, np.array([[1.0]]), other_share)
    assert without.tolist() == [0, -1]


def test_adjusted_rand_counts_pairs():
    rng = np.random.default_rng(3)
    one, other = rng.integers(0, 3, size=(2, 4, 12))
    for draw, value in enumerate(adjusted_rand(one, other)):
        pairs = list(combinations(range(12), 2))
        same = [[labels[draw][i] == labels[draw][j] for i, j in pairs] for labels in (one, other)]
        both, first, second = np.logical_and(*same).sum(), sum(same[0]), sum(same[1])
        chance = first * second / len(pairs)
        assert value == pytest.approx((both - chance) / ((first + second) / 2 - chance))
    np.testing.assert_allclose(adjusted_rand(one, (one + 1) % 3), 1)
    assert np.isnan(adjusted_rand(np.zeros((1, 5), dtype=int), np.zeros((1, 5), dtype=int))).all()


def test_flows_by_hand():
    one = np.eye(2)[[[0, 0, 1, 1]]]
    other = np.array([[[0.6, 0.4], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]]])
    assert flows(one.argmax(axis=-1), other.argmax(axis=-1), 2, 2).tolist() == [[[1, 1], [0, 2]]]
    assert flows(np.array([[0, 0], [1, 0]]), np.array([[2, 1], [2, 2]]), 2, 3).tolist() == [
        [[0, 1, 1], [0, 0, 0]],
        [[0, 0, 1], [0, 0, 1]],
    ]


@pytest.mark.parametrize(("n_items", "n_draws"), [(3, 300), (8, 60)])
def test_p_values_are_uniform_where_profiles_are_equal(n_items, n_draws):
    """Estimates of two samples with normal errors that go together, and posteriors as wide as these."""
    rng, n_sets, p_values, excess = np.random.default_rng(5), 400, [], []
    mixed = np.eye(2 * n_items) + 0.4 * rng.normal(size=(2 * n_items, 2 * n_items))
    for _ in range(n_sets):
        estimates, spread = (rng.normal(0, 0.02, size=(2, n, 2 * n_items)) @ mixed for n in (1, n_draws))
        draws = (0.5 + estimates + spread).reshape(2, n_draws, n_items, 2)
        found = profile_difference(*draws)
        p_values.append((found.p_of_class, smallest_p([found]), *found.p_by_item))
        excess.append(found.distance.mean() / found.expected.mean())
    below = (np.array(p_values) < 0.05).mean(axis=0)
    assert (np.abs(below - 0.05) < 4 * np.sqrt(0.05 * 0.95 / n_sets)).all()
    assert np.mean(excess) == pytest.approx(1, abs=4 * np.std(excess) / np.sqrt(n_sets))


def structure(name, rho, rng, n=1000):
    """A class structure from simulated answers."""
    codes = simulate_answers(rho, rng.choice(3, n, p=CLASS_SHARE), rng)
    patterns = unique_rows(codes)
    start = np.repeat(ITEM_PROBABILITY[None], 2, axis=0)
    settings = {"draws": 500, "tune": 60, "seed": int(rng.integers(2**31)), "thin": 5}
    found = sample_gibbs(codes[patterns.first], patterns.count, (3,) * 6, start, **settings)
    drawn = found.item_probability.reshape(-1, *start.shape[1:])
    order = match_profiles(drawn, ITEM_PROBABILITY, found.class_share.reshape(-1, 3))
    profile = np.take_along_axis(drawn, order[:, :, None, None], axis=1)
    share = np.take_along_axis(found.class_share.reshape(-1, 3), order, axis=1)
    labels = {item: ["less", "same", "more"] for item in bl.cohort_items()}
    places = rng.permutation(len(profile))
    return ClassStructure(name, ["C1", "C2", "C3"], labels, profile[places], share[places], n, pd.RangeIndex(n))


@pytest.mark.slow
@pytest.mark.parametrize("moved", [None, 0, 1, 2])
def test_share_of_pairs_called_different(moved):
    """Samples of 1000: equal structures in 5 % at most; a class with .15 between two answers of two items in 90 %."""
    rng, n_pairs = np.random.Generator(np.random.PCG64(41)), 60
    rho = ITEM_PROBABILITY.copy()
    if moved is not None:
        for j in (0, 3):
            *_, middle, largest = rho[moved, j].argsort()
            rho[moved, j, [middle, largest]] += 0.15, -0.15
    p_values = []
    for _ in range(n_pairs):
        pair = MatchedClasses.of(structure("one", ITEM_PROBABILITY, rng), structure("other", rho, rng))
        p_values.append(smallest_p(list(pair.differences.values())))
    different = int((np.array(p_values) < 0.05).sum())
    print(f"\n{'equal' if moved is None else f'class C{moved + 1} moved'}: {different} of {n_pairs} called different")
    wanted = 0.05 if moved is None else 0.9
    error = 2 * np.sqrt(n_pairs * wanted * (1 - wanted))
    assert different <= n_pairs * wanted + error if moved is None else different >= n_pairs * wanted - error


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tolerance": 0}, "tolerance=0: a distance lies between 0 and 1"),
        ({"n_draws": 5}, "n_draws=5: n_draws is a whole number from 10 on"),
        ({"seed": -1}, "seed=-1"),
        ({"ci_prob": 95}, "ci_prob=95"),
    ],
)
def test_bad_settings(lca_draws, settings, message):
    with pytest.raises(ValueError, match=message):
        bl.compare_structures({"a": lca_draws, "b": lca_draws}, **settings)


def test_fits_that_cannot_be_compared(lca_draws, multinomial_draws):
    with pytest.raises(ValueError, match="1 fit given; pass two or more by name"):
        bl.compare_structures({"a": lca_draws})
    with pytest.raises(ValueError, match="no latent classes"):
        bl.compare_structures({"a": lca_draws, "b": multinomial_draws})
    recoded = lca_draws.copy()
    labels = ["low", "mid", "high"]
    recoded["posterior"] = xr.DataTree(lca_draws["posterior"].to_dataset().assign_coords(category=labels))
    recoded.attrs["labels"] = json.dumps([labels] * 6)
    with pytest.raises(ValueError, match=r"'a' \(n = 600\) and 'b' \(n = 600\) share no item with the same categories"):
        bl.compare_structures({"a": lca_draws, "b": recoded})


def test_fits_without_names_are_refused(lca_draws):
    with pytest.raises(TypeError, match=r'takes fits by name, \{"lead": a, "member": b\}, and was given a list of 2'):
        bl.compare_structures([lca_draws, lca_draws])
    with pytest.raises(TypeError, match="and was given one fit alone"):
        bl.compare_structures(lca_draws)
    with pytest.raises(TypeError, match=r"takes the draws that bl.fit returns, not the path 'a.nc'") as refused:
        bl.compare_structures({"a": lca_draws, "b": "a.nc"})
    assert refused.value.__notes__ == ["the fit named 'b'"]


def test_what_is_shown_begins_with_the_words(compared):
    """And holds the tables that there are."""
    assert compared.verdict == compared.words and str(compared).startswith(f"{compared.words}\n\noverall\n")
    assert list(compared.tables) == ["overall", "classes", "items", "flows"]
    assert compared._repr_html_().index("p = ") < compared._repr_html_().index("<h4>overall</h4>")


def test_members_are_not_compared_where_labels_name_several_respondents(lca_draws):
    """Which the note says with their number."""
    twice = lca_draws.copy()
    patterns = lca_draws["patterns"].to_dataset()
    labels = np.repeat(patterns["respondent"].to_numpy()[::2], 2)
    twice["patterns"] = xr.DataTree(patterns.assign_coords(respondent=labels))
    compared = bl.compare_structures({"once": lca_draws, "twice": with_views(twice)}, n_draws=20)
    assert "members are not compared: once and twice: 300 rows repeat the label of another" in compared.overall.note
    assert compared.flows is None and "flows" not in compared.tables
