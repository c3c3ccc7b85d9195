"""Answers that depend on the person as well as on the class: twin of the measurement part `CommonMethod`."""

from dataclasses import dataclass, replace

import numpy as np

from bayes_lca.data.categories import draw_category
from bayes_lca.data.category_axis import off_axis
from bayes_lca.dims import CATEGORY, CLASS, ITEM, ITEM_PROBABILITY, STYLE, STYLE_LOADING, of_typical_person
from bayes_lca.fitted.independent_answers import IndependentAnswers
from bayes_lca.fitted.kinds import MEASUREMENT, register
from bayes_lca.fitted.twins.categorical_answers import CategoricalAnswers
from bayes_lca.likelihood.person import (
    QUADRATURE_ERROR,
    QUADRATURE_NODES,
    PersonGrid,
    answers_of_persons,
    log_density_of_answers,
    log_density_of_persons,
    style_scores,
)

SUPPORTED = frozenset(
    (
        *("check_items", "class_profiles", "class_shift", "common_method", "compare_structures", "direct_effects"),
        *("membership_of_new_rows", "order", "plot_profiles", "plot_structures", "posterior_predictive", "relabel"),
        "report",
    )
)
DRAWS_CHECKED = 20
"""Draws in which the quadrature is checked, those with the largest loadings among them."""


