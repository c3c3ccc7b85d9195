r"""Cumulative logit regression of an ordered outcome, its lines parallel or each with slopes of its own.

With categories 0, ..., C - 1, and one line for each cut k = 1, ..., C - 1 between them,

    P(y >= k | x) = sigma(eta_k),   eta_k = alpha_k + x' beta_k

Parallel lines share one beta. The probability between two lines is sigma(a) sigma(-b) (1 - exp(b - a)) for a = eta_c
above b = eta_(c + 1), whose logarithm is concave in both; so every maximum is the only one, and Newton steps from
parallel lines of slope zero get there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, logit

from bayes_lca.likelihood.multinomial_logit import orthonormal
from bayes_lca.likelihood.newton import (
    LEAST_INFORMATION,
    MOST_HALVINGS,
    MOST_STEPS,
    ROUNDING,
    SMALLEST_GAIN,
    NoMaximumError,
)
from bayes_lca.likelihood.row_sums import sum_products


@dataclass(frozen=True, eq=False)
class CumulativeLogit:
    """Estimated lines of a cumulative logit regression.

    Attributes
    ----------
    terms : tuple of str
        Names of the design columns, shape (term,).
    coefficient : numpy.ndarray
        Of each line, shape (cut, term); equal over cuts but for the intercept where lines are parallel.
    log_likelihood : float
        At the maximum.
    n : float
        Respondents.
    crossing : numpy.ndarray of bool
        Rows in which some category has a probability below zero, since its two lines have crossed, shape (row,).
    """

    terms: tuple[str, ...]
    coefficient: np.ndarray
    log_likelihood: float
    n: float
    crossing: np.ndarray


def fit_cumulative_logit(
    design: np.ndarray,
    codes: np.ndarray,
    count: np.ndarray,
    n_categories: int,
    *,
    parallel: bool,
    terms: Sequence[str] | None = None,
) -> CumulativeLogit:
    r"""Maximise :math:`\sum_i n_i \log P(y_i \mid x_i)`.

    Lines that are not parallel may cross where the covariates of a row make it so: the likelihood holds probabilities
    of the categories that were observed, which stay positive, and no others. `CumulativeLogit.crossing` says where.

    Parameters
    ----------
    design : numpy.ndarray
        Covariates with the column of ones first, shape (row, term).
    codes : numpy.ndarray of int
        Category of each row, each of them seen in some row, shape (row,).
    count : numpy.ndarray
        Respondents per row, shape (row,).
    n_categories : int
        Three or more for lines that are not parallel to be another model.
    parallel : bool
        Whether the lines share their slopes.
    terms : sequence of str, optional
        Names of the design columns.

    Returns
    -------
    CumulativeLogit

    Raises
    ------
    ValueError
        If a column of the design follows from the others.
    NoMaximumError
        If no finite coefficients maximise the log-likelihood.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. Journal of the Royal Statistical Society B 42(2),
    109-142. doi 10.1111/j.2517-6161.1980.tb01109.x

    Examples
    --------
    Without covariates the lines are the logits of the cumulative shares:

    >>> import numpy as np
    >>> fitted = fit_cumulative_logit(np.ones((3, 1)), np.arange(3), np.array([20, 30, 50]), 3, parallel=True)
    >>> fitted.coefficient.round(3).tolist()
    [[1.386], [0.0]]
    """
    n_terms, n_cuts = design.shape[1], n_categories - 1
    terms = tuple(f"term {t}" for t in range(n_terms)) if terms is None else tuple(terms)
    to_units = orthonormal(design, count, terms)  # (term, term)
    columns = design @ to_units  # the first is one, or minus one
    lines = _shared_slopes(n_cuts, n_terms) if parallel else np.eye(n_cuts * n_terms)  # (cut-term, free)
    at_least = np.array([count[codes >= k].sum() for k in range(1, n_categories)]) / count.sum()
    start = np.zeros((n_cuts, n_terms))
    start[:, 0] = logit(at_least) / to_units[0, 0]
    free = np.linalg.lstsq(lines, start.ravel(), rcond=None)[0]
    free, log_likelihood = _climb(columns, codes, count, lines, free)
    coefficient = (lines @ free).reshape(n_cuts, n_terms)
    eta = columns @ coefficient.T  # (row, cut)
    crossing = (np.diff(eta, axis=1) > 0).any(axis=1)
    return CumulativeLogit(terms, coefficient @ to_units.T, log_likelihood, float(count.sum()), crossing)


def _shared_slopes(n_cuts: int, n_terms: int) -> np.ndarray:
    """From an intercept for each cut and the slopes of all to the coefficients of each line, shape (cut-term, free)."""
    lines = np.zeros((n_cuts, n_terms, n_cuts + n_terms - 1))
    for k in range(n_cuts):
        lines[k, 0, k] = 1
        lines[k, 1:, n_cuts:] = np.eye(n_terms - 1)
    return lines.reshape(n_cuts * n_terms, -1)


def _climb(
    columns: np.ndarray, codes: np.ndarray, count: np.ndarray, lines: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, float]:
    """Newton steps, halved until they gain; the log-likelihood is concave, so that all of them point upwards."""
    shape = (-1, columns.shape[1])
    log_likelihood = _log_likelihood(columns @ (lines @ free).reshape(shape).T, codes, count)
    for _ in range(MOST_STEPS):
        gradient, information = _derivatives(columns, (lines @ free).reshape(shape), codes, count)
        gradient, information = lines.T @ gradient, lines.T @ information @ lines
        if not np.linalg.eigvalsh(information)[0] > LEAST_INFORMATION:
            break
        step = np.linalg.solve(information, gradient)
        promised = gradient @ step / 2
        if promised < SMALLEST_GAIN * max(1.0, abs(log_likelihood)):
            return free, log_likelihood
        for _ in range(MOST_HALVINGS):
            higher = _log_likelihood(columns @ (lines @ (free + step)).reshape(shape).T, codes, count)
            if higher > log_likelihood:
                break
            step = step / 2
        else:
            if promised < ROUNDING:
                return free, log_likelihood
            break
        free, log_likelihood = free + step, higher
    raise NoMaximumError(
        "the log-likelihood of the cumulative logit regression has no finite maximum: a category is empty or alone for "
        "some values of the covariates. Merge sparse categories, or leave out terms."
    )


def _around(eta: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lines above and below the category of each row, infinite beyond the first and the last, shape (row,) both."""
    rows = np.arange(len(codes))
    beyond = np.full((len(codes), 1), np.inf)
    lines = np.hstack([beyond, eta, -beyond])
    return lines[rows, codes], lines[rows, codes + 1]


