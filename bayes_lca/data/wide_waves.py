"""A wide frame, one row a person, becomes a long one, one row a person and wave."""

from collections import Counter
from collections.abc import Mapping, Sequence

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.frame import Frame, check_columns, check_frame, column, named, names_meant, rows_of
from bayes_lca.data.variable_labels import VARIABLE_LABELS, variable_labels, with_variable_labels

ColumnsOfWave = Mapping[str, str] | str


def long_from_wide(
    frame: Frame,
    waves: Mapping[str | float, ColumnsOfWave],
    *,
    person: str = "person",
    wave: str = "wave",
    keep: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Make a long frame, one row a person and wave, of a wide one.

    Nobody is left out. A wave in which a person has no value in any of the wave's columns was missed and gets no row;
    whoever missed all waves keeps a row of the first one, without answers.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
        One row a person.
    waves : mapping of a wave to its columns
        In the order of time. The columns of a wave are a mapping of the wide name to the long one, such as
        ``{"q1_2019": "q1", "pay_2019": "pay"}``, or the ending by which they are known, such as ``"_2019"``. Every wave
        has to have the same long names; a column of another name there needs the mapping.
    person : str
        Column that says whose row it is. If the frame has none of that name, persons are numbered from 1; a name like
        one that it has is refused, as misspelt.
    wave : str
        Name of the column of waves to be made: numbers where all waves are numbers, else an ordered category.
    keep : sequence of str, optional
        Columns of no wave that are repeated in every row of a person; all of them by default.

    Returns
    -------
    pandas.DataFrame
        Persons in their order, the waves of each one after the other: `person`, `wave`, the columns of no wave, the
        columns of the waves. A variable label of `frame` stays with its column; one of a column of the waves is that of
        the first wave which has one.

    Raises
    ------
    ValueError
        If there are fewer than two waves, a column is unknown, belongs to two waves, or is missing in one of them, a
        name would stand twice, persons repeat or are missing, numbers of waves do not rise, or a column is of another
        kind in another wave.

    Examples
    --------
    >>> wide = pd.DataFrame({"id": ["a", "b"], "sex": ["f", "m"], "q_1": ["no", "yes"], "q_2": ["yes", None]})
    >>> long_from_wide(wide, {1: "_1", 2: "_2"}, person="id")
      id  wave sex    q
    0  a     1   f   no
    1  a     2   f  yes
    2  b     1   m  yes
    """
    check_frame(frame)
    names = list(nw.from_native(frame, eager_only=True).columns)
    if not isinstance(waves, Mapping) or len(waves) < 2:
        raise ValueError(
            f"waves={waves!r}: give two waves or more, each with its columns, such as "
            '{"2019": {"q1_2019": "q1"}, "2021": {"q1_2021": "q1"}} or {"2019": "_2019", "2021": "_2021"}'
        )
    if isinstance(keep, str):
        raise ValueError(f"keep={keep!r}: give a list of columns, keep=[{keep!r}]")
    by_wave = {each: _columns_of(each, columns, names) for each, columns in waves.items()}
    check_columns(frame, [wide for columns in by_wave.values() for wide in columns], role="wave")
    long_names = _check_same_names(by_wave)
    of_waves = {wide for columns in by_wave.values() for wide in columns}
    constant = [name for name in names if name not in of_waves and name != person] if keep is None else list(keep)
    check_columns(frame, constant, role="kept")
    _check_names_once(person, wave, constant, long_names, of_waves)

    n = len(nw.from_native(frame, eager_only=True))
    _check_person_meant(person, [name for name in names if name not in of_waves], n)
    persons = _persons(frame, person, n) if person in names else pd.Series(np.arange(1, n + 1))
    of_time = _times(list(by_wave), wave, n)
    repeated = {name: column(frame, name).reset_index(drop=True) for name in constant}
    parts = {
        long: pd.concat(_one_kind(long, {each: column(frame, wide[long]) for each, wide in _by_long(by_wave).items()}))
        for long in long_names
    }
    row, place = np.tile(np.arange(n), len(by_wave)), np.repeat(np.arange(len(by_wave)), n)
    long = pd.DataFrame(
        {
            person: persons.take(row).array,
            wave: of_time.take(place).array,
            **{name: values.take(row).array for name, values in repeated.items()},
            **{name: values.array for name, values in parts.items()},
        }
    )
    seen = long[long_names].notna().any(axis=1).to_numpy()
    never = ~np.bincount(row, seen, n).astype(bool)
    stays = seen | (never[row] & (place == 0))
    order = np.lexsort([place, row])
    long = long.iloc[order[stays[order]]].reset_index(drop=True)
    long.attrs = dict(getattr(frame, "attrs", {}))
    return (
        with_variable_labels(long, _labels(frame, by_wave, [person, *constant]))
        if VARIABLE_LABELS in long.attrs
        else long
    )


def _labels(frame, by_wave: dict, of_persons: list) -> dict[str, str]:
    """Variable labels by the long name: of the first wave whose column has one."""
    given = variable_labels(frame)
    of_waves = {
        long: given[wide] for columns in reversed(by_wave.values()) for wide, long in columns.items() if wide in given
    }
    return {**{name: given[name] for name in of_persons if name in given}, **of_waves}


def _columns_of(each, columns: ColumnsOfWave, names: list[str]) -> dict[str, str]:
    """Wide and long names of a wave's columns."""
    if isinstance(columns, Mapping):
        given = dict(columns)
    elif isinstance(columns, str):
        given = {name: name[: -len(columns)] for name in names if columns and str(name).endswith(columns)}
        given = {wide: long for wide, long in given.items() if long}
        if not given:
            raise ValueError(f"wave {each!r}: no column ends in {columns!r}; the frame has {named(names)}")
    else:
        raise ValueError(
            f"wave {each!r} has columns {columns!r}: give a mapping of wide names to long ones, or the ending of the "
            "wide names"
        )
    if not given:
        raise ValueError(f"wave {each!r} has no columns: name those with what was asked at that wave")
    twice = [long for long, times in Counter(given.values()).items() if times > 1]
    if twice:
        raise ValueError(f"wave {each!r} has several columns for {named(twice)}; give each its own name")
    return given


def _by_long(by_wave: dict) -> dict:
    return {each: {long: wide for wide, long in columns.items()} for each, columns in by_wave.items()}


def _check_same_names(by_wave: dict) -> list[str]:
    """Long names in the order of the first wave, the same in all waves, no wide column in two."""
    (first, columns), *others = by_wave.items()
    long_names, in_wave = list(columns.values()), dict.fromkeys(columns, first)
    for each, wide in others:
        here, there = set(wide.values()), set(long_names)
        for one, other, lacking in ((each, first, there - here), (first, each, here - there)):
            if lacking:
                raise ValueError(
                    f"wave {one!r} has no column for {named(sorted(lacking))}, which wave {other!r} has; name its "
                    "column, add an empty one, or leave it out of all waves"
                )
        for name in wide:
            if name in in_wave:
                raise ValueError(
                    f"column {name!r} is of wave {in_wave[name]!r} and of wave {each!r}; one that does not change over "
                    "waves belongs to neither, and is repeated for all"
                )
        in_wave |= dict.fromkeys(wide, each)
    return long_names


def _check_names_once(person: str, wave: str, constant: list, long_names: list, of_waves: set) -> None:
    if both := [name for name in constant if name in of_waves]:
        raise ValueError(f"keep={both!r}: columns of a wave are no columns of all waves; leave them out of keep")
    times = Counter([person, wave, *constant, *long_names])
    if twice := [name for name, n in times.items() if n > 1]:
        raise ValueError(
            f"the long frame would have {named(twice)} more than once, as a column of all waves, of one wave, or of "
            "person= and wave=; rename the column, or leave it out with keep="
        )


def _check_person_meant(person: str, of_persons: list, n: int) -> None:
    if person not in of_persons and (meant := names_meant([person], of_persons)):
        raise ValueError(
            f"unknown person column {person!r} of a frame of {n} rows{meant}; name that column, or give person= a name "
            "that is like none if persons are to be numbered"
        )


def _persons(frame, person: str, n: int) -> pd.Series:
    values = column(frame, person).reset_index(drop=True)
    missing, repeated = values.isna().to_numpy(), values.duplicated(keep=False).to_numpy()
    if missing.any():
        raise ValueError(
            f"person column {person!r} is missing in {int(missing.sum())} of {n} rows ({rows_of(frame, missing)}); "
            "complete it"
        )
    if repeated.any():
        raise ValueError(
            f"person column {person!r} has {named(values[repeated].unique())} in {int(repeated.sum())} of {n} rows "
            f"({rows_of(frame, repeated)}); a wide frame has one row a person: keep one, or use the frame as it is if "
            "it is long"
        )
    return values


def _times(waves: list, wave: str, n: int) -> pd.Series:
    """Waves in their order, as numbers that rise or as ordered categories."""
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in waves):
        if not (np.diff(waves) > 0).all():
            raise ValueError(
                f"waves {waves} of {n} persons do not rise; give them in the order of time, for {wave!r} is a number"
            )
        return pd.Series(waves)
    labels = [str(each) for each in waves]
    if len(set(labels)) < len(labels):
        raise ValueError(f"waves {waves} are not told apart as text; give each its own name")
    return pd.Series(pd.Categorical.from_codes(np.arange(len(labels)), labels, ordered=True))


