"""What each respondent adds to the residuals of the items and to the scores of a latent class model."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayes_lca.data.categories import draw_category
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.independent_answers import IndependentAnswers
from bayes_lca.fitted.random_effects import varying_terms
from bayes_lca.likelihood.answers import log_probability_of_each_answer

DRAWS_IN_MEMORY = 20
ALONE = IndependentAnswers(np.ones(1))
"""One person in each class, where answers are independent given the class."""


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
    independent : IndependentAnswers, optional
        Where answers are independent given class and person, these take the place of the class above, and scores of
        the model's parameters are sums over them.
    """

    residual: np.ndarray
    class_score: np.ndarray
    chosen: np.ndarray
    membership: np.ndarray
    rho: np.ndarray
    independent: IndependentAnswers = ALONE

    @property
    def parameter_score(self) -> np.ndarray:
        """Derivative by the parameters of the measurement part, shape (respondent, parameter)."""
        by_parameter, score = self.independent.by_parameter, self.item_score
        score = score.reshape(len(score), -1)
        return score if by_parameter is None else score @ by_parameter

    @property
    def parameter_score_total(self) -> np.ndarray:
        """The same summed over respondents, shape (parameter,)."""
        by_parameter, total = self.independent.by_parameter, self.item_score_total.ravel()
        return total if by_parameter is None else total @ by_parameter

    @property
    def logit_score(self) -> np.ndarray:
        """Derivative by the class logits, persons summed over, shape (respondent, latent_class)."""
        n_persons = len(self.independent.weight)
        return self.class_score.reshape(len(self.class_score), -1, n_persons).sum(axis=-1)

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


def contributions(
    codes: np.ndarray, log_share: np.ndarray, rho: np.ndarray, independent: IndependentAnswers = ALONE
) -> Contributions:
    """Residuals and scores of respondents.

    Parameters
    ----------
    codes : ndarray of int, shape (respondent, item)
        -1 where missing.
    log_share : ndarray, shape (respondent, latent_class)
    rho : ndarray, shape (latent_class, item, category)
    """
    chosen = (codes.T[:, :, None] == np.arange(rho.shape[-1])).astype(float)  # (item, respondent, category)
    log_answer = log_probability_of_each_answer(rho, chosen)  # (item, respondent, latent_class)
    total = log_share + log_answer.sum(axis=0)  # (respondent, latent_class)
    without = _class_shares(total - log_answer)  # (item, respondent, latent_class)
    expected = np.matmul(without, rho.transpose(1, 0, 2))  # (item, respondent, category)
    membership = _class_shares(total)
    return Contributions(
        residual=chosen - expected * (codes.T >= 0)[:, :, None],
        class_score=membership - np.exp(log_share),
        chosen=chosen,
        membership=membership,
        rho=rho,
        independent=independent,
    )


def _class_shares(log_weight: np.ndarray) -> np.ndarray:
    """Softmax over the last axis. Classes come first on the way, for sums along a short axis are slow."""
    share = np.ascontiguousarray(np.moveaxis(log_weight, -1, 0))
    share = np.exp(share - share.max(axis=0))
    share /= share.sum(axis=0)
    return np.ascontiguousarray(np.moveaxis(share, 0, -1))


def replicate(codes: np.ndarray, log_share: np.ndarray, rho: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Answers the model would give in their place, missing where they are missing; shape (respondent, item)."""
    latent_class = draw_category(np.exp(log_share), rng)
    return np.where(codes < 0, codes, draw_category(rho[latent_class], rng))


def parameters(fit: Fit, step: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Parameters of every `step`-th draw, chains after each other.

    Yields
    ------
    log_share : ndarray, shape (respondent, latent_class)
        Log probability of each class given covariates and group; of each class and person where answers are
        independent given both, persons of a class beside each other.
    rho : ndarray, shape (latent_class, item, category)
        0 beyond the categories of an item.
    """
    of_patterns = (len(fit.count), len(fit.classes))
    log_weight = np.log(fit.answers.independent(fit).weight)
    for start in range(0, fit.n_draws, step * DRAWS_IN_MEMORY):
        which = slice(start, start + step * DRAWS_IN_MEMORY, step)
        rho = fit.answers.independent_profiles(fit, which)
        for log_share, rho_of_draw in zip(fit.log_class(slice(None), which), rho, strict=True):
            of_pattern = np.broadcast_to(log_share, of_patterns)
            of_persons = (of_pattern[:, :, None] + log_weight).reshape(len(of_pattern), -1)
            yield of_persons[fit.pattern_of_respondent], rho_of_draw


def structural_columns(fit: Fit) -> np.ndarray:
    """Columns whose coefficients make up the class logits, shape (respondent, column).

    A column of ones, the standardised design, an indicator of every group, and the centred covariates whose slopes
    vary times these indicators.
    """
    matrix = fit.matrix_of_respondents
    standardised = (matrix - fit.design_center) / matrix.std(axis=0)
    parts = [np.ones((len(matrix), 1)), standardised]
    for name in fit.groupings:
        in_group = np.eye(len(fit.group_names[name]))[fit.group_of_respondent[name]]  # (respondent, group)
        parts.append(in_group)
        parts.extend(in_group * standardised[:, [term]] for term in varying_terms(fit, name))
    return np.concatenate(parts, axis=1)
