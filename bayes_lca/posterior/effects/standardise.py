"""Class probabilities averaged over rows of covariates: the calculation behind predictions, effects, comparisons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from bayes_lca.data.design import Design
from bayes_lca.fitted.design import finest
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.random_effects import RandomEffectDraws
from bayes_lca.posterior.effects.covariate_rows import Rows
from bayes_lca.posterior.effects.estimand import Group


@dataclass(frozen=True)
class Averages:
    """What rows are averaged into.

    Attributes
    ----------
    rows : Rows
    labels : pandas.DataFrame, shape (target, 2) or (1, 0)
        Columns ``grouping`` and ``group``, none where nothing but the covariates counts.
    weight : sparse array, shape (target, row)
        Each target's weights add up to 1.
    effects : mapping of str to RandomEffectDraws, optional
        Of a new group, in place of those of the groups that were seen.
    """

    rows: Rows
    labels: pd.DataFrame
    weight: sparse.csr_array
    effects: Mapping[str, RandomEffectDraws] | None = None


def averages_of(fit: Fit, design: Design, rows: Rows, count: np.ndarray, group: Group, seed: int) -> Averages:
    """Averages over rows that `count` respondents share: over all, over those of each group, or all in a new group.

    Rows without groups, or moved to a new group, have one average: over all of them. The same seed gives the same new
    group.
    """
    everybody = sparse.csr_array((count / count.sum())[None, :])
    if group == "new":
        rng = np.random.default_rng(seed)
        effects = {name: fit.structural.effects_of_new_groups(fit, name, slice(None), rng) for name in fit.groupings}
        label = pd.DataFrame([(finest(design).name, "a new group")], columns=["grouping", "group"])
        moved = Rows(rows.covariates, {name: np.zeros(len(rows), dtype=int) for name in effects})
        return Averages(moved, label, everybody, effects)
    groupings = [grouping for grouping in design.groupings if grouping.name in rows.group]
    if not groupings:
        return Averages(rows, pd.DataFrame(index=[0]), everybody)
    labels, weight = [("overall", f"these {len(finest(design).levels)} groups")], [np.ones(len(rows))]
    for grouping in groupings:
        labels += [(grouping.name, level) for level in grouping.levels]
        weight += [rows.group[grouping.name] == position for position in range(len(grouping.levels))]
    weight = np.array(weight) * count
    weight = sparse.csr_array(weight / weight.sum(axis=1, keepdims=True))
    return Averages(rows, pd.DataFrame(labels, columns=["grouping", "group"]), weight)


def class_probabilities_in_blocks(
    fit: Fit,
    matrix: np.ndarray,
    group: Mapping[str, np.ndarray],
    effects: Mapping[str, RandomEffectDraws] | None = None,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Class probabilities at rows of a design, some draws at a time.

    Parameters
    ----------
    fit : Fit
    matrix : ndarray, shape (row, term)
    group : mapping of str to ndarray of int, shape (row,)
    effects : mapping of str to RandomEffectDraws, optional
        Of all draws, in place of those of the groups that were seen.

    Yields
    ------
    which : slice
        Draws, chains after each other.
    probability : ndarray, shape (draw, row, latent_class)
    """
    for which in fit.blocks(len(matrix)):
        of_draws = {name: of_grouping.in_draws(which) for name, of_grouping in (effects or {}).items()}
        probability = np.exp(fit.structural.log_class(fit, matrix, group, which, of_draws))
        yield which, np.broadcast_to(probability, (len(probability), len(matrix), len(fit.classes)))


def average_class_probabilities(
    fit: Fit,
    design: Design,
    rows: Rows,
    weight: sparse.csr_array,
    effects: Mapping[str, RandomEffectDraws] | None = None,
) -> np.ndarray:
    r"""Weighted sums of class probabilities, :math:`\sum_r w_{tr} P(c \mid x_r, g_r)`, in every draw.

    Parameters
    ----------
    fit : Fit
    design : Design
        Of the fit: rows are encoded by its formula.
    rows : Rows
        Coded as the covariates of the design are.
    weight : sparse array, shape (target, row)
    effects : mapping of str to RandomEffectDraws, optional

    Returns
    -------
    ndarray, shape (draw, target, latent_class)
    """
    matrix = design.evaluate(rows.covariates)
    sums = []
    for which, probability in class_probabilities_in_blocks(fit, matrix, rows.group, effects):
        by_row = probability.transpose(1, 0, 2).reshape(len(rows), -1)  # (row, draw-class)
        summed = (weight @ by_row).reshape(weight.shape[0], which.stop - which.start, -1)
        sums.append(summed.transpose(1, 0, 2))
    return np.concatenate(sums)
