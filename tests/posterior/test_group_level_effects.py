"""Group-level predictors: the regression between groups against exact cases, its coverage, and the table."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats
from scipy.special import softmax

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.group_predictors import group_predictors
from bayes_lca.likelihood.multinomial_logit import fit_multinomial_logit
from bayes_lca.posterior.effects.group_level_effects import group_level_effects
from bayes_lca.posterior.effects.meta_regression import group_logits, meta_regression

SIZES = np.array([429, 750, 506, 326, 165, 24])
SCORES = np.array([3.87, 8.11, 15.56, 19.96, 22.02, 28.25])
BETWEEN = np.column_stack([np.ones(6), SCORES])


def seen(codes, n_classes=3):
    """Log emission of classes that are seen."""
    return np.where(np.eye(n_classes)[codes] == 1, 0.0, -np.inf)


def with_prior(tree, **changes):
    """The prior that `fit` records, which made-up draws lack."""
    tree = tree.copy()
    tree.attrs |= {"group_sd_prior": json.dumps({"distribution": "HalfNormal", "sigma": 1.0})} | changes
    return tree


@pytest.fixture(scope="module")
def draws(made_up):
    return with_prior(made_up.draws("~ x + role + score + (1 | group)", made_up.staff(400)))


def counted_fit(rng, sd, base=(0.0, 0.1, -0.05)):
    """Group logits of three classes that are seen, from counts; the predictor is null."""
    probability = softmax(np.array(base) + sd * rng.normal(size=(6, 3)), axis=1)
    counts = np.array([rng.multinomial(n, p) for n, p in zip(SIZES, probability, strict=True)])
    return group_logits(np.repeat(np.arange(6), 3), np.empty((18, 0)), seen(np.tile(np.arange(3), 6)), counts.ravel())


def covers(logits, pairs=((1, 0), (2, 0), (2, 1))):
    """Whether the interval of a null predictor holds zero, for every contrast."""
    found = []
    for b, a in pairs:
        estimate = (logits.coefficient[b] - logits.coefficient[a])[:6]
        lower, upper = meta_regression(estimate, logits.contrast_covariance(b, a)[:6, :6], BETWEEN).interval(0.95)
        found.append(lower[1] < 0 < upper[1])
    return found


def test_equal_errors_give_ordinary_least_squares():
    """With equal and independent errors the weights do not matter: the t-interval of OLS, exactly."""
    rng = np.random.default_rng(1)
    y = 0.3 + 0.05 * SCORES + rng.normal(size=6)
    found = meta_regression(y, 0.01 * np.eye(6), BETWEEN)
    ols = stats.linregress(SCORES, y)
    assert found.coefficient[1] == pytest.approx(ols.slope)
    assert found.standard_error[1] == pytest.approx(ols.stderr)
    assert found.degrees_of_freedom == 4
    residual = y - BETWEEN @ found.coefficient
    assert found.between_sd == pytest.approx(np.sqrt(residual @ residual / 4 - 0.01))
    lower, upper = found.interval(0.9)
    assert (upper - lower)[1] == pytest.approx(2 * stats.t.ppf(0.95, 4) * ols.stderr)


def test_groups_that_agree_too_well_have_no_variance_between_them():
    """Below its degrees of freedom Q scales the interval and the variance between groups is 0."""
    rng = np.random.default_rng(2)
    y = 0.1 * SCORES + 0.01 * rng.normal(size=6)
    found = meta_regression(y, np.eye(6), BETWEEN)
    assert found.between_sd == 0
    assert found.standard_error[1] == pytest.approx(stats.linregress(SCORES, y).stderr)


def test_unequal_and_correlated_errors_weigh_the_groups():
    """Against weighted least squares at the variance at which Q equals its degrees of freedom."""
    rng = np.random.default_rng(3)
    root = rng.normal(size=(6, 6)) / 3
    covariance, y = root @ root.T + np.diag(1 / SIZES), rng.normal(size=6)
    found = meta_regression(y, covariance, BETWEEN)
    assert found.between_sd > 0
    weight = np.linalg.inv(covariance + found.between_sd**2 * np.eye(6))
    inverse = np.linalg.inv(BETWEEN.T @ weight @ BETWEEN)
    np.testing.assert_allclose(found.coefficient, inverse @ BETWEEN.T @ weight @ y, atol=1e-9)
    residual = y - BETWEEN @ found.coefficient
    assert residual @ weight @ residual == pytest.approx(4)
    np.testing.assert_allclose(found.standard_error, np.sqrt(np.diag(inverse)), rtol=1e-6)


def test_minimum_detectable_effect_would_be_seen_with_that_power():
    """The t-test of an effect that size is noncentral t; the usual formula is a little optimistic at four df."""
    found = meta_regression(np.random.default_rng(4).normal(size=6), 0.1 * np.eye(6), BETWEEN)
    effect = found.minimum_detectable(0.8, 0.95)
    np.testing.assert_allclose(effect, (2.7764451 + 0.9409646) * found.standard_error, rtol=1e-6)
    power = stats.nct.sf(stats.t.ppf(0.975, 4), 4, effect[1] / found.standard_error[1])
    assert 0.74 < power < 0.86
    assert (found.minimum_detectable(0.9, 0.95) > effect).all()


def test_logits_of_groups_are_those_of_counts_and_a_half():
    """Jeffreys' prior without covariates; nobody of the last group is in the last class."""
    rng = np.random.default_rng(5)
    index = np.repeat(np.arange(3), [200, 90, 24])
    codes = np.where(index == 2, rng.integers(0, 2, 314), rng.integers(0, 3, 314))
    logits = group_logits(index, np.empty((314, 0)), seen(codes))
    counts = np.array([np.bincount(codes[index == g], minlength=3) for g in range(3)]) + 0.5
    assert counts[2, 2] == 0.5
    for b, a in ((1, 0), (2, 0), (2, 1)):
        estimate = logits.coefficient[b] - logits.coefficient[a]
        np.testing.assert_allclose(estimate, np.log(counts[:, b] / counts[:, a]), atol=1e-6)
        expected = 1 / counts[:, b] + 1 / counts[:, a]
        np.testing.assert_allclose(np.diag(logits.contrast_covariance(b, a)), expected, rtol=1e-5)


