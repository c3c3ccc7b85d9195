"""Newton steps from where EM has stopped to the maximum beside it.

EM closes in on a maximum slowly where the answers say little about the classes: what it then gains in a cycle is below
rounding while a share is still 1e-5 away. Newton steps in the log ratios of the free probabilities end there, as in
Latent GOLD, whose EM iterations are followed by Newton-Raphson.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp

from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.information_root import KNOWN, information_root
from bayes_lca.likelihood.modes import MODE_TOLERANCE, Mode

MOST_COORDINATES = 2000
"""Log ratios up to which a mode of EM is moved: the information is a matrix of as many rows."""

MOST_STEPS, MOST_HALVINGS = 20, 10
"""Newton steps from where EM stopped to the maximum, and times that a step which loses is halved."""

AT_THE_TOP = 1e-12
"""Log-likelihood that the next Newton step promises, below which the maximum is reached."""

BELOW_ROUNDING = 1e-9
"""Log-likelihood that a Newton step promises, below which rounding may hide what it brings: it is taken unseen."""


@dataclass(frozen=True, eq=False)
class NearestMaximum:
    """Where Newton steps have ended, with what is known of the parameters there.

    Attributes
    ----------
    model : Classification
    log_likelihood : float
    score : numpy.ndarray, shape (pattern, direction)
        In coordinates in which the observed information of the known directions is the identity.
    n_free : int
        Parameters that are not at the boundary of zero.
    lowest : float
        Smallest eigenvalue of the information, scaled to a diagonal of ones.
    step : numpy.ndarray, shape (coordinate,)
        What another Newton step would change the log ratios by.
    promised : float
        Log-likelihood that it promises.
    """

    model: Classification
    log_likelihood: float
    score: np.ndarray
    n_free: int
    lowest: float
    step: np.ndarray
    promised: float

    @property
    def is_maximum(self) -> bool:
        """Whether nothing rises from here: neither along a slope nor along a direction that curves upwards."""
        return self.lowest >= -KNOWN and self.promised <= MODE_TOLERANCE


def at_nearest_maximum(mode: Mode, model: Classification) -> tuple[Mode, Classification]:
    """A mode, and the model that has its parameters, both moved to the maximum beside it; many parameters stay."""
    if len(model.log_ratios) > MOST_COORDINATES:
        return mode, model
    top = nearest_maximum(model)
    there = top.model.moved(top.step) if top.promised < BELOW_ROUNDING else top.model
    by_share = np.argsort(-there.class_share, kind="stable")
    share = there.class_share[by_share]
    beyond_last_category = model.item_probability == 0
    item_probability = np.where(beyond_last_category, 0, there.item_probability)[by_share]
    moved = Classification(item_probability, share, model.codes, model.count)
    return replace(mode, log_likelihood=top.log_likelihood, class_share=share, item_probability=item_probability), moved


def nearest_maximum(model: Classification) -> NearestMaximum:
    """Climb by Newton steps in the directions that curve downwards; none lowers the log-likelihood."""
    height = _log_likelihood(model)
    for steps_left in reversed(range(MOST_STEPS)):
        found = information_root(model)
        lowest = found.lowest
        score = model.log_ratio_scores(model.codes)[:, found.free] @ found.of_free  # (pattern, direction)
        slope = model.count @ score  # (direction,)
        step = np.zeros(len(found.free))
        step[found.free] = found.of_free @ slope
        here = NearestMaximum(model, height, score, found.n_free, lowest, step, float(slope @ slope / 2))
        if here.promised < AT_THE_TOP or steps_left == 0:
            break
        higher = _climb(model, step, height)
        if higher is None:
            break
        model, height = higher
    return here


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
