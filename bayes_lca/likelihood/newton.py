"""Newton steps to the maximum of a multinomial regression's log-likelihood; no step ever lowers it."""

from collections.abc import Callable

import numpy as np
from scipy.special import log_softmax

from bayes_lca.likelihood.row_sums import sum_products

SMALLEST_GAIN = 1e-14
"""Share of the log-likelihood, or of 1, below which what the next step promises is rounding: the climb has ended."""

ROUNDING = 1e-6
"""A promised gain below this that the full step does not bring is rounding, and the climb has ended too."""

LEAST_INFORMATION = 1e-6
"""Respondents' worth of information that the least known combination of coefficients must have."""

MOST_STEPS = 500
MOST_HALVINGS = 60

Evidence = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From log class probabilities (row, latent_class) to log-likelihoods (row,) and class weights (row, latent_class)."""


class NoMaximumError(RuntimeError):
    """The log-likelihood has no finite maximum, a flat one, or none that was found."""


def climb(
    design: np.ndarray, count: np.ndarray, n_classes: int, evidence: Evidence, *, hidden: bool
) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
    """Climb from coefficients of zero, halving each Newton step until it gains.

    Where the observed information is not that of a maximum, the complete-data information, which always points
    upwards, takes its place.

    Parameters
    ----------
    design : numpy.ndarray
        Columns that are orthonormal over the respondents, mean square 1, shape (row, term).
    count : numpy.ndarray
        Respondents per row, shape (row,).
    n_classes : int
    evidence : callable
        What was seen of the rows; see `Evidence`.
    hidden : bool
        Whether class weights are probabilities that depend on the coefficients.

    Returns
    -------
    coefficient : shape (latent_class - 1, term)
    log_likelihood : float
    information : shape (free, free), the negative second derivatives
    class_weight : shape (row, latent_class), at the maximum

    Raises
    ------
    NoMaximumError
        If it gets nowhere, or the information vanishes on the way.
    """
    n_terms = design.shape[1]

    def look(free):
        coefficient = np.vstack([np.zeros(n_terms), free])
        log_probability = log_softmax(np.einsum("it,ct->ic", design, coefficient), axis=1)
        by_row, weight = evidence(log_probability)
        return float(count @ by_row), np.exp(log_probability), weight

    free = np.zeros((n_classes - 1, n_terms))
    log_likelihood, probability, weight = look(free)
    for _ in range(MOST_STEPS):
        total = weight.sum(axis=1)  # (row,)
        gradient = sum_products((weight - total[:, None] * probability)[:, 1:], design, count)  # as free
        complete = multinomial_information(design, probability, count * total)
        information = complete - multinomial_information(design, weight, count) if hidden else complete
        at_maximum = _least(information) > LEAST_INFORMATION
        upwards = information if at_maximum else complete
        if _least(upwards) <= LEAST_INFORMATION:
            break
        step = np.linalg.solve(upwards, gradient.ravel()).reshape(free.shape)
        promised = (gradient * step).sum() / 2
        if promised < SMALLEST_GAIN * max(1.0, abs(log_likelihood)):
            if at_maximum:
                return free, log_likelihood, information, weight
            break
        for _ in range(MOST_HALVINGS):
            higher, *rest = look(free + step)
            if higher > log_likelihood:
                break
            step = step / 2
        else:
            if at_maximum and promised < ROUNDING:
                return free, log_likelihood, information, weight
            break
        free = free + step
        log_likelihood, (probability, weight) = higher, rest
    raise NoMaximumError(
        "the log-likelihood of the regression has no finite maximum that stands out: a class is empty or alone for "
        "some values of the covariates, or what was seen does not tell the classes apart. Merge sparse categories, "
        "leave out terms or classes, or give the coefficients priors in a Bayesian model."
    )


def by_class_and_term(values: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Products of (row, latent_class), class 0 left out, with (row, term): shape (row, free)."""
    return (values[:, 1:, None] * design[:, None, :]).reshape(len(design), -1)


def multinomial_information(design: np.ndarray, probability: np.ndarray, weight: np.ndarray) -> np.ndarray:
    r"""Sum over rows :math:`\sum_i w_i (\mathrm{diag}\,p_i - p_i p_i') \otimes x_i x_i'`, class 0 left out.

    Parameters
    ----------
    design : numpy.ndarray
        Shape (row, term).
    probability : numpy.ndarray
        Shape (row, latent_class).
    weight : numpy.ndarray
        Shape (row,).

    Returns
    -------
    numpy.ndarray
        Shape (free, free), class after class.
    """
    n_free, n_terms = probability.shape[1] - 1, design.shape[1]
    products = by_class_and_term(probability, design)
    information = -sum_products(products, products, weight)
    by_class = information.reshape(n_free, n_terms, n_free, n_terms)
    for c in range(n_free):
        by_class[c, :, c] += sum_products(design, design, weight * probability[:, c + 1])
    return information


def _least(information: np.ndarray) -> float:
    """Smallest eigenvalue."""
    return float(np.linalg.eigvalsh(information)[0])
