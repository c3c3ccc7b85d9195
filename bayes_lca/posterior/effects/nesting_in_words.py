"""What the nesting of respondents in groups changed, said in words a reader of the paper needs no table for."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import RESPONDENT
from bayes_lca.fitted.group_predictors import group_predictors
from bayes_lca.fitted.respondents import require_respondents
from bayes_lca.posterior.tables.class_tables import CI_PROB, odds_ratios
from bayes_lca.posterior.tables.random_intercepts import heterogeneity
from bayes_lca.table import SummaryTable, describe_draws


def nesting_in_words(
    single_level: xr.DataTree, multilevel: xr.DataTree, joint: xr.DataTree | None = None, *, ci_prob: float = CI_PROB
) -> str:
    """Say what changes when respondents count as nested in groups, and classes as uncertain.

    Parameters
    ----------
    single_level : xarray.DataTree
        From `fit` of the regression without groups.
    multilevel : xarray.DataTree
        The same regression with random effects of groups.
    joint : xarray.DataTree, optional
        The latent class regression with random effects, if the others regress the most likely class.
    ci_prob : float, default 0.95

    Returns
    -------
    str
        A paragraph. Every number in it comes from the fits.

    Raises
    ------
    ValueError
        If the fits have different terms, contrasts or respondents, or `multilevel` has no groups.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> fits = bl.fit_estimators(nested, survey)  # doctest: +SKIP
    >>> print(bl.nesting_in_words(fits["modal, single-level"], fits["modal, multilevel"], fits["joint"]))
    ... # doctest: +SKIP
    """
    fits = {"single-level": single_level, "multilevel": multilevel} | ({"joint": joint} if joint is not None else {})
    tables = {name: odds_ratios(fit, ci_prob=ci_prob) for name, fit in fits.items()}
    for name, table in tables.items():
        if not table.index.equals(tables["multilevel"].index):
            raise ValueError(
                f"the {name} fit has contrasts and terms {list(table.index)[:4]}..., the multilevel fit "
                f"{list(tables['multilevel'].index)[:4]}...; fit the same regression of the same classes"
            )
    for name, fit in fits.items():
        require_respondents(fit, "what the nesting changes")
        if not np.array_equal(*(each["observed_data"][RESPONDENT] for each in (fit, multilevel))):
            raise ValueError(
                f"the {name} fit rests on {fit.attrs['n_respondents']} respondents, the multilevel fit on "
                f"{multilevel.attrs['n_respondents']}, and they are not the same; fit both to the same rows"
            )
    predictors = group_predictors(multilevel)
    of_groups = tables["multilevel"].index.isin([term for one in predictors for term in one.terms], level="term")
    said = [_of_groups(tables, of_groups, ci_prob)] if of_groups.any() else []
    if not of_groups.all():
        said.append(_of_respondents(tables, ~of_groups))
    last = fits.get("joint", multilevel)
    said += [_of_spread(heterogeneity(last, ci_prob=ci_prob)), f"({describe_draws(last)}.)"]
    return " ".join(said)


def excludes_one(table: SummaryTable) -> pd.Series:
    """Whether each interval of odds ratios lies on one side of 1."""
    return (table["lower"] > 1) | (table["upper"] < 1)


def _of_groups(tables: dict[str, SummaryTable], rows: np.ndarray, ci_prob: float) -> str:
    found = {name: int(excludes_one(table)[rows].sum()) for name, table in tables.items()}
    others = ", ".join(f"the {name} model {number}" for name, number in found.items() if name != "single-level")
    wider = _spread((_log_width(tables["multilevel"]) / _log_width(tables["single-level"]))[rows])
    return (
        f"Of the {int(rows.sum())} contrasts of covariates that belong to the group, the single-level regression calls "
        f"{found['single-level']} different from 1 at {100 * ci_prob:g} %, {others}: with respondents nested in groups "
        f"these intervals are {wider} times as wide on the log scale."
    )


def _of_respondents(tables: dict[str, SummaryTable], rows: np.ndarray) -> str:
    wider = _spread((_log_width(tables["multilevel"]) / _log_width(tables["single-level"]))[rows])
    said = (
        "For covariates that differ between respondents of a group, the multilevel intervals are "
        f"{wider} times as wide as the single-level ones."
    )
    if "joint" not in tables:
        return said
    clear = rows & (excludes_one(tables["joint"]) | excludes_one(tables["multilevel"])).to_numpy()
    if not clear.any():
        return said
    ratio = _spread((tables["multilevel"]["log_odds"] / tables["joint"]["log_odds"])[clear])
    return (
        f"{said} Over the {int(clear.sum())} such contrasts that either finds different from 1, the regression of the "
        f"most likely class shows {ratio} of the log odds of the joint model; below 1 is what taking the most likely "
        "class for the true one does."
    )


def _of_spread(table: SummaryTable) -> str:
    said = []
    for grouping, rows in table.groupby(level="grouping", sort=False):
        factors = ", ".join(
            f"{row['median_odds_ratio']:.2f} ({row['median_odds_ratio_lower']:.2f} to "
            f"{row['median_odds_ratio_upper']:.2f}) for {contrast}"
            for (_, contrast), row in rows.iterrows()
        )
        n_groups = int(rows["groups"].iloc[0])
        said.append(
            f"Two like respondents from two of the {n_groups} groups of {grouping!r} differ in their odds by a median "
            f"factor of {factors}."
        )
    return " ".join(said)


def _log_width(table: SummaryTable) -> pd.Series:
    return np.log(table["upper"] / table["lower"])


def _spread(values: pd.Series) -> str:
    """Median and range, in words."""
    return f"{values.median():.2f} ({values.min():.2f} to {values.max():.2f})"
