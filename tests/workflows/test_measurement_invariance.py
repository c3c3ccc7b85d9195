"""Groups that answer an item alike, or not."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl

ITEMS = list("abcde")
SHORT = {"draws": 150, "tune": 60}


def answers(moved=None, n=900, seed=1, groups=("north", "south")):
    """Two classes of different size in each group; one item of the last group answered in another way."""
    rng = np.random.default_rng(seed)
    group = rng.integers(len(groups), size=n)
    latent = (rng.random(n) < 0.35 + 0.25 * (group == 0)).astype(int)
    yes = np.where(latent[:, None] == 1, 0.8, 0.2) * np.ones(len(ITEMS))
    if moved is not None:
        yes[group == len(groups) - 1, ITEMS.index(moved)] += 0.18 * (1 - 2 * latent[group == len(groups) - 1])
    frame = pd.DataFrame((rng.random((n, len(ITEMS))) < yes).astype(int), columns=ITEMS)
    return frame.assign(place=np.array(groups)[group])


@pytest.fixture(scope="module")
def found():
    return bl.measurement_invariance(bl.Items(ITEMS), answers("c"), "place", 2, **SHORT)


def test_item_that_differs_is_found(found):
    assert found.index.tolist() == ["none", *ITEMS, "partial", "all"]
    assert found["elpd"].idxmax() == "c"
    assert found.loc["c", "elpd_difference"] > found.loc["c", "elpd_difference_se"]
    assert found["p_value"].drop(["none", "partial", "all"]).idxmin() == "c"
    assert found.loc["c", "p_value"] == 1 / 601
    assert found.loc["c", "distance"] > 2 * found.loc["c", "expected"]
    assert found.loc["c", "lower"] < 0.18 < found.loc["c", "upper"]
    assert (found["p_value"].drop(["none", "c", "partial", "all"]) > 0.01).all()
    assert found.loc["none", ["elpd_difference", "elpd_difference_se"]].tolist() == [0, 0]
    assert found.loc["none", ["distance", "lower", "upper", "expected", "p_value"]].isna().all()
    assert "n = 900 (place: north " in found.note
    assert "4 x 150 draws of a Gibbs sampler for each of 8 models of 2 classes" in found.note


def test_order_of_rows_and_names_of_groups_change_nothing(found):
    frame = answers("c").sample(frac=1, random_state=2)
    frame["place"] = pd.Categorical(frame["place"].map({"north": "1 up", "south": "2 down"}))
    again = bl.measurement_invariance(bl.Items(ITEMS), frame, "place", 2, **SHORT)
    np.testing.assert_allclose(again.to_numpy(), found.to_numpy(), atol=1e-9)


@pytest.mark.slow
def test_p_values_of_equal_profiles_are_near_uniform():
    p = [
        bl.measurement_invariance(bl.Items(ITEMS), answers(seed=10 + seed, n=500), "place", 2, **SHORT)["p_value"]
        for seed in range(8)
    ]
    of_items = pd.concat(p).drop(["none", "partial", "all"])
    assert len(of_items) == 40
    assert (of_items < 0.05).sum() <= 7  # above it with probability 0.001
    assert 0.3 < of_items.mean() < 0.7


def test_three_groups_and_numbers_as_groups():
    frame = answers("a", n=700, groups=(1, 2, 3))
    table = bl.measurement_invariance(bl.Items(ITEMS), frame, "place", 2, **SHORT)
    assert table["p_value"].drop(["none", "partial", "all"]).idxmin() == "a"
    assert "(place: 1 " in table.note


def test_all_items_shrunken_predict_between_none_and_all(found):
    """Hardly worse than equal profiles where they hold, better where one item differs; distances are shrunken."""
    assert found.loc["partial", "elpd"] > found.loc["none", "elpd"]
    assert found.loc["partial", "elpd"] > found.loc["all", "elpd"]
    assert found.loc["partial", "distance"] < found.loc["all", "distance"]
    assert found.loc["partial", ["expected", "p_value"]].isna().all()
    assert found.loc["partial", ["distance", "lower", "upper"]].notna().all()


def test_item_with_the_name_of_a_model():
    frame = answers(n=60).rename(columns={"b": "partial", "c": "all"})
    with pytest.raises(ValueError, match=r"item\(s\) 'partial', 'all' have the name of a model"):
        bl.measurement_invariance(bl.Items(["a", "partial", "all"]), frame, "place", 2)


@pytest.mark.slow
def test_partial_loses_nothing_where_profiles_are_equal():
    """Lead and member hospitals of the cohort: within noise of equal profiles, and better than all items free."""
    table = bl.measurement_invariance(bl.Items(bl.cohort_items()), bl.load_cohort(), "role", 3, draws=500)
    print(f"\n{table}")
    assert abs(table.loc["partial", "elpd_difference"]) < 2 * table.loc["partial", "elpd_difference_se"] + 1
    assert table.loc["partial", "elpd"] > table.loc["all", "elpd"]


def test_items_that_a_group_was_not_asked_are_in_no_distance():
    frame = answers("c", groups=("east", "west", "south"), n=1500)
    frame["d"] = frame["d"].astype("Int64").mask(frame["place"] == "south")
    frame["e"] = frame["e"].astype("Int64").mask(frame["place"] != "south")
    table = bl.measurement_invariance(bl.Items(ITEMS), frame, "place", 2, **SHORT)
    assert "not asked, and in no distance: d of south; e of east, west" in table.note
    assert table.loc["e", ["distance", "lower", "upper", "expected", "p_value"]].isna().all()
    assert table.loc["d", "distance"] < 0.12  # equal in east and west; the prior of south is not among them
    assert table.loc["all", "distance"] < 0.2
    assert table["p_value"].idxmin() in ("c", "all")
    with pytest.warns(bl.ConvergenceWarning, match="effective draws.*take more draws"):  # few will do for what is asked
        partial = bl.partial_invariance(bl.Items(ITEMS), frame, "place", 2, draws=60, tune=30, chains=2)
    assert partial.items.loc["e", ["sd", "p_exceeds"]].isna().all()
    assert partial.items.drop("e")["sd"].notna().all()
    groups_of_d = partial.profiles.xs("d", level="item").index.get_level_values("group")
    assert set(groups_of_d) == {"east", "west"}
    assert "not asked" in partial.items.note
