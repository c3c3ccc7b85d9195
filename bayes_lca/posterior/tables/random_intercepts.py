"""Tables of what groups add: random intercepts, and how much groups differ."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import group_correlation, group_effect
from bayes_lca.fitted.elements import diagnostics
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.moves import moves_of_groups
from bayes_lca.fitted.paths import paths_of
from bayes_lca.posterior.tables.contrast_sd import contrast_sd, fitted_prior, prior_contrast_sd
from bayes_lca.posterior.tables.odds_ratios import contrasts_of
from bayes_lca.posterior.tables.rows import CI_PROB, note_of, quantiles_of, table_of, table_once
from bayes_lca.table import SummaryTable, tail_probabilities

LOGISTIC_VARIANCE = np.pi**2 / 3
MEDIAN_ODDS = np.sqrt(2) * 0.6744897501960817


def random_intercepts(draws: xr.DataTree, reference: str | None = None, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Random intercepts :math:`u_{cg}` of every group.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with ``(1 | group)``.
    reference : str, optional
        Show log odds against this class. By default, symmetric class logits, which sum to zero over classes.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per grouping, group and class (or contrast), with the number of respondents ``n`` of the group and the
        columns of `class_sizes`. Groupings of transitions are named ``transition_group``; their ``n`` counts moves, and
        their intercepts are those of the class that is moved to.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the model has no random intercepts, or `reference` is not a class.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.random_intercepts(bl.load_example(), reference="C1")
    >>> table.loc["group"].index.tolist()[:2]
    [('G1', 'C2 vs C1'), ('G2', 'C2 vs C1')]
    """
    fit = Fit.of(draws, needs="random_intercepts")
    name = ("random_intercepts", reference, ci_prob)
    return table_once(fit, name, lambda: _random_intercepts(fit, _required_groupings(fit), reference, ci_prob))


def _random_intercepts(fit: Fit, groupings: tuple[str, ...], reference: str | None, ci_prob: float) -> SummaryTable:
    axis = fit.class_axis if reference is None else "contrast"
    parts = []
    for name in groupings:
        variable = group_effect(name)
        values = fit.posterior[variable] if reference is None else contrasts_of(fit, variable, reference)
        part = pd.DataFrame(table_of(values, [name, axis], fit, ci_prob))
        part.insert(0, "n", np.repeat(_group_sizes(fit, name), values.sizes[axis]))
        part.index = part.index.set_names(["group", axis])
        parts.append(part)
    return SummaryTable.of(pd.concat(parts, keys=groupings, names=["grouping"]), note_of(fit, ci_prob))


def heterogeneity(draws: xr.DataTree, reference: str | None = None, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""How much groups differ: standard deviation, variance partition coefficient, median odds ratio.

    For the logit of class c against r, :math:`s^2 = \sigma_c^2 + \sigma_r^2 - 2 \rho_{cr} \sigma_c \sigma_r`, where
    :math:`\rho_{cr}` is 0 unless random intercepts may correlate, and

    .. math:: \mathrm{VPC} = \frac{s^2}{s^2 + \pi^2/3}, \qquad \mathrm{MOR} = \exp(\sqrt2\, \Phi^{-1}(3/4)\, s)

    Only contrasts of classes can be seen, so the priors of :math:`\sigma_c` and :math:`\sigma_r` act through s, which
    they keep off zero: HalfNormal(1) on both is a Rayleigh(1) distribution of s. The note below the table gives the
    prior's median and interval of s beside the posterior's. With few groups the two can be close: then the data say
    little.

    The median odds ratio compares two equal respondents from two groups drawn at random, the larger odds above the
    smaller.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with ``(1 | group)``.
    reference : str, optional
        The class all others are compared with; all pairs by default.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per grouping and contrast: posterior median, ``lower`` and ``upper`` of ``sd``, ``vpc`` and
        ``median_odds_ratio``, the number of groups, ``r_hat``, ``ess_bulk`` and ``ess_tail`` of the standard
        deviation.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the model has no random intercepts, or `reference` is not a class.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Larsen, K. & Merlo, J. (2005). Appropriate assessment of neighborhood effects on individual health. American
    Journal of Epidemiology 161(1), 81-88. doi 10.1093/aje/kwi017

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.heterogeneity(bl.load_example())["groups"].to_dict()
    {('group', 'C2 vs C1'): 6}
    """
    fit = Fit.of(draws, needs="heterogeneity")
    tails = tail_probabilities(ci_prob)
    rows = {}
    for grouping in _required_groupings(fit):
        for s in contrast_sd(fit, grouping, reference):
            row = {"groups": fit.encoding.sizes[grouping]}
            measures = {
                "sd": s,
                "vpc": s**2 / (s**2 + LOGISTIC_VARIANCE),
                "median_odds_ratio": np.exp(MEDIAN_ODDS * s),
            }
            for measure, values in measures.items():
                middle, lower, upper = (float(part) for part in quantiles_of(values, [0.5, *tails]))
                row |= {measure: middle, f"{measure}_lower": lower, f"{measure}_upper": upper}
            quality = diagnostics(s, data_set=fit.data_set_of_chain)
            rows[grouping, s["contrast"].item()] = row | {name: float(part) for name, part in quality.items()}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(table.index, names=["grouping", "contrast"])
    prior = "; ".join(dict.fromkeys(_before_the_data(fit, name, tails) for name in _required_groupings(fit)))
    if any(group_correlation(grouping) in fit.posterior for grouping in fit.groupings):
        prior += ", classes independent"
    return SummaryTable.of(table, f"{note_of(fit, ci_prob)}; {prior}")


def _before_the_data(fit: Fit, grouping: str, tails: list[float]) -> str:
    middle, lower, upper = np.quantile(prior_contrast_sd(fitted_prior(fit, grouping)), [0.5, *tails])
    return f"before the data, sd had median {middle:.2f} ({lower:.2f} to {upper:.2f})"


def _group_sizes(fit: Fit, grouping: str) -> np.ndarray:
    """Respondents in every group; of groupings of transitions, their moves."""
    moving = grouping in fit.groupings_of_transitions
    return moves_of_groups(paths_of(fit), grouping) if moving else fit.group_sizes(grouping)


def _required_groupings(fit: Fit) -> tuple[str, ...]:
    groupings = (*fit.groupings, *fit.groupings_of_transitions)
    if not groupings:
        raise ValueError(f"formula {fit.formula.text!r} has no random intercepts; add (1 | group)")
    return groupings