def _one_kind(long: str, of_waves: dict) -> list[pd.Series]:
    """A column at each wave, of one kind in all of them; one without any value has none."""
    declared = {each: _kind(values) for each, values in of_waves.items() if values.notna().any()}
    kinds = list(dict.fromkeys(declared.values()))
    if len(kinds) > 1:
        (first, kind), (other, other_kind) = next(
            (pair, each) for pair in declared.items() for each in declared.items() if each[1] != pair[1]
        )
        raise ValueError(
            f"{long!r} is {_in_words(kind)} at wave {first!r}, and {_in_words(other_kind)} at wave {other!r}; code it "
            "alike in all waves"
        )
    if kinds and isinstance(kinds[0], tuple):
        dtype = next(values.dtype for values in of_waves.values() if values.notna().any())
        return [values.astype(dtype) for values in of_waves.values()]
    if not declared:
        return list(of_waves.values())
    return [
        values
        if each in declared
        else pd.Series(np.full(len(values), np.nan), dtype=object if kinds == ["text"] else None)
        for each, values in of_waves.items()
    ]


def _kind(values: pd.Series) -> str | tuple:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return (*map(str, values.cat.categories), values.cat.ordered)
    if pd.api.types.is_bool_dtype(values):
        return "true or false"
    if pd.api.types.is_numeric_dtype(values):
        return "a number"
    return "a date" if pd.api.types.is_datetime64_any_dtype(values) else "text"


def _in_words(kind: str | tuple) -> str:
    return kind if isinstance(kind, str) else f"of the {'ordered ' * kind[-1]}categories {named(kind[:-1])}"
