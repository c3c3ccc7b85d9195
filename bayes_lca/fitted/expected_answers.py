"""What `prior_predictive` expects of every item, beside what was answered."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from bayes_lca.data.answered import is_missing
from bayes_lca.dims import ANSWERS, ITEM, LABEL, OUTCOME, WAVE

OF_NUMBERS = {"10 %": 0.1, "median": 0.5, "90 %": 0.9}
"""Quantiles over respondents that numbers are described by."""


@dataclass(frozen=True)
class ExpectedAnswers:
    """Predicted and observed answers to one item, or outcomes.

    Attributes
    ----------
    item : str
    labels : list of str
        Of the categories; none where answers are numbers.
    predicted : numpy.ndarray, shape (draw, respondent)
        Positions among the labels, or numbers.
    observed : numpy.ndarray, shape (respondent,)
        -1 where a category is missing, not a number where a number is.
    """

    item: str
    labels: list[str]
    predicted: np.ndarray
    observed: np.ndarray

    @property
    def rows(self) -> list[str]:
        """Names of what `margins` has: labels of categories, or quantiles of numbers."""
        return self.labels or list(OF_NUMBERS)

    def margins(self, probabilities: list[float]) -> tuple[np.ndarray, np.ndarray]:
        """Quantiles over draws of what is predicted, shape (probability, row), and what was observed, shape (row,).

        Rows are the shares of categories, or of numbers the quantiles over respondents.
        """
        if self.labels:
            return self.shares(probabilities)
        predicted = np.quantile(self.predicted, list(OF_NUMBERS.values()), axis=1).T  # (draw, row)
        answered = self.observed[~np.isnan(self.observed)]
        return np.quantile(predicted, probabilities, axis=0), np.quantile(answered, list(OF_NUMBERS.values()))

    def shares(self, probabilities: list[float]) -> tuple[np.ndarray, np.ndarray]:
        """Quantiles of the predicted shares, shape (probability, category), and the shares among the answers given."""
        places = range(len(self.labels))
        predicted = np.stack([(self.predicted == place).mean(axis=1) for place in places], axis=1)
        answered = self.observed[self.observed >= 0].astype(int)
        observed = np.bincount(answered, minlength=len(self.labels)) / max(len(answered), 1)
        return np.quantile(predicted, probabilities, axis=0), observed


def expected_answers(expected: xr.DataTree) -> list[ExpectedAnswers]:
    """Of every item, and wave where there are several, from the tree that `prior_predictive` returns."""
    predicted, seen = expected["prior_predictive"].to_dataset(), expected["observed_data"].to_dataset()
    name = ANSWERS if ANSWERS in predicted else OUTCOME
    codes = predicted[name].to_numpy().reshape(predicted.sizes["draw"], predicted.sizes["respondent"], -1)
    observed = seen[name].to_numpy().reshape(codes.shape[1:])
    items = [str(item) for item in predicted[ITEM].to_numpy()] if name == ANSWERS else [expected.attrs["outcome"]]
    of_items = predicted[LABEL].to_numpy() if LABEL in predicted.coords else np.full((len(items), 1), "")
    texts = of_items.reshape(len(items), -1)
    columns = [(item, [str(label) for label in of_item if label]) for item, of_item in zip(items, texts, strict=True)]
    if WAVE not in predicted[name].dims:
        return [
            ExpectedAnswers(item, labels, codes[:, :, place], observed[:, place])
            for place, (item, labels) in enumerate(columns)
        ]
    there = ~is_missing(observed)
    return [
        ExpectedAnswers(
            f"{item}, wave {wave}", labels, codes[:, there[:, place], place], observed[there[:, place], place]
        )
        for place, (wave, (item, labels)) in enumerate(product(predicted[WAVE].to_numpy(), columns))
    ]


def rows_in_words(expected: xr.DataTree) -> str:
    """Respondents, missing answers and draws behind what `prior_predictive` returns."""
    sizes = expected["prior_predictive"].sizes
    missing = int(expected.attrs.get("n_missing_answers", 0))
    return f"n = {sizes['respondent']}, {missing} answers missing, {sizes['draw']} draws of the prior"
