"""The table of class counts against published figures, through the public function."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.special import xlogy

import bayes_lca as bl
from bayes_lca.likelihood.leave_one_out import leave_one_out
from bayes_lca.workflows.class_counts.class_posteriors import posterior_note, sample_classes

REFERENCE = Path(__file__).parents[1] / "reference"
PRINTED = 6e-5  # half a unit of the fourth decimal, and a little for the last iterations

COLUMNS = ["log_likelihood", "parameters", "AIC", "BIC", "aBIC", "entropy_r2", "smallest_class"]
PUBLISHED = {  # four decimals; entropy and smallest class where printed
    "gss82": [
        (-2872.2296, 6, 5756.4592, 5787.0096, 5767.9513, None, 1),
        (-2783.2680, 13, 5592.5360, 5658.7287, 5617.4356, 0.7033, 0.1923),
        (-2754.5454, 20, 5549.0908, 5650.9257, 5587.3978, 0.6669, 0.1723),
        (-2746.6208, 27, 5547.2416, 5684.7187, 5598.9561, 0.6649, 0.0280),
    ],
    "carcinoma": [
        (-524.4648, 7, 1062.9296, 1082.3244, 1060.1957, None, 1),
        (-317.2568, 15, 664.5137, 706.0739, 658.6552, 0.9855, 0.4988),
        (-293.7050, 23, 633.4100, 697.1357, 624.4270, 0.9257, 0.1817),
        (-289.2858, 31, 640.5717, 726.4629, 628.4643, 0.9018, 0.0936),
    ],
}


def respondents(name):
    """A published data set with one row per respondent, and its items."""
    patterns = pd.read_csv(REFERENCE / f"{name}.csv")
    items = [column for column in patterns if column != "count"]
    return patterns.loc[patterns.index.repeat(patterns["count"]), items].reset_index(drop=True), items


def simulated(n=200, seed=3):
    """Three items with 2, 3 and 4 categories from two classes."""
    rng = np.random.default_rng(seed)
    latent_class = rng.integers(2, size=n)
    return pd.DataFrame(
        {
            f"item{size}": np.where(rng.random(n) < 0.7, latent_class * (size - 1), rng.integers(size, size=n))
            for size in (2, 3, 4)
        }
    )


@pytest.fixture(scope="module")
def tables():
    return {
        name: bl.count_classes(bl.Items(items), frame, range(1, 5))
        for name, (frame, items) in {name: respondents(name) for name in PUBLISHED}.items()
    }


@pytest.mark.parametrize("n_classes", [1, 2, 3, 4])
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures(tables, name, n_classes):
    row = tables[name].loc[n_classes]
    published = dict(zip(COLUMNS, PUBLISHED[name][n_classes - 1], strict=True))
    assert row["parameters"] == published["parameters"]
    for column in ("log_likelihood", "AIC", "BIC", "aBIC", "smallest_class"):
        assert row[column] == pytest.approx(published[column], abs=PRINTED), column
    if published["entropy_r2"] is None:
        assert np.isnan(row["entropy_r2"])
    else:
        assert row["entropy_r2"] == pytest.approx(published["entropy_r2"], abs=1e-4)


@pytest.mark.parametrize(("name", "n"), [("gss82", 1202), ("carcinoma", 118)])
def test_remaining_criterion_and_starts(tables, name, n):
    table = tables[name]
    assert table.index.name == "classes"
    assert table.index.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(table["CAIC"] - table["BIC"], table["parameters"])
    np.testing.assert_allclose(table["BIC"] - table["AIC"], table["parameters"] * (np.log(n) - 2))
    assert (table["starts"] == 50).all()
    assert table["starts_at_mode"].between(1, 50).all()
    assert table["starts_at_mode"].iloc[0] == 50
    assert np.isnan(table["next_mode"].iloc[0])
    several = table["next_mode"].dropna()
    assert (several < table["log_likelihood"].loc[several.index]).all()


def test_second_best_maximum_of_gss82_is_a_published_one(tables):
    published = np.array([-2755.617, -2755.739, -2762.005, -2762.231])
    assert np.abs(tables["gss82"].loc[3, "next_mode"] - published).min() < 6e-4


def test_standard_error_of_the_smallest_share_is_a_lower_bound(tables):
    """poLCA prints .0407 for carcinoma with three classes, item probabilities estimated along."""
    errors = tables["carcinoma"]["smallest_class_se"]
    assert 0.5 * 0.0407 < errors[3] < 0.0407
    assert errors[1] == 0
    assert errors[2] == pytest.approx(np.sqrt(0.4988 * 0.5012 / 118), rel=0.05)  # classes are all but known


def test_one_class_is_independent_items():
    frame = simulated()
    table = bl.count_classes(bl.Items(list(frame)), frame, [1])
    margins = [frame[item].value_counts().to_numpy() for item in frame]
    expected = sum(xlogy(counts, counts / counts.sum()).sum() for counts in margins)
    assert table.loc[1, "log_likelihood"] == pytest.approx(expected, abs=1e-8)
    assert table.loc[1, "parameters"] == 1 + 2 + 3


def test_parameters_count_categories_that_somebody_chose():
    frame = simulated()
    declared = frame.assign(item3=pd.Categorical(frame["item3"].map({0: "a", 1: "b", 2: "c"}), list("xaybzc")))
    plain, padded = (bl.count_classes(bl.Items(list(frame)), this, [1, 2], n_starts=10) for this in (frame, declared))
    pd.testing.assert_series_equal(padded["parameters"], plain["parameters"])
    np.testing.assert_allclose(padded["log_likelihood"], plain["log_likelihood"], atol=1e-5)
    np.testing.assert_allclose(padded["BIC"], plain["BIC"], atol=1e-4)


def test_note_says_what_the_table_rests_on():
    frame = simulated(60).astype("Int64")
    frame.iloc[[0, 4], 0] = pd.NA
    frame.iloc[[4], 2] = pd.NA
    table = bl.count_classes(bl.Items(list(frame)), frame, [1], n_starts=2)
    assert table.note == "n = 60, 0 rows left out, 3 answers missing; maximum likelihood, no draws"
    assert table.note in repr(table)


def test_respondent_without_answers_takes_no_part():
    frame = simulated(120).astype("Int64")
    silent = pd.DataFrame([[pd.NA] * 3], columns=frame.columns, dtype="Int64")
    items = bl.Items(list(frame))
    without = bl.count_classes(items, frame, [2], n_starts=10)
    beside = bl.count_classes(items, pd.concat([frame, silent]), [2], n_starts=10)
    pd.testing.assert_series_equal(pd.Series(beside.loc[2]), pd.Series(without.loc[2]))
    fitted = without.loc[2]
    assert beside.loc[2, "BIC"] == pytest.approx(-2 * fitted["log_likelihood"] + 13 * np.log(120), abs=1e-6)
    assert beside.note.startswith("n = 120, 1 more without any answer take no part, 0 rows left out")


def test_order_of_rows_and_library_do_not_matter():
    frame = simulated(150)
    items = bl.Items(list(frame))
    plain = bl.count_classes(items, frame, [1, 2], n_starts=10)
    shuffled = bl.count_classes(items, frame.sample(frac=1, random_state=1), [1, 2], n_starts=10)
    polars = bl.count_classes(items, pl.DataFrame(frame.to_dict(orient="list")), [1, 2], n_starts=10)
    for other in (shuffled, polars):
        np.testing.assert_allclose(other.to_numpy(dtype=float), plain.to_numpy(dtype=float), atol=1e-8)


def test_rows_come_in_the_order_asked_for():
    frame = simulated(80)
    table = bl.count_classes(bl.Items(list(frame)), frame, [3, 1], n_starts=3)
    assert table.index.tolist() == [3, 1]
    assert (table["starts"] == 3).all()


@pytest.mark.parametrize("n_classes", [0, -2])
def test_fewer_than_one_class(n_classes):
    frame = simulated(60)
    with pytest.raises(ValueError, match=rf"{n_classes} in classes: the number of classes is a whole number from 1 on"):
        bl.count_classes(bl.Items(list(frame)), frame, [n_classes])


def test_more_classes_than_patterns_are_refused_before_any_are_fitted(monkeypatch):
    frame = simulated(60)[["item2", "item3"]]
    monkeypatch.setattr("bayes_lca.workflows.class_counts.likelihood_counts.fit_em", None)
    with pytest.raises(ValueError, match="7 classes exceed the 6 distinct answer patterns of 60 respondents"):
        bl.count_classes(bl.Items(list(frame)), frame, range(1, 8))


@pytest.fixture(scope="module")
def with_posteriors():
    frame, items = respondents("carcinoma")
    return bl.count_classes(bl.Items(items), frame, range(1, 5), bayes=True, draws=500, tune=200)


def test_one_class_predicts_as_its_posterior_says(with_posteriors):
    """With one class the density of a respondent left out is known: every answer has (a + count) / (2 a + n) of it."""
    frame, items = respondents("carcinoma")
    n = len(frame)
    counts = {item: frame[item].map(frame[item].value_counts()).to_numpy() for item in items}
    exact = sum(np.log((1 + counts[item] - 1) / (2 + n - 1)).sum() for item in items)
    assert with_posteriors.loc[1, "elpd"] == pytest.approx(exact, abs=0.3)


def test_posterior_columns(with_posteriors):
    table = with_posteriors
    assert table["elpd"].idxmax() == 3
    assert table.loc[3, "elpd_difference"] == table.loc[3, "elpd_difference_se"] == 0
    np.testing.assert_allclose(table["elpd_difference"], table["elpd"] - table["elpd"].max(), atol=1e-9)
    assert (table["elpd_difference_se"].drop(3) > 0).all()
    assert 0.3 < table.loc[2, "smallest_share_lower"] < table.loc[2, "smallest_share_upper"] <= 0.5
    assert table.loc[3, "smallest_share_lower"] < 0.1817 < table.loc[3, "smallest_share_upper"]
    assert table.loc[1, ["smallest_share", "smallest_share_lower", "smallest_share_upper"]].tolist() == [1, 1, 1]
    assert (table["modes"] == 1).all()
    assert (table["r_hat"] < 1.05).all()
    assert "4 x 500 draws of a Gibbs sampler" in table.note
    assert "no draws" not in table.note


def test_posteriors_leave_the_other_columns_alone(with_posteriors, tables):
    plain = tables["carcinoma"]
    np.testing.assert_allclose(with_posteriors[plain.columns].to_numpy(), plain.to_numpy(), atol=1e-10)


def test_chains_in_several_modes_are_counted_and_not_averaged():
    found = sample_classes(*two_towns(), 2, 1.0, 40, 10, 4, seed=1)
    assert found.n_modes > 1
    assert "chains stayed in" in posterior_note({2: found})
    own = found.draws.class_share[found.mode == found.best].min(axis=-1)
    assert found.smallest_share.shape == own.ravel().shape
    elpd = [
        leave_one_out(found.draws.log_likelihood[found.mode == m], two_towns()[1]).elpd for m in range(found.n_modes)
    ]
    assert found.loo.elpd == max(elpd)


def two_towns():
    """Answers from four classes that lie far apart; with two classes they can be paired in three ways."""
    ends = np.array([[0] * 5 + [0] * 5, [0] * 5 + [1] * 5, [1] * 5 + [0] * 5, [1] * 5 + [1] * 5])
    noisy = np.vstack([np.where(np.eye(10, dtype=bool), 1 - end, end) for end in ends])
    counts = np.concatenate([[90, 60, 40, 20], np.repeat([6, 4, 3, 2], 10)])
    return np.vstack([ends, noisy]), counts, (2,) * 10


@pytest.mark.parametrize(("name", "value"), [("draws", 2), ("tune", -1), ("chains", 1), ("draws", 1.5)])
def test_settings_of_posteriors(name, value):
    frame = simulated(60)
    with pytest.raises(ValueError, match=rf"{name}={value}: {name} is a whole number from \d+ on"):
        bl.count_classes(bl.Items(list(frame)), frame, [1], bayes=True, **{name: value})
