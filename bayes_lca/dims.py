"""Names of the axes and variables that models, draws and tables share.

Every array in a fitted tree is addressed by these names, so a name is written here once and nowhere else.
"""

import re
from collections.abc import Iterable

CLASS = "latent_class"
ITEM = "item"
CATEGORY = "category"
"""Categories of the answers to an item."""
OBSERVED_CLASS = "category"
"""Classes that were seen, the categories of an observed outcome; no fit has both these and items."""
STYLE = "style"
"""Ways in which a person answers whatever the class."""
TERM = "term"
RESPONDENT = "respondent"
PATTERN = "pattern"
OTHER_CLASS = "other_class"
OUTCOME = "outcome"
WAVE = "wave"
STEP = "step"
"""Steps from a wave to the next."""
TRANSITION_TERM = "transition_term"
OTHER_DESTINATION = "other_destination"
"""Classes that a move can lead to, numbered without the class it starts from; no table shows it."""

CLASS_SHARE = "class_share"
ITEM_PROBABILITY = "item_probability"
ITEM_LOCATION = "item_location"
ITEM_MEAN = "item_mean"
ITEM_VARIANCE = "item_variance"
ITEM_SD = "item_sd"
ITEM_DISPERSION = "item_dispersion"
BASELINE_PROBABILITY = "baseline_probability"
STYLE_SD = "style_sd"
STYLE_LOADING = "style_loading"
TYPICAL_PERSON = "typical_person"
"""Prefix of the variables of a person without any leaning, where answers depend on the person."""
GROUP_CLASS, POPULATION = "group_class", "population"
"""Classes of groups, and known classes of respondents, in which the latent ones have shares of their own."""
GROUP_CLASS_SHARE = "group_class_share"
GROUP_MEMBERSHIP = "group_membership"
"""Probability of each group class, given the answers of all in the group."""
INTERCEPT = "intercept"
SLOPE = "slope"
STAY_LOGIT = "stay_logit"
DESTINATION_LOGIT = "destination_logit"
TRANSITION_LOGIT = "transition_logit"
TRANSITION_PROBABILITY = "transition_probability"
TRANSITION_SLOPE = "transition_slope"
TRANSITION_DESIGN = "transition_design"
TRANSITION_DESIGN_CENTER = "transition_design_center"
ANSWERS_OF_WAVE = "answers_of_wave"
"""The distinct answers that each distinct row has at each wave, -1 where the person was not seen."""
ANSWERS = "answers"
LABEL = "label"
ANSWER_CODES = "answer_codes"
OUTCOME_COUNTS = "outcome_counts"
KNOWN_ITEM_PROBABILITY = "known_item_probability"
OUTCOME_VALUES = "outcome_values"
OUTCOME_LOCATION = "outcome_location"
"""What is expected of a distal outcome in each class at the mean of the covariates, on the scale of its link."""
OUTCOME_SLOPE = "outcome_slope"
FREE_OUTCOME_SLOPE = "free_outcome_slope"
"""Axis of its slopes that are free: one of a term that all classes share, one for each class of other terms."""
OUTCOME_VARIANCE = "outcome_variance"
OUTCOME_SD = "outcome_sd"
OUTCOME_BASELINE = "outcome_baseline"
"""Probabilities of the ordered categories of an outcome at location 0."""
KNOWN_MEMBERSHIP = "known_membership"
KNOWN_ROW = "known_row"
"""Rows that an earlier fit gives one membership."""
FIRST_STEP_DRAW = "first_step_draw"
COUNT = "count"
SURVEY_WEIGHT = "survey_weight"
"""Survey weights of the respondents with a distinct row, added up."""
SURVEY_UNIT, SURVEY_STRATUM = "survey_unit", "survey_stratum"
"""Primary sampling units, and the strata that they were drawn from."""
DESIGN = "design"
DESIGN_CENTER = "design_center"
ANSWER_PATTERN = "answer_pattern"
N_CATEGORIES = "n_categories"
ITEM_CENTER = "item_center"
ITEM_SCALE = "item_scale"
"""Mean and standard deviation of items that are numbers, over all respondents."""
PATTERN_OF_RESPONDENT = "pattern_of_respondent"
LIKELIHOOD_UNIT = "likelihood_unit"
"""Attribute with the grouping whose groups are the units of the likelihood, where these are not respondents."""
ROW_OF_RESPONDENT = "row_of_respondent"
"""Position of each respondent in the frame that was fitted, from 0 on."""
ROW = "row"
"""Position in the frame that was fitted, in tables of respondents."""
TABLE_ROW = "table_row"
"""Rows of the frequency table that was fitted."""
PATTERN_OF_TABLE_ROW = "pattern_of_table_row"
"""The distinct row of the respondents whom each row of the frequency table counts, -1 where it was left out."""

