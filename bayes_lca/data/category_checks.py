"""Refusals of values that are no categories: neither numbers nor text, empty text, text that no file can hold."""

from collections.abc import Iterable

from bayes_lca.data.distinct_values import DistinctValues
from bayes_lca.data.frame import can_be_written, label, named


def check_text(present: DistinctValues, name: str, role: str) -> None:
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


def check_blank(present: DistinctValues, name: str, role: str) -> None:
    """Refuse categories whose label is empty, blank, or not to be written to a file."""
    texts = [label(value) for value in present.values]
    check_written(texts, name, role)
    blank = int(present.count[[not text.strip() for text in texts]].sum())
    if blank:
        raise ValueError(
            f"{role} {name!r} holds empty text in {blank} of {present.n_present} rows; code it as missing, or give "
            "that category a name"
        )


def check_written(texts: Iterable[str], name: str, role: str) -> None:
    """Refuse texts that no file holds as they are."""
    unfit = [text for text in dict.fromkeys(texts) if not can_be_written(text)]
    if unfit:
        raise ValueError(
            f"{role} {name!r} holds text with a NUL character or half a surrogate pair, {named(unfit)}, which no file "
            f"can hold ({len(unfit)} different text(s)); correct it"
        )
