"""Coefficients of StepMix in two and three steps, from its own first step.

Proportional assignment with the correction ML is left out: StepMix averages log errors over the assignment where the
pseudo-likelihood of Bakk, Tekle & Vermunt (2013, doi 10.1177/0081175012470644) averages log probabilities.
"""

import numpy as np

import bayes_lca as bl
from bayes_lca.workflows.ladder.bias_adjusted_regression import stepwise
from equivalence.row import Row, Source

ESTIMATORS = (
    ("two_step", "modal", {"n_steps": 2}),
    ("modal", "modal", {"n_steps": 3, "assignment": "modal"}),
    ("proportional", "proportional", {"n_steps": 3, "assignment": "soft"}),
    ("bch", "modal", {"n_steps": 3, "correction": "BCH", "assignment": "modal"}),
    ("bch", "proportional", {"n_steps": 3, "correction": "BCH", "assignment": "soft"}),
    ("ml", "modal", {"n_steps": 3, "correction": "ML", "assignment": "modal"}),
)
TERMS = ("intercept", "participation", "attitude")
TOLERANCE = 1e-4
REASON = "StepMix's own criterion of convergence, 1e-13 per respondent, on so flat a top"


def rows() -> list[Row]:
    """Six estimators on 500 simulated respondents of the cohort and two covariates."""
    from stepmix.stepmix import StepMix

    frame, _ = bl.simulate_cohort(500, seed=3)
    codes = bl.Items(bl.cohort_items()).read(frame).codes
    design = frame[["participation", "attitude"]].to_numpy(dtype=float) / 10 - 0.5
    found = []
    for method, assignment, options in ESTIMATORS:
        hidden = method in ("two_step", "ml")
        model = StepMix(
            n_components=3,
            measurement="categorical",
            structural="covariate",
            structural_params={"method": "newton-raphson", "max_iter": 1 if hidden else 200, "tol": 1e-9},
            abs_tol=1e-13,
            rel_tol=1e-14,
            max_iter=5000,
            random_state=3,
            progress_bar=0,
            **options,
        )
        model.fit(codes.astype(float), design)
        parameters = model.get_parameters()
        probability = parameters["measurement"]["pis"].reshape(3, codes.shape[1], -1)
        probability /= probability.sum(axis=2, keepdims=True)
        share = parameters["weights"] / parameters["weights"].sum()
        beta = parameters["structural"]["beta"]
        ours = stepwise(
            *(codes, np.ones(len(codes)), design, probability, share),
            method=method,
            assignment=assignment if method in ("bch", "ml") else "modal",
            first_step_known=True,
        )
        found += [
            Row(
                f"{method}, {assignment}: {TERMS[t]}, class {c + 1} against 1",
                float(beta[c, t] - beta[0, t]),
                float(ours.coefficient[c, t]),
                TOLERANCE,
                REASON,
            )
            for c in (1, 2)
            for t in range(3)
        ]
    return found


SOURCES = (
    Source(
        "StepMix, steps",
        "StepMix 3.0.0 (Morin et al. 2023, arXiv:2304.03853), two-step, three-step, BCH and ML",
        rows,
        ("stepmix",),
    ),
)
