"""From all intervals of a simulation study to error rates, coverage and bias."""

import pandas as pd

from bayes_lca.calibration.kit.error_rates import error_rates, judged
from bayes_lca.posterior.labels.agreement import LARGEST_R_HAT

CELL = ["design", "group_sd", "estimator", "predictor"]


def operating_characteristics(coefficients: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    r"""Error rates of intervals by design, heterogeneity, estimator, analysis and coefficient.

    The coefficients of a covariate, over the contrasts of classes and over the levels of a categorical covariate, are
    taken together. They share a data set and are not independent, so rates and their standard errors come from the
    means :math:`m_r` of the R data sets: :math:`\bar m` and :math:`\operatorname{sd}(m_r) / \sqrt R`. Where all data
    sets agree, on whatever value, the standard error is that with two more at 0 and two at 1, :math:`(x + 2) / (R + 4)`
    [1]_.

    Parameters
    ----------
    coefficients : pandas.DataFrame
        A row per replicate, estimator, predictor, contrast and term, from `run_replicate`.
    fits : pandas.DataFrame
        A row per posterior.

    Returns
    -------
    pandas.DataFrame
        ``class`` (observed or latent), ``design``, ``group_sd``, ``estimator``, ``predictor`` (the group-level one in
        the model), ``coefficient`` (the covariate judged), ``replicates``, and, each with a standard error ``_se``,
        ``type_1_error`` (intervals without 0 where 0 is true), ``power`` (intervals without 0 where it is not),
        ``coverage``, ``bias`` (mean error; away from 0 counts as positive where the truth is not 0). Then
        ``relative_bias``, ``mean_width`` of the intervals, and over the fits behind them: ``fits``, those with
        divergences, with an R-hat above 1.01, and with a `ConvergenceWarning` of any kind.

    References
    ----------
    .. [1] Agresti & Coull (1998). Approximate is better than "exact" for interval estimation of binomial proportions.
       The American Statistician 52, 119-126. https://doi.org/10.1080/00031305.1998.10480550

    Morris, White & Crowther (2019). Using simulation studies to evaluate statistical methods. Statistics in Medicine
    38, 2074-2102. https://doi.org/10.1002/sim.8086
    """
    table = judged(coefficients).assign(coefficient=coefficients["term"].str.partition("[")[0])
    rows = []
    for key, cell in table.groupby([*CELL, "coefficient"], sort=False):
        row = dict(zip([*CELL, "coefficient"], key, strict=True))
        kind, _, _ = row["design"].partition(",")
        row = {"class": kind, **row, "replicates": cell["replicate"].nunique()}
        row |= error_rates(cell)
        row["mean_width"] = cell["width"].mean()
        rows.append(row)
    diagnosed = fits.assign(divergent=fits["divergences"] > 0, high_r_hat=fits["max_r_hat"] > LARGEST_R_HAT)
    grouped = diagnosed.groupby(CELL, sort=False)
    counts = pd.DataFrame(
        {
            "fits": grouped.size(),
            "fits_with_divergences": grouped["divergent"].sum(),
            "fits_with_high_r_hat": grouped["high_r_hat"].sum(),
            "fits_with_warning": grouped["warned"].sum(),
        }
    )
    return pd.DataFrame(rows).merge(counts.astype("Int64"), how="left", left_on=CELL, right_index=True)
