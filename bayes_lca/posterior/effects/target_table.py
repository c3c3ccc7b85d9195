"""A table with a row for each target, as averages and contrasts are called here, and class."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.tables.rows import table_of
from bayes_lca.table import SummaryTable


def table_of_targets(values: np.ndarray, labels: pd.DataFrame, fit: Fit, ci_prob: float, *notes: str) -> SummaryTable:
    """Summarise draws of several targets.

    Parameters
    ----------
    values : ndarray, shape (draw, target, latent_class)
    labels : pandas.DataFrame, one row per target
        Levels of the index, that of the classes left out.
    fit : Fit
    ci_prob : float
    *notes : str
        Lines of the note, below what the fit rests on.
    """
    axis, classes = fit.class_axis, list(fit.classes)
    array = xr.DataArray(
        fit.by_chain(values),
        dims=("chain", "draw", "target", axis),
        coords={**fit.chain_coords, "target": np.arange(values.shape[1]), axis: classes},
    )
    table = table_of(array, ["target", axis], fit, ci_prob)
    target, class_names = (table.index.get_level_values(level) for level in ("target", axis))
    columns = {name: labels[name].to_numpy()[target] for name in labels} | {axis: class_names.to_numpy()}
    return SummaryTable.of(pd.DataFrame(table).set_axis(index_of(columns)), "\n".join([table.note, *notes]))


def index_of(columns: Mapping[str, np.ndarray]) -> pd.Index:
    """Row names whose levels keep the order in which they appear, so that pandas finds rows without a search."""
    if len(columns) == 1:
        return pd.Index(*columns.values(), name=next(iter(columns)))
    codes, levels = zip(*(pd.factorize(values) for values in columns.values()), strict=True)
    return pd.MultiIndex(levels=levels, codes=codes, names=list(columns))
