"""Does a latent transition model reproduce each group: answers to items at every wave, and how many move."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_lca.data.answered import is_missing
from bayes_lca.data.frame import check_columns, column, named
from bayes_lca.data.waves import Waves, known_waves, rows_at
from bayes_lca.dims import ITEM, STEP, WAVE
from bayes_lca.fitted.column_levels import ColumnLevels, column_levels, levels_of
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.record_sequences import PERSON_COLUMN, WAVE_COLUMN
from bayes_lca.posterior.checks.direct_effects import LEAST_VARIANCE
from bayes_lca.posterior.checks.predictive_p import posterior_predictive_p
from bayes_lca.posterior.checks.wave_contributions import TransitionColumns, WaveContributions
from bayes_lca.posterior.checks.wave_parameters import WaveParameters, wave_parameters


@dataclass(frozen=True, eq=False)
class GroupDiscrepancies:
    """Departures of groups, one value of everything per draw used; data set 0 is observed, 1 replicated.

    Attributes
    ----------
    levels : ColumnLevels
        Group of every person.
    answers : ndarray, shape (data set, draw, group, wave, item, category)
        Counts.
    answers_expected : ndarray, shape (draw, group, wave, item, category)
        Given covariates and group, before answers are seen.
    moves : ndarray, shape (data set, draw, group, step)
        Persons who moved to another class, given all answers.
    moves_expected : ndarray, shape (draw, group, step)
        Given covariates and group, before answers are seen.
    persons : ndarray of int, shape (group, step)
        Who were seen after the step or later.
    """

    levels: ColumnLevels
    answers: np.ndarray
    answers_expected: np.ndarray
    moves: np.ndarray
    moves_expected: np.ndarray
    persons: np.ndarray

    @property
    def left_out(self) -> list[str]:
        """Persons without a group, as a part of a note; nothing where all have one."""
        n = int((self.levels.index < 0).sum())
        return [f"{n} of {len(self.levels.index)} persons without {self.levels.name!r} left out"] if n else []

    @property
    def answer_statistic(self) -> np.ndarray:
        """Sum over categories of (counted - expected)^2 / expected, (data set, draw, group, wave, item)."""
        return ((self.answers - self.answers_expected) ** 2 / np.maximum(self.answers_expected, LEAST_VARIANCE)).sum(-1)

    @property
    def move_statistic(self) -> np.ndarray:
        """The same of those who moved and those who stayed, shape (data set, draw, group, step)."""
        stayed = np.maximum(self.persons - self.moves_expected, LEAST_VARIANCE)
        moved = np.maximum(self.moves_expected, LEAST_VARIANCE)
        return (self.moves - self.moves_expected) ** 2 * (1 / moved + 1 / stayed)


def group_discrepancies(fit: Fit, levels: ColumnLevels, step: int, seed: int) -> GroupDiscrepancies:
    r"""Departures of groups in every `step`-th draw, each with one replicated data set.

    Of group g at wave t, counts of answers beside :math:`\sum_{i \in g} \sum_c P(z_{it} = c \mid x_i) \rho_{cjk}`, and
    of a step :math:`\sum_{i \in g} P(z_{it} \ne z_{i,t+1} \mid y_i, x_i)` beside the same before answers are seen.

    Parameters
    ----------
    fit : Fit
    levels : ColumnLevels
    step : int
    seed : int
        Of the replicated answers.
    """
    paths, rng = paths_of(fit), np.random.default_rng(seed)
    n_waves, n_items = len(paths.waves), len(fit.items)
    codes = fit.answers_of_respondents.reshape(-1, n_waves, n_items)
    member, columns = levels.indicator, TransitionColumns.of(fit)  # (respondent, group)
    made = paths.moved[fit.pattern_of_respondent]  # (respondent, step)
    answers, moves, answers_expected, moves_expected = ([], []), ([], []), [], []
    for parameters in wave_parameters(fit, step):
        answers_expected.append(_expected_answers(parameters, codes >= 0, member))
        moves_expected.append(_expected_moves(parameters, made, member))
        for data_set, given in enumerate((codes, parameters.replicate(codes, rng))):
            added = WaveContributions.of(given, parameters, columns)
            answers[data_set].append(np.einsum("tjik,ig->gtjk", added.chosen, member, optimize=True))
            stayed = np.einsum("sccqi->is", added.moves)
            moves[data_set].append(member.T @ (made * (1 - stayed)))
    return GroupDiscrepancies(
        levels,
        np.array(answers),
        np.array(answers_expected),
        np.array(moves),
        np.array(moves_expected),
        (member.T @ made).astype(int),
    )


def _expected_answers(parameters: WaveParameters, answered: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Counts expected given covariates and group, shape (group, wave, item, category)."""
    rho = np.einsum("tcqjk,q->tcjk", parameters.rho, parameters.weight)
    weighted = np.einsum("tci,itj,ig->gtcj", parameters.share, answered.astype(float), member, optimize=True)
    return np.einsum("gtcj,tcjk->gtjk", weighted, rho)


