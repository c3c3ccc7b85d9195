"""Multinomial regression of an observed category, single-level or multilevel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import ClassVar, Literal, final

import numpy as np
import pymc as pm

from bayes_lca.data.declarations import Declarations
from bayes_lca.data.frame import Frame, named, row_labels
from bayes_lca.data.in_short import in_short
from bayes_lca.data.outcome import read_complete_outcome
from bayes_lca.data.responses import recorded_empty, without_empty
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.data.survey_weights import nesting_declared, sample_of
from bayes_lca.data.unique_rows import UniqueRows, unique_rows
from bayes_lca.dims import OBSERVED_CLASS, OTHER_CLASS, OUTCOME, OUTCOME_COUNTS, PATTERN
from bayes_lca.fitted.kinds import Kind
from bayes_lca.fitted.record import distinct_rows, record_outcome
from bayes_lca.fitted.survey_record import record_sample
from bayes_lca.fitted.twins.multinomial import KIND
from bayes_lca.hidden.seen_category import observe_weighted
from bayes_lca.prepared import Model, Prepared
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.starting_membership import StartingMembership


@final
@dataclass(frozen=True)
class Multinomial(Model):
    r"""Multinomial regression: the structural part of latent classes with the class seen.

    .. math::
        y_i \sim \operatorname{Categorical}(\operatorname{softmax}(\eta_i)), \qquad
        \eta_{ic} = \alpha_c + x_i^\top \beta_c + u_{c g_i}, \quad u_{cg} \sim N(0, \sigma_c^2)

    Respondents who share covariates and group are counted: :math:`n_p \sim \operatorname{Multinomial}(N_p,
    \operatorname{softmax}(\eta_p))` for every distinct pattern p of covariates, which is the same posterior.

    Parameters
    ----------
    outcome : str
        Column of the frame that holds the category: integers, text, booleans or a categorical.
    structural : Regression
        With ``(1 | group)`` in its formula, random intercepts: the multilevel model.
    categories : sequence, optional
        Categories of the outcome in their order; any other value is refused.
    missing_codes : sequence
        Codes of the outcome that mean no answer; with ``[]`` the outcome is not warned of. Those of covariates are
        declared in the regression.
    empty_categories : {"drop", "keep"}
        What becomes of declared categories that nobody has. Of one that is kept the prior alone speaks.

    Raises
    ------
    TypeError
        If `outcome` is no name of a column, `structural` no regression, or a declaration no list.
    ValueError
        When a frame is read: if the outcome or a covariate cannot be used.

    Warns
    -----
    MissingCodeWarning
        When a frame is read, if a value that nobody declared looks like a code of missing answers.

    References
    ----------
    Hedeker, D. (2003). A mixed-effects multinomial logistic regression model. Statistics in Medicine 22(9),
    1433-1446. doi 10.1002/sim.1522

    Examples
    --------
    >>> import bayes_lca as bl
    >>> seen = Multinomial("tier", bl.Regression("~ participation + age"))
    >>> [variable.name for variable in seen.build(bl.load_cohort()).free_RVs]
    ['intercept_at_mean', 'slope_standardised']
    """

    kind: ClassVar[Kind] = KIND
    why_no_survey_design: ClassVar[str] = ""

    outcome: str
    structural: Regression
    categories: Sequence | None = None
    missing_codes: Sequence | None = None
    empty_categories: Literal["drop", "keep"] = "drop"

    def __post_init__(self):
        if not isinstance(self.outcome, str | Integral):
            raise TypeError(f"outcome={self.outcome!r}: give the name of a column")
        if not isinstance(self.structural, Regression):
            raise TypeError(f'structural={in_short(self.structural)}: give a Regression("~ age + (1 | group)")')
        for name, given in (("categories", self.categories), ("missing_codes", self.missing_codes)):
            if isinstance(given, Mapping):
                raise TypeError(f"{name}={given!r}: give a list, for the outcome {self.outcome!r} alone")
        Declarations(self.categories, self.missing_codes or (), self.empty_categories)

    @property
    def declared(self) -> Declarations:
        """What is declared of the outcome."""
        codes = {} if self.missing_codes is None else {self.outcome: self.missing_codes}
        return Declarations(self.categories, codes, self.empty_categories)

    @property
    def columns(self) -> tuple[str | int, ...]:
        """The outcome, covariates and groups."""
        return (self.outcome, *self.structural.columns)

    def prepare(
        self,
        frame: Frame,
        *,
        missing: Literal["raise", "drop"] = "raise",
        collapse: bool = True,
        survey: SurveyDesign | None = None,
    ) -> Prepared:
        """The model of a frame, with what travels with its draws.

        With ``collapse=False`` every respondent keeps a row: the same posterior, in a model whose shape does not
        depend on the covariates. With a survey design each row counts for the weights of its respondents.
        """
        if self.outcome in self.structural.columns:
            raise ValueError(
                f"outcome {self.outcome!r} is also in {self.structural.formula!r}; it cannot explain itself"
            )
        answered, codes, labels, kept = read_complete_outcome(frame, self.outcome, missing, self.declared)
        with nesting_declared(survey):
            design = self.structural.read(answered, missing)
        codes, empty = codes[design.kept], ()
        kept[kept] = design.kept
        design, respondents = replace(design, kept=kept), row_labels(frame)[kept]
        if self.empty_categories == "drop":
            codes, labels, empty = without_empty(codes, labels)
        if len(labels) < 2:
            raise ValueError(
                f"outcome {self.outcome!r} is {labels[0]!r} in all {len(codes)} rows with every covariate; impute the "
                "covariates, or choose another outcome"
            )
        sample = None if survey is None else sample_of(survey, frame, design, outcome=self.outcome)
        everybody = unique_rows(np.arange(len(codes)))
        rows = distinct_rows(design, codes) if collapse else everybody
        of_covariates = design.patterns if collapse and sample is None else rows
        if sample is None:
            weight, of_rows = np.ones(len(codes)), rows.count
        else:
            self._refuse_without_weight(sample.weight, codes, labels)
            weight, of_rows = sample.weight, sample.weighing(rows).count
        membership = StartingMembership(np.eye(len(labels))[codes], weight, design)
        coords = {
            OBSERVED_CLASS: list(labels),
            OTHER_CLASS: list(labels),
            PATTERN: range(len(of_covariates.first)),
            **self.structural.coords(design, len(labels)),
        }
        with pm.Model(coords=coords) as model:
            of_patterns = design.take(of_covariates.first)
            eta = self.structural.class_logits(of_patterns, membership, classes=OBSERVED_CLASS, rows=PATTERN)
            if sample is None:
                n = pm.Data(OUTCOME_COUNTS, _counted(codes, len(labels), of_covariates), dims=(PATTERN, OBSERVED_CLASS))
                p = pm.math.softmax(eta, axis=1)  # (pattern, category)
                pm.Multinomial(OUTCOME, n.sum(axis=1), p, observed=n, dims=(PATTERN, OBSERVED_CLASS))
            else:
                observe_weighted(eta, codes[rows.first], len(labels), of_rows)
        groups, attributes = record_outcome(codes, self.outcome, labels, design, respondents, rows)
        groups, attributes = record_sample(sample, of_rows, groups, attributes)
        attributes |= self.structural.attributes | self.identity
        attributes |= recorded_empty({**design.empty, **({str(self.outcome): empty} if empty else {})})
        return Prepared(
            model=model,
            start=self.structural.starting_values(design, membership),
            jittered=(),
            groups=groups,
            attributes=attributes,
        )

    def _refuse_without_weight(self, weight: np.ndarray, codes: np.ndarray, labels: Sequence[str]) -> None:
        """Refuse categories whose respondents all have weight 0."""
        n, total = (np.bincount(codes, weights=each, minlength=len(labels)) for each in (np.ones(len(codes)), weight))
        if (empty := (total == 0) & (n > 0)).any():
            raise ValueError(
                f"all survey weights of {named(np.asarray(labels)[empty])} of outcome {self.outcome!r} are 0 in "
                f"{int(n[empty].sum())} of {len(codes)} rows, and nothing says how likely it is; leave these rows out, "
                "or merge the category with another"
            )


def _counted(codes: np.ndarray, n_categories: int, patterns: UniqueRows) -> np.ndarray:
    """Respondents of each distinct row in each category, shape (pattern, category)."""
    counts = np.zeros((len(patterns.count), n_categories), dtype=int)
    np.add.at(counts, (patterns.pattern, codes), 1)
    return counts
