"""Association of two items within classes: residuals of the cells of their table, and how far they depart."""

from collections.abc import Sequence

import numpy as np

from bayes_lca.posterior.checks.answer_residuals import Contributions
from bayes_lca.posterior.checks.score_regression import ScoreRegression

NOTHING_LEFT = 0.01
"""Variance of a margin of a pair, in respondents, below which the scores fix it."""


def expected_cells(
    share: np.ndarray, answered: np.ndarray, rho: np.ndarray, pairs: Sequence[tuple[int, int]]
) -> np.ndarray:
    r"""Count each cell of each pair, :math:`\sum_i \sum_c w_{ic} \rho_{cjk} \rho_{clm}` over those who answered both.

    Parameters
    ----------
    share : ndarray, shape (respondent, latent_class)
        The weights w.
    answered : ndarray, shape (respondent, item)
        One where answered.
    rho : ndarray, shape (latent_class, item, category)
    pairs : sequence of (int, int)

    Returns
    -------
    ndarray, shape (pair, category, category)
    """
    first, second = np.array(pairs).T
    both = np.array([(answered * share[:, [c]]).T @ answered for c in range(len(rho))])  # (latent_class, item, item)
    return np.einsum("cp,cpk,cpm->pkm", both[:, first, second], rho[:, first], rho[:, second], optimize=True)


def pair_statistics(
    cells: np.ndarray, variance: np.ndarray, sizes: Sequence[tuple[int, int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Association T of each pair and its trend L, each of shape (data set, draw, pair).

    Parameters
    ----------
    cells : ndarray, shape (data set, draw, pair, cell)
    variance : ndarray, shape (pair, cell, cell)
    sizes : sequence of (int, int), shape (pair,)
        Numbers of categories of both items; cells beyond them are zero.
    """
    n_categories, free = round(np.sqrt(cells.shape[-1])), np.prod(np.array(sizes) - 1, axis=1)
    rank = np.arange(n_categories)
    away = np.array([np.outer(rank - (k - 1) / 2, rank - (m - 1) / 2).ravel() for k, m in sizes])  # (pair, cell)
    spread = np.sqrt(np.einsum("pa,pab,pb->p", away, variance, away))
    trend = np.einsum("dspa,pa->dsp", cells, away) / np.where(spread > 0, spread, 1.0)
    any_direction = np.einsum("dspa,pab,dspb->dsp", cells, np.linalg.inv(variance), cells, optimize=True)
    return any_direction + free * trend**2, trend


def trend_of(cells: np.ndarray, sizes: Sequence[tuple[int, int]]) -> np.ndarray:
    """Whether higher categories of both items go together, shape (data set, draw, pair), in cells and not scaled.

    Parameters
    ----------
    cells : ndarray, shape (data set, draw, pair, category, category)
    sizes : sequence of (int, int), shape (pair,)
        Numbers of categories of both items.
    """
    rank = np.arange(cells.shape[-1])
    away = np.array([np.outer(rank - (k - 1) / 2, rank - (m - 1) / 2) for k, m in sizes])
    return np.einsum("dspkm,pkm->dsp", cells, away)


class PairSums:
    r"""Residuals of the cells of pairs, and scores, summed over respondents in every draw, and their covariance.

    .. math:: r_{i,jk,lm} = 1[y_{ij} = k, y_{il} = m] - \sum_c w_{ic} \rho_{cjk} \rho_{clm}

    with :math:`w_{ic}` the probability of class c given all answers: the derivative of the log-likelihood by an
    association of the two answers within classes. Where nothing is missing, its sum differs from observed less
    expected count by scores of the class shares alone.
    """

    def __init__(self, pairs: Sequence[tuple[int, int]], structural: np.ndarray):
        self.pairs = pairs
        self._regression = ScoreRegression(structural)

    def add(self, data_set: int, added: Contributions) -> None:
        """Add the totals of a data set in one draw."""
        first, second = np.array(self.pairs).T
        answered = added.chosen.sum(axis=-1).T
        n_items, n, n_categories = added.chosen.shape
        chosen = added.chosen.transpose(1, 0, 2).reshape(n, -1)
        together = (chosen.T @ chosen).reshape(n_items, n_categories, n_items, n_categories)
        residual = together[first, :, second] - expected_cells(added.membership, answered, added.rho, self.pairs)
        self._regression.add_totals(data_set, residual, added)

    def add_respondents(self, added: Contributions) -> None:
        """Add what each respondent of a replicated data set contributes to the covariances."""
        self._regression.add_respondents((residuals_of_pair(added, pair) for pair in self.pairs), added)

    def unexplained(self) -> tuple[np.ndarray, np.ndarray]:
        """Residuals less their regression on the scores and then their margins, and the covariance within each pair.

        Returns
        -------
        residual : ndarray, shape (data set, draw, pair, category, category)
        covariance : ndarray, shape (pair, cell, cell)
        """
        return beside_own_margins(*self._regression.unexplained())


def beside_own_margins(residual: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of cells less their regression on their own margins, and the covariance within each pair.

    Parameters
    ----------
    residual : ndarray, shape (data set, draw, pair, category, category)
    covariance : ndarray, shape (pair, cell, cell)
    """
    within = beside_margins(covariance)  # (pair, cell, cell)
    cells = residual.reshape(*residual.shape[:3], -1)
    freed = np.einsum("pab,dspb->dspa", within, cells).reshape(residual.shape)
    return freed, np.matmul(within, np.matmul(covariance, within.transpose(0, 2, 1)))


def beside_margins(covariance: np.ndarray) -> np.ndarray:
    """Regress the cells of each pair on their own margins: a matrix that leaves association alone.

    Scores fix the margins of a pair where all who answered one item answered the other. Where they did not, who left
    an answer out would be tested too.

    Parameters
    ----------
    covariance : ndarray, shape (pair, cell, cell)

    Returns
    -------
    ndarray, shape (pair, cell, cell)
        To be multiplied with residuals, shape (cell,).
    """
    n_categories = round(np.sqrt(covariance.shape[-1]))
    eye, ones = np.eye(n_categories), np.ones(n_categories)
    margins = np.concatenate([np.kron(eye, ones), np.kron(ones, eye)])  # (margin, cell)
    shared = margins @ covariance  # (pair, margin, cell)
    weight = np.linalg.solve(shared @ margins.T + NOTHING_LEFT * np.eye(len(margins)), shared)
    return np.eye(len(margins[0])) - np.matmul(weight.transpose(0, 2, 1), margins)


def residuals_of_pair(added: Contributions, pair: tuple[int, int]) -> np.ndarray:
    """Residuals of respondents in the cells of a pair of items, shape (respondent, cell)."""
    first, second = (added.chosen[item] for item in pair)  # (respondent, category)
    product = np.einsum("ck,cm->ckm", *(added.rho[:, item] for item in pair))
    expected = added.membership @ product.reshape(len(product), -1)
    seen = first[:, :, None] * second[:, None, :]
    both = first.sum(axis=1) * second.sum(axis=1)
    return seen.reshape(len(seen), -1) - expected * both[:, None]
