"""Paths of a fit to several waves: what the draws say of every distinct sequence."""

import json
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy
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
    TRANSITION_SLOPE,
    TRANSITION_TERM,
    WAVE,
    by_wave,
    group_effect,
    group_slope,
    group_terms,
    of_transition,
)
from bayes_lca.fitted.record import GROUPINGS, PATTERNS
from bayes_lca.likelihood.paths import SmoothedPaths, most_likely_paths, smooth_paths

CLASS_BEFORE, CLASS_AFTER = "latent_class", "other_class"
"""Axes of transition probabilities: the class that is left, and the class that is moved to."""


@dataclass(frozen=True, eq=False)
class FittedPaths:
    """Distinct sequences of a fit of `LatentTransition`, and probabilities of their paths in draws.

    Attributes
    ----------
    fit : Fit
    """

    fit: object

    @cached_property
    def waves(self) -> tuple[str, ...]:
        """Names of the waves in their order."""
        return tuple(str(name) for name in self.fit.patterns[WAVE].to_numpy())

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """Names of the steps from a wave to the next."""
        return tuple(str(name) for name in self.fit.patterns[STEP].to_numpy())

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

        Of other steps nothing is known, and their covariates and groups are of no meaning.
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
        return self.fit.patterns[TRANSITION_DESIGN].transpose(PATTERN, STEP, TRANSITION_TERM).to_numpy()

    @cached_property
    def transition_center(self) -> np.ndarray:
        """Mean of each of its columns over all moves, shape (term,)."""
        return self.fit.encoding[TRANSITION_DESIGN_CENTER].to_numpy()

    @cached_property
    def transition_group(self) -> dict[str, np.ndarray]:
        """Group at each step by grouping, shape (pattern, step)."""
        return {name: self.fit.patterns[f"{name}_index"].to_numpy() for name in self.transition_groupings}

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

    def log_transition(self, which, matrix: np.ndarray, groups: dict[str, np.ndarray]) -> np.ndarray:
        """Log transition probabilities at rows of covariates and groups.

        Parameters
        ----------
        which : slice or ndarray of int
            Draws, chains after each other.
        matrix : ndarray, shape (row, step, term)
            In the user's units.
        groups : dict of str to ndarray of int, shape (row, step)
            A grouping left out, and a group of -1, count as an average group.

        Returns
        -------
        ndarray, shape (draw, row or 1, step, origin, destination)
        """
        fit, logits = self.fit, self.transition_logits(which)[:, None]  # (draw, 1, step, origin, destination)
        if TRANSITION_SLOPE in fit.posterior:
            centered = matrix - self.transition_center
            axes = (
                (CLASS_BEFORE,)
                if CLASS_AFTER not in fit.posterior[TRANSITION_SLOPE].dims
                else (CLASS_BEFORE, CLASS_AFTER)
            )
            slope = fit.parameter(TRANSITION_SLOPE, TRANSITION_TERM, *axes)[which]
            if len(axes) == 1:
                slope = slope[:, :, None]  # (draw, term, origin or 1, destination)
            logits = logits + np.einsum("nst,dtoc->dnsoc", centered, slope, optimize=True)
        for name, index in groups.items():
            logits = logits + self._of_groups(name, index, matrix, which)[:, :, :, None, :]
        return scipy.special.log_softmax(logits, axis=-1)

    def _of_groups(self, name: str, index: np.ndarray, matrix: np.ndarray, which) -> np.ndarray:
        """What groups add to the logits of each destination, shape (draw, row, step, destination)."""
        fit = self.fit
        effect = fit.parameter(group_effect(name), name, CLASS_BEFORE)[which]
        effect = np.concatenate([effect, np.zeros_like(effect[:, :1])], axis=1)  # a group of -1 is the last
        added = effect[:, index]
        if group_slope(name) in fit.posterior:
            varying = [self.transition_terms.index(str(t)) for t in fit.posterior[group_terms(name)].to_numpy()]
            slope = fit.parameter(group_slope(name), name, group_terms(name), CLASS_BEFORE)[which]
            slope = np.concatenate([slope, np.zeros_like(slope[:, :1])], axis=1)
            centered = (matrix - self.transition_center)[..., varying]
            added = added + np.einsum("nst,dnstc->dnsc", centered, slope[:, index])
        return added

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
        posterior = fit.posterior
        free = [name for name in posterior if by_wave(str(name)) in posterior]
        posterior = posterior.assign(
            {name: posterior[by_wave(str(name))].isel({WAVE: wave}, drop=True) for name in free}
        )
        tree = fit.tree.copy()
        tree["posterior"], tree[PATTERNS] = xr.DataTree(posterior), xr.DataTree(patterns)
        return replace(fit, tree=tree, _kept={})

    def log_answers(self, which, rows: np.ndarray) -> np.ndarray:
        """Log density of the answers at each wave, 0 where a wave is missing; (wave, class, draw, row, person)."""
        free = any(by_wave(str(name)) in self.fit.posterior for name in self.fit.posterior)
        at_waves, of_distinct = [], None
        for wave in range(len(self.waves)):
            if of_distinct is None or free:
                one = self.answers_at(wave)
                of_distinct = np.moveaxis(one.answers.log_density_given_person(one, which), 2, 0)
                missing = np.zeros((*of_distinct.shape[:2], 1, of_distinct.shape[3]))
                of_distinct = np.concatenate([of_distinct, missing], axis=2)  # a row of -1 is the last
            at_waves.append(of_distinct[:, :, self.answers[rows, wave]])
        return np.stack(at_waves)

    def log_initial(self, which, rows: np.ndarray) -> np.ndarray:
        """Log probability of each class at the first wave, shape (class, draw, row or 1)."""
        return np.moveaxis(self.fit.log_class(rows, which), -1, 0)

    def log_transition_of_rows(self, which, rows: np.ndarray) -> np.ndarray:
        """Log transition probabilities of distinct sequences, shape (step, origin, destination, draw, row or 1)."""
        groups = {name: index[rows] for name, index in self.transition_group.items()}
        log_p = self.log_transition(which, self.transition_matrix[rows], groups)
        return log_p.transpose(2, 3, 4, 0, 1)

    def smoothed(self, which, rows: np.ndarray | None = None) -> SmoothedPaths:
        """Class at every wave and moves of distinct sequences given all their answers.

        Parameters
        ----------
        which : slice or ndarray of int
            Draws, chains after each other.
        rows : ndarray of int, optional
            Distinct sequences by position; all by default.

        Returns
        -------
        SmoothedPaths
            ``log_likelihood`` of shape (draw, row), ``membership`` (wave, class, draw, row), ``moves`` (step, origin,
            destination, draw, row).
        """
        rows = np.arange(len(self.answers)) if rows is None else rows
        paths = smooth_paths(
            self.log_initial(which, rows)[..., None],
            self.log_transition_of_rows(which, rows)[..., None],
            self.log_answers(which, rows),
        )
        log_joint = paths.log_likelihood + np.log(self.fit.answers.person_weight(self.fit))  # (draw, row, person)
        total = np.logaddexp.reduce(log_joint, axis=-1)
        person = np.exp(log_joint - total[..., None])
        return SmoothedPaths(total, (paths.membership * person).sum(axis=-1), (paths.moves * person).sum(axis=-1))

    def most_likely(self, which, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Most likely path of distinct sequences in draws, shape (wave, draw, row), and its probability (draw, row).

        Where persons are summed out it is that of each sequence's most likely person.
        """
        rows = np.arange(len(self.answers)) if rows is None else rows
        parts = (
            self.log_initial(which, rows)[..., None],
            self.log_transition_of_rows(which, rows)[..., None],
            self.log_answers(which, rows),
        )
        weight = np.log(self.fit.answers.person_weight(self.fit))
        path, log_joint = most_likely_paths(*parts)
        log_likelihood = smooth_paths(*parts).log_likelihood + weight
        person = log_likelihood.argmax(axis=-1)[..., None]
        of_person = np.take_along_axis(path, person[None], axis=-1)[..., 0]
        log_p = np.take_along_axis(log_joint + weight - log_likelihood, person, axis=-1)[..., 0]
        return of_person, np.exp(log_p)

    @property
    def missing_answers(self) -> np.ndarray:
        """Where answers are missing at waves that were seen, shape (pattern, wave, item)."""
        codes = self.fit.patterns[ANSWERS].transpose(PATTERN, WAVE, ITEM).to_numpy()
        return is_missing(codes) & self.seen[..., None]


def paths_of(fit) -> FittedPaths:
    """The paths of a fit of `LatentTransition`, made once."""
    return fit.once("paths", lambda: FittedPaths(fit))
