"""Pairs of items of respondents who were sampled by a survey design: score tests with the covariance of the design."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import scipy

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.thinning import draws_used
from bayes_lca.likelihood.design_information import design_information
from bayes_lca.likelihood.row_sums import sum_products
from bayes_lca.posterior.checks.answer_residuals import (
    Contributions,
    contributions,
    parameters,
    replicate,
    structural_columns,
)
from bayes_lca.posterior.checks.pair_residuals import beside_margins, residuals_of_pair
from bayes_lca.posterior.checks.score_regression import NEGLIGIBLE
from bayes_lca.table import SummaryTable

DRAWS_USED = 20
"""Residuals that are freed of scores hardly depend on the draw."""


def weighted_check(
    fit: Fit, step: int, seed: int, tails: Sequence[float], **given
) -> tuple[SummaryTable, SummaryTable, SummaryTable, None, None, int]:
    """What `check_items` returns: all pairs together, items, pairs, no patterns and groups, and the draws used.

    Parameters
    ----------
    fit : Fit
        With survey weights.
    step : int
        Every how many-th draw may be used.
    seed : int
        Of the replicated answers.
    tails : sequence of float
        Lower and upper tail of intervals.
    **given
        What was asked of groups: nothing of it holds.

    Raises
    ------
    ValueError
        If something was asked of groups, or items are numbers.
    """
    if asked := [name for name, value in given.items() if value is not None]:
        raise ValueError(
            f"{asked[0]}={given[asked[0]]!r:.60}: items by group are of respondents who count once each, and the "
            f"{fit.n_respondents} of this fit are weighted; leave {', '.join(asked)} out"
        )
    if not all(fit.labels):
        raise ValueError(
            f"items that are numbers are not checked for the {fit.n_respondents} weighted respondents of this fit; "
            "check the same model fitted without design"
        )
    step = max(step, fit.n_draws // DRAWS_USED)
    overall, items, pairs = _tables(fit, step, seed, tails)
    used = f"{fit.note}; {draws_used(fit, step)} of them used; weighted counts"
    tests = f"score tests by the covariance of the design, {_degrees_of_design(fit)} degrees of freedom"
    intervals = f"{100 * (tails[1] - tails[0]):g} % intervals by the covariance of the design"
    return (
        SummaryTable.of(overall, f"{used}; {tests}; {len(pairs)} pairs of items, Bonferroni's method"),
        SummaryTable.of(items, f"{used}; {intervals}; not tested, for latent classes reproduce them"),
        SummaryTable.of(pairs, f"{used}; {tests}; {intervals} at the cell that departs most, chosen among all"),
        None,
        None,
        draws_used(fit, step),
    )


def _tables(fit: Fit, step: int, seed: int, tails: Sequence[float]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Of all pairs together, of items and of pairs."""
    codes, weight, rng = fit.answers_of_respondents, fit.sample.weight, np.random.default_rng(seed)
    answered = codes >= 0
    pairs = [(j, h) for j, h in combinations(range(codes.shape[1]), 2) if (answered[:, j] & answered[:, h]).any()]
    structural, independent = structural_columns(fit), fit.answers.independent(fit)
    draws = [(np.exp(log_share), log_share, rho) for log_share, rho in parameters(fit, step)]
    of_scores: np.ndarray | float = 0.0
    with_pair, of_pair = ([np.zeros(())] * len(pairs) for _ in range(2))
    for _, log_share, rho in draws:
        replicated = contributions(replicate(codes, log_share, rho, rng), log_share, rho, independent)
        score = _scores(replicated, structural)
        of_scores = of_scores + sum_products(score, score, weight)
        for place, pair in enumerate(pairs):
            residual = residuals_of_pair(replicated, pair)
            with_pair[place] = with_pair[place] + sum_products(score, residual, weight)
            of_pair[place] = of_pair[place] + sum_products(residual, residual, weight)
    slopes = [np.linalg.lstsq(of_scores, of_one, rcond=NEGLIGIBLE)[0] for of_one in with_pair]
    freed = [
        beside_margins((of_one - with_one.T @ slope)[None] / len(draws))[0]
        for of_one, with_one, slope in zip(of_pair, with_pair, slopes, strict=True)
    ]
    cells = [np.zeros(len(matrix)) for matrix in freed]
    covariance = [np.zeros(matrix.shape) for matrix in freed]
    everybody = np.arange(len(codes))
    for _, log_share, rho in draws:
        observed = contributions(codes, log_share, rho, independent)
        score = _scores(observed, structural)
        for place, pair in enumerate(pairs):
            own = (residuals_of_pair(observed, pair) - score @ slopes[place]) @ freed[place].T  # (respondent, cell)
            cells[place] += weight @ own / len(draws)
            covariance[place] += design_information(own, everybody, fit.sample) / len(draws)
    expected = [_expected_shares(share, rho, weight, answered) for share, _, rho in draws]
    table = pd.DataFrame(
        [
            _pair_row(fit, pair, cells[place], covariance[place], [of_draw[pair] for of_draw in expected], tails)
            for place, pair in enumerate(pairs)
        ],
        index=pd.MultiIndex.from_tuples([(fit.items[j], fit.items[h]) for j, h in pairs], names=["item_1", "item_2"]),
    )
    return _overall(table), _items(fit, [(share, rho) for share, _, rho in draws], tails), table


def _scores(added: Contributions, structural: np.ndarray) -> np.ndarray:
    """Derivatives of the log-likelihood of each respondent, shape (respondent, parameter)."""
    of_classes = added.logit_score[:, :, None] * structural[:, None]
    return np.concatenate([added.parameter_score, of_classes.reshape(len(structural), -1)], axis=1)


