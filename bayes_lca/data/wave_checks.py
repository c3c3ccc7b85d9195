"""Refusals of long frames that say too little, or too much, of a wave or a person."""

import numpy as np

from bayes_lca.data.frame import column, named
from bayes_lca.data.waves import Waves


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
        raise ValueError(
            f"item {items[item]!r} has no answer in any of the {n} rows of wave {waves.names[wave]!r}; leave the item "
            "out, or the rows of that wave, for what it says of the classes there would rest on the other waves alone"
        )
