"""Residuals of items by level of a column, freed of what the parameters of the model can explain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bayes_lca.fitted.column_levels import ColumnLevels
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.thinning import draws_used
from bayes_lca.posterior.checks.answer_residuals import (
    Contributions,
    contributions,
    parameters,
    replicate,
    structural_columns,
)
from bayes_lca.posterior.checks.score_regression import ScoreRegression, gives_covariance


@dataclass(frozen=True)
class UnexplainedResiduals:
    """Sums of residuals over respondents, less what the scores explain, for one column.

    Attributes
    ----------
    observed, replicated : ndarray, shape (draw, item, level, category)
    covariance : ndarray, shape (item, level * category, level * category)
        Within each item, over replicated data sets.
    n : ndarray, shape (item, level)
        Answers at each level.
    """

    observed: np.ndarray
    replicated: np.ndarray
    covariance: np.ndarray
    n: np.ndarray


def unexplained_residuals(
    fit: Fit, columns: Sequence[ColumnLevels], step: int, seed: int
) -> Iterator[UnexplainedResiduals]:
    """Residuals of every column in turn.

    Parameters
    ----------
    fit : Fit
    columns : sequence of ColumnLevels
    step : int
        Every `step`-th draw is used, with one replicated data set.
    seed : int
        Of the replicated answers.
    """
    codes, rng = fit.answers_of_respondents, np.random.default_rng(seed)
    structural = structural_columns(fit)
    n_used, independent = draws_used(fit, step), fit.answers.independent(fit)
    sums = [ResidualSums(column, codes, structural) for column in columns]
    for place, (log_share, rho) in enumerate(parameters(fit, step)):
        observed = contributions(codes, log_share, rho, independent)
        replicated = contributions(replicate(codes, log_share, rho, rng), log_share, rho, independent)
        for of_column in sums:
            of_column.add(0, observed)
            of_column.add(1, replicated)
            if gives_covariance(place, n_used, len(codes)):
                of_column.add_respondents(replicated)
    for of_column in sums:
        yield of_column.unexplained()


class ResidualSums:
    """Residuals and scores summed over respondents in every draw, and their covariance, for one column.

    Attributes
    ----------
    n : ndarray, shape (item, level)
        Answers at each level.
    centered : ndarray, shape (item, level, respondent)
        Indicators of the levels less their means over those who answered; 0 for those who did not.
    """

    def __init__(self, column: ColumnLevels, codes: np.ndarray, structural: np.ndarray):
        counted = ((codes >= 0) & (column.index >= 0)[:, None]).T.astype(float)  # (item, respondent)
        self._column = column
        self.n = column.sums(counted.T).T
        self._mean = self.n / np.maximum(self.n.sum(axis=1, keepdims=True), 1)  # (item, level)
        self.centered = counted[:, None] * (column.indicator.T - self._mean[:, :, None])
        self._regression = ScoreRegression(np.concatenate([structural, column.indicator], axis=1))

    def add(self, data_set: int, added: Contributions) -> None:
        """Add the totals of a data set in one draw."""
        of_levels = np.stack([self._column.sums(of_item) for of_item in added.residual])  # (item, level, category)
        expected = self._mean[:, :, None] * of_levels.sum(axis=1, keepdims=True)
        self._regression.add_totals(data_set, of_levels - expected, added)

    def add_respondents(self, added: Contributions) -> None:
        """Add what each respondent of a replicated data set contributes to the covariances."""
        cells = self.centered.transpose(0, 2, 1)[:, :, :, None] * added.residual[:, :, None]
        self._regression.add_respondents(cells.reshape(*cells.shape[:2], -1), added)

    def unexplained(self) -> UnexplainedResiduals:
        """Residuals less their regression on the scores."""
        (observed, replicated), covariance = self._regression.unexplained()
        return UnexplainedResiduals(observed, replicated, covariance, self.n)
