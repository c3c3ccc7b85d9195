"""Priors of items that are numbers, whose widths are stated on the scale of each item's own data."""

from dataclasses import dataclass

from bayes_lca.priors.distributions import require_positive


@dataclass(frozen=True)
class Normal:
    r"""Normal distribution of the means of classes, about the middle of all respondents.

    .. math:: \mu_{cj} \sim N(m_j, (\sigma d_j)^2)

    with :math:`m_j` the mean of item j within the outer fences and :math:`d_j` its standard deviation over all
    respondents; see `bayes_lca.NormalItems`.

    Parameters
    ----------
    sigma : float, default 2.5
        In standard deviations of the item.

    Raises
    ------
    ValueError
        If `sigma` is not positive.

    Examples
    --------
    >>> Normal(2.0)
    Normal(sigma=2.0)
    """

    sigma: float = 2.5

    def __post_init__(self):
        require_positive(self, sigma=self.sigma)


@dataclass(frozen=True)
class ScaledInverseChiSquared:
    r"""Scaled inverse chi-squared distribution of a variance within classes.

    .. math::
        p(v) \propto v^{-(\nu / 2 + 1)} \exp\Bigl(-\frac{\nu (\tau s_j)^2}{2 v}\Bigr)

    with :math:`s_j` the standard deviation of item j within the outer fences; see `bayes_lca.NormalItems`. It counts as
    much as :math:`\nu` more members whose standard deviation is :math:`\tau s_j`, which keeps variances off zero:
    without it the likelihood of variances that differ by class has no bound.

    Parameters
    ----------
    nu : float, default 2.0
        :math:`\nu`.
    scale : float, default 0.3
        :math:`\tau`, in standard deviations of the item.

    Raises
    ------
    ValueError
        If `nu` or `scale` is not positive.

    References
    ----------
    Fraley, C. & Raftery, A. E. (2007). Bayesian regularization for normal mixture estimation and model-based
    clustering. Journal of Classification 24(2), 155-181. doi 10.1007/s00357-007-0004-5

    Examples
    --------
    >>> ScaledInverseChiSquared(nu=4.0)
    ScaledInverseChiSquared(nu=4.0, scale=0.3)
    """

    nu: float = 2.0
    scale: float = 0.3

    def __post_init__(self):
        require_positive(self, nu=self.nu, scale=self.scale)


@dataclass(frozen=True)
class LogNormal:
    r"""Log-normal distribution of the mean counts of classes, about the mean of all respondents.

    .. math:: \log \mu_{cj} \sim N(\log \bar y_j, \sigma^2)

    Parameters
    ----------
    sigma : float, default 1.5
        Of the logarithm: with 1.5, 95 % of the mean counts of classes are within a factor of 19 of that of everybody.

    Raises
    ------
    ValueError
        If `sigma` is not positive.

    Examples
    --------
    >>> LogNormal(1.0)
    LogNormal(sigma=1.0)
    """

    sigma: float = 1.5

    def __post_init__(self):
        require_positive(self, sigma=self.sigma)
