"""Quantities under other priors of standard deviations, by weights of the draws, and how sensitive they are locally."""

from collections.abc import Mapping, Sequence

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.fitted.elements import diagnostics
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.checks.reweighting import Weights, equal_weights, smoothed_weights
from bayes_lca.posterior.labels.total_log_likelihood import total_log_likelihood
from bayes_lca.priors import Exponential, HalfNormal, HalfStudentT, StandardDeviationPrior

PRIORS = (HalfNormal(0.5), HalfNormal(1.0), HalfStudentT(3.0, 1.0), Exponential(1.0))

SENSITIVE = 0.05
"""Change of a marginal posterior, per doubling of a component's power, that counts as sensitive to it."""


def under_other_priors(
    fit: Fit,
    quantities: Mapping[tuple[str, str], xr.DataArray],
    log_prior: Mapping[StandardDeviationPrior, xr.DataArray],
    tails: Sequence[float],
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of quantities under each prior.

    Parameters
    ----------
    fit : Fit
    quantities : mapping of pairs of str to xarray.DataArray
        Draws of each, dims (chain, draw).
    log_prior : mapping of priors to xarray.DataArray
        Log density of the draws under each prior, dims (chain, draw), the fitted prior first.
    tails : sequence of float

    Returns
    -------
    rows : pandas.DataFrame
        One for each quantity and prior, of which the pair of names and the prior are the index.
    refit : list of str
        Priors under which the weights cannot be trusted.
    """
    fitted, *_ = log_prior
    weights = {
        prior: equal_weights(density) if prior == fitted else smoothed_weights(density - log_prior[fitted])
        for prior, density in log_prior.items()
    }
    sensitivity = power_scaling(fit, quantities, log_prior[fitted])
    rows = {}
    for key, values in quantities.items():
        r_hat = float(diagnostics(values)["r_hat"])
        for prior, weight in weights.items():
            rows[(*key, repr(prior))] = {
                **_summary(values, weight, tails),
                "pareto_k": weight.pareto_k,
                "status": "as fitted" if prior == fitted else "reweighted" if weight.trusted else "refit needed",
                "r_hat": r_hat,
                **sensitivity[key],
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index)
    return table, [repr(prior) for prior, weight in weights.items() if not weight.trusted]


def _summary(values: xr.DataArray, weight: Weights, tails: Sequence[float]) -> dict[str, float]:
    if not weight.trusted:
        return dict.fromkeys(["mean", "median", "lower", "upper", "effective_draws"], np.nan)
    median, lower, upper = weight.quantiles(values, [0.5, *tails])
    return {
        "mean": weight.mean(values),
        "median": median,
        "lower": lower,
        "upper": upper,
        "effective_draws": weight.effective_draws(values),
    }


def power_scaling(
    fit: Fit, quantities: Mapping[tuple[str, str], xr.DataArray], log_prior: xr.DataArray
) -> dict[tuple[str, str], dict[str, float | str]]:
    """How far each quantity moves where the prior, or the likelihood, is raised to a power near 1, and in words."""
    names = {f"quantity_{place}": key for place, key in enumerate(quantities)}
    tree = xr.DataTree.from_dict(
        {
            "/posterior": xr.Dataset({name: quantities[key] for name, key in names.items()}),
            "/log_prior": xr.Dataset({"standard_deviations": log_prior}),
            "/log_likelihood": xr.Dataset({"all": total_log_likelihood(fit)}),
        }
    )
    by_prior, by_likelihood = (arviz_stats.psense(tree, group=group) for group in ("prior", "likelihood"))
    result = {}
    for name, key in names.items():
        prior, likelihood = float(by_prior[name]), float(by_likelihood[name])
        diagnosis = "not sensitive to the prior"
        if prior >= SENSITIVE:
            diagnosis = "strong prior or weak data" if likelihood < SENSITIVE else "prior and data may conflict"
        result[key] = {"prior_sensitivity": prior, "likelihood_sensitivity": likelihood, "diagnosis": diagnosis}
    return result
