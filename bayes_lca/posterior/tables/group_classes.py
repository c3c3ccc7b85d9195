"""Tables of group classes: how large they are, what is in them, and which groups belong to which."""

from typing import cast

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.dims import CLASS, GROUP_CLASS, GROUP_CLASS_SHARE, GROUP_MEMBERSHIP
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.twins.group_classes import ClassesOfGroups
from bayes_lca.posterior.tables.membership import outside_in_words
from bayes_lca.posterior.tables.rows import CI_PROB, note_of, table_of, table_once
from bayes_lca.table import SummaryTable, tail_probabilities

SHARE_OF, GROUPS = "share_of", "groups"


def group_classes(draws: xr.DataTree, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Share of each group class among the groups, and of each class of respondents within it.

    .. math:: \omega_w, \qquad \frac{1}{n} \sum_i P(c \mid x_i, w)

    With covariates, shares within group classes are averages over all respondents, as if all were in groups of that
    class: group classes are compared at the same covariates. Without, they are :math:`\pi_{wc}`.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with `GroupClasses`.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        For each group class a row ``groups``, its share among the groups, and a row for each class, its share among
        respondents of such groups; in the columns of `class_sizes`.

    Raises
    ------
    ValueError
        If the model has no group classes, or the fit was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import warnings
    >>> import bayes_lca as bl
    >>> survey = bl.example_survey().assign(ward=[f"ward {i % 30}" for i in range(180)])
    >>> model = bl.LatentClass(2, bl.Items(["training", "expertise"]), bl.GroupClasses(2, group="ward"))
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     draws = bl.fit(model, survey, draws=20, tune=50, chains=2, until=None, progressbar=False)
    >>> bl.group_classes(draws).index.tolist()
    [('G1', 'groups'), ('G1', 'C1'), ('G1', 'C2'), ('G2', 'groups'), ('G2', 'C1'), ('G2', 'C2')]
    """
    fit = Fit.of(draws, needs="group_classes")
    return table_once(fit, ("group_classes", ci_prob), lambda: _group_classes(fit, ci_prob))


def _group_classes(fit: Fit, ci_prob: float) -> SummaryTable:
    names = list(fit.classes)
    share = fit.posterior[GROUP_CLASS_SHARE].expand_dims({SHARE_OF: [GROUPS]})
    within = average_shares_within(fit).rename({CLASS: SHARE_OF})
    both = xr.concat([share, within.assign_coords({SHARE_OF: names})], SHARE_OF, coords="minimal", compat="override")
    table = table_of(both.drop_vars("fit_identity", errors="ignore"), [GROUP_CLASS, SHARE_OF], fit, ci_prob)
    return SummaryTable.of(table, f"{note_of(fit, ci_prob)}; {groups_in_words(fit)}")


def average_shares_within(fit: Fit) -> xr.DataArray:
    """Class shares in each group class, averaged over covariates; (chain, draw, group_class, latent_class)."""
    rows = unique_rows(fit.matrix) if fit.matrix.shape[1] else unique_rows(np.zeros(len(fit.count)))
    matrix = fit.matrix[rows.first]
    weight = np.bincount(rows.pattern, weights=fit.count) / fit.n_respondents
    shares = []
    for which in fit.blocks(len(matrix)):
        log_class = cast(ClassesOfGroups, fit.structural).log_class_by_group_class(fit, matrix, which)
        share = np.broadcast_to(np.exp(log_class), (*log_class.shape[:2], len(matrix), log_class.shape[3]))
        shares.append(np.einsum("wsrc,r->swc", share, weight))
    coords = {**fit.chain_coords, GROUP_CLASS: fit.posterior[GROUP_CLASS].to_numpy(), CLASS: list(fit.classes)}
    return xr.DataArray(fit.by_chain(np.concatenate(shares)), coords, ("chain", "draw", GROUP_CLASS, CLASS))


def groups_in_words(fit: Fit) -> str:
    """How many groups there are, and how many are most likely in each group class."""
    names = fit.posterior[GROUP_CLASS].to_numpy()
    modal = np.bincount(mean_group_membership(fit).argmax(axis=1), minlength=len(names))
    counts = ", ".join(f"{n} in {name}" for name, n in zip(names, modal, strict=True))
    return f"{modal.sum()} groups of {fit.unit_with_classes!r}, by their most likely class {counts}"


def mean_group_membership(fit: Fit) -> np.ndarray:
    """Posterior mean of the membership of groups, shape (group, group_class)."""
    return fit.parameter(GROUP_MEMBERSHIP, fit.unit_with_classes, GROUP_CLASS).mean(axis=0)


def group_membership(draws: xr.DataTree, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Membership probabilities of each group, the modal group class and its certainty.

    .. math:: P(w \mid y_g) \propto \omega_w \prod_{i \in g} \sum_c P(c \mid x_i, w)\, p(y_i \mid c)

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a model with `GroupClasses`.
    ci_prob : float, default 0.95
        Probability of the interval of the certainty.

    Returns
    -------
    SummaryTable
        A row per group, in the order of the groups: ``n``, its respondents; a column of posterior mean probabilities
        per group class; ``modal_class``, its ``certainty`` (posterior mean probability) and the equal-tailed interval
        ``certainty_lower``, ``certainty_upper``. Where few draws are unsure of a group and all others sure, the mean
        lies outside the interval.

    Raises
    ------
    ValueError
        If the model has no group classes, or the fit was saved without respondents, which keeps means alone.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import warnings
    >>> import bayes_lca as bl
    >>> survey = bl.example_survey().assign(ward=[f"ward {i % 30}" for i in range(180)])
    >>> model = bl.LatentClass(2, bl.Items(["training", "expertise"]), bl.GroupClasses(2, group="ward"))
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     draws = bl.fit(model, survey, draws=20, tune=50, chains=2, until=None, progressbar=False)
    >>> table = bl.group_membership(draws)
    >>> table["n"].sum(), table[["G1", "G2"]].sum(axis=1).round(6).unique().tolist()
    (np.int64(180), [1.0])
    """
    tails = tail_probabilities(ci_prob)
    fit = Fit.of(draws, needs="group_membership")
    unit = fit.unit_with_classes
    values = fit.parameter(GROUP_MEMBERSHIP, unit, GROUP_CLASS)
    names, mean = [str(name) for name in fit.posterior[GROUP_CLASS].to_numpy()], values.mean(axis=0)
    modal = mean.argmax(axis=1)
    of_modal = np.take_along_axis(values, modal[None, :, None], axis=2)[..., 0]  # (draw, group)
    table = pd.DataFrame(mean, columns=names, index=pd.Index(fit.group_names[unit], name=unit))
    table.insert(0, "n", fit.group_sizes(unit))
    table["modal_class"] = pd.Categorical.from_codes(modal, names)
    table["certainty"] = mean.max(axis=1)
    table["certainty_lower"], table["certainty_upper"] = np.quantile(of_modal, tails, axis=0)
    outside = outside_in_words(table)
    note = f"{fit.note}; {100 * ci_prob:g} % intervals of the modal group class's probability{outside}"
    return SummaryTable.of(table, f"{note}; {groups_in_words(fit)}")
