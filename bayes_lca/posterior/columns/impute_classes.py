"""Classes drawn for respondents, given their answers and one column."""

import numpy as np
import xarray as xr

from bayes_lca.dims import ANSWERS, CLASS_SHARE
from bayes_lca.fitted.class_logits import answer_log_probabilities

FIRST_SWEEPS = 60
SWEEPS_BETWEEN = 5


def impute_classes(draws: xr.DataTree, level: np.ndarray, step: int, seed: int) -> np.ndarray:
    r"""Draw the class of each respondent from its probability given the answers and the level of a column.

    Answers depend on the column through the class alone, and class shares :math:`\pi_l` are free at each level l:

    .. math:: P(c \mid y_i, x_i = l) \propto \pi_{lc} \prod_j \rho_{c j y_{ij}}

    Item probabilities :math:`\rho` are those of a posterior draw. Classes and shares are drawn in turn [1]_, five
    times for every posterior draw and sixty times before the first, with a Dirichlet prior of :math:`\pi_l` that counts
    as one respondent with the class shares of the whole sample. Covariates and groups of the fit take no part, so they
    cannot lend a column an association that is theirs. Drawn without the column, as pseudo-classes are, classes would
    be less associated with it than they are, even less than the most likely class.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    level : ndarray of int, shape (respondent,)
        From 0; -1 for a respondent who does not count.
    step : int
        Every how many-th posterior draw to use, chains after each other.
    seed : int

    Returns
    -------
    ndarray of int, shape (draw, counting respondent)

    References
    ----------
    .. [1] Tanner, M. A. & Wong, W. H. (1987). The calculation of posterior distributions by data augmentation. JASA
       82(398), 528-540. doi 10.1080/01621459.1987.10478458
    """
    rng = np.random.default_rng(seed)
    counting = level >= 0
    level, n_levels = level[counting], level.max() + 1
    _, first, pattern = np.unique(draws["constant_data"]["answer_pattern"], return_index=True, return_inverse=True)
    codes = draws["observed_data"][ANSWERS].to_numpy()[first]
    log_answers = answer_log_probabilities(draws, codes, slice(None, None, step))  # (draw, pattern, latent_class)
    answers = np.exp(log_answers - log_answers.max(axis=-1, keepdims=True))
    pattern, n_classes = pattern[counting], answers.shape[-1]
    prior = draws["posterior"][CLASS_SHARE].mean(["chain", "draw"]).to_numpy()
    share = np.tile(prior, (n_levels, 1))
    classes = np.empty((len(answers), len(level)), dtype=np.int64)
    for s, of_pattern in enumerate(answers):
        of_respondent = of_pattern[pattern]
        for _ in range(SWEEPS_BETWEEN if s else FIRST_SWEEPS):
            cumulative = (of_respondent * share[level]).cumsum(axis=1)
            point = rng.random((len(level), 1)) * cumulative[:, -1:]
            classes[s] = (point > cumulative[:, :-1]).sum(axis=1)
            count = np.bincount(level * n_classes + classes[s], minlength=share.size).reshape(share.shape)
            share = rng.standard_gamma(count + prior)
            share /= share.sum(axis=1, keepdims=True)
    return classes
