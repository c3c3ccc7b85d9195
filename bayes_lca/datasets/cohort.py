"""The synthetic cohort: a simulated survey in the shape of a published study of six medical groups.

Every row is simulated; no row is a person. The study's own answers are not public. The study is Tian, Deng,
Gan & Bai (2025). The Benefits of Medical Group Construction for Healthcare Professionals: A Survey of Six
Tightly Knit Pilot Urban Medical Groups. Healthcare 13(22):2846. https://doi.org/10.3390/healthcare13222846

What comes from the paper, and what is chosen because the paper does not print it, stands in
`bayes_lca.datasets.published_study`.
"""

import numbers
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike

from bayes_lca.data.categories import draw_category
from bayes_lca.datasets import simulate
from bayes_lca.datasets.published_study import (
    ANSWER_LEVELS,
    CLASS_DESCRIPTIONS,
    CLASS_SHARE,
    CONTRASTS,
    GROUP_SIZES,
    GROUPS,
    ITEM_PROBABILITY,
    ITEMS,
    MARGINS,
    ORDERED,
    SCALES,
    SLOPES,
)
from bayes_lca.dims import class_names

SOURCE = (
    "Synthetic: every row is simulated by simulate_cohort of bayes_lca in the shape of Tian, Deng, Gan & Bai "
    "(2025), doi 10.3390/healthcare13222846. These are not the study's responses."
)
SEED = 20240401


@dataclass(frozen=True, eq=False)
class CohortTruth:
    """What generated a synthetic cohort.

    Every row of the cohort is simulated. The class shares and descriptions and the slopes are those of Tian,
    Deng, Gan & Bai (2025), doi 10.3390/healthcare13222846, as far as printed; the item probabilities and the
    group effects with their standard deviation are chosen; the intercepts are solved for.

    Attributes
    ----------
    class_share : array (latent_class,), mean class probabilities within each role
    item_probability : array (latent_class, item, category), in the order of `cohort_items`, decrease first
    slopes : frame `role`, `term`, `C2_vs_C1`, `C3_vs_C1`; log odds, treatment coding, terms like `age[<=30]`
    intercepts : frame `role`, `C2_vs_C1`, `C3_vs_C1`; log odds at the reference levels, participation 0 and
        attitude 0, in a group without effect
    group_effects : frame, group x C1, C2, C3; random intercepts on the symmetric class logits, so that the
        effect on a contrast is the difference of two columns
    group_sd : standard deviation the group effects were drawn with, nan where they were given
    class_probability : array (respondent, latent_class), what the classes were drawn from
    latent_class : int array (respondent,), the classes drawn, counted from 0
    class_names : C1, C2, C3
    class_descriptions : Limited Growth, Skill Recognition, Comprehensive Growth
    """

    class_share: np.ndarray
    item_probability: np.ndarray
    slopes: pd.DataFrame
    intercepts: pd.DataFrame
    group_effects: pd.DataFrame
    group_sd: float
    class_probability: np.ndarray
    latent_class: np.ndarray
    class_names: tuple[str, ...] = tuple(class_names(3))
    class_descriptions: tuple[str, ...] = CLASS_DESCRIPTIONS


def cohort_items() -> list[str]:
    """Names of the six items of the cohort.

    Returns
    -------
    list of str

    Examples
    --------
    >>> cohort_items()
    ['compensation', 'workload', 'promotion', 'training', 'recognition', 'expertise']
    """
    return list(ITEMS)


def apportion(n: int, weights: ArrayLike, least: int = 0) -> np.ndarray:
    """Divide `n` in proportion to whole `weights`, by largest remainder, every share `least` or more."""
    weights = np.asarray(weights)
    counts, remainder = np.divmod(n * weights, weights.sum())
    counts[np.argsort(-remainder, kind="stable")[: n - counts.sum()]] += 1
    while counts.min() < least:
        counts[counts.argmax()] -= 1
        counts[counts.argmin()] += 1
    return counts


