"""Group classes of every draw under the same labels, and who belongs to them."""

import json
from typing import cast

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS, GROUP_CLASS, GROUP_CLASS_SHARE, GROUP_MEMBERSHIP, INTERCEPT, SLOPE, TERM
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.twins.group_classes import ClassOfGroupAndRespondent
from bayes_lca.likelihood.summed_out import class_shares
from bayes_lca.posterior.labels.certainty import MOST_MISLABELLED, certainty_of_labels
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.posterior.labels.relabel import permute
from bayes_lca.posterior.labels.stephens import align_memberships

MEMBERSHIP_DECIMALS = 3
"""Of the mean membership of groups that is kept without respondents."""
OF_GROUP_CLASSES = "group_class_"
"""Before the names of attributes that say of group classes what they say of classes without it."""


def with_group_classes(tree: xr.DataTree) -> xr.DataTree:
    """Draws with the membership of groups, labels of group classes aligned over draws and chains.

    Group classes are told apart as classes of respondents are, see `relabel`: labels of all draws minimise the
    divergence of the membership probabilities of groups from their mean over draws. The search starts where the class
    shares within group classes are nearest to those of the first draw. Labels go by decreasing shares of groups.

    Parameters
    ----------
    tree : xarray.DataTree
        Draws whose classes of respondents are aligned.

    Returns
    -------
    xarray.DataTree
        With ``group_membership`` of dims (chain, draw, group, group_class).
    """
    fit = Fit.reading(tree)
    posterior, certainty = aligned_group_classes(fit)
    result = tree.copy()
    result["posterior"] = xr.DataTree(posterior)
    result.attrs = dict(tree.attrs) | certainty
    return result


def aligned_group_classes(fit: Fit) -> tuple[xr.Dataset, dict[str, float | str]]:
    """The draws that `with_group_classes` gives a fit, and attributes that say how surely they are labelled."""
    if GROUP_MEMBERSHIP in fit.posterior:
        membership = fit.parameter(GROUP_MEMBERSHIP, fit.unit_with_classes, GROUP_CLASS)
    else:
        membership = group_membership_of_draws(fit)  # (draw, group, group_class)
    within, share = shares_within(fit), fit.parameter(GROUP_CLASS_SHARE, GROUP_CLASS)
    start = match_profiles(within[:, :, None], within[0, :, None], share)
    labels = align_memberships(lambda draws: membership[draws], np.ones(membership.shape[1]), start)
    shown = np.argsort(-np.take_along_axis(share, labels.order, axis=1).mean(axis=0), kind="stable")
    dims = ("chain", "draw", fit.unit_with_classes, GROUP_CLASS)
    posterior = fit.posterior.assign({GROUP_MEMBERSHIP: (dims, fit.by_chain(membership))})
    posterior = permute(posterior, labels.order[:, shown], axes=[GROUP_CLASS])
    names = list(fit.group_names[fit.unit_with_classes])
    certainty = {OF_GROUP_CLASSES + name: value for name, value in certainty_of_labels(labels, shown).items()}
    return posterior.assign_coords({fit.unit_with_classes: names}), certainty


def with_mean_membership(posterior: xr.Dataset) -> xr.Dataset:
    """Draws with the posterior mean of the membership of groups in place of that of every draw.

    At many known parameters the membership of a group is a system of linear equations for how often each pattern of
    answers was given in it; the mean is one number.
    """
    if GROUP_MEMBERSHIP not in posterior:
        return posterior
    values = posterior[GROUP_MEMBERSHIP]
    mean = values.mean(["chain", "draw"]).round(MEMBERSHIP_DECIMALS)
    return posterior.assign({GROUP_MEMBERSHIP: mean.broadcast_like(values).transpose(*values.dims)})


def group_class_names(fit: Fit) -> list[str]:
    """Labels of the group classes."""
    return [str(name) for name in fit.posterior[GROUP_CLASS].to_numpy()]


def group_label_problems(fit: Fit) -> list[str]:
    """Group classes that bear each other's labels in too many draws; one text, or none."""
    mislabelled = np.array(json.loads(fit.attributes.get(f"{OF_GROUP_CLASSES}relabel_mislabelled", "[[0.0]]")))
    either = np.triu(np.maximum(mislabelled, mislabelled.T))
    first, second = np.nonzero(either > MOST_MISLABELLED)
    if not len(first):
        return []
    names = group_class_names(fit)
    pairs = ", ".join(
        f"{names[w]} and {names[other]} in {100 * either[w, other]:.0f} %"
        for w, other in zip(first, second, strict=True)
    )
    return [
        f"group classes are not told apart: by which groups are in them, {pairs} of draws could bear each other's "
        "labels; fit fewer group classes"
    ]


def group_membership_of_draws(fit: Fit) -> np.ndarray:
    """Probability of each group class given all answers of a group, shape (draw, group, group_class)."""
    parts, step = fit.parts_of_rows(), fit.draws_nearby(len(fit.count))
    blocks = [slice(start, min(start + step, fit.n_draws)) for start in range(0, fit.n_draws, step)]
    hidden = cast(ClassOfGroupAndRespondent, fit.hidden)
    return np.concatenate([hidden.group_membership(fit, which, parts) for which in blocks])


def shares_within(fit: Fit) -> np.ndarray:
    """Class shares in each group class at the mean of the covariates, shape (draw, group_class, latent_class)."""
    logits = fit.parameter(INTERCEPT, GROUP_CLASS, CLASS)
    if SLOPE in fit.posterior:
        logits = logits + np.einsum("t,stc->sc", fit.design_center, fit.parameter(SLOPE, TERM, CLASS))[:, None]
    return class_shares(logits.copy())