def _expected_moves(parameters: WaveParameters, made: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Persons expected to move at each step, shape (group, step)."""
    staying = [np.einsum("cci->ci", each) for each in parameters.transition]  # (latent_class, respondent)
    moving = np.stack(
        [(share * (1 - stay)).sum(axis=0) for share, stay in zip(parameters.share, staying, strict=False)]
    )
    return member.T @ (made * moving.T)


def item_rows_of_groups(fit: Fit, found: GroupDiscrepancies, tails: Sequence[float]) -> pd.DataFrame:
    """A row for each group, wave and item: the category that departs most, for its standard deviation."""
    realised, replicated = found.answer_statistic
    waves, rows = paths_of(fit).waves, {}
    for g, t, j in np.ndindex(realised.shape[1:]):
        labels = fit.labels[j]
        counted = found.answers[:, :, g, t, j, : len(labels)]  # (data set, draw, category)
        expected = found.answers_expected[:, g, t, j, : len(labels)]
        n = int(counted[0, 0].sum())
        if not n:
            continue
        size = np.maximum(expected.mean(axis=0), LEAST_VARIANCE)
        worst = int((np.abs(counted[0, 0] - expected.mean(axis=0)) / np.sqrt(size)).argmax())
        points = 100 * (counted[:, :, worst] - expected[:, worst]) / n
        lower, upper = np.quantile(points[0] - points[1], tails)
        rows[found.levels.labels[g], waves[t], fit.items[j]] = {
            "p_value": posterior_predictive_p(realised[:, g, t, j], replicated[:, g, t, j]),
            "discrepancy": realised[:, g, t, j].mean(),
            "expected": replicated[:, g, t, j].mean(),
            "category": labels[worst],
            "observed": int(counted[0, 0, worst]),
            "expected_count": expected[:, worst].mean(),
            "difference": points[0].mean(),
            "lower": lower,
            "upper": upper,
            "n": n,
        }
    return _table(rows, [found.levels.name, WAVE, ITEM])


def move_rows_of_groups(fit: Fit, found: GroupDiscrepancies, tails: Sequence[float]) -> pd.DataFrame:
    """A row for each group and step: who moved, given all answers, beside who is expected to."""
    realised, replicated = found.move_statistic
    steps, rows = paths_of(fit).steps, {}
    for (g, s), n in np.ndenumerate(found.persons):
        if not n:
            continue
        points = 100 * (found.moves[:, :, g, s] - found.moves_expected[:, g, s]) / n
        lower, upper = np.quantile(points[0] - points[1], tails)
        rows[found.levels.labels[g], steps[s]] = {
            "p_value": posterior_predictive_p(realised[:, g, s], replicated[:, g, s]),
            "discrepancy": realised[:, g, s].mean(),
            "expected": replicated[:, g, s].mean(),
            "moved": found.moves[0, :, g, s].mean() / n,
            "moved_expected": found.moves_expected[:, g, s].mean() / n,
            "difference": points[0].mean(),
            "lower": lower,
            "upper": upper,
            "n": int(n),
        }
    return _table(rows, [found.levels.name, STEP])


def _table(rows: dict[tuple, dict], names: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.MultiIndex.from_tuples(rows, names=names)
    return frame


def groups_of_waves(fit: Fit, group: str | None, frame, **given) -> ColumnLevels | None:
    """Group of every person, by default the first grouping of the first wave."""
    if named := [name for name, value in given.items() if value is not None]:
        raise ValueError(
            f"{named[0]}={given[named[0]]!r:.60}: the {fit.n_respondents} persons of this fit answered at several "
            f"waves, and are told apart by {fit.attributes[PERSON_COLUMN]!r}; leave {', '.join(named)} out"
        )
    if group is not None and not all(fit.labels):
        raise ValueError(
            f"group={group!r}: items of this fit of {fit.n_respondents} persons are numbers, which are not checked by "
            "group; leave group out"
        )
    by = group if group is not None else next(iter(fit.groupings), None)
    return group_of_persons(fit, by, frame) if by is not None and all(fit.labels) else None


def group_of_persons(fit: Fit, group: str, frame=None) -> ColumnLevels:
    """Group of every person, of the formula of the first wave or a column of the long frame that was fitted.

    Raises
    ------
    ValueError
        If there is no such column, it changes within a person, or the frame lacks persons of the fit or has other
        answers of them.
    """
    if group in fit.groupings or group in fit.formula.covariates:
        return column_levels(fit, [group])[0]
    if frame is None:
        raise ValueError(
            f"group={group!r} is not in the formula of the first wave, {fit.formula.text!r}, of this fit of "
            f"{fit.n_respondents} persons; pass the long frame that holds it, frame=waves"
        )
    person, wave = (fit.attributes[name] for name in (PERSON_COLUMN, WAVE_COLUMN))
    waves = known_waves(frame, person, wave, paths_of(fit).waves)
    check_columns(frame, [group], role="group")
    places = pd.Index(waves.persons.map(str)).get_indexer(fit.respondents.map(str))
    if (lacking := places < 0).any():
        raise ValueError(
            f"the frame lacks {int(lacking.sum())} of the {fit.n_respondents} persons of this fit, such as "
            f"{named(fit.respondents[lacking], most=3)}; pass the frame that was fitted"
        )
    _refuse_other_answers(fit, waves.at_waves(fit.answers.read(fit, frame))[places])
    _refuse_changing(frame, group, waves)
    values = column(rows_at(frame, waves.first_row), group).reset_index(drop=True)
    return levels_of(group, values.iloc[places].reset_index(drop=True))


def _refuse_other_answers(fit: Fit, answers: np.ndarray) -> None:
    """Refuse answers, (person, wave, item), that are not those of the fit, whose waves may have been left out."""
    fitted = fit.answers_of_respondents.reshape(answers.shape)
    other = ((answers != fitted) & ~is_missing(fitted)).any(axis=(1, 2))
    if other.any():
        raise ValueError(
            f"{int(other.sum())} of the {fit.n_respondents} persons of this fit have other answers in the frame, such "
            f"as {named(fit.respondents[other], most=3)}; pass the frame that was fitted"
        )


def _refuse_changing(frame, group: str, waves: Waves) -> None:
    who = np.empty(int(waves.seen.sum()), dtype=int)
    who[waves.place[waves.seen]] = np.nonzero(waves.seen)[0]
    n_values = column(frame, group).reset_index(drop=True).groupby(who).nunique(dropna=False)
    changing = np.flatnonzero(n_values.to_numpy() > 1)
    if len(changing):
        raise ValueError(
            f"group={group!r} changes within {len(changing)} of {len(waves.persons)} persons, such as "
            f"{named(waves.persons[changing], most=3)}; name a column that has one value for each person"
        )
