"""Single figures that publications print: a hard maximum, a textbook's fit, a reliability."""

import numpy as np

from bayes_lca.posterior.columns.reliability import coefficients
from equivalence.class_fits import class_fit
from equivalence.row import Row, Source, printed

WORKED_EXAMPLE = """1 1 1 1 1 1 1 1 1 1 1
1 1 1 1 1 1 1 1 0 1 0
1 1 1 0 1 1 0 1 1 0 0
1 1 1 1 1 0 0 0 1 0 0
1 1 1 1 0 0 1 0 0 0 0
1 1 1 1 1 0 0 0 0 0 0
0 1 0 1 1 0 0 0 0 1 0
1 1 1 0 0 0 0 0 0 0 0
1 0 0 1 0 0 0 0 0 0 0"""


def zhou_and_lange() -> list[Row]:
    """The inferior maximum of four classes of carcinoma."""
    reached = [mode.log_likelihood for mode in class_fit("carcinoma", 4, n_starts=100).found.modes]
    nearest = min(reached, key=lambda value: abs(value + 293.32))
    return [printed("carcinoma, 4 classes: log-likelihood of the inferior maximum", "-293.3200", nearest)]


def dayton() -> list[Row]:
    """Two classes of the cheating data; the log-likelihood is that of poLCA."""
    fit = class_fit("cheating", 2, n_starts=10)
    figures = {"parameters": "9", "AIC": "898.054", "BIC": "931.941", "G2": "7.7642", "X2": "8.3234"}
    return [printed(f"cheating, 2 classes: {name}", text, fit.criteria[name]) for name, text in figures.items()]


def alpha() -> list[Row]:
    """Cronbach's alpha of nine people and eleven questions."""
    score = np.array([line.split() for line in WORKED_EXAMPLE.splitlines()], dtype=float)
    estimate, _ = coefficients(np.cov(score.T))
    return [Row("alpha of the worked example", 0.8016949152542373, float(estimate[0]), 1e-12, "rounding")]


SOURCES = (
    Source(
        "Zhou & Lange",
        "Zhou & Lange (2010), Scandinavian Journal of Statistics 37(4), doi 10.1111/j.1467-9469.2009.00681.x",
        zhou_and_lange,
    ),
    Source("Dayton", "Dayton (1998), Latent Class Scaling Analysis, Sage, table 3.3, p. 32", dayton),
    Source("psych, Pingouin", "Cronbach's alpha of the R package psych and of Pingouin, worked example", alpha),
)
