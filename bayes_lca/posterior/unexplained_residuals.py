"""Residuals of items by level of a column, freed of what the parameters of the model can explain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_lca.dims import ANSWERS
from bayes_lca.posterior.answer_residuals import (
    Contributions,
    contributions,
    parameters,
    replicate,
    structural_columns,
)
from bayes_lca.posterior.column_levels import ColumnLevels

SIMULATED_RESPONDENTS = 40_000
"""Replicated respondents from whom the covariance of residuals and scores is taken."""

NEGLIGIBLE = 1e-9
"""Singular values of the scores' correlations, as a fraction of the largest, that count as zero."""


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
    draws: xr.DataTree, levels: Sequence[ColumnLevels], step: int, seed: int
) -> Iterator[UnexplainedResiduals]:
    """Residuals of every column in turn.

    Parameters
    ----------
    draws : xarray.DataTree
    levels : sequence of ColumnLevels
    step : int
        Every `step`-th draw is used, with one replicated data set.
    seed : int
        Of the replicated answers.
    """
    codes, rng = draws["observed_data"][ANSWERS].to_numpy(), np.random.default_rng(seed)
    structural = structural_columns(draws)
    sums = [ResidualSums(column, codes, structural) for column in levels]
    for place, (log_share, rho) in enumerate(parameters(draws, step)):
        observed = contributions(codes, log_share, rho)
        replicated = contributions(replicate(codes, log_share, rho, rng), log_share, rho)
        for one in sums:
            one.add(observed, replicated=False)
            one.add(replicated, replicated=True)
            if place * len(codes) < SIMULATED_RESPONDENTS:
                one.add_covariance(replicated)
    for one in sums:
        yield one.unexplained()


class ResidualSums:
    """Residuals and scores summed over respondents in every draw, and their covariance, for one column.

    Attributes
    ----------
    n : ndarray, shape (item, level)
        Answers at each level.
    centered : ndarray, shape (item, level, respondent)
        Indicators of the levels less their means over those who answered; 0 for those who did not.
    structural : ndarray, shape (respondent, column)
        Columns of the class logits, and indicators of the levels.
    """

    def __init__(self, column: ColumnLevels, codes: np.ndarray, structural: np.ndarray):
        counted = ((codes >= 0) & (column.index >= 0)[:, None]).T.astype(float)  # (item, respondent)
        self.n = counted @ column.indicator
        mean = self.n / np.maximum(self.n.sum(axis=1, keepdims=True), 1)
        self.centered = counted[:, None] * (column.indicator.T - mean[:, :, None])
        self.structural = np.concatenate([structural, column.indicator], axis=1)
        self._totals = {True: [], False: []}  # (residual, score) of every draw, replicated and observed
        self._covariance = np.zeros(3, dtype=object)  # score with score, score with residual, residual with residual
        self._n_data_sets = 0

    def add(self, one: Contributions, *, replicated: bool) -> None:
        """Add the totals of a data set in one draw."""
        residual = np.matmul(self.centered, one.residual)  # (item, level, category)
        of_classes = one.class_score.T @ self.structural
        self._totals[replicated].append((residual, np.concatenate([one.item_score_total.ravel(), of_classes.ravel()])))

    def add_covariance(self, one: Contributions) -> None:
        """Add the products of what each respondent adds; summed scores and residuals have mean zero."""
        n = len(self.structural)
        cells = self.centered.transpose(0, 2, 1)[:, :, :, None] * one.residual[:, :, None]
        cells = cells.reshape(len(cells), n, -1)  # (item, respondent, level * category)
        of_classes = one.class_score[:, :, None] * self.structural[:, None]
        score = np.concatenate([one.item_score.reshape(n, -1), of_classes.reshape(n, -1)], axis=1)
        self._covariance[0] = self._covariance[0] + score.T @ score
        self._covariance[1] = self._covariance[1] + np.matmul(score.T, cells)  # (item, score, cell)
        self._covariance[2] = self._covariance[2] + np.matmul(cells.transpose(0, 2, 1), cells)
        self._n_data_sets += 1

    def unexplained(self) -> UnexplainedResiduals:
        """Residuals less their regression on the scores."""
        score_covariance, shared, own = self._covariance
        scale = np.sqrt(np.maximum(np.diag(score_covariance), np.finfo(float).tiny))
        correlation = score_covariance / np.outer(scale, scale)
        flat = (shared / scale[:, None]).transpose(1, 0, 2).reshape(len(scale), -1)  # (score, item * cell)
        weight = np.linalg.lstsq(correlation, flat, rcond=NEGLIGIBLE)[0] / scale[:, None]
        by_item = weight.reshape(len(scale), len(own), -1).transpose(1, 0, 2)  # (item, score, cell)
        covariance = own - np.matmul(shared.transpose(0, 2, 1), by_item)
        covariance = (covariance + covariance.transpose(0, 2, 1)) / (2 * self._n_data_sets)
        observed, replicated = (
            np.array([residual - (score @ weight).reshape(residual.shape) for residual, score in totals])
            for totals in (self._totals[False], self._totals[True])
        )
        return UnexplainedResiduals(observed, replicated, covariance, self.n)
