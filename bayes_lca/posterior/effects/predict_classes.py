"""Predicted class probabilities of chosen profiles, and averages over the sample, in these groups or a new one."""

from collections.abc import Sequence
from typing import Literal

import narwhals as nw
import numpy as np
import pandas as pd
import xarray as xr
from scipy import sparse

from bayes_lca.data.covariates import code_new_rows
from bayes_lca.data.design import Design
from bayes_lca.data.frame import check_frame, label, named
from bayes_lca.fitted.design import (
    covariate_names,
    design_for_new_rows,
    finest,
    group_columns,
    group_labels,
    stored_design,
)
from bayes_lca.fitted.respondents import holds_respondents, require_respondents
from bayes_lca.posterior.effects.standardise import (
    Group,
    Rows,
    average_shares,
    averages_of,
    check_group,
    cross,
    estimand,
    sample_rows,
    table_of_targets,
)
from bayes_lca.posterior.labels.convergence import require_summarisable
from bayes_lca.posterior.tables.class_tables import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities


def predict_classes(
    draws: xr.DataTree,
    profiles=None,
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
    seed : int
        Of the draws of the new group; with the same seed, `average_marginal_effects` speaks of the same one.
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per profile, group and class, in the columns of `class_sizes`. The note names the estimand.

    Raises
    ------
    ValueError
        If profiles lack a covariate or have a level or group the fit has not seen, or a new group is asked of a fit
        without groups.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Skrondal, A. & Rabe-Hesketh, S. (2009). Prediction in multilevel generalized linear models. JRSS A 172(3),
    659-687. doi 10.1111/j.1467-985X.2009.00587.x

    Examples
    --------
    >>> import bayes_lca as bl
    >>> profiles = pd.DataFrame({"participation": [2.5, 8.75]})
    >>> bl.predict_classes(draws, profiles, average_over="rest", group="new")  # doctest: +SKIP
    """
    require_summarisable(draws)
    tail_probabilities(ci_prob)
    check_group(draws, group, seed)
    design = stored_design(draws) if holds_respondents(draws) else design_for_new_rows(draws)
    stated, averaged = _split(design, profiles, average_over)
    chosen = _profiles(design, profiles, stated, group)
    kept = design.groupings if group == "these" and not chosen.group else ()
    if averaged or len(kept) > 1:
        require_respondents(draws, "averages over the covariates or the crossed groups of the respondents")
    rest, count = sample_rows(design, averaged, kept)
    average = averages_of(draws, design, rest, count, group, seed)
    each = sparse.csr_array(sparse.kron(sparse.eye_array(len(chosen)), average.weight))
    values = average_shares(draws, design, cross(chosen, average.rows), each, average.effects)

    labels = average.labels.iloc[np.tile(np.arange(len(average.labels)), len(chosen))].reset_index(drop=True)
    if chosen.group:
        of_profile = finest(design)
        labels["grouping"] = of_profile.name
        labels["group"] = np.array(of_profile.levels)[chosen.group[of_profile.name]]
    notes = [estimand(design, group), _averaging(design, averaged, kept, profiles)]
    if profiles is not None:
        names, constant = _profile_names(profiles, stated)
        labels.insert(0, "profile", np.repeat(names, len(labels) // len(names)))
        notes.append(constant)
        if group == "new" and set(group_columns(design)) & set(nw.from_native(profiles, eager_only=True).columns):
            notes.append(f"the profiles' {named(group_columns(design))} is not used")
    return table_of_targets(values, labels, draws, ci_prob, *filter(None, notes))


def _split(design: Design, profiles, average_over) -> tuple[list[str], list[str]]:
    """Covariates that the profiles state, and those averaged over."""
    known = covariate_names(design)
    if profiles is None:
        if len(average_over):
            raise ValueError(
                f"average_over={average_over!r} has no profiles to complete: without profiles, all covariates "
                f"({named(known) or 'none'}) are averaged over; drop it, or give profiles"
            )
        return [], known
    check_frame(profiles)
    present = set(nw.from_native(profiles, eager_only=True).columns)
    if isinstance(average_over, str):
        if average_over != "rest":
            raise ValueError(f'average_over={average_over!r}: give a list of covariates, or "rest"')
        average_over = [name for name in known if name not in present]
    unknown = [name for name in average_over if name not in known]
    if unknown:
        raise ValueError(f"average_over names {named(unknown)}; the covariates are {named(known) or 'none'}")
    both = [name for name in average_over if name in present]
    if both:
        raise ValueError(
            f"{named(both)} stand(s) both in the {len(profiles)} profiles and in average_over; keep one of the two"
        )
    stated = [name for name in known if name not in average_over]
    lacking = [name for name in stated if name not in present]
    if lacking:
        raise ValueError(
            f"the {len(profiles)} profiles lack covariate(s) {named(lacking)} of {design.formula!r}; give each a "
            f"column, or average over the respondents' values by average_over={lacking!r}"
        )
    return stated, list(average_over)


def _profiles(design: Design, profiles, stated: list[str], group: Group) -> Rows:
    """Profiles as coded covariates, with their groups where they name them and these groups are asked for."""
    if profiles is None:
        return Rows(pd.DataFrame(index=pd.RangeIndex(1)), {})
    coded = code_new_rows(profiles, design.covariates[stated])
    columns = group_columns(design)
    given = set(columns) & set(nw.from_native(profiles, eager_only=True).columns)
    if group == "new" or not given:
        return Rows(coded, {})
    absent = [name for name in columns if name not in given]
    if absent:
        raise ValueError(
            f"the {len(profiles)} profiles have group column(s) {named(sorted(given))} but lack {named(absent)}; give "
            "all of them, or none to predict in every group"
        )
    positions = {}
    for grouping in design.groupings:
        place = {level: position for position, level in enumerate(grouping.levels)}
        labels = group_labels(design, profiles)[grouping.name]
        unseen = [name for name in dict.fromkeys(labels) if name not in place]
        if unseen:
            raise ValueError(
                f"group(s) {named(unseen)} of {grouping.name!r} in {sum(name in unseen for name in labels)} of "
                f"{len(labels)} profiles were not seen by the fit; its groups are {named(grouping.levels)}: leave the "
                'column out, or ask for group="new"'
            )
        positions[grouping.name] = np.array([place[name] for name in labels])
    return Rows(coded, positions)


def _averaging(design: Design, averaged: list[str], kept, profiles) -> str:
    own = "; a group's row over its own respondents" if kept else ""
    if profiles is None:
        return f"averaged over all {len(design.matrix)} respondents{own}"
    if averaged:
        return f"averaged over the {named(averaged)} of all {len(design.matrix)} respondents{own}"
    return "each profile is put into every group; overall counts a group by its respondents" if kept else ""


def _profile_names(profiles, stated: list[str]) -> tuple[list[str], str]:
    """A name for each profile, and what all have in common."""
    if isinstance(profiles, pd.DataFrame) and not isinstance(profiles.index, pd.RangeIndex):
        return [label(name) for name in profiles.index], ""
    columns = nw.from_native(profiles, eager_only=True).select(stated).to_dict(as_series=False)
    text = {name: [f"{name}={label(value)}" for value in values] for name, values in columns.items()}
    differ = [name for name in stated if len(set(text[name])) > 1 or len(profiles) == 1]
    names = [", ".join(parts) for parts in zip(*(text[name] for name in differ), strict=True)]
    common = ", ".join(text[name][0] for name in stated if name not in differ)
    if not differ:
        names = [str(number + 1) for number in range(len(profiles))]
    return names, f"all profiles: {common}" if common else ""
