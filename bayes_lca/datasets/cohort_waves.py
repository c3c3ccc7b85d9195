"""The synthetic cohort followed over waves: who moves between the classes of the published study, with a known truth.

Every row is simulated; no row is a person, and the study had one wave only. Persons, groups and items are those of
`bayes_lca.datasets.cohort`; that there are waves, and all that is said of moving, is chosen here.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import softmax

from bayes_lca.datasets import simulate
from bayes_lca.datasets.cohort import draw_respondents
from bayes_lca.datasets.published_study import ANSWER_LEVELS, CLASS_SHARE, GROUPS, ITEM_PROBABILITY, ITEMS
from bayes_lca.datasets.simulate_waves import check_transition, draw_answers, draw_paths, seen_waves, shares_by_wave
from bayes_lca.dims import class_names

SOURCE = (
    "Synthetic: every row is simulated by load_waves of bayes_lca. Persons and items have the shape of Tian, Deng, Gan "
    "& Bai (2025), doi 10.3390/healthcare13222846, whose study has one wave; these are not its responses."
)
SEED = 20250901
N = 2200

TRANSITION = np.array([[0.72, 0.20, 0.08], [0.08, 0.78, 0.14], [0.04, 0.12, 0.84]])
"""From C1, C2 and C3 to each, where participation is average and the group has no effect."""
PARTICIPATION = (5.0, 3.0)
"""Mean and standard deviation by which participation is standardised, in its units from 0 to 10."""
INITIAL_SLOPE = (0.0, 0.3, 0.6)
MOVING_SLOPE = (0.0, 0.3, 0.6)
"""Log odds of C1, C2 and C3 by one standard deviation of participation: at the first wave, and of being moved to."""
GROUP_SD, MOVING_GROUP_SD = 0.4, 0.3
MISSED_RATE = (0.0, 0.12, 0.2)
"""Persons who miss the first, second and third wave."""
MISSING_RATE = 0.02


@dataclass(frozen=True, eq=False)
class CohortWavesTruth:
    """What generated the waves of the synthetic cohort; every row is simulated.

    Attributes
    ----------
    transition : frame, origin x destination, of somebody of average participation in a group without effect
    mean_transition : array (step, origin, destination), the mean over all persons of theirs
    share : frame, wave x class, mean over all persons of their class probabilities
    initial_slope, transition_slope : array (latent_class,), log odds against C1 by one unit of participation
    group_effects, transition_group_effects : frames, group x class, random intercepts on the symmetric class logits
    group_sd, transition_group_sd : standard deviations they were drawn with
    item_probability : array (latent_class, item, category)
    latent_class : int array (person, wave), the classes drawn, counted from 0
    """

    transition: pd.DataFrame
    mean_transition: np.ndarray
    share: pd.DataFrame
    initial_slope: np.ndarray
    transition_slope: np.ndarray
    group_effects: pd.DataFrame
    transition_group_effects: pd.DataFrame
    group_sd: float
    transition_group_sd: float
    item_probability: np.ndarray
    latent_class: np.ndarray


def load_waves(n_waves: int = 3) -> pd.DataFrame:
    """Load the synthetic cohort followed over two or three waves: 2200 simulated persons in six groups.

    Parameters
    ----------
    n_waves : {2, 3}

    Returns
    -------
    pandas.DataFrame
        Long, one row a person and wave: `person` and `wave` from 1; `group` with its `city`, `score` and `tier`;
        `role`, `gender`, `age`, `education`, `department`, `title`; `participation` of the wave (0-10); the six items
        of `cohort_items`. A missed wave has no row. ``frame.attrs["source"]`` says that the rows are simulated.

    Raises
    ------
    ValueError
        If `n_waves` is neither 2 nor 3.

    Examples
    --------
    >>> waves = load_waves()
    >>> waves.groupby("wave").size().to_dict(), waves["person"].nunique()
    ({1: 2200, 2: 1946, 3: 1754}, 2200)
    """
    return _simulated(n_waves)[0]


def waves_truth(n_waves: int = 3) -> CohortWavesTruth:
    """What generated `load_waves`.

    Parameters
    ----------
    n_waves : {2, 3}

    Returns
    -------
    CohortWavesTruth

    Raises
    ------
    ValueError
        If `n_waves` is neither 2 nor 3.

    Examples
    --------
    >>> waves_truth().transition
          C1    C2    C3
    C1  0.72  0.20  0.08
    C2  0.08  0.78  0.14
    C3  0.04  0.12  0.84
    """
    return _simulated(n_waves)[1]


def _simulated(n_waves: int) -> tuple[pd.DataFrame, CohortWavesTruth]:
    if n_waves not in (2, 3):
        raise ValueError(f"n_waves is {n_waves!r}: the cohort has 2 or 3 waves; simulate_waves makes any number")
    rng, n_steps = simulate.uniform_stream(SEED), len(MISSED_RATE) - 1
    initial_effect, moving_effect = (
        simulate.draw_group_effects(len(GROUPS), 3, sd, rng) for sd in (GROUP_SD, MOVING_GROUP_SD)
    )
    persons = draw_respondents(N, rng).reset_index(drop=True)
    group = persons["group"].cat.codes.to_numpy()
    drift = np.concatenate([np.zeros((N, 1)), simulate.draw_normal((N, n_steps), rng).cumsum(axis=1)], axis=1)
    participation = np.clip(persons["participation"].to_numpy()[:, None] + drift, 0, 10).round(1)  # (person, wave)
    z = (participation - PARTICIPATION[0]) / PARTICIPATION[1]

    offset = z[:, :1] * INITIAL_SLOPE + initial_effect[group]
    at_first = softmax(simulate.solve_intercepts(offset, CLASS_SHARE) + offset, axis=1)
    moving = z[:, 1:, None] * MOVING_SLOPE + moving_effect[group][:, None]  # (person, step, destination)
    logits = np.log(check_transition(TRANSITION, 3, n_steps)) + moving[:, :, None]
    transition = softmax(logits, axis=-1)  # (person, step, origin, destination)
    latent_class = draw_paths(at_first, transition, rng)
    codes = draw_answers(ITEM_PROBABILITY, latent_class, 0.0, rng, MISSING_RATE)
    seen = seen_waves(N, n_steps + 1, MISSED_RATE, rng)

    row = np.repeat(np.arange(N), n_steps + 1)
    frame = persons.drop(columns=["participation", "attitude"]).iloc[row].reset_index(drop=True)
    frame.insert(0, "wave", np.tile(np.arange(1, n_steps + 2), N))
    frame.insert(0, "person", row + 1)
    frame["participation"] = participation.ravel()
    answers = simulate.label_answers(codes, dict.fromkeys(ITEMS, ANSWER_LEVELS)).reset_index(drop=True)
    frame = frame.join(answers)[seen.ravel()]
    frame = frame[frame["wave"] <= n_waves].reset_index(drop=True)
    frame.attrs["source"] = SOURCE

    names, groups = class_names(3), pd.Index(list(GROUPS["group"]), name="group")
    waves = pd.RangeIndex(1, n_waves + 1, name="wave")
    return frame, CohortWavesTruth(
        transition=pd.DataFrame(TRANSITION, names, names),
        mean_transition=transition[:, : n_waves - 1].mean(axis=0),
        share=pd.DataFrame(shares_by_wave(at_first, transition[:, : n_waves - 1]), waves, names),
        initial_slope=np.array(INITIAL_SLOPE) / PARTICIPATION[1],
        transition_slope=np.array(MOVING_SLOPE) / PARTICIPATION[1],
        group_effects=pd.DataFrame(initial_effect, groups, names),
        transition_group_effects=pd.DataFrame(moving_effect, groups, names),
        group_sd=GROUP_SD,
        transition_group_sd=MOVING_GROUP_SD,
        item_probability=ITEM_PROBABILITY,
        latent_class=latent_class[:, :n_waves],
    )
