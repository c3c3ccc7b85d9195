"""What a long frame says to the parts of a latent transition model: the rows of the likelihood, and where to start."""

import json
import warnings
from dataclasses import dataclass
from typing import Literal

import narwhals as nw
import numpy as np
import pymc as pm
import xarray as xr

from bayes_lca.data.answered import is_missing
from bayes_lca.data.design import Design
from bayes_lca.data.formula import read_formula
from bayes_lca.data.frame import check_columns
from bayes_lca.data.responses import Responses, recorded_empty
from bayes_lca.data.rows_left_out import RowsLeftOutWarning
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.data.survey_weights import nesting_declared
from bayes_lca.data.unique_rows import UniqueRows, unique_rows
from bayes_lca.data.wave_checks import (
    check_every_wave_answered,
    check_followed,
    check_within_persons,
    warn_of_few_waves,
)
from bayes_lca.data.wave_sample import sample_of_persons
from bayes_lca.data.waves import Waves, read_waves, rows_at, step_names
from bayes_lca.dims import CLASS, OTHER_CLASS, PATTERN, STEP, WAVE
from bayes_lca.fitted.record import EXCHANGEABLE, distinct_rows
from bayes_lca.fitted.record_sequences import merged_axes, record_sequences, record_steps
from bayes_lca.fitted.survey_record import record_sample
from bayes_lca.likelihood.identification import check_cells_of_waves
from bayes_lca.likelihood.path_start import PathStart
from bayes_lca.measurement.answers_of_waves import starting_values_of_waves
from bayes_lca.measurement.interface import Start
from bayes_lca.measurement.item_copies import ItemCopies
from bayes_lca.measurement.path_modes import PathMode, path_modes
from bayes_lca.models_of_parts import OfPaths
from bayes_lca.prepared import Prepared
from bayes_lca.structural.interface import Structural
from bayes_lca.structural.starting_membership import StartingMembership
from bayes_lca.structural.transition import Transition


