"""Several steps on the same rows, whose warnings are the same."""

import warnings
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def warned_once(stacklevel: int) -> Generator[None]:
    """Warn of what is warned of inside at the end, each text once, as at a level of the stack that calls this."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            distinct = list(dict.fromkeys((str(each.message), each.category) for each in said))
    for message, category in distinct:
        warnings.warn(message, category, stacklevel=stacklevel)
