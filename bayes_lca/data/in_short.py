"""A value in one line of a message, whatever it is."""

from dataclasses import is_dataclass

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


def as_given(value) -> str:
    """An argument in a message: the kind of a part, or in short what is none.

    Examples
    --------
    >>> from bayes_lca.priors import Dirichlet
    >>> as_given(Dirichlet(a=2.0)), as_given("~ age")
    ('Dirichlet(...)', "'~ age'")
    """
    return f"{type(value).__name__}(...)" if is_dataclass(value) else in_short(value)
