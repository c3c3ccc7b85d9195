"""One common factor, and agreement of assignments to classes, of scikit-learn."""

import numpy as np

import bayes_lca as bl
from bayes_lca.posterior.columns.one_factor import fit_one_factor
from bayes_lca.posterior.structures.membership_flow import adjusted_rand
from equivalence.class_fits import ClassFit, class_fit, respondents
from equivalence.row import Row, Source
from equivalence.stepmix_classes import cohort_fit

TOLERANCE = 1e-6
REASON = "both stop a little before the maximum: EM here, scikit-learn at 1e-10 of the log-likelihood"


def loadings() -> list[Row]:
    """Loadings of the items of the cohort and of lca_cfa_example, in standard deviations of the items."""
    from sklearn.decomposition import FactorAnalysis

    cohort = bl.Items(bl.cohort_items()).read(bl.load_cohort()).codes.astype(float)
    found = []
    for label, names, score in (
        ("cohort", bl.cohort_items(), cohort),
        ("lca_cfa_example", list(respondents("lca_cfa_example")), respondents("lca_cfa_example").to_numpy(dtype=float)),
    ):
        score = (score - score.mean(axis=0)) / score.std(axis=0)
        model = FactorAnalysis(n_components=1, tol=1e-10, max_iter=100_000, svd_method="lapack").fit(score)
        ours, _, _ = fit_one_factor(np.cov(score.T, ddof=0))
        theirs = model.components_[0] * np.sign(model.components_[0] @ ours)
        found += [
            Row(f"{label}: loading of {name}", float(one), float(other), TOLERANCE, REASON)
            for name, one, other in zip(names, theirs, ours, strict=True)
        ]
    return found


def assigned(fit: ClassFit) -> np.ndarray:
    """Most probable class of every respondent."""
    return fit.classification.membership(fit.counts.responses.codes).argmax(axis=1)


def agreements() -> list[Row]:
    """Numbers of classes against each other, and classes against the true ones."""
    from sklearn.metrics import adjusted_rand_score

    pairs = {
        f"{name}, {few} and {more} classes": [assigned(class_fit(name, k, n_starts=10)) for k in (few, more)]
        for name, few, more in (("carcinoma", 2, 3), ("gss82", 2, 3), ("lca_cfa_example", 2, 4))
    }
    pairs["cohort, 3 classes and the true ones"] = [assigned(cohort_fit()), bl.cohort_truth().latent_class]
    return [
        Row(
            f"adjusted Rand index: {name}",
            float(adjusted_rand_score(one, other)),
            float(adjusted_rand(one[None], other[None])[0]),
            1e-12,
            "rounding",
        )
        for name, (one, other) in pairs.items()
    ]


SCIKIT_LEARN = "scikit-learn 1.9.1 (Pedregosa et al. 2011, JMLR 12, 2825-2830)"
SOURCES = (
    Source("scikit-learn, factor", f"{SCIKIT_LEARN}, FactorAnalysis with one component", loadings, ("sklearn",)),
    Source("scikit-learn, agreement", f"{SCIKIT_LEARN}, adjusted_rand_score", agreements, ("sklearn",)),
)
