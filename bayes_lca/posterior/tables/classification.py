"""How well respondents are classified: average membership, classification errors, odds, entropy."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import CLASS
from bayes_lca.fitted.class_logits import average_class_share
from bayes_lca.likelihood.criteria import entropy_r2
from bayes_lca.posterior.tables.class_tables import note_of, table_of
from bayes_lca.posterior.tables.membership import membership_draws
from bayes_lca.table import SummaryTable

MODAL_CLASS = "modal_class"
INDEX = ["quantity", MODAL_CLASS, CLASS]
GIVEN_MODAL, GIVEN_CLASS = "class given modal class", "modal class given class"
ODDS, ENTROPY = "odds of correct classification", "entropy R2"
SMALLEST_PROBABILITY = 1e-300


def classification_table(draws: xr.DataTree, *, ci_prob: float = 0.95) -> SummaryTable:
    r"""Summarise how surely respondents are classified.

    With :math:`p_{ic}` the membership probabilities in a draw, :math:`w_i` the modal class as `membership` reports it
    (the same in every draw), :math:`n_w` its respondents and :math:`\pi_c` the share of class c,

    .. math::
        A_{wc} = \frac{1}{n_w} \sum_{i: w_i = w} p_{ic}, \qquad
        D_{cw} = \frac{\sum_i p_{ic} 1[w_i = w]}{\sum_i p_{ic}}, \qquad
        \mathrm{OCC}_c = \frac{A_{cc} / (1 - A_{cc})}{\pi_c / (1 - \pi_c)}

    A is the average posterior probability by modal class [1]_, D the classification probability [2]_. Intervals are
    those of the parameters, for the respondents at hand.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    ci_prob : float, default 0.95

    Returns
    -------
    SummaryTable
        One row per ``quantity``, ``modal_class`` and ``latent_class``: ``class given modal class`` A, ``modal class
        given class`` D, ``odds of correct classification`` (``mean`` is the exponential of the mean log odds; above
        5 is taken as high [1]_) and ``entropy R2``; ``mean``, ``sd`` (of the log odds for odds), ``lower``,
        ``upper``, ``r_hat``, ``ess_bulk``, ``ess_tail`` and ``n``, respondents of the modal class. A class that is
        modal for nobody has no row but D and its ``n`` of 0.

    Raises
    ------
    ValueError
        If the fit has no latent classes.
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
    >>> bl.classification_table(bl.load("fit.nc")).loc["class given modal class"]  # doctest: +SKIP
    """
    probability = membership_draws(draws)
    classes, n_classes = probability[CLASS].to_numpy(), probability.sizes[CLASS]
    values = probability.to_numpy()  # (chain, draw, respondent, latent_class)
    modal = values.mean(axis=(0, 1), dtype=float).argmax(axis=1)
    assigned = np.eye(n_classes)[modal]  # (respondent, modal_class)
    n = assigned.sum(axis=0).astype(int)
    together = np.einsum("sdic,iw->sdwc", values, assigned, optimize=True)  # (chain, draw, modal_class, latent_class)
    occupied = np.flatnonzero(n)
    average = together[..., occupied, :] / n[occupied, None]
    error = together / together.sum(axis=2, keepdims=True)
    own = np.take_along_axis(average, occupied[None, None, :, None], axis=3)[..., 0]
    other = average.sum(axis=3) - own if n_classes == 1 else (average * (1 - np.eye(n_classes)[occupied])).sum(axis=3)
    share = average_class_share(draws)[..., occupied]
    log_odds = _log(own) - _log(other) - _log(share) + _log(1 - share)
    entropy = [[entropy_r2(one, np.ones(len(one))) for one in chain] for chain in values]
    both = ("chain", "draw", MODAL_CLASS, CLASS)
    coords = {"chain": probability["chain"], "draw": probability["draw"], CLASS: classes}
    parts = {
        GIVEN_MODAL: xr.DataArray(average, {**coords, MODAL_CLASS: classes[occupied]}, both),
        GIVEN_CLASS: xr.DataArray(error, {**coords, MODAL_CLASS: classes}, both),
    }
    if n_classes > 1:
        parts[ODDS] = xr.DataArray(
            log_odds[..., None], {**coords, MODAL_CLASS: classes[occupied], CLASS: ["odds"]}, both
        )
        total = np.array(entropy)[..., None, None]
        parts[ENTROPY] = xr.DataArray(total, {**coords, MODAL_CLASS: ["all"], CLASS: ["all"]}, both)
    tables = [_rows(values, quantity, draws, ci_prob) for quantity, values in parts.items()]
    table = pd.concat(tables).set_index(INDEX)
    counts = dict(zip(classes, n, strict=True)) | {"all": len(modal)}
    table["n"] = [int(counts[name]) for name in table.index.get_level_values(MODAL_CLASS)]
    return SummaryTable.of(table, f"{note_of(draws, ci_prob)} of the parameters, for the respondents at hand")


def _log(values: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(values, SMALLEST_PROBABILITY))


def _rows(values: xr.DataArray, quantity: str, draws: xr.DataTree, ci_prob: float) -> pd.DataFrame:
    rows = pd.DataFrame(table_of(values, [MODAL_CLASS, CLASS], draws, ci_prob)).reset_index()
    if quantity == ODDS:
        rows[["mean", "lower", "upper"]] = np.exp(rows[["mean", "lower", "upper"]])
        rows[CLASS] = rows[MODAL_CLASS]
    return rows.assign(quantity=quantity)
