"""The first step of published stepwise estimation, with the classes of a fit."""

from bayes_lca.fitted.fit import Fit
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.em import fit_em
from bayes_lca.posterior.labels.matching import match_profiles


def first_step_of(fit: Fit) -> Classification:
    """Maximum likelihood estimates from the answers of a fit, classes in its order.

    Parameters
    ----------
    fit : Fit
        Of latent classes without covariates.
    """
    first, count = fit.distinct_answers
    patterns, profiles = fit.codes[first], fit.answers.profiles(fit).mean(axis=0)
    best = fit_em(patterns, count, [len(labels) for labels in fit.labels], len(fit.classes)).best
    share = fit.class_share.mean(axis=(0, 1))
    order = match_profiles(best.item_probability[None], profiles, best.class_share[None], share)[0]
    return Classification(best.item_probability[order], best.class_share[order], patterns, count)


def require_unrestricted(fit: Fit, instead: str) -> None:
    """Refuse restricted answer probabilities, which estimates by maximum likelihood would leave aside.

    Parameters
    ----------
    fit : Fit
    instead : str
        Name of the function that takes them.

    Raises
    ------
    ValueError
    """
    if fit.specification["measurement"].get("restrictions"):
        raise ValueError(
            f"the answer probabilities of this fit of {fit.n_respondents} respondents are restricted, and estimates in "
            f"steps are those of unrestricted ones; use {instead}, which takes the draws of the first step as they are"
        )
