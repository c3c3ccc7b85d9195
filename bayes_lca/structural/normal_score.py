"""Coordinates in which a half-normal standard deviation is standard normal."""

import numpy as np
import pytensor.tensor as pt
from pymc.distributions.transforms import Transform


class NormalScore(Transform):
    r"""Transform of :math:`\sigma \sim \operatorname{HalfNormal}(s)` by its normal score.

    .. math:: \sigma = s \sqrt2\, \operatorname{erf}^{-1} \Phi(x)

    On this scale the prior is N(0, 1), and a standard deviation that may be near zero has a tail that falls like a
    normal's. On the log scale that tail falls like an exponential's, and chains get lost in it.
    """

    name = "normalscore"

    def backward(self, value, *inputs):
        """From the normal score to the standard deviation."""
        scale = inputs[-1]
        return scale * np.sqrt(2.0) * pt.erfinv(0.5 * (1.0 + pt.erf(value / np.sqrt(2.0))))

    def forward(self, value, *inputs):
        """From the standard deviation to the normal score."""
        scale = inputs[-1]
        return np.sqrt(2.0) * pt.erfinv(2.0 * pt.erf(value / (np.sqrt(2.0) * scale)) - 1.0)

    def log_jac_det(self, value, *inputs):
        """Log Jacobian determinant of `backward`."""
        scale = inputs[-1]
        standardised = self.backward(value, *inputs) / scale
        return pt.log(scale) - np.log(2.0) + 0.5 * (standardised**2 - value**2)
