r"""Normal outcomes of each class, regressed on covariates, as a second step of stepwise estimation.

With class weights w, from an assignment whose errors are undone, coefficients and covariances maximise

.. math:: \sum_i n_i \sum_c w_{ic} \log N(o_{iS_i} \mid (B_c x_i)_{S_i}, (\Sigma_c)_{S_i S_i})

where :math:`S_i` are the outcomes that respondent i has: nobody is left out for one that is missing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Literal, final

import numpy as np

from bayes_lca.data.frame import named
from bayes_lca.likelihood.families import LOG_ROOT_TWO_PI
from bayes_lca.likelihood.newton import NoMaximumError
from bayes_lca.workflows.ladder.given_first_step import GivenFirstStep

Sharing = Literal["by class", "equal", "none"]

MOST_STEPS, MOST_HALVINGS = 200, 40
SMALLEST_GAIN = 1e-12
"""Share of the log-likelihood below which what the next step promises is rounding."""
SMALLEST_VARIANCE = 1e-4
"""Variance in a class, in that of all respondents, below which it goes to 0 and the likelihood beyond all bounds."""
LEAST_VARIANCE_AT_START = 0.05
STEP = 1e-4
"""Change of a standardised parameter in central differences."""


@dataclass(frozen=True)
class Shared:
    """What classes share of their slopes, variances and covariances.

    Attributes
    ----------
    slopes, variances : {"by class", "equal"}
    covariances : {"equal", "by class", "none"}

    Raises
    ------
    ValueError
        If one is none of what can be chosen.
    """

    slopes: Sharing = "by class"
    variances: Sharing = "by class"
    covariances: Sharing = "equal"

    def __post_init__(self):
        for name, given in vars(self).items():
            known = ["by class", "equal", *(["none"] if name == "covariances" else [])]
            if given not in known:
                raise ValueError(f"{name}={given!r}: choose from {', '.join(map(repr, known))}")

    def matrix(self, n_classes: int, n_outcomes: int, n_terms: int) -> np.ndarray:
        """Zeros and ones that make all parameters of the free ones, class after class, shape (parameter, free)."""
        kinds = (["by class"] + [self.slopes] * (n_terms - 1)) * n_outcomes
        kinds += [self.variances if j == k else self.covariances for j, k in pairs_of(n_outcomes)]
        size, columns = len(kinds), []
        for place, kind in enumerate(kinds):
            of_classes = np.zeros((n_classes, n_classes * size))
            of_classes[np.arange(n_classes), place + size * np.arange(n_classes)] = 1.0
            columns += {"by class": list(of_classes), "equal": [of_classes.sum(axis=0)], "none": []}[kind]
        return np.array(columns).T


def pairs_of(n_outcomes: int) -> list[tuple[int, int]]:
    """Places of variances and covariances in the order of the parameters."""
    return list(combinations_with_replacement(range(n_outcomes), 2))


@dataclass(frozen=True, eq=False)
class NormalEstimate:
    """Free parameters at the maximum.

    Attributes
    ----------
    coefficient : numpy.ndarray, shape (free,)
    covariance : numpy.ndarray, shape (free, free)
        The inverse of the information.
    log_likelihood : float
    """

    coefficient: np.ndarray
    covariance: np.ndarray
    log_likelihood: float


@final
@dataclass(frozen=True, eq=False)
class NormalOutcomes(GivenFirstStep):
    """Respondents with their outcomes and covariates, and the first step that is held.

    Attributes
    ----------
    outcome : numpy.ndarray, shape (row, outcome)
        Standardised; not a number where it is missing.
    design : numpy.ndarray, shape (row, term)
        A column of ones, then standardised covariates.
    shared : Shared
    names : tuple of str
        Of the outcomes.
    """

    outcome: np.ndarray
    design: np.ndarray
    shared: Shared
    names: Sequence[str]

    @cached_property
    def weight(self) -> np.ndarray:
        """What each row counts for in each class, below 0 in some, shape (row, latent_class)."""
        _, evidence = self.records(self.base)
        return self.count[:, None] * evidence[:, 0]

    @cached_property
    def sharing(self) -> np.ndarray:
        """From free parameters to all, shape (parameter, free)."""
        return self.shared.matrix(len(self.base.class_share), self.outcome.shape[1], self.design.shape[1])

    def unpacked(self, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (latent_class, outcome, term) and covariances (latent_class, outcome, outcome)."""
        (n_outcomes, n_terms), n_classes = (self.outcome.shape[1], self.design.shape[1]), len(self.base.class_share)
        by_class = (self.sharing @ free).reshape(n_classes, -1)
        sigma = np.empty((n_classes, n_outcomes, n_outcomes))
        for place, (j, k) in enumerate(pairs_of(n_outcomes), start=n_outcomes * n_terms):
            sigma[:, j, k] = sigma[:, k, j] = by_class[:, place]
        return by_class[:, : n_outcomes * n_terms].reshape(n_classes, n_outcomes, n_terms), sigma

    def fit(self) -> NormalEstimate:
        """Climb by Newton steps from weighted least squares.

        Raises
        ------
        ValueError
            If the weights of a class do not determine its coefficients.
        NoMaximumError
            If a variance goes to 0, or no maximum was found.
        """
        share, evidence = self.records(self.base)
        free = self._start()

        def gradient(at: np.ndarray) -> np.ndarray:
            return self.count @ self.scores(at, share, evidence)

        value = self._log_likelihood(free)
        for _ in range(MOST_STEPS):
            slope, information = gradient(free), _information(gradient, free)
            step = _upwards(information, slope)
            promised = slope @ step / 2
            is_maximum = np.linalg.eigvalsh(information)[0] > 0
            if is_maximum and promised < SMALLEST_GAIN * max(1.0, abs(value)):
                return NormalEstimate(free, np.linalg.inv(information), value)
            for _ in range(MOST_HALVINGS):
                higher = self._log_likelihood(free + step)
                if higher > value:
                    break
                step = step / 2
            else:
                if is_maximum and promised < np.sqrt(SMALLEST_GAIN):
                    return NormalEstimate(free, np.linalg.inv(information), value)
                break
            free, value = free + step, higher
            self._refuse_no_variance(free)
        raise NoMaximumError(
            f"the weighted log-likelihood of outcome(s) {named(self.names)} of {self.count.sum():g} respondents has no "
            'maximum that stands out: negative weights prevail; share more between classes, variances="equal", or fit '
            "fewer classes"
        )

    def scores(self, coefficient: np.ndarray, share: np.ndarray, evidence: np.ndarray) -> np.ndarray:
        """Derivatives with respect to the free parameters, from class weights."""
        weight = (share[:, :, None] * evidence).sum(axis=1)  # (row, latent_class)
        result = np.zeros((len(weight), weight.shape[1], len(self.sharing) // weight.shape[1]))
        pairs, n_means = pairs_of(self.outcome.shape[1]), self.outcome.shape[1] * self.design.shape[1]
        for rows, seen, c, residual, precision in self._each(coefficient):
            of_mean = np.zeros((len(residual), len(seen)))
            of_sigma = np.zeros((len(residual), len(seen), len(seen)))
            z = residual @ precision
            of_mean[:, seen] = z
            of_sigma[:, np.outer(seen, seen)] = ((z[:, :, None] * z[:, None, :] - precision) / 2).reshape(len(z), -1)
            result[rows, c, :n_means] = (of_mean[:, :, None] * self.design[rows][:, None]).reshape(len(z), -1)
            for place, (j, k) in enumerate(pairs, start=n_means):
                result[rows, c, place] = of_sigma[:, j, k] * (1 if j == k else 2)
        return (weight[:, :, None] * result).reshape(len(weight), -1) @ self.sharing

    @cached_property
    def _alike(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows with the same outcomes, and whether each is there; rows without any left out."""
        there = ~np.isnan(self.outcome)
        kinds, kind = np.unique(there, axis=0, return_inverse=True)
        return [(np.flatnonzero(kind.ravel() == place), seen) for place, seen in enumerate(kinds) if seen.any()]

    def _each(self, free: np.ndarray):
        """Rows with the same outcomes in each class: rows, outcomes seen, class, residuals and precision."""
        coefficient, sigma = self.unpacked(free)
        for rows, seen in self._alike:
            for c, (of_class, covariance) in enumerate(zip(coefficient, sigma, strict=True)):
                residual = self.outcome[rows][:, seen] - self.design[rows] @ of_class[seen].T
                yield rows, seen, c, residual, np.linalg.inv(covariance[np.ix_(seen, seen)])

    def _log_likelihood(self, free: np.ndarray) -> float:
        """Weighted; minus infinity where a covariance matrix is none."""
        if np.linalg.eigvalsh(self.unpacked(free)[1]).min() <= 0:
            return -np.inf
        value = 0.0
        for rows, seen, c, residual, precision in self._each(free):
            constant = np.linalg.slogdet(precision)[1] / 2 - seen.sum() * LOG_ROOT_TWO_PI
            value += self.weight[rows, c] @ (constant - ((residual @ precision) * residual).sum(axis=1) / 2)
        return float(value)

    def _start(self) -> np.ndarray:
        """Weighted least squares of each outcome in each class, without covariances."""
        by_class, n_outcomes = [], self.outcome.shape[1]
        for c in range(self.weight.shape[1]):
            coefficient, variance = [], []
            for j, name in enumerate(self.names):
                there = ~np.isnan(self.outcome[:, j])
                x, o, w = self.design[there], self.outcome[there, j], self.weight[there, c]
                products = (w[:, None] * x).T @ x
                if np.linalg.eigvalsh(products)[0] <= 0:
                    raise ValueError(
                        f"the weights of class {c + 1} add up to {w.sum():.3g} over {self.count[there].sum():g} "
                        f"respondents with the outcome {name!r}, and do not determine its regression: too few of them "
                        "are in it; leave covariates out, or fit fewer classes"
                    )
                coefficient.append(np.linalg.solve(products, (w[:, None] * x).T @ o))
                residual = o - x @ coefficient[-1]
                variance.append(max(w @ residual**2 / w.sum(), LEAST_VARIANCE_AT_START))
            sigma = np.diag(variance)
            by_class.append(np.concatenate([*coefficient, [sigma[j, k] for j, k in pairs_of(n_outcomes)]]))
        return np.linalg.lstsq(self.sharing, np.concatenate(by_class), rcond=None)[0]

    def _refuse_no_variance(self, free: np.ndarray) -> None:
        least = np.linalg.eigvalsh(self.unpacked(free)[1])[:, 0]  # (latent_class,)
        if least.min() < SMALLEST_VARIANCE:
            raise NoMaximumError(
                f"negative weights prevail in the variances of {named(self.names)} in class "
                f"{int(least.argmin()) + 1}, which go to 0, and the weighted log-likelihood of {self.count.sum():g} "
                'respondents beyond all bounds: choose variances="equal", fewer classes, or bl.fit_distal'
            )


def _information(gradient: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> np.ndarray:
    """Negative second derivatives, by central differences of the gradient."""
    rows = [(gradient(at - step) - gradient(at + step)) / (2 * STEP) for step in STEP * np.eye(len(at))]
    return (np.array(rows) + np.array(rows).T) / 2


def _upwards(information: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """The Newton step; along directions that curve the wrong way, one that climbs as fast as they fall."""
    size, axes = np.linalg.eigh(information)
    return axes @ ((axes.T @ slope) / np.maximum(np.abs(size), 1e-8 * np.abs(size).max()))
