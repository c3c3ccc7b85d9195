"""Refusals and warnings of long frames that say too little, or too much, of a wave or a person."""

import warnings

import numpy as np

from bayes_lca.data.category_checks import check_hashable
from bayes_lca.data.frame import column, named
from bayes_lca.data.waves import Waves, step_names

FEWEST_WAVES = 3
"""From which on answers tell a person's level that lasts from staying in a class."""


class FewWavesWarning(UserWarning):
    """Persons have a level of their own at two waves, which hardly tell it from staying in a class."""


def warn_of_few_waves(waves: Waves) -> None:
    """Say that two waves hardly tell persons' levels from staying.

    Warns
    -----
    FewWavesWarning
    """
    if len(waves.names) < FEWEST_WAVES:
        warnings.warn(
            f"{len(waves.persons)} persons have a level of their own at {len(waves.names)} waves, "
            f"{named(waves.names)}: whether they answer alike because of it or because they stay in a class rests on "
            "the form of the model and the prior, and intervals of staying are wide; compare a fit without it, or add "
            "a third wave",
            FewWavesWarning,
            stacklevel=4,
        )


def check_within_persons(frame, waves: Waves, columns: tuple[str, ...]) -> None:
    """Refuse groups that change within a person.

    Parameters
    ----------
    frame : eager data frame
    waves : Waves
    columns : tuple of str

    Raises
    ------
    ValueError
    """
    who = np.empty(int(waves.seen.sum()), dtype=int)
    who[waves.place[waves.seen]] = np.nonzero(waves.seen)[0]
    for name in columns:
        check_hashable(column(frame, name), name, "group column")
        n_groups = column(frame, name).reset_index(drop=True).groupby(who).nunique()
        changing = np.flatnonzero(n_groups.to_numpy() > 1)
        if len(changing):
            rows = np.isin(who, changing)
            raise ValueError(
                f"group column {name!r} of the first wave changes within {len(changing)} of {len(waves.persons)} "
                f"persons, such as {named(waves.persons[changing], most=3)} ({int(rows.sum())} of {len(rows)} rows): "
                "whoever belongs to a group at the first wave belongs to it for good there; keep one group for each "
                "person in this formula, and let transitions have the groups of each wave, "
                f"Transition('~ 1 + (1 | {name})')"
            )


def check_every_wave_answered(codes_at_waves: np.ndarray, items: tuple, waves: Waves, missing: np.ndarray) -> None:
    """Refuse items that nobody answered at some wave.

    Parameters
    ----------
    codes_at_waves : ndarray, shape (person, wave, item)
    items : tuple
    waves : Waves
    missing : ndarray of bool
        Where there is no answer, of the same shape.

    Raises
    ------
    ValueError
    """
    silent = missing.all(axis=0)  # (wave, item)
    if silent.any():
        wave, item = np.argwhere(silent)[0]
        n = int(waves.seen[:, wave].sum())
        if not n:
            raise ValueError(
                f"no row of wave {waves.names[wave]!r} is left, for all of them lack a covariate; leave that wave out "
                "of the frame, or the covariate out of the formula"
            )
        raise ValueError(
            f"item {items[item]!r} has no answer in any of the {n} rows of wave {waves.names[wave]!r}; leave the item "
            "out, or the rows of that wave, for what it says of the classes there would rest on the other waves alone"
        )


def check_followed(waves: Waves, over_time: str) -> None:
    """Refuse transitions over which no person was followed.

    Parameters
    ----------
    waves : Waves
    over_time : {"equal", "free"}
        Whether all steps from wave to wave have the same transitions.

    Raises
    ------
    ValueError
        If nobody is seen both before and after any step, or with ``"free"`` after one of them.
    """
    unknown = waves.n_followed == 0
    if unknown.all():
        raise ValueError(
            f"none of {len(waves.persons)} persons in {waves.person!r} is seen at two waves, so that nothing says who "
            f"moved; check that {waves.person!r} has the same value in all rows of a person, or fit LatentClass with "
            f"{waves.wave!r} as a covariate"
        )
    if unknown.any() and over_time == "free":
        steps = named(np.array(step_names(waves.names))[unknown])
        raise ValueError(
            f"none of {len(waves.persons)} persons in {waves.person!r} is seen before and after step(s) {steps}, whose "
            'transitions would rest on the prior alone; give Transition(over_time="equal"), or leave out the waves of '
            "one side"
        )
