"""Coordinates of parameters of numbers on the scale of each item, which sampler and start need not know of."""

import numpy as np
import pytensor.tensor as pt
from pymc.distributions.transforms import Transform


class Standardised(Transform):
    r"""Transform of means by the centre and scale of each item, :math:`x = (\mu - m) / s`.

    Parameters
    ----------
    center, scale : ndarray, shape (item,)
    """

    name = "standardised"

    def __init__(self, center: np.ndarray, scale: np.ndarray):
        self.center, self.scale = center, scale

    def backward(self, value, *inputs):
        """From coordinates to means."""
        return self.center + self.scale * value

    def forward(self, value, *inputs):
        """From means to coordinates."""
        return (value - self.center) / self.scale

    def log_jac_det(self, value, *inputs):
        """Log of the scale of each."""
        return pt.zeros_like(value) + np.log(self.scale)


class LogOfUnit(Transform):
    r"""Transform of positive parameters by the logarithm of their ratio to a unit, :math:`x = \log (v / u)`.

    Parameters
    ----------
    unit : ndarray, shape (item,)
    """

    name = "logofunit"

    def __init__(self, unit: np.ndarray):
        self.unit = unit

    def backward(self, value, *inputs):
        """From coordinates to parameters."""
        return self.unit * pt.exp(value)

    def forward(self, value, *inputs):
        """From parameters to coordinates."""
        return pt.log(value / self.unit)

    def log_jac_det(self, value, *inputs):
        """Log of the parameter itself."""
        return value + np.log(self.unit)
