"""Average marginal effects: the change in class probabilities that goes with a covariate, in points of probability."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr
from scipy import sparse

from bayes_lca.data.frame import named
from bayes_lca.fitted.design import constant_within, finest, group_columns
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.effects.covariate_change import PER_UNIT, Change, change_of, check_derivative
from bayes_lca.posterior.effects.covariate_rows import Rows, sample_rows
from bayes_lca.posterior.effects.estimand import Group, check_group, estimand
from bayes_lca.posterior.effects.standardise import average_class_probabilities, averages_of
from bayes_lca.posterior.effects.target_table import table_of_targets
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities

SMALL_PER_UNIT = 0.001
"""Change of a class probability."""


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
    seed : int, default 1
        Of the draws of the new group.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per change, group and class, in the columns of `class_sizes`.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the covariate is not in the formula, the comparison does not suit it, there is no derivative because it
        enters through a step, such as ``I(x > 3)``, or the fit was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Gelman, A. & Pardoe, I. (2007). Average predictive comparisons for models with nonlinearity, interactions, and
    variance components. Sociological Methodology 37(1), 23-51. doi 10.1111/j.1467-9531.2007.00181.x

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.average_marginal_effects(bl.load_example(), "participation", comparison=(2.5, 8.75))
    >>> table.loc[("2.5 to 8.75", "overall")].index.tolist()
    [('these 6 groups', 'C1'), ('these 6 groups', 'C2')]
    """
    fit = Fit.of(draws, needs="average_marginal_effects")
    tail_probabilities(ci_prob)
    check_group(fit, group, seed)
    _check_covariate(fit, covariate, group)
    design = fit.design
    groupings = design.groupings if group == "these" else ()
    rows, count = sample_rows(design, fit.formula.covariates, groupings, fit.survey_weight)
    change = change_of(rows.covariates[covariate], covariate, comparison)
    check_derivative(
        change,
        rows.covariates[covariate],
        covariate,
        design.terms,
        lambda values: design.evaluate(rows.covariates.assign(**{covariate: values})),
    )
    average = averages_of(fit, design, rows, count, group, seed)
    weight = sparse.csr_array(average.weight.multiply(change.factor[None, :]))
    probability = {}
    for scenario, values in change.values.items():
        changed = Rows(average.rows.covariates.assign(**{covariate: values}), average.rows.group)
        probability[scenario] = average_class_probabilities(fit, design, changed, weight, average.effects)
    effect = np.concatenate([probability[to] - probability[start] for to, start in change.contrasts.values()], axis=1)
    n_targets = len(average.labels)
    labels = average.labels.iloc[np.tile(np.arange(n_targets), len(change.contrasts))].reset_index(drop=True)
    labels.insert(0, "change", np.repeat(list(change.contrasts), n_targets))
    by_group = "; a group's row over its own respondents" if groupings else ""
    notes = [estimand(design, group), f"{change.note}, averaged over {fit.n_respondents} respondents{by_group}"]
    if design.groupings and constant_within(design.covariates[[covariate]], finest(design).index):
        notes.append(
            f"{covariate!r} has one value in each group: its effect rests on {len(finest(design).levels)} groups, not "
            "on the number of respondents"
        )
    table = table_of_targets(effect, labels, fit, ci_prob, *notes)
    table.attrs["note"] = "\n".join([table.note, *_larger_step(table, change, rows.covariates[covariate])])
    return table


def _larger_step(table: SummaryTable, change: Change, values: pd.Series) -> Iterator[str]:
    """How to see an effect that is nearly nothing per unit of a covariate that varies by many."""
    if PER_UNIT in change.contrasts and table[["lower", "upper"]].abs().to_numpy().max() < SMALL_PER_UNIT:
        step = 10.0 ** np.floor(np.log10(max(np.ptp(values), 1.0)))
        if step > 1:
            yield f"a unit is small beside the range of {values.name!r}: comparison={step:g} adds {step:g} to everybody"


def _check_covariate(fit: Fit, covariate: str, group: Group) -> None:
    known, columns = fit.formula.covariates, group_columns(fit.formula)
    if covariate in known:
        if covariate in columns and group == "these":
            raise ValueError(
                f"{covariate!r} is a covariate and part of the groups of {fit.formula.text!r} ({fit.n_respondents} "
                "respondents): who changes it moves to a group with another effect; ask for new groups, group='new', "
                "or predict profiles of both, predict_classes"
            )
        return
    if covariate in columns:
        raise ValueError(f"{covariate!r} is the group, no covariate; compare_groups(draws) compares groups")
    raise ValueError(
        f"{covariate!r} is no covariate of {fit.formula.text!r} ({fit.n_respondents} respondents); choose one of "
        f"{named(known) or 'none: the formula has no covariates'}"
    )
