"""Maximum likelihood of classes at two levels, of respondents and of their groups, from many starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy

from bayes_lca.likelihood.families import Family, Parameters
from bayes_lca.likelihood.group_shares import (
    FIRST_STEPS,
    BothLevels,
    GroupTable,
    expect_both_levels,
    random_group_shares,
    shares_of,
)
from bayes_lca.likelihood.mixture import SAME_MAXIMUM, Mixture
from bayes_lca.likelihood.without_bound import refuse_unbounded

NUMBERS_AT_ONCE = 2**22
"""Starts x (classes + group classes) x rows held in memory at a time."""


@dataclass(frozen=True, eq=False)
class GroupMixtureFit:
    """The best maximum that starts reached, classes of both levels in decreasing order of their shares.

    Attributes
    ----------
    log_likelihood : float
    n_parameters : int
    group_class_share : ndarray, shape (group_class,)
    class_share : ndarray, shape (group_class, latent_class)
        Of the classes within each group class.
    parameters : tuple of mappings of str to ndarray
        Of each family, in the units of the items, shape (latent_class, item, ...).
    group_membership : ndarray, shape (group, group_class)
    expected : ndarray, shape (latent_class, row)
        Expected members of each class among the respondents with each row.
    n_starts, best_starts, converged_starts : int
        Starts followed to their ends, those that reached this maximum, and those that ended before the last step.
    """

    log_likelihood: float
    n_parameters: int
    group_class_share: np.ndarray
    class_share: np.ndarray
    parameters: tuple[Parameters, ...]
    group_membership: np.ndarray
    expected: np.ndarray
    n_starts: int
    best_starts: int
    converged_starts: int

    @property
    def bic_of_groups(self) -> float:
        """BIC with as many observations as groups, which are what is independent."""
        return -2 * self.log_likelihood + self.n_parameters * float(np.log(len(self.group_membership)))

    def bic_of_respondents(self, n: int) -> float:
        """BIC with as many observations as respondents."""
        return -2 * self.log_likelihood + self.n_parameters * float(np.log(n))

    @property
    def group_entropy(self) -> float:
        """How surely groups are classified: relative entropy, 1 for all certain; not a number for one class."""
        n_groups, n_classes = self.group_membership.shape
        entropy = -scipy.special.xlogy(self.group_membership, self.group_membership).sum()
        return float(1 - entropy / (n_groups * np.log(n_classes))) if n_classes > 1 else np.nan


def fit_group_mixture(
    families: Sequence[Family],
    group: np.ndarray,
    row: np.ndarray,
    counts: np.ndarray,
    n_classes: int,
    n_group_classes: int,
    *,
    n_starts: int = 50,
    n_final: int = 10,
    seed: int = 0,
    tolerance: float = 1e-8,
    max_steps: int = 5000,
) -> GroupMixtureFit:
    r"""Fit classes of respondents and classes of groups by maximum likelihood.

    Maximises

    .. math:: \sum_g \log \sum_w \omega_w \prod_{i \in g} \sum_c \pi_{wc} \prod_m p_m(y_{im} \mid c)

    by expectation-maximisation over both levels. Random starts make a few steps, and the best are followed until a
    step gains less than `tolerance`. A start is a class for each of some rows drawn at random, everybody else in that
    of the nearest, and a group class for each of some groups drawn at random.

    Parameters
    ----------
    families : sequence of Family
        Of distinct rows of answers.
    group, row, counts : ndarray, shape (pattern,)
        Group, distinct row of answers and number of respondents of each pattern.
    n_classes, n_group_classes : int
    n_starts, n_final : int
        Random starts, and how many of them are followed to their ends.
    seed : int
    tolerance : float
        In units of the log-likelihood.
    max_steps : int

    Returns
    -------
    GroupMixtureFit

    Raises
    ------
    UnboundedLikelihoodError
        If all starts end where the likelihood has no bound.

    References
    ----------
    Vermunt, J. K. (2004). An EM algorithm for the estimation of parametric and nonparametric hierarchical nonlinear
    models. Statistica Neerlandica 58(2), 220-233. doi 10.1046/j.0039-0402.2003.00257.x

    Examples
    --------
    >>> from bayes_lca.likelihood.categorical_family import CategoricalFamily
    >>> family = CategoricalFamily(np.array([[0, 0, 0], [1, 1, 1]]), (2, 2, 2))
    >>> group, row = np.repeat(np.arange(8), 2), np.tile([0, 1], 8)
    >>> counts = np.tile([9, 1, 1, 9], 4)
    >>> found = fit_group_mixture([family], group, row, counts, 2, 2)
    >>> found.group_class_share.round(2), np.sort(found.class_share[:, 0]).round(2)
    (array([0.5, 0.5]), array([0.1, 0.9]))
    """
    levels = Levels.of(families, group, row, counts)
    settings = {"n_starts": n_starts, "n_final": n_final, "seed": seed, "tolerance": tolerance, "max_steps": max_steps}
    best, counted = best_of_starts(levels, n_classes, n_group_classes, **settings)
    return levels.end(best, **counted)


def best_of_starts(
    levels: "Levels",
    n_classes: int,
    n_group_classes: int,
    *,
    n_starts: int,
    n_final: int,
    seed: int,
    tolerance: float,
    max_steps: int,
) -> tuple["_State", dict[str, int]]:
    """The end of the best of many starts, and how many reached it; see `fit_group_mixture`."""
    rng = np.random.default_rng(seed)
    n_starts = n_starts if n_classes * n_group_classes > 1 else 1
    batch = max(1, NUMBERS_AT_ONCE // levels.numbers_of_start(n_classes, n_group_classes))
    sizes = np.diff([*range(0, n_starts, batch), n_starts])
    first = [levels.climb(levels.random(n_classes, n_group_classes, size, rng), 0.0, FIRST_STEPS) for size in sizes]
    states, log_likelihood, _ = _joined(first)
    order = np.argsort(-log_likelihood, kind="stable")[:n_final]
    ends = [
        levels.climb(_some(states, order[place : place + batch]), tolerance, max_steps)
        for place in range(0, len(order), batch)
    ]
    states, log_likelihood, converged = _joined(ends)
    n_parameters = levels.n_parameters(n_classes, n_group_classes)
    degenerate = refuse_unbounded(levels.degenerate_items(states), n_classes, converged, n_parameters)
    height = np.where(degenerate, -np.inf, log_likelihood)
    best = int(height.argmax())
    counted = {
        "n_starts": len(height),
        "best_starts": int((height > height[best] - SAME_MAXIMUM).sum()),
        "converged_starts": int(converged.sum()),
    }
    return _some(states, np.array([best])), counted


_State = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Shares of group classes, class shares within each, and sums of features over members, of several starts."""


