"""Waves of answers simulated from a latent transition model whose truth is known.

For person `i` in group `g(i)`, wave `t`, classes `c` and `d` and item `j`::

    P(class_i1 = c)                   = softmax_c(intercept_c + x_i1 slope_c + u_{g(i), c})
    P(class_it = d | class_i,t-1 = c) = softmax_d(log transition_{t, c, d} + x_it transition_slope_d + v_{g(i), d})
    P(answer_itj = k | class_it = c)  = softmax_k(log item_probability[c, j, k] + loading s_k f_i)
    u_{g, c} ~ Normal(0, group_sd),  v_{g, d} ~ Normal(0, transition_group_sd),  f_i ~ Normal(0, 1)

with scores `s_k` of the categories counted from the middle. Draws are made as in `bayes_lca.datasets.simulate`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import softmax

from bayes_lca.data.categories import draw_category
from bayes_lca.data.probabilities import check_class_share, check_item_probability
from bayes_lca.data.responses import MISSING
from bayes_lca.datasets import simulate
from bayes_lca.likelihood.person import answers_of_persons, style_scores


@dataclass(frozen=True, eq=False)
class WavesTruth:
    """What generated simulated waves.

    Attributes
    ----------
    initial : shape (latent_class,), mean over persons of their class probabilities at the first wave
    transition : shape (step, origin, destination), of a person whose covariates are 0 in a group without effect
    mean_transition : shape (step, origin, destination), the mean over all persons of theirs
    share : shape (wave, latent_class), mean over persons of their class probabilities at each wave
    item_probability : shape (latent_class, item, category), of the typical person
    latent_class : int, shape (person, wave), the classes that were drawn, counted from 0
    intercept, slope : shapes (latent_class,) and (covariate, latent_class), of the first wave; 0 for the first class
    transition_slope : shape (covariate, latent_class), of the class moved to; 0 for the first class
    group_effect, transition_group_effect : shape (group, latent_class), random intercepts on the symmetric logits
    group_sd, transition_group_sd : standard deviations they were drawn with
    loading : of the person on the log odds of neighbouring categories
    """

    initial: np.ndarray
    transition: np.ndarray
    mean_transition: np.ndarray
    share: np.ndarray
    item_probability: np.ndarray
    latent_class: np.ndarray
    intercept: np.ndarray
    slope: np.ndarray
    transition_slope: np.ndarray
    group_effect: np.ndarray
    transition_group_effect: np.ndarray
    group_sd: float
    transition_group_sd: float
    loading: float


def simulate_waves(
    n: int,
    initial: ArrayLike,
    transition: ArrayLike,
    item_probability: ArrayLike,
    seed: int,
    *,
    n_waves: int = 3,
    slope: ArrayLike | None = None,
    transition_slope: ArrayLike | None = None,
    n_groups: int = 1,
    group_sd: float = 0.0,
    transition_group_sd: float = 0.0,
    loading: float = 0.0,
    missing_rate: float = 0.0,
    missed_rate: float = 0.0,
) -> tuple[pd.DataFrame, WavesTruth]:
    """Simulate a survey of several waves from a latent transition model, in a long frame.

    Parameters
    ----------
    n : int
        Persons.
    initial : array_like, shape (latent_class,)
        Mean class probabilities at the first wave; the intercepts are solved for.
    transition : array_like, shape (origin, destination) or (step, origin, destination)
        Probabilities of moving where covariates are 0 and the group has no effect, the same at all steps or each its
        own.
    item_probability : array_like, shape (latent_class, item, category)
        See `bayes_lca.datasets.simulate.simulate_answers`.
    seed : int
        Same seed, same survey.
    n_waves : int
        2 or more.
    slope, transition_slope : array_like, shape (covariate, latent_class - 1), optional
        Slopes of the log odds of each class against the first: at the first wave, and of being moved to at later waves
        by the covariates of these. One row per standard normal covariate, which is drawn anew at every wave.
    n_groups : int
        Number of groups; their sizes differ by at most one person, who stays in the group.
    group_sd, transition_group_sd : float
        Standard deviations of the random intercepts on each class logit.
    loading : float
        How much one standard deviation of the person, the same at all waves, moves the log odds of each category
        against the one below.
    missing_rate : float
        Probability that an answer is missing, completely at random.
    missed_rate : float
        Probability that a person misses a wave, which then has no row; whoever would miss all is seen at the first.

    Returns
    -------
    frame : pandas.DataFrame
        One row a person and wave: `person` and `wave` from 1, `group` ("G1", ...) when there are several, `x1`, `x2`,
        ... when there are covariates, and `item1`, `item2`, ... as ordered categoricals with labels 1, 2, ...
    truth : WavesTruth
        What generated it.

    Raises
    ------
    ValueError
        If an argument is out of range or of the wrong shape.

    Examples
    --------
    >>> answers = np.array([[[0.9, 0.1]] * 4, [[0.2, 0.8]] * 4])
    >>> stay = [[0.9, 0.1], [0.3, 0.7]]
    >>> frame, truth = simulate_waves(100, [0.6, 0.4], stay, answers, seed=1, missed_rate=0.1)
    >>> list(frame.columns), len(frame), truth.share.round(2).tolist()
    (['person', 'wave', 'item1', 'item2', 'item3', 'item4'], 261, [[0.6, 0.4], [0.66, 0.34], [0.7, 0.3]])
    """
    share, probability = check_class_share(initial), check_item_probability(item_probability)
    k = len(share)
    if len(probability) != k:
        raise ValueError(f"item_probability has {len(probability)} classes, initial {k}; match them")
    if not isinstance(n_waves, int) or n_waves < 2:
        raise ValueError(f"n_waves is {n_waves!r}: give 2 or more")
    if not 1 <= n_groups <= n:
        raise ValueError(f"n_groups is {n_groups} and n is {n}; give 1 or more groups and no more than n")
    if not 0 <= missed_rate < 1:
        raise ValueError(f"missed_rate is {missed_rate!r}; give a probability from 0 to less than 1")
    if not np.isfinite(loading):
        raise ValueError(f"loading is {loading!r}; give a finite number")
    moves = check_transition(transition, k, n_waves - 1)
    slopes = _slopes(slope, transition_slope, k)
    rng = simulate.uniform_stream(seed)
    effects = [simulate.draw_group_effects(n_groups, k, sd, rng) for sd in (group_sd, transition_group_sd)]
    group = np.arange(n) % n_groups
    covariates = simulate.draw_normal((n, n_waves, len(slopes[0])), rng)
    offset = covariates[:, 0] @ slopes[0] + effects[0][group]
    intercept = simulate.solve_intercepts(offset, share)
    at_first = softmax(intercept + offset, axis=-1)
    moving = covariates[:, 1:] @ slopes[1] + effects[1][group][:, None]  # (person, step, destination)
    of_persons = softmax(np.log(moves) + moving[:, :, None], axis=-1)  # (person, step, origin, destination)
    latent_class = draw_paths(at_first, of_persons, rng)
    codes = draw_answers(probability, latent_class, loading, rng, missing_rate)
    frame = long_frame(codes, probability, group if n_groups > 1 else None, covariates)
    seen = seen_waves(n, n_waves, missed_rate, rng)
    frame = frame[seen.ravel()].reset_index(drop=True)
    frame.attrs["source"] = f"Simulated by simulate_waves: {k} classes, {n_waves} waves, seed {seed}."
    return frame, WavesTruth(
        initial=share,
        transition=moves,
        mean_transition=of_persons.mean(axis=0),
        share=shares_by_wave(at_first, of_persons),
        item_probability=probability,
        latent_class=latent_class,
        intercept=intercept,
        slope=slopes[0],
        transition_slope=slopes[1],
        group_effect=effects[0],
        transition_group_effect=effects[1],
        group_sd=float(group_sd),
        transition_group_sd=float(transition_group_sd),
        loading=float(loading),
    )


def check_transition(transition: ArrayLike, n_classes: int, n_steps: int) -> np.ndarray:
    """Transitions as an array, shape (step, origin, destination).

    Raises
    ------
    ValueError
        If the shape is another, a probability is not positive, or those of an origin do not add up to 1.
    """
    moves = np.array(transition, dtype=float)
    if moves.shape not in ((n_classes, n_classes), (n_steps, n_classes, n_classes)):
        raise ValueError(
            f"transition has shape {moves.shape}; give (origin, destination), {n_classes} classes each, or one such "
            f"table for each of {n_steps} steps"
        )
    total = moves.sum(axis=-1)
    if not ((moves > 0).all() and np.allclose(total, 1, rtol=0, atol=1e-8)):
        raise ValueError(
            f"transition reaches down to {moves.min()} and its sums over destinations go from {total.min()} to "
            f"{total.max()}; give positive probabilities that add up to 1"
        )
    return np.broadcast_to(moves, (n_steps, n_classes, n_classes)).copy()


def draw_paths(initial: np.ndarray, transition: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw classes at all waves from (person, latent_class) and (person, step, origin, destination); (person, wave)."""
    path = [draw_category(initial, rng)]
    everybody = np.arange(len(initial))
    for step in range(transition.shape[1]):
        path.append(draw_category(transition[everybody, step, path[-1]], rng))
    return np.stack(path, axis=1)


