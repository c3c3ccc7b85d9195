"""Tables of which some fits have no bound: the rows of the others stay, and what is asked for is named."""

import re

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl

N_PERSONS, N_WAVES = 40, 2
SAID = (
    r"item 'v' \(0 in 40 of 80 rows\) does not vary among the members of a class.*ask for fewer classes.*"
    r'sd="equal".*bl\.fit, where a prior keeps variances from 0'
)
NORMAL = bl.NormalItems(["u", "v"], sd="free")


@pytest.fixture(scope="module")
def frame():
    """The first half of the persons have 0 in one of two numbers at all waves."""
    rng = np.random.default_rng(1)
    u, v = rng.normal(size=(2, N_PERSONS * N_WAVES))
    person = np.repeat(np.arange(N_PERSONS), N_WAVES)
    halves = person < N_PERSONS // 2
    return pd.DataFrame(
        {
            "person": person,
            "wave": np.tile([1, 2], N_PERSONS),
            "u": u + 2 * halves,
            "v": np.where(halves, 0.0, 5 + v),
            "a": np.where(rng.random(len(u)) < 0.5, "no", "yes"),
            "school": [f"s{each}" for each in np.arange(len(u)) % 30],
        }
    )


def of_waves(frame, items=NORMAL, **asked):
    return bl.count_wave_classes(items, frame, person="person", wave="wave", n_starts=12, **asked)


def of_groups(frame, items=NORMAL, **asked):
    return bl.count_group_classes(items, frame, group="school", n_starts=12, **asked)


def warned(function, *given, **asked):
    """The table, and the words of the warnings that its fits have no bound."""
    with pytest.warns(bl.UnboundedLikelihoodWarning) as caught:
        table = function(*given, **asked)
    assert {each.category for each in caught} == {bl.UnboundedLikelihoodWarning}
    assert {each.filename for each in caught} == {__file__}
    return table, [str(each.message) for each in caught]


def test_numbers_of_wave_classes_with_a_bound_keep_their_rows(frame):
    table, messages = warned(of_waves, frame, classes=[2, 1])
    assert table.index.tolist() == [(2, "equal"), (2, "free"), (1, "equal"), (1, "free")]
    pd.testing.assert_frame_equal(pd.DataFrame(table.loc[[1]]), pd.DataFrame(of_waves(frame, classes=1)))
    assert table.loc[2, ["log_likelihood", "BIC", "entropy_r2", "smallest_class", "next_mode"]].isna().all(axis=None)
    assert table.loc[2, "parameters"].tolist() == [1 + 2 + 8, 1 + 2 + 16]
    assert table.loc[2, "starts"].tolist() == [10, 10]
    assert table.loc[2, "starts_at_mode"].tolist() == [0, 0]
    assert "no figures for 2 equal, 2 free: the likelihood has no bound there" in table.note
    assert "BIC prefers 1 class with equal measurement" in table.note
    for message, kind in zip(messages, ("equal", "free"), strict=True):
        assert re.match(f"n_classes=2, measurement {kind} over waves: all 10 starts.*{SAID}", message)


def test_numbers_of_group_classes_with_a_bound_keep_their_rows(frame):
    table, messages = warned(of_groups, frame, classes=[1, 2], group_classes=[1, 2], profiles="both")
    assert table.index.tolist() == [("equal", 1, 1), ("equal", 2, 1), ("equal", 2, 2), ("free", 2, 2)]
    assert table["log_likelihood"].notna().tolist() == [True, False, False, False]
    alone = of_groups(frame, classes=1, group_classes=1)
    np.testing.assert_allclose(table.iloc[0].astype(float), alone.iloc[0].astype(float))
    assert table["parameters"].tolist() == [4, 1 + 8, 1 + 2 + 8, 1 + 2 + 16]
    assert "no figures for 2 and 1 equal, 2 and 2 equal, 2 and 2 free: the likelihood has no bound" in table.note
    assert re.match(f"n_classes=2, group_classes=1, profiles equal: all 10 starts.*{SAID}", messages[0])
    assert re.match("n_classes=2, group_classes=2, profiles free", messages[2])


def test_items_beside_the_one_without_a_bound_are_not_named(frame):
    mixed = bl.Mixed(bl.Items(["a"]), bl.NormalItems(["u", "v"], sd="free"))
    for function, asked in ((of_waves, {}), (of_groups, {"group_classes": 1})):
        _, messages = warned(function, frame, mixed, classes=[1, 2], **asked)
        for message in messages:
            assert re.search(f"no bound: {SAID}", message)


@pytest.mark.parametrize(
    ("fitted", "asked"),
    [
        (lambda frame: of_waves(frame, classes=2, measurement_over_time="equal"), "n_classes=2, measurement equal"),
        (
            lambda frame: of_groups(frame, classes=2, group_classes=2, profiles="free"),
            "n_classes=2, group_classes=2, profiles free",
        ),
        (
            lambda frame: bl.invariance_over_waves(
                NORMAL, frame, person="person", wave="wave", n_classes=2, n_starts=12
            ),
            "n_classes=2, measurement equal",
        ),
    ],
    ids=["waves", "groups", "invariance"],
)
def test_a_single_fit_without_a_bound_is_refused_in_words(frame, fitted, asked):
    with pytest.raises(bl.UnboundedLikelihoodError, match=f"{asked}.*{SAID}"):
        fitted(frame)


def test_invariance_keeps_the_models_with_a_bound(frame):
    """The number is 0 for half of the persons at the first wave alone, and of varying size at the second."""
    rng = np.random.default_rng(2)
    first = (frame["wave"] == 1) & (frame["v"] == 0)
    at_first = frame.assign(v=np.where(first, 0.0, rng.normal(0, 1, len(frame)) + (frame["person"] >= 20) * 9.0))
    items = bl.NormalItems(["u", "v"], sd="free")
    asked = {"person": "person", "wave": "wave", "n_classes": 2, "n_starts": 12}
    table, messages = warned(bl.invariance_over_waves, items, at_first, **asked)
    assert table.index.tolist() == ["none", "u", "v", "all"]
    gone = table["log_likelihood"].isna()
    assert gone["v"]
    assert not gone["none"]
    assert table.loc["v", "degrees_of_freedom"] == 4
    assert np.isnan(table.loc["v", "p_value"])
    assert "its best maximum was missed" not in table.note
    assert any(re.match("n_classes=2, measurement free in 'v' over waves: .*item 'v' ", each) for each in messages)
