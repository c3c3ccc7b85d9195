"""Items, covariates and groups as a fit holds them, beside the same columns of a frame or of another fit."""

from collections.abc import Mapping
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.answered import as_codes
from bayes_lca.data.frame import column, label

ROUNDING = 1e-9
"""Relative difference of two numbers that counts as none, for files do not keep the last digit."""
MISSING, OTHER = -1, -2
"""Codes of what is missing, and of a value that the fit does not know."""


@dataclass(frozen=True, eq=False)
class Compared:
    """Columns of a fit and of a frame, coded alike: codes are equal where values are.

    Attributes
    ----------
    names : tuple of str
        Columns that both have.
    lacking : tuple of str
        Columns of the fit that the frame lacks.
    of_fit : ndarray of int, shape (pattern, column)
        Of the distinct rows of the fit.
    of_rows : ndarray of int, shape (row, column)
        Of the rows of the frame.
    proves : bool
        Whether the frame has all items, or all covariates and groups where there are some.
    """

    names: tuple[str, ...]
    lacking: tuple[str, ...]
    of_fit: np.ndarray
    of_rows: np.ndarray
    proves: bool

    def differ(self, patterns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Whether distinct rows of the fit differ from rows of the frame, pair by pair, shape (pair,)."""
        result = np.zeros(len(rows), dtype=bool)
        for of_fit, of_rows in zip(self.of_fit.T, self.of_rows.T, strict=True):
            result |= of_fit[patterns] != of_rows[rows]
        return result


def compared_with_frame(fit, frame) -> Compared:
    """Columns of a fit beside those of a frame."""
    known, narwhal = _stored(fit), nw.from_native(frame, eager_only=True)
    present = {str(name): name for name in narwhal.columns}
    beside = {name: column(frame, present[name]) for name in known if name in present}
    return _compared(fit, known, beside, len(narwhal))


def compared_with_fit(fit, other) -> Compared:
    """Columns of a fit beside those in the distinct rows of another, items only if they have the same categories."""
    known, beside = _stored(fit), _stored(other)
    recoded = [
        name
        for name in known
        if name in beside and known[name].dtype != beside[name].dtype and name in _answered(fit) | _answered(other)
    ]
    beside = {name: values for name, values in beside.items() if name not in recoded}
    return _compared(fit, known, beside, len(other.count))


def _compared(fit, known: Mapping[str, pd.Series], beside: Mapping[str, pd.Series], n_rows: int) -> Compared:
    answered = _answered(fit)
    common = [name for name in known if name in beside]
    pairs = [_coded_alike(known[name], beside[name], is_answer=name in answered) for name in common]
    lacking = tuple(name for name in known if name not in beside)
    others = [name for name in known if name not in answered]
    return Compared(
        names=tuple(common),
        lacking=lacking,
        of_fit=np.array([of_fit for of_fit, _ in pairs], dtype=np.int32).reshape(len(pairs), len(fit.count)).T,
        of_rows=np.array([of_rows for _, of_rows in pairs], dtype=np.int32).reshape(len(pairs), n_rows).T,
        proves=not answered & set(lacking) or (bool(others) and not set(others) & set(lacking)),
    )


def _answered(fit) -> set[str]:
    return {str(name) for name in fit.items or (fit.outcome,)}


def _stored(fit) -> dict[str, pd.Series]:
    """Values of every item, covariate and group in the distinct rows of a fit: texts, or numbers."""
    names = fit.items or (str(fit.outcome),)
    values = {
        name: pd.Series(pd.Categorical.from_codes(as_codes(codes), list(labels)) if labels else codes)
        for name, codes, labels in zip(names, fit.codes.T, fit.labels, strict=True)
    }
    return values | {name: pd.Series(fit.covariate_of_pattern(name)) for name in fit.formula.columns}


def _coded_alike(stored: pd.Series, values: pd.Series, *, is_answer: bool) -> tuple[np.ndarray, np.ndarray]:
    """Codes of a stored column and of another, equal where values are.

    An answer that nobody in the fit gave, such as a code that stands for missing, counts as missing.
    """
    if stored.dtype.kind in "fi" and pd.api.types.is_numeric_dtype(values):
        unknown = MISSING if is_answer else OTHER
        return _numbers_alike(stored.to_numpy(dtype=float), values.to_numpy(dtype=float, na_value=np.nan), unknown)
    codes, texts = pd.factorize(stored)
    place = {label(text): code for code, text in enumerate(texts)}
    codes_of_values, distinct = pd.factorize(values)
    unknown = MISSING if is_answer else OTHER
    known = [place.get(label(value), unknown) for value in distinct]
    return codes, np.array([*known, MISSING])[codes_of_values]


def _numbers_alike(stored: np.ndarray, numbers: np.ndarray, unknown: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions among the numbers that are stored, of the nearest one where that is no more than rounding away."""
    known = np.unique(stored[~np.isnan(stored)])
    codes = np.where(np.isnan(stored), MISSING, np.searchsorted(known, stored))
    nearest = np.searchsorted((known[1:] + known[:-1]) / 2, numbers)
    same = np.abs(known[nearest] - numbers) <= ROUNDING * np.maximum(np.abs(numbers), np.ptp(known))
    return codes, np.where(np.isnan(numbers), MISSING, np.where(same, nearest, unknown))
