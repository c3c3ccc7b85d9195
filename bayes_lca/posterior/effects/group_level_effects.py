"""Effects of predictors that have one value per group, judged by the number of groups."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import named
from bayes_lca.dims import SLOPE, TERM, group_correlation
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.group_predictors import GroupPredictors, group_predictors, nested
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.posterior.effects.meta_regression import MetaRegression, group_logits, meta_regression
from bayes_lca.posterior.tables.contrast_sd import contrast_sd, fitted_prior, prior_contrast_sd
from bayes_lca.posterior.tables.odds_ratios import class_pairs, contrasts_of
from bayes_lca.posterior.tables.rows import CI_PROB, note_of, table_of
from bayes_lca.table import SummaryTable, tail_probabilities

BETWEEN_GROUPS = ("between_groups", "between_lower", "between_upper", "between_se", "minimum_detectable")


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
        Probability of the intervals, equal-tailed ones of the posterior and t-intervals between groups.

    Returns
    -------
    SummaryTable
        One row per grouping, contrast and group-level predictor, log odds per unit: posterior mean ``log_odds`` with
        ``lower`` and ``upper``; ``degrees_of_freedom``; ``between_groups``, the estimate from groups alone, with
        ``between_lower`` and ``between_upper`` and its standard error ``between_se``; ``minimum_detectable``, the
        effect whose interval between groups would leave out zero with probability `power`; ``r_hat``, ``ess_bulk``,
        ``ess_tail``. The note has the standard deviation of each contrast between groups, before and after the data.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the model has no grouping or no group-level predictor, `reference` is not a class, or the fit was saved
        without respondents.
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
    >>> bl.group_level_effects(bl.load_example(), reference="C1")["degrees_of_freedom"].to_dict()
    {('group', 'C2 vs C1', 'score'): 4}
    """
    fit = Fit.of(draws, needs="group_level_effects")
    tails = tail_probabilities(ci_prob)
    if not 0 < power < 1:
        raise ValueError(f"power={power!r}: a probability lies between 0 and 1, such as 0.8")
    pairs, by_grouping = class_pairs(fit, reference), group_predictors(fit)
    if not by_grouping:
        raise ValueError(
            f"formula {fit.formula.text!r} has no group-level predictor: every covariate varies within "
            f"{named(fit.groupings)} among the {fit.n_respondents} respondents; use odds_ratios"
        )
    positions = [(fit.classes.index(b), fit.classes.index(a)) for b, a in pairs]
    log_odds, tables, notes = contrasts_of(fit, SLOPE, reference), [], [note_of(fit, ci_prob)]
    for predictors in by_grouping:
        of_terms = log_odds.sel({TERM: list(predictors.terms)})
        posterior = pd.DataFrame(table_of(of_terms, ["contrast", TERM], fit, ci_prob))
        posterior = posterior.rename(columns={"mean": "log_odds"})
        regressions, problem = _between_groups(fit, predictors, positions)
        between = [_columns(regression, predictors, power, ci_prob) for regression in regressions]
        parts = [
            posterior[["log_odds", "lower", "upper"]],
            pd.concat(between).set_axis(posterior.index),
            posterior[["r_hat", "ess_bulk", "ess_tail"]],
        ]
        tables.append(pd.concat(parts, axis=1))
        notes.append(_note(fit, predictors, reference, tails) + problem)
    names = [predictors.grouping for predictors in by_grouping]
    return SummaryTable.of(pd.concat(tables, keys=names, names=["grouping"]), "\n".join(notes))


def _between_groups(
    fit: Fit, predictors: GroupPredictors, pairs: Sequence[tuple[int, int]]
) -> tuple[list[MetaRegression | None], str]:
    """The regression between groups of every contrast of two classes, or why there is none."""
    if predictors.degrees_of_freedom < 1:
        return [None] * len(pairs), "; no interval between groups: no degrees of freedom are left"
    log_evidence = fit.answers.log_density_at_mean(fit)
    try:
        logits = group_logits(predictors.index, _individual_columns(fit, predictors), log_evidence, fit.count)
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


def _individual_columns(fit: Fit, predictors: GroupPredictors) -> np.ndarray:
    """Design columns, and indicators of groupings that are crossed with this one, shape (pattern, column)."""
    parts = [fit.matrix]
    for name, index in fit.group_of_pattern.items():
        if name != predictors.grouping and not nested(index, predictors.index) and not nested(predictors.index, index):
            parts.append(np.eye(len(fit.group_names[name]))[index])
    return np.concatenate(parts, axis=1)


def _columns(
    regression: MetaRegression | None, predictors: GroupPredictors, power: float, ci_prob: float
) -> pd.DataFrame:
    """What groups alone say of each predictor; not a number where there is no regression between them."""
    n_terms = len(predictors.terms)
    columns = {"degrees_of_freedom": np.repeat(predictors.degrees_of_freedom, n_terms)}
    if regression is None:
        return pd.DataFrame(columns | dict.fromkeys(BETWEEN_GROUPS, np.full(n_terms, np.nan)))
    values = (
        regression.coefficient,
        *regression.interval(ci_prob),
        regression.standard_error,
        regression.minimum_detectable(power, ci_prob),
    )
    of_predictors = slice(1, 1 + n_terms)
    return pd.DataFrame(
        columns | {name: column[of_predictors] for name, column in zip(BETWEEN_GROUPS, values, strict=True)}
    )


def _note(fit: Fit, predictors: GroupPredictors, reference: str | None, tails: list[float]) -> str:
    sd = contrast_sd(fit, predictors.grouping, reference)
    after = ", ".join(
        f"{contrast} {_middle_and_ends(sd.sel(contrast=contrast).to_numpy(), tails)}"
        for contrast in sd["contrast"].to_numpy()
    )
    before = _middle_and_ends(prior_contrast_sd(fitted_prior(fit)), tails)
    if group_correlation(predictors.grouping) in fit.posterior:
        before += ", classes independent"
    spent = f"{len(predictors.terms)} predictor(s)"
    if predictors.coarser.shape[1]:
        spent += f" and {predictors.coarser.shape[1]} of coarser groups"
    return (
        f"{predictors.grouping}: {len(predictors.groups)} groups, {spent}, {predictors.degrees_of_freedom} degrees of "
        f"freedom left; standard deviation between groups {after}; before the data {before}"
    )


def _middle_and_ends(values: np.ndarray, tails: list[float]) -> str:
    lower, median, upper = np.quantile(values, [tails[0], 0.5, tails[1]])
    return f"{median:.2f} ({lower:.2f} to {upper:.2f})"
