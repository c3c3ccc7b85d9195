"""A value in one line of a message, whatever it is."""

LONGEST_TEXT = 60


def in_short(value) -> str:
    """What a value is in one line of 60 letters and three dots at most, for messages: a frame or a fit has hundreds.

    Examples
    --------
    >>> in_short("~ age"), len(in_short([1] * 100))
    ("'~ age'", 63)
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
