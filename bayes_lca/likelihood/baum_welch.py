"""Maximum likelihood of latent transition models, by expectation-maximisation from many starts at once.

The model of a person's answers over waves, with shares delta of the classes at the first wave and transitions tau, is

    p(y_1, ..., y_T) = sum over paths z of  delta[z_1] prod_{t > 1} tau[z_{t-1}, z_t] prod_t p(y_t | z_t)

A missing answer, and a wave without any answer, drop their factors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bayes_lca.likelihood.families import Family, Parameters
from bayes_lca.likelihood.mixture import SAME_MAXIMUM
from bayes_lca.likelihood.path_sums import MISSING_WAVE, PathSums
from bayes_lca.likelihood.squared_extrapolation import climb
from bayes_lca.likelihood.without_bound import refuse_unbounded

FIRST_CYCLES = 5
"""Cycles of each random start before the best of them are followed to their ends."""
NUMBERS_AT_ONCE = 2**22
"""Starts x classes x sequences x waves held in memory at a time."""


@dataclass(frozen=True, eq=False)
class PathMaximum:
    """A maximum that starts reached; classes in decreasing order of their shares at the first wave.

    Attributes
    ----------
    log_likelihood : float
    initial : ndarray, shape (latent_class,)
        Shares at the first wave.
    transition : ndarray, shape (step, origin, destination)
        Probabilities of moving, one step where they are equal over time.
    parameters : tuple of mappings of str to ndarray
        Of each family, in the units of the items, shape (latent_class, item, ...), 1 in place of the classes where all
        share a parameter.
    membership : ndarray, shape (sequence, wave, latent_class)
        Class probabilities at every wave given all answers of the sequence.
    starts : int
        Final starts that ended there.
    path_entropy : float
        Of everybody's path given all answers, added up over people.
    """

    log_likelihood: float
    initial: np.ndarray
    transition: np.ndarray
    parameters: tuple[Parameters, ...]
    membership: np.ndarray
    starts: int
    path_entropy: float


@dataclass(frozen=True, eq=False)
class PathFit:
    """Maxima of the likelihood of a latent transition model, best first.

    Attributes
    ----------
    maxima : tuple of PathMaximum
    n_parameters : int
    n_starts : int
        Starts that were followed to their ends.
    converged_starts : int
        Those that ended before the last step allowed.
    degenerate_starts : int
        Those that ended where the likelihood has no bound; none of them is among the maxima.
    """

    maxima: tuple[PathMaximum, ...]
    n_parameters: int
    n_starts: int
    converged_starts: int
    degenerate_starts: int

    @property
    def best(self) -> PathMaximum:
        """The maximum of largest likelihood."""
        return self.maxima[0]


def fit_paths(
    families: Sequence[Family],
    rows: np.ndarray,
    counts: np.ndarray,
    n_classes: int,
    *,
    over_time: Literal["equal", "free"] = "equal",
    places: np.ndarray | None = None,
    n_starts: int = 50,
    n_final: int = 10,
    seed: int = 0,
    tolerance: float = 1e-10,
    max_steps: int = 20_000,
) -> PathFit:
    r"""Fit a latent transition model to items of any kinds by maximum likelihood.

    Maximises

    .. math:: \sum_i n_i \log \sum_{z_1 \dots z_T} \delta_{z_1} \prod_{t > 1} \tau_{t, z_{t-1} z_t}
              \prod_t \prod_m p_m(y_{itm} \mid z_t)

    by the algorithm of Baum and Welch [1]_, its steps lengthened by squared extrapolation [2]_ wherever that does not
    lower the likelihood. Random starts make a few cycles, and the best of them are followed until a cycle of three
    steps gains less than `tolerance`. A start puts each row of answers half in the class of the nearest of some rows
    drawn at random and half in classes by chance.

    Parameters
    ----------
    families : sequence of Family
        Of the same rows of answers, each the answers of some person at some wave. An item that is free over waves is
        an item for each wave, missing in the others.
    rows : ndarray of int, shape (sequence, wave)
        Row of answers of each distinct sequence at each wave, -1 where the wave is missing. Waves follow each other in
        time.
    counts : ndarray, shape (sequence,)
        People with each sequence.
    n_classes : int
    over_time : {"equal", "free"}
        Whether all steps from wave to wave have the same transitions.
    places : ndarray, shape (row, place), optional
        Rows of answers as points, by which starts tell which are near each other; those of the families by default,
        among which rows of two waves are never near where items are free over waves.
    n_starts, n_final : int
        Random starts, and how many of them are followed to their ends.
    seed : int
    tolerance : float
        In units of the log-likelihood.
    max_steps : int

    Returns
    -------
    PathFit

    Raises
    ------
    ValueError
        If there is one wave only, more classes than distinct rows, or `over_time` is something else.
    UnboundedLikelihoodError
        If all starts end where the likelihood has no bound.

    References
    ----------
    .. [1] Baum, L. E., Petrie, T., Soules, G. & Weiss, N. (1970). A maximization technique occurring in the statistical
       analysis of probabilistic functions of Markov chains. Ann. Math. Statist. 41(1), 164-171.
       doi 10.1214/aoms/1177697196
    .. [2] Varadhan, R. & Roland, C. (2008). Simple and globally convergent methods for accelerating the convergence of
       any EM algorithm. Scand. J. Statist. 35(2), 335-353. doi 10.1111/j.1467-9469.2007.00585.x

    Examples
    --------
    Three people in four begin with one way of answering, and one in ten of them goes over to the other:

    >>> from bayes_lca.likelihood.categorical_family import CategoricalFamily
    >>> family = CategoricalFamily(np.array([[0, 0, 0], [1, 1, 1]]), [2, 2, 2])
    >>> best = fit_paths([family], np.array([[0, 0], [0, 1], [1, 1]]), np.array([54, 6, 20]), 2).best
    >>> best.initial.round(3), best.transition.round(3)
    (array([0.75, 0.25]), array([[[0.9, 0.1],
            [0. , 1. ]]]))
    """
    rows, counts = np.asarray(rows), np.asarray(counts, dtype=float)
    _check(families, rows, counts, n_classes, over_time)
    model = PathSums(tuple(families), rows, counts, n_classes, rows.shape[1] - 1 if over_time == "free" else 1, places)
    rng = np.random.default_rng(seed)
    n_starts = n_starts if n_classes > 1 else 1
    batch = max(1, NUMBERS_AT_ONCE // (n_classes * rows.size))

    def climb_in_batches(sums: np.ndarray, tolerance: float, most_steps: int) -> list[np.ndarray]:
        ends = [
            climb(sums[place : place + batch], model.step, model.non_negative, tolerance, most_steps)
            for place in range(0, len(sums), batch)
        ]
        return [np.concatenate(parts) for parts in zip(*ends, strict=True)]

    sums, height, _ = climb_in_batches(model.random_sums(n_starts, rng), 0.0, 3 * FIRST_CYCLES)
    best_starts = np.argsort(-height, kind="stable")[:n_final]
    sums, height, converged = climb_in_batches(sums[best_starts], tolerance, max_steps)
    degenerate = refuse_unbounded(model.degenerate_items(sums), n_classes, converged, model.n_parameters)
    usable = np.flatnonzero(~degenerate)
    best_first = usable[np.argsort(-height[usable], kind="stable")]
    new = np.append(True, np.diff(height[best_first]) < -SAME_MAXIMUM)
    met = np.bincount(np.cumsum(new) - 1)
    return PathFit(
        maxima=tuple(_maximum(model, sums[[start]], int(n)) for start, n in zip(best_first[new], met, strict=True)),
        n_parameters=model.n_parameters,
        n_starts=len(sums),
        converged_starts=int(converged.sum()),
        degenerate_starts=int(degenerate.sum()),
    )


def _check(families: Sequence[Family], rows: np.ndarray, counts: np.ndarray, n_classes: int, over_time: str) -> None:
    if over_time not in ("equal", "free"):
        raise ValueError(f"over_time is {over_time!r}: choose 'equal' or 'free'")
    if rows.ndim != 2 or rows.shape[1] < 2:
        raise ValueError(f"rows has shape {rows.shape}: give shape (sequence, wave), and at least two waves")
    if counts.shape != rows.shape[:1]:
        raise ValueError(f"counts has shape {counts.shape} but rows has {len(rows)} sequences: give one count for each")
    n_rows = len(families[0].features)
    if rows.min() < MISSING_WAVE or rows.max() >= n_rows:
        raise ValueError(
            f"rows goes from {rows.min()} to {rows.max()}: use 0 to {n_rows - 1}, and -1 for a missing wave"
        )
    if n_classes > n_rows:
        raise ValueError(f"n_classes={n_classes} exceeds the {n_rows} distinct rows; ask for fewer classes")


def _maximum(model: PathSums, sums: np.ndarray, starts: int) -> PathMaximum:
    """One end, classes in decreasing order of their shares at the first wave."""
    initial, transition, parameters = model.estimate(sums)
    paths, log_likelihood, _ = model.expectation(sums)
    order = np.argsort(-initial[0], kind="stable")
    in_units = [family.in_units(of) for family, of in zip(model.families, parameters, strict=True)]
    return PathMaximum(
        log_likelihood=float(log_likelihood[0]),
        initial=initial[0, order],
        transition=transition[0][:, order[:, None], order],
        parameters=tuple(
            {name: each[0] if each.shape[1] == 1 else each[0, order] for name, each in of.items()} for of in in_units
        ),
        membership=paths.membership[:, 0, order].transpose(2, 0, 1),
        starts=starts,
        path_entropy=float(model.path_entropy(sums)[0]),
    )
