"""Distinct rows taken apart: covariates and groups on one side, answers on the other, each counted once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayes_lca.data.unique_rows import unique_rows

SMALLEST_WEIGHT = 1e-300
"""What rows count for at the least, so that of rows without any weight there are shares of zero."""


@dataclass(frozen=True, eq=False)
class PartsOfRows:
    """What some distinct rows are made of.

    Attributes
    ----------
    rows : ndarray of int, shape (pattern,)
        Their positions in the fit.
    covariates, answers : ndarray of int, shape (pattern,)
        Which of the distinct covariates, and of the distinct answers, a row has.
    matrix : ndarray, shape (covariates, term)
    groups : mapping of str to ndarray of int, shape (covariates,)
    share_of_covariates : ndarray, shape (covariates,)
        Share of the respondents with these rows, by their survey weights where they have some.
    first_with_answers : ndarray of int, shape (answers,)
        A distinct row of the fit that has them.
    unit : ndarray of int, shape (pattern,)
        The unit of the likelihood that each row is part of, numbered among those of these rows.
    count, count_in_unit : ndarray, shape (pattern,)
        Respondents with each row, and how many of them its unit has.
    """

    rows: np.ndarray
    covariates: np.ndarray
    answers: np.ndarray
    matrix: np.ndarray
    groups: Mapping[str, np.ndarray]
    share_of_covariates: np.ndarray
    first_with_answers: np.ndarray
    unit: np.ndarray
    count: np.ndarray
    count_in_unit: np.ndarray

    @property
    def n_rows(self) -> int:
        """Number of distinct rows."""
        return len(self.answers)

    @classmethod
    def of(cls, fit, rows: np.ndarray) -> "PartsOfRows":
        """Of some distinct rows of a fit, by position."""
        matrix, groups = fit.matrix[rows], {name: index[rows] for name, index in fit.group_of_pattern.items()}
        if matrix.shape[1] or groups:
            distinct = unique_rows(matrix, *groups.values())
            first, covariates = distinct.first, distinct.pattern
        else:
            first, covariates = np.zeros(1, dtype=int), np.zeros(len(rows), dtype=int)
        _, first_with_answers, answers = np.unique(fit.answer_pattern[rows], return_index=True, return_inverse=True)
        weight = np.bincount(covariates, weights=fit.weight[rows], minlength=len(first))
        _, unit = np.unique(fit.unit_of_pattern[rows], return_inverse=True)
        units_alike = fit.count_of_units[fit.unit_of_pattern[rows]]
        return cls(
            rows=rows,
            covariates=covariates,
            answers=answers.reshape(-1),
            matrix=matrix[first],
            groups={name: index[first] for name, index in groups.items()},
            share_of_covariates=weight / max(weight.sum(), SMALLEST_WEIGHT),
            first_with_answers=rows[first_with_answers],
            unit=unit.reshape(-1),
            count=fit.count[rows],
            count_in_unit=fit.count[rows] // np.maximum(units_alike, 1),
        )