def test_equal_rows_can_be_counted_once():
    rng = np.random.default_rng(6)
    index, x = rng.integers(0, 4, 60), rng.integers(0, 2, 60).astype(float)
    codes = rng.integers(0, 3, 60)
    rows, count = np.unique(np.column_stack([index, x, codes]), axis=0, return_counts=True)
    each = group_logits(index, x[:, None], seen(codes))
    once = group_logits(rows[:, 0].astype(int), rows[:, [1]], seen(rows[:, 2].astype(int)), count)
    np.testing.assert_allclose(each.coefficient, once.coefficient, atol=1e-6)
    for b, a in ((1, 0), (2, 1)):
        np.testing.assert_allclose(each.contrast_covariance(b, a), once.contrast_covariance(b, a), atol=1e-6)


def test_covariates_of_individuals_are_adjusted_for():
    """Large groups that differ in a covariate alone: logits differ until it is in the regression."""
    rng = np.random.default_rng(7)
    index = np.repeat(np.arange(4), 3000)
    x = rng.normal(index, 1.0)
    codes = (rng.random((len(x), 1)) > softmax(np.outer(x, [0, 0.5, 1.0]), axis=1).cumsum(axis=1)[:, :-1]).sum(axis=1)
    raw = group_logits(index, np.empty((len(x), 0)), seen(codes)).coefficient
    adjusted = group_logits(index, x[:, None], seen(codes))
    assert np.ptp(raw[2]) > 2
    error = np.sqrt(np.diag(adjusted.contrast_covariance(2, 0))[:4]).max()
    assert np.ptp(adjusted.coefficient[2, :4]) < 4 * np.sqrt(2) * error
    assert adjusted.coefficient[2, 4] == pytest.approx(1.0, abs=0.1)
    plain = fit_multinomial_logit(
        np.column_stack([np.eye(4)[index], x - x.mean()]), np.eye(3)[codes], np.ones(len(codes))
    )
    np.testing.assert_allclose(adjusted.coefficient, plain.coefficient, atol=0.02)


