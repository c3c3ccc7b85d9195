"""Intervals of a rare answer's probability under a survey design, where few answers are behind it."""

import os
import warnings

import numpy as np
import pandas as pd
import pytest

import bayes_lca as bl

SAMPLES = int(os.environ.get("DATA_SETS", 200))
N, RARE = 300, 0.015
FIT = {"draws": 200, "tune": 150, "chains": 2, "until": None, "progressbar": False, "cores": 1}


def sampled(seed):
    """Answers to a rare and a frequent item, and weights that know nothing of them."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "rare": (rng.random(N) < RARE).astype(int),
            "often": (rng.random(N) < 0.4).astype(int),
            "w": rng.uniform(0.25, 1.75, N) * np.where(rng.random(N) < 0.2, 3, 1),
        }
    )


@pytest.mark.slow
def test_a_rare_probability_is_covered_and_draws_before_the_correction_are_not_wider(capsys):
    covered, effects = {"rare": [], "often": []}, {"rare": [], "often": []}
    for seed in range(SAMPLES):
        frame = sampled(seed)
        if frame["rare"].sum() == 0:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lca, design = bl.LatentClass(1, bl.Items(["rare", "often"])), bl.SurveyDesign(weights="w")
            draws = bl.fit(lca, frame, design=design, seed=seed, **FIT)
        for place, (item, truth) in enumerate({"rare": RARE, "often": 0.4}.items()):
            after, before = (
                draws[group]["item_probability"].to_numpy()[..., 0, place, 1]
                for group in ("posterior", "uncorrected_posterior")
            )
            lower, upper = np.quantile(after, [0.025, 0.975])
            covered[item].append(lower < truth < upper)
            effects[item].append(after.var() / before.var())
    n, error = len(covered["rare"]), np.sqrt(0.95 * 0.05 / len(covered["rare"]))
    with capsys.disabled():
        for item, values in covered.items():
            least, median = np.quantile(effects[item], [0, 0.5])
            print(
                f"\n{n} samples, {item}: coverage {np.mean(values):.3f} (standard error {error:.3f}), design effect "
                f"at least {least:.2f}, median {median:.2f}"
            )
    assert min(effects["rare"]) > 0.95
    assert np.median(effects["often"]) == pytest.approx(N * sum_of_squares(), rel=0.05)
    assert all(np.mean(values) >= 0.95 - 3 * error for values in covered.values())


def sum_of_squares():
    """Of weights that add up to one, on average: Kish's design effect is n times that."""
    weights = np.concatenate([sampled(seed)["w"] for seed in range(20)])
    return (weights**2).mean() / weights.mean() ** 2 / N
