"""Maximum likelihood of latent classes whose answers share a person's way of answering, from many starts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy

from bayes_lca.likelihood.answers import SMALLEST_PROBABILITY, indicators_of_answers
from bayes_lca.likelihood.modes import MODE_TOLERANCE
from bayes_lca.likelihood.person import PersonGrid, log_density_of_answers, marginal_answers

FIRST_LOADING = 0.7
"""Loading that climbs start from."""

AWAY_FROM_ZERO = 0.005
"""Weight of equal probabilities in what climbs start from: nothing moves a probability of zero."""

MOST_STEPS = 3000

COARSE, FINE = 1e-10, 1e-13
"""Relative gain of a step below which climbs end, over a coarse grid and over that asked for."""

LOWEST = 4.0
"""Log-likelihood below the best beyond which the end of a climb over a coarse grid is not looked at further."""

Classes = tuple[np.ndarray, np.ndarray]
"""Shares, and answer probabilities of shape (latent_class, item, category)."""


@dataclass(frozen=True, eq=False)
class CommonMethodMode:
    """Where climbs ended.

    Attributes
    ----------
    log_likelihood : float
        Of all respondents.
    class_share : ndarray, shape (latent_class,)
        Falling.
    typical : ndarray, shape (latent_class, item, category)
        Answer probabilities of the typical person of each class; 0 beyond the categories of an item.
    loading : ndarray, shape (style, item)
        The largest of each style positive.
    profile : ndarray, shape (latent_class, item, category)
        Averaged over persons.
    membership : ndarray, shape (pattern, latent_class)
    starts : int
        How many climbs ended here.
    """

    log_likelihood: float
    class_share: np.ndarray
    typical: np.ndarray
    loading: np.ndarray
    profile: np.ndarray
    membership: np.ndarray
    starts: int


@dataclass(frozen=True, eq=False)
class CommonMethodLikelihood:
    r"""Log-likelihood of latent classes with the person summed out.

    .. math:: \sum_i n_i \log \sum_c \pi_c \sum_q w_q \prod_{j\,\text{answered}} \rho_{cjy_{ij}}(u_q)

    Coordinates are class logits, logits of the answers of the typical person, and loadings, one after the other.

    Attributes
    ----------
    codes : ndarray of int, shape (pattern, item)
        -1 where missing.
    counts : ndarray, shape (pattern,)
    n_categories : tuple of int
    scores : ndarray, shape (style, item, category)
    grid : PersonGrid
    equal : bool
        Whether all items have the same loading.
    loading_sd : float
        Standard deviation of a normal prior of the loadings, which keeps them off where few respondents say nothing;
        infinite for maximum likelihood.
    """

    codes: np.ndarray
    counts: np.ndarray
    n_categories: tuple[int, ...]
    scores: np.ndarray
    grid: PersonGrid
    equal: bool
    loading_sd: float = np.inf

    @cached_property
    def exists(self) -> np.ndarray:
        """Whether an item has such a category, shape (item, category)."""
        return np.arange(max(self.n_categories)) < np.array(self.n_categories)[:, None]

    @cached_property
    def _chosen(self) -> np.ndarray:
        """One where a category was chosen, shape (pattern, item-category)."""
        return indicators_of_answers(self.codes, max(self.n_categories))

    @cached_property
    def _answered(self) -> np.ndarray:
        """One where an item was answered, shape (pattern, item)."""
        return (self.codes >= 0).astype(float)

    @property
    def n_loadings(self) -> int:
        """Number of free loadings."""
        n_styles, n_items, _ = self.scores.shape
        return n_styles * (1 if self.equal else n_items)

    def parameters(self, x: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Class shares, answer probabilities of the typical person and loadings (style, item) at coordinates."""
        eta, logits, loading = self._split(x, n_classes)
        return scipy.special.softmax(eta), scipy.special.softmax(logits, axis=-1), loading

    def _split(self, x: np.ndarray, n_classes: int):
        n_styles, n_items, n_categories = self.scores.shape
        eta, logits, loading = np.split(x, [n_classes, n_classes * (1 + n_items * n_categories)])
        logits = np.where(self.exists, logits.reshape(n_classes, n_items, n_categories), -np.inf)
        return eta, logits, np.broadcast_to(loading.reshape(n_styles, -1), (n_styles, n_items))

    def value_and_gradient(self, x: np.ndarray, n_classes: int) -> tuple[float, np.ndarray]:
        """The log-likelihood at coordinates, and its gradient."""
        eta, logits, loading = self._split(x, n_classes)
        nodes, weight = self.grid.nodes, self.grid.weight
        n_nodes = len(weight)
        tilt = np.einsum("qt,tj,tjr->qjr", nodes, loading, self.scores)
        log_rho = scipy.special.log_softmax(logits[:, None] + tilt, axis=-1)  # (latent_class, node, item, category)
        log_share = scipy.special.log_softmax(eta)
        flat = np.nan_to_num(log_rho, neginf=0.0).reshape(n_classes * n_nodes, -1)
        log_joint = (log_share[:, None] + np.log(weight)).reshape(-1, 1) + flat @ self._chosen.T
        largest = log_joint.max(axis=0)
        joint = np.exp(log_joint - largest)  # (latent_class * node, pattern)
        total = joint.sum(axis=0)
        value = self.counts @ (np.log(total) + largest)
        joint *= self.counts / total
        times_chosen = (joint @ self._chosen).reshape(log_rho.shape)
        times_answered = (joint @ self._answered).reshape(log_rho.shape[:-1])
        of_logits = times_chosen - times_answered[..., None] * np.exp(log_rho)
        of_loading = np.einsum("cqjr,qt,tjr->tj", of_logits, nodes, self.scores)
        members = joint.reshape(n_classes, -1).sum(axis=1)
        gradient = (
            members - self.counts.sum() * np.exp(log_share),
            of_logits.sum(axis=1).ravel(),
            (of_loading.sum(axis=1) if self.equal else of_loading).ravel(),
        )
        return float(value), np.concatenate(gradient)

    def climb(
        self,
        class_share: np.ndarray,
        typical: np.ndarray,
        loading: float | np.ndarray = FIRST_LOADING,
        *,
        tolerance: float = FINE,
    ) -> CommonMethodMode:
        """The maximum above shares, answers of the typical person and loadings, one for all or (style, item)."""
        n_classes, n = len(class_share), self.counts.sum()
        inside = (1 - AWAY_FROM_ZERO) * typical + AWAY_FROM_ZERO / np.array(self.n_categories)[:, None]
        start = np.concatenate(
            [
                np.log(np.maximum(class_share, AWAY_FROM_ZERO)),
                np.where(self.exists, np.log(inside), 0.0).ravel(),
                np.broadcast_to(loading, self.scores.shape[:2])[:, : 1 if self.equal else None].ravel(),
            ]
        )

        def falling(x):
            value, gradient = self.value_and_gradient(x, n_classes)
            loading = np.where(np.arange(len(x)) < len(x) - self.n_loadings, 0.0, x)
            return (loading @ loading / (2 * self.loading_sd**2) - value) / n, (
                loading / self.loading_sd**2 - gradient
            ) / n

        options = {"maxiter": MOST_STEPS, "maxfun": 2 * MOST_STEPS, "ftol": tolerance, "gtol": 1e-8, "maxcor": 20}
        found = scipy.optimize.minimize(falling, start, jac=True, method="L-BFGS-B", options=options)
        log_likelihood, _ = self.value_and_gradient(found.x, n_classes)
        return self._mode(log_likelihood, *self.parameters(found.x, n_classes))

    def _mode(self, log_likelihood: float, share: np.ndarray, typical: np.ndarray, loading: np.ndarray):
        order = np.argsort(-share, kind="stable")
        share, typical = share[order], typical[order]
        largest = np.take_along_axis(loading, np.abs(loading).argmax(axis=1)[:, None], axis=1)
        loading = loading * np.where(largest < 0, -1.0, 1.0)
        log_answers = log_density_of_answers(typical[None], loading[None], self.scores, self.grid, self.codes)[0]
        return CommonMethodMode(
            log_likelihood=log_likelihood,
            class_share=share,
            typical=typical,
            loading=loading,
            profile=marginal_answers(typical, loading, self.scores, self.grid),
            membership=scipy.special.softmax(np.log(np.maximum(share, SMALLEST_PROBABILITY)) + log_answers, axis=-1),
            starts=1,
        )

    def log_likelihood_with(self, grid: PersonGrid, mode: CommonMethodMode) -> float:
        """The log-likelihood of a mode with another grid."""
        answers = log_density_of_answers(mode.typical[None], mode.loading[None], self.scores, grid, self.codes)[0]
        log_share = np.log(np.maximum(mode.class_share, SMALLEST_PROBABILITY))
        return float(self.counts @ scipy.special.logsumexp(log_share + answers, axis=-1))


