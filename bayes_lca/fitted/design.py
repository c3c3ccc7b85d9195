"""The design of a fit, from its draws alone, so that new rows can be encoded as the fitted ones were."""

import json

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.covariates import as_text
from bayes_lca.data.design import Design, Grouping
from bayes_lca.data.formula import Formula, encode, read_formula
from bayes_lca.data.frame import column, rows_of
from bayes_lca.dims import DESIGN, DESIGN_CENTER, TERM
from bayes_lca.fitted.respondents import group_sizes, require_respondents

STAND_IN_VALUES = [(0.1, 0.8, 1.0), (0.1, 0.9, 2.0)]
"""Lowest, highest and power of spacing of numbers that stand in for a covariate, where log, root and the like exist."""

REPRODUCED = 1e-9
"""Largest difference from the stored design, in standard deviations of a column, that rounding explains."""


def stored_design(draws: xr.DataTree) -> Design:
    """Encode the covariates that travel with the draws again.

    Levels keep the order of the fit, the reference first; transformations such as ``center`` or ``poly`` take their
    constants from the fitted rows. ``kept`` counts respondents only: rows that the fit left out are not stored.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit`, or loaded from a file.

    Returns
    -------
    Design

    Raises
    ------
    ValueError
        If the formula does not give the stored design, which happens when another version of formulae reads it.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> design = stored_design(bl.load("fit.nc"))  # doctest: +SKIP
    >>> design.encode(new_rows)  # doctest: +SKIP
    """
    require_respondents(draws, "averages over the covariates of the respondents")
    constant, attributes = draws["constant_data"], draws.attrs
    formula = read_formula(attributes["formula"])
    covariates = _covariates(draws, formula)
    encoder = encode(formula, covariates[list(formula.covariates)])
    matrix = constant[DESIGN].to_numpy()
    terms = tuple(str(term) for term in constant[TERM].to_numpy())
    scale = matrix.std(axis=0)
    if encoder.terms != terms or (np.abs(encoder.matrix - matrix) > REPRODUCED * scale).any():
        fitted_with = json.loads(attributes.get("versions", "{}")).get("formulae", "unknown")
        raise ValueError(
            f"formula {formula.text!r} no longer gives the design of this fit ({len(terms)} columns); it was fitted "
            f"with formulae {fitted_with}: install that version, or fit again"
        )
    groupings = tuple(
        Grouping(
            name=":".join(columns),
            levels=tuple(str(level) for level in constant[":".join(columns)].to_numpy()),
            index=constant[f"{':'.join(columns)}_index"].to_numpy(),
            varying=tuple(place for term in varying for place in encoder.columns_of[term]),
        )
        for columns, varying in zip(formula.groupings, formula.varying, strict=True)
    )
    return Design(
        formula=formula.text,
        terms=terms,
        matrix=matrix,
        center=constant[DESIGN_CENTER].to_numpy(),
        scale=scale,
        groupings=groupings,
        covariates=covariates,
        kept=np.ones(len(matrix), dtype=bool),
        _encoder=encoder,
    )


def design_for_new_rows(draws: xr.DataTree) -> Design:
    """The design of a fit without respondents: it encodes new rows, and knows how many respondents each group has.

    Its own rows, as many as respondents, are made up: only levels, terms and the size of each group are those of the
    fit, not which of them go together.

    Raises
    ------
    ValueError
        If the formula transforms a column by what the respondents have, as ``center`` and ``poly`` do.
    """
    constant, attributes = draws["constant_data"], draws.attrs
    formula, n = read_formula(attributes["formula"]), attributes["n_respondents"]
    stand_ins = [_stand_in(draws, formula, n, *values) for values in STAND_IN_VALUES]
    encoders = [encode(formula, rows) for rows in stand_ins]
    asked = _stand_in(draws, formula, n, 0.2, 0.7, 1.0)
    found = [encoder.evaluate(asked) for encoder in encoders]
    terms = tuple(str(term) for term in constant[TERM].to_numpy())
    if encoders[0].terms != terms or not np.allclose(*found, rtol=0, atol=REPRODUCED):
        require_respondents(draws, f"new rows of {formula.text!r}, which transforms columns by the respondents' values")
    return Design(
        formula=formula.text,
        terms=terms,
        matrix=encoders[0].matrix,
        center=constant[DESIGN_CENTER].to_numpy(),
        scale=np.ones(len(terms)),
        groupings=tuple(
            Grouping(
                name, tuple(str(level) for level in constant[name].to_numpy()), np.repeat(np.arange(len(size)), size)
            )
            for name, size in (
                (":".join(columns), group_sizes(draws, ":".join(columns))) for columns in formula.groupings
            )
        ),
        covariates=stand_ins[0],
        kept=np.ones(n, dtype=bool),
        _encoder=encoders[0],
    )


def _stand_in(draws: xr.DataTree, formula: Formula, n: int, low: float, high: float, power: float) -> pd.DataFrame:
    """Covariates that nobody has: every level in turn, numbers over a range."""
    levels = json.loads(draws.attrs["levels"])
    numbers = low + (high - low) * np.linspace(0, 1, n) ** power
    columns = {
        name: pd.Categorical.from_codes(np.arange(n) % len(levels[name]), levels[name], ordered=True)
        if name in levels
        else numbers
        for name in formula.covariates
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(n))


def covariate_names(design: Design) -> list[str]:
    """Columns of a frame that the fixed part of the formula uses."""
    return list(read_formula(design.formula).covariates)


def group_columns(design: Design) -> list[str]:
    """Columns of a frame that name the groups."""
    return list(dict.fromkeys(name for columns in read_formula(design.formula).groupings for name in columns))


def group_labels(design: Design, frame) -> dict[str, list[str]]:
    """Group of each row of a frame by grouping, seen by the fit or not; nested groups joined as `Grouping` joins them.

    Raises
    ------
    ValueError
        If a group is missing.
    """
    labels = {name: as_text(column(frame, name)) for name in group_columns(design)}
    for name, values in labels.items():
        gone = values.isna().to_numpy()
        if gone.any():
            raise ValueError(
                f"group column {name!r} is missing in {int(gone.sum())} of {len(gone)} rows ({rows_of(frame, gone)}); "
                "complete it"
            )
    return {
        ":".join(columns): [":".join(parts) for parts in zip(*(labels[name] for name in columns), strict=True)]
        for columns in read_formula(design.formula).groupings
    }


def finest(design: Design) -> Grouping:
    """The grouping of most groups."""
    return max(design.groupings, key=lambda grouping: len(grouping.levels))


def constant_within(design: Design, index: np.ndarray) -> list[str]:
    """Covariates that have one value in each of the groups of `index`, shape (respondent,)."""
    of_group = design.covariates[covariate_names(design)].groupby(index).nunique()
    return [str(name) for name in of_group if (of_group[name] == 1).all()]


def _covariates(draws: xr.DataTree, formula: Formula) -> pd.DataFrame:
    """Columns as `read_design` coded them: numbers, ordered categoricals, and groups as text."""
    constant, levels = draws["constant_data"], json.loads(draws.attrs["levels"])
    columns = {}
    for name in formula.columns:
        values = constant[f"covariate_{name}"].to_numpy()
        text = values.dtype.kind not in "fi"
        values = pd.Series(values.astype(str).astype(object) if text else values, dtype=object if text else None)
        columns[name] = pd.Categorical(values, levels[name], ordered=True) if name in levels else values
    return pd.DataFrame(columns, index=pd.RangeIndex(draws.attrs["n_respondents"]))
