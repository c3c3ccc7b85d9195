"""From a formula and covariates to the columns of a design, and of new rows."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayes_lca.data.column_units import units_of_term
from bayes_lca.data.formula import NO_COVARIATES, Formula
from bayes_lca.data.frame import named
from bayes_lca.data.identifiability import check_finite, check_numbers


@dataclass(frozen=True)
class Encoder:
    """Turns covariates into design columns, with the levels and transformations of the rows it was made from.

    Attributes
    ----------
    terms : tuple of str
        Names of the design columns, the intercept left out.
    matrix : ndarray, shape (row, term)
        Design of those rows.
    columns_of : mapping of str to tuple of int
        Columns of each term of the formula: several for a category.
    unit : ndarray, shape (term,)
        One unit of each column, from `bayes_lca.data.column_units`.
    """

    terms: tuple[str, ...]
    matrix: np.ndarray
    columns_of: Mapping[str, tuple[int, ...]]
    unit: np.ndarray
    _common: Any
    _every_level: pd.DataFrame

    def evaluate(self, covariates: pd.DataFrame) -> np.ndarray:
        """Design of new rows, shape (row, term).

        Raises
        ------
        ValueError
            If a term cannot be evaluated, or is not finite in some rows.
        """
        if not self.terms:
            return np.empty((len(covariates), 0))
        extended = pd.concat(
            [self._every_level, covariates], ignore_index=True
        )  # formulae wants all levels of C(x, ...)
        try:
            with np.errstate(all="ignore"):
                matrix = _without_intercept(self._common.evaluate_new_data(extended))[len(self._every_level) :]
        except Exception as error:
            raise ValueError(
                f"{named(self.terms)} cannot be evaluated in {len(covariates)} new rows ({error}); correct the "
                "covariates, or leave out rows beyond those of the fit"
            ) from error
        check_finite(self.terms, matrix)
        return matrix


def encode(formula: Formula, covariates: pd.DataFrame) -> Encoder:
    """Evaluate the fixed part of a formula.

    Parameters
    ----------
    formula : Formula
    covariates : pandas.DataFrame
        Numbers and ordered categoricals; the first category of each is its reference.

    Returns
    -------
    Encoder

    Raises
    ------
    ValueError
        If a term cannot be evaluated, or is not finite in some rows.
    """
    if formula == NO_COVARIATES:
        return Encoder((), np.empty((len(covariates), 0)), {}, np.ones(0), None, covariates.iloc[:0])
    from formulae.environment import Environment
    from formulae.matrices import DesignMatrices
    from formulae.terms import Intercept, Term

    from bayes_lca.data.formula_terms import parse, refuse_equal_names

    model = parse(formula.text)
    model.group_terms.clear()
    for term in model.common_terms:  # sex/x shares sex between sex and sex:x, which code its levels differently
        if isinstance(term, Term):
            term.components = deepcopy(term.components)
    try:
        with np.errstate(all="ignore"):
            common = DesignMatrices(model, covariates, Environment([{"np": np}])).common
    except Exception as error:
        raise ValueError(
            f"formula {formula.text!r} cannot be evaluated ({error}); it may apply C, center, scale, poly, bs and "
            "functions of numpy that work row by row, such as np.log, to columns"
        ) from error
    shifts = [name for name, term in common.terms.items() if term.kind == "offset"]
    if shifts:
        raise ValueError(f"formula {formula.text!r} has {named(shifts)}: a class model has no offset; drop it")
    labels = {name: term.labels for name, term in common.terms.items() if not isinstance(term, Intercept)}
    terms = [label for of_term in labels.values() for label in of_term]
    refuse_equal_names(formula.text, terms)
    columns_of = {name: tuple(terms.index(label) for label in of_term) for name, of_term in labels.items()}
    matrix = _without_intercept(common)
    check_numbers(terms, matrix)
    parts = [common.terms[name] for name in labels]
    unit = np.concatenate([np.ones(0), *(units_of_term(term) for term in parts)])
    with_levels = [*covariates.select_dtypes("category"), *formula.contrasts]
    every_level = sorted({row for name in with_levels for row in covariates.drop_duplicates(name).index})
    return Encoder(tuple(terms), matrix, columns_of, unit, common, covariates.loc[every_level])


def _without_intercept(common) -> np.ndarray:
    kept = [columns for name, columns in common.slices.items() if common.terms[name].kind != "intercept"]
    parts = [common.design_matrix[:, columns] for columns in kept]
    return np.column_stack(parts).astype(float, copy=False) if parts else np.empty((len(common.design_matrix), 0))
