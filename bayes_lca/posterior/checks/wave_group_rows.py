"""Rows of the tables of groups over waves, from departures in every draw."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_lca.dims import ITEM, STEP, WAVE
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.posterior.checks.direct_effects import LEAST_VARIANCE
from bayes_lca.posterior.checks.predictive_p import posterior_predictive_p
from bayes_lca.posterior.checks.wave_groups import GroupDiscrepancies


def item_rows_of_groups(fit: Fit, found: GroupDiscrepancies, tails: Sequence[float]) -> pd.DataFrame:
    """A row for each group, wave and item: the category that departs most for the root of what is expected."""
    waves, rows = paths_of(fit).waves, {}
    for g, t, j in np.ndindex(found.answer_statistic.shape[2:]):
        labels = fit.labels[j]
        counted = found.answers[:, :, g, t, j, : len(labels)]  # (data set, draw, category)
        expected = found.answers_expected[:, g, t, j, : len(labels)]
        n = int(counted[0, 0].sum())
        if not n:
            continue
        worst, size = _most_apart(counted[0, :1], expected), expected.mean(axis=0)
        rows[found.levels.labels[g], waves[t], fit.items[j]] = {
            **_tested(found.answer_statistic[:, :, g, t, j]),
            "category": labels[worst],
            "observed": int(counted[0, 0, worst]),
            "expected_count": size[worst],
            **_apart(counted[..., worst] - expected[:, worst], n, tails),
        }
    return _table(rows, [found.levels.name, WAVE, ITEM])


def class_rows_of_groups(fit: Fit, found: GroupDiscrepancies, tails: Sequence[float]) -> pd.DataFrame:
    """A row for each group and wave: the class whose share departs most, given all answers beside what is expected."""
    waves, rows = paths_of(fit).waves, {}
    for (g, t), n in np.ndenumerate(found.seen):
        if not n:
            continue
        members, expected = found.members[:, :, g, t], found.members_expected[:, g, t]
        worst = _most_apart(members[0], expected)
        rows[found.levels.labels[g], waves[t]] = {
            **_tested(found.member_statistic[:, :, g, t]),
            "latent_class": fit.classes[worst],
            "share": members[0, :, worst].mean() / n,
            "share_expected": expected[:, worst].mean() / n,
            **_apart(members[..., worst] - expected[:, worst], int(n), tails),
        }
    return _table(rows, [found.levels.name, WAVE])


def move_rows_of_groups(fit: Fit, found: GroupDiscrepancies, tails: Sequence[float]) -> pd.DataFrame:
    """A row for each group and step: who moved, given all answers, beside who is expected to."""
    steps, rows = paths_of(fit).steps, {}
    for (g, s), n in np.ndenumerate(found.persons):
        if not n:
            continue
        rows[found.levels.labels[g], steps[s]] = {
            **_tested(found.move_statistic[:, :, g, s]),
            "moved": found.moves[0, :, g, s].mean() / n,
            "moved_expected": found.moves_expected[:, g, s].mean() / n,
            **_apart(found.moves[:, :, g, s] - found.moves_expected[:, g, s], int(n), tails),
        }
    return _table(rows, [found.levels.name, STEP])


def _most_apart(counted: np.ndarray, expected: np.ndarray) -> int:
    """Position on the last axis of what departs most for the root of what is expected, (draw, cell) both."""
    size = np.maximum(expected.mean(axis=0), LEAST_VARIANCE)
    return int((np.abs(counted.mean(axis=0) - expected.mean(axis=0)) / np.sqrt(size)).argmax())


def _tested(statistic: np.ndarray) -> dict[str, float]:
    realised, replicated = statistic
    return {
        "p_value": posterior_predictive_p(realised, replicated),
        "discrepancy": realised.mean(),
        "expected": replicated.mean(),
    }


def _apart(difference: np.ndarray, n: int, tails: Sequence[float]) -> dict[str, float | int]:
    """Counted less expected, (data set, draw), as a share with the interval less chance."""
    share = difference / n
    lower, upper = np.quantile(share[0] - share[1], tails)
    return {"difference": share[0].mean(), "lower": lower, "upper": upper, "n": n}


def _table(rows: dict[tuple, dict], names: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.MultiIndex.from_tuples(rows, names=names)
    return frame