@dataclass(frozen=True, eq=False)
class PathRows:
    """Distinct sequences of answers, covariates and groups, and where to start.

    Attributes
    ----------
    model : model of paths
        With parts ``measurement``, ``initial`` and ``transition``.
    waves : Waves
    responses : Responses or Numbers
        Answers of all rows of the frame, but for those left out.
    answer_patterns : UniqueRows
        Distinct answers of these rows.
    modes : tuple of PathMode
        Classes as the answers of all waves give them, the best first.
    sequences : UniqueRows
        Rows of the likelihood: distinct persons, or all of them.
    of_persons, initial : Design
        Covariates of the first wave, of persons and of the rows of the likelihood.
    of_rows : Design
        Covariates of transitions, of rows of the frame.
    row_of_step : ndarray of int, shape (person, step)
        Row of `of_rows` for each step.
    first_row : ndarray of int, shape (person,)
        Row of the frame at which each person was first seen.
    n_dropped : int
        Rows of the frame left out because a covariate is missing.
    sample : SurveySample, optional
        Survey weights of the persons, their clusters and strata.
    """

    model: OfPaths
    waves: Waves
    responses: Responses
    answer_patterns: UniqueRows
    modes: tuple[PathMode, ...]
    sequences: UniqueRows
    of_persons: Design
    initial: Design
    of_rows: Design
    row_of_step: np.ndarray
    first_row: np.ndarray
    n_dropped: int
    sample: SurveySample | None = None

    @classmethod
    def read(
        cls,
        model,
        frame,
        *,
        missing: Literal["raise", "drop"],
        collapse: bool,
        survey: SurveyDesign | None = None,
    ) -> "PathRows":
        """Answers and covariates of the persons whose covariates are complete."""
        waves = read_waves(frame, model.person, model.wave, over_time=model.transition.over_time)
        check_within_persons(frame, waves, _group_columns(model.initial))
        with nesting_declared(survey):
            of_persons = _read(
                model.initial, frame, waves.first_row, missing, "initial=, from the first row of a person"
            )
        kept = np.isin(np.arange(waves.seen.sum()), waves.place[of_persons.kept])
        _warn_of_persons_left_out(of_persons.kept, kept)
        later = waves.keep(np.ones_like(kept), of_persons.kept).later_rows
        of_rows = _read(model.transition, frame, later, missing, "transition=, from the rows of later waves")
        kept[later[~of_rows.kept]] = False
        sample = None if survey is None else sample_of_persons(survey, frame, waves, kept, of_persons, model)
        responses = model.measurement.read(frame).keep(kept)
        kept_waves = waves.keep(kept, of_persons.kept)
        at_waves = kept_waves.at_waves(responses.codes)  # (person, wave, item)
        check_followed(kept_waves, model.transition.over_time)
        if len(model.measurement.person_weight) > 1:
            warn_of_few_waves(kept_waves)
        check_every_wave_answered(at_waves, responses.items, kept_waves, is_missing(at_waves))
        n_steps = kept_waves.n_steps if model.transition.over_time == "free" else 1
        check_cells_of_waves(
            *(model.n_classes, model.measurement.degrees_of_freedom(responses, model.n_classes)),
            *([len(labels) for labels in responses.labels], len(kept_waves.names), n_steps, len(responses.codes)),
        )
        answer_patterns = unique_rows(responses.codes)
        row_of_step = kept_waves.row_of_step
        answers = kept_waves.at_waves(answer_patterns.pattern[:, None])[..., 0]  # (person, wave)
        seen = [answers, *_of_steps(of_rows, row_of_step)]
        everybody = np.arange(len(at_waves))
        sequences = distinct_rows(of_persons, *seen) if collapse else unique_rows(everybody)
        of_answers = unique_rows(answers) if sample is None else sample.weighing(unique_rows(answers))
        modes = path_modes(
            *(model.measurement, responses, answer_patterns, answers[of_answers.first], of_answers.count),
            *(model.n_classes, model.transition.over_time),
            ItemCopies.of(responses.items, model.measurement_over_time, len(kept_waves.names)),
        )
        return cls(
            model=model,
            waves=kept_waves,
            responses=responses,
            answer_patterns=answer_patterns,
            modes=tuple(mode.of_sequences(of_answers.pattern[sequences.first]) for mode in modes),
            sequences=sequences,
            of_persons=of_persons,
            initial=of_persons.take(sequences.first),
            of_rows=of_rows,
            row_of_step=row_of_step,
            first_row=waves.first_row[of_persons.kept],
            n_dropped=int((~kept).sum()),
            sample=sample,
        )

    @property
    def start(self) -> Start:
        """Classes at the best mode; its profile has the copies of items that are free over waves."""
        return self.modes[0].start

    @property
    def count(self) -> np.ndarray:
        """Persons with each row, shape (pattern,)."""
        return self.sequences.count

    @property
    def weight(self) -> np.ndarray:
        """What each row counts for: its persons, or their survey weights added up; shape (pattern,)."""
        return self.count if self.sample is None else self.sample.weighing(self.sequences).count

    @property
    def steps(self) -> list[Design]:
        """Covariates of each step of the rows of the likelihood."""
        rows = np.maximum(self.row_of_step[self.sequences.first], 0)  # (pattern, step)
        return [self.of_rows.take(of_step) for of_step in rows.T]

    @property
    def all_steps(self) -> Design:
        """The same, one step after the other."""
        return self.of_rows.take(np.maximum(self.row_of_step[self.sequences.first], 0).T.ravel())

    @property
    def codes(self) -> np.ndarray:
        """Answers of each row, shape (pattern, wave, item)."""
        return self.waves.at_waves(self.responses.codes)[self.sequences.first]

    def coords(self) -> dict:
        """Names along the axes of the model."""
        names, model = list(self.start.class_names), self.model
        return {
            CLASS: names,
            OTHER_CLASS: names,
            PATTERN: range(len(self.count)),
            WAVE: list(self.waves.names),
            STEP: step_names(self.waves.names),
            **model.measurement.coords(self.responses),
            **model.initial.coords(self.initial, len(names)),
            **model.transition.coords(self.of_rows, len(names)),
        }

    def initial_membership(self, path: PathStart) -> StartingMembership:
        """Who belongs where at the first wave, roughly."""
        return StartingMembership(path.membership[:, 0], self.weight, self.initial)

    def transition_membership(self, path: PathStart) -> StartingMembership:
        """Who belongs where after each step, roughly, and where they are expected from the class before."""
        n_classes = path.membership.shape[-1]
        weight = np.where(self.row_of_step[self.sequences.first] >= 0, self.weight[:, None], 0)  # (pattern, step)
        return StartingMembership(
            path.membership[:, 1:].swapaxes(0, 1).reshape(-1, n_classes),
            weight.T.ravel(),
            self.all_steps,
            path.expected.swapaxes(0, 1).reshape(-1, n_classes),
        )

    def prepared(self, built: pm.Model) -> Prepared:
        """A model that was built of these rows, with what travels with its draws."""
        model = self.model
        groups, attributes = record_sequences(
            self.waves, self.responses, self.answer_patterns, self.of_persons, self.sequences, self.first_row
        )
        groups, attributes = record_sample(self.sample, self.weight, groups, attributes)
        of_steps, of_transitions = record_steps(self.of_rows, self.row_of_step[self.sequences.first])
        groups = {name: dataset.merge(of_steps.get(name, xr.Dataset())) for name, dataset in groups.items()}
        attributes = merged_axes(attributes, of_transitions) | {"n_dropped": self.n_dropped}
        of_items, values = [], []
        for mode in self.modes:
            of_items.append(
                starting_values_of_waves(
                    model.measurement, self.responses, mode.start, len(self.waves.names), model.measurement_over_time
                )
            )
            of_first = model.initial.starting_values(self.initial, self.initial_membership(mode.path))
            of_steps = model.transition.starting_values(self.of_rows, mode.path.transition)
            values.append({**of_first, **of_steps, **of_items[-1]})
        attributes |= {**self.responses.attributes, **model.initial.attributes, **model.transition.attributes}
        attributes |= dict(self.start.attributes)
        attributes |= recorded_empty({**self.of_persons.empty, **self.of_rows.empty, **self.responses.empty})
        copies = ItemCopies.of(self.responses.items, model.measurement_over_time, len(self.waves.names))
        sets = model.measurement.exchangeable(self.responses, model.n_classes)
        if sets.any():
            attributes |= {EXCHANGEABLE: json.dumps(sets.tolist())}
        return Prepared(
            model=built,
            start=values[0],
            jittered=tuple(of_items[0]),
            groups=groups,
            attributes=attributes | model.identity | {"n_classes": model.n_classes},
            pivot=copies.averaged(self.start.profile) if self.start.aligns_labels else None,
            rivals=tuple(values[1:]),
            weights=tuple(mode.start.weight for mode in self.modes),
        )


