"""Class logits of rows, from what their groups and covariates say."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca.data.design import Design
from bayes_lca.dims import design_within, group_index


@dataclass(frozen=True, eq=False)
class CoarserGroups:
    """Effects of groups other than the finest.

    Attributes
    ----------
    name : str
    place : ndarray of int, shape (finest group,), optional
        That of each finest group, where these lie within; their intercepts have its own in them already.
    intercept : TensorVariable, shape (group, class)
    slope : TensorVariable, shape (group, varying term, class), optional
    """

    name: str
    place: np.ndarray | None
    intercept: Any
    slope: Any


@dataclass(frozen=True, eq=False)
class GroupLogits:
    """Class logits as the groups and covariates of any rows give them.

    Attributes
    ----------
    name : str
        Of the finest grouping.
    theta : TensorVariable, shape (group, 1 + varying term, class)
        Intercepts and slopes.
    beta : TensorVariable, shape (shared term, class)
        Slopes that do not vary by its groups.
    x_mean : ndarray, shape (group, shared term)
    shared : list of int
        Columns of these terms.
    coarser : tuple of CoarserGroups
    """

    name: str
    theta: Any
    beta: Any
    x_mean: np.ndarray
    shared: list[int]
    coarser: tuple[CoarserGroups, ...]

    def at(self, design: Design, rows: str, *, part: str = ""):
        """Class logits of the rows of a design, shape (row, class); `part` is put behind the names of their data."""
        groupings = {grouping.name: grouping for grouping in design.groupings}
        finest = groupings[self.name]
        group = pm.Data(f"{group_index(self.name)}{part}", finest.index, dims=rows)  # (row,)
        x_within = pm.Data(
            f"{design_within(self.name)}{part}", design.standardised[:, self.shared] - self.x_mean[finest.index]
        )  # (row, shared term)
        eta = pt.dot(self.beta.T, x_within.T)  # (class, row)
        for each in self.coarser:
            grouping = groupings[each.name]
            if each.place is not None:
                index = pt.as_tensor(each.place)[group]
            else:
                index = pm.Data(f"{group_index(each.name)}{part}", grouping.index, dims=rows)
                eta = eta + each.intercept[index].T  # (class, row)
            for place, term in enumerate(grouping.varying):
                eta = eta + each.slope[:, place][index].T * design.standardised[:, term]
        for place, term in enumerate(finest.varying):
            eta = eta + self.theta[:, 1 + place].T[:, group] * design.standardised[:, term]
        return (eta + self.theta[:, 0].T[:, group]).T  # (row, class)
