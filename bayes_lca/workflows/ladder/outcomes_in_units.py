"""Outcomes by class in the user's units: a weighted second step, made of standardised numbers and turned back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bayes_lca.data.unique_rows import UniqueRows, unique_rows
from bayes_lca.likelihood.classification import Classification
from bayes_lca.workflows.ladder.drawn_rows import DrawnRows, counts_of
from bayes_lca.workflows.ladder.outcomes_given_covariates import NormalOutcomes, Shared

OWN_BUT_FOR_COVARIANCES = Shared()
"""Each class has slopes and variances of its own, and all share covariances."""


@dataclass(frozen=True, eq=False)
class Units:
    """Means and standard deviations of outcomes, shape (outcome,), and of covariates, shape (term,)."""

    mean: np.ndarray
    sd: np.ndarray
    center: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, matrix: np.ndarray, weight: np.ndarray) -> "Units":
        """Of what rows have, missing outcomes left aside, averaged by weights of shape (row,)."""
        return cls(*_mean_and_sd(values, weight), *_mean_and_sd(matrix, weight))

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """Outcomes, shape (row, outcome)."""
        return (values - self.mean) / self.sd

    def covariates(self, matrix: np.ndarray) -> np.ndarray:
        """Covariates, shape (row, term)."""
        return (matrix - self.center) / self.scale

    def means(self, coefficient: np.ndarray, _: np.ndarray) -> np.ndarray:
        """At the average of the covariates, from standardised coefficients; (latent_class, outcome)."""
        return self.mean + self.sd * coefficient[..., 0]

    def slopes(self, coefficient: np.ndarray, _: np.ndarray) -> np.ndarray:
        """Shape (latent_class, outcome, term)."""
        return self.sd[:, None] * coefficient[..., 1:] / self.scale

    def coefficients(self, coefficient: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        """Intercepts, where all covariates are 0, and slopes, (latent_class, outcome, 1 + term)."""
        slopes = self.slopes(coefficient, sigma)
        intercepts = self.means(coefficient, sigma) - slopes @ self.center
        return np.concatenate([intercepts[..., None], slopes], axis=-1)

    def covariances(self, _: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        """Shape (latent_class, outcome, outcome)."""
        return sigma * np.outer(self.sd, self.sd)


def _mean_and_sd(columns: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted, by column, of the numbers that are there."""
    seen = np.where(np.isnan(columns), 0.0, weight[:, None])
    known = np.nan_to_num(columns)
    mean = (seen * known).sum(axis=0) / seen.sum(axis=0)
    return mean, np.sqrt((seen * (known - mean) ** 2).sum(axis=0) / seen.sum(axis=0))


@dataclass(frozen=True, eq=False)
class OutcomesEstimate:
    """What a weighted second step has found, with its covariance, and what it is in the user's units.

    Attributes
    ----------
    step : NormalOutcomes
    units : Units
    coefficient : numpy.ndarray, shape (free,)
        Standardised.
    covariance : numpy.ndarray, shape (free, free)
    log_likelihood : float
        Weighted, in the user's units.
    """

    step: NormalOutcomes
    units: Units
    coefficient: np.ndarray
    covariance: np.ndarray
    log_likelihood: float

    @classmethod
    def of(
        cls,
        first: Classification,
        codes: np.ndarray,
        values: np.ndarray,
        matrix: np.ndarray,
        *,
        names: Sequence[str],
        shared: Shared = OWN_BUT_FOR_COVARIANCES,
        first_step_known: bool = False,
        drawn_from: Callable[[UniqueRows], DrawnRows | None] = lambda _: None,
    ) -> "OutcomesEstimate":
        """Estimate outcomes by BCH.

        Parameters
        ----------
        first : Classification
            Of the first step.
        codes : numpy.ndarray, shape (respondent, item)
            Answers to its items.
        values : numpy.ndarray, shape (respondent, outcome)
            Not a number where an outcome is missing.
        matrix : numpy.ndarray, shape (respondent, term)
            Covariates, without a column of ones.
        names : sequence of str
            Of the outcomes.
        shared : Shared
        first_step_known : bool
            Leave the uncertainty of the first step out.
        drawn_from : callable
            How respondents were sampled by a survey design, from their distinct rows; None if each counts once.
        """
        rows = unique_rows(codes, np.where(np.isnan(values), np.inf, values), matrix)
        drawn = drawn_from(rows)
        count = counts_of(rows, drawn)
        units = Units.of(values[rows.first], matrix[rows.first], count)
        step = NormalOutcomes(
            codes=codes[rows.first],
            count=count,
            base=first,
            method="bch",
            assignment="modal",
            outcome=units.standardised(values[rows.first]),
            design=np.column_stack([np.ones(len(rows.first)), units.covariates(matrix[rows.first])]),
            shared=shared,
            names=tuple(names),
        )
        estimate = step.fit()
        covariance = step.covariance(estimate, first_step_known=first_step_known, shared=True, drawn=drawn)
        in_units = estimate.log_likelihood - step.weight.sum(axis=1) @ (~np.isnan(step.outcome) @ np.log(units.sd))
        return cls(step, units, estimate.coefficient, covariance, float(in_units))

    def of_units(self, quantity: Callable[..., np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """A quantity that is linear in the parameters, and its covariance, shapes (...) and (..., ...).

        Parameters
        ----------
        quantity : callable
            Of standardised coefficients and covariances, such as `Units.means`.
        """

        def at(free: np.ndarray) -> np.ndarray:
            return quantity(*self.step.unpacked(free))

        value, zero = at(self.coefficient), at(np.zeros_like(self.coefficient))
        along = np.stack([(at(one) - zero).ravel() for one in np.eye(len(self.coefficient))], axis=1)
        return value, (along @ self.covariance @ along.T).reshape(value.shape * 2)
