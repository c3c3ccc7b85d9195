"""The second step of stepwise estimation, seen as a function of the first step that it holds fixed.

Whatever the method, a respondent enters through records, each with its share of the respondent and its evidence on the
class: class weights where the second step takes the class as seen, a log emission where it is hidden.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY
from bayes_lca.likelihood.classification import Assignment, Classification, ErrorMatrixError, FirstStepError
from bayes_lca.likelihood.information_root import root_at_maximum
from bayes_lca.likelihood.row_sums import sum_products
from bayes_lca.workflows.ladder.drawn_rows import DrawnRows

UNCORRECTED = ("modal", "proportional")
HIDDEN = ("ml", "two_step")

STEP = 1e-4
"""Change of a log ratio, or of the logarithm of an error, in central differences."""

SMALLEST_ERROR = 1e-10
"""Errors below this move nothing: so few respondents have them."""

SINGULAR = 1e8
"""Condition number from which on the inverse of an error matrix says nothing."""

LARGEST_UNIDENTIFIED_SHIFT = 0.01
"""Standard errors that coefficients may move per unit of a log ratio about which step one says nothing."""


class Estimate(Protocol):
    """What a second step has found: coefficients, and their covariance if the first step were known."""

    @property
    def coefficient(self) -> np.ndarray:
        """Coefficients, shape (..., class)."""
        ...

    @property
    def covariance(self) -> np.ndarray:
        """Of the free ones."""
        ...


@dataclass(frozen=True, eq=False)
class GivenFirstStep(ABC):
    """Respondents of a second step, and the first step that it takes as given; what is estimated is left to others.

    Attributes
    ----------
    codes : numpy.ndarray
        Answers, shape (row, item).
    count : numpy.ndarray
        Respondents per row, or their survey weights added up, shape (row,).
    base : Classification
        Estimates of step one, with the answers they come from.
    method : {"modal", "proportional", "bch", "ml", "two_step"}
    assignment : {"modal", "proportional"}
    """

    codes: np.ndarray
    count: np.ndarray
    base: Classification
    method: str
    assignment: Assignment

    @abstractmethod
    def scores(self, coefficient: np.ndarray, share: np.ndarray, evidence: np.ndarray) -> np.ndarray:
        """Derivatives of each row's criterion with respect to what is estimated, shape (row, free).

        Parameters
        ----------
        coefficient : numpy.ndarray
            Of an `Estimate`.
        share : numpy.ndarray
            Of each record in its respondent, shape (row, record).
        evidence : numpy.ndarray
            Class weights of each record, or log emissions where the class is hidden, shape (row, record, latent_class).
        """

    def log_prior(self, first: Classification) -> np.ndarray | float:
        """Log probability of each class that the first step brings along; 0 where the second step estimates it."""
        return 0.0

    def covariance(
        self, estimate: Estimate, *, first_step_known: bool, shared: bool, drawn: DrawnRows | None = None
    ) -> np.ndarray:
        """Covariance of what is estimated, shape (free, free).

        Parameters
        ----------
        estimate : Estimate
            With the inverse of the information for its covariance.
        first_step_known : bool
            Leave out the uncertainty of step one.
        shared : bool
            Whether the respondents are among those of step one.
        drawn : DrawnRows, optional
            How they were sampled by a survey design; the covariance is over samples drawn alike.
        """
        inverse = estimate.covariance
        if drawn is not None:
            return inverse @ self._spread_over_samples(estimate, drawn, first_step_known=first_step_known) @ inverse
        if self.method == "modal":
            return inverse
        corrected = self.method not in UNCORRECTED and not first_step_known
        if self.method == "two_step":
            if not corrected:
                return inverse
            response, root = self._response(estimate)
            shift = inverse @ response @ root
            return inverse + shift @ shift.T
        score = self.scores(estimate.coefficient, *self.records(self.base))  # (row, free)
        spread = sum_products(score, score, self.count)
        if corrected:
            influence = self._influence(estimate)
            of_step_one = influence(self.base.codes)  # (pattern, free)
            spread += sum_products(of_step_one, of_step_one, self.base.count)
            if shared:
                together = sum_products(score, influence(self.codes), self.count)
                spread += together + together.T
        return inverse @ spread @ inverse

    def _spread_over_samples(self, estimate: Estimate, drawn: DrawnRows, *, first_step_known: bool) -> np.ndarray:
        """Covariance of the summed scores over samples of a survey design, shape (free, free)."""
        score = self.scores(estimate.coefficient, *self.records(self.base))
        if self.method in UNCORRECTED or first_step_known:
            return drawn.spread(score, np.zeros((len(self.base.codes), score.shape[1])))
        influence = self._influence(estimate)
        return drawn.spread(score + influence(self.codes), influence(self.base.codes))

    def records(self, first: Classification, errors: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Shares (row, record) and evidence (row, record, latent_class) if step one had ended at `first`.

        Modal assignments stay those of `base`: they do not change in a neighbourhood of it.
        """
        whole = np.ones((len(self.codes), 1))
        if self.method == "two_step":
            return whole, (first.log_emission(self.codes) + self.log_prior(first))[:, None]
        assigning = first if self.assignment == "proportional" else self.base
        assigned = assigning.assign(self.codes, self.assignment)
        if self.method in UNCORRECTED:
            return whole, assigned[:, None]
        if errors is None:
            errors = first.error_matrix(self.assignment, assigning.assign(first.codes, self.assignment))
        if self.method == "ml":
            emission = np.log(np.maximum(errors, SMALLEST_PROBABILITY)).T  # (assigned class, latent_class)
            emission = emission + self.log_prior(first)
            return assigned, np.broadcast_to(emission, (len(assigned), *emission.shape))
        if np.linalg.cond(errors) > SINGULAR:
            rarest = int(errors.sum(axis=0).argmin())
            raise ErrorMatrixError(
                f"the matrix of classification errors of {len(first.codes)} rows has no inverse: no respondent, or "
                f"none but at random, is assigned to some class; class {rarest + 1} is assigned least. Use two_step, "
                "assign proportionally, or fit fewer classes."
            )
        return whole, (assigned @ np.linalg.inv(errors))[:, None]

    def _total(self, estimate: Estimate, first: Classification, errors: np.ndarray | None = None) -> np.ndarray:
        """Sum of the scores at the estimated coefficients if step one had ended elsewhere, shape (free,)."""
        scores = self.scores(estimate.coefficient, *self.records(first, errors))
        return np.einsum("i,if->f", self.count, scores)

    def _response(self, estimate: Estimate) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of the summed scores with respect to the log ratios, and the root of their covariance.

        Shapes (free, coordinate) and (coordinate, known direction).
        """
        found = root_at_maximum(self.base)
        root, unknown = found.root, found.unknown
        response = np.zeros((len(estimate.covariance), len(root)))
        for coordinate in np.flatnonzero(self.base.log_ratios > np.log(SMALLEST_PROBABILITY)):
            move = STEP * np.eye(len(root))[coordinate]
            ahead, behind = self._total(estimate, self.base.moved(move)), self._total(estimate, self.base.moved(-move))
            response[:, coordinate] = (ahead - behind) / (2 * STEP)
        unidentified = response @ unknown  # (free, unknown direction)
        shift = np.sqrt((unidentified * (estimate.covariance @ unidentified)).sum(axis=0))
        if shift.max(initial=0) > LARGEST_UNIDENTIFIED_SHIFT:
            raise FirstStepError(
                "the coefficients depend on item probabilities that the answers of step one do not identify: fit fewer "
                "classes, or collect more answers."
            )
        return response, root

    def _influence(self, estimate: Estimate) -> Callable[[np.ndarray], np.ndarray]:
        """What a respondent of step one adds to the summed scores, from answers (row, item) to (row, free).

        It moves shares and item probabilities by its score, and the error matrix by its assignment.
        """
        response, root = self._response(estimate)
        by_log_ratio = root @ (response @ root).T  # (coordinate, free)
        errors = self.base.error_matrix(self.assignment)
        by_error = np.zeros((*errors.shape, len(estimate.covariance)))
        for c, w in np.argwhere(errors > SMALLEST_ERROR):
            change = np.zeros_like(errors)
            change[c, w] = STEP * errors[c, w]
            ahead, behind = (self._total(estimate, self.base, errors + sign * change) for sign in (1, -1))
            by_error[c, w] = (ahead - behind) / (2 * change[c, w])
        members = self.base.count @ self.base.membership(self.base.codes)  # (latent_class,)

        def influence(codes):
            weight = self.base.membership(codes) / members  # (row, latent_class)
            surplus = self.base.assign(codes, self.assignment)[:, None] - errors  # (row, latent_class, assigned)
            on_errors = np.einsum("ic,icw,cwf->if", weight, surplus, by_error)
            return self.base.log_ratio_scores(codes) @ by_log_ratio + on_errors

        return influence
