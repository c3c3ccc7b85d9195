"""Does a latent transition model reproduce the answers: items and pairs at each wave, and an item at two waves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from bayes_lca.dims import ITEM, WAVE
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.likelihood.tail_shares import tail_shares
from bayes_lca.posterior.checks.common_tilt import common_tilt
from bayes_lca.posterior.checks.item_check_rows import item_rows, pair_rows, rarity_of
from bayes_lca.posterior.checks.item_discrepancies import Discrepancies
from bayes_lca.posterior.checks.moment_check import (
    FEWEST_TOGETHER,
    Moments,
    moment_item_rows,
    moment_pair_rows,
    moments,
    replicated_moments,
)
from bayes_lca.posterior.checks.pair_residuals import trend_of
from bayes_lca.posterior.checks.predictive_p import posterior_predictive_p
from bayes_lca.posterior.checks.wave_discrepancies import pairs_of_places, wave_discrepancies
from bayes_lca.table import SummaryTable
from bayes_lca.verdict import TablesWithVerdict

FLAGGED_BELOW = 0.05
WITHIN, OVER_WAVES, TILT, LEVEL, ANY = (
    "largest pair",
    "largest wave pair",
    "common tilt",
    "level over waves",
    "any of these",
)

EVERY_ITEM = "all items"
IN_WORDS = {
    WITHIN: "two items go together within a wave",
    OVER_WAVES: "answers to an item go together over two waves",
    TILT: "persons lean the same way in several items of a wave",
    LEVEL: "persons answer alike at waves that follow each other whatever their class, as where each has a level of "
    "their own (person_intercept=True)",
}


@dataclass(frozen=True, repr=False, eq=False)
class WaveCheck(TablesWithVerdict):
    """Posterior predictive checks of answers at several waves, as `check_items` returns them.

    Attributes
    ----------
    overall : SummaryTable
        ``largest pair`` of items within a wave; ``largest wave pair``, the item whose answers at two waves depart most;
        ``common tilt`` of a set of items within waves; ``level over waves``, whether answers to the same item go
        together over time; and ``any of these``, chance among them allowed for.
    items : SummaryTable
        Items at each wave, index ``wave``, ``item``.
    pairs : SummaryTable
        Pairs of items within each wave, index ``wave``, ``item_1``, ``item_2``.
    wave_pairs : SummaryTable
        The same item at waves that follow each other, index ``item``, ``wave_1``, ``wave_2``.
    n_draws : int
        Draws used, one replicated data set each.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> check = bl.check_items(bl.load_example("waves"), n_draws=20)
    >>> list(check.tables), check.wave_pairs.index.names
    (['overall', 'items', 'pairs', 'wave_pairs'], FrozenList(['item', 'wave_1', 'wave_2']))
    """

    overall: SummaryTable
    items: SummaryTable
    pairs: SummaryTable
    wave_pairs: SummaryTable
    n_draws: int

    @property
    def flagged(self) -> bool:
        """Whether answers go together within classes or over waves: about 5 % of right models are flagged."""
        return bool(self.overall.loc[ANY, "p_value"] < FLAGGED_BELOW)

    @property
    def tables(self) -> dict[str, SummaryTable]:
        """The tables, by name."""
        return {name: getattr(self, name) for name in ("overall", "items", "pairs", "wave_pairs")}

    @property
    def verdict(self) -> str:
        """Whether classes and transitions explain how answers go together, within waves and over time."""
        p, tests = self.overall.loc[ANY, "p_value"], self.overall.drop(ANY)
        if not self.flagged:
            return f"Nothing speaks against answers that are independent within classes and over waves (p = {p:.3f})."
        departs = tests[tests["p_value"] <= max(FLAGGED_BELOW, tests["p_value"].min())]
        what = "; ".join(
            IN_WORDS[name] if where == EVERY_ITEM else f"{IN_WORDS[name]}, {where}"
            for name, where in departs["where"].items()
        )
        return f"The classes and transitions do not explain all that goes together (p = {p:.3f}): {what}."


def check_waves(fit: Fit, step: int, seed: int, tails: Sequence[float], used: str) -> WaveCheck:
    """What `check_items` returns for a fit of several waves.

    Parameters
    ----------
    fit : Fit
    step : int
        Every `step`-th draw is used.
    seed : int
    tails : sequence of float
        Lower and upper tail of intervals.
    used : str
        What the tables rest on.
    """
    n_waves = len(paths_of(fit).waves)
    answered = fit.answered[fit.pattern_of_respondent].reshape(-1, n_waves, len(fit.items))
    fewest = FEWEST_TOGETHER if not all(fit.labels) else 1
    if not pairs_of_places(answered, fewest):
        few = "none" if fewest == 1 else f"fewer than {fewest}"
        raise ValueError(
            f"{few} of the {fit.n_respondents} persons answered two items at a wave, or an item at two waves that "
            "follow each other, so there are no pairs to compare; fit items that some persons answered together"
        )
    if all(fit.labels):
        discrepancies = wave_discrepancies(fit, step, seed)
        answers = fit.labels * n_waves, fit.codes, fit.count
        pairs, statistic = pair_rows(discrepancies, *answers, tails)
        items, places = item_rows(discrepancies, *answers, tails), discrepancies.pairs
        tests = _tests_of_categories(fit, discrepancies, statistic)
    else:
        places = [
            (t * len(fit.items) + j, u * len(fit.items) + h) for (t, j), (u, h) in pairs_of_places(answered, fewest)
        ]
        observed = moments(fit.answers_of_respondents, fit.answered[fit.pattern_of_respondent], places)
        replicated: Moments = replicated_moments(fit, step, seed, places)
        pairs, residual = moment_pair_rows(fit, places, observed, replicated, tails)
        items = moment_item_rows(fit, observed, replicated, tails)
        tests = _tests_of_numbers(fit, places, residual)
    waves, n_items = paths_of(fit).waves, len(fit.items)
    names = [(waves[place // n_items], fit.items[place % n_items]) for place in range(n_waves * n_items)]
    items.index = pd.MultiIndex.from_tuples(names, names=[WAVE, ITEM])
    over = np.array([_is_over_waves(pair, n_items) for pair in places])
    within = [(names[j][0], names[j][1], names[h][1]) for j, h in places if not _is_over_waves((j, h), n_items)]
    of_item = [(names[j][1], names[j][0], names[h][0]) for j, h in places if _is_over_waves((j, h), n_items)]
    n_apart = n_waves * n_items * (n_items - 1) // 2 + (n_waves - 1) * n_items - len(places)
    apart = f", {n_apart} more that nobody answered both of left out" if n_apart else ""

    def table(rows: pd.DataFrame, index: list[tuple], axes: list[str]) -> SummaryTable:
        rows = rows.set_axis(pd.MultiIndex.from_tuples(index, names=axes))
        return SummaryTable.of(rows, f"{used}; {_by_chance(len(rows))}")

    return WaveCheck(
        overall=SummaryTable.of(
            tests, f"{used}; {len(within)} pairs of items within waves, {len(of_item)} of waves{apart}"
        ),
        items=SummaryTable.of(items, f"{used}; {_by_chance(len(items))}"),
        pairs=table(pairs[~over], within, [WAVE, "item_1", "item_2"]),
        wave_pairs=table(pairs[over], of_item, [ITEM, "wave_1", "wave_2"]),
        n_draws=len(range(0, fit.n_draws, step)),
    )


def _by_chance(n_rows: int) -> str:
    return f"of {n_rows} rows about {FLAGGED_BELOW * n_rows:.1f} have a p_value below 0.05 by chance"


def _is_over_waves(pair: tuple[int, int], n_items: int) -> bool:
    """Whether a pair of columns is of two waves."""
    return pair[0] // n_items != pair[1] // n_items


def _tests_of_categories(fit: Fit, discrepancies: Discrepancies, statistic: np.ndarray) -> pd.DataFrame:
    """Statistics of shape (data set, draw), each with where it departs."""
    n_items, sizes = len(fit.items), [len(labels) for labels in fit.labels]
    over = np.array([_is_over_waves(pair, n_items) for pair in discrepancies.pairs])
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
    if over.any():
        of_items = [(sizes[j], sizes[h]) for (j, h), kept in zip(items, over, strict=True) if kept]
        trend = trend_of(discrepancies.pair[:, :, over], of_items)
        tests[LEVEL] = _level(trend), EVERY_ITEM
    return _rows(tests)


def _tests_of_numbers(fit: Fit, places: Sequence[tuple[int, int]], residual: np.ndarray) -> pd.DataFrame:
    """The same of correlations, whose departures stand in standard deviations, observed first, (1 + draw, pair)."""
    n_items = len(fit.items)
    over = np.array([_is_over_waves(pair, n_items) for pair in places])
    tests = {}
    for name, kept in ((WITHIN, ~over), (OVER_WAVES, over)):
        if kept.any():
            worst = np.flatnonzero(kept)[np.abs(residual[0, kept]).argmax()]
            tests[name] = np.abs(residual[:, kept]).max(axis=1), _where(fit, places[worst])
    if (~over).any():
        tests[TILT] = residual[:, ~over].sum(axis=1), EVERY_ITEM
    if over.any():
        tests[LEVEL] = residual[:, over].sum(axis=1), EVERY_ITEM
    return _rows(
        {
            name: (np.stack([np.full(len(values) - 1, values[0]), values[1:]]), where)
            for name, (values, where) in tests.items()
        }
    )


def _level(trend: np.ndarray) -> np.ndarray:
    """Sum of the trends of the same item at two waves, in standard deviations of replicated data; (data set, draw)."""
    together = trend.sum(axis=-1)
    return together / max(together[1].std(), np.finfo(float).tiny)


def _rows(tests: Mapping[str, tuple[np.ndarray, str]]) -> pd.DataFrame:
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
