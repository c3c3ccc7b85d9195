r"""Samples of clusters in strata, with unequal chances that depend on the class: slopes and shares of a population.

Of every stratum some clusters are drawn, of every cluster some persons. Log odds of the second class in the population:

.. math:: \operatorname{logit} P(\text{class}_i = 2) = -.3 + .3 x_i + 0\, z_i + 0\, q_{k_i}

where x goes together in clusters, z is of persons alone and q of clusters alone. Classes of a cluster and of a stratum
are alike: :math:`\text{class}_i = 2` where :math:`G(t_i) > P(\text{class}_i = 1)` with
:math:`t_i = m_{h_i} + .4 c_{k_i} + e_i` and G its distribution function, so that the slopes above are exactly those of
the population whatever clusters and strata hold. The second class is asked three times as often as the first, and of
it rather those with a high z, of the first those with a low one.

- *survey design*: weights, strata and clusters are given.
- *equal respondents*: the same model, which ignores them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, final

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit, ndtr

from bayes_lca.calibration.waves_outcomes_weights.analyses import Analyses, in_one_mode, of_draws, row
from bayes_lca.calibration.waves_outcomes_weights.design import Design
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.datasets.simulate import draw_normal
from bayes_lca.dims import CLASS, SLOPE, TERM
from bayes_lca.measurement.items import Items
from bayes_lca.models import LatentClass
from bayes_lca.posterior.tables.class_tables import class_sizes
from bayes_lca.sampling.nuts import fit
from bayes_lca.structural.regression import Regression

DESIGN, EQUAL = "survey design", "equal respondents"
SAMPLED = SurveyDesign(weights="weight", strata="stratum", cluster="cluster")
ITEMS = tuple("abcde")
YES = (0.2, 0.8)
"""Probability of the second category of every item, by class."""
INTERCEPT, SLOPES = -0.3, {"x": 0.3, "z": 0.0, "q": 0.0}
QUANTITIES = {"x": "slope", "z": "null covariate of persons", "q": "null covariate of clusters"}
SHARE = "share of the second class"
CLUSTER_SD, STRATA = 0.4, (-0.8, 0.8)
"""Of classes: between clusters, beside 1 within them, and the lowest and the highest stratum."""
X_CLUSTER_SHARE = 0.3
"""Of the variance of x, that between clusters."""
SELECTION = (0.5, 1.5)
"""How often persons are asked, by class."""
SELECTION_SLOPE = 0.1
"""Of z on the logarithm of how often the second class is asked; of the first, its negative."""
SPREAD = (0.6, 1.4)
"""Between which chances vary for no reason."""


@final
@dataclass(frozen=True)
class WeightsDesign(Design):
    """Samples of a population.

    Attributes
    ----------
    name : str
    strata, clusters, persons, asked : int
        Strata; clusters that are drawn of each; persons of each cluster, and how many are asked on average.
    replicates : int
    draws, chains : int
    """

    gated: ClassVar[tuple[str, ...]] = (DESIGN,)
    probabilities: ClassVar[tuple[str, ...]] = (SHARE,)

    name: str = "survey weights"
    strata: int = 10
    clusters: int = 8
    persons: int = 60
    asked: int = 12
    replicates: int = 500
    draws: int = 750
    chains: int = 2

    def simulate(self, rng: np.random.Generator) -> tuple[pd.DataFrame, float]:
        """Those who were asked, and the share of the second class in the population."""
        n_clusters = self.strata * self.clusters
        cluster = np.repeat(np.arange(n_clusters), self.persons)
        stratum, n = cluster // self.clusters, len(cluster)
        level = np.linspace(*STRATA, self.strata)
        t = level[stratum] + CLUSTER_SD * draw_normal(n_clusters, rng)[cluster] + draw_normal(n, rng)
        place = ndtr((t[:, None] - level) / np.sqrt(1 + CLUSTER_SD**2)).mean(axis=1)  # uniform in the population
        x = np.sqrt(X_CLUSTER_SHARE) * draw_normal(n_clusters, rng)[cluster]
        x = x + np.sqrt(1 - X_CLUSTER_SHARE) * draw_normal(n, rng)
        z, q = draw_normal(n, rng), draw_normal(n_clusters, rng)[cluster]
        second = (place > 1 - expit(INTERCEPT + SLOPES["x"] * x)).astype(int)
        selection = np.array(SELECTION)[second] * np.exp(SELECTION_SLOPE * z * (2 * second - 1))
        chance = np.minimum(self.asked / self.persons * selection * rng.uniform(*SPREAD, n), 1)
        asked = rng.random(n) < chance
        codes = (rng.random((n, len(ITEMS))) < np.array(YES)[second][:, None]).astype(int)
        frame = pd.DataFrame(codes, columns=list(ITEMS))
        frame = frame.assign(x=x, z=z, q=q, stratum=stratum, cluster=cluster, weight=1 / chance)
        return frame[asked].reset_index(drop=True), population_share()

    def analyse(self, analyses: Analyses, frame: pd.DataFrame, truth: float, seed: int) -> None:
        """With the design, and as if all had been drawn alike."""
        model = LatentClass(2, Items(list(ITEMS)), Regression(f"~ {' + '.join(SLOPES)}"))
        blind = frame.drop(columns=["weight", "stratum", "cluster"])
        for estimator, data, design in ((DESIGN, frame, SAMPLED), (EQUAL, blind, None)):

            def sampled(data=data, design=design):
                draws = fit(
                    model,
                    data,
                    design=design,
                    draws=self.draws,
                    chains=self.chains,
                    seed=seed,
                    order=ITEMS[0],
                    cores=1,
                    progressbar=False,
                    until=None,
                )
                return draws, rows_of(in_one_mode(draws), truth)

            analyses.add(estimator, "classes", sampled)


@cache
def population_share() -> float:
    """Of the second class, over standard normal x."""
    node, weight = np.polynomial.hermite_e.hermegauss(60)
    return float(weight @ expit(INTERCEPT + SLOPES["x"] * node) / weight.sum())


def rows_of(draws: xr.DataTree, share: float) -> Iterator[dict]:
    """Log odds of the second class against the first, and its share."""
    slope = draws["posterior"][SLOPE].stack(sample=("chain", "draw")).transpose("sample", TERM, CLASS)
    for term, truth in SLOPES.items():
        values = slope.sel({TERM: term}).to_numpy()
        yield of_draws(QUANTITIES[term], truth, values[:, 1] - values[:, 0])
    found = class_sizes(draws).iloc[1]
    yield row(SHARE, share, found["mean"], found["lower"], found["upper"])
