"""How far answers depart from a latent class model, in observed data and in data that the model would give."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.thinning import draws_used
from bayes_lca.likelihood.answers import log_probability_of_answers
from bayes_lca.posterior.checks.answer_residuals import contributions, parameters, replicate, structural_columns
from bayes_lca.posterior.checks.pair_residuals import PairSums, expected_cells
from bayes_lca.posterior.checks.score_regression import gives_covariance

SMALLEST_COUNT = 1e-12
"""Expected counts below this are raised to it, where a pattern is all but impossible."""

PATTERN_STATISTICS = ("distinct patterns", "likelihood ratio", "Pearson", "largest pattern")


@dataclass(frozen=True)
class Discrepancies:
    """Departures of items and pairs of items, one value of everything per draw used.

    Attributes
    ----------
    margin : ndarray, shape (data set, draw, item, category)
        Counts less those expected given covariates and group; data set 0 is observed, 1 replicated.
    margin_expected : ndarray, shape (draw, item, category)
    pairs : tuple of (int, int)
        Positions of the items of each pair that somebody answered together.
    pair : ndarray, shape (data set, draw, pair, category, category)
        Residuals of the cells of each pair, less what the scores of the model and the margins of the pair explain.
    pair_covariance : ndarray, shape (pair, cell, cell)
        Over replicated data sets.
    pair_expected : ndarray, shape (draw, pair, category, category)
        Counts expected given covariates and group.
    """

    margin: np.ndarray
    margin_expected: np.ndarray
    pairs: tuple[tuple[int, int], ...]
    pair: np.ndarray
    pair_covariance: np.ndarray
    pair_expected: np.ndarray


@dataclass(frozen=True)
class ItemDiscrepancies(Discrepancies):
    """The same, and departures of response patterns.

    Attributes
    ----------
    pattern : ndarray, shape (data set, draw, statistic)
        The `PATTERN_STATISTICS`.
    patterns : ndarray of int, shape (pattern, item)
        Patterns of those who answered every item.
    pattern_count : ndarray, shape (pattern,)
    pattern_expected : ndarray, shape (draw, pattern)
    """

    pattern: np.ndarray
    patterns: np.ndarray
    pattern_count: np.ndarray
    pattern_expected: np.ndarray


def item_discrepancies(fit: Fit, step: int, seed: int) -> ItemDiscrepancies:
    """Departures in every `step`-th draw, each with one replicated data set.

    Classes of replicated respondents are drawn from the structural part, so a replicated data set is one that other
    respondents with the same covariates, groups and missing answers would give.

    Parameters
    ----------
    fit : Fit
    step : int
    seed : int
        Of the replicated answers.
    """
    codes, rng = fit.answers_of_respondents, np.random.default_rng(seed)
    answered = (codes >= 0).astype(float)
    together = answered.T @ answered
    pairs = tuple((j, h) for j, h in combinations(range(codes.shape[1]), 2) if together[j, h])
    n_used, independent = draws_used(fit, step), fit.answers.independent(fit)
    sums, complete = PairSums(pairs, structural_columns(fit)), (codes >= 0).all(axis=1)
    patterns, pattern_count = np.unique(codes[complete], axis=0, return_counts=True)
    margin, pattern = ([], []), ([], [])
    margin_expected, pair_expected, pattern_expected = [], [], []
    for place, (log_share, rho) in enumerate(parameters(fit, step)):
        share, replicated = np.exp(log_share), replicate(codes, log_share, rho, rng)
        margin_expected.append(np.einsum("ic,ij,cjk->jk", share, answered, rho, optimize=True))
        pair_expected.append(expected_cells(share, answered, rho, pairs))
        members = share[complete].sum(axis=0)
        pattern_expected.append(expected_patterns(patterns, members, rho))
        for data_set, answers in enumerate((codes, replicated)):
            added = contributions(answers, log_share, rho, independent)
            margin[data_set].append(added.chosen.sum(axis=1) - margin_expected[-1])
            sums.add(data_set, added)
            pattern[data_set].append(pattern_statistics(answers[complete], members, rho))
        if gives_covariance(place, n_used, len(codes)):
            sums.add_respondents(added)
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


def expected_patterns(patterns: np.ndarray, members: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Count each pattern where `members`, shape (latent_class,), respondents of each class answer."""
    probability = np.exp(log_probability_of_answers(rho, patterns))  # (pattern, latent_class)
    return np.maximum(probability @ members, SMALLEST_COUNT)


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
    distinct = unique_rows(codes)
    count, expected = distinct.count, expected_patterns(codes[distinct.first], members, rho)
    elsewhere = members.sum() - expected.sum()
    return np.array(
        [
            len(count),
            2 * count @ np.log(count / expected),
            ((count - expected) ** 2 / expected).sum() + elsewhere,
            np.abs(2 * (np.sqrt(count) - np.sqrt(expected))).max(initial=0.0),
        ]
    )
