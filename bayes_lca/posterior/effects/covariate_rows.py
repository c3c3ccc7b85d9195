"""Rows of covariates with their groups, at which classes are predicted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_lca.data.design import Design
from bayes_lca.data.grouping import Grouping
from bayes_lca.data.unique_rows import unique_rows


@dataclass(frozen=True)
class Rows:
    """Rows of covariates with their groups.

    Attributes
    ----------
    covariates : pandas.DataFrame, shape (row, covariate)
    group : mapping of str to ndarray of int, shape (row,)
        Position of each row's group, by grouping.
    """

    covariates: pd.DataFrame
    group: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.covariates)

    def take(self, places: np.ndarray) -> "Rows":
        """Rows by position, which may repeat."""
        group = {name: index[places] for name, index in self.group.items()}
        return Rows(self.covariates.iloc[places].reset_index(drop=True), group)


def sample_rows(
    design: Design, covariates: Sequence[str], groupings: Sequence[Grouping], weight: np.ndarray | None = None
) -> tuple[Rows, np.ndarray]:
    """Distinct rows of some covariates and groupings among the respondents, and what counts of these.

    That is how many respondents have each, or with their survey weights, shape (respondent,), the sum of these.
    """
    columns = design.covariates[list(covariates)]
    codes = [values.cat.codes if hasattr(values, "cat") else values for _, values in columns.items()]
    everybody = np.zeros(len(columns))
    distinct = unique_rows(everybody, *codes, *(grouping.index for grouping in groupings))
    rows = Rows(columns, {grouping.name: grouping.index for grouping in groupings})
    count = distinct.count if weight is None else np.bincount(distinct.pattern, weights=weight)
    return rows.take(distinct.first), count


def cross(profiles: Rows, rest: Rows) -> Rows:
    """Each profile with every row of the rest: all rows of the first profile, then of the second."""
    repeated = profiles.take(np.repeat(np.arange(len(profiles)), len(rest)))
    tiled = rest.take(np.tile(np.arange(len(rest)), len(profiles)))
    return Rows(pd.concat([repeated.covariates, tiled.covariates], axis=1), {**repeated.group, **tiled.group})