def test_columns_that_follow_from_groups_change_nothing():
    rng = np.random.default_rng(8)
    index, x = rng.integers(0, 4, 200), rng.normal(size=200)
    codes = rng.integers(0, 3, 200)
    alone = group_logits(index, x[:, None], seen(codes)).coefficient
    followed = np.column_stack([SCORES[index], x, x - SCORES[index]])
    np.testing.assert_allclose(group_logits(index, followed, seen(codes)).coefficient, alone, atol=1e-9)


def test_a_class_hidden_behind_certain_answers_is_a_class_seen():
    rng = np.random.default_rng(9)
    index, codes = rng.integers(0, 3, 300), rng.integers(0, 3, 300)
    certain = np.where(np.eye(3)[codes] == 1, 0.0, -60.0)
    hidden = group_logits(index, np.empty((300, 0)), certain).coefficient
    np.testing.assert_allclose(hidden, group_logits(index, np.empty((300, 0)), seen(codes)).coefficient, atol=1e-6)


def test_coverage_of_a_null_score_with_six_groups():
    """Standard deviation .35, 400 data sets: within four standard errors of .95; a normal quantile gives .87."""
    rng = np.random.default_rng(10)
    covered = np.array([covers(counted_fit(rng, 0.35)) for _ in range(400)])
    error = covered.mean(axis=1).std() / np.sqrt(400)  # contrasts of one data set are dependent
    assert covered.mean() == pytest.approx(0.95, abs=4 * error)
    assert 4 * error < 0.06


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.1, 0.35, 0.8])
@pytest.mark.parametrize("base", [(0.0, 0.1, -0.05), (0.0, 1.5, -1.0)])
def test_coverage_whatever_the_heterogeneity(sd, base):
    rng = np.random.default_rng(11)
    covered = np.array([covers(counted_fit(rng, sd, base)) for _ in range(2000)])
    error = covered.mean(axis=1).std() / np.sqrt(2000)
    assert covered.mean() == pytest.approx(0.95, abs=4 * error)


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.1, 0.35, 0.8])
def test_coverage_with_latent_classes_and_a_covariate(sd):
    """Answers of the cohort's items, emission known; the smallest group has 24 respondents."""
    from bayes_lca.datasets.cohort import ITEM_PROBABILITY

    rng, index, covered = np.random.default_rng(12), np.repeat(np.arange(6), SIZES), []
    for _ in range(200):
        x = rng.normal(size=2200)
        eta = np.outer(x, [0, 0.3, -0.3]) + (sd * rng.normal(size=(6, 3)))[index]
        latent = (rng.random((2200, 1)) > softmax(eta, axis=1).cumsum(axis=1)[:, :-1]).sum(axis=1)
        codes = (rng.random((2200, 6, 1)) > ITEM_PROBABILITY[latent].cumsum(axis=-1)[..., :-1]).sum(axis=-1)
        log_emission = np.log(ITEM_PROBABILITY)[:, np.arange(6), codes].sum(axis=-1).T
        covered.append(covers(group_logits(index, x[:, None], log_emission)))
    error = np.mean(covered, axis=1).std() / np.sqrt(200)
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * error)


def test_posterior_columns_are_those_of_the_draws(draws):
    table = group_level_effects(draws)
    assert table.index.names == ["grouping", "contrast", "term"]
    assert [row[1:] for row in table.index] == [
        (contrast, "score") for contrast in ("some vs little", "much vs little", "much vs some")
    ]
    slope = draws["posterior"]["slope"].sel(term="score")
    values = (slope.sel(category="much") - slope.sel(category="some")).to_numpy().ravel()
    row = table.loc[("group", "much vs some", "score")]
    assert row["log_odds"] == pytest.approx(values.mean())
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))
    assert (table["degrees_of_freedom"] == 4).all()
    against = group_level_effects(draws, "much", ci_prob=0.5).loc[("group", "some vs much", "score")]
    assert against["log_odds"] == pytest.approx(-row["log_odds"])
    assert against["between_groups"] == pytest.approx(-row["between_groups"])
    assert against["between_upper"] - against["between_lower"] < row["between_upper"] - row["between_lower"]


