"""Classes of groups: twins of the parts `GroupClasses` and `ClassOfGroup`, and how fits with them are read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy

from bayes_lca.data.categories import draw_category
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.dims import (
    ANSWERS,
    CLASS,
    GROUP_CLASS,
    GROUP_CLASS_SHARE,
    GROUP_MEMBERSHIP,
    INTERCEPT,
    SLOPE,
    TERM,
)
from bayes_lca.fitted.capabilities import Capabilities
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_profiles import evidence_in_group_classes, free_variables, in_sets
from bayes_lca.fitted.hidden_of_respondent import HiddenOfRespondent
from bayes_lca.fitted.kinds import HIDDEN, KINDS, STRUCTURAL, ClassGivenCovariates, Kind, register
from bayes_lca.fitted.parts_of_rows import PartsOfRows
from bayes_lca.fitted.random_effects import RandomEffectDraws
from bayes_lca.fitted.record import LEFT_OUT
from bayes_lca.fitted.summed_out import SummedOut
from bayes_lca.fitted.twins.common_method import with_finer_nodes
from bayes_lca.fitted.twins.latent_class import SUPPORTED as OF_LATENT_CLASS
from bayes_lca.fitted.words import Words
from bayes_lca.likelihood.group_shares import GroupTable
from bayes_lca.likelihood.person import QUADRATURE_ERROR, QUADRATURE_NODES
from bayes_lca.likelihood.summed_out import sum_out_classes


class ClassesOfGroups(ClassGivenCovariates):
    r"""Class logits linear in covariates, about intercepts of the group class, :math:`\alpha_{wc} + x^\top \beta_c`."""

    unseen_groups_are_summed_out = True

    def log_class(self, fit, matrix: np.ndarray, groups: Mapping[str, np.ndarray], which, effects=None) -> np.ndarray:
        """Log probability of each class, averaged over what is known of the class of the group.

        A group that was seen has the membership that the answers of all its respondents give it, any other the shares
        of the group classes.
        """
        if effects:
            ((name, index),) = groups.items()
            by_group = effects[name].intercept[:, index] + self._along(fit, matrix, which)
            return scipy.special.log_softmax(by_group, axis=-1)
        each = self.log_class_by_group_class(fit, matrix, which)  # (group_class, draw, row or 1, latent_class)
        weight = self.weight(fit, groups, which)  # (group_class, draw, row or 1)
        return scipy.special.logsumexp(each, axis=0, b=weight[..., None])

    def log_class_by_group_class(self, fit, matrix: np.ndarray, which) -> np.ndarray:
        """Log probability of each class in each group class, shape (group_class, draw, row or 1, latent_class)."""
        intercept = fit.parameter(INTERCEPT, GROUP_CLASS, fit.class_axis)[which].swapaxes(0, 1)
        return scipy.special.log_softmax(intercept[:, :, None] + self._along(fit, matrix, which), axis=-1)

    def weight(self, fit, groups: Mapping[str, np.ndarray], which) -> np.ndarray:
        """Probability of each group class for rows of some groups, shape (group_class, draw, row or 1)."""
        share = fit.parameter(GROUP_CLASS_SHARE, GROUP_CLASS)[which].T[..., None]
        if not groups:
            return share
        ((name, index),) = groups.items()
        seen = np.moveaxis(fit.parameter(GROUP_MEMBERSHIP, name, GROUP_CLASS)[which], -1, 0)[..., index]
        return np.where(index < 0, share, seen)

    def effects_of_new_groups(self, fit, grouping: str, which, rng, n_groups: int = 1) -> RandomEffectDraws:
        """Intercepts of groups whose class is drawn by the shares of the group classes, anew in every draw."""
        share = fit.parameter(GROUP_CLASS_SHARE, GROUP_CLASS)[which]
        noise = rng.gumbel(size=(len(share), n_groups, share.shape[1]))
        drawn = (np.log(share)[:, None] + noise).argmax(axis=-1)  # (draw, group)
        intercept = fit.parameter(INTERCEPT, GROUP_CLASS, fit.class_axis)[which]
        return RandomEffectDraws(np.take_along_axis(intercept, drawn[..., None], axis=1))

    @staticmethod
    def _along(fit, matrix: np.ndarray, which) -> np.ndarray | float:
        """What covariates add to the logits, shape (draw, row, latent_class)."""
        if SLOPE not in fit.posterior:
            return 0.0
        return np.einsum("xt,stc->sxc", matrix, fit.parameter(SLOPE, TERM, fit.class_axis)[which])


@dataclass(frozen=True, eq=False)
class _ByGroupClass:
    """Rows in each group class, what does not depend on their groups computed once.

    Attributes
    ----------
    rows : PartsOfRows
    covariates, pattern : ndarray of int, shape (pattern,)
        Which of the distinct covariates, and of these with answers, a row has.
    share : ndarray, shape (group_class, draw, covariates, latent_class)
    log_likelihood : ndarray, shape (group_class, draw, covariates with answers)
    membership : ndarray, shape (group_class, draw, covariates with answers, latent_class)
    """

    rows: PartsOfRows
    covariates: np.ndarray
    pattern: np.ndarray
    share: np.ndarray
    log_likelihood: np.ndarray
    membership: np.ndarray

    @classmethod
    def of(cls, fit, which: slice | np.ndarray, rows: PartsOfRows) -> "_ByGroupClass":
        """Of some rows in some draws."""
        if rows.matrix.shape[1]:
            alike = unique_rows(rows.matrix)
            matrix, covariates = rows.matrix[alike.first], alike.pattern[rows.covariates]
        else:
            matrix, covariates = rows.matrix[:1], np.zeros(rows.n_rows, dtype=int)
        by_group_class = fit.structural.log_class_by_group_class(fit, matrix, which)
        evidence = evidence_in_group_classes(fit, rows.first_with_answers, which)
        distinct = unique_rows(covariates, rows.answers)
        places = covariates[distinct.first], rows.answers[distinct.first]
        found = [
            sum_out_classes(logits, log_answers, *places)
            for logits, log_answers in zip(by_group_class, evidence, strict=True)
        ]
        log_likelihood, membership, share = (np.stack(part) for part in zip(*found, strict=True))
        return cls(rows, covariates, distinct.pattern, share, log_likelihood, membership)

    def log_likelihood_of_units(self) -> np.ndarray:
        """Sums over the respondents of each unit, shape (group_class, draw, unit)."""
        table = GroupTable.of(self.rows.unit, self.pattern, self.rows.count_in_unit)
        return table.sum_by_group(self.log_likelihood)

    def membership_of_rows(self, of_units: np.ndarray) -> np.ndarray:
        """Membership given what is known of the units, shape (draw, pattern, latent_class), classes first in memory."""
        n_draws, n_classes = of_units.shape[1], self.membership.shape[-1]
        result = np.zeros((n_classes, n_draws, self.rows.n_rows))
        for of_group_class, membership in zip(of_units, self.membership, strict=True):
            of_rows = np.take(of_group_class, self.rows.unit, axis=1)
            for c, of_class in enumerate(result):
                of_class += of_rows * np.take(membership[..., c], self.pattern, axis=1)
        return np.moveaxis(result, 0, -1)

    def average_share(self, of_units: np.ndarray) -> np.ndarray:
        """Class shares given what is known of the units, before answers, shape (draw, latent_class)."""
        table = GroupTable.of(self.covariates, self.rows.unit, self.rows.count / self.rows.count.sum())
        weight = table.sum_by_group(of_units)  # (group_class, draw, covariates)
        return np.einsum("wsx,wsxc->sc", weight, self.share)


class ClassOfGroupAndRespondent(HiddenOfRespondent):
    r"""The class of a group, and those of its respondents.

    .. math:: P(w \mid y_g) \propto \omega_w \prod_{i \in g} p(y_i \mid w), \qquad
              P(c \mid y_g) = \sum_w P(w \mid y_g)\, P(c \mid w, y_i)

    Rows that had no part in the fit are units by themselves, each in a group of which what is known is known.
    """

    def summed_out(self, fit, which: slice | np.ndarray, rows: PartsOfRows) -> SummedOut:
        """Distinct covariates with answers are computed once, whatever the group; the log-likelihood is of units."""
        parts = _ByGroupClass.of(fit, which, rows)
        log_units = self._log_before(fit, which, rows) + parts.log_likelihood_of_units()
        total = scipy.special.logsumexp(log_units, axis=0)
        of_units = np.exp(log_units - total)  # (group_class, draw, unit)
        return SummedOut(total, parts.membership_of_rows(of_units), parts.average_share(of_units))

    def group_membership(self, fit, which: slice | np.ndarray, rows: PartsOfRows) -> np.ndarray:
        """Probability of each group class given all answers of the group, shape (draw, group, group_class)."""
        before = self._log_before(fit, which, rows)
        log_units = before + _ByGroupClass.of(fit, which, rows).log_likelihood_of_units()
        if LEFT_OUT in fit.attributes:
            left_out = fit.group_names[fit.likelihood_unit].index(fit.attributes[LEFT_OUT])
            log_units[..., left_out] = before[..., 0]
        return np.moveaxis(scipy.special.softmax(log_units, axis=0), 0, -1)

    def draw_class(self, fit, which: slice, rng: np.random.Generator) -> np.ndarray:
        """All respondents of a group have the group class that is drawn for it."""
        return self._draw_both(fit, which, rng)[1]

    def draw_answers(self, fit, which: slice, rng: np.random.Generator) -> np.ndarray:
        """From the profiles of the group class that is drawn for each group."""
        of_group, latent_class = self._draw_both(fit, which, rng)
        if not free_variables(fit.posterior):
            return fit.answers.draw(fit, which, latent_class, rng)
        answers = [each.answers.draw(each, which, latent_class, rng) for each in in_sets(fit)]
        return np.take_along_axis(np.stack(answers), of_group[None, ..., None], axis=0)[0]

    @staticmethod
    def _draw_both(fit, which: slice, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Class of the group, and class, of each respondent, shapes (draw, respondent).

        In draws of the prior, which have no membership, groups of all classes are as frequent as the shares say.
        """
        index, pattern = fit.group_of_pattern[fit.likelihood_unit], fit.pattern_of_respondent
        if GROUP_MEMBERSHIP in fit.posterior:
            known = fit.parameter(GROUP_MEMBERSHIP, fit.likelihood_unit, GROUP_CLASS)[which]
        else:
            share = fit.parameter(GROUP_CLASS_SHARE, GROUP_CLASS)[which, None]
            known = np.repeat(share, len(fit.group_names[fit.likelihood_unit]), axis=1)
        of_groups = draw_category(known, rng)
        share = np.exp(fit.structural.log_class_by_group_class(fit, fit.matrix, which))
        share = np.broadcast_to(share, (*share.shape[:2], len(fit.count), share.shape[-1]))
        draw = np.arange(len(of_groups))[:, None]
        of_rows = of_groups[:, index]
        latent_class = draw_category(share[of_rows, draw, np.arange(len(index))][:, pattern], rng)
        return of_rows[:, pattern], latent_class

    def unseen_group_log_likelihood(self, fit, grouping: str, group: int, which: np.ndarray, rng) -> np.ndarray:
        """The class of the group summed out, which is exact."""
        return fit.log_likelihood_in(which, np.array([group]))[:, 0]

    def attributes_of_draws(self, fit) -> dict[str, float]:
        """By how much the sum over persons is off: the largest change of the log-likelihood with twice the nodes."""
        if QUADRATURE_NODES not in fit.attributes:
            return {}
        draws = fit.answers.draws_to_check(fit)
        coarse, fine = (each.log_likelihood_in(draws).sum(axis=1) for each in (fit, with_finer_nodes(fit)))
        return {QUADRATURE_ERROR: float(np.abs(fine - coarse).max())}

    @staticmethod
    def _log_before(fit, which, rows: PartsOfRows) -> np.ndarray:
        """Log probability of each group class before the answers of a unit are seen, (group_class, draw, unit or 1)."""
        known = {name: index[rows.covariates] for name, index in rows.groups.items()}
        weight = fit.structural.weight(fit, known if fit.likelihood_unit is None else {}, which)
        return np.log(np.maximum(weight, np.finfo(float).tiny))


