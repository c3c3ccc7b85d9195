"""Rows of tables: mean, standard deviation, interval and diagnostics of every element of a variable."""

from collections.abc import Callable

import pandas as pd
import xarray as xr

from bayes_lca.fitted.elements import diagnostics, existing_elements, row_index
from bayes_lca.fitted.fit import Fit
from bayes_lca.table import SummaryTable, tail_probabilities

CI_PROB = 0.95


def table_of(values: xr.DataArray, dims: list[str], fit: Fit, ci_prob: float) -> SummaryTable:
    """Mean, sd, interval and diagnostics of every element that exists, one row each, `dims` as index."""
    rows = existing_elements(values, dims)
    lower, upper = quantiles_of(rows, tail_probabilities(ci_prob))
    columns = {
        "mean": rows.mean(["chain", "draw"]),
        "sd": rows.std(["chain", "draw"], ddof=1),
        "lower": lower,
        "upper": upper,
        **diagnostics(rows, data_set=fit.data_set_of_chain),
    }
    frame = pd.DataFrame({name: column.to_numpy() for name, column in columns.items()}, index=row_index(rows, dims))
    return SummaryTable.of(frame, note_of(fit, ci_prob))


def table_once(fit: Fit, name: tuple, make: Callable[[], SummaryTable]) -> SummaryTable:
    """A table that is made when a fit is first asked for it; a copy, which the caller may change."""
    return fit.once(name, make).copy()


def quantiles_of(values: xr.DataArray, probabilities: list[float]) -> list[xr.DataArray]:
    """Quantiles over chains and draws, one array for each probability."""
    quantiles = values.quantile(probabilities, ["chain", "draw"])
    return [quantiles.isel(quantile=place, drop=True) for place in range(len(probabilities))]


def note_of(fit: Fit, ci_prob: float) -> str:
    """What a table of intervals rests on, as one line."""
    return f"{fit.note}; {100 * ci_prob:g} % equal-tailed intervals"
