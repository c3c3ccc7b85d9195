"""Rows of the tables of `check_items`, from departures in every draw."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy

from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.tail_shares import tail_shares
from bayes_lca.posterior.checks.common_tilt import common_tilt
from bayes_lca.posterior.checks.direct_effects import LEAST_VARIANCE
from bayes_lca.posterior.checks.item_discrepancies import PATTERN_STATISTICS, Discrepancies, ItemDiscrepancies
from bayes_lca.posterior.checks.pair_residuals import pair_statistics
from bayes_lca.posterior.checks.predictive_p import posterior_predictive_p
from bayes_lca.table import SummaryTable

Labels = Sequence[Sequence[str]]
"""Of the categories of each column of answers."""


def pair_rows(
    discrepancies: Discrepancies, labels: Labels, codes: np.ndarray, count: np.ndarray, tails: Sequence[float]
) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of the table of pairs, and T of shape (data set, draw, pair).

    Parameters
    ----------
    discrepancies : Discrepancies
    labels : sequence of sequence of str, shape (column,)
        Of the categories of each column of answers: an item, or an item at a wave.
    codes : ndarray of int, shape (row, column)
    count : ndarray, shape (row,)
        Respondents with each row.
    tails : sequence of float
        Lower and upper tail of intervals.
    """
    residual, pairs = discrepancies.pair, discrepancies.pairs
    cells = residual.reshape(*residual.shape[:3], -1)  # (data set, draw, pair, cell)
    variance = discrepancies.pair_covariance + LEAST_VARIANCE * np.eye(cells.shape[-1])
    statistic, trend = pair_statistics(cells, variance, [(len(labels[j]), len(labels[h])) for j, h in pairs])
    rank, rows = np.arange(residual.shape[-1]), []
    for p, (j, h) in enumerate(pairs):
        possible = np.logical_and.outer(rank < len(labels[j]), rank < len(labels[h]))
        sd = np.sqrt(np.diag(variance[p]))
        size = np.where(possible.ravel(), np.abs(np.median(cells[0, :, p], axis=0)) / sd, -1.0)
        worst = int(size.argmax())
        first, second = divmod(worst, len(rank))
        n = int(count[(codes[:, j] >= 0) & (codes[:, h] >= 0)].sum())
        expected = discrepancies.pair_expected[:, p].mean(axis=0)
        squares = (cells[:, :, p] ** 2 / np.maximum(expected.ravel(), LEAST_VARIANCE)).sum(axis=-1)
        beyond_chance = max(0.0, squares[0].mean() - squares[1].mean())
        free = min(len(labels[j]), len(labels[h])) - 1
        standardised = cells[:, :, p, worst] / sd[worst]
        lower, upper = np.quantile(standardised[0] - standardised[1], tails)
        rows.append(
            {
                "p_value": posterior_predictive_p(*statistic[:, :, p]),
                "discrepancy": statistic[0, :, p].mean(),
                "expected": statistic[1, :, p].mean(),
                "trend": np.median(trend[0, :, p]),
                "effect_size": np.sqrt(beyond_chance / max(n * free, 1)),
                "category_1": labels[j][first],
                "category_2": labels[h][second],
                "observed": int(count[(codes[:, j] == first) & (codes[:, h] == second)].sum()),
                "expected_count": expected[first, second],
                "standardised_residual": np.median(standardised[0]),
                "lower": lower,
                "upper": upper,
                "n": n,
            }
        )
    return pd.DataFrame(rows), statistic


def rarity_of(statistic: np.ndarray, alike: np.ndarray | None = None) -> np.ndarray:
    """T of pairs on the scale of its tail probability in replicated data, -log, shape (data set, draw, pair).

    Parameters
    ----------
    statistic : ndarray, shape (data set, draw, pair)
    alike : ndarray of int, shape (pair,), optional
        Pairs with the same number share the moments of T, which many pairs in few draws give better; by default each
        pair has its own.
    """
    alike = np.arange(statistic.shape[-1]) if alike is None else alike
    rarity = np.empty_like(statistic)
    for number in np.unique(alike):
        these = alike == number
        mean, variance = statistic[1][:, these].mean(), max(statistic[1][:, these].var(), np.finfo(float).tiny)
        rarity[..., these] = -scipy.stats.gamma.logsf(statistic[..., these], mean**2 / variance, scale=variance / mean)
    return rarity


