"""Multilevel multinomial regression of a class that was assigned with known error."""

from dataclasses import dataclass
from typing import Literal

import pymc as pm

from bayes_lca.data.survey import Survey, join
from bayes_lca.dims import CLASS, OTHER_CLASS, PATTERN
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.prepared import Prepared, describe_survey
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.starting_membership import RoughClasses


@dataclass(frozen=True)
class AssignedClass:
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
    >>> measured = bl.load("classes.nc")  # doctest: +SKIP
    >>> second = AssignedClass(bl.answers_of(measured), bl.Regression("~ age + (1 | group)"))  # doctest: +SKIP
    """

    measurement: Assigned
    structural: Regression

    def build(self, frame, *, missing: Literal["raise", "drop"] = "raise") -> pm.Model:
        """Build the model of a frame as an ordinary PyMC model.

        Parameters
        ----------
        frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
            One row per respondent.
        missing : {"raise", "drop"}
            What to do with rows that lack a covariate. Missing answers need nothing done.

        Returns
        -------
        pymc.Model

        Raises
        ------
        ValueError
            If an indicator or a covariate cannot be used.
        """
        return self.prepare(frame, missing=missing).model

    def prepare(self, frame, *, missing: Literal["raise", "drop"] = "raise", collapse: bool = True) -> Prepared:
        """The model of a frame, with what travels with its draws.

        With ``collapse=False`` every respondent keeps a row: the same posterior, in a model whose rows do not depend on
        the answers, so that one compilation serves many data sets.
        """
        survey = join(self.measurement.read(frame), self.structural.read(frame, missing), collapse=collapse)
        answers = survey.responses.codes[survey.patterns.first]
        rough = RoughClasses(self.measurement.membership(answers), survey.patterns.count, survey.pattern_design)
        observed, constant, attributes = describe_survey(survey)
        attributes |= self.structural.attributes | {
            "model": "AssignedClass",
            "n_classes": len(self.measurement.class_names),
            "relabelled": 1,
            "class_order": "as in the fit that found the classes",
        }
        return Prepared(
            model=self._model(survey, rough),
            start=self.structural.starting_values(survey.pattern_design, rough),
            jittered=(),
            observed=observed,
            constant=constant,
            attributes=attributes,
        )

    def _model(self, survey: Survey, rough: RoughClasses) -> pm.Model:
        responses, count = survey.responses, survey.patterns.count
        coords = {
            CLASS: list(self.measurement.class_names),
            OTHER_CLASS: list(self.measurement.class_names),
            PATTERN: range(len(count)),
            **self.measurement.coords(responses),
            **self.structural.coords(rough.design, rough.n_classes),
        }
        with pm.Model(coords=coords) as model:
            eta = self.structural.class_logits(rough.design, rough, rows=PATTERN)  # (pattern, latent_class)
            d = self.measurement.probabilities()  # (latent_class, item, category)
            self.measurement.answers(eta, d, responses, survey.patterns.first, count)  # (pattern, item)
        return model
