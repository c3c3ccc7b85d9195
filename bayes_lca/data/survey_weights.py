"""Survey weights of the rows that a model is fitted to, scaled to what the model counts."""

import warnings

import numpy as np

from bayes_lca.data.design import Design
from bayes_lca.data.frame import named
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.data.survey_sample import SurveySample


class WeightsInGroupsWarning(UserWarning):
    """Survey weights stand beside random intercepts, where statisticians disagree about their scale."""


def sample_of(survey: SurveyDesign, frame, design: Design) -> SurveySample:
    """The sample behind the rows with every covariate, weights adding up to their number.

    With random effects weights add up to the number of rows within each of the finest groups: the likelihood of a
    group given its effects then counts as many respondents as were asked there, whoever drew the groups [1]_.

    Parameters
    ----------
    survey : SurveyDesign
    frame : eager data frame
    design : Design
        Covariates and groups of the rows that are kept.

    Raises
    ------
    ValueError
        If the frame cannot be read by the design, all weights or those of a group are 0, or clusters hold whole groups
        that have effects of their own.

    Warns
    -----
    WeightsInGroupsWarning
        If there are groups, and weights.

    References
    ----------
    .. [1] Rabe-Hesketh, S. & Skrondal, A. (2006). Multilevel modelling of complex survey data. Journal of the Royal
       Statistical Society A 169(4), 805-827. doi 10.1111/j.1467-985X.2006.00426.x
    """
    drawn = survey.read(frame)
    if not design.groupings:
        return drawn.scaled(design.kept)
    finest = max(design.groupings, key=lambda grouping: len(grouping.levels))
    sample = drawn.scaled(design.kept, finest.index, finest.levels)
    if sample.is_clustered:
        for grouping in design.groupings:
            alone = sample.units_within(grouping.index) == 1
            if alone.any():
                raise ValueError(
                    f"{int(alone.sum())} of {len(alone)} groups of {grouping.name!r} lie in one cluster of "
                    f"{survey.cluster!r} each ({named(np.asarray(grouping.levels)[alone], most=3)}; "
                    f"{len(sample.unit)} rows): the groups' effects already say how clusters differ, and nothing is "
                    "left that says how an effect would vary between samples; leave out cluster, or the random effects"
                )
    if survey.weights is not None:
        warnings.warn(
            f"survey weights {survey.weights!r} stand beside random effects of {finest.name!r}: they are scaled to add "
            f"up to the number of respondents of each group, all {len(finest.levels)} groups count alike however they "
            "were drawn, and how weights of several levels should be scaled is contested (Rabe-Hesketh & Skrondal "
            "2006); compare with a fit without weights, and without random effects",
            WeightsInGroupsWarning,
            stacklevel=6,
        )
    return sample


def survey_options(model, design: SurveyDesign | None) -> dict[str, SurveyDesign]:
    """What `prepare` of a model is given of a survey design.

    Raises
    ------
    TypeError
        If it is no survey design.
    ValueError
        If the model takes none.
    """
    if design is None:
        return {}
    if not isinstance(design, SurveyDesign):
        raise TypeError(f'design={design!r}: give bl.SurveyDesign(weights="w", strata="region", cluster="hospital")')
    if not getattr(model, "takes_survey_design", False):
        raise ValueError(
            f"design={design!r}: {type(model).__name__} takes no survey design, for its likelihood is not weighted; "
            "fit LatentClass, or leave out design"
        )
    return {"survey": design}
