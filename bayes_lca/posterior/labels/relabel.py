"""Give every draw the same class labels."""

import json
from collections.abc import Sequence
from itertools import permutations
from math import factorial

import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment

from bayes_lca.dims import CATEGORY, CLASS, CLASS_SHARE, ITEM, ITEM_PROBABILITY, OTHER_CLASS, class_names
from bayes_lca.fitted.axes import flat
from bayes_lca.fitted.class_logits import answer_log_probabilities
from bayes_lca.fitted.respondents import require_respondents

MOST_PERMUTATIONS = 720
CONFIRMED_DRAWS = 400


def profile_distances(profiles: np.ndarray, pivot: np.ndarray) -> np.ndarray:
    """Squared distance of each drawn class to each class of the pivot.

    Parameters
    ----------
    profiles : ndarray, shape (draw, latent_class, item, category)
    pivot : ndarray, shape (latent_class, item, category)

    Returns
    -------
    ndarray, shape (draw, latent_class of the draw, latent_class of the pivot)
    """
    drawn = np.nan_to_num(profiles).reshape(*profiles.shape[:2], -1)
    fixed = np.nan_to_num(pivot).reshape(len(pivot), -1)
    return ((drawn[:, :, None, :] - fixed[None, None]) ** 2).sum(axis=-1)


