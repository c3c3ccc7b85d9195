"""Long frames, one row a person and wave: who was seen when."""

import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.category_checks import check_blank, check_hashable
from bayes_lca.data.category_order import NOBODY_DECLARED, ordered_categories
from bayes_lca.data.distinct_values import distinct_values
from bayes_lca.data.frame import check_columns, check_frame, column, label, labels_of, named, rows_of

MISSED = -1
"""In place of a row, where a person was not seen at a wave."""


class UnequalSpacingWarning(UserWarning):
    """Waves are unequally far apart, and transitions that are equal over time take all steps for alike."""


@dataclass(frozen=True, eq=False)
class Waves:
    """Who was seen when.

    Attributes
    ----------
    person, wave : str
        Names of the columns.
    persons : pandas.Index, shape (person,)
        In the order in which they first stand in the frame.
    names : tuple of str
        Waves in their order.
    place : ndarray of int, shape (person, wave)
        Row of the frame, -1 where the person was not seen.
    """

    person: str
    wave: str
    persons: pd.Index
    names: tuple[str, ...]
    place: np.ndarray

    @property
    def n_steps(self) -> int:
        """Steps from a wave to the next."""
        return len(self.names) - 1

    @property
    def seen(self) -> np.ndarray:
        """Whether each person was seen at each wave, shape (person, wave)."""
        return self.place != MISSED

    @property
    def n_followed(self) -> np.ndarray:
        """Persons who were seen both before and after each step, shape (step,)."""
        so_far = np.logical_or.accumulate(self.seen, axis=1)[:, :-1]
        later = np.logical_or.accumulate(self.seen[:, ::-1], axis=1)[:, ::-1][:, 1:]
        return (so_far & later).sum(axis=0)

    @property
    def first_row(self) -> np.ndarray:
        """Row of the frame at which each person was first seen, shape (person,)."""
        return self.place[np.arange(len(self.place)), self.seen.argmax(axis=1)]

    @property
    def row_ahead(self) -> np.ndarray:
        """Row at each wave, or the next at which the person was seen, or else the last one; shape (person, wave)."""
        ahead = self.place.copy()
        for wave in range(ahead.shape[1] - 2, -1, -1):
            ahead[:, wave] = np.where(ahead[:, wave] == MISSED, ahead[:, wave + 1], ahead[:, wave])
        for wave in range(1, ahead.shape[1]):
            ahead[:, wave] = np.where(ahead[:, wave] == MISSED, ahead[:, wave - 1], ahead[:, wave])
        return ahead

    @property
    def later_rows(self) -> np.ndarray:
        """Rows of all waves but the first, in the order of the frame."""
        rows = self.place[:, 1:]
        return np.sort(rows[rows != MISSED])

    @property
    def row_of_step(self) -> np.ndarray:
        """Among these rows, that of each person and step; -1 after the last wave, shape (person, step)."""
        before_end = np.arange(1, self.place.shape[1]) <= self.last[:, None]
        made = before_end & self.seen.any(axis=1)[:, None]
        return np.where(made, np.searchsorted(self.later_rows, self.row_ahead[:, 1:]), MISSED)

    def keep(self, rows: np.ndarray, persons: np.ndarray) -> "Waves":
        """Waves of rows and of persons in boolean masks, rows numbered anew."""
        number = np.where(rows, np.cumsum(rows) - 1, MISSED)
        place = np.where(self.seen, number[self.place], MISSED)
        return Waves(self.person, self.wave, self.persons[persons], self.names, place[persons])

    @property
    def last(self) -> np.ndarray:
        """Last wave at which each person was seen, shape (person,)."""
        return self.place.shape[1] - 1 - self.seen[:, ::-1].argmax(axis=1)

    def at_waves(self, values: np.ndarray) -> np.ndarray:
        """Answers of the rows, shape (row, item), as (person, wave, item), missing where a wave is."""
        missing = np.nan if values.dtype.kind == "f" else MISSED
        with_missing = np.concatenate([values, np.full((1, values.shape[1]), missing, dtype=values.dtype)])
        return with_missing[self.place]


def read_waves(frame, person: str, wave: str, *, over_time: Literal["equal", "free"] = "equal") -> Waves:
    """Read who was seen when from a long frame.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        One row a person and wave.
    person, wave : str
        Columns that say whose row it is, and of which wave: numbers, dates or ordered categories.
    over_time : {"equal", "free"}
        Whether all steps from wave to wave have the same transitions.

    Returns
    -------
    Waves

    Raises
    ------
    ValueError
        If a column is unknown or missing in some rows, a person has two rows of one wave, the waves have no order, or
        there is one only.

    Warns
    -----
    UnequalSpacingWarning
        If waves are numbers or dates that are unequally far apart, and transitions equal over time.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": ["a", "a", "b"], "year": [2021, 2020, 2021]})
    >>> waves = read_waves(frame, "id", "year")
    >>> waves.names, waves.place.tolist()
    (('2020', '2021'), [[1, 0], [-1, 2]])
    """
    check_frame(frame)
    values = _read_columns(frame, person, wave)
    ordered = _in_order(values[wave], wave)
    index, names = _numbered(values[wave], ordered)
    if len(names) < 2:
        raise ValueError(
            f"wave column {wave!r} is {names[0]!r} in all {len(index)} rows: transitions take two waves or more; fit "
            "LatentClass to one"
        )
    waves = _placed(frame, values, person, wave, index, names)
    if over_time == "equal":
        _warn_of_spacing(ordered, wave)
    return waves


