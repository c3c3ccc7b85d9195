"""Reliability of a sum: by hand, against published figures, known loadings and a general optimiser."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from bayes_lca.posterior.columns.one_factor import fit_one_factor
from bayes_lca.posterior.columns.pairs_of_items import one_factor_of_pairs, pairwise_covariances
from bayes_lca.posterior.columns.reliability import coefficients, covariances, reliability

# Answers of 12 people to 11 questions, from a worked example of Cronbach's alpha (real-statistics.com, "Cronbach's
# alpha"; with these gaps in the data sets of Pingouin). The R package psych and Pingouin give 0.8016949152542373 for
# the nine complete rows.
WORKED_EXAMPLE = """1 1 1 1 1 1 1 1 1 1 1
1 1 1 1 1 1 1 1 0 1 0
. 0 1 1 . 1 1 1 1 0 0
1 1 1 0 1 1 0 1 1 0 0
1 1 1 1 1 0 0 0 1 0 0
0 1 . 0 1 1 1 1 0 0 0
1 1 1 1 0 0 1 0 0 0 0
1 1 1 1 1 0 0 0 0 0 0
0 1 0 1 1 0 0 0 0 1 0
1 0 0 1 0 1 0 0 . 0 0
1 1 1 0 0 0 0 0 0 0 0
1 0 0 1 0 0 0 0 0 0 0"""
ITEMS = ["a", "b", "c", "d"]
LEVELS = ["decrease", "no change", "increase"]


@pytest.fixture(scope="module")
def survey():
    """Three categories of one score per person; ``d`` runs the other way, some answers are missing."""
    rng = np.random.default_rng(2)
    score = rng.normal(size=(300, 1)) * [1.0, 0.9, 0.6, -0.8] + rng.normal(size=(300, 4))
    codes = np.digitize(score, [-0.7, 0.5])
    given = codes.copy()
    given[:7, 0] = given[5:9, 1] = -1
    levels = pd.CategoricalDtype(LEVELS, ordered=True)
    frame = pd.DataFrame({name: pd.Categorical.from_codes(given[:, j], dtype=levels) for j, name in enumerate(ITEMS)})
    return frame, codes


def test_published_alpha():
    rows = [line.split() for line in WORKED_EXAMPLE.splitlines()]
    frame = pd.DataFrame(rows, columns=[f"Q{j + 1}" for j in range(11)]).replace(".", None).astype("Int64")
    score = frame.dropna().to_numpy(dtype=float)
    assert len(score) == 9
    estimate, _ = coefficients(np.cov(score.T))
    assert estimate[0] == pytest.approx(0.8016949152542373)
    with pytest.raises(ValueError, match="9 of 12 respondents answered all 11 items, which are too few"):
        reliability(list(frame), frame)
    twice = pd.concat([frame, frame], ignore_index=True)
    table = reliability(list(frame), twice, resamples=50)
    assert table.loc[("alpha", "all"), "estimate"] == pytest.approx(0.8016949152542373)
    assert (table["n"] == 18).all()


def test_coefficients_by_hand(survey):
    frame, codes = survey
    kept = codes[9:].astype(float) * [1, 1, 1, -1]
    table = reliability(ITEMS, frame, reversed=["d"], resamples=50)["estimate"]

    def alpha(score):
        total = score.sum(axis=1).var(ddof=1)
        return score.shape[1] / (score.shape[1] - 1) * (1 - score.var(axis=0, ddof=1).sum() / total)

    assert table[("alpha", "all")] == pytest.approx(alpha(kept))
    for j, item in enumerate(ITEMS):
        rest = np.delete(kept, j, axis=1)
        assert table[("item-rest correlation", item)] == pytest.approx(np.corrcoef(kept[:, j], rest.sum(axis=1))[0, 1])
        assert table[("alpha if dropped", item)] == pytest.approx(alpha(rest))


def test_omega_of_known_loadings():
    loading, uniqueness = np.array([0.9, 0.7, 0.5, -0.3, 0.8]), np.array([0.3, 0.5, 0.9, 1.2, 0.4])
    found = fit_one_factor(np.outer(loading, loading) + np.diag(uniqueness))
    np.testing.assert_allclose(found[0] * np.sign(found[0][0]), loading, atol=1e-6)
    np.testing.assert_allclose(found[1], uniqueness, atol=1e-6)
    estimate, _ = coefficients(np.outer(loading, loading) + np.diag(uniqueness))
    assert estimate[1] == pytest.approx(loading.sum() ** 2 / (loading.sum() ** 2 + uniqueness.sum()))
    assert estimate[1] > estimate[0] + 0.02  # alpha falls short of it


def test_equal_loadings_make_omega_alpha():
    covariance = np.full((4, 4), 0.36) + np.diag([0.2, 0.5, 0.7, 1.1])
    estimate, _ = coefficients(covariance)
    assert estimate[0] == pytest.approx(estimate[1], abs=1e-8)
    assert estimate[0] == pytest.approx(16 * 0.36 / (16 * 0.36 + 2.5))


def test_one_factor_is_the_maximum_of_the_likelihood(survey):
    covariance = np.cov(survey[1].T)

    def deviance(parameters):
        implied = np.outer(parameters[:4], parameters[:4]) + np.diag(np.exp(parameters[4:]))
        return np.linalg.slogdet(implied)[1] + np.trace(np.linalg.solve(implied, covariance))

    known = minimize(deviance, np.r_[0.5, 0.5, 0.5, -0.5, np.log(np.diag(covariance) / 2)], method="BFGS", tol=1e-10)
    loading, uniqueness, _ = fit_one_factor(covariance)
    np.testing.assert_allclose(loading * np.sign(loading[0]), known.x[:4], atol=1e-4)
    np.testing.assert_allclose(uniqueness, np.exp(known.x[4:]), atol=1e-4)


def test_an_item_without_error_keeps_a_little():
    score = np.random.default_rng(1).normal(size=(50, 4))
    score[:, 1:] += score[:, :1]
    covariance = np.cov(score.T)
    covariance[0, 1:] = covariance[1:, 0] = 1.2 * covariance[0, 1:]
    loading, uniqueness, _ = fit_one_factor(covariance)
    assert uniqueness[0] == pytest.approx(0.005 * covariance[0, 0])
    assert np.isfinite(loading).all()


def test_many_matrices_as_one_by_one(survey):
    rng = np.random.default_rng(4)
    score, weight = survey[1].astype(float), rng.multinomial(300, np.full(300, 1 / 300), size=5) / 300
    many = covariances(score, weight)
    for one, of_one in zip(many, weight, strict=True):
        np.testing.assert_allclose(one, np.cov(score.T, aweights=of_one, ddof=0))
    together, _ = coefficients(many)
    np.testing.assert_allclose(together, [coefficients(one)[0] for one in many], atol=1e-6)


def test_intervals_are_percentiles_of_resampled_respondents(survey):
    """Against a bootstrap that draws rows, within the Monte Carlo error of both ends."""
    frame, codes = survey
    kept, rng = codes[9:].astype(float) * [1, 1, 1, -1], np.random.default_rng(8)
    resampled = np.array([np.cov(kept[rng.integers(len(kept), size=len(kept))].T) for _ in range(1000)])
    values, _ = coefficients(resampled)
    table = reliability(ITEMS, frame, reversed=["d"], ci_prob=0.8)
    for end, tail in (("lower", 0.1), ("upper", 0.9)):
        known = np.quantile(values, tail, axis=0)
        below = np.abs((values <= table[end].to_numpy()).mean(axis=0) - tail)
        assert (below < 4 * np.sqrt(2 * 0.1 * 0.9 / 1000)).all()
        assert (np.sign(table[end] - table["estimate"]) == np.sign(tail - 0.5)).all(), known


def test_intervals_hold_alpha_and_omega():
    loading, uniqueness = np.array([0.9, 0.7, 0.5, 0.8]), np.array([0.5, 0.5, 0.9, 0.4])
    covariance = np.outer(loading, loading) + np.diag(uniqueness)
    truth, n = coefficients(covariance)[0], 250
    normal = multivariate_normal(cov=covariance, seed=3)
    inside = []
    for _ in range(150):
        score = normal.rvs(n)
        weight = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), size=200) / n
        lower, upper = np.quantile(coefficients(covariances(score, weight))[0], [0.05, 0.95], axis=0)
        inside.append((lower <= truth) & (truth <= upper))
    assert (np.abs(np.mean(inside, axis=0) - 0.9) < 4 * np.sqrt(0.9 * 0.1 / 150)).all()


def test_an_item_that_runs_against_the_others_is_named(survey):
    frame, _ = survey
    as_it_is, turned = reliability(ITEMS, frame, resamples=50), reliability(ITEMS, frame, reversed=["d"], resamples=50)
    value = as_it_is.loc[("item-rest correlation", "d"), "estimate"]
    assert value < -0.2
    assert f"against the other items: 'd' ({value:.2f})" in as_it_is.note
    assert "against" not in turned.note
    assert "turned round: 'd'" in turned.note
    assert turned.loc[("alpha", "all"), "estimate"] > as_it_is.loc[("alpha", "all"), "estimate"] + 0.2
    everything = reliability(ITEMS, frame, reversed=["a", "b", "c"], resamples=50)
    np.testing.assert_allclose(everything["estimate"], turned["estimate"])


def test_missing_answers_are_counted(survey):
    frame, _ = survey
    table = reliability(ITEMS, frame, resamples=50)
    assert (table["n"] == 291).all()
    assert "n = 291 with all answers; 9 of 300 respondents lack answers and are left out" in table.note
    assert "95 % percentile intervals from 50 bootstrap samples" in table.note
    assert "answers count as numbers in equal steps" in table.note


def test_numbers_count_as_they_are_and_categories_by_position(survey):
    frame, codes = survey
    numbers = pd.DataFrame(codes, columns=ITEMS).iloc[9:]
    expected = reliability(ITEMS, frame, resamples=50)
    np.testing.assert_allclose(reliability(ITEMS, numbers, resamples=50)["estimate"], expected["estimate"])
    apart = reliability(ITEMS, numbers.replace({2: 5}), resamples=50)["estimate"]
    score = np.where(codes[9:] == 2, 5, codes[9:])
    np.testing.assert_allclose(apart, coefficients(np.cov(score.T))[0], atol=1e-7)
    assert abs(apart.iloc[0] - expected["estimate"].iloc[0]) > 0.001


def test_order_of_rows_and_kind_of_frame_do_not_matter(survey):
    frame, _ = survey
    expected = reliability(ITEMS, frame, resamples=50)
    pd.testing.assert_frame_equal(reliability(ITEMS, frame.sample(frac=1, random_state=3), resamples=50), expected)
    polar = pl.from_pandas(frame.astype(object)).with_columns(pl.col(ITEMS).cast(pl.Enum(LEVELS)))
    pd.testing.assert_frame_equal(reliability(ITEMS, polar, resamples=50), expected)
    assert reliability(ITEMS, frame, resamples=50, seed=2).loc[("alpha", "all"), "lower"] != expected["lower"].iloc[0]


def test_samples_in_which_an_item_does_not_vary_are_left_out(survey):
    _, codes = survey
    rare = pd.DataFrame(codes, columns=ITEMS).assign(c=(np.arange(300) == 4).astype(int))
    table = reliability(ITEMS, rare, resamples=400)
    left_out = int(table.note.split(" bootstrap samples")[0].rsplit(" ", 1)[1])
    assert abs((400 - left_out) / 400 - np.exp(-1)) < 4 * np.sqrt(0.37 * 0.63 / 400)  # nobody with the one answer
    assert f"({400 - left_out} more, in which an item did not vary, left out)" in table.note
    assert np.isfinite(table).all(axis=None)


@pytest.mark.parametrize(
    ("items", "options", "message"),
    [
        ("a", {}, "items='a' is one text; pass a list"),
        (["a", "b"], {}, r"2 item\(s\) given, 'a', 'b'; reliability of a sum takes at least 3"),
        (["a", "b", "f"], {}, r"unknown item column\(s\) 'f'"),
        (["a", "b", "c"], {"reversed": ["d"]}, "reversed names 'd', not among the items: 'a', 'b', 'c'"),
        (["a", "b", "c"], {"reversed": "a"}, "reversed='a' is one text"),
        (["a", "b", "text"], {}, r"order of categories, which nobody declared for item\(s\) 'text' of 300 rows"),
        (["a", "b", "spent"], {}, r"item\(s\) 'spent' have one answer only among the 291 of 300 respondents"),
        (["a", "b", "empty"], {}, "item 'empty' has no answer in any of 300 rows"),
        (["a", "b", "c"], {"ci_prob": 95}, "ci_prob=95"),
        (["a", "b", "c"], {"resamples": 1}, "resamples=1"),
        (["a", "b", "c"], {"seed": -1}, "seed=-1"),
    ],
)
def test_items_that_cannot_be_summed(survey, items, options, message):
    frame, _ = survey
    frame = frame.assign(text=np.array(["x", "y", "z"])[np.arange(300) % 3], spent=[2, *[1] * 299], empty=None)
    with pytest.raises(ValueError, match=message):
        reliability(items, frame, **options)


# Items in booklets


def booklets(n, seed=3):
    """Six items with one factor; everybody is asked four of them, first and last never together."""
    rng = np.random.default_rng(seed)
    loading = np.array([0.9, 0.8, 0.7, 0.6, 0.8, 0.7])
    score = rng.normal(size=(n, 1)) * loading + rng.normal(size=(n, 6)) * np.sqrt(1 - loading**2)
    codes = np.digitize(score, [-1.0, -0.3, 0.3, 1.0]).astype(float)
    asked = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 0], [0, 1, 1, 0, 1, 1], [0, 0, 1, 1, 1, 1]], dtype=bool)
    seen = np.where(asked[np.arange(n) % 4], codes, np.nan)
    names = [f"q{j}" for j in range(6)]
    return pd.DataFrame(seen, columns=names).astype("Int64"), pd.DataFrame(codes.astype(int), columns=names)


def test_pairs_that_were_asked_make_up_for_complete_rows():
    seen, complete = booklets(12000)
    table = reliability(list(seen), seen, resamples=40)
    whole = reliability(list(complete), complete, resamples=40)
    np.testing.assert_allclose(table["estimate"], whole["estimate"], atol=0.02)
    assert (table["lower"] < table["estimate"]).all()
    assert (table["n"] == 12000).all()
    assert "0 of 12000 respondents answered all items: covariances are those of 14 pairs of items" in table.note
    assert "those of 1 pairs that were not asked together" in table.note


def test_covariance_of_a_pair_is_that_of_those_who_answered_both():
    seen, _ = booklets(400)
    values = seen.to_numpy(dtype=float, na_value=np.nan)
    covariance, together = pairwise_covariances(values, np.ones((1, 400)))
    expected = seen.astype(float).cov().to_numpy() * (together[0] - 1) / np.maximum(together[0], 1)
    np.testing.assert_allclose(covariance[0][together[0] > 0], expected[together[0] > 0], atol=1e-12)
    assert together[0, 0, 5] == 0
    assert together[0, 1, 2] == 200


def test_coefficients_of_pairs_by_hand():
    """One factor without error of sampling: exact covariances give back loadings, and alpha of the whole matrix."""
    loading = np.array([0.9, 0.5, 0.7, 0.6])
    covariance = np.outer(loading, loading)
    np.fill_diagonal(covariance, 1.0)
    asked = ~np.eye(4, dtype=bool)
    asked[0, 3] = asked[3, 0] = False
    found, uniqueness, converged = one_factor_of_pairs(
        np.where(asked | np.eye(4, dtype=bool), covariance, 9.0)[None], asked[None]
    )
    np.testing.assert_allclose(found[0], loading, atol=1e-5)
    np.testing.assert_allclose(uniqueness[0], 1 - loading**2, atol=1e-5)
    assert converged.all()


def test_booklets_without_links_are_refused():
    seen, _ = booklets(400)
    with pytest.raises(ValueError, match=r"item\(s\) 'q4', 'q5' were answered together with the others"):
        apart = seen.copy()
        apart.loc[apart[["q4", "q5"]].notna().any(axis=1), ["q0", "q1", "q2", "q3"]] = pd.NA
        reliability(list(apart), apart)
