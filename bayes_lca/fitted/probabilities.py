"""What the draws say of every distinct row: class probabilities, log-likelihoods, membership."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayes_lca.dims import CLASS_SHARE, LIKELIHOOD_UNIT
from bayes_lca.fitted.draws import draws_kept
from bayes_lca.fitted.record import TOTAL_LOG_LIKELIHOOD
from bayes_lca.fitted.rows import FittedRows


@dataclass(frozen=True, eq=False)
class AllDraws:
    """What one pass over all draws leaves.

    Attributes
    ----------
    log_likelihood : ndarray, shape (draw,)
        Of all respondents, each as often as its survey weight says where there are some.
    class_share : ndarray, shape (draw, latent_class)
    kept : ndarray of int, shape (kept draw,)
        Positions of draws whose memberships are kept, from `draws_kept`.
    membership : ndarray of single precision, shape (kept draw, pattern, latent_class)
    """

    log_likelihood: np.ndarray
    class_share: np.ndarray
    kept: np.ndarray
    membership: np.ndarray


@dataclass(frozen=True, eq=False)
class FittedProbabilities(FittedRows):
    """What a `Fit` says of the class of every distinct row: the one place that computes it."""

    @property
    def likelihood_unit(self) -> str | None:
        """The grouping whose groups are the units of the likelihood; None where respondents are."""
        return self.attributes.get(LIKELIHOOD_UNIT)

    @property
    def unit_with_classes(self) -> str:
        """The grouping whose groups have classes.

        Raises
        ------
        ValueError
            If there is none.
        """
        if (unit := self.likelihood_unit) is None:
            raise ValueError("groups have no classes in this fit; fit LatentClass with GroupClasses(2, group=...)")
        return unit

    @cached_property
    def unit_of_pattern(self) -> np.ndarray:
        """The unit of the likelihood of each distinct row: the row itself, or its group; shape (pattern,)."""
        if self.likelihood_unit is None:
            return np.arange(len(self.count))
        return self.group_of_pattern[self.likelihood_unit]

    @cached_property
    def count_of_units(self) -> np.ndarray:
        """How many units are equal: what each distinct row counts for, or one of each group; shape (unit,)."""
        if self.likelihood_unit is None:
            return self.weight
        return np.ones(len(self.group_names[self.likelihood_unit]), dtype=int)

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
        return self.hidden.log_evidence(self, np.arange(len(self.count))[rows], which)

    def log_likelihood(self) -> np.ndarray:
        """Log-likelihood of every unit, what is hidden summed out: one respondent with each row, or a group.

        Returns
        -------
        ndarray, shape (chain, draw, unit)
        """
        return self.by_chain(self.log_likelihood_in(np.arange(self.n_draws)))

    def log_likelihood_in(self, draws: np.ndarray, units: np.ndarray | None = None) -> np.ndarray:
        """The same in some draws, by position with chains after each other, of some units in order; (draw, unit)."""
        rows = units if self.likelihood_unit is None or units is None else self._rows_of(units)
        parts = self.parts_of_rows(rows)
        n_units = len(self.count_of_units) if units is None else len(units)
        result, step = np.empty((len(draws), n_units)), self.draws_nearby(parts.n_rows)
        for start in range(0, len(draws), step):
            some = draws[start : start + step]
            result[start : start + step] = self.hidden.summed_out(self, some, parts).log_likelihood
        return result

    def _rows_of(self, units: np.ndarray) -> np.ndarray:
        return np.flatnonzero(np.isin(self.unit_of_pattern, units))

    @cached_property
    def total_log_likelihood(self) -> np.ndarray:
        """Log-likelihood of all respondents, as it is stored with the draws or else computed; shape (chain, draw)."""
        if "sample_stats" in self.tree.children and TOTAL_LOG_LIKELIHOOD in self.sample_stats:
            return self.sample_stats[TOTAL_LOG_LIKELIHOOD].transpose("chain", "draw").to_numpy()
        return self.by_chain(self.all_draws.log_likelihood)

    @cached_property
    def all_draws(self) -> AllDraws:
        """All draws, gone over once for what a fit keeps of them and what its labels are aligned by."""
        parts, n_classes = self.parts_of_rows(), len(self.classes)
        kept = np.empty(0, dtype=int) if self.class_is_observed else draws_kept(self.n_draws, parts.n_rows * n_classes)
        membership = self._memberships(len(kept))
        total, share = np.empty(self.n_draws), np.empty((self.n_draws, n_classes))
        step = self.draws_nearby(parts.n_rows)
        for start in range(0, self.n_draws, step):
            which = slice(start, min(start + step, self.n_draws))
            rows = self.hidden.summed_out(self, which, parts)
            total[which] = np.einsum("su,u->s", rows.log_likelihood, self.count_of_units)
            share[which] = rows.class_share
            places = slice(*np.searchsorted(kept, (which.start, which.stop)))
            is_kept = kept[places] - start
            membership[places] = rows.membership if len(is_kept) == len(rows.membership) else rows.membership[is_kept]
        return AllDraws(total, share, kept, membership)

    def membership_in(self, which: np.ndarray) -> np.ndarray:
        """Membership probabilities of the distinct rows in some draws, by position with chains after each other.

        Returns
        -------
        ndarray of single precision, shape (draw, pattern, latent_class)
        """
        parts, result = self.parts_of_rows(), self._memberships(len(which))
        step = self.draws_nearby(parts.n_rows)
        for start in range(0, len(which), step):
            some = which[start : start + step]
            result[start : start + step] = self.hidden.summed_out(self, some, parts).membership
        return result

    def _memberships(self, n_draws: int) -> np.ndarray:
        """Room for them, classes first in memory."""
        return np.moveaxis(np.empty((len(self.classes), n_draws, len(self.count)), dtype=np.float32), 0, -1)

    @cached_property
    def membership(self) -> np.ndarray:
        """Membership probabilities of the distinct rows in every draw, single precision; (draw, pattern, class)."""
        return self.membership_in(np.arange(self.n_draws))

    @cached_property
    def mean_membership(self) -> np.ndarray:
        """Posterior mean of the membership probabilities of the distinct rows, shape (pattern, latent_class)."""
        return self.membership.mean(axis=0, dtype=float)

    @cached_property
    def modal_class(self) -> np.ndarray:
        """Position of the most likely class of the distinct rows, shape (pattern,)."""
        return self.mean_membership.argmax(axis=1)

    def average_class_share(self) -> np.ndarray:
        """Share of each class in the sample, averaged over covariates; shape (chain, draw, latent_class)."""
        return self.by_chain(self.all_draws.class_share)

    @cached_property
    def class_share(self) -> np.ndarray:
        """The same as it is stored with the draws of latent classes, computed where it is not."""
        if CLASS_SHARE not in self.posterior:
            return self.average_class_share()
        return self.by_chain(self.flat(self.posterior[CLASS_SHARE], self.class_axis))
