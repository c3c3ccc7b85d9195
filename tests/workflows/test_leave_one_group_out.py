"""Every group predicted by a fit that has not seen it."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.models import Multinomial
from bayes_lca.workflows import leave_one_group_out

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
