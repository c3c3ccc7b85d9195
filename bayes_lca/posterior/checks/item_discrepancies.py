"""How far answers depart from a latent class model, in observed data and in data that the model would give."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import xarray as xr

from bayes_lca.dims import ANSWERS
from bayes_lca.posterior.checks.answer_residuals import (
    Contributions,
    contributions,
    parameters,
    replicate,
    structural_columns,
)
from bayes_lca.posterior.checks.predictive_p import draws_used
from bayes_lca.posterior.checks.score_regression import ScoreRegression, gives_covariance

SMALLEST_COUNT = 1e-12
"""Expected counts below this are raised to it, where a pattern is all but impossible."""

NOTHING_LEFT = 0.01
"""Variance of a margin of a pair, in respondents, below which the scores fix it."""

PATTERN_STATISTICS = ("distinct patterns", "likelihood ratio", "Pearson", "largest pattern")


@dataclass(frozen=True)
class ItemDiscrepancies:
    """Departures of items, pairs of items and patterns, one value of everything per draw used.

    Attributes
    ----------
    margin : ndarray, shape (data set, draw, item, category)
        Counts less those expected given covariates and group; data set 0 is observed, 1 replicated.
    margin_expected : ndarray, shape (draw, item, category)
    pairs : tuple of (int, int)
        Positions of the items of each pair.
    pair : ndarray, shape (data set, draw, pair, category, category)
        Residuals of the cells of each pair, less what the scores of the model and the margins of the pair explain.
    pair_covariance : ndarray, shape (pair, cell, cell)
        Over replicated data sets.
    pair_expected : ndarray, shape (draw, pair, category, category)
        Counts expected given covariates and group.
    pattern : ndarray, shape (data set, draw, statistic)
        The `PATTERN_STATISTICS`.
    patterns : ndarray of int, shape (pattern, item)
        Patterns of those who answered every item.
    pattern_count : ndarray, shape (pattern,)
    pattern_expected : ndarray, shape (draw, pattern)
    """

    margin: np.ndarray
    margin_expected: np.ndarray
    pairs: tuple[tuple[int, int], ...]
    pair: np.ndarray
    pair_covariance: np.ndarray
    pair_expected: np.ndarray
    pattern: np.ndarray
    patterns: np.ndarray
    pattern_count: np.ndarray
    pattern_expected: np.ndarray


def item_discrepancies(draws: xr.DataTree, step: int, seed: int) -> ItemDiscrepancies:
    """Departures in every `step`-th draw, each with one replicated data set.

    Classes of replicated respondents are drawn from the structural part, so a replicated data set is one that other
    respondents with the same covariates, groups and missing answers would give.

    Parameters
    ----------
    draws : xarray.DataTree
    step : int
    seed : int
        Of the replicated answers.
    """
    codes, rng = draws["observed_data"][ANSWERS].to_numpy(), np.random.default_rng(seed)
    answered = (codes >= 0).astype(float)
    pairs = tuple(combinations(range(codes.shape[1]), 2))
    n_used = draws_used(draws, step)
    sums, complete = PairSums(pairs, structural_columns(draws)), (codes >= 0).all(axis=1)
    patterns, pattern_count = np.unique(codes[complete], axis=0, return_counts=True)
    margin, pattern = ([], []), ([], [])
    margin_expected, pair_expected, pattern_expected = [], [], []
    for place, (log_share, rho) in enumerate(parameters(draws, step)):
        share, drawn = np.exp(log_share), replicate(codes, log_share, rho, rng)
        margin_expected.append(np.einsum("ic,ij,cjk->jk", share, answered, rho, optimize=True))
        pair_expected.append(expected_cells(share, answered, rho, pairs))
        members = share[complete].sum(axis=0)
        pattern_expected.append(expected_patterns(patterns, members, rho))
        for data_set, answers in enumerate((codes, drawn)):
            one = contributions(answers, log_share, rho)
            margin[data_set].append(one.chosen.sum(axis=1) - margin_expected[-1])
            sums.add(data_set, one)
            pattern[data_set].append(pattern_statistics(answers[complete], members, rho))
        if gives_covariance(place, n_used, len(codes)):
            sums.add_respondents(one)
    pair, pair_covariance = sums.unexplained()
    return ItemDiscrepancies(
        np.array(margin),
        np.array(margin_expected),
        pairs,
        pair,
        pair_covariance,
        np.array(pair_expected),
        np.array(pattern),
        patterns,
        pattern_count,
        np.array(pattern_expected),
    )


def expected_cells(share: np.ndarray, answered: np.ndarray, rho: np.ndarray, pairs) -> np.ndarray:
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


def expected_patterns(patterns: np.ndarray, members: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Count each pattern where `members`, shape (latent_class,), respondents of each class answer."""
    probability = rho[:, np.arange(patterns.shape[1]), patterns].prod(axis=-1)  # (latent_class, pattern)
    return np.maximum(members @ probability, SMALLEST_COUNT)


