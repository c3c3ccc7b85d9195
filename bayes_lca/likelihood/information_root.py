"""What the answers say about the log ratios of a latent class model: a root of the inverse of their information.

One log ratio of every simplex is held, and so are those at the boundary of zero, each by what it stands for: a
probability that fewer than a hundredth of a respondent is expected to have. The information of the others is scaled to
a diagonal of ones before it is judged, so that a direction is known or not whatever its units: a rare answer in a small
class counts for as much as a common one.
"""

from dataclasses import dataclass

import numpy as np

from bayes_lca.likelihood.classification import Classification, FirstStepError

BOUNDARY = 0.01
"""Respondents expected in a class, or with an answer in a class, below which the probability counts as zero."""

KNOWN = 1e-6
"""Eigenvalue of the information, scaled to a diagonal of ones, below which nothing is known about a direction."""

LEAST_INFORMATION = 1e-6
"""Respondents' worth of information below which nothing is known about a log ratio, as of an item nobody answered."""


@dataclass(frozen=True, eq=False)
class InformationRoot:
    """A root R of the inverse information of the free log ratios, R R'.

    Attributes
    ----------
    free : numpy.ndarray of bool, shape (coordinate,)
        Log ratios that can move.
    of_free : numpy.ndarray, shape (free, known direction)
        R.
    unknown_of_free : numpy.ndarray, shape (free, unknown direction)
        Directions about which the answers say nothing, orthonormal.
    lowest : float
        Smallest eigenvalue of the scaled information: negative where the likelihood curves upwards.
    """

    free: np.ndarray
    of_free: np.ndarray
    unknown_of_free: np.ndarray
    lowest: float

    @property
    def n_free(self) -> int:
        """Parameters that are not at the boundary."""
        return int(self.free.sum())

    @property
    def root(self) -> np.ndarray:
        """R with a row for every log ratio, zero where it is held: shape (coordinate, known direction)."""
        return self._of_all(self.of_free)

    @property
    def unknown(self) -> np.ndarray:
        """Unknown directions of all log ratios, shape (coordinate, unknown direction)."""
        return self._of_all(self.unknown_of_free)

    def _of_all(self, of_free: np.ndarray) -> np.ndarray:
        of_all = np.zeros((len(self.free), of_free.shape[1]))
        of_all[self.free] = of_free
        return of_all


def inside(model: Classification) -> tuple[np.ndarray, np.ndarray]:
    """What is off the boundary: class shares (latent_class,), item probabilities (latent_class, item, category)."""
    members = model.count.sum() * model.class_share  # (latent_class,)
    expected = members[:, None, None] * model.item_probability
    inhabited = members > BOUNDARY
    return inhabited, (expected > BOUNDARY) & inhabited[:, None, None]


def free_log_ratios(model: Classification) -> np.ndarray:
    """Log ratios that can move, one of every simplex held, those at the boundary left out: shape (coordinate,).

    Mplus leaves out the same ones, whose logits it has fixed at 15 or -15.
    """
    share, item = inside(model)
    share[model.class_share.argmax()] = False
    np.put_along_axis(item, model.item_probability.argmax(axis=2)[:, :, None], False, axis=2)
    return np.concatenate([share, item.ravel()])


def information_root(model: Classification, free: np.ndarray | None = None) -> InformationRoot:
    """The root at the parameters of a model, for the directions along which the likelihood curves downwards.

    Parameters
    ----------
    model : Classification
    free : ndarray of bool, shape (coordinate,), optional
        Log ratios that can move, where others than those of `free_log_ratios` are held.

    Examples
    --------
    Two of three respondents answer yes, so the log odds are known with variance 1 / 3 / (2 / 9):

    >>> share, yes = np.array([1.0]), np.array([[[1 / 3, 2 / 3]]])
    >>> found = information_root(Classification(yes, share, np.array([[0], [1]]), np.array([1.0, 2.0])))
    >>> (found.of_free @ found.of_free.T).round(6).tolist()
    [[1.5]]
    """
    free = free_log_ratios(model) if free is None else free
    if not free.any():
        nothing = np.zeros((0, 0))
        return InformationRoot(free, nothing, nothing, 0.0)
    information = model.information()[np.ix_(free, free)]
    scale = np.sqrt(np.maximum(np.diag(information), LEAST_INFORMATION))
    value, vector = np.linalg.eigh(information / np.outer(scale, scale))
    known = value > KNOWN
    directions = vector / scale[:, None]
    unknown, _ = np.linalg.qr(directions[:, ~known])
    return InformationRoot(free, directions[:, known] / np.sqrt(value[known]), unknown, float(value[0]))


def root_at_maximum(model: Classification) -> InformationRoot:
    """The root at the parameters of a model, which have to be at a maximum of the likelihood.

    Raises
    ------
    FirstStepError
        If the log-likelihood curves upwards somewhere.
    """
    found = information_root(model)
    if found.lowest < -KNOWN:
        raise FirstStepError(
            "item_probability and class_share are not at a maximum of the likelihood of the answers they come "
            "from, so their uncertainty is not known: estimate them from these answers by fit_em, to the end."
        )
    return found
