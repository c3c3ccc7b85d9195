"""Multinomial regression of the class on covariates, with random intercepts and slopes for groups."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_lca import priors
from bayes_lca.data.declarations import Declarations, MissingCodes
from bayes_lca.data.design import Design, read_design
from bayes_lca.data.formula import read_formula
from bayes_lca.data.frame import Frame
from bayes_lca.dims import CLASS, DESIGN, INTERCEPT, SLOPE, TERM, correlation_root
from bayes_lca.structural.interface import Structural
from bayes_lca.structural.random_effects import RandomEffects
from bayes_lca.structural.separation import warn_of_separation
from bayes_lca.structural.slopes import standardised_slopes, starting_slopes
from bayes_lca.structural.starting_membership import StartingMembership
from bayes_lca.structural.term_priors import check_priors_of_terms, classes_with_equal_priors

AT_MEAN = f"{INTERCEPT}_at_mean"


@final
@dataclass(frozen=True)
class Regression(Structural):
    r"""Class logits linear in covariates, with random intercepts and slopes.

    .. math::
        \log P(c \mid x_i, g_i) &= \alpha_c + x_i^\top \beta_c + u_{c g_i} + x_i^\top b_{c g_i} + \text{const}_i \\
        \alpha &\sim \operatorname{ZeroSumNormal}(2.5), \quad
        \beta_t\, \mathrm{unit}_t \sim \operatorname{ZeroSumNormal}(1.25) \\
        u_{cg} &\sim N(0, \sigma_c^2), \quad \sigma_c \sim \operatorname{HalfNormal}(1) \\
        b_{tcg} &\sim N(0, \tau_{tc}^2), \quad \tau_{tc}\, \mathrm{unit}_t \sim \operatorname{HalfNormal}(0.5)

    Logits are symmetric: intercepts and slopes sum to zero over classes, so no prior depends on a reference class,
    and contrasts against any reference are differences of draws. Priors of slopes follow the column they are of: a
    unit is the change from one category to another, or the spread of a number, as `PerUnit` says. Covariates are
    standardised inside and reported in the user's units; u is the effect of a group at the mean of the covariates, and
    b is zero but for the covariates whose slopes vary. Random effects are independent over classes, intercepts and
    slopes, unless `correlation` lets the intercepts correlate between classes. Only contrasts of classes enter the
    likelihood, so u and b are reported as logits that sum to zero over classes.

    Parameters
    ----------
    formula : str
        ``"~ age + participation + tier + (1 | group)"``; nested groups as ``(1 | city/group)``; slopes that vary by
        group as ``(participation | group)``; cross-level interactions as ``participation:tier``.
    reference : mapping of str to str, optional
        Reference level by covariate.
    categories : mapping of str to sequence, optional
        Levels of covariates in their order, by column; the first is the reference, any other value is refused.
    missing_codes : sequence, or mapping of str to sequence
        Codes that mean no value, for all columns of the formula or by column, such as ``{"age": [99]}``. A column that
        is named here is not warned of.
    intercept : ZeroSumNormal
        Prior of the logits at the mean of the covariates.
    slope : PerUnit, ZeroSumNormal or Horseshoe
        Prior of the slopes: per unit of a column, per standard deviation, or shrinking most of many to zero.
    prior : mapping of str to PerUnit, ZeroSumNormal or NormalByClass, optional
        Priors of the slopes of single terms in place of `slope`, by column of the design, ``"tier[high]"``, or by term,
        ``"tier"`` for all its columns. With `NormalByClass` each class has a mean and a spread of its own; latent
        classes have to be numbered by what is known of the items.
    group_sd : HalfNormal, HalfStudentT or Exponential
        Prior of the standard deviation of the random intercepts, one for each class logit.
    group_slope_sd : PerUnit, HalfNormal, HalfStudentT or Exponential
        The same for random slopes, per unit of the covariate, or without `PerUnit` per standard deviation.
    correlation : LKJ, optional
        Prior of the correlations between the random intercepts of the classes; by default they are independent,
        because a few groups cannot tell. It takes three classes or more.

    Raises
    ------
    TypeError
        If a prior is none of its parameter, or a declaration no list.
    ValueError
        When a frame is read: if the formula or a covariate cannot be used, a declaration names another column, `prior`
        no term, or classes with different priors are exchangeable to the items.

    Warns
    -----
    MissingCodeWarning
        When a frame is read, if a value that nobody declared looks like a code of missing answers.

    Examples
    --------
    >>> Regression("~ participation + (1 | group)").formula
    '~ participation + (1 | group)'

    A weaker effect of age than of participation is expected:

    >>> import bayes_lca as bl
    >>> Regression("~ age + participation", prior={"age": bl.PerUnit(bl.ZeroSumNormal(0.3))}).prior
    {'age': PerUnit(prior=ZeroSumNormal(sigma=0.3), columns=None)}
    """

    fewest_classes: ClassVar[int] = 2

    formula: str
    reference: Mapping[str, str] = MappingProxyType({})
    intercept: priors.ZeroSumNormal = priors.INTERCEPT
    slope: priors.SlopePrior = priors.SLOPE
    group_sd: priors.StandardDeviationPrior = priors.GROUP_SD
    group_slope_sd: priors.SlopeSpreadPrior = priors.GROUP_SLOPE_SD
    correlation: priors.LKJ | None = None
    categories: Mapping[str, Sequence] = MappingProxyType({})
    missing_codes: MissingCodes = ()
    prior: Mapping[str, priors.TermPrior] = MappingProxyType({})

    def __post_init__(self):
        if not isinstance(self.categories, Mapping):
            raise TypeError(f"categories={self.categories!r}: give the levels of each covariate, by column in a dict")
        Declarations(self.categories, self.missing_codes)
        kinds: dict[str, Any] = {"intercept": priors.ZeroSumNormal, "slope": priors.SlopePrior}
        kinds |= {"group_sd": priors.StandardDeviationPrior, "group_slope_sd": priors.SlopeSpreadPrior}
        if self.correlation is not None:
            kinds["correlation"] = priors.LKJ
        for field, kind in kinds.items():
            priors.check_prior("Regression", field, getattr(self, field), kind)
        if isinstance(self.slope, priors.PerUnit) and not isinstance(self.slope.prior, priors.ZeroSumNormal):
            raise TypeError(f"slope={self.slope!r}: the prior of all slopes is ZeroSumNormal, or PerUnit of it")
        check_priors_of_terms(self.prior)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a frame that the formula uses."""
        return read_formula(self.formula).columns

    def read(self, frame: Frame, missing: Literal["raise", "drop"] = "raise") -> Design:
        """The covariates of a frame as a design."""
        declared = Declarations(self.categories, self.missing_codes)
        return read_design(frame, self.formula, reference=self.reference, missing=missing, declared=declared)

    def class_logits(
        self, design: Design, membership: StartingMembership, *, classes: str = CLASS, rows: str
    ) -> TensorVariable:
        """Class logits of every row, shape (row, latent_class).

        Parameters
        ----------
        design : Design
            Covariates of the rows.
        membership : StartingMembership
            It chooses the sampler's coordinates and changes no posterior.
        classes, rows : str
            Names of the two axes.

        Warns
        -----
        SeparationWarning
            If a covariate tells classes apart so well that its odds ratios rest on the prior.
        """
        warn_of_separation(membership)
        alpha = pm.ZeroSumNormal(AT_MEAN, self.intercept.sigma, dims=classes)  # (class,)
        if design.terms:
            n = membership.weight.sum()
            beta = standardised_slopes(self.slope, self.prior, design, n, classes)  # (term, class)
            slope = pm.Deterministic(SLOPE, beta / design.scale[:, None], dims=(TERM, classes))
            pm.Deterministic(INTERCEPT, alpha - pt.dot(design.center, slope), dims=classes)
        else:
            beta = pt.zeros((0, membership.n_classes))
            pm.Deterministic(INTERCEPT, alpha, dims=classes)
        if design.groupings:
            effects = RandomEffects(self.group_sd, self.group_slope_sd, self.correlation)
            return effects.class_logits(alpha, beta, design, membership, classes=classes, rows=rows)
        x = pm.Data(DESIGN, design.standardised, dims=(rows, TERM))  # (row, term)
        return (alpha[:, None] + pt.dot(beta.T, x.T)).T  # (row, class)

    @property
    def attributes(self) -> dict[str, str]:
        """What the draws should remember of the priors."""
        return {"group_sd_prior": json.dumps({"distribution": type(self.group_sd).__name__, **asdict(self.group_sd)})}

    def coords(self, design: Design, n_classes: int) -> dict[str, Sequence[str]]:
        """Names along the axes of terms and groups."""
        return {TERM: list(design.terms), **RandomEffects.coords(design, n_classes)}

    def exchangeable(self, design: Design, names: Sequence[str]) -> np.ndarray:
        """The set of each class: classes are exchangeable if their slopes have equal priors."""
        return classes_with_equal_priors(self.prior, design, names)

    def starting_values(self, design: Design, membership: StartingMembership) -> dict[str, np.ndarray]:
        """Logits of the classes' shares, slopes and correlations 0, all a little off.

        In a balanced design the gradient of some of them would be exactly zero, from where NUTS does not start.
        """
        log_share = np.log(membership.share)
        off = np.linspace(-0.01, 0.01, len(log_share))
        start = {AT_MEAN: log_share - log_share.mean() + off}
        if design.terms:
            start |= starting_slopes(self.slope, self.prior, design, off)
        if self.correlation is not None:
            root = np.linalg.cholesky(np.full((membership.n_classes,) * 2, 0.1) + 0.9 * np.eye(membership.n_classes))
            start |= {correlation_root(each.name): root for each in design.groupings}
        return start