def _words(fit: Fit) -> Words:
    n_groups, n_group_classes = len(fit.group_names[fit.unit_with_classes]), fit.posterior.sizes[GROUP_CLASS]
    summary = (
        f"Each of {n_groups} groups belongs to one of {n_group_classes} group classes, in which the {len(fit.classes)} "
        "latent classes of respondents have shares of their own; the classes of both levels are summed out of the "
        f"likelihood, of which a group is the unit; {fit.answers.independence}."
    )
    formula = (
        "p(answers of g) = Σ_w P(w) Π_i Σ_c P(c | w, x_i) "
        f"{fit.answers.formula}      over i in g and the items that i answered"
    )
    references = (
        "Vermunt, J. K. (2003). Multilevel latent class models. Sociological Methodology 33(1), 213-239. "
        "doi 10.1111/j.0081-1750.2003.t01-1-00131.x",
        "Asparouhov, T. & Muthen, B. (2008). Multilevel mixture models. In G. R. Hancock & K. M. Samuelsen (eds), "
        "Advances in Latent Variable Mixture Models, 27-51. Information Age Publishing.",
    )
    logits = "log P(c | w, x_i) = α_wc + x_i′β_c + const,      P(w) = ω_w,   Σ_c α_wc = Σ_c β_c = 0"
    title = "Latent classes with classes of groups (nonparametric multilevel)"
    return Words(title, summary, formula, references, logits)


