"""Names of the axes and variables that models, draws and tables share.

Every array in a fitted tree is addressed by these names, so a name is written here once and nowhere else.
"""

CLASS = "latent_class"
ITEM = "item"
CATEGORY = "category"
TERM = "term"
RESPONDENT = "respondent"
PATTERN = "pattern"
CONTRAST = "class_contrast"
OUTCOME = "outcome"

CLASS_SHARE = "class_share"
ITEM_PROBABILITY = "item_probability"
INTERCEPT = "intercept"
SLOPE = "slope"
ANSWERS = "answers"
COUNT = "count"
DESIGN = "design"

AXES = frozenset({CLASS, ITEM, CATEGORY, TERM, RESPONDENT, PATTERN, CONTRAST, OUTCOME, "chain", "draw"})
VARIABLES = frozenset({CLASS_SHARE, ITEM_PROBABILITY, INTERCEPT, SLOPE, ANSWERS, COUNT, DESIGN})
RESERVED = AXES | VARIABLES | {"answer_codes", "outcome_codes", "design_scale", "intercept_at_mean", "answer_pattern"}
"""Names a group column may not have, because axes or variables of the draws have them."""


def group_effect(grouping: str) -> str:
    """Variable of the random intercepts of a grouping, such as ``group_effect``."""
    return f"{grouping}_effect"


def group_sd(grouping: str) -> str:
    """Variable of their standard deviations, such as ``group_sd``."""
    return f"{grouping}_sd"


def group_contrasts(grouping: str) -> str:
    """Variable of the groups' class contrasts at their own mean covariates, such as ``group_contrasts``."""
    return f"{grouping}_contrasts"


def class_names(n_classes: int) -> list[str]:
    """Labels of the classes as shown to users: C1, C2, ..."""
    return [f"C{k + 1}" for k in range(n_classes)]
