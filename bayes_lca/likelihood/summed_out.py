r"""Classes summed out: the one place that goes over all draws, rows and classes.

What is expensive of a row depends on its covariates or on its answers, and few rows differ in both. With the share of
class c at covariates x and the probability of answers y in it,

.. math:: p(y \mid x) = \sum_c \pi_c(x)\, p(y \mid c), \qquad P(c \mid y, x) = \pi_c(x)\, p(y \mid c) / p(y \mid x),

exponentials are taken of distinct covariates and of distinct answers, and what is left for every row is the sum.
"""

import numpy as np
import scipy

SMALLEST_SUM = 1e-250
"""Below it a sum may have lost terms that were too small for a float, and is taken of logarithms instead."""


def class_shares(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis; the classes first in memory, where `logits` have them so."""
    share = logits - logits.max(axis=-1, keepdims=True)
    np.exp(share, out=share)
    share /= share.sum(axis=-1, keepdims=True)
    return share


def sum_out_classes(
    logits: np.ndarray, log_density: np.ndarray, covariates: np.ndarray, answers: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihood and membership of rows from what is known of their covariates and of their answers.

    Arrays are fastest with the classes first in memory: ``np.moveaxis(array, 0, -1)`` of one that has them first.

    Parameters
    ----------
    logits : ndarray, shape (draw, covariates, latent_class)
        Log probabilities of the classes, up to a constant of each draw and distinct covariates.
    log_density : ndarray, shape (draw or 1, answers, latent_class)
        Of distinct answers given the class; minus infinity where a class cannot give them.
    covariates, answers : ndarray of int, shape (row,)
        Which of each a row has.

    Returns
    -------
    log_likelihood : ndarray, shape (draw, row)
    membership : ndarray, shape (draw, row, latent_class)
    share : ndarray, shape (draw, covariates, latent_class)
        Class probabilities at the distinct covariates.

    Examples
    --------
    >>> logits, log_density = np.log([[[0.6, 0.4]]]), np.log([[[0.5, 0.5], [0.25, 0.75]]])
    >>> log_likelihood, membership, _ = sum_out_classes(logits, log_density, np.array([0, 0]), np.array([0, 1]))
    >>> np.exp(log_likelihood).round(2), membership[0, :, 0].round(2)
    (array([[0.5 , 0.45]]), array([0.6 , 0.33]))
    """
    share = class_shares(logits)
    largest = log_density.max(axis=-1)
    density = np.exp(log_density - largest[..., None])
    n_draws, n_classes = len(share), share.shape[-1]
    joint = np.empty((n_classes, n_draws, len(answers)))
    of_answers = np.empty((len(density), len(answers)))
    for c, of_class in enumerate(joint):
        np.take(share[..., c], covariates, axis=1, out=of_class, mode="clip")
        of_class *= np.take(density[..., c], answers, axis=1, out=of_answers, mode="clip")
    total = joint.sum(axis=0)
    lost = np.nonzero(total < SMALLEST_SUM)
    total[lost] = 1.0
    joint /= total
    membership = np.moveaxis(joint, 0, -1)
    log_likelihood = np.log(total, out=total)
    log_likelihood += np.take(largest, answers, axis=1, out=of_answers, mode="clip")
    if len(lost[0]):
        draw, row = lost
        log_share = logits - scipy.special.logsumexp(logits, axis=-1, keepdims=True)
        log_joint = log_share[draw, covariates[row]] + log_density[draw % len(log_density), answers[row]]
        log_likelihood[lost] = scipy.special.logsumexp(log_joint, axis=-1)
        membership[lost] = class_shares(log_joint)
    return log_likelihood, membership, share