def draw_respondents(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw all columns but the items: fixed margins, each put in the order of `n` uniforms."""

    def shuffled(counts: np.ndarray) -> np.ndarray:
        return np.repeat(np.arange(len(counts)), counts)[np.argsort(rng.random(n), kind="stable")]

    group = shuffled(apportion(n, GROUP_SIZES, least=1))
    frame = GROUPS.iloc[group].set_index(pd.RangeIndex(1, n + 1, name="respondent"))
    for name, margin in MARGINS.items():
        codes = shuffled(apportion(n, list(margin.values())))
        frame[name] = pd.Categorical.from_codes(codes, list(margin), ordered=name in ORDERED)
    for name, hundred in SCALES.items():
        frame[name] = shuffled(apportion(n, hundred)) * 10 / (len(hundred) - 1)
    return frame


def paper_slopes() -> pd.DataFrame:
    """`SLOPES` as a frame with columns `role`, `term`, `C2_vs_C1`, `C3_vs_C1`."""
    rows = [(role, term, *SLOPES[term][role]) for role in MARGINS["role"] for term in SLOPES]
    return pd.DataFrame(rows, columns=["role", "term", *CONTRASTS]).round(3)


def covariate(frame: pd.DataFrame, term: str) -> np.ndarray:
    """One design column, shape (respondent,): a number, or the indicator of a level in `column[level]`."""
    column, _, level = term.removesuffix("]").partition("[")
    return (frame[column] == level if level else frame[column]).to_numpy(dtype=float)


def solve_classes(
    frame: pd.DataFrame, slopes: pd.DataFrame, group_effects: np.ndarray
) -> tuple[np.ndarray, pd.DataFrame]:
    """Class probabilities, shape (respondent, latent_class), and the intercepts behind them, by role."""
    logit = group_effects[frame["group"].cat.codes]  # (respondent, latent_class)
    for row in slopes.itertuples():
        value = covariate(frame, row.term) * (frame["role"] == row.role)
        logit = logit + np.outer(value, [0, row.C2_vs_C1, row.C3_vs_C1])
    intercepts = pd.DataFrame(0.0, index=pd.Index(MARGINS["role"], name="role"), columns=CONTRASTS)
    for role in intercepts.index:
        of_role = (frame["role"] == role).to_numpy()
        intercept = simulate.solve_intercepts(logit[of_role], CLASS_SHARE)  # (latent_class,)
        logit[of_role] += intercept
        intercepts.loc[role] = intercept[1:]
    return scipy.special.softmax(logit, axis=1), intercepts.reset_index()


def simulate_cohort(
    n: int = 2200,
    seed: int = SEED,
    *,
    group_sd: float = 0.4,
    group_effects: ArrayLike | None = None,
    slopes: pd.DataFrame | None = None,
    item_probability: ArrayLike | None = None,
    separation: float = 1.0,
    missing_rate: float = 0.0,
) -> tuple[pd.DataFrame, CohortTruth]:
    """Simulate a cohort in the shape of the study of six medical groups.

    Parameters
    ----------
    n : int
        Respondents, 6 or more. With 2200 the margins are the study's, otherwise proportional: rounded by
        largest remainder, at least one respondent in every group.
    seed : int
        Same seed, same cohort. Drawn group effects depend on `seed` and `group_sd` alone.
    group_sd : float
        Standard deviation of the random intercepts.
    group_effects : array_like, shape (group, latent_class), optional
        Random intercepts to use in place of drawn ones.
    slopes : pandas.DataFrame, optional
        Slopes to use in place of the paper's, like `CohortTruth.slopes`; terms left out have slope 0.
    item_probability : array_like, shape (latent_class, item, category), optional
        Item probabilities to use in place of the chosen ones.
    separation : float
        Less than 1 draws the item probabilities of the classes together, more than 1 parts them, by
        `bayes_lca.datasets.simulate.sharpen`.
    missing_rate : float
        Probability that an answer is missing, completely at random. The other answers do not change.

    Returns
    -------
    frame : pandas.DataFrame
        Indexed by `respondent` from 1: `group` and its `city`, evaluation `score` (0-40) and `tier`; `role`,
        `gender`, `age`, `education`, `department`, `title`; `participation` and `attitude` (0-10); the six
        items, ordered categoricals. `frame.attrs["source"]` says that the rows are simulated.
    truth : CohortTruth
        What generated it.

    Raises
    ------
    ValueError
        If an argument has the wrong shape or lies outside its range.

    Examples
    --------
    >>> survey, truth = simulate_cohort(n=500, seed=7, group_sd=0.8)
    >>> survey["tier"].value_counts().to_dict()
    {'low': 268, 'medium': 189, 'high': 43}
    >>> truth.group_effects.shape
    (6, 3)
    """
    if not isinstance(n, numbers.Integral) or n < len(GROUPS):
        raise ValueError(f"n is {n!r}; give a whole number of respondents, at least 6 (one per group).")
    slopes = paper_slopes() if slopes is None else slopes.copy()
    if absent := {"role", "term", *CONTRASTS} - set(slopes.columns):
        raise ValueError(f"slopes lacks {sorted(absent)}; give columns role, term, C2_vs_C1 and C3_vs_C1.")
    if unknown := set(slopes["term"]) - set(SLOPES) | set(slopes["role"]) - set(MARGINS["role"]):
        raise ValueError(f"slopes names {sorted(unknown)}; give roles lead, member and terms {list(SLOPES)}.")
    probability = ITEM_PROBABILITY if item_probability is None else np.asarray(item_probability)
    rng = simulate.uniform_stream(seed)
    effects = simulate.draw_group_effects(len(GROUPS), len(CLASS_SHARE), group_sd, rng)
    if group_effects is not None:
        effects, group_sd = np.array(group_effects, dtype=float), np.nan
    if probability.shape != ITEM_PROBABILITY.shape:
        raise ValueError(f"item_probability has shape {probability.shape}; give {ITEM_PROBABILITY.shape}.")
    if effects.shape != (len(GROUPS), len(CLASS_SHARE)) or not np.isfinite(effects).all():
        raise ValueError(f"group_effects has shape {effects.shape}; give finite values, shape (6, 3).")

    frame = draw_respondents(n, rng)
    class_probability, intercepts = solve_classes(frame, slopes, effects)
    latent_class = draw_category(class_probability, rng)
    probability = simulate.sharpen(probability, separation)
    codes = simulate.simulate_answers(probability, latent_class, rng, missing_rate)
    frame = frame.join(simulate.label_answers(codes, dict.fromkeys(ITEMS, ANSWER_LEVELS)))
    frame.attrs["source"] = SOURCE
    return frame, CohortTruth(
        class_share=np.array(CLASS_SHARE),
        item_probability=probability,
        slopes=slopes,
        intercepts=intercepts,
        group_effects=pd.DataFrame(effects, pd.Index(list(GROUPS["group"]), name="group"), class_names(3)),
        group_sd=float(group_sd),
        class_probability=class_probability,
        latent_class=latent_class,
    )


def load_cohort() -> pd.DataFrame:
    """Load the synthetic cohort, 2200 simulated respondents.

    Returns
    -------
    pandas.DataFrame
        The frame of `simulate_cohort` as it comes.

    Examples
    --------
    >>> load_cohort()["role"].value_counts().to_dict()
    {'member': 1258, 'lead': 942}
    """
    return simulate_cohort()[0]


def cohort_truth() -> CohortTruth:
    """What generated `load_cohort`.

    Returns
    -------
    CohortTruth
        The truth of `simulate_cohort` as it comes.

    Examples
    --------
    >>> cohort_truth().class_share.tolist()
    [0.324, 0.356, 0.32]
    """
    return simulate_cohort()[1]
