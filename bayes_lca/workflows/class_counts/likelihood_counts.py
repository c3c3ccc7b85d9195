"""How many classes, by maximum likelihood: criteria and tests for each number of classes."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from bayes_lca.data.responses import Responses
from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.criteria import (
    assignment_quality,
    entropy_r2,
    information_criteria,
    integrated_completed_likelihood,
    n_parameters,
)
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.identification import degrees_of_freedom
from bayes_lca.likelihood.information_root import KNOWN
from bayes_lca.likelihood.modes import MaximumLikelihood
from bayes_lca.likelihood.restricted_identification import n_unidentified_at
from bayes_lca.likelihood.whitened_scores import WhitenedScores
from bayes_lca.measurement.known_of_classes import KnownOfClasses
from bayes_lca.workflows.class_counts.blrt import bootstrap
from bayes_lca.workflows.class_counts.pseudo_criteria import pseudo_columns
from bayes_lca.workflows.class_counts.vlmr import VuongLoMendellRubin, compare_by_scores

LARGEST_INTEGER = 2**53
"""Number of cells from which on a column of degrees of freedom is of floating-point numbers."""


class LikelihoodCounts:
    """Maximum likelihood fits of several numbers of classes to the same answers, each made once.

    Parameters
    ----------
    responses : Responses
    n_starts, seed : int
        Of every fit.
    known : mapping of int to KnownOfClasses
        Restrictions by number of classes, where items are restricted.
    sample : SurveySample, optional
        Survey weights of the respondents; the likelihood is weighted then.

    Attributes
    ----------
    codes : ndarray of int, shape (pattern, item)
        Distinct rows of answers.
    counts : ndarray, shape (pattern,)
        Respondents with each, or their survey weights added up.
    """

    def __init__(
        self,
        responses: Responses,
        n_starts: int,
        seed: int,
        known: Mapping[int, KnownOfClasses] = MappingProxyType({}),
        sample: SurveySample | None = None,
    ):
        patterns = unique_rows(responses.codes)
        patterns = patterns if sample is None else sample.weighing(patterns)
        self._patterns, self._sample = patterns, sample
        self.responses, self.n_starts, self.seed, self.known = responses, n_starts, seed, known
        self.codes, self.counts = responses.codes[patterns.first], patterns.count
        self._fits: dict[int, MaximumLikelihood] = {}
        self._scores: dict[int, WhitenedScores] = {}

    def fit(self, n_classes: int) -> MaximumLikelihood:
        """The fit of a number of classes."""
        if n_classes not in self._fits:
            self.check(n_classes)
            if n_classes in self.known:
                settings = {"n_starts": self.n_starts, "seed": self.seed}
                self._fits[n_classes] = self.known[n_classes].maximum_likelihood(
                    self.codes, self.counts, self.responses.n_categories, **settings
                )
                return self._fits[n_classes]
            self._fits[n_classes] = fit_em(
                *(self.codes, self.counts, self.responses.n_categories, n_classes),
                n_starts=self.n_starts,
                seed=self.seed,
            )
        return self._fits[n_classes]

    def check(self, n_classes: int) -> None:
        """Refuse more classes than there are answer patterns."""
        if n_classes > len(self.counts):
            raise ValueError(
                f"{n_classes} classes exceed the {len(self.counts)} distinct answer patterns of "
                f"{len(self.responses.codes)} respondents; ask for fewer classes"
            )

    def scores(self, n_classes: int) -> WhitenedScores:
        """The scores at that fit."""
        if n_classes not in self._scores:
            self._scores[n_classes] = WhitenedScores.of(self.fit(n_classes), self.codes, self.counts)
        return self._scores[n_classes]

    def criteria(self, n_classes: int) -> dict[str, float]:
        """Columns of information criteria, identification, classification and starts."""
        sizes = self.responses.n_observed_categories
        if n_classes in self.known:
            fit, sets = self.fit(n_classes), self.known[n_classes].sets
            unidentified = n_unidentified_at(sets, fit.class_share, fit.item_probability, self.codes, self.counts)
            return _criteria(fit, self.counts, sizes, n_classes - 1 + sets.n_free, unidentified)
        scores = self.scores(n_classes)
        unidentified = np.nan if scores.remark else scores.n_unidentified
        fit = self.fit(n_classes)
        criteria = _criteria(fit, self.counts, sizes, n_parameters(n_classes, sizes), unidentified)
        if self._sample is None:
            return criteria
        return pseudo_columns(criteria, fit, self.codes, self._sample, self._patterns)

    def test_by_scores(self, n_classes: int) -> tuple[dict[str, float], list[str]]:
        """Columns of the test of Vuong, Lo, Mendell and Rubin of one class fewer, and what it left out."""
        if n_classes == 1 or self.known:
            return dict.fromkeys(("vlmr_p", "lmr_adjusted_p", "vuong_p"), np.nan), []
        test = compare_by_scores(
            *(self.fit(n_classes - 1), self.fit(n_classes), self.codes, self.counts),
            scores=(self.scores(n_classes - 1), self.scores(n_classes)),
        )
        return {"vlmr_p": test.p, "lmr_adjusted_p": test.adjusted_p, "vuong_p": test.vuong_p}, _left_out(test)

    def test_by_bootstrap(
        self, n_classes: int, draws: int, starts: int, jobs: int | None, *, progressbar: bool
    ) -> tuple[dict[str, float], list[str]]:
        """Columns of the bootstrap likelihood ratio test of one class fewer, and what it rests on."""
        if n_classes == 1:
            return dict.fromkeys(("blrt", "blrt_p", "blrt_p_lower", "blrt_p_upper"), np.nan), []
        test = bootstrap(
            *(self.fit(n_classes - 1), self.fit(n_classes), self.responses.codes, self.responses.n_categories),
            *(draws, starts, self.seed, jobs),
            progressbar=progressbar,
        )
        return test.columns, [test.note]


def _criteria(
    fit: MaximumLikelihood, counts: np.ndarray, n_observed_categories: tuple[int, ...], p: int, unidentified: float
) -> dict[str, float]:
    freedom = degrees_of_freedom(p, n_observed_categories)
    criteria = information_criteria(fit.log_likelihood, p, counts.sum())
    smallest = int(fit.class_share.argmin())
    average, odds = assignment_quality(fit.class_share, fit.membership, counts)
    return {
        "log_likelihood": fit.log_likelihood,
        "parameters": p,
        "degrees_of_freedom": freedom if freedom < LARGEST_INTEGER else float(freedom),
        "unidentified": unidentified,
        **criteria,
        "ICL": integrated_completed_likelihood(criteria["BIC"], fit.membership, counts),
        "entropy_r2": entropy_r2(fit.membership, counts),
        "smallest_class": fit.class_share[smallest],
        "smallest_class_se": _share_error(fit.membership[:, smallest], counts),
        "average_posterior": average.min(),
        "odds_correct": odds.min(),
        "starts_at_mode": fit.best_starts,
        "starts": fit.n_starts,
        "converged_starts": fit.converged_starts,
        "next_mode": fit.modes[1].log_likelihood if len(fit.modes) > 1 else np.nan,
    }


def _left_out(test: VuongLoMendellRubin) -> list[str]:
    """What the test by scores could not use, in words."""
    against = f"VLMR of {test.n_classes - 1} against {test.n_classes} classes"
    parts = [test.remark] if test.remark else []
    if np.isnan(test.p):
        return [f"{against}: no p-value, {test.remark}"]
    if test.boundary_parameters:
        parts.append(f"{test.boundary_parameters} parameters at the boundary left out")
    if test.unidentified_parameters:
        parts.append(f"{test.unidentified_parameters} that the answers do not identify left out")
    return [f"{against}: {', '.join(parts)}"] if parts else []


def _share_error(membership: np.ndarray, counts: np.ndarray) -> float:
    """Standard error of a class share; not a number where the answers say nothing about it."""
    share = np.average(membership, weights=counts)
    if share in (0.0, 1.0):
        return 0.0
    score = (membership - share) / (share * (1.0 - share))
    information, of_members = counts @ score**2, counts.sum() / (share * (1.0 - share))
    return float(1.0 / np.sqrt(information)) if information > KNOWN**2 * of_members else np.nan
