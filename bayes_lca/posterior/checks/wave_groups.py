"""How far groups depart from a latent transition model: answers and class shares at every wave, and how many move."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from bayes_lca.fitted.column_levels import ColumnLevels
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.thinning import draws_used
from bayes_lca.posterior.checks.answer_residuals import structural_columns
from bayes_lca.posterior.checks.direct_effects import LEAST_VARIANCE
from bayes_lca.posterior.checks.pair_residuals import NOTHING_LEFT
from bayes_lca.posterior.checks.score_regression import ScoreRegression, gives_covariance
from bayes_lca.posterior.checks.wave_contributions import TransitionColumns, WaveContributions
from bayes_lca.posterior.checks.wave_parameters import WaveParameters, wave_parameters


@dataclass(frozen=True, eq=False)
class GroupDiscrepancies:
    r"""Departures of groups, one value of everything per draw used; data set 0 is observed, 1 replicated.

    Each statistic is the quadratic form of counts less expected counts, freed of the scores of the model,

    .. math:: T = \tilde R^\top (V + \tfrac12 I)^{-1} \tilde R, \qquad V = \operatorname{var}(\tilde R)

    over the directions in which the scores leave anything.

    Attributes
    ----------
    levels : ColumnLevels
        Group of every person.
    answers : ndarray, shape (data set, draw, group, wave, item, category)
        Counts.
    answers_expected : ndarray, shape (draw, group, wave, item, category)
        Given covariates and group, before answers are seen.
    members : ndarray, shape (data set, draw, group, wave, latent_class)
        Persons of each class among those who answered at the wave, given all answers.
    members_expected : ndarray, shape (draw, group, wave, latent_class)
        Given covariates and group, before answers are seen.
    moves : ndarray, shape (data set, draw, group, step)
        Persons who moved to another class, given all answers.
    moves_expected : ndarray, shape (draw, group, step)
        Given covariates and group, before answers are seen.
    seen : ndarray of int, shape (group, wave)
        Who answered at the wave.
    persons : ndarray of int, shape (group, step)
        Who were seen after the step or later.
    answer_statistic : ndarray, shape (data set, draw, group, wave, item)
        T of the categories of an item.
    member_statistic : ndarray, shape (data set, draw, group, wave)
        T of the classes.
    move_statistic : ndarray, shape (data set, draw, group, step)
        T of those who moved.
    """

    levels: ColumnLevels
    answers: np.ndarray
    answers_expected: np.ndarray
    members: np.ndarray
    members_expected: np.ndarray
    moves: np.ndarray
    moves_expected: np.ndarray
    seen: np.ndarray
    persons: np.ndarray
    answer_statistic: np.ndarray
    member_statistic: np.ndarray
    move_statistic: np.ndarray

    @property
    def left_out(self) -> list[str]:
        """Persons without a group, as a part of a note; nothing where all have one."""
        n = int((self.levels.index < 0).sum())
        return [f"{n} of {len(self.levels.index)} persons without {self.levels.name!r} left out"] if n else []


def group_discrepancies(fit: Fit, levels: ColumnLevels, step: int, seed: int) -> GroupDiscrepancies:
    r"""Departures of groups in every `step`-th draw, each with one replicated data set.

    Of group g at wave t, counts of answers beside :math:`\sum_{i \in g} \sum_c P(z_{it} = c \mid x_i) \rho_{cjk}`;
    of classes, :math:`\sum_{i \in g} P(z_{it} = c \mid y_i, x_i)`, and of a step
    :math:`\sum_{i \in g} P(z_{it} \ne z_{i,t+1} \mid y_i, x_i)`, each beside the same before answers are seen.

    Parameters
    ----------
    fit : Fit
    levels : ColumnLevels
    step : int
    seed : int
        Of the replicated answers.
    """
    paths, rng = paths_of(fit), np.random.default_rng(seed)
    n_waves, n_items = len(paths.waves), len(fit.items)
    codes = fit.answers_of_respondents.reshape(-1, n_waves, n_items)
    answered, columns = codes >= 0, TransitionColumns.of(fit)
    in_group = [np.flatnonzero(levels.index == group) for group in range(len(levels.labels))]
    at_waves = list(product(in_group, range(n_waves)))
    made = paths.moved[fit.pattern_of_respondent]  # (respondent, step)
    n_used, structural = draws_used(fit, step), structural_columns(fit)
    counts, counts_expected, moves, moves_expected = ([], []), [], ([], []), []
    of_waves, of_steps = ScoreRegression(structural), ScoreRegression(structural)
    for place, parameters in enumerate(wave_parameters(fit, step)):
        expected, moving = _expected(parameters, answered), _expected_moves(parameters) * made
        counts_expected.append(levels.sums(expected))
        moves_expected.append(levels.sums(moving))
        for data_set, given in enumerate((codes, parameters.replicate(codes, rng))):
            added = WaveContributions.of(given, parameters, columns)
            counted, moved = _counted(added, answered), made * (1 - np.einsum("sccqi->is", added.moves))
            counts[data_set].append(levels.sums(counted))
            moves[data_set].append(levels.sums(moved))
            of_waves.add_totals(data_set, counts[data_set][-1] - counts_expected[-1], added)
            of_steps.add_totals(data_set, moves[data_set][-1] - moves_expected[-1], added)
        if gives_covariance(place, n_used, len(codes)):
            of_wave, of_step = counted - expected, moved - moving
            of_waves.add_respondents((of_wave[who, t] for who, t in at_waves), added, (who for who, _ in at_waves))
            of_steps.add_respondents((of_step[who] for who in in_group), added, in_group)
    of_item = n_items * added.chosen.shape[-1]
    answer_shape, seen = (n_waves, n_items, -1), answered.any(axis=2).astype(float)
    answer_statistic, member_statistic = _statistics_of_waves(*of_waves.unexplained(), n_items, of_item)
    residual, covariance = of_steps.unexplained()
    variance = covariance.diagonal(axis1=1, axis2=2)[..., None, None]  # (group, step, 1, 1)
    counts, counts_expected = np.array(counts), np.array(counts_expected)
    return GroupDiscrepancies(
        levels,
        answers=counts[..., :of_item].reshape(*counts.shape[:3], *answer_shape),
        answers_expected=counts_expected[..., :of_item].reshape(*counts_expected.shape[:2], *answer_shape),
        members=counts[..., of_item:],
        members_expected=counts_expected[..., of_item:],
        moves=np.array(moves),
        moves_expected=np.array(moves_expected),
        seen=levels.sums(seen).astype(int),
        persons=levels.sums(made).astype(int),
        answer_statistic=answer_statistic,
        member_statistic=member_statistic,
        move_statistic=_quadratic_form(residual[..., None], variance),
    )


def _counted(added: WaveContributions, answered: np.ndarray) -> np.ndarray:
    """Answers to all items, then classes given all answers, of each person; shape (respondent, wave, cell)."""
    chosen = np.moveaxis(added.chosen, 2, 0)  # (respondent, wave, item, category)
    classes = np.einsum("tcqi->itc", added.membership) * answered.any(axis=2)[..., None]
    return np.concatenate([chosen.reshape(*chosen.shape[:2], -1), classes], axis=2)


def _expected(parameters: WaveParameters, answered: np.ndarray) -> np.ndarray:
    """The same given covariates and group, before answers are seen."""
    rho = np.einsum("tcqjk,q->tcjk", parameters.rho, parameters.weight)
    answers = np.einsum("tci,tcjk->itjk", parameters.share, rho, optimize=True) * answered[..., None]
    classes = np.einsum("tci->itc", parameters.share) * answered.any(axis=2)[..., None]
    return np.concatenate([answers.reshape(*answers.shape[:2], -1), classes], axis=2)


def _expected_moves(parameters: WaveParameters) -> np.ndarray:
    """Probability of moving at each step given covariates and group, shape (respondent, step)."""
    staying = [np.einsum("cci->ci", each) for each in parameters.transition]  # (latent_class, respondent)
    moving = [(share * (1 - stay)).sum(axis=0) for share, stay in zip(parameters.share, staying, strict=False)]
    return np.stack(moving, axis=1)


def _statistics_of_waves(
    residual: np.ndarray, covariance: np.ndarray, n_items: int, of_item: int
) -> tuple[np.ndarray, np.ndarray]:
    """T of items, (data set, draw, group, wave, item), and of classes, (data set, draw, group, wave)."""
    n_groups, n_waves = residual.shape[2:4]
    covariance = covariance.reshape(n_groups, n_waves, *covariance.shape[1:])
    n_categories = of_item // n_items
    blocks = [slice(start, start + n_categories) for start in range(0, of_item, n_categories)]
    items = [_quadratic_form(residual[..., cells], covariance[..., cells, cells]) for cells in blocks]
    classes = slice(of_item, None)
    return np.stack(items, axis=-1), _quadratic_form(residual[..., classes], covariance[..., classes, classes])


def _quadratic_form(residual: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """T of residuals on the last axis, in directions that the scores do not fix; exactly 0 where they fix all.

    Where the formula has the group they fix its class shares at the first wave, if all answered it, not those of later
    waves, nor answers.

    Parameters
    ----------
    residual : ndarray, shape (data set, draw, *block, cell)
    covariance : ndarray, shape (*block, cell, cell)
    """
    variance, direction = np.linalg.eigh(covariance)
    along = np.einsum("ds...a,...ab->ds...b", residual, direction, optimize=True)
    free = variance > NOTHING_LEFT
    return (np.where(free, along, 0.0) ** 2 / (np.where(free, variance, 0.0) + LEAST_VARIANCE)).sum(axis=-1)
