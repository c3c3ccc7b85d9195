"""Prior distributions a model part can be given, and the defaults with their reasons.

Names and arguments are those of PyMC, so that ``HalfNormal(sigma=1.0)`` means what ``pm.HalfNormal`` means.
"""

from dataclasses import dataclass


def _positive(prior, **values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{type(prior).__name__}({name}={value!r}): {name} must be positive")


@dataclass(frozen=True)
class Dirichlet:
    """Symmetric Dirichlet distribution of probabilities; `a` is the weight of each category, in answers."""

    a: float = 1.0

    def __post_init__(self):
        _positive(self, a=self.a)


@dataclass(frozen=True)
class ZeroSumNormal:
    """Normal class logits that sum to zero over classes; no class is the reference.

    The contrast of two classes has standard deviation ``sigma * sqrt(2)``.
    """

    sigma: float = 1.0

    def __post_init__(self):
        _positive(self, sigma=self.sigma)


@dataclass(frozen=True)
class HalfNormal:
    """Half-normal distribution of a standard deviation."""

    sigma: float = 1.0

    def __post_init__(self):
        _positive(self, sigma=self.sigma)


@dataclass(frozen=True)
class HalfStudentT:
    """Half-t distribution of a standard deviation."""

    nu: float = 3.0
    sigma: float = 1.0

    def __post_init__(self):
        _positive(self, nu=self.nu, sigma=self.sigma)


@dataclass(frozen=True)
class Exponential:
    """Exponential distribution of a standard deviation; its mean is ``1 / lam``."""

    lam: float = 1.0

    def __post_init__(self):
        _positive(self, lam=self.lam)


@dataclass(frozen=True)
class LKJ:
    """Lewandowski-Kurowicka-Joe distribution of a correlation matrix; 1 is uniform, larger `eta` nearer to none."""

    eta: float = 2.0

    def __post_init__(self):
        _positive(self, eta=self.eta)


StandardDeviationPrior = HalfNormal | HalfStudentT | Exponential

ITEM_PROBABILITY = Dirichlet(1.0)
"""One imaginary answer per category: keeps probabilities off 0 and 1, as the pseudo-counts of Latent GOLD do."""

ITEM_LOCATION = ZeroSumNormal(2.0)
"""Log odds of answering higher, of classes on one item: two classes seldom differ by an odds ratio beyond 300."""

CLASS_SHARE = Dirichlet(1.0)
"""Uniform over all shares."""

INTERCEPT = ZeroSumNormal(2.5)
"""Class logits at the mean of the covariates: shares from a few per mille to nearly one stay plausible."""

SLOPE = ZeroSumNormal(1.5)
"""Per standard deviation of a covariate: an odds ratio beyond 60 between two classes is thought unlikely."""

GROUP_SD = HalfNormal(1.0)
"""Random intercepts on the logit scale; with six groups wider priors let the data say too little."""

GROUP_SLOPE_SD = HalfNormal(0.5)
"""Random slopes per standard deviation of a covariate: slopes of like groups differ less than their levels."""
