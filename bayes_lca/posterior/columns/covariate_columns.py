"""Columns of a frame as they are tested: numbers and ordered levels by ranks, other levels by counts."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from bayes_lca.data.covariates import as_text, check_categories, check_undeclared_levels, level_order
from bayes_lca.posterior.columns.association import CHI_SQUARE, KRUSKAL_WALLIS

UNKNOWN = -1


@dataclass(frozen=True)
class CovariateColumn:
    """A column and its test.

    Attributes
    ----------
    name : str
    test : {"chi-square", "Kruskal-Wallis"}
    values : ndarray of float, shape (row,)
        Numbers, or positions among the levels that occur; not a number where missing.
    """

    name: str
    test: Literal["chi-square", "Kruskal-Wallis"]
    values: np.ndarray


def read_covariate(name: str, values: pd.Series, *, ordinal: bool = False) -> CovariateColumn:
    """Numbers for Kruskal-Wallis, anything else for chi-square, ordered categoricals for either.

    Parameters
    ----------
    name : str
        Named in messages.
    values : pandas.Series
    ordinal : bool, default False
        Whether an ordered categorical is to be tested by Kruskal-Wallis.

    Raises
    ------
    ValueError
        If numbers are infinite, text does not look like categories, or the levels of an `ordinal` have no order.
    """
    declared = isinstance(values.dtype, pd.CategoricalDtype)
    if not declared and pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        if np.isinf(numbers).any():
            raise ValueError(
                f"column {name!r} is infinite in {int(np.isinf(numbers).sum())} of {len(numbers)} rows; correct them "
                "or code them as missing"
            )
        return CovariateColumn(name, KRUSKAL_WALLIS, numbers)
    if ordinal and not (declared and values.cat.ordered):
        raise ValueError(
            f"column {name!r} of {len(values)} rows declares no order of its levels; make it an ordered categorical, "
            "or take it out of ordinal"
        )
    return CovariateColumn(name, KRUSKAL_WALLIS if ordinal else CHI_SQUARE, read_levels(name, values))


def read_levels(name: str, values: pd.Series) -> np.ndarray:
    """Position of each value among the levels that occur, not a number where missing; shape (row,).

    Raises
    ------
    ValueError
        If text is empty, mixed with other values, or does not look like categories.
    """
    check_categories(values.dropna(), name, "column")
    levels, text = level_order(values), as_text(values)
    check_undeclared_levels(values, levels, name, "column")
    codes = pd.Categorical(text, levels).codes.astype(float)
    return np.where(codes == UNKNOWN, np.nan, codes)
