"""Which functions hold for fits of respondents who were sampled by a survey design, and why others do not."""

from types import MappingProxyType
from typing import Final

ANSWERED: Final = frozenset(
    {
        *("average_marginal_effects", "class_profiles", "class_shift", "class_sizes", "classification_table"),
        *("bch_outcomes", "check_items", "stepwise_outcome"),
        *("common_method", "compare_estimators", "compare_groups", "compare_structures", "contrasts", "convergence"),
        *("design_effects", "group_shares", "heterogeneity", "holds_respondents", "keep_mode", "membership"),
        *("membership_draws", "membership_of_new_rows", "membership_table", "name_classes", "nesting_in_words"),
        *(
            "odds_ratios",
            "order",
            "plot_odds_ratios",
            "plot_predictions",
            "regression_table",
            "plot_profiles",
            "plot_random_intercepts",
            "plot_structures",
        ),
        *("posterior_predictive", "poststratify", "predict_classes", "prior_from", "random_intercepts", "rank_groups"),
        *("more_draws", "report", "save"),
        *("most_likely_paths", "plot_transitions", "stayers_and_movers", "transition_odds_ratios"),
        "transition_probabilities",
    }
)
"""Those that speak of parameters, of single respondents, or of averages over respondents, which are weighted."""

LEAVING_OUT = (
    "the density of a respondent left out is computed from draws of an ordinary posterior, and these are corrected for "
    "a survey design; compare pseudo-criteria, bl.count_classes(..., design=design)"
)
SIMPLE_RANDOM = (
    "what is observed is held against answers of a simple random sample, and weighted, clustered answers vary "
    "otherwise; check the same model fitted without design"
)
SECOND_STEP = (
    "its later steps know no survey weights; regress the classes in one step, "
    'bl.fit(LatentClass(K, Items([...]), Regression("~ ...")), frame, design=design)'
)
OUTCOME = (
    "its draws of an outcome know no survey weights; bl.stepwise_outcome(draws, outcome, frame) weights the classes "
    "and the outcome, and bl.bch_outcomes(draws, outcomes, frame, formula) with covariates"
)
REWEIGHTED = (
    "draws are reweighted as if they were of an ordinary posterior, and these are corrected for a survey design; fit "
    "again with the other prior"
)

REFUSED: Final = MappingProxyType(
    {
        "answers_of": SECOND_STEP,
        "characteristics": "its counts and tests are of respondents who count once each; leave out by=draws",
        "compare_group_structures": "groups are left out by reweighting draws of an ordinary posterior, and these are "
        "corrected for a survey design; compare fits without design",
        "concat_chains": "draws were corrected about the mean of each fit; fit once, with more chains",
        "covariate_tests": SIMPLE_RANDOM,
        "direct_effects": SIMPLE_RANDOM,
        "fit_distal": OUTCOME,
        "fit_estimators": SECOND_STEP,
        "fit_two_step": SECOND_STEP,
        "group_level_effects": "its estimates of groups are not weighted; give group-level predictors to Regression",
        "modal_class_of": SECOND_STEP,
        "modes": f"{LEAVING_OUT}; bl.keep_mode(draws, 1) has the chains of the first mode",
        "outcome_by_class": OUTCOME,
        "prior_sensitivity": REWEIGHTED,
        "relabel": "draws were corrected under the labels that they have; give the order to bl.fit, order=...",
        "split_halves": "halves of respondents are no samples of the design; fit two halves of the clusters",
        "stepwise_odds_ratios": SECOND_STEP,
    }
)
"""Why functions do not hold, as the end of a message."""


def refusal(needs: str) -> str:
    """Why a function refuses a fit of a survey design; empty where it answers."""
    if needs in ANSWERED:
        return ""
    return REFUSED.get(needs, "it is not declared to hold for a fit of a survey design; fit without design")
