"""Bayesian latent class analysis for respondents nested in groups.

A latent class model is measurement (what answers look like given the class) times structural part (how likely each
class is), with the class summed out. A multilevel multinomial regression is the same structural part with the class
seen.

=======================================  ==============  ==============  ================================
model                                    structural      measurement     hidden part
=======================================  ==============  ==============  ================================
latent class analysis                    `Shares`        `Items`         class, summed out
latent class regression, multilevel      `Regression`    `Items`         class, summed out
several populations                      `KnownClass`    `Items`         class, summed out
latent classes with classes of groups    `GroupClasses`  `Items`         classes at both levels
either, categories in order              either          `OrdinalItems`  class, summed out
either, confirmatory                     either          `Items`, with   class, summed out
                                                         restrictions
either, persons who answer their way     either          `CommonMethod`  person by quadrature, then class
latent profile analysis, either          either          `NormalItems`   class, summed out
classes of counts, either                either          `CountItems`    class, summed out
items of several kinds, either           either          `Mixed`         class, summed out
the same in two or three steps           `Regression`    `Assigned`      class, summed out
distal outcome of measured classes       held shares     an outcome      class, summed out
latent transition, multilevel            either, and     any of items    a class at each wave, the path
                                         `Transition`                    summed out
multinomial regression, multilevel       `Regression`    none            none: the category is observed
=======================================  ==============  ==============  ================================

The models themselves are in `bayes_lca.models`.
"""

import sys
from importlib import import_module

