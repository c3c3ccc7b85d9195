r"""How much of the posterior the modes of the likelihood could hold, by Laplace's approximation.

A mode weighs as much as its height and its width say,

.. math:: \log w = \log p(y \mid \hat\theta) + \log p(\hat\theta) - \tfrac12 \log |H(\hat\theta)| + \text{const},

with :math:`\hat\theta` its maximum of the posterior and H the curvature there, both in logits of class shares and item
probabilities. In logits a Dirichlet prior of weights a has density :math:`\prod_c \rho_c^{a}`: maxima lie inside, where
those of the likelihood lie at 0 and 1, and a parabola is a fair picture of them. The curvature is Louis's: that of the
classes if they were known, less what is not known of them.

MacKay, D. J. C. (1998). Choice of basis for Laplace approximation. Machine Learning 33, 77-86.
doi 10.1023/A:1007558615313

Louis, T. A. (1982). Finding the observed information matrix when using the EM algorithm. Journal of the Royal
Statistical Society B 44(2), 226-233. doi 10.1111/j.2517-6161.1982.tb01203.x
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from bayes_lca.likelihood.answers import (
    SMALLEST_PROBABILITY,
    indicators_of_answers,
    membership_and_log_likelihood,
    membership_given_answers,
)
from bayes_lca.likelihood.modes import Mode

LOWEST = 20.0
"""Log-likelihood units below the best beyond which a mode is not looked at."""
UPDATES = 500
TOLERANCE = 1e-6
"""Rise of the log posterior in one update at which climbing ends."""
SAME = 0.01
"""Modes that differ by less, in log posterior and in all that no relabelling changes, are one."""


@dataclass(frozen=True, eq=False)
class WeighedMode:
    """A mode, and the share of the posterior that it holds among the modes found."""

    mode: Mode
    weight: float


def weigh_modes(
    codes: np.ndarray,
    counts: np.ndarray,
    n_categories: Sequence[int],
    maxima: Sequence[Mode],
    *,
    share_weight: float = 1.0,
    category_weight: float = 1.0,
) -> list[WeighedMode]:
    """The distinct modes of the posterior near those of the likelihood, heaviest first.

    Parameters
    ----------
    codes : ndarray of int, shape (pattern, item)
        -1 where missing.
    counts : ndarray, shape (pattern,)
    n_categories : sequence of int
    maxima : sequence of Mode
        Of the likelihood, from `fit_em`, best first.
    share_weight, category_weight : float
        Of the Dirichlet priors.

    Returns
    -------
    list of WeighedMode
        Points at which the posterior has no maximum are left out, but for the best mode of the likelihood where there
        is no other.
    """
    near = [mode for mode in maxima if mode.log_likelihood > maxima[0].log_likelihood - LOWEST]
    if len(near) == 1:
        return [WeighedMode(near[0], 1.0)]
    exists = np.arange(max(n_categories)) < np.asarray(n_categories)[:, None]  # (item, category)
    prior, chosen = category_weight * exists, indicators_of_answers(codes, max(n_categories))
    share = np.stack([mode.class_share for mode in near])
    probability = np.stack([mode.item_probability for mode in near])
    log_posterior = np.full(len(near), -np.inf)
    for _ in range(UPDATES):
        membership, total = membership_and_log_likelihood(share, probability, codes)
        before = log_posterior
        log_posterior = total @ counts + share_weight * _sum_of_logs(share)
        log_posterior += category_weight * _sum_of_logs(probability[:, :, exists])
        if (log_posterior - before <= TOLERANCE).all():
            break
        share, probability = _update(membership, chosen, counts, share_weight, prior)
    log_weight = np.array(
        [
            log_posterior[m]
            - 0.5 * _log_determinant(codes, counts, exists, share[m], probability[m], share_weight, category_weight)
            for m in range(len(near))
        ]
    )
    distinct = _distinct(log_posterior, log_weight, share, probability) or [0]
    weight = softmax(log_weight[distinct]) if np.isfinite(log_weight[distinct]).all() else np.ones(1)
    order = np.argsort(-weight, kind="stable")
    return [WeighedMode(near[distinct[place]], float(weight[place])) for place in order]


def _sum_of_logs(probability: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probability, SMALLEST_PROBABILITY)).reshape(len(probability), -1).sum(axis=1)


def _update(membership, chosen, counts, share_weight: float, prior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One update of expectation-maximisation towards the maximum of the posterior in logits."""
    counted = membership * counts[:, None]
    share = counted.sum(axis=1) + share_weight
    answered = np.matmul(counted.transpose(0, 2, 1), chosen).reshape(*share.shape, *prior.shape) + prior
    return share / share.sum(axis=1, keepdims=True), answered / answered.sum(axis=-1, keepdims=True)


