"""How fits of `LatentTransition` are read: which functions hold for them, and what they are in words."""

from bayes_lca.data.frame import named
from bayes_lca.dims import ANSWERS, CLASS, group_slope
from bayes_lca.fitted.capabilities import NEEDS, Capabilities
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_items import items_free_over_waves
from bayes_lca.fitted.kinds import KINDS, Kind, Words, register
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.survey_capabilities import SIMPLE_RANDOM


def _measured(fit: Fit) -> str:
    """Which items are the same at all waves."""
    free = items_free_over_waves(fit)
    if not free:
        return "All waves share the parameters of the items."
    if len(free) == len(fit.items):
        return "Every wave has parameters of the items of its own."
    return f"All waves share the parameters of the items but for {named(free)}, which have their own at every wave."


def _of_moving(fit: Fit) -> str:
    """The line of the transition logits."""
    paths = paths_of(fit)
    constant = "τ_cd" if paths.equal_over_time else "τ_tcd"
    slope = "γ_cd" if fit.specification["transition"]["by_origin"] else "γ_d"
    terms = [constant, *([f"x_it′{slope}"] if paths.transition_terms else [])]
    terms += ["v_dg"] * bool(paths.transition_groupings)
    terms += ["x_it′b_dg"] * any(group_slope(name) in fit.posterior for name in paths.transition_groupings)
    return f"log P(z_t = d | z_t-1 = c, x_it, g_it) = {' + '.join(terms)} + constant"


def _words(fit: Fit) -> Words:
    summary = (
        f"Each person belongs to one of {len(fit.classes)} latent classes at each wave, and the path from class to "
        f"class is summed out of the likelihood; {fit.answers.independence}. {_measured(fit)}"
    )
    path = "P(z_1 | x_i1, g_i) Π_t>1 P(z_t | z_t-1, x_it, g_it)"
    formula = (
        f"p(answers of i) = {fit.answers.formula_of_waves.format(path=path)}      over the waves and items that i "
        f"answered\n{_of_moving(fit)}"
    )
    references = (
        "Collins, L. M. & Lanza, S. T. (2010). Latent class and latent transition analysis. Wiley. "
        "doi 10.1002/9780470567333",
        "Baum, L. E., Petrie, T., Soules, G. & Weiss, N. (1970). A maximization technique occurring in the statistical "
        "analysis of probabilistic functions of Markov chains. Ann. Math. Statist. 41(1), 164-171. "
        "doi 10.1214/aoms/1177697196",
    )
    return Words("Latent transition analysis", summary, formula, references)


SUPPORTED = (
    *(
        "class_profiles",
        "class_sizes",
        "concat_chains",
        "contrasts",
        "convergence",
        "design_effects",
        "heterogeneity",
        "holds_respondents",
        "keep_mode",
    ),
    *("modes", "more_draws", "name_classes", "odds_ratios", "order", "plot_odds_ratios", "plot_profiles"),
    *(
        "check_items",
        "common_method",
        "plot_random_intercepts",
        "posterior_predictive",
        "random_intercepts",
        "relabel",
        "save",
    ),
    *("most_likely_paths", "plot_transitions", "report", "stayers_and_movers", "transition_odds_ratios"),
    *("membership", "membership_of_new_rows", "transition_probabilities"),
)

KIND = register(
    KINDS,
    "LatentTransition",
    Kind(
        name="LatentTransition",
        class_axis=CLASS,
        observed=ANSWERS,
        capabilities=Capabilities.of(
            SUPPORTED,
            sorted(set(NEEDS) - set(SUPPORTED)),
            because="the function is for respondents who answered once and are in one class, and persons of this fit "
            "answered at several waves and are in a class at each; fit LatentClass to one wave",
        ),
        words=_words,
        hidden="Path",
        structural="initial",
        refused_with_design={"check_items": SIMPLE_RANDOM},
    ),
    home=__name__,
)
