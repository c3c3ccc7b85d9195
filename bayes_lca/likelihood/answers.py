"""How probable rows of answers are in each class: the one place where that is computed from item probabilities."""

import numpy as np

from bayes_lca.likelihood.matrix_product import matrix_product

SMALLEST_PROBABILITY = 1e-300
"""Stands in for zero at the boundary, where the logarithm is still finite."""


def log_probability_of_answers(item_probability: np.ndarray, codes: np.ndarray) -> np.ndarray:
    r"""Log probability of rows of answers given the class, :math:`\sum_j \log \rho_{c j y_j}` over answered items.

    Parameters
    ----------
    item_probability : ndarray, shape (..., latent_class, item, category)
        0 or not a number beyond the categories of an item.
    codes : ndarray of int, shape (row, item)
        -1 where missing.

    Returns
    -------
    ndarray, shape (..., row, latent_class)

    Examples
    --------
    >>> rho = np.array([[[0.5, 0.5], [0.25, 0.75]]])
    >>> np.exp(log_probability_of_answers(rho, np.array([[0, 1], [1, -1]])))
    array([[0.375],
           [0.5  ]])
    """
    log_rho = _finite_log(item_probability)
    *leading, n_items, n_categories = log_rho.shape
    chosen = indicators_of_answers(codes, n_categories)
    of_classes = matrix_product(log_rho.reshape(-1, n_items * n_categories), chosen.T)
    return of_classes.reshape(*leading, len(codes)).swapaxes(-1, -2)


def membership_given_answers(class_share: np.ndarray, item_probability: np.ndarray, codes: np.ndarray) -> np.ndarray:
    r"""Probability of each class given rows of answers, :math:`P(c \mid y) \propto \pi_c \prod_j \rho_{c j y_j}`.

    Parameters
    ----------
    class_share : ndarray, shape (..., latent_class)
    item_probability : ndarray, shape (..., latent_class, item, category)
    codes : ndarray of int, shape (row, item)
        -1 where missing.

    Returns
    -------
    ndarray, shape (..., row, latent_class)

    Examples
    --------
    >>> rho = np.array([[[0.5, 0.5]], [[0.25, 0.75]]])
    >>> membership_given_answers(np.array([0.6, 0.4]), rho, np.array([[0], [-1]]))
    array([[0.75, 0.25],
           [0.6 , 0.4 ]])
    """
    membership, _ = membership_and_log_likelihood(class_share, item_probability, codes)
    return membership


def membership_and_log_likelihood(
    class_share: np.ndarray, item_probability: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""The same, and the log-likelihood of every row, shape (..., row)."""
    log_share = np.log(np.maximum(class_share, SMALLEST_PROBABILITY))[..., None, :]
    joint = log_share + log_probability_of_answers(item_probability, codes)
    largest = joint.max(axis=-1, keepdims=True)
    joint = np.exp(joint - largest)
    total = joint.sum(axis=-1, keepdims=True)
    return joint / total, (np.log(total) + largest)[..., 0]


def log_probability_of_each_answer(item_probability: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    r"""Log probability of every answer by itself given the class, :math:`\log \rho_{c j y_j}`, 0 where missing.

    Parameters
    ----------
    item_probability : ndarray, shape (latent_class, item, category)
    chosen : ndarray, shape (item, row, category)
        One where a category was chosen and zero elsewhere.

    Returns
    -------
    ndarray, shape (item, row, latent_class)
    """
    return np.matmul(chosen, _finite_log(item_probability).transpose(1, 2, 0))


def _finite_log(item_probability: np.ndarray) -> np.ndarray:
    return np.nan_to_num(np.log(np.maximum(item_probability, SMALLEST_PROBABILITY)), nan=0.0)


def indicators_of_answers(codes: np.ndarray, n_categories: int) -> np.ndarray:
    """One where a category was chosen and zero elsewhere, so nowhere in a missing item; shape (row, item * category).

    Examples
    --------
    >>> indicators_of_answers(np.array([[0, 1], [1, -1]]), 2)
    array([[1., 0., 0., 1.],
           [0., 1., 0., 0.]])
    """
    chosen = codes[:, :, None] == np.arange(n_categories)
    return chosen.reshape(len(codes), codes.shape[1] * n_categories).astype(float)
