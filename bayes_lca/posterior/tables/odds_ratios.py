"""Classes against each other: contrasts of their logits, and odds ratios of covariates."""

from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import SLOPE, TERM
from bayes_lca.fitted.elements import R_HAT_BETWEEN
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.tables.larger_unit import in_larger_units
from bayes_lca.posterior.tables.rows import CI_PROB, table_of, table_once
from bayes_lca.table import SummaryTable


def class_pairs(fit: Fit, reference: str | None) -> list[tuple[str, str]]:
    """Pairs of classes compared: each with `reference`, or with every class before it.

    Raises
    ------
    ValueError
        If `reference` is not a class.
    """
    if reference is None:
        return [(later, earlier) for earlier, later in combinations(fit.classes, 2)]
    if reference not in fit.classes:
        what = "category" if fit.class_is_observed else "class"
        nobody_has = fit.class_is_observed and reference in fit.empty_categories.get(str(fit.outcome), ())
        why = ", for nobody has it; empty_categories='keep' keeps it" if nobody_has else ""
        raise ValueError(f"reference={reference!r} is not a {what}{why}; choose one of {list(fit.classes)}")
    return [(name, reference) for name in fit.classes if name != reference]


def contrasts(
    draws: xr.DataTree, variable: str, reference: str | None = None, labels: str = "contrast"
) -> xr.DataArray:
    """Differences between classes of a variable, ``C2 vs C1`` and so on.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit`.
    variable : str
        A variable with an axis of classes, such as ``"slope"``.
    reference : str, optional
        The class all others are compared with; every pair, the earlier class as reference, by default.
    labels : str
        Name of the axis of contrasts.

    Returns
    -------
    xarray.DataArray
        Dims of the variable, an axis of contrasts in place of that of the classes.

    Raises
    ------
    ValueError
        If `reference` is not a class, or the draws have no such variable.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.contrasts(bl.load_example(), "slope", reference="C1")["contrast"].to_numpy().tolist()
    ['C2 vs C1']
    """
    fit = Fit.of(draws, needs="contrasts")
    if variable not in fit.posterior:
        raise ValueError(f"variable={variable!r} is not among the draws; they have {sorted(map(str, fit.posterior))}")
    return contrasts_of(fit, variable, reference, labels)


def contrasts_of(fit: Fit, variable: str, reference: str | None = None, labels: str = "contrast") -> xr.DataArray:
    """The same of a fit."""
    pairs, values = class_pairs(fit, reference), fit.posterior[variable]
    axis = fit.class_axis
    parts = [values.sel({axis: b}, drop=True) - values.sel({axis: a}, drop=True) for b, a in pairs]
    return xr.concat(parts, pd.Index([f"{b} vs {a}" for b, a in pairs], name=labels))


def odds_ratios(draws: xr.DataTree, reference: str | None = None, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Odds ratios of covariates for every contrast of classes.

    .. math:: \mathrm{OR}_{t, c/r} = \exp(\beta_{tc} - \beta_{tr})

    per unit of a numeric covariate, or against the reference level of a categorical one.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with covariates.
    reference : str, optional
        The class all others are compared with. All pairs, the earlier class as reference, by default.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per contrast and term: ``odds_ratio`` (posterior median) with ``lower`` and ``upper``, ``log_odds``
        (posterior mean) with ``sd``, ``probability_of_direction`` (of the more likely sign), ``r_hat``,
        ``ess_bulk``, ``ess_tail``.

    Raises
    ------
    ValueError
        If the model has no covariates, or `reference` is not a class.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.odds_ratios(bl.load_example(), reference="C1").index.tolist()
    [('C2 vs C1', 'participation'), ('C2 vs C1', 'score')]
    """
    fit = Fit.of(draws, needs="odds_ratios")
    if SLOPE not in fit.posterior:
        raise ValueError(
            f"formula {fit.formula_shown!r} has no covariates; odds ratios come from a model with "
            'Regression("~ age + ...")'
        )
    return table_once(fit, ("odds_ratios", reference, ci_prob), lambda: _odds_ratios(fit, reference, ci_prob))


def _odds_ratios(fit: Fit, reference: str | None, ci_prob: float) -> SummaryTable:
    log_odds = contrasts_of(fit, SLOPE, reference)
    table = table_of(log_odds, ["contrast", TERM], fit, ci_prob)
    wide = pd.DataFrame(table).rename(columns={"mean": "log_odds"})
    stacked = log_odds.stack(row=["contrast", TERM])
    median = stacked.median(["chain", "draw"]).to_numpy()
    positive = (stacked > 0).mean(["chain", "draw"]).to_numpy()
    wide.insert(0, "odds_ratio", np.exp(median))
    wide["lower"], wide["upper"] = np.exp(wide["lower"]), np.exp(wide["upper"])
    wide.insert(5, "probability_of_direction", np.maximum(positive, 1.0 - positive))
    columns = ["odds_ratio", "lower", "upper", "probability_of_direction", "log_odds", "sd"]
    larger = in_larger_units(wide, fit.matrix, fit.terms) if fit.holds_respondents else []
    note = "\n".join([table.note, *larger])
    quality = [name for name in ("r_hat", "ess_bulk", "ess_tail", R_HAT_BETWEEN) if name in wide]
    return SummaryTable.of(wide[[*columns, *quality]], note)
