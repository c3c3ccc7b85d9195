"""Who belongs where before sampling: it chooses where, and in which coordinates, a sampler starts."""

from dataclasses import dataclass

import numpy as np

from bayes_lca.data.design import Design
from bayes_lca.likelihood.group_shares import GroupShares


@dataclass(frozen=True)
class StartingMembership:
    """Who belongs where: roughly, from maximum likelihood, or exactly where the class is seen.

    No posterior depends on it.

    Attributes
    ----------
    probability : ndarray, shape (row, latent_class)
        Class probabilities; one and zeros where the class is seen.
    weight : ndarray, shape (row,)
        Respondents behind each row.
    design : Design
        Covariates and groups of the rows.
    expected : ndarray, shape (row, latent_class), optional
        Class probabilities that each row has whatever its covariates and group, such as those from the class before;
        where there are none, all rows of a group are expected to be alike.
    shares : GroupShares, optional
        Shares of group classes, and of classes within them, where they are known together with the classes.
    """

    probability: np.ndarray
    weight: np.ndarray
    design: Design
    expected: np.ndarray | None = None
    shares: GroupShares | None = None

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.probability.shape[1]

    @property
    def share(self) -> np.ndarray:
        """Share of each class, half a respondent added to each, shape (latent_class,)."""
        return (self.weight @ self.probability + 0.5) / (self.weight.sum() + 0.5 * self.n_classes)
