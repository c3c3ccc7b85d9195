"""Predictors that have one value in each group, and what is left to judge them by."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_lca.data.identifiability import CONSTANT_WITHIN
from bayes_lca.dims import DESIGN, TERM
from bayes_lca.fitted.axes import groupings
from bayes_lca.fitted.respondents import require_respondents


@dataclass(frozen=True)
class GroupPredictors:
    """Design columns that are constant within the groups of a grouping.

    Attributes
    ----------
    grouping : str
    groups : tuple of str
    index : ndarray of int, shape (respondent,)
        Group of each respondent.
    terms : tuple of str
        Columns that vary over these groups but not within them, nor over coarser groups alone.
    values : ndarray, shape (group, term)
        In the user's units.
    coarser : ndarray, shape (group, column)
        Indicators of the coarser groups these are nested in, the first of them left out.
    """

    grouping: str
    groups: tuple[str, ...]
    index: np.ndarray
    terms: tuple[str, ...]
    values: np.ndarray
    coarser: np.ndarray

    @property
    def degrees_of_freedom(self) -> int:
        """Groups less one, less predictors, less coarser groups beyond the first."""
        return len(self.groups) - 1 - len(self.terms) - self.coarser.shape[1]


def group_predictors(draws: xr.DataTree) -> list[GroupPredictors]:
    """Group-level predictors of every grouping that has some, each at the coarsest grouping it belongs to.

    Raises
    ------
    ValueError
        If the model has no grouping.
    """
    names = groupings(draws)
    if not names:
        raise ValueError(
            f"formula {draws.attrs['formula']!r} of this fit of {draws.attrs['n_respondents']} respondents has no "
            "random intercepts; add (1 | group)"
        )
    require_respondents(draws, "effects of group-level predictors")
    constant = draws["constant_data"]
    terms = [str(term) for term in constant[TERM].to_numpy()]
    matrix = constant[DESIGN].to_numpy()
    index = {name: constant[f"{name}_index"].to_numpy() for name in names}
    found, taken = [], set()
    for name in sorted(names, key=lambda one: constant.sizes[one]):
        above = [one for one in names if one != name and nested(index[name], index[one])]
        own = [
            place
            for place, term in enumerate(terms)
            if term not in taken and is_constant_within(matrix[:, place], index[name])
        ]
        taken |= {terms[place] for place in own}
        first = np.array([np.flatnonzero(index[name] == group)[0] for group in range(constant.sizes[name])])
        indicators = [np.eye(constant.sizes[one])[index[one][first]][:, 1:] for one in above]
        columns = np.concatenate([np.empty((len(first), 0)), *indicators], axis=1)
        if own:
            found.append(
                GroupPredictors(
                    grouping=name,
                    groups=tuple(str(group) for group in constant[name].to_numpy()),
                    index=index[name],
                    terms=tuple(terms[place] for place in own),
                    values=matrix[np.ix_(first, own)],
                    coarser=columns,
                )
            )
    return found


def is_constant_within(values: np.ndarray, index: np.ndarray) -> bool:
    """Whether a column of shape (respondent,) has one value in every group, up to rounding."""
    mean = np.bincount(index, weights=values) / np.bincount(index)
    return bool((np.abs(values - mean[index]) < CONSTANT_WITHIN * values.std()).all())


def nested(fine: np.ndarray, coarse: np.ndarray) -> bool:
    """Whether each group of `fine` lies within one of `coarse`; both have shape (respondent,)."""
    pairs = np.unique(np.column_stack([fine, coarse]), axis=0)
    return len(pairs) == len(np.unique(fine)) > len(np.unique(coarse))
