"""Prior distributions a model part can be given, and the defaults with their reasons."""

from bayes_lca.priors.defaults import (
    CLASS_SHARE,
    COLUMNS,
    GROUP_SD,
    GROUP_SLOPE_SD,
    INTERCEPT,
    ITEM_LOCATION,
    ITEM_PROBABILITY,
    SLOPE,
    STYLE_LOADING,
)
from bayes_lca.priors.distributions import (
    LKJ,
    Dirichlet,
    Exponential,
    HalfNormal,
    HalfStudentT,
    StandardDeviationPrior,
    ZeroSumNormal,
    check_prior,
)
from bayes_lca.priors.of_slopes import Horseshoe, PerUnit, SlopePrior, SlopeSpreadPrior

__all__ = [
    "CLASS_SHARE",
    "COLUMNS",
    "GROUP_SD",
    "GROUP_SLOPE_SD",
    "INTERCEPT",
    "ITEM_LOCATION",
    "ITEM_PROBABILITY",
    "LKJ",
    "SLOPE",
    "STYLE_LOADING",
    "Dirichlet",
    "Exponential",
    "HalfNormal",
    "HalfStudentT",
    "Horseshoe",
    "PerUnit",
    "SlopePrior",
    "SlopeSpreadPrior",
    "StandardDeviationPrior",
    "ZeroSumNormal",
    "check_prior",
]
