"""Two outcomes and the class, regressed on a covariate by BCH weights in step three of Mplus.

The data are read where they lie, and not kept here; without them there are no rows.
"""

from dataclasses import replace

import numpy as np

from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.em import fit_em
from bayes_lca.workflows.ladder.outcomes_in_units import OutcomesEstimate
from bayes_lca.workflows.ladder.regression_given_first_step import SecondStep
from equivalence.peers import PEERS, figures, frame
from equivalence.row import Row, Source, printed

ITEMS, OUTCOMES = ["u1", "u2", "u3", "u4", "u5"], {"MATHJOB": "distal1", "MATHIRT": "distal2"}
WEIGHTS = (
    "a hundredth: BCH weights went from step to step in a file, with three decimals, and are rounded here too; with "
    "all decimals here the variance of MATHIRT in class 2 is .014 lower than printed, and all else within a hundredth"
)


class SavedWeights(Classification):
    """A first step whose BCH weights, the inverse of the error matrix, have three decimals."""

    def error_matrix(self, assignment, assigned=None) -> np.ndarray:
        """The matrix whose inverse these are."""
        return np.linalg.inv(np.round(np.linalg.inv(super().error_matrix(assignment, assigned)), 3))


def first_step() -> tuple[np.ndarray, Classification]:
    """Answers, -1 where missing, and four classes in the order of Mplus."""
    codes = frame("lsay_anxiety_distal")[ITEMS].fillna(-1).to_numpy().astype(int)
    rows = unique_rows(codes)
    best = fit_em(codes[rows.first], rows.count, [2] * len(ITEMS), 4, n_starts=50).best
    share = [float(share) for _, share in figures("distal_bch_step1")["class_counts_model"]]
    order = [int(np.abs(best.class_share - wanted).argmin()) for wanted in share]
    return codes, SavedWeights(
        best.item_probability[order], best.class_share[order], codes[rows.first], rows.count.astype(float)
    )


def rows() -> list[Row]:
    """Intercepts, slopes, variances and the covariance of two outcomes, and log odds of the class, with errors."""
    theirs, table = figures("distal_bch_step3"), frame("lsay_anxiety_distal")
    codes, first = first_step()
    values, female = table[list(OUTCOMES.values())].to_numpy(dtype=float), table[["female"]].to_numpy(dtype=float)
    found = OutcomesEstimate.of(first, codes, values, female, names=tuple(OUTCOMES.values()), first_step_known=True)
    step = SecondStep(codes, np.ones(len(codes)), first, "bch", "modal", np.column_stack([np.ones(len(codes)), female]))
    estimate = step.fit(("intercept", "female"))
    covariance = step.covariance(estimate, first_step_known=True, shared=True)
    of_class = replace(estimate, covariance=covariance)
    (coefficient, spread), (sigma, of_sigma) = (
        found.of_units(quantity) for quantity in (found.units.coefficients, found.units.covariances)
    )
    names = list(OUTCOMES)
    result = []
    for *where, value, error in theirs["parameters"]:
        group, kind, name = where
        if group == "New/Additional Parameters":
            continue
        if group.startswith("Categorical"):
            named = kind if "#" in kind else name
            class_number = int(named.split("#")[1].split()[0]) - 1
            term = "female" if kind.endswith("ON") else "intercept"
            row = of_class.contrast(class_number, 3).loc[term]
            ours, ours_error = row["estimate"], row["se"]
        elif "WITH" in kind:
            ours, ours_error = sigma[0, 0, 1], np.sqrt(of_sigma[0, 0, 1, 0, 0, 1])
        else:
            c = int(group.split()[-1]) - 1
            j = names.index(kind.split()[0] if kind.endswith("ON") else name)
            if kind == "Residual Variances":
                ours, ours_error = sigma[c, j, j], np.sqrt(of_sigma[c, j, j, c, j, j])
            else:
                t = int(kind.endswith("ON"))
                ours, ours_error = coefficient[c, j, t], np.sqrt(spread[c, j, t, c, j, t])
        quantity = " ".join(filter(None, where if "WITH" not in kind else ["All classes", kind, name]))
        result += [
            Row(quantity, float(value), float(ours), 0.01, WEIGHTS, value),
            Row(f"{quantity}, standard error", float(error), float(ours_error), 0.01, WEIGHTS, error),
        ]
    step_one = printed("log-likelihood of step one", figures("distal_bch_step1")["LL"], first_log_likelihood(first))
    return [step_one, *{row.quantity: row for row in result}.values()]


def first_log_likelihood(first: Classification) -> float:
    """Of the answers."""
    log_joint = first.log_emission(first.codes) + np.log(first.class_share)
    return float(first.count @ np.logaddexp.reduce(log_joint, axis=1))


SOURCES = (
    Source(
        "Mplus, BCH",
        "Mplus 8.11, manual BCH with two distal outcomes and a covariate: github.com/immerse-ucsb/lca-bookdown, LSAY",
        rows,
        folder=PEERS,
    ),
)
