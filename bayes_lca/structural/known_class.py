"""Several populations: a class that is known beside the latent ones, whose shares differ by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Literal, final

import numpy as np
from pytensor.tensor import TensorVariable

from bayes_lca import priors
from bayes_lca.data.declarations import MissingCodes
from bayes_lca.data.design import Design
from bayes_lca.data.formula import in_formula, read_formula
from bayes_lca.data.frame import Frame, named
from bayes_lca.data.profile_sets import ProfileSets
from bayes_lca.dims import AXES, CLASS, POPULATION
from bayes_lca.structural.interface import Structural
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.starting_membership import StartingMembership


@final
@dataclass(frozen=True)
class KnownClass(Structural):
    r"""Class shares of several populations, whose classes answer alike, or each in a way of their own.

    .. math::
        P(c \mid s_i, x_i) \propto \exp(\alpha_{s_i c} + x_i^\top \beta_c)

    for respondents of site s, the known class, as Mplus has it with KNOWNCLASS: every site has shares of its own, and
    covariates of `formula` one slope in all sites. Item profiles are equal in all sites, or with ``profiles="free"``
    :math:`\rho_{scj}`, one set for each; `fit_populations` fits each site by itself, and `measurement_invariance` frees
    items one by one. Items that a site was not asked are missing there, and the classes are held together by the
    others, where profiles are equal.

    It is the `Regression` of the classes on ``by`` and the covariates, with its priors: sites that are a sample of
    others, many of them, are random effects rather, ``Regression("~ (1 | site)")``.

    Parameters
    ----------
    by : str
        Column of the known class.
    formula : str, default "~ 1"
        Covariates beside it, as for `Regression`.
    reference : mapping of str to str, optional
        Reference level by covariate; that of `by` too.
    intercept : ZeroSumNormal
    slope : PerUnit, ZeroSumNormal or Horseshoe
        Prior of the slopes, and of the differences between sites.
    missing_codes : sequence, or mapping of str to sequence
        Codes that mean no value.
    profiles : {"equal", "free"}
        Whether classes answer alike at all sites, or have in each item parameters of their own, under the same priors.
        Classes of other sites are paired with those of the largest by their profiles before sampling. Without further
        covariates nothing ties them together, so labels of all draws are aligned within each site, and paired again;
        with them their slopes do, and an `UntiedClassesWarning` says where these hardly differ.

    Raises
    ------
    ValueError
        If `formula` cannot be read, or uses `by`, or tables have a column of that name; when a frame is read, if `by`
        has one value or is missing.

    References
    ----------
    Clogg, C. C. & Goodman, L. A. (1984). Latent structure analysis of a set of multidimensional contingency tables.
    JASA 79(388), 762-771. doi 10.1080/01621459.1984.10477093

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> populations = bl.LatentClass(2, items, KnownClass("role", "~ participation"))
    >>> populations.structural.regression.formula
    '~ role + participation'
    """

    fewest_classes: ClassVar[int] = 2

    by: str
    formula: str = "~ 1"
    reference: Mapping[str, str] = MappingProxyType({})
    intercept: priors.ZeroSumNormal = priors.INTERCEPT
    slope: priors.SlopePrior = priors.SLOPE
    missing_codes: MissingCodes = ()
    profiles: Literal["equal", "free"] = "equal"
    regression: Regression = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        if not isinstance(self.by, str) or not self.by:
            raise TypeError(f"by={self.by!r}: give the name of a column, such as 'site'")
        if self.by in AXES:
            raise ValueError(
                f"by={self.by!r}: tables of the draws have {named(sorted(AXES))} for something else; rename the column"
            )
        if self.by in read_formula(self.formula).columns:
            raise ValueError(f"formula {self.formula!r} uses {self.by!r}, the known class; leave it out of the formula")
        if self.profiles not in ("equal", "free"):
            raise ValueError(
                f'profiles={self.profiles!r} by {self.by!r}: choose "equal", where classes answer alike at all levels, '
                'or "free"'
            )
        right = self.formula.split("~", maxsplit=1)[1].strip()
        formula = f"~ {in_formula(self.by)}" + ("" if right == "1" else f" + {right}")
        given = self.reference, self.intercept, self.slope
        object.__setattr__(self, "regression", Regression(formula, *given, missing_codes=self.missing_codes))

    @property
    def columns(self) -> tuple[str, ...]:
        """The known class, covariates and groups."""
        return self.regression.columns

    def read(self, frame: Frame, missing: Literal["raise", "drop"] = "raise") -> Design:
        """The known class and the covariates of a frame as a design."""
        design = self.regression.read(frame, missing)
        if not hasattr(design.covariates[self.by], "cat"):
            raise ValueError(
                f"{self.by!r} holds numbers in {len(design.matrix)} rows, which are no names of populations; make it a "
                f"category, frame[{self.by!r}].astype(str)"
            )
        return design

    @property
    def profiles_by(self) -> str:
        """Populations, where profiles are free."""
        return POPULATION if self.profiles == "free" else ""

    def profile_sets(self, design: Design) -> ProfileSets | None:
        """One for each site, where profiles are free; the reference level is the first."""
        if self.profiles == "equal":
            return None
        site = design.covariates[self.by].cat
        return ProfileSets(POPULATION, self.by, tuple(map(str, site.categories)), site.codes.to_numpy(), is_known=True)

    def coords(self, design: Design, n_classes: int) -> dict[str, Sequence]:
        """Names along the axes of terms, groups and, where profiles are free, sites."""
        sets = self.profile_sets(design)
        of_sets = {} if sets is None else {sets.axis: list(sets.names)}
        return {**self.regression.coords(design, n_classes), **of_sets}

    def class_logits(
        self, design: Design, membership: StartingMembership, *, classes: str = CLASS, rows: str
    ) -> TensorVariable:
        """Class logits of every row, shape (row, latent_class); see `Regression.class_logits`."""
        return self.regression.class_logits(design, membership, classes=classes, rows=rows)

    def starting_values(self, design: Design, membership: StartingMembership) -> dict[str, np.ndarray]:
        """Values of the free variables to start from."""
        return self.regression.starting_values(design, membership)

    @property
    def attributes(self) -> Mapping[str, str]:
        """What the draws should remember of the priors."""
        return self.regression.attributes
