"""Groups compared as if they had the same respondents: standardised class shares, their contrasts and ranks."""

from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import named
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.effects.standardised_shares import standardised_shares
from bayes_lca.posterior.effects.target_table import index_of, table_of_targets
from bayes_lca.posterior.tables.rows import CI_PROB
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
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per group and class, in the columns of `class_sizes`, with the number of respondents ``n``.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the model has no such groups, or the fit was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Gelman, A. & Pardoe, I. (2007). Average predictive comparisons for models with nonlinearity, interactions, and
    variance components. Sociological Methodology 37(1), 23-51. doi 10.1111/j.1467-9531.2007.00181.x

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.group_shares(bl.load_example())
    >>> table.xs("C1", level="latent_class").index.tolist()
    ['G1', 'G2', 'G3', 'G4', 'G5', 'G6']
    """
    fit = Fit.of(draws, needs="group_shares")
    tail_probabilities(ci_prob)
    shares = standardised_shares(fit, grouping)
    labels = pd.DataFrame({"group": shares.groups.levels})
    table = table_of_targets(shares.values, labels, fit, ci_prob, *shares.notes)
    table.insert(0, "n", np.repeat(np.bincount(shares.groups.index), len(fit.classes)))
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
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per pair and class, in the columns of `class_sizes` and ``probability_of_direction``, that of the more
        likely sign.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the model has no such groups, or the fit was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.compare_groups(bl.load_example(), reference="G1")
    >>> table.xs("C2", level="latent_class").index.tolist()
    ['G2 vs G1', 'G3 vs G1', 'G4 vs G1', 'G5 vs G1', 'G6 vs G1']
    """
    fit = Fit.of(draws, needs="compare_groups")
    tail_probabilities(ci_prob)
    shares = standardised_shares(fit, grouping)
    groups, values = shares.groups, shares.values
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
    table = table_of_targets(differences, labels, fit, ci_prob, *shares.notes)
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
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per group and class: the rank in the columns of `class_sizes`, then ``rank_1``, ``rank_2``, ..., the
        posterior probabilities that the group's share of the class is the largest, the second largest, and so on.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the model has no such groups, or the fit was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Goldstein, H. & Spiegelhalter, D. J. (1996). League tables and their limitations: statistical issues in comparisons
    of institutional performance. JRSS A 159(3), 385-443. doi 10.2307/2983325

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.rank_groups(bl.load_example())
    >>> table.loc["C1", [f"rank_{place}" for place in range(1, 7)]].sum(axis=1).round(6).unique().tolist()
    [1.0]
    """
    fit = Fit.of(draws, needs="rank_groups")
    tails = tail_probabilities(ci_prob)
    shares = standardised_shares(fit, grouping)
    n_groups, n_classes = shares.values.shape[1:]
    rank = (-shares.values).argsort(axis=1).argsort(axis=1) + 1  # (draw, group, latent_class)
    labels = pd.DataFrame({"group": shares.groups.levels})
    table = table_of_targets(rank.astype(float), labels, fit, ci_prob, *shares.notes, "rank 1: the largest share")
    ends = np.quantile(rank, tails, axis=0, method="inverted_cdf")  # (2, group, latent_class)
    table["lower"], table["upper"] = ends.reshape(2, -1)
    for place in range(1, n_groups + 1):
        table[f"rank_{place}"] = (rank == place).mean(axis=0).reshape(n_groups * n_classes)
    by_class = np.arange(n_groups * n_classes).reshape(n_groups, n_classes).T.reshape(-1)
    ranked = pd.DataFrame(table).iloc[by_class]
    names = {name: ranked.index.get_level_values(name).to_numpy() for name in (fit.class_axis, "group")}
    return SummaryTable.of(ranked.set_axis(index_of(names)), table.note)
