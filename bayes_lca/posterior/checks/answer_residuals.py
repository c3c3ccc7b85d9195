"""What each respondent adds to the residuals of the items and to the scores of a latent class model."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.special import softmax

from bayes_lca.dims import CATEGORY, CLASS, DESIGN, DESIGN_CENTER, ITEM, ITEM_PROBABILITY
from bayes_lca.fitted.axes import flat, groupings
from bayes_lca.fitted.class_logits import SMALLEST_PROBABILITY, class_log_shares
from bayes_lca.fitted.random_effects import varying_terms

DRAWS_IN_MEMORY = 20


@dataclass(frozen=True)
class Contributions:
    r"""What respondents add to residuals and scores, at one value of the parameters.

    With :math:`w_{ic}` the probability of class c given all answers and :math:`w_{ic}^{(j)}` that given all but item j,

    .. math::
        r_{ijk} = 1[y_{ij} = k] - \sum_c w_{ic}^{(j)} \rho_{cjk}, \qquad
        s_{icjk} = w_{ic} (1[y_{ij} = k] - \rho_{cjk}), \qquad
        s_{ic} = w_{ic} - P(c \mid x_i, g_i)

    Attributes
    ----------
    residual : ndarray, shape (item, respondent, category)
        Answer less its probability given the other answers and the covariates; 0 where the answer is missing.
    class_score : ndarray, shape (respondent, latent_class)
        Derivative of the log-likelihood by the class logits.
    chosen : ndarray, shape (item, respondent, category)
        One for the answer given.
    membership : ndarray, shape (respondent, latent_class)
        Probability of each class given all answers.
    rho : ndarray, shape (latent_class, item, category)
    """

    residual: np.ndarray
    class_score: np.ndarray
    chosen: np.ndarray
    membership: np.ndarray
    rho: np.ndarray

    @property
    def item_score(self) -> np.ndarray:
        """Derivative by the logits of the item probabilities, shape (respondent, latent_class, item, category)."""
        chosen = self.chosen.transpose(1, 0, 2)  # (respondent, item, category)
        answered = chosen.sum(axis=-1)[:, None, :, None]
        return self.membership[:, :, None, None] * (chosen[:, None] - self.rho * answered)

    @property
    def item_score_total(self) -> np.ndarray:
        """The same summed over respondents, shape (latent_class, item, category)."""
        counted = np.matmul(self.membership.T, self.chosen).transpose(1, 0, 2)  # (latent_class, item, category)
        return counted - self.rho * counted.sum(axis=-1, keepdims=True)


def contributions(codes: np.ndarray, log_share: np.ndarray, rho: np.ndarray) -> Contributions:
    """Residuals and scores of respondents.

    Parameters
    ----------
    codes : ndarray of int, shape (respondent, item)
        -1 where missing.
    log_share : ndarray, shape (respondent, latent_class)
    rho : ndarray, shape (latent_class, item, category)
    """
    chosen = (codes.T[:, :, None] == np.arange(rho.shape[-1])).astype(float)  # (item, respondent, category)
    of_item = rho.transpose(1, 2, 0)  # (item, category, latent_class)
    log_answer = np.matmul(chosen, np.log(np.maximum(of_item, SMALLEST_PROBABILITY)))
    total = log_share + log_answer.sum(axis=0)  # (respondent, latent_class)
    without = softmax(total - log_answer, axis=-1)  # (item, respondent, latent_class)
    expected = np.matmul(without, rho.transpose(1, 0, 2))  # (item, respondent, category)
    membership = softmax(total, axis=-1)
    return Contributions(
        residual=chosen - expected * chosen.sum(axis=-1, keepdims=True),
        class_score=membership - np.exp(log_share),
        chosen=chosen,
        membership=membership,
        rho=rho,
    )


def replicate(codes: np.ndarray, log_share: np.ndarray, rho: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Answers the model would give in their place, missing where they are missing; shape (respondent, item)."""
    n, n_items = codes.shape
    latent = (rng.random((n, 1)) > np.exp(log_share).cumsum(axis=1)[:, :-1]).sum(axis=1)
    cumulative = rho.cumsum(axis=-1)[latent]  # (respondent, item, category)
    answers = (rng.random((n, n_items, 1)) * cumulative[..., -1:] > cumulative[..., :-1]).sum(axis=-1)
    return np.where(codes < 0, codes, answers)


def parameters(draws: xr.DataTree, step: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Parameters of every `step`-th draw, chains after each other.

    Yields
    ------
    log_share : ndarray, shape (respondent, latent_class)
        Log probability of each class given covariates and group.
    rho : ndarray, shape (latent_class, item, category)
        0 beyond the categories of an item.
    """
    n, everybody = draws.attrs["n_respondents"], np.arange(draws.attrs["n_respondents"])
    rho = np.nan_to_num(flat(draws["posterior"][ITEM_PROBABILITY], CLASS, ITEM, CATEGORY))
    for start in range(0, len(rho), step * DRAWS_IN_MEMORY):
        which = slice(start, start + step * DRAWS_IN_MEMORY, step)
        for log_share, own in zip(class_log_shares(draws, everybody, which), rho[which], strict=True):
            yield np.broadcast_to(log_share, (n, log_share.shape[1])), own


def structural_columns(draws: xr.DataTree) -> np.ndarray:
    """Columns whose coefficients make up the class logits, shape (respondent, column).

    A column of ones, the standardised design, an indicator of every group, and the centred covariates whose slopes
    vary times these indicators.
    """
    constant, n = draws["constant_data"], draws.attrs["n_respondents"]
    matrix = constant[DESIGN].to_numpy()
    standardised = (matrix - constant[DESIGN_CENTER].to_numpy()) / matrix.std(axis=0)
    parts = [np.ones((n, 1)), standardised]
    for name in groupings(draws):
        of_group = np.eye(constant.sizes[name])[constant[f"{name}_index"].to_numpy()]  # (respondent, group)
        parts.append(of_group)
        parts.extend(of_group * standardised[:, [term]] for term in varying_terms(draws, name))
    return np.concatenate(parts, axis=1)
