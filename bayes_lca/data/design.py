"""From a formula to the structural part's numbers: design matrix, groupings, levels remembered for new data."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import narwhals as nw
import numpy as np
import pandas as pd

from bayes_lca.data.covariates import (
    as_text,
    code_covariate,
    code_new_rows,
    complete_rows,
    empty_levels,
)
from bayes_lca.data.declarations import NOTHING_DECLARED, Declarations, without_codes
from bayes_lca.data.design_columns import Encoder, encode
from bayes_lca.data.formula import Formula, read_formula
from bayes_lca.data.frame import check_columns, check_frame, check_missing, column, named
from bayes_lca.data.grouping import Grouping, joined_labels, read_grouping
from bayes_lca.data.identifiability import check_design, warn_of_repeated_labels, warn_of_unused_groups
from bayes_lca.data.suspected_codes import rows_of_suspected_codes
from bayes_lca.data.unique_rows import UniqueRows, unique_rows
from bayes_lca.data.unusual_values import warn_of_far_values, warn_of_groups_of_one, warn_of_small_levels
from bayes_lca.dims import OF_EQUAL_SIZE, OF_KIND, RESERVED, names_of_grouping

UNSEEN = -1


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
        One for each ``(1 | group)`` or ``(x | group)``; two for ``(1 | city/group)``.
    covariates : pandas.DataFrame
        The columns the formula uses, categories in the order of their coding, the reference first.
    kept : ndarray of bool, shape (respondent,)
        Rows of the frame that have every covariate.
    declared : Declarations
        Codes that mean no value, in new rows too.
    empty : mapping of str to tuple of str
        Declared levels that no respondent has, by covariate.
    """

    formula: str
    terms: tuple[str, ...]
    matrix: np.ndarray
    center: np.ndarray
    scale: np.ndarray
    groupings: tuple[Grouping, ...]
    covariates: pd.DataFrame
    kept: np.ndarray
    _encoder: Encoder = field(repr=False, compare=False)
    declared: Declarations = NOTHING_DECLARED
    empty: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def unit(self) -> np.ndarray:
        """One unit of each column, shape (term,): from one category to another, or the spread of a number."""
        return self._encoder.unit

    @property
    def columns_of(self) -> Mapping[str, tuple[int, ...]]:
        """Columns of each term of the formula: several for a category."""
        return self._encoder.columns_of

    @property
    def standardised(self) -> np.ndarray:
        """Design columns with mean 0 and standard deviation 1, shape (row, term)."""
        return (self.matrix - self.center) / self.scale

    @cached_property
    def patterns(self) -> UniqueRows:
        """Distinct patterns of covariates and groups."""
        everybody = np.zeros(len(self.matrix), dtype=np.int8)
        return unique_rows(everybody, self.matrix, *(grouping.index for grouping in self.groupings))

    def take(self, rows: np.ndarray) -> "Design":
        """The design of some rows, on the scale of all."""
        groupings = tuple(replace(grouping, index=grouping.index[rows]) for grouping in self.groupings)
        return replace(self, matrix=self.matrix[rows], groupings=groupings)

    @property
    def n_dropped(self) -> int:
        """Rows left out because a covariate is missing."""
        return int((~self.kept).sum())

    def evaluate(self, covariates: pd.DataFrame) -> np.ndarray:
        """Design of rows coded as `covariates` of this design are, in the user's units, shape (row, term).

        Raises
        ------
        ValueError
            If a term cannot be evaluated, or is not finite in some rows.
        """
        return self._encoder.evaluate(covariates)

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
            Position of each row's group for every grouping; -1 where it is missing or this design has not seen it.

        Raises
        ------
        ValueError
            If a covariate is absent, missing or infinite in a row, or has a level this design has not seen.
        """
        check_frame(frame)
        parsed = read_formula(self.formula)
        check_columns(frame, parsed.covariates, role="covariate")
        matrix = self.evaluate(code_new_rows(frame, self.covariates[list(parsed.covariates)], self.declared))
        present = set(nw.from_native(frame, eager_only=True).columns)
        group = {}
        for grouping, columns in zip(self.groupings, parsed.groupings, strict=True):
            position = {level: index for index, level in enumerate(grouping.levels)}
            labels = [None] * len(matrix)
            if present.issuperset(columns):
                values = [
                    without_codes(column(frame, name), self.declared.missing_codes_of(name), name) for name in columns
                ]
                labels = joined_labels(list(map(as_text, values)))
            group[grouping.name] = np.array([position.get(label, UNSEEN) for label in labels])
        return matrix, group


def read_design(
    frame,
    formula: str,
    *,
    reference: Mapping[str, str] | None = None,
    missing: Literal["raise", "drop"] = "raise",
    declared: Declarations = NOTHING_DECLARED,
) -> Design:
    """Encode the covariates of a formula such as ``"~ age + participation + tier + (1 | group)"``.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    formula : str
        Right-hand side in the language of R and brms. ``(1 | group)`` asks for random intercepts,
        ``(1 | city/group)`` for intercepts of cities and of groups within cities, ``(x | group)`` for slopes too.
    reference : mapping of str to str, optional
        Reference level by covariate. Without it, the first category of a categorical and the first of the sorted
        levels of text.
    missing : {"raise", "drop"}
        What to do with rows in which a covariate is missing.
    declared : Declarations
        Levels of covariates in their order, and codes that mean no value, of covariates and groups.

    Returns
    -------
    Design

    Raises
    ------
    ValueError
        If a column is unknown, a covariate is missing (with `missing` at ``"raise"``), infinite or constant, a group
        column has one group, columns say the same thing, or fewer groups than group-level predictors remain.

    Warns
    -----
    SingleLevelWarning
        If the formula has no groups, and a covariate has one value in each level of another column.
    SmallLevelWarning, FarValueWarning
        If fewer than five respondents have a level, every group has one, or a number is far from all others.
    RepeatedLabelsWarning
        If labels of one column of groups recur in most groups of another, as those of classes in every school.
    MissingCodeWarning
        If a value that nobody declared looks like a code of missing answers.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 4.0], "tier": ["low", "high", "low", "high"]})
    >>> read_design(frame, "~ x + tier", reference={"tier": "low"}).terms
    ('x', 'tier[high]')
    """
    check_missing(missing)
    check_frame(frame)
    parsed = read_formula(formula)
    check_columns(frame, parsed.columns, role="formula")
    if not isinstance(reference, Mapping | None):
        raise TypeError(f'reference={reference!r}: give a level by covariate, such as {{"tier": "low"}}')
    unknown = [name for name in reference or {} if name not in parsed.covariates]
    if unknown:
        raise ValueError(
            f"reference levels given for {named(unknown)}, which {formula!r} does not use as covariates; "
            f"they are {named(parsed.covariates) or 'none'}"
        )
    if twice := sorted(parsed.contrasts.intersection(reference or {})):
        raise ValueError(
            f"reference level given for {named(twice)}, which {formula!r} codes in a way of its own; leave it out, or "
            f"write C({twice[0]})"
        )

    unfit = [name for name in parsed.columns if "/" in name]
    if unfit:
        raise ValueError(f"{named(unfit)}: a fit on disk cannot hold a name with a slash; rename the column")
    _check_group_names(parsed)
    declared.check_names(parsed.columns)
    declared.warn_of_absent_codes(frame, parsed.columns)
    raw = {
        name: declared.covariate(frame, name)
        if name in parsed.covariates
        else declared.column(frame, name, "group column")
        for name in parsed.columns
    }
    kept = np.ones(len(nw.from_native(frame, eager_only=True)), dtype=bool)
    if raw:
        kept = complete_rows(frame, raw, missing, set(raw) - set(parsed.covariates))
        raw = raw if kept.all() else {name: values[kept] for name, values in raw.items()}
    covariates = pd.DataFrame(
        {
            name: code_covariate(
                raw[name], name, category=name in parsed.categories, reference=(reference or {}).get(name)
            )
            for name in parsed.covariates
        },
        index=pd.RangeIndex(int(kept.sum())),
    )
    encoder = encode(parsed, covariates)
    groupings = tuple(
        replace(
            read_grouping(names, raw), varying=tuple(column for term in terms for column in encoder.columns_of[term])
        )
        for names, terms in zip(parsed.groupings, parsed.varying, strict=True)
    )
    groups = {name: as_text(raw[name]) for name in parsed.columns if name not in covariates}
    design = Design(
        formula,
        encoder.terms,
        encoder.matrix,
        encoder.matrix.mean(axis=0),
        encoder.matrix.std(axis=0),
        groupings,
        covariates.assign(**groups),
        kept,
        encoder,
        declared,
        {name: empty for name in parsed.covariates if (empty := empty_levels(raw[name]))},
    )
    check_design(design, parsed.covariates)
    warn_of_repeated_labels(groupings)
    warn_of_groups_of_one(groupings)
    warn_of_small_levels(covariates, encoder.terms, encoder.matrix)
    undeclared = [name for name in covariates if not declared.speaks_of_codes(name)]
    warn_of_far_values(covariates, {name: rows_of_suspected_codes(raw[name]) for name in undeclared})
    if parsed.covariates and not groupings:
        narwhal = nw.from_native(frame, eager_only=True)
        warn_of_unused_groups(narwhal if kept.all() else narwhal.filter(kept.tolist()), covariates)
    return design


def _check_group_names(formula: Formula) -> None:
    """Refuse groupings whose axis would have the name of something else in the draws."""
    names = [":".join(columns) for columns in formula.groupings]
    if unfit := [name for columns in formula.groupings for name in columns if name.endswith(":")]:
        raise ValueError(f"group column(s) {named(unfit)}: PyMC has no names that end with a colon; rename the column")
    taken = {f"covariate_{name}" for name in formula.columns}.union(*map(names_of_grouping, names))
    for name in names:
        if name in RESERVED or name in taken or OF_EQUAL_SIZE.fullmatch(name) or OF_KIND.fullmatch(name):
            raise ValueError(
                f"group column {name!r} has the name of an axis or a variable of the draws; rename the column"
            )
