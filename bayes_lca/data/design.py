"""From a formula to the structural part's numbers: design matrix, groupings, levels remembered for new data."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import formulae
import numpy as np
import pandas as pd

from bayes_lca.data.frame import check_columns, check_frame, column, named
from bayes_lca.data.identifiability import check_design
from bayes_lca.dims import RESERVED

UNSEEN = -1


@dataclass(frozen=True)
class Grouping:
    """Respondents nested in groups.

    Attributes
    ----------
    name : str
        The column, or columns joined by ``:`` when groups are nested, as in ``city:group``.
    levels : tuple of str
        Groups that occur, ``:`` between the names of nested ones.
    index : ndarray of int, shape (row,)
        Group of each row.
    """

    name: str
    levels: tuple[str, ...]
    index: np.ndarray

    @property
    def first_row(self) -> np.ndarray:
        """Row at which each group first stands, shape (group,)."""
        return np.array([np.flatnonzero(self.index == group)[0] for group in range(len(self.levels))])

    def means(self, columns: np.ndarray) -> np.ndarray:
        """Mean of each column in each group, from shape (row, column) to (group, column)."""
        return np.array([columns[self.index == group].mean(axis=0) for group in range(len(self.levels))])

    def nested_in(self, other: "Grouping") -> bool:
        """Whether each group lies within one group of `other`."""
        return bool((other.index == other.index[self.first_row][self.index]).all())


@dataclass(frozen=True)
class Design:
    """Covariates of a structural part, encoded.

    Attributes
    ----------
    formula : str
        As the user wrote it, ``"~ age + participation + (1 | group)"``.
    terms : tuple of str
        Names of the design columns, the intercept left out.
    matrix : ndarray, shape (row, term)
        Design in the user's units.
    center, scale : ndarray, shape (term,)
        Mean and standard deviation of each column over the respondents.
    groupings : tuple of Grouping
        One for each ``(1 | group)``; two for ``(1 | city/group)``.
    covariates : pandas.DataFrame
        The columns the formula uses, categories in the order of their coding, the reference first.
    kept : ndarray of bool, shape (respondent,)
        Rows of the frame that have every covariate.
    """

    formula: str
    terms: tuple[str, ...]
    matrix: np.ndarray
    center: np.ndarray
    scale: np.ndarray
    groupings: tuple[Grouping, ...]
    covariates: pd.DataFrame
    kept: np.ndarray
    _encoder: object = field(repr=False, compare=False)

    @property
    def standardised(self) -> np.ndarray:
        """Design columns with mean 0 and standard deviation 1, shape (row, term)."""
        return (self.matrix - self.center) / self.scale

    def take(self, rows: np.ndarray) -> "Design":
        """The design of some rows, on the scale of all."""
        groupings = tuple(replace(grouping, index=grouping.index[rows]) for grouping in self.groupings)
        return replace(self, matrix=self.matrix[rows], groupings=groupings)

    @property
    def n_dropped(self) -> int:
        """Rows left out because a covariate is missing."""
        return int((~self.kept).sum())

    def encode(self, frame) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Encode new rows with the levels and transformations of this design.

        Parameters
        ----------
        frame : eager data frame
            Rows with every covariate of the formula; a grouping's columns may be absent.

        Returns
        -------
        matrix : ndarray, shape (row, term)
            In the user's units.
        group : dict of str to ndarray, shape (row,)
            Position of each row's group for every grouping; -1 for a group this design has not seen.

        Raises
        ------
        ValueError
            If a covariate is absent, missing in a row, or has a level this design has not seen.
        """
        check_frame(frame)
        fixed = [name for name in self.covariates if name not in self._grouping_columns or name in self._used]
        check_columns(frame, fixed, role="covariate")
        new = pd.DataFrame({name: _as_coded(column(frame, name), self.covariates[name]) for name in fixed})
        _refuse_missing(new)
        matrix = np.empty((len(new), 0))
        if self.terms:
            matrix = np.delete(self._encoder.evaluate_new_data(new).design_matrix, 0, axis=1)
        group = {}
        for grouping in self.groupings:
            columns = grouping.name.split(":")
            check_columns(frame, columns, role="group")
            position = {level: index for index, level in enumerate(grouping.levels)}
            labels = _group_labels([column(frame, name) for name in columns])
            group[grouping.name] = np.array([position.get(label, UNSEEN) for label in labels])
        return matrix, group

    @property
    def _grouping_columns(self) -> set[str]:
        return {name for grouping in self.groupings for name in grouping.name.split(":")}

    @property
    def _used(self) -> set[str]:
        return set().union(*(term.var_names for term in self._encoder.terms.values())) if self.terms else set()


