"""Bayesian latent class analysis for respondents nested in groups.

A latent class model is measurement (what answers look like given the class) times structural part (how likely each
class is), with the class summed out. A multilevel multinomial regression is the same structural part with the class
seen.

=======================================  ============  =============  ================================
model                                    structural    measurement    hidden part
=======================================  ============  =============  ================================
latent class analysis                    `Shares`      `Items`        class, summed out
latent class regression, multilevel      `Regression`  `Items`        class, summed out
multinomial regression, multilevel       `Regression`  none           none: the category is observed
=======================================  ============  =============  ================================

The models themselves are in `bayes_lca.models`.
"""

from bayes_lca.data.cohort import cohort_items, cohort_truth, load_cohort, simulate_cohort
from bayes_lca.fit import fit
from bayes_lca.likelihood.count_classes import count_classes
from bayes_lca.measurement.items import Items
from bayes_lca.posterior.convergence import (
    ConvergenceWarning,
    NotRelabelledError,
    SeveralModesError,
    convergence,
    keep_mode,
    modes,
)
from bayes_lca.posterior.groups import heterogeneity, random_intercepts
from bayes_lca.posterior.membership import membership, membership_draws
from bayes_lca.posterior.plot import plot_odds_ratios, plot_profiles, plot_random_intercepts
from bayes_lca.posterior.predict import posterior_predictive
from bayes_lca.posterior.relabel import name_classes, relabel
from bayes_lca.posterior.storage import load, save
from bayes_lca.posterior.summarise import (
    class_profiles,
    class_sizes,
    contrasts,
    odds_ratios,
)
from bayes_lca.priors import Dirichlet, Exponential, HalfNormal, HalfStudentT, ZeroSumNormal
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.shares import Shares
from bayes_lca.table import SummaryTable

__all__ = [
    "ConvergenceWarning",
    "Dirichlet",
    "Exponential",
    "HalfNormal",
    "HalfStudentT",
    "Items",
    "NotRelabelledError",
    "Regression",
    "SeveralModesError",
    "Shares",
    "SummaryTable",
    "ZeroSumNormal",
    "class_profiles",
    "class_sizes",
    "cohort_items",
    "cohort_truth",
    "contrasts",
    "convergence",
    "count_classes",
    "fit",
    "heterogeneity",
    "keep_mode",
    "load",
    "load_cohort",
    "membership",
    "membership_draws",
    "modes",
    "name_classes",
    "odds_ratios",
    "plot_odds_ratios",
    "plot_profiles",
    "plot_random_intercepts",
    "posterior_predictive",
    "random_intercepts",
    "relabel",
    "save",
    "simulate_cohort",
]
