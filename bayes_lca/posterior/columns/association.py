"""Tests and effect sizes of two columns: chi-square, Kruskal-Wallis, and both over several imputed columns."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy

CHI_SQUARE, KRUSKAL_WALLIS = "chi-square", "Kruskal-Wallis"
EFFECT_SIZE = {CHI_SQUARE: "Cramer's V", KRUSKAL_WALLIS: "epsilon-squared"}
WELL_BEYOND = 10.0
"""Standard deviations beyond which nothing is left of a noncentral chi distribution."""


@dataclass(frozen=True)
class Association:
    """How far two columns depart from independence.

    Attributes
    ----------
    statistic, df : float, int
        Of a chi-square distribution if the columns are independent.
    df_error : float
        Degrees of freedom of the F distribution that ``statistic / df`` is referred to; infinite for one table.
    p_value : float
    variance_increase : float
        Relative increase in variance because the classes are not known; 0 for one table.
    effect, lower, upper : float
        Effect size and its interval.
    smallest_expected : float
        Smallest expected count of the table, an average over imputations; not a number for Kruskal-Wallis.
    """

    statistic: float
    df: int
    df_error: float
    p_value: float
    variance_increase: float
    effect: float
    lower: float
    upper: float
    smallest_expected: float


def association(
    test: Literal["chi-square", "Kruskal-Wallis"], values: np.ndarray, groups: np.ndarray, n_groups: int, ci_prob: float
) -> Association:
    r"""Test whether `values` differ between `groups`, known or imputed.

    One column of groups gives Pearson's :math:`\chi^2` without continuity correction, or the Kruskal-Wallis H with
    its correction for ties. Over m imputed columns the statistics :math:`d_j` are pooled as :math:`D_2` [1]_,

    .. math::
        D_2 = \frac{\bar d / k - \frac{m+1}{m-1} r}{1 + r}, \qquad
        r = \Bigl(1 + \frac1m\Bigr) \operatorname{var}\bigl(\sqrt{d_j}\bigr), \qquad
        D_2 \sim F\Bigl(k,\; k^{-3/m} (m - 1) (1 + 1/r)^2\Bigr),

    with k degrees of freedom; :math:`k D_2` stands for the statistic, and :math:`(1 + r) k D_2` for that of the
    effect size.

    Parameters
    ----------
    test : {"chi-square", "Kruskal-Wallis"}
    values : ndarray, shape (respondent,)
        Positions of levels for chi-square, numbers for Kruskal-Wallis.
    groups : ndarray of int, shape (respondent,) or (imputation, respondent)
    n_groups : int
        How many groups there can be.
    ci_prob : float
        Probability of the interval of the effect size.

    Returns
    -------
    Association

    References
    ----------
    .. [1] Li, K.-H., Meng, X.-L., Raghunathan, T. E. & Rubin, D. B. (1991). Significance levels from repeated p-values
       with multiply-imputed data. Statistica Sinica 1, 65-92.
    """
    groups = np.atleast_2d(groups)
    n, n_levels = len(values), len(np.unique(values))
    statistics, smallest_expected = np.transpose([_statistic(test, values, imputed) for imputed in groups])
    df = n_groups - 1 if test == KRUSKAL_WALLIS else (n_groups - 1) * (n_levels - 1)
    if len(groups) == 1:
        statistic, increase, df_error = statistics[0], 0.0, np.inf
        p_value = scipy.stats.chi2.sf(statistic, df)
    else:
        pooled, increase, df_error = pool(statistics, df)
        statistic, p_value = df * max(pooled, 0.0), scipy.stats.f.sf(pooled, df, df_error)
    size = np.array([np.sqrt(statistic), *noncentrality(np.sqrt(statistic), df, ci_prob)]) * np.sqrt(1 + increase)
    size = size**2 / (n - 1) if test == KRUSKAL_WALLIS else size / np.sqrt(n * (min(n_levels, n_groups) - 1))
    effect, lower, upper = np.minimum(size, 1.0)
    return Association(statistic, df, df_error, p_value, increase, effect, lower, upper, smallest_expected.mean())


def pool(statistics: np.ndarray, df: int) -> tuple[float, float, float]:
    """Pool chi-square statistics of imputed data sets.

    Parameters
    ----------
    statistics : ndarray, shape (imputation,)
        At least two.
    df : int
        Degrees of freedom of each.

    Returns
    -------
    pooled, increase, df_error : float
        D2, the relative increase in variance r, and the second degrees of freedom of F, as in `association`.

    Examples
    --------
    >>> import numpy as np
    >>> pooled, increase, df_error = pool(np.array([5.8, 7.2, 6.1, 8.5]), 3)
    >>> f"{pooled:.4f} {df_error:.2f}"
    '2.0540 342.22'
    """
    m = len(statistics)
    increase = (1 + 1 / m) * np.sqrt(statistics).var(ddof=1)
    pooled = (statistics.mean() / df - (m + 1) / (m - 1) * increase) / (1 + increase)
    df_error = np.inf if increase == 0 else df ** (-3 / m) * (m - 1) * (1 + 1 / increase) ** 2
    return float(pooled), float(increase), float(df_error)


def noncentrality(root: float, df: int, ci_prob: float) -> tuple[float, float]:
    r"""Confidence limits of the square root of a noncentrality, from the square root of a chi-square statistic.

    A value :math:`\delta` is inside if a noncentral chi variable falls as far from :math:`\delta` as the observed one
    with a probability of more than 1 - `ci_prob`: the symmetric range interval [1]_. Unlike the equal-tailed interval
    it always holds the observed root, and it leaves out 0 exactly if the test is significant at 1 - `ci_prob`.

    Parameters
    ----------
    root : float
    df : int
    ci_prob : float

    Returns
    -------
    lower, upper : float

    References
    ----------
    .. [1] Kent, J. T. & Hainsworth, T. J. (1995). Confidence intervals for the noncentral chi-squared distribution.
       Journal of Statistical Planning and Inference 46(2), 147-159.

    Examples
    --------
    >>> lower, upper = noncentrality(scipy.stats.chi2.ppf(0.95, 3) ** 0.5, 3, 0.95)
    >>> round(lower, 6), upper > 4
    (0.0, True)
    """

    def excess(delta: float) -> float:
        """Probability of a range as wide as that from delta to the observed root, beyond `ci_prob`."""
        other_end = max(2 * delta - root, 0.0)
        ends = scipy.stats.ncx2.cdf([root**2, other_end**2], df, delta**2)
        return abs(ends[0] - ends[1]) - ci_prob

    lower = scipy.optimize.brentq(excess, 0.0, root) if excess(0.0) > 0 else 0.0
    return lower, scipy.optimize.brentq(excess, root, root + np.sqrt(df) + WELL_BEYOND)


def _statistic(test: str, values: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """The statistic and the smallest expected count, of the levels and groups that occur."""
    if test == KRUSKAL_WALLIS:
        return scipy.stats.kruskal(*(values[groups == group] for group in np.unique(groups))).statistic, np.nan
    tested = scipy.stats.chi2_contingency(scipy.stats.contingency.crosstab(values, groups).count, correction=False)
    return tested.statistic, tested.expected_freq.min()
