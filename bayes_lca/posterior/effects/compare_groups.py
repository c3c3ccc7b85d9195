"""Groups compared as if they had the same respondents: standardised class shares, their contrasts and ranks."""

from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr
from scipy import sparse

from bayes_lca.data.design import Design, Grouping
from bayes_lca.data.frame import named
from bayes_lca.data.responses import unique_rows
from bayes_lca.fitted.axes import class_axis
from bayes_lca.fitted.design import constant_within, covariate_names, finest, stored_design
from bayes_lca.posterior.effects.standardise import (
    Rows,
    average_shares,
    cross,
    estimand,
    index_of,
    sample_rows,
    table_of_targets,
)
from bayes_lca.posterior.labels.convergence import require_summarisable
from bayes_lca.posterior.tables.class_tables import CI_PROB
from bayes_lca.table import SummaryTable, tail_probabilities


def group_shares(draws: xr.DataTree, *, grouping: str | None = None, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Class shares that every group would have with the respondents of the whole sample.

    .. math:: s_{gc} = \frac{1}{n} \sum_i P(c \mid x_i, w_g, g)

    averages over the individual covariates x of all n respondents; covariates w that have one value in each group,
    such as a tier, go with the group. So shares of two groups differ by what belongs to the groups.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with ``(1 | group)``.
    grouping : str, optional
        Which of several groupings; the one of most groups by default. Groups nested in it count by their respondents,
        groupings crossed with it stay as they are.
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per group and class, in the columns of `class_sizes`, with the number of respondents ``n``.

    Raises
    ------
    ValueError
        If the model has no such groups.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Gelman, A. & Pardoe, I. (2007). Average predictive comparisons for models with nonlinearity, interactions, and
    variance components. Sociological Methodology 37(1), 23-51. doi 10.1111/j.1467-9531.2007.00181.x
    """
    groups, values, notes = _standardised(draws, grouping, ci_prob)
    table = table_of_targets(values, pd.DataFrame({"group": groups.levels}), draws, ci_prob, *notes)
    table.insert(0, "n", np.repeat(np.bincount(groups.index), values.shape[-1]))
    return table


def compare_groups(
    draws: xr.DataTree, reference: str | None = None, *, grouping: str | None = None, ci_prob: float = CI_PROB
) -> SummaryTable:
    """Differences between groups in the shares of `group_shares`, in points of probability.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with ``(1 | group)``.
    reference : str, optional
        The group all others are compared with. All pairs, the earlier group as reference, by default.
    grouping : str, optional
        Which of several groupings; the one of most groups by default.
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per pair and class, in the columns of `class_sizes` and ``probability_of_direction``, that of the more
        likely sign.

    Raises
    ------
    ValueError
        If the model has no such groups.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.compare_groups(draws, reference="G1").xs("C3", level="latent_class")  # doctest: +SKIP
    """
    groups, values, notes = _standardised(draws, grouping, ci_prob)
    if reference is not None and reference not in groups.levels:
        raise ValueError(
            f"reference={reference!r} is no group of {groups.name!r}; choose one of {named(groups.levels)}"
        )
    if reference is None:
        pairs = [(later, earlier) for earlier, later in combinations(range(len(groups.levels)), 2)]
    else:
        first = groups.levels.index(reference)
        pairs = [(other, first) for other in range(len(groups.levels)) if other != first]
    differences = np.stack([values[:, b] - values[:, a] for b, a in pairs], axis=1)
    labels = pd.DataFrame({"contrast": [f"{groups.levels[b]} vs {groups.levels[a]}" for b, a in pairs]})
    table = table_of_targets(differences, labels, draws, ci_prob, *notes)
    positive = (differences > 0).mean(axis=0).reshape(-1)
    table.insert(4, "probability_of_direction", np.maximum(positive, 1.0 - positive))
    return table


def rank_groups(draws: xr.DataTree, *, grouping: str | None = None, ci_prob: float = CI_PROB) -> SummaryTable:
    """Ranks of the groups by the shares of `group_shares`, the largest share of a class having rank 1.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with ``(1 | group)``.
    grouping : str, optional
        Which of several groupings; the one of most groups by default.
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per group and class: the rank in the columns of `class_sizes`, then ``rank_1``, ``rank_2``, ..., the
        posterior probabilities that the group's share of the class is the largest, the second largest, and so on.

    Raises
    ------
    ValueError
        If the model has no such groups.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Goldstein, H. & Spiegelhalter, D. J. (1996). League tables and their limitations: statistical issues in comparisons
    of institutional performance. JRSS A 159(3), 385-443. doi 10.2307/2983325
    """
    groups, values, notes = _standardised(draws, grouping, ci_prob)
    n_groups, n_classes = values.shape[1:]
    rank = (-values).argsort(axis=1).argsort(axis=1) + 1  # (draw, group, latent_class)
    labels = pd.DataFrame({"group": groups.levels})
    table = table_of_targets(rank.astype(float), labels, draws, ci_prob, *notes, "rank 1: the largest share")
    whole = np.quantile(rank, tail_probabilities(ci_prob), axis=0, method="inverted_cdf")  # (2, group, latent_class)
    table["lower"], table["upper"] = whole.reshape(2, -1)
    for place in range(1, n_groups + 1):
        table[f"rank_{place}"] = (rank == place).mean(axis=0).reshape(n_groups * n_classes)
    by_class = np.arange(n_groups * n_classes).reshape(n_groups, n_classes).T.reshape(-1)
    ranked = pd.DataFrame(table).iloc[by_class]
    names = {name: ranked.index.get_level_values(name).to_numpy() for name in (class_axis(draws), "group")}
    return SummaryTable.of(ranked.set_axis(index_of(names)), table.note)


def _standardised(draws: xr.DataTree, grouping: str | None, ci_prob: float) -> tuple[Grouping, np.ndarray, list[str]]:
    """The groups, their standardised shares of shape (draw, group, latent_class), and what these are."""
    require_summarisable(draws)
    tail_probabilities(ci_prob)
    design = stored_design(draws)
    groups = _chosen(design, grouping)
    nested = [other for other in design.groupings if other.nested_in(groups) or groups.nested_in(other)]
    crossed = [other for other in design.groupings if other not in nested]
    places = unique_rows(*(other.index for other in nested))
    of_group = constant_within(design, places.pattern)
    individual = [name for name in covariate_names(design) if name not in of_group]
    at_place = Rows(design.covariates[of_group], {other.name: other.index for other in nested}).take(places.first)
    rest, count = sample_rows(design, individual, crossed)
    share = np.eye(len(groups.levels))[:, at_place.group[groups.name]] * places.count  # (group, place)
    share = sparse.csr_array(share / share.sum(axis=1, keepdims=True))
    weight = sparse.csr_array(sparse.kron(share, (count / count.sum())[None, :]))
    values = average_shares(draws, design, cross(at_place, rest), weight)
    return groups, values, [estimand(design, "these"), _standard(design, individual, of_group, crossed)]


def _chosen(design: Design, grouping: str | None) -> Grouping:
    if not design.groupings:
        raise ValueError(f"formula {design.formula!r} has no groups to compare; add (1 | group)")
    if grouping is None:
        return finest(design)
    by_name = {each.name: each for each in design.groupings}
    if grouping not in by_name:
        raise ValueError(f"grouping={grouping!r} is not in {design.formula!r}; choose one of {named(by_name)}")
    return by_name[grouping]


def _standard(design: Design, individual: list[str], of_group: list[str], crossed: list[Grouping]) -> str:
    same = named([*individual, *(other.name for other in crossed)]) or "no covariate"
    parts = [f"standardised: {same} as in the whole sample of {len(design.matrix)} respondents"]
    if of_group:
        parts.append(f"{named(of_group)} as each group has it")
    return "; ".join(parts)