AXES = frozenset({CLASS, ITEM, CATEGORY, TERM, RESPONDENT, PATTERN, OTHER_CLASS, OUTCOME, "chain", "draw"})
VARIABLES = frozenset(
    {CLASS_SHARE, ITEM_PROBABILITY, ITEM_LOCATION, ITEM_MEAN, ITEM_VARIANCE, ITEM_SD, ITEM_DISPERSION}
    | {INTERCEPT, SLOPE, ANSWERS, COUNT, DESIGN}
)
RESERVED = (
    AXES
    | VARIABLES
    | {DESIGN_CENTER, ANSWER_CODES, OUTCOME_COUNTS, KNOWN_ITEM_PROBABILITY, BASELINE_PROBABILITY}
    | {f"{SLOPE}_{what}" for what in ("standardised", "direction", "shrinkage", "local_shrinkage")}
    | {f"{INTERCEPT}_at_mean", ANSWER_PATTERN, N_CATEGORIES, PATTERN_OF_RESPONDENT}
    | {GROUP_CLASS, GROUP_CLASS_SHARE, GROUP_MEMBERSHIP, POPULATION}
    | {SURVEY_WEIGHT, SURVEY_UNIT, SURVEY_STRATUM, OUTCOME_VALUES}
    | {ROW_OF_RESPONDENT, STYLE, STYLE_SD, STYLE_LOADING, TYPICAL_PERSON, ITEM_CENTER, ITEM_SCALE}
    | {OUTCOME_LOCATION, OUTCOME_SLOPE, OUTCOME_VARIANCE, OUTCOME_SD, OUTCOME_BASELINE, KNOWN_MEMBERSHIP, KNOWN_ROW}
)
"""Names a group column may not have, because axes or variables of the draws have them."""

FREE_PROBABILITY, RISING_SPACING = "free_probability", "rising_spacing"
"""Variables of the free sets that restricted item probabilities are made of, each with the size of the sets."""

OF_EQUAL_SIZE = re.compile(
    rf"({ITEM}|{CATEGORY}|{ITEM_PROBABILITY}|({FREE_PROBABILITY}|{RISING_SPACING})[a-z_]*)_of_\d+"
)
"""Axes and variables of the items with equally many categories; a group column may not have such a name either."""

OF_KIND = re.compile(rf"(nominal|ordinal|normal|count)_({ITEM}|{CATEGORY}|{BASELINE_PROBABILITY}).*")
"""Axes and variables of one kind of items among several; nor such a name."""


def of_transition(name: str) -> str:
    """Grouping, covariate or attribute of transitions, such as ``transition_group``."""
    return f"transition_{name}"


def by_wave(variable: str) -> str:
    """Variable with a value for each wave, such as ``item_probability_by_wave``."""
    return by_set(WAVE, variable)


def of_wave(number: int, variable: str) -> str:
    """Free variable of one wave, waves numbered from 1, such as ``wave_1::item_probability``."""
    return of_set(WAVE, number, variable)


def of_all_waves(name: str) -> str:
    """Variable or axis of items of which some have a copy for each wave, such as ``all_waves::item_probability``."""
    return f"all_waves::{name}"


def by_set(axis: str, variable: str) -> str:
    """Variable with a value for each of several sets, such as ``item_probability_by_group_class``."""
    return f"{variable}_by_{axis}"


def of_set(axis: str, number: int, variable: str) -> str:
    """Free variable of one set, numbered from 1, such as ``group_class_1::item_probability``."""
    return f"{axis}_{number}::{variable}"


OF_ONE_SET = re.compile(rf"({WAVE}_\d+|all_waves|({GROUP_CLASS}|{POPULATION})_\d+)::")
"""What stands before free variables of one wave, of the copies of items for all waves, or of one set of profiles."""


def of_part(kind: str, name: str) -> str:
    """Axis or variable of one kind of items among several, such as ``normal_item_mean``.

    Examples
    --------
    >>> of_part("NormalItems", "item_mean"), of_part("Items", "item")
    ('normal_item_mean', 'nominal_item')
    """
    return f"{kind.removesuffix('Items').lower() or 'nominal'}_{name}"


def group_effect(grouping: str) -> str:
    """Variable of the random intercepts of a grouping, such as ``group_effect``."""
    return f"{grouping}_effect"


def group_sd(grouping: str) -> str:
    """Variable of their standard deviations, such as ``group_sd``."""
    return f"{grouping}_sd"


