r"""What each respondent's answers say about the parameters of a latent class model, in units of what is known of them.

With scores :math:`s_i` of the log ratios and observed information I at the maximum, :math:`u_i = R' s_i` for
:math:`R R' = I^{-1}`: in these coordinates the information is the identity, and the products of scores
:math:`\sum_i n_i u_i u_i'` are the ratio of the robust to the usual covariance, the identity where the model is true.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from bayes_lca.likelihood.classification import KNOWN, Classification
from bayes_lca.likelihood.modes import MODE_TOLERANCE, MaximumLikelihood
from bayes_lca.likelihood.row_sums import sum_products

BOUNDARY = 0.01
"""Respondents expected in a class, or with an answer in a class, below which the probability counts as zero."""

MOST_STEPS, MOST_HALVINGS = 20, 10
"""Newton steps from where EM stopped to the maximum, and times that a step which loses is halved."""

AT_THE_TOP = 1e-12
"""Log-likelihood that the next Newton step promises, below which the maximum is reached."""


@dataclass(frozen=True, eq=False)
class WhitenedScores:
    """Scores of a model's free parameters in coordinates in which its observed information is the identity.

    Attributes
    ----------
    score : numpy.ndarray, shape (pattern, direction)
        Of the directions of the parameters that the answers say something about.
    count : numpy.ndarray, shape (pattern,)
        Respondents with each row of answers.
    n_free : int
        Parameters that are not at the boundary of zero.
    remark : str
        Why there are no scores, or nothing.
    """

    score: np.ndarray
    count: np.ndarray
    n_free: int
    remark: str = ""

    @property
    def n_unidentified(self) -> int:
        """Directions of the free parameters that the answers say nothing about."""
        return 0 if self.remark else self.n_free - self.score.shape[1]

    @property
    def robust(self) -> np.ndarray:
        r"""Scores whose squares, added up, are weighted by the robust covariance, shape (pattern, direction).

        For sums of scores s, :math:`s' I^{-1} J I^{-1} s` with :math:`J = \sum_i n_i s_i s_i'` is the squared length
        of the sum of these, as :math:`s' I^{-1} s` is of `score`.
        """
        value, vector = np.linalg.eigh(sum_products(self.score, self.score, self.count))
        return self.score @ (vector * np.sqrt(np.maximum(value, 0)))

    @classmethod
    def of(cls, fit: MaximumLikelihood, codes: np.ndarray, counts: np.ndarray) -> "WhitenedScores":
        """Scores at the maximum that is next to where EM stopped.

        Parameters
        ----------
        fit : MaximumLikelihood
        codes : numpy.ndarray of int, shape (pattern, item)
            Distinct rows of answers, -1 where missing.
        counts : numpy.ndarray, shape (pattern,)
        """
        model = Classification(fit.item_probability, fit.class_share, codes, counts)
        height = _log_likelihood(model)
        for _ in range(MOST_STEPS):
            free = free_log_ratios(model)
            root, n_free, lowest = _root_of_covariance(model, free)
            score = model.log_ratio_scores(codes)[:, free] @ root  # (pattern, direction)
            step = counts @ score  # (direction,)
            promised = step @ step / 2
            if lowest < -KNOWN or promised < AT_THE_TOP:
                break
            change = np.zeros(len(free))
            change[free] = root @ step
            higher = _climb(model, change, height)
            if higher is None:
                break
            model, height = higher
        if lowest < -KNOWN or promised > MODE_TOLERANCE:
            remark = f"the fit with {len(fit.class_share)} classes is not at a maximum: give more starts"
            return cls(np.zeros((len(codes), 0)), counts, n_free, remark)
        return cls(score, counts, n_free)


def free_log_ratios(model: Classification) -> np.ndarray:
    """Log ratios that can move, one of every simplex held, those at the boundary left out: shape (coordinate,).

    Mplus leaves out the same ones, whose logits it has fixed at 15 or -15.
    """
    members = model.count.sum() * model.class_share  # (latent_class,)
    inhabited = members > BOUNDARY
    share = inhabited.copy()
    share[model.class_share.argmax()] = False
    expected = members[:, None, None] * model.item_probability  # (latent_class, item, category)
    item = (expected > BOUNDARY) & inhabited[:, None, None]
    np.put_along_axis(item, model.item_probability.argmax(axis=2)[:, :, None], False, axis=2)
    return np.concatenate([share, item.ravel()])


def _root_of_covariance(model: Classification, free: np.ndarray) -> tuple[np.ndarray, int, float]:
    """R with R R' the inverse information of the free log ratios, how many those are, and the lowest eigenvalue."""
    information = model.information()[np.ix_(free, free)]
    if not free.any():
        return np.zeros((0, 0)), 0, 0.0
    scale = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    value, vector = np.linalg.eigh(information / np.outer(scale, scale))
    known = value > KNOWN
    return vector[:, known] / np.sqrt(value[known]) / scale[:, None], int(free.sum()), float(value[0])


def _climb(model: Classification, change: np.ndarray, height: float) -> tuple[Classification, float] | None:
    """The model moved by as much of a change as does not lose, with its log-likelihood; None if all of it loses."""
    for halvings in range(MOST_HALVINGS):
        moved = model.moved(change / 2**halvings)
        log_likelihood = _log_likelihood(moved)
        if log_likelihood >= height:
            return moved, log_likelihood
    return None


def _log_likelihood(model: Classification) -> float:
    log_joint = np.log(model.class_share) + model.log_emission(model.codes)  # (pattern, latent_class)
    return float(model.count @ logsumexp(log_joint, axis=1))
