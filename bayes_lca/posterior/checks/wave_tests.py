"""Tests of a latent transition model as a whole, each by one statistic in observed and in replicated data."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.likelihood.tail_shares import tail_shares
from bayes_lca.posterior.checks.common_tilt import common_tilt
from bayes_lca.posterior.checks.item_check_rows import rarity_of
from bayes_lca.posterior.checks.item_discrepancies import Discrepancies
from bayes_lca.posterior.checks.pair_residuals import trend_of
from bayes_lca.posterior.checks.predictive_p import posterior_predictive_p
from bayes_lca.posterior.checks.wave_groups import GroupDiscrepancies

WITHIN, OVER_WAVES, TILT, LEVEL, APART, GROUP_ITEMS, GROUP_MOVES, ANY = (
    "largest pair",
    "largest wave pair",
    "common tilt",
    "level over waves",
    "waves apart",
    "largest group",
    "moves of groups",
    "any of these",
)

EVERY_ITEM, CLASS_SHARES = "all items", "class shares"
IN_WORDS = {
    WITHIN: "two items go together within a wave",
    OVER_WAVES: "answers to an item go together over two waves",
    TILT: "persons lean the same way in several items of a wave",
    LEVEL: "persons answer alike at waves that follow each other whatever their class, as where each has a level of "
    "their own (person_intercept=True)",
    APART: "persons answer alike at waves further apart more often than steps from wave to wave make them, as where "
    "some stay for good or return to where they were",
    GROUP_ITEMS: "a group answers otherwise at a wave, or is in other classes, than the model expects",
    GROUP_MOVES: "more, or fewer, of a group move than transitions say",
}

Tests = dict[str, tuple[np.ndarray, str]]
"""Statistics of shape (data set, draw), each with where it departs."""


def is_over_waves(pair: tuple[int, int], n_items: int) -> bool:
    """Whether a pair of columns is of two waves."""
    return pair[0] // n_items != pair[1] // n_items


def _is_next(pair: tuple[int, int], n_items: int) -> bool:
    """Whether a pair of columns is of waves that follow each other."""
    return pair[1] // n_items == pair[0] // n_items + 1


def tests_of_categories(fit: Fit, discrepancies: Discrepancies, statistic: np.ndarray) -> Tests:
    """Of items in categories: pairs within waves and over them, a common tilt, a level, and what waves apart share."""
    n_items, sizes = len(fit.items), [len(labels) for labels in fit.labels]
    over = np.array([is_over_waves(pair, n_items) for pair in discrepancies.pairs])
    free = [(sizes[j % n_items] - 1) * (sizes[h % n_items] - 1) for j, h in discrepancies.pairs]
    rarity = rarity_of(statistic, alike=np.array(free))
    tests = {}
    for name, kept in ((WITHIN, ~over), (OVER_WAVES, over)):
        if kept.any():
            worst = np.flatnonzero(kept)[np.median(rarity[0][:, kept], axis=0).argmax()]
            tests[name] = rarity[..., kept].max(axis=-1), _where(fit, discrepancies.pairs[worst])
    items = [(j % n_items, h % n_items) for j, h in discrepancies.pairs]
    if (~over).any():
        together = list(combinations(range(n_items), 2))
        of_wave = [[pair == each for pair in items] & ~over for each in together]
        cells = np.stack([discrepancies.pair[:, :, kept].sum(axis=2) for kept in of_wave], axis=2)
        there = [bool(kept.any()) for kept in of_wave]
        tilt = common_tilt(
            cells[:, :, there], [pair for pair, is_there in zip(together, there, strict=True) if is_there], sizes
        )
        tests[TILT] = tilt.statistic, ", ".join(fit.items[item] for item in tilt.strongest)
    follows = np.array([_is_next(pair, n_items) for pair in discrepancies.pairs])
    for name, chosen in ((LEVEL, over & follows), (APART, over & ~follows)):
        if chosen.any():
            of_items = [(sizes[j], sizes[h]) for (j, h), kept in zip(items, chosen, strict=True) if kept]
            trend = trend_of(discrepancies.pair[:, :, chosen], of_items)
            tests[name] = _level(trend), EVERY_ITEM
    return tests


def tests_of_groups(fit: Fit, found: GroupDiscrepancies | None) -> Tests:
    """The group, and item or classes at a wave, or step, that departs most for its chance in replicated data."""
    if found is None:
        return {}
    groups, waves, steps = found.levels.labels, [f"wave {wave}" for wave in paths_of(fit).waves], paths_of(fit).steps
    of_waves = np.concatenate([found.answer_statistic, found.member_statistic[..., None]], axis=-1)
    free = np.array([len(labels) - 1 for labels in fit.labels] + [len(fit.classes) - 1])
    # Cells of a group with as many categories share moments. Where the scores leave fewer directions T is smaller, and
    # departures there seldom are the largest, in observed and in replicated data alike.
    of_group = np.arange(len(groups)) * (free.max() + 1)
    of_cells = np.broadcast_to(of_group[:, None, None] + free, of_waves.shape[2:])  # (group, wave, item or classes)
    of_moves = np.broadcast_to(of_group[:, None], found.move_statistic.shape[2:])  # (group, step)
    items = [*fit.items, CLASS_SHARES]
    tests = {
        GROUP_ITEMS: _largest_of_groups(of_waves, of_cells, [groups, waves, items]),
        GROUP_MOVES: _largest_of_groups(found.move_statistic, of_moves, [groups, steps]),
    }
    return {name: test for name, test in tests.items() if test is not None}


def _largest_of_groups(
    statistic: np.ndarray, alike: np.ndarray, names: Sequence[Sequence[str]]
) -> tuple[np.ndarray, str] | None:
    """The cell that departs most for its chance, and where it is; None where T is the same in all replicated data.

    Parameters
    ----------
    statistic : ndarray, shape (data set, draw, *cells)
    alike : ndarray of int, shape (*cells)
        Cells with the same number share moments.
    names : sequence of sequence of str
        Along each axis of the cells.
    """
    flat = statistic.reshape(*statistic.shape[:2], -1)
    there = np.flatnonzero(flat[1].var(axis=0) > 0)
    if not len(there):
        return None
    rarity = rarity_of(flat[..., there], alike=alike.ravel()[there])
    worst = there[np.median(rarity[0], axis=0).argmax()]
    places = np.unravel_index(worst, statistic.shape[2:])
    return rarity.max(axis=-1), ", ".join(str(axis[place]) for axis, place in zip(names, places, strict=True))


def tests_of_numbers(fit: Fit, places: Sequence[tuple[int, int]], residual: np.ndarray) -> Tests:
    """The same of correlations, whose departures stand in standard deviations, observed first, (1 + draw, pair)."""
    n_items = len(fit.items)
    over = np.array([is_over_waves(pair, n_items) for pair in places])
    tests = {}
    for name, kept in ((WITHIN, ~over), (OVER_WAVES, over)):
        if kept.any():
            worst = np.flatnonzero(kept)[np.abs(residual[0, kept]).argmax()]
            tests[name] = np.abs(residual[:, kept]).max(axis=1), _where(fit, places[worst])
    if (~over).any():
        tests[TILT] = residual[:, ~over].sum(axis=1), EVERY_ITEM
    follows = np.array([_is_next(pair, n_items) for pair in places])
    for name, chosen in ((LEVEL, over & follows), (APART, over & ~follows)):
        if chosen.any():
            tests[name] = residual[:, chosen].sum(axis=1), EVERY_ITEM
    return {
        name: (np.stack([np.full(len(values) - 1, values[0]), values[1:]]), where)
        for name, (values, where) in tests.items()
    }


def _level(trend: np.ndarray) -> np.ndarray:
    """Sum of the trends of the same item at two waves, in standard deviations of replicated data; (data set, draw)."""
    together = trend.sum(axis=-1)
    return together / max(together[1].std(), np.finfo(float).tiny)


def rows_of_tests(tests: Mapping[str, tuple[np.ndarray, str]]) -> pd.DataFrame:
    """A row for each test, and the smallest of their p-values beside the smallest in replicated data."""
    smallest = np.minimum.reduce([np.stack(tail_shares(*values)) for values, _ in tests.values()])
    rows = [
        {
            "p_value": posterior_predictive_p(*values),
            "discrepancy": values[0].mean(),
            "expected": values[1].mean(),
            "where": where,
        }
        for values, where in {**tests, ANY: (-smallest, "")}.values()
    ]
    return pd.DataFrame(rows, index=pd.Index([*tests, ANY], name="check"))


def _where(fit: Fit, pair: tuple[int, int]) -> str:
    """A pair of columns by name."""
    waves, n_items = paths_of(fit).waves, len(fit.items)
    first, second = ((waves[place // n_items], fit.items[place % n_items]) for place in pair)
    if first[0] == second[0]:
        return f"{first[1]}, {second[1]} at wave {first[0]}"
    return f"{first[1]} at waves {first[0]}, {second[0]}"
