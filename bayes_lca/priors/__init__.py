"""Prior distributions a model part can be given, and the defaults with their reasons."""

from bayes_lca.priors.by_class import NormalByClass
from bayes_lca.priors.defaults import (
    CLASS_SHARE,
    COLUMNS,
    DESTINATION,
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
    STAY,
    STYLE_LOADING,
    TRANSITION_SLOPE,
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
from bayes_lca.priors.of_items import ItemWeights, item_weights
from bayes_lca.priors.of_numbers import LogNormal, Normal, ScaledInverseChiSquared
from bayes_lca.priors.of_slopes import Horseshoe, PerUnit, SlopePrior, SlopeSpreadPrior, TermPrior
from bayes_lca.priors.of_transitions import NormalLogit

__all__ = [
    "CLASS_SHARE",
    "COLUMNS",
    "DESTINATION",
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
    "STAY",
    "STYLE_LOADING",
    "TRANSITION_SLOPE",
    "Dirichlet",
    "Exponential",
    "HalfNormal",
    "HalfStudentT",
    "Horseshoe",
    "ItemWeights",
    "LogNormal",
    "Normal",
    "NormalByClass",
    "NormalLogit",
    "PerUnit",
    "ScaledInverseChiSquared",
    "SlopePrior",
    "SlopeSpreadPrior",
    "StandardDeviationPrior",
    "TermPrior",
    "ZeroSumNormal",
    "check_prior",
    "item_weights",
]
