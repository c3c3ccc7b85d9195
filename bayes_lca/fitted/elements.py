"""Elements of a variable as rows, and how well chains agree on each."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.category_axis import category_axis, on_axis
from bayes_lca.dims import CATEGORY, ITEM
from bayes_lca.fitted.chain_diagnostics import chain_diagnostics

R_HAT_BETWEEN = "r_hat_between"


def existing_elements(values: xr.DataArray, dims: list[str]) -> xr.DataArray:
    """Elements of a variable in one row, dims (chain, draw, row), without the categories an item does not have."""
    rows = values.stack(row=dims, create_index=False).transpose("chain", "draw", "row")
    return rows.isel(row=np.flatnonzero(rows.isel(chain=0, draw=0).notnull().to_numpy()))


def row_index(rows: xr.DataArray, dims: list[str]) -> pd.Index:
    """Names of the elements of `existing_elements`, a level for each of `dims`."""
    levels = [rows[dim].to_numpy() for dim in dims]
    return pd.MultiIndex.from_arrays(levels, names=dims) if len(dims) > 1 else pd.Index(levels[0], name=dims[0])


def by_label(table: pd.DataFrame, fit) -> pd.DataFrame:
    """Rows of item probabilities in the order of each item's categories, by their labels.

    Parameters
    ----------
    table : DataFrame
        A row for each class, item and category, which are the levels of its index.
    fit : Fit
    """
    names, place = category_axis(fit.labels)
    axis_name = {
        (item, label): names[position]
        for item, of_item, places in zip(fit.items, fit.labels, place, strict=True)
        for label, position in zip(of_item, places, strict=False)
    }
    index = [(name, item, label) for name in fit.classes for item, label in axis_name]
    rows = table.index.get_indexer([(name, item, axis_name[item, label]) for name, item, label in index])
    return table.iloc[rows].set_axis(pd.MultiIndex.from_tuples(index, names=table.index.names))


def probabilities_by_label(posterior: xr.Dataset, labels: Sequence[Sequence[str]]) -> xr.Dataset:
    """Item probabilities named by the labels of each item, not a number where an item has no such category."""
    names, _ = category_axis(labels)
    variables = {}
    for name, of_items in posterior.data_vars.items():
        if CATEGORY in of_items.dims:
            values = of_items.transpose(..., ITEM, CATEGORY)
            variables[name] = xr.Variable(values.dims, on_axis(values.to_numpy(), labels), values.attrs)
    return posterior.drop_dims(CATEGORY).assign(variables).assign_coords({CATEGORY: names})


def diagnostics(
    values: xr.DataArray, *, chain_by_chain: bool = False, data_set: np.ndarray | None = None
) -> dict[str, xr.DataArray]:
    """R-hat and effective sample sizes of every element; not a number where an element is constant.

    R-hat is infinite where every half of a chain is constant and they differ. With `chain_by_chain` effective sample
    sizes are those of each chain by itself, added up.

    Chains of several completed data sets, given by the data set of each, differ by design. R-hat is then the largest
    within any of them, effective sample sizes are those within, added up, and ``r_hat_between`` is R-hat of all chains.
    """
    in_rows = values.transpose(..., "chain", "draw").to_numpy()
    elements = in_rows.reshape(math.prod(in_rows.shape[:-2]), *in_rows.shape[-2:])
    r_hat, *effective = chain_diagnostics(elements)
    between = {}
    if data_set is not None:
        between = {R_HAT_BETWEEN: r_hat}
        of_sets = [chain_diagnostics(elements[:, data_set == which]) for which in np.unique(data_set)]
        r_hat = np.max([within for within, *_ in of_sets], axis=0)
        effective = np.sum([within for _, *within in of_sets], axis=0)
    if chain_by_chain:
        of_chains = [chain_diagnostics(elements[:, [chain]])[1:] for chain in range(elements.shape[1])]
        effective = np.sum(of_chains, axis=0)
    varies = (elements != elements[:, :1, :1]).any(axis=(1, 2))
    shape = values.isel(chain=0, draw=0, drop=True)
    columns = dict(zip(("r_hat", "ess_bulk", "ess_tail"), (r_hat, *effective), strict=True)) | between
    return {
        name: shape.copy(data=np.where(varies, each, np.nan).reshape(shape.shape)) for name, each in columns.items()
    }
