"""One common factor by maximum likelihood, for many covariance matrices at once.

No package is used for it. Where an item comes out without error the likelihood has a maximum only if uniquenesses are
kept from zero, which neither Factor of statsmodels 0.15.0 nor FactorAnalysis of scikit-learn 1.9.1 nor semopy 2.3.11
does; semopy is off by up to 0.0006 in omega elsewhere too, and factor_analyzer 0.5.1, which keeps to a bound, cannot
be called with scikit-learn 1.9.1. SciPy's L-BFGS-B on the likelihood written out takes 1 ms for each of a thousand
bootstrap samples, this 0.01 to 1 ms; it ends up to 7e-5 in deviance short of the maximum where items share nothing.
"""

import numpy as np

TOLERANCE = 1e-7
MOST_ROUNDS = 2000
LONGEST_STEP = 1000.0
SMALLEST_UNIQUENESS = 0.005
"""In variances of the item: an item is not let to be without error, where the likelihood has no maximum inside."""


def fit_one_factor(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Fit :math:`\Sigma = \lambda \lambda^\top + \operatorname{diag}(\psi)` by maximum likelihood.

    The factor scores are the missing data of an EM algorithm [1]_; two of its steps are extrapolated [2]_, and the
    longer step is kept where it raises the likelihood.

    Parameters
    ----------
    covariance : ndarray, shape (..., item, item)
        At least three items, each with some variance; divided by n or n - 1.

    Returns
    -------
    loading, uniqueness : ndarray, shape (..., item)
        Loadings, all of which may be turned together; uniquenesses, at least 0.005 of the item's variance.
    converged : ndarray of bool, shape (...,)
        Whether a step of EM changes the loadings by less than 1e-7 standard deviations of the items. Not so, after
        2000 rounds, where the items share next to nothing and the likelihood is flat.

    References
    ----------
    .. [1] Rubin, D. B. & Thayer, D. T. (1982). EM algorithms for ML factor analysis. Psychometrika 47(1), 69-76.
       doi 10.1007/BF02293851
    .. [2] Varadhan, R. & Roland, C. (2008). Simple and globally convergent methods for accelerating the convergence of
       any EM algorithm. Scandinavian Journal of Statistics 35(2), 335-353. doi 10.1111/j.1467-9469.2007.00585.x

    Examples
    --------
    >>> import numpy as np
    >>> loading, uniqueness, converged = fit_one_factor(np.full((3, 3), 0.25) + 0.75 * np.eye(3))
    >>> np.abs(loading).round(4).tolist(), uniqueness.round(4).tolist()
    ([0.5, 0.5, 0.5], [0.75, 0.75, 0.75])
    """
    sd = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    correlation = (covariance / sd[..., :, None] / sd[..., None, :]).reshape(-1, *covariance.shape[-2:])
    size, direction = np.linalg.eigh(correlation)
    loading = direction[..., -1] * np.sqrt(size[:, -1:] / 2)
    uniqueness = np.clip(1 - loading**2, SMALLEST_UNIQUENESS, 1)
    moving = np.arange(len(correlation))
    for _ in range(MOST_ROUNDS):
        observed, start = correlation[moving], (loading[moving], uniqueness[moving])
        once = _step(observed, *start)
        twice = _step(observed, *once)
        further = _step(observed, *_extrapolated(start, once, twice))
        better = (_deviance(observed, *further) <= _deviance(observed, *twice))[:, None]
        loading[moving], uniqueness[moving] = (np.where(better, a, b) for a, b in zip(further, twice, strict=True))
        moving = moving[(np.abs(twice[0] - once[0]) > TOLERANCE).any(axis=1)]
        if not len(moving):
            break
    converged = ~np.isin(np.arange(len(correlation)), moving)
    return loading.reshape(sd.shape) * sd, uniqueness.reshape(sd.shape) * sd**2, converged.reshape(sd.shape[:-1])


def _step(correlation: np.ndarray, loading: np.ndarray, uniqueness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One step of EM, shapes (sample, item)."""
    weight = loading / uniqueness
    weight = weight / (1 + (loading * weight).sum(axis=1, keepdims=True))
    with_score = np.einsum("sij,sj->si", correlation, weight)
    of_score = 1 - (weight * (loading - with_score)).sum(axis=1, keepdims=True)
    moved = with_score / of_score
    return moved, np.maximum(1 - moved * with_score, SMALLEST_UNIQUENESS)


def _extrapolated(start, once, twice) -> tuple[np.ndarray, np.ndarray]:
    """Where steps from `start` to `once` to `twice` lead, on the scale of loadings and log uniquenesses."""
    first, second, third = (np.concatenate([part[0], np.log(part[1])], axis=1) for part in (start, once, twice))
    speed, turn = second - first, third - 2 * second + first
    length = np.sqrt((speed**2).sum(axis=1) / np.maximum((turn**2).sum(axis=1), np.finfo(float).tiny))
    length = np.clip(length, 1, LONGEST_STEP)[:, None]
    loading, log_uniqueness = np.split(first + 2 * length * speed + length**2 * turn, 2, axis=1)
    return loading, np.exp(np.clip(log_uniqueness, np.log(SMALLEST_UNIQUENESS), 0))


def _deviance(correlation: np.ndarray, loading: np.ndarray, uniqueness: np.ndarray) -> np.ndarray:
    """Log determinant and trace of the fit, shape (sample,)."""
    weight = loading / uniqueness
    shared = 1 + (loading * weight).sum(axis=1)
    trace = (1 / uniqueness).sum(axis=1) - np.einsum("si,sij,sj->s", weight, correlation, weight) / shared
    return np.log(uniqueness).sum(axis=1) + np.log(shared) + trace
