"""Answers of persons beside those of the typical one: what tells persons apart is a few sums of scores."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytensor.tensor as pt

from bayes_lca.likelihood.person import PersonGrid, scores_from_first


@dataclass(frozen=True, eq=False)
class Persons:
    r"""Persons of a grid, whose answers have probabilities :math:`\rho_{cjr} o_{jr}(u) / s_{cj}(u)`.

    .. math::
        o_{jr}(u) = \exp \Bigl(\sum_t \lambda_{tj} s_{tjr} u_t\Bigr), \qquad s_{cj}(u) = \sum_r \rho_{cjr} o_{jr}(u)

    Scores count from the first category of each item here, for a constant of the item cancels. Where loadings are
    equal, categories of equal scores have one :math:`o`.

    Attributes
    ----------
    rho : TensorVariable, shape (latent_class, item, category)
        Of the typical person; 0 beyond the categories of an item.
    lam : TensorVariable, shape (style, item)
    scores : ndarray, shape (style, item, category)
    grid : PersonGrid
    equal : bool
        Whether all items have the same loading.
    """

    rho: Any
    lam: Any
    scores: np.ndarray
    grid: PersonGrid
    equal: bool

    @cached_property
    def _loading(self):
        """Loadings that differ, shape (style, item) or (style, 1)."""
        return self.lam[:, 0, None] if self.equal else self.lam

    @cached_property
    def _score_of_category(self) -> np.ndarray:
        """Shape (style, item, category)."""
        return scores_from_first(self.scores)

    @cached_property
    def _steps(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores that differ, shape (style, step), and which categories have them, shape (item, category, step)."""
        scores = self._score_of_category
        step, place = np.unique(scores.reshape(len(scores), -1), axis=1, return_inverse=True)
        return step, place.reshape(*scores.shape[1:], 1) == np.arange(step.shape[1])

    @cached_property
    def _odds(self):
        """Of categories, shape (node, item, category); of steps where loadings are equal, shape (node, step)."""
        if self.equal:
            return pt.exp(pt.dot(self.grid.nodes, self._loading * self._steps[0]))
        u = self.grid.nodes[:, :, None, None]  # (node, style, 1, 1)
        return pt.exp((u * self._loading[:, :, None] * self._score_of_category).sum(axis=1))

    @cached_property
    def _total(self):
        r""":math:`s_{cj}(u)`, shape (node, latent_class, item)."""
        if not self.equal:
            return (self.rho * self._odds[:, None]).sum(axis=-1)
        of_steps = (self.rho[..., None] * self._steps[1]).sum(axis=2)  # (latent_class, item, step)
        total = pt.dot(self._odds, of_steps.reshape((-1, of_steps.shape[2])).T)
        return total.reshape((len(self.grid.nodes), *self.rho.shape[:2]))

    def answers(self):
        """Answer probabilities of classes, averaged over their persons, shape (latent_class, item, category)."""
        if not self.equal:
            weight = self.grid.weight[:, None, None, None]
            return self.rho * (weight * self._odds[:, None] / self._total[..., None]).sum(axis=0)
        weighted = self.grid.weight[:, None] * self._odds  # (node, step)
        ratio = pt.dot(weighted.T, (1 / self._total).reshape((len(self.grid.nodes), -1)))
        ratio = ratio.reshape((self._steps[0].shape[1], *self.rho.shape[:2])).transpose(
            1, 2, 0
        )  # (latent_class, item, step)
        return self.rho * (ratio[:, :, None] * self._steps[1]).sum(axis=-1)

    def log_ratio_to_typical(self, value, log_weight: np.ndarray):
        r"""Log density of answers given class and person, less that of the typical person of the class.

        .. math::
            \log \frac{p(y \mid c, u)}{p(y \mid c, 0)} = \sum_t u_t \sum_{j\,\text{answered}} \lambda_{tj} s_{tjy_j}
            - \sum_{j\,\text{answered}} \log s_{cj}(u)

        Where loadings are equal, it depends on the sums of the scores and on which items are answered, so that all
        patterns that share these share it.

        Parameters
        ----------
        value : TensorVariable, shape (pattern, item)
            Codes, -1 where missing.
        log_weight : ndarray, shape (node,)
            What is added for each person.

        Returns
        -------
        TensorVariable, shape (node, latent_class, pattern)
        """
        n_nodes, n_classes = len(self.grid.nodes), self.rho.shape[0]
        slope = (self.grid.nodes[:, :, None] * self._loading).reshape((n_nodes, 1, -1))
        log_weight = pt.as_tensor(log_weight)[:, None, None]
        of_person = [slope, log_weight, -pt.log(self._total)]
        of_person = [pt.broadcast_to(each, (n_nodes, n_classes, each.shape[2])) for each in of_person]
        of_person = pt.concatenate(of_person, axis=2).reshape((n_nodes * n_classes, -1))
        log_ratio = pt.dot(of_person, self._of_answers(pt.cast(value, "int64")))
        return log_ratio.reshape((n_nodes, n_classes, -1))

    def _of_answers(self, code):
        """Of each pattern the scores, or their sums, one, and whether items are answered; shape (..., pattern)."""
        scores = np.pad(self._score_of_category, [(0, 0), (0, 0), (0, 1)])  # a missing answer, -1, has the last one, 0
        score = pt.as_tensor(scores)[:, np.arange(scores.shape[1]), code].transpose(0, 2, 1)  # (style, item, pattern)
        if self.equal:
            score = score.sum(axis=1, keepdims=True)
        return pt.concatenate([score.reshape((-1, code.shape[0])), pt.ones_like(code[None, :, 0]), pt.ge(code, 0).T])
