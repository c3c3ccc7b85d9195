"""Slopes of the joint and the two-step posterior where classes are more or less certain."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

import bayes_lca as bl
from bayes_lca.datasets import simulate
from bayes_lca.models import LatentClass, Multinomial
from bayes_lca.workflows.ladder.two_step import fit_two_step

ITEMS = list("abcdef")
REPLICATES, RESPONDENTS, SLOPE = 40, 2200, 1.0
MODAL = {0.46: 0.575, 0.71: 0.808}
"""Slopes that remain of 1.0 when the modal class is regressed as if seen, by entropy: measured with StepMix."""
PROBABILITY = {0.46: 0.564, 0.71: 0.658}
LARGEST_BIAS = {0.46: 0.07, 0.71: 0.03}


def simulate_survey(probability, rng):
    """Three classes of about equal size, each choosing its own category; x raises the log odds of the second by 1."""
    x = rng.integers(0, 2, RESPONDENTS)
    share = softmax(np.array([0.0, -0.5, 0.0]) + np.outer(x, [0.0, SLOPE, 0.0]), axis=1)
    latent_class = (share.cumsum(axis=1) < rng.random((RESPONDENTS, 1))).sum(axis=1)
    own = np.tile((1 - probability) / 2 + (1.5 * probability - 0.5) * np.eye(3)[:, None, :], (1, len(ITEMS), 1))
    codes = simulate.simulate_answers(own, latent_class, simulate.uniform_stream(int(rng.integers(2**31))))
    return pd.DataFrame(codes, columns=ITEMS).assign(x=x)


def slopes(draws):
    """Estimate, and whether the 95 % interval holds the truth, of the second class against both others."""
    table = bl.odds_ratios(draws).xs("x", level="term")
    estimate = np.array([table.loc["C2 vs C1", "log_odds"], -table.loc["C3 vs C2", "log_odds"]])
    truth = {"C2 vs C1": SLOPE, "C3 vs C1": 0.0, "C3 vs C2": -SLOPE}
    held = [table.loc[name, "lower"] <= np.exp(true) <= table.loc[name, "upper"] for name, true in truth.items()]
    return estimate.mean(), np.mean(held)


def in_order(draws):
    """Classes named by the category they choose."""
    rho = draws["posterior"]["item_probability"].mean(["chain", "draw", "item"]).to_numpy()
    return np.array_equal(rho.argmax(axis=1), [0, 1, 2])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")
@pytest.mark.parametrize("entropy", PROBABILITY)
def test_slopes_are_not_attenuated(entropy, capsys):
    rng = np.random.default_rng(int(100 * entropy))
    short = {"draws": 400, "tune": 300, "progressbar": False}
    found = {"modal": [], "two-step": [], "joint": []}
    for replicate in range(REPLICATES):
        survey = simulate_survey(PROBABILITY[entropy], rng)
        measured = bl.fit(LatentClass(3, bl.Items(ITEMS)), survey, order="a", seed=replicate, **short)
        assert in_order(measured)
        regression = bl.Regression("~ x")
        seen = survey.assign(modal_class=bl.membership(measured)["modal_class"])
        fits = {
            "modal": bl.fit(Multinomial("modal_class", regression), seen, **short),
            "two-step": fit_two_step(measured, regression, survey, **short),
            "joint": bl.fit(LatentClass(3, bl.Items(ITEMS), regression), survey, order=measured, **short),
        }
        for name, draws in fits.items():
            found[name].append(slopes(draws))
    estimate = {name: np.array(each)[:, 0] for name, each in found.items()}
    coverage = {name: np.array(each)[:, 1] for name, each in found.items()}
    error = {name: each.std(ddof=1) / np.sqrt(REPLICATES) for name, each in estimate.items()}
    with capsys.disabled():
        for name, each in estimate.items():
            print(
                f"\nentropy {entropy}, {name}: slope {each.mean():.3f} ({error[name]:.3f}), "
                f"coverage {coverage[name].mean():.3f} ({coverage[name].std(ddof=1) / np.sqrt(REPLICATES):.3f})"
            )
    assert abs(estimate["modal"].mean() - MODAL[entropy]) < 4 * np.sqrt(2) * error["modal"]
    assert estimate["modal"].mean() < SLOPE - 4 * error["modal"]
    for name in ("two-step", "joint"):
        assert abs(estimate[name].mean() - SLOPE) < LARGEST_BIAS[entropy] + 2 * error[name], name
        assert coverage[name].mean() > 0.95 - 4 * coverage[name].std(ddof=1) / np.sqrt(REPLICATES), name
