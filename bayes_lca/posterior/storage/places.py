"""Whether all that points to rows, groups and categories of a fit points to some that are there."""

import json

import numpy as np
import xarray as xr

from bayes_lca.data.answered import is_missing
from bayes_lca.dims import COUNT, PATTERN, PATTERN_OF_TABLE_ROW, ROW_OF_RESPONDENT, TABLE_ROW
from bayes_lca.fitted.record import ENCODING, PATTERNS, TABLE
from bayes_lca.posterior.storage.file_integrity import UnreadableFileError

INDEX = "_index"


def check_places(draws: xr.DataTree, observed: str) -> None:
    """Refuse a file in which a row, a group or an answer is beyond those that it has.

    Parameters
    ----------
    draws : xarray.DataTree
        With rows of respondents.
    observed : str
        Name of the answers, or of the outcome.

    Raises
    ------
    UnreadableFileError
        Naming the variable.
    """
    patterns, encoding = draws[PATTERNS], draws[ENCODING]
    for name, values in patterns.data_vars.items():
        grouping = str(name).removesuffix(INDEX)
        if grouping != name and grouping in encoding.coords:
            check_whole(str(name), values.to_numpy(), 0, encoding.sizes[grouping])
    if ROW_OF_RESPONDENT in patterns:
        check_whole(ROW_OF_RESPONDENT, patterns[ROW_OF_RESPONDENT].to_numpy(), 0, None)
    if observed in patterns:
        _check_answers(observed, patterns[observed].to_numpy(), json.loads(draws.attrs["labels"]))


def check_counted(draws: xr.DataTree, n_respondents: int) -> None:
    """Refuse a frequency table whose counts are not of its respondents, before they are counted out.

    Raises
    ------
    UnreadableFileError
    """
    table = draws[TABLE]
    for name in (COUNT, PATTERN_OF_TABLE_ROW):
        if table[name].dims != (TABLE_ROW,):
            raise UnreadableFileError(f"its {name} has dims {table[name].dims}, not one for each row of its {TABLE}")
    count, pattern = table[COUNT].to_numpy(), table[PATTERN_OF_TABLE_ROW].to_numpy()
    check_whole(f"{TABLE} {COUNT}", count, 0, None)
    check_whole(PATTERN_OF_TABLE_ROW, pattern, -1, draws[PATTERNS].sizes[PATTERN])
    counted = sum(map(int, count[pattern >= 0]))
    if counted != n_respondents:
        raise UnreadableFileError(f"its {TABLE} counts {counted} respondents, and the fit {n_respondents}")


def check_whole(name: str, values: np.ndarray, least: int, end: int | None) -> None:
    """Refuse what are no whole numbers from one on, up to below another.

    Raises
    ------
    UnreadableFileError
    """
    if values.dtype.kind not in "iu":
        raise UnreadableFileError(f"its {name} is of {values.dtype}, no whole numbers")
    if values.size and (values.min() < least or (end is not None and values.max() >= end)):
        upper = "" if end is None else f" to {end - 1}"
        raise UnreadableFileError(f"its {name} has {values.min()} to {values.max()}, and is from {least}{upper}")


def _check_answers(name: str, answers: np.ndarray, labels: list) -> None:
    """Codes of items with labels; items without are numbers."""
    if answers.dtype.kind not in "iuf":
        raise UnreadableFileError(f"its {name} are of {answers.dtype}, no numbers")
    if not labels or answers.size % len(labels):
        return
    by_item = answers.reshape(-1, len(labels))
    for place, of_item in enumerate(labels):
        given = by_item[:, place][~is_missing(by_item[:, place])]
        if of_item and given.size and (given.min() < 0 or given.max() >= len(of_item) or (given % 1).any()):
            raise UnreadableFileError(
                f"its {name} hold {given.min():g} to {given.max():g} for item {place + 1}, which has {len(of_item)} "
                "categories"
            )
