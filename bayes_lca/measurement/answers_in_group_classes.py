"""Answers whose profiles differ between classes of groups: where they start, and their density in each."""

import json
from dataclasses import replace

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca.data.answered import for_model
from bayes_lca.data.profile_sets import ProfileSets
from bayes_lca.data.unique_rows import UniqueRows, unique_rows
from bayes_lca.dims import ANSWER_CODES, ITEM, PATTERN, class_names
from bayes_lca.likelihood.group_profiles import fit_group_profiles
from bayes_lca.measurement.free_parameters import free_parameters, starting_values_of_sets
from bayes_lca.measurement.interface import Answers, Measurement, Start

TOLERANCE, MOST_STEPS = 1e-6, 2000
"""Of the climb to a mode: chains find the way from near it."""


def start_of(
    measurement: Measurement, responses, answer_patterns: UniqueRows, n_classes: int, sets: ProfileSets | None
) -> Start:
    """Where chains start: the classes that the part finds, or those of the maximum with profiles of their own.

    Parts that maximum likelihood of group classes does not have start with the same profiles in all of them.

    Parameters
    ----------
    measurement : Measurement
    responses : Responses or Numbers
        Of all respondents.
    answer_patterns : UniqueRows
    n_classes : int
    sets : ProfileSets, optional
        Of the same respondents; None where all have one set of profiles.

    Raises
    ------
    ValueError
        If there are more classes than distinct patterns of answers.
    """
    if sets is None:
        return measurement.start(responses, answer_patterns, n_classes)
    families = measurement.families(responses, answer_patterns.first)
    if families is None or n_classes > len(answer_patterns.count):
        return _alike(measurement.start(responses, answer_patterns, n_classes), len(sets.names))
    rows = unique_rows(sets.group, answer_patterns.pattern)
    found = fit_group_profiles(
        *(families, sets.group[rows.first], answer_patterns.pattern[rows.first], rows.count),
        *(n_classes, len(sets.names)),
        tolerance=TOLERANCE,
        max_steps=MOST_STEPS,
    )
    names = tuple(class_names(n_classes, taken=responses.items))
    of_sets = tuple(
        Start(membership, measurement.profile(responses, found.in_group_class(place)), names)
        for place, membership in enumerate(found.membership)
    )
    members = found.fit.group_class_share[:, None] * found.fit.class_share  # (group_class, latent_class)
    weight = members / members.sum(axis=0)
    return Start(
        membership=(found.fit.expected / found.fit.expected.sum(axis=0)).T,
        profile=np.einsum("wc,wc...->c...", weight, np.stack([start.profile for start in of_sets])),
        class_names=names,
        attributes={
            "em_starts": found.fit.n_starts,
            "em_log_likelihoods": json.dumps([found.fit.log_likelihood]),
            "em_starts_by_mode": json.dumps([found.fit.best_starts]),
        },
        sets=of_sets,
        shares=found.shares,
    )


def answers_of(
    measurement: Measurement, responses, start: Start, first: np.ndarray, sets: ProfileSets | None
) -> Answers:
    """Answers of a model, with the part's parameters once or in each group class, inside a `pymc.Model`.

    Parameters
    ----------
    measurement : Measurement
    responses : Responses or Numbers
    start : Start
    first : ndarray of int, shape (pattern,)
        Respondent at whom each pattern first stands.
    sets : ProfileSets, optional
        None where all have one set of profiles.
    """
    if sets is None:
        return measurement.answers(responses, start, first)
    by_group_class = free_parameters(measurement, responses, start.sets, sets.axis)
    n_each, n_sets = len(by_group_class[0]), len(by_group_class)

    def in_each(given: tuple) -> list[tuple]:
        return [given[place * n_each : (place + 1) * n_each] for place in range(n_sets)]

    def log_density(value, *given):
        return pt.stack([measurement.log_density(responses, value, *of_one) for of_one in in_each(given)], axis=1)

    def draw(latent_class: np.ndarray, *given, rng, group_class: np.ndarray) -> np.ndarray:
        of_each = [measurement.draw(responses, latent_class, *of_one, rng=rng) for of_one in in_each(given)]
        return np.take_along_axis(np.stack(of_each), group_class[None, ..., None], axis=0)[0]

    return Answers(
        observed=pm.Data(ANSWER_CODES, for_model(responses.codes[first]), dims=(PATTERN, ITEM)),
        parameters=tuple(each for of_one in by_group_class for each in of_one),
        signature=measurement.signature * n_sets,
        log_density=log_density,
        draw=draw,
    )


def starting_values_of(measurement: Measurement, responses, start: Start, sets: ProfileSets | None) -> dict:
    """Values of the free variables of the answers to start from."""
    if sets is None:
        return measurement.starting_values(responses, start)
    return starting_values_of_sets(measurement, responses, start.sets, sets.axis)


def _alike(start: Start, n_sets: int) -> Start:
    rivals = tuple(replace(rival, sets=(rival,) * n_sets) for rival in start.rivals)
    return replace(start, sets=(replace(start, rivals=()),) * n_sets, rivals=rivals)
