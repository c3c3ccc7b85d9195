"""Coordinates of probabilities as log ratios to each simplex's most likely category."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.transforms import Transform


class LogRatio(Transform):
    r"""Transform of probabilities by log ratios to a chosen category r.

    .. math:: x_c = \log (\rho_c / \rho_r), \quad c \ne r, \qquad |\partial \rho / \partial x| = \prod_c \rho_c

    With r the most likely category the ratios are nearly independent in the posterior: each rare category has a
    coordinate of its own. Any other choice puts the rarest one's uncertainty into all of them. Every choice gives the
    same posterior.

    Aitchison, J. (1982). The statistical analysis of compositional data. JRSS B 44(2), 139-177.
    doi 10.1111/j.2517-6161.1982.tb01195.x

    Parameters
    ----------
    typical : ndarray, shape (..., category)
        Rough probabilities; the largest of each last axis chooses its category r.
    """

    name = "logratio"

    def __init__(self, typical: np.ndarray):
        n_categories = typical.shape[-1]
        others = np.argsort(typical == typical.max(axis=-1, keepdims=True), axis=-1, kind="stable")[..., :-1]
        self.placement = np.eye(n_categories)[others]  # (..., category - 1, category)
        self.reference = 1.0 - self.placement.sum(axis=-2)  # (..., category)

    def backward(self, value, *inputs):
        """From log ratios, shape (..., category - 1), to probabilities, shape (..., category)."""
        return pt.special.softmax((value[..., None] * self.placement).sum(axis=-2), axis=-1)

    def forward(self, value, *inputs):
        """From probabilities to log ratios."""
        log_value = pt.log(value)
        ratio = log_value - (log_value * self.reference).sum(axis=-1, keepdims=True)
        return (ratio[..., None, :] * self.placement).sum(axis=-1)

    def log_jac_det(self, value, *inputs):
        """Log Jacobian determinant of `backward`, shape (...,)."""
        return pt.special.log_softmax((value[..., None] * self.placement).sum(axis=-2), axis=-1).sum(axis=-1)


def dirichlet(name: str, weights: np.ndarray, typical: np.ndarray, dims):
    """A Dirichlet variable of weights and rough values of equal shapes; one row of weights where all are equal."""
    of_one = weights.reshape(-1, weights.shape[-1])[0]
    a = of_one if (weights == of_one).all() else weights
    return pm.Dirichlet(name, a, dims=dims, default_transform=LogRatio(typical))
