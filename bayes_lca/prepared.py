"""What a model is to `fit`: something that makes, of a frame, a PyMC model with its data and starting values."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, final

import numpy as np
import pymc as pm
import xarray as xr

from bayes_lca.data.counted import CountedRows
from bayes_lca.data.design import Design
from bayes_lca.data.frame import named
from bayes_lca.data.keys import read_key
from bayes_lca.data.responses import Responses, recorded_empty
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.data.survey_weights import count_sampled, nesting_declared, sample_of, survey_options
from bayes_lca.data.unique_rows import UniqueRows, unique_rows
from bayes_lca.data.variable_labels import VARIABLE_LABELS
from bayes_lca.dims import CLASS, OTHER_CLASS, PATTERN, RESPONDENT, ROW_OF_RESPONDENT
from bayes_lca.fitted.kinds import Kind
from bayes_lca.fitted.record import EXCHANGEABLE, KEY, PATTERNS, distinct_rows, record_answers, record_table
from bayes_lca.fitted.survey_record import record_sample
from bayes_lca.measurement.answers_in_sets import distinct_answers, start_of, starting_values_of
from bayes_lca.measurement.interface import Measurement, Start
from bayes_lca.measurement.items_apart import check_no_items
from bayes_lca.model_in_html import ShownInNotebooks
from bayes_lca.models_of_parts import OfClasses
from bayes_lca.specification import specification_of
from bayes_lca.structural.interface import Structural
from bayes_lca.structural.starting_membership import StartingMembership


@dataclass(frozen=True)
class Prepared:
    """A PyMC model, where to start it, and the data that travel with its draws.

    Attributes
    ----------
    model : pymc.Model
    start : mapping of str to ndarray
        Starting values by free variable.
    jittered : tuple of str
        Variables that each chain starts a little elsewhere.
    groups : mapping of str to xarray.Dataset
        Groups of the tree beside the draws, from `bayes_lca.fitted.record`.
    attributes : mapping
        Kind, specification, formula, labels, counts of missing rows: numbers and text only.
    pivot : ndarray of shape (latent_class, item, ...), optional
        Profiles that give the classes their labels; None if labels need no alignment.
    rivals : tuple of mappings of str to ndarray
        Starting values at other modes.
    weights : tuple of float
        Share of the posterior that each mode could hold, roughly: that at `start`, then the rivals.
    """

    model: pm.Model
    start: Mapping[str, np.ndarray]
    jittered: tuple[str, ...]
    groups: Mapping[str, xr.Dataset]
    attributes: Mapping[str, Any]
    pivot: np.ndarray | None = None
    rivals: tuple[Mapping[str, np.ndarray], ...] = ()
    weights: tuple[float, ...] = (1.0,)

    def named_by(self, frame, key: str) -> "Prepared":
        """The same with respondents named by a column of the frame in place of its row labels.

        Raises
        ------
        ValueError
            If there is no such column, or it does not tell the rows apart.
        """
        patterns = self.groups[PATTERNS]
        names = read_key(frame, key)[patterns[ROW_OF_RESPONDENT].to_numpy()]
        groups = dict(self.groups) | {PATTERNS: patterns.assign_coords({RESPONDENT: names.to_numpy()})}
        return replace(self, groups=groups, attributes=dict(self.attributes) | {KEY: str(key)})

    def labelled_by(self, labels: Mapping[str, str]) -> "Prepared":
        """The same, with the variable labels of its columns beside them, where there are any."""
        said = {VARIABLE_LABELS: json.dumps(labels)} if labels else {}
        return replace(self, attributes=dict(self.attributes) | said)

    def counted_by(self, counted: CountedRows) -> "Prepared":
        """The same, with the frequency table that its respondents come from beside them."""
        groups, attributes = record_table(counted, self.groups)
        return replace(self, groups=groups, attributes=dict(self.attributes) | attributes)


class Model(ShownInNotebooks, ABC):
    """A named combination of parts; models are frozen dataclasses that are not derived from further."""

    kind: ClassVar[Kind]
    """How fits of the model are read, and which functions hold for them."""

    why_no_survey_design: ClassVar[str] = "its likelihood is not weighted; fit LatentClass"
    """Why `prepare` takes no survey design, and what to do; empty where it takes one."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str | int, ...]:
        """Columns of a frame that the model uses."""

    @abstractmethod
    def prepare(self, frame, *, missing: Literal["raise", "drop"] = "raise", collapse: bool = True) -> Prepared:
        """The model of a frame, with what travels with its draws."""

    @final
    def build(
        self,
        frame,
        *,
        count: str | int | None = None,
        design: SurveyDesign | None = None,
        missing: Literal["raise", "drop"] = "raise",
        collapse: bool = True,
    ) -> pm.Model:
        """Build the model of a frame as an ordinary PyMC model.

        By default its rows are the distinct rows of the frame, each counted by its respondents: one value of the
        log-likelihood for all who share a row, and one predicted row. What speaks of single respondents needs
        ``collapse=False``: ``az.loo`` of a collapsed model leaves out all respondents of a distinct row at once, which
        moves its elpd by tens of units, and predictions of PyMC have one row for all of them. Draws of `bayes_lca.fit`
        have their log-likelihood by respondent as they are. Draws of `pymc.sample` become a fit by `bayes_lca.adopt`.

        Parameters
        ----------
        frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
            One row per respondent, or a frequency table with `count`.
        count : str or int, optional
            Column of the number of respondents with each row.
        design : SurveyDesign, optional
            How respondents were sampled: their weights enter the likelihood, which is a pseudo-likelihood then.
        missing : {"raise", "drop"}
            What to do with rows that lack a covariate or an observed outcome. Missing answers need nothing done.
        collapse : bool, default True
            Whether equal rows are counted once. With False every respondent keeps a row, in the order of the frame: the
            same posterior, with a value for each respondent in what PyMC and ArviZ compute of the model.

        Returns
        -------
        pymc.Model
            Its axis ``pattern`` has the distinct rows of answers, covariates and groups, or all respondents.

        Raises
        ------
        ValueError
            If an item, an outcome, a covariate or counts cannot be used, or there are more classes than answer
            patterns.

        Warns
        -----
        UnusedCountsWarning
            If nothing is counted, and a column that the model does not use looks like counts.
        """
        sampled = survey_options(self, design)
        respondents = count_sampled(frame, count, self.columns, design).frame
        return self.prepare(respondents, missing=missing, collapse=collapse, **sampled).model

    @property
    def identity(self) -> dict[str, str]:
        """What the draws remember of the model: its kind, and its specification as JSON."""
        return {"model": self.kind.name, "specification": json.dumps(specification_of(self))}