def _some(states: _State, which: np.ndarray) -> _State:
    return tuple(each[which] for each in states)


def _joined(parts) -> tuple[_State, np.ndarray, np.ndarray]:
    states, log_likelihood, converged = zip(*parts, strict=True)
    joined = tuple(np.concatenate(each) for each in zip(*states, strict=True))
    return joined, np.concatenate(log_likelihood), np.concatenate(converged)


@dataclass(frozen=True, eq=False)
class Levels:
    """Answers of distinct rows, and how often each occurs in each group."""

    mixture: Mixture
    table: GroupTable

    @classmethod
    def of(cls, families: Sequence[Family], group: np.ndarray, row: np.ndarray, counts: np.ndarray) -> Self:
        """From group, distinct row of answers and number of respondents of each pattern, shape (pattern,)."""
        return cls(Mixture(tuple(families), np.bincount(row, weights=counts)), GroupTable.of(group, row, counts))

    def numbers_of_start(self, n_classes: int, n_group_classes: int) -> int:
        """Numbers that one start takes in memory."""
        return (n_classes + n_group_classes) * self.table.count.shape[1]

    def random(self, n_classes: int, n_group_classes: int, n_starts: int, rng: np.random.Generator) -> _State:
        """Random starts."""
        sums = self.mixture.random_sums(n_classes, n_starts, rng)
        class_share = random_group_shares(self.log_density(sums), self.table, n_group_classes, n_starts, rng)
        return np.full(class_share.shape[:2], 1 / n_group_classes), class_share, sums

    def log_density(self, sums: np.ndarray) -> np.ndarray:
        """Of distinct rows given the class, up to a constant of the row, shape (start, latent_class, row)."""
        share, parameters = self.mixture.estimate(sums)
        return self.mixture.log_joint(np.ones_like(share), parameters)

    def expect(self, states: _State) -> BothLevels:
        """Who belongs where; the log-likelihood lacks the constants of rows."""
        share, class_share, sums = states
        return expect_both_levels(share, class_share, self.log_density(sums), self.table)

    def climb(self, states: _State, tolerance: float, most_steps: int) -> tuple[_State, np.ndarray, np.ndarray]:
        """Steps of all starts until each gains less than the tolerance: states, log-likelihoods, who converged."""
        states, before = tuple(each.copy() for each in states), np.full(len(states[0]), -np.inf)
        running = np.arange(len(before))
        for _ in range(most_steps):
            both = self.expect(_some(states, running))
            climbing = np.abs(both.log_likelihood - before[running]) >= tolerance
            before[running] = both.log_likelihood
            running = running[climbing]
            if not len(running):
                break
            new = (
                shares_of(both.group_membership.sum(axis=-1)),
                shares_of(both.share_of_rows),
                both.expected @ self.mixture.transposed.T,
            )
            for state, values in zip(states, new, strict=True):
                state[running] = values[climbing]
        converged = np.ones(len(before), dtype=bool)
        converged[running] = False
        return states, before + self.mixture.constant @ self.mixture.counts, converged

    def n_parameters(self, n_classes: int, n_group_classes: int) -> int:
        """Free ones."""
        of_items = sum(family.n_parameters(n_classes) for family in self.mixture.families)
        return n_group_classes - 1 + n_group_classes * (n_classes - 1) + of_items

    def degenerate_items(self, states: _State) -> list[np.ndarray]:
        """In which items of each family the likelihood has no bound where a start ended, shape (start, item)."""
        _, parameters = self.mixture.estimate(states[2])
        families = zip(self.mixture.families, parameters, strict=True)
        return [family.degenerate_items(of) for family, of in families]

    def end(self, state: _State, **counted: int) -> GroupMixtureFit:
        """One end, classes in order."""
        share, class_share, sums = state
        of_classes = np.argsort(-(share[0] @ class_share[0]), kind="stable")
        of_groups = np.argsort(-share[0], kind="stable")
        share, class_share = share[:, of_groups], class_share[:, of_groups][:, :, of_classes]
        state = share, class_share, sums[:, of_classes]
        both = self.expect(state)
        families = self.mixture.families
        _, parameters = self.mixture.estimate(state[2])
        n_group_classes, n_classes = class_share.shape[1:]
        return GroupMixtureFit(
            log_likelihood=float(both.log_likelihood[0] + self.mixture.constant @ self.mixture.counts),
            n_parameters=self.n_parameters(n_classes, n_group_classes),
            group_class_share=share[0],
            class_share=class_share[0],
            parameters=tuple(
                {name: each[0] for name, each in family.in_units(of).items()}
                for family, of in zip(families, parameters, strict=True)
            ),
            group_membership=both.group_membership[0].T,
            expected=both.expected[0],
            **counted,
        )
