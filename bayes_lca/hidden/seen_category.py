"""A category that was seen, so that nothing is summed out, of respondents who are weighted."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca.dims import COUNT, OUTCOME, PATTERN
from bayes_lca.hidden.one_class import draw_class


def observe_weighted(class_logits, codes: np.ndarray, n_categories: int, weight: np.ndarray):
    r"""Observe the category of each distinct row of covariates and category, weighted: a pseudo-likelihood.

    .. math:: w_p \left(\eta_{p y_p} - \log \sum_c \exp \eta_{pc}\right)

    Parameters
    ----------
    class_logits : TensorVariable, shape (pattern, category)
    codes : ndarray of int, shape (pattern,)
    n_categories : int
    weight : ndarray, shape (pattern,)
        Survey weights of the respondents with each row, added up.
    """
    weights = pm.Data(COUNT, weight, dims=PATTERN)

    def logp(value, eta, weight):
        chosen = pt.eq(value[:, None], np.arange(n_categories))  # (pattern, category)
        return weight * ((chosen * eta).sum(axis=1) - pt.logsumexp(eta, axis=1))

    def draw_rows(class_logits, weight, rng=None, size=None) -> np.ndarray:
        return draw_class(class_logits, np.shape(weight) if size is None else tuple(size), rng)

    return pm.CustomDist(
        OUTCOME,
        class_logits,
        weights,
        logp=logp,
        random=draw_rows,
        signature="(c),()->()",
        dtype="int64",
        observed=codes,
        dims=PATTERN,
    )
