"""Answers of the same persons at several waves: what a path needs to know of them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pymc as pm

from bayes_lca.data.answered import for_model
from bayes_lca.dims import ANSWER_CODES, ITEM, PATTERN, WAVE, of_all_waves
from bayes_lca.measurement.free_parameters import free_parameters, starting_values_of_sets
from bayes_lca.measurement.interface import Measurement, Start
from bayes_lca.measurement.item_copies import ItemCopies


@dataclass(frozen=True, eq=False)
class AnswersOfWaves:
    """Observed answers with their density given the class at each wave, and the person.

    Attributes
    ----------
    observed : TensorVariable, shape (pattern, wave, item)
    parameters : tuple of TensorVariable
        Of all waves, or of one wave after the other.
    signature : tuple of str
        Axes of each parameter.
    person_weight : ndarray, shape (person,)
        Persons that stand for all; one where answers depend on the class alone.
    log_density : callable
        From values of shape (pattern, wave, item) and the parameters to a list with log p(answers given class and
        person) of each wave, shape (latent_class, person, pattern).
    draw : callable
        From classes of shape (..., wave), the parameters and a random generator to answers (..., wave, item).
    """

    observed: Any
    parameters: tuple
    signature: tuple[str, ...]
    person_weight: np.ndarray
    log_density: Callable
    draw: Callable


def answers_of_waves(
    measurement: Measurement,
    responses,
    start: Start,
    codes: np.ndarray,
    over_time: Literal["equal", "free"] | Collection[str],
) -> AnswersOfWaves:
    """Answers of a measurement part at several waves, inside a `pymc.Model`.

    Parameters
    ----------
    measurement : Measurement
    responses : Responses or Numbers
        Of all rows.
    start : Start
        Of the items, or of their copies where some are free.
    codes : ndarray, shape (pattern, wave, item)
        Answers of the distinct sequences.
    over_time : {"equal", "free"} or collection of str
        Whether all waves share their parameters, or the items that have their own at each wave. With ``"free"`` all
        have, under the same priors; variables named ``..._by_wave`` hold them, and those of the usual names their
        averages over waves.
    """
    n_waves = codes.shape[1]
    if over_time == "equal":
        by_wave_parameters = [measurement.parameters(responses, start)] * n_waves
        parameters = by_wave_parameters[0]
    else:
        copies = ItemCopies.of(responses.items, over_time, n_waves)
        if copies.any:
            by_wave_parameters = copies.parameters(measurement, responses, start)
        else:
            by_wave_parameters = free_parameters(measurement, responses, [start] * n_waves, WAVE)
        parameters = tuple(each for of_one in by_wave_parameters for each in of_one)
    n_each = len(by_wave_parameters[0])

    def of_wave_number(number: int, given: tuple) -> tuple:
        return given if over_time == "equal" else given[number * n_each : (number + 1) * n_each]

    def log_density(value, *given) -> list:
        if over_time == "equal":  # answers that recur at several waves are worked off once
            at_all = measurement.log_density_given_person(responses, value.reshape((-1, codes.shape[2])), *given)
            at_all = at_all.reshape((*at_all.shape[:2], -1, n_waves))  # (latent_class, person, pattern, wave)
            return [at_all[..., t] for t in range(n_waves)]
        return [
            measurement.log_density_given_person(responses, value[:, t], *of_wave_number(t, given))
            for t in range(n_waves)
        ]

    def draw(path: np.ndarray, *given, rng) -> np.ndarray:
        person = measurement.draw_persons(path.shape[:-1], rng)
        at_waves = [
            measurement.draw_given_person(responses, path[..., t], person, *of_wave_number(t, given), rng=rng)
            for t in range(n_waves)
        ]
        return np.stack(at_waves, axis=-2)

    return AnswersOfWaves(
        observed=pm.Data(ANSWER_CODES, for_model(codes), dims=(PATTERN, WAVE, ITEM)),
        parameters=parameters,
        signature=measurement.signature * (len(parameters) // n_each),
        person_weight=measurement.person_weight,
        log_density=log_density,
        draw=draw,
    )


def starting_values_of_waves(
    measurement: Measurement,
    responses,
    start: Start,
    n_waves: int,
    over_time: Literal["equal", "free"] | Collection[str],
) -> dict[str, np.ndarray]:
    """Values of the free variables to start from, the same at all waves but where a start has copies of items."""
    copies = ItemCopies.of(responses.items, over_time, n_waves)
    if copies.any:
        values = measurement.starting_values(responses.repeated(copies.source, copies.names), start)
        return {of_all_waves(name): value for name, value in values.items()}
    if over_time == "equal":
        return measurement.starting_values(responses, start)
    return starting_values_of_sets(measurement, responses, [start] * n_waves, WAVE)
