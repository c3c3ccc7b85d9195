"""Rows of the tables of `check_items`, from departures in every draw."""

import numpy as np
import pandas as pd
from scipy.stats import gamma

from bayes_lca.dims import ITEM
from bayes_lca.posterior.checks.common_tilt import common_tilt
from bayes_lca.posterior.checks.direct_effects import LEAST_VARIANCE
from bayes_lca.posterior.checks.item_discrepancies import PATTERN_STATISTICS, ItemDiscrepancies, pair_statistics
from bayes_lca.posterior.checks.predictive_p import posterior_predictive_p, tail_shares


def pair_rows(found: ItemDiscrepancies, codes, names, labels, tails) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows of the table of pairs, and T of shape (data set, draw, pair)."""
    n_categories = found.pair.shape[-1]
    cells = found.pair.reshape(*found.pair.shape[:3], -1)  # (data set, draw, pair, cell)
    variance = found.pair_covariance + LEAST_VARIANCE * np.eye(cells.shape[-1])
    statistic, trend = pair_statistics(cells, variance, [(len(labels[j]), len(labels[h])) for j, h in found.pairs])
    rows = []
    for p, (j, h) in enumerate(found.pairs):
        rank = np.arange(n_categories)
        possible = np.logical_and.outer(rank < len(labels[j]), rank < len(labels[h]))
        sd = np.sqrt(np.diag(variance[p]))
        size = np.where(possible.ravel(), np.abs(np.median(cells[0, :, p], axis=0)) / sd, -1.0)
        worst = int(size.argmax())
        first, second = divmod(worst, n_categories)
        both = (codes[:, j] >= 0) & (codes[:, h] >= 0)
        expected = found.pair_expected[:, p].mean(axis=0)
        squares = (cells[:, :, p] ** 2 / np.maximum(expected.ravel(), LEAST_VARIANCE)).sum(axis=-1)
        beyond_chance = max(0.0, squares[0].mean() - squares[1].mean())
        free = min(len(labels[j]), len(labels[h])) - 1
        own = cells[:, :, p, worst] / sd[worst]
        lower, upper = np.quantile(own[0] - own[1], tails)
        rows.append(
            {
                "p_value": posterior_predictive_p(*statistic[:, :, p]),
                "discrepancy": statistic[0, :, p].mean(),
                "expected": statistic[1, :, p].mean(),
                "trend": np.median(trend[0, :, p]),
                "effect_size": np.sqrt(beyond_chance / max(both.sum() * free, 1)),
                "category_1": labels[j][first],
                "category_2": labels[h][second],
                "observed": int(((codes[:, j] == first) & (codes[:, h] == second)).sum()),
                "expected_count": expected[first, second],
                "residual": np.median(own[0]),
                "lower": lower,
                "upper": upper,
                "n": int(both.sum()),
            }
        )
    index = pd.MultiIndex.from_tuples([(names[j], names[h]) for j, h in found.pairs], names=["item_1", "item_2"])
    return pd.DataFrame(rows, index=index), statistic


def overall_rows(found: ItemDiscrepancies, statistic: np.ndarray, names, labels) -> pd.DataFrame:
    """One p-value for all pairs, and one for all sets of items that may tilt together."""
    mean, variance = statistic[1].mean(axis=0), np.maximum(statistic[1].var(axis=0), np.finfo(float).tiny)
    rarity = -gamma.logsf(statistic, mean**2 / variance, scale=variance / mean)  # (data set, draw, pair)
    worst = found.pairs[int(np.median(rarity[0], axis=0).argmax())]
    tilt = common_tilt(found.pair, found.pairs, [len(own) for own in labels])
    largest = rarity.max(axis=-1)
    tests = {
        "largest pair": (largest, worst),
        "common tilt": (tilt.statistic, tilt.strongest),
        "either": (-np.minimum(*(np.stack(tail_shares(*one)) for one in (largest, tilt.statistic))), ()),
        "all pairs": (statistic.sum(axis=-1), ()),
    }
    rows = [
        {
            "p_value": posterior_predictive_p(*one),
            "discrepancy": one[0].mean(),
            "expected": one[1].mean(),
            "where": ", ".join(names[item] for item in items),
        }
        for one, items in tests.values()
    ]
    return pd.DataFrame(rows, index=pd.Index(tests, name="check"))


def item_rows(found: ItemDiscrepancies, codes, names, labels, tails) -> pd.DataFrame:
    """One row per item: the category that departs most."""
    rows = []
    for j, own in enumerate(labels):
        difference = found.margin[:, :, j, : len(own)]  # (data set, draw, category)
        expected = np.maximum(found.margin_expected[:, j, : len(own)], LEAST_VARIANCE)
        worst = int((np.abs(difference[0].mean(axis=0)) / np.sqrt(expected.mean(axis=0))).argmax())
        n = int((codes[:, j] >= 0).sum())
        points = 100 * difference[:, :, worst] / n
        lower, upper = np.quantile(points[0] - points[1], tails)
        realised, replicated = (difference**2 / expected).sum(axis=-1)
        rows.append(
            {
                "p_value": posterior_predictive_p(realised, replicated),
                "discrepancy": realised.mean(),
                "expected": replicated.mean(),
                "category": own[worst],
                "observed": int((codes[:, j] == worst).sum()),
                "expected_count": found.margin_expected[:, j, worst].mean(),
                "difference": points[0].mean(),
                "lower": lower,
                "upper": upper,
                "n": n,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(names, name=ITEM))


def pattern_rows(found: ItemDiscrepancies, labels) -> pd.DataFrame:
    """Statistics of the whole table, and the pattern that departs most beside the last of them."""
    expected = found.pattern_expected.mean(axis=0)
    worst = int(np.abs(np.sqrt(found.pattern_count) - np.sqrt(expected)).argmax())
    rows = [
        {
            "p_value": posterior_predictive_p(*found.pattern[:, :, place]),
            "discrepancy": found.pattern[0, :, place].mean(),
            "expected": found.pattern[1, :, place].mean(),
        }
        for place in range(len(PATTERN_STATISTICS))
    ]
    rows[-1] |= {
        "pattern": " | ".join(own[code] for own, code in zip(labels, found.patterns[worst], strict=True)),
        "observed": int(found.pattern_count[worst]),
        "expected_count": expected[worst],
    }
    return pd.DataFrame(rows, index=pd.Index(PATTERN_STATISTICS, name="statistic"))
