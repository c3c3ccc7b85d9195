"""Numbers of classes of respondents who were sampled by a survey design: what a weighted likelihood can say of them."""

import numpy as np
import pandas as pd

from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.design_errors import DesignErrors

PSEUDO = "pseudo_"
"""Prefix of columns that are of a pseudo-likelihood."""
OF_THE_LIKELIHOOD = ("log_likelihood", "AIC", "BIC", "aBIC", "CAIC", "ICL", "next_mode")
WORDS = (
    "pseudo_: of the likelihood weighted for the survey design, which is no probability of the sample; differences of "
    "such criteria are a rough guide, and tests of one class fewer are left out, for their distribution is not known "
    "under weights; scaling: how many times as large the scores vary as the information says, on average"
)


def refuse_beside_design(design: SurveyDesign, options: dict[str, bool]) -> None:
    """Refuse what has no weighted form, by name.

    Raises
    ------
    TypeError
        If it is no survey design.
    ValueError
    """
    if not isinstance(design, SurveyDesign):
        raise TypeError(f'design={design!r}: give bl.SurveyDesign(weights="w", strata="region", cluster="hospital")')
    reasons = {
        "count": "counts are of equal respondents; give one row per respondent",
        "blrt_draws": "bootstrap samples are simple random samples, and this one is not",
        "bayes": "its Gibbs sampler counts whole respondents, and elpd is of respondents drawn alike; fit single "
        "numbers of classes by bl.fit(..., design=design)",
        "common_method": "its likelihood is not weighted",
        "restrictions": "their standard errors know no survey design; fit by bl.fit(..., design=design)",
    }
    for name, given in options.items():
        if given:
            raise ValueError(f"{name} beside design={design!r}: {reasons[name]}; or leave out design")


def pseudo_columns(criteria: dict[str, float], fit, codes: np.ndarray, sample: SurveySample, rows) -> dict[str, float]:
    """Columns of a number of classes, named as those of a pseudo-likelihood, with errors of the survey design.

    Parameters
    ----------
    criteria : dict
        As of an ordinary likelihood.
    fit : MaximumLikelihood
    codes : ndarray of int, shape (pattern, item)
        Distinct rows of answers.
    sample : SurveySample
    rows : UniqueRows
        Who has which, counted by weight.
    """
    model = Classification(fit.item_probability, fit.class_share, codes, rows.count)
    errors = DesignErrors.of(model, rows.pattern, sample)
    smallest = int(fit.class_share.argmin())
    error = np.nan if errors is None else errors.of_shares[smallest]
    known = criteria | {"smallest_class_se": error if len(fit.class_share) > 1 else 0.0}
    columns = {PSEUDO + name if name in OF_THE_LIKELIHOOD else name: value for name, value in known.items()}
    return columns | {"scaling": np.nan if errors is None else errors.scaling}


def refuse_pseudo(table: pd.DataFrame, what: str) -> None:
    """Refuse a table of pseudo-criteria where a decision would rest on them alone.

    Raises
    ------
    ValueError
    """
    if is_pseudo(table):
        raise ValueError(
            f"{what}: the {len(table)} numbers of classes in this table are of a likelihood weighted for a survey "
            "design, whose criteria choose no number of classes by themselves; read the table beside profiles and sizes"
        )


def is_pseudo(table: pd.DataFrame) -> bool:
    """Whether a table of class counts is of a pseudo-likelihood."""
    return f"{PSEUDO}log_likelihood" in table.columns
