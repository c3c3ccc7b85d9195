"""Multinomial regression of the class on covariates, with random intercepts for groups."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca import priors
from bayes_lca.data.design import Design, Grouping, read_design
from bayes_lca.data.formula import read_formula
from bayes_lca.dims import (
    CLASS,
    CONTRAST,
    DESIGN,
    INTERCEPT,
    SLOPE,
    TERM,
    group_contrasts,
    group_effect,
    group_sd,
)
from bayes_lca.structural.normal_score import NormalScore
from bayes_lca.structural.whitening import GroupWhitening, RoughGroups, contrast_basis

AT_MEAN = f"{INTERCEPT}_at_mean"
STANDARDISED = f"{SLOPE}_standardised"


@dataclass(frozen=True)
class Regression:
    r"""Class logits linear in covariates, with random intercepts.

    .. math::
        \log P(c \mid x_i, g_i) &= \alpha_c + x_i^\top \beta_c + u_{c g_i} + \text{const}_i \\
        \alpha &\sim \operatorname{ZeroSumNormal}(2.5), \quad \beta_t \sim \operatorname{ZeroSumNormal}(1.5), \quad
        u_{cg} \sim N(0, \sigma_c^2), \quad \sigma_c \sim \operatorname{HalfNormal}(1)

    Logits are symmetric: intercepts and slopes sum to zero over classes, so no prior depends on a reference class,
    and contrasts against any reference are differences of draws. Covariates are standardised inside and reported in
    the user's units.

    The random intercepts are written about the mean of each group: with group means :math:`\bar x_g`,

    .. math:: \eta_i = \theta_{g_i} + (x_i - \bar x_{g_i})^\top \beta, \qquad
              \theta_g \sim N(\alpha + \bar x_g^\top \beta, \operatorname{diag} \sigma^2)

    which is the model above with :math:`u_g = \theta_g - \alpha - \bar x_g^\top \beta`: the data know
    :math:`\theta_g` directly. Only contrasts of classes enter the likelihood, so :math:`\theta` and u are reported
    as logits that sum to zero over classes.

    Parameters
    ----------
    formula : str
        ``"~ age + participation + tier + (1 | group)"``; nested groups as ``(1 | city/group)``.
    reference : mapping of str to str, optional
        Reference level by covariate.
    intercept, slope : ZeroSumNormal
        Priors of the logits at the mean of the covariates, and of slopes per standard deviation.
    group_sd : HalfNormal, HalfStudentT or Exponential
        Prior of the standard deviation of the random intercepts, one for each class logit.

    Examples
    --------
    >>> Regression("~ participation + (1 | group)").formula
    '~ participation + (1 | group)'
    """

    fewest_classes: ClassVar[int] = 2

    formula: str
    reference: Mapping[str, str] = MappingProxyType({})
    intercept: priors.ZeroSumNormal = priors.INTERCEPT
    slope: priors.ZeroSumNormal = priors.SLOPE
    group_sd: priors.StandardDeviationPrior = priors.GROUP_SD

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a frame that the formula uses."""
        return read_formula(self.formula).columns

    def read(self, frame, missing: Literal["raise", "drop"] = "raise") -> Design:
        """The covariates of a frame as a design."""
        return read_design(frame, self.formula, reference=self.reference, missing=missing)

    def class_logits(
        self, design: Design, membership: np.ndarray, weight: np.ndarray, *, classes: str = CLASS, rows: str
    ):
        """Class logits of every row, shape (row, latent_class).

        Parameters
        ----------
        design : Design
            Covariates of the rows.
        membership : ndarray, shape (row, latent_class)
            A rough classification; it chooses the sampler's coordinates and changes no posterior.
        weight : ndarray, shape (row,)
            Respondents behind each row.
        classes, rows : str
            Names of the two axes.
        """
        alpha = pm.ZeroSumNormal(AT_MEAN, self.intercept.sigma, dims=classes)  # (class,)
        if design.terms:
            beta = pm.ZeroSumNormal(STANDARDISED, self.slope.sigma, dims=(TERM, classes))  # (term, class)
            slope = pm.Deterministic(SLOPE, beta / design.scale[:, None], dims=(TERM, classes))
            pm.Deterministic(INTERCEPT, alpha - pt.dot(design.center, slope), dims=classes)
        else:
            beta = pt.zeros((0, membership.shape[1]))
            pm.Deterministic(INTERCEPT, alpha, dims=classes)
        if not design.groupings:
            x = pm.Data(DESIGN, design.standardised, dims=(rows, TERM))  # (row, term)
            return (alpha[:, None] + pt.dot(beta.T, x.T)).T  # (row, class)

        finest, *coarser = sorted(design.groupings, key=lambda grouping: -len(grouping.levels))
        group = pm.Data(f"{finest.name}_index", finest.index, dims=rows)  # (row,)
        x_mean = finest.means(design.standardised)  # (group, term)
        x_within = pm.Data(f"{DESIGN}_within_{finest.name}", design.standardised - x_mean[finest.index])
        mu = alpha + pt.dot(x_mean, beta)  # (group, class)
        eta = pt.dot(beta.T, x_within.T)  # (class, row)
        contrasts = contrast_basis(membership.shape[1])  # (class, contrast)
        for grouping in coarser:
            covariance = self._covariance(grouping, contrasts, classes)  # (contrast, contrast)
            z = pm.Normal(f"{grouping.name}_standardised", 0.0, 1.0, dims=(grouping.name, CONTRAST))
            u = pt.dot(pt.dot(z, pt.linalg.cholesky(covariance).T), contrasts.T)  # (coarser group, class)
            pm.Deterministic(group_effect(grouping.name), u, dims=(grouping.name, classes))
            if finest.nested_in(grouping):
                mu = mu + u[grouping.index[finest.first_row]]  # (group, class)
            else:
                eta = eta + u[pm.Data(f"{grouping.name}_index", grouping.index, dims=rows)].T  # (class, row)

        rough = RoughGroups.from_membership(membership, weight, finest.index)
        theta = pm.MvNormal(  # (group, contrast)
            group_contrasts(finest.name),
            pt.dot(mu, contrasts),
            cov=self._covariance(finest, contrasts, classes),
            default_transform=GroupWhitening(rough, contrasts),
            dims=(finest.name, CONTRAST),
        )
        theta = pt.dot(theta, contrasts.T)  # (group, class)
        pm.Deterministic(group_effect(finest.name), theta - mu, dims=(finest.name, classes))
        return (eta + theta.T[:, group]).T  # (row, class)

    @property
    def attributes(self) -> dict[str, str]:
        """What the draws should remember of the priors."""
        return {"group_sd_prior": json.dumps({"distribution": type(self.group_sd).__name__, **asdict(self.group_sd)})}

    def coords(self, design: Design, n_classes: int) -> dict[str, Sequence[str]]:
        """Names along the axes of terms and groups."""
        groups = {grouping.name: list(grouping.levels) for grouping in design.groupings}
        return {TERM: list(design.terms), CONTRAST: range(n_classes - 1), **groups}

    def starting_values(self, design: Design, membership: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
        """Logits of a rough classification, slopes 0."""
        log_share = np.log((weight @ membership + 0.5) / (weight.sum() + 0.5 * membership.shape[1]))
        start = {AT_MEAN: log_share - log_share.mean()}
        if design.terms:
            start[STANDARDISED] = np.zeros((len(design.terms), len(log_share)))
        return start

    def _covariance(self, grouping: Grouping, contrasts: np.ndarray, classes: str):
        r"""Covariance of the class contrasts of random intercepts that are independent N(0, sigma_c^2)."""
        prior = getattr(pm, type(self.group_sd).__name__)
        coordinates = {"default_transform": NormalScore()} if prior is pm.HalfNormal else {}
        sigma = prior(group_sd(grouping.name), **asdict(self.group_sd), dims=classes, **coordinates)  # (class,)
        return pt.dot(contrasts.T * sigma**2, contrasts)  # (contrast, contrast)
