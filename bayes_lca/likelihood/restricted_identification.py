r"""Whether answers tell classes apart whose probabilities are restricted.

Parameters are identified locally where the probabilities of all patterns of answers have a Jacobian of full rank [1]_.
Its rows, divided by those probabilities, are the scores: for a free number P_e of which probabilities are made,

.. math:: \frac{\partial \log p(y)}{\partial \log P_e} = E[N_e(y) \mid y]

the expected times that it enters the probability of the answers, and within a set that adds up to one, this less P_e
times the sum over the set.

.. [1] Goodman (1974). Exploratory latent structure analysis using both identifiable and unidentifiable models.
   Biometrika 61, 215-231. https://doi.org/10.1093/biomet/61.2.215
"""

import math
import warnings
from itertools import product

import numpy as np

from bayes_lca.likelihood.answers import indicators_of_answers, membership_and_log_likelihood
from bayes_lca.likelihood.identification import UnidentifiedWarning
from bayes_lca.likelihood.information_root import BOUNDARY, KNOWN
from bayes_lca.likelihood.probability_sets import ProbabilitySets

POINTS = 3
"""Parameters drawn at random, of which the one of highest rank tells the rank almost everywhere."""
MOST_CELLS = 2000
"""Cells of the table of all answers beyond which some are drawn."""
ROUNDING = 1e-12
"""Eigenvalue of the information, scaled to a diagonal of ones, that may be rounding."""
ROWS_AT_ONCE = 5000


def same_classes(sets: ProbabilitySets) -> list[list[int]]:
    """Classes, numbered from 0, that restrictions give the same probabilities of all items, two or more each.

    Examples
    --------
    >>> same_classes(ProbabilitySets.unrestricted(np.ones((3, 2, 2))))
    []
    """
    drawn = sets.probabilities(sets.draw_prior(np.random.default_rng(0), 2, uniform=True))  # (draw, class, item, cat.)
    left, found = list(range(drawn.shape[1])), []
    while left:
        alike = [k for k in left if np.allclose(drawn[:, k], drawn[:, left[0]], rtol=0, atol=KNOWN)]
        left = [k for k in left if k not in alike]
        found.append(alike)
    return [alike for alike in found if len(alike) > 1]


def n_unidentified(sets: ProbabilitySets) -> int:
    """Combinations of the parameters, class shares among them, that no answers say anything about.

    At parameters drawn at random, over all cells of the table of all answers, or over many where it is large.

    Examples
    --------
    Three classes and four items of two categories, Goodman's example: as many cells as parameters, and one too many.

    >>> n_unidentified(ProbabilitySets.unrestricted(np.ones((3, 4, 2))))
    1
    """
    rng = np.random.default_rng(0)
    codes = _possible_answers(sets, rng)
    share = rng.dirichlet(np.full(len(sets.constant), 5.0), POINTS)
    entries = sets.draw_prior(rng, POINTS, uniform=True)
    found = len(share[0]) + len(entries[0])
    for point in zip(share, entries, strict=True):
        unknown = _directions_unknown(sets, *point, codes, np.ones(len(codes)), boundary=-np.inf, least=ROUNDING)
        found = min(found, unknown)
        if not found:
            break
    return found


def n_unidentified_at(
    sets: ProbabilitySets, class_share: np.ndarray, item_probability: np.ndarray, codes: np.ndarray, counts: np.ndarray
) -> int:
    """Combinations of the parameters that the answers say nothing about at a mode, those at the boundary left out.

    Parameters
    ----------
    sets : ProbabilitySets
    class_share, item_probability : ndarray
        The mode, shapes (latent_class,) and (latent_class, item, category).
    codes : ndarray of int, shape (pattern, item)
    counts : ndarray, shape (pattern,)
    """
    entries = sets.entries(item_probability)
    return _directions_unknown(sets, class_share, entries, codes, counts, boundary=BOUNDARY, least=KNOWN)


