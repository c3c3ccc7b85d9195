"""How fits of `AssignedClass` are read: which functions hold for them, and what they are in words."""

from bayes_lca.dims import ANSWERS, CLASS
from bayes_lca.fitted.capabilities import Capabilities
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kinds import KINDS, Kind, Words, register
from bayes_lca.fitted.twins.latent_class import SUPPORTED, mixture


def _words(fit: Fit) -> Words:
    summary = (
        "The classes were found in an earlier fit without covariates, which this regression leaves as they are; the "
        "class is summed out, so that classification error is allowed for."
    )
    if "measurement_draws" in fit.attributes:
        n_draws = fit.attributes["measurement_draws"]
        summary += f" The uncertainty of the earlier fit is carried through {n_draws} of its draws."
    levels = "multilevel" if fit.groupings else "single-level"
    references = (
        "Vermunt, J. K. (2010). Latent class modeling with covariates: two improved three-step approaches. Political "
        "Analysis 18(4), 450-469. doi 10.1093/pan/mpq025",
        "Bakk, Z. & Kuha, J. (2018). Two-step estimation of models between latent classes and external variables. "
        "Psychometrika 83(4), 871-892. doi 10.1007/s11336-017-9592-7",
    )
    return Words(f"Step-wise latent class regression, {levels}", summary, mixture(fit), references)


CLASSES_ARE_KNOWN = (
    *(
        "answers_of",
        "fit_estimators",
        "fit_two_step",
        "modal_class_of",
        "relabel",
        "split_halves",
        "stepwise_odds_ratios",
        "stepwise_outcome",
        "bch_outcomes",
    ),
)

KIND = register(
    KINDS,
    "AssignedClass",
    Kind(
        name="AssignedClass",
        class_axis=CLASS,
        observed=ANSWERS,
        capabilities=Capabilities.of(
            set(SUPPORTED) - set(CLASSES_ARE_KNOWN),
            CLASSES_ARE_KNOWN,
            because="the classes of this fit are those of an earlier one, with covariates beside them; use the fit "
            "that found the classes",
        ),
        words=_words,
    ),
    home=__name__,
)
