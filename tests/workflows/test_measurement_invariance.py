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
    assert found.index.tolist() == ["none", *ITEMS, "all"]
    assert found["elpd"].idxmax() == "c"
    assert found.loc["c", "elpd_difference"] > found.loc["c", "elpd_difference_se"]
    assert found["p_value"].drop(["none", "all"]).idxmin() == "c"
    assert found.loc["c", "p_value"] == 1 / 601
    assert found.loc["c", "distance"] > 2 * found.loc["c", "expected"]
    assert found.loc["c", "lower"] < 0.18 < found.loc["c", "upper"]
    assert (found["p_value"].drop(["none", "c", "all"]) > 0.01).all()
    assert found.loc["none", ["elpd_difference", "elpd_difference_se"]].tolist() == [0, 0]
    assert found.loc["none", ["distance", "lower", "upper", "expected", "p_value"]].isna().all()
    assert "n = 900 (place: north " in found.note
    assert "4 x 150 draws of a Gibbs sampler for each of 7 models of 2 classes" in found.note


def test_order_of_rows_and_names_of_groups_change_nothing(found):
    frame = answers("c").sample(frac=1, random_state=2)
    frame["place"] = pd.Categorical(frame["place"].map({"north": "1 up", "south": "2 down"}))
    again = bl.measurement_invariance(bl.Items(ITEMS), frame, "place", 2, **SHORT)
    np.testing.assert_allclose(again.to_numpy(), found.to_numpy(), atol=1e-9)


def test_p_values_of_equal_profiles_are_near_uniform():
    p = [
        bl.measurement_invariance(bl.Items(ITEMS), answers(seed=10 + seed, n=500), "place", 2, **SHORT)["p_value"]
        for seed in range(8)
    ]
    of_items = pd.concat(p).drop(["none", "all"])
    assert len(of_items) == 40
    assert (of_items < 0.05).sum() <= 7  # above it with probability 0.001
    assert 0.3 < of_items.mean() < 0.7


def test_three_groups_and_numbers_as_groups():
    frame = answers("a", n=700, groups=(1, 2, 3))
    table = bl.measurement_invariance(bl.Items(ITEMS), frame, "place", 2, **SHORT)
    assert table["p_value"].drop(["none", "all"]).idxmin() == "a"
    assert "(place: 1 " in table.note


def test_what_cannot_be_compared():
    frame, items = answers(n=60), bl.Items(ITEMS)
    with pytest.raises(ValueError, match=r"unknown group column\(s\) 'ward'"):
        bl.measurement_invariance(items, frame, "ward", 2)
    with pytest.raises(ValueError, match="'place' is missing in 1 of 60 rows"):
        bl.measurement_invariance(items, frame.assign(place=[None, *frame["place"][1:]]), "place", 2)
    with pytest.raises(ValueError, match="'place'"):
        bl.measurement_invariance(items, frame.assign(place="here"), "place", 2)
    few = frame.assign(place=["other", *["here"] * 59])
    with pytest.raises(ValueError, match=r"fewer respondents than the 2 classes: \{'other': 1\}"):
        bl.measurement_invariance(items, few, "place", 2)
    with pytest.raises(ValueError, match="n_classes=1: n_classes is a whole number from 2 on"):
        bl.measurement_invariance(items, frame, "place", 1)
    with pytest.raises(ValueError, match="nominal items only"):
        bl.measurement_invariance(bl.OrdinalItems(ITEMS), frame, "place", 2)
