r"""Multinomial logistic regression of a class on covariates by Newton steps, the class seen or hidden.

With a design row x and coefficients beta, zero for class 0,

    P(c | x) = exp(x' beta_c) / sum_d exp(x' beta_d)

A class that is seen enters with a weight per class, which may be negative as long as a row's weights do not add up to
less than zero. A hidden class enters with a fixed emission, the probability of what was seen of the row in each class.
Both have the same score, sum_i n_i (h_i - s_i P(. | x_i)) x_i', in which h_i are the weights, adding up to s_i, or the
class probabilities given all that was seen, adding up to one.

The climb runs on columns rotated to be uncorrelated, so units and collinearity of the covariates cost no accuracy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logsumexp, softmax

from bayes_lca.likelihood.newton import Evidence, by_class_and_term, climb
from bayes_lca.likelihood.row_sums import sum_products

SLICE = 256
"""Rows decomposed at once; more would set threads going that cost more than they give."""

COLLINEAR = 1e-9
"""Share of a column's length that the other columns must leave unexplained."""


@dataclass(frozen=True, eq=False)
class MultinomialLogit:
    """Estimated coefficients of a multinomial regression of a class.

    Attributes
    ----------
    terms : tuple of str
        Names of the design columns, shape (term,).
    coefficient : numpy.ndarray
        Log odds of each class against class 0 per unit of each term, shape (latent_class, term); row 0 is zero.
    covariance : numpy.ndarray
        Of the coefficients from row 1 on, row after row: shape (free, free), free = (classes - 1) * terms.
    log_likelihood : float
        At the maximum; a weighted pseudo-log-likelihood where classes have weights.
    n : float
        Respondents.
    """

    terms: tuple[str, ...]
    coefficient: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    n: float

    def contrast_covariance(self, b: int, a: int) -> np.ndarray:
        """Covariance of the log odds of class `b` against class `a`, shape (term, term)."""
        for name in (b, a):
            if name not in range(len(self.coefficient)):
                raise ValueError(f"class {name!r}: give a whole number from 0 to {len(self.coefficient) - 1}.")
        classes = np.eye(len(self.coefficient))[[b, a], 1:]  # (2, latent_class - 1)
        pick = np.kron(classes[0] - classes[1], np.eye(len(self.terms)))  # (term, free)
        return pick @ self.covariance @ pick.T

    def contrast(self, b: int, a: int) -> pd.DataFrame:
        """Log odds of class `b` against class `a` per unit of each term.

        Parameters
        ----------
        b, a : int
            Classes, counted from 0; `a` is the reference.

        Returns
        -------
        pandas.DataFrame
            A row per term, columns ``estimate`` and ``se``, its standard error.

        Raises
        ------
        ValueError
            If there is no such class.
        """
        variance = np.diag(self.contrast_covariance(b, a))
        estimate = self.coefficient[b] - self.coefficient[a]
        columns = {"estimate": estimate, "se": np.sqrt(variance)}
        return pd.DataFrame(columns, index=pd.Index(self.terms, name="term"))


