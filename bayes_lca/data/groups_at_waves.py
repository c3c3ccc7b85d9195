"""Groups at each wave by themselves, of persons and of those who are in a group at later waves only."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from bayes_lca.data.grouping import Grouping
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.data.waves import Waves
from bayes_lca.dims import of_transition


def groups_at_waves(
    waves: Waves, of_persons: Sequence[Grouping], of_later_rows: Sequence[Grouping]
) -> Iterator[tuple[np.ndarray, Grouping]]:
    """Rows of a long frame that have a group, and the groupings of these by group and wave.

    Parameters
    ----------
    waves : Waves
    of_persons : sequence of Grouping
        Of the first wave, which are those of a person at all waves.
    of_later_rows : sequence of Grouping
        Of the rows of all waves but the first, named as those of transitions are; those that persons have already are
        left out.

    Yields
    ------
    rows : ndarray of int
    grouping : Grouping
        Of these rows, named by the column.
    """
    who, when = np.nonzero(waves.seen)
    order = np.argsort(waves.place[who, when])
    person, wave = who[order], when[order]  # of each row
    for grouping in of_persons:
        yield np.arange(len(person)), _by_wave(grouping, grouping.index[person], wave, waves.names)
    later, known = waves.later_rows, {of_transition(grouping.name) for grouping in of_persons}
    for grouping in of_later_rows:
        if grouping.name not in known:
            by_column = replace(grouping, name=grouping.name.removeprefix(of_transition("")))
            yield later, _by_wave(by_column, grouping.index, wave[later], waves.names)


def _by_wave(grouping: Grouping, index: np.ndarray, wave: np.ndarray, names: Sequence[str]) -> Grouping:
    rows = unique_rows(index, wave)
    levels = [f"{grouping.levels[index[row]]} at wave {names[wave[row]]}" for row in rows.first]
    return Grouping(grouping.name, tuple(levels), rows.pattern)
