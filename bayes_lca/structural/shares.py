"""One share per class, the same for every respondent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_lca import priors
from bayes_lca.data.design import Design, read_design
from bayes_lca.data.frame import Frame
from bayes_lca.dims import CLASS, CLASS_SHARE
from bayes_lca.structural.interface import Structural
from bayes_lca.structural.starting_membership import StartingMembership


@final
@dataclass(frozen=True)
class Shares(Structural):
    r"""Class shares without covariates.

    .. math:: P(c) = \pi_c, \qquad \pi \sim \operatorname{Dirichlet}(a, \dots, a)

    Parameters
    ----------
    share : Dirichlet, default ``Dirichlet(a=1.0)``

    Raises
    ------
    TypeError
        If `share` is no prior of probabilities.

    Examples
    --------
    >>> import bayes_lca as bl
    >>> Shares(bl.Dirichlet(2.0))
    Shares(share=Dirichlet(a=2.0))
    """

    fewest_classes: ClassVar[int] = 1

    share: priors.Dirichlet = priors.CLASS_SHARE

    def __post_init__(self):
        priors.check_prior("Shares", "share", self.share, priors.Dirichlet)

    @property
    def columns(self) -> tuple[str, ...]:
        """None."""
        return ()

    def read(self, frame: Frame, missing: Literal["raise", "drop"] = "raise") -> Design:
        """A design without columns."""
        return read_design(frame, "~ 1", missing=missing)

    def class_logits(
        self, design: Design, membership: StartingMembership, *, classes: str = CLASS, rows: str
    ) -> TensorVariable:
        """Log shares, shape (latent_class,)."""
        n_classes = membership.n_classes
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

    def starting_values(self, design: Design, membership: StartingMembership) -> dict[str, np.ndarray]:
        """Shares of the classes as far as they are known."""
        if membership.n_classes == 1:
            return {}
        return {CLASS_SHARE: np.average(membership.probability, axis=0, weights=membership.weight)}
