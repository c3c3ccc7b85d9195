r"""Standard errors of maximum likelihood estimates, as probabilities, as thresholds and as class logits.

With the observed information I of the log ratios and the summed products of the respondents' scores J, the covariance
is :math:`I^{-1}` if the model is true, and :math:`I^{-1} J I^{-1}` in any case [1]_, which Mplus calls MLR. Whatever is
made of the log ratios has the covariance of its slopes.

.. [1] White (1982). Maximum likelihood estimation of misspecified models. Econometrica 50, 1-25.
   https://doi.org/10.2307/1912526
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logit

from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.criteria import n_parameters
from bayes_lca.likelihood.information_root import InformationRoot, inside, root_at_maximum
from bayes_lca.likelihood.row_sums import sum_products

HELD_LOGIT = 15.0
"""What stands for the logit of a probability at the boundary, as in Mplus."""

OPEN = 1e-6
"""Change of an estimate per unit of a log ratio about which the answers say nothing, from which on it is not known."""


@dataclass(frozen=True, eq=False)
class Estimates:
    """Some numbers made of the log ratios, each with its two standard errors.

    Attributes
    ----------
    value, error, robust_error : numpy.ndarray
        Of one shape. Errors are not a number at the boundary, and where the answers do not identify the number.
    """

    value: np.ndarray
    error: np.ndarray
    robust_error: np.ndarray


@dataclass(frozen=True, eq=False)
class EstimateErrors:
    """Class shares and item probabilities at a maximum of the likelihood, with what is known of them.

    Attributes
    ----------
    model : Classification
    n_categories : tuple of int
        Categories of each item that somebody chose.
    """

    model: Classification
    n_categories: tuple[int, ...]

    @cached_property
    def of_information(self) -> InformationRoot:
        """The root of the covariance if the model is true."""
        return root_at_maximum(self.model)

    @cached_property
    def _ratio(self) -> np.ndarray:
        """Robust by usual covariance in coordinates in which the usual one is the identity."""
        found = self.of_information
        score = self.model.log_ratio_scores(self.model.codes)[:, found.free] @ found.of_free
        return sum_products(score, score, self.model.count)

    @property
    def n_parameters(self) -> int:
        """Parameters of the model, held or free."""
        return n_parameters(len(self.model.class_share), self.n_categories)

    @property
    def n_at_boundary(self) -> int:
        """Parameters that are held because they are at the boundary of zero."""
        return self.n_parameters - self.of_information.n_free

    @property
    def n_unidentified(self) -> int:
        """Directions about which the answers say nothing."""
        return self.of_information.unknown_of_free.shape[1]

    @property
    def scaling(self) -> float:
        """Scaling correction factor: mean eigenvalue of the robust by the usual covariance, one of a held parameter."""
        held = self.n_parameters - self._ratio.shape[0]
        return float((np.trace(self._ratio) + held) / self.n_parameters)

    @cached_property
    def shares(self) -> Estimates:
        """Class shares, shape (latent_class,)."""
        inhabited, _ = inside(self.model)
        return self._estimates(self.model.class_share, self._share_slopes, inhabited)

    def class_logits(self, reference: int) -> Estimates:
        """Log ratio of each class's share to that of the reference, shape (latent_class,)."""
        share, n_classes = self.model.class_share, len(self.model.class_share)
        inhabited, _ = inside(self.model)
        slopes = np.zeros((n_classes, len(self.model.log_ratios)))
        slopes[:, :n_classes] = np.eye(n_classes) - np.eye(n_classes)[reference]
        with np.errstate(divide="ignore"):
            value = np.log(share / share[reference])
        return self._estimates(value, slopes, inhabited & inhabited[reference])

    @cached_property
    def probabilities(self) -> Estimates:
        """Item probabilities, shape (latent_class, item, category)."""
        _, off_zero = inside(self.model)
        return self._estimates(self.model.item_probability, self._item_slopes, off_zero)

    @cached_property
    def thresholds(self) -> Estimates:
        """Logits of a category or one before it, shape (latent_class, item, category); the last is no threshold."""
        _, off_zero = inside(self.model)
        some_below = np.logical_or.accumulate(off_zero, axis=2)
        some_above = off_zero[:, :, ::-1].cumsum(axis=2)[:, :, ::-1] - off_zero > 0
        below = self.model.item_probability.cumsum(axis=2).clip(0, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes = self._item_slopes.cumsum(axis=2) / (below * (1 - below))[..., None]
            value = np.where(some_below & some_above, logit(below), np.where(some_above, -HELD_LOGIT, HELD_LOGIT))
        return self._estimates(value, np.nan_to_num(slopes, posinf=0.0, neginf=0.0), some_below & some_above)

    @property
    def _share_slopes(self) -> np.ndarray:
        share, n_classes = self.model.class_share, len(self.model.class_share)
        slopes = np.zeros((n_classes, len(self.model.log_ratios)))
        slopes[:, :n_classes] = np.diag(share) - np.outer(share, share)
        return slopes

    @cached_property
    def _item_slopes(self) -> np.ndarray:
        """Slopes of the item probabilities, shape (latent_class, item, category, coordinate)."""
        rho = self.model.item_probability
        n_classes, n_items, n_categories = rho.shape
        slopes = np.zeros((*rho.shape, len(self.model.log_ratios)))
        for k in range(n_classes):
            for j in range(n_items):
                first = n_classes + (k * n_items + j) * n_categories
                slopes[k, j, :, first : first + n_categories] = np.diag(rho[k, j]) - np.outer(rho[k, j], rho[k, j])
        return slopes

    def _estimates(self, value: np.ndarray, slopes: np.ndarray, off_boundary: np.ndarray) -> Estimates:
        """Values with their errors from slopes, shape (..., coordinate)."""
        found = self.of_information
        free = slopes[..., found.free]
        moves = free @ found.of_free
        robust_variance = ((moves @ self._ratio) * moves).sum(axis=-1)
        identified = np.abs(free @ found.unknown_of_free).max(axis=-1, initial=0.0) < OPEN
        known = off_boundary & identified & free.any(axis=-1)
        errors = [np.sqrt(np.maximum(each, 0.0)) for each in ((moves**2).sum(axis=-1), robust_variance)]
        return Estimates(value, *(np.where(known, error, np.nan) for error in errors))
