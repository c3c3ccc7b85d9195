"""Coordinates in which a posterior is about standard normal: its mode, and the curvature there."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from bayes_lca.density.program import Program

MOST_COORDINATES = 500
"""Free coordinates up to which all pairs of them are put straight."""

STEP = 1e-4
"""Of differences of the gradient, on coordinates whose priors have a width of about one."""

LEAST_CURVATURE = 1e-3
"""Where the log density is flatter, or curves the wrong way, the width is taken for the root of one over this."""

DRAWS = 200
"""Draws that are weighed."""


@dataclass(frozen=True)
class Laplace:
    """A mode and the root of the inverse of the negative Hessian of the log density there.

    Attributes
    ----------
    mode : ndarray, shape (coordinate,)
    root : ndarray, shape (coordinate, coordinate)
        Free coordinates are ``mode + root @ z`` with z about standard normal.
    """

    mode: np.ndarray
    root: np.ndarray

    def spread(self, program: Program) -> float:
        """How far the posterior is from this normal distribution: the standard deviation of its log weights.

        Draws of the normal are weighed by the posterior. In coordinates that serve, the logarithms of the weights
        spread by 1 to 4; where classes change their labels or a weight of the data lies far off, by 15 and more.
        Infinite where the log density of a draw is not finite.
        """
        rng, weights = np.random.default_rng(0), []
        for z in rng.normal(size=(DRAWS, len(self.mode))):
            try:
                weights.append(program.log_density(self.mode + self.root @ z)[0] + 0.5 * z @ z)
            except FloatingPointError:
                return np.inf
        return float(np.std(weights))


def laplace(program: Program, start: np.ndarray) -> Laplace | None:
    """The mode uphill of a start, and the scale of the posterior there.

    None where there are too many coordinates, or the log density cannot be climbed.
    """
    if len(start) > MOST_COORDINATES:
        return None

    def downhill(x):
        try:
            value, gradient = program.log_density(x)
        except FloatingPointError:
            return np.inf, np.zeros_like(x)
        return -value, -gradient

    found = optimize.minimize(downhill, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000, "maxcor": 30})
    mode = found.x
    try:
        curvature = np.stack(
            [
                (program.log_density(mode - step)[1] - program.log_density(mode + step)[1]) / (2 * STEP)
                for step in STEP * np.eye(len(mode))
            ]
        )
    except FloatingPointError:
        return None
    size, axes = np.linalg.eigh(0.5 * (curvature + curvature.T))
    return Laplace(mode, axes / np.sqrt(np.maximum(size, LEAST_CURVATURE)))
