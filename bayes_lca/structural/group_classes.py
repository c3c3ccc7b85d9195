"""Classes of groups, in each of which the classes of respondents have shares of their own."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from types import MappingProxyType
from typing import ClassVar, Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca import priors
from bayes_lca.data.declarations import Declarations, MissingCodes
from bayes_lca.data.design import Design, read_design
from bayes_lca.data.formula import in_formula, read_formula
from bayes_lca.data.frame import Frame, is_whole
from bayes_lca.data.profile_sets import ProfileSets
from bayes_lca.dims import (
    CLASS,
    DESIGN,
    GROUP_CLASS,
    GROUP_CLASS_SHARE,
    INTERCEPT,
    LIKELIHOOD_UNIT,
    SLOPE,
    TERM,
)
from bayes_lca.likelihood.group_shares import GroupShares, fit_group_shares
from bayes_lca.structural.interface import Structural
from bayes_lca.structural.regression import AT_MEAN
from bayes_lca.structural.separation import warn_of_separation
from bayes_lca.structural.slopes import standardised_slopes, starting_slopes
from bayes_lca.structural.starting_membership import StartingMembership

FEWEST_GROUPS = 10
ENOUGH_GROUPS = 25
"""Groups from which on their classes have shares that data can tell: below the first, shares and number of group
classes are those of the prior; in simulations of multilevel latent classes 20 to 30 groups are the least that serve."""


class FewGroupsWarning(UserWarning):
    """There are few groups to make classes of."""


@final
@dataclass(frozen=True)
class GroupClasses(Structural):
    r"""Groups fall into classes, which differ in the shares of the classes of respondents.

    .. math::
        P(w_g = w) &= \omega_w, \qquad \omega \sim \operatorname{Dirichlet}(a, \dots, a) \\
        \log P(c \mid x_i, w_{g_i} = w) &= \alpha_{wc} + x_i^\top \beta_c + \text{const}_i \\
        \alpha_w &\sim \operatorname{ZeroSumNormal}(2.5), \quad
        \beta_t\, \mathrm{unit}_t \sim \operatorname{ZeroSumNormal}(1.25)

    The nonparametric multilevel latent class model: group classes take the place of random intercepts, and assume no
    distribution of them. Respondents of a group are independent given its class. Slopes are the same in all group
    classes. Logits sum to zero over classes, and slopes have the priors of `Regression`.

    With ``profiles="free"`` nothing in the likelihood says which class of one group class is which of another. Without
    covariates they are paired after sampling by their profiles: C1 of G2 is the class that answers most as C1 of G1
    does. Whether shares of C1 in G1 and in G2 can be compared is then a matter of how alike these profiles are. With
    covariates the slopes, which are those of C1 in all group classes, tie them together; where slopes of two classes
    are less than three standard deviations apart, an `UntiedClassesWarning` says so.

    Classes of respondents and classes of groups are both exchangeable; labels of either are settled after sampling,
    group classes in decreasing order of their shares.

    Parameters
    ----------
    n_classes : int
        Group classes W, at least 1.
    group : str
        Column of the groups.
    formula : str, default ``"~ 1"``
        Covariates of respondents, or of groups, without random effects. The draws keep it with ``(1 | group)``, which
        says where the groups stand.
    reference, categories, missing_codes : mapping, optional
        As for `Regression`.
    share : Dirichlet, default ``Dirichlet(a=1.0)``
        Prior of the shares of group classes.
    intercept : ZeroSumNormal
        Prior of the class logits of each group class at the mean of the covariates.
    slope : PerUnit, ZeroSumNormal or Horseshoe
        Prior of the slopes.
    profiles : {"equal", "free"}
        Whether classes answer alike in all group classes, or have in each item parameters of their own, under the same
        priors: :math:`\rho_{wcj}` in place of :math:`\rho_{cj}`, as item thresholds vary over the classes of the
        between level in Mplus.

    Raises
    ------
    TypeError
        If a prior is none of its parameter, or a name no text.
    ValueError
        If the formula has random effects; when a frame is read, if there are fewer than ten groups or fewer than two
        groups for each group class, or a covariate or group cannot be used.

    Warns
    -----
    FewGroupsWarning
        When a frame is read with fewer than 25 groups.

    References
    ----------
    Vermunt, J. K. (2003). Multilevel latent class models. Sociological Methodology 33(1), 213-239.
    doi 10.1111/j.0081-1750.2003.t01-1-00131.x

    Lukociene, O., Varriale, R. & Vermunt, J. K. (2010). The simultaneous decision(s) about the number of lower- and
    higher-level classes in multilevel latent class analysis. Sociological Methodology 40(1), 247-283.
    doi 10.1111/j.1467-9531.2010.01231.x

    Examples
    --------
    >>> GroupClasses(2, group="school", formula="~ age").columns
    ('age', 'school')
    """

    fewest_classes: ClassVar[int] = 2
    hidden: ClassVar[str] = "ClassOfGroup"

    n_classes: int
    group: str
    formula: str = "~ 1"
    _: KW_ONLY
    reference: Mapping[str, str] = MappingProxyType({})
    categories: Mapping[str, Sequence] = MappingProxyType({})
    missing_codes: MissingCodes = ()
    share: priors.Dirichlet = priors.CLASS_SHARE
    intercept: priors.ZeroSumNormal = priors.INTERCEPT
    slope: priors.SlopePrior = priors.SLOPE
    profiles: Literal["equal", "free"] = "equal"

    def __post_init__(self):
        if not is_whole(self.n_classes, least=1):
            raise ValueError(f"n_classes={self.n_classes!r}: the number of group classes is a whole number from 1 on")
        if not isinstance(self.group, str):
            raise TypeError(f"group={self.group!r}: give the name of the column of the groups")
        if read_formula(self.formula).groupings:
            raise ValueError(
                f"formula={self.formula!r} has random effects, and group classes take their place: write the "
                f"covariates alone, and the groups as group={self.group!r}"
            )
        if not isinstance(self.categories, Mapping):
            raise TypeError(f"categories={self.categories!r}: give the levels of each covariate, by column in a dict")
        Declarations(self.categories, self.missing_codes)
        if self.profiles not in ("equal", "free"):
            raise ValueError(
                f'profiles={self.profiles!r} of {self.n_classes} group classes: choose "equal", where classes answer '
                'alike in all of them, or "free"'
            )
        kinds = {"share": priors.Dirichlet, "intercept": priors.ZeroSumNormal, "slope": priors.SlopePrior}
        for field, kind in kinds.items():
            priors.check_prior("GroupClasses", field, getattr(self, field), kind)

    @property
    def profiles_by(self) -> str:
        """Group classes, where profiles are free."""
        return GROUP_CLASS if self.profiles == "free" else ""

    @property
    def _with_groups(self) -> str:
        return f"{self.formula} + (1 | {in_formula(self.group)})"

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the formula, and that of the groups."""
        return read_formula(self._with_groups).columns

    def read(self, frame: Frame, missing: Literal["raise", "drop"] = "raise") -> Design:
        """Covariates and groups of a frame as a design."""
        declared = Declarations(self.categories, self.missing_codes)
        design = read_design(frame, self._with_groups, reference=self.reference, missing=missing, declared=declared)
        check_number_of_groups(design, self.group, self.n_classes)
        return design

    def profile_sets(self, design: Design) -> ProfileSets | None:
        """One for each group class, where profiles are free."""
        if self.profiles == "equal":
            return None
        (grouping,) = design.groupings
        names = tuple(group_class_names(self.n_classes))
        return ProfileSets(GROUP_CLASS, self.group, names, grouping.index, is_known=False)

    def class_logits(self, design: Design, membership: StartingMembership, *, classes: str = CLASS, rows: str) -> tuple:
        """Log shares of the group classes, and class logits of every row in each.

        Returns
        -------
        pair of TensorVariable, shapes (group_class,) and (group_class, row or 1, latent_class)
        """
        log_share = pt.log(self._shares())
        alpha = pm.ZeroSumNormal(AT_MEAN, self.intercept.sigma, dims=(GROUP_CLASS, classes))
        if not design.terms:
            pm.Deterministic(INTERCEPT, alpha, dims=(GROUP_CLASS, classes))
            return log_share, alpha[:, None]
        warn_of_separation(membership)
        beta = standardised_slopes(self.slope, {}, design, membership.weight.sum(), classes)  # (term, class)
        slope = pm.Deterministic(SLOPE, beta / design.scale[:, None], dims=(TERM, classes))
        pm.Deterministic(INTERCEPT, alpha - pt.dot(design.center, slope), dims=(GROUP_CLASS, classes))
        x = pm.Data(DESIGN, design.standardised, dims=(rows, TERM))  # (row, term)
        return log_share, alpha[:, None] + pt.dot(beta.T, x.T).T[None]

    def _shares(self):
        if self.n_classes == 1:
            return pm.Deterministic(GROUP_CLASS_SHARE, pt.ones(1), dims=GROUP_CLASS)
        return pm.Dirichlet(GROUP_CLASS_SHARE, np.full(self.n_classes, self.share.a), dims=GROUP_CLASS)

    def coords(self, design: Design, n_classes: int) -> dict[str, Sequence[str]]:
        """Names along the axes of terms, groups and group classes."""
        names = {grouping.name: list(grouping.levels) for grouping in design.groupings}
        return {TERM: list(design.terms), GROUP_CLASS: group_class_names(self.n_classes), **names}

    def starting_values(self, design: Design, membership: StartingMembership) -> dict[str, np.ndarray]:
        """Shares as maximum likelihood finds them where answers given the class are known; slopes a little off zero."""
        found = self._start(membership)
        log_share = np.log(found.class_share)
        start = {AT_MEAN: log_share - log_share.mean(axis=1, keepdims=True)}
        if self.n_classes > 1:
            start |= {GROUP_CLASS_SHARE: found.group_class_share}
        if design.terms:
            off = np.linspace(-0.01, 0.01, membership.n_classes)
            start |= starting_slopes(self.slope, {}, design, off - off.mean())
        return start

    def _start(self, membership: StartingMembership) -> GroupShares:
        if membership.shares is not None:
            return membership.shares
        (grouping,) = membership.design.groupings
        log_answers = np.log(np.maximum(membership.probability, 1e-300)) - np.log(membership.share)
        return fit_group_shares(log_answers, membership.weight, grouping.index, self.n_classes)

    @property
    def attributes(self) -> dict[str, str]:
        """Groups are the units of the likelihood."""
        return {LIKELIHOOD_UNIT: self.group}


