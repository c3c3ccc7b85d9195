"""The test of parallel lines: ordered regression of statsmodels and SPSS, and Brant's tests as Stata prints them."""

from pathlib import Path

import numpy as np
import pandas as pd

import bayes_lca as bl
from bayes_lca.likelihood.cumulative_logit import fit_cumulative_logit
from equivalence.row import Row, Source, printed

CATEGORIES = ["unlikely", "somewhat likely", "very likely"]
COVARIATES = ["pared", "public", "gpa"]
BRANT = {"all": ("4.34", "0.227"), "pared": ("0.13", "0.716"), "public": ("3.44", "0.064"), "gpa": ("0.18", "0.672")}
PLUM = {
    "threshold 1": "1.214",
    "threshold 2": "3.310",
    "gpa": ".616",
    "pared, 0 against 1": "-1.048",
    "public, 0 against 1": ".059",
}
TIGHT_REASON = "both at the maximum, up to rounding and the last Newton step"


def applicants() -> pd.DataFrame:
    """400 made-up students of UCLA's pages, with statsmodels."""
    import statsmodels

    return pd.read_csv(Path(statsmodels.__file__).parent / "miscmodels/tests/results/ologit_ucla.csv")


def ordered() -> list[Row]:
    """Log-likelihood, slopes and thresholds of proportional odds."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    frame = applicants()
    codes, covariates = frame["apply"].map(CATEGORIES.index).to_numpy(), frame[COVARIATES].to_numpy(dtype=float)
    theirs = OrderedModel(codes, covariates, distr="logit").fit(method="newton", maxiter=100, tol=1e-9, disp=False)
    design = np.column_stack([np.ones(len(codes)), covariates])
    ours = fit_cumulative_logit(design, codes, np.ones(len(codes)), 3, parallel=True)
    thresholds = theirs.model.transform_threshold_params(theirs.params)[1:-1]
    pairs = [("log-likelihood", theirs.llf, ours.log_likelihood)]
    pairs += [(name, theirs.params[t], ours.coefficient[0, t + 1]) for t, name in enumerate(COVARIATES)]
    pairs += [(f"threshold {k + 1}", thresholds[k], -ours.coefficient[k, 0]) for k in range(2)]
    return [Row(f"applicants: {name}", float(one), float(other), 1e-6, TIGHT_REASON) for name, one, other in pairs]


def brant() -> list[Row]:
    """Statistics and p-values of all covariates and of each."""
    table = bl.parallel_lines(applicants(), "apply", f"~ {' + '.join(COVARIATES)}", categories=CATEGORIES)
    found = []
    for name, figures in BRANT.items():
        for column, figure in zip(("statistic", "p_value"), figures, strict=True):
            found.append(printed(f"applicants: Brant's {column}, {name}", figure, table.loc[("Brant", name), column]))
    return found


def plum() -> list[Row]:
    """Thresholds, slopes, and the test of parallel lines, the last level of each factor as reference."""
    frame = applicants()
    codes = frame["apply"].map(CATEGORIES.index).to_numpy()
    first_levels = [frame["gpa"], frame["pared"] == 0, frame["public"] == 0]
    design = np.column_stack([np.ones(len(codes)), *first_levels]).astype(float)
    ours = fit_cumulative_logit(design, codes, np.ones(len(codes)), 3, parallel=True)
    values = (-ours.coefficient[0, 0], -ours.coefficient[1, 0], *ours.coefficient[0, 1:])
    table = bl.parallel_lines(frame, "apply", f"~ {' + '.join(COVARIATES)}", categories=CATEGORIES)
    found = [printed("applicants: -2 log-likelihood of parallel lines", "717.025", -2 * ours.log_likelihood)]
    for (name, figure), value in zip(PLUM.items(), values, strict=True):
        found.append(printed(f"applicants: {name} of PLUM", figure, value))
    p_value = table.loc[("likelihood ratio", "all"), "p_value"]
    return [*found, printed("applicants: p of the test of parallel lines", "0.26", p_value)]


SOURCES = (
    Source("statsmodels OrderedModel", "statsmodels 0.15.0, miscmodels.ordinal_model", ordered, ("statsmodels",)),
    Source(
        "Brant's test, Stata",
        "UCLA, Ordered logistic regression: Stata data analysis examples, brant of SPost (Long & Freese), "
        "stats.oarc.ucla.edu/stata/dae/ordered-logistic-regression; data with statsmodels",
        brant,
        ("statsmodels",),
    ),
    Source(
        "SPSS PLUM",
        "IBM SPSS on the same data: UCLA's pages, and B. Marquier, Ordinal regression, University of Sheffield",
        plum,
        ("statsmodels",),
    ),
)
