"""Profiles of covariates that a user gives, read and named."""

from collections.abc import Sequence
from typing import Literal

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.covariates import code_new_rows
from bayes_lca.data.design import Design
from bayes_lca.data.formula import Formula
from bayes_lca.data.frame import check_frame, label, named
from bayes_lca.fitted.design import group_columns, group_labels
from bayes_lca.posterior.effects.covariate_rows import Rows
from bayes_lca.posterior.effects.estimand import Group

NO_PROFILES = Rows(pd.DataFrame(index=pd.RangeIndex(1)), {})
"""One row that states nothing."""


def stated_and_averaged(
    formula: Formula, profiles, average_over: Sequence[str] | Literal["rest"]
) -> tuple[list[str], list[str]]:
    """Covariates that the profiles state, and those averaged over.

    Raises
    ------
    ValueError
        If a covariate of the formula is in neither, or in both, or `average_over` names another.
    """
    known = list(formula.covariates)
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
            f"the {len(profiles)} profiles lack covariate(s) {named(lacking)} of {formula.text!r}; give each a "
            f"column, or average over the respondents' values by average_over={lacking!r}"
        )
    return stated, list(average_over)


def read_profiles(formula: Formula, design: Design, profiles, stated: list[str], group: Group) -> Rows:
    """Profiles as coded covariates, with their groups where they name them and these groups are asked for.

    Raises
    ------
    ValueError
        If a value or a group is missing or was not seen by the fit, or some of the group's columns are not there.
    """
    if profiles is None:
        return NO_PROFILES
    coded = code_new_rows(profiles, design.covariates[stated], design.declared)
    columns = group_columns(formula)
    given = set(columns) & set(nw.from_native(profiles, eager_only=True).columns)
    if group == "new" or not given:
        return Rows(coded, {})
    absent = [name for name in columns if name not in given]
    if absent:
        raise ValueError(
            f"the {len(profiles)} profiles have group column(s) {named(sorted(given))} but lack {named(absent)}; give "
            "all of them, or none to predict in every group"
        )
    positions, labels_of = {}, group_labels(formula, profiles)
    for grouping in design.groupings:
        place = {level: position for position, level in enumerate(grouping.levels)}
        labels = labels_of[grouping.name]
        unseen = [name for name in dict.fromkeys(labels) if name not in place]
        if unseen:
            raise ValueError(
                f"group(s) {named(unseen)} of {grouping.name!r} in {sum(name in unseen for name in labels)} of "
                f"{len(labels)} profiles were not seen by the fit; its groups are {named(grouping.levels)}: leave the "
                'column out, or ask for group="new"'
            )
        positions[grouping.name] = np.array([place[name] for name in labels])
    return Rows(coded, positions)


def profile_names(profiles, stated: list[str]) -> tuple[list[str], str]:
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
