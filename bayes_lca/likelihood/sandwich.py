r"""The sandwich: how far estimates vary between samples, beside how far their likelihood says.

With the curvature :math:`H` of a log posterior and the covariance :math:`J` of its gradient over samples, estimates
vary by :math:`H^{-1} J H^{-1}`, and by :math:`H^{-1}` where the sample is a simple random one.

The spread of the scores between clusters is itself an estimate, and behind a probability near 0 it is one of a few
answers: two respondents of small weights make it small by chance. Parameters behind which there are fewer than
`FEWEST_ANSWERS` are made wider, but not narrower than :math:`H^{-1}` has them, as the effective size of a sample is not
let above its own size in intervals of rare proportions [1]_ [2]_.

.. [1] Korn, E. L. & Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of positive
   counts estimated from survey data. Survey Methodology 24(2), 193-201.
.. [2] Parker, J. D., Talih, M., Malec, D. J., Beresovsky, V., Carroll, M., Gonzalez, J. F., Hamilton, B. E.,
   Ingram, D. D., Kochanek, K., McCarty, F., Moriarity, C., Shimizu, I., Strashny, A. & Ward, B. W. (2017). National
   Center for Health Statistics data presentation standards for proportions. Vital and Health Statistics 2(175).
"""

from dataclasses import dataclass

import numpy as np

LEAST_CURVATURE = 1e-6
"""Share of the largest curvature up to which nothing is known along a direction, and draws are left as they are."""
QUIETEST = 0.25
"""Share of the curvature that scores have to speak of at the least, for their spread over samples to be used."""
FEWEST_ANSWERS = 30
"""Answers behind a parameter from which on it may be known better than a simple random sample says: 30 leave its
variance a standard error of a quarter, and are the respondents that the health statistics of the United States ask for
behind a proportion [2]_."""
NARROWER = 0.01
"""Share of its variance that a direction has to lose to be counted among those that were held."""
SAME_DIRECTION = 1e-5
"""Singular value of derivatives of length one up to which they add no direction to the others."""


@dataclass(frozen=True, eq=False)
class Information:
    """What is known of a point in free coordinates, of shape (coordinate, coordinate) but for the last.

    Attributes
    ----------
    total : ndarray
        Curvature H of the log pseudo-posterior.
    prior : ndarray
        Curvature P of the log prior; where it curves the wrong way it counts as 0.
    between : ndarray
        Covariance over samples of the gradient of the log-likelihood.
    of_scores : ndarray
        Sum of squared scores, each counted by its weight, which is H - P on average where the model holds.
    hardly_answered : ndarray, shape (parameter, coordinate)
        Derivatives of the parameters behind which there are fewer than `FEWEST_ANSWERS`; see `answers_behind`.
    """

    total: np.ndarray
    prior: np.ndarray
    between: np.ndarray
    of_scores: np.ndarray
    hardly_answered: np.ndarray

    def correction(self) -> tuple[np.ndarray, int, int]:
        r"""The matrix :math:`R_2^{-1} R_1` by which deviations from the mean are multiplied from the right.

        Directions are left as they are in which the posterior is flat, or the scores say less than a quarter of what
        the curvature does: of a probability near 0 nobody's answers speak, and the spread of their scores would be
        taken for certainty.

        Returns
        -------
        matrix : ndarray, shape (coordinate, coordinate)
        n_left : int
            Directions left as they are.
        n_held : int
            Directions of hardly answered parameters that would have become narrower, and did not.

        Examples
        --------
        Where estimates vary four times as much as the curvature says, draws go twice as far from their mean:

        >>> one = np.eye(1)
        >>> Information(2 * one, 0 * one, 8 * one, 2 * one, one[:0]).correction()
        (array([[2.]]), 0, 0)
        """
        size, axes = np.linalg.eigh(self.total)
        known = size > LEAST_CURVATURE * size.max()
        root = axes / np.sqrt(np.where(known, size, 1.0))  # (coordinate, direction), with root' H root the identity
        of_prior = _positive(root.T @ self.prior @ root)
        said, turned = np.linalg.eigh(root.T @ self.of_scores @ root + of_prior)
        root = root @ turned
        between = root.T @ self.between @ root + turned.T @ of_prior @ turned
        left = (said < QUIETEST) | (np.abs(turned[~known]).max(axis=0, initial=0.0) > 0.5)
        between[left], between[:, left] = 0.0, 0.0
        between[left, left] = 1.0
        lacking, n_held = _lacking(between, self.hardly_answered @ root)
        between = between + lacking
        return np.linalg.solve(root.T, _square_root(between) @ root.T), int(left.sum()), n_held


def _lacking(between: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, int]:
    """What some directions lack in variance where a simple random sample has one, and in how many they lack it."""
    size = np.linalg.norm(along, axis=1, keepdims=True)
    along = (along / np.where(size > 0, size, 1.0)).T  # (direction, parameter)
    span, singular, _ = np.linalg.svd(along, full_matrices=False)
    span = span[:, singular > SAME_DIRECTION]
    missing = np.eye(span.shape[1]) - span.T @ between @ span
    return span @ _positive(missing) @ span.T, int((np.linalg.eigvalsh(missing) > NARROWER).sum())


def answers_behind(influence: np.ndarray, pattern: np.ndarray, weight: np.ndarray) -> np.ndarray:
    r"""How many respondents' answers a variance rests on.

    .. math:: \frac{(\sum_i w_i z_i^2)^2}{\sum_i (w_i z_i^2)^2}

    with the influence :math:`z_i` of a respondent on the parameter: all where they matter alike, and the number of
    those who gave a rare answer where these alone matter.

    Parameters
    ----------
    influence : ndarray, shape (pattern, parameter)
        Of one respondent with each distinct row, before weights.
    pattern : ndarray of int, shape (row,)
        The distinct row of each respondent.
    weight : ndarray, shape (row,)

    Returns
    -------
    ndarray, shape (parameter,)

    Examples
    --------
    Three of 300 gave the answer, whose probability is .01:

    >>> answers_behind(np.array([[0.99], [-0.01]]), np.repeat([0, 1], [3, 297]), np.ones(300)).round(1)
    array([3.1])
    """
    squared = influence**2
    total, of_squares = (np.bincount(pattern, weights=weight**power, minlength=len(squared)) for power in (1, 2))
    return (total @ squared) ** 2 / np.maximum(of_squares @ squared**2, np.finfo(float).tiny)


def _positive(matrix: np.ndarray) -> np.ndarray:
    """The part of a symmetric matrix that curves upwards."""
    size, axes = np.linalg.eigh(matrix)
    return (axes * np.maximum(size, 0)) @ axes.T


def _square_root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric square root of a matrix that curves nowhere downwards but for rounding."""
    size, axes = np.linalg.eigh(matrix)
    return (axes * np.sqrt(np.maximum(size, 0))) @ axes.T
