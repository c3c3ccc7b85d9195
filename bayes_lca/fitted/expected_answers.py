"""What `prior_predictive` expects of every item, beside what was answered."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_lca.dims import ANSWERS, ITEM, LABEL, OUTCOME


@dataclass(frozen=True)
class ExpectedAnswers:
    """Predicted and observed categories of one item or outcome.

    Attributes
    ----------
    item : str
    labels : list of str
    predicted : numpy.ndarray of int, shape (draw, respondent)
    observed : numpy.ndarray of int, shape (respondent,)
        -1 where missing.
    """

    item: str
    labels: list[str]
    predicted: np.ndarray
    observed: np.ndarray

    def shares(self, probabilities: list[float]) -> tuple[np.ndarray, np.ndarray]:
        """Quantiles of the predicted shares, shape (probability, category), and the shares among the answers given."""
        places = range(len(self.labels))
        predicted = np.stack([(self.predicted == place).mean(axis=1) for place in places], axis=1)
        answered = self.observed[self.observed >= 0]
        observed = np.bincount(answered, minlength=len(self.labels)) / max(len(answered), 1)
        return np.quantile(predicted, probabilities, axis=0), observed


def expected_answers(expected: xr.DataTree) -> list[ExpectedAnswers]:
    """Of every item, from the tree that `prior_predictive` returns.

    Raises
    ------
    ValueError
        If answers are no categories.
    """
    predicted, seen = expected["prior_predictive"].to_dataset(), expected["observed_data"].to_dataset()
    name = ANSWERS if ANSWERS in predicted else OUTCOME
    if LABEL not in predicted.coords:
        raise ValueError("the answers of this model are no categories, so there are no shares of categories to draw")
    codes = predicted[name].to_numpy().reshape(predicted.sizes["draw"], predicted.sizes["respondent"], -1)
    observed = seen[name].to_numpy().reshape(codes.shape[1:])
    texts = predicted[LABEL].to_numpy().reshape(codes.shape[2], -1)
    items = predicted[ITEM].to_numpy() if name == ANSWERS else [expected.attrs["outcome"]]
    return [
        ExpectedAnswers(str(item), [str(label) for label in texts[j] if label], codes[:, :, j], observed[:, j])
        for j, item in enumerate(items)
    ]


def rows_in_words(expected: xr.DataTree) -> str:
    """Respondents, missing answers and draws behind what `prior_predictive` returns."""
    predicted = expected["prior_predictive"]
    missing = int(expected.attrs.get("n_missing_answers", 0))
    return (
        f"n = {predicted.sizes['respondent']}, {missing} answers missing, {predicted.sizes['draw']} draws of the prior"
    )
