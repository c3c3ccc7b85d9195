"""Sets of item profiles: where classes answer in a way of their own."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class ProfileSets:
    """Where the classes have profiles of their own, such as in each class of groups, or in each known population.

    Attributes
    ----------
    axis : str
        What the sets are, as draws name their axis.
    by : str
        Column of the populations, or of the groups that are in classes.
    names : tuple of str
        A name for each set.
    index : ndarray of int, shape (row,)
        Set of each row where it is known, else the group of each row: all of a group have the same set.
    is_known : bool
        Whether the set of each row is known.
    """

    axis: str
    by: str
    names: tuple[str, ...]
    index: np.ndarray
    is_known: bool
