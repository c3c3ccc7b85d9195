"""Probabilities of moving from class to class: averages over persons, or of profiles, in these groups or a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from scipy import sparse

from bayes_lca.data.design import Design
from bayes_lca.data.formula import read_formula
from bayes_lca.data.frame import Frame, check_whole, named
from bayes_lca.dims import of_transition
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.moves import move_probabilities
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.random_effects import RandomEffectDraws, effects_of_new_groups
from bayes_lca.fitted.transition_design import persons_of_moves, transition_design
from bayes_lca.posterior.effects.covariate_rows import Rows, cross, sample_rows
from bayes_lca.posterior.effects.estimand import Group, estimand
from bayes_lca.posterior.effects.standardise import averages_of
from bayes_lca.posterior.effects.stated_profiles import profile_names, read_profiles, stated_and_averaged
from bayes_lca.posterior.effects.target_table import index_of
from bayes_lca.posterior.tables.rows import CI_PROB, table_of
from bayes_lca.table import SummaryTable, tail_probabilities

ORIGIN, DESTINATION, STEP_COLUMN = "origin", "destination", "step"
ALL_STEPS = "all steps"
NUMBERS_AT_ONCE = 2**21
"""Draws x rows x moves held in memory at a time."""


def transition_probabilities(
    draws: xr.DataTree,
    profiles: Frame | None = None,
    *,
    average_over: Sequence[str] | Literal["rest"] = (),
    group: Group = "these",
    seed: int = 1,
    ci_prob: float = CI_PROB,
) -> SummaryTable:
    r"""Probabilities of moving from each class to each, :math:`P(z_t = d \mid z_{t-1} = c, x, g)`, with intervals.

    Without `profiles`, the average over the persons who come to a wave, whatever class they are in before,

    .. math:: \frac{1}{n_t} \sum_i P(z_t = d \mid z_{t-1} = c, x_{it}, g_{it}),

    so that classes and steps are compared among the same persons; `stayers_and_movers` counts those who are in each
    class. Over all persons and over each group's own. With `profiles`, one table of moves for each; covariates named in
    `average_over` keep the values of the persons and are averaged over.

    Two estimands, never mixed in one table: ``group="these"`` speaks of the groups of the data, ``group="new"`` of one
    that was not seen, whose effects are drawn from the distribution of groups anew in every draw.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of `LatentTransition`.
    profiles : data frame, optional
        One row per profile, a column for every covariate of the formula of the transitions. With the group's columns,
        each profile moves in the group it names. Without them, in every group and overall, each group counted by its
        moves.
    average_over : sequence of str or "rest"
        Covariates that `profiles` leaves out; ``"rest"`` for all of these.
    group : {"these", "new"}
    seed : int, default 1
        Of the draws of the new group.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals.

    Returns
    -------
    SummaryTable
        One row per profile, group, step, origin and destination, in the columns of `class_sizes`, and ``n``, the moves
        averaged over; of profiles in a group that they name, those of all persons. ``all steps`` averages over the
        moves of all steps; it stands alone where steps do not differ. A group has no row of a step in which nobody of
        it moves.

    Raises
    ------
    TypeError
        If `draws` is no fit.
    ValueError
        If the fit is of another model, profiles lack a covariate or have a level or group that the fit has not seen, or
        a new group is asked of transitions without groups.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Vermunt, J. K., Langeheine, R. & Bockenholt, U. (1999). Discrete-time discrete-state latent Markov models with
    time-constant and time-varying covariates. Journal of Educational and Behavioral Statistics 24(2), 179-207.
    doi 10.3102/10769986024002179

    Examples
    --------
    >>> import bayes_lca as bl
    >>> table = bl.transition_probabilities(bl.load_example("waves"))
    >>> table.loc[("overall", "these 5 groups", "all steps", "C1"), "mean"].sum().round(6)
    np.float64(1.0)
    """
    fit = Fit.of(draws, needs="transition_probabilities")
    tail_probabilities(ci_prob)
    design, step = fit.once("transition design", lambda: transition_design(fit))
    weight = np.ones(len(step)) if fit.survey_weight is None else fit.survey_weight[persons_of_moves(fit)]
    _check_group(design, group, seed)
    formula = read_formula(design.formula)
    stated, averaged = stated_and_averaged(formula, profiles, average_over)
    chosen = read_profiles(formula, design, profiles, stated, group)
    in_groups = design.groupings if group == "these" and not chosen.group else ()
    moves = [
        _moves_of_step(
            *(fit, _of_rows(design, step == place), weight[step == place], place),
            *(chosen, averaged, in_groups, group, seed),
        )
        for place in range(len(paths_of(fit).steps))
    ]
    labels, shown = moves[0].labels, [_all_steps(moves)]
    if averaged or in_groups or not paths_of(fit).equal_over_time:
        shown = [*moves, *shown] if len(moves) > 1 else moves
    names = [*paths_of(fit).steps, ALL_STEPS] if len(shown) > 1 else [ALL_STEPS]
    notes = [
        estimand(design, group),
        f"averaged over the {named(averaged)} of the persons who come to a wave" if averaged else "",
        "a group's row over its own persons" if in_groups else "",
    ]
    if profiles is not None:
        of_profiles, constant = profile_names(profiles, stated)
        labels = labels.assign(profile=np.repeat(of_profiles, len(labels) // len(of_profiles)))
        labels = labels[["profile", *labels.columns.drop("profile")]]
        notes.append(constant)
    return _table(fit, labels, dict(zip(names, shown, strict=True)), ci_prob, [note for note in notes if note])


@dataclass(frozen=True)
class _Moves:
    """Averages of one step, or of all.

    Attributes
    ----------
    labels : pandas.DataFrame
        Of the targets.
    values : ndarray, shape (draw, target, origin, destination)
    n : ndarray of int, shape (target,)
        Moves behind each.
    weight : ndarray, shape (target,)
        What these count for: survey weights of their persons, added up, or their number.
    """

    labels: pd.DataFrame
    values: np.ndarray
    n: np.ndarray
    weight: np.ndarray


def _check_group(design: Design, group: str, seed: int) -> None:
    if group not in ("these", "new"):
        raise ValueError(f'group={group!r}: choose "these" (the groups of the data) or "new" (a group not seen)')
    if group == "new" and not design.groupings:
        raise ValueError(
            f'group="new": formula {design.formula!r} of the transitions has no groups to draw a new one from; add '
            "(1 | group)"
        )
    check_whole(least=0, seed=seed)


def _of_rows(design: Design, which: np.ndarray) -> Design:
    """The design of some moves, their covariates among them."""
    return replace(design.take(which), covariates=design.covariates[which].reset_index(drop=True))


def _moves_of_step(
    fit, design, of_move: np.ndarray, step: int, chosen: Rows, averaged, in_groups, group: Group, seed: int
) -> _Moves:
    rest, count = sample_rows(design, averaged, [each for each in design.groupings if in_groups], of_move)
    effects, labels, weight = None, pd.DataFrame(index=[0]), sparse.csr_array((count / count.sum())[None, :])
    behind = [np.array([len(of_move)]), np.array([of_move.sum()])]  # moves, and what they count for
    if group == "new":
        rng, name = np.random.default_rng(seed), max(design.groupings, key=lambda each: len(each.levels)).name
        effects = {
            each.name: effects_of_new_groups(fit, of_transition(each.name), slice(None), rng)
            for each in design.groupings
        }
        labels = pd.DataFrame([(name, "a new group")], columns=["grouping", "group"])
        rest = Rows(rest.covariates, {name: np.zeros(len(rest), dtype=int) for name in effects})
    elif in_groups:
        with np.errstate(invalid="ignore"):  # a group without moves in this step has no average, and no row
            average = averages_of(fit, design, rest, count, group, seed)
        labels, weight = average.labels, average.weight
        of_groups = [
            [np.bincount(each.index, weights, len(each.levels)) for each in design.groupings]
            for weights in (np.ones(len(of_move)), of_move)
        ]
        behind = [np.concatenate([all_of_them, *parts]) for all_of_them, parts in zip(behind, of_groups, strict=True)]
    rows = cross(chosen, rest)
    each = sparse.csr_array(sparse.kron(sparse.eye_array(len(chosen)), weight))
    values = _averages(fit, step, design.evaluate(rows.covariates), rows.group, each, effects)
    labels = labels.iloc[np.tile(np.arange(len(labels)), len(chosen))].reset_index(drop=True)
    if chosen.group:
        finest = max(design.groupings, key=lambda each: len(each.levels))
        labels["grouping"] = finest.name
        labels["group"] = np.array(finest.levels)[chosen.group[finest.name]]
    n, counted = (np.tile(each, len(chosen)) for each in behind)
    return _Moves(labels, values, n.astype(int), counted)


def _averages(
    fit: Fit,
    step: int,
    matrix: np.ndarray,
    group: Mapping[str, np.ndarray],
    weight: sparse.csr_array,
    effects: Mapping[str, RandomEffectDraws] | None,
) -> np.ndarray:
    """Weighted averages over rows of their probabilities of moving, shape (draw, target, origin, destination)."""
    k, averages = len(fit.classes), []
    groups = {of_transition(name): index for name, index in group.items()}
    at_once = max(1, NUMBERS_AT_ONCE // (len(matrix) * k * k))
    for start in range(0, fit.n_draws, at_once):
        which = slice(start, min(start + at_once, fit.n_draws))
        of_draws = effects and {of_transition(name): each.in_draws(which) for name, each in effects.items()}
        moves = move_probabilities(paths_of(fit), which, step, matrix, groups, of_draws)
        moves = np.broadcast_to(moves, (*moves.shape[:3], len(matrix)))
        by_row = moves.reshape(-1, len(matrix)).T
        averaged = (weight @ by_row).reshape(weight.shape[0], k, k, -1)  # (target, origin, destination, draw)
        averages.append(np.moveaxis(averaged, -1, 0))
    return np.concatenate(averages)


def _all_steps(moves: list[_Moves]) -> _Moves:
    """The average over the moves of all steps."""
    n, weight = (np.stack([getattr(each, name) for each in moves]) for name in ("n", "weight"))  # (step, target)
    share = (weight / weight.sum(axis=0))[:, None, :, None, None]
    values = sum(np.where(part > 0, part * each.values, 0) for part, each in zip(share, moves, strict=True))
    return _Moves(moves[0].labels, values, n.sum(axis=0), weight.sum(axis=0))


def _table(fit: Fit, labels: pd.DataFrame, shown: dict[str, _Moves], ci_prob: float, notes: list[str]) -> SummaryTable:
    """A row for each target, step, origin and destination."""
    values = np.stack([each.values for each in shown.values()], axis=2)  # (draw, target, step, origin, destination)
    classes, axes = list(fit.classes), ["target", STEP_COLUMN, ORIGIN, DESTINATION]
    array = xr.DataArray(
        fit.by_chain(values),
        dims=("chain", "draw", *axes),
        coords={**fit.chain_coords, "target": np.arange(len(labels)), STEP_COLUMN: list(shown), ORIGIN: classes}
        | {DESTINATION: classes},
    )
    table = table_of(array, axes, fit, ci_prob)
    target = table.index.get_level_values("target").to_numpy()
    columns = {name: labels[name].to_numpy()[target] for name in labels}
    columns |= {axis: table.index.get_level_values(axis).to_numpy() for axis in axes[1:]}
    frame = pd.DataFrame(table).set_axis(index_of(columns))
    n = {(name, place): each.n[place] for name, each in shown.items() for place in range(len(labels))}
    frame.insert(0, "n", [n[pair] for pair in zip(columns[STEP_COLUMN], target, strict=True)])
    return SummaryTable.of(frame, "\n".join([table.note, *notes]))
