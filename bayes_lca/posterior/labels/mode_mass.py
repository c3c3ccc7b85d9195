r"""How much of the posterior each mode holds, from draws of each.

Chains stay in the mode they start in, so how many of them are there says nothing. What a mode holds is the integral Z
of the density q that the sampler climbs, and for any probability density :math:`\varphi` inside the mode

.. math:: \frac{1}{Z} = E \left[ \frac{\varphi(\theta)}{q(\theta)} \right]

over draws of the mode. Here :math:`\varphi` is the normal with mean and covariance of one half of the draws, within the
ellipsoid that holds half of it, and the mean is over the other half; then the halves change places.

Gelfand, A. E. & Dey, D. K. (1994). Bayesian model choice: asymptotics and exact calculations. Journal of the Royal
Statistical Society B 56(3), 501-514. doi 10.1111/j.2517-6161.1994.tb01996.x
"""

import numpy as np
import scipy

INSIDE = 0.5
"""Part of the normal that the ellipsoid holds."""
LEAST_DRAWS = 10
"""Draws for each parameter that a covariance takes."""
BLOCKS = 8
"""Stretches of draws that belong to one half and the other by turns."""
SIMULATED = 4000
ROUNDING = 1e-7
"""Standard deviation of a parameter given those before it, as a share of its own, that may be rounding."""


def log_evidence(draws: np.ndarray, log_density: np.ndarray) -> tuple[float, float]:
    """Logarithm of the integral of a density over the mode that draws come from, and its Monte Carlo error.

    Parameters
    ----------
    draws : ndarray, shape (draw, parameter)
        On the whole line, chains after each other.
    log_density : ndarray, shape (draw,)

    Returns
    -------
    log_evidence, error : float
        Not a number where there are fewer than ten draws for each parameter in either half, or the draws of a half
        stand still in a direction, so that no normal distribution is theirs.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> theta = rng.normal(size=(2000, 3))
    >>> found, error = log_evidence(theta, np.log(5) - 0.5 * (theta**2).sum(axis=1) - 1.5 * np.log(2 * np.pi))
    >>> bool(abs(found - np.log(5)) < 4 * error < 0.2)
    True
    """
    block = np.arange(len(draws)) * BLOCKS // len(draws)
    halves = block % 2 == 0, block % 2 == 1
    if len(draws) < 2 * LEAST_DRAWS * (draws.shape[1] + 1):
        return np.nan, np.nan
    found = [
        _log_evidence(draws[fitted], draws[judged], log_density[judged]) for fitted, judged in (halves, halves[::-1])
    ]
    values, errors = zip(*found, strict=True)
    return float(np.mean(values)), float(np.sqrt(np.mean(np.square(errors))))


def masses(evidence: np.ndarray, tails: tuple[float, float]) -> np.ndarray:
    """Share of each mode, and its interval by simulation, shape (mode, 3); not a number where one is unknown.

    Parameters
    ----------
    evidence : ndarray, shape (mode, 2)
        `log_evidence` and its error.
    tails : tuple of float
        Such as (0.025, 0.975).
    """
    if len(evidence) == 1:
        return np.ones((1, 3))
    if np.isnan(evidence).any():
        return np.full((len(evidence), 3), np.nan)
    simulated = np.random.default_rng(0).normal(*evidence.T, size=(SIMULATED, len(evidence)))
    lower, upper = np.quantile(scipy.special.softmax(simulated, axis=1), tails, axis=0)
    return np.column_stack([scipy.special.softmax(evidence[:, 0]), lower, upper])


def _log_evidence(fitted: np.ndarray, judged: np.ndarray, log_density: np.ndarray) -> tuple[float, float]:
    from arviz_stats.base import array_stats

    n_parameters = fitted.shape[1]
    root = _root_of_covariance(fitted)
    if root is None:
        return np.nan, np.nan
    distance = (scipy.linalg.solve_triangular(root, (judged - fitted.mean(axis=0)).T, lower=True) ** 2).sum(axis=0)
    log_normal = -0.5 * (distance + n_parameters * np.log(2 * np.pi)) - np.log(np.diag(root)).sum() - np.log(INSIDE)
    inside = distance <= scipy.stats.chi2.ppf(INSIDE, n_parameters)
    if not inside.any():
        return np.nan, np.nan
    log_ratio = np.where(inside, log_normal - log_density, -np.inf)
    ratio = np.exp(log_ratio - log_ratio.max())
    effective = float(array_stats.ess(ratio[None], chain_axis=0, draw_axis=1, method="identity"))
    error = ratio.std(ddof=1) / ratio.mean() / np.sqrt(effective)
    return float(np.log(len(judged)) - scipy.special.logsumexp(log_ratio)), float(error)


def _root_of_covariance(draws: np.ndarray) -> np.ndarray | None:
    """Lower triangle L with L L' the covariance, shape (parameter, parameter); None where it is singular."""
    if (np.ptp(draws, axis=0) == 0).any():  # rounding would leave a variance
        return None
    covariance = np.atleast_2d(np.cov(draws, rowvar=False))
    try:
        root = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        return None
    return root if (np.diag(root) > ROUNDING * np.sqrt(np.diag(covariance))).all() else None
