"""Does a fit reproduce items that are numbers: their means, standard deviations and correlations."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from bayes_lca.dims import ITEM
from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.tail_shares import tail_shares
from bayes_lca.posterior.checks.predictive_p import posterior_predictive_p

FEWEST_TOGETHER = 3
"""Respondents who answered both items of a pair; with two, every correlation is 1 or -1."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of the numbers that were given, of one data set or of several on the first axis.

    Attributes
    ----------
    mean, sd : ndarray, shape (..., item)
    correlation : ndarray, shape (..., pair)
        Over those who answered both items.
    """

    mean: np.ndarray
    sd: np.ndarray
    correlation: np.ndarray


def pairs_together(answered: np.ndarray, count: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of items that enough respondents answered both of, from who answered what, shape (row, item)."""
    together = (count[:, None] * answered).T @ answered
    return [(j, h) for j, h in combinations(range(answered.shape[1]), 2) if together[j, h] >= FEWEST_TOGETHER]


def moments(numbers: np.ndarray, answered: np.ndarray, pairs: Sequence[tuple[int, int]]) -> Moments:
    """Moments of numbers of shape (respondent, item); those that are not answered do not count."""
    known = answered.astype(float)
    n = known.sum(axis=0)
    about = (np.where(answered, numbers, 0.0)).sum(axis=0) / n
    y = np.where(answered, numbers - about, 0.0)
    sd = np.sqrt((y**2).sum(axis=0) / (n - 1))
    first, second = np.array(pairs).T
    both = (known.T @ known)[first, second]
    sums, squares, products = y.T @ known, (y**2).T @ known, (y.T @ y)[first, second]
    of_first, of_second = sums[first, second], sums[second, first]
    variances = (squares[first, second] - of_first**2 / both) * (squares[second, first] - of_second**2 / both)
    covariance = products - of_first * of_second / both
    correlation = covariance / np.sqrt(np.maximum(variances, np.finfo(float).tiny))
    return Moments(about, sd, correlation)


def replicated_moments(fit: Fit, step: int, seed: int, pairs: Sequence[tuple[int, int]]) -> Moments:
    """Moments of one replicated data set for every `step`-th draw, missing where answers are missing."""
    rng = np.random.default_rng(seed)
    answered, parts = fit.answered[fit.pattern_of_respondent], []
    for draw in range(0, fit.n_draws, step):
        numbers = fit.hidden.draw_answers(fit, slice(draw, draw + 1), rng)[0]
        parts.append(moments(numbers.reshape(answered.shape), answered, pairs))
    return Moments(*(np.stack([getattr(part, name) for part in parts]) for name in ("mean", "sd", "correlation")))


def moment_rows(
    fit: Fit, step: int, seed: int, tails: Sequence[float]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows of all pairs together, of items, and of pairs, as `check_items` returns them."""
    pairs = pairs_together(fit.answered, fit.count)
    answered = fit.answered[fit.pattern_of_respondent]
    observed = moments(fit.answers_of_respondents, answered, pairs)
    replicated = replicated_moments(fit, step, seed, pairs)
    of_pairs, residual = moment_pair_rows(fit, pairs, observed, replicated, tails)
    names = [(fit.items[j], fit.items[h]) for j, h in pairs]
    of_pairs.index = pd.MultiIndex.from_tuples(names, names=["item_1", "item_2"])
    of_items = moment_item_rows(fit, observed, replicated, tails).set_index(pd.Index(fit.items, name=ITEM))
    return _overall_rows(fit, pairs, residual), of_items, of_pairs


def _residuals(observed: np.ndarray, replicated: np.ndarray) -> np.ndarray:
    """How far a data set departs, in standard deviations over replicated ones: observed first, (1 + draw, ...)."""
    sd = np.maximum(replicated.std(axis=0, ddof=1), np.finfo(float).tiny)
    return (np.concatenate([observed[None], replicated]) - replicated.mean(axis=0)) / sd


def compared(departure: np.ndarray) -> dict[str, float]:
    """How far the observed data depart, on the first place, beside replicated data."""
    observed, replicated = departure[0], departure[1:]
    return {
        "p_value": posterior_predictive_p(np.full(len(replicated), observed), replicated),
        "discrepancy": float(observed),
        "expected": float(replicated.mean()),
    }


def moment_item_rows(fit: Fit, observed: Moments, replicated: Moments, tails: Sequence[float]) -> pd.DataFrame:
    """A row for each column of answers: an item, or an item at a wave."""
    of_mean, of_sd = (_residuals(getattr(observed, name), getattr(replicated, name)) for name in ("mean", "sd"))
    largest = np.maximum(np.abs(of_mean), np.abs(of_sd))
    rows = []
    for j in range(len(observed.mean)):
        row = compared(largest[:, j])
        for name in ("mean", "sd"):
            values = getattr(replicated, name)[:, j]
            lower, upper = np.quantile(values, tails)
            row |= {name: getattr(observed, name)[j], f"{name}_expected": values.mean()}
            row |= {f"{name}_lower": lower, f"{name}_upper": upper}
        rows.append(row | {"n": int(fit.count @ fit.answered[:, j])})
    return pd.DataFrame(rows)


def moment_pair_rows(
    fit: Fit,
    pairs: Sequence[tuple[int, int]],
    observed: Moments,
    replicated: Moments,
    tails: Sequence[float],
) -> tuple[pd.DataFrame, np.ndarray]:
    """A row for each pair of columns, and departures in standard deviations, observed first, (1 + draw, pair)."""
    residual = _residuals(observed.correlation, replicated.correlation)
    rows = []
    for p, (j, h) in enumerate(pairs):
        lower, upper = np.quantile(replicated.correlation[:, p], tails)
        rows.append(
            compared(np.abs(residual[:, p]))
            | {
                "correlation": observed.correlation[p],
                "correlation_expected": replicated.correlation[:, p].mean(),
                "lower": lower,
                "upper": upper,
                "standardised_residual": residual[0, p],
                "n": int(fit.count @ (fit.answered[:, j] & fit.answered[:, h])),
            }
        )
    return pd.DataFrame(rows), residual


def _overall_rows(fit: Fit, pairs: Sequence[tuple[int, int]], residual: np.ndarray) -> pd.DataFrame:
    """The largest pair, the sum of all residuals, the smaller p-value of the two, and the sum of squares."""
    largest, tilt = np.abs(residual).max(axis=1), residual.sum(axis=1)
    tails = [tail_shares(values[:1], values[1:]) for values in (largest, tilt)]
    smaller_p = np.minimum(*(np.concatenate(of_both) for of_both in tails))
    worst = pairs[int(np.abs(residual[0]).argmax())]
    tests = {
        "largest pair": (largest, worst),
        "common tilt": (tilt, range(len(fit.items))),
        "either": (-smaller_p, ()),
        "all pairs": ((residual**2).sum(axis=1), ()),
    }
    rows = [
        compared(values) | {"where": ", ".join(fit.items[item] for item in items)} for values, items in tests.values()
    ]
    return pd.DataFrame(rows, index=pd.Index(tests, name="check"))
