"""One share per class, the same for every respondent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca import priors
from bayes_lca.data.design import Design, read_design
from bayes_lca.dims import CLASS, CLASS_SHARE
from bayes_lca.structural.starting_membership import RoughClasses


@dataclass(frozen=True)
class Shares:
    r"""Class shares without covariates.

    .. math:: P(c) = \pi_c, \qquad \pi \sim \operatorname{Dirichlet}(a, \dots, a)

    Parameters
    ----------
    share : Dirichlet, default ``Dirichlet(a=1.0)``
    """

    fewest_classes: ClassVar[int] = 1

    share: priors.Dirichlet = priors.CLASS_SHARE

    def read(self, frame, missing: Literal["raise", "drop"] = "raise") -> Design:
        """A design without columns."""
        return read_design(frame, "~ 1", missing=missing)

    def class_logits(self, design: Design, rough: RoughClasses, *, classes: str = CLASS, rows: str):
        """Log shares, shape (latent_class,)."""
        n_classes = rough.n_classes
        if n_classes == 1:
            return pt.log(pm.Deterministic(CLASS_SHARE, pt.ones(1), dims=classes))
        return pt.log(pm.Dirichlet(CLASS_SHARE, np.full(n_classes, self.share.a), dims=classes))

    @property
    def attributes(self) -> dict[str, str]:
        """Nothing to remember beside the draws."""
        return {}

    def coords(self, design: Design, n_classes: int) -> dict[str, Sequence[str]]:
        """No axes beside that of the classes."""
        return {}

    def starting_values(self, design: Design, rough: RoughClasses) -> dict[str, np.ndarray]:
        """Shares of a rough classification."""
        if rough.n_classes == 1:
            return {}
        return {CLASS_SHARE: np.average(rough.membership, axis=0, weights=rough.weight)}