def known_waves(frame, person: str, wave: str, names: tuple[str, ...]) -> Waves:
    """Who was seen when, of persons at waves that are known by their names; they need not be seen at all of these.

    Raises
    ------
    ValueError
        If a column is unknown or missing in some rows, a wave is none of those known, or a person has two rows of one.
    """
    check_frame(frame)
    columns = {str(name): name for name in nw.from_native(frame, eager_only=True).columns}
    person, wave = columns.get(person, person), columns.get(wave, wave)
    values = _read_columns(frame, person, wave)
    written = values[wave].map(_written).to_numpy()
    strange = ~np.isin(written, names)
    if strange.any():
        raise ValueError(
            f"wave column {wave!r} has wave(s) {named(dict.fromkeys(written[strange]))} in {int(strange.sum())} of "
            f"{len(written)} rows that the fit has not seen; its waves are {named(names)}"
        )
    number = {name: place for place, name in enumerate(names)}
    return _placed(frame, values, person, wave, np.array([number[name] for name in written]), names)


def _read_columns(frame, person: str, wave: str) -> dict[str, pd.Series]:
    """The two columns, complete."""
    try:
        check_columns(frame, [person, wave], role="person and wave")
    except ValueError as error:
        raise ValueError(
            f"{error}; a frame with one row a person and a column for each item and wave becomes a long one by "
            "bl.long_from_wide"
        ) from None
    if person == wave:
        raise ValueError(f"{person!r} is given as the column of persons and as that of waves; give each its own")
    values = {name: column(frame, name) for name in (person, wave)}
    for what, name in (("person", person), ("wave", wave)):
        check_hashable(values[name], name, f"{what} column")
        if missing := int(values[name].isna().sum()):
            raise ValueError(
                f"{what} column {name!r} is missing in {missing} of {len(values[name])} rows "
                f"({rows_of(frame, values[name].isna().to_numpy())}); complete it, or leave these rows out"
            )
    if not pd.api.types.is_numeric_dtype(values[person]):
        check_blank(distinct_values(values[person]), person, "person column")
    return values


def _placed(frame, values: dict, person: str, wave: str, index: np.ndarray, names: tuple[str, ...]) -> Waves:
    """Rows by person and wave."""
    who, persons = pd.factorize(values[person])
    place = np.full((len(persons), len(names)), MISSED)
    place[who, index] = np.arange(len(who))
    twice = pd.MultiIndex.from_arrays([who, index]).duplicated(keep=False)
    if twice.any():
        first = int(twice.argmax())
        of_both = int(((who == who[first]) & (index == index[first])).sum())
        raise ValueError(
            f"person {named([values[person].iloc[first]])} has {of_both} rows of wave "
            f"{names[index[first]]!r}, and {int(twice.sum())} of {len(who)} rows share their {person!r} and {wave!r} "
            f"with another ({rows_of(frame, twice)}); keep one row of each person and wave"
        )
    return Waves(person, wave, labels_of(pd.Index(persons)), names, place)


def _in_order(values: pd.Series, wave: str) -> list:
    """Waves that occur, in their order."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return sorted(values.unique())
    present = set(values.unique())
    categories, order = ordered_categories(values)
    if order in NOBODY_DECLARED and not _are_dates(present):
        raise ValueError(
            f"wave column {wave!r} has waves {named(categories)} in {len(values)} rows, whose order nobody declared; "
            "number the waves, or make it an ordered categorical"
        )
    return [category for category in categories if category in present]


def _are_dates(values: set) -> bool:
    return all(hasattr(value, "toordinal") for value in values)


def _numbered(values: pd.Series, ordered: list) -> tuple[np.ndarray, tuple[str, ...]]:
    """Place of each row's wave, and the labels of the waves."""
    place = {value: number for number, value in enumerate(ordered)}
    names = tuple(_written(value) for value in ordered)
    return values.map(place).to_numpy().astype(int), names


def _written(value) -> str:
    """A wave as text: dates without an hour."""
    return value.date().isoformat() if isinstance(value, pd.Timestamp) and value == value.normalize() else label(value)


def _warn_of_spacing(ordered: list, wave: str) -> None:
    numbers = pd.Series(ordered, dtype=object)
    if _are_dates(set(ordered)):
        apart = np.diff([value.toordinal() for value in ordered])
    else:
        apart = np.diff(pd.to_numeric(numbers, errors="coerce").to_numpy(dtype=float))
    if len(apart) < 2 or np.isnan(apart).any() or apart.max() <= 1.25 * apart.min():
        return
    steps = ", ".join(f"{gap:g}" for gap in apart)
    warnings.warn(
        f"waves of {wave!r} are unequally far apart ({steps}), and how far is not modelled: with transitions equal "
        'over time a short step moves as many as a long one; give Transition(over_time="free")',
        UnequalSpacingWarning,
        stacklevel=4,
    )


def step_names(names: tuple[str, ...]) -> list[str]:
    """Steps between waves as axes have them.

    Examples
    --------
    >>> step_names(("1", "2", "3"))
    ['1 to 2', '2 to 3']
    """
    return [f"{before} to {after}" for before, after in pairwise(names)]


def rows_at(frame, which: np.ndarray) -> pd.DataFrame:
    """Some rows of a long frame by their position, with the names that they have in it."""
    if isinstance(frame, pd.DataFrame):
        return frame.iloc[which]
    columns = nw.from_native(frame, eager_only=True).columns
    return pd.DataFrame({name: column(frame, name) for name in columns}).iloc[which]
