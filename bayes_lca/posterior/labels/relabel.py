"""Give every draw the same class labels."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from numbers import Integral

import numpy as np
import xarray as xr

from bayes_lca.data.category_order import HOW_TO_DECLARE, NOBODY_DECLARED
from bayes_lca.dims import CLASS, CLASS_SHARE, OTHER_CLASS, class_names
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.one_fit import under_new_labels
from bayes_lca.posterior.labels.certainty import certainty_of_labels
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.posterior.labels.stephens import align_memberships


def permute(posterior: xr.Dataset, order: np.ndarray, axes: Collection[str] = (CLASS, OTHER_CLASS)) -> xr.Dataset:
    """Reorder the classes of every draw; `order` has shape (draw, latent_class), chains after each other."""
    result = posterior.copy()
    for name, values in posterior.data_vars.items():
        reordered = values
        for axis in set(axes).intersection(values.dims):
            last = reordered.transpose("chain", "draw", ..., axis)
            index = order.reshape(*last.shape[:2], *(1,) * (last.ndim - 3), -1)
            reordered = last.copy(data=np.take_along_axis(last.to_numpy(), np.broadcast_to(index, last.shape), axis=-1))
        result[name] = reordered.transpose(*values.dims)
    return result


def rename_classes(posterior: xr.Dataset, names: Sequence[str]) -> xr.Dataset:
    """The same draws with other names of the classes."""
    return posterior.assign_coords({axis: list(names) for axis in (CLASS, OTHER_CLASS) if axis in posterior.dims})


def checked_order(
    order: str | int | xr.DataTree, items: Sequence[str], exchangeable: np.ndarray, category_orders: Mapping[str, str]
) -> str | xr.DataTree:
    """The display order, an item named by a number as text, where it fits the items and the number of classes.

    `exchangeable` has the set of each class, and `category_orders` says of each item what the order of its categories
    rests on.

    Raises
    ------
    ValueError
        If `order` is no item, an item whose categories have no declared order, or a fit of other items, another number
        of classes, or classes that priors or restrictions tell apart otherwise.
    """
    n_classes = len(exchangeable)
    if isinstance(order, str | Integral):
        if str(order) not in ("size", *items):
            raise ValueError(f'order={order!r}: choose "size", a fit, or one of the items {list(items)}')
        if category_orders.get(str(order)) in NOBODY_DECLARED:
            raise ValueError(
                f"order={order!r} sorts {n_classes} classes by their mean category of that item, whose order nobody "
                f"declared ({category_orders[str(order)]}). {HOW_TO_DECLARE}"
            )
        return str(order)
    other = Fit.of(order, needs="order")
    if other.items != tuple(items) or len(other.classes) != n_classes:
        raise ValueError(
            f"order is a fit of {len(other.classes)} classes and items {list(other.items)}, this one has {n_classes} "
            f"classes and items {list(items)}; order by a fit of the same items and number of classes"
        )
    if not np.array_equal(other.exchangeable, exchangeable):
        raise ValueError(
            f"order is a fit whose classes are exchangeable in sets {other.exchangeable.tolist()}, and those of this "
            f"one in sets {exchangeable.tolist()}: priors or restrictions number the classes of one of them; order by "
            'a fit with the same ones, or by "size"'
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
        in the order of their labels; a fit for the order, and the names, of its classes, which are matched by their
        profiles, weighted with their shares. Classes that priors or restrictions tell apart keep their numbers: those
        that are exchangeable with each other are ordered among the places they have.
    """
    if not isinstance(order, str):
        other = Fit.reading(order)
        profile, reference = (each.answers.profiles(each).mean(axis=0) for each in (fit, other))
        share, reference_share = (each.class_share.mean(axis=(0, 1)) for each in (fit, other))
        return match_profiles(profile[None], reference, share[None], reference_share, fit.exchangeable)[0]
    value = -fit.class_share.mean(axis=(0, 1)) if order == "size" else fit.answers.mean_answer(fit, order)
    shown = np.arange(len(value))
    for alike in np.unique(fit.exchangeable):
        (places,) = np.nonzero(fit.exchangeable == alike)
        shown[places] = places[np.argsort(value[places], kind="stable")]
    return shown


