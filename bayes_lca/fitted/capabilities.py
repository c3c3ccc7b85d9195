"""What functions need of a fit, and which of them hold for the fits of a model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Need:
    """What a function needs of a fit, beside a model that it holds for.

    Attributes
    ----------
    purpose : str
        What the function gives, as the beginning of a sentence: ``"membership of classes"``.
    respondents : bool
        Whether it needs the rows of the respondents.
    summary : bool
        Whether it averages over draws, so that labels have to be aligned and chains in one mode.
    answers : bool
        Whether it depends on what answers are: the measurement part has to declare it too.
    otherwise : str
        Why it does not hold for the fits of a model that does not declare it; empty where nothing is known.
    remedy : str
        What to fit, or to use, where it does not hold for what answers are.
    """

    purpose: str
    respondents: bool = False
    summary: bool = True
    answers: bool = False
    otherwise: str = ""
    remedy: str = "give a fit of other items, or use a function of classes alone"


ONE_WAVE = (
    "nobody moves in this fit of {n_respondents} respondents, each of whom is in a class or category once; follow them "
    "over waves, and fit LatentTransition"
)
NO_GROUP_CLASSES = (
    "groups of this fit of {n_respondents} respondents have no classes; fit "
    'LatentClass(3, Items([...]), GroupClasses(2, group="school"))'
)

NEEDS: Final[Mapping[str, Need]] = MappingProxyType(
    {
        "answers_of": Need("answers as indicators", answers=True),
        "average_marginal_effects": Need("averages over the covariates of the respondents", respondents=True),
        "bch_outcomes": Need("outcomes by class and covariates", respondents=True, answers=True),
        "characteristics": Need("characteristics by class", respondents=True),
        "check_items": Need("checks of items", respondents=True, answers=True),
        "class_profiles": Need("class profiles", answers=True),
        "class_shift": Need("shifts of classes", answers=True),
        "class_sizes": Need("class sizes"),
        "classification_table": Need("classification", respondents=True),
        "common_method": Need(
            "a common method",
            answers=True,
            remedy="fit it with persons who answer their way, LatentClass(K, CommonMethod(Items([...])))",
        ),
        "compare_estimators": Need("comparisons of estimators", summary=False),
        "compare_groups": Need("comparisons of groups", respondents=True),
        "compare_structures": Need("comparisons of structures", answers=True),
        "concat_chains": Need("chains of several fits", respondents=True),
        "contrasts": Need("contrasts", summary=False),
        "convergence": Need("convergence", summary=False),
        "covariate_tests": Need("tests of covariates by class", respondents=True),
        "design_effects": Need("effects of a survey design", respondents=True),
        "direct_effects": Need("direct effects", respondents=True, answers=True),
        "fit_estimators": Need("estimators of the same classes", respondents=True, answers=True),
        "fit_distal": Need("an outcome of classes"),
        "fit_two_step": Need("two-step estimation", answers=True),
        "compare_group_structures": Need("comparisons of how groups are modelled", respondents=True),
        "group_classes": Need("classes of groups", respondents=True, otherwise=NO_GROUP_CLASSES),
        "group_level_effects": Need("effects of group-level predictors", respondents=True),
        "group_membership": Need("membership of groups", respondents=True, otherwise=NO_GROUP_CLASSES),
        "group_shares": Need("shares of groups", respondents=True),
        "heterogeneity": Need("heterogeneity of groups"),
        "holds_respondents": Need("whether respondents are held", summary=False),
        "keep_mode": Need("one of several modes", summary=False),
        "membership": Need("membership of classes", respondents=True),
        "membership_draws": Need("membership of classes", respondents=True),
        "membership_of_new_rows": Need("membership of new respondents", answers=True),
        "membership_table": Need("membership of the rows of a table", respondents=True),
        "modal_class_of": Need("the modal class as an indicator", respondents=True, answers=True),
        "modes": Need("modes, compared by their predictive density", respondents=True, summary=False),
        "more_draws": Need("more draws of the same chains", respondents=True, summary=False),
        "name_classes": Need("names of classes", summary=False),
        "nesting_in_words": Need("what the nesting changed", respondents=True),
        "odds_ratios": Need("odds ratios"),
        "order": Need("the order of classes", answers=True),
        "plot_group_classes": Need("a plot of classes of groups", respondents=True, otherwise=NO_GROUP_CLASSES),
        "outcome_by_class": Need("an outcome by class", respondents=True),
        "plot_odds_ratios": Need("a plot of odds ratios"),
        "plot_predictions": Need("a plot of predictions", respondents=True),
        "plot_profiles": Need("a plot of class profiles", answers=True),
        "plot_random_intercepts": Need("a plot of random intercepts"),
        "plot_structures": Need("a plot of structures", answers=True),
        "posterior_predictive": Need("posterior predictive answers", respondents=True, summary=False, answers=True),
        "poststratify": Need("poststratification", respondents=True),
        "predict_classes": Need("predicted class probabilities"),
        "prior_from": Need("a prior of the next study", answers=True),
        "prior_sensitivity": Need("sensitivity to prior and likelihood", respondents=True),
        "random_intercepts": Need("random intercepts"),
        "rank_groups": Need("ranks of groups", respondents=True),
        "regression_table": Need("a table of the regression"),
        "relabel": Need(
            "alignment of labels, which membership confirms", respondents=True, summary=False, answers=True
        ),
        "report": Need("a report", respondents=True, answers=True),
        "save": Need("a file of the fit", summary=False),
        "split_halves": Need("classes of halves of the respondents", respondents=True, answers=True),
        "stepwise_odds_ratios": Need("estimates in steps", respondents=True, answers=True),
        "most_likely_paths": Need("most likely paths of persons", respondents=True, otherwise=ONE_WAVE),
        "plot_transitions": Need("a plot of transitions", respondents=True, otherwise=ONE_WAVE),
        "stayers_and_movers": Need("shares of stayers and movers", respondents=True, otherwise=ONE_WAVE),
        "transition_odds_ratios": Need("odds ratios of moving", otherwise=ONE_WAVE),
        "transition_probabilities": Need("transition probabilities", respondents=True, otherwise=ONE_WAVE),
        "stepwise_outcome": Need("an outcome by class in steps", respondents=True, answers=True),
    }
)
"""Every function that takes a fit, by its name."""

OF_ANSWERS: Final[frozenset[str]] = frozenset(name for name, need in NEEDS.items() if need.answers)
"""Those that depend on what answers are, so that the twin of the measurement part declares them too."""


@dataclass(frozen=True)
class Capabilities:
    """Functions that hold for the fits of one model; all others are refused.

    Attributes
    ----------
    supported : frozenset of str
    reasons : mapping of str to str
        Why others do not hold, and what to use instead; ``{outcome}`` stands for the name of an observed outcome.
    """

    supported: frozenset[str]
    reasons: Mapping[str, str]

    @classmethod
    def of(cls, supported: Iterable[str], refused: Iterable[str] = (), *, because: str = "") -> "Capabilities":
        """Some functions supported, and one reason for all that are refused with a reason.

        Raises
        ------
        ValueError
            If a name is no function that takes a fit, or is both supported and refused.
        """
        supported, refused = frozenset(supported), frozenset(refused)
        if unknown := sorted((supported | refused) - set(NEEDS)):
            raise ValueError(f"{unknown} take no fit; functions that do are {sorted(NEEDS)}")
        if both := sorted(supported & refused):
            raise ValueError(f"{both} are supported and refused at once")
        return cls(supported, MappingProxyType(dict.fromkeys(sorted(refused), because)))


def functions_that_need_respondents() -> list[str]:
    """Names of the functions that need the rows of the respondents, sorted."""
    return sorted(name for name, need in NEEDS.items() if need.respondents)
