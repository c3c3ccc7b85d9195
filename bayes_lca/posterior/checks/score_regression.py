"""Residuals freed of what the scores of a model explain."""

from collections.abc import Iterable
from itertools import repeat
from typing import Protocol

import numpy as np

SIMULATED_RESPONDENTS = 40_000
"""Replicated respondents from whom the covariance of residuals and scores is taken."""

NEGLIGIBLE = 1e-9
"""Singular values of the scores' correlations, as a fraction of the largest, that count as zero."""


class Scores(Protocol):
    """Derivatives of the log-likelihood of each respondent, at one value of the parameters."""

    @property
    def logit_score(self) -> np.ndarray:
        """By the class logits, shape (respondent, latent_class)."""
        ...

    @property
    def parameter_score(self) -> np.ndarray:
        """By the other parameters, shape (respondent, parameter)."""
        ...

    @property
    def parameter_score_total(self) -> np.ndarray:
        """The same summed over respondents, shape (parameter,)."""
        ...


class ScoreRegression:
    r"""Regression of summed residuals R on summed scores S, and what it leaves.

    .. math:: \tilde R = R - B^\top S, \qquad B = \operatorname{var}(S)^{-1} \operatorname{cov}(S, R)

    Residuals stand in blocks, one for each item or pair of items. Both covariances are sums over replicated respondents
    of the products of what each adds, which is exact as sums have mean zero.

    Parameters
    ----------
    structural : ndarray, shape (respondent, column)
        Columns of the class logits.
    """

    def __init__(self, structural: np.ndarray):
        self.structural = structural
        self._totals = ([], [])  # (residual, score) of every draw, observed and replicated
        self._covariance = np.zeros(3, dtype=object)  # score with score, score with residual, residual with residual
        self._n_data_sets = 0

    def add_totals(self, data_set: int, residual: np.ndarray, added: Scores) -> None:
        """Add the sums over respondents in one draw; data set 0 is observed, 1 replicated."""
        of_classes = added.logit_score.T @ self.structural
        score = np.concatenate([added.parameter_score_total, of_classes.ravel()])
        self._totals[data_set].append((residual, score))

    def add_respondents(
        self, blocks: Iterable[np.ndarray], added: Scores, who: Iterable[np.ndarray] | None = None
    ) -> None:
        """Add a replicated data set to the covariances.

        Parameters
        ----------
        blocks : iterable of ndarray, shape (respondent, cell)
        added : Scores
        who : iterable of ndarray of int, optional
            Positions of the respondents in each block, where nobody else adds to it; by default all are in each.
        """
        n = len(self.structural)
        of_classes = added.logit_score[:, :, None] * self.structural[:, None]
        score = np.concatenate([added.parameter_score, of_classes.reshape(n, -1)], axis=1)
        scores = repeat(score) if who is None else (score[rows] for rows in who)
        both = zip(scores, blocks, strict=who is not None)
        products = [(of_block.T @ residual, residual.T @ residual) for of_block, residual in both]
        with_score, with_residual = map(np.array, zip(*products, strict=True))
        self._covariance[0] = self._covariance[0] + score.T @ score
        self._covariance[1] = self._covariance[1] + with_score  # (block, score, cell)
        self._covariance[2] = self._covariance[2] + with_residual  # (block, cell, cell)
        self._n_data_sets += 1

    def unexplained(self) -> tuple[np.ndarray, np.ndarray]:
        """What the scores leave, and its covariance.

        Returns
        -------
        residual : ndarray, shape (data set, draw, *shape of the residuals)
        covariance : ndarray, shape (block, cell, cell)
            Within each block, in one replicated data set.
        """
        of_scores, with_score, of_residuals = self._covariance
        scale = np.sqrt(np.maximum(np.diag(of_scores), np.finfo(float).tiny))
        correlation = of_scores / np.outer(scale, scale)
        flat = (with_score / scale[:, None]).transpose(1, 0, 2).reshape(len(scale), -1)  # (score, block * cell)
        weight = np.linalg.lstsq(correlation, flat, rcond=NEGLIGIBLE)[0] / scale[:, None]
        by_block = weight.reshape(len(scale), len(of_residuals), -1).transpose(1, 0, 2)  # (block, score, cell)
        covariance = of_residuals - np.matmul(with_score.transpose(0, 2, 1), by_block)
        covariance = (covariance + covariance.transpose(0, 2, 1)) / (2 * self._n_data_sets)
        residual = np.array(
            [[cells - (score @ weight).reshape(cells.shape) for cells, score in totals] for totals in self._totals]
        )
        return residual, covariance


def gives_covariance(place: int, n_draws: int, n_respondents: int) -> bool:
    """Whether the replicated data of a draw enter the covariance: draws evenly spaced over all chains."""
    return place % max(1, n_draws * n_respondents // SIMULATED_RESPONDENTS) == 0
