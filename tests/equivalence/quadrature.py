"""Multilevel multinomial regression by adaptive Gauss-Hermite quadrature: its log-likelihood at its estimates."""

import numpy as np
import xarray as xr

import bayes_lca as bl
from bayes_lca.dims import INTERCEPT, OBSERVED_CLASS, SLOPE, TERM, group_effect, group_sd
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.unseen_group_likelihood import new_group_log_likelihood
from bayes_lca.models import Multinomial
from equivalence.class_fits import read_json
from equivalence.nnet import COVARIATES, multinom_sim
from equivalence.row import Row, Source

REPETITIONS = 400
MODEL = Multinomial("y", bl.Regression(f"~ {' + '.join(COVARIATES)} + (1 | g)"))


def at_estimates(figures: dict) -> Fit:
    """Draws that are all the estimates of maximum likelihood, which has category 1 as its reference."""
    prepared = MODEL.prepare(multinom_sim())
    coefficient = np.vstack([np.zeros(9), figures["coef"]]).T  # (term, category)
    sd = np.array([0.0, *figures["random_sd"]])
    labels = np.array(["1", "2", "3"])
    encoding = prepared.groups["encoding"]
    groups = encoding["g"].to_numpy()
    values = {
        INTERCEPT: ((OBSERVED_CLASS,), coefficient[0]),
        SLOPE: ((TERM, OBSERVED_CLASS), coefficient[1:]),
        group_sd("g"): ((OBSERVED_CLASS,), sd),
        group_effect("g"): (("g", OBSERVED_CLASS), np.zeros((len(groups), 3))),
    }
    posterior = xr.Dataset(values, {OBSERVED_CLASS: labels, TERM: encoding[TERM].to_numpy(), "g": groups})
    posterior = posterior.expand_dims(chain=1, draw=REPETITIONS)
    tree = xr.DataTree.from_dict({"posterior": posterior, **prepared.groups})
    tree.attrs = dict(prepared.attributes)
    return Fit.reading(tree)


def rows() -> list[Row]:
    """The sum over the six groups, each by importance sampling."""
    figures = read_json("multinom_sim")["random_intercept_ml"]
    fit, rng = at_estimates(figures), np.random.default_rng(1)
    which = np.arange(REPETITIONS)
    by_group = np.array([new_group_log_likelihood(fit, "g", g, which, rng) for g in range(6)])  # (group, draw)
    weight = np.exp(by_group - by_group.max(axis=1, keepdims=True))
    ours = (np.log(weight.mean(axis=1)) + by_group.max(axis=1)).sum()
    error = np.sqrt((weight.var(axis=1) / weight.mean(axis=1) ** 2 / REPETITIONS).sum())
    tolerance = 0.006 + 4 * error
    reason = f"0.6 of a unit of the last printed digit and four Monte Carlo errors of {error:.4f}"
    return [Row("log-likelihood of 2200 respondents in six groups", figures["loglik"], float(ours), tolerance, reason)]


SOURCES = (
    Source(
        "quadrature",
        "marginal maximum likelihood, adaptive Gauss-Hermite quadrature, 15 x 15 points (reference/multinom_sim.json)",
        rows,
        slow=True,
    ),
)
