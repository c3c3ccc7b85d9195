"""Priors of staying and moving between classes."""

from dataclasses import dataclass
from math import isfinite
from numbers import Real

from bayes_lca.priors.distributions import require_positive


@dataclass(frozen=True)
class NormalLogit:
    r"""Normal distribution of a logit that may be likely or unlikely beforehand.

    .. math:: s \sim N(\mu, \sigma^2)

    Of the logit of staying in a class, against the average of moving to each other one: ``NormalLogit(1.0, 1.5)`` says
    that with two classes the probability of staying is between .12 and .98, most likely near .73.

    Parameters
    ----------
    mu : float
    sigma : float

    Raises
    ------
    ValueError
        If `mu` is no finite number, or `sigma` is not positive.

    Examples
    --------
    >>> NormalLogit(1.0, 1.5)
    NormalLogit(mu=1.0, sigma=1.5)
    """

    mu: float = 0.0
    sigma: float = 1.5

    def __post_init__(self):
        if isinstance(self.mu, bool) or not isinstance(self.mu, Real) or not isfinite(self.mu):
            raise ValueError(f"NormalLogit(mu={self.mu!r}): mu must be a finite number")
        require_positive(self, sigma=self.sigma)
