"""Survey weights, clusters and strata of persons who were followed over waves."""

import numpy as np

from bayes_lca.data.category_checks import check_hashable
from bayes_lca.data.design import Design
from bayes_lca.data.formula import read_formula
from bayes_lca.data.frame import check_columns, column, named
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.data.survey_weights import sample_of
from bayes_lca.data.waves import Waves, rows_at


def sample_of_persons(
    survey: SurveyDesign, frame, waves: Waves, kept: np.ndarray, of_persons: Design, model
) -> SurveySample:
    """The sample behind the persons who are kept, weights adding up to their number.

    Persons were drawn, and their answers at all waves are one value of the likelihood: weights, clusters and strata are
    those of persons, the same in all of their rows; rows that are left out may lack them. Weights that allow for
    persons who were lost are those of the last wave, given to all rows of a person.

    Parameters
    ----------
    survey : SurveyDesign
    frame : eager data frame
        One row a person and wave.
    waves : Waves
        Of all rows of the frame.
    kept : ndarray of bool, shape (row,)
        Rows of the frame that are used.
    of_persons : Design
        Covariates and groups of the first wave.
    model : model of paths

    Raises
    ------
    ValueError
        If a column of the design is not there, changes within a person, or cannot be used, or transitions have random
        effects of groups that the first wave has not.
    """
    check_columns(frame, survey.columns, role="survey design")
    who = np.empty(int(waves.seen.sum()), dtype=int)
    who[waves.place[waves.seen]] = np.nonzero(waves.seen)[0]
    for role in ("weights", "strata", "cluster"):
        if (name := getattr(survey, role)) is not None:
            _refuse_changing(role, name, column(frame, name).reset_index(drop=True), who, waves, kept)
    of_first = {":".join(columns) for columns in read_formula(of_persons.formula).groupings}
    of_steps = {":".join(columns) for columns in read_formula(model.transition.formula).groupings}
    if others := of_steps - of_first:
        raise ValueError(
            f"transitions have random effects of {named(sorted(others))}, which the first wave has not, and survey "
            f"weights of {len(waves.persons)} persons are scaled within groups that persons keep; add (1 | "
            f"{min(others)}) to initial=Regression(...), leave it out of the transitions, or leave out design"
        )
    used = waves.seen & kept[waves.place]
    first_used = waves.place[np.arange(len(used)), used.argmax(axis=1)]
    first = np.where(used.any(axis=1), first_used, waves.first_row)
    return sample_of(survey, rows_at(frame, first), of_persons, model.measurement.columns)


def _refuse_changing(role: str, name: str | int, values, who: np.ndarray, waves: Waves, kept: np.ndarray) -> None:
    """Refuse a column that has several values, or some and none, within a person; rows left out may have none."""
    check_hashable(values, name, f"{role} column")
    there = kept | values.notna().to_numpy()
    n_values = values[there].groupby(who[there]).nunique(dropna=False)
    changing = n_values.index[n_values > 1].to_numpy()
    if len(changing):
        rows = np.isin(who, changing)
        remedy = {
            "weights": "give one weight for each person in all of their rows, such as the longitudinal weight",
            "strata": "say where each person was drawn at the first wave",
            "cluster": "say in which cluster each person was drawn at the first wave",
        }[role]
        raise ValueError(
            f"{role}={name!r} of the survey design changes within {len(changing)} of {len(waves.persons)} persons, "
            f"such as {named(waves.persons[changing], most=3)} ({int(rows.sum())} of {len(rows)} rows); {remedy}"
        )
