r"""Means, or shares, of an outcome by class as a second step of stepwise estimation.

With class weights w, from an assignment whose errors are undone or left as they are, the mean of class c solves

    sum_i n_i w_ic (o_i - mu_c) = 0

and where the class is hidden, means and variances maximise sum_i n_i log sum_c e_ic pi_c f(o_i | c), with the emission
e and the shares pi of the first step held.
"""

from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
from scipy.special import logsumexp, softmax, xlog1py, xlogy

from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.workflows.ladder.drawn_rows import DrawnRows
from bayes_lca.workflows.ladder.given_first_step import HIDDEN, UNCORRECTED, GivenFirstStep

Family = Literal["normal", "bernoulli"]
NORMAL, BERNOULLI = "normal", "bernoulli"

MOST_STEPS = 20_000
SMALLEST_GAIN = 1e-13
"""Share of the log-likelihood below which what a step of EM gains is rounding."""
MOST_NEWTON_STEPS = 20

SMALLEST_VARIANCE = 1e-6
"""Variance of a class, in that of all respondents, below which it goes to 0 and the likelihood beyond all bounds."""

AT_BOUNDARY = 1e-7
"""Share, or one less it, below which it is at the boundary."""

STEP = 1e-5
"""Change of a coefficient, in its own unit, in central differences."""


@dataclass(frozen=True, eq=False)
class OutcomeByClass:
    """An outcome's estimated distribution in each class.

    Attributes
    ----------
    mean : numpy.ndarray
        Means, or shares, shape (latent_class,).
    variance : numpy.ndarray
        Of the outcome in each class; below 0 where the negative weights of BCH prevail. Shape (latent_class,).
    coefficient : numpy.ndarray
        What `OutcomeGivenClass.scores` takes, shape (latent_class, 1 or 2).
    covariance : numpy.ndarray
        Of all that is estimated, class after class, means first in each.
    weight : numpy.ndarray
        Respondents of each class, shape (latent_class,).
    """

    mean: np.ndarray
    variance: np.ndarray
    coefficient: np.ndarray
    covariance: np.ndarray
    weight: np.ndarray

    @property
    def mean_covariance(self) -> np.ndarray:
        """Covariance of the means, shape (latent_class, latent_class); not a number for shares at 0 or 1."""
        each = len(self.covariance) // len(self.mean)
        return self.covariance[::each, ::each]


