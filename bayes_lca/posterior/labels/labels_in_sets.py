"""Labels of classes within each group class or population: which class of one is which of another."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_profiles import in_sets
from bayes_lca.posterior.labels.certainty import certainty_of_labels
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.posterior.labels.relabel import checked_order, in_display_order, with_class_share
from bayes_lca.posterior.labels.stephens import Labels


def align_in_sets(
    fit: Fit,
    labels: Sequence[Labels],
    pairs: Sequence[np.ndarray],
    pivot: np.ndarray,
    order: str | int | xr.DataTree,
    *,
    permuted: Callable[[Fit, np.ndarray], xr.Dataset],
    averaged: Callable[[Fit], xr.Dataset],
) -> xr.DataTree:
    """Labels of all draws aligned, those within each set and then the sets by their pairs; see `relabel.align`.

    Parameters
    ----------
    fit : Fit
    labels : sequence of Labels
        Of the draws within each set.
    pairs : sequence of ndarray, shape (latent_class,) each
        From `pairs_of_classes`.
    pivot : ndarray
    order : str, int or DataTree
    permuted : callable
        From a fit and an order of the classes of each set, shape (draw, set, latent_class), to its draws in this order.
    averaged : callable
        From a fit to its draws, whose profiles of the usual names are averages over the sets.
    """
    within = np.stack([of_one.order[:, pair] for of_one, pair in zip(labels, pairs, strict=True)], axis=1)
    paired = fit.with_posterior(permuted(fit, within))
    paired = fit.with_posterior(averaged(paired))
    return in_display_order(
        paired,
        with_class_share(paired),
        checked_order(order, fit.items, fit.exchangeable, fit.category_orders),
        pivot,
        changed=within.reshape(len(within), -1),
        certainty=lambda shown: least_certain(labels, [pair[shown] for pair in pairs]),
    )


def pairs_of_classes(fit: Fit, labels: Sequence[Labels], share: np.ndarray, reference: int = 0) -> list[np.ndarray]:
    """Class of each set that is like class k of the one that the others are compared with, shape (latent_class,) each.

    Parameters
    ----------
    fit : Fit
    labels : sequence of Labels
        Of the draws within each set.
    share : ndarray, shape (draw, set, latent_class)
    reference : int
        Which set the others are compared with, by position.
    """
    profile, mean_share = [], []
    for place, (one, of_one) in enumerate(zip(in_sets(fit), labels, strict=True)):
        profiles, within = one.answers.profiles(one), share[:, place]
        of_draws = of_one.order.reshape(*of_one.order.shape, *(1,) * (profiles.ndim - 2))
        profile.append(np.take_along_axis(profiles, of_draws, axis=1).mean(axis=0))
        mean_share.append(np.take_along_axis(within, of_one.order, axis=1).mean(axis=0))
    return [
        match_profiles(of_one[None], profile[reference], within[None], mean_share[reference], fit.exchangeable)[0]
        for of_one, within in zip(profile, mean_share, strict=True)
    ]


def permuted_within(posterior: xr.Dataset, order: np.ndarray, axis: str) -> xr.Dataset:
    """Draws with the classes of every set in an order of its own, shape (draw, set, latent_class)."""
    result = posterior.copy()
    for name, values in posterior.data_vars.items():
        if {axis, CLASS} <= set(values.dims):
            last = values.transpose("chain", "draw", ..., axis, CLASS)
            index = order.reshape(*last.shape[:2], *(1,) * (last.ndim - 4), *order.shape[1:])
            reordered = np.take_along_axis(last.to_numpy(), np.broadcast_to(index, last.shape), axis=-1)
            result[name] = last.copy(data=reordered).transpose(*values.dims)
    return result


def least_certain(labels: Sequence[Labels], shown: Sequence[np.ndarray]) -> dict[str, float | str]:
    """Attributes that say how surely draws are labelled, those of the set where that is least sure."""
    of_each = [certainty_of_labels(of_one, order) for of_one, order in zip(labels, shown, strict=True)]
    mislabelled = np.max([json.loads(str(of_one["relabel_mislabelled"])) for of_one in of_each], axis=0)
    least = {name: min(of_one[name] for of_one in of_each) for name in ("relabel_margin", "relabel_certainty")}
    return least | {"relabel_mislabelled": json.dumps(mislabelled.tolist())}
