r"""What the study of the number of classes simulates: surveys in the shape of the synthetic cohort, classes known.

2200 respondents answer six items of three categories. Respondents are independent, without covariates or groups:

.. math:: P(y_i) = \sum_c \pi_c \prod_j \rho_{c j y_{ij}}

Classes of the cohort lie on a ladder: C2 is between C1 and C3. Their profiles are drawn together or parted by
`sharpen` until the entropy R2 expected at the truth is the one asked for. The small class, 6 %, takes items of both
ends of the ladder: compensation, workload and promotion as C3, training, recognition and expertise as C1. Classes with
two items each that no other class answers alike, at the entropy of the least clear ladder, show whether entropy alone
says how hard classes are to count.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd

from bayes_lca.data.categories import draw_category
from bayes_lca.datasets import cohort, simulate
from bayes_lca.likelihood.answers import log_probability_of_answers
from bayes_lca.likelihood.criteria import entropy_r2

N_CATEGORIES = len(cohort.ANSWER_LEVELS)
LADDER = ("C1", "C2", "C3")
SMALL = "ends of the ladder"
ITEMS_OF_CLASS = ("items 1 and 2", "items 3 and 4", "items 5 and 6")
MEAN = "mean of the cohort"
MUCH, LITTLE = (0.05, 0.15, 0.8), (0.2, 0.65, 0.15)
"""Answers to the items that set a class apart, and to the others."""


def _profiles() -> dict[str, np.ndarray]:
    """Item probabilities, shape (item, category), of the classes by name."""
    ladder = cohort.ITEM_PROBABILITY
    profiles = dict(zip(LADDER, ladder, strict=True))
    profiles[SMALL] = np.concatenate([ladder[2, :3], ladder[0, 3:]])
    for pair, name in enumerate(ITEMS_OF_CLASS):
        profiles[name] = np.array([MUCH if item // 2 == pair else LITTLE for item in range(len(cohort.ITEMS))])
    profiles[MEAN] = np.tensordot(cohort.CLASS_SHARE, ladder, axes=1)
    return profiles


PROFILES = MappingProxyType(_profiles())


@dataclass(frozen=True)
class SelectionDesign:
    """One condition of the study.

    Attributes
    ----------
    name : str
        Goes into the seeds.
    profiles : tuple of str
        Names in `PROFILES`, one per class.
    class_share : tuple of float
    separation : float
        How far the classes are apart; see `sharpen`.
    replicates : int
        Data sets.
    most_classes : int
        Numbers of classes from 1 to this one are compared.
    n : int
        Respondents.
    """

    name: str
    profiles: tuple[str, ...]
    class_share: tuple[float, ...]
    separation: float = 1.0
    replicates: int = 100
    most_classes: int = 5
    n: int = 2200

    @property
    def true_classes(self) -> int:
        """Number of classes that the answers are drawn from."""
        return len(self.profiles)

    @cached_property
    def item_probability(self) -> np.ndarray:
        """Shape (latent_class, item, category)."""
        return simulate.sharpen(np.stack([PROFILES[name] for name in self.profiles]), self.separation)

    @cached_property
    def entropy_r2(self) -> float:
        """Entropy R2 at the truth, expected over all answers there can be; not a number with one class."""
        answers = np.array(list(product(range(N_CATEGORIES), repeat=len(cohort.ITEMS))))  # (pattern, item)
        likelihood = np.exp(log_probability_of_answers(self.item_probability, answers))
        joint = likelihood * self.class_share  # (pattern, latent_class)
        probability = joint.sum(axis=1)
        return entropy_r2(joint / probability[:, None], probability)

    def simulate(self, rng: np.random.Generator) -> pd.DataFrame:
        """Draw a data set: the answers to the six items."""
        latent_class = draw_category(np.tile(self.class_share, (self.n, 1)), rng)
        codes = simulate.simulate_answers(self.item_probability, latent_class, rng)
        return simulate.label_answers(codes, dict.fromkeys(cohort.ITEMS, cohort.ANSWER_LEVELS))


def _with_small_class(share: float) -> tuple[float, ...]:
    return (*(round(large * (1 - share), 6) for large in cohort.CLASS_SHARE), share)


UNCLEAR = SelectionDesign("entropy .46", LADDER, cohort.CLASS_SHARE, 0.609)
MEDIUM = SelectionDesign("entropy .71", LADDER, cohort.CLASS_SHARE, 0.959)
CLEAR = SelectionDesign("entropy .89", LADDER, cohort.CLASS_SHARE, 1.482)
DISTINCT_ITEMS = SelectionDesign("own items, entropy .46", ITEMS_OF_CLASS, cohort.CLASS_SHARE, 0.668, replicates=30)
SMALL_CLASS = SelectionDesign("small class", (*LADDER, SMALL), _with_small_class(0.06), 0.678)
ONE_CLASS = SelectionDesign("one class", (MEAN,), (1.0,), most_classes=3)
TWO_CLASSES = SelectionDesign("two classes", ("C1", "C3"), (0.5, 0.5), 0.53, most_classes=4)
DESIGNS = (UNCLEAR, MEDIUM, CLEAR, DISTINCT_ITEMS, SMALL_CLASS, ONE_CLASS, TWO_CLASSES)
"""The study; data sets of all conditions take turns."""
