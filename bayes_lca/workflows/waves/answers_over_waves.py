"""Answers of a long frame for maximum likelihood of latent transitions, items equal over waves or free."""

from collections.abc import Collection
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np

from bayes_lca.data.answered import is_missing
from bayes_lca.data.frame import named
from bayes_lca.data.responses import Responses
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.data.wave_checks import check_every_wave_answered, check_followed
from bayes_lca.data.waves import Waves, read_waves
from bayes_lca.fitted.record_sequences import missed_in_words
from bayes_lca.likelihood.baum_welch import PathFit, fit_paths
from bayes_lca.likelihood.families import Family
from bayes_lca.likelihood.without_bound import UnboundedLikelihoodError
from bayes_lca.measurement.interface import Measurement
from bayes_lca.measurement.nominal import check_measurement


@dataclass(frozen=True, eq=False)
class AnswersOverWaves:
    """Distinct answers of the persons who gave any, at all waves.

    Attributes
    ----------
    items : Measurement
    waves : Waves
    responses : Responses or Numbers
        Of all rows.
    first : ndarray of int, shape (row,)
        Row of the frame at which each distinct row, of a wave and its answers, first stands.
    wave : ndarray of int, shape (row,)
    sequences : ndarray of int, shape (sequence, wave)
        Distinct row of each distinct sequence at each wave, -1 where a wave is missing.
    counts : ndarray, shape (sequence,)
        Persons with each.
    n_silent : int
        Persons without any answer, who take no part.
    over_time : {"equal", "free"}
        Whether all steps have the same transitions.
    """

    items: Measurement
    waves: Waves
    responses: Responses
    first: np.ndarray
    wave: np.ndarray
    sequences: np.ndarray
    counts: np.ndarray
    n_silent: int
    over_time: Literal["equal", "free"]

    @classmethod
    def read(cls, items: Measurement, frame, person: str, wave: str, over_time: str) -> "AnswersOverWaves":
        """Of a long frame.

        Raises
        ------
        TypeError
            If `items` is no measurement part.
        ValueError
            If `over_time` is something else, the columns of persons or waves cannot be used or are items, nobody was
            followed, nobody answered an item at some wave, or items have no maximum likelihood of this kind.
        """
        check_measurement(items)
        if over_time not in ("equal", "free"):
            raise ValueError(f"over_time={over_time!r}: choose 'equal' or 'free'")
        if both := [name for name in (person, wave) if name in items.columns]:
            raise ValueError(f"item(s) {both} say whose row it is, or of which wave; leave them out of items=")
        waves = read_waves(frame, person, wave, over_time=over_time)
        responses = items.read(frame)
        check_followed(waves, over_time)
        at_waves = waves.at_waves(responses.codes)
        check_every_wave_answered(at_waves, responses.items, waves, is_missing(at_waves))
        of_row = np.empty(len(responses.codes), dtype=int)
        of_row[waves.place[waves.seen]] = np.nonzero(waves.seen)[1]
        rows = unique_rows(of_row, unique_rows(responses.codes).pattern)
        if items.families(responses, rows.first) is None:
            raise ValueError(
                f"items {list(items.columns)} of {len(responses.codes)} rows are restricted, have priors of their own "
                "or share a common method, which maximum likelihood of paths does not fit; give plain items"
            )
        answered = ~is_missing(at_waves).all(axis=(1, 2))
        of_persons = waves.at_waves(rows.pattern[:, None])[answered][..., 0]
        distinct = unique_rows(of_persons)
        return cls(
            *(items, waves, responses, rows.first, of_row[rows.first], of_persons[distinct.first]),
            *(distinct.count, int((~answered).sum()), over_time),
        )

    @property
    def n(self) -> int:
        """Persons who answered something."""
        return int(self.counts.sum())

    def degrees_of_freedom(self, n_parameters: int) -> float:
        """Cells of the table of all answers at all waves less one less the parameters; not a number of numbers."""
        n_categories = [len(labels) for labels in self.responses.labels]
        if not all(n_categories):
            return np.nan
        return float(prod(n_categories) ** len(self.waves.names) - 1 - n_parameters)

    @property
    def note(self) -> str:
        """Persons, waves and answers, as one line."""
        n_waves, n_persons = len(self.waves.names), len(self.waves.persons)
        missing = is_missing(self.responses.codes).sum()
        silent = f", {self.n_silent} more without any answer take no part" if self.n_silent else ""
        missed = missed_in_words(n_waves, n_persons, int((~self.waves.seen).sum()))
        return f"n = {self.n} persons{silent}, {missed}, 0 rows left out, {int(missing)} answers missing"

    def families(self, free: Collection[str]) -> tuple[list[Family], list[list[str | int]]]:
        """Families of the distinct rows, an item for each wave in place of each free one, and names of their items."""
        families = [each.without_prior() for each in self.items.families(self.responses, self.first) or ()]
        parts, everywhere = getattr(self.items, "parts", (self.items,)), np.ones(len(self.first), dtype=bool)
        result, names = [], []
        for family, part in zip(families, parts, strict=True):
            is_free = np.array([str(name) in free for name in part.columns])
            at_waves = [self.wave == place for place in range(len(self.waves.names))]
            for chosen, rows in ((np.flatnonzero(~is_free), [everywhere]), (np.flatnonzero(is_free), at_waves)):
                if len(chosen):
                    result += [family.some(chosen, of_wave) for of_wave in rows]
                    names += [[part.columns[place] for place in chosen]] * len(rows)
        return result, names

    def fit(self, n_classes: int, free: Collection[str], *, n_starts: int, seed: int) -> PathFit:
        """Maxima of the likelihood.

        Raises
        ------
        ValueError
            If there are more classes than distinct answers.
        UnboundedLikelihoodError
            If all starts end where the likelihood has no bound.
        """
        patterns = len(unique_rows(self.responses.codes).count)
        if n_classes > patterns:
            raise ValueError(
                f"{n_classes} classes exceed the {patterns} distinct answer patterns of {len(self.responses.codes)} "
                "rows; ask for fewer classes"
            )
        places = np.concatenate([family.places for family in self.families(())[0]], axis=1)
        families, names = self.families(free)
        try:
            return fit_paths(
                *(families, self.sequences, self.counts, n_classes),
                over_time=self.over_time,
                places=places,
                n_starts=n_starts,
                seed=seed,
            )
        except UnboundedLikelihoodError as error:
            kind = "free" if len(free) == len(self.items.columns) else f"free in {named(free)}" if free else "equal"
            columns = dict(zip(self.items.columns, self.responses.codes.T, strict=True))
            raise error.of(f"n_classes={n_classes}, measurement {kind} over waves", names, columns) from None
