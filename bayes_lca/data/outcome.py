"""From a frame to an observed nominal outcome."""

import warnings
from typing import Literal

import narwhals as nw
import numpy as np

from bayes_lca.data.declarations import NOTHING_DECLARED, Declarations
from bayes_lca.data.frame import check_columns, check_frame, check_missing, rows_of
from bayes_lca.data.responses import MISSING, read_categories


def read_complete_outcome(
    frame,
    outcome: str,
    missing: Literal["raise", "drop"] = "raise",
    declared: Declarations = NOTHING_DECLARED,
) -> tuple[object, np.ndarray, tuple[str, ...], np.ndarray]:
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
    check_frame(frame)
    check_columns(frame, [outcome], role="outcome")
    declared.check_names([outcome])
    declared.warn_of_absent_codes(frame, [outcome])
    codes, labels, _ = read_categories(declared.column(frame, outcome, "outcome"), outcome, role="outcome")
    complete = codes != MISSING
    n_missing = int((~complete).sum())
    if n_missing:
        some, which = f"{n_missing} of {len(codes)} rows", rows_of(frame, ~complete)
        if missing == "raise":
            raise ValueError(
                f'{some} lack the outcome {outcome!r} ({which}); complete them, or leave them out with missing="drop"'
            )
        warnings.warn(f"{some} left out: outcome {outcome!r} missing ({which})", stacklevel=3)
        frame = nw.from_native(frame, eager_only=True).filter(complete.tolist()).to_native()
    return frame, codes[complete], labels, complete
