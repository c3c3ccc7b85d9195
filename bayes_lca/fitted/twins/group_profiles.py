"""Classes of groups in which classes answer each in a way of their own: how fits with them are read."""

from bayes_lca.dims import ANSWERS, CLASS
from bayes_lca.fitted.capabilities import Capabilities
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kinds import KINDS, Kind, register
from bayes_lca.fitted.twins import group_classes
from bayes_lca.fitted.words import Words

ONE_PROFILE = (
    *("characteristics", "check_items", "compare_structures", "covariate_tests", "direct_effects", "plot_structures"),
    *("prior_from", "relabel"),
)
"""Functions that know one profile of each class."""


def _words(fit: Fit) -> Words:
    equal = group_classes.KIND.words(fit)
    paired = "by their slopes" if fit.terms else "by how alike they answer: nothing in the likelihood pairs them"
    summary = (
        f"{equal.summary.removesuffix('.')}; classes answer in each group class with parameters of their own, and are "
        f"paired over group classes {paired}."
    )
    formula = equal.formula.replace("| c)      over", "| c, w)      over")
    title = "Latent classes with classes of groups, profiles free"
    return Words(title, summary, formula, equal.references, equal.classes_of_groups)


REASONS = dict(group_classes.REASONS) | dict.fromkeys(
    ONE_PROFILE,
    "classes of this fit have a profile in each group class, and it knows one of each class; look at "
    'class_profiles(draws, by="group_class"), or fit GroupClasses with profiles="equal"',
)

KIND = register(
    KINDS,
    "LatentClass with GroupClasses, profiles free",
    Kind(
        name="LatentClass with GroupClasses, profiles free",
        class_axis=CLASS,
        observed=ANSWERS,
        capabilities=Capabilities(group_classes.KIND.capabilities.supported - frozenset(REASONS), REASONS),
        words=_words,
        hidden="ClassOfGroup",
    ),
    home=__name__,
)
