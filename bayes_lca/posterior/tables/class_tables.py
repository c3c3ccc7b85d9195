"""Tables of a fitted model: class sizes, profiles, odds ratios."""

from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import (
    CATEGORY,
    CLASS,
    CLASS_SHARE,
    ITEM,
    ITEM_PROBABILITY,
    SLOPE,
    TERM,
)
from bayes_lca.fitted.axes import class_axis
from bayes_lca.fitted.elements import diagnostics, existing_elements, row_index
from bayes_lca.posterior.labels.convergence import require_latent_classes, require_summarisable
from bayes_lca.table import SummaryTable, describe_draws, tail_probabilities

CI_PROB = 0.95


def class_sizes(draws: xr.DataTree, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Share of each class.

    With covariates, the average over respondents of :math:`P(c \mid x_i, g_i)`.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per class: ``mean``, ``sd``, ``lower``, ``upper``, ``r_hat``, ``ess_bulk``, ``ess_tail``.

    Raises
    ------
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.class_sizes(bl.load("fit.nc"))  # doctest: +SKIP
    """
    require_latent_classes(draws)
    require_summarisable(draws)
    return table_of(draws["posterior"][CLASS_SHARE], [CLASS], draws, ci_prob)


def class_profiles(draws: xr.DataTree, *, ci_prob: float = CI_PROB) -> SummaryTable:
    """Probability of each answer in each class.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per class, item and category, in the columns of `class_sizes`.

    Raises
    ------
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.
    """
    require_latent_classes(draws)
    require_summarisable(draws)
    return table_of(draws["posterior"][ITEM_PROBABILITY], [CLASS, ITEM, CATEGORY], draws, ci_prob)


def class_pairs(draws: xr.DataTree, reference: str | None) -> list[tuple[str, str]]:
    """Pairs of classes compared: each with `reference`, or with every class before it.

    Raises
    ------
    ValueError
        If `reference` is not a class.
    """
    names = [str(name) for name in draws["posterior"][class_axis(draws)].to_numpy()]
    if reference is None:
        return [(later, earlier) for earlier, later in combinations(names, 2)]
    if reference not in names:
        raise ValueError(f"reference={reference!r} is not a class; choose one of {names}")
    return [(name, reference) for name in names if name != reference]


def contrasts(
    draws: xr.DataTree, variable: str, reference: str | None = None, labels: str = "contrast"
) -> xr.DataArray:
    """Differences between classes of a variable, ``C2 vs C1`` and so on.

    Parameters
    ----------
    draws : xarray.DataTree
    variable : str
        A variable with an axis of classes.
    reference : str, optional
        The class all others are compared with; every pair, the earlier class as reference, by default.
    labels : str
        Name of the axis of contrasts.

    Raises
    ------
    ValueError
        If `reference` is not a class.
    """
    axis, pairs = class_axis(draws), class_pairs(draws, reference)
    values = draws["posterior"][variable]
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
    """
    require_summarisable(draws)
    if SLOPE not in draws["posterior"]:
        raise ValueError(
            f"formula {draws.attrs['formula']!r} has no covariates; odds ratios come from a model with "
            'Regression("~ age + ...")'
        )
    log_odds = contrasts(draws, SLOPE, reference)
    table = table_of(log_odds, ["contrast", TERM], draws, ci_prob)
    wide = pd.DataFrame(table).rename(columns={"mean": "log_odds"})
    stacked = log_odds.stack(row=["contrast", TERM])
    median = stacked.median(["chain", "draw"]).to_numpy()
    positive = (stacked > 0).mean(["chain", "draw"]).to_numpy()
    wide.insert(0, "odds_ratio", np.exp(median))
    wide["lower"], wide["upper"] = np.exp(wide["lower"]), np.exp(wide["upper"])
    wide.insert(5, "probability_of_direction", np.maximum(positive, 1.0 - positive))
    columns = ["odds_ratio", "lower", "upper", "probability_of_direction", "log_odds", "sd"]
    return SummaryTable.of(wide[[*columns, "r_hat", "ess_bulk", "ess_tail"]], table.note)


def table_of(values: xr.DataArray, dims: list[str], draws: xr.DataTree, ci_prob: float) -> SummaryTable:
    """Mean, sd, interval and diagnostics of every element that exists, one row each, `dims` as index."""
    rows = existing_elements(values, dims)
    lower, upper = quantiles_of(rows, tail_probabilities(ci_prob))
    columns = {
        "mean": rows.mean(["chain", "draw"]),
        "sd": rows.std(["chain", "draw"], ddof=1),
        "lower": lower,
        "upper": upper,
        **diagnostics(rows),
    }
    frame = pd.DataFrame({name: column.to_numpy() for name, column in columns.items()}, index=row_index(rows, dims))
    return SummaryTable.of(frame, note_of(draws, ci_prob))


def quantiles_of(values: xr.DataArray, probabilities: list[float]) -> list[xr.DataArray]:
    """Quantiles over chains and draws, one array for each probability."""
    quantiles = values.quantile(probabilities, ["chain", "draw"])
    return [quantiles.isel(quantile=place, drop=True) for place in range(len(probabilities))]


def note_of(draws: xr.DataTree, ci_prob: float) -> str:
    """What a table of intervals rests on, as one line."""
    return f"{describe_draws(draws)}; {100 * ci_prob:g} % equal-tailed intervals"
