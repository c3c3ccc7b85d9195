"""Classes drawn for respondents, given their answers and one column."""

import numpy as np

from bayes_lca.data.categories import draw_category
from bayes_lca.dims import CLASS_SHARE
from bayes_lca.fitted.fit import Fit

FIRST_SWEEPS = 60
SWEEPS_BETWEEN = 5


def impute_classes(fit: Fit, level: np.ndarray, step: int, seed: int) -> np.ndarray:
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
    fit : Fit
        Of a latent class model.
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
    _, first, answers_of_pattern = np.unique(fit.answer_pattern, return_index=True, return_inverse=True)
    answers_of_respondent = answers_of_pattern[fit.pattern_of_respondent[counting]]
    log_density = fit.log_evidence(first, slice(None, None, step))  # (draw, distinct answers, latent_class)
    density = np.exp(log_density - log_density.max(axis=-1, keepdims=True))
    n_classes = len(fit.classes)
    prior = fit.posterior[CLASS_SHARE].mean(["chain", "draw"]).to_numpy()
    share = np.tile(prior, (n_levels, 1))
    classes = np.empty((len(density), len(level)), dtype=np.int64)
    for s, of_answers in enumerate(density):
        of_respondent = of_answers[answers_of_respondent]
        for _ in range(SWEEPS_BETWEEN if s else FIRST_SWEEPS):
            joint = of_respondent * share[level]
            classes[s] = draw_category(joint / joint.sum(axis=1, keepdims=True), rng)
            count = np.bincount(level * n_classes + classes[s], minlength=share.size).reshape(share.shape)
            share = rng.standard_gamma(count + prior)
            share /= share.sum(axis=1, keepdims=True)
    return classes
