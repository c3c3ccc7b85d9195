"""Tables that lie in an engine (DuckDB, Polars' lazy frames, Dask, Spark): asked there, never brought over whole."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, final

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.frame import Frame, check_frame, is_lazy

NAMES_OF_ENGINES = {
    **{"pandas": "pandas", "pyarrow": "Arrow", "duckdb": "DuckDB"},
    **{"pyspark": "Spark", "pyspark_connect": "Spark", "sqlframe": "SQLFrame"},
}
"""Engines that do not write their name with one capital letter."""


@dataclass(frozen=True, eq=False)
class EngineTable(ABC):
    """A table in an engine, and the few questions that are asked of it.

    Attributes
    ----------
    native : table
        As the engine has it.
    grid : mapping of str to float
        Steps to whose multiples numbers have been moved, by column.

    Examples
    --------
    >>> import polars
    >>> import bayes_lca as bl
    >>> table = bl.round_to_grid(polars.LazyFrame({"age": [34.2, 35.9]}), {"age": 5})
    >>> table.engine, dict(table.grid), table.native.collect()["age"].to_list()
    ('Polars', {'age': 5.0}, [35.0, 35.0])
    """

    native: Any
    grid: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    @abstractmethod
    def engine(self) -> str:
        """Name of the engine, for messages."""

    @property
    @abstractmethod
    def columns(self) -> list[str]:
        """Names of the columns."""

    @abstractmethod
    def distinct_rows(self, names: Sequence[str | int], number: str, count: str | int | None = None) -> Frame:
        """Distinct rows of some columns, as an eager frame in any order.

        Parameters
        ----------
        names : sequence of str
        number : str
            Name for the column with the rows of the table that are equal to each, or with the sum of their counts.
        count : str, optional
            Column to add up.
        """

    @abstractmethod
    def repeats(self, name: str | int) -> tuple[int, int]:
        """Rows whose value of a column stands in another row before, and rows that have a value."""

    @abstractmethod
    def is_number(self, name: str | int) -> bool:
        """Whether a column is of numbers."""

    @final
    def rounded(self, grid: Mapping[str, float]) -> "EngineTable":
        """The table with numbers moved to the nearest multiple of a step, half a step upwards."""
        return replace(self, native=self._rounded(grid), grid=MappingProxyType({**self.grid, **grid}))

    @abstractmethod
    def _rounded(self, grid: Mapping[str, float]):
        """The same as the engine has it."""


@final
@dataclass(frozen=True, eq=False)
class NarwhalsTable(EngineTable):
    """A table of an engine that narwhals speaks to."""

    @property
    def _lazy(self) -> nw.LazyFrame:
        return nw.from_native(self.native).lazy()

    @property
    def engine(self) -> str:
        """Name of the engine, for messages."""
        name = str(self._lazy.implementation)
        return NAMES_OF_ENGINES.get(name, name.capitalize())

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self._lazy.collect_schema().names()

    def distinct_rows(self, names: Sequence[str | int], number: str, count: str | int | None = None) -> Frame:
        """Distinct rows of some columns, missing values among them."""
        how_many = (nw.len() if count is None else nw.col(count).sum()).alias(number)
        return self._lazy.group_by(*names, drop_null_keys=False).agg(how_many).collect().to_native()

    def repeats(self, name: str | int) -> tuple[int, int]:
        """Rows whose value stands in another row before, and rows that have one."""
        present = self._lazy.filter(~nw.col(name).is_null())
        asked = present.select(nw.len().alias("present"), nw.col(name).n_unique().alias("distinct")).collect()
        n_present = int(asked["present"].to_list()[0])
        return n_present - (int(asked["distinct"].to_list()[0]) if n_present else 0), n_present

    def is_number(self, name: str | int) -> bool:
        """Whether a column is of numbers."""
        return self._lazy.collect_schema()[name].is_numeric()

    def _rounded(self, grid: Mapping[str, float]):
        places = {name: (nw.col(name).cast(nw.Float64) / step + 0.5).floor() for name, step in grid.items()}
        moved = [(place * grid[name]).alias(name) for name, place in places.items()]
        return nw.to_native(self._lazy.with_columns(*moved))


@final
@dataclass(frozen=True, eq=False)
class DaskTable(EngineTable):
    """A Dask frame: every partition is counted where it is, and the counts of all are added."""

    @property
    def engine(self) -> str:
        """Name of the engine, for messages."""
        return "Dask"

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.native.columns)

    def distinct_rows(self, names: Sequence[str | int], number: str, count: str | int | None = None) -> Frame:
        """Distinct rows of some columns, missing values among them."""
        needed = self.native[list(names) if count is None else [*names, count]]
        of_each_part = needed.map_partitions(_counted, names, number, count, enforce_metadata=False).compute()
        return _counted(of_each_part, names, number, number)

    def repeats(self, name: str | int) -> tuple[int, int]:
        """Rows whose value stands in another row before, and rows that have one."""
        counts: Any = self.distinct_rows([name], number := f"{name}_")
        counts = counts.dropna(subset=[name])[number]
        return int(counts.sum()) - len(counts), int(counts.sum())

    def is_number(self, name: str | int) -> bool:
        """Whether a column is of numbers."""
        kind = self.native[name].dtype
        return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)

    def _rounded(self, grid: Mapping[str, float]):
        numbers = {name: self.native[name].astype("float64") for name in grid}
        return self.native.assign(**{name: np.floor(numbers[name] / step + 0.5) * step for name, step in grid.items()})


def _counted(part: pd.DataFrame, names: Sequence[str | int], number: str, count: str | int | None) -> pd.DataFrame:
    """Distinct rows of a pandas frame with the number of rows, or the sum of a column of counts, of each."""
    groups = part.groupby(list(names), dropna=False, observed=True, sort=False)
    return (groups.size() if count is None else groups[count].sum()).rename(number).reset_index()


def table_in_engine(frame) -> EngineTable | None:
    """The table that a lazy or remote frame stands for; None for frames in memory and anything else."""
    if isinstance(frame, EngineTable):
        return frame
    if not is_lazy(frame):
        return None
    return DaskTable(frame) if nw.dependencies.is_dask_dataframe(frame) else NarwhalsTable(frame)


def as_table(frame) -> EngineTable:
    """A lazy or remote table, or a frame in memory that is asked like one.

    Raises
    ------
    TypeError
        If it is neither.
    """
    table = table_in_engine(frame)
    if table is not None:
        return table
    check_frame(frame)
    return NarwhalsTable(frame)