def warn_of_restrictions(sets: ProbabilitySets, *, enough_cells: bool, stacklevel: int) -> None:
    """Warn where restrictions leave classes, or other combinations of parameters, that no answers tell apart.

    Parameters
    ----------
    sets : ProbabilitySets
    enough_cells : bool
        Whether the table of all answers has cells enough for the parameters, and there are no covariates or groups,
        which bring tables of their own: only then open combinations of parameters are the restrictions' doing.
    stacklevel : int
        As `warnings.warn` takes it, from the caller's point of view.

    Warns
    -----
    UnidentifiedWarning
    """
    same = same_classes(sets)
    problems = [
        f"classes {', '.join(str(k + 1) for k in alike[:-1])} and {alike[-1] + 1} have the same probabilities of all "
        "items by the restrictions"
        for alike in same
    ]
    unidentified = n_unidentified(sets) if enough_cells else 0
    if unidentified > sum(len(alike) - 1 for alike in same):
        problems.append(
            f"the restrictions of {len(sets.constant)} classes leave {unidentified} combinations of their parameters "
            "that no answers say anything about"
        )
    if problems:
        warnings.warn(
            f"{'; '.join(problems)}: they are not identified, and there the posterior is the prior; fit fewer classes, "
            "or restrict other items or classes",
            UnidentifiedWarning,
            stacklevel=stacklevel + 1,
        )


def _possible_answers(sets: ProbabilitySets, rng: np.random.Generator) -> np.ndarray:
    """Distinct rows of answers that some class gives, shape (row, item)."""
    can_be = sets.constant > 0  # (class, item, category)
    categories = [np.flatnonzero(of_item) for of_item in can_be.any(axis=0)]
    if math.prod(map(len, categories)) <= MOST_CELLS:
        codes = np.array(list(product(*categories)))
    else:
        noise = rng.random((MOST_CELLS // len(can_be) + 1, *can_be.shape))
        codes = np.where(can_be, noise, -1).argmax(axis=-1).reshape(-1, can_be.shape[1])
    possible = can_be[:, np.arange(can_be.shape[1]), codes].all(axis=2).any(axis=0)
    return np.unique(codes[possible], axis=0)


def _directions_unknown(
    sets: ProbabilitySets,
    share: np.ndarray,
    entries: np.ndarray,
    codes: np.ndarray,
    counts: np.ndarray,
    *,
    boundary: float,
    least: float,
) -> int:
    """Free parameters less the rank of their information.

    Parameters
    ----------
    boundary : float
        Respondents expected with a number below which it counts as zero.
    least : float
        Eigenvalues of the scaled information up to which nothing is known of a direction.
    """
    members, times = _expected(sets, share, entries, codes)
    inhabited = counts @ members > boundary
    used = counts @ times > boundary
    n_free = max(int(inhabited.sum()) - 1, 0)
    score = [members[:, inhabited] - share[inhabited] / share[inhabited].sum()]
    for of_set in sets.simplices:
        inside = of_set[used[of_set]]
        if len(inside) > 1:
            n_free += len(inside) - 1
            part = entries[inside] / entries[inside].sum()
            score.append(times[:, inside] - part * times[:, inside].sum(axis=1, keepdims=True))
    for low, rest in sets.chains:
        inside = used[low] & used[rest]
        n_free += int(inside.sum())
        score.append((times[:, low] * entries[rest] - times[:, rest] * entries[low])[:, inside])
    scores = np.concatenate(score, axis=1) * np.sqrt(counts)[:, None]
    information = scores.T @ scores
    scale = np.sqrt(np.maximum(np.diag(information), least))
    known = np.linalg.eigvalsh(information / np.outer(scale, scale)) > least
    return n_free - int(known.sum())


def _expected(
    sets: ProbabilitySets, share: np.ndarray, entries: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Membership, and how often each entry is used, given each row of answers: (row, class) and (row, entry)."""
    probability = sets.probabilities(entries)
    members, times = np.empty((len(codes), len(share))), np.empty((len(codes), len(entries)))
    for start in range(0, len(codes), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        members[rows], _ = membership_and_log_likelihood(share, probability, codes[rows])
        chosen = indicators_of_answers(codes[rows], probability.shape[-1]).reshape(-1, 1, *probability.shape[1:])
        times[rows] = sets.counted(members[rows][:, :, None, None] * chosen)
    return members, times
