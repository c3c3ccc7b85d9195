"""Estimated latent classes put to use: who is assigned where, with which errors, and how well the estimates are known.

The uncertainty of class shares and item probabilities is held on the scale of log ratios, one coordinate for every
share and for every item-category, so each simplex has one coordinate too many, and moving along that one changes
nothing. `bayes_lca.likelihood.information_root` holds one of each, and those of probabilities at their boundary of
zero: no finite move changes these, and they count as known, as is usual for boundary estimates.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.special import softmax

from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY, log_probability_of_answers
from bayes_lca.likelihood.row_sums import sum_products

Assignment = Literal["modal", "proportional"]


class FirstStepError(RuntimeError):
    """The answers do not determine how uncertain item probabilities and class shares are."""


class ErrorMatrixError(ValueError):
    """Classification errors cannot be undone: nobody, or nobody but at random, is assigned to some class."""


@dataclass(frozen=True, eq=False)
class Classification:
    """Class shares and item probabilities with the answers they were estimated from.

    Attributes
    ----------
    item_probability : numpy.ndarray
        Shape (latent_class, item, category); zero beyond the categories of an item.
    class_share : numpy.ndarray
        Shape (latent_class,).
    codes : numpy.ndarray
        Answers as integers 0, 1, ..., -1 where missing, shape (row, item).
    count : numpy.ndarray
        Respondents per row, shape (row,).

    Examples
    --------
    >>> import numpy as np
    >>> answers = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> item = [[0.9, 0.1], [0.9, 0.1]], [[0.2, 0.8], [0.2, 0.8]]
    >>> classification = Classification(np.array(item), np.array([0.5, 0.5]), answers, np.array([425, 125, 125, 325]))
    >>> classification.membership(answers)[0].round(3)
    array([0.953, 0.047])
    >>> classification.error_matrix("modal").round(2)
    array([[0.81, 0.19],
           [0.04, 0.96]])
    """

    item_probability: np.ndarray
    class_share: np.ndarray
    codes: np.ndarray
    count: np.ndarray

    def log_emission(self, codes: np.ndarray) -> np.ndarray:
        """Log probability of each row's answers in each class, shape (row, latent_class); missing ones drop out."""
        return log_probability_of_answers(self.item_probability, codes)

    def membership(self, codes: np.ndarray) -> np.ndarray:
        """Probability of each class given the answers alone, shape (row, latent_class)."""
        return softmax(self.log_emission(codes) + np.log(self.class_share), axis=1)

    def assign(self, codes: np.ndarray, assignment: Assignment) -> np.ndarray:
        """Assigned class of each row, shape (row, latent_class).

        ``"modal"`` gives a one in the most probable class, the first of equals; ``"proportional"`` the membership
        probabilities themselves.
        """
        membership = self.membership(codes)
        return membership if assignment == "proportional" else np.eye(membership.shape[1])[membership.argmax(axis=1)]

    def error_matrix(self, assignment: Assignment, assigned: np.ndarray | None = None) -> np.ndarray:
        r"""Probability of being assigned to class w for a member of class c, over the rows of `codes` [1]_.

        .. math:: D_{cw} = P(W = w \mid C = c) = \frac{\sum_i n_i P(c \mid y_i) a_{iw}}{\sum_i n_i P(c \mid y_i)}

        Parameters
        ----------
        assignment : {"modal", "proportional"}
        assigned : numpy.ndarray, optional
            The assignment :math:`a_{iw}` if it is another than that of `assign`, shape (row, latent_class).

        Returns
        -------
        numpy.ndarray
            Shape (latent_class, assigned class); rows add up to one.

        References
        ----------
        .. [1] Bolck, Croon and Hagenaars (2004). Estimating latent structure models with categorical variables:
           One-step versus three-step estimators. Political Analysis 12, 3-27. https://doi.org/10.1093/pan/mph001
        """
        assigned = self.assign(self.codes, assignment) if assigned is None else assigned
        membership = self.membership(self.codes)
        return sum_products(membership, assigned, self.count) / (self.count @ membership)[:, None]

    @cached_property
    def log_ratios(self) -> np.ndarray:
        """Log shares and then log item probabilities, class after class: shape (coordinate,)."""
        probabilities = np.concatenate([self.class_share, self.item_probability.ravel()])
        return np.log(np.maximum(probabilities, SMALLEST_PROBABILITY))

    def moved(self, change: np.ndarray) -> "Classification":
        """The classification at changed log ratios, shape (coordinate,)."""
        log_ratios, n_classes = self.log_ratios + change, len(self.class_share)
        item_probability = softmax(log_ratios[n_classes:].reshape(self.item_probability.shape), axis=2)
        return Classification(item_probability, softmax(log_ratios[:n_classes]), self.codes, self.count)

    def log_ratio_scores(self, codes: np.ndarray) -> np.ndarray:
        """Derivatives of each row's log-likelihood with respect to the log ratios, shape (row, coordinate)."""
        scores = self._weighted_scores(codes, self.membership(codes))
        scores[:, : len(self.class_share)] -= self.class_share
        return scores

    def information(self) -> np.ndarray:
        r"""Observed information of the log ratios, shape (coordinate, coordinate), singular by construction.

        Complete-data information less that of the hidden classes [1]_:

        .. math:: \sum_i n_i \left( E[-\partial^2 \log p(y_i, c)] - \mathrm{Var}[\partial \log p(y_i, c)] \right)

        with expectations over the class given the answers.

        References
        ----------
        .. [1] Louis (1982). Finding the observed information matrix when using the EM algorithm. Journal of the
           Royal Statistical Society B 44, 226-233. https://doi.org/10.1111/j.2517-6161.1982.tb01203.x
        """
        n_classes, n_items, n_categories = self.item_probability.shape
        membership = self.membership(self.codes)
        members = self.count[:, None] * membership  # (row, latent_class)
        mean = self._weighted_scores(self.codes, membership)  # (row, coordinate)
        information = sum_products(mean, mean, self.count)
        information[:n_classes, :n_classes] += self.count.sum() * _covariance(self.class_share)
        answered = members.T @ (self.codes >= 0)  # (latent_class, item)
        for c in range(n_classes):
            score = self._weighted_scores(self.codes, np.tile(np.eye(n_classes)[c], (len(self.codes), 1)))
            information -= sum_products(score, score, members[:, c])
            for j in range(n_items):
                first = n_classes + (c * n_items + j) * n_categories
                item = slice(first, first + n_categories)
                information[item, item] += answered[c, j] * _covariance(self.item_probability[c, j])
        return information

    def _weighted_scores(self, codes: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Class indicators, then derivatives in each class with respect to its log item probabilities, weighted.

        Shape (row, coordinate) for weights of shape (row, latent_class).
        """
        chosen = codes[:, :, None] == np.arange(self.item_probability.shape[2])  # (row, item, category)
        answered = (codes >= 0)[:, None, :, None]
        residual = chosen[:, None] - answered * self.item_probability  # (row, latent_class, item, category)
        return np.column_stack([weight, (weight[:, :, None, None] * residual).reshape(len(codes), -1)])


def _covariance(probability: np.ndarray) -> np.ndarray:
    """Covariance of the indicators of one draw from the probabilities."""
    return np.diag(probability) - np.outer(probability, probability)