def _warn_of_persons_left_out(persons: np.ndarray, rows: np.ndarray) -> None:
    """Say what goes with first rows that are left out, from persons and rows that are kept."""
    if not persons.all():
        warnings.warn(
            f"{int((~persons).sum())} of {len(persons)} persons left out, with all their {int((~rows).sum())} of "
            f"{len(rows)} rows, for the first row of each lacks a covariate of the first wave",
            RowsLeftOutWarning,
            stacklevel=4,
        )


def _read(
    part: Structural | Transition, frame, which: np.ndarray, missing: Literal["raise", "drop"], whose: str
) -> Design:
    """Covariates of some rows; a refusal says which these are."""
    check_columns(frame, part.columns, role="formula")
    try:
        return part.read(rows_at(frame, which), missing)
    except ValueError as error:
        raise ValueError(
            f"{whose} ({len(which)} of {len(nw.from_native(frame, eager_only=True))} rows): {error}"
        ) from error


def _group_columns(initial) -> tuple[str, ...]:
    formula = getattr(initial, "formula", "~ 1")
    return tuple(dict.fromkeys(name for columns in read_formula(formula).groupings for name in columns))


def _of_steps(design: Design, row_of_step: np.ndarray) -> list[np.ndarray]:
    """What transitions depend on in each step, 0 after a person's last wave, each of shape (person, ...)."""
    there = row_of_step >= 0
    columns = [design.matrix, *(grouping.index[:, None] for grouping in design.groupings)]
    codes = [values.cat.codes if hasattr(values, "cat") else values for _, values in design.covariates.items()]
    columns += [np.asarray(values)[:, None] for values in codes if np.asarray(values).dtype.kind in "iuf"]
    return [
        np.where(there[..., None], values[np.maximum(row_of_step, 0)], 0).reshape(len(there), -1)
        for values in columns
        if values.shape[1]
    ]
