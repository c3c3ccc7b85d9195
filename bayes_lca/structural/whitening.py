"""Coordinates in which the effects of groups are nearly standard normal, whatever their spread."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.transforms import Transform
from scipy.linalg import helmert

from bayes_lca.data.grouping import Grouping
from bayes_lca.structural.starting_membership import StartingMembership


@dataclass(frozen=True)
class RoughGroups:
    r"""What the data alone say of each group's class logits and slopes, roughly.

    With membership probabilities :math:`m_i`, their mean :math:`\bar m_g` in group g, and :math:`w_i = (1, x_i)` the
    covariates whose slopes vary by group,

    .. math:: \Lambda_g = \sum_{i \in g} w_i w_i^\top \otimes (m_i - \bar m_g)(m_i - \bar m_g)^\top

    is the empirical information: n (diag(p) - p p') for intercepts when classes are seen, less when they are guessed
    from answers. The location is :math:`\log \bar m_g` with slopes one Newton step from zero; where something is
    expected of each row whatever its group, all is one step from zero. Both only choose coordinates; no posterior
    depends on them.

    Attributes
    ----------
    location : ndarray, shape (group, coefficient)
        Classes vary fastest: the logits of the classes, then their slopes for the first covariate, and so on.
    information : ndarray, shape (group, coefficient, coefficient)
    """

    location: np.ndarray
    information: np.ndarray

    @classmethod
    def of(cls, membership: StartingMembership, grouping: Grouping) -> "RoughGroups":
        """From the rows of each group."""
        varying = membership.design.standardised[:, list(grouping.varying)]
        w = np.column_stack([np.ones(len(varying)), varying])  # (row, 1 + varying)
        n_groups, n_classes, size = len(grouping.levels), membership.n_classes, w.shape[1] * membership.n_classes
        location, information = np.empty((n_groups, size)), np.empty((n_groups, size, size))
        for g in range(n_groups):
            inside = grouping.index == g
            share = (membership.weight[inside] @ membership.probability[inside] + 0.5) / (
                membership.weight[inside].sum() + 0.5 * n_classes
            )
            expected = share if membership.expected is None else membership.expected[inside]
            residual = membership.probability[inside] - expected  # (row, class)
            score = np.einsum("it,ic->itc", w[inside], residual).reshape(-1, size)
            information[g] = (score * membership.weight[inside, None]).T @ score
            if membership.expected is not None:
                location[g] = np.linalg.solve(information[g] + np.eye(size), membership.weight[inside] @ score)
                continue
            location[g, :n_classes] = np.log(share) - np.log(share).mean()
            if size > n_classes:
                slopes = information[g][n_classes:, n_classes:] + np.eye(size - n_classes)
                total = membership.weight[inside] @ score[:, n_classes:]
                location[g, n_classes:] = np.linalg.solve(slopes, total)
                at_mean = np.average(varying[inside], axis=0, weights=membership.weight[inside])
                location[g, :n_classes] -= at_mean @ location[g, n_classes:].reshape(-1, n_classes)
        return cls(location, information)

    def project(self, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Information, and information times location, of the contrasts of a basis (coefficient, contrast)."""
        information = np.einsum("ck,gcd,dl->gkl", basis, self.information, basis)
        return information, np.einsum("gkl,gl->gk", information, self.location @ basis)


def contrast_basis(n_classes: int) -> np.ndarray:
    """Orthonormal contrasts of classes, shape (latent_class, class_contrast); every column sums to zero."""
    return helmert(n_classes).T


class GroupWhitening(Transform):
    r"""Transform of group effects :math:`\theta_g \sim N(\mu_g, \Sigma)`.

    Given :math:`\mu` and :math:`\Sigma`, and data that know :math:`\theta_g` up to
    :math:`N(\hat\theta_g, \Lambda_g^{-1})`, the effects are normal with precision
    :math:`M_g = \Lambda_g + \Sigma^{-1}`. The transform is the standardisation by that normal:

    .. math:: \theta_g = M_g^{-1}(\Lambda_g \hat\theta_g + \Sigma^{-1} \mu_g) + R_g^{-\top} \varepsilon_g,
              \qquad M_g = R_g R_g^\top

    It is the centred parametrisation where a group is large, the non-centred one where it is small or
    :math:`\Sigma` near zero, and anything between, contrast by contrast. It is exact: its Jacobian enters the
    density, and a rough :math:`\hat\theta, \Lambda` costs speed, not correctness.

    The last four inputs of the variable are :math:`\mu` (group, contrast), :math:`\Sigma` (contrast, contrast),
    :math:`\Lambda_g` (group, contrast, contrast) and :math:`\Lambda_g \hat\theta_g` (group, contrast).

    Papaspiliopoulos, O., Roberts, G. O. & Skold, M. (2007). A general framework for the parametrization of
    hierarchical models. Statistical Science 22(1), 59-73. doi 10.1214/088342307000000014
    """

    name = "whitened"

    def backward(self, value, *inputs):
        """From standardised coordinates to contrasts, both (group, contrast)."""
        root, pull = _posterior_given(*inputs[-4:])
        shifted = pt.linalg.solve_triangular(root, pull[..., None], lower=True, b_ndim=2) + value[..., None]
        return pt.linalg.solve_triangular(root.mT, shifted, lower=False, b_ndim=2)[..., 0]

    def forward(self, value, *inputs):
        """From contrasts to standardised coordinates, both (group, contrast)."""
        root, pull = _posterior_given(*inputs[-4:])
        shift = pt.linalg.solve_triangular(root, pull[..., None], lower=True, b_ndim=2)
        return (root.mT @ pt.as_tensor(value)[..., None] - shift)[..., 0]

    def log_jac_det(self, value, *inputs):
        """Log Jacobian determinant of `backward`, shape (group,)."""
        root, _ = _posterior_given(*inputs[-4:])
        return -pt.log(pt.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)


def whitened_normal(name: str, mu, covariance, information, pull, *, dims):
    r"""Normal effects of groups, :math:`\theta_g \sim N(\mu_g, \Sigma)`, sampled in whitened coordinates.

    Parameters
    ----------
    name : str
    mu : TensorVariable, shape (group, contrast)
    covariance : TensorVariable, shape (contrast, contrast)
    information, pull : tensor_like, shapes (group, contrast, contrast) and (group, contrast)
        What the data roughly know, from `RoughGroups.project`; they choose coordinates only.
    dims : tuple of str
    """
    return pm.CustomDist(
        name,
        mu,
        covariance,
        information,
        pull,
        logp=lambda value, mu, covariance, *_: pm.logp(pm.MvNormal.dist(mu, cov=covariance[0]), value),
        random=_draw_normal,
        signature="(k),(k,k),(k,k),(k)->(k)",
        class_name="MultivariateNormal",
        default_transform=GroupWhitening(),
        dims=dims,
    )


def _draw_normal(mu, covariance, information, pull, rng: Any = None, size=None) -> np.ndarray:
    shape = np.shape(mu) if size is None else (*size, np.shape(mu)[-1])
    root = np.linalg.cholesky(covariance)
    return mu + (root @ rng.normal(size=shape)[..., None])[..., 0]


def _posterior_given(mu, covariance, information, pull):
    precision = pt.linalg.inv(covariance)
    root = pt.linalg.cholesky(information + precision)  # (group, contrast, contrast)
    return root, pull + (precision @ mu[..., None])[..., 0]
