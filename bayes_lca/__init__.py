"""Bayesian latent class analysis for respondents nested in groups.

A latent class model is measurement (what answers look like given the class) times structural part (how likely each
class is), with the class summed out. A multilevel multinomial regression is the same structural part with the class
seen.

=======================================  ============  ==============  ================================
model                                    structural    measurement     hidden part
=======================================  ============  ==============  ================================
latent class analysis                    `Shares`      `Items`         class, summed out
latent class regression, multilevel      `Regression`  `Items`         class, summed out
either, categories in order              either        `OrdinalItems`  class, summed out
the same in two or three steps           `Regression`  `Assigned`      class, summed out
multinomial regression, multilevel       `Regression`  none            none: the category is observed
=======================================  ============  ==============  ================================

The models themselves are in `bayes_lca.models`.
"""

from importlib.metadata import version

from bayes_lca.data.counted import UnusedCountsWarning
from bayes_lca.data.declarations import declare_columns
from bayes_lca.data.files import read_survey
from bayes_lca.data.identifiability import RepeatedLabelsWarning, SingleLevelWarning
from bayes_lca.data.keys import RepeatedRowsWarning
from bayes_lca.data.suspected_codes import MissingCodeWarning
from bayes_lca.data.unusual_values import FarValueWarning, SmallLevelWarning
from bayes_lca.datasets.cohort import cohort_items, cohort_truth, load_cohort, simulate_cohort
from bayes_lca.datasets.example import example_survey, load_example
from bayes_lca.fitted.refusals import NotRelabelledError, SeveralModesError
from bayes_lca.likelihood.identification import UnidentifiedWarning
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.ordinal_items import OrdinalItems
from bayes_lca.models import AssignedClass, LatentClass, Multinomial
from bayes_lca.posterior.checks.check_items import ItemCheck, check_items
from bayes_lca.posterior.checks.class_shift import ClassShiftWarning, class_shift
from bayes_lca.posterior.checks.direct_effects import direct_effects
from bayes_lca.posterior.checks.posterior_predictive import posterior_predictive
from bayes_lca.posterior.checks.prior_sensitivity import prior_sensitivity
from bayes_lca.posterior.columns.covariate_tests import covariate_tests
from bayes_lca.posterior.columns.reliability import reliability
from bayes_lca.posterior.effects.compare_groups import compare_groups, group_shares, rank_groups
from bayes_lca.posterior.effects.group_level_effects import group_level_effects
from bayes_lca.posterior.effects.marginal_effects import average_marginal_effects
from bayes_lca.posterior.effects.nesting_in_words import nesting_in_words
from bayes_lca.posterior.effects.poststratify import poststratify
from bayes_lca.posterior.effects.predict_classes import predict_classes
from bayes_lca.posterior.labels.concat_chains import concat_chains
from bayes_lca.posterior.labels.convergence import ConvergenceWarning, convergence
from bayes_lca.posterior.labels.modes import keep_mode, modes
from bayes_lca.posterior.labels.relabel import name_classes, relabel
from bayes_lca.posterior.plots.item_pairs import plot_check_items
from bayes_lca.posterior.plots.odds_ratios import plot_odds_ratios
from bayes_lca.posterior.plots.profiles import plot_profiles
from bayes_lca.posterior.plots.random_intercepts import plot_random_intercepts
from bayes_lca.posterior.plots.structures import plot_structures
from bayes_lca.posterior.storage.netcdf import load, save
from bayes_lca.posterior.storage.without_respondents import holds_respondents
from bayes_lca.posterior.structures.compare_structures import StructureComparison, compare_structures
from bayes_lca.posterior.tables.class_tables import class_profiles, class_sizes
from bayes_lca.posterior.tables.classification import classification_table
from bayes_lca.posterior.tables.membership import membership, membership_draws
from bayes_lca.posterior.tables.odds_ratios import contrasts, odds_ratios
from bayes_lca.posterior.tables.random_intercepts import heterogeneity, random_intercepts
from bayes_lca.posterior.tables.small_cells import suppress_small_cells
from bayes_lca.priors import LKJ, Dirichlet, Exponential, HalfNormal, HalfStudentT, Horseshoe, PerUnit, ZeroSumNormal
from bayes_lca.reporting.report import report
from bayes_lca.sampling.adopt import adopt
from bayes_lca.sampling.fit_or_load import fit_or_load
from bayes_lca.sampling.nuts import fit
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.separation import SeparationWarning
from bayes_lca.structural.shares import Shares
from bayes_lca.table import SummaryTable
from bayes_lca.workflows.class_counts.blrt import bootstrap_likelihood_ratio
from bayes_lca.workflows.class_counts.count_classes import count_classes
from bayes_lca.workflows.class_counts.overfitted import overfitted
from bayes_lca.workflows.class_counts.plot_class_counts import plot_class_counts
from bayes_lca.workflows.class_counts.recommendation import recommend_classes
from bayes_lca.workflows.class_counts.vlmr import vuong_lo_mendell_rubin
from bayes_lca.workflows.invariance.measurement_invariance import measurement_invariance
from bayes_lca.workflows.invariance.partial_invariance import PartialInvariance, partial_invariance
from bayes_lca.workflows.invariance.split_halves import split_halves
from bayes_lca.workflows.ladder.assign import answers_of, modal_class_of
from bayes_lca.workflows.ladder.compare_estimators import compare_estimators
from bayes_lca.workflows.ladder.estimators import fit_estimators
from bayes_lca.workflows.ladder.stepwise_odds_ratios import stepwise_odds_ratios
from bayes_lca.workflows.ladder.two_step import fit_two_step
from bayes_lca.workflows.leave_one_group_out import leave_one_group_out

