"""Maximum likelihood of classes whose items are of any kind, by expectation-maximisation from many starts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_lca.likelihood.families import Family, Parameters
from bayes_lca.likelihood.matrix_product import matrix_product

FIRST_STEPS = 15
"""Steps of each random start before the best of them are followed to their ends."""
SAME_MAXIMUM = 1e-3
"""Difference of log-likelihoods up to which two ends are one maximum."""
NUMBERS_AT_ONCE = 2**22
"""Starts x classes x rows held in memory at a time."""


@dataclass(frozen=True, eq=False)
class MixtureMaximum:
    """A maximum that starts reached.

    Attributes
    ----------
    log_likelihood : float
    class_share : ndarray, shape (latent_class,)
        In decreasing order.
    parameters : tuple of mappings of str to ndarray
        Of each family, in the units of the items, shape (latent_class, item, ...), 1 in place of the classes where all
        share a parameter.
    membership : ndarray, shape (row, latent_class)
    starts : int
        Final starts that ended there.
    log_mass : float
        Log of what the maximum could hold of the posterior, roughly, up to a constant.
    """

    log_likelihood: float
    class_share: np.ndarray
    parameters: tuple[Parameters, ...]
    membership: np.ndarray
    starts: int
    log_mass: float


@dataclass(frozen=True, eq=False)
class MixtureFit:
    """Maxima of the likelihood of classes, best first.

    Attributes
    ----------
    maxima : tuple of MixtureMaximum
    n_parameters : int
    n_starts : int
        Starts that were followed to their ends.
    converged_starts : int
        Those that ended before the last step allowed.
    degenerate_starts : int
        Those that ended where the likelihood has no bound; none of them is among the maxima unless all did.
    """

    maxima: tuple[MixtureMaximum, ...]
    n_parameters: int
    n_starts: int
    converged_starts: int
    degenerate_starts: int

    @property
    def best(self) -> MixtureMaximum:
        """The maximum of largest likelihood."""
        return self.maxima[0]


def fit_mixture(
    families: Sequence[Family],
    counts: np.ndarray,
    n_classes: int,
    *,
    n_starts: int = 50,
    n_final: int = 10,
    seed: int = 0,
    tolerance: float = 1e-8,
    max_steps: int = 5000,
) -> MixtureFit:
    r"""Fit latent classes to items of any kinds by maximum likelihood.

    Maximises

    .. math:: \sum_i n_i \log \sum_k \pi_k \prod_m p_m(y_{im} \mid k)

    over shares and the parameters of the families m. Random starts make a few steps, and the best of them are followed
    until a step gains less than `tolerance`, as programs with two stages of starts do. A start is a class for each of
    some rows drawn at random, everybody else in that of the nearest.

    Parameters
    ----------
    families : sequence of Family
        Of the same rows.
    counts : ndarray, shape (row,)
        Respondents with each row.
    n_classes : int
    n_starts, n_final : int
        Random starts, and how many of them are followed to their ends.
    seed : int
    tolerance : float
        In units of the log-likelihood.
    max_steps : int

    Returns
    -------
    MixtureFit

    Raises
    ------
    ValueError
        If there are more classes than rows.

    References
    ----------
    Dempster, A. P., Laird, N. M. & Rubin, D. B. (1977). Maximum likelihood from incomplete data via the EM algorithm.
    JRSS B 39(1), 1-38. doi 10.1111/j.2517-6161.1977.tb01600.x

    McLachlan, G. & Peel, D. (2000). Finite Mixture Models. Wiley. doi 10.1002/0471721182

    Examples
    --------
    >>> from bayes_lca.likelihood.families import NormalFamily
    >>> numbers = np.array([[1.0], [1.2], [0.8], [5.0], [5.2]])
    >>> family = NormalFamily(numbers, numbers.mean(axis=0), numbers.std(axis=0))
    >>> best = fit_mixture([family], np.ones(5), 2).best
    >>> best.class_share.round(3), best.parameters[0]["mean"].round(3)
    (array([0.6, 0.4]), array([[1. ],
           [5.1]]))
    """
    mixture = Mixture(tuple(families), np.asarray(counts, dtype=float))
    if n_classes > len(mixture.counts):
        raise ValueError(
            f"n_classes={n_classes} exceeds the {len(mixture.counts)} distinct rows; ask for fewer classes"
        )
    rng = np.random.default_rng(seed)
    n_starts = n_starts if n_classes > 1 else 1
    batch = max(1, NUMBERS_AT_ONCE // (n_classes * len(mixture.counts)))
    sizes = np.diff([*range(0, n_starts, batch), n_starts])
    first = [mixture.climb(mixture.random_sums(n_classes, size, rng), 0.0, FIRST_STEPS) for size in sizes]
    sums, log_likelihood = (np.concatenate(parts) for parts in list(zip(*first, strict=True))[:2])
    order = np.argsort(-log_likelihood, kind="stable")[:n_final]
    ends = [
        mixture.climb(sums[order[place : place + batch]], tolerance, max_steps) for place in range(0, len(order), batch)
    ]
    sums, log_likelihood, converged = (np.concatenate(parts) for parts in zip(*ends, strict=True))
    _, parameters = mixture.estimate(sums)
    degenerate = np.any(
        [family.degenerate(of) for family, of in zip(mixture.families, parameters, strict=True)], axis=0
    )
    usable = np.flatnonzero(~degenerate) if not degenerate.all() else np.arange(len(sums))
    best_first = usable[np.argsort(-log_likelihood[usable], kind="stable")]
    new = np.append(True, np.diff(log_likelihood[best_first]) < -SAME_MAXIMUM)
    maxima = [
        mixture.maximum(sums[[start]], int(n))
        for start, n in zip(best_first[new], np.bincount(np.cumsum(new) - 1), strict=True)
    ]
    return MixtureFit(
        maxima=tuple(maxima),
        n_parameters=n_classes - 1 + sum(family.n_parameters(n_classes) for family in families),
        n_starts=len(sums),
        converged_starts=int(converged.sum()),
        degenerate_starts=int(degenerate.sum()),
    )


class Mixture:
    """Families of the same rows beside each other; the first feature, 1 for all, counts members.

    Parameters
    ----------
    families : tuple of Family
    counts : ndarray, shape (row,)
    """

    def __init__(self, families: tuple[Family, ...], counts: np.ndarray):
        self.families, self.counts = families, counts
        features = [np.ones((len(counts), 1)), *(family.features for family in families)]
        self.ends = np.cumsum([part.shape[1] for part in features])
        self.counted = counts[:, None] * np.concatenate(features, axis=1)  # (row, feature)
        self.transposed = np.ascontiguousarray(np.concatenate(features, axis=1).T)
        self.constant = sum(family.constant for family in families)

    def random_sums(self, n_classes: int, n_starts: int, rng: np.random.Generator) -> np.ndarray:
        """Sums over rows that are nearest to each of some rows drawn at random."""
        places = np.concatenate([family.places for family in self.families], axis=1)
        share = self.counts / self.counts.sum()
        few = np.count_nonzero(share) < n_classes
        chosen = [rng.choice(len(share), n_classes, replace=False, p=None if few else share) for _ in range(n_starts)]
        seeds = places[np.array(chosen)]  # (start, latent_class, place)
        distance = (seeds**2).sum(axis=-1)[..., None] - 2 * np.einsum("skq,nq->skn", seeds, places)
        nearest = (distance == distance.min(axis=1, keepdims=True)).astype(float)
        return self._sums(nearest / nearest.sum(axis=1, keepdims=True))

    def climb(self, sums: np.ndarray, tolerance: float, most_steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Steps of all starts until each gains less than the tolerance: sums, log-likelihoods, who converged."""
        sums, before = sums.copy(), np.full(len(sums), -np.inf)
        running = np.arange(len(sums))
        for _ in range(most_steps):
            membership, log_likelihood = self.expectation(sums[running])
            gain = log_likelihood - before[running]
            before[running] = log_likelihood
            climbing = np.abs(gain) >= tolerance
            running = running[climbing]
            if not len(running):
                break
            sums[running] = self._sums(membership[climbing])
        converged = np.ones(len(sums), dtype=bool)
        converged[running] = False
        return sums, before, converged

    def estimate(self, sums: np.ndarray) -> tuple[np.ndarray, tuple[Parameters, ...]]:
        """Shares and parameters of all families."""
        members, *of_families = np.split(sums, self.ends[:-1], axis=-1)
        share = np.maximum(members[..., 0], np.finfo(float).tiny)
        parameters = tuple(family.estimate(part) for family, part in zip(self.families, of_families, strict=True))
        return share / share.sum(axis=1, keepdims=True), parameters

    def expectation(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Membership (start, latent_class, row) and log-likelihood (start,) at the estimates from these sums."""
        joint = self.log_joint(*self.estimate(sums))
        largest = joint.max(axis=1, keepdims=True)
        np.exp(joint - largest, out=joint)
        total = joint.sum(axis=1, keepdims=True)
        joint /= total
        return joint, (np.log(total[:, 0]) + largest[:, 0] + self.constant) @ self.counts

    def log_joint(self, share: np.ndarray, parameters: tuple[Parameters, ...]) -> np.ndarray:
        """Log of share times density of every row, up to a constant of the row, shape (start, latent_class, row)."""
        parts = [family.coefficients(of) for family, of in zip(self.families, parameters, strict=True)]
        coefficients = np.concatenate([np.log(share)[..., None], *parts], axis=-1)
        n_starts, n_classes, n_features = coefficients.shape
        return matrix_product(coefficients.reshape(-1, n_features), self.transposed).reshape(n_starts, n_classes, -1)

    def maximum(self, sums: np.ndarray, starts: int) -> MixtureMaximum:
        """One end, classes in decreasing order of their shares."""
        share, _ = self.estimate(sums)
        sums = sums[:, np.argsort(-share[0], kind="stable")]
        share, parameters = self.estimate(sums)
        membership, log_likelihood = self.expectation(sums)
        of_families = np.split(sums, self.ends[:-1], axis=-1)[1:]
        parts = list(zip(self.families, parameters, of_families, strict=True))
        volume = sum(float(family.log_volume(of, part)[0]) for family, of, part in parts)
        return MixtureMaximum(
            log_likelihood=float(log_likelihood[0]),
            class_share=share[0],
            parameters=tuple({name: each[0] for name, each in family.in_units(of).items()} for family, of, _ in parts),
            membership=membership[0].T,
            starts=starts,
            log_mass=float(log_likelihood[0]) + volume + 0.5 * float(np.log(share).sum()),
        )

    def _sums(self, membership: np.ndarray) -> np.ndarray:
        n_starts, n_classes, n_rows = membership.shape
        sums = matrix_product(membership.reshape(-1, n_rows), self.counted)
        return sums.reshape(n_starts, n_classes, -1)
