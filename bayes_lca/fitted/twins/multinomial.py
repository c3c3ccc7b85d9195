"""How fits of `Multinomial` are read: which functions hold for them, and what they are in words."""

from bayes_lca.dims import OBSERVED_CLASS, OUTCOME
from bayes_lca.fitted.capabilities import Capabilities
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kinds import KINDS, Kind, Words, register


def _words(fit: Fit) -> Words:
    summary = (
        f"Each respondent is seen in one of {len(fit.classes)} categories of {fit.outcome}. If these are classes "
        "assigned by a latent class analysis, its classification errors are not allowed for."
    )
    levels = "multilevel" if fit.groupings else "single-level"
    references = (
        "Hedeker, D. (2003). A mixed-effects multinomial logistic regression model. Statistics in Medicine 22(9), "
        "1433-1446. doi 10.1002/sim.1522",
    )
    return Words(f"Multinomial regression of an observed category, {levels}", summary, "", references)


SUPPORTED = (
    *("plot_predictions", "regression_table"),
    *("average_marginal_effects", "compare_estimators", "compare_groups", "concat_chains", "contrasts", "convergence"),
    *("design_effects", "more_draws"),
    *("group_level_effects", "group_shares", "heterogeneity", "holds_respondents", "keep_mode", "modes"),
    *("nesting_in_words", "odds_ratios", "plot_odds_ratios", "plot_random_intercepts", "posterior_predictive"),
    *("poststratify", "predict_classes", "prior_sensitivity", "random_intercepts", "rank_groups", "report", "save"),
)
OF_LATENT_CLASSES = (
    "characteristics",
    *("answers_of", "check_items", "class_profiles", "class_shift", "class_sizes", "classification_table"),
    *(
        "common_method",
        "compare_structures",
        "covariate_tests",
        "direct_effects",
        "fit_distal",
        "fit_estimators",
        "fit_two_step",
        "membership",
    ),
    *("membership_draws", "membership_of_new_rows", "membership_table", "modal_class_of", "name_classes", "order"),
    *("plot_profiles", "plot_structures", "prior_from", "relabel", "split_halves", "stepwise_odds_ratios"),
    *("outcome_by_class", "stepwise_outcome", "bch_outcomes"),
)

KIND = register(
    KINDS,
    "Multinomial",
    Kind(
        name="Multinomial",
        class_axis=OBSERVED_CLASS,
        observed=OUTCOME,
        class_is_observed=True,
        capabilities=Capabilities.of(
            SUPPORTED,
            OF_LATENT_CLASSES,
            because="this fit of outcome {outcome} has no latent classes: its categories are observed; use odds_ratios "
            "and random_intercepts, or fit a LatentClass model",
        ),
        words=_words,
    ),
    home=__name__,
)
