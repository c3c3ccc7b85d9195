"""Labels of classes that have a profile in each group class: which class of one is which of another."""

import json
from typing import cast

import numpy as np
import xarray as xr
from scipy.special import softmax

from bayes_lca.dims import CLASS, CLASS_SHARE, GROUP_CLASS, GROUP_CLASS_SHARE, GROUP_MEMBERSHIP, POPULATION, SLOPE
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_profiles import free_axis, in_sets, with_averages
from bayes_lca.fitted.twins.group_classes import ClassesOfGroups
from bayes_lca.fitted.twins.populations import population_of_pattern
from bayes_lca.posterior.labels.certainty import certainty_of_labels
from bayes_lca.posterior.labels.group_classes import aligned_group_classes, shares_within
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.posterior.labels.relabel import align, checked_order, in_display_order, with_class_share
from bayes_lca.posterior.labels.stephens import Labels, align_memberships


def align_classes(fit: Fit, pivot: np.ndarray, order: str | int | xr.DataTree) -> xr.DataTree:
    """Labels of all draws aligned, of classes that have one profile or one in each group class; see `relabel.align`.

    Classes with free profiles may change places in one group class and not in others, where there are no covariates:
    labels of all draws are aligned within each group class by who is in its classes. Then classes of the other group
    classes are paired with those of the first, at the least squared distance of mean profiles. With covariates slopes
    are the same in all group classes, and so are labels.
    """
    if free_axis(fit.posterior) == POPULATION:
        return align(fit.with_posterior(_averaged_over_populations(fit)), pivot, order)
    if not free_axis(fit.posterior):
        return align(fit, pivot, order)
    of_groups, _ = aligned_group_classes(fit)
    fit = fit.with_posterior(of_groups.drop_vars(CLASS_SHARE, errors="ignore"))
    if SLOPE in fit.posterior:
        return align(fit.with_posterior(_averaged(fit)), pivot, order)
    labels = [_labels_in(fit, place) for place in range(fit.posterior.sizes[GROUP_CLASS])]
    pairs = _pairs(fit, labels)
    within = np.stack([of_one.order[:, pair] for of_one, pair in zip(labels, pairs, strict=True)], axis=1)
    paired = fit.with_posterior(_permuted_within(fit.posterior, within))
    paired = fit.with_posterior(_averaged(paired))
    order = checked_order(order, fit.items, fit.exchangeable, fit.category_orders)
    return in_display_order(
        paired,
        with_class_share(paired),
        order,
        pivot,
        changed=within.reshape(len(within), -1),
        certainty=lambda shown: _least_certain(labels, [pair[shown] for pair in pairs]),
    )


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


def _pairs(fit: Fit, labels: list[Labels]) -> list[np.ndarray]:
    """Class of each group class that is like class k of the first, shape (latent_class,) each."""
    profile, share = [], []
    for place, (one, of_one) in enumerate(zip(in_sets(fit), labels, strict=True)):
        profiles, within = one.answers.profiles(one), shares_within(fit)[:, place]
        of_draws = of_one.order.reshape(*of_one.order.shape, *(1,) * (profiles.ndim - 2))
        profile.append(np.take_along_axis(profiles, of_draws, axis=1).mean(axis=0))
        share.append(np.take_along_axis(within, of_one.order, axis=1).mean(axis=0))
    return [
        match_profiles(of_one[None], profile[0], within[None], share[0], fit.exchangeable)[0]
        for of_one, within in zip(profile, share, strict=True)
    ]


def _permuted_within(posterior: xr.Dataset, order: np.ndarray) -> xr.Dataset:
    """Draws with the classes of every group class in an order of its own, shape (draw, group_class, latent_class)."""
    result = posterior.copy()
    for name, values in posterior.data_vars.items():
        if {GROUP_CLASS, CLASS} <= set(values.dims):
            last = values.transpose("chain", "draw", ..., GROUP_CLASS, CLASS)
            index = order.reshape(*last.shape[:2], *(1,) * (last.ndim - 4), *order.shape[1:])
            reordered = np.take_along_axis(last.to_numpy(), np.broadcast_to(index, last.shape), axis=-1)
            result[name] = last.copy(data=reordered).transpose(*values.dims)
    return result


def _averaged(fit: Fit) -> xr.Dataset:
    """Draws whose profiles of the usual names are averages over group classes, by their members of each class."""
    share = fit.posterior[GROUP_CLASS_SHARE].transpose("chain", "draw", GROUP_CLASS).to_numpy()
    members = share[..., None] * fit.by_chain(shares_within(fit))
    return with_averages(fit.posterior, members / members.sum(axis=-2, keepdims=True))


def _averaged_over_populations(fit: Fit) -> xr.Dataset:
    """The same over known populations."""
    of_pattern = population_of_pattern(fit)
    members = np.zeros((fit.n_draws, fit.posterior.sizes[POPULATION], len(fit.classes)))
    everybody = np.arange(len(fit.count))
    for which in fit.blocks(len(everybody)):
        share = np.exp(fit.log_class(everybody, which))
        for place in range(members.shape[1]):
            members[which, place] = np.einsum("src,r->sc", share, fit.count * (of_pattern == place))
    return with_averages(fit.posterior, fit.by_chain(members / members.sum(axis=1, keepdims=True)))


def _least_certain(labels: list[Labels], shown: list[np.ndarray]) -> dict[str, float | str]:
    """Attributes that say how surely draws are labelled, those of the group class where that is least sure."""
    of_each = [certainty_of_labels(of_one, order) for of_one, order in zip(labels, shown, strict=True)]
    mislabelled = np.max([json.loads(str(of_one["relabel_mislabelled"])) for of_one in of_each], axis=0)
    least = {name: min(of_one[name] for of_one in of_each) for name in ("relabel_margin", "relabel_certainty")}
    return least | {"relabel_mislabelled": json.dumps(mislabelled.tolist())}
