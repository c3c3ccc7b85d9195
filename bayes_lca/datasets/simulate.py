"""Survey answers simulated from a latent class model whose truth is known.

For respondent `i` in group `g(i)`, class `c` and item `j`::

    P(class_i = c)                 = softmax_c(intercept_c + x_i slope_c + u_{g(i), c})
    u_{g, c}                       ~ Normal(0, group_sd)             independent over groups and classes
    P(answer_ij = k | class_i = c) = item_probability[c, j, k]       independent over items

Every draw is an inverse distribution function of the uniforms of one `PCG64` stream, in a fixed order.
NumPy keeps that stream from version to version, so a seed goes on meaning the same data.
"""

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike

from bayes_lca.data.categories import draw_category
from bayes_lca.data.probabilities import check_class_share, check_item_probability
from bayes_lca.data.responses import MISSING


@dataclass(frozen=True, eq=False)
class LatentClassTruth:
    """What generated a simulated survey.

    Attributes
    ----------
    class_share : shape (latent_class,), the mean over respondents of `class_probability`
    item_probability : shape (latent_class, item, category), zeros beyond the last category of an item
    latent_class : int, shape (respondent,), the class each respondent was drawn into, counted from 0
    class_probability : shape (respondent, latent_class), what the class was drawn from
    intercept : shape (latent_class,), class logits at `x = 0`, `u = 0`; 0 for the first class
    slope : shape (covariate, latent_class), slopes of the class logits; 0 for the first class
    group_effect : shape (group, latent_class), random intercepts on the symmetric class logits
    group_sd : the standard deviation they were drawn with
    """

    class_share: np.ndarray
    item_probability: np.ndarray
    latent_class: np.ndarray
    class_probability: np.ndarray
    intercept: np.ndarray
    slope: np.ndarray
    group_effect: np.ndarray
    group_sd: float


def uniform_stream(seed: int) -> np.random.Generator:
    """Return the generator whose `random()` feeds every draw of this module."""
    if not isinstance(seed, numbers.Integral) or seed < 0:
        raise ValueError(f"seed is {seed!r}; give a whole number, 0 or larger.")
    return np.random.Generator(np.random.PCG64(int(seed)))


