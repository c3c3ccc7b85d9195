"""Posterior means and standard deviations of Bambi, from tests/reference/multinom_sim_bambi.py."""

import arviz_stats
import numpy as np
import xarray as xr

import bayes_lca as bl
from bayes_lca.dims import INTERCEPT, SLOPE, group_effect
from bayes_lca.fitted.fit import Fit
from bayes_lca.models import Multinomial
from bayes_lca.posterior.tables.contrast_sd import contrast_sd
from equivalence.class_fits import read_json
from equivalence.nnet import COVARIATES, multinom_sim
from equivalence.row import Row, Source

SAMPLER = {"draws": 1500, "tune": 500, "chains": 4, "seed": 5, "progressbar": False}
FORMULA = f"~ {' + '.join(COVARIATES)}"
WIDE = bl.ZeroSumNormal(20.0)
OF_WIDE_PRIORS = 1e-4
"""What priors as wide as 20 move a mean: at most .13^2 (the variance) times .9 (the mean) over 20^2, here and there."""
ERRORS = "four Monte Carlo errors of the difference"


def posterior_rows(label: str, theirs: dict, ours: xr.DataArray, allowed: float = 0.0) -> list[Row]:
    """Mean and standard deviation of one quantity, draws of ours of shape (chain, draw)."""
    reason = f"{ERRORS}, and {allowed:g} for priors that are not the same" if allowed else ERRORS
    found = []
    for name, key, value in (("mean", "mean", ours.mean()), ("SD", "sd", ours.std())):
        error = np.hypot(theirs[f"mcse_{key}"], float(arviz_stats.mcse(ours, method=key)))
        found.append(Row(f"{label}: {name}", theirs[key], float(value), 4 * error + allowed, reason))
    return found


def coefficients(draws: xr.DataTree, reference: str) -> dict[str, xr.DataArray]:
    """Contrasts of intercept and slopes, by the names of Bambi."""
    intercept, slope = (bl.contrasts(draws, name, reference=reference) for name in (INTERCEPT, SLOPE))
    found = {}
    for contrast in intercept["contrast"].to_numpy():
        category = str(contrast).split(" ")[0]
        found[f"Intercept[{category}]"] = intercept.sel(contrast=contrast)
        found |= {f"{x}[{category}]": slope.sel(contrast=contrast, term=x) for x in COVARIATES}
    return found


def multinomial() -> list[Row]:
    """Three categories, no groups, priors that say nothing."""
    theirs = read_json("multinom_sim_bambi")["multinomial"]
    draws = bl.fit(Multinomial("y", bl.Regression(FORMULA, intercept=WIDE, slope=WIDE)), multinom_sim(), **SAMPLER)
    found = []
    for name, ours in coefficients(draws, "1").items():
        found += posterior_rows(name, theirs[name], ours, OF_WIDE_PRIORS)
    return found


def multilevel() -> list[Row]:
    """Category 2 against the others, random intercepts of six groups, the same priors in both programs."""
    theirs = read_json("multinom_sim_bambi")["multilevel"]
    frame = multinom_sim()
    frame = frame.assign(second=(frame["y"] == 2).astype(int))
    draws = bl.fit(Multinomial("second", bl.Regression(f"{FORMULA} + (1 | g)")), frame, **SAMPLER)
    found = []
    for name, ours in coefficients(draws, "0").items():
        found += posterior_rows(name, theirs[name.removesuffix("[1]")], ours)
    (between,) = contrast_sd(Fit.reading(draws), "g", "0")
    found += posterior_rows("SD of random intercepts", theirs["1|g_sigma"], between.drop_vars("contrast"))
    effect = bl.contrasts(draws, group_effect("g"), reference="0").isel(contrast=0)
    for g in effect["g"].to_numpy():
        found += posterior_rows(f"random intercept of group {g}", theirs[f"1|g[{g}]"], effect.sel(g=g))
    return found


BAMBI = "Bambi 0.21.0 (Capretto et al. 2022, arXiv:2012.10754), 10 000 draws of NUTS"
SOURCES = (
    Source("Bambi, multinomial", BAMBI, multinomial, slow=True),
    Source("Bambi, multilevel", BAMBI, multilevel, slow=True),
)
