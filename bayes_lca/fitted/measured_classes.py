"""Classes as a fit measured them, for others to be put beside: who is in them, draw by draw."""

from dataclasses import dataclass
from typing import final

import numpy as np

from bayes_lca.data.distal_outcome import KnownMembership
from bayes_lca.data.formula import read_formula
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.new_rows import with_new_rows

SMALLEST_MEMBERSHIP = 1e-12
"""Probability below which nobody is known not to be in a class."""


@final
@dataclass(frozen=True, eq=False)
class MeasuredClasses:
    """The classes of a fit, in some of its draws.

    Attributes
    ----------
    fit : Fit
        Of latent classes, with or without covariates.
    draws : ndarray of int
        Positions of its draws, chains after each other.
    seed : int
        Of the effects of groups that the fit has not seen.
    """

    fit: Fit
    draws: np.ndarray
    seed: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.fit.classes

    @property
    def columns(self) -> tuple[str, ...]:
        """Items, covariates and groups by which the classes were found."""
        return (*self.fit.items, *read_formula(self.fit.formula.text).columns)

    def of_rows(self, frame) -> KnownMembership:
        r"""Membership :math:`P(c \mid y_i, x_i)` of the rows of a frame.

        Raises
        ------
        ValueError
            If an item or a covariate is no column of the frame, or a row holds what the fit does not know.
        """
        new, _ = with_new_rows(self.fit, frame, self.seed)
        membership = np.maximum(new.membership_in(self.draws), SMALLEST_MEMBERSHIP)
        n_missing = int(new.attributes["n_missing_answers"])
        return KnownMembership(new.pattern_of_respondent, membership, n_missing, new.n_without_answer)
