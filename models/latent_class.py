"""Latent class analysis, and latent class regression in one step."""

from dataclasses import dataclass, field
from typing import Literal, final

import pymc as pm

from bayes_lca.data.frame import Frame, is_whole
from bayes_lca.data.groups_alike import warn_of_groups_that_answer_alike
from bayes_lca.data.in_short import in_short
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.dims import GROUP_CLASS, PATTERN, POPULATION
from bayes_lca.fitted.kinds import Kind
from bayes_lca.fitted.twins import group_classes, group_profiles, latent_class, populations
from bayes_lca.hidden.class_of_group import ClassOfGroup
from bayes_lca.hidden.one_class import OneClass
from bayes_lca.likelihood.identification import warn_of_too_few_cells
from bayes_lca.likelihood.restricted_identification import warn_of_restrictions
from bayes_lca.measurement.answers_in_sets import answers_of
from bayes_lca.measurement.interface import Measurement
from bayes_lca.prepared import ClassRows, Model, Prepared
from bayes_lca.structural.interface import Structural
from bayes_lca.structural.shares import Shares

HIDDEN = {part.__name__: part for part in (OneClass, ClassOfGroup)}
"""Hidden parts, by the name that a structural part gives."""
KINDS = {OneClass.__name__: latent_class.KIND, ClassOfGroup.__name__: group_classes.KIND}
PROFILE_KINDS = {GROUP_CLASS: group_profiles.KIND, POPULATION: populations.KIND}
"""How fits are read, by their hidden part, and by what classes have profiles of their own in."""


@final
@dataclass(frozen=True)
class LatentClass(Model):
    r"""Latent classes: measurement times structural part, the class summed out.

    .. math::
        p(y_i) = \sum_{c=1}^{K} P(c \mid x_i, g_i) \prod_{j\,\text{answered}} \rho_{c j y_{ij}}

    With `Shares`, :math:`P(c) = \pi_c`: latent class analysis. With `Regression`,
    :math:`P(c \mid x, g) \propto \exp(\alpha_c + x^\top \beta_c + u_{cg})`: classes and their multilevel multinomial
    regression are one posterior, so the regression carries the uncertainty of who belongs where. With `GroupClasses`
    groups have classes too, and a group is the unit of the likelihood:

    .. math::
        p(y_g) = \sum_{w=1}^{W} \omega_w \prod_{i \in g} \sum_{c=1}^{K} P(c \mid x_i, w)
                 \prod_{j\,\text{answered}} \rho_{c j y_{ij}}

    or :math:`\rho_{w c j y_{ij}}` where profiles are free: classes answer in each group class in a way of their own.

    Classes are exchangeable in the model; their order is a matter of display, settled after sampling. Those that priors
    or restrictions of the items tell apart keep their numbers.

    Without covariates, more classes than the items can tell apart (fewer cells in the table of all answers than
    parameters) raise an `UnidentifiedWarning` when a frame is read, and so do restrictions that leave classes alike.
    Groups of ten or more who all gave the same answers, as where one person filled in the forms of a site, raise a
    `GroupAnswersAlikeWarning`: those of ``(1 | group)`` and of `GroupClasses`.

    Parameters
    ----------
    n_classes : int
        K, at least 1.
    measurement : Items, OrdinalItems or another `Measurement`
    structural : Shares, Regression or GroupClasses, default ``Shares()``

    References
    ----------
    Bandeen-Roche, K., Miglioretti, D. L., Zeger, S. L. & Rathouz, P. J. (1997). Latent variable regression for
    multiple discrete outcomes. JASA 92(440), 1375-1386. doi 10.1080/01621459.1997.10473658

    Vermunt, J. K. (2003). Multilevel latent class models. Sociological Methodology 33(1), 213-239.
    doi 10.1111/j.0081-1750.2003.t01-1-00131.x

    Examples
    --------
    >>> import bayes_lca as bl
    >>> lca = LatentClass(3, bl.Items(bl.cohort_items()))
    >>> [variable.name for variable in lca.build(bl.load_cohort()).free_RVs]
    ['class_share', 'item_probability']
    """

    n_classes: int
    measurement: Measurement
    structural: Structural = field(default_factory=Shares)

    def __post_init__(self):
        if not isinstance(self.measurement, Measurement):
            raise TypeError(f"measurement={in_short(self.measurement)}: wrap the names of the items, Items([...])")
        if self.measurement.classes_are_known:
            raise TypeError(f"measurement={self.measurement!r} has known classes: give it to AssignedClass")
        if not isinstance(self.structural, Structural):
            raise TypeError(
                f'structural={in_short(self.structural)}: give Shares() or Regression("~ age + (1 | group)")'
            )
        if not is_whole(self.n_classes, least=1):
            raise ValueError(f"n_classes={self.n_classes!r}: the number of classes is a whole number from 1 on")
        if self.n_classes < self.structural.fewest_classes:
            raise ValueError(
                f"n_classes={self.n_classes!r} leaves {type(self.structural).__name__} nothing to explain; it takes "
                f"{self.structural.fewest_classes} classes or more"
            )

    @property
    def kind(self) -> Kind:
        """How fits are read, which depends on what is hidden."""
        return PROFILE_KINDS.get(self.structural.profiles_by, KINDS[self.structural.hidden])

    @property
    def why_no_survey_design(self) -> str:
        """Empty where respondents are the units of the likelihood."""
        if self.structural.profiles_by:
            return "classes have profiles of their own in several sets, which are not weighted; give equal profiles"
        if self.structural.hidden == OneClass.__name__:
            return ""
        return (
            f"with {type(self.structural).__name__} whole groups are the units of its likelihood, and survey weights "
            "are of respondents; give the groups to Regression, (1 | group)"
        )

    @property
    def columns(self) -> tuple[str | int, ...]:
        """Items, covariates and groups."""
        return (*self.measurement.columns, *self.structural.columns)

    def prepare(
        self,
        frame: Frame,
        *,
        missing: Literal["raise", "drop"] = "raise",
        collapse: bool = True,
        survey: SurveyDesign | None = None,
    ) -> Prepared:
        """The model of a frame, started where the measurement part finds the classes.

        With ``collapse=False`` every respondent keeps a row: the same posterior, in a model whose shape does not
        depend on the answers, so that one compilation serves many data sets. With a survey design each row counts for
        the weights of its respondents.
        """
        return sum_over_classes(self, self.n_classes, frame, missing=missing, collapse=collapse, survey=survey)