def test_columns_between_groups_are_those_of_the_two_steps(draws):
    row = group_level_effects(draws, power=0.9).loc[("group", "much vs little", "score")]
    constant = draws["constant_data"]
    terms = constant["term"].to_numpy().tolist()
    individual = constant["design"].to_numpy()[:, [terms.index("x"), terms.index("role[member]")]]
    index = constant["group_index"].to_numpy()
    logits = group_logits(index, individual, seen(draws["observed_data"]["outcome"].to_numpy()))
    score = [constant["design"].to_numpy()[index == g, terms.index("score")][0] for g in range(6)]
    estimate = (logits.coefficient[2] - logits.coefficient[0])[:6]
    expected = meta_regression(estimate, logits.contrast_covariance(2, 0)[:6, :6], np.column_stack([np.ones(6), score]))
    assert row["between_groups"] == pytest.approx(expected.coefficient[1])
    assert row["between_se"] == pytest.approx(expected.standard_error[1])
    assert row["between_lower"] == pytest.approx(expected.interval(0.95)[0][1])
    assert row["minimum_detectable"] == pytest.approx(expected.minimum_detectable(0.9, 0.95)[1])


def test_the_note_has_groups_degrees_of_freedom_and_standard_deviations(draws):
    note = group_level_effects(draws).note
    sd = draws["posterior"]["group_sd"]
    values = np.hypot(sd.sel(category="much"), sd.sel(category="some")).to_numpy().ravel()
    lower, median, upper = np.quantile(values, [0.025, 0.5, 0.975])
    assert f"much vs some {median:.2f} ({lower:.2f} to {upper:.2f})" in note
    assert "group: 6 groups, 1 predictor(s), 4 degrees of freedom left" in note
    rayleigh = stats.rayleigh.ppf([0.5, 0.025, 0.975])
    before = [float(word.strip("(); ")) for word in note.split("before the data ")[1].split() if word != "to"]
    np.testing.assert_allclose(before, rayleigh, atol=0.02)


def test_latent_classes_enter_with_item_probabilities_at_their_means(made_up):
    tree = with_prior(made_up.draws("~ x + score + (1 | group)", made_up.staff(400), latent=True))
    row = group_level_effects(tree).loc[("group", "C3 vs C1", "score")]
    rho = tree["posterior"]["item_probability"].mean(["chain", "draw"]).to_numpy()
    codes = tree["observed_data"]["answers"].to_numpy()
    log_emission = np.zeros((len(codes), 3))
    for i, answers in enumerate(codes):
        for j, k in enumerate(answers):
            log_emission[i] += np.log(rho[:, j, k]) if k >= 0 else 0.0
    constant = tree["constant_data"]
    logits = group_logits(constant["group_index"].to_numpy(), constant["design"].to_numpy()[:, :1], log_emission)
    estimate, index = logits.coefficient[2, :6], constant["group_index"].to_numpy()
    score = [constant["design"].to_numpy()[index == g, 1][0] for g in range(6)]
    covariance = logits.contrast_covariance(2, 0)[:6, :6]
    expected = meta_regression(estimate, covariance, np.column_stack([np.ones(6), score]))
    assert row["between_groups"] == pytest.approx(expected.coefficient[1], rel=1e-5)


def test_a_tier_costs_two_degrees_of_freedom(made_up):
    with pytest.warns(UserWarning, match="degree"):
        tree = made_up.draws(
            "~ x + tier + score + (1 | group)", made_up.staff(400).assign(score=lambda f: f["score"] ** 2 % 7)
        )
    table = group_level_effects(with_prior(tree))
    assert set(table.index.get_level_values("term")) == {"tier[medium]", "tier[high]", "score"}
    assert (table["degrees_of_freedom"] == 2).all()