def _log_likelihood(eta: np.ndarray, codes: np.ndarray, count: np.ndarray) -> float:
    """Minus infinity where the category of a row has no probability."""
    above, below = _around(eta, codes)
    gap = above - below
    if not (gap > 0).all():
        return -np.inf
    return float(count @ (log_expit(above) + log_expit(-below) + np.log(-np.expm1(-gap))))


def _derivatives(
    columns: np.ndarray, coefficient: np.ndarray, codes: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient, shape (cut-term,), and information, the negative second derivatives, of lines that are all free."""
    (n_cuts, n_terms), rows = coefficient.shape, np.arange(len(codes))
    above, below = _around(columns @ coefficient.T, codes)
    half = (above - below) / 2
    with np.errstate(over="ignore"):
        from_gap = 1 / np.expm1(2 * half)  # (row,)
        bend = 1 / (4 * np.sinh(half) ** 2)
    slope, curve = np.zeros((len(codes), n_cuts + 2)), np.zeros((len(codes), n_cuts + 2))
    slope[rows, codes] = expit(-above) + from_gap
    slope[rows, codes + 1] = -expit(below) - from_gap
    curve[rows, codes] = expit(above) * expit(-above) + bend
    curve[rows, codes + 1] = expit(below) * expit(-below) + bend
    gradient = sum_products(slope[:, 1:-1], columns, count)  # (cut, term)
    information = np.zeros((n_cuts, n_terms, n_cuts, n_terms))
    for k in range(n_cuts):
        information[k, :, k] = sum_products(columns, columns, count * curve[:, k + 1])
        if k:
            between = -sum_products(columns, columns, count * bend * (codes == k))
            information[k - 1, :, k] = information[k, :, k - 1] = between
    return gradient.ravel(), information.reshape(n_cuts * n_terms, -1)
