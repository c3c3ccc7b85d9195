"""How much sums of scores vary between samples that are drawn by a survey design."""

import numpy as np
from scipy.sparse import csr_array

from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.likelihood.row_sums import sum_products


def design_information(score: np.ndarray, pattern: np.ndarray, sample: SurveySample) -> np.ndarray:
    r"""Covariance of the weighted sum of scores over samples drawn alike.

    With the totals :math:`t_{hu} = \sum_{i \in u} w_i s_i` of the :math:`n_h` sampled clusters u of stratum h, their
    mean :math:`\bar t_h`, and the share :math:`f_h` of the clusters of its population,

    .. math:: J = \sum_h (1 - f_h) \frac{n_h}{n_h - 1} \sum_u (t_{hu} - \bar t_h)(t_{hu} - \bar t_h)^\top

    Parameters
    ----------
    score : ndarray, shape (pattern, direction)
        Derivatives of the log-likelihood of one respondent with each distinct row.
    pattern : ndarray of int, shape (row,)
        The distinct row of each respondent.
    sample : SurveySample

    Returns
    -------
    ndarray, shape (direction, direction)

    References
    ----------
    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys. International
    Statistical Review 51(3), 279-292. doi 10.2307/1402588
    """
    n_units = np.bincount(sample.stratum_of_unit)
    factor = (1 - sample.sampled_share) * n_units / (n_units - 1)  # (stratum,)
    stratum = sample.stratum_of_unit[sample.unit]  # (row,)
    in_strata = _sums(sample.weight, stratum, pattern, (len(n_units), len(score))) @ score  # (stratum, direction)
    if sample.is_clustered:
        totals = _sums(sample.weight, sample.unit, pattern, (len(sample.stratum_of_unit), len(score))) @ score
        totals = totals - (in_strata / n_units[:, None])[sample.stratum_of_unit]
        return sum_products(totals, totals, factor[sample.stratum_of_unit])
    squared = np.bincount(pattern, weights=factor[stratum] * sample.weight**2, minlength=len(score))
    return sum_products(score, score, squared) - sum_products(in_strata, in_strata, factor / n_units)


def _sums(weight: np.ndarray, place: np.ndarray, pattern: np.ndarray, shape: tuple[int, int]) -> csr_array:
    """Weights added up by place and distinct row."""
    return csr_array((weight, (place, pattern)), shape=shape)
