"""Quantities that no permutation of the classes can change: chains can be compared before anything is relabelled."""

from collections.abc import Sequence

import numpy as np
import scipy
import xarray as xr

from bayes_lca.dims import CLASS_SHARE
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.labels.total_log_likelihood import total_log_likelihood

SPREAD = "spread of "
DECIMALS = 12
"""Equal draws stay equal, whatever the order in which sums over classes are taken; R-hat ranks them."""


def label_free(fit: Fit) -> xr.Dataset:
    """The log-likelihood and what `label_free_of_classes` has, of dims (chain, draw)."""
    return label_free_of_classes(fit).assign(log_likelihood=total_log_likelihood(fit))


def label_free_of_classes(fit: Fit) -> xr.Dataset:
    r"""Sorted class shares, their entropy, and the spread of each item over classes, of dims (chain, draw).

    The spread of an item is :math:`\sum_c \pi_c (\rho_c - \bar\rho)^2`, its profile's variance between classes, added
    up over what a profile says of the item. Modes may have equal shares and nearly equal likelihood; what tells their
    classes apart differs. Classes that priors or restrictions tell apart are ranked within their sets, and
    what a set answers to an item, :math:`\sum_{c \in S} \pi_c \rho_c`, tells modes apart in which sets have changed
    places.
    """
    quantities = {}
    if CLASS_SHARE in fit.posterior and fit.items:  # classes of an earlier fit were judged there
        profile = fit.by_chain(fit.answers.profiles(fit))
        quantities = _of_classes(fit.class_share, profile, fit.items, fit.exchangeable)
    return xr.Dataset(quantities, fit.chain_coords)


def label_free_quantities(
    log_likelihood: np.ndarray, share: np.ndarray, profile: np.ndarray, items: Sequence[str | int]
) -> xr.Dataset:
    """The same from arrays.

    Parameters
    ----------
    log_likelihood : ndarray, shape (chain, draw)
    share : ndarray, shape (chain, draw, latent_class)
    profile : ndarray, shape (chain, draw, latent_class, item, ...)
    items : sequence of str
    """
    total = {"log_likelihood": (("chain", "draw"), log_likelihood)}
    return xr.Dataset(total | _of_classes(share, profile, items))


def without_spreads(quantities: xr.Dataset) -> xr.Dataset:
    """The quantities but for the spreads of items: what few draws of a sampler suffice for."""
    return quantities.drop_vars([name for name in quantities if str(name).startswith(SPREAD)])


def item_spread(share: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """Variance of each item's profile between classes, shape (..., item).

    Parameters
    ----------
    share : ndarray, shape (..., latent_class)
    profile : ndarray, shape (..., latent_class, item, ...)

    Examples
    --------
    >>> item_spread(np.array([0.5, 0.5]), np.array([[[0.9, 0.1]], [[0.1, 0.9]]])).round(2)
    array([0.32])
    """
    places = profile.reshape(*share.shape, profile.shape[share.ndim], -1)  # (..., latent_class, item, place)
    weight = share[..., None, None]
    mean = (weight * places).sum(axis=-3, keepdims=True)
    return (weight * (places - mean) ** 2).sum(axis=(-3, -1))


def _of_classes(
    share: np.ndarray, profile: np.ndarray, items: Sequence[str | int], sets: np.ndarray | None = None
) -> dict[str, tuple]:
    n_classes = share.shape[-1]
    if n_classes == 1:
        return {}
    sets = np.zeros(n_classes, dtype=int) if sets is None else sets
    ranked, spread = -np.sort(-share, axis=-1), item_spread(share, profile)
    of_shares, of_items = {}, {f"{SPREAD}{item}": spread[..., j] for j, item in enumerate(items)}
    for alike in np.unique(sets):
        (members,) = np.nonzero(sets == alike)
        in_set = -np.sort(-share[..., members], axis=-1)
        numbers = ",".join(str(member + 1) for member in members)
        of_set = "" if len(members) == n_classes else f" of {numbers}"
        if len(members) == 1:
            of_shares |= {f"share of class {numbers}": in_set[..., 0]}
        else:
            of_shares |= {
                f"share of class ranked {rank + 1}{of_set}": in_set[..., rank] for rank in range(len(members))
            }
        if of_set:
            mean = _mean_place(share[..., members], profile[:, :, members])
            of_items |= {f"{SPREAD}{item}{of_set}": mean[..., j] for j, item in enumerate(items)}
    of_shares["entropy of shares"] = -scipy.special.xlogy(ranked, ranked).sum(axis=-1)
    quantities = of_shares | of_items
    return {name: (("chain", "draw"), values.round(DECIMALS)) for name, values in quantities.items()}


def _mean_place(share: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """Profiles of some classes added up, weighted with their shares and by place from 0 to 1, shape (..., item)."""
    places = profile.reshape(*share.shape, profile.shape[share.ndim], -1)  # (..., latent_class, item, place)
    return np.einsum("...k,...kjp,p->...j", share, places, np.linspace(0, 1, places.shape[-1]))
