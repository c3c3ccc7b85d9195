"""Sets of item profiles: where classes answer in a way of their own."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class ProfileSets:
    """Where the classes have profiles of their own, such as in each class of groups.

    Attributes
    ----------
    axis : str
        What the sets are, as draws name their axis.
    names : tuple of str
        A name for each set.
    group : ndarray of int, shape (row,)
        Group of each row: all of a group have the same set, and nobody saw which.
    """

    axis: str
    names: tuple[str, ...]
    group: np.ndarray