def test_predictors_of_nested_groupings_are_judged_at_their_own(made_up):
    """`score` varies between groups within cities, so it is compared there: 6 - 1 - 1 - one city."""
    tree = with_prior(made_up.draws("~ x + score + (1 | city/group)", made_up.staff(400)))
    (found,) = group_predictors(Fit.reading(tree))
    assert found.grouping == "city:group"
    assert found.terms == ("score",)
    assert found.degrees_of_freedom == 3
    table = group_level_effects(tree)
    assert (table["degrees_of_freedom"] == 3).all()
    assert "1 predictor(s) and 1 of coarser groups, 3 degrees of freedom left" in table.note
    assert np.isfinite(table["between_groups"]).all()


def test_no_interval_between_groups_without_degrees_of_freedom(made_up):
    """Six groups in two cities: four predictors leave one degree of freedom, which the second city takes."""
    frame = made_up.staff(400)
    frame["a"], frame["b"], frame["d"] = (frame["score"] % m for m in (3, 5, 7))
    with pytest.warns(UserWarning, match="degree"):
        tree = made_up.draws("~ score + a + b + d + (1 | city/group)", frame)
    table = group_level_effects(with_prior(tree))
    assert (table["degrees_of_freedom"] == 0).all()
    assert table[["between_groups", "between_lower", "between_se", "minimum_detectable"]].isna().all(axis=None)
    assert np.isfinite(table["log_odds"]).all()
    assert "no interval between groups: no degrees of freedom are left" in table.note


def test_answers_that_do_not_tell_classes_apart_leave_no_interval(made_up):
    tree = with_prior(made_up.draws("~ score + (1 | group)", latent=True))
    posterior = tree["posterior"].to_dataset()
    tree["posterior"] = xr.DataTree(posterior.assign(item_probability=xr.full_like(posterior["item_probability"], 0.5)))
    table = group_level_effects(tree)
    if "no interval between groups" in table.note:
        assert table["between_groups"].isna().all()
    else:
        assert (table["between_se"] >= 0).all()


def test_what_cannot_be_used(draws, made_up):
    with pytest.raises(ValueError, match=r"has no random intercepts; add \(1 \| group\)"):
        group_level_effects(with_prior(made_up.draws("~ x")))
    with pytest.raises(
        ValueError, match="no group-level predictor: every covariate varies within 'group' among the 160"
    ):
        group_level_effects(with_prior(made_up.draws("~ x + (1 | group)")))
    with pytest.raises(ValueError, match="reference='C9' is not a category"):
        group_level_effects(draws, "C9")
    for name, value in (("power", 80), ("ci_prob", 0)):
        with pytest.raises(ValueError, match=f"{name}={value}"):
            group_level_effects(draws, **{name: value})
    with pytest.raises(bl.SeveralModesError):
        group_level_effects(with_prior(draws, n_modes=2))


def test_correlated_classes_count_in_the_standard_deviation(made_up):
    tree = with_prior(made_up.draws("~ x + score + (1 | group)", made_up.staff(400)))
    posterior = tree["posterior"].to_dataset()
    correlation = np.broadcast_to(np.where(np.eye(3) == 1, 1.0, 0.5), (2, 40, 3, 3))
    dims = ("chain", "draw", "category", "other_class")
    posterior = posterior.assign(group_correlation=(dims, correlation)).assign_coords(other_class=made_up.classes)
    tree["posterior"] = xr.DataTree(posterior)
    sd = posterior["group_sd"]
    one, other = sd.sel(category="much"), sd.sel(category="some")
    values = np.sqrt(one**2 + other**2 - one * other).to_numpy()
    note = group_level_effects(tree).note
    assert f"much vs some {np.median(values):.2f} (" in note
    assert "classes independent" in note
    table = bl.heterogeneity(tree)
    assert table.loc[("group", "much vs some"), "sd"] == pytest.approx(np.median(values))
    assert "classes independent" in table.note


def test_the_table_is_a_summary_table(draws, tmp_path):
    table = group_level_effects(draws)
    assert isinstance(table, bl.SummaryTable)
    table.write(tmp_path / "table.csv")
    assert "degrees of freedom left" in pd.read_csv(tmp_path / "table.csv")["note"][0]