_NAMES_BY_MODULE = {
    "data.counted": ("UnusedCountsWarning",),
    "data.counted_in_engine": ("DistinctRowsWarning",),
    "data.declarations": ("declare_columns",),
    "data.engine_tables": ("EngineTable",),
    "data.files": ("read_survey",),
    "data.grid": ("round_to_grid",),
    "data.groups_alike": ("GroupAnswersAlikeWarning",),
    "data.identifiability": ("RepeatedLabelsWarning", "SingleLevelWarning"),
    "data.keys": ("RepeatedRowsWarning",),
    "data.rows_left_out": ("RowsLeftOutWarning",),
    "data.survey_design": ("EqualWeightsWarning", "SurveyDesign"),
    "data.survey_weights": ("WeightsInGroupsWarning",),
    "data.suspected_codes": ("MissingCodeWarning",),
    "data.unusual_values": ("FarValueWarning", "SmallLevelWarning"),
    "data.wave_checks": ("FewWavesWarning",),
    "data.waves": ("UnequalSpacingWarning",),
    "data.wide_waves": ("long_from_wide",),
    "datasets.cohort": ("cohort_items", "cohort_truth", "load_cohort", "simulate_cohort"),
    "datasets.cohort_waves": ("load_waves", "waves_truth"),
    "datasets.example": ("example_survey", "example_waves", "load_example"),
    "datasets.simulate_waves": ("simulate_waves",),
    "fitted.refusals": ("NotRelabelledError", "SeveralModesError"),
    "likelihood.identification": ("UnidentifiedWarning",),
    "likelihood.without_bound": ("UnboundedLikelihoodError", "UnboundedLikelihoodWarning"),
    "measurement.assigned": ("Assigned",),
    "measurement.common_method": ("CommonMethod",),
    "measurement.count_items": ("CountItems",),
    "measurement.items": ("Items",),
    "measurement.mixed": ("Mixed",),
    "measurement.normal_items": ("NormalItems",),
    "measurement.ordinal_items": ("OrdinalItems",),
    "measurement.restrictions": ("Equal", "Fixed", "Ordered", "Zero"),
    "models": ("AssignedClass", "LatentClass", "LatentTransition", "Multinomial"),
    "posterior.checks.check_items": ("ItemCheck", "check_items"),
    "posterior.checks.check_waves": ("WaveCheck",),
    "posterior.checks.class_shift": ("ClassShiftWarning", "class_shift"),
    "posterior.checks.common_method": ("CommonMethodEffect", "common_method"),
    "posterior.checks.direct_effects": ("direct_effects",),
    "posterior.checks.posterior_predictive": ("posterior_predictive",),
    "posterior.checks.prior_sensitivity": ("prior_sensitivity",),
    "posterior.columns.covariate_tests": ("covariate_tests",),
    "posterior.columns.parallel_lines": ("CrossingLinesWarning", "parallel_lines"),
    "posterior.columns.reliability": ("reliability",),
    "posterior.effects.compare_groups": ("compare_groups", "group_shares", "rank_groups"),
    "posterior.effects.group_level_effects": ("group_level_effects",),
    "posterior.effects.marginal_effects": ("average_marginal_effects",),
    "posterior.effects.outcome_by_class": ("outcome_by_class",),
    "posterior.effects.nesting_in_words": ("nesting_in_words",),
    "posterior.effects.poststratify": ("poststratify",),
    "posterior.effects.predict_classes": ("predict_classes",),
    "posterior.effects.transition_probabilities": ("transition_probabilities",),
    "posterior.labels.concat_chains": ("concat_chains",),
    "posterior.labels.convergence": ("ConvergenceWarning", "convergence"),
    "posterior.labels.modes": ("keep_mode", "modes"),
    "posterior.labels.relabel": ("name_classes", "relabel"),
    "posterior.labels.untied_classes": ("UntiedClassesWarning",),
    "posterior.plots.fonts": ("MissingLettersWarning",),
    "posterior.plots.item_pairs": ("plot_check_items",),
    "posterior.plots.group_classes": ("plot_group_classes",),
    "posterior.plots.odds_ratios": ("plot_odds_ratios",),
    "posterior.plots.predictions": ("plot_predictions",),
    "posterior.plots.prior_predictive": ("plot_prior_predictive",),
    "posterior.plots.outcome": ("plot_outcome",),
    "posterior.plots.profiles": ("plot_profiles",),
    "posterior.plots.random_intercepts": ("plot_random_intercepts",),
    "posterior.plots.structures": ("plot_structures",),
    "posterior.plots.transitions": ("plot_transitions",),
    "posterior.storage.netcdf": ("load", "save"),
    "posterior.storage.without_respondents": ("holds_respondents",),
    "posterior.structures.compare_group_structures": ("GroupComparison", "compare_group_structures"),
    "posterior.structures.compare_structures": ("StructureComparison", "compare_structures"),
    "posterior.tables.class_tables": ("class_profiles", "class_sizes"),
    "posterior.tables.classification": ("classification_table",),
    "posterior.tables.group_classes": ("group_classes", "group_membership"),
    "posterior.tables.design_effects": ("design_effects",),
    "posterior.tables.likely_paths": ("most_likely_paths",),
    "posterior.tables.membership": ("membership", "membership_draws"),
    "posterior.tables.membership_table": ("membership_table",),
    "posterior.tables.odds_ratios": ("contrasts", "odds_ratios"),
    "posterior.tables.prior_from": ("prior_from",),
    "posterior.tables.random_intercepts": ("heterogeneity", "random_intercepts"),
    "posterior.tables.small_cells": ("suppress_small_cells",),
    "posterior.tables.stayers": ("stayers_and_movers",),
    "posterior.tables.transition_odds_ratios": ("transition_odds_ratios",),
    "priors": (
        "LKJ",
        "Dirichlet",
        "Exponential",
        "HalfNormal",
        "HalfStudentT",
        "Horseshoe",
        "ItemWeights",
        "NormalByClass",
        "NormalLogit",
        "LogNormal",
        "Normal",
        "PerUnit",
        "ScaledInverseChiSquared",
        "ZeroSumNormal",
    ),
    "reporting.paper.characteristics": ("characteristics",),
    "reporting.paper.numbers_of_classes": ("class_number_table",),
    "reporting.paper.regression_table": ("regression_table",),
    "reporting.paper.write_tables": ("write_tables",),
    "reporting.report": ("report",),
    "sampling.adopt": ("adopt",),
    "sampling.fit_or_load": ("fit_or_load",),
    "sampling.more_draws": ("OtherDrawsWarning", "more_draws"),
    "sampling.nuts": ("fit",),
    "sampling.prior_predictive": ("prior_predictive",),
    "structural.known_class": ("KnownClass",),
    "structural.group_classes": ("FewGroupsWarning", "GroupClasses"),
    "structural.regression": ("Regression",),
    "structural.separation": ("SeparationWarning",),
    "structural.shares": ("Shares",),
    "structural.transition": ("Transition",),
    "table": ("SummaryTable",),
    "workflows.class_counts.blrt": ("bootstrap_likelihood_ratio",),
    "workflows.class_counts.count_classes": ("count_classes",),
    "workflows.class_counts.count_group_classes": ("count_group_classes",),
    "workflows.class_counts.overfitted": ("overfitted",),
    "workflows.class_counts.plot_class_counts": ("plot_class_counts",),
    "workflows.class_counts.recommendation": ("recommend_classes",),
    "workflows.class_counts.vlmr": ("vuong_lo_mendell_rubin",),
    "workflows.fit_multiple": ("fit_multiple",),
    "workflows.invariance.measurement_invariance": ("measurement_invariance",),
    "workflows.invariance.partial_invariance": ("PartialInvariance", "partial_invariance"),
    "workflows.invariance.populations": ("compare_populations", "fit_populations"),
    "workflows.invariance.split_halves": ("split_halves",),
    "workflows.ladder.assign": ("answers_of", "modal_class_of"),
    "workflows.ladder.bch_outcomes": ("BCHOutcomes", "bch_outcomes"),
    "workflows.ladder.compare_outcomes": ("compare_outcomes",),
    "workflows.ladder.compare_estimators": ("compare_estimators",),
    "workflows.ladder.estimators": ("fit_estimators",),
    "workflows.ladder.fit_distal": ("fit_distal",),
    "workflows.ladder.stepwise_odds_ratios": ("stepwise_odds_ratios",),
    "workflows.ladder.stepwise_outcome": ("stepwise_outcome",),
    "workflows.ladder.two_step": ("fit_two_step",),
    "workflows.leave_one_group_out": ("leave_one_group_out",),
    "workflows.maximum_likelihood.maximum_likelihood": ("MaximumLikelihoodEstimates", "maximum_likelihood"),
    "workflows.waves.count_wave_classes": ("count_wave_classes",),
    "workflows.waves.invariance_over_waves": ("invariance_over_waves",),
}
"""Modules that define the names of the package; each is imported when one of its names is first asked for.

Type checkers read them in ``__init__.pyi``.
"""

_MODULE_OF = {name: f"{__name__}.{module}" for module, names in _NAMES_BY_MODULE.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str):
    if name in _MODULE_OF:
        value = getattr(import_module(_MODULE_OF[name]), name)
    elif name == "models":
        value = import_module("bayes_lca.models")
    elif name == "__version__":
        from importlib.metadata import version

        value = version("bayes-lca")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "models", "__version__"})
