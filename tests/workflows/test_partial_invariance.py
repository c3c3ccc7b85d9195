"""Items that differ between groups by more or less, all at once."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.sampling.gibbs_partial import sample_partial
from bayes_lca.workflows.invariance import partial_invariance as module

ITEMS = list("abcde")
SHORT = {"draws": 300, "tune": 60}
COHORT = bl.Items(bl.cohort_items())


def answers(moved=None, n=900, seed=1, groups=("north", "south"), by=0.2):
    """Two classes of different size in each group; one item of the last group told apart less by them."""
    rng = np.random.default_rng(seed)
    group = rng.integers(len(groups), size=n)
    latent = (rng.random(n) < 0.25 + 0.2 * (group == 0)).astype(int)
    yes = np.where(latent[:, None] == 1, 0.8, 0.2) * np.ones(len(ITEMS))
    if moved is not None:
        yes[group == len(groups) - 1, ITEMS.index(moved)] += by * (1 - 2 * latent[group == len(groups) - 1])
    frame = pd.DataFrame((rng.random((n, len(ITEMS))) < yes).astype(int), columns=ITEMS)
    return frame.assign(place=np.array(groups)[group])


def planted(seed, item="training", n=2200):
    """The cohort, one item of its second class answered in another way by members: .2 less often with an increase."""
    survey, truth = bl.simulate_cohort(n=n, seed=seed)
    rng = np.random.default_rng(seed)
    other = ((survey["role"] == "member") & (truth.latent_class == 1)).to_numpy() & (survey[item] == "increase")
    share = truth.item_probability[1, bl.cohort_items().index(item), 2]
    survey.loc[other & (rng.random(n) < 0.2 / share), item] = "no change"
    return survey


@pytest.fixture(scope="module")
def found():
    return bl.partial_invariance(bl.Items(ITEMS), answers("c", n=1200), "place", 2, **SHORT)


def test_item_that_differs_is_found(found):
    items = found.items
    assert items.index.tolist() == ITEMS
    assert items["sd"].idxmax() == items["deviation"].abs().idxmax() == "c"
    assert items.loc["c", "p_exceeds"] > 0.8
    assert (items["p_exceeds"].drop("c") < 0.5).all()
    ends = items.loc["c", ["deviation_lower", "deviation_upper"]].astype(float).abs()
    assert 0.02 < ends.min() < 0.1 < ends.max()  # half the difference of 0.2 between two groups
    assert (items["lower"] < items["sd"]).all()
    assert (items["sd"] < items["upper"]).all()
    assert items["ess_bulk"].min() > 100


def test_notes_say_what_the_tables_rest_on(found):
    for table in (found.items, found.profiles, found.shares):
        assert "n = 1200 (place: north " in table.note
        assert "0 rows left out, 0 answers missing, 4 x 300 draws of a Gibbs sampler, 2 classes" in table.note
        assert "prior HalfNormal(sigma=0.1) below 0.5, which exceeds 0.05 with probability 0.62" in table.note
        assert "95 % intervals" in table.note
    assert "items" in repr(found)
    assert "profiles" in repr(found)


def test_profiles_agree_with_items_and_add_up(found):
    profiles = found.profiles
    assert profiles.index.names == ["group", "latent_class", "item", "category"]
    assert len(profiles) == 2 * 2 * 5 * 2
    np.testing.assert_allclose(profiles["probability"].groupby(["group", "latent_class", "item"]).sum(), 1)
    np.testing.assert_allclose(profiles["deviation"].groupby(["latent_class", "item", "category"]).sum(), 0, atol=1e-12)
    mean = profiles["probability"].groupby(["latent_class", "item", "category"]).transform("mean")
    np.testing.assert_allclose(profiles["deviation"], profiles["probability"] - mean, atol=1e-12)
    row = found.items.loc["c"]
    same = profiles.loc[(row["group"], row["class"], "c", row["category"])]
    assert same["deviation"] == row["deviation"]
    assert same["deviation_lower"] == row["deviation_lower"]
    assert profiles["deviation"].abs().max() == abs(row["deviation"])


def test_shares_are_those_of_the_groups(found):
    """The larger class, of those who say no, is 55 % of the north and 75 % of the south."""
    assert found.shares.loc["north", "share"].sum() == pytest.approx(1)
    for place, truth in (("north", 0.55), ("south", 0.75)):
        row = found.shares.loc[(place, "C1")]
        assert row["lower"] < truth < row["upper"]


def test_categories_that_items_do_not_have_are_left_out():
    frame = answers(n=400)
    frame["e"] = pd.Categorical(np.where(frame["e"] == 1, "often", "never"), ["never", "often"])
    rng = np.random.default_rng(1)
    frame["d"] = np.where(rng.random(400) < 0.3, 2, frame["d"])
    frame.loc[5, "a"] = np.nan
    with pytest.warns(bl.ConvergenceWarning, match="effective draws"):
        table = bl.partial_invariance(bl.Items(ITEMS), frame, "place", 2, draws=20, tune=20)
    categories = table.profiles.loc[("north", "C1")].reset_index().groupby("item")["category"].agg(list)
    assert categories["d"] == ["0", "1", "2"]
    assert categories["e"] == ["never", "often"]
    assert table.profiles.notna().all(axis=None)
    assert "1 answers missing" in table.items.note
    assert "do not agree yet" in table.items.note


def test_several_modes_are_not_averaged(monkeypatch):
    monkeypatch.setattr(module, "agreeing_chains", lambda quantities: np.array([0, 1, 1, 0]))
    with pytest.warns(bl.ConvergenceWarning, match=r"2 modes \(2, 2 chains each\)"):
        table = bl.partial_invariance(bl.Items(ITEMS), answers(n=300), "place", 2, draws=20, tune=5).items
    assert "2 x 20 draws" in table.note
    assert "2 modes" in table.note


def test_labels_of_draws_change_nothing(monkeypatch):
    """Every other draw with its two classes exchanged."""

    def exchanged(*args, **settings):
        found = sample_partial(*args, **settings)
        for values in (*vars(found.groups).values(), found.centre):
            if values.ndim > 3:
                axis = 3 - (values is found.centre)
                values[:, ::2] = np.flip(values[:, ::2], axis=axis)
        return found

    tables = []
    for sampler in (sample_partial, exchanged):
        monkeypatch.setattr(module, "sample_partial", sampler)
        with pytest.warns(bl.ConvergenceWarning):
            tables.append(bl.partial_invariance(bl.Items(ITEMS), answers("c"), "place", 2, draws=20, tune=5))
    for name in ("items", "profiles", "shares"):
        pd.testing.assert_frame_equal(*(pd.DataFrame(getattr(table, name)) for table in tables))


def test_order_of_rows_changes_nothing():
    frame, tables = answers("c"), []
    for rows in (frame, frame.sample(frac=1, random_state=2)):
        with pytest.warns(bl.ConvergenceWarning):
            tables.append(bl.partial_invariance(bl.Items(ITEMS), rows, "place", 2, draws=20, tune=5))
    pd.testing.assert_frame_equal(pd.DataFrame(tables[0].profiles), pd.DataFrame(tables[1].profiles))
    pd.testing.assert_frame_equal(pd.DataFrame(tables[0].items), pd.DataFrame(tables[1].items))


def test_order_of_groups_changes_no_more_than_chance(found):
    """Names put groups in another order, so that they draw other random numbers."""
    frame = answers("c", n=1200)
    frame["place"] = frame["place"].map({"north": "2 up", "south": "1 down"})
    other = bl.partial_invariance(bl.Items(ITEMS), frame, "place", 2, **SHORT)
    renamed = other.profiles.rename(index={"2 up": "north", "1 down": "south"}).loc[found.profiles.index]
    width = (found.profiles["upper"] - found.profiles["lower"]) / 3.92
    error = width * np.sqrt(1 / found.profiles["ess_bulk"] + 1 / renamed["ess_bulk"])
    assert (np.abs(renamed["probability"] - found.profiles["probability"]) < 4.5 * error).all()


def test_prior_holds_groups_together_or_lets_them_go(found):
    means = []
    for sigma in (0.02, 0.3):
        sd = bl.HalfNormal(sigma=sigma)
        with pytest.warns(bl.ConvergenceWarning):
            short = bl.partial_invariance(bl.Items(ITEMS), answers("c", n=1200), "place", 2, sd=sd, draws=60, tune=20)
        assert f"HalfNormal(sigma={sigma})" in short.items.note
        means.append(short.items.loc["c", "sd"])
    assert means[0] < found.items.loc["c", "sd"] < means[1]


@pytest.mark.parametrize("workflow", [bl.partial_invariance, bl.measurement_invariance])
def test_what_cannot_be_compared(workflow):
    frame, items = answers(n=60), bl.Items(ITEMS)
    with pytest.raises(ValueError, match=r"unknown group column\(s\) 'ward'"):
        workflow(items, frame, "ward", 2)
    with pytest.raises(ValueError, match="'place' is missing in 1 of 60 rows"):
        workflow(items, frame.assign(place=[None, *frame["place"][1:]]), "place", 2)
    with pytest.raises(ValueError, match="'place'"):
        workflow(items, frame.assign(place="here"), "place", 2)
    few = frame.assign(place=["other", *["here"] * 59])
    with pytest.raises(ValueError, match=r"fewer respondents than the 2 classes: \{'other': 1\}"):
        workflow(items, few, "place", 2)
    with pytest.raises(ValueError, match="n_classes=1: n_classes is a whole number from 2 on"):
        workflow(items, frame, "place", 1)
    with pytest.raises(ValueError, match="draws=0: draws is a whole number from 10 on"):
        workflow(items, frame, "place", 2, draws=0)
    with pytest.raises(ValueError, match="nominal items only"):
        workflow(bl.OrdinalItems(ITEMS), frame, "place", 2)


@pytest.mark.parametrize("tolerance", [0, 0.5, np.nan, -0.1])
def test_tolerance_is_a_standard_deviation(tolerance):
    with pytest.raises(ValueError, match=r"lies between 0 and 0\.5"):
        bl.partial_invariance(bl.Items(ITEMS), answers(n=60), "place", 2, tolerance=tolerance)


@pytest.mark.slow
def test_planted_difference_has_the_largest_deviation():
    """40 surveys of 2200: one item of one class differs by .2 between lead and member hospitals."""
    settings = {"draws": 200, "tune": 60, "chains": 2}
    largest, exceeds, others = [], [], []
    for seed in range(40):
        with pytest.warns(bl.ConvergenceWarning):
            items = bl.partial_invariance(COHORT, planted(seed), "role", 3, **settings).items
        largest.append(items["sd"].idxmax() == "training" and items["deviation"].abs().idxmax() == "training")
        exceeds.append(items.loc["training", "p_exceeds"])
        others.extend(items["p_exceeds"].drop("training"))
    print(
        f"\nlargest in {np.mean(largest):.1%}; p_exceeds {np.quantile(exceeds, [0, 0.1, 0.5]).round(2)} (least, 10 %, "
    )
    print(f"median), of the other items {np.quantile(others, [0.5, 0.9, 0.95, 1]).round(2)} (median, 90, 95, 100 %)")
    assert np.mean(largest) >= 0.9
    assert np.median(exceeds) > 0.8
    assert np.median(others) < 0.2
    assert np.mean(np.array(others) > 0.8) <= 0.05


@pytest.mark.slow
def test_shares_alone_make_no_deviations():
    """20 surveys of 2200 whose roles have other class shares, and the same profiles."""
    exceeds, deviations, covered = [], [], []
    for seed in range(20):
        survey, truth = bl.simulate_cohort(seed=seed)
        keep = np.random.default_rng(seed).random(len(survey)) < np.array([0.4, 0.7, 1.0])[truth.latent_class]
        survey = survey[keep | (survey["role"] == "member").to_numpy()]
        with pytest.warns(bl.ConvergenceWarning):
            found = bl.partial_invariance(COHORT, survey, "role", 3, draws=200, tune=60, chains=2)
        exceeds.extend(found.items["p_exceeds"])
        deviations.extend(found.items["deviation"].abs())
        covered.extend((found.profiles["deviation_lower"] <= 0) & (found.profiles["deviation_upper"] >= 0))
    print(f"\np_exceeds {np.quantile(exceeds, [0.5, 0.95, 1]).round(2)} (median, 95, 100 %), largest deviation")
    print(f"{np.quantile(deviations, [0.5, 0.95, 1]).round(3)}, 0 covered by {np.mean(covered):.1%} of intervals")
    assert np.median(exceeds) < 0.2
    assert np.mean(np.array(exceeds) > 0.8) <= 0.05
    assert np.quantile(deviations, 0.95) < 0.06
    assert np.mean(covered) > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("by", ["role", "city", "group"])
def test_cohort_converges_whatever_the_groups(by):
    """Without a warning; items answered alike in all groups do not exceed the tolerance for sure."""
    found = bl.partial_invariance(COHORT, bl.load_cohort(), by, 3)
    print(f"\n{by}: {found.items}")
    assert found.items["ess_bulk"].min() > 400
    assert found.items["r_hat"].max() < 1.01
    assert found.items["p_exceeds"].max() < 0.5
