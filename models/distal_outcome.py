"""A distal outcome of classes that were measured before."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, final

import numpy as np
import pymc as pm

from bayes_lca.data.distal_outcome import read_distal_outcome, some_rows
from bayes_lca.data.frame import named, row_labels
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.dims import CLASS, KNOWN_MEMBERSHIP, OTHER_CLASS, PATTERN
from bayes_lca.fitted.kinds import Kind
from bayes_lca.fitted.measured_classes import MeasuredClasses
from bayes_lca.fitted.record import distinct_rows, record_distal_outcome
from bayes_lca.fitted.twins.distal_outcome import KIND
from bayes_lca.hidden.one_class import OneClass
from bayes_lca.measurement.outcome_families import OutcomeFamily
from bayes_lca.prepared import Model, Prepared
from bayes_lca.structural.outcome_regression import OutcomeRegression


@final
@dataclass(frozen=True)
class DistalOutcome(Model):
    r"""An outcome of classes that stay as they were measured, the class summed out.

    .. math::
        p(o_i \mid y_i, x_i) = \sum_{c=1}^{K} P(c \mid y_i)\, f(o_i \mid \eta_{ic}), \qquad
        \eta_{ic} = \theta_c + (x_i - \bar x)^\top \beta_c + u_{g_i}

    :math:`P(c \mid y_i)` is the membership of the measured classes, given the answers and what covariates these classes
    have. It is held, so that the outcome cannot move the classes: with it, the likelihood is that of
    :math:`\sum_c P(c)\, p(y_i \mid c)\, f(o_i \mid \eta_{ic})` up to a factor without parameters. The posterior takes
    the membership for granted: `fit_distal` carries its uncertainty through.

    Parameters
    ----------
    classes : MeasuredClasses
        A fit that found the classes.
    measurement : OutcomeFamily
        How the outcome is distributed in a class.
    structural : OutcomeRegression
        What is expected of it.

    References
    ----------
    Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables.
    Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7
    """

    kind: ClassVar[Kind] = KIND

    classes: MeasuredClasses = field(repr=False)
    measurement: OutcomeFamily
    structural: OutcomeRegression

    @property
    def columns(self) -> tuple[str | int, ...]:
        """The outcome, its covariates, and what the classes were found by."""
        formula = self.structural.parsed
        return tuple(dict.fromkeys([formula.outcome, *self.structural.columns, *self.classes.columns]))

    def prepare(self, frame, *, missing: Literal["raise", "drop"] = "raise", collapse: bool = True) -> Prepared:
        """The model of a frame, with what travels with its draws."""
        formula, family = self.structural.parsed, self.measurement
        self._check_columns(frame)
        answered, outcome, kept = read_distal_outcome(
            frame, formula.outcome, family.values, missing, self.structural.declared
        )
        design = self.structural.read(answered, missing)
        outcome, answered = outcome.keep(design.kept), some_rows(answered, design.kept)
        kept[kept] = design.kept
        known = self.classes.of_rows(answered)
        design = replace(design, kept=kept)
        everybody = unique_rows(np.arange(len(outcome.values)))
        rows = distinct_rows(design, known.row, outcome.values) if collapse else everybody
        of_rows, membership = design.take(rows.first), known.mean[known.row]
        n_classes = membership.shape[1]
        coords = {
            CLASS: list(self.classes.names),
            OTHER_CLASS: list(self.classes.names),
            PATTERN: range(len(rows.count)),
            **self.structural.coords(design, n_classes, outcome.labels),
        }
        with pm.Model(coords=coords) as model:
            log_class = pm.math.log(pm.Data(KNOWN_MEMBERSHIP, membership[rows.first], dims=(PATTERN, CLASS)))
            widths = family.widths(outcome)
            shape = {"zero_sum": family.sums_to_zero, "by_category": family.by_category, "rows": PATTERN}
            eta = self.structural.predictor(of_rows, n_classes, widths, **shape)  # (pattern, latent_class, ...)
            beside = family.parameters(outcome, n_classes, with_class=formula.with_class)
            observed = family.answers(eta, beside, outcome, rows.first)  # log f(o | eta)
            OneClass().observe(log_class, observed, rows.count)  # (pattern,)
        groups, attributes = record_distal_outcome(outcome, known, design, row_labels(frame)[kept], rows)
        locations = family.locations(outcome, membership)
        start = self.structural.starting_values(design, locations, zero_sum=family.sums_to_zero)
        start |= family.starting_values(outcome, n_classes, with_class=formula.with_class)
        return Prepared(
            model=model,
            start=start,
            jittered=tuple(start),
            groups=groups,
            attributes=attributes
            | self.identity
            | {"n_classes": n_classes, "class_order": "as in the fit of the classes"},
        )

    def _check_columns(self, frame) -> None:
        """Refuse a formula that uses what the classes are made of, and a column that has the name of the classes."""
        formula, n_rows = self.structural.parsed, len(row_labels(frame))
        if formula.outcome in self.structural.columns:
            raise ValueError(f"outcome {formula.outcome!r} is also among the covariates of {formula.text!r}")
        used = [formula.outcome, *self.structural.columns]
        if both := [item for item in self.classes.fit.items if item in map(str, used)]:
            raise ValueError(
                f"item(s) {named(both)} are also in {formula.text!r}, for {n_rows} rows: the classes are made of them; "
                "leave them out of the formula, or fit the classes without them"
            )
        if CLASS in used:
            raise ValueError(f"{CLASS!r} is the name of the measured classes in {formula.text!r}; rename that column")
