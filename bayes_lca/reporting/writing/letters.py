"""Letters that pages, drawings and LaTeX can hold, whatever is in the names and labels of a survey."""

import re

NOT_PRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters but for tab and ends of lines, halves of surrogate pairs, and what Unicode calls no character."""


def printable(text: str) -> str:
    r"""The text with a mark in place of every character that cannot be printed.

    Examples
    --------
    >>> printable("yes\x07")
    'yes�'
    """
    return NOT_PRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
