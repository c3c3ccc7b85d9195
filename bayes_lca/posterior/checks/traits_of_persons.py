"""What the answers say of each person's traits, and how much of the variance of answers these make up."""

from typing import cast

import numpy as np

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.twins.common_method import AnswersOfPersons
from bayes_lca.likelihood.person import answers_of_persons

MOST_DRAWS = 1000
NUMBERS_AT_ONCE = 2**21
"""Draws x answers x classes x nodes held in memory at a time."""

SOURCES = ("class", "person", "rest")
"""What the variance of an answer comes from."""


def traits_of_rows(fit: Fit) -> tuple[np.ndarray, np.ndarray, int]:
    r"""Posterior mean and standard deviation of the traits of a person with each distinct row, the class summed out.

    .. math:: p(u \mid y_i, x_i) \propto \varphi(u) \sum_c P(c \mid x_i, g_i)\, p(y_i \mid c, u)

    or, of several waves, with the sum over paths and the answers at all of them in its place; averaged over draws, so
    that the uncertainty of the parameters is in the standard deviation.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    mean, sd : ndarray, shape (pattern, style)
    n_draws : int
        Draws used, evenly spaced.
    """
    nodes, parts = cast(AnswersOfPersons, fit.answers).grid(fit).nodes, fit.parts_of_rows()  # (node, style)
    powers = np.concatenate([nodes, nodes**2], axis=1)
    total, step = 0.0, -(-fit.n_draws // MOST_DRAWS)
    draws = np.arange(0, fit.n_draws, step)
    n_at_once = max(1, NUMBERS_AT_ONCE // (parts.answers.max() + 1) // len(fit.classes) // len(nodes))
    for start in range(0, len(draws), n_at_once):
        total = total + fit.hidden.trait_moments(fit, draws[start : start + n_at_once], powers)
    first, second = np.split(total / len(draws), 2, axis=1)
    return first, np.sqrt(second - first**2), len(draws)


def variance_shares(fit: Fit, share: np.ndarray) -> np.ndarray:
    r"""Shares of the variance of the score of each answer that class, person and the rest make up, in every draw.

    With s the score by which the style counts categories,

    .. math::
        \operatorname{var}(s) = \operatorname{var}_c E(s \mid c) + E_c \operatorname{var}_u E(s \mid c, u)
        + E \operatorname{var}(s \mid c, u)

    Parameters
    ----------
    fit : Fit
    share : ndarray, shape (draw, latent_class)
        Of the classes.

    Returns
    -------
    ndarray, shape (draw, style, item, source)
        The `SOURCES`.
    """
    answers = cast(AnswersOfPersons, fit.answers)
    grid, scores = answers.grid(fit), answers.scores(fit)  # (style, item, category)
    typical, loading = answers.typical(fit), answers.loading(fit)
    result = np.empty((*loading.shape, len(SOURCES)))
    n_at_once = max(1, NUMBERS_AT_ONCE // (typical[0].size * len(grid.weight)))
    for start in range(0, fit.n_draws, n_at_once):
        which = slice(start, start + n_at_once)
        of_persons = answers_of_persons(typical[which], loading[which], scores, grid.nodes)
        mean, square = (np.einsum("scqjr,tjr->stjcq", of_persons, power) for power in (scores, scores**2))
        of_class = mean @ grid.weight  # (draw, style, item, latent_class)
        person = (mean**2) @ grid.weight - of_class**2
        rest = (square - mean**2) @ grid.weight
        pi = share[which][:, None, None]
        overall = (pi * of_class).sum(axis=-1)
        parts = ((pi * of_class**2).sum(axis=-1) - overall**2, (pi * person).sum(axis=-1), (pi * rest).sum(axis=-1))
        result[which] = np.stack(parts, axis=-1)
    total = result.sum(axis=-1, keepdims=True)
    return np.divide(result, total, out=np.full_like(result, np.nan), where=total > 0)
