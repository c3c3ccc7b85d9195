"""Paths of a fit to several waves: what the draws say of every distinct sequence."""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_lca.data.answered import is_missing
from bayes_lca.dims import (
    ANSWER_PATTERN,
    ANSWERS,
    ANSWERS_OF_WAVE,
    COUNT,
    ITEM,
    PATTERN,
    STEP,
    TRANSITION_DESIGN,
    TRANSITION_DESIGN_CENTER,
    TRANSITION_LOGIT,
    TRANSITION_TERM,
    WAVE,
    by_wave,
    of_transition,
)
from bayes_lca.fitted.moves import moves_at
from bayes_lca.fitted.record import GROUPINGS, PATTERNS
from bayes_lca.likelihood.moves import Moves
from bayes_lca.likelihood.paths import SmoothedPaths, most_likely_paths, smooth_paths, smooth_scaled

if TYPE_CHECKING:
    from bayes_lca.fitted.fit import Fit

CLASS_BEFORE, CLASS_AFTER = "latent_class", "other_class"
"""Axes of transition probabilities: the class that is left, and the class that is moved to."""


@dataclass(frozen=True, eq=False)
class FittedPaths:
    """Distinct sequences of a fit of `LatentTransition`, and probabilities of their paths in draws.

    Attributes
    ----------
    fit : Fit
    """

    fit: "Fit"

    @cached_property
    def waves(self) -> tuple[str, ...]:
        """Names of the waves in their order."""
        return tuple(str(name) for name in self.fit.encoding[WAVE].to_numpy())

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """Names of the steps from a wave to the next."""
        return tuple(str(name) for name in self.fit.encoding[STEP].to_numpy())

    @cached_property
    def answers(self) -> np.ndarray:
        """Distinct answers of each sequence at each wave, -1 where the person was not seen, shape (pattern, wave)."""
        return self.fit.patterns[ANSWERS_OF_WAVE].to_numpy()

    @property
    def seen(self) -> np.ndarray:
        """Whether persons with each sequence were seen at each wave, shape (pattern, wave)."""
        return self.answers >= 0

    @property
    def moved(self) -> np.ndarray:
        """Whether they were seen after each step, at its wave or later, shape (pattern, step).

        Of other steps nothing is known: they are taken at the mean of the covariates in an average group.
        """
        return np.logical_or.accumulate(self.seen[:, ::-1], axis=1)[:, ::-1][:, 1:]

    @cached_property
    def transition_terms(self) -> tuple[str, ...]:
        """Names of the design columns of the transitions."""
        return tuple(str(term) for term in self.fit.encoding[TRANSITION_TERM].to_numpy())

    @cached_property
    def transition_groupings(self) -> tuple[str, ...]:
        """Names of their groupings, such as ``transition_group``."""
        return tuple(json.loads(self.fit.attributes[of_transition(GROUPINGS)]))

    @cached_property
    def transition_matrix(self) -> np.ndarray:
        """Their design in the user's units, shape (pattern, step, term)."""
        matrix = self.fit.patterns[TRANSITION_DESIGN].transpose(PATTERN, STEP, TRANSITION_TERM).to_numpy()
        return np.where(self.moved[..., None], matrix, self.transition_center)

    @cached_property
    def transition_center(self) -> np.ndarray:
        """Mean of each of its columns over all moves, shape (term,)."""
        return self.fit.encoding[TRANSITION_DESIGN_CENTER].to_numpy()

    @cached_property
    def transition_group(self) -> dict[str, np.ndarray]:
        """Group at each step by grouping, -1 for an average one, shape (pattern, step)."""
        index = {name: self.fit.patterns[f"{name}_index"].to_numpy() for name in self.transition_groupings}
        return {name: np.where(self.moved, places, -1) for name, places in index.items()}

    @property
    def equal_over_time(self) -> bool:
        """Whether all steps have the same transitions but for covariates and groups."""
        return STEP not in self.fit.posterior[TRANSITION_LOGIT].dims

    def transition_logits(self, which) -> np.ndarray:
        """At the mean of the covariates in an average group, shape (draw, step, origin, destination)."""
        axes = (CLASS_BEFORE, CLASS_AFTER)
        if not self.equal_over_time:
            return self.fit.parameter(TRANSITION_LOGIT, STEP, *axes)[which]
        logits = self.fit.parameter(TRANSITION_LOGIT, *axes)[which]
        return np.broadcast_to(logits[:, None], (len(logits), len(self.steps), *logits.shape[1:]))

    def answers_at(self, wave: int):
        """The fit of one wave alone, whose rows are the distinct answers of all waves."""
        return self.fit.once(("answers of wave", wave), lambda: self._answers_at(wave))

    def _answers_at(self, wave: int):
        fit, place = self.fit, self.answers.ravel()
        codes = fit.patterns[ANSWERS].transpose(PATTERN, WAVE, ITEM).to_numpy().reshape(len(place), -1)
        there = np.flatnonzero(place >= 0)
        number = np.full(place.max() + 1, 0)
        number[place[there]] = there
        patterns = xr.Dataset(
            {
                ANSWERS: ((PATTERN, ITEM), codes[number]),
                ANSWER_PATTERN: ((PATTERN,), np.arange(len(number))),
                COUNT: ((PATTERN,), np.ones(len(number), dtype=int)),
            }
        )
        tree = fit.tree.copy()
        tree["posterior"], tree[PATTERNS] = xr.DataTree(self._posterior_at(wave)), xr.DataTree(patterns)
        return replace(fit, tree=tree, _kept={})

    def parameters_at(self, wave: int):
        """The fit with the item parameters of one wave, its rows left as they are."""
        return self.fit.with_posterior(self._posterior_at(wave))

    def _posterior_at(self, wave: int) -> xr.Dataset:
        posterior = self.fit.posterior
        free = [name for name in posterior if by_wave(str(name)) in posterior]
        return posterior.assign({name: posterior[by_wave(str(name))].isel({WAVE: wave}, drop=True) for name in free})

    def log_answers(self, which, rows: np.ndarray) -> np.ndarray:
        """Log density of the answers at each wave, 0 where a wave is missing; (wave, class, draw, row, person)."""
        at_waves = zip(self._log_answers_of_distinct(which), self.answers[rows].T, strict=True)
        return np.stack([of_distinct.take(of_row, axis=2) for of_distinct, of_row in at_waves])

    def _log_answers_of_distinct(self, which) -> list[np.ndarray]:
        """The same of distinct answers, shape (class, draw, answers, person) at each wave; a row of -1 is the last."""
        free = any(by_wave(str(name)) in self.fit.posterior for name in self.fit.posterior)
        at_waves: list[np.ndarray] = []
        for wave in range(len(self.waves)):
            if free or not at_waves:
                one = self.answers_at(wave)
                of_distinct = np.moveaxis(one.answers.log_density_given_person(one, which), 2, 0)
                at_waves.append(np.pad(of_distinct, [(0, 0), (0, 0), (0, 1), (0, 0)]))
        return at_waves if free else at_waves * len(self.waves)

    def initial(self, which, rows: np.ndarray) -> np.ndarray:
        """Probability of each class at the first wave, shape (class, draw, row or 1)."""
        return np.exp(np.moveaxis(self.fit.log_class(rows, which), -1, 0))

    def moves(self, which, rows: np.ndarray) -> list[Moves]:
        """How likely moves of distinct sequences are at each step."""
        return [
            moves_at(
                *(self, which, step, self.transition_matrix[rows, step]),
                {name: index[rows, step] for name, index in self.transition_group.items()},
            )
            for step in range(len(self.steps))
        ]

    def transition(self, which, rows: np.ndarray) -> list[np.ndarray]:
        """Transition probabilities of distinct sequences at each step, shape (origin, destination, draw, row or 1)."""
        return [each.written_out for each in self.moves(which, rows)]

    def _parts(self, which, rows: np.ndarray) -> tuple:
        """What the recursions take, persons on the last axis."""
        return *self._initial_and_moves(which, rows), self.log_answers(which, rows)

    def _initial_and_moves(self, which, rows: np.ndarray) -> tuple[np.ndarray, list[Moves]]:
        return self.initial(which, rows)[..., None], [each.for_persons() for each in self.moves(which, rows)]

    def smoothed(self, which, rows: np.ndarray | None = None, *, with_moves: bool = True) -> SmoothedPaths:
        """Class at every wave and moves of distinct sequences given all their answers.

        Parameters
        ----------
        which : slice or ndarray of int
            Draws, chains after each other.
        rows : ndarray of int, optional
            Distinct sequences by position; all by default.
        with_moves : bool
            Whether moves are wanted; without them they are empty.

        Returns
        -------
        SmoothedPaths
            ``log_likelihood`` of shape (draw, row), ``membership`` (wave, class, draw, row), ``moves`` (step, origin,
            destination, draw, row).
        """
        rows = np.arange(len(self.answers)) if rows is None else rows
        draws, weight = np.arange(self.fit.n_draws)[which], self.fit.answers.person_weight(self.fit)
        if len(weight) == 1:
            paths = smooth_paths(*self._parts(draws, rows), with_moves=with_moves)
            return SmoothedPaths(paths.log_likelihood[..., 0], paths.membership[..., 0], paths.moves[..., 0])
        step = self.fit.draws_nearby(len(rows) * len(weight))
        of_draws = [draws[start : start + step] for start in range(0, len(draws), step)]
        parts = [self._without_persons(some, rows, with_moves=with_moves) for some in of_draws]
        log_likelihood, membership, moves = zip(*parts, strict=True)
        return SmoothedPaths(np.concatenate(log_likelihood), np.concatenate(membership, 2), np.concatenate(moves, 3))

    def _without_persons(self, draws: np.ndarray, rows: np.ndarray, *, with_moves: bool) -> tuple[np.ndarray, ...]:
        """Paths smoothed in some draws, the persons summed out: log-likelihood, membership and moves."""
        answers = self.answers[rows].T
        shape = (len(draws), len(rows), len(self.fit.answers.person_weight(self.fit)))
        density, largest = np.empty((len(answers), len(self.fit.classes), *shape)), np.empty((len(answers), *shape))
        for wave, log_distinct in enumerate(self._log_answers_of_distinct(draws)):  # of which there are few
            most = log_distinct.max(axis=0)
            most.take(answers[wave], axis=1, out=largest[wave], mode="wrap")
            np.exp(log_distinct - most).take(answers[wave], axis=2, out=density[wave], mode="wrap")
        paths = smooth_scaled(*self._initial_and_moves(draws, rows), density, largest, with_moves=with_moves)
        log_joint = paths.log_likelihood + np.log(self.fit.answers.person_weight(self.fit))  # (draw, row, person)
        largest = log_joint.max(axis=-1, keepdims=True)
        person = np.exp(log_joint - largest)
        total = person.sum(axis=-1, keepdims=True)
        person /= total
        averages = [np.einsum("...q,...q->...", each, person) for each in (paths.membership, paths.moves)]
        return (largest + np.log(total))[..., 0], *averages

    def persons(self, which, rows: np.ndarray | None = None) -> np.ndarray:
        """How likely each person of the grid is given all answers of distinct sequences, shape (draw, row, person)."""
        rows = np.arange(len(self.answers)) if rows is None else rows
        log_likelihood = smooth_paths(*self._parts(which, rows), with_moves=False).log_likelihood
        log_joint = log_likelihood + np.log(self.fit.answers.person_weight(self.fit))
        return np.exp(log_joint - np.logaddexp.reduce(log_joint, axis=-1)[..., None])

    def most_likely(self, which, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Most likely path of distinct sequences in draws, shape (wave, draw, row), and its probability (draw, row).

        Where persons are summed out it is that of each sequence's most likely person.
        """
        rows = np.arange(len(self.answers)) if rows is None else rows
        parts = self._parts(which, rows)
        weight = np.log(self.fit.answers.person_weight(self.fit))
        path, log_joint = most_likely_paths(parts[0], [each.written_out for each in parts[1]], parts[2])
        log_likelihood = smooth_paths(*parts, with_moves=False).log_likelihood + weight
        person = log_likelihood.argmax(axis=-1)[..., None]
        of_person = np.take_along_axis(path, person[None], axis=-1)[..., 0]
        log_p = np.take_along_axis(log_joint + weight - log_likelihood, person, axis=-1)[..., 0]
        return of_person, np.exp(log_p)

    def probability_of(self, which, path: np.ndarray) -> np.ndarray:
        """Probability of one path of each distinct sequence given all its answers, from (wave, row) to (draw, row)."""
        rows = np.arange(len(self.answers))
        initial, steps = self.initial(which, rows), self.transition(which, rows)
        answers = self.log_answers(which, rows)  # (wave, class, draw, row, person)
        initial = np.broadcast_to(initial, (*initial.shape[:2], len(rows)))
        log_joint = np.log(initial[path[0], :, rows]).T[..., None] + answers[0][path[0], :, rows].swapaxes(0, 1)
        for step, (before, after) in enumerate(pairwise(path)):
            transition = np.broadcast_to(steps[step], (*steps[step].shape[:3], len(rows)))
            log_joint = log_joint + np.log(transition[before, after, :, rows]).T[..., None]
            log_joint = log_joint + answers[step + 1][after, :, rows].swapaxes(0, 1)
        weight = np.log(self.fit.answers.person_weight(self.fit))
        total = self.smoothed(which, rows, with_moves=False).log_likelihood
        return np.exp(np.logaddexp.reduce(log_joint + weight, axis=-1) - total)

    @property
    def missing_answers(self) -> np.ndarray:
        """Where answers are missing at waves that were seen, shape (pattern, wave, item)."""
        codes = self.fit.patterns[ANSWERS].transpose(PATTERN, WAVE, ITEM).to_numpy()
        return is_missing(codes) & self.seen[..., None]


def paths_of(fit) -> FittedPaths:
    """The paths of a fit of `LatentTransition`, made once."""
    return fit.once("paths", lambda: FittedPaths(fit))
