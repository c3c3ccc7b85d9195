"""Random intercepts and slopes of groups, in coordinates that sample well."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca import priors
from bayes_lca.data.design import Design
from bayes_lca.data.grouping import Grouping
from bayes_lca.dims import (
    OTHER_CLASS,
    ROUGH,
    correlation_root,
    group_coefficients,
    group_correlation,
    group_effect,
    group_sd,
    group_slope,
    group_slope_sd,
    group_terms,
    rough_groups,
    standardised_coefficients,
    standardised_slope_sd,
    whitened_coefficients,
)
from bayes_lca.structural.group_logits import CoarserGroups, GroupLogits
from bayes_lca.structural.slopes import standard_deviation, width
from bayes_lca.structural.starting_membership import StartingMembership
from bayes_lca.structural.whitening import RoughGroups, contrast_basis, whitened_normal


@dataclass(frozen=True)
class RandomEffects:
    r"""Effects of groups on class logits.

    The finest grouping is written about the mean of each group. Let z be the covariates whose slopes vary by group
    and x the others, with means :math:`\bar x_g`:

    .. math::
        \eta_i = \phi_{g_i} + z_i^\top \gamma_{g_i} + (x_i - \bar x_{g_i})^\top \beta_x, \qquad
        \phi_g \sim N(\alpha + \bar x_g^\top \beta_x, \operatorname{diag} \sigma^2), \quad
        \gamma_g \sim N(\beta_z, \operatorname{diag} \tau^2)

    which is the model of `Regression` with :math:`u_g = \phi_g - \alpha - \bar x_g^\top \beta_x` and
    :math:`b_g = \gamma_g - \beta_z`: the data know :math:`\phi_g` and :math:`\gamma_g` directly. Intercepts of coarser
    groupings that the finest is nested in are whitened by what its groups say of them; those of crossed groupings, and
    coarser groupings with slopes, are non-centred.

    Parameters
    ----------
    intercept_sd : HalfNormal, HalfStudentT or Exponential
    slope_sd : PerUnit, HalfNormal, HalfStudentT or Exponential
    correlation : LKJ, optional
    """

    intercept_sd: priors.StandardDeviationPrior
    slope_sd: priors.SlopeSpreadPrior
    correlation: priors.LKJ | None = None

    def class_logits(self, alpha, beta, design: Design, membership: StartingMembership, *, classes: str, rows: str):
        """Class logits of every row, shape (row, latent_class).

        Parameters
        ----------
        alpha : TensorVariable, shape (latent_class,)
            Logits at the mean of the covariates, in an average group.
        beta : TensorVariable, shape (term, latent_class)
            Slopes of standardised covariates, in an average group.

        Raises
        ------
        ValueError
            If correlations are asked for where a single contrast of two classes leaves none.
        """
        if self.correlation is not None and membership.n_classes == 2:
            raise ValueError(
                f"correlation={self.correlation!r} with two classes: their one contrast has one standard deviation, "
                "from which no correlation can be told; leave out correlation"
            )
        of_groups = self.group_logits(alpha, beta, design, membership, classes=classes)
        return of_groups.at(design, rows)

    def group_logits(self, alpha, beta, design: Design, membership: StartingMembership, *, classes: str):
        """What rows have from their groups and covariates, inside a `pymc.Model`, as `GroupLogits`; see `class_logits`.

        `design` has all rows: those for which logits are wanted may be some of them.
        """
        # Groups are the rows of theta: intercept and slopes of each, about what covariates and coarser groups say of
        # it (middle). All live on contrasts of classes (basis), of which the likelihood knows, not on class logits.
        finest, *coarser = sorted(design.groupings, key=lambda grouping: -len(grouping.levels))
        varying = list(finest.varying)
        shared = [term for term in range(len(design.terms)) if term not in varying]
        x_mean = finest.means(design.standardised[:, shared])  # (group, shared term)
        # what varies between groups goes into the middle of the group's intercept, what varies within into the rows
        mu = alpha + pt.dot(x_mean, beta[shared])  # (group, class)
        contrasts = contrast_basis(membership.n_classes)  # (class, contrast)
        basis = np.kron(np.eye(1 + len(varying)), contrasts)
        # `membership` may be of other rows than `design`, respondents in place of counted rows: groups by their name
        of_membership = next(grouping for grouping in membership.design.groupings if grouping.name == finest.name)
        information, pull = RoughGroups.of(membership, of_membership).project(basis)
        guide = [
            pm.Data(rough_groups(finest.name, what), values, shape=values.shape)
            for what, values in zip(ROUGH, (information, pull), strict=True)
        ]
        covariance = self._covariance(finest, design, basis, classes)
        of_coarser = []
        for grouping in coarser:
            nested = finest.nested_in(grouping)
            if nested and not grouping.varying:
                u = self._whitened(grouping, finest, mu, covariance, guide, contrasts, design, classes)
                b = None
            else:
                u, b = self._noncentred(grouping, design, membership.n_classes, classes)
            place = None
            if nested:  # a city's effect moves all its groups, crossed groups only their rows
                place = grouping.index[finest.first_row]
                mu = mu + u[place]  # (group, class)
            of_coarser.append(CoarserGroups(grouping.name, place, u, b))

        n_groups = len(finest.levels)
        middle = mu[:, None]  # (group, 1 + varying term, class)
        if varying:
            middle = pt.concatenate([middle, pt.repeat(beta[varying][None], n_groups, axis=0)], axis=1)
        theta = whitened_normal(
            whitened_coefficients(finest.name),
            pt.dot(middle.reshape((n_groups, len(basis))), basis),
            covariance,
            *guide,
            dims=(finest.name, group_coefficients(finest.name)),
        )  # (group, coefficient)
        theta = pt.dot(theta, basis.T).reshape((n_groups, 1 + len(varying), membership.n_classes))
        self._record(finest, theta - middle, design, classes)
        return GroupLogits(finest.name, theta, beta[shared], x_mean, shared, tuple(of_coarser))

    @staticmethod
    def coords(design: Design, n_classes: int) -> dict[str, Sequence]:
        """Names along the axes of groups, of the terms whose slopes vary, and of free coefficients."""
        coords = {}
        for grouping in design.groupings:
            coords[grouping.name] = list(grouping.levels)
            coords[group_coefficients(grouping.name)] = range((1 + len(grouping.varying)) * (n_classes - 1))
            if grouping.varying:
                coords[group_terms(grouping.name)] = [design.terms[term] for term in grouping.varying]
        return coords

    def _whitened(
        self,
        grouping: Grouping,
        finest: Grouping,
        mu,
        within,
        guide,
        contrasts: np.ndarray,
        design: Design,
        classes: str,
    ):
        r"""Intercepts (group, class) of groups that the finest are nested in, whitened by what those say of them.

        A group g within them knows its intercept up to :math:`N(\hat\phi_g, \Lambda_g^{-1})` and varies by
        :math:`\Sigma`, so that it says of the coarser effect what
        :math:`N(\hat\phi_g - \mu_g, \Lambda_g^{-1} + \Sigma)` does; precisions add up.

        Parameters
        ----------
        mu : TensorVariable, shape (finest group, class)
            Where intercepts of the finest groups would lie without the effect.
        within : TensorVariable, shape (coefficient, coefficient)
            Covariance of the finest groups.
        guide : pair of TensorVariable
            Information and pull of the finest groups.
        contrasts : ndarray, shape (class, contrast)
        """
        size = contrasts.shape[1]
        information, pull = guide[0][:, :size, :size], guide[1][:, :size, None]
        spread = pt.linalg.inv(pt.eye(size) + information @ within[:size, :size])  # (finest group, contrast, contrast)
        precision = spread @ information
        said = spread @ pull - precision @ pt.dot(mu, contrasts)[..., None]  # (finest group, contrast, 1)
        inside = (np.arange(len(grouping.levels))[:, None] == grouping.index[finest.first_row]).astype(float)
        theta = whitened_normal(
            whitened_coefficients(grouping.name),
            np.zeros((len(grouping.levels), size)),
            self._covariance(grouping, design, contrasts, classes),
            pt.tensordot(inside, 0.5 * (precision + precision.mT), axes=1),
            pt.dot(inside, said[..., 0]),
            dims=(grouping.name, group_coefficients(grouping.name)),
        )  # (group, contrast)
        effects = pt.dot(theta, contrasts.T)  # (group, class)
        self._record(grouping, effects[:, None], design, classes)
        return effects

    def _noncentred(self, grouping: Grouping, design: Design, n_classes: int, classes: str):
        """Intercepts (group, class) and slopes (group, varying term, class) as scaled standard normals."""
        basis = np.kron(np.eye(1 + len(grouping.varying)), contrast_basis(n_classes))
        root = pt.linalg.cholesky(self._covariance(grouping, design, basis, classes))
        z = pm.Normal(
            standardised_coefficients(grouping.name), 0.0, 1.0, dims=(grouping.name, group_coefficients(grouping.name))
        )
        effects = pt.dot(pt.dot(z, root.T), basis.T).reshape(
            (len(grouping.levels), 1 + len(grouping.varying), n_classes)
        )
        self._record(grouping, effects, design, classes)
        return effects[:, 0], effects[:, 1:]

    def _record(self, grouping: Grouping, effects, design: Design, classes: str) -> None:
        """Report effects (group, 1 + varying term, class) in the user's units."""
        name = grouping.name
        pm.Deterministic(group_effect(name), effects[:, 0], dims=(name, classes))
        if grouping.varying:
            scale = design.scale[list(grouping.varying), None]
            pm.Deterministic(group_slope(name), effects[:, 1:] / scale, dims=(name, group_terms(name), classes))

    def _covariance(self, grouping: Grouping, design: Design, basis: np.ndarray, classes: str):
        """Covariance of the contrasts of intercepts and slopes, independent but for `correlation`."""
        name = grouping.name
        sigma = standard_deviation(group_sd(name), self.intercept_sd, classes)  # (class,)
        size = basis.shape[0]
        if self.correlation is None:
            intercepts = pt.diag(sigma**2)
        else:
            n_classes = size // (1 + len(grouping.varying))
            root = pm.LKJCorr(correlation_root(name), eta=self.correlation.eta, n=n_classes)
            omega = pm.Deterministic(group_correlation(name), pt.dot(root, root.T), dims=(classes, OTHER_CLASS))
            intercepts = sigma[:, None] * omega * sigma
        if not grouping.varying:
            return pt.dot(pt.dot(basis.T, intercepts), basis)
        tau = standard_deviation(
            standardised_slope_sd(name),
            self.slope_sd,
            (group_terms(name), classes),
            times=width(self.slope_sd, design, grouping.varying),
        )  # (varying term, class)
        scale = design.scale[list(grouping.varying), None]
        pm.Deterministic(group_slope_sd(name), tau / scale, dims=(group_terms(name), classes))
        covariance = pt.linalg.block_diag(intercepts, pt.diag(tau.ravel() ** 2))
        return pt.dot(pt.dot(basis.T, covariance), basis)
