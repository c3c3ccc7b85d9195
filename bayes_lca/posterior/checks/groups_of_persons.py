"""Group of every person of a fit of several waves, of the formula or a column of the long frame."""

import numpy as np
import pandas as pd

from bayes_lca.data.answered import is_missing
from bayes_lca.data.category_checks import check_hashable
from bayes_lca.data.frame import check_columns, column, named
from bayes_lca.data.waves import Waves, known_waves, rows_at
from bayes_lca.fitted.column_levels import ColumnLevels, column_levels, levels_of
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.record_sequences import PERSON_COLUMN, WAVE_COLUMN


def refuse_frame_without_group(fit: Fit, group: str | None, **given) -> None:
    """Refuse a frame, and what says how to read it, where nothing is to be looked up there.

    Raises
    ------
    ValueError
    """
    if group is None and (named_without := [name for name, value in given.items() if value is not None]):
        raise ValueError(
            f"{', '.join(named_without)} given to a check of {fit.n_respondents} respondents without group=, and a "
            "frame is used for the groups in it alone; name the column, group=..., or leave "
            f"{', '.join(named_without)} out"
        )


def groups_of_waves(fit: Fit, group: str | None, frame, **given) -> ColumnLevels | None:
    """Group of every person, by default the first grouping of the first wave."""
    if named := [name for name, value in given.items() if value is not None]:
        raise ValueError(
            f"{named[0]}={given[named[0]]!r:.60}: the {fit.n_respondents} persons of this fit answered at several "
            f"waves, and are told apart by {fit.attributes[PERSON_COLUMN]!r}; leave {', '.join(named)} out"
        )
    refuse_frame_without_group(fit, group, frame=frame)
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
    check_hashable(column(frame, group), group, "group column")
    n_values = column(frame, group).reset_index(drop=True).groupby(who).nunique(dropna=False)
    changing = np.flatnonzero(n_values.to_numpy() > 1)
    if len(changing):
        raise ValueError(
            f"group={group!r} changes within {len(changing)} of {len(waves.persons)} persons, such as "
            f"{named(waves.persons[changing], most=3)}; name a column that has one value for each person"
        )
