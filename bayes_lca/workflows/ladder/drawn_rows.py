"""Respondents of a second step who were drawn by a survey design, and how much its estimates vary over samples."""

from dataclasses import dataclass

import numpy as np

from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.design_information import design_information


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """Everybody in the sample of the first step, and their rows in both steps.

    Attributes
    ----------
    sample : SurveySample
    row : ndarray of int, shape (respondent,)
        Distinct row of the second step, -1 of those who are not in it.
    pattern : ndarray of int, shape (respondent,)
        Distinct answers in the first step.
    """

    sample: SurveySample
    row: np.ndarray
    pattern: np.ndarray

    @classmethod
    def of(cls, fit: Fit, respondent: np.ndarray, rows: UniqueRows) -> "DrawnRows | None":
        """Of a fit with a survey design; None where each respondent counts once.

        Parameters
        ----------
        fit : Fit
        respondent : ndarray of int, shape (row of the frame,)
            Who each row of the second step is.
        rows : UniqueRows
            Those rows, equal ones counted once.
        """
        if not fit.is_weighted:
            return None
        row = np.full(fit.n_respondents, -1)
        row[respondent] = rows.pattern
        _, answers = np.unique(fit.answer_pattern, return_inverse=True)
        return cls(fit.sample, row, answers.reshape(-1)[fit.pattern_of_respondent])

    def weight(self, n_rows: int) -> np.ndarray:
        """Survey weights added up by distinct row of the second step, shape (row,)."""
        there = self.row >= 0
        return np.bincount(self.row[there], weights=self.sample.weight[there], minlength=n_rows)

    def spread(self, of_rows: np.ndarray, of_others: np.ndarray) -> np.ndarray:
        r"""Covariance over samples drawn alike of the weighted sum of what respondents add, shape (free, free).

        With :math:`u_i`, the score of respondent i in the second step and what it moves in the first, the covariance
        of :math:`\sum_i w_i u_i` between clusters within strata.

        Parameters
        ----------
        of_rows : ndarray, shape (row, free)
            What those add who are in the second step.
        of_others : ndarray, shape (pattern, free)
            What those add who are in the first step only.
        """
        place = np.where(self.row >= 0, self.row, len(of_rows) + self.pattern)
        return design_information(np.concatenate([of_rows, of_others]), place, self.sample)


def counts_of(rows: UniqueRows, drawn: DrawnRows | None) -> np.ndarray:
    """What each distinct row counts for: its respondents, or their survey weights added up; shape (row,)."""
    return rows.count.astype(float) if drawn is None else drawn.weight(len(rows.first))
