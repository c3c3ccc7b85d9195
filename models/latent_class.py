"""Latent class analysis, and latent class regression in one step."""

import json
from dataclasses import dataclass, field
from typing import Literal

import pymc as pm

from bayes_lca.data.frame import is_whole
from bayes_lca.data.survey import Survey, join
from bayes_lca.dims import CLASS, OTHER_CLASS, PATTERN, class_names
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.modes import MaximumLikelihood
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.ordinal_items import OrdinalItems
from bayes_lca.prepared import Prepared, describe_survey
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.shares import Shares
from bayes_lca.structural.starting_membership import RoughClasses


@dataclass(frozen=True)
class LatentClass:
    r"""Latent classes: measurement times structural part, the class summed out.

    .. math::
        p(y_i) = \sum_{c=1}^{K} P(c \mid x_i, g_i) \prod_{j\,\text{answered}} \rho_{c j y_{ij}}

    With `Shares`, :math:`P(c) = \pi_c`: latent class analysis. With `Regression`,
    :math:`P(c \mid x, g) \propto \exp(\alpha_c + x^\top \beta_c + u_{cg})`: classes and their multilevel multinomial
    regression are one posterior, so the regression carries the uncertainty of who belongs where.

    Classes are exchangeable in the model; their order is a matter of display, settled after sampling.

    Parameters
    ----------
    n_classes : int
        K, at least 1.
    measurement : Items or OrdinalItems
    structural : Shares or Regression, default ``Shares()``

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
    measurement: Items | OrdinalItems
    structural: Shares | Regression = field(default_factory=Shares)

    def __post_init__(self):
        if not isinstance(self.measurement, Items | OrdinalItems):
            raise TypeError(f"measurement={self.measurement!r}: wrap the names of the items, Items([...])")
        if not isinstance(self.structural, Shares | Regression):
            raise TypeError(f'structural={self.structural!r}: give Shares() or Regression("~ age + (1 | group)")')
        if not is_whole(self.n_classes, least=1):
            raise ValueError(f"n_classes={self.n_classes!r}: the number of classes is a whole number from 1 on")
        if self.n_classes < self.structural.fewest_classes:
            raise ValueError(
                f"n_classes={self.n_classes!r} leaves {type(self.structural).__name__} nothing to explain; it takes "
                f"{self.structural.fewest_classes} classes or more"
            )

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
            Equal rows are counted once: its axis is ``pattern``, a distinct pattern of answers and covariates.

        Raises
        ------
        ValueError
            If an item or a covariate cannot be used, or there are more classes than answer patterns.
        """
        return self.prepare(frame, missing=missing).model

    def prepare(self, frame, *, missing: Literal["raise", "drop"] = "raise", collapse: bool = True) -> Prepared:
        """The model of a frame, started where maximum likelihood finds the classes.

        With ``collapse=False`` every respondent keeps a row: the same posterior, in a model whose shape does not
        depend on the answers, so that one compilation serves many data sets.
        """
        survey = join(self.measurement.read(frame), self.structural.read(frame, missing), collapse=collapse)
        patterns = survey.answer_patterns
        if self.n_classes > len(patterns.count):
            raise ValueError(
                f"n_classes={self.n_classes} exceeds the {len(patterns.count)} distinct answer patterns of "
                f"{len(survey.responses.codes)} respondents; ask for fewer classes"
            )
        codes = survey.responses.codes[patterns.first]
        em = fit_em(codes, patterns.count, survey.responses.n_categories, self.n_classes)
        return self._record(survey, em)

    def _model(self, survey: Survey, rough: RoughClasses, em: MaximumLikelihood) -> pm.Model:
        responses, design, count = survey.responses, survey.pattern_design, survey.patterns.count
        coords = {
            CLASS: class_names(self.n_classes),
            OTHER_CLASS: class_names(self.n_classes),
            PATTERN: range(len(count)),
            **self.measurement.coords(responses),
            **self.structural.coords(design, self.n_classes),
        }
        with pm.Model(coords=coords) as model:
            eta = self.structural.class_logits(design, rough, rows=PATTERN)  # (pattern, latent_class)
            rho = self.measurement.probabilities(responses, em.item_probability)  # (latent_class, item, category)
            self.measurement.answers(eta, rho, responses, survey.patterns.first, count)  # (pattern, item)
        return model

    def _record(self, survey: Survey, em: MaximumLikelihood) -> Prepared:
        rough = RoughClasses(survey.of_patterns(em.membership), survey.patterns.count, survey.pattern_design)
        item_start = self.measurement.starting_values(survey.responses, em.item_probability)
        observed, constant, attributes = describe_survey(survey)
        attributes |= self.structural.attributes | {
            "model": "LatentClass",
            "n_classes": self.n_classes,
            "em_starts": em.n_starts,
            "em_log_likelihoods": json.dumps([mode.log_likelihood for mode in em.modes]),
            "em_starts_by_mode": json.dumps([mode.starts for mode in em.modes]),
        }
        return Prepared(
            model=self._model(survey, rough, em),
            start={**self.structural.starting_values(survey.pattern_design, rough), **item_start},
            jittered=tuple(item_start),
            observed=observed,
            constant=constant,
            attributes=attributes,
            pivot=em.item_probability,
        )
