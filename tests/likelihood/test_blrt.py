"""The bootstrap test of one class fewer: statistics as published, its p-value, and its errors of the first kind."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import bayes_lca as bl
from bayes_lca.datasets.simulate import simulate_latent_classes
from bayes_lca.workflows.class_counts import best_of_rounds, blrt
from bayes_lca.workflows.class_counts.blrt import BootstrapLikelihoodRatio, bootstrap_likelihood_ratio

REFERENCE = Path(__file__).parents[1] / "reference"

PUBLISHED = {  # twice the difference of the published log-likelihoods
    ("gss82", 2): 2 * (2872.2296 - 2783.2680),
    ("gss82", 3): 2 * (2783.2680 - 2754.5454),
    ("gss82", 4): 2 * (2754.5454 - 2746.6208),
    ("carcinoma", 2): 2 * (524.4648 - 317.2568),
    ("carcinoma", 3): 2 * (317.2568 - 293.7050),
    ("carcinoma", 4): 2 * (293.7050 - 289.2858),
}


def respondents(name):
    patterns = pd.read_csv(REFERENCE / f"{name}.csv")
    items = [column for column in patterns if column != "count"]
    return patterns.loc[patterns.index.repeat(patterns["count"]), items].reset_index(drop=True)


def run_test(frame, n_classes, **options):
    options = {"draws": 19, "starts": 5, "jobs": 1, "progressbar": False} | options
    return bootstrap_likelihood_ratio(bl.Items(list(frame)), frame, n_classes, **options)


def one_class(n=300, seed=3):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({f"item{j}": rng.integers(2, size=n) for j in range(5)})


@pytest.mark.parametrize(("name", "n_classes"), PUBLISHED)
def test_published_statistic(name, n_classes):
    test = run_test(respondents(name), n_classes, draws=1, starts=10)
    assert test.statistic == pytest.approx(PUBLISHED[name, n_classes], abs=3e-4)


def test_classes_that_are_there_and_one_that_is_not():
    needed, idle = run_test(respondents("carcinoma"), 2), run_test(one_class(), 2)
    assert needed.p == 1 / 20
    assert needed.draws.max() < needed.statistic
    assert idle.p > 0.1


def test_p_value_and_its_monte_carlo_interval():
    test = BootstrapLikelihoodRatio(3, 5.0, np.r_[np.full(190, 1.0), np.full(10, 5.0)], 0, 0, 0)
    assert test.n_exceeding == 10  # as large counts
    assert test.p == 11 / 201
    exact = binomtest(10, 200).proportion_ci(0.95, method="exact")
    np.testing.assert_allclose(test.interval(), (exact.low, exact.high))
    exact = binomtest(10, 200).proportion_ci(0.5, method="exact")
    np.testing.assert_allclose(test.interval(0.5), (exact.low, exact.high))
    none = BootstrapLikelihoodRatio(3, 9.0, np.arange(8.0), 0, 0, 0)
    assert none.p == 1 / 9
    assert none.interval() == (0.0, pytest.approx(binomtest(0, 8).proportion_ci(0.95, method="exact").high))
    every = BootstrapLikelihoodRatio(3, 0.0, np.arange(8.0), 0, 0, 0)
    assert every.p == 1
    assert every.interval()[1] == 1


def test_table_and_sentence():
    test = BootstrapLikelihoodRatio(4, 5.0, np.arange(9.0), 3, 2, 1)
    assert test.table.index.tolist() == ["3 against 4"]
    assert test.table["blrt_p"].item() == test.p == 0.5
    assert test.table["draws_mean"].item() == 4
    for text in (str(test), test.table.note):
        assert "9 draws" in text
        assert "3 draws given more starts (2 of them for a negative statistic), 1 with a maximum" in text


def test_draws_depend_on_the_seed_alone():
    frame = one_class()
    plain = run_test(frame, 2, draws=6)
    np.testing.assert_array_equal(plain.draws, run_test(frame.sample(frac=1, random_state=1), 2, draws=6).draws)
    assert not np.isin(plain.draws, run_test(frame, 2, draws=6, seed=2).draws).any()
    np.testing.assert_array_equal(plain.draws[:3], run_test(frame, 2, draws=3).draws)


@pytest.mark.slow
def test_processes_give_the_same_draws():
    np.testing.assert_array_equal(
        run_test(one_class(), 2, draws=6).draws, run_test(one_class(), 2, draws=6, jobs=2).draws
    )


def fit_by(monkeypatch, function):
    """Fit the observed answers, and those of the samples, by another function."""
    for module in (blrt, best_of_rounds):
        monkeypatch.setattr(module, "fit_em", function)


def test_samples_miss_the_answers_that_are_missing(monkeypatch):
    frame = one_class(200).astype("Int64")
    frame.iloc[:50, 0] = pd.NA
    frame.iloc[30:60, 3] = pd.NA
    frame.iloc[199, :] = pd.NA
    seen = []
    fit = blrt.fit_em

    def spy(codes, counts, *arguments, **options):
        seen.append((codes, counts))
        return fit(codes, counts, *arguments, **options)

    fit_by(monkeypatch, spy)
    run_test(frame, 2, draws=2, starts=2)
    assert len(seen) >= 6
    for codes, counts in seen:
        hidden = pd.DataFrame(codes == -1).assign(count=counts).groupby(list(range(5)))["count"].sum()
        observed = pd.DataFrame(frame.dropna(how="all").isna().to_numpy()).value_counts()
        assert hidden.to_dict() == observed.to_dict()
    shares = [counts @ (codes[:, 1] == 1) / counts.sum() for codes, counts in seen[2:]]
    assert np.ptp(shares) > 0  # other answers


def test_samples_follow_the_smaller_model(monkeypatch):
    """Item margins of the samples are those of the fit, within the error of their mean."""
    rho = np.array([[[0.9, 0.1]] * 4, [[0.3, 0.7]] * 4])
    frame, _ = simulate_latent_classes(500, [0.7, 0.3], rho, seed=2)
    frame = frame.astype(int) - 1
    pairs = []
    fit = blrt.fit_em

    def spy(codes, counts, *arguments, **options):
        pairs.append(counts @ (codes[:, :1] * codes[:, 1:2])[:, 0] / counts.sum())
        return fit(codes, counts, *arguments, **options | ({"max_iterations": 3} if len(pairs) > 2 else {}))

    fit_by(monkeypatch, spy)
    monkeypatch.setattr(best_of_rounds, "ROUNDS", 1)
    run_test(frame, 3, draws=60, starts=1)
    pairs = np.unique(pairs[2:])
    fitted = fit(frame.to_numpy(), np.ones(500), [2] * 4, 2)
    margins = fitted.class_share @ fitted.item_probability[:, :2, 1]
    joint = fitted.class_share @ (fitted.item_probability[:, 0, 1] * fitted.item_probability[:, 1, 1])
    assert abs(pairs.mean() - joint) < 4 * pairs.std() / np.sqrt(len(pairs))
    assert abs(joint - margins.prod()) > 4 * pairs.std() / np.sqrt(len(pairs))  # independent items would show


def test_starts_go_on_until_the_maximum_is_met_twice(monkeypatch):
    """With one start a round no maximum can be met twice in the first."""
    frame = respondents("gss82")
    test = run_test(frame, 3, draws=6, starts=1)
    assert test.refitted == 6
    assert test.unreplicated < 6
    monkeypatch.setattr(best_of_rounds, "ROUNDS", 1)
    once = run_test(frame, 3, draws=6, starts=1)
    assert once.unreplicated == 6
    assert (test.draws > once.draws - 1e-3).mean() >= 0.5
    assert test.draws.min() > -1e-3
    assert once.refitted == 0


def test_larger_model_below_the_smaller_gets_more_starts(monkeypatch):
    """Larger models stopped after three updates in the first round end below; the second round makes up for it."""
    frame, fit, calls = respondents("gss82"), blrt.fit_em, []

    def hasty(codes, counts, n_categories, n_classes, **options):
        calls.append(n_classes)
        first = n_classes == 3 and calls.count(3) == 2
        return fit(codes, counts, n_categories, n_classes, **options | ({"max_iterations": 3} if first else {}))

    fit_by(monkeypatch, hasty)
    test = run_test(frame, 3, draws=1, starts=10)
    assert test.negative == 1
    assert test.refitted == 1
    assert test.draws.item() > 0


def test_missed_maximum_of_the_observed_answers(monkeypatch):
    fit = blrt.fit_em

    def hasty(codes, counts, n_categories, n_classes, **options):
        return fit(
            *(codes, counts, n_categories, n_classes),
            **options | ({"max_iterations": 3, "n_starts": 1} if n_classes == 3 else {}),
        )

    fit_by(monkeypatch, hasty)
    with pytest.raises(ValueError, match="the maximum of the larger model was missed, so give more starts"):
        run_test(respondents("gss82"), 3)


def test_columns_of_count_classes():
    frame = respondents("carcinoma")
    table = bl.count_classes(
        bl.Items(list(frame)), frame, range(1, 4), blrt_draws=19, blrt_starts=3, jobs=1, progressbar=False
    )
    columns = ["blrt", "blrt_p", "blrt_p_lower", "blrt_p_upper"]
    assert table.loc[1, columns].isna().all()
    np.testing.assert_allclose(table["blrt"][1:], 2 * np.diff(table["log_likelihood"]))
    assert (table["blrt_p"][1:] == 1 / 20).all()
    assert (table["blrt_p_lower"][1:] == 0).all()
    assert table["blrt_p_upper"][2] == pytest.approx(1 - 0.025 ** (1 / 19))
    assert "BLRT of 2 against 3 classes: 19 draws" in table.note


def test_progress_line(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    run_test(one_class(100), 2, draws=3, starts=1, progressbar=True)
    shown = capsys.readouterr().err
    assert "BLRT of 1 against 2 classes: 3 of 3 draws" in shown
    assert "left" in shown
    monkeypatch.delenv("FORCE_COLOR")
    for progressbar in (True, False):
        run_test(one_class(100), 2, draws=3, starts=1, progressbar=progressbar)
        assert "".join(capsys.readouterr()) == ""


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"draws": 2.5}, {"starts": 0}, {"jobs": 0}])
def test_wrong_numbers(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=rf"{name}={value}: give a whole number from 1 on"):
        run_test(one_class(), 2, **wrong)


@pytest.mark.slow
def test_error_of_the_first_kind():
    """One class is true: p of at most .05 in about 5 % of 200 samples, give or take four standard errors."""
    rejected = [run_test(one_class(200, seed), 2, draws=39, starts=2).p <= 0.05 for seed in range(200)]
    assert abs(np.mean(rejected) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 200)
