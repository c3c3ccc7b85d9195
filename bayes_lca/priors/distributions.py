"""Prior distributions a model part can be given.

Names and arguments are those of PyMC, so that ``HalfNormal(sigma=1.0)`` means what ``pm.HalfNormal`` means.
"""

from dataclasses import dataclass
from math import inf
from numbers import Real


def require_positive(prior, **values: float) -> None:
    """Refuse arguments of a prior that are no positive numbers."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < inf:
            raise ValueError(f"{type(prior).__name__}({name}={value!r}): {name} must be a positive number")


def check_prior(part: str, field: str, given, kind) -> None:
    """Refuse what is no prior, or is one of another kind of parameter.

    Parameters
    ----------
    part, field : str
        Class of the part and name of its argument, for the message.
    given
        What it was given.
    kind : type or union of types
        Priors of such a parameter.

    Raises
    ------
    TypeError
        Saying what was given, what is wanted, and an example.

    Examples
    --------
    >>> check_prior("Regression", "slope", ZeroSumNormal(1.5), ZeroSumNormal)
    """
    if not isinstance(given, kind):
        names = [prior.__name__ for prior in getattr(kind, "__args__", (kind,))]
        raise TypeError(
            f"{part}({field}={given!r}): the prior of {field} is {' or '.join(names)}, such as "
            f"{part}(..., {field}=bl.{names[0]}(1.0))"
        )


@dataclass(frozen=True)
class Dirichlet:
    r"""Symmetric Dirichlet distribution of probabilities.

    .. math:: p(\rho_1, \dots, \rho_C) \propto \prod_k \rho_k^{a - 1}

    Each category gets the weight of a answers that nobody gave: 1 is uniform over all sets of probabilities, larger
    values draw them together, smaller ones towards 0 and 1.

    Parameters
    ----------
    a : float, default 1.0

    Raises
    ------
    ValueError
        If `a` is not positive.

    Examples
    --------
    >>> Dirichlet(2.0)
    Dirichlet(a=2.0)
    """

    a: float = 1.0

    def __post_init__(self):
        require_positive(self, a=self.a)


@dataclass(frozen=True)
class ZeroSumNormal:
    r"""Normal class logits that sum to zero over classes; no class is the reference.

    .. math:: \eta = z - \bar z, \qquad z_c \sim N(0, \sigma^2)

    The contrast of two classes has standard deviation :math:`\sigma \sqrt 2`: with ``sigma=1.5``, 95 % of odds ratios
    of two classes lie between 1/64 and 64.

    Parameters
    ----------
    sigma : float, default 1.0
        On the scale of log odds.

    Raises
    ------
    ValueError
        If `sigma` is not positive.

    Examples
    --------
    >>> ZeroSumNormal(1.5)
    ZeroSumNormal(sigma=1.5)
    """

    sigma: float = 1.0

    def __post_init__(self):
        require_positive(self, sigma=self.sigma)


@dataclass(frozen=True)
class HalfNormal:
    r"""Half-normal distribution of a standard deviation.

    .. math:: p(s) \propto \exp(-s^2 / 2 \sigma^2), \quad s \ge 0

    Its median is :math:`0.67 \sigma` and its 95 % quantile :math:`1.96 \sigma`.

    Parameters
    ----------
    sigma : float, default 1.0

    Raises
    ------
    ValueError
        If `sigma` is not positive.

    Examples
    --------
    >>> HalfNormal(0.5)
    HalfNormal(sigma=0.5)
    """

    sigma: float = 1.0

    def __post_init__(self):
        require_positive(self, sigma=self.sigma)


@dataclass(frozen=True)
class HalfStudentT:
    r"""Half-t distribution of a standard deviation.

    .. math:: p(s) \propto \bigl(1 + s^2 / (\nu \sigma^2)\bigr)^{-(\nu + 1)/2}, \quad s \ge 0

    A half-normal with a heavier tail: small `nu` lets groups differ far more than expected.

    Parameters
    ----------
    nu : float, default 3.0
        Degrees of freedom.
    sigma : float, default 1.0

    Raises
    ------
    ValueError
        If `nu` or `sigma` is not positive.

    Examples
    --------
    >>> HalfStudentT(nu=3.0, sigma=1.0)
    HalfStudentT(nu=3.0, sigma=1.0)
    """

    nu: float = 3.0
    sigma: float = 1.0

    def __post_init__(self):
        require_positive(self, nu=self.nu, sigma=self.sigma)


@dataclass(frozen=True)
class Exponential:
    r"""Exponential distribution of a standard deviation.

    .. math:: p(s) = \lambda e^{-\lambda s}, \quad s \ge 0

    Its mean is :math:`1 / \lambda`.

    Parameters
    ----------
    lam : float, default 1.0
        :math:`\lambda`.

    Raises
    ------
    ValueError
        If `lam` is not positive.

    Examples
    --------
    >>> Exponential(2.0)
    Exponential(lam=2.0)
    """

    lam: float = 1.0

    def __post_init__(self):
        require_positive(self, lam=self.lam)


@dataclass(frozen=True)
class LKJ:
    r"""Lewandowski-Kurowicka-Joe distribution of a correlation matrix.

    .. math:: p(\Omega) \propto \det(\Omega)^{\eta - 1}

    1 is uniform over all correlation matrices, larger values lie nearer to no correlation.

    Parameters
    ----------
    eta : float, default 2.0

    Raises
    ------
    ValueError
        If `eta` is not positive.

    References
    ----------
    Lewandowski, D., Kurowicka, D. & Joe, H. (2009). Generating random correlation matrices based on vines and extended
    onion method. Journal of Multivariate Analysis 100(9), 1989-2001. doi 10.1016/j.jmva.2009.04.008

    Examples
    --------
    >>> LKJ(2.0)
    LKJ(eta=2.0)
    """

    eta: float = 2.0

    def __post_init__(self):
        require_positive(self, eta=self.eta)


StandardDeviationPrior = HalfNormal | HalfStudentT | Exponential
