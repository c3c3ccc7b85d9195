"""What intervals of one kind come to over data sets: errors, power, coverage, bias."""

import numpy as np
import pandas as pd

from bayes_lca.calibration.kit.rates import mean_with_error, rate


def judged(intervals: pd.DataFrame) -> pd.DataFrame:
    """Intervals with what each is judged by.

    Parameters
    ----------
    intervals : pandas.DataFrame
        ``truth``, ``estimate``, ``lower`` and ``upper``.

    Returns
    -------
    pandas.DataFrame
        The same with ``without_zero`` and ``covers``, missing where there is no interval; ``error``, away from 0 where
        it is positive and the truth is not 0; ``size`` of the truth; and ``width``.
    """
    lower, upper, truth = intervals["lower"], intervals["upper"], intervals["truth"]
    there = lower.notna() & upper.notna()
    return intervals.assign(
        without_zero=((lower > 0) | (upper < 0)).astype(float).where(there),
        covers=((lower <= truth) & (truth <= upper)).astype(float).where(there),
        error=np.where(truth < 0, -1, 1) * (intervals["estimate"] - truth),
        size=truth.abs(),
        width=upper - lower,
    )


def error_rates(cell: pd.DataFrame) -> dict[str, float]:
    """Rates of judged intervals that belong together, over the data sets in ``replicate`` that have them.

    Returns
    -------
    dict
        ``type_1_error`` (without 0 where 0 is true), ``power`` (without 0 where it is not), ``coverage`` and ``bias``,
        each with its standard error ``_se``; ``relative_bias``, in the mean size of the truth.
    """
    tested, held, estimated = (cell[cell[name].notna()] for name in ("without_zero", "covers", "error"))
    rates = rate("type_1_error", tested[tested["truth"] == 0], "without_zero")
    rates |= rate("power", tested[tested["truth"] != 0], "without_zero")
    rates |= rate("coverage", held, "covers") | mean_with_error("bias", estimated, "error")
    size = estimated["size"].sum()
    rates["relative_bias"] = estimated["error"].sum() / size if size else np.nan
    return rates