def read_design(
    frame,
    formula: str,
    *,
    reference: Mapping[str, str] | None = None,
    missing: Literal["raise", "drop"] = "raise",
) -> Design:
    """Encode the covariates of a formula such as ``"~ age + participation + tier + (1 | group)"``.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    formula : str
        Right-hand side in the language of R and brms. ``(1 | group)`` asks for random intercepts,
        ``(1 | city/group)`` for intercepts of cities and of groups within cities.
    reference : mapping of str to str, optional
        Reference level by covariate. Without it, the first category of a categorical and the first of the sorted
        levels of text.
    missing : {"raise", "drop"}
        What to do with rows in which a covariate is missing.

    Returns
    -------
    Design

    Raises
    ------
    ValueError
        If a column is unknown, a covariate is missing (with `missing` at ``"raise"``), infinite or constant, a group
        column has one group, columns say the same thing, or fewer groups than group-level predictors remain.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 4.0], "tier": ["low", "high", "low", "high"]})
    >>> read_design(frame, "~ x + tier", reference={"tier": "low"}).terms
    ('x', 'tier[high]')
    """
    check_frame(frame)
    description = _describe(formula)
    fixed = sorted(set().union(*(term.var_names for term in description.common_terms)) - {""})
    groupings = _grouping_columns(description, formula)
    columns = list(dict.fromkeys([*fixed, *(name for names in groupings for name in names)]))
    check_columns(frame, columns, role="formula")
    unknown = sorted(set(reference or {}) - set(fixed))
    if unknown:
        raise ValueError(f"reference levels given for {named(unknown)}, which are not covariates of {formula!r}")

    raw = {name: column(frame, name) for name in columns}
    n = len(next(iter(raw.values()))) if raw else len(frame)
    kept = _complete_rows(raw, n, missing)
    coded = {name: _coded(raw[name][kept], name, (reference or {}).get(name)) for name in fixed}
    covariates = pd.DataFrame(coded, index=pd.RangeIndex(int(kept.sum())))
    for name in columns:
        if name not in covariates:
            covariates[name] = _as_text(raw[name][kept]).to_numpy()
    encoder, terms, matrix = _encode(formula, covariates, int(kept.sum()))
    design = Design(
        formula,
        terms,
        matrix,
        matrix.mean(axis=0),
        matrix.std(axis=0),
        tuple(_grouping(names, raw, kept) for names in groupings),
        covariates,
        kept,
        encoder,
    )
    check_design(design, fixed)
    return design


def _describe(formula: str):
    if "~" not in formula:
        raise ValueError(f'formula {formula!r} has no "~"; write it as "~ age + participation + (1 | group)"')
    left, right = formula.split("~", maxsplit=1)
    if left.strip():
        raise ValueError(
            f'formula {formula!r} has {left.strip()!r} left of ~; the model names its outcome itself: write "~{right}"'
        )
    try:
        description = formulae.model_description(right)
    except Exception as error:
        raise ValueError(f"formula {formula!r} cannot be read: {error}") from error
    if not any(term.name == "Intercept" for term in description.common_terms):
        raise ValueError(f"formula {formula!r} removes the intercept, which carries the classes' shares; keep it")
    return description


def _grouping_columns(description, formula: str) -> list[tuple[str, ...]]:
    groupings = []
    for term in description.group_terms:
        if term.expr.name != "Intercept":
            raise ValueError(
                f"formula {formula!r} asks for slopes that vary by group, ({term.expr.name} | {term.factor.name}); "
                "random intercepts, (1 | group), are what this version fits"
            )
        groupings.append(tuple(part.name for part in term.factor.components))
    return groupings


def _complete_rows(raw: Mapping[str, pd.Series], n: int, missing: str) -> np.ndarray:
    if missing not in ("raise", "drop"):
        raise ValueError(f'missing={missing!r}: choose "raise" or "drop"')
    gone = {name: values.isna().to_numpy() for name, values in raw.items()}
    incomplete = np.logical_or.reduce(list(gone.values())) if gone else np.zeros(n, dtype=bool)
    if not incomplete.any():
        return ~incomplete
    where = ", ".join(f"{name!r} in {int(rows.sum())}" for name, rows in gone.items() if rows.any())
    if missing == "raise":
        raise ValueError(
            f"{int(incomplete.sum())} of {n} rows lack a covariate ({where}); impute them, or leave the rows out "
            'with missing="drop"'
        )
    if incomplete.all():
        raise ValueError(f"every one of {n} rows lacks a covariate ({where}); no row would be left")
    warnings.warn(f"{int(incomplete.sum())} of {n} rows left out: covariate missing ({where})", stacklevel=3)
    return ~incomplete


