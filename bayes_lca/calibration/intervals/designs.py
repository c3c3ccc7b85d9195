r"""What the simulation study simulates, and the truth its intervals are held against.

The respondents are those of `load_cohort`: 2200 in six groups of very unequal size, with the evaluation score and the
tier of each group, and each respondent's role and participation. Only the class, and what is answered in it, is
drawn anew in each replicate:

.. math::
    P(c \mid x_i, g_i) \propto \exp(\alpha_c + \beta_c\,\text{participation}_i + \gamma_c\,\text{lead}_i
    + \delta_c\,\text{score}_{g_i} + u_{c g_i}), \qquad u_{cg} \sim N(0, \text{sd}^2)

with the random intercepts independent over groups and class logits, so that a contrast of two classes varies between
groups with standard deviation sd times the square root of 2. The intercepts are solved for: without random
intercepts the classes have the shares of the cohort.

In a null design neither score nor tier matters, :math:`\delta = 0`, and an interval that leaves out 0 is a type I
error. In the effect design :math:`\delta` is what the intervals should find.
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.special import softmax

from bayes_lca.data.categories import draw_category
from bayes_lca.datasets import cohort, simulate
from bayes_lca.dims import class_names

CLASSES = tuple(class_names(3))
CONTRASTS = tuple(combinations(CLASSES, 2))
"""Pairs of classes, the reference first."""

OUTCOME = "benefit"
"""Column of the class in frames where it is seen."""

REFERENCE = MappingProxyType({"role": "member", "tier": "low"})
SLOPES = MappingProxyType({"participation": (0.0, 0.2, 0.34), "role[lead]": (0.0, 0.3, -0.3)})
"""Slopes on the class logits that every design has."""

SCORE_EFFECT = (0.0, 0.03, 0.06)
GROUP_SDS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.8)


@dataclass(frozen=True)
class SimulationDesign:
    """One part of the study.

    Attributes
    ----------
    name : str
        Goes into the seeds.
    latent : bool
        Whether the class is hidden behind six answers, or seen.
    score_slope : tuple of float
        Effect of one point of the evaluation score on each class logit.
    group_sds : tuple of float
        Standard deviations of the random intercepts, each a cell of the study.
    replicates : int
        Data sets in each cell.
    predictors : tuple of str
        Group-level predictors; each is analysed on its own on every data set.
    draws, tune, chains, target_accept
        Settings of the sampler.
    """

    name: str
    latent: bool
    replicates: int
    score_slope: tuple[float, ...] = (0.0, 0.0, 0.0)
    group_sds: tuple[float, ...] = GROUP_SDS
    predictors: tuple[str, ...] = ("score", "tier")
    draws: int = 750
    tune: int = 300
    chains: int = 2
    target_accept: float = 0.95

    def formula(self, predictor: str, *, multilevel: bool) -> str:
        """Right-hand side of an analysis."""
        return f"~ participation + role + {predictor}" + " + (1 | group)" * multilevel

    @property
    def slopes(self) -> dict[str, tuple[float, ...]]:
        """True slopes on the class logits by term; terms left out have slope 0."""
        return {**SLOPES, "score": self.score_slope}

    def truth(self, term: str, contrast: tuple[str, str]) -> float:
        """True log odds of the later class of a contrast against the earlier, per unit of a term."""
        earlier, later = (CLASSES.index(name) for name in contrast)
        slope = self.slopes.get(term, (0.0,) * len(CLASSES))
        return slope[later] - slope[earlier]

    def simulate(self, group_sd: float, rng: np.random.Generator) -> pd.DataFrame:
        """Draw a data set.

        Parameters
        ----------
        group_sd : float
            Standard deviation of the random intercepts.
        rng : numpy.random.Generator
            Its uniforms are all that is random.

        Returns
        -------
        pandas.DataFrame
            `group`, `score`, `tier`, `role`, `participation`, and the class as `benefit`, or the answers to the items.
        """
        frame, logit = _respondents(self.score_slope)
        effect = simulate.draw_group_effects(len(cohort.GROUPS), len(CLASSES), group_sd, rng)
        probability = softmax(logit + effect[frame["group"].cat.codes], axis=1)  # (respondent, latent_class)
        drawn = draw_category(probability, rng)
        if not self.latent:
            return frame.assign(**{OUTCOME: pd.Categorical.from_codes(drawn, list(CLASSES))})
        codes = simulate.simulate_answers(cohort.ITEM_PROBABILITY, drawn, rng)
        answers = simulate.label_answers(codes, dict.fromkeys(cohort.ITEMS, cohort.ANSWER_LEVELS))
        return frame.join(answers.set_index(frame.index))


OBSERVED_NULL = SimulationDesign("observed, null", latent=False, replicates=500)
LATENT_NULL = SimulationDesign("latent, null", latent=True, replicates=500, group_sds=(0.0, 0.35, 0.8), tune=400)
OBSERVED_EFFECT = SimulationDesign(
    "observed, effect", latent=False, replicates=500, score_slope=SCORE_EFFECT, predictors=("score",)
)
DESIGNS = (OBSERVED_NULL, LATENT_NULL, OBSERVED_EFFECT)
"""The study, in the order in which it is run."""


@cache
def _respondents(score_slope: tuple[float, ...]) -> tuple[pd.DataFrame, np.ndarray]:
    """Covariates of the cohort, and class logits without random intercepts, shape (respondent, latent_class)."""
    frame = cohort.load_cohort()[["group", "score", "tier", "role", "participation"]]
    logit = sum(
        np.outer(cohort.covariate(frame, term), slope) for term, slope in {**SLOPES, "score": score_slope}.items()
    )
    return frame, logit + simulate.solve_intercepts(logit, cohort.CLASS_SHARE)
