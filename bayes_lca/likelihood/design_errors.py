r"""Standard errors of latent classes by maximum likelihood, of respondents drawn by a survey design.

With the observed information H of the weighted log-likelihood and the covariance J of its scores over samples,

.. math:: \operatorname{cov}(\hat\theta) = H^{-1} J H^{-1}, \qquad
          \text{scaling} = \frac{\operatorname{tr}(J H^{-1})}{p}
"""

from dataclasses import dataclass

import numpy as np

from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.design_information import design_information
from bayes_lca.likelihood.information_root import information_root


@dataclass(frozen=True, eq=False)
class DesignErrors:
    """Covariance of the log ratios of class shares and item probabilities over samples drawn alike.

    Attributes
    ----------
    model : Classification
    free : ndarray of bool, shape (coordinate,)
        Log ratios that are estimated; the others are held: one of every simplex, and probabilities of zero.
    covariance : ndarray, shape (free coordinate, free coordinate)
    scaling : float
        How many times as large the scores vary as the information says, on average over the parameters; 1 for a simple
        random sample where the model holds. Mplus prints it beside the log-likelihood.
    """

    model: Classification
    free: np.ndarray
    covariance: np.ndarray
    scaling: float

    @classmethod
    def of(
        cls, model: Classification, pattern: np.ndarray, sample: SurveySample, free: np.ndarray | None = None
    ) -> "DesignErrors | None":
        """At a maximum of the weighted likelihood; None where the answers leave a parameter open.

        Parameters
        ----------
        model : Classification
            Its counts are weights added up by row.
        pattern : ndarray of int, shape (respondent,)
            The row of each respondent.
        sample : SurveySample
        free : ndarray of bool, shape (coordinate,), optional
            Log ratios that are estimated, where others than those of `free_log_ratios` are held.
        """
        found = information_root(model, free)
        if not found.n_free or found.unknown_of_free.shape[1]:
            return None
        score = model.log_ratio_scores(model.codes)[:, found.free] @ found.of_free
        ratio = design_information(score, pattern, sample)
        return cls(model, found.free, found.of_free @ ratio @ found.of_free.T, float(np.trace(ratio) / found.n_free))

    @property
    def of_shares(self) -> np.ndarray:
        """Standard errors of the class shares, shape (latent_class,)."""
        share = self.model.class_share
        n_free = int(self.free[: len(share)].sum())
        change = (np.diag(share) - np.outer(share, share))[:, self.free[: len(share)]]  # (latent_class, free share)
        return np.sqrt(np.einsum("ka,ab,kb->k", change, self.covariance[:n_free, :n_free], change))
