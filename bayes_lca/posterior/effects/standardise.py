"""Class shares averaged over rows of covariates: the one calculation behind predictions, effects and comparisons."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from scipy import sparse

from bayes_lca.data.design import Design, Grouping
from bayes_lca.data.frame import check_whole
from bayes_lca.data.responses import unique_rows
from bayes_lca.fitted.axes import class_axis, groupings
from bayes_lca.fitted.class_logits import DRAWS_AT_ONCE, log_shares_of
from bayes_lca.fitted.design import finest
from bayes_lca.fitted.random_effects import GroupEffects, new_groups
from bayes_lca.posterior.tables.class_tables import table_of
from bayes_lca.table import SummaryTable

NUMBERS_AT_ONCE = 2_000_000
"""Draws x rows x classes held in memory at a time."""

Group = Literal["these", "new"]


@dataclass(frozen=True)
class Rows:
    """Rows of covariates with their groups.

    Attributes
    ----------
    covariates : pandas.DataFrame, shape (row, covariate)
    group : mapping of str to ndarray of int, shape (row,)
        Position of each row's group, by grouping.
    """

    covariates: pd.DataFrame
    group: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.covariates)

    def take(self, places: np.ndarray) -> "Rows":
        """Rows by position, which may repeat."""
        group = {name: index[places] for name, index in self.group.items()}
        return Rows(self.covariates.iloc[places].reset_index(drop=True), group)


def sample_rows(design: Design, covariates: Sequence[str], kept: Sequence[Grouping]) -> tuple[Rows, np.ndarray]:
    """Distinct rows of some covariates and groupings among the respondents, and how many respondents have each."""
    columns = design.covariates[list(covariates)]
    codes = [values.cat.codes if hasattr(values, "cat") else values for _, values in columns.items()]
    everybody = np.zeros(len(columns))
    distinct = unique_rows(everybody, *codes, *(grouping.index for grouping in kept))
    rows = Rows(columns, {grouping.name: grouping.index for grouping in kept})
    return rows.take(distinct.first), distinct.count


def cross(profiles: Rows, rest: Rows) -> Rows:
    """Each profile with every row of the rest: all rows of the first profile, then of the second."""
    one = profiles.take(np.repeat(np.arange(len(profiles)), len(rest)))
    other = rest.take(np.tile(np.arange(len(rest)), len(profiles)))
    return Rows(pd.concat([one.covariates, other.covariates], axis=1), {**one.group, **other.group})


@dataclass(frozen=True)
class Averages:
    """What rows are averaged into.

    Attributes
    ----------
    rows : Rows
    labels : pandas.DataFrame, shape (target, 2) or (1, 0)
        Columns ``grouping`` and ``group``, none where nothing but the covariates counts.
    weight : sparse array, shape (target, row)
        Each target's weights add up to 1.
    effects : dict of str to GroupEffects, optional
        Of a new group, in place of those of the groups that were seen.
    """

    rows: Rows
    labels: pd.DataFrame
    weight: sparse.csr_array
    effects: dict[str, GroupEffects] | None = None


def averages_of(draws: xr.DataTree, design: Design, rows: Rows, count: np.ndarray, group: Group, seed: int) -> Averages:
    """Averages over rows that `count` respondents share: over all, over those of each group, or all in a new group.

    Rows without groups, or moved to a new group, have one average: over all of them. The same seed gives the same new
    group.
    """
    everybody = sparse.csr_array((count / count.sum())[None, :])
    if group == "new":
        rng = np.random.default_rng(seed)
        effects = {name: new_groups(draws, name, slice(None), rng) for name in groupings(draws)}
        label = pd.DataFrame([(finest(design).name, "a new group")], columns=["grouping", "group"])
        moved = Rows(rows.covariates, {name: np.zeros(len(rows), dtype=int) for name in effects})
        return Averages(moved, label, everybody, effects)
    kept = [grouping for grouping in design.groupings if grouping.name in rows.group]
    if not kept:
        return Averages(rows, pd.DataFrame(index=[0]), everybody)
    labels, weight = [("overall", f"these {len(finest(design).levels)} groups")], [np.ones(len(rows))]
    for grouping in kept:
        labels += [(grouping.name, level) for level in grouping.levels]
        weight += [rows.group[grouping.name] == position for position in range(len(grouping.levels))]
    weight = np.array(weight) * count
    weight = sparse.csr_array(weight / weight.sum(axis=1, keepdims=True))
    return Averages(rows, pd.DataFrame(labels, columns=["grouping", "group"]), weight)


def shares_in_blocks(
    draws: xr.DataTree,
    matrix: np.ndarray,
    group: Mapping[str, np.ndarray],
    effects: Mapping[str, GroupEffects] | None = None,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Class probabilities at rows of a design, some draws at a time.

    Parameters
    ----------
    draws : xarray.DataTree
    matrix : ndarray, shape (row, term)
    group : mapping of str to ndarray of int, shape (row,)
    effects : mapping of str to GroupEffects, optional
        Of all draws, in place of those of the groups that were seen.

    Yields
    ------
    which : slice
        Draws, chains after each other.
    share : ndarray, shape (draw, row, latent_class)
    """
    sizes = draws["posterior"].sizes
    n_draws, n_classes = sizes["chain"] * sizes["draw"], sizes[class_axis(draws)]
    step = int(np.clip(NUMBERS_AT_ONCE // (max(len(matrix), 1) * n_classes), 1, DRAWS_AT_ONCE))
    for start in range(0, n_draws, step):
        which = slice(start, min(start + step, n_draws))
        some = {
            name: GroupEffects(of.intercept[which], None if of.slope is None else of.slope[which])
            for name, of in (effects or {}).items()
        }
        share = np.exp(log_shares_of(draws, matrix, group, which, some))
        yield which, np.broadcast_to(share, (which.stop - which.start, len(matrix), n_classes))


def average_shares(
    draws: xr.DataTree,
    design: Design,
    rows: Rows,
    weight: sparse.csr_array,
    effects: Mapping[str, GroupEffects] | None = None,
) -> np.ndarray:
    r"""Weighted sums of class probabilities, :math:`\sum_r w_{tr} P(c \mid x_r, g_r)`, in every draw.

    Parameters
    ----------
    draws : xarray.DataTree
    design : Design
        Of the fit: new rows are encoded by its formula.
    rows : Rows
    weight : sparse array, shape (target, row)
    effects : mapping of str to GroupEffects, optional

    Returns
    -------
    ndarray, shape (draw, target, latent_class)
    """
    matrix, _ = design.encode(rows.covariates)
    sums = []
    for which, share in shares_in_blocks(draws, matrix, rows.group, effects):
        by_row = share.transpose(1, 0, 2).reshape(len(rows), -1)  # (row, draw-class)
        summed = (weight @ by_row).reshape(weight.shape[0], which.stop - which.start, -1)
        sums.append(summed.transpose(1, 0, 2))
    return np.concatenate(sums)


def table_of_targets(
    values: np.ndarray, labels: pd.DataFrame, draws: xr.DataTree, ci_prob: float, *notes: str
) -> SummaryTable:
    """Summarise values of shape (draw, target, latent_class); a row per target and class, labels and class as index."""
    posterior, axis = draws["posterior"], class_axis(draws)
    shaped = values.reshape(posterior.sizes["chain"], posterior.sizes["draw"], *values.shape[1:])
    coords = {"chain": posterior["chain"], "draw": posterior["draw"], axis: posterior[axis]}
    array = xr.DataArray(shaped, dims=("chain", "draw", "target", axis), coords=coords)
    table = table_of(array.assign_coords(target=np.arange(values.shape[1])), ["target", axis], draws, ci_prob)
    target, classes = (table.index.get_level_values(level) for level in ("target", axis))
    columns = {name: labels[name].to_numpy()[target] for name in labels} | {axis: classes.to_numpy()}
    return SummaryTable.of(pd.DataFrame(table).set_axis(index_of(columns)), "\n".join([table.note, *notes]))


def index_of(columns: Mapping[str, np.ndarray]) -> pd.Index:
    """Row names whose levels keep the order in which they appear, so that pandas finds rows without a search."""
    if len(columns) == 1:
        return pd.Index(*columns.values(), name=next(iter(columns)))
    codes, levels = zip(*(pd.factorize(values) for values in columns.values()), strict=True)
    return pd.MultiIndex(levels=levels, codes=codes, names=list(columns))


def check_group(draws: xr.DataTree, group: str, seed: int) -> None:
    """Refuse an estimand that does not exist, or that these draws cannot give.

    Raises
    ------
    ValueError
        If `group` is neither ``"these"`` nor ``"new"``, a new group is asked of a fit without groups, or `seed` is no
        whole number.
    """
    if group not in ("these", "new"):
        raise ValueError(f'group={group!r}: choose "these" (the groups of the data) or "new" (a group not seen)')
    if group == "new" and not groupings(draws):
        raise ValueError(
            f'group="new": formula {draws.attrs["formula"]!r} has no groups to draw a new one from; add (1 | group)'
        )
    check_whole(least=0, seed=seed)


def estimand(design: Design, group: Group) -> str:
    """Which groups the numbers speak of, as one line."""
    if not design.groupings:
        return "estimand: everybody alike; the formula has no groups"
    names = " and ".join(repr(grouping.name) for grouping in design.groupings)
    if group == "new":
        return (
            f"estimand: a new group, its effects of {names} drawn anew in every draw from the distribution of groups; "
            "the same new group in every row"
        )
    return f"estimand: these {len(finest(design).levels)} groups, with the effects of {names} estimated for them"
