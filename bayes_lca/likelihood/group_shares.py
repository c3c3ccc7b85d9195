r"""Groups whose class nobody saw, each with respondents whose class nobody saw: both levels summed out.

With shares :math:`\omega_w` of the group classes and :math:`\pi_{wc}` of the classes within each,

.. math:: L = \sum_g \log \sum_w \omega_w \prod_{i \in g} \sum_c \pi_{wc}\, p(y_i \mid c).

Densities of answers are those of distinct rows, whatever their groups; how often each occurs in each group is a sparse
table, so that the sums over the rows of all groups take as long as there are different rows in groups.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from bayes_lca.data.unique_rows import unique_rows

LEAST_SHARE = 1e-12
N_STARTS, N_FINAL = 40, 8
FIRST_STEPS = 15


@dataclass(frozen=True, eq=False)
class GroupTable:
    """How often each distinct row occurs in each group.

    Attributes
    ----------
    count : scipy.sparse.csr_array, shape (group, row)
    """

    count: scipy.sparse.csr_array

    @classmethod
    def of(cls, group: np.ndarray, row: np.ndarray, count: np.ndarray) -> "GroupTable":
        """From the group, the distinct row and the number of respondents of each pattern, shape (pattern,)."""
        return cls(scipy.sparse.csr_array((np.asarray(count, dtype=float), (group, row))))

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return self.count.shape[0]

    def sum_by_group(self, values: np.ndarray) -> np.ndarray:
        """Sums over the respondents of each group, from shape (..., row) to (..., group)."""
        return self._product(self.count, values)

    def spread_to_rows(self, values: np.ndarray) -> np.ndarray:
        """Sums over the groups of each row, as often as it occurs there, from shape (..., group) to (..., row)."""
        return self._product(self.count.T, values)

    @staticmethod
    def _product(table, values: np.ndarray) -> np.ndarray:
        flat = values.reshape(-1, values.shape[-1])
        return np.ascontiguousarray((table @ flat.T).T).reshape(*values.shape[:-1], table.shape[0])


@dataclass(frozen=True, eq=False)
class BothLevels:
    """Groups and respondents given some shares and densities, of several starts.

    Attributes
    ----------
    log_likelihood : ndarray, shape (start,)
    group_membership : ndarray, shape (start, group_class, group)
    share_of_rows : ndarray, shape (start, group_class, latent_class)
        Expected members of each class in groups of each class.
    expected : ndarray, shape (start, latent_class, row)
        Expected members of each class among the respondents with each row.
    """

    log_likelihood: np.ndarray
    group_membership: np.ndarray
    share_of_rows: np.ndarray
    expected: np.ndarray


def expect_both_levels(
    group_class_share: np.ndarray, class_share: np.ndarray, log_density: np.ndarray, table: GroupTable
) -> BothLevels:
    """Who belongs where at both levels.

    Parameters
    ----------
    group_class_share : ndarray, shape (start, group_class)
    class_share : ndarray, shape (start, group_class, latent_class)
    log_density : ndarray, shape (start, latent_class, row)
        Of the answers of distinct rows given the class.
    table : GroupTable

    Returns
    -------
    BothLevels
    """
    largest = log_density.max(axis=1, keepdims=True)
    density = np.exp(log_density - largest)
    mixed = np.maximum(class_share @ density, np.finfo(float).tiny)  # (start, group_class, row)
    log_groups = np.log(group_class_share)[..., None] + table.sum_by_group(np.log(mixed) + largest)
    total = scipy.special.logsumexp(log_groups, axis=1)  # (start, group)
    membership = np.exp(log_groups - total[:, None])
    ratio = table.spread_to_rows(membership) / mixed  # (start, group_class, row)
    return BothLevels(
        log_likelihood=total.sum(axis=-1),
        group_membership=membership,
        share_of_rows=class_share * (ratio @ density.swapaxes(1, 2)),
        expected=density * (class_share.swapaxes(1, 2) @ ratio),
    )


def shares_of(expected: np.ndarray) -> np.ndarray:
    """Shares along the last axis, none of them zero."""
    shares = np.maximum(expected, LEAST_SHARE * np.maximum(expected.sum(axis=-1, keepdims=True), 1.0))
    return shares / shares.sum(axis=-1, keepdims=True)


def random_group_shares(
    log_density: np.ndarray, table: GroupTable, n_group_classes: int, n_starts: int, rng: np.random.Generator
) -> np.ndarray:
    """Class shares of group classes: those of groups drawn at random, shape (start, group_class, latent_class).

    Parameters
    ----------
    log_density : ndarray, shape (start or 1, latent_class, row)
    """
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    members = table.sum_by_group(density / density.sum(axis=1, keepdims=True))  # (start, latent_class, group)
    of_groups = shares_of(members.swapaxes(1, 2) + 0.5)  # (start, group, latent_class)
    of_groups = np.broadcast_to(of_groups, (n_starts, *of_groups.shape[1:]))
    chosen = np.array([rng.choice(table.n_groups, n_group_classes, replace=False) for _ in range(n_starts)])
    return np.take_along_axis(of_groups, chosen[..., None], axis=1)


@dataclass(frozen=True, eq=False)
class GroupShares:
    """Shares at a maximum, group classes in decreasing order of theirs.

    Attributes
    ----------
    log_likelihood : float
    group_class_share : ndarray, shape (group_class,)
    class_share : ndarray, shape (group_class, latent_class)
    group_membership : ndarray, shape (group, group_class)
    """

    log_likelihood: float
    group_class_share: np.ndarray
    class_share: np.ndarray
    group_membership: np.ndarray


def fit_group_shares(
    log_density: np.ndarray,
    counts: np.ndarray,
    group: np.ndarray,
    n_group_classes: int,
    *,
    n_starts: int = N_STARTS,
    seed: int = 0,
    tolerance: float = 1e-6,
    max_steps: int = 1000,
) -> GroupShares:
    """Shares at both levels by maximum likelihood, where answers given the class are known.

    Parameters
    ----------
    log_density : ndarray, shape (pattern, latent_class)
        Of the answers of each row given the class, up to a constant of the row.
    counts, group : ndarray, shape (pattern,)
        Respondents with each row, and its group from 0 on.
    n_group_classes, n_starts, seed : int
    tolerance : float
        In units of the log-likelihood.
    max_steps : int

    Returns
    -------
    GroupShares

    Examples
    --------
    Six groups of two kinds, whose respondents' classes are seen:

    >>> group, latent_class = np.repeat(np.arange(6), 10), np.tile([0] * 9 + [1] + [0] + [1] * 9, 3)
    >>> found = fit_group_shares(np.log(np.eye(2) + 1e-9)[latent_class], np.ones(60), group, 2)
    >>> found.group_class_share.round(2), np.sort(found.class_share[:, 0]).round(2)
    (array([0.5, 0.5]), array([0.1, 0.9]))
    """
    rows = unique_rows(log_density)
    table = GroupTable.of(group, rows.pattern, counts)
    density = np.ascontiguousarray(log_density[rows.first].T)[None]  # (1, latent_class, row)
    rng = np.random.default_rng(seed)
    class_share = random_group_shares(density, table, n_group_classes, n_starts, rng)
    share = np.full(class_share.shape[:2], 1 / n_group_classes)
    for n_steps, n_kept in ((FIRST_STEPS, N_FINAL), (max_steps, 1)):
        before = -np.inf
        for _ in range(n_steps):
            both = expect_both_levels(share, class_share, density, table)
            share, class_share = shares_of(both.group_membership.sum(axis=-1)), shares_of(both.share_of_rows)
            if np.max(both.log_likelihood - before) < tolerance:
                break
            before = both.log_likelihood
        best = np.argsort(-both.log_likelihood, kind="stable")[:n_kept]
        share, class_share = share[best], class_share[best]
    both = expect_both_levels(share, class_share, density, table)
    order = np.argsort(-share[0], kind="stable")
    return GroupShares(
        float(both.log_likelihood[0]), share[0, order], class_share[0, order], both.group_membership[0, order].T
    )
