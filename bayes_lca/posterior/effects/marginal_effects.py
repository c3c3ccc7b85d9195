"""Average marginal effects: the change in class probabilities that goes with a covariate, in points of probability."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
import xarray as xr
from scipy import sparse

from bayes_lca.data.design import Design
from bayes_lca.data.frame import label, named
from bayes_lca.fitted.design import (
    constant_within,
    covariate_names,
    finest,
    group_columns,
    stored_design,
)
from bayes_lca.posterior.effects.standardise import (
    Group,
    Rows,
    average_shares,
    averages_of,
    check_group,
    estimand,
    sample_rows,
    table_of_targets,
)
from bayes_lca.posterior.labels.convergence import require_summarisable
from bayes_lca.posterior.tables.class_tables import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities

STEP = 1e-5
"""Half the width of the difference that stands for a derivative, as a fraction of the covariate's range."""


@dataclass(frozen=True)
class Change:
    """Values a covariate is given, and which of them are compared.

    Attributes
    ----------
    values : mapping of str to Series or ndarray, shape (row,)
        The covariate in every row, by scenario.
    contrasts : mapping of str to (str, str)
        Scenarios subtracted, the second from the first.
    factor : ndarray, shape (row,)
        What a difference is multiplied by: 1, or one over the width of a step.
    note : str
    """

    values: Mapping[str, pd.Series | np.ndarray]
    contrasts: Mapping[str, tuple[str, str]]
    factor: np.ndarray
    note: str


def average_marginal_effects(
    draws: xr.DataTree,
    covariate: str,
    *,
    comparison: float | tuple | None = None,
    group: Group = "these",
    seed: int = 1,
    ci_prob: float = CI_PROB,
) -> SummaryTable:
    r"""Change in class probability that goes with a covariate, averaged over the respondents.

    For a number, the average derivative per unit

    .. math:: \frac{1}{n} \sum_i \frac{\partial P(c \mid x_i, g_i)}{\partial x_i},

    or with a `comparison` the average difference :math:`P(c \mid x_i = b) - P(c \mid x_i = a)`; for a category, the
    average difference of each level to the reference. All other covariates and the group stay as they are. The design
    is computed anew from the formula, so interactions and transformations of the covariate move with it.

    Effects are differences of probabilities, 0.05 being five points; over the classes they add up to zero.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with covariates.
    covariate : str
        A column that the fixed part of the formula uses.
    comparison : number or pair, optional
        A number adds as much to everybody's value; a pair, such as ``(2.5, 8.75)`` or ``("low", "high")``, takes
        everybody from the first to the second. By default the derivative, each level against the reference, or 1
        against 0 where a number is always 0 or 1.
    group : {"these", "new"}
        Respondents in their own groups, overall and by group; or all of them in a group that was not seen, see
        `predict_classes`.
    seed : int
        Of the draws of the new group.
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per change, group and class, in the columns of `class_sizes`.

    Raises
    ------
    ValueError
        If the covariate is not in the formula, or the comparison does not suit it.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Gelman, A. & Pardoe, I. (2007). Average predictive comparisons for models with nonlinearity, interactions, and
    variance components. Sociological Methodology 37(1), 23-51. doi 10.1111/j.1467-9531.2007.00181.x

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.average_marginal_effects(draws, "participation", comparison=(2.5, 8.75))  # doctest: +SKIP
    """
    require_summarisable(draws)
    tail_probabilities(ci_prob)
    check_group(draws, group, seed)
    design = stored_design(draws)
    _check_covariate(design, covariate, group)
    kept = design.groupings if group == "these" else ()
    rows, count = sample_rows(design, covariate_names(design), kept)
    change = _change(rows.covariates[covariate], covariate, comparison)
    average = averages_of(draws, design, rows, count, group, seed)
    weight = sparse.csr_array(average.weight.multiply(change.factor[None, :]))
    share = {}
    for name, values in change.values.items():
        changed = Rows(average.rows.covariates.assign(**{covariate: values}), average.rows.group)
        share[name] = average_shares(draws, design, changed, weight, average.effects)
    effect = np.concatenate([share[to] - share[start] for to, start in change.contrasts.values()], axis=1)
    n_targets = len(average.labels)
    labels = average.labels.iloc[np.tile(np.arange(n_targets), len(change.contrasts))].reset_index(drop=True)
    labels.insert(0, "change", np.repeat(list(change.contrasts), n_targets))
    own = "; a group's row over its own respondents" if kept else ""
    notes = [estimand(design, group), f"{change.note}, averaged over {len(design.matrix)} respondents{own}"]
    if design.groupings and covariate in constant_within(design, finest(design).index):
        notes.append(
            f"{covariate!r} has one value in each group: its effect rests on {len(finest(design).levels)} groups, not "
            "on the number of respondents"
        )
    return table_of_targets(effect, labels, draws, ci_prob, *notes)


