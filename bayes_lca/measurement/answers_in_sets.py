"""Answers whose profiles differ between classes of groups, or known populations: their start and their density."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import scipy

from bayes_lca.data.answered import for_model, is_missing
from bayes_lca.data.frame import named
from bayes_lca.data.profile_sets import ProfileSets
from bayes_lca.data.unique_rows import UniqueRows, unique_rows
from bayes_lca.dims import ANSWER_CODES, ITEM, PATTERN, class_names
from bayes_lca.likelihood.families import Family
from bayes_lca.likelihood.group_profiles import fit_group_profiles
from bayes_lca.likelihood.mixture import fit_mixture
from bayes_lca.measurement.free_parameters import free_parameters, starting_values_of_sets
from bayes_lca.measurement.interface import Answers, Measurement, Start

TOLERANCE, MOST_STEPS = 1e-6, 2000
"""Of the climb to a mode: chains find the way from near it."""


def distinct_answers(responses, sets: ProfileSets | None) -> UniqueRows:
    """Distinct patterns of answers; of answers in each set, where it is known and their density differs."""
    if sets is None or not sets.is_known:
        return unique_rows(responses.codes)
    return unique_rows(responses.codes, sets.index)


def start_of(
    measurement: Measurement, responses, answer_patterns: UniqueRows, n_classes: int, sets: ProfileSets | None
) -> Start:
    """Where chains start: the classes that the part finds, or those of the maximum with profiles of their own.

    Parts that maximum likelihood does not have start with the same profiles everywhere.

    Parameters
    ----------
    measurement : Measurement
    responses : Responses or Numbers
        Of all respondents.
    answer_patterns : UniqueRows
        From `distinct_answers`.
    n_classes : int
    sets : ProfileSets, optional
        Of the same respondents; None where all have one set of profiles.

    Raises
    ------
    ValueError
        If there are more classes than distinct patterns of answers, or a known population was not asked an item.
    """
    if sets is None:
        return measurement.start(responses, answer_patterns, n_classes)
    if sets.is_known:
        _check_asked(responses, sets)
    if measurement.families(responses, answer_patterns.first) is None or n_classes > len(answer_patterns.count):
        return _alike(measurement.start(responses, answer_patterns, n_classes), len(sets.names))
    start = _in_populations if sets.is_known else _in_group_classes
    return start(measurement, responses, answer_patterns, n_classes, sets)


def _in_group_classes(
    measurement: Measurement, responses, answer_patterns: UniqueRows, n_classes: int, sets: ProfileSets
) -> Start:
    """Classes of both levels, found together."""
    families = cast(Sequence[Family], measurement.families(responses, answer_patterns.first))
    rows = unique_rows(sets.index, answer_patterns.pattern)
    found = fit_group_profiles(
        *(families, sets.index[rows.first], answer_patterns.pattern[rows.first], rows.count),
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


def _in_populations(
    measurement: Measurement, responses, answer_patterns: UniqueRows, n_classes: int, sets: ProfileSets
) -> Start:
    """Classes of each population by itself, paired with those of the largest by their profiles."""
    of_patterns, names = sets.index[answer_patterns.first], tuple(class_names(n_classes, taken=responses.items))
    membership, profiles = np.zeros((len(of_patterns), n_classes)), {}
    sizes = np.bincount(of_patterns, weights=answer_patterns.count)
    for place in np.argsort(-sizes, kind="stable"):
        inside = np.flatnonzero(of_patterns == place)
        if n_classes > len(inside):
            raise ValueError(
                f"n_classes={n_classes} exceeds the {len(inside)} distinct answer patterns of the {sizes[place]:g} "
                f"respondents whose {sets.by!r} is {sets.names[place]!r}, and whose profiles are to be their own; ask "
                "for fewer, leave these out, or merge them with others; or ask for equal profiles"
            )
        families = cast(Sequence[Family], measurement.families(responses, answer_patterns.first[inside]))
        found = fit_mixture(
            families, answer_patterns.count[inside], n_classes, tolerance=TOLERANCE, max_steps=MOST_STEPS
        ).best
        profile = measurement.profile(responses, found)
        first = next(iter(profiles.values()), profile)
        cost = ((profile[:, None] - first[None]) ** 2).reshape(n_classes, n_classes, -1).sum(axis=-1)
        pairs = scipy.optimize.linear_sum_assignment(cost.T)[1]
        profiles[int(place)], membership[inside] = profile[pairs], found.membership[:, pairs]
    members = np.stack([answer_patterns.count * (of_patterns == place) @ membership for place in range(len(sizes))])
    return Start(
        membership=membership,
        profile=np.einsum("sc,sc...->c...", members / members.sum(axis=0), [profiles[s] for s in range(len(sizes))]),
        class_names=names,
        sets=tuple(Start(membership, profiles[place], names) for place in range(len(sizes))),
    )


def _check_asked(responses, sets: ProfileSets) -> None:
    """Refuse items that a population was not asked, whose profiles there would be the prior."""
    answered = ~is_missing(responses.codes)
    for place, name in enumerate(sets.names):
        inside = sets.index == place
        if not_asked := [
            item for item, given in zip(responses.items, answered[inside].any(axis=0), strict=True) if not given
        ]:
            raise ValueError(
                f"item(s) {named(not_asked)} have no answer among the {int(inside.sum())} respondents whose "
                f"{sets.by!r} is {name!r}, so that profiles of its own would be the prior; leave them out, or give "
                'profiles="equal"'
            )


def answers_of(
    measurement: Measurement, responses, start: Start, first: np.ndarray, sets: ProfileSets | None
) -> Answers:
    """Answers of a model, with the part's parameters once or in each set, inside a `pymc.Model`.

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
    by_set = free_parameters(measurement, responses, start.sets, sets.axis)
    n_each, n_sets = len(by_set[0]), len(by_set)
    known = sets.index[first] if sets.is_known else None  # (pattern,)

    def in_each(given: tuple) -> list[tuple]:
        return [given[place * n_each : (place + 1) * n_each] for place in range(n_sets)]

    def log_density(value, *given):
        if known is None:
            return pt.stack([measurement.log_density(responses, value, *of_one) for of_one in in_each(given)], axis=1)
        rows = [np.flatnonzero(known == place) for place in range(n_sets)]
        of_each = [
            measurement.log_density(responses, value[inside], *of_one)
            for inside, of_one in zip(rows, in_each(given), strict=True)
        ]
        return pt.concatenate(of_each, axis=1)[:, np.argsort(np.concatenate(rows))]

    def draw(latent_class: np.ndarray, *given, rng, group_class: np.ndarray | None = None) -> np.ndarray:
        of_each = [measurement.draw(responses, latent_class, *of_one, rng=rng) for of_one in in_each(given)]
        of_row = np.broadcast_to(known if group_class is None else group_class, latent_class.shape)
        return np.take_along_axis(np.stack(of_each), of_row[None, ..., None], axis=0)[0]

    return Answers(
        observed=pm.Data(ANSWER_CODES, for_model(responses.codes[first]), dims=(PATTERN, ITEM)),
        parameters=tuple(each for of_one in by_set for each in of_one),
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
