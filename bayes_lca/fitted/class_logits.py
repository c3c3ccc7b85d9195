"""Class probabilities in every draw, at any rows of a design."""

from collections.abc import Mapping

import numpy as np

from bayes_lca.fitted.random_effects import RandomEffectDraws


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
    return fit.structural.log_class(fit, matrix, groups, which, effects)
