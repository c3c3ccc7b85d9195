"""Multilevel multinomial regression of a class that was assigned with known error."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from bayes_lca.data.frame import Frame
from bayes_lca.data.in_short import in_short
from bayes_lca.fitted.kinds import Kind
from bayes_lca.fitted.twins.assigned_class import KIND
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.models.latent_class import sum_over_classes
from bayes_lca.prepared import Model, Prepared
from bayes_lca.structural.regression import Regression


@final
@dataclass(frozen=True)
class AssignedClass(Model):
    r"""Regression of a class seen through indicators of known error, the class summed out.

    .. math::
        p(w_i) = \sum_{c=1}^{K} P(c \mid x_i, g_i)\, D_{c w_i}, \qquad
        \log P(c \mid x, g) = \alpha_c + x^\top \beta_c + u_{cg} + \text{const}

    The second step of bias-adjusted stepwise estimation: classes were found without covariates and stay as they are.
    With the classification-error matrix as D, the assigned class is the indicator (three steps, ML correction); with
    the item probabilities as D, the answers are (two steps). The posterior takes D for granted: `fit_two_step` carries
    its uncertainty through.

    Parameters
    ----------
    measurement : Assigned
    structural : Regression
        With ``(1 | group)`` in its formula, random intercepts.

    References
    ----------
    Vermunt, J. K. (2010). Latent class modeling with covariates: two improved three-step approaches. Political
    Analysis 18(4), 450-469. doi 10.1093/pan/mpq025

    Examples
    --------
    >>> import bayes_lca as bl
    >>> second = AssignedClass(bl.answers_of(bl.load_example("alone")), bl.Regression("~ participation"))
    >>> [variable.name for variable in second.build(bl.example_survey()).free_RVs]
    ['intercept_at_mean', 'slope_standardised']
    """

    kind: ClassVar[Kind] = KIND

    measurement: Assigned
    structural: Regression

    def __post_init__(self):
        if not isinstance(self.measurement, Assigned):
            raise TypeError(
                f"measurement={in_short(self.measurement)}: give what is known of the classes, "
                "bl.answers_of(measured) or bl.modal_class_of(measured)"
            )
        if not isinstance(self.structural, Regression):
            raise TypeError(f'structural={in_short(self.structural)}: give a Regression("~ age + (1 | group)")')

    @property
    def columns(self) -> tuple[str | int, ...]:
        """Items, covariates and groups."""
        return (*self.measurement.columns, *self.structural.columns)

    def prepare(self, frame: Frame, *, missing: Literal["raise", "drop"] = "raise", collapse: bool = True) -> Prepared:
        """The model of a frame: that of `LatentClass`, its measurement known.

        With ``collapse=False`` every respondent keeps a row: the same posterior, in a model whose shape does not
        depend on the answers, so that one compilation serves many data sets.
        """
        n_classes = len(self.measurement.class_names)
        return sum_over_classes(self, n_classes, frame, missing=missing, collapse=collapse)