def _expected_shares(share: np.ndarray, rho: np.ndarray, weight: np.ndarray, answered: np.ndarray) -> dict:
    """Weighted counts of the cells of each pair that are expected of those who answered both."""
    found = {}
    for j, h in combinations(range(answered.shape[1]), 2):
        members = (weight * (answered[:, j] & answered[:, h])) @ share
        found[j, h] = np.einsum("c,ck,cm->km", members, rho[:, j], rho[:, h])
    return found


def _degrees_of_design(fit: Fit) -> int:
    """Sampled units less strata, which the covariance of the design rests on."""
    sample = fit.sample
    n_units = len(sample.stratum_of_unit) if sample.is_clustered else len(sample.weight)
    return n_units - len(np.unique(sample.stratum_of_unit))


def _reach(fit: Fit, tails: Sequence[float]) -> np.ndarray:
    """Ends of an interval about 0, in standard errors by the covariance of the design."""
    return scipy.stats.t.ppf(tails, _degrees_of_design(fit))


def _pair_row(
    fit: Fit,
    pair: tuple[int, int],
    cells: np.ndarray,
    covariance: np.ndarray,
    expected: list,
    tails: Sequence[float],
) -> dict:
    j, h = pair
    labels, codes, weight = fit.labels, fit.answers_of_respondents, fit.sample.weight
    size = expected[0].shape[0]
    contrast = np.kron(_contrasts(len(labels[j]), size), _contrasts(len(labels[h]), size))  # (direction, cell)
    q, v = contrast @ cells, contrast @ covariance @ contrast.T
    free, degrees = len(q), _degrees_of_design(fit)
    statistic = float(q @ np.linalg.pinv(v, rcond=NEGLIGIBLE, hermitian=True) @ q)
    rest = degrees - free + 1
    p_value = float(scipy.stats.f.sf(statistic * rest / (degrees * free), free, rest)) if rest > 0 else np.nan
    spread = np.sqrt(np.maximum(np.diag(covariance), np.finfo(float).tiny))
    exists = np.zeros((size, size), dtype=bool)
    exists[: len(labels[j]), : len(labels[h])] = True
    residual = np.where(exists.ravel() & (np.diag(covariance) > NEGLIGIBLE), cells / spread, 0.0)
    first, second = divmod(int(np.abs(residual).argmax()), size)
    there = (codes[:, j] == first) & (codes[:, h] == second)
    most = float(residual[first * size + second])
    lower, upper = most + _reach(fit, tails)
    return {
        "p_value": p_value,
        "discrepancy": statistic,
        "expected": degrees * free / (rest - 2) if rest > 2 else np.nan,
        "category_1": labels[j][first],
        "category_2": labels[h][second],
        "observed": float(weight[there].sum()),
        "expected_count": float(np.mean([of_draw[first, second] for of_draw in expected])),
        "standardised_residual": most,
        "lower": lower,
        "upper": upper,
        "n": int(((codes[:, j] >= 0) & (codes[:, h] >= 0)).sum()),
    }


def _contrasts(n_categories: int, size: int) -> np.ndarray:
    """Orthonormal contrasts of the categories of an item, 0 beyond them, shape (n_categories - 1, size)."""
    full = np.zeros((n_categories - 1, size))
    full[:, :n_categories] = scipy.linalg.helmert(n_categories)
    return full


def _overall(pairs: pd.DataFrame) -> pd.DataFrame:
    """The smallest p-value of all pairs, by Bonferroni's method."""
    tested = pairs["p_value"].dropna()
    p_value = min(1.0, len(tested) * float(tested.min())) if len(tested) else np.nan
    worst = ", ".join(tested.idxmin()) if len(tested) else ""
    row = {"p_value": p_value, "where": worst}
    return pd.DataFrame([row, row | {"where": ""}], index=pd.Index(["largest pair", "either"], name="check"))


def _items(fit: Fit, draws: list[tuple[np.ndarray, np.ndarray]], tails: Sequence[float]) -> pd.DataFrame:
    r"""The category of each item whose weighted share departs most from what the model expects.

    Its variance is that of the weighted share between samples, from :math:`1[y_{ij} = k] - \hat p_k`, and of what is
    expected over the draws used, about twenty, divided by their number. That the two go up and down together from
    sample to sample is left aside: intervals are rather too wide than too narrow.
    """
    codes, weight, rows = fit.answers_of_respondents, fit.sample.weight, []
    for j, labels in enumerate(fit.labels):
        given = codes[:, j] >= 0
        observed = np.bincount(codes[given, j], weights=weight[given], minlength=len(labels))
        of_draws = np.array([((weight * given) @ share) @ rho[:, j, : len(labels)] for share, rho in draws])
        expected = of_draws.mean(axis=0)
        worst, total = int(np.abs(observed - expected).argmax()), observed.sum()
        apart = given * ((codes[:, j] == worst) - observed[worst] / total)
        between_samples = design_information(apart[:, None], np.arange(len(codes)), fit.sample)[0, 0]
        difference = (observed[worst] - expected[worst]) / total
        error = np.sqrt(between_samples + of_draws[:, worst].var()) / total
        lower, upper = difference + _reach(fit, tails) * error
        rows.append(
            {
                "category": labels[worst],
                "observed": observed[worst],
                "expected_count": expected[worst],
                "difference": difference,
                "lower": lower,
                "upper": upper,
                "n": int(given.sum()),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(fit.items, name="item"))
