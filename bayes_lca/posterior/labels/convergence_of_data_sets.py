"""Convergence of draws that are stacked over completed data sets: within each, and apart from that between them."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.fitted.elements import R_HAT_BETWEEN, diagnostics, existing_elements
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.respondents import DATA_SET_OF_CHAIN, DATA_SETS
from bayes_lca.posterior.labels.label_free import SPREAD, label_free_of_classes
from bayes_lca.table import SummaryTable

WORST = {
    "r_hat": "max",
    "ess_bulk": "min",
    "ess_tail": "min",
    "elements": "max",
    "r_hat_by_chance": "max",
    "beyond_chance": "sum",
}
"""How columns of the data sets are joined; the element is that of the largest R-hat."""


def of_data_sets(table_of_one: Callable[[Fit], SummaryTable]) -> Callable[[Fit], SummaryTable]:
    """From the table of one fit to that of one that is stacked: the worst of the data sets, and R-hat between them."""

    def table(fit: Fit) -> SummaryTable:
        of_each = [table_of_one(each) for each in fits_of_data_sets(fit)]
        rows = pd.concat([pd.DataFrame(each) for each in of_each], keys=range(len(of_each)), names=["data_set"])
        by_quantity = rows.groupby(level=["layer", "quantity"], sort=False)
        worst = rows["r_hat"].fillna(-np.inf).groupby(level=["layer", "quantity"], sort=False).idxmax()
        joined = by_quantity.agg(WORST)
        joined.insert(0, "element", rows.loc[worst, "element"].to_numpy())
        joined[R_HAT_BETWEEN] = [_between(fit, layer, quantity) for layer, quantity in joined.index]
        notes = [
            f"{R_HAT_BETWEEN}: R-hat of the chains of all {len(of_each)} completed data sets, which differ by design, "
            "so no limit is put on it; all other columns are of chains within a data set, the worst of them",
            *(f"data set {place + 1}: {each.note}" for place, each in enumerate(of_each)),
        ]
        return SummaryTable.of(joined, "\n".join(notes))

    return table


def fits_of_data_sets(fit: Fit) -> list[Fit]:
    """The chains of each completed data set as a fit of its own, without its rows."""
    data_set, chains = fit.data_set_of_chain, fit.posterior["chain"].to_numpy()
    kept = json.loads(fit.attributes[DATA_SETS])
    fits = []
    for which in np.unique(data_set):
        tree = fit.tree.copy()
        for name, node in fit.tree.children.items():
            if "chain" in node.dims:
                tree[name] = xr.DataTree(node.to_dataset().sel(chain=chains[data_set == which]))
        attributes = {name: value for name, value in fit.attributes.items() if name != DATA_SET_OF_CHAIN}
        tree.attrs = attributes | kept[which]
        fits.append(Fit.reading(tree))
    return fits


def _between(fit: Fit, layer: str, quantity: str) -> float:
    """The largest R-hat of all chains of any element; not a number for the log-likelihood, of other data in each."""
    if layer == "labelled":
        values = fit.posterior[quantity]
        parts = [existing_elements(values, [str(dim) for dim in values.dims if dim not in ("chain", "draw")])]
    else:
        of_classes = label_free_of_classes(fit)
        of_item = quantity == "spread of items"
        names = [name for name in of_classes if (str(name).startswith(SPREAD) if of_item else name == quantity)]
        parts = [of_classes[name] for name in names]
    every = [diagnostics(values)["r_hat"].to_numpy().ravel() for values in parts]
    r_hat = np.concatenate([np.array([np.nan]), *every])
    return float(np.nanmax(r_hat)) if not np.isnan(r_hat).all() else np.nan
