"""What of a fit makes up its class structure: profiles, shares, and who the respondents are."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.data.frame import named
from bayes_lca.dims import CATEGORY, CLASS, CLASS_SHARE, ITEM, ITEM_PROBABILITY, RESPONDENT
from bayes_lca.fitted.axes import flat
from bayes_lca.fitted.respondents import holds_respondents
from bayes_lca.posterior.labels.convergence import require_latent_classes, require_summarisable


@dataclass(frozen=True, eq=False)
class Structure:
    """Classes of one fit.

    Attributes
    ----------
    name : str
    classes : list of str
    labels : dict of str to list of str
        Items with the labels of their categories.
    profile : ndarray, shape (draw, latent_class, item, category)
        0 beyond the categories of an item.
    share : ndarray, shape (draw, latent_class)
    n_respondents : int
    respondents : pandas.Index or None
        None for a fit that was saved without them.
    """

    name: str
    classes: list[str]
    labels: dict[str, list[str]]
    profile: np.ndarray
    share: np.ndarray
    n_respondents: int
    respondents: pd.Index | None

    def of_items(self, items: list[str]) -> np.ndarray:
        """Profiles of some items, in their order; shape (draw, latent_class, item, category)."""
        places = [list(self.labels).index(item) for item in items]
        return self.profile[:, :, places, : max(len(self.labels[item]) for item in items)]


def read_structure(name: str, draws: xr.DataTree, which: np.ndarray) -> Structure:
    """The structure in some draws, by position with chains after each other.

    Raises
    ------
    ValueError
        If the fit has no latent classes.
    NotRelabelledError, SeveralModesError
        If its classes are not one and the same over draws.
    """
    require_latent_classes(draws)
    require_summarisable(draws)
    posterior = draws["posterior"]
    items = [str(item) for item in posterior[ITEM].to_numpy()]
    return Structure(
        name=name,
        classes=[str(one) for one in posterior[CLASS].to_numpy()],
        labels=dict(zip(items, json.loads(draws.attrs["labels"]), strict=True)),
        profile=np.nan_to_num(flat(posterior[ITEM_PROBABILITY], CLASS, ITEM, CATEGORY)[which]),
        share=flat(posterior[CLASS_SHARE], CLASS)[which],
        n_respondents=draws.attrs["n_respondents"],
        respondents=pd.Index(draws["observed_data"][RESPONDENT].to_numpy()) if holds_respondents(draws) else None,
    )


def items_in_common(one: Structure, other: Structure) -> tuple[list[str], list[str]]:
    """Items with the same categories in both, in the order of the first, and items of either left out.

    Raises
    ------
    ValueError
        If there are none.
    """
    common = [item for item, labels in one.labels.items() if other.labels.get(item) == labels]
    left_out = [item for item in dict.fromkeys([*one.labels, *other.labels]) if item not in common]
    if not common:
        raise ValueError(
            f"fits {one.name!r} (n = {one.n_respondents}) and {other.name!r} (n = {other.n_respondents}) share "
            f"no item with the same categories: {named(list(one.labels))} and {named(list(other.labels))}; structures "
            "are compared by items that both have"
        )
    return common, left_out
