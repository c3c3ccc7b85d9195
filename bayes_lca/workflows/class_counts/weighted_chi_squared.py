"""Upper tail of a weighted sum of independent chi-squared variables, weights of either sign."""

from itertools import pairwise

import numpy as np
import scipy
from numpy.typing import ArrayLike

NEGLIGIBLE = 1e-12
"""Weights below this share of the largest are left out."""

DECAY = 16.0
"""Standard deviations of the integrand after which it is nothing, in units of its width at the start."""


def weighted_chi_squared_tail(weights: ArrayLike, value: float) -> float:
    r"""Probability that a weighted sum of squared standard normals exceeds a value.

    With cumulant generating function :math:`K(t) = -\frac12 \sum_i \log(1 - 2 w_i t)`,

    .. math:: P\left(\sum_i w_i Z_i^2 > x\right) = \frac{1}{2 \pi i} \int \exp(K(t) - t x) \frac{dt}{t}

    over any path that crosses the real axis between 0 and :math:`1 / (2 \max w)` [1]_ [2]_. The path taken crosses
    where the integrand is smallest and bends to the right, so that the integrand falls like a normal density and
    does not oscillate.

    Parameters
    ----------
    weights : array_like
        Shape (weight,).
    value : float
        Above zero.

    Returns
    -------
    float
        Between 0 and 1; right to about 1e-9 relative to itself.

    Raises
    ------
    ValueError
        If `value` is not above zero, or a weight is not finite.

    References
    ----------
    .. [1] Imhof (1961). Computing the distribution of quadratic forms in normal variables. Biometrika 48, 419-426.
       https://doi.org/10.1093/biomet/48.3-4.419
    .. [2] Lugannani and Rice (1980). Saddle point approximation for the distribution of the sum of independent
       random variables. Advances in Applied Probability 12, 475-490. https://doi.org/10.2307/1426607

    Examples
    --------
    >>> round(weighted_chi_squared_tail([1.0, 1.0], 5.991), 3)
    0.05
    """
    weights = np.atleast_1d(np.asarray(weights, dtype=float))
    if not np.isfinite(weights).all():
        raise ValueError(f"weights holds {weights[~np.isfinite(weights)][0]}: give finite numbers.")
    if not 0 < value < np.inf:
        raise ValueError(f"value is {value}: give a finite number above zero.")
    largest = weights.max(initial=0.0)
    if largest <= 0:
        return 0.0
    w = weights[np.abs(weights) > NEGLIGIBLE * np.abs(weights).max()] / (2 * largest)  # a pole at t = 1
    x = value / (2 * largest)

    def exponent(t):
        """Logarithm of the integrand; its singularities are t = 0 and real t from 1 on."""
        return -0.5 * np.log(1 - 2 * w * t).sum() - t * x - np.log(t)

    crossing = scipy.optimize.minimize_scalar(
        exponent, bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-10}
    ).x
    height = exponent(crossing)
    width = 1 / np.sqrt((2 * (w / (1 - 2 * w * crossing)) ** 2).sum() + 1 / crossing**2)
    bend = 0.5 / width

    def along(s):
        t = crossing + 1j * s + bend * s**2
        return (np.exp(exponent(t) - height) * (1j + 2 * bend * s)).imag

    end = width * max(DECAY, np.sqrt(2 * DECAY**2 / (width * x)))
    pieces = [0.0, *(width * np.array([1.0, 2.0, 4.0, 8.0])), end]
    area = sum(
        scipy.integrate.quad(along, first, last, epsabs=1e-12 * width, epsrel=1e-10, limit=400)[0]
        for first, last in pairwise(pieces)
    )
    return float(np.clip(np.exp(height) * area / np.pi, 0.0, 1.0))
