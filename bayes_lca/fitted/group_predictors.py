"""Predictors that have one value in each group, and what is left to judge them by."""

from dataclasses import dataclass

import numpy as np

from bayes_lca.data.identifiability import CONSTANT_WITHIN


@dataclass(frozen=True)
class GroupPredictors:
    """Design columns that are constant within the groups of a grouping.

    Attributes
    ----------
    grouping : str
    groups : tuple of str
    index : ndarray of int, shape (pattern,)
        Group of each distinct row.
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


def group_predictors(fit) -> list[GroupPredictors]:
    """Group-level predictors of every grouping that has some, each at the coarsest grouping it belongs to.

    Raises
    ------
    ValueError
        If the model has no grouping, or the fit was saved without respondents.
    """
    if not fit.groupings:
        raise ValueError(
            f"formula {fit.formula.text!r} of this fit of {fit.n_respondents} respondents has no random intercepts; "
            "add (1 | group)"
        )
    fit.require_respondents("effects of group-level predictors")
    matrix, index, names = fit.matrix, fit.group_of_pattern, fit.group_names
    predictors, taken = [], set()
    for name in sorted(fit.groupings, key=lambda grouping: len(names[grouping])):
        coarser = [other for other in fit.groupings if other != name and nested(index[name], index[other])]
        constant = [
            place
            for place, term in enumerate(fit.terms)
            if term not in taken and is_constant_within(matrix[:, place], index[name])
        ]
        taken |= {fit.terms[place] for place in constant}
        if not constant:
            continue
        _, first = np.unique(index[name], return_index=True)
        indicators = [np.eye(len(names[other]))[index[other][first]][:, 1:] for other in coarser]
        predictors.append(
            GroupPredictors(
                grouping=name,
                groups=names[name],
                index=index[name],
                terms=tuple(fit.terms[place] for place in constant),
                values=matrix[np.ix_(first, constant)],
                coarser=np.concatenate([np.empty((len(first), 0)), *indicators], axis=1),
            )
        )
    return predictors


def is_constant_within(values: np.ndarray, index: np.ndarray) -> bool:
    """Whether a column of shape (row,) has one value in every group, up to rounding."""
    mean = np.bincount(index, weights=values) / np.bincount(index)
    return bool((np.abs(values - mean[index]) < CONSTANT_WITHIN * values.std()).all())


def nested(fine: np.ndarray, coarse: np.ndarray) -> bool:
    """Whether each group of `fine` lies within one of `coarse`; both have shape (row,)."""
    pairs = np.unique(np.column_stack([fine, coarse]), axis=0)
    return len(pairs) == len(np.unique(fine)) > len(np.unique(coarse))
