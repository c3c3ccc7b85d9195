"""The regression of the class as a second step of stepwise estimation."""

from dataclasses import dataclass
from typing import final

import numpy as np
import scipy

from bayes_lca.likelihood.multinomial_logit import (
    MultinomialLogit,
    fit_latent_logit,
    fit_multinomial_logit,
    row_scores,
)
from bayes_lca.workflows.ladder.given_first_step import HIDDEN, GivenFirstStep


@final
@dataclass(frozen=True, eq=False)
class SecondStep(GivenFirstStep):
    """The regression's respondents, and the first step that it takes as given.

    Attributes
    ----------
    design : numpy.ndarray
        Covariates with the column of ones, shape (row, term).
    """

    design: np.ndarray

    def fit(self, terms: tuple[str, ...]) -> MultinomialLogit:
        """Estimate the coefficients; their covariance is the inverse of the information."""
        share, evidence = self.records(self.base)
        n_records = share.shape[1]
        fit = fit_latent_logit if self.method in HIDDEN else fit_multinomial_logit
        return fit(
            np.repeat(self.design, n_records, axis=0),
            evidence.reshape(-1, evidence.shape[2]),
            (self.count[:, None] * share).ravel(),
            terms=terms,
        )

    def scores(self, coefficient: np.ndarray, share: np.ndarray, evidence: np.ndarray) -> np.ndarray:
        """Derivatives with respect to the coefficients from class 1 on."""
        weight = evidence
        if self.method in HIDDEN:
            logit = np.einsum("it,ct->ic", self.design, coefficient)  # (row, latent_class)
            weight = scipy.special.softmax(scipy.special.log_softmax(logit, axis=1)[:, None] + evidence, axis=2)
        return row_scores(self.design, coefficient, (share[:, :, None] * weight).sum(axis=1))
