"""Effects of predictors that have one value per group, judged by the number of groups."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import named
from bayes_lca.dims import (
    ANSWERS,
    CATEGORY,
    CLASS,
    DESIGN,
    ITEM,
    ITEM_PROBABILITY,
    OUTCOME,
    SLOPE,
    TERM,
    group_correlation,
)
from bayes_lca.fitted.axes import class_axis, flat, groupings
from bayes_lca.fitted.class_logits import SMALLEST_PROBABILITY
from bayes_lca.fitted.group_predictors import GroupPredictors, group_predictors, nested
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.posterior.effects.meta_regression import MetaRegression, group_logits, meta_regression
from bayes_lca.posterior.labels.convergence import require_summarisable
from bayes_lca.posterior.tables.class_tables import CI_PROB, class_pairs, contrasts, note_of, table_of
from bayes_lca.posterior.tables.contrast_sd import contrast_sd, fitted_prior, prior_contrast_sd
from bayes_lca.table import SummaryTable, tail_probabilities


def group_level_effects(
    draws: xr.DataTree, reference: str | None = None, *, power: float = 0.8, ci_prob: float = CI_PROB
) -> SummaryTable:
    r"""Log odds of group-level predictors, beside what their few groups alone can say.

    However many respondents there are, a predictor that has one value per group is known from J groups. Three things
    stand beside its posterior: the degrees of freedom left, J - 1 - p with p group-level predictors; an interval
    between groups that owes nothing to the prior; and the smallest effect that could have been seen.

    The interval between groups takes two steps. Maximum likelihood gives each group a logit, adjusted for the
    covariates of individuals; a latent class enters with its item probabilities fixed at their posterior means. These
    logits are regressed on the group-level predictors with a variance between groups (`meta_regression`), and the
    t-distribution of J - 1 - p degrees of freedom gives the interval. Where the two intervals disagree, the prior of
    the standard deviations speaks; see `prior_sensitivity`.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with ``(1 | group)`` and a predictor that is constant within groups.
    reference : str, optional
        The class all others are compared with; all pairs, the earlier class as reference, by default.
    power : float, default 0.8
        Probability with which the minimum detectable effect would be seen.
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per grouping, contrast and group-level predictor, log odds per unit: posterior mean ``log_odds`` with
        ``lower`` and ``upper``; ``degrees_of_freedom``; ``between_groups``, the estimate from groups alone, with
        ``between_lower`` and ``between_upper`` and its ``standard_error``; ``minimum_detectable``, the effect whose
        interval between groups would leave out zero with probability `power`; ``r_hat``, ``ess_bulk``,
        ``ess_tail``. The note has the standard deviation of each contrast between groups, before and after the data.

    Raises
    ------
    ValueError
        If the model has no grouping or no group-level predictor, or `reference` is not a class.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Notes
    -----
    Coverage of the interval between groups, measured for a null predictor, six groups of 24 to 750 respondents and
    random intercepts of standard deviation 0 to 0.8: .94 to .96 for a nominal .95. Each contrast weighs the groups
    anew, so estimates between groups of three contrasts need not add up. Groups of a grouping nested in another are
    compared within the groups of the coarser one, which cost degrees of freedom as predictors do.

    References
    ----------
    Knapp, G. & Hartung, J. (2003). Improved tests for a random effects meta-regression with a single covariate.
    Statistics in Medicine 22(17), 2693-2710. doi 10.1002/sim.1482

    Elff, M., Heisig, J. P., Schaeffer, M. & Shikano, S. (2021). Multilevel analysis with few clusters. British
    Journal of Political Science 51(1), 412-426. doi 10.1017/S0007123419000097

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.group_level_effects(bl.load("fit.nc"), reference="C1")  # doctest: +SKIP
    """
    require_summarisable(draws)
    tails = tail_probabilities(ci_prob)
    if not 0 < power < 1:
        raise ValueError(f"power={power!r}: a probability lies between 0 and 1, such as 0.8")
    pairs, found = class_pairs(draws, reference), group_predictors(draws)
    if not found:
        raise ValueError(
            f"formula {draws.attrs['formula']!r} has no group-level predictor: every covariate varies within "
            f"{named(groupings(draws))} among the {draws.attrs['n_respondents']} respondents; use odds_ratios"
        )
    names = [str(name) for name in draws["posterior"][class_axis(draws)].to_numpy()]
    log_odds, parts, notes = contrasts(draws, SLOPE, reference), [], [note_of(draws, ci_prob)]
    for predictors in found:
        own = log_odds.sel({TERM: list(predictors.terms)})
        table = pd.DataFrame(table_of(own, ["contrast", TERM], draws, ci_prob)).rename(columns={"mean": "log_odds"})
        regressions, problem = _between_groups(draws, predictors, [(names.index(b), names.index(a)) for b, a in pairs])
        between = [_columns(one, predictors, power, ci_prob) for one in regressions]
        columns = pd.concat(between).set_axis(table.index)
        table = pd.concat(
            [table[["log_odds", "lower", "upper"]], columns, table[["r_hat", "ess_bulk", "ess_tail"]]], axis=1
        )
        parts.append(table)
        notes.append(_note(draws, predictors, reference, tails) + problem)
    result = pd.concat(parts, keys=[one.grouping for one in found], names=["grouping"])
    return SummaryTable.of(result, "\n".join(notes))


def _between_groups(
    draws: xr.DataTree, predictors: GroupPredictors, pairs: list[tuple[int, int]]
) -> tuple[list[MetaRegression | None], str]:
    """The regression between groups of every contrast, or why there is none."""
    if predictors.degrees_of_freedom < 1:
        return [None] * len(pairs), "; no interval between groups: no degrees of freedom are left"
    try:
        logits = group_logits(predictors.index, _individual_columns(draws, predictors), _log_emission(draws))
    except NoMaximumError as error:
        return [None] * len(pairs), f"; no interval between groups: {error}"
    n_groups = len(predictors.groups)
    design = np.column_stack([np.ones(n_groups), predictors.values, predictors.coarser])
    return [
        meta_regression(
            (logits.coefficient[b] - logits.coefficient[a])[:n_groups],
            logits.contrast_covariance(b, a)[:n_groups, :n_groups],
            design,
        )
        for b, a in pairs
    ], ""


def _individual_columns(draws: xr.DataTree, predictors: GroupPredictors) -> np.ndarray:
    """Design columns, and indicators of groupings that are crossed with this one, shape (respondent, column)."""
    constant = draws["constant_data"]
    parts = [constant[DESIGN].to_numpy()]
    for name in groupings(draws):
        index = constant[f"{name}_index"].to_numpy()
        if name != predictors.grouping and not nested(index, predictors.index) and not nested(predictors.index, index):
            parts.append(np.eye(constant.sizes[name])[index])
    return np.concatenate(parts, axis=1)


def _log_emission(draws: xr.DataTree) -> np.ndarray:
    """Log probability of each respondent's answers, or observed category, in every class."""
    axis = class_axis(draws)
    if axis == CATEGORY:
        seen = draws["observed_data"][OUTCOME].to_numpy()
        return np.where(seen[:, None] == np.arange(draws["posterior"].sizes[axis]), 0.0, -np.inf)
    rho = np.nan_to_num(flat(draws["posterior"][ITEM_PROBABILITY], CLASS, ITEM, CATEGORY).mean(axis=0))
    codes = draws["observed_data"][ANSWERS].to_numpy()
    chosen = codes[:, :, None] == np.arange(rho.shape[-1])
    return np.einsum("ijk,cjk->ic", chosen, np.log(np.maximum(rho, SMALLEST_PROBABILITY)))


