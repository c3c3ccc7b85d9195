"""Rates and means over replicates, with their Monte Carlo standard errors."""

import numpy as np
import pandas as pd

NORMAL_QUANTILE = 1.959963984540054
"""Standard errors on each side of a 95 % interval."""


def rate(name: str, cell: pd.DataFrame, column: str) -> dict[str, float]:
    """A proportion over data sets, and with ``_se`` its standard error, from the columns `column` and ``replicate``."""
    proportion = mean_with_error(name, cell, column)
    n = cell["replicate"].nunique()
    if n and proportion[name] in (0, 1):
        p = (proportion[name] * n + 2) / (n + 4)
        proportion[f"{name}_se"] = np.sqrt(p * (1 - p) / (n + 4))
    return proportion


def mean_with_error(name: str, cell: pd.DataFrame, column: str) -> dict[str, float]:
    """A mean over data sets with its standard error."""
    of_data_sets = cell[column].astype(float).groupby(cell["replicate"]).mean()
    return {name: of_data_sets.mean(), f"{name}_se": of_data_sets.std(ddof=1) / np.sqrt(len(of_data_sets) or np.nan)}