def group_class_names(n_classes: int) -> list[str]:
    """Labels of group classes as shown to users: G1, G2, ..."""
    return [f"G{w + 1}" for w in range(n_classes)]


def check_number_of_groups(design: Design, group: str, n_classes: int) -> None:
    """Refuse too few groups, and warn of few.

    Raises
    ------
    ValueError

    Warns
    -----
    FewGroupsWarning
    """
    (grouping,) = design.groupings
    n_groups, n_rows = len(grouping.levels), len(design.matrix)
    why = (
        f"group column {group!r} has {n_groups} groups of {n_rows} respondents: each group is one observation of the "
        "classes of groups"
    )
    remedy = f"add (1 | {group}) to the formula of Regression for random intercepts, or compare groups one by one"
    if n_groups < FEWEST_GROUPS:
        raise ValueError(f"{why}, and with fewer than {FEWEST_GROUPS} their shares rest on the prior alone; {remedy}")
    if n_groups < 2 * n_classes:
        raise ValueError(f"{why}, and {n_classes} group classes take {2 * n_classes} groups or more; ask for fewer")
    if n_groups < ENOUGH_GROUPS:
        warnings.warn(
            f"{why}, and with fewer than {ENOUGH_GROUPS} neither their number nor shares are well known; {remedy}",
            FewGroupsWarning,
            stacklevel=4,
        )
