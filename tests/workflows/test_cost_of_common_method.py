"""What a common method costs where there is none, and what leaving it out does to a slope where there is one."""

import os
import warnings

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax

import bayes_lca as bl

DATA_SETS = int(os.environ.get("DATA_SETS", 50))
N, SLOPE, INTERCEPT, ITEMS = 800, 0.8, -0.3, list("abcdef")
LOW = np.array([0.6, 0.3, 0.1])
TYPICAL = np.array([[LOW] * 3 + [LOW[::-1]] * 3, [LOW[::-1]] * 3 + [LOW] * 3])  # (latent_class, item, category)
MOST_LOST_PER_ITEM = 0.1
LADDER = pd.CategoricalDtype(["less", "same", "more"], ordered=True)


def sampled(measurement, frame, structural=None, **options):
    """A fit of the draws that are asked for."""
    model = bl.LatentClass(2, measurement, structural or bl.Shares())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(model, frame, until=None, progressbar=False, **options)


def simulated(style_sd, seed):
    """Respondents of two classes that differ in kind, their covariate, and a tilt that knows nothing of both."""
    rng = np.random.default_rng([seed, int(10 * style_sd)])
    x = rng.normal(size=N)
    latent_class = (rng.random(N) < expit(INTERCEPT + SLOPE * x)).astype(int)
    u = style_sd * rng.normal(size=(N, 1, 1))
    probability = softmax(np.log(TYPICAL[latent_class]) + u * np.array([-1.0, 0.0, 1.0]), axis=2)
    codes = (rng.random((N, len(ITEMS), 1)) > probability.cumsum(axis=2)).sum(axis=2)
    return pd.DataFrame(
        {item: pd.Categorical.from_codes(codes[:, j], dtype=LADDER) for j, item in enumerate(ITEMS)} | {"x": x}
    )


def slope(measurement, frame, seed):
    """Posterior mean and standard deviation of the slope of the class whose first item is higher; whether of one mode.

    Where chains stayed in several modes it is that of the first.
    """
    draws = sampled(measurement, frame, bl.Regression("~ x"), draws=250, seed=seed, order=ITEMS[0])
    try:
        table, is_one = bl.odds_ratios(draws), True
    except bl.SeveralModesError:
        table, is_one = bl.odds_ratios(bl.keep_mode(draws, 1)), False
    return (*table.loc[("C2 vs C1", "x"), ["log_odds", "sd"]].astype(float), is_one)


@pytest.mark.slow
@pytest.mark.parametrize("style_sd", [0.0, 1.0])
def test_slope_is_right_with_a_common_method_whether_there_is_one_or_not(style_sd, capsys):
    parts = {"without": bl.Items(ITEMS), "with": bl.CommonMethod(bl.Items(ITEMS))}
    found = {name: [] for name in parts}
    for seed in range(DATA_SETS):
        frame = simulated(style_sd, seed)
        for name, measurement in parts.items():
            found[name].append(slope(measurement, frame, seed))
    told = {}
    for name, slopes in found.items():
        mean, sd, is_one = np.array(slopes).T
        error = mean.std(ddof=1) / np.sqrt(DATA_SETS)
        covered = (np.abs(mean - SLOPE) < 1.96 * sd).mean()
        told[name] = mean.mean() - SLOPE, error
        with capsys.disabled():
            print(
                f"\ntilt of SD {style_sd}, {name} a common method, {DATA_SETS} data sets: bias of a slope of {SLOPE} "
                f"{told[name][0]:.3f} (standard error {error:.3f}), coverage {covered:.2f}, "
                f"{(is_one == 0).sum()} in several modes"
            )
    bias, error = told["with"]
    assert abs(bias) < 0.03 * SLOPE + 3 * error


@pytest.mark.slow
def test_a_clean_cohort_loses_little_of_its_elpd(capsys):
    items, cohort = bl.cohort_items(), bl.load_cohort()
    elpd = {}
    for name, measurement in (("without", bl.Items(items)), ("with", bl.CommonMethod(bl.Items(items)))):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", bl.ConvergenceWarning)
            draws = bl.fit(bl.LatentClass(3, measurement), cohort, until=None, progressbar=False)
        elpd[name] = az.loo(draws, pointwise=True)
    difference = (elpd["without"].elpd_i - elpd["with"].elpd_i).to_numpy()
    lost, error = difference.sum(), difference.std(ddof=1) * np.sqrt(len(difference))
    with capsys.disabled():
        print(f"\nelpd lost by a common method, {len(items)} items: {lost:.3f} (standard error {error:.3f})")
    assert max(loo.pareto_k.max() for loo in elpd.values()) < 0.7
    assert lost <= MOST_LOST_PER_ITEM * len(items)