def _columns(one: MetaRegression | None, predictors: GroupPredictors, power: float, ci_prob: float) -> pd.DataFrame:
    n_terms = len(predictors.terms)
    own = slice(1, 1 + n_terms)
    unknown = np.full(n_terms, np.nan)
    lower, upper = (unknown, unknown) if one is None else one.interval(ci_prob)
    return pd.DataFrame(
        {
            "degrees_of_freedom": np.repeat(predictors.degrees_of_freedom, n_terms),
            "between_groups": unknown if one is None else one.coefficient[own],
            "between_lower": lower if one is None else lower[own],
            "between_upper": upper if one is None else upper[own],
            "standard_error": unknown if one is None else one.standard_error[own],
            "minimum_detectable": unknown if one is None else one.minimum_detectable(power, ci_prob)[own],
        }
    )


def _note(draws: xr.DataTree, predictors: GroupPredictors, reference: str | None, tails: list[float]) -> str:
    sd = contrast_sd(draws, predictors.grouping, reference)
    after = ", ".join(
        f"{contrast} {_middle_and_ends(sd.sel(contrast=contrast).to_numpy(), tails)}"
        for contrast in sd["contrast"].to_numpy()
    )
    before = _middle_and_ends(prior_contrast_sd(fitted_prior(draws)), tails)
    apart = ", classes independent" if group_correlation(predictors.grouping) in draws["posterior"] else ""
    spent = f"{len(predictors.terms)} predictor(s)"
    if predictors.coarser.shape[1]:
        spent += f" and {predictors.coarser.shape[1]} of coarser groups"
    return (
        f"{predictors.grouping}: {len(predictors.groups)} groups, {spent}, {predictors.degrees_of_freedom} degrees of "
        f"freedom left; standard deviation between groups {after}; before the data {before}{apart}"
    )


def _middle_and_ends(values: np.ndarray, tails: list[float]) -> str:
    lower, median, upper = np.quantile(values, [tails[0], 0.5, tails[1]])
    return f"{median:.2f} ({lower:.2f} to {upper:.2f})"
