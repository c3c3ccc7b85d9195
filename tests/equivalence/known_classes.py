"""Latent classes of several populations, by glca: the likelihood of `KnownClass` at its maximum.

The data are not ours to hand on. They are read where they lie beside the project, and there is nothing to compare where
they do not.
"""

import numpy as np
import pandas as pd
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, logsumexp, softmax

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.em import fit_em
from equivalence import peers
from equivalence.row import Row, Source, printed

ITEMS = ["TOLRAC", "TOLCOM", "TOLHOMO", "TOLATH", "TOLMIL"]
SITE, N_CLASSES, STARTS = "COHORT", 3, 8
COMPILE = {"mode": Mode(linker="py", optimizer=None), "on_unused_input": "ignore"}
PRINTED = {"equal profiles": ("-6518.27781", 23), "SEX": ("-6510.69837", 25), "free profiles": ("-6480.37669", 68)}
"""Log-likelihood and parameters of glca 1.4.2."""


def respondents() -> pd.DataFrame:
    """Those whose cohort is known; missing answers are used as missing."""
    return peers.frame("gss7677_tolerance").dropna(subset=[SITE])


def maximum(codes, design, count, seed):
    """Class logits (term, class - 1) and answers (class, item) at a maximum, of distinct rows; climbed from a start."""
    yes, no = (codes == 1).astype(float), (codes == 0).astype(float)
    n_terms, n_items = design.shape[1], yes.shape[1]
    rng = np.random.default_rng(seed)

    def parts(free):
        beta = np.column_stack([np.zeros(n_terms), free[: n_terms * (N_CLASSES - 1)].reshape(n_terms, -1)])
        return beta, free[n_terms * (N_CLASSES - 1) :].reshape(N_CLASSES, n_items)

    def downhill(free):
        beta, logit = parts(free)
        of_answers = yes @ -np.logaddexp(0, -logit).T + no @ -np.logaddexp(0, logit).T
        eta = log_softmax(design @ beta, axis=1)
        total = logsumexp(eta + of_answers, axis=1)
        member = count[:, None] * np.exp(eta + of_answers - total[:, None])
        of_beta = design.T @ (member - count[:, None] * softmax(design @ beta, axis=1))
        of_logit = member.T @ yes - member.T @ (yes + no) * expit(logit)
        return -count @ total, -np.concatenate([of_beta[:, 1:].ravel(), of_logit.ravel()])

    start = rng.normal(size=n_terms * (N_CLASSES - 1) + N_CLASSES * n_items)
    found = minimize(downhill, start, jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 2000})
    return -found.fun, *parts(found.x)


def log_likelihood(formula: str) -> float:
    """Of the model as the package builds it, at the best of several maxima."""
    frame = respondents()
    model = bl.LatentClass(N_CLASSES, bl.Items(ITEMS), bl.KnownClass(SITE, formula))
    built = model.build(frame)
    design = model.structural.read(frame)
    codes = model.measurement.read(frame).codes
    rows = unique_rows(codes, design.matrix)
    given = codes[rows.first], np.column_stack([np.ones(len(rows.first)), design.matrix[rows.first]])
    _, beta, logit = max((maximum(*given, rows.count, seed) for seed in range(STARTS)), key=lambda found: found[0])
    beta = beta - beta.mean(axis=1, keepdims=True)
    p = expit(logit)
    values = {
        "intercept_at_mean": beta[0] + design.center @ beta[1:],
        "slope_standardised": beta[1:] * design.scale[:, None],
        "item_probability": np.stack([1 - p, p], axis=-1),
    }
    plain = remove_value_transforms(built)
    return float(plain.compile_logp(vars=[plain["answers"]], **COMPILE)(values))


def free_profiles() -> float:
    """The sum over cohorts, each by itself."""
    frame = respondents()
    total = 0.0
    for _, cohort in frame.groupby(SITE):
        codes = bl.Items(ITEMS).read(cohort).codes
        rows = unique_rows(codes)
        total += fit_em(codes[rows.first], rows.count, (2,) * 5, N_CLASSES, n_starts=60).best.log_likelihood
    return total


def rows() -> list[Row]:
    """Three log-likelihoods of tolerance in four cohorts."""
    ours = {"equal profiles": log_likelihood("~ 1"), "SEX": log_likelihood("~ SEX"), "free profiles": free_profiles()}
    return [printed(f"log-likelihood, {name}", figure, ours[name]) for name, (figure, _) in PRINTED.items()]


SOURCES = (
    Source(
        "glca, gss7677",
        "glca 1.4.2 (Kim, Jeon, Chang & Chung 2022, doi 10.1016/j.softx.2021.100874), data in its package",
        rows,
        folder=peers.PEERS,
    ),
)
