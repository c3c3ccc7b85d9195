"""The design of a fit, from its tree alone, which encodes new rows as the fitted ones were."""

import json

import numpy as np
import pandas as pd

from bayes_lca.data.covariates import as_text
from bayes_lca.data.declarations import Declarations
from bayes_lca.data.design import Design
from bayes_lca.data.design_columns import encode
from bayes_lca.data.formula import Formula
from bayes_lca.data.frame import column, rows_of
from bayes_lca.data.grouping import Grouping

STAND_IN_VALUES = [(0.1, 0.8, 1.0), (0.1, 0.9, 2.0)]
"""Lowest, highest and power of spacing of numbers that stand in for a covariate, where log, root and the like exist."""

REPRODUCED = 1e-9
"""Largest difference from the stored design, in standard deviations of a column, that rounding explains."""


def fitted_design(fit) -> Design:
    """The covariates that travel with the draws, encoded again; ``fit.design`` does so once.

    Levels keep the order of the fit, the reference first; transformations such as ``center`` or ``poly`` take their
    constants from the fitted rows. ``kept`` counts respondents only: rows that the fit left out are not stored.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    Design

    Raises
    ------
    ValueError
        If the formula does not give the stored design, which happens when another version of formulae reads it, or
        the fit was saved without respondents.
    """
    fit.require_respondents("averages over the covariates of the respondents")
    formula, matrix = fit.formula, fit.matrix_of_respondents
    covariates = _covariates(fit)
    encoder = encode(formula, covariates[list(formula.covariates)])
    scale = matrix.std(axis=0)
    if encoder.terms != fit.terms or (np.abs(encoder.matrix - matrix) > REPRODUCED * scale).any():
        fitted_with = json.loads(fit.attributes.get("versions", "{}")).get("formulae", "unknown")
        raise ValueError(
            f"formula {formula.text!r} no longer gives the design of this fit ({len(fit.terms)} columns); it was "
            f"fitted with formulae {fitted_with}: install that version, or fit again"
        )
    groupings = tuple(
        Grouping(
            name=name,
            levels=fit.group_names[name],
            index=fit.group_of_respondent[name],
            varying=tuple(place for term in varying for place in encoder.columns_of[term]),
        )
        for name, varying in zip(map(":".join, formula.groupings), formula.varying, strict=True)
    )
    return Design(
        formula=formula.text,
        terms=fit.terms,
        matrix=matrix,
        center=fit.design_center,
        scale=scale,
        groupings=groupings,
        covariates=covariates,
        kept=np.ones(len(matrix), dtype=bool),
        _encoder=encoder,
        declared=_declared(fit),
    )


def design_for_new_rows(fit) -> Design:
    """The design of a fit without respondents: it encodes new rows, and knows how many respondents each group has.

    Its rows, as many as respondents, are made up: only levels, terms and the size of each group are those of the fit,
    not which of them go together.

    Raises
    ------
    ValueError
        If the formula transforms a column by what the respondents have, as ``center`` and ``poly`` do.
    """
    formula, n = fit.formula, fit.n_respondents
    stand_ins = [_stand_in(fit, *values) for values in STAND_IN_VALUES]
    encoders = [encode(formula, rows) for rows in stand_ins]
    others = _stand_in(fit, 0.2, 0.7, 1.0)
    encoded = [encoder.evaluate(others) for encoder in encoders]
    if encoders[0].terms != fit.terms or not np.allclose(*encoded, rtol=0, atol=REPRODUCED):
        fit.require_respondents(f"new rows of {formula.text!r}, which transforms columns by the respondents' values")
    return Design(
        formula=formula.text,
        terms=fit.terms,
        matrix=encoders[0].matrix,
        center=fit.design_center,
        scale=np.ones(len(fit.terms)),
        groupings=tuple(
            Grouping(name, fit.group_names[name], np.repeat(np.arange(len(size)), size))
            for name, size in ((name, fit.group_sizes(name)) for name in map(":".join, formula.groupings))
        ),
        covariates=stand_ins[0],
        kept=np.ones(n, dtype=bool),
        _encoder=encoders[0],
        declared=_declared(fit),
    )


def _declared(fit) -> Declarations:
    """Codes that mean no value in the rows that were fitted."""
    return Declarations(missing_codes=fit.specification[fit.kind.structural].get("missing_codes", ()))


def _stand_in(fit, low: float, high: float, power: float) -> pd.DataFrame:
    """Covariates that nobody has: every level in turn, numbers over a range."""
    n, levels = fit.n_respondents, fit.levels
    numbers = low + (high - low) * np.linspace(0, 1, n) ** power
    columns = {
        name: pd.Categorical.from_codes(np.arange(n) % len(levels[name]), levels[name], ordered=True)
        if name in levels
        else numbers
        for name in fit.formula.covariates
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(n))


def group_columns(formula: Formula) -> list[str]:
    """Columns of a frame that name the groups."""
    return list(dict.fromkeys(name for columns in formula.groupings for name in columns))


def group_labels(formula: Formula, frame) -> dict[str, list[str]]:
    """Group of each row of a frame by grouping, seen by the fit or not; nested groups joined as `Grouping` joins them.

    Raises
    ------
    ValueError
        If a group is missing.
    """
    labels = {name: as_text(column(frame, name)) for name in group_columns(formula)}
    for name, values in labels.items():
        missing = values.isna().to_numpy()
        if missing.any():
            raise ValueError(
                f"group column {name!r} is missing in {int(missing.sum())} of {len(missing)} rows "
                f"({rows_of(frame, missing)}); complete it"
            )
    return {
        ":".join(columns): [":".join(parts) for parts in zip(*(labels[name] for name in columns), strict=True)]
        for columns in formula.groupings
    }


def finest(design: Design) -> Grouping:
    """The grouping of most groups."""
    return max(design.groupings, key=lambda grouping: len(grouping.levels))


def constant_within(covariates: pd.DataFrame, index: np.ndarray) -> list[str]:
    """Columns, shape (respondent, column), that have one value in each of the groups of `index`."""
    n_values = covariates.groupby(index).nunique()
    return [str(name) for name in n_values if (n_values[name] == 1).all()]


def _covariates(fit) -> pd.DataFrame:
    """Columns as `read_design` coded them: numbers, ordered categoricals, and groups as text."""
    columns, levels = {}, fit.levels
    for name in fit.formula.columns:
        values = fit.covariate(name)
        text = values.dtype.kind not in "fi"
        values = pd.Series(values.astype(str).astype(object) if text else values, dtype=object if text else None)
        columns[name] = pd.Categorical(values, levels[name], ordered=True) if name in levels else values
    return pd.DataFrame(columns, index=pd.RangeIndex(fit.n_respondents))
