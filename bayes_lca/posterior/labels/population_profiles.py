"""Labels of classes that have a profile in each of several known populations."""

import numpy as np
import xarray as xr

from bayes_lca.dims import CLASS, INTERCEPT, POPULATION, SLOPE, TERM
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_profiles import in_sets, with_averages
from bayes_lca.fitted.twins.populations import population_of_pattern
from bayes_lca.likelihood.summed_out import class_shares
from bayes_lca.posterior.labels.labels_in_sets import align_in_sets, pairs_of_classes, permuted_within
from bayes_lca.posterior.labels.matching import match_profiles
from bayes_lca.posterior.labels.relabel import align
from bayes_lca.posterior.labels.stephens import Labels, align_memberships

AT_MEAN, OF_STANDARDISED = f"{INTERCEPT}_at_mean", (f"{SLOPE}_standardised", f"{SLOPE}_direction")


def align_in_populations(fit: Fit, pivot: np.ndarray, order: str | int | xr.DataTree) -> xr.DataTree:
    """Labels of all draws aligned; see `relabel.align`.

    Where the known class is all that classes depend on, they may change places in one population and not in others, and
    the likelihood is the same: labels are aligned within each population by who is in its classes, and paired with
    those of the largest one, at the least squared distance of mean profiles. Further covariates have the same slopes
    in all populations, and random effects the same values, which tie the classes together.
    """
    if len(fit.terms) >= fit.posterior.sizes[POPULATION] or fit.groupings:
        return align(fit.with_posterior(_averaged_over_populations(fit)), pivot, order)
    of_row = population_of_pattern(fit)
    labels = [_labels_in(fit, place, np.flatnonzero(of_row == place)) for place in range(_logits(fit).shape[1])]
    largest = int(np.bincount(of_row, weights=fit.count).argmax())
    pairs = pairs_of_classes(fit, labels, class_shares(_logits(fit)), largest)
    return align_in_sets(fit, labels, pairs, pivot, order, permuted=_permuted, averaged=_averaged_over_populations)


def _logits(fit: Fit) -> np.ndarray:
    """Class logits of each population, that of the reference level first, shape (draw, population, latent_class)."""
    intercept, slope = fit.parameter(INTERCEPT, CLASS)[:, None], fit.parameter(SLOPE, TERM, CLASS)
    return np.concatenate([intercept, intercept + slope], axis=1)


def _labels_in(fit: Fit, place: int, rows: np.ndarray) -> Labels:
    """Labels within one population, by who is in its classes; `rows` are its distinct rows."""
    one, every = in_sets(fit)[place], fit.all_draws
    profiles, share = one.answers.profiles(one), class_shares(_logits(fit))[:, place]
    start = match_profiles(profiles, profiles[0], share, sets=fit.exchangeable)
    return align_memberships(
        lambda which: fit.membership_in(which)[:, rows],
        fit.count[rows],
        start,
        (every.kept, every.membership[:, rows]),
        fit.exchangeable,
    )


def _permuted(fit: Fit, order: np.ndarray) -> xr.Dataset:
    """Draws with the classes of every population in an order of its own, shape (draw, population, latent_class)."""
    posterior = permuted_within(fit.posterior, order, POPULATION)
    logits = np.take_along_axis(_logits(fit), order, axis=-1)
    slope = logits[:, 1:] - logits[:, :1]
    before = np.abs(fit.parameter(SLOPE, TERM, CLASS)).sum(axis=-1, keepdims=True)
    values = {
        INTERCEPT: logits[:, 0],
        SLOPE: slope,
        AT_MEAN: logits[:, 0] + np.einsum("t,stc->sc", fit.design_center, slope),
    }
    for name in OF_STANDARDISED:
        if name in posterior:
            values[name] = slope * np.abs(fit.parameter(name, TERM, CLASS)).sum(axis=-1, keepdims=True) / before
    axes = {INTERCEPT: (CLASS,), AT_MEAN: (CLASS,)}
    return posterior.assign(
        {
            name: (("chain", "draw", *axes.get(name, (TERM, CLASS))), fit.by_chain(of_draws))
            for name, of_draws in values.items()
            if name in posterior
        }
    )


def _averaged_over_populations(fit: Fit) -> xr.Dataset:
    """Draws whose profiles of the usual names are averages over known populations, by their members of each class."""
    of_pattern = population_of_pattern(fit)
    members = np.zeros((fit.n_draws, fit.posterior.sizes[POPULATION], len(fit.classes)))
    everybody = np.arange(len(fit.count))
    for which in fit.blocks(len(everybody)):
        share = np.exp(fit.log_class(everybody, which))
        for place in range(members.shape[1]):
            members[which, place] = np.einsum("src,r->sc", share, fit.count * (of_pattern == place))
    return with_averages(fit.posterior, fit.by_chain(members / members.sum(axis=1, keepdims=True)))
