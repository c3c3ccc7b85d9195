"""Tables of the classes: how many belong to them, and how they answer."""

from collections.abc import Mapping
from typing import Protocol, cast

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import named
from bayes_lca.dims import AXES, CLASS, GROUP_CLASS, ITEM, WAVE
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_items import items_free_over_waves
from bayes_lca.fitted.free_profiles import free_by, in_sets, set_names
from bayes_lca.fitted.paths import paths_of
from bayes_lca.posterior.tables.group_classes import groups_in_words
from bayes_lca.posterior.tables.rows import CI_PROB, note_of, table_of, table_once
from bayes_lca.table import SummaryTable

AVERAGED = "averages over the waves, each of which has parameters of its own"
AVERAGED_OVER_SETS = "averages over {by}, each of which has parameters of its own, by their members"
AVERAGED_ITEMS = "of {items}, averages over the waves, each of which has its own"


def class_sizes(draws: xr.DataTree, *, by: str | None = None, ci_prob: float = CI_PROB) -> SummaryTable:
    r"""Share of each class; of a fit to several waves, at every wave.

    With covariates, the average over respondents of :math:`P(c \mid x_i, g_i)`. At a later wave, of
    :math:`P(z_{it} = c \mid x_{i1}, \dots, x_{it})`, over the persons who were seen then or later, whose covariates are
    known up to there.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    by : str, optional
        A category among the covariates and groups of the classes, such as the known class of `KnownClass`: the average
        over the respondents of each level.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per class, wave and class, or level and class: ``mean``, ``sd``, ``lower``, ``upper``, ``r_hat``,
        ``ess_bulk``, ``ess_tail``; of levels ``n`` first, the respondents of each.

    Raises
    ------
    ValueError
        If `by` is no category of the classes' formula, or is given for a fit of several waves, or for one that was
        saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.class_sizes(bl.load_example(), by="group").index[0]
    ('G1', 'C1')
    >>> bl.class_sizes(bl.load_example())["mean"].round(1).to_dict()
    {'C1': 0.7, 'C2': 0.3}
    """
    fit = Fit.of(draws, needs="class_sizes")
    if by is not None:
        return table_once(fit, ("class_sizes", by, ci_prob), lambda: _sizes_by(fit, by, ci_prob))
    return table_once(fit, ("class_sizes", ci_prob), lambda: _sizes(fit, ci_prob))


def _sizes(fit: Fit, ci_prob: float) -> SummaryTable:
    values = fit.hidden.class_sizes(fit)
    table = table_of(values, [str(axis) for axis in values.dims if axis not in ("chain", "draw")], fit, ci_prob)
    return SummaryTable.of(table, "\n".join(filter(None, [table.note, fit.hidden.class_sizes_note(fit)])))


def class_profiles(
    draws: xr.DataTree, *, by_wave: bool = False, by: str | None = None, ci_prob: float = CI_PROB
) -> SummaryTable:
    """Probability of each answer in each class; of items that are numbers, their parameters.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    by_wave : bool, default False
        A table of every wave, of a fit with ``measurement_over_time="free"`` or a list of free items, in place of
        averages over waves; items that are equal over waves change by 0.
    by : str, optional
        What classes have profiles of their own in, of a fit with ``profiles="free"``: ``"group_class"`` of
        `GroupClasses`, or the column of `KnownClass`; in place of averages over these.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per class, item and category, in the columns of `class_sizes`; categories by the labels of their item,
        in its order, which the note says. Of items that are numbers, one row per class, item and parameter: the mean
        and the standard deviation within the class, in the units of the item. With `by_wave` one row per wave and all
        of these, and beside it ``change``, the difference to the first wave, with its interval ``change_lower`` to
        ``change_upper``; with `by` one row per group class or population, and
        ``difference`` to the first in the same way.

    Raises
    ------
    ValueError
        If the classes are observed, or `by_wave` or `by` is asked for where there is one set of parameters.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> bl.class_profiles(bl.load_example()).index[0]
    ('C1', 'training', 'decrease')
    """
    fit = Fit.of(draws, needs="class_profiles")
    if by_wave:
        return table_once(fit, ("class_profiles", WAVE, ci_prob), lambda: _profiles_by_wave(fit, ci_prob))
    if by is not None:
        return table_once(fit, ("class_profiles", by, ci_prob), lambda: _profiles_by(fit, by, ci_prob))
    return table_once(fit, ("class_profiles", ci_prob), lambda: _profiles(fit, ci_prob))


