r"""The table of all answers without a model, and how far a model's table departs from it.

Where answers are missing, the probabilities of the cells are those that make the answers given most likely, by EM: a
respondent with missing answers is spread over the cells that agree with the others, in proportion to their
probabilities [1]_.

.. [1] Little and Rubin (2019). Statistical Analysis with Missing Data, third edition, chapter 13. Wiley.
   https://doi.org/10.1002/9781119482260
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import logsumexp
from scipy.stats import chi2

from bayes_lca.likelihood.answers import log_probability_of_answers
from bayes_lca.likelihood.classification import Classification

MOST_MEANT = 2**22
"""Rows of all items that distinct rows with missing answers may have meant, at most."""
MOST_UPDATES, GAIN = 20_000, 1e-7
"""EM updates of the table, and the gain in log-likelihood of a hundred below which it has converged."""
EMPTY = 1e-6
"""Respondents below which a cell is empty in the data and in the model, so that they do not differ in it."""
SPARSE = 5
"""Respondents expected per cell below which the p-values of the two statistics say little."""


@dataclass(frozen=True)
class TableFit:
    r"""Departures of a model from the table of all answers.

    .. math::

        G^2 = 2 (L_1 - L_0), \qquad X^2 = \sum_c \frac{(n \hat p_c - n \pi_c)^2}{n \pi_c}

    with :math:`L_1` and :math:`\hat p` of the table without a model and :math:`L_0` and :math:`\pi` of the model.

    Attributes
    ----------
    pearson, likelihood_ratio : float
        X2 and G2; not a number where `refused` says why.
    degrees_of_freedom : int
    n_cells : int
        Cells of the table.
    refused : str
        Why there are no statistics, or nothing.
    """

    pearson: float
    likelihood_ratio: float
    degrees_of_freedom: int
    n_cells: int
    refused: str = ""

    def p_value(self, statistic: float) -> float:
        """Upper tail of chi-squared; not a number without degrees of freedom."""
        return float(chi2.sf(statistic, self.degrees_of_freedom)) if self.degrees_of_freedom > 0 else np.nan


def table_fit(model: Classification, n_categories: Sequence[int], degrees_of_freedom: int) -> TableFit:
    """Compare a model's table of answers with the one that needs no model.

    Parameters
    ----------
    model : Classification
        With distinct rows of answers.
    n_categories : sequence of int
        Categories of each item that somebody chose.
    degrees_of_freedom : int

    Examples
    --------
    Two items that are independent in the model and not in the table:

    >>> codes, count = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([30.0, 20.0, 20.0, 30.0])
    >>> model = Classification(np.full((1, 2, 2), 0.5), np.array([1.0]), codes, count)
    >>> fit = table_fit(model, (2, 2), 1)
    >>> round(fit.pearson, 3), round(fit.likelihood_ratio, 3), round(fit.p_value(fit.pearson), 4)
    (4.0, 4.027, 0.0455)

    Notes
    -----
    Where answers are missing, several tables may be most likely. They share G2, and X2 is that of the one which EM
    reaches from equal cells.
    """
    n_cells = math.prod(n_categories)
    codes, count, n = model.codes, model.count, model.count.sum()
    missing = codes < 0
    if not missing.any():
        cells, probability, of_rows = codes, count / n, count / n
    else:
        chosen = np.array([np.unique(answers[answers >= 0]).size for answers in codes.T])
        meant = np.where(missing, chosen, 1.0).prod(axis=1)  # (row,)
        if meant.sum() > MOST_MEANT:
            refused = (
                f"{int(count[missing.any(axis=1)].sum())} respondents lack answers, and could have meant "
                f"{meant.sum():.0f} rows of all items, too many to estimate their table without a model: leave items "
                "out, or judge the fit by bl.check_items of a fit"
            )
            return TableFit(np.nan, np.nan, degrees_of_freedom, n_cells, refused)
        cells, probability, of_rows = unrestricted_table(codes, count)
    expected = n * np.exp(_log_probability(model, cells))
    elsewhere = n - expected.sum()
    told = np.maximum(n * probability, expected) > EMPTY
    pearson = ((n * probability - expected)[told] ** 2 / expected[told]).sum() + elsewhere
    ratio = 2 * count @ (np.log(of_rows) - _log_probability(model, codes))
    return TableFit(float(pearson), float(ratio), degrees_of_freedom, n_cells)


def unrestricted_table(codes: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells that may have been meant, their probabilities by EM, and those of the rows of answers.

    Shapes (cell, item), (cell,) and (row,).

    Examples
    --------
    One of three lacks the second answer; nobody is seen in the cell that it could also be in:

    >>> codes = np.array([[0, 0], [1, 1], [0, -1]])
    >>> cells, probability, of_rows = unrestricted_table(codes, np.array([1.0, 1.0, 1.0]))
    >>> cells.tolist(), probability.round(3).tolist(), of_rows.round(3).tolist()
    ([[0, 0], [0, 1], [1, 1]], [0.667, 0.0, 0.333], [0.667, 0.333, 0.667])
    """
    chosen = [np.unique(answers[answers >= 0]) for answers in codes.T]
    row_of, meant = np.arange(len(codes)), codes.copy()
    for item, categories in enumerate(chosen):
        times = np.where(meant[:, item] < 0, len(categories), 1)
        place = np.arange(times.sum()) - np.repeat(times.cumsum() - times, times)
        meant, row_of = np.repeat(meant, times, axis=0), np.repeat(row_of, times)
        meant[:, item] = np.where(meant[:, item] < 0, categories[place], meant[:, item])
    cells, cell_of = np.unique(meant, axis=0, return_inverse=True)
    agreeing = csr_array((np.ones(len(meant)), (row_of, cell_of.reshape(-1))), (len(codes), len(cells)))
    probability = np.full(len(cells), 1 / len(cells))
    before = -np.inf
    for update in range(MOST_UPDATES):
        of_rows = agreeing @ probability
        if update % 100 == 0:
            height = float(count @ np.log(of_rows))
            if height - before < GAIN:
                break
            before = height
        probability = probability * (agreeing.T @ (count / of_rows)) / count.sum()
    return cells, probability, of_rows


def _log_probability(model: Classification, codes: np.ndarray) -> np.ndarray:
    log_emission = log_probability_of_answers(model.item_probability, codes)  # (row, latent_class)
    with np.errstate(divide="ignore"):
        return logsumexp(log_emission + np.log(model.class_share), axis=1)
