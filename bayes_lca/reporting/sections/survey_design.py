"""How respondents were sampled, in words."""

from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.survey_record import said_of_sample


def design_in_words(fit: Fit) -> str:
    """Weights, strata and clusters of a fit of a survey design, and what was done with them."""
    said, n = said_of_sample(fit.attributes), fit.n_respondents
    sentences = []
    if said["weights"] is not None:
        scaled = " within each group" if fit.groupings else ""
        sentences.append(
            f"Respondents are weighted by {said['weights']!r}, scaled to add up to their number{scaled}; their weights "
            f"leave as much as {said['kish_n']:.1f} of {n} equally weighted respondents would (Kish's effective n)."
        )
        if said["n_zero_weights"]:
            sentences.append(f"{said['n_zero_weights']} of them have weight 0: they count in n and in nothing else.")
    if said["weights"] is not None and fit.groupings:
        sentences.append(
            "Weights beside random effects are contested: all groups count alike however they were drawn, and other "
            "scalings of the weights give other variances between groups."
        )
    drawn = "respondents" if said["cluster"] is None else f"clusters of {said['cluster']!r}"
    strata = "" if said["strata"] is None else f" in {said['n_strata']} strata of {said['strata']!r}"
    known = "a known population" if said["population"] else "a population so large that few of many were drawn"
    sentences.append(
        f"The {said['n_units']} {drawn}{strata} are taken for drawn independently from {known}. The likelihood is a "
        "pseudo-likelihood, and draws were corrected for the design after sampling, so that intervals have the width "
        "that estimates from samples drawn alike would spread over. Shares and averages over respondents are weighted; "
        "counts of answers, covariates and groups below are of respondents, each counted once."
    )
    return " ".join(sentences)
