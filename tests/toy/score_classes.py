"""A model that the package does not have: latent classes of scores."""

from dataclasses import dataclass, field
from typing import ClassVar

import pymc as pm

from bayes_lca.dims import ANSWERS, CLASS, PATTERN
from bayes_lca.fitted.capabilities import Capabilities
from bayes_lca.fitted.kinds import KINDS, Kind, Words, register
from bayes_lca.hidden.one_class import OneClass
from bayes_lca.measurement.interface import Measurement
from bayes_lca.prepared import ClassRows, Model
from bayes_lca.structural.interface import Structural
from bayes_lca.structural.shares import Shares

SUPPORTED = ("class_sizes", "membership", "membership_draws", "convergence", "odds_ratios", "relabel", "save", "modes")

KIND = register(
    KINDS,
    "ScoreClasses",
    Kind(
        name="ScoreClasses",
        class_axis=CLASS,
        observed=ANSWERS,
        capabilities=Capabilities.of(SUPPORTED, ["check_items"], because="scores have no categories to check"),
        words=lambda fit: Words("Classes of scores", "Scores are normal within a class.", "", ()),
    ),
    home=__name__,
)


@dataclass(frozen=True)
class ScoreClasses(Model):
    kind: ClassVar[Kind] = KIND

    n_classes: int
    measurement: Measurement
    structural: Structural = field(default_factory=Shares)

    @property
    def columns(self):
        return (*self.measurement.columns, *self.structural.columns)

    def prepare(self, frame, *, missing="raise", collapse=True):
        rows = ClassRows.read(
            self.measurement, self.structural, self.n_classes, frame, missing=missing, collapse=collapse
        )
        with pm.Model(coords=rows.coords(self.measurement, self.structural)) as model:
            eta = self.structural.class_logits(rows.design, rows.membership, rows=PATTERN)
            answers = self.measurement.answers(rows.responses, rows.start, rows.first)
            OneClass().observe(eta, answers, rows.count)
        return rows.prepared(self, model)
