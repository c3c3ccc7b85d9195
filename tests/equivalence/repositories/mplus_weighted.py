"""Latent classes of respondents with sampling weights, as Mplus prints them, beside the pseudo-likelihood of ours."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

import bayes_lca as bl
from bayes_lca.data.survey_sample import SurveySample
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.design_information import design_information
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.estimate_errors import EstimateErrors
from bayes_lca.likelihood.unrestricted import TableFit
from bayes_lca.measurement.nominal import read_answers
from bayes_lca.workflows.maximum_likelihood.maximum_likelihood import MaximumLikelihoodEstimates
from equivalence.repositories.figure import Figure
from equivalence.repositories.mplus_classes import LatentClasses
from equivalence.repositories.mplus_data import NotAsked, digest
from equivalence.repositories.mplus_output import MplusOutput

WEIGHT = "weight"


@dataclass(frozen=True, eq=False)
class WeightedErrors(EstimateErrors):
    """Errors over samples drawn with these weights; Mplus leaves out the factor n / (n - 1).

    Attributes
    ----------
    pattern : ndarray of int, shape (respondent,)
    sample : SurveySample
    """

    pattern: np.ndarray
    sample: SurveySample

    @cached_property
    def _ratio(self) -> np.ndarray:
        found, n = self.of_information, len(self.sample.weight)
        score = self.model.log_ratio_scores(self.model.codes)[:, found.free] @ found.of_free
        return design_information(score, self.pattern, self.sample) * (n - 1) / n


class WeightedClasses(LatentClasses):
    """An output of latent classes with WEIGHT, and ours."""

    kind = "weighted latent classes"
    roles = ("weight",)

    def __init__(self, output: MplusOutput, frame: pd.DataFrame):
        names = output.input.listed("weight")
        if len(names) != 1 or names[0] not in frame:
            raise NotAsked("no weights, or others than a column")
        super().__init__(output, frame)
        self.weight = frame[names[0]].to_numpy(dtype=float)

    @property
    def key(self) -> tuple:
        """Of the same model of the same weighted rows."""
        return *super().key, digest(self.weight[:, None])

    def _maximum(self, n_starts: int) -> MaximumLikelihoodEstimates:
        table = self.frame.assign(**{WEIGHT: self.weight})
        answers = read_answers(bl.Items(self.items), self.frame, None)
        rows = unique_rows(answers.responses.codes)
        sample = bl.SurveyDesign(weights=WEIGHT).read(table).scaled(np.ones(len(table), dtype=bool))
        count = sample.weighing(rows).count
        codes = answers.responses.codes[rows.first]
        found = fit_em(codes, count, answers.responses.n_categories, self.n_classes, n_starts=n_starts, seed=1)
        model = Classification(found.item_probability, found.class_share, codes, count)
        errors = WeightedErrors(model, answers.responses.n_observed_categories, rows.pattern, sample)
        return MaximumLikelihoodEstimates(answers, found, errors, TableFit(np.nan, np.nan, 0, 0, "weights"))

    @cached_property
    def ours(self) -> MaximumLikelihoodEstimates:
        """Ours at the best maximum."""
        return self.best

    def _figures(self) -> Iterator[Figure]:
        """All but chi-squared, which needs the numbers of respondents in cells."""
        left_out = ("chi-squared", "degrees of freedom", "likelihood ratio test")
        yield from (figure for figure in super()._figures() if figure.kind not in left_out)

    def _assigned(self) -> np.ndarray:
        """Weights added up."""
        model = self.ours.errors.model
        places = [self.ours.class_names.index(name) for name in self.order]
        return (model.count @ model.assign(model.codes, "modal"))[places]

    def _of_tests(self) -> Iterator[Figure]:
        return iter(())
