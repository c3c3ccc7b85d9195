"""Rates and means over replicates, with their Monte Carlo standard errors."""

import numpy as np
import pandas as pd

NORMAL_QUANTILE = 1.959963984540054
"""Standard errors on each side of a 95 % interval."""


def rate(name: str, cell: pd.DataFrame, column: str) -> dict[str, float]:
    r"""A proportion over data sets, and with ``_se`` its standard error, from the columns `column` and ``replicate``.

    Where all R data sets agree, on whatever value m, their spread is 0 and says nothing of how often another would
    differ: the standard error is that of the data sets and of two more at 0 and two at 1, of a proportion
    :math:`\tilde m = (R m + 2) / (R + 4)`, as for a binomial one where m is 0 or 1 [1]_.

    References
    ----------
    .. [1] Agresti & Coull (1998). Approximate is better than "exact" for interval estimation of binomial proportions.
       The American Statistician 52, 119-126. https://doi.org/10.1080/00031305.1998.10480550
    """
    of_data_sets = _of_data_sets(cell, column)
    proportion = mean_with_error(name, cell, column)
    if of_data_sets.nunique() == 1:
        more = np.concatenate([of_data_sets, [0, 0, 1, 1]])
        proportion[f"{name}_se"] = more.std() / np.sqrt(len(more))
    return proportion


def mean_with_error(name: str, cell: pd.DataFrame, column: str) -> dict[str, float]:
    """A mean over data sets with its standard error."""
    of_data_sets = _of_data_sets(cell, column)
    return {name: of_data_sets.mean(), f"{name}_se": of_data_sets.std(ddof=1) / np.sqrt(len(of_data_sets) or np.nan)}


def _of_data_sets(cell: pd.DataFrame, column: str) -> pd.Series:
    return cell[column].astype(float).groupby(cell["replicate"]).mean()