def _log_determinant(codes, counts, exists, share, probability, share_weight, category_weight) -> float:
    """Of the curvature of the log posterior in logits against a last category; infinite where it is no maximum."""
    curvature = negative_curvature(codes, counts, exists, share, probability, share_weight, category_weight)
    eigenvalues = np.linalg.eigvalsh(curvature)
    return float(np.log(eigenvalues).sum()) if eigenvalues.min(initial=1.0) > 0 else np.inf


def negative_curvature(
    codes: np.ndarray,
    counts: np.ndarray,
    exists: np.ndarray,
    share: np.ndarray,
    probability: np.ndarray,
    share_weight: float,
    category_weight: float,
) -> np.ndarray:
    r"""Minus the second derivatives of the log posterior in logits.

    Parameters
    ----------
    codes : ndarray of int, shape (pattern, item)
    counts : ndarray, shape (pattern,)
    exists : ndarray of bool, shape (item, category)
    share : ndarray, shape (latent_class,)
    probability : ndarray, shape (latent_class, item, category)
    share_weight, category_weight : float

    Returns
    -------
    ndarray, shape (logit, logit)
        Logits of the shares against the last class, then those of the answers class by class and item by item, against
        the last category of each item.
    """
    free = exists.copy()
    free[np.arange(len(exists)), exists.sum(axis=1) - 1] = False
    item, category = np.nonzero(free)
    n_classes, n_logits = len(share), len(item)
    of_class = np.eye(n_classes)[:, :-1] - share[:-1]  # score of the shares if the class is k
    membership, n = membership_given_answers(share, probability, codes), counts.sum()

    same_item = item[:, None] == item
    result = np.zeros((n_classes - 1 + n_classes * n_logits,) * 2)
    shares = slice(0, n_classes - 1)
    result[shares, shares] = (n + n_classes * share_weight) * (np.diag(share[:-1]) - np.outer(share[:-1], share[:-1]))
    scores = [membership[:, :-1] - share[:-1]]
    for k in range(n_classes):
        block = slice(n_classes - 1 + k * n_logits, n_classes - 1 + (k + 1) * n_logits)
        rho = probability[k][item, category]
        score = (codes[:, item] == category) - (codes[:, item] >= 0) * rho  # if the class is k, (pattern, logit)
        weight = counts * membership[:, k]
        answered = weight @ (codes[:, item] >= 0) + category_weight * exists.sum(axis=1)[item]
        result[block, block] = answered * (np.diag(rho) - same_item * np.outer(rho, rho))
        result[block, block] -= (score * weight[:, None]).T @ score
        result[shares, block] = -np.outer(of_class[k], weight @ score)
        result[block, shares] = result[shares, block].T
        result[shares, shares] -= weight.sum() * np.outer(of_class[k], of_class[k])
        scores.append(membership[:, [k]] * score)
    expected = np.concatenate(scores, axis=1)
    return result + (expected * counts[:, None]).T @ expected


def _distinct(log_posterior, log_weight, share, probability) -> list[int]:
    """Places of modes that are maxima, each once."""
    spread = (share[..., None, None] * probability**2).sum(axis=1).reshape(len(share), -1)
    places = np.column_stack([log_posterior, np.sort(share, axis=1), spread])
    kept: list[int] = []
    for place in np.argsort(-log_posterior, kind="stable").tolist():
        if np.isfinite(log_weight[place]) and not any(np.abs(places[place] - places[k]).max() < SAME for k in kept):
            kept.append(place)
    return kept
