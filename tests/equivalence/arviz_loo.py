"""Leave-one-out cross-validation of ArviZ, every respondent a row of its own.

The standard error of a difference by `compare` of arviz-stats 1.3.3 divides by n, that of `loo` and those of the R
package loo by n - 1, as here; it is multiplied by sqrt(n / (n - 1)).
"""

import arviz_stats
import numpy as np
import xarray as xr

from bayes_lca.likelihood.leave_one_out import leave_one_out
from bayes_lca.sampling.gibbs import random_start, sample_gibbs
from equivalence.class_fits import class_counts
from equivalence.row import Row, Source

EXACT = 1e-8
REASON = "the same arithmetic on the same draws, respondents once or by pattern"


def rows() -> list[Row]:
    """Two and three classes of gss82, and their difference."""
    counts = class_counts("gss82", 200, 0)
    sizes = counts.responses.n_categories
    respondent = np.repeat(np.arange(len(counts.counts)), counts.counts)
    ours, theirs, found = [], [], []
    for n_classes in (2, 3):
        start = random_start(4, n_classes, sizes, 1)
        draws = sample_gibbs(counts.codes, counts.counts, sizes, start, draws=100, tune=100, seed=1, thin=2)
        by_pattern = draws.log_likelihood
        one = leave_one_out(by_pattern, counts.counts)
        values = xr.DataArray(by_pattern[..., respondent], dims=("chain", "draw", "respondent"))
        tree = xr.DataTree.from_dict({"log_likelihood": xr.Dataset({"answers": values})})
        density = xr.DataArray(np.exp(by_pattern), dims=("chain", "draw", "pattern"))
        relative = float(arviz_stats.ess(density, method="mean").mean()) / by_pattern[..., 0].size
        other = arviz_stats.loo(tree, reff=relative, pointwise=True)
        label = f"gss82, {n_classes} classes"
        found += [
            Row(f"{label}: elpd", float(other.elpd), one.elpd, EXACT * abs(one.elpd), REASON),
            Row(f"{label}: SE of elpd", float(other.se), one.se, EXACT * one.se, REASON),
            Row(f"{label}: largest Pareto k", float(other.pareto_k.max()), float(one.pareto_k.max()), 1e-8, REASON),
        ]
        ours.append(one)
        theirs.append(other)
    compared = arviz_stats.compare({"two": theirs[0], "three": theirs[1]}, round_to="none").loc["two"]
    difference, error = ours[1].less(ours[0])
    n = len(respondent)
    one_degree_less = float(compared["dse"]) * np.sqrt(n / (n - 1))
    found.append(Row("gss82: elpd of 3 less 2 classes", abs(float(compared["elpd_diff"])), difference, 1e-8, REASON))
    found.append(Row("gss82: SE of that difference, n - 1 for n", one_degree_less, error, 1e-8, REASON))
    return found


SOURCES = (
    Source(
        "ArviZ",
        "arviz-stats 1.3.3, loo and compare (Vehtari, Gelman & Gabry 2017, doi 10.1007/s11222-016-9696-4)",
        rows,
    ),
)
