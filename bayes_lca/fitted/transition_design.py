"""The covariates of transitions that travel with a fit, encoded again so that they encode new rows."""

import json

import numpy as np
import pandas as pd

from bayes_lca.data.declarations import Declarations
from bayes_lca.data.design import Design
from bayes_lca.data.design_columns import encode
from bayes_lca.data.formula import read_formula
from bayes_lca.data.grouping import Grouping
from bayes_lca.dims import of_transition
from bayes_lca.fitted.design import REPRODUCED
from bayes_lca.fitted.paths import paths_of


def transition_design(fit) -> tuple[Design, np.ndarray]:
    """Covariates and groups of all moves of a fit of `LatentTransition`, and the step of each.

    A move is that of a person to a wave at which the person was seen or after which the person was seen again. Where
    somebody missed the wave it has the covariates of the next wave seen.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    design : Design
        A row a move, persons one after the other; groupings by the names that they have in the formula.
    step : ndarray of int, shape (move,)

    Raises
    ------
    ValueError
        If the formula does not give the stored design, which happens when another version of formulae reads it, or the
        fit was saved without respondents.
    """
    fit.require_respondents("covariates of the transitions")
    paths, pattern = paths_of(fit), fit.pattern_of_respondent
    formula = read_formula(fit.attributes[of_transition("formula")])
    levels = json.loads(fit.attributes[of_transition("levels")])
    moved, came = paths.moved[pattern], paths.seen[pattern][:, 1:]
    person, step = persons_of_moves(fit), np.nonzero(moved)[1]
    place = pattern[person], step

    def covariates_at(place: tuple) -> pd.DataFrame:
        columns = {}
        for name in formula.columns:
            values = fit.patterns[of_transition(f"covariate_{name}")].to_numpy()[place]
            text = values.dtype.kind not in "fi"
            values = pd.Series(values.astype(str).astype(object) if text else values, dtype=object if text else None)
            columns[name] = pd.Categorical(values, levels[name], ordered=True) if name in levels else values
        return pd.DataFrame(columns, index=pd.RangeIndex(len(place[0])))

    fitted = np.nonzero(came)
    encoder = encode(formula, covariates_at((pattern[fitted[0]], fitted[1]))[list(formula.covariates)])
    matrix = paths.transition_matrix[place]
    covariates = covariates_at(place)
    scale = paths.transition_matrix[pattern[fitted[0]], fitted[1]].std(axis=0)
    again = encoder.evaluate(covariates[list(formula.covariates)]) if formula.covariates else matrix
    if encoder.terms != paths.transition_terms or (np.abs(again - matrix) > REPRODUCED * scale).any():
        fitted_with = json.loads(fit.attributes.get("versions", "{}")).get("formulae", "unknown")
        raise ValueError(
            f"formula {formula.text!r} of the transitions no longer gives the design of this fit ({matrix.shape[1]} "
            f"columns); it was fitted with formulae {fitted_with}: install that version, or fit again"
        )
    groupings = tuple(
        Grouping(
            name=name,
            levels=tuple(str(group) for group in fit.encoding[of_transition(name)].to_numpy()),
            index=paths.transition_group[of_transition(name)][place],
            varying=tuple(column for term in varying for column in encoder.columns_of[term]),
        )
        for name, varying in zip(map(":".join, formula.groupings), formula.varying, strict=True)
    )
    declared = Declarations(missing_codes=fit.specification["transition"].get("missing_codes", ()))
    design = Design(
        formula=formula.text,
        terms=paths.transition_terms,
        matrix=matrix,
        center=paths.transition_center,
        scale=scale,
        groupings=groupings,
        covariates=covariates,
        kept=np.ones(len(matrix), dtype=bool),
        _encoder=encoder,
        declared=declared,
    )
    return design, step


def persons_of_moves(fit) -> np.ndarray:
    """Who makes each move of `transition_design`, by position, shape (move,)."""
    return np.nonzero(paths_of(fit).moved[fit.pattern_of_respondent])[0]
