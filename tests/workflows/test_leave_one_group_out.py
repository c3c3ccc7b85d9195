"""Every group predicted by a fit that has not seen it."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.models import Multinomial
from bayes_lca.workflows import leave_one_group_out

CITY_OF_GROUP = np.repeat(["east", "west"], [2, 4])
SHORT = {"draws": 200, "tune": 200, "target_accept": 0.8, "progressbar": False}


@pytest.fixture(scope="module")
def frame():
    """Each group has the same values of x, so that the prior's scale is the same with and without it."""
    rng = np.random.default_rng(4)

    x = np.tile(np.linspace(-1, 1, 20), 6)
    group = np.repeat(np.arange(6), 20)
    outcome = (rng.random(120) < 1 / (1 + np.exp(-x - rng.normal(0, 0.5, 6)[group]))).astype(int)
    return pd.DataFrame({"x": x, "group": [f"g{one}" for one in group], "y": outcome})


@pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")
def test_refit_is_the_fit_without_the_group(frame, tmp_path):
    model = Multinomial("y", bl.Regression("~ x + (1 | group)"))
    found = bl.leave_one_group_out(model, frame, out=tmp_path, **SHORT)
    assert list(found.elpd.index) == [f"g{one}" for one in range(6)]
    assert (found.elpd["n"] == 20).all() and np.isfinite(found.elpd["elpd"]).all()
    kept = sorted(tmp_path.glob("*.nc"))
    assert len(kept) == 6
    written = [path.stat().st_mtime_ns for path in kept]
    again = bl.leave_one_group_out(model, frame, out=tmp_path, **SHORT)
    pd.testing.assert_frame_equal(again.elpd, found.elpd)
    assert [path.stat().st_mtime_ns for path in kept] == written
    without = bl.load(kept[2])
    assert without.attrs["left_out"] == "g2"
    fresh = bl.fit(model, frame[frame["group"] != "g2"], **SHORT, until=None)
    ours, theirs = (bl.odds_ratios(one).iloc[0] for one in (without, fresh))
    error = np.hypot(*(one["sd"] / np.sqrt(one["ess_bulk"]) for one in (ours, theirs)))
    assert abs(ours["log_odds"] - theirs["log_odds"]) < 4 * error
    # without data the group's intercept is as uncertain as the spread between groups
    assert (
        without["posterior"]["group_effect"].sel(group="g2").std()
        > 1.5 * without["posterior"]["group_effect"].sel(group="g0").std()
    )


@pytest.mark.parametrize("position", range(6))
def test_rows_of_the_group_count_zero_times(frame, position):
    prepared = Multinomial("y", bl.Regression("~ x + (1 | group)")).prepare(frame)
    data = leave_one_group_out._without(prepared, "group", position)
    inside = prepared.model["group_index"].get_value() == position
    counts = prepared.model["outcome_counts"].get_value()
    assert counts[inside].sum() == 20
    np.testing.assert_array_equal(data["outcome_counts"], np.where(inside[:, None], 0, counts))


def test_model_without_groups_is_refused(frame):
    with pytest.raises(ValueError, match="no groups to leave out"):
        bl.leave_one_group_out(Multinomial("y", bl.Regression("~ x")), frame)


@pytest.mark.parametrize(
    ("formula", "by", "told"),
    [
        ("~ (1 | group) + (1 | y)", None, r"has several groupings; say which to leave out: by='group' or another"),
        ("~ x + (1 | group)", "ward", r"by='ward' is no grouping of the model; choose one of 'group'"),
        (
            "~ x + (1 + x | group)",
            None,
            r"slopes vary by 'group'; only random intercepts .*: write \(1 \| group\)",
        ),
    ],
)
def test_groupings_that_cannot_be_left_out_are_refused(frame, formula, by, told):
    """Before anything is sampled."""
    frame = frame.assign(a=np.arange(120) % 2, b=np.arange(120) // 2 % 2, y=frame["y"].map({0: "no", 1: "yes"}))
    model = bl.LatentClass(2, bl.Items(["a", "b"]), bl.Regression(formula))
    prepared = model.prepare(frame)
    with pytest.raises(ValueError, match=told):
        leave_one_group_out._choose(prepared, by)


@pytest.mark.filterwarnings("ignore:group column 'group' has 12 groups")
def test_rows_of_a_group_without_effects_of_its_own_count_zero_times(frame):
    """Classes of groups have no intercept to draw: what is left out is the answers of the group."""
    frame = frame.assign(
        a=np.arange(120) % 2, b=np.arange(120) // 3 % 2, group=[f"g{one:02d}" for one in np.repeat(np.arange(12), 10)]
    )
    prepared = bl.LatentClass(2, bl.Items(["a", "b"]), bl.GroupClasses(2, group="group")).prepare(frame)
    (counts,) = leave_one_group_out._without(prepared, "group", 3).values()
    assert counts.sum() == 110
    group = prepared.groups["patterns"]["group_index"].to_numpy()
    assert (counts[group == 3] == 0).all()
    assert [counts[group == other].sum() for other in range(12) if other != 3] == [10] * 11


def test_rows_of_a_coarser_group_are_those_of_the_groups_within_it(frame):
    frame = frame.assign(city=np.where(frame["group"] < "g2", "east", "west"))
    prepared = Multinomial("y", bl.Regression("~ x + (1 | city/group)")).prepare(frame)
    for position, n_left in ((0, 80), (1, 40)):
        data = leave_one_group_out._without(prepared, "city", position)
        assert data["outcome_counts"].sum() == n_left
        for name in data.keys() - {"outcome_counts"}:
            known = prepared.model[name].get_value()
            gone = np.array(["west" if position else "east"]) == CITY_OF_GROUP
            assert (data[name][gone] == 0).all() and known[gone].any()
            np.testing.assert_array_equal(data[name][~gone], known[~gone])


@pytest.mark.filterwarnings("ignore")
def test_an_item_that_nobody_of_a_group_answered_has_no_share_to_predict(frame):
    """And nothing is written without a folder."""
    rng = np.random.default_rng(6)
    frame = frame[frame["group"] < "g3"].assign(a=rng.integers(0, 2, 60).astype(float), b=rng.integers(0, 2, 60))
    frame["a"] = frame["a"].mask(frame["group"] == "g1")
    model = bl.LatentClass(2, bl.Items(["a", "b"]), bl.Regression("~ (1 | group)"))
    found = bl.leave_one_group_out(model, frame, draws=40, tune=40, chains=2, progressbar=False)
    items = {group: set(part.index.get_level_values("item")) for group, part in found.calibration.groupby(level=0)}
    assert items == {"g0": {"a", "b"}, "g1": {"b"}, "g2": {"a", "b"}}
    assert found.elpd["intervals"].tolist() == [4, 2, 4]
    assert found.elpd.loc["g1", "elpd"] == pytest.approx(20 * np.log(0.5), abs=2.0)
