"""Respondents counted where their table lies: distinct rows of the columns used come over, and nothing else."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_lca.data.distinct_values import distinct_values
from bayes_lca.data.engine_tables import EngineTable
from bayes_lca.data.frame import column, label, named, names_meant
from bayes_lca.data.unique_rows import unique_rows

MANY_ROWS = 200_000
"""Distinct rows from which on it is said how many there are."""
MANY_RESPONDENTS, LARGE_SHARE = 50_000, 0.5
"""Respondents beyond which it is also said if more than this share of them are distinct rows."""
PLACES_OF_A_GRID = 50
PACKAGE = str(Path(__file__).parents[1])


class DistinctRowsWarning(UserWarning):
    """A table has so many distinct rows that counting them saves little."""


@dataclass(frozen=True, eq=False)
class DistinctRows:
    """Distinct rows of a table and who has them.

    Attributes
    ----------
    frame : pandas.DataFrame
        The rows, in the order of their values, so that it does not depend on the engine.
    count : ndarray of int or float, shape (row,)
        Rows of the table that are equal to each, or the sum of their counts.
    """

    frame: pd.DataFrame
    count: np.ndarray


def distinct_rows_of(table: EngineTable, used: Sequence[str | int], count: str | int | None = None) -> DistinctRows:
    """Distinct rows of some columns of a table, as its engine counts them.

    Parameters
    ----------
    table : EngineTable
    used : sequence of str or int
    count : str or int, optional
        Column of counts to add up.

    Raises
    ------
    ValueError
        If a column is unknown.
    """
    used = list(dict.fromkeys(used))
    wanted = used if count is None else [*used, count]
    check_known(table, wanted)
    number = free_name("n", wanted)
    rows = table.distinct_rows(used, number, count)
    columns = {name: column(rows, name) for name in used}
    distinct = unique_rows(*map(_places, columns.values()))  # missing values of several kinds read the same
    n = column(rows, number).to_numpy(dtype=float, na_value=np.nan)
    frame = pd.DataFrame(columns).iloc[distinct.first].reset_index(drop=True)
    return DistinctRows(frame, np.bincount(distinct.pattern, weights=n, minlength=len(frame)))


def rows_of_table(table: EngineTable, name: str | int) -> pd.Series:
    """Values of one column, in their order, each as often as it stands in the table."""
    rows = distinct_rows_of(table, [name])
    return rows.frame[name].repeat(rows.count.astype(int)).reset_index(drop=True)


def warn_of_many_rows(table: EngineTable, rows: DistinctRows) -> None:
    """Say how many distinct rows there are, where counting them saves little.

    Warns
    -----
    DistinctRowsWarning
    """
    n_rows, n = len(rows.frame), int(rows.count.sum())
    if n_rows <= MANY_ROWS and not (n > MANY_RESPONDENTS and n_rows > LARGE_SHARE * n):
        return
    n_values = {name: values.nunique() for name, values in rows.frame.items()}
    most = max(n_values, key=lambda name: n_values[name])
    remedy = "leave it out, or merge its values"
    if pd.api.types.is_numeric_dtype(rows.frame[most]):
        step = _step(rows.frame[most].to_numpy(dtype=float, na_value=np.nan))
        remedy = f"round it, such as table = bl.round_to_grid(table, {{{most!r}: {step:g}}})"
    warnings.warn(
        f"the {n} respondents of the table in {table.engine} have {n_rows} distinct rows in "
        f"{named(rows.frame.columns)}, and each is a row of the likelihood: {most!r} alone has {n_values[most]} "
        f"different values; {remedy}",
        DistinctRowsWarning,
        skip_file_prefixes=(PACKAGE,),
        stacklevel=2,
    )


def check_known(table: EngineTable, names: Sequence[str | int]) -> None:
    """Refuse names that are not columns of a table, listing those that are and the names that come close."""
    known = table.columns
    if unknown := [name for name in names if name not in known]:
        raise ValueError(
            f"unknown column(s) {named(unknown)}; the table in {table.engine} has {len(known)} columns: {named(known)}"
            f"{names_meant(unknown, known)}"
        )


def in_order(columns: Iterable[pd.Series]) -> np.ndarray:
    """Positions of rows in the order of their values, the first column before the second."""
    return np.argsort(unique_rows(*map(_places, columns)).pattern, kind="stable")


def free_name(name: str, taken: Sequence) -> str:
    """A name that no column has."""
    while name in taken:
        name += "_"
    return name


def _places(values: pd.Series) -> np.ndarray:
    """Numbers in the order of the values."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy()
    if values.dtype != object:
        return pd.factorize(values, sort=True)[0]
    distinct = distinct_values(values)
    names = [(type(value).__name__, label(value)) for value in distinct.values]
    place = {name: number for number, name in enumerate(sorted(set(names)))}
    return distinct.coded([place[name] for name in names])


def _step(numbers: np.ndarray) -> float:
    """A round step that leaves some fifty different numbers."""
    wide = (np.nanmax(numbers) - np.nanmin(numbers)) / PLACES_OF_A_GRID
    power = 10.0 ** np.floor(np.log10(wide))
    return float(power * next(step for step in (1, 2, 5, 10) if step * power >= wide))
