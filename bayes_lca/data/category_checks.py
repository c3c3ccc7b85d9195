"""Refusals of values that are no categories: neither numbers nor text, empty text, text that no file can hold."""

from collections.abc import Callable, Iterable

import pandas as pd

from bayes_lca.data.distinct_values import DistinctValues
from bayes_lca.data.frame import can_be_written, label, named

GROUP_COLUMN = "group column"
"""The role of columns whose text names things, in which capitals may tell one from another."""
STRIPPED, LOWERED = ".str.strip()", ".str.strip().str.lower()"


def check_text(present: DistinctValues, name: str | int, role: str) -> None:
    """Refuse categories that are neither numbers nor proper text.

    Parameters
    ----------
    present : DistinctValues
    name, role : str
        The column, and what it is used for, as the message names them.
    """
    strays = [not isinstance(value, str) for value in present.values]
    if any(strays):
        n, stray = int(present.count[strays].sum()), present.values[strays.index(True)]
        if n < present.n_present:
            raise ValueError(
                f"{role} {name!r} mixes text with {n} of {present.n_present} value(s) that are no text, such as "
                f"{stray!r}; convert the column to one type"
            )
        raise ValueError(
            f"{role} {name!r} holds neither numbers nor text but values such as {stray!r} in {n} rows; convert the "
            "column to numbers of a 64-bit type, text or a categorical"
        )
    check_blank(present, name, role)
    if role != GROUP_COLUMN:
        _check_alike(present, name, role, str.casefold, "capitals or blanks", f"{LOWERED}, or make it a categorical")


def check_blank(present: DistinctValues, name: str | int, role: str) -> None:
    """Refuse categories whose label is empty, blank, or not to be written to a file, or differ in blanks alone."""
    texts = [label(value) for value in present.values]
    check_written(texts, name, role)
    blank = int(present.count[[not text.strip() for text in texts]].sum())
    if blank:
        raise ValueError(
            f"{role} {name!r} holds empty text in {blank} of {present.n_present} rows; code it as missing, or give "
            "that category a name"
        )
    _check_alike(present, name, role, str, "blanks", STRIPPED)


def _check_alike(
    present: DistinctValues, name: str | int, role: str, fold: Callable[[str], str], what: str, remedy: str
) -> None:
    """Refuse categories that are one, written in several ways: equal but for blanks, and for what `fold` takes away."""
    written: dict[str, list[int]] = {}
    texts = [label(value) for value in present.values]
    for place, text in enumerate(texts):
        written.setdefault(" ".join(fold(text).split()), []).append(place)
    for places in written.values():
        ways = sorted({texts[place] for place in places})
        if len(ways) == 1:
            continue
        raise ValueError(
            f"{role} {name!r} has {named(ways)} in {int(present.count[places].sum())} of {present.n_present} rows, "
            f"which differ in {what} alone; write them alike, such as frame[{name!r}]{remedy}"
        )


def check_hashable(values: pd.Series, name: str | int, role: str) -> None:
    """Refuse lists, sets and the like, of which nobody can say which are the same."""
    strays = [value for value in values if not _has_hash(value)] if values.dtype == object else []
    if strays:
        raise ValueError(
            f"{role} {name!r} holds values such as {strays[0]!r:.60} in {len(strays)} of {len(values)} rows, which are "
            "neither numbers nor text; convert the column to one of them"
        )


def _has_hash(value) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def check_written(texts: Iterable[str], name: str | int, role: str) -> None:
    """Refuse texts that no file holds as they are."""
    unfit = [text for text in dict.fromkeys(texts) if not can_be_written(text)]
    if unfit:
        raise ValueError(
            f"{role} {name!r} holds text with a NUL character or half a surrogate pair, {named(unfit)}, which no file "
            f"can hold ({len(unfit)} different text(s)); correct it"
        )
