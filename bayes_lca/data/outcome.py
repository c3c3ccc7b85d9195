"""From a frame to an observed outcome in categories, nominal or ordered."""

import warnings
from typing import Literal

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.category_order import NOBODY_DECLARED, CategoryOrder
from bayes_lca.data.declarations import NOTHING_DECLARED, Declarations
from bayes_lca.data.frame import Frame, check_columns, check_frame, check_missing, named, rows_of
from bayes_lca.data.identifiability import check_squares
from bayes_lca.data.responses import MISSING, read_categories
from bayes_lca.data.rows_left_out import RowsLeftOutWarning


def read_complete_outcome(
    frame,
    outcome: str,
    missing: Literal["raise", "drop"] = "raise",
    declared: Declarations = NOTHING_DECLARED,
) -> tuple[Frame, np.ndarray, tuple[str, ...], np.ndarray]:
    """Read an observed nominal outcome.

    Parameters
    ----------
    frame : eager data frame
    outcome : str
        A column of categories.
    missing : {"raise", "drop"}
        What to do with rows that lack the outcome.
    declared : Declarations
        Its categories and codes of missing answers.

    Returns
    -------
    frame : data frame
        The rows that have the outcome.
    codes : ndarray of int, shape (row,)
    labels : tuple of str
    complete : ndarray of bool, shape (row of the given frame,)
        Rows that have the outcome, the others being left out.

    Raises
    ------
    ValueError
        If the column is unknown, is no category, or is missing in some rows with `missing` at ``"raise"``.

    Warns
    -----
    UserWarning
        If rows are left out, or a value that nobody declared looks like a code of missing answers.
    """
    check_missing(missing)
    codes, labels, _ = _read_outcome(frame, outcome, declared)
    frame, complete = _rows_that_have(frame, outcome, codes != MISSING, missing)
    return frame, codes[complete], labels, complete


def read_ordered_outcome(
    frame,
    outcome: str,
    use: str,
    missing: Literal["raise", "drop"] = "raise",
    declared: Declarations = NOTHING_DECLARED,
) -> tuple[Frame, np.ndarray, tuple[str, ...], CategoryOrder, np.ndarray]:
    """Read an outcome whose categories have an order that somebody declared, or that is the one of numbers.

    Parameters
    ----------
    frame : eager data frame
    outcome : str
        A column of categories.
    use : str
        What rests on the order, as messages name it.
    missing : {"raise", "drop"}
        What to do with rows that lack the outcome.
    declared : Declarations
        Its categories and codes of missing answers.

    Returns
    -------
    frame : data frame
        The rows that have the outcome.
    codes : ndarray of int, shape (row,)
    labels : tuple of str
    order : str
        What the order rests on; see `bayes_lca.data.category_order.ordered_categories`.
    complete : ndarray of bool, shape (row of the given frame,)
        Rows that have the outcome, the others being left out.

    Raises
    ------
    ValueError
        If the column is unknown, is no category, has three or more categories whose order nobody declared, or is
        missing in some rows with `missing` at ``"raise"``.

    Warns
    -----
    UserWarning
        If rows are left out, or a value that nobody declared looks like a code of missing answers.
    """
    check_missing(missing)
    codes, labels, order = _read_outcome(frame, outcome, declared)
    if order in NOBODY_DECLARED and len(labels) > 2:
        raise ValueError(
            f"{use} rests on the order of categories, which nobody declared for the outcome {outcome!r} of "
            f"{len(codes)} rows; they would be {named(labels)}. Declare it: categories=[...] in their order, or an "
            "ordered categorical in the frame"
        )
    frame, complete = _rows_that_have(frame, outcome, codes != MISSING, missing)
    return frame, codes[complete], labels, order, complete


