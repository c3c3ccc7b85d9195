"""Predicted class probabilities of chosen profiles, and averages over the sample, in these groups or a new one."""

from collections.abc import Sequence
from typing import Literal

import narwhals as nw
import numpy as np
import pandas as pd
import xarray as xr
from scipy import sparse

from bayes_lca.data.design import Design
from bayes_lca.data.frame import Frame, named
from bayes_lca.data.grouping import Grouping
from bayes_lca.fitted.design import design_for_new_rows, finest, group_columns
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.effects.covariate_rows import cross, sample_rows
from bayes_lca.posterior.effects.estimand import Group, check_group, estimand
from bayes_lca.posterior.effects.standardise import average_class_probabilities, averages_of
from bayes_lca.posterior.effects.stated_profiles import profile_names, read_profiles, stated_and_averaged
from bayes_lca.posterior.effects.target_table import table_of_targets
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities


def predict_classes(
    draws: xr.DataTree,
    profiles: Frame | None = None,
    *,
    average_over: Sequence[str] | Literal["rest"] = (),
    group: Group = "these",
    seed: int = 1,
    ci_prob: float = CI_PROB,
) -> SummaryTable:
    r"""Predicted class probabilities, :math:`P(c \mid x, g)`, with intervals.

    Without `profiles`, the average over the respondents,

    .. math:: \frac{1}{n} \sum_i P(c \mid x_i, g_i),

    over all of them and over each group's own. With `profiles`, one prediction for each; covariates named in
    `average_over` keep the values of the respondents and are averaged over.

    Two estimands, never mixed in one table: ``group="these"`` speaks of the groups of the data, with the effects
    estimated for them; ``group="new"`` of a group that was not seen, whose intercept and slopes are drawn from the
    distribution of groups. A draw has one new group for all rows, so differences between profiles keep their meaning.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit`; a model without covariates predicts its class shares.
    profiles : data frame, optional
        One row per profile, a column for every covariate of the formula. With the group's columns, each profile is
        predicted in the group it names. Without them, in every group and overall, each group counted by its
        respondents. Profiles are named by their index or, where it only counts rows, by the values that differ.
    average_over : sequence of str or "rest"
        Covariates that `profiles` leaves out; ``"rest"`` for all of these.
    group : {"these", "new"}
        Whether to predict in the groups of the data, or in one that was not seen.
    seed : int, default 1
        Of the draws of the new group; with the same seed, `average_marginal_effects` speaks of the same one.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per profile, group and class: the covariates that the profile states, each in a column of its own
        (``covariate_mean`` if one is named ``mean``), then the columns of `class_sizes`. The note names the estimand.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If profiles lack a covariate or have a level or group the fit has not seen, a new group is asked of a fit
        without groups, or an average over respondents of a fit that was saved without them.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Skrondal, A. & Rabe-Hesketh, S. (2009). Prediction in multilevel generalized linear models. JRSS A 172(3),
    659-687. doi 10.1111/j.1467-985X.2009.00587.x

    Examples
    --------
    >>> import bayes_lca as bl
    >>> import pandas as pd
    >>> profiles = pd.DataFrame({"participation": [2.5, 8.75]})
    >>> table = bl.predict_classes(bl.load_example(), profiles, average_over="rest", group="new")
    >>> table.loc["participation=2.5", "mean"].sum().round(6)
    np.float64(1.0)
    """
    fit = Fit.of(draws, needs="predict_classes")
    tail_probabilities(ci_prob)
    check_group(fit, group, seed)
    design = _design(fit)
    stated, averaged = stated_and_averaged(fit.formula, profiles, average_over)
    chosen = read_profiles(fit.formula, design, profiles, stated, group)
    groupings = design.groupings if group == "these" and not chosen.group else ()
    if averaged or len(groupings) > 1:
        fit.require_respondents("averages over the covariates or the crossed groups of the respondents")
    rest, count = sample_rows(design, averaged, groupings, fit.survey_weight)
    average = averages_of(fit, design, rest, count, group, seed)
    each = sparse.csr_array(sparse.kron(sparse.eye_array(len(chosen)), average.weight))
    values = average_class_probabilities(fit, design, cross(chosen, average.rows), each, average.effects)

    labels = average.labels.iloc[np.tile(np.arange(len(average.labels)), len(chosen))].reset_index(drop=True)
    if chosen.group:
        of_profile = finest(design)
        labels["grouping"] = of_profile.name
        labels["group"] = np.array(of_profile.levels)[chosen.group[of_profile.name]]
    notes = [estimand(design, group), _averaging(fit, averaged, groupings, profiles)]
    if profiles is not None:
        names, constant = profile_names(profiles, stated)
        labels.insert(0, "profile", np.repeat(names, len(labels) // len(names)))
        notes.append(constant)
        columns = group_columns(fit.formula)
        if group == "new" and set(columns) & set(nw.from_native(profiles, eager_only=True).columns):
            notes.append(f"the profiles' {named(columns)} is not used")
    table = table_of_targets(values, labels, fit, ci_prob, *filter(None, notes))
    if profiles is None:
        return table
    of_row = np.arange(len(table)) // (len(table) // len(chosen))
    return _with_covariates(table, chosen.covariates.iloc[of_row].reset_index(drop=True))


def _with_covariates(table: SummaryTable, covariates: pd.DataFrame) -> SummaryTable:
    """The table with the values of the profiles before its numbers; one named as these are is ``covariate_mean``."""
    taken = set(table.columns) | {name for name in table.index.names if name is not None}
    for place, name in enumerate(covariates):
        column = f"covariate_{name}" if name in taken else str(name)
        table.insert(place, column, covariates[name].to_numpy())
    return table


def _design(fit: Fit) -> Design:
    """That of the respondents or, where the fit holds none, what encodes new rows."""
    if fit.holds_respondents:
        return fit.design
    return fit.once("design for new rows", lambda: design_for_new_rows(fit))


def _averaging(fit: Fit, averaged: list[str], groupings: Sequence[Grouping], profiles) -> str:
    """What is averaged over, as one line."""
    by_group = "; a group's row over its own respondents" if groupings else ""
    if profiles is None:
        return f"averaged over all {fit.n_respondents} respondents{by_group}"
    if averaged:
        return f"averaged over the {named(averaged)} of all {fit.n_respondents} respondents{by_group}"
    return "each profile is put into every group; overall counts a group by its respondents" if groupings else ""