__version__ = version("bayes-lca")

__all__ = [
    "LKJ",
    "Assigned",
    "AssignedClass",
    "ClassShiftWarning",
    "ConvergenceWarning",
    "Dirichlet",
    "Exponential",
    "FarValueWarning",
    "HalfNormal",
    "HalfStudentT",
    "Horseshoe",
    "ItemCheck",
    "Items",
    "LatentClass",
    "MissingCodeWarning",
    "Multinomial",
    "NotRelabelledError",
    "OrdinalItems",
    "PartialInvariance",
    "PerUnit",
    "Regression",
    "RepeatedLabelsWarning",
    "RepeatedRowsWarning",
    "SeparationWarning",
    "SeveralModesError",
    "Shares",
    "SingleLevelWarning",
    "SmallLevelWarning",
    "StructureComparison",
    "SummaryTable",
    "UnidentifiedWarning",
    "UnusedCountsWarning",
    "ZeroSumNormal",
    "adopt",
    "answers_of",
    "average_marginal_effects",
    "bootstrap_likelihood_ratio",
    "check_items",
    "class_profiles",
    "class_shift",
    "class_sizes",
    "classification_table",
    "cohort_items",
    "cohort_truth",
    "compare_estimators",
    "compare_groups",
    "compare_structures",
    "concat_chains",
    "contrasts",
    "convergence",
    "count_classes",
    "covariate_tests",
    "declare_columns",
    "direct_effects",
    "example_survey",
    "fit",
    "fit_estimators",
    "fit_or_load",
    "fit_two_step",
    "group_level_effects",
    "group_shares",
    "heterogeneity",
    "holds_respondents",
    "keep_mode",
    "leave_one_group_out",
    "load",
    "load_cohort",
    "load_example",
    "measurement_invariance",
    "membership",
    "membership_draws",
    "modal_class_of",
    "modes",
    "name_classes",
    "nesting_in_words",
    "odds_ratios",
    "overfitted",
    "partial_invariance",
    "plot_check_items",
    "plot_class_counts",
    "plot_odds_ratios",
    "plot_profiles",
    "plot_random_intercepts",
    "plot_structures",
    "posterior_predictive",
    "poststratify",
    "predict_classes",
    "prior_sensitivity",
    "random_intercepts",
    "rank_groups",
    "read_survey",
    "recommend_classes",
    "relabel",
    "reliability",
    "report",
    "save",
    "simulate_cohort",
    "split_halves",
    "stepwise_odds_ratios",
    "suppress_small_cells",
    "vuong_lo_mendell_rubin",
]
