"""A distal outcome of measured classes: how its fits are read, and twins of its parts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy

from bayes_lca.data.outcome_formula import read_outcome_formula
from bayes_lca.dims import (
    CLASS,
    CLASS_SHARE,
    KNOWN_MEMBERSHIP,
    KNOWN_ROW,
    OBSERVED_CLASS,
    OUTCOME,
    OUTCOME_BASELINE,
    OUTCOME_LOCATION,
    OUTCOME_SD,
    OUTCOME_SLOPE,
    TERM,
    group_effect,
)
from bayes_lca.fitted.capabilities import NEEDS, Capabilities
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.hidden_of_respondent import HiddenOfRespondent
from bayes_lca.fitted.kinds import (
    HIDDEN,
    KINDS,
    MEASUREMENT,
    STRUCTURAL,
    AnswersGivenClass,
    ClassGivenCovariates,
    Kind,
    register,
)
from bayes_lca.fitted.parts_of_rows import PartsOfRows
from bayes_lca.fitted.record import FIRST_STEP
from bayes_lca.fitted.summed_out import SummedOut
from bayes_lca.fitted.words import Words
from bayes_lca.likelihood.outcome_families import (
    BernoulliDistribution,
    MultinomialDistribution,
    NormalDistribution,
    OrderedDistribution,
    OutcomeDistribution,
    PoissonDistribution,
)


@dataclass(frozen=True)
class OutcomeGivenClass(AnswersGivenClass):
    r"""A distal outcome given class, covariates and group, :math:`f(o \mid \eta_{ic})`."""

    words: str
    distribution: OutcomeDistribution
    parameters: tuple[tuple[str, str], ...] = ()
    supported: frozenset[str] = frozenset()

    @property
    def variables(self) -> tuple[str, ...]:
        """Locations, and what the distribution has beside them."""
        return (OUTCOME_LOCATION, *(name for name, _ in self.parameters))

    def read(self, fit, frame) -> np.ndarray:
        """None are needed.

        Raises
        ------
        ValueError
        """
        raise ValueError(f"the classes of outcome {fit.outcome!r} are those of another fit, which reads new rows")

    def log_density(self, fit, rows: np.ndarray, which) -> np.ndarray:
        """At the covariates and groups of the rows, shape (draw, row, latent_class)."""
        groups = {name: of_pattern[rows] for name, of_pattern in fit.group_of_pattern.items()}
        eta = fit.structural.predictor(fit, fit.matrix[rows], groups, which)
        return self.distribution.log_density(fit.codes[rows, 0], eta, *self.in_draws(fit, which))

    def average_expected(self, fit) -> np.ndarray:
        """Expected of everybody were they in each class, with their own covariates, (draw, latent_class, ...)."""
        rows, averages = fit.parts_of_rows(), []
        for which in fit.blocks(len(rows.matrix)):
            eta = fit.structural.predictor(fit, rows.matrix, rows.groups, which)
            expected = self.distribution.expected(eta, *self.in_draws(fit, which))
            averages.append(np.einsum("sx...,x->s...", expected, rows.share_of_covariates))
        return np.concatenate(averages)

    def differs_by_class(self, fit) -> bool:
        """Whether classes take part in what is expected."""
        return read_outcome_formula(fit.specification["structural"]["formula"]).with_class

    def spread(self, fit) -> np.ndarray | None:
        """Posterior mean of the standard deviation within each class, of a normal outcome."""
        return fit.parameter(OUTCOME_SD, CLASS).mean(axis=0) if OUTCOME_SD in self.variables else None

    def in_draws(self, fit, which) -> list[np.ndarray]:
        """Parameters beside the predictor in some draws, draws first."""
        return [fit.parameter(name, axis)[which] for name, axis in self.parameters]

    def log_density_at_mean(self, fit) -> np.ndarray:
        """On average over draws, shape (pattern, latent_class)."""
        return np.mean(
            [
                self.log_density(fit, np.arange(len(fit.count)), block).mean(axis=0)
                for block in fit.blocks(len(fit.count))
            ],
            axis=0,
        )

    def profiles(self, fit) -> np.ndarray:
        """Locations, shape (draw, latent_class, 1, ...)."""
        values = fit.posterior[OUTCOME_LOCATION]
        axes = [str(axis) for axis in values.dims if axis not in ("chain", "draw")]
        return fit.parameter(OUTCOME_LOCATION, *axes)[:, :, None]

    def mean_answer(self, fit, item: str) -> np.ndarray:
        """None is needed.

        Raises
        ------
        ValueError
        """
        raise ValueError(f"the fit of outcome {fit.outcome!r} has no items")

    def draw(self, fit, which, latent_class: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """None are needed.

        Raises
        ------
        ValueError
        """
        raise ValueError(f"the fit of outcome {fit.outcome!r} has no answers")


class PredictorOfOutcome(ClassGivenCovariates):
    r"""What is expected of an outcome, :math:`\eta_{ic} = \theta_c + (x_i - \bar x)^\top \beta_c + u_{g_i}`."""

    def log_class(self, fit, matrix: np.ndarray, groups: Mapping[str, np.ndarray], which, effects=None) -> np.ndarray:
        """Log shares of the measured classes, shape (draw, 1, latent_class)."""
        return np.log(fit.parameter(CLASS_SHARE, CLASS)[which])[:, None]

    def predictor(self, fit, matrix: np.ndarray, groups: Mapping[str, np.ndarray], which) -> np.ndarray:
        """At rows of a design, shape (draw, row, latent_class) or with categories behind."""
        category = tuple(axis for axis in (OBSERVED_CLASS,) if axis in fit.posterior[OUTCOME_LOCATION].dims)
        theta = fit.parameter(OUTCOME_LOCATION, CLASS, *category)[which]  # (draw, latent_class, ...)
        eta = np.repeat(theta[:, None], len(matrix), axis=1)
        if OUTCOME_SLOPE in fit.posterior:
            beta = fit.parameter(OUTCOME_SLOPE, TERM, CLASS, *category)[which]
            eta += np.einsum("it,st...->si...", matrix - fit.design_center, beta)
        for name, index in groups.items():
            u = fit.parameter(group_effect(name), name, *category)[which]  # (draw, group, ...)
            eta += u[:, index][:, :, None]
        return eta


class ClassOfOutcome(HiddenOfRespondent):
    r"""The class of a respondent whose outcome was seen, :math:`P(c \mid y, o) \propto P(c \mid y)\, f(o \mid c)`."""

    def summed_out(self, fit, which: slice | np.ndarray, rows: PartsOfRows) -> SummedOut:
        """Membership is that of the draw of the first step behind each draw; the mean of all before there is one."""
        known, step = _membership(fit), _first_step_draw(fit)
        place = fit.patterns[KNOWN_ROW].to_numpy()[rows.rows]
        membership = known.mean(axis=0, dtype=float)[None] if step is None else known[step[which]]
        membership = membership[:, place]  # (draw or 1, row, latent_class)
        joint = np.log(membership) + fit.log_evidence(rows.rows, which)
        log_likelihood = scipy.special.logsumexp(joint, axis=-1)
        weight = fit.count[rows.rows] / fit.count[rows.rows].sum()
        share = np.broadcast_to(np.einsum("sic,i->sc", membership, weight), (len(joint), joint.shape[-1]))
        return SummedOut(log_likelihood, np.exp(joint - log_likelihood[..., None]), share)


def _membership(fit) -> np.ndarray:
    """Shape (draw of the first step, known row, latent_class)."""
    return fit.once("known membership", lambda: fit.tree[FIRST_STEP][KNOWN_MEMBERSHIP].to_numpy())


def _first_step_draw(fit) -> np.ndarray | None:
    """Draw of the first step behind each draw, chains after each other."""
    return None if fit.measurement_draw is None else fit.measurement_draw.reshape(-1)


def _words(fit: Fit) -> Words:
    summary = (
        f"{fit.outcome} differs between latent classes that were found in an earlier fit and stay as they are; the "
        "class is summed out, so that classification error is allowed for."
    )
    references = (
        "Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables. "
        "Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7",
    )
    return Words(
        "Distal outcome of latent classes", summary, "p(o_i | y_i) = Σ_c P(c | y_i) f(o_i | c, x_i)", references
    )


SUPPORTED = (
    *("class_sizes", "convergence", "holds_respondents", "keep_mode", "membership", "membership_draws", "modes"),
    *("outcome_by_class", "save"),
)

KIND = register(
    KINDS,
    "DistalOutcome",
    Kind(
        name="DistalOutcome",
        class_axis=CLASS,
        observed=OUTCOME,
        hidden="ClassOfOutcome",
        capabilities=Capabilities.of(
            SUPPORTED,
            {name for name, need in NEEDS.items() if not need.otherwise} - set(SUPPORTED),
            because="this fit is of the outcome {outcome}, given classes of an earlier fit; use outcome_by_class, or "
            "the fit that found the classes",
        ),
        words=_words,
    ),
    home=__name__,
)

FAMILIES = {
    "NormalOutcome": OutcomeGivenClass("a normal outcome", NormalDistribution(), ((OUTCOME_SD, CLASS),)),
    "BernoulliOutcome": OutcomeGivenClass("an outcome of two categories", BernoulliDistribution()),
    "PoissonOutcome": OutcomeGivenClass("an outcome of counts", PoissonDistribution()),
    "OrderedOutcome": OutcomeGivenClass(
        "an outcome of ordered categories", OrderedDistribution(), ((OUTCOME_BASELINE, OBSERVED_CLASS),)
    ),
    "MultinomialOutcome": OutcomeGivenClass("an outcome of categories", MultinomialDistribution()),
}
for _name, _twin in FAMILIES.items():
    register(MEASUREMENT, _name, _twin, home=__name__)
register(STRUCTURAL, "OutcomeRegression", PredictorOfOutcome(), home=__name__)
register(HIDDEN, "ClassOfOutcome", ClassOfOutcome(), home=__name__)
