"""A column that tells respondents apart, and rows that may belong to one person."""

import warnings
from collections.abc import Iterable

import narwhals as nw
import pandas as pd

from bayes_lca.data.engine_tables import table_in_engine
from bayes_lca.data.frame import check_columns, column, labels_of, named, row_labels

NAMES_OF_PERSONS = frozenset(
    f"{who}{ending}"
    for who in ("person", "respondent", "participant", "subject", "patient", "case", "individual", "panelist")
    for ending in ("", "id", "_id")
) | {"id", "pid", "uid"}
"""Names, in small letters, of columns that usually say whose row it is."""

SEVERAL_ROWS = (
    "if they are rows of one person (waves, visits), respondents are not independent, and intervals come out too "
    "narrow: keep one row of each person, or give persons random effects, (1 | person); waves need a transition model"
)


class RepeatedRowsWarning(UserWarning):
    """Several rows may belong to one person, or cannot be told apart by their labels."""


def read_key(frame, key: str) -> pd.Index:
    """Names of the rows of a frame, from a column that tells all of them apart.

    Parameters
    ----------
    frame : eager data frame
    key : str
        A column without missing values and without repeats.

    Raises
    ------
    ValueError
        If there is no such column, or it is missing or repeats in some rows.
    """
    check_columns(frame, [key], role="key")
    values = column(frame, key)
    if missing := int(values.isna().sum()):
        raise ValueError(
            f"key {key!r} is missing in {missing} of {len(values)} rows; complete it, or leave these rows out"
        )
    repeated = values[values.duplicated().to_numpy()]
    if len(repeated):
        raise ValueError(
            f"key {key!r} repeats in {len(repeated)} of {len(values)} rows (such as {named(repeated, most=3)}), so it "
            f"does not tell them apart; name a column that does. And {SEVERAL_ROWS}"
        )
    return labels_of(pd.Index(values))


def warn_of_repeated_rows(frame, used: Iterable[str | int], *, key: str | None = None) -> None:
    """Warn of rows that share their label, or the value of a column that usually names persons.

    Parameters
    ----------
    frame : eager data frame
    used : iterable of str
        Columns of the model's formula: persons among them are accounted for.
    key : str, optional
        The column that tells respondents apart, if there is one.

    Warns
    -----
    RepeatedRowsWarning
    """
    used, table = {str(name) for name in used}, table_in_engine(frame)
    if key is None and table is None:
        labels = row_labels(frame)
        if not labels.is_unique:
            _warn(
                f"{int(labels.duplicated().sum())} of {len(labels)} rows repeat the label of another (such as "
                f"{named(labels[labels.duplicated()].unique(), most=3)}). If they are different people, number the "
                "rows, frame.reset_index(drop=True), before tables of respondents are joined to them by label; "
                f"{SEVERAL_ROWS}"
            )
    for name in nw.from_native(frame, eager_only=True).columns if table is None else table.columns:
        if str(name).lower() not in NAMES_OF_PERSONS or str(name) in used or name == key:
            continue
        repeats, n = _repeats(column(frame, name)) if table is None else table.repeats(name)
        if repeats:
            _warn(
                f"column {name!r} has a value that stands above already in {repeats} of {n} rows, and the model takes "
                f"all rows for independent respondents; {SEVERAL_ROWS}"
            )


def _repeats(values: pd.Series) -> tuple[int, int]:
    """Rows whose value stands in another row before, and rows that have a value."""
    present = values.dropna()
    return int(present.duplicated().sum()), len(present)


def _warn(message: str) -> None:
    warnings.warn(message, RepeatedRowsWarning, stacklevel=4)
