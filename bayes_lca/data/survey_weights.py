"""Survey weights of the rows that a model is fitted to, scaled to what the model counts."""

import warnings
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager

import numpy as np

from bayes_lca.data.counted import CountedRows, count_rows
from bayes_lca.data.design import Design
from bayes_lca.data.frame import named
from bayes_lca.data.identifiability import SingleLevelWarning
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.data.survey_sample import SurveySample


class WeightsInGroupsWarning(UserWarning):
    """Survey weights stand beside random intercepts, where statisticians disagree about their scale."""


def sample_of(
    survey: SurveyDesign,
    frame,
    design: Design,
    items: Iterable[str | int] = (),
    outcome: str | int | None = None,
) -> SurveySample:
    """The sample behind the rows with every covariate, weights adding up to their number.

    With random effects weights add up to the number of rows within each of the finest groups: the likelihood of a
    group given its effects then counts as many respondents as were asked there, whoever drew the groups [1]_.

    Parameters
    ----------
    survey : SurveyDesign
    frame : eager data frame
    design : Design
        Covariates and groups of the rows that are kept.
    items : iterable of str or int
        Columns of the measurement part.
    outcome : str or int, optional
        Column of the observed outcome.

    Raises
    ------
    ValueError
        If the frame cannot be read by the design, weights or clusters are an item or the outcome, all weights or those
        of a group or of a level of a covariate are 0, or clusters hold whole groups that have effects of their own.

    Warns
    -----
    WeightsInGroupsWarning
        If there are groups, and weights.

    References
    ----------
    .. [1] Rabe-Hesketh, S. & Skrondal, A. (2006). Multilevel modelling of complex survey data. Journal of the Royal
       Statistical Society A 169(4), 805-827. doi 10.1111/j.1467-985X.2006.00426.x
    """
    refuse_items_as_roles(survey, items, len(design.kept))
    _refuse_outcome_as_role(survey, outcome, len(design.kept))
    drawn = survey.read(frame, design.kept)
    _refuse_levels_without_weight(drawn.weight[design.kept], design)
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


def _refuse_levels_without_weight(weight: np.ndarray, design: Design) -> None:
    """Refuse levels of covariates whose respondents all have weight 0, so that nothing says their effects."""
    for name, values in design.covariates.items():
        if not hasattr(values, "cat"):
            continue
        codes = values.cat.codes.to_numpy()
        total = np.bincount(codes, weights=weight, minlength=len(values.cat.categories))
        n = np.bincount(codes, minlength=len(total))
        if (empty := (total == 0) & (n > 0)).any():
            raise ValueError(
                f"all survey weights of level(s) {named(values.cat.categories[empty])} of covariate {name!r} are 0 in "
                f"{int(n[empty].sum())} of {len(codes)} rows, and nothing says their effect; leave these rows out, or "
                "merge the level with another"
            )


@contextmanager
def nesting_declared(survey: SurveyDesign | None) -> Generator[None]:
    """Nothing is said of respondents who look nested where the design names clusters, by which draws are corrected."""
    with warnings.catch_warnings():
        if survey is not None and survey.cluster is not None:
            warnings.simplefilter("ignore", SingleLevelWarning)
        yield


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
    if why := getattr(model, "why_no_survey_design", "its likelihood is not weighted; fit LatentClass"):
        raise ValueError(
            f"design={design!r}: {type(model).__name__} takes no survey design here, for {why}; or leave out design"
        )
    return {"survey": design}


def count_sampled(
    frame, count: str | int | None, used: Sequence[str | int] | None, design: SurveyDesign | None
) -> CountedRows:
    """The respondents of a frame as `count_rows` has them; beside a survey design each row is one.

    Raises
    ------
    ValueError
        If rows stand for several respondents each beside a survey design.
    """
    counted = count_rows(frame, count, used if used is None or design is None else (*used, *design.columns))
    if counted.words and design is not None:
        raise ValueError(
            f"design={design!r} weighs respondents one by one, and each of {len(counted.labels)} rows "
            f"({counted.words}) stands for several; give one row per respondent, in memory, or leave out design"
        )
    return counted


def _refuse_outcome_as_role(design: SurveyDesign, outcome: str | int | None, n_rows: int) -> None:
    """Refuse the outcome as survey weights or clusters."""
    for role in ("weights", "cluster"):
        if outcome is not None and getattr(design, role) == outcome:
            raise ValueError(
                f"{role}={outcome!r} of the survey design is also the outcome of {n_rows} rows: name the column that "
                f"holds the {role}, or another outcome"
            )


def refuse_items_as_roles(design: SurveyDesign, items: Iterable[str | int], n_rows: int) -> None:
    """Refuse an item as survey weights or clusters, which is a slip; strata may be those of an item.

    Raises
    ------
    ValueError
    """
    items = set(items)
    for role in ("weights", "cluster"):
        if (name := getattr(design, role)) is not None and name in items:
            raise ValueError(
                f"{role}={name!r} of the survey design is also an item of {n_rows} rows: name the column that holds "
                f"the {role}, or leave it out of the items"
            )