def shares_by_wave(initial: np.ndarray, transition: np.ndarray) -> np.ndarray:
    """Mean class probabilities of the persons at every wave, shape (wave, latent_class)."""
    of_persons = [initial]
    for step in range(transition.shape[1]):
        of_persons.append(np.einsum("ic,icd->id", of_persons[-1], transition[:, step]))
    return np.stack([each.mean(axis=0) for each in of_persons])


def draw_answers(
    item_probability: np.ndarray,
    latent_class: np.ndarray,
    loading: float,
    rng: np.random.Generator,
    missing_rate: float,
) -> np.ndarray:
    """Draw codes of persons whose classes at all waves are known, shape (person and wave, item); -1 where missing."""
    n, n_waves = latent_class.shape
    if loading == 0:
        return simulate.simulate_answers(item_probability, latent_class.ravel(), rng, missing_rate)
    n_categories = categories_of(item_probability)
    scores = style_scores(n_categories, ["tilt"])
    person = simulate.draw_normal((n, 1), rng)
    loadings = np.full((1, len(n_categories)), float(loading))
    of_persons = answers_of_persons(
        item_probability, loadings, scores, person
    )  # (latent_class, person, item, category)
    chosen = of_persons[latent_class, np.arange(n)[:, None]]  # (person, wave, item, category)
    codes = draw_category(chosen, rng).reshape(n * n_waves, -1)
    return np.where(rng.random(codes.shape) < missing_rate, MISSING, codes)