OF_RANDOM_INTERCEPTS = (
    *("group_level_effects", "heterogeneity", "plot_random_intercepts", "prior_sensitivity", "random_intercepts"),
    *("compare_groups", "group_shares", "rank_groups", "poststratify", "nesting_in_words"),
)
OF_CLASSES_ALONE = (
    *("answers_of", "fit_estimators", "fit_two_step", "modal_class_of", "split_halves", "stepwise_odds_ratios"),
    *("stepwise_outcome", "bch_outcomes", "class_shift", "compare_estimators", "fit_distal"),
)
GROUP_CLASS_FUNCTIONS = ("compare_group_structures", "group_classes", "group_membership", "plot_group_classes")

REASONS = dict.fromkeys(
    OF_RANDOM_INTERCEPTS,
    "groups of this fit have classes, and no random intercepts; look at group_classes(draws) and "
    "group_membership(draws), or fit Regression with (1 | group)",
) | dict.fromkeys(
    OF_CLASSES_ALONE,
    "the classes of this fit were found together with classes of groups; it takes a fit of the items alone, "
    "LatentClass(K, Items([...])), or of a regression",
)

KIND = register(
    KINDS,
    "LatentClass with GroupClasses",
    Kind(
        name="LatentClass with GroupClasses",
        class_axis=CLASS,
        observed=ANSWERS,
        capabilities=Capabilities(
            (frozenset(OF_LATENT_CLASS) | frozenset(GROUP_CLASS_FUNCTIONS)) - frozenset(REASONS), REASONS
        ),
        words=_words,
        hidden="ClassOfGroup",
    ),
    home=__name__,
)
register(STRUCTURAL, "GroupClasses", ClassesOfGroups(), home=__name__)
register(HIDDEN, "ClassOfGroup", ClassOfGroupAndRespondent(), home=__name__)
