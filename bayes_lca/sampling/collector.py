"""Python's collector of unreachable objects, which waits while graphs are built."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Generator[None]:
    """Within it nothing is searched for objects that only hold each other.

    A model is some hundred thousand objects that all stay, and the collector would walk through them time and again as
    they become more.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
