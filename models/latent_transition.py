"""Latent transition analysis: classes at several waves, and who moves between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, final

import pymc as pm

from bayes_lca.data.frame import Frame, is_whole
from bayes_lca.data.groups_alike import warn_of_groups_that_answer_alike
from bayes_lca.data.groups_at_waves import groups_at_waves
from bayes_lca.data.in_short import as_given
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.dims import PATTERN
from bayes_lca.fitted.kinds import Kind
from bayes_lca.fitted.twins.latent_transition import KIND
from bayes_lca.hidden.path import Path
from bayes_lca.measurement.answers_of_waves import answers_of_waves
from bayes_lca.measurement.common_method import CommonMethod
from bayes_lca.measurement.free_over_waves import free_items
from bayes_lca.measurement.interface import Measurement
from bayes_lca.path_rows import PathRows
from bayes_lca.prepared import Model, Prepared
from bayes_lca.structural.interface import Structural
from bayes_lca.structural.shares import Shares
from bayes_lca.structural.transition import Transition


@final
@dataclass(frozen=True)
class LatentTransition(Model):
    r"""Latent classes at several waves: first wave, transitions and measurement, the path summed out.

    .. math::
        p(y_i) = \sum_{z_1, \dots, z_T} P(z_1 \mid x_{i1}, g_i)
            \prod_{t=2}^{T} P(z_t \mid z_{t-1}, x_{it}, g_{it})
            \prod_{t=1}^{T} \prod_{j\,\text{answered}} \rho_{z_t j y_{itj}}

    The frame is long, one row a person and wave. A missing answer drops its factor and a missing wave that of the wave:
    who misses one moves by the product of two transition matrices, and nobody is left out. Whoever is first seen at a
    later wave began at the first one. At a wave that a person missed covariates and group are those of the next wave
    seen. How far apart in time waves are is not modelled: with transitions equal over time every step counts alike.

    Parameters
    ----------
    n_classes : int
        K, at least 1.
    measurement : Items, OrdinalItems, NormalItems, CountItems, Mixed or CommonMethod
        With `CommonMethod` a person's way of answering is the same at all waves.
    person, wave : str
        Columns that say whose row it is, and of which wave: numbers, dates or ordered categories.
    initial : Shares or Regression, default ``Shares()``
        The first wave. Groups have to be the same in all rows of a person.
    transition : Transition, default ``Transition()``
        Moves from wave to wave, with covariates and groups of the wave that is moved to.
    measurement_over_time : {"equal", "free"} or sequence of str
        Whether all waves share the item probabilities, which gives classes one meaning over time, or each has its own;
        or the items that have their own at each wave, such as ``["item2"]``, while the others hold the classes
        together. Two items or more have to be equal.
    person_intercept : bool, default False
        Whether persons differ in how they answer at all waves, whatever their class: a trait u ~ N(0, 1) moves the
        logits of every item by a loading of that item, short for ``CommonMethod(items, loadings="free")``. Without it,
        what is a person's own level for good passes for staying. Two waves hardly tell the two apart.

    Raises
    ------
    TypeError
        If a part is none of its kind.
    ValueError
        If there are too few classes, or the column of persons or of waves is an item; when a frame is read, if there is
        one wave only, waves have no order, a person has two rows of a wave, nobody is seen at two waves, an item no
        answer at a wave, or a group of the first wave changes within a person.

    Warns
    -----
    UnequalSpacingWarning
        When a frame is read, if waves are unequally far apart and transitions equal over time.
    GroupAnswersAlikeWarning
        When a frame is read, if all respondents of a group at a wave, ten or more, gave the same answers to four items
        or more, as where one person filled in the forms of a site.

    References
    ----------
    Collins, L. M. & Lanza, S. T. (2010). Latent class and latent transition analysis. Wiley. doi 10.1002/9780470567333

    Vermunt, J. K., Langeheine, R. & Bockenholt, U. (1999). Discrete-time discrete-state latent Markov models with
    time-constant and time-varying covariates. Journal of Educational and Behavioral Statistics 24(2), 179-207.
    doi 10.3102/10769986024002179

    Muthen, B. & Asparouhov, T. (2022). Latent transition analysis with random intercepts (RI-LTA). Psychological
    Methods 27(1), 1-16. doi 10.1037/met0000370

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_lca as bl
    >>> first = bl.example_survey().assign(id=range(180), wave=1)
    >>> long = pd.concat([first, first.assign(wave=2)], ignore_index=True)
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> lta = LatentTransition(2, items, person="id", wave="wave")
    >>> [variable.name for variable in lta.build(long).free_RVs]
    ['class_share', 'stay_logit', 'item_probability']
    """

    kind: ClassVar[Kind] = KIND
    why_no_survey_design: ClassVar[str] = ""

    n_classes: int
    measurement: Measurement
    person: str
    wave: str
    initial: Structural = field(default_factory=Shares)
    transition: Transition = field(default_factory=Transition)
    measurement_over_time: Literal["equal", "free"] | Sequence[str] = "equal"
    person_intercept: bool = False

    def __post_init__(self):
        if not isinstance(self.measurement, Measurement):
            raise TypeError(f"measurement={as_given(self.measurement)}: wrap the names of the items, Items([...])")
        if not isinstance(self.person_intercept, bool):
            raise TypeError(f"person_intercept={self.person_intercept!r}: give True or False")
        columns = [name for name in (self.person, self.wave) if isinstance(name, str | int)]  # others are refused later
        if both := [name for name in columns if name in self.measurement.columns]:
            raise ValueError(f"item(s) {both} say whose row it is, or of which wave; leave them out of measurement=")
        if self.measurement.classes_are_known:
            raise TypeError(
                f"measurement={as_given(self.measurement)} has known classes, and those of waves are to be found"
            )
        if self.person_intercept and not isinstance(self.measurement, CommonMethod):
            items: Any = self.measurement  # which CommonMethod checks
            object.__setattr__(self, "measurement", CommonMethod(items, loadings="free"))
        if not isinstance(self.initial, Structural):
            raise TypeError(f'initial={as_given(self.initial)}: give Shares() or Regression("~ age + (1 | group)")')
        if self.initial.profiles_by:
            raise ValueError(
                f'initial={as_given(self.initial)}: classes have one set of profiles at a wave; give profiles="equal"'
            )
        if not isinstance(self.transition, Transition):
            raise TypeError(f'transition={as_given(self.transition)}: give Transition("~ participation + (1 | group)")')
        object.__setattr__(self, "measurement_over_time", free_items(self.measurement, self.measurement_over_time))
        if not is_whole(self.n_classes, least=1):
            raise ValueError(f"n_classes={self.n_classes!r}: the number of classes is a whole number from 1 on")
        fewest = 2 if self.transition.columns else self.initial.fewest_classes
        if self.n_classes < fewest:
            raise ValueError(
                f"n_classes={self.n_classes!r} leaves the first wave or the transitions nothing to explain; they take "
                f"{fewest} classes or more"
            )

    @property
    def columns(self) -> tuple[str | int, ...]:
        """Person, wave, items, covariates and groups."""
        explaining = (*self.initial.columns, *self.transition.columns)
        return (self.person, self.wave, *self.measurement.columns, *dict.fromkeys(explaining))

    def prepare(
        self,
        frame: Frame,
        *,
        missing: Literal["raise", "drop"] = "raise",
        collapse: bool = True,
        survey: SurveyDesign | None = None,
    ) -> Prepared:
        """The model of a long frame, started where the answers of all waves find the classes.

        With ``missing="drop"`` a row that lacks a covariate of its transition becomes a missed wave, and a person whose
        first row lacks one of the first wave is left out. With ``collapse=False`` every person keeps a row. With a
        survey design each row counts for the weights of its persons.
        """
        rows = PathRows.read(self, frame, missing=missing, collapse=collapse, survey=survey)
        patterns = rows.answer_patterns.pattern
        for of_rows, grouping in groups_at_waves(rows.waves, rows.of_persons.groupings, rows.of_rows.groupings):
            warn_of_groups_that_answer_alike(
                rows.responses.codes[of_rows],
                patterns[of_rows],
                rows.start.membership,
                [grouping],
                stacklevel=3,
            )
        path = rows.modes[0].path
        with pm.Model(coords=rows.coords()) as built:
            eta = self.initial.class_logits(rows.initial, rows.initial_membership(path), rows=PATTERN)  # of z_1
            tau, moving = self.transition.transition_logits(
                rows.steps, rows.all_steps, rows.transition_membership(path)
            )  # of z_t given z_t-1
            answers = answers_of_waves(
                self.measurement, rows.responses, rows.start, rows.codes, self.measurement_over_time
            )  # log p(y_t | z_t)
            Path(tau, moving).observe(eta, answers, rows.weight)  # (pattern, wave, item)
        return rows.prepared(built)