def fit_common_method(
    likelihood: CommonMethodLikelihood, plain: Sequence[Classes], *, n_starts: int, seed: int = 0
) -> tuple[CommonMethodMode, ...]:
    """The modes that climbs reach: from the maxima of plain classes, and from random classes.

    Parameters
    ----------
    likelihood : CommonMethodLikelihood
    plain : sequence of pairs of ndarray
        Shares and item probabilities of classes without a common method, at the maxima of their likelihood.
    n_starts : int
        Random starts beside these.
    seed : int

    Returns
    -------
    tuple of CommonMethodMode
        Best first, up to `LOWEST` below it. Log-likelihoods within `MODE_TOLERANCE` count as one mode.
    """
    rough = replace(likelihood, grid=likelihood.grid.coarser)
    ends = _grouped([rough.climb(*start, tolerance=COARSE) for start in _starts(likelihood, plain, n_starts, seed)])
    near_best = [end for end in ends if end.log_likelihood > ends[0].log_likelihood - LOWEST]
    return tuple(_grouped([_finished(likelihood, end) for end in near_best]))


def _finished(likelihood: CommonMethodLikelihood, end: CommonMethodMode) -> CommonMethodMode:
    """The maximum beside the end of a climb."""
    return replace(likelihood.climb(end.class_share, end.typical, end.loading), starts=end.starts)


def _grouped(ends: Sequence[CommonMethodMode]) -> list[CommonMethodMode]:
    """Ends of one log-likelihood as one, best first."""
    modes: list[CommonMethodMode] = []
    for end in sorted(ends, key=lambda mode: -mode.log_likelihood):
        if modes and end.log_likelihood > modes[-1].log_likelihood - MODE_TOLERANCE:
            modes[-1] = replace(modes[-1], starts=modes[-1].starts + end.starts)
        else:
            modes.append(end)
    return modes


def _starts(
    likelihood: CommonMethodLikelihood, plain: Sequence[Classes], n_starts: int, seed: int
) -> Iterator[Classes]:
    """Shares and answers of the typical person to climb from."""
    yield from plain
    share, profile = plain[0]
    rng = np.random.default_rng(seed)
    for _ in range(n_starts if len(share) > 1 else 0):
        drawn = np.where(likelihood.exists, rng.random(profile.shape), 0.0)
        drawn /= drawn.sum(axis=-1, keepdims=True)
        yield np.full(len(share), 1 / len(share)), drawn
