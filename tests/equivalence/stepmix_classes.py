"""Latent classes of StepMix: the same data, fitted by another program.

Its sample-size-adjusted BIC is left out: `sabic` of StepMix 3.0.0 multiplies the parameters by log(n (n + 2) / 24),
where Sclove (1987, doi 10.1007/BF02294360) and Mplus have log((n + 2) / 24).
"""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

import bayes_lca as bl
from bayes_lca.workflows.class_counts.likelihood_counts import LikelihoodCounts
from equivalence.class_fits import ClassFit, class_fit
from equivalence.row import Row, Source

PROBABILITY = 1e-5
PROBABILITY_REASON = "both stop where the log-likelihood gains less than 1e-10, on so flat a top"
LOG_LIKELIHOOD = 1e-5
LOG_LIKELIHOOD_REASON = "StepMix stops at 1e-13 per respondent"
CRITERIA = {"AIC": "aic", "BIC": "bic", "CAIC": "caic"}


def cohort_fit(n_classes: int = 3, frame: pd.DataFrame | None = None) -> ClassFit:
    """Classes of the synthetic cohort, or of another."""
    responses = bl.Items(bl.cohort_items()).read(bl.load_cohort() if frame is None else frame)
    return ClassFit(LikelihoodCounts(responses, 10, 0), n_classes)


def compare(label: str, fit: ClassFit, seed: int) -> list[Row]:
    """Rows of one fit; StepMix starts once, from a seed that leads to the best maximum."""
    from stepmix.stepmix import StepMix

    codes = fit.counts.responses.codes.astype(float)
    patterns, weight = np.unique(codes, axis=0, return_counts=True)
    model = StepMix(
        n_components=fit.n_classes,
        measurement="categorical",
        abs_tol=1e-13,
        rel_tol=0.0,
        max_iter=20_000,
        random_state=seed,
        progress_bar=0,
    )
    model.fit(patterns, sample_weight=weight.astype(float))
    parameters = model.get_parameters()
    n_items, n_categories = fit.item_probability.shape[1:]
    theirs = parameters["measurement"]["pis"].reshape(fit.n_classes, n_items, n_categories)
    distance = ((theirs[:, None] - fit.item_probability) ** 2).sum(axis=(2, 3))  # (theirs, ours)
    order = np.argsort(linear_sum_assignment(distance)[1])
    theirs, share = theirs[order], parameters["weights"][order]
    assigned = np.bincount(model.predict(codes), minlength=fit.n_classes)[order]

    def row(name, one, other, tolerance=PROBABILITY, reason=PROBABILITY_REASON):
        return Row(f"{label}: {name}", float(one), float(other), tolerance, reason)

    found = [
        row(
            "log-likelihood",
            model.score(codes) * len(codes),
            fit.found.log_likelihood,
            LOG_LIKELIHOOD,
            LOG_LIKELIHOOD_REASON,
        ),
        row("entropy R2", model.relative_entropy(codes), fit.criteria["entropy_r2"]),
    ]
    for ours, method in CRITERIA.items():
        value = getattr(model, method)(codes)
        found.append(row(ours, value, fit.criteria[ours], 2 * LOG_LIKELIHOOD, LOG_LIKELIHOOD_REASON))
    for k in range(fit.n_classes - 1):
        found.append(row(f"share of class {k + 1}", share[k], fit.share[k]))
        found.append(row(f"respondents assigned to class {k + 1}", assigned[k], fit.modal_counts[k], 0.5, "whole"))
    items = fit.counts.responses.items
    for k, j in np.ndindex(fit.n_classes, n_items):
        for c in range(fit.n_categories[j] - 1):
            found.append(
                row(f"P({items[j]} = {c + 1} | class {k + 1})", theirs[k, j, c], fit.item_probability[k, j, c])
            )
    return found


def rows() -> list[Row]:
    """Seven data sets."""
    return [
        *compare("carcinoma, 2 classes", class_fit("carcinoma", 2), seed=1),
        *compare("carcinoma, 3 classes", class_fit("carcinoma", 3), seed=1),
        *compare("gss82, 2 classes", class_fit("gss82", 2, n_starts=200), seed=1),
        *compare("gss82, 3 classes", class_fit("gss82", 3, n_starts=200), seed=1),
        *compare("lca_cfa_example, 2 classes", class_fit("lca_cfa_example", 2, n_starts=100), seed=1),
        *compare("values, 2 classes", class_fit("values", 2, n_starts=20), seed=1),
        *compare("cheating, 2 classes", class_fit("cheating", 2, n_starts=10), seed=1),
        *compare("cohort, 2 classes", cohort_fit(2), seed=1),
        *compare("cohort, 3 classes", cohort_fit(), seed=1),
        *compare("another cohort, 3 classes", cohort_fit(frame=bl.simulate_cohort(1500, seed=5)[0]), seed=1),
    ]


SOURCES = (
    Source(
        "StepMix, classes",
        "StepMix 3.0.0 (Morin et al. 2023, arXiv:2304.03853), one step without covariates",
        rows,
        ("stepmix",),
    ),
)