def relabel(draws: xr.DataTree, pivot: np.ndarray, order: str | int | xr.DataTree = "size") -> xr.DataTree:
    r"""Align class labels over draws and chains.

    Classes are told apart by who is in them: labels of all draws minimise the divergence of membership probabilities
    :math:`p_{ik}(\theta_s)` from their mean :math:`q_{ik}` over draws, Stephens' criterion,

    .. math:: \sum_s \sum_i n_i \sum_k p_{i \nu_s(k)}(\theta_s) \log \frac{p_{i \nu_s(k)}(\theta_s)}{q_{ik}},

    over distinct rows i, which :math:`n_i` respondents have, and permutations :math:`\nu_s` of the classes of each
    draw. The search starts at the labels of a pivot: classes are matched one to one at the least squared distance of
    profiles, weighted with their shares. Then every draw is labelled given q, and q computed anew, until no label
    changes.

    How surely draws are labelled is kept with them. Where another labelling of a draw costs d more, classes of the
    respondents that are drawn from its memberships are exp(d) times less likely with it, and 1 / (1 + exp(d)) is the
    probability that it is the right one.

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
        With attributes ``relabelled``; ``relabel_margin``, what the second-best labelling costs more, in nats, the 1 %
        quantile over draws; ``relabel_certainty``, the probability that a draw has its right labels, averaged over
        draws; ``relabel_mislabelled``, the probability that the class of label k should have label l, averaged
        likewise, as JSON of shape (latent_class, latent_class); and ``relabel_switched``, the share of draws whose
        labels had to change.

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
    every = fit.all_draws
    order = checked_order(order, fit.items, fit.exchangeable, fit.category_orders)
    share = fit.class_share.reshape(fit.n_draws, -1)
    start = match_profiles(fit.answers.profiles(fit), pivot, share, sets=fit.exchangeable)
    labels = align_memberships(fit.membership_in, fit.weight, start, (every.kept, every.membership), fit.exchangeable)
    return in_display_order(
        fit,
        permute(with_class_share(fit), labels.order),
        order,
        pivot,
        changed=labels.order,
        certainty=lambda shown: certainty_of_labels(labels, shown),
    )


def in_display_order(
    fit: Fit,
    posterior: xr.Dataset,
    order: str | xr.DataTree,
    pivot: np.ndarray,
    *,
    changed: np.ndarray,
    certainty: Callable[[np.ndarray], dict[str, float | str]],
) -> xr.DataTree:
    """Aligned draws with their classes in the order of display, under their names.

    Parameters
    ----------
    fit : Fit
    posterior : xarray.Dataset
        Its draws, labels aligned.
    order : str or DataTree
        See `display_order`.
    pivot : ndarray, shape (latent_class, item, ...)
    changed : ndarray of int, shape (draw, label)
        Where labels of each draw come from.
    certainty : callable
        From the order of display to attributes that say how surely draws are labelled.
    """
    shown = display_order(fit.with_posterior(posterior), order)
    posterior = permute(posterior, np.tile(shown, (len(changed), 1)))
    names = class_names(len(shown), taken=fit.items) if isinstance(order, str) else Fit.reading(order).classes
    result = _with_posterior(fit.tree, rename_classes(posterior, names))
    first = fit.by_chain(changed)
    result.attrs |= certainty(shown) | {
        "relabelled": 1,
        "relabel_switched": float((first != first[:1, :1]).any(axis=-1).mean()),
        "class_order": order if isinstance(order, str) else "as in another fit",
        "pivot": json.dumps(np.asarray(pivot)[shown].tolist()),
    }
    return result


def with_class_share(fit: Fit) -> xr.Dataset:
    """The posterior with the share of each class in the sample."""
    return fit.posterior.assign({CLASS_SHARE: (("chain", "draw", CLASS), fit.class_share)})


def _with_posterior(draws: xr.DataTree, posterior: xr.Dataset) -> xr.DataTree:
    result = draws.copy()
    result["posterior"] = xr.DataTree(posterior)
    return result


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
