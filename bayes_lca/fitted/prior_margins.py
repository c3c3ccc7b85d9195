"""Shares of answers that a model expects before it sees any, and those that were given."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_lca.dims import ANSWERS, ITEM, LABEL, OUTCOME, RESPONDENT
from bayes_lca.table import tail_probabilities

PRIOR_PREDICTIVE = "prior_predictive"
"""Group of the tree of `prior_predictive` with the answers that were drawn."""


@dataclass(frozen=True, eq=False)
class Margin:
    """Shares of the categories of one item.

    Attributes
    ----------
    labels : list of str
    expected : ndarray, shape (5, category)
        Lower end, first quartile, median, third quartile and upper end over draws of the prior.
    observed : ndarray, shape (category,)
        Among the answers given.
    """

    labels: list[str]
    expected: np.ndarray
    observed: np.ndarray


@dataclass(frozen=True, eq=False)
class PriorMargins:
    """Margins of all items, or of the outcome, and what they rest on.

    Attributes
    ----------
    margins : mapping of str to Margin
    n_respondents, n_missing, n_draws : int
    """

    margins: Mapping[str, Margin]
    n_respondents: int
    n_missing: int
    n_draws: int

    @classmethod
    def of(cls, expected: xr.DataTree, ci_prob: float) -> "PriorMargins":
        """From the tree of `prior_predictive`.

        Raises
        ------
        ValueError
            If the answers are no categories, or `ci_prob` is not between 0 and 1.
        """
        lower, upper = tail_probabilities(ci_prob)
        predicted, seen = expected[PRIOR_PREDICTIVE].to_dataset(), expected["observed_data"].to_dataset()
        if LABEL not in predicted.coords:
            raise ValueError(
                "the answers of this model are no categories, so there are no shares of categories to draw"
            )
        name = ANSWERS if ANSWERS in predicted else OUTCOME
        n_draws, n_respondents = predicted.sizes["draw"], predicted.sizes[RESPONDENT]
        codes = predicted[name].to_numpy().reshape(n_draws, n_respondents, -1)
        observed = seen[name].to_numpy().reshape(codes.shape[1:])
        texts = predicted[LABEL].to_numpy().reshape(codes.shape[2], -1)
        of_outcome = [str(expected.attrs.get("outcome"))]
        items = [str(item) for item in predicted[ITEM].to_numpy()] if name == ANSWERS else of_outcome
        margins = {}
        for j, item in enumerate(items):
            labels = [str(label) for label in texts[j] if label]
            shares = np.stack([(codes[:, :, j] == place).mean(axis=1) for place in range(len(labels))], axis=1)
            answered = observed[observed[:, j] >= 0, j]
            margins[item] = Margin(
                labels,
                np.quantile(shares, [lower, 0.25, 0.5, 0.75, upper], axis=0),
                np.bincount(answered, minlength=len(labels)) / max(len(answered), 1),
            )
        return cls(margins, n_respondents, int((observed < 0).sum()), n_draws)
