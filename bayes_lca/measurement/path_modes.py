"""Modes of a latent transition model without covariates: where chains start, and which class has which label."""

import json
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import softmax

from bayes_lca.data.unique_rows import UniqueRows
from bayes_lca.dims import class_names
from bayes_lca.likelihood.baum_welch import PathMaximum, fit_paths
from bayes_lca.likelihood.path_start import PathStart, expected_moves, path_start
from bayes_lca.measurement.families_of_copies import families_of_copies
from bayes_lca.measurement.interface import Measurement, Start
from bayes_lca.measurement.item_copies import ItemCopies

TOLERANCE, MOST_STEPS = 1e-6, 2000
"""Of the climb to a mode: chains find the way from near it."""
LEAST_COUNT = 1e-9
LEAST_WEIGHT = 0.05
"""Share of the likelihood that a mode could hold from which on chains start there."""


@dataclass(frozen=True, eq=False)
class PathMode:
    """Classes at a mode, and who moves between them there.

    Attributes
    ----------
    start : Start
    path : PathStart
    """

    start: Start
    path: PathStart

    def of_sequences(self, which: np.ndarray) -> "PathMode":
        """The same with sequences by their number, some of them again."""
        path = replace(self.path, membership=self.path.membership[which], expected=self.path.expected[which])
        return replace(self, path=path)


def path_modes(
    measurement: Measurement,
    responses,
    answer_patterns: UniqueRows,
    answers: np.ndarray,
    counts: np.ndarray,
    n_classes: int,
    over_time: Literal["equal", "free"],
    copies: ItemCopies,
) -> tuple[PathMode, ...]:
    """Modes that could hold most of the posterior, the best first.

    Parts that maximum likelihood of paths does not have start at the classes of single waves, and the transitions that
    go with them.

    Parameters
    ----------
    measurement : Measurement
    responses : Responses or Numbers
        Of all rows.
    answer_patterns : UniqueRows
        Distinct answers of these rows.
    answers : ndarray of int, shape (sequence, wave)
        Which of them each distinct sequence has, -1 where a wave is missing.
    counts : ndarray, shape (sequence,)
    n_classes : int
    over_time : {"equal", "free"}
        Whether all steps have the same transitions.
    copies : ItemCopies
        Of items that have parameters of their own at each wave; profiles of modes are those of the copies.

    Raises
    ------
    ValueError
        If there are more classes than distinct answers.
    """
    families = families_of_copies(copies, measurement, responses, answer_patterns.first, answers)
    if families is None or n_classes == 1:
        start = measurement.start(responses, answer_patterns, n_classes)
        return tuple(
            PathMode(
                each.of_items(copies.source), path_start(each.membership, answers, counts, free=over_time == "free")
            )
            for each in (start, *start.rivals)
        )
    n_rows = len(answer_patterns.count)
    if n_classes > n_rows:
        raise ValueError(
            f"n_classes={n_classes} exceeds the {n_rows} distinct answer patterns of {len(responses.codes)} rows; ask "
            "for fewer classes"
        )
    found = fit_paths(
        *(families.of_rows, families.rows, counts, n_classes),
        over_time=over_time,
        places=families.places,
        tolerance=TOLERANCE,
        max_steps=MOST_STEPS,
    )
    weights = softmax([maximum.log_likelihood for maximum in found.maxima])
    names = tuple(class_names(n_classes, taken=responses.items))
    modes = [
        PathMode(
            Start(
                _of_answers(maximum, answers, counts, n_rows),
                measurement.profile(families.copied, families.joined(maximum)),
                names,
                weight=float(weight),
            ),
            PathStart(maximum.transition, maximum.membership, expected_moves(maximum.membership, maximum.transition)),
        )
        for maximum, weight in zip(found.maxima, weights, strict=True)
        if weight >= LEAST_WEIGHT
    ]
    attributes = {
        "em_starts": found.n_starts,
        "em_log_likelihoods": json.dumps([maximum.log_likelihood for maximum in found.maxima]),
        "em_starts_by_mode": json.dumps([maximum.starts for maximum in found.maxima]),
    }
    best = replace(modes[0], start=replace(modes[0].start, attributes=attributes))
    return (best, *modes[1:])


def _of_answers(maximum: PathMaximum, answers: np.ndarray, counts: np.ndarray, n_rows: int) -> np.ndarray:
    """Class probabilities of who gave each of the distinct answers, shape (answers, latent_class)."""
    sequence, wave = np.nonzero(answers >= 0)
    counts = np.maximum(counts, LEAST_COUNT)  # of persons with a survey weight of 0 too
    total = np.zeros((n_rows, maximum.membership.shape[-1]))
    np.add.at(total, answers[sequence, wave], counts[sequence, None] * maximum.membership[sequence, wave])
    return total / total.sum(axis=1, keepdims=True)