def pattern_statistics(codes: np.ndarray, members: np.ndarray, rho: np.ndarray) -> np.ndarray:
    r"""Departures of the whole table of complete answers.

    .. math::
        G^2 = 2 \sum_p O_p \log \frac{O_p}{E_p}, \qquad
        X^2 = \sum_p \frac{(O_p - E_p)^2}{E_p}, \qquad
        \max_p 2 \left| \sqrt{O_p} - \sqrt{E_p} \right|

    over patterns that occur, and in X2 the expected counts of all others too.

    Returns
    -------
    ndarray, shape (statistic,)
        The `PATTERN_STATISTICS`.
    """
    patterns, count = np.unique(codes, axis=0, return_counts=True)
    expected = expected_patterns(patterns, members, rho)
    elsewhere = members.sum() - expected.sum()
    return np.array(
        [
            len(patterns),
            2 * count @ np.log(count / expected),
            ((count - expected) ** 2 / expected).sum() + elsewhere,
            np.abs(2 * (np.sqrt(count) - np.sqrt(expected))).max(initial=0.0),
        ]
    )


def pair_statistics(cells: np.ndarray, variance: np.ndarray, sizes) -> tuple[np.ndarray, np.ndarray]:
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


class PairSums:
    r"""Residuals of the cells of pairs, and scores, summed over respondents in every draw, and their covariance.

    .. math:: r_{i,jk,lm} = 1[y_{ij} = k, y_{il} = m] - \sum_c w_{ic} \rho_{cjk} \rho_{clm}

    with :math:`w_{ic}` the probability of class c given all answers: the derivative of the log-likelihood by an
    association of the two answers within classes. Where nothing is missing, its sum differs from observed less
    expected count by scores of the class shares alone.
    """

    def __init__(self, pairs, structural: np.ndarray):
        self.pairs = pairs
        self._regression = ScoreRegression(structural)

    def add(self, data_set: int, one: Contributions) -> None:
        """Add the totals of a data set in one draw."""
        first, second = np.array(self.pairs).T
        answered = one.chosen.sum(axis=-1).T
        n_items, n, n_categories = one.chosen.shape
        chosen = one.chosen.transpose(1, 0, 2).reshape(n, -1)
        together = (chosen.T @ chosen).reshape(n_items, n_categories, n_items, n_categories)
        residual = together[first, :, second] - expected_cells(one.membership, answered, one.rho, self.pairs)
        self._regression.add_totals(data_set, residual, one)

    def add_respondents(self, one: Contributions) -> None:
        """Add what each respondent of a replicated data set contributes to the covariances."""
        self._regression.add_respondents(map(one_pair(one), self.pairs), one)

    def unexplained(self) -> tuple[np.ndarray, np.ndarray]:
        """Residuals less their regression on the scores and then their margins, and the covariance within each pair.

        Returns
        -------
        residual : ndarray, shape (data set, draw, pair, category, category)
        covariance : ndarray, shape (pair, cell, cell)
        """
        residual, covariance = self._regression.unexplained()
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


def one_pair(one: Contributions):
    """Residuals of respondents in the cells of a pair of items: a function of the pair, shape (respondent, cell)."""
    answered = one.chosen.sum(axis=-1)

    def residual(pair: tuple[int, int]) -> np.ndarray:
        j, h = pair
        product = one.rho[:, j, :, None] * one.rho[:, h, None, :]  # (latent_class, category, category)
        expected = one.membership @ product.reshape(len(product), -1)
        seen = one.chosen[j][:, :, None] * one.chosen[h][:, None, :]
        return seen.reshape(len(seen), -1) - expected * (answered[j] * answered[h])[:, None]

    return residual
