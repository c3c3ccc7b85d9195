"""How fits of `LatentTransition` are read: which functions hold for them, and what they are in words."""

from bayes_lca.dims import ANSWERS, CLASS
from bayes_lca.fitted.capabilities import NEEDS, Capabilities
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kinds import KINDS, Kind, Words, register


def _words(fit: Fit) -> Words:
    summary = (
        f"Each person belongs to one of {len(fit.classes)} latent classes at each wave, and the path from class to "
        f"class is summed out of the likelihood; {fit.answers.independence}."
    )
    formula = (
        f"p(answers of i) = Σ_z P(z_1 | x_i1, g_i) Π_t P(z_t | z_t-1, x_it, g_it) Π_t {fit.answers.formula}"
        "      over the waves and items that i answered"
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
    *("class_profiles", "class_sizes", "contrasts", "convergence", "heterogeneity", "holds_respondents", "keep_mode"),
    *("modes", "name_classes", "odds_ratios", "order", "plot_odds_ratios", "plot_profiles"),
    *("plot_random_intercepts", "random_intercepts", "relabel", "save"),
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
            because="a person of this fit is in a class at every wave, and it speaks of one class for each respondent; "
            "fit LatentClass to one wave",
        ),
        words=_words,
        hidden="Path",
        structural="initial",
    ),
    home=__name__,
)
