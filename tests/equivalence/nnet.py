"""Multinomial regression with the class seen: the function multinom of the R package nnet."""

import numpy as np
import pandas as pd

from bayes_lca.likelihood.multinomial_logit import MultinomialLogit, fit_multinomial_logit
from equivalence.class_fits import REFERENCE, read_json
from equivalence.row import Row, Source, printed

COVARIATES = [f"x{i}" for i in range(1, 9)]
OF_ERROR = 1e-4
REASON = "a ten-thousandth of the standard error; six digits are printed"


def multinom_sim() -> pd.DataFrame:
    """2200 simulated respondents of reference/multinom_sim.json."""
    return pd.read_csv(REFERENCE / "multinom_sim.csv")


def rows() -> list[Row]:
    """Log-likelihood, coefficients and standard errors, without groups and with an indicator for each."""
    frame, figures = multinom_sim(), read_json("multinom_sim")
    one = np.column_stack([np.ones(len(frame)), frame[COVARIATES]])
    indicators = (frame["g"].to_numpy()[:, None] == np.arange(2, 7)).astype(float)
    found = []
    for name, words, design in (
        ("single_level_nnet", "no groups", one),
        ("group_dummies_nnet", "group indicators", np.column_stack([one, indicators])),
    ):
        fit = fit_multinomial_logit(design, np.eye(3)[frame["y"] - 1], np.ones(len(frame)))
        printed_fit = figures[name]
        found.append(printed(f"{words}: log-likelihood", f"{printed_fit['loglik']:.2f}", fit.log_likelihood))
        found += coefficient_rows(
            words, printed_fit["coef_names"], np.array(printed_fit["coef"]), np.array(printed_fit["se"]), fit
        )
    return found


def coefficient_rows(
    words: str, terms: list[str], coefficient: np.ndarray, error: np.ndarray, fit: MultinomialLogit
) -> list[Row]:
    """Rows of coefficients and standard errors against the first category, each of shape (category - 1, term)."""
    ours = np.sqrt(np.diag(fit.covariance)).reshape(error.shape)
    found = []
    for c, t in np.ndindex(error.shape):
        name = f"{words}: {terms[t]}, category {c + 2} against 1"
        tolerance = OF_ERROR * error[c, t]
        found += [
            Row(name, coefficient[c, t], float(fit.coefficient[c + 1, t]), tolerance, REASON),
            Row(f"SE of {name}", error[c, t], float(ours[c, t]), tolerance, REASON),
        ]
    return found


SOURCES = (
    Source(
        "nnet",
        "R package nnet (Venables & Ripley 2002, doi 10.1007/978-0-387-21706-2), multinom on multinom_sim.csv",
        rows,
    ),
)