def fit_multinomial_logit(
    design: np.ndarray,
    class_weight: np.ndarray,
    count: np.ndarray,
    *,
    terms: Sequence[str] | None = None,
    robust: bool = False,
) -> MultinomialLogit:
    r"""Regress a class that is seen, or seen as weights, on covariates.

    Maximises :math:`\sum_i n_i \sum_c w_{ic} \log P(c \mid x_i)`, which is concave.

    Parameters
    ----------
    design : numpy.ndarray
        Covariates with the column of ones, shape (row, term).
    class_weight : numpy.ndarray
        Weight of each class in each row, one for the class seen and zero else, shape (row, latent_class). Weights
        may be negative, their sum over the classes may not.
    count : numpy.ndarray
        Respondents per row, shape (row,).
    terms : sequence of str, optional
        Names of the design columns.
    robust : bool, default False
        Take the covariance of the coefficients from the rows' scores (sandwich) [1]_ instead of the information.

    Returns
    -------
    MultinomialLogit

    Raises
    ------
    ValueError
        If an argument is out of range or a column of the design follows from the others.
    NoMaximumError
        If no finite coefficients maximise the log-likelihood.

    References
    ----------
    .. [1] White (1982). Maximum likelihood estimation of misspecified models. Econometrica 50, 1-25.
       https://doi.org/10.2307/1912526

    Examples
    --------
    Odds of 3 to 1 are a log odds of 1.099:

    >>> import numpy as np
    >>> fitted = fit_multinomial_logit(np.ones((2, 1)), np.array([[0, 1], [1, 0]]), count=np.array([30, 10]))
    >>> fitted.contrast(1, 0).loc["term 0"].round(3).tolist()
    [1.099, 0.365]
    """
    design, class_weight, count = _check(design, class_weight, count, "class_weight")
    if not np.isfinite(class_weight).all() or (class_weight.sum(axis=1) < -1e-9).any():
        raise ValueError("class_weight is not finite or adds up to less than 0 in a row: give 0 or more per row.")

    def seen(log_probability):
        return (class_weight * log_probability).sum(axis=1), class_weight

    return _fit(design, count, class_weight.shape[1], seen, terms, hidden=False, robust=robust)


def fit_latent_logit(
    design: np.ndarray,
    log_emission: np.ndarray,
    count: np.ndarray,
    *,
    terms: Sequence[str] | None = None,
    robust: bool = False,
) -> MultinomialLogit:
    r"""Regress a hidden class on covariates, the emission held fixed.

    Maximises :math:`\sum_i n_i \log \sum_c P(c \mid x_i) E_{ic}` by steps that use the exact second derivatives
    where these are those of a maximum and the complete-data information [1]_ elsewhere; no step lowers it. Other
    local maxima are possible; the climb starts from coefficients of zero.

    Parameters
    ----------
    design : numpy.ndarray
        Covariates with the column of ones, shape (row, term).
    log_emission : numpy.ndarray
        Log probability, or density, of what was seen of the row in each class, shape (row, latent_class). It may
        be minus infinity in some classes, not in all.
    count : numpy.ndarray
        Respondents per row, shape (row,).
    terms : sequence of str, optional
        Names of the design columns.
    robust : bool, default False
        Take the covariance of the coefficients from the rows' scores (sandwich) instead of the information.

    Returns
    -------
    MultinomialLogit

    Raises
    ------
    ValueError
        If an argument is out of range or a column of the design follows from the others.
    NoMaximumError
        If no finite coefficients maximise the log-likelihood or the emission does not tell classes apart.

    References
    ----------
    .. [1] Lange (1995). A gradient algorithm locally equivalent to the EM algorithm. Journal of the Royal
       Statistical Society B 57, 425-437. https://doi.org/10.1111/j.2517-6161.1995.tb02037.x

    Examples
    --------
    An emission that excludes all classes but one is a class seen:

    >>> import numpy as np
    >>> emission = np.array([[0.0, -np.inf], [-np.inf, 0.0]])
    >>> fitted = fit_latent_logit(np.ones((2, 1)), emission, count=np.array([10, 30]))
    >>> fitted.contrast(1, 0).loc["term 0"].round(3).tolist()
    [1.099, 0.365]
    """
    design, log_emission, count = _check(design, log_emission, count, "log_emission")
    if np.isnan(log_emission).any() or not np.isfinite(log_emission.max(axis=1)).all():
        raise ValueError("log_emission is not a number, or infinite in all classes of a row: give one finite per row.")

    def latent(log_probability):
        joint = log_probability + log_emission
        return logsumexp(joint, axis=1), softmax(joint, axis=1)

    return _fit(design, count, log_emission.shape[1], latent, terms, hidden=True, robust=robust)