@dataclass(frozen=True, eq=False)
class ClassRows:
    """What a frame says to a measurement and a structural part: the rows of the likelihood, and where to start.

    Attributes
    ----------
    responses : Responses or Numbers
        Answers of all respondents.
    start : Start
    patterns : UniqueRows
        Rows of the likelihood: distinct patterns of answers, covariates and groups, or all respondents.
    answer_patterns : UniqueRows
        Distinct patterns of answers.
    of_respondents : Design
    design : Design
        Of the rows of the likelihood.
    sample : SurveySample, optional
        Survey weights of the respondents, their clusters and strata.
    """

    responses: Responses
    start: Start
    patterns: UniqueRows
    answer_patterns: UniqueRows
    of_respondents: Design
    design: Design
    sample: SurveySample | None = None

    @classmethod
    def read(
        cls,
        measurement: Measurement,
        structural: Structural,
        n_classes: int,
        frame,
        *,
        missing: Literal["raise", "drop"],
        collapse: bool,
        survey: SurveyDesign | None = None,
    ) -> "ClassRows":
        """Answers and covariates of the respondents whose covariates are complete."""
        with nesting_declared(survey):
            responses, design = measurement.read(frame), structural.read(frame, missing)
        check_no_items(measurement, design.covariates, len(responses.codes))
        responses = responses.keep(design.kept)
        answer_patterns = distinct_answers(responses, structural.profile_sets(design))
        sample = None if survey is None else sample_of(survey, frame, design, measurement.columns)
        answer_patterns = answer_patterns if sample is None else sample.weighing(answer_patterns)
        start = start_of(measurement, responses, answer_patterns, n_classes, structural.profile_sets(design))
        of_rows = answer_patterns.pattern
        patterns = distinct_rows(design, of_rows) if collapse else unique_rows(np.arange(len(of_rows)))
        return cls(responses, start, patterns, answer_patterns, design, design.take(patterns.first), sample)

    @property
    def membership(self) -> StartingMembership:
        """Who belongs where at the start, of the same rows."""
        return self._membership_at(self.start)

    def _membership_at(self, start: Start) -> StartingMembership:
        probability = start.membership[self.answer_patterns.pattern[self.patterns.first]]
        return StartingMembership(probability, self.weight, self.design, shares=start.shares)

    @property
    def first(self) -> np.ndarray:
        """Respondent at whom each row first stands, shape (pattern,)."""
        return self.patterns.first

    @property
    def count(self) -> np.ndarray:
        """Respondents with each row, shape (pattern,)."""
        return self.patterns.count

    @property
    def weight(self) -> np.ndarray:
        """What each row counts for in the likelihood: its respondents, or their survey weights; shape (pattern,)."""
        return self.count if self.sample is None else self.sample.weighing(self.patterns).count

    def coords(self, measurement: Measurement, structural: Structural) -> dict:
        """Names along the axes of the model."""
        names = list(self.start.class_names)
        return {
            CLASS: names,
            OTHER_CLASS: names,
            PATTERN: range(len(self.count)),
            **measurement.coords(self.responses),
            **structural.coords(self.design, len(names)),
        }

    def _exchangeable(self, model: OfClasses) -> np.ndarray:
        """The set of each class; refuse a structural part that numbers classes which the items leave exchangeable."""
        names = self.start.class_names
        sets = model.measurement.exchangeable(self.responses, len(names))
        of_structural = model.structural.exchangeable(self.design, names)
        for alike in () if model.measurement.classes_are_known else np.unique(sets):
            members = np.flatnonzero(sets == alike)
            if len(np.unique(of_structural[members])) > 1:
                raise ValueError(
                    f"slopes have priors by class, and the items leave classes {named(members + 1)} exchangeable, so "
                    "nothing says which of them is which; number the classes by what is known of the items, "
                    "Items(..., prior=...), or give all of them one prior"
                )
        return sets

    def prepared(self, model: OfClasses, built: pm.Model) -> Prepared:
        """A model that was built of these rows, with what travels with its draws."""
        groups, attributes = record_answers(
            self.responses.codes,
            self.answer_patterns.pattern,
            *(self.responses.items, self.responses.labels),
            *(self.of_respondents, self.responses.respondents),
            self.patterns,
            self.responses.encoding,
        )
        groups, attributes = record_sample(self.sample, self.weight, groups, attributes)
        starts, profiles = (self.start, *self.start.rivals), model.structural.profile_sets(self.of_respondents)
        of_items = [starting_values_of(model.measurement, self.responses, start, profiles) for start in starts]
        of_classes = [model.structural.starting_values(self.design, self._membership_at(start)) for start in starts]
        values = [{**classes, **items} for classes, items in zip(of_classes, of_items, strict=True)]
        attributes |= {**self.responses.attributes, **model.structural.attributes, **self.start.attributes}
        attributes |= recorded_empty({**self.of_respondents.empty, **self.responses.empty})
        if (sets := self._exchangeable(model)).any():
            attributes |= {EXCHANGEABLE: json.dumps(sets.tolist())}
        return Prepared(
            model=built,
            start=values[0],
            jittered=tuple(of_items[0]),
            groups=groups,
            attributes=attributes | model.identity | {"n_classes": len(self.start.class_names)},
            pivot=self.start.profile if self.start.aligns_labels else None,
            rivals=tuple(values[1:]),
            weights=tuple(start.weight for start in starts),
        )
