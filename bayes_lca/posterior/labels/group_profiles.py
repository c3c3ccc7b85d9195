"""Labels of classes that have a profile in each group class: which class of one is which of another."""

from typing import cast

import numpy as np
import xarray as xr
from scipy.special import softmax

from bayes_lca.dims import CLASS_SHARE, GROUP_CLASS, GROUP_CLASS_SHARE, GROUP_MEMBERSHIP, POPULATION, SLOPE
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_profiles import free_axis, in_sets, with_averages
from bayes_lca.fitted.twins.group_classes import ClassesOfGroups
from bayes_lca.posterior.labels.group_classes import aligned_group_classes, shares_within
from bayes_lca.posterior.labels.labels_in_sets import align_in_sets, pairs_of_classes, permuted_within
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.posterior.labels.population_profiles import align_in_populations
from bayes_lca.posterior.labels.relabel import align
from bayes_lca.posterior.labels.stephens import Labels, align_memberships


def align_classes(fit: Fit, pivot: np.ndarray, order: str | int | xr.DataTree) -> xr.DataTree:
    """Labels of all draws aligned, of classes that have one profile or one in each group class; see `relabel.align`.

    Classes with free profiles may change places in one group class and not in others, where there are no covariates:
    labels of all draws are aligned within each group class by who is in its classes. Then classes of the other group
    classes are paired with those of the first, at the least squared distance of mean profiles. With covariates slopes
    are the same in all group classes, and so are labels.
    """
    if free_axis(fit.posterior) == POPULATION:
        return align_in_populations(fit, pivot, order)
    if not free_axis(fit.posterior):
        return align(fit, pivot, order)
    of_groups, _ = aligned_group_classes(fit)
    fit = fit.with_posterior(of_groups.drop_vars(CLASS_SHARE, errors="ignore"))
    if SLOPE in fit.posterior:
        return align(fit.with_posterior(_averaged(fit)), pivot, order)
    labels = [_labels_in(fit, place) for place in range(fit.posterior.sizes[GROUP_CLASS])]
    pairs = pairs_of_classes(fit, labels, shares_within(fit))
    return align_in_sets(fit, labels, pairs, pivot, order, permuted=_permuted, averaged=_averaged)


def _permuted(fit: Fit, order: np.ndarray) -> xr.Dataset:
    """Draws with the classes of every group class in an order of its own, shape (draw, group_class, latent_class)."""
    return permuted_within(fit.posterior, order, GROUP_CLASS)


def _labels_in(fit: Fit, place: int) -> Labels:
    """Labels within one group class, each distinct pattern of answers counted by who gave it in such groups."""
    one, structural = in_sets(fit)[place], cast(ClassesOfGroups, fit.structural)
    _, first, pattern = np.unique(fit.answer_pattern, return_index=True, return_inverse=True)
    membership = fit.parameter(GROUP_MEMBERSHIP, fit.unit_with_classes, GROUP_CLASS)[..., place].mean(axis=0)
    count = np.bincount(pattern.reshape(-1), fit.count * membership[fit.group_of_pattern[fit.unit_with_classes]])

    def membership_in(which: np.ndarray) -> np.ndarray:
        log_class = structural.log_class_by_group_class(fit, fit.matrix[:1], which)[place]  # (draw, 1, latent_class)
        return softmax(log_class + one.log_evidence(first, which), axis=-1)

    profiles, share = one.answers.profiles(one), shares_within(fit)[:, place]
    start = match_profiles(profiles, profiles[0], share, sets=fit.exchangeable)
    return align_memberships(membership_in, count, start, sets=fit.exchangeable)


def _averaged(fit: Fit) -> xr.Dataset:
    """Draws whose profiles of the usual names are averages over group classes, by their members of each class."""
    share = fit.posterior[GROUP_CLASS_SHARE].transpose("chain", "draw", GROUP_CLASS).to_numpy()
    members = share[..., None] * fit.by_chain(shares_within(fit))
    return with_averages(fit.posterior, members / members.sum(axis=-2, keepdims=True))
