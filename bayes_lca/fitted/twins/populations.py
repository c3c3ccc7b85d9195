"""Known populations in which classes answer each in a way of their own: how fits with them are read."""

import numpy as np
import xarray as xr

from bayes_lca.dims import ANSWER_PATTERN, ANSWERS, CLASS, PATTERN
from bayes_lca.fitted.capabilities import Capabilities
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_profiles import in_sets
from bayes_lca.fitted.kinds import HIDDEN, KINDS, Kind, register
from bayes_lca.fitted.record import PATTERNS
from bayes_lca.fitted.twins import latent_class
from bayes_lca.fitted.twins.one_class import ClassOfRespondent
from bayes_lca.fitted.words import Words


class ClassInPopulation(ClassOfRespondent):
    r"""The class of a respondent of a population s, :math:`P(c \mid y, x, s) \propto P(c \mid x, s)\, p(y \mid c, s)`.

    Distinct patterns of answers are those of each population.
    """

    def log_evidence(self, fit, rows: np.ndarray, which) -> np.ndarray:
        """With the item parameters of the population of each row."""
        of_rows, result = population_of_pattern(fit)[rows], None
        for place, of_one in enumerate(in_sets(fit)):
            inside = np.flatnonzero(of_rows == place)
            if len(inside):
                found = of_one.answers.log_density(of_one, rows[inside], which)
                result = np.empty((len(found), len(rows), found.shape[-1])) if result is None else result
                result[:, inside] = found
        return result

    def with_new_rows(self, fit, frame, seed: int) -> tuple:
        """Every distinct row is a pattern of answers of its own."""
        new, unseen = super().with_new_rows(fit, frame, seed)
        patterns = new.patterns.assign({ANSWER_PATTERN: ((PATTERN,), np.arange(new.patterns.sizes[PATTERN]))})
        new.tree[PATTERNS] = xr.DataTree(patterns)
        return new.with_posterior(new.posterior), unseen

    def draw_answers(self, fit, which: slice, rng: np.random.Generator) -> np.ndarray:
        """From the profiles of the population of each respondent."""
        latent_class = self.draw_class(fit, which, rng)
        answers = np.stack([each.answers.draw(each, which, latent_class, rng) for each in in_sets(fit)])
        of_respondent = population_of_pattern(fit)[fit.pattern_of_respondent]
        return np.take_along_axis(answers, np.broadcast_to(of_respondent, latent_class.shape)[None, ..., None], axis=0)[
            0
        ]


def population_of_pattern(fit) -> np.ndarray:
    """Population of each distinct row, by position among the levels of the known class; its terms are the first."""
    n_levels = len(fit.levels[fit.specification["structural"]["by"]])
    return (fit.matrix[:, : n_levels - 1] @ np.arange(1, n_levels)).round().astype(int)


def _words(fit: Fit) -> Words:
    by, equal = fit.specification["structural"]["by"], latent_class.KIND.words(fit)
    summary = f"{equal.summary.removesuffix('.')}; classes answer at each level of {by} with parameters of their own."
    formula = equal.formula.replace("| c)      over", f"| c, {by} of i)      over")
    return Words(f"{equal.title}, profiles by {by}", summary, formula, equal.references)


ONE_PROFILE = (
    *("answers_of", "check_items", "class_shift", "common_method", "compare_estimators", "compare_structures"),
    *("design_effects", "direct_effects", "fit_distal", "fit_estimators", "fit_two_step", "group_level_effects"),
    *("modal_class_of", "nesting_in_words", "plot_structures", "poststratify", "prior_from", "prior_sensitivity"),
    *("relabel", "split_halves", "stepwise_odds_ratios", "stepwise_outcome", "bch_outcomes"),
)
"""Functions that know one profile of each class."""

REASONS = dict.fromkeys(
    ONE_PROFILE,
    "classes of this fit have a profile in each population, and it knows one of each class; look at "
    'class_profiles(draws, by=...) with the name of the known class, or fit KnownClass with profiles="equal"',
)

KIND = register(
    KINDS,
    "LatentClass with KnownClass, profiles free",
    Kind(
        name="LatentClass with KnownClass, profiles free",
        class_axis=CLASS,
        observed=ANSWERS,
        capabilities=Capabilities(frozenset(latent_class.SUPPORTED) - frozenset(REASONS), REASONS),
        words=_words,
        hidden="ClassInPopulation",
    ),
    home=__name__,
)
register(HIDDEN, "ClassInPopulation", ClassInPopulation(), home=__name__)
