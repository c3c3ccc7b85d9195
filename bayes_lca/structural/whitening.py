"""Coordinates in which the intercepts of groups are nearly standard normal, whatever their spread."""

from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt
from pymc.distributions.transforms import Transform
from scipy.linalg import helmert


@dataclass(frozen=True)
class RoughGroups:
    r"""What the data alone say of each group's class logits, roughly.

    With membership probabilities :math:`m_i` and their mean :math:`\bar m_g` in group g,

    .. math:: \hat\theta_g = \log \bar m_g - \tfrac1K \textstyle\sum_c \log \bar m_{gc}, \qquad
              \Lambda_g = \sum_{i \in g} (m_i - \bar m_g)(m_i - \bar m_g)^\top

    :math:`\Lambda_g` is the empirical information: n (diag(p) - p p') when classes are seen, less when they are
    guessed from answers. Both only choose coordinates; no posterior depends on them.

    Attributes
    ----------
    location : ndarray, shape (group, latent_class)
    information : ndarray, shape (group, latent_class, latent_class)
    """

    location: np.ndarray
    information: np.ndarray

    @classmethod
    def from_membership(cls, membership: np.ndarray, weight: np.ndarray, group: np.ndarray) -> "RoughGroups":
        """From membership (row, latent_class), counts of the rows (row,) and their groups (row,)."""
        n_groups, n_classes = group.max() + 1, membership.shape[1]
        location = np.empty((n_groups, n_classes))
        information = np.empty((n_groups, n_classes, n_classes))
        for g in range(n_groups):
            inside, times = membership[group == g], weight[group == g]
            share = (times @ inside + 0.5) / (times.sum() + 0.5 * n_classes)
            location[g] = np.log(share) - np.log(share).mean()
            information[g] = ((inside - share) * times[:, None]).T @ (inside - share)
        return cls(location, information)


def contrast_basis(n_classes: int) -> np.ndarray:
    """Orthonormal contrasts of classes, shape (latent_class, class_contrast); every column sums to zero."""
    return helmert(n_classes).T


class GroupWhitening(Transform):
    r"""Transform of group contrasts :math:`\theta_g \sim N(\mu_g, \Sigma)`.

    Given :math:`\mu` and :math:`\Sigma`, and data that know :math:`\theta_g` up to
    :math:`N(\hat\theta_g, \Lambda_g^{-1})`, the contrasts are normal with precision
    :math:`M_g = \Lambda_g + \Sigma^{-1}`. The transform is the standardisation by that normal:

    .. math:: \theta_g = M_g^{-1}(\Lambda_g \hat\theta_g + \Sigma^{-1} \mu_g) + R_g^{-\top} \varepsilon_g,
              \qquad M_g = R_g R_g^\top

    It is the centred parametrisation where a group is large, the non-centred one where it is small or
    :math:`\Sigma` near zero, and anything between, contrast by contrast. It is exact: its Jacobian enters the
    density, and a rough :math:`\hat\theta, \Lambda` costs speed, not correctness.

    Papaspiliopoulos, O., Roberts, G. O. & Skold, M. (2007). A general framework for the parametrization of
    hierarchical models. Statistical Science 22(1), 59-73. doi 10.1214/088342307000000014

    Parameters
    ----------
    rough : RoughGroups
    basis : ndarray, shape (latent_class, class_contrast)
    """

    name = "whitened"

    def __init__(self, rough: RoughGroups, basis: np.ndarray):
        location = rough.location @ basis  # (group, contrast)
        self.information = np.einsum("ck,gcd,dl->gkl", basis, rough.information, basis)
        self.pull = np.einsum("gkl,gl->gk", self.information, location)

    def backward(self, value, *inputs):
        """From standardised coordinates to contrasts, both (group, class_contrast)."""
        root, pull = self._posterior_given(*inputs[-2:])
        shifted = pt.linalg.solve_triangular(root, pull[..., None], lower=True, b_ndim=2) + value[..., None]
        return pt.linalg.solve_triangular(root.mT, shifted, lower=False, b_ndim=2)[..., 0]

    def forward(self, value, *inputs):
        """From contrasts to standardised coordinates, both (group, class_contrast)."""
        root, pull = self._posterior_given(*inputs[-2:])
        shift = pt.linalg.solve_triangular(root, pull[..., None], lower=True, b_ndim=2)
        return (root.mT @ pt.as_tensor(value)[..., None] - shift)[..., 0]

    def log_jac_det(self, value, *inputs):
        """Log Jacobian determinant of `backward`, shape (group,)."""
        root, _ = self._posterior_given(*inputs[-2:])
        return -pt.log(pt.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)

    def _posterior_given(self, mu, covariance):
        precision = pt.linalg.inv(covariance)
        root = pt.linalg.cholesky(self.information + precision)  # (group, contrast, contrast)
        return root, self.pull + (precision @ mu[..., None])[..., 0]
