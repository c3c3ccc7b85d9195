"""A rough classification of respondents: it chooses where and in which coordinates a sampler starts."""

from dataclasses import dataclass

import numpy as np

from bayes_lca.data.design import Design


@dataclass(frozen=True)
class RoughClasses:
    """Who roughly belongs where. No posterior depends on it.

    Attributes
    ----------
    membership : ndarray, shape (row, latent_class)
        Membership probabilities, or ones where the class is seen.
    weight : ndarray, shape (row,)
        Respondents behind each row.
    design : Design
        Covariates and groups of the rows.
    """

    membership: np.ndarray
    weight: np.ndarray
    design: Design

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.membership.shape[1]

    @property
    def share(self) -> np.ndarray:
        """Share of each class, half a respondent added to each, shape (latent_class,)."""
        return (self.weight @ self.membership + 0.5) / (self.weight.sum() + 0.5 * self.n_classes)