def draw_normal(shape: int | tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw standard normals of the given shape, one uniform each."""
    return scipy.special.ndtri(np.maximum(rng.random(shape), 2.0**-54))


def draw_group_effects(n_groups: int, n_classes: int, sd: float, rng: np.random.Generator) -> np.ndarray:
    """Draw random intercepts, shape (group, latent_class), independent Normal(0, sd)."""
    if not (np.isfinite(sd) and sd >= 0):
        raise ValueError(f"group_sd is {sd!r}; give 0 or a larger finite number.")
    return sd * draw_normal((n_groups, n_classes), rng)


def sharpen(item_probability: np.ndarray, separation: float) -> np.ndarray:
    r"""Move the classes of a measurement model apart or together.

    Each class keeps its direction from the geometric mean of the classes and changes its distance to it:
    :math:`p_{cjk} \propto \bar p_{jk} (p_{cjk} / \bar p_{jk})^s` with :math:`s` the `separation`, at least 0.
    With 0 the classes are equal, with 1 nothing changes. A category is possible in every class or in none.
    Shapes in and out are (latent_class, item, category).
    """
    probability = check_item_probability(item_probability)
    if not (np.isfinite(separation) and separation >= 0):
        raise ValueError(f"separation is {separation!r}; give 0 or a larger finite number.")
    if separation == 1:
        return probability
    possible = probability > 0
    if (possible.any(axis=0) != possible.all(axis=0)).any():
        raise ValueError("item_probability is 0 in some classes only; use separation=1, or make it positive.")
    log_probability = np.log(np.where(possible, probability, 1.0))
    centre = log_probability.mean(axis=0)
    moved = centre + separation * (log_probability - centre)
    return scipy.special.softmax(np.where(possible, moved, -np.inf), axis=-1)


def solve_intercepts(offset: np.ndarray, class_share: ArrayLike) -> np.ndarray:
    r"""Find the intercepts that give the classes their shares on average.

    Solves :math:`\frac{1}{n}\sum_i \mathrm{softmax}_c(a_c + o_{ic}) = s_c` with :math:`a_1 = 0` for an
    `offset` of shape (respondent, latent_class); returns `a`, shape (latent_class,). The left side is the
    gradient of a convex function, so there is one solution. Offsets too extreme to reach the shares to 1e-9
    raise `ValueError`.
    """
    share = check_class_share(class_share)

    def class_probability(free: np.ndarray) -> np.ndarray:
        return scipy.special.softmax(offset + np.append(0.0, free), axis=1)  # (respondent, latent_class)

    def excess(free: np.ndarray) -> np.ndarray:
        return (class_probability(free).mean(axis=0) - share)[1:]

    def slope_of_excess(free: np.ndarray) -> np.ndarray:
        probability = class_probability(free)[:, 1:]
        return np.diag(probability.mean(axis=0)) - probability.T @ probability / len(probability)

    if share.size == 1:
        return np.zeros(1)
    start = np.log(share / share[0]) - (offset - offset[:, :1]).mean(axis=0)  # (latent_class,)
    free = scipy.optimize.root(excess, start[1:], jac=slope_of_excess, method="hybr", options={"xtol": 1e-13}).x
    if not np.abs(excess(free)).max() < 1e-9:
        raise ValueError(
            f"offset reaches {np.abs(offset).max():.3g}, too far for the shares {share}; "
            "give smaller slopes or group effects."
        )
    return np.append(0.0, free)


def simulate_answers(
    item_probability: ArrayLike,
    latent_class: ArrayLike,
    rng: np.random.Generator,
    missing_rate: float = 0.0,
) -> np.ndarray:
    """Draw the answers of respondents whose classes are known; `ValueError` for an argument out of range.

    Parameters
    ----------
    item_probability : numpy.ndarray, shape (latent_class, item, category)
        Rows add up to 1; items with fewer categories than the longest end in zeros.
    latent_class : numpy.ndarray of int, shape (respondent,)
        Classes counted from 0.
    rng : numpy.random.Generator
        Gives `2 * respondent * item` uniforms, whatever the `missing_rate`.
    missing_rate : float
        Probability that an answer is missing, completely at random. The other answers do not change.

    Returns
    -------
    numpy.ndarray of int, shape (respondent, item)
        Categories counted from 0; -1 where missing.

    Examples
    --------
    >>> certain = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]])
    >>> simulate_answers(certain, np.array([0, 1, 1]), uniform_stream(1))
    array([[0, 1],
           [2, 0],
           [2, 0]])
    """
    probability = check_item_probability(item_probability)
    latent_class = np.asarray(latent_class)
    if latent_class.dtype.kind not in "iu" or not np.isin(latent_class, np.arange(len(probability))).all():
        raise ValueError(f"latent_class leaves 0 to {len(probability) - 1}; count classes from 0, as integers.")
    if not 0 <= missing_rate < 1:
        raise ValueError(f"missing_rate is {missing_rate!r}; give a probability from 0 to less than 1.")
    codes = draw_category(probability[latent_class], rng)  # (respondent, item)
    missing = rng.random(codes.shape) < missing_rate
    return np.where(missing, MISSING, codes)


def label_answers(codes: np.ndarray, levels: Mapping[str, Sequence]) -> pd.DataFrame:
    """Turn codes, shape (respondent, item), into ordered categoricals with the `levels` per item."""
    answers = {
        item: pd.Categorical.from_codes(codes[:, j], categories=list(labels), ordered=True)
        for j, (item, labels) in enumerate(levels.items())
    }
    return pd.DataFrame(answers, index=pd.RangeIndex(1, len(codes) + 1, name="respondent"))


def simulate_latent_classes(
    n: int,
    class_share: ArrayLike,
    item_probability: ArrayLike,
    seed: int,
    *,
    slope: ArrayLike | None = None,
    n_groups: int = 1,
    group_sd: float = 0.0,
    missing_rate: float = 0.0,
) -> tuple[pd.DataFrame, LatentClassTruth]:
    """Simulate a survey from a latent class model, with covariates and groups if asked for.

    Arguments out of range or of the wrong shape raise `ValueError`.

    Parameters
    ----------
    n : int
        Number of respondents.
    class_share : array_like, shape (latent_class,)
        Mean class probabilities over the respondents; the intercepts are solved for.
    item_probability : array_like, shape (latent_class, item, category)
        See `simulate_answers`.
    seed : int
        Same seed, same survey.
    slope : array_like, shape (covariate, latent_class - 1), optional
        Slopes of the log odds against the first class, one row per standard normal covariate.
    n_groups : int
        Number of groups; their sizes differ by at most one respondent.
    group_sd : float
        Standard deviation of the random intercepts on each class logit; `sqrt(2)` as much on a contrast.
    missing_rate : float
        See `simulate_answers`.

    Returns
    -------
    frame : pandas.DataFrame
        One row per respondent: `group` ("G1", ...) when there are several groups, `x1`, `x2`, ... when there
        are covariates, and `item1`, `item2`, ... as ordered categoricals with labels 1, 2, ...
    truth : LatentClassTruth
        What generated it.

    Examples
    --------
    >>> probability = np.array([[[0.9, 0.1]] * 4, [[0.2, 0.8]] * 4])
    >>> frame, truth = simulate_latent_classes(100, [0.6, 0.4], probability, seed=1, n_groups=5, group_sd=0.5)
    >>> list(frame.columns), truth.group_effect.shape
    (['group', 'item1', 'item2', 'item3', 'item4'], (5, 2))
    """
    share = check_class_share(class_share)
    probability = check_item_probability(item_probability)
    n_classes = len(share)
    slope = np.zeros((0, n_classes - 1)) if slope is None else np.asarray(slope, dtype=float)
    if len(probability) != n_classes:
        raise ValueError(f"item_probability has {len(probability)} classes, class_share {n_classes}; match them.")
    if slope.ndim != 2 or slope.shape[1] != n_classes - 1 or not np.isfinite(slope).all():
        raise ValueError(f"slope has shape {slope.shape}; give finite values (covariate, {n_classes - 1}).")
    if not 1 <= n_groups <= n:
        raise ValueError(f"n_groups is {n_groups} and n is {n}; give 1 or more groups and no more than n.")

    rng = uniform_stream(seed)
    slope = np.column_stack([np.zeros(len(slope)), slope])  # (covariate, latent_class)
    group_effect = draw_group_effects(n_groups, n_classes, group_sd, rng)
    covariates = draw_normal((n, len(slope)), rng)
    group = np.arange(n) % n_groups
    offset = covariates @ slope + group_effect[group]  # (respondent, latent_class)
    intercept = solve_intercepts(offset, share)
    class_probability = scipy.special.softmax(intercept + offset, axis=1)
    latent_class = draw_category(class_probability, rng)
    codes = simulate_answers(probability, latent_class, rng, missing_rate)

    n_categories = probability.shape[2] - np.argmax((probability > 0).any(axis=0)[:, ::-1], axis=1)  # (item,)
    frame = label_answers(codes, {f"item{j + 1}": range(1, m + 1) for j, m in enumerate(n_categories)})
    for d, values in enumerate(covariates.T):
        frame.insert(d, f"x{d + 1}", values)
    if n_groups > 1:
        frame.insert(0, "group", pd.Categorical.from_codes(group, [f"G{g + 1}" for g in range(n_groups)]))
    frame.attrs["source"] = f"Simulated by simulate_latent_classes: {n_classes} classes, seed {seed}."
    truth = LatentClassTruth(
        share, probability, latent_class, class_probability, intercept, slope, group_effect, float(group_sd)
    )
    return frame, truth
