"""Class shares without covariates: twin of the structural part `Shares`."""

from collections.abc import Mapping

import numpy as np

from bayes_lca.dims import CLASS_SHARE
from bayes_lca.fitted.kinds import STRUCTURAL, ClassGivenCovariates, register


class SharesOfClass(ClassGivenCovariates):
    r"""One probability of each class, :math:`\pi_c`, for all rows."""

    def log_class(self, fit, matrix: np.ndarray, groups: Mapping[str, np.ndarray], which, effects=None) -> np.ndarray:
        """Log shares, shape (draw, 1, latent_class)."""
        return np.log(fit.parameter(CLASS_SHARE, fit.class_axis)[which])[:, None, :]


register(STRUCTURAL, "Shares", SharesOfClass(), home=__name__)
