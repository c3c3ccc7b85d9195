"""Classes with profiles of their own in several sets, which nothing but slopes ties together."""

import warnings
from itertools import combinations

import numpy as np

from bayes_lca.dims import CLASS, POPULATION, SLOPE, TERM
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_profiles import free_axis, free_by

TOLD_APART = 3.0
"""Standard deviations between the slopes of two classes from which on other pairs have less than a hundredth of what
these have."""


class UntiedClassesWarning(UserWarning):
    """Which class of one group class or population is which of another rests on where chains started."""


def slope_distances(fit: Fit) -> dict[tuple[str, str], float]:
    r"""How far apart the slopes of two classes are, in standard deviations of their difference.

    .. math:: z = \sqrt{\bar d^\top V^{-1} \bar d}, \qquad d = \beta_a - \beta_b

    Where two classes change places in one set of profiles and not in the others, the likelihood falls by what slopes
    that are then equal cost, about :math:`z^2 / 2` in logarithms for sets of one size. Of populations the slopes of the
    known class itself are left aside, for they change places too.

    Returns
    -------
    dict of (str, str) to float
        By pair of classes; empty where classes are not tied by slopes, or have one set of profiles.
    """
    axis = free_axis(fit.posterior)
    if not axis or SLOPE not in fit.posterior:
        return {}
    slope = fit.parameter(SLOPE, TERM, CLASS)  # (draw, term, latent_class)
    slope = slope[:, fit.posterior.sizes[POPULATION] - 1 :] if axis == POPULATION else slope
    if not slope.shape[1] and not fit.groupings:
        return {}
    distances = {}
    for a, b in combinations(range(len(fit.classes)), 2):
        difference = slope[:, :, b] - slope[:, :, a]
        mean, variance = difference.mean(axis=0), np.atleast_2d(np.cov(difference, rowvar=False))
        squared = mean @ np.linalg.pinv(variance, hermitian=True) @ mean if len(mean) else 0.0
        distances[fit.classes[a], fit.classes[b]] = float(np.sqrt(max(squared, 0.0)))
    return distances


def warn_of_untied_classes(fit: Fit) -> None:
    """Say which classes of several sets of profiles are paired by hardly more than where chains started.

    Warns
    -----
    UntiedClassesWarning
    """
    near = {pair: distance for pair, distance in slope_distances(fit).items() if distance < TOLD_APART}
    if not near:
        return
    by, pairs = free_by(fit), ", ".join(f"{a} and {b} ({distance:.1f})" for (a, b), distance in near.items())
    warnings.warn(
        f"classes of this fit of {fit.n_respondents} respondents have profiles of their own by {by!r}, and nothing but "
        "slopes says which class of one is which of another; slopes are less than "
        f"{TOLD_APART:g} standard deviations apart of {pairs}. These are paired as chains started, by how alike their "
        f'profiles are, and other pairs would fit about as well: look at class_profiles(draws, by="{by}") before '
        'slopes or shares of a class are compared, or fit without covariates, or with profiles="equal"',
        UntiedClassesWarning,
        stacklevel=5,
    )
