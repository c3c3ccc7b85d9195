"""Classes of items of any kind as they are near a mode of the posterior: where chains start."""

import json
from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import softmax

from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import class_names
from bayes_lca.likelihood.families import Family
from bayes_lca.likelihood.mixture import MixtureMaximum, fit_mixture
from bayes_lca.measurement.interface import Start

COMPARE_FITS = (
    "items that are numbers have none to count: fit each number of classes and compare elpd_loo of bl.modes(draws), or "
    "az.loo(draws)"
)
"""What to do in place of counting nominal answers, as the end of a message."""
TOLERANCE, MOST_STEPS = 1e-6, 1000
"""Of the climb to a mode: chains find the way from near it."""
LEAST_WEIGHT = 0.05
"""Share of the posterior that a mode could hold from which on chains start there."""


def mixture_start(
    responses,
    families: Sequence[Family],
    answer_patterns: UniqueRows,
    n_classes: int,
    profile: Callable[[MixtureMaximum], np.ndarray],
) -> Start:
    """The modes, from many starts, that could hold most of the posterior.

    Parameters
    ----------
    responses : Numbers or another of its interface
    families : sequence of Family
        Of the distinct patterns of answers, with the weight of priors.
    answer_patterns : UniqueRows
    n_classes : int
    profile : callable
        From a maximum to what tells its classes apart, shape (latent_class, item, ...).

    Raises
    ------
    ValueError
        If there are more classes than distinct patterns of answers.
    """
    n_patterns = len(answer_patterns.count)
    if n_classes > n_patterns:
        raise ValueError(
            f"n_classes={n_classes} exceeds the {n_patterns} distinct answer patterns of {len(responses.codes)} "
            "respondents; ask for fewer classes"
        )
    found = fit_mixture(families, answer_patterns.count, n_classes, tolerance=TOLERANCE, max_steps=MOST_STEPS)
    weights = softmax([maximum.log_mass for maximum in found.maxima])
    by_weight = np.argsort(-weights, kind="stable")
    names = tuple(class_names(n_classes, taken=responses.items))
    starts = [
        Start(found.maxima[k].membership, profile(found.maxima[k]), names, weight=float(weights[k]))
        for k in by_weight
        if weights[k] >= LEAST_WEIGHT
    ]
    attributes = {
        "em_starts": found.n_starts,
        "em_log_likelihoods": json.dumps([found.maxima[k].log_likelihood for k in by_weight]),
        "em_starts_by_mode": json.dumps([found.maxima[k].starts for k in by_weight]),
    }
    first, *others = starts
    return Start(first.membership, first.profile, names, True, attributes, first.weight, tuple(others))
