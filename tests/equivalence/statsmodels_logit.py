"""Multinomial regression and meta-analysis of statsmodels."""

import numpy as np

import bayes_lca as bl
from bayes_lca.likelihood.multinomial_logit import fit_multinomial_logit
from bayes_lca.posterior.effects.meta_regression import meta_regression
from equivalence.nnet import coefficient_rows
from equivalence.row import Row, Source

TERMS = ["intercept", "participation", "attitude", "female", "member", "score"]
TIGHT = 1e-8
TIGHT_REASON = "a hundred-millionth of itself: both are exact up to rounding and the last Newton step"


def regressions() -> list[Row]:
    """The true class of the synthetic cohort on five covariates, with usual and with robust standard errors."""
    from statsmodels.api import MNLogit

    frame, truth = bl.load_cohort(), bl.cohort_truth()
    columns = [frame["participation"], frame["attitude"], frame["gender"] == "female", frame["role"] == "member"]
    design = np.column_stack([np.ones(len(frame)), *columns, frame["score"]]).astype(float)
    model = MNLogit(truth.latent_class, design)
    options = {"disp": False, "method": "newton", "maxiter": 100, "tol": 1e-12}
    plain = model.fit(**options)
    robust = model.fit(**options, cov_type="HC0")
    weight, count = np.eye(3)[truth.latent_class], np.ones(len(frame))
    ours, ours_robust = (fit_multinomial_logit(design, weight, count, robust=kind) for kind in (False, True))
    found = [
        Row("cohort: log-likelihood", plain.llf, ours.log_likelihood, TIGHT * abs(plain.llf), TIGHT_REASON),
        *coefficient_rows("cohort", TERMS, plain.params.T, plain.bse.T, ours),
    ]
    error = np.sqrt(np.diag(ours_robust.covariance)).reshape(2, -1)
    for c, t in np.ndindex(error.shape):
        theirs = robust.bse.T[c, t]
        name = f"robust SE of cohort: {TERMS[t]}, category {c + 2} against 1"
        found.append(Row(name, theirs, error[c, t], 1e-6 * theirs, "a millionth of itself"))
    return found


def meta_analyses() -> list[Row]:
    """Random effects of Paule and Mandel and the standard error of Knapp and Hartung, two made-up sets of studies."""
    from statsmodels.stats.meta_analysis import combine_effects

    found = []
    for seed, spread in ((1, 0.6), (2, 0.3)):
        rng = np.random.default_rng(seed)
        variance = rng.uniform(0.02, 0.3, size=8)
        effect = 0.5 + spread * rng.normal(size=8) + np.sqrt(variance) * rng.normal(size=8)
        theirs = combine_effects(effect, variance, method_re="iterated", maxiter=1000)
        ours = meta_regression(effect, np.diag(variance), np.ones((8, 1)))
        for name, one, other in (
            ("mean effect", theirs.mean_effect_re, ours.coefficient[0]),
            ("SE of the mean effect", theirs.sd_eff_w_re_hksj, ours.standard_error[0]),
            ("variance between studies", theirs.tau2, ours.between_sd**2),
        ):
            found.append(Row(f"eight studies, seed {seed}: {name}", float(one), float(other), 1e-6, "where both stop"))
    return found


SOURCES = (
    Source(
        "statsmodels MNLogit",
        "statsmodels 0.15.0 (Seabold & Perktold 2010, doi 10.25080/Majora-92bf1922-011), usual and HC0 covariance",
        regressions,
        ("statsmodels",),
    ),
    Source(
        "statsmodels meta-analysis",
        "statsmodels 0.15.0, combine_effects with iterated method of moments",
        meta_analyses,
        ("statsmodels",),
    ),
)
