"""Priors of slopes whose width follows the column they are of, and which shrink most of many."""

from dataclasses import dataclass

from bayes_lca.priors.by_class import NormalByClass
from bayes_lca.priors.distributions import (
    StandardDeviationPrior,
    ZeroSumNormal,
    check_prior,
    require_positive,
)


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
    prior : ZeroSumNormal, NormalByClass, HalfNormal, HalfStudentT or Exponential
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
    >>> PerUnit(ZeroSumNormal(1.25))
    PerUnit(prior=ZeroSumNormal(sigma=1.25), columns=None)
    """

    prior: ZeroSumNormal | NormalByClass | StandardDeviationPrior
    columns: int | None = None

    def __post_init__(self):
        check_prior("PerUnit", "prior", self.prior, ZeroSumNormal | NormalByClass | StandardDeviationPrior)
        if self.columns is not None:
            require_positive(self, columns=self.columns)


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
        require_positive(self, expected=self.expected, slab=self.slab)


SlopePrior = ZeroSumNormal | PerUnit | Horseshoe
TermPrior = ZeroSumNormal | NormalByClass | PerUnit
"""Of the slopes of one term."""
SlopeSpreadPrior = StandardDeviationPrior | PerUnit
