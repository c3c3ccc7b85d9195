"""What was warned of while a fit was made, kept with it: one road for all warnings."""

import json
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager

import xarray as xr

WARNED = "warned_of"
"""Attribute with the category and the message of each."""

Warned = list[tuple[str, str]]


@contextmanager
def recorded() -> Generator[Warned]:
    """Give what is warned of inside at the end, from where it came, and keep it in the list that stands for this.

    Kept are warnings for users, whether they are shown or not.

    Examples
    --------
    >>> with warnings.catch_warnings(action="ignore"), recorded() as warned:
    ...     warnings.warn("few groups", stacklevel=1)
    >>> warned
    [('UserWarning', 'few groups')]
    """
    warned: Warned = []
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as messages:
            warnings.simplefilter("always", UserWarning)
            caught = messages
            yield warned
    finally:
        of_users = [each for each in caught if issubclass(each.category, UserWarning)]
        warned += [(each.category.__name__, str(each.message)) for each in of_users]
        for each in caught:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def warned_of(attributes: Mapping) -> Warned:
    """Category and message of what a fit was warned of, from its attributes."""
    return [(category, message) for category, message in json.loads(attributes.get(WARNED, "[]"))]


def with_warnings(attributes: Mapping, warned: Warned) -> dict:
    """Attributes with more warnings, each kept once."""
    everything = dict.fromkeys([*warned_of(attributes), *warned])
    return {**attributes, WARNED: json.dumps(list(everything))}


def of_data_sets(fits: Sequence[Mapping]) -> Warned:
    """Of several fits by their attributes, each message with the number of its data set."""
    return [
        (category, f"data set {place}: {message}")
        for place, attributes in enumerate(fits, start=1)
        for category, message in warned_of(attributes)
    ]


def warn_again(draws: xr.DataTree, stacklevel: int) -> None:
    """Give the warnings of a fit that was kept, as at a level of the stack that calls this."""
    known = {category.__name__: category for category in _subclasses(UserWarning)}
    for category, message in warned_of(draws.attrs):
        warnings.warn(message, known.get(category, UserWarning), stacklevel=stacklevel + 1)


def _subclasses(category: type[Warning]) -> Iterator[type[Warning]]:
    """Categories of the package below one."""
    for each in category.__subclasses__():
        if each.__module__.startswith("bayes_lca."):
            yield each
        yield from _subclasses(each)