def group_index(grouping: str) -> str:
    """Data of each row's position among the groups, such as ``group_index``."""
    return f"{grouping}_index"


def group_coefficients(grouping: str) -> str:
    """Axis of the free coefficients of each group, such as ``group_coefficient``; no table shows it."""
    return f"{grouping}_coefficient"


def axes_of_free_sets(variable: str) -> tuple[str, str]:
    """Axes of the free sets of restricted probabilities, and of the places in each, by the name of their variable.

    Examples
    --------
    >>> axes_of_free_sets("free_probability_of_3")
    ('free_probability_set_of_3', 'free_probability_place_of_3')
    """
    stem, _, size = variable.rpartition("_of_")
    return f"{stem}_set_of_{size}", f"{stem}_place_of_{size}"


def internal_axes(axes: Iterable[str], groupings: Iterable[str]) -> set[str]:
    """Axes of variables that only choose coordinates, and are of no table."""
    of_sets = {str(axis) for axis in axes if str(axis).startswith((FREE_PROBABILITY, RISING_SPACING))}
    of_groups = {group_coefficients(grouping) for grouping in groupings}
    return of_sets | of_groups | {OTHER_DESTINATION, FREE_OUTCOME_SLOPE}


def whitened_coefficients(grouping: str) -> str:
    """Variable of the free coefficients of the finest groups, such as ``group_coefficients``."""
    return f"{grouping}_coefficients"


def standardised_coefficients(grouping: str) -> str:
    """Variable of those of coarser groups, as standard normals, such as ``group_standardised``."""
    return f"{grouping}_standardised"


def design_within(grouping: str) -> str:
    """Data of the design about the mean of each group, such as ``design_within_group``."""
    return f"{DESIGN}_within_{grouping}"


def group_slope(grouping: str) -> str:
    """Variable of what the slopes of a group add to those of all, such as ``group_slope``."""
    return f"{grouping}_slope"


def group_slope_sd(grouping: str) -> str:
    """Variable of their standard deviations, such as ``group_slope_sd``."""
    return f"{grouping}_slope_sd"


def standardised_slope_sd(grouping: str) -> str:
    """Variable of those of standardised covariates, such as ``group_slope_sd_standardised``."""
    return f"{group_slope_sd(grouping)}_standardised"


def group_terms(grouping: str) -> str:
    """Axis of the terms whose slopes vary by group, such as ``group_term``."""
    return f"{grouping}_term"


def group_correlation(grouping: str) -> str:
    """Variable of the correlations of a group's intercepts between classes, such as ``group_correlation``."""
    return f"{grouping}_correlation"


def correlation_root(grouping: str) -> str:
    """Variable of the Cholesky factor of those correlations, such as ``group_correlation_root``."""
    return f"{group_correlation(grouping)}_root"


ROUGH = ("information", "pull")
"""What is roughly known of each group."""


def rough_groups(grouping: str, what: str) -> str:
    """Data of what is roughly known of each group before sampling, such as ``group_rough_information``."""
    return f"{grouping}_rough_{what}"


def names_of_grouping(grouping: str) -> frozenset[str]:
    """Axes and variables that are named after a grouping, but for itself."""
    makers = (
        *(group_index, group_effect, group_sd, group_slope, group_slope_sd, standardised_slope_sd),
        *(group_coefficients, whitened_coefficients, standardised_coefficients, design_within),
        *(group_terms, group_correlation, correlation_root),
    )
    return frozenset({make(grouping) for make in makers} | {rough_groups(grouping, what) for what in ROUGH})


def depends_on_answers(data: str) -> bool:
    """Whether data of a model, by name, change when the same respondents give other answers, or from step one."""
    of_answers = {ANSWER_CODES, COUNT, OUTCOME_COUNTS, OUTCOME_VALUES, KNOWN_ITEM_PROBABILITY, KNOWN_MEMBERSHIP}
    return data in of_answers or "_rough_" in data


def of_typical_person(variable: str) -> str:
    """Variable of a person without any leaning, such as ``typical_person::item_probability``."""
    return f"{TYPICAL_PERSON}::{variable}"


def class_names(n_classes: int, taken: Iterable[str | int] = ()) -> list[str]:
    """Labels of the classes as shown to users: C1, C2, ..., or class_1, class_2, ... where an item has such a name.

    Examples
    --------
    >>> class_names(2), class_names(2, taken=["C1", "age"])
    (['C1', 'C2'], ['class_1', 'class_2'])
    """
    stem, taken = "C", set(map(str, taken))
    while not taken.isdisjoint(names := [f"{stem}{k + 1}" for k in range(n_classes)]):
        stem = "class_" if stem == "C" else f"{stem}_"
    return names
