"""Priors where none is given, with their reasons."""

from bayes_lca.priors.distributions import Dirichlet, Exponential, HalfNormal, ZeroSumNormal
from bayes_lca.priors.of_numbers import LogNormal, Normal, ScaledInverseChiSquared
from bayes_lca.priors.of_slopes import PerUnit
from bayes_lca.priors.of_transitions import NormalLogit

COLUMNS = 12
"""Columns up to which slopes have the full width; see `PerUnit`."""

ITEM_PROBABILITY = Dirichlet(1.0)
"""One imaginary answer per category: keeps probabilities off 0 and 1, as the pseudo-counts of Latent GOLD do."""

ITEM_LOCATION = ZeroSumNormal(2.0)
"""Log odds of answering higher, of classes on one item: two classes seldom differ by an odds ratio beyond 300."""

ITEM_MEAN = Normal(2.5)
"""A class of one respondent in twenty can be four standard deviations from the mean of all, and seldom is further."""

ITEM_VARIANCE = ScaledInverseChiSquared(2.0, 0.3)
"""Two members more: standard deviations within classes from 0.16 to 1.9 of that of everybody stay plausible."""

MEAN_COUNT = LogNormal(1.5)
"""Classes from a twentieth to twenty times the mean count of everybody stay plausible, and none is at zero."""

DISPERSION = Exponential(1.0)
"""The variance of counts within a class is mu + a mu^2: a is 0 for Poisson counts, and 1 for geometric ones."""

CLASS_SHARE = Dirichlet(1.0)
"""Uniform over all shares."""

STYLE_LOADING = HalfNormal(1.0)
"""Standard deviation between persons of the log odds of a category against the one below."""

INTERCEPT = ZeroSumNormal(2.5)
"""Class logits at the mean of the covariates: shares from a few per mille to nearly one stay plausible."""

SLOPE = PerUnit(ZeroSumNormal(1.25), columns=COLUMNS)
"""The log odds ratio of two classes per unit is normal with standard deviation 1.25 sqrt(2) = 1.77: one beyond 32 is
thought unlikely. At 2.5, the interval of a level whose four respondents happen to be in one of two equal classes would
leave zero out, which happens to one level in eight that differs in nothing; at 1.77 it holds zero."""

GROUP_SD = HalfNormal(1.0)
"""Random intercepts on the logit scale; with six groups wider priors let the data say too little."""

GROUP_SLOPE_SD = PerUnit(HalfNormal(0.5))
"""Random slopes per unit of a covariate: slopes of like groups differ less than their levels."""

STAY = NormalLogit(1.0, 1.5)
"""Most people stay: of two classes with probability .73, or anything from .12 to .98, before data are seen."""

DESTINATION = ZeroSumNormal(1.5)
"""Where those who leave a class go: two destinations seldom differ by odds beyond 64."""

TRANSITION_SLOPE = PerUnit(ZeroSumNormal(1.25))
"""The same width as `SLOPE`, for the destination of a move."""
