"""Does a latent transition model reproduce the answers: items and pairs at each wave, an item at two waves, groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_lca.dims import ITEM, WAVE
from bayes_lca.fitted.column_levels import ColumnLevels
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.posterior.checks.item_check_rows import item_rows, pair_rows
from bayes_lca.posterior.checks.moment_check import (
    FEWEST_TOGETHER,
    Moments,
    moment_item_rows,
    moment_pair_rows,
    moments,
    replicated_moments,
)
from bayes_lca.posterior.checks.wave_discrepancies import pairs_of_places, wave_discrepancies
from bayes_lca.posterior.checks.wave_group_rows import (
    class_rows_of_groups,
    item_rows_of_groups,
    move_rows_of_groups,
)
from bayes_lca.posterior.checks.wave_groups import group_discrepancies
from bayes_lca.posterior.checks.wave_tests import (
    ANY,
    EVERY_ITEM,
    IN_WORDS,
    is_over_waves,
    rows_of_tests,
    tests_of_categories,
    tests_of_groups,
    tests_of_numbers,
)
from bayes_lca.table import SummaryTable
from bayes_lca.verdict import TablesWithVerdict

FLAGGED_BELOW = 0.05


@dataclass(frozen=True, repr=False, eq=False)
class WaveCheck(TablesWithVerdict):
    """Posterior predictive checks of answers at several waves, as `check_items` returns them.

    Attributes
    ----------
    overall : SummaryTable
        ``largest pair`` of items within a wave; ``largest wave pair``, the item whose answers at two waves depart most;
        ``common tilt`` of a set of items within waves; ``level over waves``, whether answers to the same item go
        together at waves that follow each other, and ``waves apart`` at others; ``largest group`` and ``moves of
        groups``, where there are groups; and ``any of these``, chance among them allowed for.
    items : SummaryTable
        Items at each wave, index ``wave``, ``item``.
    pairs : SummaryTable
        Pairs of items within each wave, index ``wave``, ``item_1``, ``item_2``.
    wave_pairs : SummaryTable
        The same item at two waves, index ``item``, ``wave_1``, ``wave_2``.
    n_draws : int
        Draws used, one replicated data set each.
    groups : SummaryTable or None
        Items of each group at each wave, index the group's column, ``wave``, ``item``.
    group_shares : SummaryTable or None
        Class shares of each group at each wave, index the group's column, ``wave``.
    group_moves : SummaryTable or None
        How many of each group move at each step, index the group's column and ``step``; None also where nobody with a
        group was seen after the first wave.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> check = bl.check_items(bl.load_example("waves"), n_draws=20)
    >>> list(check.tables), check.wave_pairs.index.names
    (['overall', 'items', 'pairs', 'wave_pairs'], FrozenList(['item', 'wave_1', 'wave_2']))
    >>> bl.check_items(bl.load_example("waves"), group="city", frame=bl.example_waves(), n_draws=20).groups.index[0]
    ('Qiqihar', '1', 'training')
    """

    overall: SummaryTable
    items: SummaryTable
    pairs: SummaryTable
    wave_pairs: SummaryTable
    n_draws: int
    groups: SummaryTable | None = None
    group_shares: SummaryTable | None = None
    group_moves: SummaryTable | None = None

    @property
    def flagged(self) -> bool:
        """Whether answers go together within classes or over waves: about 5 % of right models are flagged."""
        return bool(self.overall.loc[ANY, "p_value"] < FLAGGED_BELOW)

    @property
    def tables(self) -> dict[str, SummaryTable]:
        """The tables there are, by name."""
        names = ("overall", "items", "pairs", "wave_pairs", "groups", "group_shares", "group_moves")
        parts = {name: getattr(self, name) for name in names}
        return {name: table for name, table in parts.items() if table is not None}

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


def check_waves(
    fit: Fit, step: int, seed: int, tails: Sequence[float], used: str, levels: ColumnLevels | None = None
) -> WaveCheck:
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
    levels : ColumnLevels, optional
        Group of every person.
    """
    n_waves = len(paths_of(fit).waves)
    answered = fit.answered[fit.pattern_of_respondent].reshape(-1, n_waves, len(fit.items))
    fewest = FEWEST_TOGETHER if not all(fit.labels) else 1
    if not pairs_of_places(answered, fewest):
        few = "none" if fewest == 1 else f"fewer than {fewest}"
        raise ValueError(
            f"{few} of the {fit.n_respondents} persons answered two items at a wave, or an item at two waves, so there "
            "are no pairs to compare; fit items that some persons answered together"
        )
    of_groups = None if levels is None else group_discrepancies(fit, levels, step, seed)
    if all(fit.labels):
        discrepancies = wave_discrepancies(fit, step, seed)
        answers = fit.labels * n_waves, fit.codes, fit.count
        pairs, statistic = pair_rows(discrepancies, *answers, tails)
        items, places = item_rows(discrepancies, *answers, tails), discrepancies.pairs
        tests = rows_of_tests({**tests_of_categories(fit, discrepancies, statistic), **tests_of_groups(fit, of_groups)})
    else:
        places = [
            (t * len(fit.items) + j, u * len(fit.items) + h) for (t, j), (u, h) in pairs_of_places(answered, fewest)
        ]
        observed = moments(fit.answers_of_respondents, fit.answered[fit.pattern_of_respondent], places)
        replicated: Moments = replicated_moments(fit, step, seed, places)
        pairs, residual = moment_pair_rows(fit, places, observed, replicated, tails)
        items = moment_item_rows(fit, observed, replicated, tails)
        tests = rows_of_tests(tests_of_numbers(fit, places, residual))
    waves, n_items = paths_of(fit).waves, len(fit.items)
    names = [(waves[place // n_items], fit.items[place % n_items]) for place in range(n_waves * n_items)]
    items.index = pd.MultiIndex.from_tuples(names, names=[WAVE, ITEM])
    over = np.array([is_over_waves(pair, n_items) for pair in places])
    within = [(names[j][0], names[j][1], names[h][1]) for j, h in places if not is_over_waves((j, h), n_items)]
    of_item = [(names[j][1], names[j][0], names[h][0]) for j, h in places if is_over_waves((j, h), n_items)]
    n_apart = n_waves * n_items * (n_items - 1) // 2 + n_waves * (n_waves - 1) * n_items // 2 - len(places)
    apart = f", {n_apart} more that nobody answered both of left out" if n_apart else ""

    def table(rows: pd.DataFrame, index: list[tuple], axes: list[str]) -> SummaryTable:
        return noted(rows.set_axis(pd.MultiIndex.from_tuples(index, names=axes)))

    def noted(rows: pd.DataFrame, *more: str) -> SummaryTable:
        return SummaryTable.of(rows, "; ".join([used, _by_chance(len(rows)), *more]))

    given = "given all answers of a person"
    groups = {}
    if of_groups is not None:
        rows_of_groups = {
            "groups": (item_rows_of_groups(fit, of_groups, tails), []),
            "group_shares": (class_rows_of_groups(fit, of_groups, tails), [f"share: {given}"]),
            "group_moves": (move_rows_of_groups(fit, of_groups, tails), [f"moved: {given}"]),
        }
        groups = {
            name: noted(rows, *more, *of_groups.left_out) for name, (rows, more) in rows_of_groups.items() if len(rows)
        }
    order = f"; trends and tilt go by the {fit.undeclared_order}" if fit.undeclared_order else ""
    return WaveCheck(
        overall=SummaryTable.of(
            tests, f"{used}; {len(within)} pairs of items within waves, {len(of_item)} of waves{apart}{order}"
        ),
        items=noted(items),
        pairs=table(pairs[~over], within, [WAVE, "item_1", "item_2"]),
        wave_pairs=table(pairs[over], of_item, [ITEM, "wave_1", "wave_2"]),
        **groups,
        n_draws=len(range(0, fit.n_draws, step)),
    )


def _by_chance(n_rows: int) -> str:
    return f"of {n_rows} rows about {FLAGGED_BELOW * n_rows:.1f} have a p_value below 0.05 by chance"