def verdict_of_items(overall: pd.DataFrame, *, flagged: bool) -> str:
    """Whether the classes explain how answers go together, and which of the two tests that decide departs more."""
    p_values, where = overall["p_value"], overall["where"]
    p = f"p = {p_values['either']:.3f}"
    if not flagged:
        return f"Nothing speaks against items that are independent within classes ({p})."
    departure = f"{where['largest pair']} depart most"
    if p_values.get("common tilt", 1.0) < p_values["largest pair"]:
        departure = f"persons lean the same way in {where['common tilt']}"
    return (
        f"The classes do not explain all that goes together: {departure} ({p} of items that are independent within "
        "classes)."
    )


def overall_table(discrepancies: ItemDiscrepancies, statistic: np.ndarray, fit: Fit, note: str) -> SummaryTable:
    """One p-value for all pairs, and one for all sets of items that may tilt together."""
    rarity = rarity_of(statistic)
    worst = discrepancies.pairs[int(np.median(rarity[0], axis=0).argmax())]
    tilt = common_tilt(discrepancies.pair, discrepancies.pairs, [len(of_item) for of_item in fit.labels])
    largest = rarity.max(axis=-1)
    smaller_p = np.minimum(*(np.stack(tail_shares(*values)) for values in (largest, tilt.statistic)))
    tests = {
        "largest pair": (largest, worst),
        "common tilt": (tilt.statistic, tilt.strongest),
        "either": (-smaller_p, ()),
        "all pairs": (statistic.sum(axis=-1), ()),
    }
    rows = [
        {
            "p_value": posterior_predictive_p(*values),
            "discrepancy": values[0].mean(),
            "expected": values[1].mean(),
            "where": ", ".join(fit.items[item] for item in items),
        }
        for values, items in tests.values()
    ]
    order = f"; trends and tilt go by the {fit.undeclared_order}" if fit.undeclared_order else ""
    return SummaryTable.of(pd.DataFrame(rows, index=pd.Index(tests, name="check")), f"{note}{order}")


def item_rows(
    discrepancies: Discrepancies, labels: Labels, codes: np.ndarray, count: np.ndarray, tails: Sequence[float]
) -> pd.DataFrame:
    """One row per column of answers, see `pair_rows`: the category that departs most."""
    rows = []
    for j, of_item in enumerate(labels):
        margin_expected = discrepancies.margin_expected[:, j, : len(of_item)]
        difference = discrepancies.margin[:, :, j, : len(of_item)]  # (data set, draw, category)
        expected = np.maximum(margin_expected, LEAST_VARIANCE)
        worst = int((np.abs(difference[0].mean(axis=0)) / np.sqrt(expected.mean(axis=0))).argmax())
        n = int(count[codes[:, j] >= 0].sum())
        share = difference[:, :, worst] / n
        lower, upper = np.quantile(share[0] - share[1], tails)
        realised, replicated = (difference**2 / expected).sum(axis=-1)
        rows.append(
            {
                "p_value": posterior_predictive_p(realised, replicated),
                "discrepancy": realised.mean(),
                "expected": replicated.mean(),
                "category": of_item[worst],
                "observed": int(count[codes[:, j] == worst].sum()),
                "expected_count": margin_expected[:, worst].mean(),
                "difference": share[0].mean(),
                "lower": lower,
                "upper": upper,
                "n": n,
            }
        )
    return pd.DataFrame(rows)


def pattern_rows(discrepancies: ItemDiscrepancies, fit: Fit) -> pd.DataFrame:
    """Statistics of the whole table, and the pattern that departs most beside the last of them."""
    expected, count = discrepancies.pattern_expected.mean(axis=0), discrepancies.pattern_count
    worst = int(np.abs(np.sqrt(count) - np.sqrt(expected)).argmax())
    rows = [
        {
            "p_value": posterior_predictive_p(*discrepancies.pattern[:, :, place]),
            "discrepancy": discrepancies.pattern[0, :, place].mean(),
            "expected": discrepancies.pattern[1, :, place].mean(),
        }
        for place in range(len(PATTERN_STATISTICS))
    ]
    answers = zip(fit.labels, discrepancies.patterns[worst], strict=True)
    rows[-1] |= {
        "pattern": " | ".join(labels[code] for labels, code in answers),
        "observed": int(count[worst]),
        "expected_count": expected[worst],
    }
    return pd.DataFrame(rows, index=pd.Index(PATTERN_STATISTICS, name="statistic"))
