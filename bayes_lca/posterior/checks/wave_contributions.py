"""What each respondent adds to the scores of a latent transition model, and to the residuals of pairs of answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayes_lca.dims import group_slope, group_terms
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_items import items_free_over_waves
from bayes_lca.fitted.paths import FittedPaths, paths_of
from bayes_lca.likelihood.answers import log_probability_of_answers
from bayes_lca.likelihood.paths import smooth_paths
from bayes_lca.posterior.checks.wave_parameters import WaveParameters

Place = tuple[int, int]
"""A wave and an item, by position."""


@dataclass(frozen=True, eq=False)
class TransitionColumns:
    """Columns whose coefficients make up the transition logits, beside their constants.

    Attributes
    ----------
    of_slopes, of_groups : ndarray, shape (step, respondent, column)
        Standardised covariates; indicators of groups and covariates whose slopes vary by group times these.
    by_origin : bool
        Whether slopes differ by the class that is left.
    is_free : ndarray of bool, shape (item,)
        Whether every wave has its own probabilities of an item.
    equal_steps : bool
        Whether all steps share their constants.
    by_parameter : ndarray, optional
        As in `IndependentAnswers`.
    """

    of_slopes: np.ndarray
    of_groups: np.ndarray
    by_origin: bool
    is_free: np.ndarray
    equal_steps: bool
    by_parameter: np.ndarray | None

    @classmethod
    def of(cls, fit: Fit) -> "TransitionColumns":
        """Those of a fit."""
        paths, of_respondent = paths_of(fit), fit.pattern_of_respondent
        matrix = paths.transition_matrix - paths.transition_center  # (pattern, step, term)
        scale = matrix[paths.moved].std(axis=0)
        standardised = np.moveaxis((matrix / np.where(scale > 0, scale, 1.0))[of_respondent], 1, 0)
        parts = [np.empty((*standardised.shape[:2], 0))]
        for name, index in paths.transition_group.items():
            groups = np.arange(fit.encoding.sizes[name])
            in_group = (index.T[:, of_respondent, None] == groups).astype(float)  # (step, respondent, group)
            parts.append(in_group)
            parts.extend(in_group * standardised[..., [term]] for term in _varying(fit, paths, name))
        return cls(
            of_slopes=standardised,
            of_groups=np.concatenate(parts, axis=-1),
            by_origin=bool(fit.specification["transition"]["by_origin"]),
            is_free=np.isin(fit.items, items_free_over_waves(fit)),
            equal_steps=paths.equal_over_time,
            by_parameter=fit.answers.independent(fit).by_parameter,
        )


def _varying(fit: Fit, paths: FittedPaths, grouping: str) -> list[int]:
    if group_slope(grouping) not in fit.posterior:
        return []
    return [paths.transition_terms.index(str(term)) for term in fit.posterior[group_terms(grouping)].to_numpy()]


@dataclass(frozen=True, eq=False)
class WaveContributions:
    r"""Scores of respondents at one value of the parameters.

    With :math:`w_{itcq}` the probability of class c at wave t and of person q given all answers, and
    :math:`v_{itcd}` that of moving from c to d,

    .. math::
        s_{icqjk} = \sum_t w_{itcq} (1[y_{itj} = k] - \rho_{tcqjk}), \qquad
        s_{ic} = w_{i1c} - P(z_1 = c \mid x_i, g_i), \qquad
        s_{icd} = \sum_{t > 1} \bigl(v_{itcd} - w_{i,t-1,c} P(z_t = d \mid z_{t-1} = c, x_{it}, g_{it})\bigr)

    Attributes
    ----------
    chosen : ndarray, shape (wave, item, respondent, category)
        One for the answer given.
    membership : ndarray, shape (wave, latent_class, person, respondent)
    moves : ndarray, shape (step, origin, destination, person, respondent)
    parameters : WaveParameters
    columns : TransitionColumns
    """

    chosen: np.ndarray
    membership: np.ndarray
    moves: np.ndarray
    parameters: WaveParameters
    columns: TransitionColumns

    @classmethod
    def of(cls, codes: np.ndarray, parameters: WaveParameters, columns: TransitionColumns) -> "WaveContributions":
        """Of answers of shape (respondent, wave, item)."""
        rho, n_waves = parameters.rho, codes.shape[1]
        n_classes, n_persons = rho.shape[1:3]
        log_answers = np.stack(
            [
                log_probability_of_answers(rho[t].reshape(-1, *rho.shape[3:]), codes[:, t]).T.reshape(
                    n_classes, n_persons, -1
                )
                for t in range(n_waves)
            ]
        )
        transition = [each[:, :, None] for each in parameters.transition]
        smoothed = smooth_paths(parameters.initial[:, None], transition, log_answers)
        log_joint = smoothed.log_likelihood + np.log(parameters.weight)[:, None]  # (person, respondent)
        person = np.exp(log_joint - np.logaddexp.reduce(log_joint, axis=0))
        chosen = (codes.transpose(1, 2, 0)[..., None] == np.arange(rho.shape[-1])).astype(float)
        return cls(chosen, smoothed.membership * person, smoothed.moves * person, parameters, columns)

    @property
    def logit_score(self) -> np.ndarray:
        """Derivative by the class logits of the first wave, shape (respondent, latent_class)."""
        return (self.membership[0].sum(axis=1) - self.parameters.initial).T

    @property
    def parameter_score(self) -> np.ndarray:
        """Derivative by item parameters and transition logits, shape (respondent, parameter)."""
        return np.concatenate([*self._item_scores(), *self._transition_scores()], axis=1)

    @property
    def parameter_score_total(self) -> np.ndarray:
        """The same summed over respondents, shape (parameter,)."""
        of_items = []
        for t, rho in enumerate(self.parameters.rho):
            counted = np.einsum("cqi,jik->cqjk", self.membership[t], self.chosen[t], optimize=True)
            of_items.append((counted - rho * counted.sum(axis=-1, keepdims=True)).reshape(1, -1))
        of_items = self._by_parameter(of_items)
        return np.concatenate([*of_items, *self._transition_scores("")], axis=1)[0]

    def _item_scores(self) -> list[np.ndarray]:
        scores = []
        for t, rho in enumerate(self.parameters.rho):
            answered = self.chosen[t].sum(axis=-1).T[:, None, None, :, None]
            chosen = self.chosen[t].transpose(1, 0, 2)[:, None, None]  # (respondent, 1, 1, item, category)
            weight = self.membership[t].transpose(2, 0, 1)[..., None, None]
            scores.append((weight * (chosen - rho * answered)).reshape(len(weight), -1))
        return self._by_parameter(scores)

    def _by_parameter(self, of_waves: list[np.ndarray]) -> list[np.ndarray]:
        """Scores of the parameters behind answer probabilities: of all waves together, then of free items at each."""
        is_free = np.broadcast_to(self.columns.is_free[:, None], self.parameters.rho.shape[1:]).ravel()
        scores = [sum(of_waves), *([each * is_free for each in of_waves[1:]] if is_free.any() else [])]
        by_parameter = self.columns.by_parameter
        return scores if by_parameter is None else [each @ by_parameter for each in scores]

    def _transition_scores(self, kept: str = "i") -> list[np.ndarray]:
        """Of constants, slopes and groups, shape (respondent, parameter); with ``""`` summed, shape (1, parameter)."""
        columns, n = self.columns, self.membership.shape[-1] if kept else 1
        left = self.membership[:-1].sum(axis=2)[:, :, None]  # (step, origin, 1, respondent)
        score = self.moves.sum(axis=3) - left * np.stack(self.parameters.transition)
        steps, origin = "" if columns.equal_steps else "s", "c" if columns.by_origin else ""
        sums = [
            np.einsum(f"scdi->{kept}{steps}cd", score),
            np.einsum(f"scdi,six->{kept}{origin}dx", score, columns.of_slopes, optimize=True),
            np.einsum(f"scdi,six->{kept}dx", score, columns.of_groups, optimize=True),
        ]
        return [each.reshape(n, -1) for each in sums]

    def residual_totals(self, pairs: Sequence[tuple[Place, Place]]) -> np.ndarray:
        """Residuals of the cells of pairs summed over respondents, shape (pair, category, category)."""
        totals = []
        for (t, j), (u, h) in pairs:
            seen = self.chosen[t, j].T @ self.chosen[u, h]
            weight, table = self._expected_of(t, j, u, h)
            totals.append(seen - ((weight @ self._both(t, j, u, h)) @ table).reshape(seen.shape))
        return np.array(totals)

    def residuals(self, pairs: Sequence[tuple[Place, Place]]) -> Iterator[np.ndarray]:
        r"""The same of each respondent, pair after pair, shape (respondent, cell).

        .. math:: r_{i,km} = 1[y_{itj} = k, y_{iuh} = m]
            - \sum_{c, d, q} P(z_t = c, z_u = d, q \mid y_i) \rho_{tcqjk} \rho_{udqhm}
        """
        for (t, j), (u, h) in pairs:
            seen = self.chosen[t, j][:, :, None] * self.chosen[u, h][:, None, :]
            weight, table = self._expected_of(t, j, u, h)
            yield seen.reshape(len(seen), -1) - (weight * self._both(t, j, u, h)).T @ table

    @cached_property
    def both_waves(self) -> dict[tuple[int, int], np.ndarray]:
        r"""Class and person at two waves given all answers, shape (origin, destination, person, respondent) each.

        .. math:: P(z_t, z_u \mid y) = P(z_t, z_{u-1} \mid y)\, P(z_{u-1}, z_u \mid y) / P(z_{u-1} \mid y)
        """
        joint = {(t, t + 1): moves for t, moves in enumerate(self.moves)}
        for u in range(2, len(self.membership)):
            here = self.membership[u - 1]
            onwards = self.moves[u - 1] / np.where(here > 0, here, 1.0)[:, None]
            for t in range(u - 1):
                joint[t, u] = np.einsum("cdqi,deqi->ceqi", joint[t, u - 1], onwards)
        return joint

    def _both(self, t: int, j: int, u: int, h: int) -> np.ndarray:
        return self.chosen[t, j].sum(axis=-1) * self.chosen[u, h].sum(axis=-1)

    def _expected_of(self, t: int, j: int, u: int, h: int) -> tuple[np.ndarray, np.ndarray]:
        """Weights of classes and persons (class, respondent), and what they answer to both (class, cell)."""
        n = self.membership.shape[-1]
        weight = self.membership[t] if t == u else self.both_waves[t, u]
        table = answers_to_both(self.parameters.rho, t, j, u, h)
        return weight.reshape(-1, n), table.reshape(-1, np.prod(table.shape[-2:]))


def answers_to_both(rho: np.ndarray, t: int, j: int, u: int, h: int) -> np.ndarray:
    """Probability of each cell of a pair, shape (class, person, ...) in a wave, (origin, destination, ...) over two."""
    first, second = rho[t, :, :, j], rho[u, :, :, h]  # (class, person, category)
    return np.einsum("cqk,cqm->cqkm" if t == u else "cqk,dqm->cdqkm", first, second)
