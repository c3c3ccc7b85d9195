"""Tables of a fitted model: class sizes, profiles, odds ratios, random intercepts, heterogeneity."""

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
    group_effect,
    group_sd,
)
from bayes_lca.posterior.class_logits import class_axis, groupings
from bayes_lca.posterior.convergence import diagnostics, existing_elements, require_summarisable, row_index
from bayes_lca.table import SummaryTable, describe_draws

CI_PROB = 0.95
LOGISTIC_VARIANCE = np.pi**2 / 3
MEDIAN_ODDS = np.sqrt(2) * 0.6744897501960817


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
    require_summarisable(draws)
    return _table(draws["posterior"][CLASS_SHARE], [CLASS], draws, ci_prob)


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
    require_summarisable(draws)
    return _table(draws["posterior"][ITEM_PROBABILITY], [CLASS, ITEM, CATEGORY], draws, ci_prob)


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
    axis = class_axis(draws)
    values = draws["posterior"][variable]
    names = [str(name) for name in values[axis].to_numpy()]
    if reference is not None and reference not in names:
        raise ValueError(f"reference={reference!r} is not a class; choose one of {names}")
    pairs = [(b, a) for a, b in combinations(names, 2)]
    if reference is not None:
        pairs = [(name, reference) for name in names if name != reference]
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
    table = _table(log_odds, ["contrast", TERM], draws, ci_prob)
    wide = pd.DataFrame(table).rename(columns={"mean": "log_odds"})
    stacked = log_odds.stack(row=["contrast", TERM])
    median = stacked.median(["chain", "draw"]).to_numpy()
    positive = (stacked > 0).mean(["chain", "draw"]).to_numpy()
    wide.insert(0, "odds_ratio", np.exp(median))
    wide["lower"], wide["upper"] = np.exp(wide["lower"]), np.exp(wide["upper"])
    wide.insert(5, "probability_of_direction", np.maximum(positive, 1.0 - positive))
    columns = ["odds_ratio", "lower", "upper", "probability_of_direction", "log_odds", "sd"]
    return SummaryTable.of(wide[[*columns, "r_hat", "ess_bulk", "ess_tail"]], table.note)


def random_intercepts(draws: xr.DataTree, reference: str | None = None, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Random intercepts :math:`u_{cg}` of every group.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with ``(1 | group)``.
    reference : str, optional
        Show log odds against this class. By default, symmetric class logits, which sum to zero over classes.
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per grouping, group and class (or contrast), with the number of respondents ``n`` of the group and the
        columns of `class_sizes`.

    Raises
    ------
    ValueError
        If the model has no random intercepts.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.
    """
    require_summarisable(draws)
    names = _required_groupings(draws)
    axis = class_axis(draws) if reference is None else "contrast"
    parts = []
    for name in names:
        variable = group_effect(name)
        values = draws["posterior"][variable] if reference is None else contrasts(draws, variable, reference)
        part = pd.DataFrame(_table(values, [name, axis], draws, ci_prob))
        sizes = np.bincount(draws["constant_data"][f"{name}_index"].to_numpy())
        part.insert(0, "n", np.repeat(sizes, values.sizes[axis]))
        part.index = part.index.set_names(["group", axis])
        parts.append(part)
    return SummaryTable.of(pd.concat(parts, keys=names, names=["grouping"]), _note(draws, ci_prob))


def heterogeneity(draws: xr.DataTree, reference: str | None = None, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""How much groups differ: standard deviation, variance partition coefficient, median odds ratio.

    For the logit of class c against r, :math:`s^2 = \sigma_c^2 + \sigma_r^2`, and

    .. math:: \mathrm{VPC} = \frac{s^2}{s^2 + \pi^2/3}, \qquad \mathrm{MOR} = \exp(\sqrt2\, \Phi^{-1}(3/4)\, s)

    The median odds ratio compares two equal respondents from two groups drawn at random, the larger odds above the
    smaller.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with ``(1 | group)``.
    reference : str, optional
        The class all others are compared with; all pairs by default.
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per grouping and contrast: posterior median, ``lower`` and ``upper`` of ``sd``, ``vpc`` and
        ``median_odds_ratio``, the number of groups, ``r_hat``, ``ess_bulk`` and ``ess_tail`` of the standard
        deviation.

    References
    ----------
    Larsen, K. & Merlo, J. (2005). Appropriate assessment of neighborhood effects on individual health. American
    Journal of Epidemiology 161(1), 81-88. doi 10.1093/aje/kwi017
    """
    require_summarisable(draws)
    axis, names = class_axis(draws), _required_groupings(draws)
    classes = [str(name) for name in draws["posterior"][axis].to_numpy()]
    pairs = [(b, a) for a, b in combinations(classes, 2) if reference is None or reference == a]
    if reference is not None:
        contrasts(draws, group_sd(names[0]), reference)
        pairs = [(name, reference) for name in classes if name != reference]
    rows = {}
    for grouping in names:
        sigma = draws["posterior"][group_sd(grouping)]
        for b, a in pairs:
            s = np.sqrt(sigma.sel({axis: b}, drop=True) ** 2 + sigma.sel({axis: a}, drop=True) ** 2)
            row = {"groups": len(draws["posterior"][grouping])}
            measures = {
                "sd": s,
                "vpc": s**2 / (s**2 + LOGISTIC_VARIANCE),
                "median_odds_ratio": np.exp(MEDIAN_ODDS * s),
            }
            for measure, values in measures.items():
                middle, lower, upper = (float(part) for part in _quantiles(values, [0.5, *_tails(ci_prob)]))
                row |= {measure: middle, f"{measure}_lower": lower, f"{measure}_upper": upper}
            rows[grouping, f"{b} vs {a}"] = row | {name: float(part) for name, part in diagnostics(s).items()}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["grouping", "contrast"])
    return SummaryTable.of(table, _note(draws, ci_prob))


def _required_groupings(draws: xr.DataTree) -> list[str]:
    names = groupings(draws)
    if not names:
        raise ValueError(f"formula {draws.attrs['formula']!r} has no random intercepts; add (1 | group)")
    return names


def _table(values: xr.DataArray, dims: list[str], draws: xr.DataTree, ci_prob: float) -> SummaryTable:
    """Mean, sd, interval and diagnostics of every element that exists, one row each, `dims` as index."""
    rows = existing_elements(values, dims)
    lower, upper = _quantiles(rows, _tails(ci_prob))
    columns = {
        "mean": rows.mean(["chain", "draw"]),
        "sd": rows.std(["chain", "draw"], ddof=1),
        "lower": lower,
        "upper": upper,
        **diagnostics(rows),
    }
    frame = pd.DataFrame({name: column.to_numpy() for name, column in columns.items()}, index=row_index(rows, dims))
    return SummaryTable.of(frame, _note(draws, ci_prob))


def _quantiles(values: xr.DataArray, probabilities: list[float]) -> list[xr.DataArray]:
    quantiles = values.quantile(probabilities, ["chain", "draw"])
    return [quantiles.isel(quantile=place, drop=True) for place in range(len(probabilities))]


def _tails(ci_prob: float) -> list[float]:
    if not 0 < ci_prob < 1:
        raise ValueError(f"ci_prob={ci_prob!r}: the probability of an interval lies between 0 and 1")
    return [(1 - ci_prob) / 2, (1 + ci_prob) / 2]


def _note(draws: xr.DataTree, ci_prob: float) -> str:
    return f"{describe_draws(draws)}; {100 * ci_prob:g} % equal-tailed intervals"