@dataclass(frozen=True)
class AnswersOfPersons(CategoricalAnswers):
    r"""Answers that are independent given class and person, the person summed out.

    .. math:: p(y \mid c) = \sum_q w_q \prod_j \rho_{c j y_j}(u_q)

    Profiles of classes are those averaged over persons.
    """

    supported: frozenset[str] = SUPPORTED
    independence: str = (
        "answers to different items are independent given the class and the person, whose style of answering is "
        "normal over persons and summed out as well"
    )
    formula: str = "∫ Π_j P(answer of i to item j | c, u) φ(u) du"
    formula_of_waves: str = "∫ Σ_z {path} Π_t Π_j P(answer of i to item j at wave t | z_t, u) φ(u) du"
    variables: tuple[str, ...] = (ITEM_PROBABILITY, of_typical_person(ITEM_PROBABILITY), STYLE_LOADING)

    def items_of(self, specification):
        """What was said of the items."""
        return specification["items"]

    def log_density(self, fit, rows: np.ndarray, which: slice) -> np.ndarray:
        """Distinct patterns of answers are computed once, shape (draw, row, latent_class)."""
        _, first, pattern = np.unique(fit.answer_pattern[rows], return_index=True, return_inverse=True)
        of_persons = self.typical(fit)[which], self.loading(fit)[which], self.scores(fit), self.grid(fit)
        return log_density_of_answers(*of_persons, fit.codes[rows][first])[:, pattern.reshape(-1)]

    def log_density_at_mean(self, fit) -> np.ndarray:
        """At the means of the typical person's answers and of the loadings, shape (pattern, latent_class)."""
        at_mean = self.typical(fit).mean(axis=0), self.loading(fit).mean(axis=0)
        of_mean = (values[None] for values in at_mean)
        return log_density_of_answers(*of_mean, self.scores(fit), self.grid(fit), fit.codes)[0]

    def log_density_of_persons(self, fit, which: slice) -> np.ndarray:
        """With the node of the person, of distinct answers, shape (draw, answers, latent_class, node)."""
        first, _ = fit.distinct_answers
        of_persons = self.typical(fit)[which], self.loading(fit)[which], self.scores(fit), self.grid(fit)
        return log_density_of_persons(*of_persons, fit.codes[first])

    def person_weight(self, fit) -> np.ndarray:
        """Weights of the persons of the grid, shape (node,)."""
        return self.grid(fit).weight

    def log_density_given_person(self, fit, which: slice) -> np.ndarray:
        """Given the node of the person, of distinct answers, shape (draw, answers, latent_class, node)."""
        return self.log_density_of_persons(fit, which) - np.log(self.person_weight(fit))

    def draw(self, fit, which: slice, latent_class: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Respondents have traits of their own, the same for all items; shape (draw, row, item)."""
        return self.draw_given_person(fit, which, latent_class, self.draw_persons(fit, latent_class.shape, rng), rng)

    def draw_persons(self, fit, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Traits are standard normal, shape (*shape, style)."""
        return rng.normal(size=(*shape, len(self.scores(fit))))

    def draw_given_person(
        self, fit, which: slice, latent_class: np.ndarray, person: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Answers tilted by the traits of the person, shape (draw, row, item)."""
        rho, loading, scores = self.typical(fit)[which], self.loading(fit)[which], self.scores(fit)
        of_items = []
        for item in range(rho.shape[2]):
            tilt = np.einsum("srt,st,tk->srk", person, loading[:, :, item], scores[:, item])
            tilted = np.take_along_axis(rho[:, :, item], latent_class[..., None], axis=1) * np.exp(tilt)
            of_items.append(draw_category(tilted / tilted.sum(axis=-1, keepdims=True), rng))
        return np.stack(of_items, axis=-1)

    def independent(self, fit) -> IndependentAnswers:
        """Persons of a coarser grid: what is compared is of one grid on both sides."""
        grid, scores = self.grid(fit).coarser, self.scores(fit)
        n_classes, n_persons = len(fit.classes), len(grid.weight)
        of_items = scores.shape[1:]
        typical = np.eye(n_classes * np.prod(of_items)).reshape(n_classes, 1, *of_items, -1)
        typical = np.broadcast_to(typical, (n_classes, n_persons, *typical.shape[2:]))
        by_item = np.einsum("qt,tjr,jk->qjrtk", grid.nodes, scores, np.eye(of_items[0]))
        if fit.specification["measurement"]["loadings"] == "equal":
            by_item = by_item.sum(axis=-1)
        by_loading = by_item.reshape(1, n_persons, *of_items, -1)
        by_loading = np.broadcast_to(by_loading, (n_classes, *by_loading.shape[1:]))
        both = np.concatenate([typical, by_loading], axis=-1)
        return IndependentAnswers(grid.weight, both.reshape(-1, both.shape[-1]))

    def independent_profiles(self, fit, which: slice) -> np.ndarray:
        """Answers of these persons, shape (draw, latent_class * person, item, category)."""
        of_persons = self.typical(fit)[which], self.loading(fit)[which], self.scores(fit), self.grid(fit).coarser.nodes
        found = answers_of_persons(*of_persons)
        return found.reshape(len(found), -1, *found.shape[-2:])

    def attributes_of_draws(self, fit) -> dict[str, str | int | float]:
        """By how much the quadrature is off: the largest change of the log-likelihood with twice the nodes.

        Of draws here and there, those with the largest loadings among them, which decide how coarse a grid may be.
        """
        draws, grid = self.draws_to_check(fit), self.grid(fit)
        coarse, fine = (self._log_likelihood(fit, draws, each) for each in (grid, grid.finer))
        return {QUADRATURE_ERROR: float(np.abs(fine - coarse).max())}

    def draws_to_check(self, fit) -> np.ndarray:
        """Draws here and there, those with the largest loadings among them."""
        size = np.abs(self.loading(fit)).max(axis=(1, 2))
        largest = np.argsort(size, kind="stable")[-DRAWS_CHECKED // 2 :]
        spread = np.linspace(0, fit.n_draws - 1, DRAWS_CHECKED // 2).astype(int)
        return np.unique(np.concatenate([largest, spread]))

    def _log_likelihood(self, fit, draws: np.ndarray, grid: PersonGrid) -> np.ndarray:
        """Log-likelihood of all respondents with a grid, shape (draw,)."""
        first, _ = fit.distinct_answers
        _, answers = np.unique(fit.answer_pattern, return_inverse=True)
        total = []
        for draw in draws:
            which = slice(draw, draw + 1)
            of_persons = self.typical(fit)[which], self.loading(fit)[which], self.scores(fit), grid
            log_answers = log_density_of_answers(*of_persons, fit.codes[first])[0]
            log_class = fit.log_class(slice(None), which)[0]  # (pattern or 1, latent_class)
            rows = np.logaddexp.reduce(log_class + log_answers[answers.reshape(-1)], axis=-1)
            total.append(fit.weight @ rows)
        return np.array(total)

    @staticmethod
    def typical(fit) -> np.ndarray:
        """Answer probabilities of the typical person, 0 beyond categories; (draw, latent_class, item, category)."""
        values = fit.parameter(of_typical_person(ITEM_PROBABILITY), CLASS, ITEM, CATEGORY)
        return fit.once("typical person", lambda: np.nan_to_num(off_axis(values, fit.labels)))

    @staticmethod
    def loading(fit) -> np.ndarray:
        """Loadings, shape (draw, style, item)."""
        return fit.parameter(STYLE_LOADING, STYLE, ITEM)

    @staticmethod
    def scores(fit) -> np.ndarray:
        """Scores of the categories, shape (style, item, category)."""
        return style_scores([len(of_item) for of_item in fit.labels], fit.posterior[STYLE].to_numpy().tolist())

    @staticmethod
    def grid(fit) -> PersonGrid:
        """Persons that stand for all."""
        return PersonGrid.of(int(fit.attributes[QUADRATURE_NODES]), fit.posterior.sizes[STYLE])


def with_finer_nodes(fit):
    """The fit with twice the nodes for each trait of the persons who are summed out."""
    tree = fit.tree.copy()
    tree.attrs = dict(fit.attributes) | {QUADRATURE_NODES: 2 * int(fit.attributes[QUADRATURE_NODES])}
    return replace(fit, tree=tree, _kept={})


register(
    MEASUREMENT,
    "CommonMethod",
    AnswersOfPersons("items that share a common method: answers depend on a person's style as well as on the class"),
    home=__name__,
)