def sum_over_classes(
    model,
    n_classes: int,
    frame,
    *,
    missing: Literal["raise", "drop"],
    collapse: bool,
    survey: SurveyDesign | None = None,
) -> Prepared:
    """Measurement times structural part, the classes summed out by the hidden part that the structural one names."""
    rows = ClassRows.read(
        model.measurement, model.structural, n_classes, frame, missing=missing, collapse=collapse, survey=survey
    )
    answers_alone = not rows.design.terms and not rows.design.groupings  # these bring tables of their own
    freedom = model.measurement.degrees_of_freedom(rows.responses, n_classes) if answers_alone else None
    warn_of_too_few_cells(n_classes, freedom, stacklevel=4)
    warn_of_groups_that_answer_alike(
        rows.responses.codes,
        rows.answer_patterns.pattern,
        rows.start.membership,
        rows.of_respondents.groupings,
        stacklevel=4,
    )
    if (sets := model.measurement.restricted_sets(rows.responses, n_classes)) is not None:
        warn_of_restrictions(sets, enough_cells=freedom is not None and freedom >= 0, stacklevel=4)
    with pm.Model(coords=rows.coords(model.measurement, model.structural)) as built:
        eta = model.structural.class_logits(rows.design, rows.membership, rows=PATTERN)  # (pattern, latent_class)
        sets = model.structural.profile_sets(rows.of_respondents)
        of_rows = rows.responses, rows.start, rows.first
        answers = answers_of(model.measurement, *of_rows, sets)  # log p(y | c), or log p(y | c, w)
        hidden = HIDDEN[model.structural.hidden].of(rows.design, rows.answer_patterns.pattern[rows.first])
        hidden.observe(eta, answers, rows.weight)  # (pattern, item)
    return rows.prepared(model, built)
