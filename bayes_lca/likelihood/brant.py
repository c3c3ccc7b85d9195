r"""Slopes of the binary logits of an ordered outcome, one for each cut, and what they have to do with each other."""

from dataclasses import dataclass

import numpy as np
import scipy

from bayes_lca.likelihood.multinomial_logit import fit_multinomial_logit
from bayes_lca.likelihood.row_sums import sum_products

LEAST_VARIANCE = 1e-9
"""Smallest variance of a combination of differences, as a fraction of the largest, with which they are tested."""


@dataclass(frozen=True, eq=False)
class BinaryLogits:
    """Logits of an outcome of at least k, one for each cut k of an ordered outcome.

    Attributes
    ----------
    slope : numpy.ndarray
        Shape (cut, term), the intercept left out.
    covariance : numpy.ndarray
        Of the slopes, estimated from the same respondents, shape (cut, term, cut, term).
    """

    slope: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, design: np.ndarray, codes: np.ndarray, count: np.ndarray, n_categories: int) -> "BinaryLogits":
        r"""Fit them, each by itself.

        Two of them have the covariance :math:`V_k (\sum_i n_i (p_{il} - p_{ik} p_{il}) x_i x_i') V_l`, with p the
        fitted probabilities, l the higher cut, and V the covariance of each.

        Parameters
        ----------
        design : numpy.ndarray
            With the column of ones first, shape (row, term).
        codes : numpy.ndarray of int, shape (row,)
        count : numpy.ndarray
            Respondents per row, shape (row,).
        n_categories : int

        Raises
        ------
        NoMaximumError
            If one of them has no finite maximum.
        """
        n_cuts, n_terms = n_categories - 1, design.shape[1]
        fits = [
            fit_multinomial_logit(design, np.eye(2)[(codes >= k).astype(int)], count) for k in range(1, n_categories)
        ]
        reached = [scipy.special.expit(design @ fit.coefficient[1]) for fit in fits]
        covariance = np.empty((n_cuts, n_terms, n_cuts, n_terms))
        for k in range(n_cuts):
            for at in range(k, n_cuts):
                shared = sum_products(design, design, count * reached[at] * (1 - reached[k]))
                between = fits[k].covariance @ shared @ fits[at].covariance
                covariance[k, :, at], covariance[at, :, k] = between, between.T
        return cls(np.array([fit.coefficient[1, 1:] for fit in fits]), covariance[:, 1:, :, 1:])

    def wald(self, terms: np.ndarray) -> tuple[float, int]:
        """Statistic, and degrees of freedom, of equal slopes of some terms over the cuts.

        The statistic is not a number where the estimated covariance of the differences is none.
        """
        n_cuts = len(self.slope)
        differences = np.hstack([np.ones((n_cuts - 1, 1)), -np.eye(n_cuts - 1)])  # (difference, cut)
        of_terms = self.covariance[:, terms][:, :, :, terms]
        value = (differences @ self.slope[:, terms]).ravel()
        variance = np.einsum("dk,kalb,el->daeb", differences, of_terms, differences).reshape(len(value), -1)
        least, *_, most = np.linalg.eigvalsh(variance)[[0, -1]]
        if least <= LEAST_VARIANCE * most:
            return np.nan, len(value)
        return float(value @ np.linalg.solve(variance, value)), len(value)