def _coded(values: pd.Series, name: str, reference: str | None) -> pd.Series:
    """Numbers stay; anything else becomes an ordered categorical with the reference first.

    formulae sorts the levels of unordered categoricals anew, and keeps those of ordered ones.
    """
    if pd.api.types.is_numeric_dtype(values) and not isinstance(values.dtype, pd.CategoricalDtype):
        numbers = values.to_numpy(dtype=float)
        if reference is not None:
            raise ValueError(f"covariate {name!r} is numeric and has no reference level; make it a categorical")
        if not np.isfinite(numbers).all():
            raise ValueError(
                f"covariate {name!r} is infinite in {int((~np.isfinite(numbers)).sum())} row(s); "
                "correct them or code them as missing"
            )
        if np.ptp(numbers) == 0:
            raise ValueError(
                f"covariate {name!r} is {numbers[0]:g} in all {len(numbers)} rows; drop it from the formula"
            )
        return pd.Series(numbers)
    text = _as_text(values)
    if isinstance(values.dtype, pd.CategoricalDtype):
        declared = [str(category) for category in values.cat.categories]
        levels = [level for level in declared if level in set(text)]
    else:
        levels = sorted(set(text))
    if len(levels) < 2:
        raise ValueError(f"covariate {name!r} is {levels[0]!r} in all {len(text)} rows; drop it from the formula")
    if reference is not None:
        if str(reference) not in levels:
            raise ValueError(f"covariate {name!r} has no level {reference!r}; its levels are {named(levels)}")
        levels = [str(reference), *(level for level in levels if level != str(reference))]
    return pd.Series(pd.Categorical(text, levels, ordered=True))


def _as_text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(values) and (values == values.round()).all():
        values = values.astype("int64")
    return values.astype(object).map(str).reset_index(drop=True)


def _encode(formula: str, covariates: pd.DataFrame, n: int):
    right = formula.split("~", maxsplit=1)[1]
    description = formulae.model_description(right)
    common = [term.name for term in description.common_terms if term.name != "Intercept"]
    if not common:
        return None, (), np.empty((n, 0))
    try:
        encoder = formulae.design_matrices(" + ".join(["1", *common]), covariates, na_action="error").common
    except Exception as error:
        raise ValueError(f"formula {formula!r} cannot be evaluated: {error}") from error
    table = encoder.as_dataframe().drop(columns="Intercept")
    return encoder, tuple(table.columns), table.to_numpy(dtype=float)


def _grouping(names: tuple[str, ...], raw: Mapping[str, pd.Series], kept: np.ndarray) -> Grouping:
    labels = _group_labels([raw[name][kept] for name in names])
    levels = _level_order(raw[names[0]][kept], labels) if len(names) == 1 else sorted(set(labels))
    name = ":".join(names)
    if name in RESERVED:
        raise ValueError(f"group column {name!r} has the name of an axis of the draws; rename the column")
    if len(levels) < 2:
        raise ValueError(
            f"group column {name!r} has one group only ({levels[0]!r} in all {len(labels)} rows); "
            f"drop (1 | {name}) from the formula"
        )
    position = {level: index for index, level in enumerate(levels)}
    return Grouping(name, tuple(levels), np.array([position[label] for label in labels]))


def _group_labels(columns: Iterable[pd.Series]) -> list[str]:
    return [":".join(parts) for parts in zip(*(_as_text(values) for values in columns), strict=True)]


def _level_order(values: pd.Series, labels: list[str]) -> list[str]:
    present = set(labels)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [str(level) for level in values.cat.categories if str(level) in present]
    if pd.api.types.is_numeric_dtype(values):
        return sorted(present, key=float)
    return sorted(present)


def _as_coded(values: pd.Series, known: pd.Series) -> pd.Series:
    if not isinstance(known.dtype, pd.CategoricalDtype):
        return pd.Series(values.to_numpy(dtype=float))
    text = _as_text(values).where(~values.isna().to_numpy())
    unseen = sorted(set(text.dropna()) - set(known.cat.categories))
    if unseen:
        raise ValueError(
            f"covariate {values.name!r} has level(s) {named(unseen)} in {int(text.isin(unseen).sum())} row(s) that "
            f"the fit has not seen; its levels are {named(known.cat.categories)}"
        )
    return pd.Series(pd.Categorical(text, known.cat.categories, ordered=True))


def _refuse_missing(covariates: pd.DataFrame) -> None:
    counts = covariates.isna().sum()
    if counts.any():
        where = ", ".join(f"{name!r} in {count}" for name, count in counts.items() if count)
        raise ValueError(f"new rows lack a covariate ({where}); complete them first")