def _sizes_by(fit: Fit, by: str, ci_prob: float) -> SummaryTable:
    """Average class probabilities of the respondents of each level."""
    fit.require_respondents("class sizes by level")
    if [axis for axis in fit.hidden.class_sizes(fit).dims if axis not in ("chain", "draw", CLASS)]:
        raise ValueError(
            f"by={by!r}: the {fit.n_respondents} persons of this fit are in a class at every wave, and a level may be "
            "that of one wave; leave by out, or fit the level's persons by themselves"
        )
    groups = [name for name in fit.formula.columns if name not in fit.formula.covariates]
    if by in AXES:
        raise ValueError(
            f"by={by!r}: tables of this fit of {fit.n_respondents} respondents have {by!r} for something else; rename "
            "the column of the frame, and fit again"
        )
    if by not in fit.levels and by not in groups:
        raise ValueError(
            f"by={by!r} is no category of the formula {fit.formula.text!r} of this fit of {fit.n_respondents} "
            f"respondents; choose from {named([*fit.levels, *groups]) or 'none'}"
        )
    value = fit.covariate_of_pattern(by)
    of_level = {level: (value == level) * fit.weight for level in fit.levels.get(by, sorted(set(value.tolist())))}
    levels = [level for level, weight in of_level.items() if weight.any()]
    weight = np.stack([of_level[level] for level in levels], axis=1)  # (pattern, level)
    weight = weight / weight.sum(axis=0)
    everybody = np.arange(len(fit.count))
    share = [
        np.einsum("sic,il->slc", np.exp(fit.log_class(everybody, which)), weight) for which in fit.blocks(len(value))
    ]
    values = xr.DataArray(
        fit.by_chain(np.concatenate(share)),
        dims=("chain", "draw", by, CLASS),
        coords={**fit.chain_coords, by: levels, CLASS: list(fit.classes)},
    )
    table = table_of(values, [by, CLASS], fit, ci_prob)
    members = {level: int(fit.count[value == level].sum()) for level in levels}
    table.insert(0, "n", table.index.get_level_values(by).map(members))
    return table


class _Tabulated(Protocol):
    def profile_values(self, fit) -> xr.DataArray: ...


def _profiles(fit: Fit, ci_prob: float) -> SummaryTable:
    values = cast(_Tabulated, fit.answers).profile_values(fit)
    (last,) = set(map(str, values.dims)) - {"chain", "draw", CLASS, ITEM}
    table = table_of(values, [CLASS, ITEM, last], fit, ci_prob)
    note = "; ".join(filter(None, [table.note, averages_note(fit), fit.answers.profile_note(fit), fit.items_in_words]))
    return SummaryTable.of(fit.answers.in_order(table, fit), note)


def averages_in_words(fit: Fit) -> str:
    """Which profiles of `class_profiles` are averages over waves, group classes or populations, for a note."""
    if by := free_by(fit):
        return AVERAGED_OVER_SETS.format(by=by)
    free = items_free_over_waves(fit)
    if not free:
        return ""
    return AVERAGED if len(free) == len(fit.items) else AVERAGED_ITEMS.format(items=named(free))


def averages_note(fit: Fit) -> str:
    """The same, and where each of them is to be had."""
    by, averages = free_by(fit), averages_in_words(fit)
    asked = f'by="{by}"' if by else "by_wave=True"
    return f"{averages}: class_profiles(draws, {asked})" if averages else ""


def _profiles_by_wave(fit: Fit, ci_prob: float) -> SummaryTable:
    if not (free := items_free_over_waves(fit)):
        raise ValueError(
            f"by_wave=True: the {fit.n_respondents} respondents of this fit have one set of item parameters at all "
            'times; fit LatentTransition with measurement_over_time="free", or a list of the items that are free'
        )
    paths = paths_of(fit)
    each = {wave: paths.parameters_at(place) for place, wave in enumerate(paths.waves)}
    shared = "" if len(free) == len(fit.items) else f"all waves share the items but for {named(free)}"
    return _profiles_in_each(fit, WAVE, each, "change", ci_prob, shared)


def _profiles_by(fit: Fit, by: str, ci_prob: float) -> SummaryTable:
    if by != free_by(fit) or not by:
        own = f"{free_by(fit)!r} alone" if free_by(fit) else "nothing"
        remedy = 'fit GroupClasses or KnownClass with profiles="free"'
        raise ValueError(
            f"by={by!r}: the classes of this fit of {fit.n_respondents} respondents have profiles of their own in "
            f"{own}; {f'give by="{free_by(fit)}"' if free_by(fit) else remedy}"
        )
    each = dict(zip(set_names(fit), in_sets(fit), strict=True))
    return _profiles_in_each(fit, by, each, "difference", ci_prob, members_in_words(fit))


def members_in_words(fit: Fit) -> str:
    """How many respondents are in each population, or groups most likely in each group class, if rows are known."""
    by = free_by(fit)
    if not by or not fit.holds_respondents:
        return ""
    if by == GROUP_CLASS:
        return groups_in_words(fit)
    value = fit.covariate_of_pattern(by)
    members = {name: int(fit.count[value == name].sum()) for name in set_names(fit)}
    return "respondents: " + ", ".join(f"{n} in {name}" for name, n in members.items())


def _profiles_in_each(
    fit: Fit, axis: str, each: Mapping[str, Fit], compared: str, ci_prob: float, shared: str = ""
) -> SummaryTable:
    """Profiles of fits with other item parameters below each other, each compared with the first."""
    tables, first = [], None
    for of_one in each.values():
        values = cast(_Tabulated, fit.answers).profile_values(of_one)
        first = values if first is None else first
        (last,) = set(map(str, values.dims)) - {"chain", "draw", CLASS, ITEM}
        axes = [CLASS, ITEM, last]
        table, difference = (table_of(shown, axes, fit, ci_prob) for shown in (values, values - first))
        table[[compared, f"{compared}_lower", f"{compared}_upper"]] = difference[["mean", "lower", "upper"]]
        tables.append(pd.DataFrame(fit.answers.in_order(table, fit)))
    frame = pd.concat(tables, keys=list(each), names=[axis])
    note = "; ".join(filter(None, [note_of(fit, ci_prob), shared, fit.answers.profile_note(fit), fit.items_in_words]))
    what = f"{axis} {next(iter(each))}".removeprefix(f"{GROUP_CLASS} ")
    return SummaryTable.of(frame, f"{note}; {compared} from {what}")
