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
    classes apart differs.
    """
    quantities = {}
    if CLASS_SHARE in fit.posterior:
        quantities = _of_classes(fit.class_share, fit.by_chain(fit.answers.profiles(fit)), fit.items)
    return xr.Dataset(quantities, fit.chain_coords)


def label_free_quantities(
    log_likelihood: np.ndarray, share: np.ndarray, profile: np.ndarray, items: Sequence[str]
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


def _of_classes(share: np.ndarray, profile: np.ndarray, items: Sequence[str]) -> dict[str, tuple]:
    if share.shape[-1] == 1:
        return {}
    ranked, spread = -np.sort(-share, axis=-1), item_spread(share, profile)
    quantities = {f"share of class ranked {rank + 1}": ranked[..., rank] for rank in range(ranked.shape[-1])}
    quantities["entropy of shares"] = -scipy.special.xlogy(ranked, ranked).sum(axis=-1)
    quantities |= {f"{SPREAD}{item}": spread[..., j] for j, item in enumerate(items)}
    return {name: (("chain", "draw"), values.round(DECIMALS)) for name, values in quantities.items()}
