"""Refusals of designs whose coefficients the data cannot tell apart."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_lca.data.frame import named


def check_design(design, covariates: Sequence[str]) -> None:
    """Refuse a design before any time is spent on sampling it.

    Parameters
    ----------
    design : Design
    covariates : sequence of str
        Columns used by the fixed part of the formula.

    Raises
    ------
    ValueError
        If one covariate is another cut into categories, a design column is constant, columns are linearly
        dependent, or J groups carry J - 1 or more group-level predictors.
    """
    _refuse_cut_of_another(design.covariates, covariates)
    _refuse_constant(design)
    for grouping in design.groupings:
        _check_degrees_of_freedom(design, grouping)
    _refuse_dependent(design)


def _refuse_cut_of_another(table: pd.DataFrame, covariates: Sequence[str]) -> None:
    numeric = [name for name in covariates if not isinstance(table[name].dtype, pd.CategoricalDtype)]
    for cut in (name for name in covariates if name not in numeric):
        for whole in numeric:
            ranges = table.groupby(cut, observed=True)[whole].agg(["min", "max"]).sort_values("min")
            disjoint = (ranges["max"].to_numpy()[:-1] < ranges["min"].to_numpy()[1:]).all()
            if disjoint and table[whole].nunique() > len(ranges):
                raise ValueError(
                    f"{cut!r} is {whole!r} cut into {len(ranges)} categories; the two say the same thing twice: "
                    "keep one of them in the formula"
                )


def _refuse_constant(design) -> None:
    constant = [term for term, values in zip(design.terms, design.matrix.T, strict=True) if np.ptp(values) == 0]
    if constant:
        raise ValueError(
            f"design column(s) {named(constant)} have the same value in all {len(design.matrix)} rows; "
            "drop them from the formula"
        )


def _check_degrees_of_freedom(design, grouping) -> None:
    n_groups = len(grouping.levels)
    means = grouping.means(design.matrix)[grouping.index]
    at_group_level = np.isclose(design.matrix, means, atol=1e-12).all(axis=0)
    terms = [term for term, constant in zip(design.terms, at_group_level, strict=True) if constant]
    remaining = n_groups - 1 - len(terms)
    if terms and remaining <= 0:
        raise ValueError(
            f"{n_groups} groups in {grouping.name!r} cannot carry {len(terms)} group-level predictor(s) "
            f"({named(terms)}): {remaining} degrees of freedom remain; drop predictors, or (1 | {grouping.name})"
        )
    if terms and remaining <= 2:
        warnings.warn(
            f"{n_groups} groups in {grouping.name!r} with {len(terms)} group-level predictor(s) ({named(terms)}) "
            f"leave {remaining} degree(s) of freedom: their effects rest on very little",
            stacklevel=5,
        )


def _refuse_dependent(design) -> None:
    if not design.terms:
        return
    columns = np.column_stack([np.ones(len(design.matrix)), design.standardised])
    if np.linalg.matrix_rank(columns) == columns.shape[1]:
        return
    for last in range(1, columns.shape[1]):
        if np.linalg.matrix_rank(columns[:, : last + 1]) <= last:
            raise ValueError(
                f"design column {design.terms[last - 1]!r} follows from the columns before it "
                f"({named(design.terms[: last - 1])}); drop one of the covariates involved"
            )
