"""Maximum likelihood latent classes by expectation-maximisation from many starts at once.

The model of one respondent's answers y, with class shares pi and item probabilities rho, is

    p(y) = sum_k pi[k] prod_j rho[k, j, y_j]

where the product runs over the answered items only: missing answers are missing at random. The likelihood has several
local maxima, so every start is followed to its end and the maxima reached are all reported, with how often.

Shares and probabilities of a start are kept side by side in one array (start, latent_class, entry). Entry 0 is the
share of the class; the others are the item-categories, item after item. A matrix of answers with a first row of ones
and one 0/1 row per item-category then turns both steps of EM into one matrix product over all starts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.matrix_product import matrix_product
from bayes_lca.likelihood.modes import MaximumLikelihood, distinct_ends, group_starts
from bayes_lca.likelihood.nearest_maximum import at_nearest_maximum

PLAIN_CYCLES = 7
"""Cycles of plain EM updates before any step is lengthened: a start climbs the hill that EM would climb."""

LARGEST_BATCH = 2**22
"""Values per start, class and pattern held at once (32 MB); more starts than fit are taken in batches."""


@dataclass(frozen=True)
class _Answers:
    """Distinct answer patterns as matrices; entries are the class share and then all item-categories.

    `indicator` is one in its first row and where a pattern chose the category, so nowhere in a missing item.
    """

    indicator: np.ndarray  # (entry, pattern)
    counted: np.ndarray  # (pattern, entry), the same transposed and multiplied by the counts
    counts: np.ndarray  # (pattern,)
    same_item: np.ndarray  # (item-category, item-category), one where both belong to the same item


def fit_em(
    codes: np.ndarray,
    counts: np.ndarray,
    n_categories: Sequence[int],
    n_classes: int,
    *,
    n_starts: int = 50,
    seed: int = 0,
    tolerance: float = 1e-10,
    max_iterations: int = 20_000,
    newton: bool = True,
) -> MaximumLikelihood:
    r"""Fit latent classes by maximum likelihood from many random starts.

    Maximises

    .. math:: \sum_i n_i \log \sum_k \pi_k \prod_{j\,\text{answered}} \rho_{k j y_{ij}}

    by expectation-maximisation [1]_, with steps lengthened by squared extrapolation [2]_ wherever that does not lower
    the likelihood, so that the likelihood never falls. All starts advance together and each leaves when it has
    converged; Newton steps lead the best of them to its maximum. Starts are equal class shares and item probabilities
    drawn uniformly and normalised, so they depend on the seed and not on the data. Equal rows are collected first:
    neither their order nor their splitting matters.

    Parameters
    ----------
    codes : numpy.ndarray
        Answers as integers 0, 1, ..., -1 where missing, shape (pattern, item). A row without any answer is allowed
        and gets the class shares as its membership.
    counts : numpy.ndarray
        How many respondents gave each row of answers, shape (pattern,).
    n_categories : sequence of int
        Number of categories of each item, shape (item,).
    n_classes : int
        Number of latent classes.
    n_starts : int
        Number of random starts, each run to convergence.
    seed : int
        Seed of the starts.
    tolerance : float
        A start has converged when a cycle of three EM updates raises its log-likelihood by less than this. What is
        then still missing to the maximum is larger, up to 1e-6 as measured on slowly converging models by default.
    max_iterations : int
        EM updates allowed to each start.
    newton : bool
        Whether Newton steps follow at the best mode, unless it has thousands of parameters. They matter to its shares
        and probabilities, which EM leaves known to 1e-5 where classes are hard to tell apart, and not to its
        log-likelihood.

    Returns
    -------
    MaximumLikelihood
        The modes reached, best first, and class membership at the best.

    Raises
    ------
    ValueError
        If an argument is out of range or the shapes do not match.

    Notes
    -----
    A mode is a point at which EM has stopped. With more classes than the data support that can be a saddle
    point, and the maxima are ridges on which different parameters have equal likelihood.

    References
    ----------
    .. [1] Dempster, Laird and Rubin (1977). Maximum likelihood from incomplete data via the EM algorithm.
       Journal of the Royal Statistical Society B 39, 1-38. https://doi.org/10.1111/j.2517-6161.1977.tb01600.x
    .. [2] Varadhan and Roland (2008). Simple and globally convergent methods for accelerating the convergence
       of any EM algorithm. Scandinavian Journal of Statistics 35, 335-353.
       https://doi.org/10.1111/j.1467-9469.2007.00585.x

    Examples
    --------
    Two items that always agree are two classes:

    >>> import numpy as np
    >>> codes = np.array([[0, 0], [1, 1]])
    >>> fitted = fit_em(codes, counts=np.array([30, 10]), n_categories=(2, 2), n_classes=2)
    >>> fitted.class_share.round(3)
    array([0.75, 0.25])
    """
    codes, counts = np.asarray(codes), np.asarray(counts, dtype=float)
    n_categories = tuple(int(n) for n in n_categories)
    _check(codes, counts, n_categories, n_classes, n_starts, tolerance, max_iterations)

    patterns, pattern_of_row = np.unique(codes, axis=0, return_inverse=True)
    pattern_of_row = pattern_of_row.reshape(-1)  # numpy 2.0.0 alone returns a column
    answers = _matrices(patterns, np.bincount(pattern_of_row, weights=counts), n_categories)

    starts = _random_starts(answers, n_classes, n_starts, seed)
    batch = max(1, LARGEST_BATCH // (n_classes * len(patterns)))
    ends = [
        _climb(starts[first : first + batch], answers, tolerance, max_iterations) for first in range(0, n_starts, batch)
    ]
    parameters, log_likelihood, converged = (np.concatenate(parts) for parts in zip(*ends, strict=True))

    order = np.argsort(-log_likelihood, kind="stable")
    parameters, log_likelihood = parameters[order], log_likelihood[order]
    by_share = np.argsort(-parameters[:, :, 0], axis=1, kind="stable")
    parameters = np.take_along_axis(parameters, by_share[:, :, None], axis=1)

    best, *others = group_starts(parameters, log_likelihood, n_categories)
    model = Classification(best.item_probability, best.class_share, patterns, answers.counts)
    if newton:
        best, model = at_nearest_maximum(best, model)
    return MaximumLikelihood(
        modes=(best, *others),
        n_starts=n_starts,
        converged_starts=int(converged.sum()),
        maxima=distinct_ends(parameters, log_likelihood, n_categories, best),
        membership=model.membership(patterns)[pattern_of_row],
    )


def _check(codes, counts, n_categories, n_classes, n_starts, tolerance, max_iterations) -> None:
    if n_classes < 1:
        raise ValueError(f"n_classes is {n_classes}: ask for at least one class.")
    if n_starts < 1:
        raise ValueError(f"n_starts is {n_starts}: ask for at least one start.")
    if not tolerance > 0:
        raise ValueError(f"tolerance is {tolerance}: give a positive gain in log-likelihood, such as 1e-10.")
    if max_iterations < 3:
        raise ValueError(f"max_iterations is {max_iterations}: one cycle takes 3, so allow at least that.")
    if codes.ndim != 2 or not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(
            f"codes has shape {codes.shape} and type {codes.dtype}: "
            "give integers of shape (pattern, item), -1 for missing."
        )
    if counts.shape != codes.shape[:1]:
        raise ValueError(
            f"counts has shape {counts.shape} but codes has {codes.shape[0]} rows: give one count per row."
        )
    if not np.all(counts >= 0) or not 0 < counts.sum() < np.inf:
        raise ValueError("counts has negative or non-finite values, or only zeros: give one number >= 0 per row.")
    if len(n_categories) != codes.shape[1] or codes.shape[1] == 0:
        raise ValueError(
            f"n_categories has length {len(n_categories)} but codes has {codes.shape[1]} items: "
            "give one number of categories per item, and at least one item."
        )
    for item, n in enumerate(n_categories):
        if n < 1:
            raise ValueError(f"item {item} has {n} categories: give at least one.")
        lowest, highest = codes[:, item].min(), codes[:, item].max()
        if lowest < -1 or highest >= n:
            raise ValueError(
                f"item {item} has codes from {lowest} to {highest} but {n} categories: "
                f"use 0 to {n - 1}, and -1 for missing."
            )


def _matrices(patterns: np.ndarray, counts: np.ndarray, n_categories: tuple[int, ...]) -> _Answers:
    item = np.repeat(np.arange(len(n_categories)), n_categories)  # (item-category,)
    category = np.concatenate([np.arange(n) for n in n_categories])  # (item-category,)
    chosen = patterns[:, item] == category  # (pattern, item-category)
    counted_once = np.column_stack([np.ones(len(patterns)), chosen])  # (pattern, entry)
    return _Answers(
        indicator=np.ascontiguousarray(counted_once.T),
        counted=counts[:, None] * counted_once,
        counts=counts,
        same_item=(item[:, None] == item).astype(float),
    )


def _random_starts(answers: _Answers, n_classes: int, n_starts: int, seed: int) -> np.ndarray:
    parameters = np.random.default_rng(seed).random((n_starts, n_classes, len(answers.indicator)))
    parameters[:, :, 0] = 1
    return _normalise(parameters, answers)


def _climb(
    parameters: np.ndarray, answers: _Answers, tolerance: float, max_iterations: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run every start to its end: parameters, log-likelihood (start,) and whether it converged (start,)."""
    end = parameters.copy()  # (start, latent_class, entry)
    running = np.arange(len(parameters))  # (start,)
    longest = np.ones(len(parameters))  # (start,)
    for cycle in range(max_iterations // 3):
        parameters, gain, longest = _cycle(parameters, longest, answers, plain=cycle < PLAIN_CYCLES)
        end[running] = parameters
        climbing = gain >= tolerance
        running, parameters, longest = running[climbing], parameters[climbing], longest[climbing]
        if len(running) == 0:
            break
    converged = np.ones(len(end), dtype=bool)
    converged[running] = False
    _, log_likelihood = _expectation(end, answers)
    return end, log_likelihood, converged


def _cycle(
    parameters: np.ndarray, longest: np.ndarray, answers: _Answers, *, plain: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two EM updates, a step along the parabola through them, and a third update from where that lands.

    With change r and curvature v the step goes to theta + 2 a r + a^2 v, a = |r| / |v|. At a = 1 that is the second
    update itself. A step that lands lower than the first update is dropped for the second update and the next one is
    kept shorter; a step that was held back and succeeded allows twice the length.

    Returns the new parameters, the gain in log-likelihood (start,) and the longest step allowed next (start,).
    """
    once, at_start = _update(parameters, answers)
    twice, at_once = _update(once, answers)
    r = once - parameters
    v = twice - once - r
    length = np.linalg.norm(r, axis=(1, 2)) / np.maximum(np.linalg.norm(v, axis=(1, 2)), SMALLEST_PROBABILITY)
    a = np.minimum(np.maximum(length, 1), longest)[:, None, None]
    landing = parameters + 2 * a * r + a**2 * v
    landing = np.where(landing > 0, landing, twice / 10)
    beyond, at_landing = _update(_normalise(landing, answers), answers)

    higher = at_landing >= at_once
    parameters = np.where(higher[:, None, None], beyond, twice)
    gain = np.where(higher, at_landing, at_once) - at_start
    if not plain:
        held_back = length >= longest
        shorter = np.maximum(a[:, 0, 0] / 2, 1)
        longest = np.where(higher, np.where(held_back, 2 * longest, longest), shorter)
    return parameters, gain, longest


def _update(parameters: np.ndarray, answers: _Answers) -> tuple[np.ndarray, np.ndarray]:
    """One EM update, and the log-likelihood (start,) before it."""
    membership, log_likelihood = _expectation(parameters, answers)
    n_starts, n_classes, n_patterns = membership.shape
    expected = matrix_product(membership.reshape(-1, n_patterns), answers.counted)
    return _normalise(expected.reshape(n_starts, n_classes, -1), answers), log_likelihood


def _expectation(parameters: np.ndarray, answers: _Answers) -> tuple[np.ndarray, np.ndarray]:
    """Class probabilities of every pattern (start, latent_class, pattern) and the log-likelihood (start,)."""
    # Not by `log_probability_of_answers`: the indicators are made once for all starts and updates, and with the row of
    # ones one product gives shares and answers of all starts together.
    n_starts, n_classes, n_entries = parameters.shape
    joint = matrix_product(np.log(parameters).reshape(-1, n_entries), answers.indicator)
    joint = joint.reshape(n_starts, n_classes, -1)
    largest = joint.max(axis=1, keepdims=True)  # (start, 1, pattern)
    joint -= largest
    np.exp(joint, out=joint)
    total = joint.sum(axis=1, keepdims=True)  # (start, 1, pattern)
    joint /= total
    log_likelihood = np.einsum("sip,p->s", np.log(total) + largest, answers.counts)
    return joint, log_likelihood


def _normalise(parameters: np.ndarray, answers: _Answers) -> np.ndarray:
    """Make shares sum to one over classes, and each item's probabilities over its categories."""
    parameters = np.maximum(parameters, SMALLEST_PROBABILITY)
    share, probability = parameters[:, :, :1], parameters[:, :, 1:]
    normalised = np.empty_like(parameters)
    np.divide(share, share.sum(axis=1, keepdims=True), out=normalised[:, :, :1])
    np.divide(probability, probability @ answers.same_item, out=normalised[:, :, 1:])
    return np.maximum(normalised, SMALLEST_PROBABILITY)
