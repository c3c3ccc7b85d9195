"""Whether all chains of a tree are of one fit, and groups that follow a selection of its draws."""

import hashlib

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS_SHARE

FIT_IDENTITY = "fit_identity"
"""Attribute of the tree, and coordinate of the chains of its posterior: which draws, under which labels, they are of.

Trees of several fits may be joined by what xarray offers; the coordinate then says which chain is from which, where
attributes are those of the first. No fingerprint of rows is in it, nor of what rows could be computed from.
"""
OF_DRAWS = ("chain", "draw")
READ_BESIDE = ("sample_stats",)
"""Groups that are read beside the posterior; others, such as predictions, may be of other draws."""


def with_identity(tree: xr.DataTree) -> xr.DataTree:
    """The tree, all its chains marked as those of one fit under its present labels."""
    posterior = tree["posterior"].to_dataset().drop_vars(FIT_IDENTITY, errors="ignore")
    content = hashlib.sha256()
    for name in sorted(set(map(str, posterior.variables)) - {CLASS_SHARE}):
        values = posterior[name].to_numpy()
        content.update(name.encode())
        content.update(values.tobytes() if values.dtype.kind in "fiub" else repr(values.tolist()).encode())
    identity = content.hexdigest()[:16]
    result = tree.copy()
    marks = np.full(posterior.sizes["chain"], identity)
    result["posterior"] = xr.DataTree(posterior.assign_coords({FIT_IDENTITY: ("chain", marks)}))
    result.attrs = dict(tree.attrs) | {FIT_IDENTITY: identity}
    return result


def under_new_labels(tree: xr.DataTree) -> xr.DataTree:
    """The tree, marked as another fit where it is marked and its labels have changed."""
    return with_identity(tree) if FIT_IDENTITY in tree.attrs else tree


def not_one_fit(tree: xr.DataTree) -> str:
    """Why the draws are not some of one fit, with what to do; nothing if they are."""
    posterior = tree["posterior"].to_dataset()
    for axis in OF_DRAWS:
        if axis not in posterior.dims:
            return (
                f"the draws have no axis {axis!r}, as after a selection by one number; select by a list, "
                f"draws.isel({axis}=[0])"
            )
    identity, names = tree.attrs.get(FIT_IDENTITY), posterior["chain"].to_numpy().tolist()
    marks = posterior.coords.get(FIT_IDENTITY)
    several = identity is not None and marks is not None and set(marks.to_numpy().ravel()) != {identity}
    if several or len(set(names)) < len(names):
        fits = len({identity, *np.unique(marks)}) if several else "several"
        return (
            f"its chains {names} are of {fits} fits, whose classes need not have the same labels; join fits of one "
            "model and data by bl.concat_chains([a, b]), which aligns them"
        )
    return ""


def following_posterior(tree: xr.DataTree) -> xr.DataTree:
    """The tree, all its groups at the chains and draws of its posterior, of which some may have been selected.

    Raises
    ------
    ValueError
        If a group that is read beside the posterior lacks some of them.
    """
    posterior = tree["posterior"].to_dataset()
    wanted = {axis: posterior[axis].to_numpy() for axis in OF_DRAWS}
    followed = {}
    for name, child in tree.children.items():
        node = child.to_dataset()
        axes = [axis for axis in OF_DRAWS if axis in node.dims]
        if all(np.array_equal(node[axis], wanted[axis]) for axis in axes):
            continue
        lacking = {axis: sorted(set(wanted[axis].tolist()) - set(node[axis].to_numpy().tolist())) for axis in axes}
        short = [axis for axis in axes if lacking[axis]]
        if short and name in READ_BESIDE:
            raise ValueError(f"its {name!r} lacks {short[0]} {lacking[short[0]][0]} of its posterior")
        if not short:
            followed[name] = node.sel({axis: wanted[axis] for axis in axes})
    if not followed:
        return tree
    result = tree.copy()
    for name, dataset in followed.items():
        result[name] = xr.DataTree(dataset)
    return result
