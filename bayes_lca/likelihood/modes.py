"""Where the starts of a maximum likelihood fit ended: its modes, best first.

The likelihood of latent classes has several maxima. Starts that reached the same log-likelihood count as one mode,
and every mode is kept with the number of starts it drew.
"""

from dataclasses import dataclass

import numpy as np

MOST_MAXIMA = 12
SAME_SPREAD = 0.02
"""Largest difference of sums of squares, from 0 to 1, up to which two ends are the same maximum."""
MODE_TOLERANCE = 1e-4
"""Starts whose log-likelihoods are closer than this to the best of them have reached the same mode."""

TIED_RATIO = 2 * MODE_TOLERANCE
"""Twice a difference of log-likelihoods up to which two models fit equally well, as far as EM can tell."""


@dataclass(frozen=True)
class Mode:
    """One stationary point of the likelihood, classes in order of decreasing share.

    Attributes
    ----------
    log_likelihood : float
        Log-likelihood summed over respondents.
    class_share : numpy.ndarray
        Shares of the classes, shape (latent_class,).
    item_probability : numpy.ndarray
        Probability of each answer given the class, shape (latent_class, item, category); zero beyond the
        categories of an item.
    starts : int
        How many starts ended here.
    """

    log_likelihood: float
    class_share: np.ndarray
    item_probability: np.ndarray
    starts: int


@dataclass(frozen=True)
class MaximumLikelihood:
    """All modes that the starts reached, and class membership at the best one.

    Attributes
    ----------
    modes : tuple of Mode
        Best first. Log-likelihoods within ``MODE_TOLERANCE`` of a mode's best count as that mode. Every start
        is in one of them, also those that ran into `max_iterations`.
    n_starts : int
        Starts made.
    converged_starts : int
        Starts that met the tolerance before `max_iterations`.
    maxima : tuple of Mode
        Ends of starts that differ in what no relabelling changes, best first, up to `MOST_MAXIMA`. Maxima of one
        height, mirror images of each other, are one mode and several maxima.
    membership : numpy.ndarray
        Probability of each class given the answers at the best mode, shape (pattern, latent_class), in the
        order of the rows that were passed in.
    """

    modes: tuple[Mode, ...]
    n_starts: int
    converged_starts: int
    maxima: tuple[Mode, ...]
    membership: np.ndarray

    @property
    def best(self) -> Mode:
        """The mode with the highest log-likelihood."""
        return self.modes[0]

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the best mode."""
        return self.best.log_likelihood

    @property
    def class_share(self) -> np.ndarray:
        """Shares of the classes at the best mode, shape (latent_class,)."""
        return self.best.class_share

    @property
    def item_probability(self) -> np.ndarray:
        """Item probabilities at the best mode, shape (latent_class, item, category)."""
        return self.best.item_probability

    @property
    def best_starts(self) -> int:
        """How many starts reached the best mode."""
        return self.best.starts


def group_starts(parameters: np.ndarray, log_likelihood: np.ndarray, n_categories: tuple[int, ...]) -> tuple[Mode, ...]:
    """Group starts by the log-likelihood they reached.

    Parameters
    ----------
    parameters : numpy.ndarray
        Class shares and then the probabilities of all item-categories, shape (start, latent_class, entry).
    log_likelihood : numpy.ndarray
        What each start reached, falling, shape (start,).
    n_categories : tuple of int
        Number of categories of each item.

    Returns
    -------
    tuple of Mode
        Best first; the parameters of a mode are those of its best start.
    """
    modes = []
    first = 0
    while first < len(log_likelihood):
        starts = int((log_likelihood[first:] > log_likelihood[first] - MODE_TOLERANCE).sum())
        modes.append(_mode(parameters[first], log_likelihood[first], n_categories, starts))
        first += starts
    return tuple(modes)


def distinct_ends(
    parameters: np.ndarray, log_likelihood: np.ndarray, n_categories: tuple[int, ...], best: Mode
) -> tuple[Mode, ...]:
    r"""Ends of starts that differ in :math:`\sum_c \pi_c \rho_{cjr}^2` of some answer; arguments as `group_starts` has.

    `best` is the best mode, which comes first.
    """
    spread = (parameters[:, :, :1] * parameters[:, :, 1:] ** 2).sum(axis=1)  # (start, item-category)
    kept = [0]
    for start in range(1, len(spread)):
        if len(kept) < MOST_MAXIMA and np.abs(spread[start] - spread[kept]).max(axis=1).min() > SAME_SPREAD:
            kept.append(start)
    others = [_mode(parameters[start], log_likelihood[start], n_categories, 1) for start in kept[1:]]
    return best, *others


def _mode(parameters: np.ndarray, log_likelihood: float, n_categories: tuple[int, ...], starts: int) -> Mode:
    return Mode(float(log_likelihood), parameters[:, 0].copy(), _by_item(parameters[:, 1:], n_categories), starts)


def _by_item(probability: np.ndarray, n_categories: tuple[int, ...]) -> np.ndarray:
    """From (latent_class, item-category) to (latent_class, item, category)."""
    filled = np.arange(max(n_categories)) < np.array(n_categories)[:, None]  # (item, category)
    table = np.zeros((len(probability), *filled.shape))
    table[:, filled] = probability
    return table
