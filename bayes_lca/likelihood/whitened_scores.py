r"""What each respondent's answers say about the parameters of a latent class model, in units of what is known of them.

With scores :math:`s_i` of the log ratios and observed information I at the maximum, :math:`u_i = R' s_i` for
:math:`R R' = I^{-1}`: in these coordinates the information is the identity, and the products of scores
:math:`\sum_i n_i u_i u_i'` are the ratio of the robust to the usual covariance, the identity where the model is true.
"""

from dataclasses import dataclass

import numpy as np

from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.modes import MaximumLikelihood
from bayes_lca.likelihood.nearest_maximum import nearest_maximum
from bayes_lca.likelihood.row_sums import sum_products


@dataclass(frozen=True, eq=False)
class WhitenedScores:
    """Scores of a model's free parameters in coordinates in which its observed information is the identity.

    Attributes
    ----------
    score : numpy.ndarray, shape (pattern, direction)
        Of the directions of the parameters that the answers say something about.
    count : numpy.ndarray, shape (pattern,)
        Respondents with each row of answers.
    n_free : int
        Parameters that are not at the boundary of zero.
    remark : str
        Why there are no scores, or nothing.
    """

    score: np.ndarray
    count: np.ndarray
    n_free: int
    remark: str = ""

    @property
    def n_unidentified(self) -> int:
        """Directions of the free parameters that the answers say nothing about."""
        return 0 if self.remark else self.n_free - self.score.shape[1]

    @property
    def robust(self) -> np.ndarray:
        r"""Scores whose squares, added up, are weighted by the robust covariance, shape (pattern, direction).

        For sums of scores s, :math:`s' I^{-1} J I^{-1} s` with :math:`J = \sum_i n_i s_i s_i'` is the squared length
        of the sum of these, as :math:`s' I^{-1} s` is of `score`.
        """
        value, vector = np.linalg.eigh(sum_products(self.score, self.score, self.count))
        return self.score @ (vector * np.sqrt(np.maximum(value, 0)))

    @classmethod
    def of(cls, fit: MaximumLikelihood, codes: np.ndarray, counts: np.ndarray) -> "WhitenedScores":
        """Scores at the maximum that is next to where EM stopped.

        Parameters
        ----------
        fit : MaximumLikelihood
        codes : numpy.ndarray of int, shape (pattern, item)
            Distinct rows of answers, -1 where missing.
        counts : numpy.ndarray, shape (pattern,)
        """
        top = nearest_maximum(Classification(fit.item_probability, fit.class_share, codes, counts))
        if not top.is_maximum:
            remark = f"the fit with {len(fit.class_share)} classes is not at a maximum: give more starts"
            return cls(np.zeros((len(codes), 0)), counts, top.n_free, remark)
        return cls(top.score, counts, top.n_free)
