"""The published stepwise estimators, as tables beside posteriors."""

from typing import Literal

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from bayes_lca.data.frame import Frame
from bayes_lca.data.in_short import in_short
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.same_respondents import respondents_of_rows
from bayes_lca.measurement.items_apart import check_no_items
from bayes_lca.posterior.tables.larger_unit import in_larger_units
from bayes_lca.posterior.tables.odds_ratios import class_pairs
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.structural.regression import Regression
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.workflows.ladder.assign import answers_of, require_classes_of_answers_alone
from bayes_lca.workflows.ladder.bias_adjusted_regression import Method, stepwise
from bayes_lca.workflows.ladder.first_step import first_step_of, require_unrestricted


def stepwise_odds_ratios(
    measured: xr.DataTree,
    structural: Regression,
    frame: Frame,
    method: Method = "bch",
    reference: str | None = None,
    *,
    count: str | int | None = None,
    missing: Literal["raise", "drop"] = "raise",
    key: str | None = None,
    ci_prob: float = CI_PROB,
) -> SummaryTable:
    """Odds ratios by maximum likelihood in steps, with corrected standard errors, on one level.

    Classes are those of `measured`, refitted by maximum likelihood; see
    `bayes_lca.workflows.ladder.bias_adjusted_regression` for the estimators. Groups in the formula are left out: these
    estimators have no random effects, so intervals of group-level covariates are too narrow where respondents are
    nested.

    Parameters
    ----------
    measured : xarray.DataTree
        From `fit` of a latent class analysis without covariates.
    structural : Regression
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        With the items and the covariates: respondents of `measured`, all or some.
    method : {"bch", "ml", "two_step", "modal", "proportional"}
        What stands for the class in the regression: a weight or an indicator of the assigned class, error undone
        (``"bch"``, ``"ml"``); the answers (``"two_step"``); the assigned class or membership as if it were seen.
    reference : str, optional
        The class all others are compared with; all pairs by default.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    missing : {"raise", "drop"}
        What to do with rows that lack a covariate.
    key : str, optional
        Column of `frame` that tells respondents apart; by default the one that `fit` was given, else row labels.
    ci_prob : float, default 0.95
        Probability of the Wald intervals.

    Returns
    -------
    SummaryTable
        In the columns of `odds_ratios`, with ``se``, the standard error of the log odds, in the place of ``sd``: the
        interval is the Wald interval, and ``probability_of_direction`` the confidence distribution's; ``r_hat`` and
        effective draws do not apply.

    Raises
    ------
    TypeError
        If `measured` is no tree, or `structural` no regression.
    ValueError
        If the frame cannot be used or holds respondents that `measured` does not, the formula has no covariates, or
        `measured` has some: the corrected standard errors hold where both steps see the same respondents.
    NotRelabelledError, SeveralModesError
        If the classes of `measured` are not the same over its draws.
    NoMaximumError, FirstStepError, ErrorMatrixError
        If the estimator has no finite maximum, the first step is not identified, or its classification errors have no
        inverse.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> measured, survey = bl.load_example("alone"), bl.example_survey()
    >>> table = bl.stepwise_odds_ratios(measured, bl.Regression("~ participation"), survey, method="ml")
    >>> table.index.tolist()
    [('C2 vs C1', 'participation')]
    """
    fit = Fit.of(measured, needs="stepwise_odds_ratios")
    if not callable(getattr(structural, "read", None)):
        raise TypeError(f'structural={in_short(structural)}: give a Regression("~ age + sex")')
    require_classes_of_answers_alone(fit)
    require_unrestricted(fit, "fit_two_step")
    known = answers_of(fit)
    frame = fit.frame_of_respondents(frame, count)
    respondents_of_rows(fit, frame, key)
    design = structural.read(frame, missing)
    check_no_items(known, design.covariates, len(design.kept))
    if not design.terms:
        raise ValueError(f"formula {design.formula!r} has no covariates")
    first = first_step_of(fit)
    codes = known.read(frame).codes[design.kept]
    estimate = stepwise(
        codes,
        np.ones(len(codes)),
        design.matrix,
        first.item_probability,
        first.class_share,
        method=method,
        terms=design.terms,
        measurement_codes=first.codes,
        measurement_count=first.count,
    )
    parts = {
        f"{b} vs {a}": estimate.contrast(fit.classes.index(b), fit.classes.index(a)).loc[list(design.terms)]
        for b, a in class_pairs(fit, reference)
    }
    table = pd.concat(parts, names=["contrast", "term"])
    log_odds, error = table["estimate"], table["se"]
    lower, upper = (log_odds + scipy.stats.norm.ppf(tail) * error for tail in tail_probabilities(ci_prob))
    wide = pd.DataFrame(
        {
            "odds_ratio": np.exp(log_odds),
            "lower": np.exp(lower),
            "upper": np.exp(upper),
            "probability_of_direction": scipy.stats.norm.cdf((log_odds / error).abs()),
            "log_odds": log_odds,
            "se": error,
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
    return SummaryTable.of(wide, "\n".join([note, *in_larger_units(wide, design.matrix, design.terms)]))
