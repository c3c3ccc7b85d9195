"""Means, variances and shares of an outcome by class of StepMix, from its own first step.

Proportional assignment with the correction ML is left out: see `stepmix_steps`.
"""

import numpy as np

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.classification import Classification
from bayes_lca.workflows.ladder.outcome_given_first_step import OutcomeGivenClass
from equivalence.row import Row, Source
from equivalence.stepmix_steps import ESTIMATORS

TOLERANCE = 1e-4
REASON = "a ten-thousandth: StepMix adds 1e-6 to variances, and keeps shares away from 0 and 1"
MODELS = {"normal": "gaussian_diag", "bernoulli": "binary"}


def rows() -> list[Row]:
    """Six estimators of participation (over 10), and of being a member institution, on 500 simulated respondents."""
    from stepmix.stepmix import StepMix

    frame, _ = bl.simulate_cohort(500, seed=3)
    codes = bl.Items(bl.cohort_items()).read(frame).codes
    outcomes = {"normal": frame["participation"].to_numpy() / 10, "bernoulli": (frame["role"] == "member").to_numpy()}
    found = []
    for family, outcome in outcomes.items():
        for method, assignment, options in ESTIMATORS:
            model = StepMix(
                n_components=3,
                measurement="categorical",
                structural=MODELS[family],
                abs_tol=1e-13,
                rel_tol=1e-14,
                max_iter=5000,
                random_state=3,
                progress_bar=0,
                **options,
            )
            model.fit(codes.astype(float), outcome[:, None].astype(float))
            parameters = model.get_parameters()
            probability = parameters["measurement"]["pis"].reshape(3, codes.shape[1], -1)
            probability /= probability.sum(axis=2, keepdims=True)
            share = parameters["weights"] / parameters["weights"].sum()
            patterns = unique_rows(codes)
            base = Classification(probability, share, codes[patterns.first], patterns.count.astype(float))
            step = OutcomeGivenClass(
                *(codes, np.ones(len(codes)), base, method),
                assignment if method in ("bch", "ml") else method if method != "two_step" else "modal",
                *(outcome.astype(float), family),
            )
            ours, theirs = step.fit(), parameters["structural"]
            name = f"{method}, {assignment}"
            if family == "normal":
                pairs = {"mean": (theirs["means"], ours.mean), "variance": (theirs["covariances"], ours.variance)}
            else:
                pairs = {"share": (theirs["pis"], ours.mean)}
            found += [
                Row(f"{name}: {what} in class {c + 1}", float(np.ravel(of)[c]), float(our[c]), TOLERANCE, REASON)
                for what, (of, our) in pairs.items()
                for c in range(3)
            ]
    return found


SOURCES = (
    Source(
        "StepMix, outcomes",
        "StepMix 3.0.0 (Morin et al. 2023, arXiv:2304.03853), normal and binary outcomes of the classes",
        rows,
        ("stepmix",),
    ),
)
