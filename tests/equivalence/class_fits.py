"""Latent classes of a reference data set by maximum likelihood, and everything the table takes from them."""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_lca as bl
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.criteria import assignment_quality
from bayes_lca.likelihood.estimate_errors import EstimateErrors
from bayes_lca.likelihood.modes import MaximumLikelihood
from bayes_lca.likelihood.row_sums import sum_products
from bayes_lca.posterior.checks.item_discrepancies import pattern_statistics
from bayes_lca.workflows.class_counts.likelihood_counts import LikelihoodCounts
from bayes_lca.workflows.class_counts.vlmr import compare_by_scores

REFERENCE = Path(__file__).parents[1] / "reference"
NEGLIGIBLE = 1e-8
"""Share of the largest information below which a direction counts as unknown."""


def read_json(name: str) -> dict:
    """Figures of others, kept in the folder of reference data."""
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


@cache
def respondents(name: str) -> pd.DataFrame:
    """A reference data set with one row per respondent, covariates after the items."""
    patterns = pd.read_csv(REFERENCE / f"{name}.csv")
    return patterns.loc[patterns.index.repeat(patterns["count"])].drop(columns="count").reset_index(drop=True)


def items_of(name: str) -> list[str]:
    """Names of the items of a reference data set."""
    return [column for column in respondents(name) if column != "GPA"]


@cache
def class_counts(name: str, n_starts: int, seed: int) -> LikelihoodCounts:
    """What `bl.count_classes` computes its table from."""
    items = bl.Items(items_of(name))
    return LikelihoodCounts(items.read(respondents(name)), n_starts, seed)


@dataclass(frozen=True, eq=False)
class ClassFit:
    """A number of classes fitted to a data set; classes in order of falling share."""

    counts: LikelihoodCounts
    n_classes: int

    @cached_property
    def found(self) -> MaximumLikelihood:
        return self.counts.fit(self.n_classes)

    @cached_property
    def criteria(self) -> dict[str, float]:
        """Columns of `bl.count_classes`, and the two statistics of the table of patterns."""
        n = self.counts.counts.sum()
        statistics = pattern_statistics(
            self.counts.responses.codes, n * self.found.class_share, self.found.item_probability
        )
        return {**self.counts.criteria(self.n_classes), "G2": statistics[1], "X2": statistics[2]}

    @cached_property
    def classification(self) -> Classification:
        return Classification(
            self.found.item_probability, self.found.class_share, self.counts.codes, self.counts.counts
        )

    @property
    def share(self) -> np.ndarray:
        return self.found.class_share

    @property
    def item_probability(self) -> np.ndarray:
        """Shape (latent_class, item, category)."""
        return self.found.item_probability

    @property
    def n_categories(self) -> tuple[int, ...]:
        return self.counts.responses.n_categories

    @property
    def modal_counts(self) -> np.ndarray:
        """Respondents by their most probable class."""
        return self.counts.counts @ self.classification.assign(self.counts.codes, "modal")

    @property
    def average_posterior(self) -> np.ndarray:
        return assignment_quality(self.share, self.found.membership, self.counts.counts)[0]

    @property
    def error_matrix(self) -> np.ndarray:
        return self.classification.error_matrix("modal")

    @property
    def likelihood_ratio(self) -> float:
        """Statistic of the likelihood ratio test of one class fewer."""
        smaller = self.counts.fit(self.n_classes - 1)
        return compare_by_scores(smaller, self.found, self.counts.codes, self.counts.counts).statistic

    @cached_property
    def _products(self) -> np.ndarray:
        """Summed products of the respondents' scores of the log ratios."""
        scores = self.classification.log_ratio_scores(self.counts.codes)
        return sum_products(scores, scores, self.counts.counts)

    @cached_property
    def empirical_covariance(self) -> np.ndarray:
        """Inverse of the summed products of scores, as poLCA takes it."""
        return np.linalg.pinv(self._products, rcond=NEGLIGIBLE, hermitian=True)

    @cached_property
    def errors(self) -> EstimateErrors:
        """Both standard errors, as `bl.maximum_likelihood` has them."""
        return EstimateErrors(self.classification, self.counts.responses.n_observed_categories)

    @property
    def scaling(self) -> float:
        return self.errors.scaling

    def share_error(self, covariance: np.ndarray) -> np.ndarray:
        """Standard errors of the shares from the covariance of the log ratios, shape (latent_class,)."""
        slope = np.diag(self.share) - np.outer(self.share, self.share)
        return np.sqrt(np.diag(slope @ covariance[: self.n_classes, : self.n_classes] @ slope))

    def item_covariance(self, covariance: np.ndarray, k: int, j: int) -> np.ndarray:
        """Covariance of the probabilities of an item in a class, shape (category, category)."""
        _, n_items, n_categories = self.item_probability.shape
        first = self.n_classes + (k * n_items + j) * n_categories
        block = slice(first, first + n_categories)
        probability = self.item_probability[k, j]
        slope = np.diag(probability) - np.outer(probability, probability)
        return slope @ covariance[block, block] @ slope

    def threshold(self, k: int, j: int, c: int) -> float:
        """Logit of category c or one before it."""
        return float(self.errors.thresholds.value[k, j, c])

    def threshold_error(self, k: int, j: int, c: int) -> float:
        """Robust standard error of a threshold."""
        return float(self.errors.thresholds.robust_error[k, j, c])


def class_fit(name: str, n_classes: int, *, n_starts: int = 30, seed: int = 0) -> ClassFit:
    """Fit classes to a reference data set from random starts; the same fit for the same arguments."""
    return ClassFit(class_counts(name, n_starts, seed), n_classes)
