"""How much groups differ in the log odds of two classes: drawn from the posterior, and from the prior."""

import json

import numpy as np
import scipy
import xarray as xr

from bayes_lca import priors
from bayes_lca.dims import OTHER_CLASS, group_correlation, group_sd, of_transition
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.tables.odds_ratios import class_pairs


def contrast_sd(fit: Fit, grouping: str, reference: str | None = None) -> xr.DataArray:
    r"""Standard deviation between groups of the log odds of each contrast of classes.

    .. math:: \sqrt{\sigma_c^2 + \sigma_r^2 - 2 \rho_{cr} \sigma_c \sigma_r}

    Returns
    -------
    xarray.DataArray
        Dims (contrast, chain, draw).
    """
    posterior, axis = fit.posterior, fit.class_axis
    sigma, pairs, parts = posterior[group_sd(grouping)], class_pairs(fit, reference), []
    for b, a in pairs:
        sigma_b, sigma_a = (sigma.sel({axis: name}, drop=True) for name in (b, a))
        variance = sigma_b**2 + sigma_a**2
        if group_correlation(grouping) in posterior:
            correlation = posterior[group_correlation(grouping)].sel({axis: b, OTHER_CLASS: a}, drop=True)
            variance = variance - 2 * correlation * sigma_b * sigma_a
        parts.append(np.sqrt(variance))
    return xr.concat(parts, xr.DataArray([f"{b} vs {a}" for b, a in pairs], dims="contrast", name="contrast"))


def fitted_prior(fit: Fit, grouping: str | None = None) -> priors.StandardDeviationPrior:
    """The prior of the standard deviations of random intercepts that the draws were made with."""
    name = of_transition("group_sd_prior") if grouping in fit.groupings_of_transitions else "group_sd_prior"
    stored = json.loads(fit.attributes[name])
    return getattr(priors, stored.pop("distribution"))(**stored)


def log_density(prior: priors.StandardDeviationPrior, sd: np.ndarray) -> np.ndarray:
    """Log prior density of standard deviations, of the shape of `sd`.

    Raises
    ------
    ValueError
        If `prior` is no distribution of a standard deviation.
    """
    match prior:
        case priors.HalfNormal(sigma):
            return scipy.stats.halfnorm.logpdf(sd, scale=sigma)
        case priors.HalfStudentT(nu, sigma):
            return np.log(2) + scipy.stats.t.logpdf(sd, nu, scale=sigma)
        case priors.Exponential(lam):
            return scipy.stats.expon.logpdf(sd, scale=1 / lam)
    raise ValueError(
        f"prior {prior!r} is no distribution of a standard deviation; give HalfNormal, HalfStudentT or Exponential"
    )


def prior_contrast_sd(prior: priors.StandardDeviationPrior, size: int = 100_000) -> np.ndarray:
    """Standard deviations of a contrast as the prior has them, classes independent; shape (size,)."""
    rng = np.random.default_rng(0)
    match prior:
        case priors.HalfNormal(sigma):
            sd = sigma * np.abs(rng.normal(size=(2, size)))
        case priors.HalfStudentT(nu, sigma):
            sd = sigma * np.abs(rng.standard_t(nu, size=(2, size)))
        case priors.Exponential(lam):
            sd = rng.exponential(1 / lam, size=(2, size))
    return np.hypot(*sd)
