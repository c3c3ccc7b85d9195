"""Class probabilities in every draw: twin of the structural parts, in NumPy."""

from collections.abc import Mapping

import numpy as np
from scipy.special import log_softmax

from bayes_lca.dims import CLASS_SHARE, INTERCEPT, SLOPE, TERM
from bayes_lca.fitted.random_effects import RandomEffectDraws, effects_of_seen_groups, varying_terms


def log_class_probabilities(
    fit,
    matrix: np.ndarray,
    groups: Mapping[str, np.ndarray],
    which: slice,
    effects: Mapping[str, RandomEffectDraws] | None = None,
) -> np.ndarray:
    r"""Log probability of each class at rows of a design.

    .. math::
        \log P(c \mid x_i, g_i) = \log \operatorname{softmax}_c
        (\alpha_c + x_i^\top \beta_c + u_{cg_i} + (x_i - \bar x)^\top b_{cg_i})

    Parameters
    ----------
    fit : Fit
    matrix : ndarray, shape (row, term)
        Design in the user's units.
    groups : mapping of str to ndarray of int, shape (row,)
        Group of each row for every grouping that counts; a grouping left out counts as an average group, effect 0.
    which : slice
        Draws, chains after each other.
    effects : mapping of str to RandomEffectDraws, optional
        Effects to use in place of those of the groups that were seen, as `effects_of_new_groups` draws them;
        ``groups`` then holds positions among these. They belong to the draws in `which`.

    Returns
    -------
    ndarray, shape (draw, row, latent_class); the middle axis has length 1 when no covariate is used
    """
    posterior, axis = fit.posterior, fit.class_axis
    if INTERCEPT not in posterior:
        return np.log(fit.flat(posterior[CLASS_SHARE], axis)[which])[:, None, :]
    eta = fit.flat(posterior[INTERCEPT], axis)[which][:, None, :]
    if SLOPE in posterior:
        slope = fit.flat(posterior[SLOPE], TERM, axis)[which]
        eta = eta + np.einsum("it,stc->sic", matrix, slope, optimize=True)
    for name, index in groups.items():
        of_group = (effects or {}).get(name) or effects_of_seen_groups(fit, name, which)
        eta = eta + of_group.intercept[:, index]
        if of_group.slope is not None:
            centered = (matrix - fit.design_center)[:, varying_terms(fit, name)]
            for group in np.unique(index):
                inside = index == group
                eta[:, inside] += np.einsum("it,stc->sic", centered[inside], of_group.slope[:, group], optimize=True)
    return log_softmax(eta, axis=-1)
