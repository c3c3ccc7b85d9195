"""A multinomial regression with random effects: twin of the structural part `Regression`."""

from collections.abc import Mapping

import numpy as np
from scipy.special import log_softmax

from bayes_lca.dims import INTERCEPT, SLOPE, TERM
from bayes_lca.fitted.kinds import STRUCTURAL, ClassGivenCovariates, register
from bayes_lca.fitted.random_effects import effects_of_seen_groups, varying_terms


class RegressionOfClass(ClassGivenCovariates):
    r"""Class logits linear in covariates, :math:`\alpha_c + x^\top \beta_c + u_{cg} + (x - \bar x)^\top b_{cg}`."""

    def log_class(self, fit, matrix: np.ndarray, groups: Mapping[str, np.ndarray], which, effects=None) -> np.ndarray:
        """Log softmax of the logits, shape (draw, row, latent_class)."""
        posterior, axis = fit.posterior, fit.class_axis
        eta = fit.flat(posterior[INTERCEPT], axis)[which][:, None, :]
        if SLOPE in posterior:
            slope = fit.flat(posterior[SLOPE], TERM, axis)[which]
            eta = eta + np.einsum("it,stc->sic", matrix, slope, optimize=True)
        for name, index in groups.items():
            of_group = (effects or {}).get(name) or effects_of_seen_groups(fit, name, which)
            eta = eta + of_group.intercept[:, index]
            if of_group.slope is not None:
                centered = (matrix - fit.design_center)[:, varying_terms(fit, name)]
                for group in np.unique(index):
                    inside = index == group
                    eta[:, inside] += np.einsum(
                        "it,stc->sic", centered[inside], of_group.slope[:, group], optimize=True
                    )
        return log_softmax(eta, axis=-1)


register(STRUCTURAL, "Regression", RegressionOfClass(), home=__name__)
