"""What the draws say of each respondent: class logits, log-likelihoods of answers, membership."""

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr
from scipy.special import log_softmax, logsumexp

from bayes_lca.dims import (
    ANSWERS,
    CATEGORY,
    CLASS,
    CLASS_SHARE,
    DESIGN,
    DESIGN_CENTER,
    INTERCEPT,
    ITEM_PROBABILITY,
    OUTCOME,
    SLOPE,
    TERM,
)
from bayes_lca.fitted.axes import class_axis, flat, groupings
from bayes_lca.fitted.random_effects import GroupEffects, seen_groups, varying_terms

DRAWS_AT_ONCE = 250
SMALLEST_PROBABILITY = 1e-300


def class_log_shares(draws: xr.DataTree, rows: np.ndarray, which: slice) -> np.ndarray:
    r"""Log probability of each class given the covariates and the group of respondents, before answers are seen.

    Parameters
    ----------
    draws : xarray.DataTree
    rows : ndarray of int, shape (row,)
        Respondents, by position.
    which : slice
        Draws, chains after each other.

    Returns
    -------
    ndarray, shape (draw, row, latent_class); the middle axis has length 1 when no covariate is used
    """
    constant = draws["constant_data"]
    groups = {name: constant[f"{name}_index"].to_numpy()[rows] for name in groupings(draws)}
    return log_shares_of(draws, constant[DESIGN].to_numpy()[rows], groups, which)


def log_shares_of(
    draws: xr.DataTree,
    matrix: np.ndarray,
    groups: Mapping[str, np.ndarray],
    which: slice,
    effects: Mapping[str, GroupEffects] | None = None,
) -> np.ndarray:
    r"""Log probability of each class at rows of a design.

    .. math::
        \log P(c \mid x_i, g_i) = \log \operatorname{softmax}_c
        (\alpha_c + x_i^\top \beta_c + u_{cg_i} + (x_i - \bar x)^\top b_{cg_i})

    Parameters
    ----------
    draws : xarray.DataTree
    matrix : ndarray, shape (row, term)
        Design in the user's units.
    groups : mapping of str to ndarray of int, shape (row,)
        Group of each row for every grouping that counts; a grouping left out counts as an average group, effect 0.
    which : slice
        Draws, chains after each other.
    effects : mapping of str to GroupEffects, optional
        Effects to use in place of those of the groups that were seen, as `new_groups` draws them; ``groups`` then
        holds positions among these. They belong to the draws in `which`.

    Returns
    -------
    ndarray, shape (draw, row, latent_class); the middle axis has length 1 when no covariate is used
    """
    posterior, axis = draws["posterior"], class_axis(draws)
    if INTERCEPT not in posterior:
        return np.log(flat(posterior[CLASS_SHARE], axis)[which])[:, None, :]
    eta = flat(posterior[INTERCEPT], axis)[which][:, None, :]
    if SLOPE in posterior:
        slope = flat(posterior[SLOPE], TERM, axis)[which]
        eta = eta + np.einsum("it,stc->sic", matrix, slope, optimize=True)
    for name, index in groups.items():
        of_group = (effects or {}).get(name) or seen_groups(draws, name, which)
        eta = eta + of_group.intercept[:, index]
        if of_group.slope is not None:
            terms = varying_terms(draws, name)
            centered = (matrix - draws["constant_data"][DESIGN_CENTER].to_numpy())[:, terms]
            for group in np.unique(index):
                inside = index == group
                eta[:, inside] += np.einsum("it,stc->sic", centered[inside], of_group.slope[:, group], optimize=True)
    return log_softmax(eta, axis=-1)


def answer_log_probabilities(draws: xr.DataTree, codes: np.ndarray, which: slice) -> np.ndarray:
    r"""Log probability of rows of answers given the class, :math:`\sum_j \log \rho_{c j y_{ij}}`.

    Parameters
    ----------
    draws : xarray.DataTree
    codes : ndarray of int, shape (row, item)
        -1 where missing.
    which : slice

    Returns
    -------
    ndarray, shape (draw, row, latent_class)
    """
    return answer_log_likelihoods(flat(draws["posterior"][ITEM_PROBABILITY], CLASS, "item", CATEGORY)[which], codes)


def answer_log_likelihoods(item_probability: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The same for item probabilities of shape (draw, latent_class, item, category)."""
    log_rho = np.nan_to_num(np.log(np.maximum(item_probability, SMALLEST_PROBABILITY)), nan=0.0)
    chosen = (codes[:, :, None] == np.arange(log_rho.shape[-1])).reshape(len(codes), -1).astype(float)
    return np.einsum("scq,iq->sic", log_rho.reshape(*log_rho.shape[:2], -1), chosen, optimize=True)


def joint_log_probabilities(draws: xr.DataTree) -> Iterator[tuple[slice, np.ndarray]]:
    r"""Log probability of class and answers together, :math:`\log P(c \mid x_i) + \log p(y_i \mid c)`.

    Yields
    ------
    which : slice
        Draws, chains after each other, a few at a time.
    log_joint : ndarray, shape (draw, respondent, latent_class)
    """
    constant = draws["constant_data"]
    codes = draws["observed_data"][ANSWERS].to_numpy()
    _, first, pattern = np.unique(constant["answer_pattern"].to_numpy(), return_index=True, return_inverse=True)
    everybody = np.arange(len(codes))
    n_draws = draws["posterior"].sizes["chain"] * draws["posterior"].sizes["draw"]
    for start in range(0, n_draws, DRAWS_AT_ONCE):
        which = slice(start, start + DRAWS_AT_ONCE)
        answers = answer_log_probabilities(draws, codes[first], which)[:, pattern]
        yield which, class_log_shares(draws, everybody, which) + answers


def respondent_log_likelihood(draws: xr.DataTree) -> np.ndarray:
    """Log-likelihood of each respondent with the class summed out, or of the observed category.

    Returns
    -------
    ndarray, shape (chain, draw, respondent)
    """
    n_chains, n_draws = (draws["posterior"].sizes[dim] for dim in ("chain", "draw"))
    n_respondents = draws.attrs["n_respondents"]
    result = np.empty((n_chains * n_draws, n_respondents))
    if class_axis(draws) == CLASS:
        for which, log_joint in joint_log_probabilities(draws):
            result[which] = logsumexp(log_joint, axis=-1)
    else:
        everybody, seen = np.arange(n_respondents), draws["observed_data"][OUTCOME].to_numpy()
        for start in range(0, len(result), DRAWS_AT_ONCE):
            which = slice(start, start + DRAWS_AT_ONCE)
            log_share = np.broadcast_to(
                class_log_shares(draws, everybody, which),
                (*result[which].shape, len(draws["posterior"][CATEGORY])),
            )
            result[which] = log_share[:, everybody, seen]
    return result.reshape(n_chains, n_draws, n_respondents)


def average_class_share(draws: xr.DataTree) -> np.ndarray:
    """Share of each class in the sample, averaged over covariates; shape (chain, draw, latent_class)."""
    n_chains, n_draws = (draws["posterior"].sizes[dim] for dim in ("chain", "draw"))
    everybody = np.arange(draws.attrs["n_respondents"])
    shares = [
        np.exp(class_log_shares(draws, everybody, slice(start, start + DRAWS_AT_ONCE))).mean(axis=1)
        for start in range(0, n_chains * n_draws, DRAWS_AT_ONCE)
    ]
    return np.concatenate(shares).reshape(n_chains, n_draws, -1)
