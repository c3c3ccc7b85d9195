"""Which items have parameters of their own at each wave."""

from collections.abc import Sequence
from typing import Literal

from bayes_lca.data.frame import named
from bayes_lca.measurement.interface import Measurement

FEWEST_EQUAL = 2
"""Items that are equal over waves: with one alone, a change of this item could not be told from one of the class."""


def free_items(
    measurement: Measurement, over_time: Literal["equal", "free"] | Sequence[str]
) -> Literal["equal", "free"] | tuple[str, ...]:
    """Items that are free over waves in the order of the part; ``"free"`` where these are all of them.

    Raises
    ------
    TypeError
        If `over_time` is no list.
    ValueError
        If it names no item, one that there is not or one twice, leaves fewer than two equal, or priors or restrictions
        speak of single items.
    """
    if over_time == "equal":
        return "equal"
    if over_time == "free":
        return "free"
    items = list(measurement.columns)
    choices = f'choose "equal", "free", or a list of the items that are free, from {named(items)}'
    if isinstance(over_time, str):
        raise ValueError(f"measurement_over_time={over_time!r}: {choices}")
    if not isinstance(over_time, Sequence):
        raise TypeError(f"measurement_over_time={over_time!r}: {choices}")
    free = [str(item) for item in over_time]
    if not free:
        raise ValueError('measurement_over_time=[] frees no item; write "equal"')
    if unknown := [item for item in free if item not in map(str, items)]:
        raise ValueError(f"measurement_over_time={free}: {named(unknown)} is none of the items; {choices}")
    if len(set(free)) < len(free):
        raise ValueError(f"measurement_over_time={free}: an item is named twice; name each once")
    if len(free) == len(items):
        return "free"
    equal = [item for item in items if str(item) not in free]
    if len(equal) < FEWEST_EQUAL:
        raise ValueError(
            f"measurement_over_time={free} leaves {len(equal)} of {len(items)} items equal, {named(equal)}, by which "
            'nobody can tell whether a class is the same at all waves; free fewer items, or all of them with "free"'
        )
    if measurement.knows_single_items:
        raise ValueError(
            f"measurement_over_time={free}: priors or restrictions speak of single items of {named(items)}, and items "
            'that are free over waves take those of all; leave out prior= and restrictions=, or choose "equal" or '
            '"free"'
        )
    return tuple(str(item) for item in items if str(item) in free)
