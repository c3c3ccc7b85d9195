"""Answer probabilities of a PyMC model that are made of free sets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import betaln, gammaln

from bayes_lca.dims import CATEGORY, CLASS, FREE_PROBABILITY, ITEM, ITEM_PROBABILITY, RISING_SPACING, axes_of_free_sets
from bayes_lca.likelihood.probability_sets import ProbabilitySets
from bayes_lca.measurement.log_ratio import LogRatio, dirichlet

OFF_BOUNDARY = 0.01
"""Part of a set that is spread evenly over its entries where chains start."""


def restricted_probabilities(sets: ProbabilitySets, typical: np.ndarray):
    r"""Item probabilities, shape (latent_class, item, category), inside a `pymc.Model`.

    Simplices of equal size share one Dirichlet variable. Rising numbers are sums of spacings,
    :math:`x_i = d_1 + \dots + d_i`, whose density is that of independent beta variables in rising order.

    Parameters
    ----------
    sets : ProbabilitySets
    typical : ndarray, shape (latent_class, item, category)
        Rough values, which choose coordinates.
    """
    rough = sets.entries(typical)
    parts, places = [pt.ones(1)], [np.zeros(1, dtype=int)]
    for name, entries in simplices_by_size(sets).items():
        axes = _add_axes(name, entries.shape)
        p = dirichlet(name, sets.weight[entries], rough[entries], dims=axes)  # (set, place)
        parts.append(p.ravel())
        places.append(entries.ravel())
    for name, chains in chains_by_length(sets).items():
        low, rest = chains[:, 0], chains[:, 1]  # (chain, class)
        d = _rising_spacing(name, sets.weight[low], sets.weight[rest], _spacing(rough[low]))  # (chain, class + 1)
        parts += [pt.cumsum(d, axis=1)[:, :-1].ravel(), pt.cumsum(d[:, ::-1], axis=1)[:, ::-1][:, 1:].ravel()]
        places += [low.ravel(), rest.ravel()]
    position = np.argsort(np.concatenate(places))
    entry = pt.concatenate(parts)[position]  # (entry,)
    rho = sets.constant * entry[sets.first] * entry[sets.second]
    return pm.Deterministic(ITEM_PROBABILITY, rho, dims=(CLASS, ITEM, CATEGORY))


def starting_sets(sets: ProbabilitySets, profile: np.ndarray) -> dict[str, np.ndarray]:
    """Free sets of item probabilities, moved a little off their boundary."""
    entries = sets.entries(profile)
    simplices = {name: entries[places] for name, places in simplices_by_size(sets).items()}
    spacings = {name: _spacing(entries[chains[:, 0]]) for name, chains in chains_by_length(sets).items()}
    return {
        name: (values + OFF_BOUNDARY / values.shape[-1]) / (1 + OFF_BOUNDARY)
        for name, values in (simplices | spacings).items()
    }


def simplices_by_size(sets: ProbabilitySets) -> dict[str, np.ndarray]:
    """Entries of the simplices of each size by the name of their variable, shape (set, place)."""
    sizes = sorted({len(of_set) for of_set in sets.simplices})
    return {
        f"{FREE_PROBABILITY}_of_{size}": np.stack([of_set for of_set in sets.simplices if len(of_set) == size])
        for size in sizes
    }


def chains_by_length(sets: ProbabilitySets) -> dict[str, np.ndarray]:
    """Entries of the chains of each length by the name of their variable, shape (chain, 2, class)."""
    lengths = sorted({chain.shape[1] for chain in sets.chains})
    return {
        f"{RISING_SPACING}_of_{length + 1}": np.stack([chain for chain in sets.chains if chain.shape[1] == length])
        for length in lengths
    }


def _add_axes(name: str, shape: Sequence[int]) -> tuple[str, str]:
    axes = axes_of_free_sets(name)
    pm.modelcontext(None).add_coords({axis: range(size) for axis, size in zip(axes, shape, strict=True)})
    return axes


def _spacing(rising: np.ndarray) -> np.ndarray:
    """Differences of rising numbers, from 0 and up to 1, along the last axis."""
    return np.diff(rising, axis=-1, prepend=0.0, append=1.0)


def _rising_spacing(name: str, low: np.ndarray, rest: np.ndarray, typical: np.ndarray):
    """Spacings of beta variables in rising order, all of a chain with the same weights, shape (chain, place)."""
    a, b = (np.column_stack([weight, weight[:, :1]]) for weight in (low, rest))  # (chain, place)

    def logp(value, a, b):
        x = pt.cumsum(value, axis=value.ndim - 1)[..., :-1]
        left = pt.cumsum(value[..., ::-1], axis=value.ndim - 1)[..., ::-1][..., 1:]
        of_each = (a[..., :-1] - 1) * pt.log(x) + (b[..., :-1] - 1) * pt.log(left)
        n = typical.shape[-1] - 1
        return of_each.sum(axis=-1) + gammaln(n + 1) - n * betaln(low[:, 0], rest[:, 0])

    def random(a, b, rng: Any = None, size=None):
        shape = np.broadcast_shapes(np.shape(a), np.shape(b)) if size is None else (*size, np.shape(a)[-1])
        drawn = rng.beta(np.broadcast_to(a, shape)[..., :-1], np.broadcast_to(b, shape)[..., :-1])
        return _spacing(np.sort(drawn, axis=-1))

    return pm.CustomDist(
        name,
        a,
        b,
        logp=logp,
        random=random,
        support_point=lambda rv, size, a, b: pt.ones_like(a) / typical.shape[-1],
        signature="(s),(s)->(s)",
        dtype="float64",
        default_transform=LogRatio(typical),
        dims=_add_axes(name, typical.shape),
    )
