"""Give every draw the same class labels."""

import json
from collections.abc import Mapping, Sequence
from itertools import permutations
from math import factorial
from numbers import Integral

import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment
from scipy.special import softmax

from bayes_lca.dims import CLASS, CLASS_SHARE, OTHER_CLASS, class_names
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.one_fit import under_new_labels

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
        order = np.array([linear_sum_assignment(of_draw.T)[1] for of_draw in cost])
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


def checked_order(order: str | int | xr.DataTree, items: Sequence[str], n_classes: int) -> str | xr.DataTree:
    """The display order, an item named by a number as text, where it fits the items and the number of classes.

    Raises
    ------
    ValueError
        If `order` is no item, or a fit of other items or another number of classes.
    """
    if isinstance(order, str | Integral):
        if str(order) not in ("size", *items):
            raise ValueError(f'order={order!r}: choose "size", a fit, or one of the items {list(items)}')
        return str(order)
    other = Fit.of(order, needs="order")
    if other.items != tuple(items) or len(other.classes) != n_classes:
        raise ValueError(
            f"order is a fit of {len(other.classes)} classes and items {list(other.items)}, this one has {n_classes} "
            f"classes and items {list(items)}; order by a fit of the same items and number of classes"
        )
    return order


def display_order(fit: Fit, order: str | xr.DataTree) -> np.ndarray:
    """Order in which classes are shown, shape (latent_class,).

    Parameters
    ----------
    fit : Fit
        Relabelled draws.
    order : str or DataTree
        ``"size"`` for decreasing shares; the name of an item for increasing mean category of its answers, categories
        in the order of their labels; a fit for the order, and the names, of its classes.
    """
    if not isinstance(order, str):
        other = Fit.reading(order)
        profile, reference = (each.answers.profiles(each).mean(axis=0) for each in (fit, other))
        return match(profile_distances(profile[None], reference))[0][0]
    if order == "size":
        return np.argsort(-fit.posterior[CLASS_SHARE].mean(["chain", "draw"]).to_numpy(), kind="stable")
    return np.argsort(fit.answers.mean_answer(fit, order), kind="stable")


def relabel(draws: xr.DataTree, pivot: np.ndarray, order: str | int | xr.DataTree = "size") -> xr.DataTree:
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
    order : str, int or DataTree, default "size"
        Display order of the classes: ``"size"`` for decreasing shares; the name of an item for increasing mean
        category of its answers; a fit for the order, and the names, of its classes.

    Returns
    -------
    xarray.DataTree
        With attributes ``relabelled``, ``relabel_agreement``, ``relabel_margin`` (the 1 % quantile) and
        ``relabel_switched``, the share of draws whose labels had to change.

    Raises
    ------
    ValueError
        If the classes are observed or come from an earlier fit, `pivot` has another shape, `order` does not fit, or
        the fit was saved without respondents.

    References
    ----------
    Stephens, M. (2000). Dealing with label switching in mixture models. JRSS B 62(4), 795-809.
    doi 10.1111/1467-9868.00265

    Examples
    --------
    >>> import bayes_lca as bl
    >>> draws = bl.load_example()
    >>> pivot = draws["posterior"]["item_probability"].mean(["chain", "draw"]).to_numpy()
    >>> bl.relabel(draws, pivot[::-1], order="training").attrs["relabel_switched"]
    0.0
    """
    fit = Fit.of(draws, needs="relabel")
    wanted = fit.answers.profiles(fit).shape[1:]
    if np.shape(pivot) != wanted:
        raise ValueError(
            f"pivot has shape {np.shape(pivot)}, and the profiles of this fit {wanted} (latent_class, item, category); "
            'give the item probabilities of one draw, or json.loads(draws.attrs["pivot"])'
        )
    return under_new_labels(align(fit, np.asarray(pivot), order))


def align(fit: Fit, pivot: np.ndarray, order: str | int | xr.DataTree) -> xr.DataTree:
    """The same for any fit whose answers have profiles."""
    draws = fit.tree
    order = checked_order(order, fit.items, len(fit.classes))
    matched, margin = match(profile_distances(fit.answers.profiles(fit), pivot))
    aligned = Fit.reading(_with_posterior(draws, permute(fit.posterior, matched)))
    shown = display_order(aligned, order)
    posterior = permute(aligned.posterior, np.tile(shown, (len(matched), 1)))
    names = class_names(len(shown), taken=fit.items) if isinstance(order, str) else Fit.reading(order).classes
    result = _with_posterior(draws, rename_classes(posterior, names))
    first = fit.by_chain(matched)
    result.attrs |= {
        "relabelled": 1,
        "relabel_agreement": _stephens_agreement(Fit.reading(result)),
        "relabel_margin": float(np.quantile(margin, 0.01, method="lower")),
        "relabel_switched": float((first != first[:1, :1]).any(axis=-1).mean()),
        "class_order": order if isinstance(order, str) else "as in another fit",
        "pivot": json.dumps(np.asarray(pivot)[shown].tolist()),
    }
    return result


def _with_posterior(draws: xr.DataTree, posterior: xr.Dataset) -> xr.DataTree:
    result = draws.copy()
    result["posterior"] = xr.DataTree(posterior)
    return result


def _stephens_agreement(fit: Fit) -> float:
    """Share of draws whose labels are also best by membership of the answer patterns."""
    first, count = fit.distinct_answers
    which = slice(0, None, max(1, fit.n_draws // CONFIRMED_DRAWS))
    share = fit.flat(fit.posterior[CLASS_SHARE], fit.class_axis)[which]
    membership = softmax(fit.log_evidence(first, which) + np.log(share)[:, None, :], axis=-1)
    mean = membership.mean(axis=0)
    log_mean = np.log(np.maximum(mean, 1e-12))
    divergence = -np.einsum("i,sik,il->skl", count, membership, log_mean, optimize=True)
    order, _ = match(divergence)
    return float((order == np.arange(mean.shape[1])).all(axis=1).mean())


def name_classes(draws: xr.DataTree, names: Sequence[str] | Mapping[str, str]) -> xr.DataTree:
    """Give the classes names of the user's choice.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of a latent class model.
    names : sequence of str, or mapping of str to str
        A name for each class, in their present order; or new names by present name, other classes keep theirs.

    Returns
    -------
    xarray.DataTree
        The same draws, classes renamed; `draws` keep their names.

    Raises
    ------
    ValueError
        If there are more or fewer names than classes, two classes would have the same name, or a class that is to be
        renamed does not exist.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> draws = bl.load_example()
    >>> named = bl.name_classes(draws, {"C1": "content"})
    >>> named["posterior"]["latent_class"].to_numpy().tolist()
    ['content', 'C2']
    """
    fit = Fit.of(draws, needs="name_classes")
    if isinstance(names, str):
        raise ValueError(f"names={names!r} is one text; pass a list with one name per class")
    if isinstance(names, Mapping):
        if unknown := [name for name in names if name not in fit.classes]:
            raise ValueError(
                f"names has {unknown}, which are no classes of this fit; its classes are {list(fit.classes)}"
            )
        names = [names.get(name, name) for name in fit.classes]
    if len(names) != len(fit.classes):
        raise ValueError(f"{len(names)} names for {len(fit.classes)} classes; give one per class")
    if len(set(names)) < len(names):
        raise ValueError(f"two classes would have the same name in {list(names)}; give each its own")
    return under_new_labels(_with_posterior(draws, rename_classes(fit.posterior, names)))
