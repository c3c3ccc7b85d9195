"""What the draws say of every distinct row: class probabilities, log-likelihoods, membership."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayes_lca.dims import CLASS_SHARE
from bayes_lca.fitted.record import PATTERN_LOG_LIKELIHOOD
from bayes_lca.fitted.rows import FittedRows


@dataclass(frozen=True, eq=False)
class FittedProbabilities(FittedRows):
    """What a `Fit` says of the class of every distinct row: the one place that computes it."""

    def log_class(self, rows: np.ndarray | slice, which: slice) -> np.ndarray:
        """Log probability of each class given covariates and group, before answers are seen.

        Parameters
        ----------
        rows : ndarray of int, shape (row,), or slice
            Distinct rows, by position.
        which : slice
            Draws, chains after each other.

        Returns
        -------
        ndarray, shape (draw, row, latent_class); the middle axis has length 1 when no covariate is used
        """
        groups = {name: of_pattern[rows] for name, of_pattern in self.group_of_pattern.items()}
        return self.structural.log_class(self, self.matrix[rows], groups, which)

    def log_evidence(self, rows: np.ndarray | slice, which: slice) -> np.ndarray:
        """Log probability of what was seen of each distinct row given the class: answers, or the class itself.

        Returns
        -------
        ndarray, shape (draw or 1, row, latent_class)
        """
        return self.answers.log_density(self, np.arange(len(self.count))[rows], which)

    def log_joint(self) -> Iterator[tuple[slice, np.ndarray]]:
        r"""Log probability of class and evidence together, :math:`\log P(c \mid x) + \log p(y \mid c)`.

        Yields
        ------
        which : slice
            Draws, chains after each other, some at a time.
        log_joint : ndarray, shape (draw, pattern, latent_class)
        """
        every = slice(None)
        for which in self.blocks(len(self.count)):
            yield which, self.log_class(every, which) + self.log_evidence(every, which)

    def log_likelihood(self) -> np.ndarray:
        """Log-likelihood of one respondent with each distinct row, the class summed out; (chain, draw, pattern)."""
        return self.by_chain(self.hidden.log_likelihood(self))

    @cached_property
    def stored_log_likelihood(self) -> np.ndarray:
        """The same as it was stored with the draws."""
        kept = self.tree[PATTERN_LOG_LIKELIHOOD].to_dataset()
        return next(iter(kept.data_vars.values())).transpose("chain", "draw", ...).to_numpy()

    @cached_property
    def membership(self) -> np.ndarray:
        """Membership probabilities of the distinct rows in every draw, single precision; (draw, pattern, class)."""
        result = np.empty((self.n_draws, len(self.count), len(self.classes)), dtype=np.float32)
        for which in self.blocks(len(self.count)):
            result[which] = self.hidden.membership(self, which)
        return result

    @cached_property
    def mean_membership(self) -> np.ndarray:
        """Posterior mean of the membership probabilities of the distinct rows, shape (pattern, latent_class)."""
        return self.membership.mean(axis=0, dtype=float)

    @cached_property
    def modal_class(self) -> np.ndarray:
        """Position of the most likely class of the distinct rows, shape (pattern,)."""
        return self.mean_membership.argmax(axis=1)

    def membership_in(self, which: np.ndarray) -> np.ndarray:
        """The same in some draws, by position with chains after each other."""
        return self.hidden.membership(self, which).astype(np.float32)

    def average_class_share(self) -> np.ndarray:
        """Share of each class in the sample, averaged over covariates; shape (chain, draw, latent_class)."""
        return self.by_chain(self.hidden.class_share(self))

    @cached_property
    def class_share(self) -> np.ndarray:
        """The same as it is stored with the draws of latent classes, computed where it is not."""
        if CLASS_SHARE not in self.posterior:
            return self.average_class_share()
        return self.by_chain(self.flat(self.posterior[CLASS_SHARE], self.class_axis))
