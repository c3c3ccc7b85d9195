"""Tables of the classes: how many belong to them, and how they answer."""

import xarray as xr

from bayes_lca.dims import CLASS, ITEM
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.tables.rows import CI_PROB, table_of, table_once
from bayes_lca.table import SummaryTable


def class_sizes(draws: xr.DataTree, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Share of each class; of a fit to several waves, at every wave.

    With covariates, the average over respondents of :math:`P(c \mid x_i, g_i)`. At a later wave, of
    :math:`P(z_{it} = c \mid x_{i1}, \dots, x_{it})`, over the persons who were seen then or later, whose covariates are
    known up to there.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per class, or wave and class: ``mean``, ``sd``, ``lower``, ``upper``, ``r_hat``, ``ess_bulk``,
        ``ess_tail``.

    Raises
    ------
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.class_sizes(bl.load_example())["mean"].round(1).to_dict()
    {'C1': 0.7, 'C2': 0.3}
    """
    fit = Fit.of(draws, needs="class_sizes")
    return table_once(fit, ("class_sizes", ci_prob), lambda: _sizes(fit, ci_prob))


def _sizes(fit: Fit, ci_prob: float) -> SummaryTable:
    values = fit.hidden.class_sizes(fit)
    return table_of(values, [str(axis) for axis in values.dims if axis not in ("chain", "draw")], fit, ci_prob)


def class_profiles(draws: xr.DataTree, *, ci_prob: float = CI_PROB) -> SummaryTable:
    """Probability of each answer in each class; of items that are numbers, their parameters.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per class, item and category, in the columns of `class_sizes`; categories by the labels of their item,
        in its order, which the note says. Of items that are numbers, one row per class, item and parameter: the mean
        and the standard deviation within the class, in the units of the item.

    Raises
    ------
    ValueError
        If the classes are observed.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.class_profiles(bl.load_example()).index[0]
    ('C1', 'training', 'decrease')
    """
    fit = Fit.of(draws, needs="class_profiles")
    return table_once(fit, ("class_profiles", ci_prob), lambda: _profiles(fit, ci_prob))


def _profiles(fit: Fit, ci_prob: float) -> SummaryTable:
    values = fit.answers.profile_values(fit)
    (last,) = set(map(str, values.dims)) - {"chain", "draw", CLASS, ITEM}
    table = table_of(values, [CLASS, ITEM, last], fit, ci_prob)
    note = "; ".join(filter(None, [table.note, fit.answers.profile_note(fit), fit.items_in_words]))
    return SummaryTable.of(fit.answers.in_order(table, fit), note)