def row_scores(design: np.ndarray, coefficient: np.ndarray, class_weight: np.ndarray) -> np.ndarray:
    r"""Derivatives of each row's log-likelihood with respect to the coefficients from class 1 on.

    .. math:: (h_{ic} - s_i P(c \mid x_i))\, x_i, \qquad s_i = \sum_c h_{ic}

    Parameters
    ----------
    design : numpy.ndarray
        With the column of ones, shape (row, term).
    coefficient : numpy.ndarray
        Shape (latent_class, term).
    class_weight : numpy.ndarray
        Weights of the classes; for a hidden class its probabilities given the emission. Shape (row, latent_class).

    Returns
    -------
    numpy.ndarray
        Shape (row, free), class after class.
    """
    probability = softmax(np.einsum("it,ct->ic", design, coefficient), axis=1)
    residual = class_weight - class_weight.sum(axis=1, keepdims=True) * probability
    return by_class_and_term(residual, design)


def _fit(
    design: np.ndarray, count: np.ndarray, n_classes: int, evidence: Evidence, terms, *, hidden: bool, robust: bool
) -> MultinomialLogit:
    """Climb on columns made orthonormal over the respondents, then return to the units of the design."""
    n_terms = design.shape[1]
    terms = tuple(f"term {t}" for t in range(n_terms)) if terms is None else tuple(terms)
    if len(terms) != n_terms:
        raise ValueError(f"terms has {len(terms)} names but the design {n_terms} columns: give one name per column.")
    to_units = orthonormal(design, count, terms)  # (term, term)
    columns = design @ to_units
    free, log_likelihood, information, weight = climb(columns, count, n_classes, evidence, hidden=hidden)
    covariance = np.linalg.inv(information)
    if robust:
        score = row_scores(columns, np.vstack([np.zeros(n_terms), free]), weight)
        covariance = covariance @ sum_products(score, score, count) @ covariance
    back = np.kron(np.eye(n_classes - 1), to_units)
    coefficient = np.vstack([np.zeros(n_terms), free @ to_units.T])
    return MultinomialLogit(terms, coefficient, back @ covariance @ back.T, log_likelihood, float(count.sum()))


def orthonormal(design: np.ndarray, count: np.ndarray, terms: tuple[str, ...]) -> np.ndarray:
    """Matrix T, shape (term, term), such that the columns of design @ T have mean product 0 and mean square 1."""
    weighted = np.sqrt(count / count.sum())[:, None] * design
    length = np.linalg.norm(weighted, axis=0)  # (term,)
    scaled = weighted / np.where(length > 0, length, 1)
    slices = [scaled[first : first + SLICE] for first in range(0, len(scaled), SLICE)]
    triangle = np.linalg.qr(np.vstack([np.linalg.qr(part, mode="r") for part in slices]), mode="r")
    unexplained = np.zeros(len(terms))
    unexplained[: len(triangle)] = np.abs(np.diag(triangle))
    if unexplained.min() < COLLINEAR:
        name = terms[int(np.argmax(unexplained < COLLINEAR))]
        raise ValueError(
            f"{name} is constant zero or follows from the terms before it (or from the intercept): drop it."
        )
    return np.linalg.inv(triangle) / length[:, None]


def _check(design, by_class, count, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    design, by_class, count = (np.asarray(array, dtype=float) for array in (design, by_class, count))
    if design.ndim != 2 or design.shape[1] == 0 or not np.isfinite(design).all():
        raise ValueError(f"design has shape {design.shape} or values that are not finite: give numbers (row, term).")
    if by_class.ndim != 2 or len(by_class) != len(design) or by_class.shape[1] < 2:
        raise ValueError(
            f"{name} has shape {by_class.shape} and design {design.shape}: give as many rows, and two classes or more."
        )
    if count.shape != (len(design),) or not (count >= 0).all() or not 0 < count.sum() < np.inf:
        raise ValueError(f"count has shape {count.shape} or negative values: give one number of 0 or more per row.")
    return design, by_class, count
