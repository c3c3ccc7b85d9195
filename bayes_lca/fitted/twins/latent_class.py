"""How fits of `LatentClass` are read: which functions hold for them, and what they are in words."""

from bayes_lca.dims import ANSWERS, CLASS
from bayes_lca.fitted.capabilities import Capabilities
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kinds import KINDS, Kind, Words, register


def mixture(fit: Fit) -> str:
    """The likelihood of one respondent, in letters."""
    return f"p(answers of i) = Σ_c P(c | x_i, g_i) {fit.answers.formula}      over the items that i answered"


def _words(fit: Fit) -> Words:
    summary = (
        f"Each respondent belongs to one of {len(fit.classes)} latent classes, summed out of the likelihood; "
        f"{fit.answers.independence}."
    )
    if not fit.has_regression:
        goodman = (
            "Goodman, L. A. (1974). Exploratory latent structure analysis using both identifiable and unidentifiable "
            "models. Biometrika 61(2), 215-231. doi 10.1093/biomet/61.2.215"
        )
        return Words("Latent class analysis", summary, mixture(fit), (goodman,))
    levels = "multilevel" if fit.groupings else "single-level"
    references = (
        "Bandeen-Roche, K., Miglioretti, D. L., Zeger, S. L. & Rathouz, P. J. (1997). Latent variable regression for "
        "multiple discrete outcomes. JASA 92(440), 1375-1386. doi 10.1080/01621459.1997.10473658",
        "Vermunt, J. K. (2003). Multilevel latent class models. Sociological Methodology 33(1), 213-239. "
        "doi 10.1111/j.0081-1750.2003.t01-1-00131.x",
    )
    return Words(f"Latent class regression in one step, {levels}", summary, mixture(fit), references)


SUPPORTED = (
    *("characteristics", "plot_predictions", "regression_table"),
    *("answers_of", "average_marginal_effects", "check_items", "class_profiles", "class_shift", "class_sizes"),
    *(
        "classification_table",
        "common_method",
        "compare_estimators",
        "compare_group_structures",
        "compare_groups",
        "compare_structures",
        "concat_chains",
    ),
    *("contrasts", "convergence", "covariate_tests", "design_effects", "direct_effects"),
    *("fit_distal", "fit_estimators", "fit_two_step"),
    *("group_level_effects", "group_shares", "heterogeneity", "holds_respondents", "keep_mode", "membership"),
    *("membership_draws", "membership_of_new_rows", "membership_table", "modal_class_of", "modes", "name_classes"),
    *("more_draws", "nesting_in_words"),
    *("odds_ratios", "order", "plot_odds_ratios", "plot_profiles", "plot_random_intercepts", "plot_structures"),
    *(
        "posterior_predictive",
        "poststratify",
        "predict_classes",
        "prior_from",
        "prior_sensitivity",
        "random_intercepts",
    ),
    *("rank_groups", "relabel", "report", "save", "split_halves", "stepwise_odds_ratios"),
    *("stepwise_outcome", "bch_outcomes"),
)

KIND = register(
    KINDS,
    "LatentClass",
    Kind(
        name="LatentClass",
        class_axis=CLASS,
        observed=ANSWERS,
        capabilities=Capabilities.of(SUPPORTED),
        words=_words,
    ),
    home=__name__,
)
