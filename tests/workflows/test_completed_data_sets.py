"""Completed data sets against dropping rows, where 30 % of a covariate are missing at random: bias and coverage."""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit

import bayes_lca as bl

DATA_SETS = int(os.environ.get("DATA_SETS", 100))
COMPLETED = 5
GROUPS, SIZE, ITEMS = 20, 30, list("abcdef")
X, TIER, GROUP = 0.8, 0.5, 0.7
TRUTH = pd.Series({"x": X, "tier": TIER, "group": GROUP})
MOST_BIAS = 0.05
"""Of completed data sets, as a share of the true value; of the standard deviation between groups, beside the fit to the
whole survey, since its posterior mean of 20 groups lies above it anyway."""
LEAST_BIAS_OF_DROPPING = pd.Series({"tier": 0.5, "group": 0.1})
"""As shares of the true value. Who is left depends on answers and tier, which moves the slope of the tier by -.58, and
on answers and group, whose logits move by .53 up or down. The slope of x stays: a logistic regression keeps it where
selection does not depend on x."""
MODEL = bl.LatentClass(2, bl.Items(ITEMS), bl.Regression("~ x + tier + (1 | group)", reference={"tier": "low"}))
FEW = {"draws": 250, "tune": 250, "chains": 2, "until": None, "progressbar": False, "order": "a", "cores": 1}


def simulated(seed):
    """Respondents of two classes, with all values of x and with those that are left.

    x is missing by the answers, the tier and the group, all of which are known: where most answers are yes it is
    missing more often in the high tier and in every second group, and less often elsewhere; where they are no, the
    other way round.
    """
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(GROUPS), SIZE)
    high = rng.random(len(group)) < 0.5
    u = GROUP * rng.normal(size=GROUPS)
    x = 0.5 * high + rng.normal(size=len(group))
    latent_class = rng.random(len(group)) < expit(-0.6 + X * x + TIER * high + u[group])
    yes = rng.random((len(group), len(ITEMS))) < np.where(latent_class, 0.85, 0.15)[:, None]
    sign = np.where(yes.mean(axis=1) > 0.5, 1, -1)
    missing = 0.3 + sign * (0.10 * np.where(high, 1, -1) + 0.18 * np.where(group % 2 == 0, 1, -1))
    whole = pd.DataFrame(yes.astype(int), columns=ITEMS).assign(
        x=x, tier=np.where(high, "high", "low"), group=[f"G{g:02d}" for g in group]
    )
    return whole, whole.assign(x=whole["x"].mask(rng.random(len(group)) < missing))


def imputed(frame, seed):
    """Completed data sets: x drawn anew from a regression on answers, tier and group, whose numbers are drawn too.

    Whether most answers are yes is a column beside the answers: classes are no linear function of these. A regression
    that shrinks its coefficients, such as BayesianRidge of scikit-learn, would pull the slope of x towards zero.
    """
    rng = np.random.default_rng([seed, 1])
    mostly = (frame[ITEMS].mean(axis=1) > 0.5).astype(float)
    others = pd.get_dummies(frame.assign(mostly=mostly).drop(columns="x"), drop_first=True, dtype=float)
    columns, known = sm.add_constant(others).to_numpy(), frame["x"].notna().to_numpy()
    regression = sm.OLS(frame["x"].to_numpy()[known], columns[known]).fit()
    completed = []
    for _ in range(COMPLETED):
        variance = regression.ssr / rng.chisquare(regression.df_resid)
        coefficient = rng.multivariate_normal(regression.params, variance * regression.normalized_cov_params)
        drawn = columns @ coefficient + np.sqrt(variance) * rng.normal(size=len(frame))
        completed.append(frame.assign(x=frame["x"].where(known, drawn)))
    return completed


def estimates(draws):
    """Mean and interval of the slopes and of the standard deviation between groups, a row each."""
    slopes = bl.odds_ratios(draws).loc["C2 vs C1"].loc[["x", "tier[high]"]]
    between = bl.heterogeneity(draws).iloc[0]
    return pd.DataFrame(
        {
            "mean": [*slopes["log_odds"], between["sd"]],
            "lower": [*np.log(slopes["lower"]), between["sd_lower"]],
            "upper": [*np.log(slopes["upper"]), between["sd_upper"]],
        },
        index=TRUTH.index,
    )


@pytest.fixture(scope="module")
def found():
    """Estimates by data set, rows used and parameter."""
    by_data_set = {}
    for seed in range(DATA_SETS):
        whole, incomplete = simulated(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", bl.ConvergenceWarning)  # of few draws
            fits = {
                "whole": bl.fit(MODEL, whole, seed=seed, **FEW),
                "completed": bl.fit_multiple(MODEL, imputed(incomplete, seed), seed=1000 * (seed + 1), **FEW),
                "dropped": bl.fit(MODEL, incomplete.dropna(), seed=seed, **FEW),
            }
        by_data_set[seed] = pd.concat({rows: estimates(draws) for rows, draws in fits.items()})
    return pd.concat(by_data_set, names=["data_set", "rows", "parameter"])


@pytest.mark.slow
def test_completed_data_sets_are_unbiased_and_cover_where_dropping_rows_is_not(found, capsys):
    truth = TRUTH.reindex(found.index.get_level_values("parameter")).to_numpy()
    mean = found["mean"].unstack(["rows", "parameter"])
    covered = ((found["lower"] < truth) & (truth < found["upper"])).unstack(["rows", "parameter"]).mean()
    bias, error = mean.mean() - TRUTH.reindex(mean.columns, level="parameter"), mean.sem()
    apart = mean["completed"] - mean["whole"]
    with capsys.disabled():
        table = pd.DataFrame({"bias": bias, "standard error": error, "coverage": covered})
        beside = pd.DataFrame({"completed - whole": apart.mean(), "standard error": apart.sem()})
        print(f"\n{DATA_SETS} data sets\n{table.round(3)}\n{beside.round(3)}")
    slopes = ["x", "tier"]
    assert (bias["completed"][slopes].abs() < MOST_BIAS * TRUTH[slopes] + 3 * error["completed"][slopes]).all()
    assert (apart.mean().abs() < MOST_BIAS * TRUTH + 3 * apart.sem()).all()
    assert (covered["completed"] >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / DATA_SETS)).all()
    moved = LEAST_BIAS_OF_DROPPING.index
    assert (bias["dropped"][moved].abs() > LEAST_BIAS_OF_DROPPING * TRUTH[moved]).all()
    worse = (mean["dropped"] - mean["completed"])[moved]
    assert (worse.mean().abs() > 2 * worse.sem()).all()
