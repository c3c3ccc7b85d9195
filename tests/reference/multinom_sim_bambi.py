"""Posterior of two regressions of multinom_sim.csv by Bambi, for the table of equivalences.

    python multinom_sim_bambi.py

in an environment of its own: Bambi 0.21 needs formulae 0.6, this package a later one. It writes multinom_sim_bambi.json
beside itself: mean, standard deviation and their Monte Carlo errors of every quantity, the versions and the priors.

The multinomial regression has priors so wide that they say nothing. The multilevel logistic regression of category 2
against the others has those of `bayes_lca.Regression` for two classes, written for their one contrast: normal with
standard deviation 2.5 sqrt(2) at the mean of the covariates, 1.5 sqrt(2) per standard deviation of a covariate, and the
Rayleigh distribution for the standard deviation of the groups, which is that of the root of the sum of the squares of
two half-normal ones.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import arviz as az
import bambi as bmb
import numpy as np
import pandas as pd

HERE = Path(__file__).parent
COVARIATES = [f"x{i}" for i in range(1, 9)]
WIDE = 20.0
SAMPLER = {"draws": 2500, "tune": 1000, "chains": 4, "random_seed": 20, "inference_method": "nutpie"}
PACKAGES = ("bambi", "formulae", "pymc", "nutpie", "arviz", "numpy")


def summarise(draws, names):
    """Mean, standard deviation and their Monte Carlo errors by name and coordinates."""
    found = {}
    for name in names:
        values = draws.posterior[name]
        table = az.summary(values, round_to="none", kind="all")
        for label, row in table.iterrows():
            found[label] = {
                "mean": float(row["mean"]),
                "sd": float(row["sd"]),
                "mcse_mean": float(row["mcse_mean"]),
                "mcse_sd": float(row["mcse_sd"]),
                "ess_bulk": float(row["ess_bulk"]),
                "r_hat": float(row["r_hat"]),
            }
    return found


def normal(sd):
    return bmb.Prior("Normal", mu=0.0, sigma=sd)


def multinomial(frame):
    model = bmb.Model(
        f"y ~ {' + '.join(COVARIATES)}",
        frame,
        family="categorical",
        priors={"Intercept": normal(WIDE), **{name: normal(WIDE) for name in COVARIATES}},
        auto_scale=False,
    )
    draws = model.fit(**SAMPLER)
    return summarise(draws, ["Intercept", *COVARIATES])


def multilevel(frame):
    frame = frame.assign(second=(frame["y"] == "2").astype(int))
    slopes = {name: normal(1.5 * np.sqrt(2) / frame[name].std(ddof=0)) for name in COVARIATES}
    group_sd = bmb.Prior("Rice", nu=0.0, sigma=1.0)
    model = bmb.Model(
        f"second ~ {' + '.join(COVARIATES)} + (1 | g)",
        frame,
        family="bernoulli",
        priors={
            "Intercept": normal(2.5 * np.sqrt(2)),
            **slopes,
            "1|g": bmb.Prior("Normal", mu=0.0, sigma=group_sd),
        },
        auto_scale=False,
    )
    draws = model.fit(**SAMPLER, target_accept=0.97)
    return summarise(draws, ["Intercept", *COVARIATES, "1|g_sigma", "1|g"])


def main():
    frame = pd.read_csv(HERE / "multinom_sim.csv").astype({"y": str, "g": str})
    result = {
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in PACKAGES}},
        "sampler": SAMPLER,
        "multinomial": multinomial(frame),
        "multilevel": multilevel(frame),
    }
    (HERE / "multinom_sim_bambi.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
