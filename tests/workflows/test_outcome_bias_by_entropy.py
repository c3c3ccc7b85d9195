"""Means of a distal outcome where classes are more or less certain: bias, coverage, and outcomes that do not differ."""

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.datasets import simulate
from bayes_lca.models import LatentClass

ITEMS = list("abcdef")
REPLICATES, RESPONDENTS = 100, 2200
PROBABILITY = {0.46: 0.564, 0.71: 0.658}
"""Of the category that a class chooses, by entropy."""
LARGEST_BIAS = {0.46: 0.07, 0.71: 0.03}
LOST_BY_MODAL = {0.46: 0.35, 0.71: 0.15}
"""At least; 43 % and 20 % in large samples."""
MEANS = np.array([0.0, 1.0, 2.0])
SHORT = {"draws": 400, "tune": 300, "progressbar": False}


def simulate_survey(probability, rng):
    """Three classes of equal size, each choosing its own category; a normal outcome that differs, and one that does
    not.
    """
    latent_class = rng.integers(0, 3, RESPONDENTS)
    own = np.tile((1 - probability) / 2 + (1.5 * probability - 0.5) * np.eye(3)[:, None, :], (1, len(ITEMS), 1))
    codes = simulate.simulate_answers(own, latent_class, simulate.uniform_stream(int(rng.integers(2**31))))
    pay = MEANS[latent_class] + rng.normal(size=RESPONDENTS)
    return pd.DataFrame(codes, columns=ITEMS).assign(pay=pay, null=rng.normal(size=RESPONDENTS))


def one_survey(entropy, seed):
    """Contrasts, whether intervals hold the truth, the modal contrast, and whether the null outcome differs."""
    rng = np.random.default_rng([int(100 * entropy), seed])
    survey = simulate_survey(PROBABILITY[entropy], rng)
    measured = bl.fit(LatentClass(3, bl.Items(ITEMS)), survey, order="a", seed=seed, **SHORT)
    rho = measured["posterior"]["item_probability"].mean(["chain", "draw", "item"]).to_numpy()
    assert np.array_equal(rho.argmax(axis=1), [0, 1, 2])
    given = {"measurement_draws": 100, "seed": seed, **SHORT}
    differs = bl.outcome_by_class(bl.fit_distal(measured, survey, "pay ~ latent_class", **given))
    same = bl.outcome_by_class(bl.fit_distal(measured, survey, "null ~ latent_class", **given))
    modal = bl.stepwise_outcome(measured, "pay", survey, method="modal")
    names, truth = ["C2 vs C1", "C3 vs C1", "C3 vs C2"], np.array([1.0, 2.0, 1.0])
    contrasts = differs.loc["contrast"].loc[names]
    held = ((contrasts["lower"] <= truth) & (truth <= contrasts["upper"])).to_numpy()
    lost = (modal.loc["contrast"].loc[names, "estimate"] / truth).mean()
    p_value = same.loc[("overall", "all classes"), "p_value"]
    return (contrasts["estimate"] / truth).mean(), held.mean(), lost, p_value < 0.05


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayes_lca.ConvergenceWarning")
@pytest.mark.parametrize("entropy", PROBABILITY)
def test_means_are_not_drawn_together(entropy, capsys):
    found = np.array([one_survey(entropy, seed) for seed in range(REPLICATES)], dtype=float)
    (ratio, coverage, modal, called), error = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(REPLICATES)
    with capsys.disabled():
        print(
            f"\nentropy {entropy}: differences times {ratio:.3f} ({error[0]:.3f}), modal {modal:.3f}; coverage "
            f"{coverage:.3f} ({error[1]:.3f}); null outcome called different {called:.3f} ({error[3]:.3f})"
        )
    assert abs(ratio - 1) <= LARGEST_BIAS[entropy]
    assert modal <= 1 - LOST_BY_MODAL[entropy]
    assert 0.93 - 2 * error[1] <= coverage <= 0.97 + 2 * error[1]
    assert called <= 0.06 + 2 * error[3]
