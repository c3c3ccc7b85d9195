"""Numbers of classes with a common method beside those without: criteria, the sentence, and what is refused."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from scipy.stats import norm

import bayes_lca as bl
from bayes_lca.likelihood.common_method import CommonMethodLikelihood
from bayes_lca.likelihood.person import PersonGrid, style_scores
from bayes_lca.measurement.nominal import read_answers
from bayes_lca.workflows.class_counts import common_method_counts as counts
from bayes_lca.workflows.class_counts.likelihood_counts import LikelihoodCounts

ITEMS = [f"item{j}" for j in range(6)]


def simulated(sd, seed, n=700):
    """Two classes that answer every other item the other way round, and persons who lean to one side in all."""
    rng = np.random.default_rng(seed)
    latent_class, trait = (rng.random(n) < 0.4).astype(int), rng.normal(size=n)
    typical = np.array([[0.6, 0.3, 0.1], [0.15, 0.25, 0.6]])[latent_class]
    frame = {}
    for j, item in enumerate(ITEMS):
        weight = typical[:, :: (-1) ** j] * np.exp(sd * trait[:, None] * np.array([-1, 0, 1]))
        code = (rng.random(n)[:, None] > (weight / weight.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
        frame[item] = pd.Categorical.from_codes(code, ["less", "same", "more"], ordered=True)
    return pd.DataFrame(frame)


@pytest.fixture(scope="module")
def tilted():
    return bl.count_classes(bl.Items(ITEMS), simulated(1.0, 3), [1, 2, 3], n_starts=20, common_method=True)


def test_a_tilt_is_no_class(tilted):
    """Two classes with a tilt of one are preferred to more without, and their tilt is about one."""
    assert tilted["method_BIC"].idxmin() == 2
    assert tilted["BIC"].idxmin() > 2 or tilted["method_BIC"].min() < tilted["BIC"].min() - 10
    assert abs(tilted.loc[2, "method_sd"] - 1.0) < 0.3
    assert "BIC prefers 2 classes with a common method, tilt of SD" in tilted.note
    assert "persons summed out with the log-likelihood off by" in tilted.note
    assert (tilted["method_log_likelihood"] > tilted["log_likelihood"]).all()


def test_criteria_are_those_of_one_parameter_more(tilted):
    n = 700
    assert (tilted["method_parameters"] == tilted["parameters"] + 1).all()
    assert (tilted["method_degrees_of_freedom"] == tilted["degrees_of_freedom"] - 1).all()
    deviance = -2 * tilted["method_log_likelihood"]
    np.testing.assert_allclose(tilted["method_AIC"], deviance + 2 * tilted["method_parameters"])
    np.testing.assert_allclose(tilted["method_BIC"], deviance + np.log(n) * tilted["method_parameters"])
    np.testing.assert_allclose(tilted["method_aBIC"], deviance + np.log((n + 2) / 24) * tilted["method_parameters"])
    assert tilted["method_entropy_r2"].isna().tolist() == [True, False, False]
    assert tilted.loc[2, "method_entropy_r2"] < tilted.loc[2, "entropy_r2"]  # the tilt made classes look certain


def test_the_maximum_is_one_and_integrates_over_persons(tilted):
    """Log-likelihood by brute force at the mode, and no direction that rises."""
    answers = read_answers(bl.Items(ITEMS), simulated(1.0, 3), None).responses
    likelihood = LikelihoodCounts(answers, 20, 0)
    found = counts.fit_with_common_method(likelihood, 2)
    mode, u = found.mode, np.linspace(-9, 9, 2001)
    assert mode.log_likelihood == pytest.approx(tilted.loc[2, "method_log_likelihood"], abs=1e-6)
    weight = mode.typical[..., None] * np.exp(mode.loading[0, 0] * u * np.array([-1.0, 0.0, 1.0])[:, None])
    log_answer = np.log(weight / weight.sum(axis=2, keepdims=True))  # (class, item, category, person)
    given = sum(log_answer[:, j, likelihood.codes[:, j]] for j in range(6))  # (class, pattern, person)
    log_density = norm.logpdf(u) + np.log(u[1] - u[0])
    of_class = logsumexp(given + log_density, axis=2).T
    total = likelihood.counts @ logsumexp(of_class + np.log(mode.class_share), axis=1)
    assert total == pytest.approx(mode.log_likelihood, abs=0.01)
    tilted_likelihood = CommonMethodLikelihood(
        *(likelihood.codes, likelihood.counts, (3,) * 6, style_scores((3,) * 6, ["tilt"]), PersonGrid.of(31, 1)),
        equal=True,
    )
    x = np.concatenate([np.log(mode.class_share), np.log(mode.typical).ravel(), mode.loading[0, :1]])
    assert np.abs(tilted_likelihood.value_and_gradient(x, 2)[1]).max() < 0.01


def test_no_tilt_is_seen_where_there_is_none():
    table = bl.count_classes(bl.Items(ITEMS), simulated(0.0, 4), [2, 3], n_starts=20, common_method=True)
    assert table["BIC"].idxmin() == 2
    assert "BIC prefers 2 classes without one by" in table.note
    assert -1e-6 < table.loc[2, "method_log_likelihood"] - table.loc[2, "log_likelihood"] < 4


@pytest.mark.parametrize(
    ("without", "with_method", "told"),
    [
        ([30.0, 20.0], [14.0, 15.0], "BIC prefers 1 class with a common method, tilt of SD 0.80, by 6.0 to 2"),
        ([30.0, 20.0], [35.0, 27.5], "BIC prefers 2 classes without one by 7.5 to 2 classes with a common method"),
        ([30.0, 20.0], [35.0, 19.0], "BIC hardly tells 2 classes with a common method"),
    ],
)
def test_the_sentence_says_which_is_preferred(without, with_method, told):
    table = pd.DataFrame({"BIC": without, "method_BIC": with_method, "method_sd": 0.8}, index=[1, 2])
    assert counts.preference_in_words(table).startswith(told)


def test_a_grid_that_is_too_coarse_is_made_finer(monkeypatch):
    monkeypatch.setattr(counts, "default_nodes", lambda n_styles: 5)
    answers = read_answers(bl.Items(ITEMS), simulated(1.0, 3), None).responses
    assert counts.fit_with_common_method(LikelihoodCounts(answers, 20, 0), 2).quadrature_error < 0.01
    monkeypatch.setattr(counts, "MOST_NODES", 5)
    columns, remarks = counts.common_method_columns(LikelihoodCounts(answers, 20, 0), [2])
    assert columns.index.tolist() == [2]
    assert "which is too much to compare" in remarks[1]


def test_categories_without_an_order_are_refused():
    frame = simulated(0.5, 5, n=60).astype(str).replace({"less": "x", "same": "y", "more": "z"})
    with pytest.raises(ValueError, match="common_method=True rests on the order of categories, which nobody declared"):
        bl.count_classes(bl.Items(ITEMS), frame, [1, 2], n_starts=5, common_method=True)


def test_two_categories_run_in_one_direction():
    """The tilt of one class is that of a written-out likelihood; undeclared, "agree" would stand with "no"."""
    rng = np.random.default_rng(8)
    codes = (rng.random((400, 6)) < expit(0.3 + 1.5 * rng.normal(size=(400, 1)))).astype(int)
    words = {item: np.array(["disagree", "agree"] if j > 2 else ["no", "yes"]) for j, item in enumerate(ITEMS)}
    frame = pd.DataFrame({item: words[item][codes[:, j]] for j, item in enumerate(ITEMS)})
    with pytest.raises(ValueError, match=r"'item4', 'item5' of 400 rows; .* could run in opposite directions"):
        bl.count_classes(bl.Items(ITEMS), frame, [1], common_method=True)
    declared = bl.Items(ITEMS, categories={item: labels.tolist() for item, labels in words.items()})
    found = bl.count_classes(declared, frame, [1], common_method=True).loc[1]
    patterns, count = np.unique(codes, axis=0, return_counts=True)
    u = np.linspace(-8, 8, 161)

    def deviance(values):
        log_odds = values[:6, None] + values[6] * u  # (item, person)
        given = patterns @ log_odds - np.logaddexp(0, log_odds).sum(axis=0)  # (pattern, person)
        return -2 * count @ logsumexp(given + norm.logpdf(u) + np.log(u[1] - u[0]), axis=1)

    best = minimize(deviance, np.append(np.zeros(6), 1.0))
    assert found["method_sd"] == pytest.approx(best.x[6], abs=1e-3)
    assert found["method_log_likelihood"] == pytest.approx(-best.fun / 2, abs=0.01)
    assert abs(best.x[6] - 1.5) < 4 * np.sqrt(2 * best.hess_inv[6, 6])


def test_a_part_with_a_common_method_is_no_nominal_one():
    frame = simulated(0.5, 5, n=60)
    names = "'item0', 'item1', 'item2', 'item3', 'item4', 'item5'"
    told = (
        f"CommonMethod of 6 item(s) {names}: numbers of classes and groups are compared for nominal items only; "
        f"give its Items([{names}]), and common_method=True to count_classes"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        bl.count_classes(bl.CommonMethod(bl.Items(ITEMS)), frame, [1, 2])


def test_recommendation_and_picture_take_the_common_method(tilted):
    found = bl.recommend_classes(tilted)
    assert (found.n_classes, found.common_method) == (2, True)
    gain = tilted["BIC"].min() - tilted["method_BIC"].min()
    assert f"with a common method are recommended: BIC is smallest there, by {gain:.1f} less" in str(found)
    least = tilted["method_BIC"].min()
    drawn = [line.get_ydata() for line in bl.plot_class_counts(tilted).axes[0].lines if line.get_linestyle() == "--"]
    np.testing.assert_allclose(drawn, [tilted["method_BIC"] - least])
