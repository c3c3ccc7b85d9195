"""Prior distributions a model part can be given, and the defaults with their reasons.

Names and arguments are those of PyMC, so that ``HalfNormal(sigma=1.0)`` means what ``pm.HalfNormal`` means.
"""

from dataclasses import dataclass
from math import inf
from numbers import Real


def _positive(prior, **values: float) -> None:
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
        plain = next(name for name in names if name != PerUnit.__name__)
        raise TypeError(
            f"{part}({field}={given!r}): the prior of {field} is {' or '.join(names)}, such as "
            f"{part}(..., {field}=bl.{plain}(1.0))"
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
        _positive(self, a=self.a)


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
        _positive(self, sigma=self.sigma)


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
        _positive(self, sigma=self.sigma)


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
        _positive(self, nu=self.nu, sigma=self.sigma)


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
        _positive(self, lam=self.lam)


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
        _positive(self, eta=self.eta)


StandardDeviationPrior = HalfNormal | HalfStudentT | Exponential


@dataclass(frozen=True)
class PerUnit:
    r"""A prior of slopes, or of their spread between groups, whose width is stated for one unit of each column.

    One unit of a design column is

    - of a category, a 0/1 column or a cell of an interaction: the whole way from one value to the other,
    - of a number: its standard deviation, values far out moved to the outer fences first, so that one typing error
      changes nothing; where half of the respondents or more share one value, the median distance of the others,
    - of a polynomial or a spline: the root of the summed variances of its columns, the same for all of them,
    - of an interaction: the product of the units of its parts.

    The same prior without `PerUnit` is one per standard deviation of the column. Of a level that 2 of 512 respondents
    have, ``ZeroSumNormal(1.5)`` per standard deviation is a log odds ratio with standard deviation 34.

    Parameters
    ----------
    prior : ZeroSumNormal, HalfNormal, HalfStudentT or Exponential
    columns : int, optional
        Columns up to which the width of slopes is as stated. Of more, one factor :math:`\tau \sim
        \operatorname{HalfNormal}(1)` of all widths is learned: hierarchical shrinkage, for where each of many columns
        had its full width the sum of their effects would be far too wide, and chains got stuck where it is.

    Raises
    ------
    TypeError
        If `prior` is no prior of slopes or of standard deviations.
    ValueError
        If `columns` is not positive.

    Examples
    --------
    >>> PerUnit(HalfNormal(0.5))
    PerUnit(prior=HalfNormal(sigma=0.5), columns=None)
    """

    prior: ZeroSumNormal | StandardDeviationPrior
    columns: int | None = None

    def __post_init__(self):
        check_prior("PerUnit", "prior", self.prior, ZeroSumNormal | StandardDeviationPrior)
        if self.columns is not None:
            _positive(self, columns=self.columns)


@dataclass(frozen=True)
class Horseshoe:
    r"""Regularised horseshoe: of many slopes per unit, a few are large and the rest near zero.

    .. math::
        \beta_{tc}\, \mathrm{unit}_t = \tau \tilde\lambda_t z_{tc}, \quad
        z_t \sim \operatorname{ZeroSumNormal}(1), \quad \lambda_t \sim C^+(1), \quad
        \tau \sim C^+\!\Bigl(\frac{p_0}{T - p_0} \frac{2}{\sqrt n}\Bigr), \quad
        \tilde\lambda_t^2 = \frac{s^2 \lambda_t^2}{s^2 + \tau^2 \lambda_t^2}

    with T columns and n respondents; one unit of a column is that of `PerUnit`. A column that matters has slopes of
    about :math:`s`, as ``PerUnit(ZeroSumNormal(s))`` has them.

    Parameters
    ----------
    expected : float, default 3.0
        :math:`p_0`, how many of the columns are thought to matter; fewer than there are.
    slab : float, default 1.25
        :math:`s`.

    Raises
    ------
    ValueError
        If `expected` or `slab` is not positive.

    References
    ----------
    Piironen, J. & Vehtari, A. (2017). Sparsity information and regularization in the horseshoe and other shrinkage
    priors. Electronic Journal of Statistics 11(2), 5018-5051. doi 10.1214/17-EJS1337SI

    Examples
    --------
    >>> Horseshoe(expected=2)
    Horseshoe(expected=2, slab=1.25)
    """

    expected: float = 3.0
    slab: float = 1.25

    def __post_init__(self):
        _positive(self, expected=self.expected, slab=self.slab)


SlopePrior = PerUnit | ZeroSumNormal | Horseshoe
SlopeSpreadPrior = PerUnit | StandardDeviationPrior

COLUMNS = 12
"""Columns up to which slopes have the full width; see `PerUnit`."""

ITEM_PROBABILITY = Dirichlet(1.0)
"""One imaginary answer per category: keeps probabilities off 0 and 1, as the pseudo-counts of Latent GOLD do."""

ITEM_LOCATION = ZeroSumNormal(2.0)
"""Log odds of answering higher, of classes on one item: two classes seldom differ by an odds ratio beyond 300."""

CLASS_SHARE = Dirichlet(1.0)
"""Uniform over all shares."""

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
