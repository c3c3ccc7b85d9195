"""How a distal outcome is distributed given what is expected of it in a class."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_lca import priors
from bayes_lca.data.distal_outcome import DistalOutcome, Values
from bayes_lca.dims import (
    CLASS,
    OBSERVED_CLASS,
    OUTCOME,
    OUTCOME_BASELINE,
    OUTCOME_SD,
    OUTCOME_VALUES,
    OUTCOME_VARIANCE,
    PATTERN,
)
from bayes_lca.likelihood.families import LOG_ROOT_TWO_PI
from bayes_lca.likelihood.outcome_families import (
    BernoulliDistribution,
    MultinomialDistribution,
    NormalDistribution,
    OrderedDistribution,
    OutcomeDistribution,
    PoissonDistribution,
)
from bayes_lca.measurement.interface import Answers
from bayes_lca.measurement.standardised import LogOfUnit
from bayes_lca.priors.of_outcomes import Widths

BEYOND = 1e3
"""Log odds that stand for none and all."""


class OutcomeFamily(ABC):
    """A family of distributions of an outcome given its predictor; families are frozen dataclasses."""

    values: ClassVar[Values]
    distribution: ClassVar[OutcomeDistribution]
    signature: ClassVar[tuple[str, ...]] = ()
    """Axes of the parameters beside the predictor: c for the class, r for the category."""
    by_category: ClassVar[bool] = False
    """Whether the predictor has an axis of categories."""
    sums_to_zero: ClassVar[bool] = False
    """Whether locations of classes sum to zero, since something else says where all of them lie."""

    @abstractmethod
    def widths(self, outcome: DistalOutcome) -> Widths:
        """Where the predictor may lie."""

    def parameters(self, outcome: DistalOutcome, n_classes: int, *, with_class: bool) -> tuple:
        """Random variables beside the predictor, inside a `pymc.Model`."""
        return ()

    def starting_values(self, outcome: DistalOutcome, n_classes: int, *, with_class: bool) -> dict[str, np.ndarray]:
        """Values of their free variables to start from."""
        return {}

    @abstractmethod
    def locations(self, outcome: DistalOutcome, membership: np.ndarray) -> np.ndarray:
        """Rough locations of classes, from the membership of each row, shape (latent_class,) or with categories."""

    @abstractmethod
    def log_density(self, value, eta, *parameters):
        """Log density, (latent_class, row), from the predictor, (row, latent_class) or with categories behind."""

    @final
    def answers(self, eta, beside: tuple, outcome: DistalOutcome, first: np.ndarray) -> Answers:
        """The outcome of a model for a hidden part, inside a `pymc.Model`.

        Parameters
        ----------
        eta : TensorVariable, shape (pattern, latent_class) or with categories behind
        beside : tuple of TensorVariable
            From `parameters`.
        outcome : DistalOutcome
        first : ndarray of int, shape (pattern,)
            Respondent at whom each pattern first stands.
        """

        def draw(latent_class, eta, *parameters, rng):
            of_class = [
                _of_class(each, latent_class, axes.strip("()").split(","))
                for each, axes in zip((eta, *parameters), signature, strict=True)
            ]
            return self.distribution.draw(rng, *of_class)

        signature = ("(c,r)" if self.by_category else "(c)", *self.signature)
        return Answers(
            observed=pm.Data(OUTCOME_VALUES, outcome.values[first], dims=PATTERN),
            parameters=(eta, *beside),
            signature=signature,
            log_density=self.log_density,
            draw=draw,
            name=OUTCOME,
            dims=(PATTERN,),
        )


@final
@dataclass(frozen=True)
class NormalOutcome(OutcomeFamily):
    r"""Numbers that are normal in each class.

    .. math:: o_i \mid c \sim N(\eta_{ic}, \sigma_c^2), \qquad
              \sigma_c^2 \sim \text{scaled-inverse-}\chi^2(2, (0.3 s)^2)

    with s the standard deviation of the outcome over all respondents.

    Parameters
    ----------
    sd : {"free", "equal"}
        A standard deviation by class, or one for all.
    variance : ScaledInverseChiSquared
    """

    values: ClassVar = "numbers"
    distribution: ClassVar = NormalDistribution()
    signature: ClassVar = ("(c)",)

    sd: Literal["free", "equal"] = "free"
    variance: priors.ScaledInverseChiSquared = priors.ITEM_VARIANCE

    def __post_init__(self):
        if self.sd not in ("free", "equal"):
            raise ValueError(f'sd={self.sd!r}: "free" for one standard deviation by class, or "equal" for one of all')

    def widths(self, outcome: DistalOutcome) -> Widths:
        """In standard deviations of the outcome."""
        s = outcome.values.std()
        return Widths(center=outcome.values.mean(), location=2.5 * s, slope=2.5 * s, group=s)

    def parameters(self, outcome: DistalOutcome, n_classes: int, *, with_class: bool):
        """Standard deviations, shape (latent_class,)."""
        half, s = self.variance.nu / 2, outcome.values.std()
        by_class = self.sd == "free" and with_class
        variance = pm.InverseGamma(
            OUTCOME_VARIANCE,
            half,
            half * (self.variance.scale * s) ** 2,
            default_transform=LogOfUnit(s**2),
            dims=CLASS if by_class else None,
        )
        return (pm.Deterministic(OUTCOME_SD, pt.sqrt(variance) * np.ones(n_classes), dims=CLASS),)

    def starting_values(self, outcome: DistalOutcome, n_classes: int, *, with_class: bool) -> dict[str, np.ndarray]:
        """Half the variance of the outcome."""
        shape = (n_classes,) if self.sd == "free" and with_class else ()
        return {OUTCOME_VARIANCE: np.full(shape, outcome.values.var() / 2)}

    def locations(self, outcome: DistalOutcome, membership: np.ndarray) -> np.ndarray:
        """Weighted means."""
        return _weighted_means(outcome.values, membership)

    def log_density(self, value, eta, sd):
        r""":math:`-\log \sigma_c - (o - \eta)^2 / 2 \sigma_c^2` up to a constant that is there too."""
        sd = sd.reshape(sd.shape[-1:])[:, None]  # (latent_class, 1)
        return -0.5 * ((value - eta.T) / sd) ** 2 - pt.log(sd) - LOG_ROOT_TWO_PI


@final
@dataclass(frozen=True)
class BernoulliOutcome(OutcomeFamily):
    r"""One of two categories, :math:`P(o_i = 1 \mid c) = \sigma(\eta_{ic})`."""

    values: ClassVar = "two categories"
    distribution: ClassVar = BernoulliDistribution()

    def widths(self, outcome: DistalOutcome) -> Widths:
        """In log odds; the slopes are those of a multinomial regression of two classes."""
        return Widths(center=0.0, location=2.5, slope=1.77, group=1.0)

    def locations(self, outcome: DistalOutcome, membership: np.ndarray) -> np.ndarray:
        """Log odds of weighted shares."""
        p = _weighted_means(outcome.values, membership).clip(0.02, 0.98)
        return np.log(p) - np.log1p(-p)

    def log_density(self, value, eta):
        """Log of the probability of the category that was seen."""
        return -pt.softplus((1.0 - 2.0 * pt.cast(value, "float64")) * eta.T)


@final
@dataclass(frozen=True)
class PoissonOutcome(OutcomeFamily):
    r"""Counts, :math:`o_i \mid c \sim \operatorname{Poisson}(e^{\eta_{ic}})`."""

    values: ClassVar = "counts"
    distribution: ClassVar = PoissonDistribution()

    def widths(self, outcome: DistalOutcome) -> Widths:
        """About the mean count, in logarithms."""
        return Widths(center=float(np.log(outcome.values.mean())), location=1.5, slope=1.0, group=1.0)

    def locations(self, outcome: DistalOutcome, membership: np.ndarray) -> np.ndarray:
        """Logarithms of weighted means."""
        return np.log(_weighted_means(outcome.values, membership).clip(0.02 * outcome.values.mean()))

    def log_density(self, value, eta):
        r""":math:`o \eta - e^\eta - \log o!`."""
        return value * eta.T - pt.exp(eta.T) - pt.gammaln(value + 1.0)


@final
@dataclass(frozen=True)
class OrderedOutcome(OutcomeFamily):
    r"""Ordered categories by cumulative logits.

    .. math:: P(o_i \le r \mid c) = \sigma(\tau_r - \eta_{ic}), \qquad
              \sigma(\tau_r) = \sum_{s \le r} p_s, \quad p \sim \operatorname{Dirichlet}(1)

    Locations of classes sum to zero: p are the shares at their middle.
    """

    values: ClassVar = "ordered categories"
    distribution: ClassVar = OrderedDistribution()
    signature: ClassVar = ("(r)",)
    sums_to_zero: ClassVar = True

    def widths(self, outcome: DistalOutcome) -> Widths:
        """In log odds of a higher category."""
        return Widths(center=0.0, location=2.0, slope=1.77, group=1.0)

    def parameters(self, outcome: DistalOutcome, n_classes: int, *, with_class: bool):
        """Shares of the categories at location 0, shape (category,)."""
        return (pm.Dirichlet(OUTCOME_BASELINE, np.ones(len(outcome.labels)), dims=OBSERVED_CLASS),)

    def starting_values(self, outcome: DistalOutcome, n_classes: int, *, with_class: bool) -> dict[str, np.ndarray]:
        """Shares of everybody."""
        count = np.bincount(outcome.values, minlength=len(outcome.labels)) + 1.0
        return {OUTCOME_BASELINE: count / count.sum()}

    def locations(self, outcome: DistalOutcome, membership: np.ndarray) -> np.ndarray:
        """From mean ranks, which sum to zero."""
        mean = _weighted_means(outcome.values / (len(outcome.labels) - 1), membership)
        return 2 * (mean - mean.mean())

    def log_density(self, value, eta, baseline):
        r""":math:`\log \sigma(b) + \log \sigma(-a) + \log(1 - e^{a - b})` between the thresholds a and b."""
        p = baseline.reshape(baseline.shape[-1:])
        below, above = pt.cumsum(p)[:-1], pt.cumsum(p[::-1])[::-1][1:]
        tau = pt.log(below) - pt.log(above)  # (threshold,)
        ends = pt.concatenate([[-BEYOND], tau, [BEYOND]])
        code = pt.cast(value, "int64")
        a, b = ends[code] - eta.T, ends[code + 1] - eta.T  # (latent_class, row)
        return -pt.softplus(-b) - pt.softplus(a) + pt.log(-pt.expm1(ends[:-1] - ends[1:]))[code]


@final
@dataclass(frozen=True)
class MultinomialOutcome(OutcomeFamily):
    r"""Categories without an order, :math:`P(o_i = r \mid c) \propto e^{\eta_{icr}}`; logits sum to zero over them."""

    values: ClassVar = "categories"
    distribution: ClassVar = MultinomialDistribution()
    by_category: ClassVar = True

    def widths(self, outcome: DistalOutcome) -> Widths:
        """As those of the classes in `Regression`."""
        return Widths(center=0.0, location=2.5, slope=1.25, group=1.0)

    def locations(self, outcome: DistalOutcome, membership: np.ndarray) -> np.ndarray:
        """Centred logarithms of weighted shares, shape (latent_class, category)."""
        seen = np.eye(len(outcome.labels))[outcome.values]
        log_share = np.log(membership.T @ seen + 1.0) - np.log(membership.sum(axis=0) + len(outcome.labels))[:, None]
        return log_share - log_share.mean(axis=1, keepdims=True)

    def log_density(self, value, eta):
        """Log softmax at the category that was seen."""
        eta = eta.reshape((-1, *eta.shape[-2:]))  # (row, latent_class, category)
        seen = pt.eq(pt.cast(value, "int64")[:, None], pt.arange(eta.shape[-1]))  # (row, category)
        of_seen = (pt.cast(seen, "float64")[:, None] * eta).sum(axis=-1)
        return (of_seen - pt.logsumexp(eta, axis=-1)).T


def _of_class(values: np.ndarray, latent_class: np.ndarray, axes: list[str]) -> np.ndarray:
    """Values of the class of each row, where they have an axis of classes."""
    if "c" not in axes:
        return values
    values = np.broadcast_to(values, (*latent_class.shape, *np.shape(values)[-len(axes) :]))
    place = latent_class[(..., *(None,) * len(axes))]
    return np.take_along_axis(values, place, axis=latent_class.ndim).squeeze(latent_class.ndim)


def _weighted_means(values: np.ndarray, membership: np.ndarray) -> np.ndarray:
    return membership.T @ values / membership.sum(axis=0)