def read_numeric_outcome(
    frame, outcome: str, missing: Literal["raise", "drop"] = "raise", declared: Declarations = NOTHING_DECLARED
) -> tuple[Frame, np.ndarray, np.ndarray]:
    """Read an outcome that is a number.

    Parameters
    ----------
    frame : eager data frame
    outcome : str
    missing : {"raise", "drop"}
        What to do with rows that lack the outcome.
    declared : Declarations
        Its codes of missing answers.

    Returns
    -------
    frame : data frame
        The rows that have the outcome.
    values : ndarray, shape (row,)
    complete : ndarray of bool, shape (row of the given frame,)
        Rows that have the outcome, the others being left out.

    Raises
    ------
    ValueError
        If the column is unknown, holds no numbers, is infinite, constant, or missing in all rows, or in some with
        `missing` at ``"raise"``.

    Warns
    -----
    UserWarning
        If rows are left out, or a value that nobody declared looks like a code of missing answers.

    Examples
    --------
    >>> import pandas as pd
    >>> read_numeric_outcome(pd.DataFrame({"pay": [2, 3, 5]}), "pay")[1].tolist()
    [2.0, 3.0, 5.0]
    """
    check_missing(missing)
    values = _numbers(frame, outcome, declared)
    frame, complete = _rows_that_have(frame, outcome, ~np.isnan(values), missing)
    _refuse_constant(values, outcome)
    return frame, values[complete], complete


def read_incomplete_numbers(frame, outcome: str, declared: Declarations = NOTHING_DECLARED) -> np.ndarray:
    """Read an outcome that is a number, not a number where it is missing, shape (row of the frame,).

    Raises
    ------
    ValueError
        If the column is unknown, holds no numbers, is infinite, constant, or missing in all rows.
    """
    values = _numbers(frame, outcome, declared)
    _refuse_constant(values, outcome)
    return values


def _numbers(frame, outcome: str, declared: Declarations) -> np.ndarray:
    check_frame(frame)
    check_columns(frame, [outcome], role="outcome")
    declared.warn_of_absent_codes(frame, [outcome])
    series = declared.column(frame, outcome, "outcome")
    n = len(series)
    if isinstance(series.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(series):
        if series.isna().all():
            raise ValueError(f"outcome {outcome!r} is missing in all {n} rows; choose another outcome")
        several = series.dropna().map(repr).nunique() > 2  # of values that may have no hash
        family = '"ordered" or "multinomial"' if several else '"bernoulli"'
        raise ValueError(
            f"outcome {outcome!r} holds no numbers but values such as {named(series.dropna().iloc[:1])} in {n} rows; "
            f"make numbers of them, or choose bl.fit_distal with family={family} for categories"
        )
    values = series.to_numpy(dtype=float, na_value=np.nan)
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise ValueError(f"outcome {outcome!r} is infinite in {infinite} of {n} rows; correct them or code as missing")
    check_squares(values, outcome, role="outcome")
    return values


def _refuse_constant(values: np.ndarray, outcome: str) -> None:
    known = values[~np.isnan(values)]
    if not len(known) or np.ptp(known) == 0:
        what = f"is {known[0]:g} in all {len(known)} rows" if len(known) else f"is missing in all {len(values)} rows"
        raise ValueError(f"outcome {outcome!r} {what}; choose another outcome")


def _rows_that_have(frame, outcome: str, complete: np.ndarray, missing: str) -> tuple[Frame, np.ndarray]:
    """The rows of a frame that have the outcome, and which they are."""
    n_missing = int((~complete).sum())
    if n_missing:
        some, which = f"{n_missing} of {len(complete)} rows", rows_of(frame, ~complete)
        if missing == "raise":
            raise ValueError(
                f'{some} lack the outcome {outcome!r} ({which}); complete them, or leave them out with missing="drop"'
            )
        warnings.warn(f"{some} left out: outcome {outcome!r} missing ({which})", RowsLeftOutWarning, stacklevel=4)
        frame = nw.from_native(frame, eager_only=True).filter(complete.tolist()).to_native()
    return frame, complete


def _read_outcome(frame, outcome: str, declared: Declarations) -> tuple[np.ndarray, tuple[str, ...], CategoryOrder]:
    check_frame(frame)
    check_columns(frame, [outcome], role="outcome")
    declared.check_names([outcome])
    declared.warn_of_absent_codes(frame, [outcome])
    return read_categories(declared.column(frame, outcome, "outcome"), outcome, role="outcome")
