"""The published stepwise estimators, as tables beside posteriors."""

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import norm

from bayes_lca.dims import ANSWERS, CATEGORY, CLASS, ITEM, ITEM_PROBABILITY
from bayes_lca.likelihood.em import fit_em
from bayes_lca.posterior.labels.relabel import match, profile_distances
from bayes_lca.posterior.tables.class_tables import CI_PROB, class_pairs
from bayes_lca.structural.regression import Regression
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.workflows.ladder.assign import answers_of, positions_in, require_measured
from bayes_lca.workflows.ladder.bias_adjusted_regression import Method, stepwise


def stepwise_odds_ratios(
    measured: xr.DataTree,
    structural: Regression,
    frame,
    method: Method = "bch",
    reference: str | None = None,
    *,
    missing: str = "raise",
    ci_prob: float = CI_PROB,
) -> SummaryTable:
    """Odds ratios by maximum likelihood in steps, with corrected standard errors, on one level.

    Classes are those of `measured`, refitted by maximum likelihood; see
    `bayes_lca.workflows.ladder.bias_adjusted_regression` for the
    estimators. Groups in the formula are left out: these estimators have no random effects, so intervals of
    group-level covariates are too narrow where respondents are nested.

    Parameters
    ----------
    measured : xarray.DataTree
        From `fit` of a latent class analysis without covariates.
    structural : Regression
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        With the items and the covariates: respondents of `measured`, all or some.
    method : {"bch", "ml", "two_step", "modal", "proportional"}
    reference : str, optional
        The class all others are compared with; all pairs by default.
    missing : {"raise", "drop"}
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        In the columns of `odds_ratios`: the interval is the Wald interval, ``sd`` the standard error, and
        ``probability_of_direction`` the confidence distribution's; ``r_hat`` and effective draws do not apply.

    Raises
    ------
    ValueError
        If the frame cannot be used or holds respondents that `measured` does not, the formula has no covariates, or
        `measured` has some: the corrected standard errors hold where both steps see the same respondents.
    NoMaximumError, FirstStepError
        If the estimator has no finite maximum, or the first step is not identified.
    """
    require_measured(measured)
    positions_in(measured, frame)
    design = structural.read(frame, missing)
    if not design.terms:
        raise ValueError(f"formula {design.formula!r} has no covariates")
    step_one = measured["observed_data"][ANSWERS].to_numpy()
    patterns, count = np.unique(step_one, axis=0, return_counts=True)
    rho = measured["posterior"][ITEM_PROBABILITY].mean(["chain", "draw"]).transpose(CLASS, ITEM, CATEGORY)
    n_categories = rho.notnull().isel({CLASS: 0}).sum(CATEGORY).to_numpy()
    best = fit_em(patterns, count, n_categories, len(rho)).modes[0]
    order = match(profile_distances(best.item_probability[None], rho.to_numpy()))[0][0]
    codes = answers_of(measured).read(frame).codes[design.kept]
    found = stepwise(
        codes,
        np.ones(len(codes)),
        design.matrix,
        best.item_probability[order],
        best.class_share[order],
        method=method,
        terms=design.terms,
        measurement_codes=patterns,
        measurement_count=count,
    )
    names = [str(name) for name in rho[CLASS].to_numpy()]
    parts = {}
    for b, a in class_pairs(measured, reference):
        one = found.contrast(names.index(b), names.index(a)).loc[list(design.terms)]
        parts[f"{b} vs {a}"] = one
    table = pd.concat(parts, names=["contrast", "term"])
    estimate, error = table["estimate"], table["standard_error"]
    lower, upper = (estimate + norm.ppf(tail) * error for tail in tail_probabilities(ci_prob))
    wide = pd.DataFrame(
        {
            "odds_ratio": np.exp(estimate),
            "lower": np.exp(lower),
            "upper": np.exp(upper),
            "probability_of_direction": norm.cdf((estimate / error).abs()),
            "log_odds": estimate,
            "sd": error,
            "r_hat": np.nan,
            "ess_bulk": np.nan,
            "ess_tail": np.nan,
        }
    )
    missing_answers = int((codes < 0).sum())
    note = (
        f"n = {len(codes)}, {design.n_dropped} rows left out, {missing_answers} answers missing, maximum likelihood "
        f"({method}), one level; {100 * ci_prob:g} % Wald intervals"
    )
    return SummaryTable.of(wide, note)
