"""Multinomial regression of an observed category, single-level or multilevel."""

import json
from dataclasses import dataclass
from numbers import Integral
from typing import Literal

import numpy as np
import pymc as pm
import xarray as xr

from bayes_lca.data.frame import row_labels
from bayes_lca.data.responses import read_complete_outcome
from bayes_lca.dims import CATEGORY, OTHER_CLASS, OUTCOME, OUTCOME_COUNTS, PATTERN, RESPONDENT
from bayes_lca.prepared import Prepared, describe_design
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.starting_membership import RoughClasses


@dataclass(frozen=True)
class Multinomial:
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

    outcome: str
    structural: Regression

    def __post_init__(self):
        if not isinstance(self.outcome, str | Integral):
            raise TypeError(f"outcome={self.outcome!r}: give the name of a column")
        if not isinstance(self.structural, Regression):
            raise TypeError(f'structural={self.structural!r}: give a Regression("~ age + (1 | group)")')

    def build(self, frame, *, missing: Literal["raise", "drop"] = "raise") -> pm.Model:
        """Build the model of a frame as an ordinary PyMC model.

        Parameters
        ----------
        frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
            One row per respondent.
        missing : {"raise", "drop"}
            What to do with rows that lack the outcome or a covariate.

        Returns
        -------
        pymc.Model

        Raises
        ------
        ValueError
            If the outcome or a covariate cannot be used.
        """
        return self.prepare(frame, missing=missing).model

    def prepare(self, frame, *, missing: Literal["raise", "drop"] = "raise") -> Prepared:
        """The model of a frame, with what travels with its draws."""
        if self.outcome in self.structural.columns:
            raise ValueError(
                f"outcome {self.outcome!r} is also in {self.structural.formula!r}; it cannot explain itself"
            )
        frame, codes, labels, n_missing = read_complete_outcome(frame, self.outcome, missing)
        design = self.structural.read(frame, missing)
        codes, respondents = codes[design.kept], row_labels(frame)[design.kept]
        seen = RoughClasses(np.eye(len(labels))[codes], np.ones(len(codes)), design)
        constant, attributes = describe_design(design, respondents)
        attributes |= self.structural.attributes | {
            "model": "Multinomial",
            "outcome": self.outcome,
            "n_missing_answers": 0,
            "n_dropped": design.n_dropped + n_missing,
            "labels": json.dumps([labels]),
        }
        return Prepared(
            model=self._model(seen, labels),
            start=self.structural.starting_values(design, seen),
            jittered=(),
            observed=xr.Dataset({OUTCOME: ((RESPONDENT,), codes)}, {RESPONDENT: constant[RESPONDENT]}),
            constant=constant,
            attributes=attributes,
        )

    def _model(self, seen: RoughClasses, labels: tuple[str, ...]) -> pm.Model:
        patterns = seen.design.patterns
        counts = np.zeros((len(patterns.count), len(labels)), dtype=int)  # (pattern, category)
        np.add.at(counts, patterns.pattern, seen.membership.astype(int))
        coords = {
            CATEGORY: list(labels),
            OTHER_CLASS: list(labels),
            PATTERN: range(len(counts)),
            **self.structural.coords(seen.design, len(labels)),
        }
        with pm.Model(coords=coords) as model:
            eta = self.structural.class_logits(  # (pattern, category)
                seen.design.take(patterns.first), seen, classes=CATEGORY, rows=PATTERN
            )
            n = pm.Data(OUTCOME_COUNTS, counts, dims=(PATTERN, CATEGORY))
            pm.Multinomial(OUTCOME, n.sum(axis=1), pm.math.softmax(eta, axis=1), observed=n, dims=(PATTERN, CATEGORY))
        return model