def categories_of(item_probability: np.ndarray) -> list[int]:
    """Number of categories of each item; those beyond have probability 0 in all classes."""
    possible = (item_probability > 0).any(axis=0)
    return (possible.shape[1] - np.argmax(possible[:, ::-1], axis=1)).tolist()


def long_frame(
    codes: np.ndarray, item_probability: np.ndarray, group: np.ndarray | None, covariates: np.ndarray
) -> pd.DataFrame:
    """Answers of all persons at all waves with whose they are, of when, and covariates (person, wave, covariate)."""
    n, n_waves, n_covariates = covariates.shape
    levels = {f"item{j + 1}": range(1, size + 1) for j, size in enumerate(categories_of(item_probability))}
    frame = simulate.label_answers(codes, levels).reset_index(drop=True)
    for d in range(n_covariates):
        frame.insert(d, f"x{d + 1}", covariates[..., d].ravel())
    if group is not None:
        names = [f"G{g + 1}" for g in range(group.max() + 1)]
        frame.insert(0, "group", pd.Categorical.from_codes(np.repeat(group, n_waves), names))
    frame.insert(0, "wave", np.tile(np.arange(1, n_waves + 1), n))
    frame.insert(0, "person", np.repeat(np.arange(1, n + 1), n_waves))
    return frame


def seen_waves(n: int, n_waves: int, missed_rate: ArrayLike, rng: np.random.Generator) -> np.ndarray:
    """Whether each person is seen at each wave, shape (person, wave); the first one of those who would miss all."""
    seen = rng.random((n, n_waves)) >= missed_rate
    seen[~seen.any(axis=1), 0] = True
    return seen


def _slopes(slope: ArrayLike | None, transition_slope: ArrayLike | None, n_classes: int) -> list[np.ndarray]:
    """Both with a column of 0 for the first class, shape (covariate, latent_class)."""
    given = [None if each is None else np.atleast_1d(np.array(each, dtype=float)) for each in (slope, transition_slope)]
    n_covariates = max(0 if each is None else len(each) for each in given)
    given = [np.zeros((n_covariates, n_classes - 1)) if each is None else each for each in given]
    for name, each in zip(("slope", "transition_slope"), given, strict=True):
        if each.shape != (n_covariates, n_classes - 1) or not np.isfinite(each).all():
            raise ValueError(
                f"{name} has shape {each.shape}; give finite values ({n_covariates} covariates, {n_classes - 1})"
            )
    return [np.column_stack([np.zeros(n_covariates), each]) for each in given]
