"""A multinomial regression with random effects: twin of the structural part `Regression`."""

from collections.abc import Mapping

import numpy as np
import scipy

from bayes_lca.dims import INTERCEPT, SLOPE, TERM
from bayes_lca.fitted.kinds import STRUCTURAL, ClassGivenCovariates, register
from bayes_lca.fitted.random_effects import effects_of_seen_groups, varying_terms
from bayes_lca.likelihood.matrix_product import matrix_product


class RegressionOfClass(ClassGivenCovariates):
    r"""Class logits linear in covariates, :math:`\alpha_c + x^\top \beta_c + u_{cg} + (x - \bar x)^\top b_{cg}`."""

    def log_class(self, fit, matrix: np.ndarray, groups: Mapping[str, np.ndarray], which, effects=None) -> np.ndarray:
        """Log softmax of the logits, shape (draw, row, latent_class)."""
        return scipy.special.log_softmax(self.logits(fit, matrix, groups, which, effects), axis=-1)

    def logits(self, fit, matrix: np.ndarray, groups: Mapping[str, np.ndarray], which, effects=None) -> np.ndarray:
        """The logits themselves, classes first in memory."""
        posterior, axis = fit.posterior, fit.class_axis
        intercept = fit.parameter(INTERCEPT, axis)[which].T  # (latent_class, draw)
        eta = np.empty((*intercept.shape, len(matrix) if SLOPE in posterior or groups else 1))
        eta[:] = intercept[:, :, None]
        if SLOPE in posterior:
            eta += _products(fit.parameter(SLOPE, TERM, axis)[which], matrix)
        for name, index in groups.items():
            of_group = (effects or {}).get(name) or effects_of_seen_groups(fit, name, which)
            for of_class, intercepts in zip(eta, np.moveaxis(of_group.intercept, -1, 0), strict=True):
                of_class += intercepts[:, index]
            if of_group.slope is not None:
                centered = (matrix - fit.design_center)[:, varying_terms(fit, name)]
                for group in np.unique(index):
                    inside = index == group
                    eta[:, :, inside] += _products(of_group.slope[:, group], centered[inside])
        return np.moveaxis(eta, 0, -1)


def _products(slope: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """What slopes (draw, term, latent_class) add at rows (row, term), shape (latent_class, draw, row)."""
    n_draws, n_terms, n_classes = slope.shape
    by_class = slope.transpose(2, 0, 1).reshape(n_classes * n_draws, n_terms)
    return matrix_product(by_class, matrix.T).reshape(n_classes, n_draws, len(matrix))


register(STRUCTURAL, "Regression", RegressionOfClass(), home=__name__)
register(STRUCTURAL, "KnownClass", RegressionOfClass(), home=__name__)
