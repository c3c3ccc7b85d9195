r"""Maximum likelihood of classes at two levels, the classes answering in each group class in a way of their own.

.. math:: L = \sum_g \log \sum_w \omega_w \prod_{i \in g} \sum_c \pi_{wc}\, p(y_i \mid c, w)

Without covariates classes may change places within one group class and not in others, and the likelihood is the same:
they are paired by their members, whoever answers alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy

from bayes_lca.likelihood.families import Family
from bayes_lca.likelihood.group_mixture import GroupMixtureFit, Levels, best_of_starts
from bayes_lca.likelihood.group_shares import BothLevels, GroupShares, GroupTable, random_group_shares


@dataclass(frozen=True, eq=False)
class GroupProfiles:
    """The best maximum that starts reached, group classes in decreasing order of their shares.

    Attributes
    ----------
    fit : GroupMixtureFit
        Its parameters have the group class on their first axis, shape (group_class, latent_class, item, ...).
    membership : ndarray, shape (group_class, row, latent_class)
        Class probabilities of who gave the answers of a row in groups of each class.
    """

    fit: GroupMixtureFit
    membership: np.ndarray

    @property
    def shares(self) -> GroupShares:
        """Shares at the maximum."""
        fit = self.fit
        return GroupShares(fit.log_likelihood, fit.group_class_share, fit.class_share, fit.group_membership)

    def in_group_class(self, place: int) -> GroupMixtureFit:
        """The fit with the parameters of one group class."""
        parameters = tuple({name: each[place] for name, each in of.items()} for of in self.fit.parameters)
        return replace(self.fit, parameters=parameters)


def fit_group_profiles(
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
) -> GroupProfiles:
    """Fit classes of respondents, with parameters of their own in each group class, and classes of groups.

    In half of the random starts all group classes begin with the same parameters. Classes of other group classes are
    paired with those of the largest one at the least squared distance of their members' average answers.

    Parameters
    ----------
    families, group, row, counts, n_classes, n_group_classes, n_starts, n_final, seed, tolerance, max_steps
        As for `fit_group_mixture`.

    Returns
    -------
    GroupProfiles

    Examples
    --------
    >>> from bayes_lca.likelihood.categorical_family import CategoricalFamily
    >>> family = CategoricalFamily(np.array([[0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 0]]), (2, 2, 2))
    >>> group, row = np.repeat(np.arange(8), 2), np.array([0, 1, 2, 3] * 4)
    >>> found = fit_group_profiles([family], group, row, np.full(16, 9), 2, 2)
    >>> found.in_group_class(0).parameters[0]["probability"][:, :, 1].round(2).shape, found.fit.n_parameters
    ((2, 3), 15)
    """
    levels = LevelsWithProfiles.of(families, group, row, counts)
    settings = {"n_starts": n_starts, "n_final": n_final, "seed": seed, "tolerance": tolerance, "max_steps": max_steps}
    best, counted = best_of_starts(levels, n_classes, n_group_classes, **settings)
    return levels.end(best, **counted)


class LevelsWithProfiles(Levels):
    """The same with sums of features of each group class, shape (start, group_class, latent_class, feature)."""

    def numbers_of_start(self, n_classes: int, n_group_classes: int) -> int:
        """Numbers that one start takes in memory."""
        return 3 * n_classes * n_group_classes * self.table.count.shape[1]

    def random(self, n_classes: int, n_group_classes: int, n_starts: int, rng: np.random.Generator):
        """Random starts, every other with the same parameters in all group classes."""
        sums = self.mixture.random_sums(n_classes, n_starts * n_group_classes, rng)
        sums = sums.reshape(n_starts, n_group_classes, n_classes, -1)
        sums[::2] = sums[::2, :1]
        log_density = self.log_density(sums)
        of_each = [random_group_shares(log_density[:, w], self.table, 1, n_starts, rng) for w in range(n_group_classes)]
        return np.full((n_starts, n_group_classes), 1 / n_group_classes), np.concatenate(of_each, axis=1), sums

    def log_density(self, sums: np.ndarray) -> np.ndarray:
        """Of distinct rows given class and group class, shape (start, group_class, latent_class, row)."""
        flat = super().log_density(sums.reshape(-1, *sums.shape[2:]))
        return flat.reshape(*sums.shape[:3], -1)

    def expect(self, states) -> BothLevels:
        """Who belongs where; expected members have an axis of group classes too."""
        share, class_share, sums = states
        return expect_with_profiles(share, class_share, self.log_density(sums), self.table)

    def n_parameters(self, n_classes: int, n_group_classes: int) -> int:
        """Free ones."""
        of_items = sum(family.n_parameters(n_classes) for family in self.mixture.families)
        return n_group_classes - 1 + n_group_classes * (n_classes - 1 + of_items)

    def degenerate_items(self, states) -> list[np.ndarray]:
        """In which items the likelihood has no bound in some group class where a start ended, shape (start, item)."""
        share, class_share, sums = states
        flat = super().degenerate_items((share, class_share, sums.reshape(-1, *sums.shape[2:])))
        return [of_items.reshape(*sums.shape[:2], of_items.shape[1]).any(axis=1) for of_items in flat]

    def end(self, state, **counted: int) -> GroupProfiles:
        """One end, classes paired over group classes and in decreasing order of their shares."""
        of_groups = np.argsort(-state[0][0], kind="stable")
        share, class_share, sums = (each[:, of_groups] for each in state)
        pairs = _paired(sums[0])  # (group_class, latent_class)
        class_share = np.take_along_axis(class_share[0], pairs, axis=1)
        pairs = pairs[:, np.argsort(-(share[0] @ class_share), kind="stable")]
        class_share = np.take_along_axis(state[1][0, of_groups], pairs, axis=1)[None]
        sums = np.take_along_axis(sums[0], pairs[..., None], axis=1)[None]
        both = self.expect((share, class_share, sums))
        families = self.mixture.families
        _, parameters = self.mixture.estimate(sums[0])
        n_group_classes, n_classes = pairs.shape
        fit = GroupMixtureFit(
            log_likelihood=float(both.log_likelihood[0] + self.mixture.constant @ self.mixture.counts),
            n_parameters=self.n_parameters(n_classes, n_group_classes),
            group_class_share=share[0],
            class_share=class_share[0],
            parameters=tuple(family.in_units(of) for family, of in zip(families, parameters, strict=True)),
            group_membership=both.group_membership[0].T,
            expected=both.expected[0].sum(axis=0),
            **counted,
        )
        log_joint = np.log(class_share[0])[..., None] + self.log_density(sums)[0]  # (group_class, latent_class, row)
        return GroupProfiles(fit, scipy.special.softmax(log_joint, axis=1).swapaxes(1, 2))


def expect_with_profiles(
    group_class_share: np.ndarray, class_share: np.ndarray, log_density: np.ndarray, table: GroupTable
) -> BothLevels:
    """Who belongs where at both levels, where densities differ between group classes.

    Parameters
    ----------
    group_class_share : ndarray, shape (start, group_class)
    class_share : ndarray, shape (start, group_class, latent_class)
    log_density : ndarray, shape (start, group_class, latent_class, row)
    table : GroupTable

    Returns
    -------
    BothLevels
        With ``expected`` of shape (start, group_class, latent_class, row).
    """
    largest = log_density.max(axis=2, keepdims=True)
    density = np.exp(log_density - largest)
    mixed = np.maximum((class_share[:, :, None] @ density)[:, :, 0], np.finfo(float).tiny)  # (start, group_class, row)
    log_groups = np.log(group_class_share)[..., None] + table.sum_by_group(np.log(mixed) + largest[:, :, 0])
    total = scipy.special.logsumexp(log_groups, axis=1)  # (start, group)
    membership = np.exp(log_groups - total[:, None])
    ratio = table.spread_to_rows(membership) / mixed
    return BothLevels(
        log_likelihood=total.sum(axis=-1),
        group_membership=membership,
        share_of_rows=class_share * (density @ ratio[..., None])[..., 0],
        expected=class_share[..., None] * density * ratio[:, :, None],
    )


def _paired(sums: np.ndarray) -> np.ndarray:
    """Class of each group class that is like class k of the first, from sums of features; (group_class, class)."""
    mean = sums[..., 1:] / np.maximum(sums[..., :1], np.finfo(float).tiny)  # (group_class, latent_class, feature)
    cost = ((mean[:, :, None] - mean[:1, None]) ** 2).sum(axis=-1)  # (group_class, its class, class of the first)
    return np.array([scipy.optimize.linear_sum_assignment(of_one.T)[1] for of_one in cost])