@final
@dataclass(frozen=True, eq=False)
class OutcomeGivenClass(GivenFirstStep):
    """Respondents with an outcome, and the first step that is held.

    Attributes
    ----------
    outcome : numpy.ndarray
        Numbers, or 0 and 1, shape (row,).
    family : {"normal", "bernoulli"}
    """

    outcome: np.ndarray
    family: Family

    def log_prior(self, first: Classification) -> np.ndarray:
        """Log shares of the first step."""
        return np.log(first.class_share)

    def fit(self) -> OutcomeByClass:
        """Estimate the distribution in each class; the covariance is the inverse of the information.

        Raises
        ------
        ValueError
            If the weights of a class add up to nothing, or less.
        NoMaximumError
            If the variance of a class goes to 0, or no maximum was found.
        """
        share, evidence = self.records(self.base)
        return self._hidden(share, evidence) if self.method in HIDDEN else self._weighted(evidence[:, 0])

    def scores(self, coefficient: np.ndarray, share: np.ndarray, evidence: np.ndarray) -> np.ndarray:
        """Derivatives with respect to the coefficients, class after class."""
        o = self.outcome[:, None]
        if self.method not in HIDDEN:
            mean, variance = coefficient.T
            return (share[:, :, None] * evidence).sum(axis=1) * (o - mean) / variance
        posterior = softmax(evidence + self._log_density(coefficient)[:, None], axis=2)
        weight = (share[:, :, None] * posterior).sum(axis=1)  # (row, latent_class)
        if self.family == BERNOULLI:
            (p,) = np.clip(coefficient.T, AT_BOUNDARY, 1 - AT_BOUNDARY)
            return weight * (o - p) / (p * (1 - p))
        mean, log_variance = coefficient.T
        z = (o - mean) / np.exp(log_variance / 2)  # (row, latent_class)
        of_mean, of_variance = z / np.exp(log_variance / 2), (z**2 - 1) / 2
        return np.stack([weight * of_mean, weight * of_variance], axis=2).reshape(len(o), -1)

    def _weighted(self, evidence: np.ndarray) -> OutcomeByClass:
        """Weighted means, from class weights of shape (row, latent_class)."""
        weight = self.count[:, None] * evidence
        total = weight.sum(axis=0)
        if (total <= 0).any():
            worst = int(total.argmin())
            raise ValueError(
                f"the weights of class {worst + 1} add up to {total[worst]:.3g} over {self.count.sum():g} respondents, "
                "so it has no mean: too few of them are in it. Use the method ml or two_step, or all respondents"
            )
        mean = weight.T @ self.outcome / total
        variance = (weight * (self.outcome[:, None] - mean) ** 2).sum(axis=0) / total
        scale = np.maximum(np.abs(variance), SMALLEST_VARIANCE * self.outcome.var())
        coefficient = np.column_stack([mean, scale])  # whatever the scale, it cancels in the sandwich
        covariance = np.diag(scale / total)
        if self.family == BERNOULLI and self.method in UNCORRECTED:
            at_boundary = np.minimum(mean, 1 - mean) < AT_BOUNDARY
            covariance[at_boundary], covariance[:, at_boundary] = np.nan, np.nan
        return OutcomeByClass(mean, variance, coefficient, covariance, total)

    def _hidden(self, share: np.ndarray, evidence: np.ndarray) -> OutcomeByClass:
        """EM from the classes of the first step, then Newton steps."""
        weight = self.count[:, None] * share  # (row, record)
        members = (weight[:, :, None] * softmax(evidence, axis=2)).sum(axis=1)  # (row, latent_class)
        log_likelihood = -np.inf
        for _ in range(MOST_STEPS):
            coefficient = self._maximised(members)
            joint = evidence + self._log_density(coefficient)[:, None]  # (row, record, latent_class)
            by_record = logsumexp(joint, axis=2)
            members = (weight[:, :, None] * np.exp(joint - by_record[:, :, None])).sum(axis=1)
            before, log_likelihood = log_likelihood, float((weight * by_record).sum())
            if log_likelihood - before < SMALLEST_GAIN * max(1.0, abs(log_likelihood)):
                break
        for _ in range(MOST_NEWTON_STEPS):
            information, interior = self._information(coefficient, share, evidence)
            if not len(interior) or np.linalg.eigvalsh(information)[0] <= 0:
                raise NoMaximumError(
                    f"the log-likelihood of the outcome of {self.count.sum():g} respondents by class has no maximum "
                    "that stands out: use the method bch, or fit fewer classes"
                )
            total = np.einsum("i,if->f", self.count, self.scores(coefficient, share, evidence))[interior]
            step = np.zeros(coefficient.size)
            step[interior] = np.linalg.solve(information, total)
            if np.abs(step[interior] * total).sum() < SMALLEST_GAIN * max(1.0, abs(log_likelihood)):
                break
            coefficient = coefficient + step.reshape(coefficient.shape)
            if self.family == BERNOULLI:
                coefficient = coefficient.clip(0, 1)
        covariance = np.full((coefficient.size, coefficient.size), np.nan)
        covariance[np.ix_(interior, interior)] = np.linalg.inv(information)
        mean = coefficient[:, 0]
        variance = np.exp(coefficient[:, 1]) if self.family == NORMAL else mean * (1 - mean)
        return OutcomeByClass(mean, variance, coefficient, covariance, members.sum(axis=0))

    def _maximised(self, members: np.ndarray) -> np.ndarray:
        """Coefficients given how much of each respondent is in each class, shape (latent_class, 1 or 2)."""
        total = members.sum(axis=0)
        mean = members.T @ self.outcome / total
        if self.family == BERNOULLI:
            return mean[:, None]
        variance = (members * (self.outcome[:, None] - mean) ** 2).sum(axis=0) / total
        if variance.min() < SMALLEST_VARIANCE * self.outcome.var():
            raise NoMaximumError(
                f"the variance of the outcome goes to 0 in class {int(variance.argmin()) + 1}, where it is "
                f"{mean[variance.argmin()]:.4g}, and the log-likelihood of {self.count.sum():g} respondents beyond all "
                "bounds: use the method bch"
            )
        return np.column_stack([mean, np.log(variance)])

    def _log_density(self, coefficient: np.ndarray) -> np.ndarray:
        """Log density of the outcome in each class, shape (row, latent_class)."""
        o = self.outcome[:, None]
        if self.family == BERNOULLI:
            p = coefficient[:, 0].clip(0, 1)
            return np.maximum(xlogy(o, p) + xlog1py(1 - o, -p), -1e300)
        mean, log_variance = coefficient.T
        return -((o - mean) ** 2 / np.exp(log_variance) + log_variance + np.log(2 * np.pi)) / 2

    def _information(
        self, coefficient: np.ndarray, share: np.ndarray, evidence: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Negative second derivatives of what is inside its bounds, and its places."""
        inside = np.ones(coefficient.shape, dtype=bool)
        if self.family == BERNOULLI:
            inside = (coefficient > AT_BOUNDARY) & (coefficient < 1 - AT_BOUNDARY)
        interior, flat = np.flatnonzero(inside), coefficient.ravel()
        unit = np.ones(coefficient.shape)
        if self.family == BERNOULLI:
            unit = np.minimum(coefficient, 1 - coefficient).clip(AT_BOUNDARY)
        else:
            unit[:, 0] = np.exp(coefficient[:, 1] / 2)

        def total(moved: np.ndarray) -> np.ndarray:
            return np.einsum("i,if->f", self.count, self.scores(moved.reshape(coefficient.shape), share, evidence))

        columns = []
        for place in interior:
            move = STEP * unit.ravel()[place] * np.eye(len(flat))[place]
            columns.append((total(flat - move) - total(flat + move))[interior] / (2 * move[place]))
        information = np.array(columns)
        return (information + information.T) / 2, interior


def with_first_step(
    step: OutcomeGivenClass, *, first_step_known: bool = False, shared: bool = True, drawn: DrawnRows | None = None
) -> OutcomeByClass:
    """Estimates whose covariance has the uncertainty of the first step in it.

    Parameters
    ----------
    step : OutcomeGivenClass
    first_step_known : bool, default False
        Leave the uncertainty of the first step out.
    shared : bool, default True
        Whether the respondents are among those of the first step.
    drawn : DrawnRows, optional
        How they were sampled by a survey design.
    """
    estimate = step.fit()
    known = ~np.isnan(np.diag(estimate.covariance))
    inverse = replace(estimate, covariance=np.where(np.outer(known, known), estimate.covariance, 0.0))
    covariance = step.covariance(inverse, first_step_known=first_step_known, shared=shared, drawn=drawn)
    return replace(estimate, covariance=np.where(np.outer(known, known), covariance, np.nan))


def wald(mean: np.ndarray, covariance: np.ndarray) -> tuple[float, int]:
    """Statistic, and degrees of freedom, of equal means of all classes."""
    differences = np.hstack([-np.ones((len(mean) - 1, 1)), np.eye(len(mean) - 1)])  # (difference, latent_class)
    value, variance = differences @ mean, differences @ covariance @ differences.T
    return float(value @ np.linalg.solve(variance, value)), len(value)
