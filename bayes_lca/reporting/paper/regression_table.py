"""Tables of the regression of the classes as papers print them: coefficients, odds ratios, spread of the groups."""

import pandas as pd
import xarray as xr

from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.tables.odds_ratios import odds_ratios
from bayes_lca.posterior.tables.random_intercepts import heterogeneity
from bayes_lca.reporting.paper.rounding import NOTHING, direction_text, interval_text, number_text
from bayes_lca.table import SummaryTable

SD_OF = "SD of {}"


def regression_table(draws: xr.DataTree, reference: str | None = None, *, ci_prob: float = 0.95) -> SummaryTable:
    """The regression of the classes as a paper prints it.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with covariates.
    reference : str, optional
        The class all others are compared with; every pair by default.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        Of text, a row per contrast of classes and term: ``B`` (posterior mean of the log odds), ``SD`` (of the
        posterior), ``OR`` (median) with its interval, and ``P(direction)``. Below the terms of a contrast stands the
        standard deviation of the random intercepts, where there are any, with the median odds ratio of two groups under
        ``OR``. To be written by `write_tables`.

    Raises
    ------
    ValueError
        If the model has no covariates, or `reference` is no class.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.regression_table(bl.load_example(), reference="C1")
    >>> table.loc[("C2 vs C1", "participation")].tolist()
    ['−0.29', '0.08', '0.75', '[0.64, 0.87]', '> .995']
    """
    fit = Fit.of(draws, needs="regression_table")
    ratios, interval = odds_ratios(fit, reference, ci_prob=ci_prob), f"{100 * ci_prob:g} % interval"
    has_spread = bool(fit.groupings) and fit.supports("heterogeneity")
    spread = heterogeneity(fit, reference, ci_prob=ci_prob) if has_spread else None
    rows = {}
    for contrast, of_contrast in ratios.groupby(level="contrast", sort=False):
        for (_, term), row in of_contrast.iterrows():
            ends = interval_text(row["lower"], row["upper"], 1.0)
            direction = direction_text(row["probability_of_direction"], fit.n_draws)
            ratio = _as_precise(row["odds_ratio"], ends)
            rows[contrast, term] = [number_text(row["log_odds"]), number_text(row["sd"]), ratio, ends, direction]
        of_groups = [] if spread is None else spread.xs(contrast, level="contrast").iterrows()
        for grouping, row in of_groups:
            ends = interval_text(row["median_odds_ratio_lower"], row["median_odds_ratio_upper"], 1.0)
            sd = f"{number_text(row['sd'])} {interval_text(row['sd_lower'], row['sd_upper'], 0.0)}"
            ratio = _as_precise(row["median_odds_ratio"], ends)
            rows[contrast, SD_OF.format(grouping)] = [sd, NOTHING, ratio, ends, NOTHING]
    index = pd.MultiIndex.from_tuples(rows, names=["contrast", "term"])
    table = pd.DataFrame(list(rows.values()), index, ["B", "SD", "OR", interval, "P(direction)"])
    about = "B, SD: posterior mean and standard deviation of the log odds; OR: posterior median"
    of_groups = ["SD of groups: of their log odds, with its interval; OR: median odds ratio of two groups"]
    return SummaryTable.of(table, "\n".join([ratios.note, "; ".join([about, *(of_groups if has_spread else [])])]))


def _as_precise(ratio: float, ends: str) -> str:
    """An odds ratio with the decimals of its interval."""
    decimals = len(ends.partition(",")[0].partition(".")[2])
    return number_text(ratio, decimals or 2)
