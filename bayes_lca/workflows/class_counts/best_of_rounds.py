"""Two numbers of classes fitted to one sample, with more starts until both maxima are met again."""

import numpy as np

from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.modes import MaximumLikelihood

ROUNDS = 5
"""Times that a bootstrap sample gets the random starts, until its maxima are reached twice and in order."""
UNDER = 1e-4
"""How far the larger model may stay below the smaller before its maximum counts as missed."""


def compare_fits(
    codes: np.ndarray,
    counts: np.ndarray,
    n_categories: tuple[int, ...],
    n_classes: int,
    rng: np.random.Generator,
    **of_each_fit,
) -> tuple[float, int, bool, bool]:
    """Statistic of a sample, rounds of starts, whether it was negative after the first, and a maximum reached once.

    `of_each_fit` are arguments of `fit_em`, such as ``n_starts``.
    """
    fits = [_Best(), _Best()]
    negative = False
    for done in range(1, ROUNDS + 1):
        for fit, size in zip(fits, (n_classes - 1, n_classes), strict=True):
            if done == 1 or not fit.replicated or fits[1].log_likelihood < fits[0].log_likelihood - UNDER:
                seed = int(rng.integers(2**63))
                fit.add(fit_em(codes, counts, n_categories, size, seed=seed, newton=False, **of_each_fit))
        ratio = 2 * (fits[1].log_likelihood - fits[0].log_likelihood)
        if ratio >= -UNDER and all(fit.replicated for fit in fits):
            break
        negative |= done == 1 and ratio < -UNDER
    return ratio, done, negative, not all(fit.replicated for fit in fits)


class _Best:
    """The best maximum of several rounds of starts, and how many starts reached it."""

    def __init__(self):
        self.log_likelihood, self.starts = -np.inf, 0

    @property
    def replicated(self) -> bool:
        return self.starts > 1

    def add(self, fit: MaximumLikelihood) -> None:
        gain = fit.log_likelihood - self.log_likelihood
        if gain > UNDER:
            self.starts = 0
        if gain > -UNDER:
            self.starts += fit.best_starts
        self.log_likelihood = max(self.log_likelihood, fit.log_likelihood)