def _check_covariate(design: Design, covariate: str, group: str) -> None:
    known = covariate_names(design)
    if covariate in known:
        if covariate in group_columns(design) and group == "these":
            raise ValueError(
                f"{covariate!r} is a covariate and part of the groups of {design.formula!r} ({len(design.matrix)} "
                "respondents): who changes it moves to a group with another effect; ask for new groups, group='new', "
                "or predict profiles of both, predict_classes"
            )
        return
    if covariate in group_columns(design):
        raise ValueError(f"{covariate!r} is the group, no covariate; compare_groups(draws) compares groups")
    raise ValueError(
        f"{covariate!r} is no covariate of {design.formula!r} ({len(design.matrix)} respondents); choose one of "
        f"{named(known) or 'none: the formula has no covariates'}"
    )


def _change(values: pd.Series, name: str, comparison) -> Change:
    """Values of the covariate in the rows, and what is compared."""
    pair = _pair(name, comparison)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return _change_of_level(values, name, comparison, pair)
    unit = np.ones(len(values))
    wrong = [value for value in pair or () if not _is_finite(value)]
    if wrong or not (pair or comparison is None or _is_finite(comparison)):
        raise ValueError(
            f"comparison={comparison!r}: {name!r} is a number in all rows; give a finite number to add, such as 1, or "
            "a pair of numbers, such as (2.5, 8.75)"
        )
    if pair is None and comparison is None and set(values) <= {0.0, 1.0}:
        pair = (0, 1)
    if pair is not None:
        first, second = (label(value) for value in pair)
        scenarios = {"from": unit * pair[0], "to": unit * pair[1]}
        return Change(
            scenarios,
            {f"{first} to {second}": ("to", "from")},
            unit,
            f"{name!r} from {first} to {second} for everybody",
        )
    if comparison is not None:
        scenarios = {"from": values, "to": values + comparison}
        return Change(
            scenarios, {f"{comparison:+g}": ("to", "from")}, unit, f"{comparison:+g} added to everybody's {name!r}"
        )
    step = STEP * np.ptp(values)
    lower, upper = np.maximum(values - step, values.min()), np.minimum(values + step, values.max())
    note = f"derivative per unit of {name!r} (differences of {2 * step:g} about each value, within the observed range)"
    return Change({"from": lower, "to": upper}, {"per unit": ("to", "from")}, 1 / (upper - lower).to_numpy(), note)


def _change_of_level(values: pd.Series, name: str, comparison, pair: tuple | None) -> Change:
    levels = list(values.cat.categories)
    asked = levels if comparison is None else [label(value) for value in pair or ()]
    unknown = [level for level in asked if level not in levels]
    if not asked or unknown:
        raise ValueError(
            f"comparison={comparison!r}: {name!r} is a category with levels {named(levels)} in {len(values)} rows; "
            f"give two of them, such as {tuple(levels[:2])!r}"
        )
    reference, *others = asked
    scenarios = {level: pd.Series(pd.Categorical([level] * len(values), levels, ordered=True)) for level in asked}
    return Change(
        scenarios,
        {f"{level} vs {reference}": (level, reference) for level in others},
        np.ones(len(values)),
        f"everybody's {name!r} at each level, against {reference!r}",
    )


def _pair(name: str, comparison) -> tuple | None:
    if not isinstance(comparison, tuple | list):
        return None
    if len(comparison) != 2 or comparison[0] == comparison[1]:
        raise ValueError(
            f"comparison={comparison!r}: give two different values of {name!r}, the one to start from and the one to "
            "reach"
        )
    return tuple(comparison)


def _is_finite(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and bool(np.isfinite(value))
