"""Numbers of a column in classes that are not known: over classes drawn for every respondent."""

from collections.abc import Sequence

import numpy as np

from bayes_lca.reporting.paper.rounding import NOTHING, number_text
from bayes_lca.table import tail_probabilities

QUARTILES = (0.25, 0.5, 0.75)


def quartiles_by_class(
    values: np.ndarray, classes: np.ndarray, n_classes: int, ci_prob: float, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Median and quartiles of each class averaged over its imputed members, and an interval of the median.

    The members of a class are drawn anew with replacement in every imputation, so that the medians vary as much as
    who is in the class, and who was asked, is not known.

    Parameters
    ----------
    values : ndarray, shape (respondent,)
    classes : ndarray of int, shape (draw, respondent)
    n_classes : int
    ci_prob : float
    rng : numpy.random.Generator

    Returns
    -------
    quartiles, intervals : list of str
        By class: ``5.0 [2.5, 8.8]`` and ``4.4 to 5.7``.

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 3.0, 10.0, 20.0, 30.0])
    >>> quartiles_by_class(values, np.array([[0, 0, 0, 1, 1, 1]] * 100), 2, 0.95, np.random.default_rng(1))
    (['2.0 [1.5, 2.5]', '20.0 [15.0, 25.0]'], ['1.0 to 3.0', '10.0 to 30.0'])
    """
    quartiles, intervals = [], []
    for k in range(n_classes):
        members = [found for drawn in classes if len(found := values[drawn == k])]
        if not members:
            quartiles.append(NOTHING)
            intervals.append(NOTHING)
            continue
        low, middle, high = np.mean([np.quantile(of_draw, QUARTILES) for of_draw in members], axis=0)
        quartiles.append(f"{number_text(middle, 1)} [{number_text(low, 1)}, {number_text(high, 1)}]")
        medians = [np.median(rng.choice(of_draw, len(of_draw))) for of_draw in members]
        ends = np.quantile(medians, tail_probabilities(ci_prob))
        intervals.append(" to ".join(number_text(end, 1) for end in ends))
    return quartiles, intervals


def counts_by_class(
    levels: np.ndarray, n_levels: int, classes: np.ndarray, n_classes: int, ci_prob: float, rng: np.random.Generator
) -> list[list[str]]:
    """Number and percentage of each level in each class, averaged over imputations, with an interval of the percentage.

    Parameters
    ----------
    levels : ndarray of int, shape (respondent,)
    n_levels : int
    classes : ndarray of int, shape (draw, respondent)
    n_classes : int
    ci_prob : float
    rng : numpy.random.Generator

    Returns
    -------
    list of list of str
        By level and class: ``12 (34.3 [20.1, 50.2])``.

    Examples
    --------
    >>> classes = np.repeat([[0, 0, 1, 1]], 200, axis=0)
    >>> counts_by_class(np.array([0, 1, 1, 1]), 2, classes, 2, 0.95, np.random.default_rng(1))[1][1]
    '2 (100.0 [100.0, 100.0])'
    """
    cell = levels * n_classes + classes  # (draw, respondent)
    count = np.stack([np.bincount(drawn, minlength=n_levels * n_classes) for drawn in cell])
    count = count.reshape(len(classes), n_levels, n_classes)
    size = count.sum(axis=1)  # (draw, class)
    share = count / np.maximum(size, 1)[:, None]
    resampled = (
        np.stack(
            [
                rng.multinomial(size[:, k], share[:, :, k] + (size[:, k, None] == 0) / n_levels)
                for k in range(n_classes)
            ],
            axis=2,
        )
        / np.maximum(size, 1)[:, None]
    )
    ends = 100 * np.quantile(resampled, tail_probabilities(ci_prob), axis=0)  # (end, level, class)
    return [
        [_count_text(count[:, r, k].mean(), size[:, k].mean(), ends[:, r, k]) for k in range(n_classes)]
        for r in range(n_levels)
    ]


def _count_text(n: float, of: float, ends: Sequence[float]) -> str:
    if not of:
        return f"0 ({NOTHING})"
    return f"{n:.0f} ({100 * n / of:.1f} [{ends[0]:.1f}, {ends[1]:.1f}])"
