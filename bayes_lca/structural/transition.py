"""How people move between classes from wave to wave."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca import priors
from bayes_lca.data.declarations import Declarations, MissingCodes
from bayes_lca.data.design import Design, read_design
from bayes_lca.data.formula import read_formula
from bayes_lca.data.frame import Frame
from bayes_lca.dims import (
    CLASS,
    DESTINATION_LOGIT,
    OTHER_CLASS,
    OTHER_DESTINATION,
    PATTERN,
    STAY_LOGIT,
    STEP,
    TRANSITION_DESIGN,
    TRANSITION_LOGIT,
    TRANSITION_PROBABILITY,
    TRANSITION_SLOPE,
    TRANSITION_TERM,
    of_transition,
)
from bayes_lca.structural.random_effects import RandomEffects
from bayes_lca.structural.slopes import width
from bayes_lca.structural.starting_membership import StartingMembership
from bayes_lca.structural.stay_and_move import around_diagonal, off_diagonal

STANDARDISED = f"{TRANSITION_SLOPE}_standardised"


@final
@dataclass(frozen=True)
class Transition:
    r"""Moves between classes from one wave to the next, with covariates, random intercepts and slopes.

    .. math::
        \log P(z_t = d \mid z_{t-1} = c, x_{it}, g_{it}) &= \tau_{cd} + x_{it}^\top \gamma_d + v_{d g_{it}}
            + \text{const}_{itc} \\
        \tau_{cc} = s_c \sim N(1, 1.5^2), &\qquad (\tau_{cd})_{d \ne c} \sim \operatorname{ZeroSumNormal}(1.5) \\
        \gamma_t\, \mathrm{unit}_t \sim \operatorname{ZeroSumNormal}(1.25), &\qquad
        v_{dg} \sim N(0, \sigma_d^2), \quad \sigma_d \sim \operatorname{HalfNormal}(1)

    Every class has a logit of staying, against the average of moving to each other class, and logits of these others
    that sum to zero, so that no prior depends on a reference class. Slopes and effects of groups are those of the class
    that is moved to, common to all classes that are left; with `by_origin` each of these has slopes of its own.
    Covariates and groups are those of the wave that is moved to, and are standardised inside over all moves.

    Parameters
    ----------
    formula : str, default ``"~ 1"``
        As in `Regression`: ``"~ participation + (1 | group)"``.
    over_time : {"equal", "free"}
        Whether all steps from wave to wave have the same logits :math:`\tau`, or each its own. Slopes and effects of
        groups are common to all steps.
    by_origin : bool, default False
        Whether slopes differ by the class that is left, :math:`x^\top \gamma_{cd}`.
    stay : NormalLogit
        Prior of the logits of staying.
    destination : ZeroSumNormal
        Prior of the logits of the other classes.
    slope : PerUnit or ZeroSumNormal
        Prior of the slopes: per unit of a column, or per standard deviation.
    group_sd : HalfNormal, HalfStudentT or Exponential
        Prior of the standard deviation of the random intercepts, one for each class that is moved to.
    group_slope_sd : PerUnit, HalfNormal, HalfStudentT or Exponential
        The same for random slopes.
    reference, categories, missing_codes
        As in `Regression`.

    Raises
    ------
    TypeError
        If a prior is none of its parameter, a declaration no list, or `by_origin` no truth value.
    ValueError
        If `over_time` is something else, or `by_origin` has no covariate to speak of; when a frame is read, if the
        formula or a covariate cannot be used.

    References
    ----------
    Vermunt, J. K., Langeheine, R. & Bockenholt, U. (1999). Discrete-time discrete-state latent Markov models with
    time-constant and time-varying covariates. Journal of Educational and Behavioral Statistics 24(2), 179-207.
    doi 10.3102/10769986024002179

    Examples
    --------
    >>> Transition("~ participation + (1 | group)").over_time
    'equal'
    """

    formula: str = "~ 1"
    over_time: Literal["equal", "free"] = "equal"
    by_origin: bool = False
    stay: priors.NormalLogit = priors.STAY
    destination: priors.ZeroSumNormal = priors.DESTINATION
    slope: priors.PerUnit | priors.ZeroSumNormal = priors.TRANSITION_SLOPE
    group_sd: priors.StandardDeviationPrior = priors.GROUP_SD
    group_slope_sd: priors.SlopeSpreadPrior = priors.GROUP_SLOPE_SD
    reference: Mapping[str, str] = MappingProxyType({})
    categories: Mapping[str, Sequence] = MappingProxyType({})
    missing_codes: MissingCodes = ()

    def __post_init__(self):
        if self.over_time not in ("equal", "free"):
            raise ValueError(f'over_time={self.over_time!r}: choose "equal" or "free"')
        if not isinstance(self.by_origin, bool):
            raise TypeError(f"by_origin={self.by_origin!r}: give True or False")
        if self.by_origin and not read_formula(self.formula).covariates:
            raise ValueError(
                f"by_origin=True with {self.formula!r}: slopes would differ by the class that is left, and the formula "
                "has no covariate; add one, or leave out by_origin"
            )
        if not isinstance(self.categories, Mapping):
            raise TypeError(f"categories={self.categories!r}: give the levels of each covariate, by column in a dict")
        Declarations(self.categories, self.missing_codes)
        kinds: dict[str, Any] = {"stay": priors.NormalLogit, "destination": priors.ZeroSumNormal}
        kinds |= {"slope": priors.PerUnit | priors.ZeroSumNormal}
        kinds |= {"group_sd": priors.StandardDeviationPrior, "group_slope_sd": priors.SlopeSpreadPrior}
        for field, kind in kinds.items():
            priors.check_prior("Transition", field, getattr(self, field), kind)
        within = self.slope.prior if isinstance(self.slope, priors.PerUnit) else self.slope
        if not isinstance(within, priors.ZeroSumNormal) or getattr(self.slope, "columns", None) is not None:
            raise TypeError(
                f"slope={self.slope!r}: the prior of the slopes of transitions is ZeroSumNormal, or PerUnit of it "
                "without columns="
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a frame that the formula uses."""
        return read_formula(self.formula).columns

    def read(self, frame: Frame, missing: Literal["raise", "drop"] = "raise") -> Design:
        """The covariates of the rows that are moved to; groupings are named ``transition_group``."""
        declared = Declarations(self.categories, self.missing_codes)
        design = read_design(frame, self.formula, reference=self.reference, missing=missing, declared=declared)
        if self.by_origin and any(grouping.varying for grouping in design.groupings):
            raise ValueError(
                f"by_origin=True with {self.formula!r}: slopes cannot differ by group and by the class that is left at "
                f"once, for which {len(design.matrix)} rows say too little; write (1 | group), or leave out by_origin"
            )
        return replace(
            design,
            groupings=tuple(replace(each, name=of_transition(each.name)) for each in design.groupings),
        )

    def coords(self, design: Design, n_classes: int) -> dict[str, Sequence]:
        """Names along the axes of terms, groups and free destinations."""
        return {
            TRANSITION_TERM: list(design.terms),
            OTHER_DESTINATION: range(n_classes - 1),
            **RandomEffects.coords(design, n_classes),
        }

    def transition_logits(
        self, steps: Sequence[Design], all_steps: Design, membership: StartingMembership
    ) -> tuple[list, list]:
        """Logits up to a constant of each origin, inside a `pymc.Model`.

        Parameters
        ----------
        steps : sequence of Design
            Covariates and groups of the rows of the likelihood at each step.
        all_steps : Design
            The same, one step after the other.
        membership : StartingMembership
            Of the rows of `all_steps`; it chooses the sampler's coordinates and changes no posterior.

        Returns
        -------
        at_mean : list of TensorVariable, shape (origin, destination)
            Of each step, the same for all rows.
        moving : list of TensorVariable, shape (row, origin or 1, destination)
            What covariates and groups add; empty where there are none.
        """
        tau = self._constant(membership.n_classes)  # (step or 1, origin, destination)
        by_step = [tau[step if self.over_time == "free" else 0] for step in range(len(steps))]
        if all_steps.terms:
            beta = self._slopes(all_steps, membership.n_classes)
        elif not all_steps.groupings:
            return by_step, []
        else:
            beta = pt.zeros((0, membership.n_classes))
        moving = [0.0] * len(steps)
        if self.by_origin or not all_steps.groupings:
            moving = [self._on_covariates(beta, step, number) for number, step in enumerate(steps, 1)]
        if all_steps.groupings:
            effects, nothing = RandomEffects(self.group_sd, self.group_slope_sd), pt.zeros(membership.n_classes)
            shared, slopes = (without_terms, beta[:0, 0]) if self.by_origin and all_steps.terms else (_itself, beta)
            of_groups = effects.group_logits(nothing, slopes, shared(all_steps), membership, classes=CLASS)
            moving = [
                add + of_groups.at(shared(step), PATTERN, part=f"_{number}")[:, None]
                for number, (add, step) in enumerate(zip(moving, steps, strict=True), 1)
            ]
        return by_step, moving

    def _constant(self, n_classes: int):
        """Logits at the mean of the covariates in an average group, shape (step or 1, origin, destination)."""
        steps = (STEP,) if self.over_time == "free" else ()
        lead = (len(pm.modelcontext(None).coords[STEP]),) if steps else (1,)
        if n_classes == 1:
            tau = pt.zeros((*lead, 1, 1))
        else:
            stay = pm.Normal(STAY_LOGIT, self.stay.mu, self.stay.sigma, dims=(*steps, CLASS))  # (step, origin)
            others = pt.zeros((*lead, n_classes, n_classes - 1))
            if n_classes > 2:
                axes = (*steps, CLASS, OTHER_DESTINATION)
                others = pm.ZeroSumNormal(DESTINATION_LOGIT, self.destination.sigma, dims=axes)
            tau = around_diagonal(stay.reshape((*lead, n_classes)), others.reshape((*lead, n_classes, n_classes - 1)))
        shown = tau if steps else tau[0]
        pm.Deterministic(TRANSITION_LOGIT, shown, dims=(*steps, CLASS, OTHER_CLASS))
        pm.Deterministic(TRANSITION_PROBABILITY, pm.math.softmax(shown, axis=-1), dims=(*steps, CLASS, OTHER_CLASS))
        return tau

    def _slopes(self, design: Design, n_classes: int):
        """Slopes per standard deviation, shape (term, destination) or (term, origin, destination)."""
        times, axes = self._widths(design), (TRANSITION_TERM, CLASS)  # (term, 1)
        if self.by_origin:
            times, axes = times[:, None], (TRANSITION_TERM, CLASS, OTHER_CLASS)
        beta = pm.ZeroSumNormal(STANDARDISED, self._sigma * times, dims=axes)
        pm.Deterministic(TRANSITION_SLOPE, (beta.T / design.scale).T, dims=axes)
        return beta

    def _on_covariates(self, beta, design: Design, number: int):
        """What covariates add at one step, shape (row, origin or 1, destination)."""
        if not design.terms:
            return 0.0
        x = pm.Data(f"{TRANSITION_DESIGN}_{number}", design.standardised, dims=(PATTERN, TRANSITION_TERM))
        n_classes = len(pm.modelcontext(None).coords[CLASS])
        by_origin = [beta[:, c] for c in range(n_classes)] if self.by_origin else [beta]
        return pt.stack([pt.dot(each.T, x.T) for each in by_origin]).dimshuffle(2, 0, 1)

    @property
    def _sigma(self) -> float:
        within: Any = self.slope.prior if isinstance(self.slope, priors.PerUnit) else self.slope
        return within.sigma

    def _widths(self, design: Design) -> np.ndarray:
        return np.broadcast_to(width(self.slope, design, range(len(design.terms))), (len(design.terms), 1))

    def starting_values(self, design: Design, transition: np.ndarray) -> dict[str, np.ndarray]:
        """Logits of transitions (step or 1, origin, destination), slopes a little off zero."""
        n_classes = transition.shape[-1]
        if n_classes == 1:
            return {}
        stay, others = off_diagonal(np.log(transition))
        lead = np.s_[:] if self.over_time == "free" else 0
        values = {STAY_LOGIT: stay[lead]}
        if n_classes > 2:
            values |= {DESTINATION_LOGIT: others[lead]}
        if design.terms:
            off = np.linspace(-0.01, 0.01, n_classes)
            values |= {STANDARDISED: np.tile(off, (len(design.terms), *([n_classes] if self.by_origin else []), 1))}
        return values

    @property
    def attributes(self) -> dict[str, str]:
        """What the draws should remember of the priors."""
        return {
            of_transition("group_sd_prior"): json.dumps(
                {"distribution": type(self.group_sd).__name__, **asdict(self.group_sd)}
            )
        }


def _itself(design: Design) -> Design:
    return design


def without_terms(design: Design) -> Design:
    """The design's groups alone."""
    none = design.matrix[:, :0]
    return replace(design, terms=(), matrix=none, center=none[0], scale=none[0])
