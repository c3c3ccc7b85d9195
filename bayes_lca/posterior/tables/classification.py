"""How well respondents are classified: average membership, classification errors, odds, entropy."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import CLASS
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY
from bayes_lca.likelihood.criteria import entropy_r2
from bayes_lca.posterior.tables.rows import CI_PROB, note_of, table_of
from bayes_lca.table import SummaryTable

MODAL_CLASS = "modal_class"
INDEX = ["quantity", MODAL_CLASS, CLASS]
GIVEN_MODAL, GIVEN_CLASS = "class given modal class", "modal class given class"
ODDS, LOG_ODDS, ENTROPY = "odds of correct classification", "log odds of correct classification", "entropy R2"


def classification_table(draws: xr.DataTree, *, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Summarise how surely respondents are classified.

    With :math:`p_{ic}` the membership probabilities in a draw, :math:`w_i` the modal class as `membership` reports it
    (the same in every draw), :math:`n_w` its respondents and :math:`\pi_c` the share of class c,

    .. math::
        A_{wc} = \frac{1}{n_w} \sum_{i: w_i = w} p_{ic}, \qquad
        D_{cw} = \frac{\sum_i p_{ic} 1[w_i = w]}{\sum_i p_{ic}}, \qquad
        \mathrm{OCC}_c = \frac{A_{cc} / (1 - A_{cc})}{\pi_c / (1 - \pi_c)}

    over respondents with at least one answer. A is the average posterior probability by modal class [1]_, D the
    classification probability [2]_. Intervals are those of the parameters, for the respondents at hand.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per ``quantity``, ``modal_class`` and ``latent_class``: ``class given modal class`` A, ``modal class
        given class`` D, ``odds of correct classification`` (``mean`` is the exponential of the mean log odds, and
        there is no ``sd``; above 5 is taken as high [1]_), ``log odds of correct classification`` with theirs, and
        ``entropy R2``; ``mean``, ``sd``, ``lower``, ``upper``, ``r_hat``, ``ess_bulk``, ``ess_tail`` and ``n``,
        respondents of the modal class. A class that is
        modal for nobody has no row but D and its ``n`` of 0. Sums over respondents are weighted where they have survey
        weights, and ``n`` counts respondents.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the fit has no latent classes, or was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    .. [1] Nagin, D. S. (2005). Group-Based Modeling of Development. Harvard University Press, chapter 5.
       doi 10.4159/9780674041318
    .. [2] Vermunt, J. K. (2010). Latent class modeling with covariates: two improved three-step approaches. Political
       Analysis 18(4), 450-469. doi 10.1093/pan/mpq025

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.classification_table(bl.load_example("alone"))
    >>> table.xs("class given modal class")["mean"].groupby("modal_class").sum().round(5).tolist()
    [1.0, 1.0]
    """
    fit = Fit.of(draws, needs="classification_table")
    membership, weight = fit.by_chain(fit.membership), fit.answering_weight  # (chain, draw, pattern, latent_class)
    classes, n_classes = np.array(fit.classes), len(fit.classes)
    of_modal_class = np.eye(n_classes)[fit.modal_class]  # (pattern, modal_class)
    respondents = of_modal_class * weight[:, None]
    n = (fit.answering_count @ of_modal_class).astype(int)
    total = respondents.sum(axis=0)
    members = np.einsum("sdic,iw->sdwc", membership, respondents, optimize=True)
    occupied = np.flatnonzero(total)
    average = members[..., occupied, :] / total[occupied, None]  # (chain, draw, modal_class, latent_class)
    error = members / members.sum(axis=2, keepdims=True)
    correct = np.take_along_axis(average, occupied[None, None, :, None], axis=3)[..., 0]
    wrong = (average * (1 - np.eye(n_classes)[occupied])).sum(axis=3)
    share = fit.class_share[..., occupied]
    parts = {
        GIVEN_MODAL: _by_classes(fit, average, classes[occupied], classes),
        GIVEN_CLASS: _by_classes(fit, error, classes, classes),
    }
    if n_classes > 1:
        log_odds = _log(correct) - _log(wrong) - _log(share) + _log(1 - share)
        entropy = fit.by_chain(np.array([entropy_r2(of_draw, weight) for of_draw in fit.membership]))
        for quantity in (ODDS, LOG_ODDS):
            parts[quantity] = _by_classes(fit, log_odds[..., None], classes[occupied], ["odds"])
        parts[ENTROPY] = _by_classes(fit, entropy[..., None, None], ["all"], ["all"])
    n_of_class = dict(zip(classes, n, strict=True))
    tables = [_rows(values, quantity, fit, n_of_class, ci_prob) for quantity, values in parts.items()]
    table = pd.concat(tables).set_index(INDEX)
    return SummaryTable.of(table, f"{note_of(fit, ci_prob)} of the parameters, for the respondents at hand")


def _by_classes(fit: Fit, values: np.ndarray, modal_classes, classes) -> xr.DataArray:
    coords = {**fit.chain_coords, MODAL_CLASS: list(modal_classes), CLASS: list(classes)}
    return xr.DataArray(values, coords, ("chain", "draw", MODAL_CLASS, CLASS))


def _log(values: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(values, SMALLEST_PROBABILITY))


def _rows(values: xr.DataArray, quantity: str, fit: Fit, n_of_class: Mapping[str, int], ci_prob: float) -> pd.DataFrame:
    rows = pd.DataFrame(table_of(values, [MODAL_CLASS, CLASS], fit, ci_prob)).reset_index()
    n = sum(n_of_class.values()) if quantity == ENTROPY else [int(n_of_class[name]) for name in rows[MODAL_CLASS]]
    if quantity == ODDS:
        rows[["mean", "lower", "upper"]] = np.exp(rows[["mean", "lower", "upper"]])
        rows["sd"] = np.nan
    if quantity in (ODDS, LOG_ODDS):
        rows[CLASS] = rows[MODAL_CLASS]
    return rows.assign(quantity=quantity, n=n)
