"""Prior distributions a model part can be given, and the defaults with their reasons."""

from bayes_lca.priors.defaults import (
    CLASS_SHARE,
    COLUMNS,
    DISPERSION,
    GROUP_SD,
    GROUP_SLOPE_SD,
    INTERCEPT,
    ITEM_LOCATION,
    ITEM_MEAN,
    ITEM_PROBABILITY,
    ITEM_VARIANCE,
    MEAN_COUNT,
    SLOPE,
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
from bayes_lca.priors.of_numbers import LogNormal, Normal, ScaledInverseChiSquared
from bayes_lca.priors.of_slopes import Horseshoe, PerUnit, SlopePrior, SlopeSpreadPrior

__all__ = [
    "CLASS_SHARE",
    "COLUMNS",
    "DISPERSION",
    "GROUP_SD",
    "GROUP_SLOPE_SD",
    "INTERCEPT",
    "ITEM_LOCATION",
    "ITEM_MEAN",
    "ITEM_PROBABILITY",
    "ITEM_VARIANCE",
    "LKJ",
    "MEAN_COUNT",
    "SLOPE",
    "Dirichlet",
    "Exponential",
    "HalfNormal",
    "HalfStudentT",
    "Horseshoe",
    "LogNormal",
    "Normal",
    "PerUnit",
    "ScaledInverseChiSquared",
    "SlopePrior",
    "SlopeSpreadPrior",
    "StandardDeviationPrior",
    "ZeroSumNormal",
    "check_prior",
]
