"""Checks of pairs of items of weighted respondents: counts, covariance of the design, and how often they flag."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.checks import weighted_pairs

ITEMS = list("abcdef")
DESIGN = bl.SurveyDesign(weights="w", strata="h", cluster="cl")


def survey(seed, dependent=0.0, n_clusters=100, size=10):
    """Two classes, clusters with shares of their own, weights that go with the class; b copies a now and then."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n_clusters), size)
    share = 1 / (1 + np.exp(-rng.normal(0, 0.8, n_clusters)))
    person = rng.random(len(cluster)) < share[cluster]
    answers = (rng.random((len(cluster), 6)) < np.where(person, 0.8, 0.2)[:, None]).astype(float)
    copies = rng.random(len(cluster)) < dependent
    answers[copies, 1] = answers[copies, 0]
    answers[rng.random(answers.shape) < 0.05] = np.nan
    weight = rng.gamma(2.0, 0.5, len(cluster)) * np.where(person, 1.5, 0.7)
    return pd.DataFrame(answers, columns=ITEMS).assign(cl=cluster, h=cluster % 5, w=weight)


def fitted(frame, **settings):
    model = bl.LatentClass(2, bl.Items(ITEMS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bl.fit(model, frame, design=DESIGN, tune=100, until=None, progressbar=False, **settings)


@pytest.fixture(scope="module")
def dependent():
    return survey(1, dependent=0.4)


@pytest.fixture(scope="module")
def draws(dependent):
    return fitted(dependent, draws=40, chains=2)


def test_the_pair_that_goes_together_is_found(draws):
    check = bl.check_items(draws)
    assert check.flagged
    assert check.overall.loc["largest pair", "where"] == "a, b"
    assert check.overall.loc["either", "p_value"] == pytest.approx(min(1, 15 * check.pairs["p_value"].min()))
    assert check.patterns is None and check.groups is None
    assert "95 degrees of freedom" in check.pairs.note  # 100 clusters less 5 strata
    assert bl.plot_check_items(check).axes[0].get_title(loc="left").startswith("p-value 0.00")


def test_counts_are_weighted(draws, dependent):
    check = bl.check_items(draws)
    weight = dependent["w"] / dependent["w"].mean()
    row = check.pairs.loc[("a", "c")]
    both = dependent[["a", "c"]].notna().all(axis=1)
    there = (dependent["a"] == float(row["category_1"])) & (dependent["c"] == float(row["category_2"]))
    assert row["observed"] == pytest.approx(weight[there].sum())
    assert row["n"] == both.sum()
    item = check.items.loc["b"]
    given = dependent["b"] == float(item["category"])
    assert item["observed"] == pytest.approx(weight[given].sum())
    for table in (check.items, check.pairs):
        assert "95 % intervals by the covariance of the design" in table.note
    share = (item["observed"] - item["expected_count"]) / weight[dependent["b"].notna()].sum()
    assert item["difference"] == pytest.approx(share)


@pytest.mark.parametrize("ci_prob", [0.5, 0.95, 0.999])
def test_intervals_of_pairs_hold_zero_where_their_tests_do_not_reject(draws, ci_prob):
    """Items of two categories have one residual: its interval and its test are two ways to say the same."""
    pairs = bl.check_items(draws, ci_prob=ci_prob).pairs
    without_zero = (pairs["lower"] > 0) | (pairs["upper"] < 0)
    np.testing.assert_array_equal(without_zero, pairs["p_value"] < 1 - ci_prob)


@pytest.mark.parametrize("pair", [("a", "b"), ("a", "c"), ("e", "f")])
def test_an_interval_that_holds_as_much_as_the_p_value_leaves_ends_at_zero(draws, pair):
    """But for margins that are not freed of scores to the last digit."""
    p_value = bl.check_items(draws).pairs.loc[pair, "p_value"]
    row = bl.check_items(draws, ci_prob=1 - p_value).pairs.loc[pair]
    assert min(abs(row["lower"]), abs(row["upper"])) < 1e-3
    assert row["lower"] + row["upper"] == pytest.approx(2 * row["standardised_residual"])


def test_the_covariance_is_that_of_totals_of_clusters_within_strata(draws, dependent, monkeypatch):
    """What each respondent adds is taken from the check, and added up by loops over strata and clusters."""
    seen = []
    kept = weighted_pairs.design_information

    def noting(own, pattern, sample):
        seen.append(own)
        return kept(own, pattern, sample)

    monkeypatch.setattr(weighted_pairs, "design_information", noting)
    fit = Fit.reading(draws)
    _, _, pairs, *_ = weighted_pairs.weighted_check(fit, fit.n_draws, 1, (0.025, 0.975))  # one draw
    weight = (dependent["w"] / dependent["w"].mean()).to_numpy()
    labels = fit.labels[0]
    cells = [first + second for first in labels for second in labels]

    def total_and_variance(added):
        of_cluster, variance = [weight[dependent["cl"] == c] @ added[dependent["cl"] == c] for c in range(100)], 0.0
        for stratum in range(5):
            sums = np.array(of_cluster[stratum::5])
            variance += 20 / 19 * ((sums - sums.mean()) ** 2).sum()
        return weight @ added, variance

    for (_, row), own in zip(pairs.iterrows(), seen[: len(pairs)], strict=True):
        total, variance = total_and_variance(own @ np.kron([1, -1], [1, -1])[: own.shape[1]] / 2)
        assert row["discrepancy"] == pytest.approx(total**2 / variance, rel=1e-6)
        total_of_cell, variance_of_cell = total_and_variance(own[:, cells.index(row["category_1"] + row["category_2"])])
        assert row["standardised_residual"] == pytest.approx(total_of_cell / np.sqrt(variance_of_cell), rel=1e-6)
        assert row["p_value"] == pytest.approx(stats.f.sf(total**2 / variance, 1, 95), rel=1e-6)


def test_what_is_not_weighted_is_refused(draws, dependent):
    with pytest.raises(ValueError, match=r"group='h': items by group are of respondents who count once each"):
        bl.check_items(draws, group="h", frame=dependent)


@pytest.mark.slow
def test_models_that_are_right_are_flagged_as_often_as_said():
    """Sixty clustered, weighted surveys without and twenty with an association of two items."""
    p_values = [bl.check_items(fitted(survey(100 + s), draws=60, chains=2)).pairs["p_value"] for s in range(60)]
    smallest = np.array([min(1, 15 * each.min()) for each in p_values])
    below = np.mean([each < 0.05 for each in p_values])
    assert (smallest < 0.05).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)
    assert abs(below - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 60)  # pairs of one survey are hardly more than one
    found = [bl.check_items(fitted(survey(500 + s, 0.4), draws=60, chains=2)) for s in range(20)]
    assert np.mean([each.flagged for each in found]) > 0.6


def test_intervals_of_items_are_those_of_weighted_shares(draws, dependent):
    """Errors of a weighted share by loops over clusters within strata, and of what every fourth draw expects."""
    check = bl.check_items(draws)
    used = draws["posterior"].to_dataset().stack(sample=["chain", "draw"]).isel(sample=slice(None, None, 4))
    expected = (used["class_share"] * used["item_probability"]).sum("latent_class")
    weight = dependent["w"] / dependent["w"].mean()
    for name, row in check.items.iterrows():
        given = dependent[name].notna()
        chosen = (dependent[name] == float(row["category"])).astype(float)
        share = weight[given] @ chosen[given] / weight[given].sum()
        total = (weight * given * (chosen - share)).groupby(dependent["cl"]).sum()
        variance = sum(20 / 19 * ((each - each.mean()) ** 2).sum() for _, each in total.groupby(np.arange(100) % 5))
        of_draws = weight[given].sum() * expected.sel(item=name, category=row["category"])
        error = np.sqrt(variance + float(of_draws.var())) / weight[given].sum()
        half = error * stats.t.ppf(0.975, 95)
        assert row["upper"] - row["difference"] == pytest.approx(half, rel=1e-6)
        assert row["difference"] - row["lower"] == pytest.approx(half, rel=1e-6)
