"""Where chains start if priors or restrictions tell classes apart: at the modes of the posterior, classes numbered."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import scipy

from bayes_lca.data.responses import Responses
from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import class_names
from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY, membership_given_answers
from bayes_lca.likelihood.confirmatory import posterior_modes
from bayes_lca.likelihood.modes import Mode
from bayes_lca.measurement.interface import Start
from bayes_lca.measurement.known_of_classes import KnownOfClasses
from bayes_lca.measurement.maximum_likelihood import LEAST_WEIGHT


def numbered_start(responses: Responses, answer_patterns: UniqueRows, known: KnownOfClasses) -> Start:
    """The modes of the posterior near those of the likelihood, and near the prior, that could hold most of it.

    What the likelihood cannot number, the prior does: the classes of a mode get the numbers under which their
    probabilities are most likely a priori, and two classes that the prior tells apart are also tried the other way
    round. Modes are weighed by the height of the posterior.

    Parameters
    ----------
    responses : Responses
    answer_patterns : UniqueRows
    known : KnownOfClasses
    """
    codes, sets = responses.codes[answer_patterns.first], known.sets
    weights, exchangeable = known.weights, known.exchangeable
    fitted = known.maximum_likelihood(codes, answer_patterns.count, responses.n_categories)
    candidates = [each for mode in fitted.maxima for each in _numbered(mode, weights, known.restricted, exchangeable)]
    if len(set(exchangeable.tolist())) == len(exchangeable):
        expected = sets.at_maximum(np.zeros(weights.shape), with_prior=True)
        candidates.append((np.full(len(weights), 1 / len(weights)), sets.probabilities(expected)))
    modes = posterior_modes(codes, answer_patterns.count, sets, candidates, exchangeable)
    weight = scipy.special.softmax([mode.log_posterior for mode in modes])
    starts = [
        Start(
            membership=membership_given_answers(mode.class_share, mode.item_probability, codes),
            profile=mode.item_probability,
            class_names=tuple(class_names(len(weights), taken=responses.items)),
            weight=float(of_mode),
        )
        for mode, of_mode in zip(modes, weight, strict=True)
        if of_mode >= LEAST_WEIGHT
    ]
    return replace(
        starts[0],
        rivals=tuple(starts[1:]),
        attributes={
            "em_starts": fitted.n_starts,
            "em_log_likelihoods": json.dumps([mode.log_likelihood for mode in fitted.modes]),
            "em_starts_by_mode": json.dumps([mode.starts for mode in fitted.modes]),
        },
    )


def _numbered(
    mode: Mode, weights: np.ndarray, restricted: np.ndarray, exchangeable: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Shares and probabilities of a mode under the numbers that fit the prior best, then two of them exchanged."""
    log_rho = np.log(np.maximum(mode.item_probability, SMALLEST_PROBABILITY)).reshape(len(weights), -1)
    cost = np.where(restricted[:, None] == restricted, -log_rho @ weights.reshape(len(weights), -1).T, np.inf)
    _, best = scipy.optimize.linear_sum_assignment(cost.T)  # class of the mode that is number k
    orders = [best]
    for one, other in combinations(range(len(weights)), 2):
        if restricted[one] == restricted[other] and exchangeable[one] != exchangeable[other]:
            order = best.copy()
            order[[one, other]] = order[[other, one]]
            orders.append(order)
    for order in orders:
        yield mode.class_share[order], mode.item_probability[order]
