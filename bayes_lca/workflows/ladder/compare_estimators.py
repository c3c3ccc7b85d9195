"""What every estimator of the ladder says of the covariates, in one table."""

import re
import warnings
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd
import scipy
import xarray as xr

from bayes_lca.data.frame import Frame
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.refusals import SeveralModesError
from bayes_lca.models.latent_class import LatentClass
from bayes_lca.posterior.tables.odds_ratios import class_pairs, odds_ratios
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities
from bayes_lca.workflows.ladder.estimators import ESTIMATORS, check_class_shift, fit_estimators

OF_ALL = ["odds_ratio", "lower", "upper", "probability_of_direction", "log_odds", "sd", "se"]


def compare_estimators(
    model: LatentClass | None = None,
    frame: Frame | None = None,
    *,
    reference: str | None = None,
    fits: Mapping[str, xr.DataTree | SummaryTable] | None = None,
    ci_prob: float = CI_PROB,
    **options: Any,
) -> SummaryTable:
    """Compare what every estimator says of the covariates: one table of odds ratios.

    Parameters
    ----------
    model, frame
        As for `fit_estimators`, which is called with `options`.
    reference : str, optional
        The class all others are compared with; all pairs by default.
    fits : mapping, optional
        What `fit_estimators` returned, in place of `model` and `frame`.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.
    **options
        Further arguments of `fit_estimators`.

    Returns
    -------
    SummaryTable
        One row per contrast, term and estimator, in the columns of `odds_ratios` and, behind ``sd``, ``se``: posteriors
        have a standard deviation, estimates of maximum likelihood a standard error. Draw it with
        ``bl.plot_odds_ratios(fits)``.

    Raises
    ------
    ValueError
        If both a model and fits are given, or neither, the fits lack ``"measured"``, `reference` is not a class, or no
        fit has odds ratios that can be compared.

    Warns
    -----
    UserWarning
        If a fit is left out because its chains stayed in several modes.
    ClassShiftWarning
        If the covariates bend the classes of the joint fit.

    References
    ----------
    Asparouhov, T. & Muthen, B. (2014). Auxiliary variables in mixture modeling: using the BCH method in Mplus to
    estimate a distal outcome model and an arbitrary second model. Mplus Web Notes 21.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> measured, survey = bl.load_example("alone"), bl.example_survey()
    >>> bch = bl.stepwise_odds_ratios(measured, bl.Regression("~ participation"), survey)
    >>> table = bl.compare_estimators(fits={"measured": measured, "BCH": bch})
    >>> table.index.tolist()
    [('C2 vs C1', 'participation', 'BCH')]

    With a model in place of fits it takes minutes, for every estimator is fitted:

    >>> from bayes_lca.models import LatentClass
    >>> nested = LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression("~ participation + tier + (1 | group)"))
    >>> bl.compare_estimators(nested, bl.load_cohort(), reference="C1")  # doctest: +SKIP
    """
    if (fits is None) == (model is None) or (model is None) != (frame is None) or (options and fits is not None):
        raise ValueError("give a model, a frame and options of fit_estimators, or its fits, fits=..., and nothing else")
    if fits is None:
        fits = fit_estimators(cast(LatentClass, model), cast(Frame, frame), **options)
    elif "measured" not in fits:
        raise ValueError(f"fits are {list(fits)}, without 'measured', whose classes they share; give all of the fits")
    fits = {
        name: result if isinstance(result, SummaryTable) else Fit.of(result, needs="compare_estimators")
        for name, result in fits.items()
    }
    if model is None:
        check_class_shift(fits)
    if isinstance(fits["measured"], SummaryTable):
        raise ValueError("fits['measured'] is a table; give the fit that measured the classes")
    pairs = class_pairs(fits["measured"], reference)
    tables = {}
    for name, result in fits.items():
        if isinstance(result, SummaryTable):
            tables[name] = _of_pairs(result, pairs, ci_prob)
        elif name != "measured":
            try:
                tables[name] = odds_ratios(result, reference, ci_prob=ci_prob)
            except SeveralModesError as error:
                warnings.warn(f"{name} is left out: {error}", UserWarning, stacklevel=2)
    if not tables:
        raise ValueError(f"none of the {len(fits)} fits given, {list(fits)}, has odds ratios that can be compared")
    joined = pd.concat({name: pd.DataFrame(table) for name, table in tables.items()}, names=["estimator"])
    joined = joined.reorder_levels(["contrast", "term", "estimator"])
    columns = [name for name in dict.fromkeys([*OF_ALL, *joined.columns]) if name in joined]
    rows = [(*row, name) for row in next(iter(tables.values())).index for name in tables]
    note = "\n".join(f"{name}: {ESTIMATORS[name]}; {table.note}" for name, table in tables.items())
    return SummaryTable.of(joined.loc[rows, columns], note)


def _of_pairs(table: SummaryTable, pairs: list[tuple[str, str]], ci_prob: float) -> SummaryTable:
    """Wald odds ratios of the contrasts asked for, turned round where need be."""
    parts = {}
    for b, a in pairs:
        turned = f"{b} vs {a}" not in table.index.get_level_values("contrast")
        part = pd.DataFrame(table.loc[f"{a} vs {b}" if turned else f"{b} vs {a}"])
        part["log_odds"] *= -1 if turned else 1
        parts[f"{b} vs {a}"] = part
    result = pd.concat(parts, names=["contrast", "term"])
    result["odds_ratio"] = np.exp(result["log_odds"])
    for name, tail in zip(("lower", "upper"), tail_probabilities(ci_prob), strict=True):
        result[name] = np.exp(result["log_odds"] + scipy.stats.norm.ppf(tail) * result["se"])
    return SummaryTable.of(result, re.sub(r"[\d.]+ % Wald", f"{100 * ci_prob:g} % Wald", table.note))
