"""Chains of several fits of one model and one data set as one fit."""

import json
from collections.abc import Sequence

import numpy as np
import xarray as xr

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kept_warnings import warned_of, with_warnings
from bayes_lca.fitted.one_fit import FIT_IDENTITY, with_identity
from bayes_lca.fitted.views import with_views, without_views
from bayes_lca.posterior.labels.group_classes import with_group_classes
from bayes_lca.posterior.labels.group_profiles import align_classes
from bayes_lca.posterior.labels.modes import MODE_EVIDENCE, chain_modes
from bayes_lca.posterior.labels.warn_of_draws import warn_of_draws

OF_THE_MODEL = ("model", "specification", "formula", "groupings", "levels", "labels", "axes", "outcome", "counted")
"""Attributes in which fits of one model agree."""

JOINED = "joined"
"""Attribute with seed and chains of each fit."""

SAME_CHAIN = 1e-9
"""Largest relative difference of the log-likelihoods of all draws of a chain that rounding explains."""


def concat_chains(fits: Sequence[xr.DataTree]) -> xr.DataTree:
    """Join the chains of several fits of the same model to the same data.

    Each fit has given its classes labels of its own. All draws are aligned anew, to the labels of the first fit, by
    what `relabel` does; names and order of classes are those of the first. Chains are numbered in the order of the
    fits.

    Parameters
    ----------
    fits : sequence of xarray.DataTree
        From `fit`, with other seeds: the same model, the same frame, as many draws of each chain.

    Returns
    -------
    xarray.DataTree
        As from `fit`. Attribute ``joined`` has seed and chains of each fit, as JSON.

    Raises
    ------
    TypeError
        If `fits` is no list of trees.
    ValueError
        If there are fewer than two, models, rows or numbers of draws differ, draws are there twice, or a fit was saved
        without respondents.
    NotRelabelledError, SeveralModesError
        If the labels of a fit were not aligned, or its chains stayed in different modes.

    Warns
    -----
    ConvergenceWarning
        If chains disagree, mix badly, or diverge.

    References
    ----------
    Stephens, M. (2000). Dealing with label switching in mixture models. JRSS B 62(4), 795-809.
    doi 10.1111/1467-9868.00265

    Examples
    --------
    >>> import warnings
    >>> import bayes_lca as bl
    >>> draws = bl.load_example()
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     joined = bl.concat_chains([draws.isel(chain=[1]), draws.isel(chain=[0])])
    >>> joined["posterior"].sizes["chain"]
    2
    """
    if isinstance(fits, xr.DataTree | Fit) or not isinstance(fits, Sequence):
        raise TypeError(f"concat_chains takes a list of fits, [a, b], and was given one {type(fits).__name__} alone")
    read = [Fit.of(draws, needs="concat_chains") for draws in fits]
    if len(read) < 2:
        raise ValueError(f"{len(read)} fit(s) to join; give two or more, concat_chains([a, b])")
    first = read[0]
    for place, other in enumerate(read[1:], start=2):
        _check_same(first, other, place)
    _check_apart(read)
    tree = without_views(first.tree)
    n_chains = sum(fit.n_chains for fit in read)
    for group in ("posterior", "sample_stats", "posterior_predictive"):
        tree = _with_joined(tree, group, read, n_chains)
    tree.attrs[JOINED] = json.dumps(
        [
            {"seed": str(fit.attributes.get("seed", "")), "chains": fit.chain_coords["chain"].values.tolist()}
            for fit in read
        ]
    )
    tree.attrs["chain_modes"] = json.dumps([0] * n_chains)
    tree = with_identity(tree)
    if "pivot" in first.attributes:
        pivot = np.array(json.loads(first.attributes["pivot"]))
        tree = with_identity(align_classes(Fit.reading(tree), pivot, first.tree))
    if first.likelihood_unit is not None:
        tree = with_identity(with_group_classes(tree))
    modes = chain_modes(Fit.reading(tree))
    tree.attrs |= {"n_modes": int(modes.max() + 1), "chain_modes": json.dumps(modes.tolist())}
    tree.attrs.pop(MODE_EVIDENCE, None)  # of the modes of one of the fits
    tree.attrs |= first.hidden.attributes_of_draws(Fit.reading(tree))
    tree = with_views(tree)
    tree.attrs = with_warnings(tree.attrs, [each for fit in read for each in warned_of(fit.attributes)])
    warn_of_draws(tree)
    return tree


def _check_same(first: Fit, other: Fit, place: int) -> None:
    """Refuse a fit of another model, other data or another number of draws than the first."""
    for name in OF_THE_MODEL:
        if first.attributes.get(name) != other.attributes.get(name):
            raise ValueError(
                f"fit {place} has another {name} than fit 1: {str(other.attributes.get(name))[:80]!r} and "
                f"{str(first.attributes.get(name))[:80]!r}; only chains of one model are joined"
            )
    if not first.patterns.equals(other.patterns):
        raise ValueError(
            f"fit {place} has other respondents ({other.n_respondents}) than fit 1 ({first.n_respondents}), or these "
            "in another order; fit the same frame with another seed"
        )
    if len(first.classes) != len(other.classes):
        raise ValueError(f"fit {place} has {len(other.classes)} classes and fit 1 has {len(first.classes)}")
    if first.draws_per_chain != other.draws_per_chain:
        fewer = min(first.draws_per_chain, other.draws_per_chain)
        raise ValueError(
            f"fit {place} has {other.draws_per_chain} draws of each chain and fit 1 has {first.draws_per_chain}; take "
            f"as many of each, draws.isel(draw=slice({fewer}))"
        )


def _check_apart(fits: list[Fit]) -> None:
    """Refuse chains that are there twice, which would be taken for independent ones, under whatever labels."""
    total = np.concatenate([fit.total_log_likelihood for fit in fits])
    twice = [
        any(np.allclose(chain, other, rtol=SAME_CHAIN, atol=0) for other in total[:place])
        for place, chain in enumerate(total)
    ]
    if any(twice):
        raise ValueError(f"{sum(twice)} of {len(total)} chains are there twice; fit with another seed")


def _with_joined(tree: xr.DataTree, group: str, fits: list[Fit], n_chains: int) -> xr.DataTree:
    """The tree with the chains of all fits in one of its groups, which goes where a fit lacks it."""
    if not all(group in fit.tree.children for fit in fits):
        return tree.drop_nodes(group, errors="ignore")
    parts = [fit.tree[group].to_dataset() for fit in fits]
    shared = [name for name in parts[0].data_vars if all(name in part for part in parts)]
    own_names = [str(axis) for axis in (fits[0].class_axis, "other_class") if axis in parts[0].coords]
    parts = [
        part[shared]
        .drop_vars(FIT_IDENTITY, errors="ignore")
        .assign_coords({**{axis: parts[0][axis].to_numpy() for axis in own_names}, "draw": parts[0]["draw"].to_numpy()})
        for part in parts
    ]
    joined = xr.concat(parts, "chain", data_vars="minimal", coords="minimal", compat="override", join="exact")
    tree[group] = xr.DataTree(joined.assign_coords(chain=range(n_chains)))
    return tree