def match(cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Assign classes one to one at the least total cost.

    Parameters
    ----------
    cost : ndarray, shape (draw, latent_class of the draw, latent_class of the pivot)

    Returns
    -------
    order : ndarray of int, shape (draw, latent_class)
        Class of the draw that is class k of the pivot.
    margin : ndarray, shape (draw,)
        By how much the second-best assignment costs more; not a number beyond six classes, where it is not sought.
    """
    n_draws, n_classes = cost.shape[:2]
    if factorial(n_classes) > MOST_PERMUTATIONS:
        order = np.array([linear_sum_assignment(one.T)[1] for one in cost])
        return order, np.full(n_draws, np.nan)
    orders = np.array(list(permutations(range(n_classes))))
    totals = cost[:, orders, np.arange(n_classes)].sum(axis=-1)  # (draw, permutation)
    best = totals.argmin(axis=1)
    if len(orders) == 1:
        return orders[best], np.full(n_draws, np.inf)
    two = np.partition(totals, 1, axis=1)[:, :2]
    return orders[best], two[:, 1] - two[:, 0]


def permute(posterior: xr.Dataset, order: np.ndarray) -> xr.Dataset:
    """Reorder the classes of every draw; `order` has shape (draw, latent_class), chains after each other."""
    result = posterior.copy()
    for name, values in posterior.data_vars.items():
        reordered = values
        for axis in {CLASS, OTHER_CLASS}.intersection(values.dims):
            last = reordered.transpose("chain", "draw", ..., axis)
            index = order.reshape(*last.shape[:2], *(1,) * (last.ndim - 3), -1)
            reordered = last.copy(data=np.take_along_axis(last.to_numpy(), np.broadcast_to(index, last.shape), axis=-1))
        result[name] = reordered.transpose(*values.dims)
    return result


def rename_classes(posterior: xr.Dataset, names: Sequence[str]) -> xr.Dataset:
    """The same draws with other names of the classes."""
    return posterior.assign_coords({axis: list(names) for axis in (CLASS, OTHER_CLASS) if axis in posterior.dims})


def check_order(order: str | xr.DataTree, items: list[str], n_classes: int) -> None:
    """Refuse a display order that does not fit the items and the number of classes.

    Raises
    ------
    ValueError
        If `order` is no item, or a fit of other items or another number of classes.
    """
    if not isinstance(order, xr.DataTree):
        if order != "size" and order not in items:
            raise ValueError(f'order={order!r}: choose "size", a fit, or one of the items {items}')
        return
    posterior = order["posterior"]
    if ITEM_PROBABILITY not in posterior:
        raise ValueError("order is a fit without latent classes; order by a latent class fit of the same items")
    there = list(posterior[ITEM].to_numpy())
    if there != items or posterior.sizes[CLASS] != n_classes:
        raise ValueError(
            f"order is a fit of {posterior.sizes[CLASS]} classes and items {there}, this one has {n_classes} classes "
            f"and items {items}; order by a fit of the same items and number of classes"
        )


def display_order(posterior: xr.Dataset, order: str | xr.DataTree) -> np.ndarray:
    """Order in which classes are shown, shape (latent_class,).

    Parameters
    ----------
    posterior : xarray.Dataset
        Relabelled draws.
    order : str or DataTree
        ``"size"`` for decreasing shares; the name of an item for increasing mean category of its answers, categories
        in the order of their labels; a fit for the order, and the names, of its classes.

    Raises
    ------
    ValueError
        If the item or the number of classes does not fit.
    """
    check_order(order, list(posterior[ITEM].to_numpy()), posterior.sizes[CLASS])
    rho = posterior[ITEM_PROBABILITY].mean(["chain", "draw"])
    if isinstance(order, xr.DataTree):
        reference = order["posterior"][ITEM_PROBABILITY].mean(["chain", "draw"])
        return match(profile_distances(rho.to_numpy()[None], reference.to_numpy()))[0][0]
    if order == "size":
        return np.argsort(-posterior[CLASS_SHARE].mean(["chain", "draw"]).to_numpy(), kind="stable")
    own = rho.sel({ITEM: order}).fillna(0.0).to_numpy()
    return np.argsort(own @ np.arange(rho.sizes[CATEGORY]), kind="stable")


def relabel(draws: xr.DataTree, pivot: np.ndarray, order: str | xr.DataTree = "size") -> xr.DataTree:
    r"""Align class labels over draws and chains.

    Every draw's classes are matched one to one with those of a pivot, at the least squared distance of answer
    probabilities. The result is confirmed by Stephens' criterion: on the answer patterns, the labels of each draw
    should also minimise the Kullback-Leibler divergence of its membership probabilities from their mean. Both
    agreement and the margin to the second-best labelling are kept.

    Parameters
    ----------
    draws : xarray.DataTree
        With ``item_probability`` of dims (chain, draw, latent_class, item, category) and ``class_share`` of dims
        (chain, draw, latent_class).
    pivot : ndarray, shape (latent_class, item, category)
        Item probabilities at the best mode of the likelihood.
    order : str or DataTree, default "size"
        Display order of the classes; see `display_order`.

    Returns
    -------
    xarray.DataTree
        With attributes ``relabelled``, ``relabel_agreement``, ``relabel_margin`` (the 1 % quantile) and
        ``relabel_switched``, the share of draws whose labels had to change.

    References
    ----------
    Stephens, M. (2000). Dealing with label switching in mixture models. JRSS B 62(4), 795-809.
    doi 10.1111/1467-9868.00265
    """
    require_respondents(draws, "alignment of labels, which membership confirms")
    profiles = flat(draws["posterior"][ITEM_PROBABILITY], CLASS, ITEM, CATEGORY)
    matched, margin = match(profile_distances(profiles, pivot))
    posterior = permute(draws["posterior"].to_dataset(), matched)
    shown = display_order(posterior, order)
    posterior = permute(posterior, np.tile(shown, (len(matched), 1)))
    names = order["posterior"][CLASS].to_numpy() if isinstance(order, xr.DataTree) else class_names(len(shown))
    posterior = rename_classes(posterior, names)
    result = draws.copy()
    result["posterior"] = xr.DataTree(posterior)
    first = matched.reshape(posterior.sizes["chain"], -1, len(shown))
    result.attrs |= {
        "relabelled": 1,
        "relabel_agreement": _stephens_agreement(result),
        "relabel_margin": float(np.quantile(margin, 0.01, method="lower")),
        "relabel_switched": float((first != first[:1, :1]).any(axis=-1).mean()),
        "class_order": order if isinstance(order, str) else "as in another fit",
        "pivot": json.dumps(np.asarray(pivot)[shown].tolist()),
    }
    return result


def _stephens_agreement(draws: xr.DataTree) -> float:
    """Share of draws whose labels are also best by membership of the answer patterns."""
    pattern = draws["constant_data"]["answer_pattern"].to_numpy()
    _, first, count = np.unique(pattern, return_index=True, return_counts=True)
    codes = draws["observed_data"]["answers"].to_numpy()[first]
    n_draws = draws["posterior"].sizes["chain"] * draws["posterior"].sizes["draw"]
    which = slice(0, None, max(1, n_draws // CONFIRMED_DRAWS))
    share = flat(draws["posterior"][CLASS_SHARE], CLASS)[which]
    log_joint = answer_log_probabilities(draws, codes, which) + np.log(share)[:, None, :]
    membership = np.exp(log_joint - log_joint.max(axis=-1, keepdims=True))
    membership /= membership.sum(axis=-1, keepdims=True)
    mean = membership.mean(axis=0)
    log_mean = np.log(np.maximum(mean, 1e-12))
    divergence = -np.einsum("i,sik,il->skl", count, membership, log_mean, optimize=True)
    order, _ = match(divergence)
    return float((order == np.arange(mean.shape[1])).all(axis=1).mean())


def name_classes(draws: xr.DataTree, names: Sequence[str]) -> xr.DataTree:
    """Give the classes names of the user's choice, in their present order."""
    if isinstance(names, str):
        raise ValueError(f"names={names!r} is one text; pass a list with one name per class")
    if len(names) != draws["posterior"].sizes[CLASS]:
        raise ValueError(f"{len(names)} names for {draws['posterior'].sizes[CLASS]} classes; give one per class")
    if len(set(names)) < len(names):
        raise ValueError(f"two classes would have the same name in {list(names)}; give each its own")
    result = draws.copy()
    result["posterior"] = xr.DataTree(rename_classes(draws["posterior"].to_dataset(), names))
    return result
